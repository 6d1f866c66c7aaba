-- What analysts read of other domains, for the views of analytics: no names, no addresses, nobody.

grant usage on schema business, catalog, commerce to analyst;
grant select (
    id, time_zone, currency, status, vertical_id, country, created_at
) on table business.businesses to analyst;
grant select (
    id, business_id, currency
) on table catalog.products to analyst;
grant select (
    id, business_id, product_id
) on table catalog.product_variants to analyst;
grant select (
    business_id, store_id, variant_id, quantity, reason, at, unit_cost_minor
) on table commerce.stock_movements to analyst;

create policy businesses_select_analyst
on business.businesses
for select
to analyst
using (true);

create policy products_select_analyst
on catalog.products
for select
to analyst
using (true);

create policy product_variants_select_analyst
on catalog.product_variants
for select
to analyst
using (true);

create policy stock_movements_select_analyst
on commerce.stock_movements
for select
to analyst
using (true);

-- The function returns counts alone.
grant execute on function insight.customer_cohorts() to analyst, service_role;

grant execute on function insight.all_kpis() to analyst, service_role;
grant execute on function insight.my_cohorts(), insight.my_kpis()
to authenticated, service_role;
