-- Clients do not write entitlements and allowances: only the domains that grant them do. They do
-- not read entitlements either: what these are worth shows in prices and rules. Whoever reads a
-- customer reads what is left of their allowances.

alter table customers.entitlements enable row level security;
alter table customers.allowances enable row level security;
grant select, insert, update, delete
on customers.entitlements, customers.allowances
to service_role;
grant select on customers.allowances to authenticated;

create policy allowances_select
on customers.allowances
for select
to authenticated
using (
    exists (
        select 1
        from customers.customers
        where
            customers.business_id = allowances.business_id
            and customers.id = allowances.customer_id
    )
);

-- What only some customers may see or book asks these.
grant execute on function
customers.is_entitled(uuid, text),
customers.extra_advance_days(uuid)
to anon, authenticated, service_role;
