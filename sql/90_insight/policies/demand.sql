-- Owners, managers and accountants read what will be wanted and what was unusual; managers say how
-- long variants take to come. Nobody writes the rest but the worker's functions.

alter table insight.forecasts enable row level security;
alter table insight.unusual_days enable row level security;
alter table insight.supply_terms enable row level security;

grant select on insight.forecasts, insight.unusual_days to authenticated, service_role, analyst;
grant select, insert, update (lead_days, safety_factor), delete
on insight.supply_terms to authenticated;
grant select, insert, update, delete on insight.supply_terms to service_role;

create policy forecasts_select
on insight.forecasts
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy forecasts_select_analyst
on insight.forecasts
for select
to analyst
using (true);

create policy unusual_days_select
on insight.unusual_days
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy unusual_days_select_analyst
on insight.unusual_days
for select
to analyst
using (true);

create policy supply_terms_select
on insight.supply_terms
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
);

create policy supply_terms_insert
on insight.supply_terms
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy supply_terms_update
on insight.supply_terms
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy supply_terms_delete
on insight.supply_terms
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
insight.demand_series(uuid), insight.keep_forecasts(uuid, jsonb), insight.announce_unusual_days()
to worker;
