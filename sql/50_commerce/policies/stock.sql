-- Members of the business read its stock. Nobody writes it but functions: a level that a client
-- could set would not be the sum of its movements. Not even the operator's servers have a write
-- grant.

grant usage on schema commerce to anon, authenticated, service_role;

alter table commerce.stock_levels enable row level security;
alter table commerce.stock_movements enable row level security;
alter table commerce.stock_transfers enable row level security;
alter table commerce.stock_reservations enable row level security;

grant select on table commerce.stock_levels to authenticated, service_role;
grant select on table commerce.stock_movements to authenticated, service_role;
grant select on table commerce.stock_transfers to authenticated, service_role;
grant select on table commerce.stock_reservations to authenticated, service_role;

create policy stock_levels_select
on commerce.stock_levels
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_movements_select
on commerce.stock_movements
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_transfers_select
on commerce.stock_transfers
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_reservations_select
on commerce.stock_reservations
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant execute on function
commerce.reserved_quantity(commerce.stock_levels),
commerce.free_quantity(commerce.stock_levels, boolean)
to authenticated, service_role;

-- A call without sign-in is answered with not_signed_in.
grant execute on function
commerce.to_items(text, text, integer),
commerce.reserve_stock(uuid, commerce.stock_item[], integer),
commerce.release_stock(uuid),
commerce.adjust_stock(
    uuid, commerce.stock_item, commerce.movement_reason, text, commerce.stock_origin
),
commerce.variant_availability(uuid),
commerce.nearest_stores(double precision, double precision, uuid, uuid, boolean, integer),
commerce.is_store_open(business.stores, timestamptz),
commerce.product_facts(uuid[]),
commerce.compare_products(uuid[]),
commerce.count_stock(uuid, commerce.stock_item[], text),
commerce.transfer_stock(uuid, uuid, commerce.stock_item[], text),
commerce.set_stock_limits(uuid, uuid, integer, integer, integer, timestamptz, date)
to anon, authenticated, service_role;
