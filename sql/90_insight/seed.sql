-- The queue of figures, and how often days are counted again.
insert into private.queues (name, purpose)
values
('analytics', 'Days to count again')
on conflict (name) do update set purpose = excluded.purpose;

insert into private.routes (topic, queue, actor)
values
('tick.days', 'analytics', 'refresh_days'),
('tick.past_days', 'analytics', 'note_past_days')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('days', 'tick.days', '15 seconds'),
('past_days', 'tick.past_days', '1 hour')
on conflict (name) do update set topic = excluded.topic;
