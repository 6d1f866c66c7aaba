-- Everybody reads weekly hours, and who is away when with which stand-in. Only members read
-- exceptions, travel, imported calendars and the reason of an absence.

grant select on table catalog.working_hours to anon;
grant select, delete on table catalog.working_hours to authenticated;
grant insert (id, business_id, resource_id, weekday, opens_at, closes_at)
on table catalog.working_hours to authenticated;
grant update (id, business_id, weekday, opens_at, closes_at)
on table catalog.working_hours to authenticated;
grant select, insert, update, delete on table catalog.working_hours to service_role;

create policy working_hours_select
on catalog.working_hours
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = working_hours.business_id
    )
);

create policy working_hours_insert
on catalog.working_hours
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy working_hours_update
on catalog.working_hours
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy working_hours_delete
on catalog.working_hours
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select, delete on table catalog.schedule_exceptions to authenticated;
grant insert (
    id, business_id, resource_id, starts_on, ends_on, opens_at, closes_at, reason
) on table catalog.schedule_exceptions to authenticated;
grant update (id, business_id, starts_on, ends_on, opens_at, closes_at, reason)
on table catalog.schedule_exceptions to authenticated;
grant select, insert, update, delete on table catalog.schedule_exceptions to service_role;

create policy schedule_exceptions_select
on catalog.schedule_exceptions
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy schedule_exceptions_insert
on catalog.schedule_exceptions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy schedule_exceptions_update
on catalog.schedule_exceptions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy schedule_exceptions_delete
on catalog.schedule_exceptions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table catalog.travel_zones enable row level security;

grant select, delete on table catalog.travel_zones to authenticated;
grant insert (id, business_id, resource_id, starts_on, ends_on, time_zone)
on table catalog.travel_zones to authenticated;
grant update (id, business_id, starts_on, ends_on, time_zone)
on table catalog.travel_zones to authenticated;
grant select, insert, update, delete on table catalog.travel_zones to service_role;

create policy travel_zones_select
on catalog.travel_zones
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy travel_zones_insert
on catalog.travel_zones
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy travel_zones_update
on catalog.travel_zones
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy travel_zones_delete
on catalog.travel_zones
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- No grant on reason: catalog.reason_of tells members.
grant select (
    id, business_id, resource_id, during, created_at, calendar_import_id, stand_in_id
) on table catalog.blocked_periods to anon, authenticated;
grant delete on table catalog.blocked_periods to authenticated;
-- No insert or update: public.block_time writes them, because it refuses a time without an offset.
grant select, insert, update, delete on table catalog.blocked_periods to service_role;

create policy blocked_periods_select_public
on catalog.blocked_periods
for select
to anon
using (
    resource_id is not null
    and calendar_import_id is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = blocked_periods.business_id
    )
);

create policy blocked_periods_select
on catalog.blocked_periods
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or resource_id is not null
    and calendar_import_id is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = blocked_periods.business_id
    )
);

create policy blocked_periods_delete
on catalog.blocked_periods
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
grant execute on function catalog.reason_of(uuid)
to authenticated, service_role;
