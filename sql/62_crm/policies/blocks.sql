-- Members who serve customers see who is blocked; managers block through functions.

alter table crm.customer_blocks enable row level security;
grant select on crm.customer_blocks to authenticated;
grant select, insert, update, delete on crm.customer_blocks to service_role;

create policy customer_blocks_select
on crm.customer_blocks
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

grant execute on function
crm.block_customer(uuid, text),
crm.unblock_customer(uuid)
to anon, authenticated, service_role;
