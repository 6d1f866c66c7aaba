-- Owners, managers and accountants read what their customers are worth; analysts read the same
-- rows without the customer. Nobody writes but the worker's functions.

alter table insight.customer_values enable row level security;
alter table insight.value_models enable row level security;

grant select on insight.customer_values, insight.value_models to authenticated, service_role;
grant select (
    business_id, counted_on, first_on, last_on, purchases, currency, value_minor, alive_bps,
    expected_purchases, expected_minor
) on insight.customer_values to analyst;
grant select on insight.value_models to analyst;

create policy customer_values_select
on insight.customer_values
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy customer_values_select_analyst
on insight.customer_values
for select
to analyst
using (true);

create policy value_models_select
on insight.value_models
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy value_models_select_analyst
on insight.value_models
for select
to analyst
using (true);

grant execute on function
insight.segment_of(integer, integer), insight.share_bps(numeric, numeric)
to authenticated, analyst, service_role;
grant execute on function
insight.announce_outlooks(), insight.count_customer_values(uuid),
insight.customer_histories(uuid), insight.keep_model(uuid, jsonb, jsonb)
to worker;
