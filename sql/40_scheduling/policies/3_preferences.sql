-- Whom a customer prefers is theirs to know: not the business's, not the platform's.

alter table scheduling.preferred_resources enable row level security;

grant select on scheduling.preferred_resources to authenticated;
grant select, insert, update, delete on scheduling.preferred_resources to service_role;

create policy preferred_resources_select
on scheduling.preferred_resources
for select
to authenticated
using (customer_id = (select auth.uid()));

grant execute on function scheduling.prefer(uuid, uuid) to anon, authenticated, service_role;
