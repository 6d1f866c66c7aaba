-- Only the operator reads queues: a message may hold personal data. The workers' login reads
-- and writes the queues that a row of private.queues made, and calls functions. No table here
-- has a policy.

alter table private.queues enable row level security;
alter table private.routes enable row level security;
alter table private.broadcasts enable row level security;
alter table private.schedules enable row level security;
alter table private.effects enable row level security;
alter table private.subjects enable row level security;
alter table private.deleted_subjects enable row level security;

grant usage on schema private to worker, edge;
grant usage on schema dramatiq to worker;

grant execute on function
private.send_due_ticks(),
private.start_effect(uuid, text),
private.finish_effect(uuid, text, jsonb),
private.forget_old_effects(),
private.paused_queues()
to worker;
grant execute on function dramatiq.notify_workers(text) to worker;
grant execute on function private.queue_states() to worker, edge;
