-- Members who serve customers read them; a customer reads what a business keeps about them. Nobody
-- writes customers directly: buying makes one. Managers keep the groups.

grant usage on schema customers to anon, authenticated, service_role;

alter table customers.customers enable row level security;
alter table customers.customer_groups enable row level security;
alter table customers.customer_group_members enable row level security;

grant select on customers.customers to authenticated;
grant select, insert (id, business_id, name), update (name), delete
on customers.customer_groups to authenticated;
grant select, insert (business_id, customer_group_id, customer_id), delete
on customers.customer_group_members to authenticated;
grant select, insert, update, delete
on customers.customers, customers.customer_groups, customers.customer_group_members
to service_role;

create policy customers_select
on customers.customers
for select
to authenticated
using (
    id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
);

create policy customer_groups_select
on customers.customer_groups
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy customer_groups_insert
on customers.customer_groups
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy customer_groups_update
on customers.customer_groups
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy customer_groups_delete
on customers.customer_groups
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy customer_group_members_select
on customers.customer_group_members
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy customer_group_members_insert
on customers.customer_group_members
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy customer_group_members_delete
on customers.customer_group_members
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Members and customers read a business in any state: bookings and receipts keep its name after it
-- was switched off or suspended. The set is asked only for businesses that are not open.
create policy businesses_select
on business.businesses
for select
to authenticated
using (
    status = 'approved' and is_active
    or id in (select private.known_businesses())
    or (select private.is_platform_staff('support'))
);

grant execute on function private.known_businesses(), customers.mine()
to authenticated, service_role;
