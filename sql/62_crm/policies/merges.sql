-- Managers see which customers were merged. What a merger changed is for undoing alone.

alter table crm.mergers enable row level security;
-- merge_rules and merge_changes have no policy: only functions read them.
alter table crm.merge_rules enable row level security;
alter table crm.merge_changes enable row level security;

grant select on crm.mergers to authenticated;
grant select, insert, update, delete
on crm.mergers, crm.merge_rules, crm.merge_changes
to service_role;

create policy mergers_select
on crm.mergers
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
crm.merge_customers(uuid, uuid),
crm.unmerge_customers(uuid)
to anon, authenticated, service_role;
