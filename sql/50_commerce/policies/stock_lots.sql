-- Members of the business read lots; functions write them. Who bought of a lot is read like the
-- order.

alter table commerce.stock_lots enable row level security;
alter table commerce.stock_lot_movements enable row level security;
grant select on commerce.stock_lots, commerce.stock_lot_movements to authenticated, service_role;

create policy stock_lots_select
on commerce.stock_lots
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_lot_movements_select
on commerce.stock_lot_movements
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant execute on function commerce.blocked_quantity(commerce.stock_levels)
to authenticated, service_role;
grant execute on function commerce.today(uuid) to authenticated, service_role;

-- A call without sign-in is answered with not_signed_in.
grant execute on function commerce.recall_lot(uuid) to anon, authenticated, service_role;
