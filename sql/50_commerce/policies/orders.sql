-- Who may read orders: customers theirs and those of their company, members those of their
-- business, platform staff all. Nobody writes: functions place orders and take their steps, so that
-- nobody chooses a status.

/*
 * Return the orders of the signed-in customer, and those of the company for which they buy.
 * Definer: policies of tables that refer to orders call it instead of orders' own policy, once a
 * statement.
 */
create function private.my_orders()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select orders.id
    from commerce.orders
    where orders.customer_id = auth.uid()
    union
    select orders.id
    from commerce.orders
    where orders.wholesale_account_id in (select private.my_wholesale_accounts());
end;
$$;
grant execute on function private.my_orders() to authenticated, service_role;

alter table commerce.orders enable row level security;
alter table commerce.order_items enable row level security;
alter table commerce.order_history enable row level security;
alter table commerce.order_steps enable row level security;

grant select on commerce.orders, commerce.order_items, commerce.order_history
to authenticated, service_role;
grant select on commerce.order_steps to anon, authenticated, service_role;

create policy orders_select
on commerce.orders
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.seen_businesses()))
);

create policy order_items_select
on commerce.order_items
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_history_select
on commerce.order_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_steps_select
on commerce.order_steps
for select
to anon, authenticated
using (true);
