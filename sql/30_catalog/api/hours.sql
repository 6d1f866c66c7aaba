-- Hours, exceptions, and time that takes no bookings.

create view public.working_hours
with (security_invoker = true)
as
select
    working_hours.id,
    working_hours.business_id,
    working_hours.resource_id,
    working_hours.weekday,
    working_hours.opens_at,
    working_hours.closes_at
from catalog.working_hours;
grant select on public.working_hours to anon;
grant select, insert, update, delete on public.working_hours to authenticated, service_role;

comment on view public.working_hours is
'Weekly hours in local time.

A gap between two rows is a break. Written by owners and managers.';
comment on column public.working_hours.id is 'Primary key.';
comment on column public.working_hours.business_id is 'The business that owns them.';
comment on column public.working_hours.resource_id is
'The resource with these hours; null for the business. Resources without hours follow the '
'business.';
comment on column public.working_hours.weekday is 'ISO day of the week: 1 is Monday, 7 is Sunday.';
comment on column public.working_hours.opens_at is 'Local time.';
comment on column public.working_hours.closes_at is
'Local time after opens_at, at most 24:00. Put hours past midnight into a row of the next day.';

create view public.schedule_exceptions
with (security_invoker = true)
as
select
    schedule_exceptions.id,
    schedule_exceptions.business_id,
    schedule_exceptions.resource_id,
    schedule_exceptions.starts_on,
    schedule_exceptions.ends_on,
    schedule_exceptions.opens_at,
    schedule_exceptions.closes_at,
    schedule_exceptions.reason,
    schedule_exceptions.created_at
from catalog.schedule_exceptions;
grant select, insert, update, delete on public.schedule_exceptions to authenticated, service_role;

comment on view public.schedule_exceptions is
'Dates on which other hours replace the weekly ones.

Readable by members; written by owners and managers.';
comment on column public.schedule_exceptions.id is 'Primary key.';
comment on column public.schedule_exceptions.business_id is 'The business that owns it.';
comment on column public.schedule_exceptions.resource_id is
'The resource whose hours change; null for the business and every resource that follows its hours.';
comment on column public.schedule_exceptions.starts_on is 'First local date.';
comment on column public.schedule_exceptions.ends_on is 'Last local date.';
comment on column public.schedule_exceptions.opens_at is
'Local time. Null together with closes_at means closed.';
comment on column public.schedule_exceptions.closes_at is
'Local time. All rows of a date together replace the weekly hours.';
comment on column public.schedule_exceptions.reason is 'At most 500 characters.';
comment on column public.schedule_exceptions.created_at is 'When it was created.';

create view public.travel_zones
with (security_invoker = true)
as
select
    travel_zones.id,
    travel_zones.business_id,
    travel_zones.resource_id,
    travel_zones.starts_on,
    travel_zones.ends_on,
    travel_zones.time_zone,
    travel_zones.created_at
from catalog.travel_zones;
grant select, insert, update, delete on public.travel_zones to authenticated, service_role;

comment on view public.travel_zones is
'Time zones in which a resource travels.

On these dates its hours are read in that zone. Readable by members; written by owners and '
'managers.';
comment on column public.travel_zones.id is 'Primary key.';
comment on column public.travel_zones.business_id is 'The business that owns it.';
comment on column public.travel_zones.resource_id is 'The resource that travels.';
comment on column public.travel_zones.starts_on is 'First date, in that zone.';
comment on column public.travel_zones.ends_on is 'Last date, in that zone.';
comment on column public.travel_zones.time_zone is 'IANA zone in which the resource is.';
comment on column public.travel_zones.created_at is 'When it was created.';

create view public.blocked_periods
with (security_invoker = true)
as
select
    blocked_periods.id,
    blocked_periods.business_id,
    blocked_periods.resource_id,
    lower(blocked_periods.during) as starts_at,
    upper(blocked_periods.during) as ends_at,
    catalog.reason_of(blocked_periods.id) as reason,
    blocked_periods.created_at,
    blocked_periods.calendar_import_id,
    blocked_periods.stand_in_id
from catalog.blocked_periods
where
    blocked_periods.business_id = any(array(select private.my_businesses('view')))
    or (select private.is_operator());
grant select, delete on public.blocked_periods to authenticated, service_role;

comment on view public.blocked_periods is
'Periods in which a resource, or the whole business, takes no new bookings.

block_time creates them and DELETE ends them; those of a calendar import come and go with the '
'calendar.';
comment on column public.blocked_periods.id is 'Primary key.';
comment on column public.blocked_periods.business_id is 'The business that owns it.';
comment on column public.blocked_periods.resource_id is
'The resource; null for the whole business.';
comment on column public.blocked_periods.starts_at is 'Start, included.';
comment on column public.blocked_periods.ends_at is 'End, excluded.';
comment on column public.blocked_periods.reason is 'At most 500 characters.';
comment on column public.blocked_periods.created_at is 'When it was created.';
comment on column public.blocked_periods.calendar_import_id is
'The import that created it; null if a member blocked the time.';
comment on column public.blocked_periods.stand_in_id is
'The resource that stands in for the absent one, or null.';

create view public.absences
with (security_invoker = true)
as
select
    blocked_periods.business_id,
    blocked_periods.resource_id,
    lower(blocked_periods.during) as starts_at,
    upper(blocked_periods.during) as ends_at,
    blocked_periods.stand_in_id
from catalog.blocked_periods
where
    blocked_periods.resource_id is not null
    and blocked_periods.calendar_import_id is null;
grant select on public.absences to anon, authenticated, service_role;

comment on view public.absences is
'When resources are away, and who stands in for them, but never why.

Readable by everyone who can see the business. Written by block_time.';
comment on column public.absences.business_id is 'The business.';
comment on column public.absences.resource_id is 'The absent resource.';
comment on column public.absences.starts_at is 'Start, included.';
comment on column public.absences.ends_at is 'End, excluded.';
comment on column public.absences.stand_in_id is
'The resource that stands in for the absent one, or null.';

/*
 * Take no new bookings in a period. Those that exist stay.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.block_time(
    business_id public.identifier,
    starts_at public.instant,
    ends_at public.instant,
    resource_id public.identifier default null,
    reason text default null,
    stand_in_id public.identifier default null
)
returns public.blocked_periods
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_period public.blocked_periods;
begin
    v_id = catalog.block_time(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_instant(starts_at, 'starts_at'),
        private.to_instant(ends_at, 'ends_at'),
        private.to_text(reason, 'reason', 500),
        private.to_identifier(stand_in_id, 'stand_in_id', is_required => false)
    );
    select blocked_periods.* into strict v_period
    from public.blocked_periods
    where blocked_periods.id = v_id;
    return v_period;
end;
$$;

comment on function public.block_time is
'Take no new bookings from starts_at to ends_at (instants, at most two years apart), for one '
'resource or the whole business.

Existing bookings stay. For owners, managers and staff.

- stand_in_id: the resource that stands in meanwhile; the view absences shows it to everybody.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function
public.block_time(
    public.identifier, public.instant, public.instant, public.identifier, text,
    public.identifier
),
catalog.block_time(uuid, uuid, timestamptz, timestamptz, text, uuid)
to anon, authenticated, service_role;
