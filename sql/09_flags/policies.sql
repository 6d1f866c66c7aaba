-- Everybody may ask whether a flag is on for them, so that policies can. What is asked over HTTP
-- goes through the edge. The tables get their policies in 21_oversight, which knows the staff.

alter table flags.kinds enable row level security;
alter table flags.flags enable row level security;
alter table flags.segments enable row level security;
alter table flags.targets enable row level security;
alter table flags.prerequisites enable row level security;

grant usage on schema flags to anon, authenticated, service_role, edge;
grant execute on function
private.flag(text, text)
to anon, authenticated, service_role, worker;
-- Called by private.flag with the caller's rights, and by the operator's servers.
grant execute on function
flags.evaluate(text, text, jsonb),
flags.is_public(text)
to anon, authenticated, service_role, worker;
grant execute on function
flags.answer(text, jsonb, text, uuid),
flags.answers(jsonb, text, uuid)
to edge;
-- Called by views and triggers with the rights of whoever writes a flag.
grant execute on function
flags.stale_reason(text, timestamptz, timestamptz),
flags.require_value(jsonb, flags.value_type, text),
flags.require_list(jsonb, text, text[]),
flags.require_variants(jsonb, flags.value_type),
flags.require_texts(jsonb, text),
flags.suits_operator(text, text, boolean),
flags.require_constraints(jsonb),
flags.require_rules(jsonb, flags.value_type),
flags.require_segments(jsonb),
flags.to_number(text),
flags.to_instant(text),
flags.sortable_version(text)
to authenticated, service_role;
