-- Why a start cannot be booked. Called only after scheduling.vacancies found nobody; the first
-- reason that applies is refused by name. A time that is simply taken has a quicker check of its
-- own.

/*
 * Say whether a start is one of the steps of some windows.
 */
create function scheduling.is_step(
    start timestamptz, windows tstzrange[], step interval, slot_offset interval
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(windows) as opening
        where
            start <@ opening
            and start >= lower(opening) + slot_offset
            and date_bin(step, start, lower(opening) + slot_offset) = start
    );
end;
$$;

/*
 * Say whether hours allow a leg to start, and whether they are not shut then by closures or blocked
 * periods. Each pool needs somebody, and a leading resource must have a step at the start. Without
 * hours, everybody works at every start.
 */
create function scheduling.is_in_hours(
    leg scheduling.leg,
    service catalog.services,
    needs scheduling.need[],
    overridden scheduling.start_rule[],
    out in_hours boolean,
    out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at, leg.ends_at);
    v_ids uuid[] = array(select need.id from unnest(needs) as need);
    v_step interval = make_interval(mins => service.slot_interval_minutes);
    v_offset interval = make_interval(mins => service.slot_offset_minutes);
begin
    with pools as (
        select
            bool_or(facts.is_open) as in_hours,
            bool_or(facts.is_open and not coalesce(closings.closings && v_during, false)) as not_shut
        from unnest(needs) as need
        left join scheduling.openings(
            leg.business_id,
            v_ids,
            array(select each.time_zone from unnest(needs) as each),
            array(select each.kind = 'staff' from unnest(needs) as each),
            v_during::tstzmultirange
        ) as openings on openings.resource_id = need.id
        left join scheduling.closings(leg.business_id, v_ids, v_during::tstzmultirange) as closings
            on closings.resource_id = need.id
        cross join lateral (
            select
                'hours' = any(overridden)
                or coalesce(openings.openings @> v_during, false)
                and (
                    not need.is_leading
                    or scheduling.is_step(leg.starts_at, openings.windows, v_step, v_offset)
                ) as is_open
        ) as facts
        group by need.pool
    )

    select
        coalesce(bool_and(pools.in_hours) and count(*) = needs[1].pool_count, false),
        coalesce(bool_and(pools.not_shut), false)
    into in_hours, not_shut
    from pools;
end;
$$;

/*
 * Refuse a start outside the service's notice, advance and dates, unless they are overridden.
 *
 * Errors:  PT422 too_soon too_far
 */
create function scheduling.refuse_date(
    leg scheduling.leg,
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period tstzrange = scheduling.bookable_period(service, time_zone, overridden);
begin
    if leg.starts_at < scheduling.first_bookable(service, time_zone, overridden) then
        perform private.refuse(
            'PT422', 'too_soon', 'That time is too soon to book.', 'Choose a later time.'
        );
    end if;
    if isempty(v_period) or leg.starts_at >= upper(v_period) then
        perform private.refuse(
            'PT422', 'too_far', 'That time is too far ahead to book.', 'Choose an earlier time.'
        );
    end if;
end;
$$;

/*
 * Say whether the time between start and end is taken for everybody in a pool that the service
 * needs. Asked before anything else: in a rush on one slot nearly every caller gets this answer,
 * which needs no hours.
 */
create function scheduling.is_plainly_taken(
    leg scheduling.leg, needs scheduling.need[], except_booking_id uuid
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return not leg.is_class and exists (
        select 1
        from unnest(needs) as need
        group by need.pool
        having
            bool_and(
                need.capacity = 1
                and exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = need.id
                        and allocations.unit = 1
                        and allocations.during && tstzrange(leg.starts_at, leg.ends_at)
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(
                            allocations.booking_id <> is_plainly_taken.except_booking_id, true
                        )
                )
            )
    );
end;
$$;

/*
 * Refuse a time at which the business or the resource is shut. If the chosen resource is away, the
 * hint names the colleague who stands in, if they provide the service.
 *
 * Errors:  PT422 blocked_out
 */
create function scheduling.refuse_shut(leg scheduling.leg)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_absent record;
begin
    select
        resources.name,
        stand_ins.id as stand_in_id,
        stand_ins.name as stand_in_name
    into v_absent
    from catalog.blocked_periods
    inner join catalog.resources on resources.id = blocked_periods.resource_id
    inner join catalog.resources as stand_ins on stand_ins.id = blocked_periods.stand_in_id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = stand_ins.id
    where
        blocked_periods.business_id = leg.business_id
        and blocked_periods.resource_id = leg.resource_id
        and blocked_periods.during && tstzrange(leg.starts_at, leg.ends_at)
        and stand_ins.is_active
    order by lower(blocked_periods.during), blocked_periods.id
    limit 1;
    if v_absent.stand_in_id is not null then
        perform private.refuse(
            'PT422', 'blocked_out', format('%s is away at that time.', v_absent.name),
            format(
                'Ask for %s instead (resource_id %s), or choose another time.',
                v_absent.stand_in_name, v_absent.stand_in_id
            )
        );
    end if;
    perform private.refuse(
        'PT422', 'blocked_out', 'The business takes no bookings at that time.',
        'Ask for slots and choose one of them.'
    );
end;
$$;

/*
 * Refuse a start, and say why it cannot be booked. Overridden rules are no reason; a class needs a
 * session even so.
 *
 * Errors:  PT409 slot_taken
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 */
create function scheduling.refuse_start(
    leg scheduling.leg,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.provided_service(leg.service_id, except_booking_id);
    v_time_zone text;
    v_needs scheduling.need[] = scheduling.needs_of(
        leg.service_id, leg.resource_id, leg.party_size
    );
    v_hours record;
    v_limit catalog.booking_limits;
begin
    select businesses.time_zone into v_time_zone
    from business.businesses
    where businesses.id = leg.business_id;

    if v_needs = '{}' and leg.resource_id is not null then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not provide this service.',
            'Choose a resource from service_resources, or omit resource_id.'
        );
    end if;
    perform scheduling.refuse_date(leg, v_service, v_time_zone, overridden);
    v_hours = case
        when leg.is_class then scheduling.is_in_session(leg)
        else scheduling.is_in_hours(leg, v_service, v_needs, overridden)
    end;
    if not v_hours.in_hours then
        perform private.refuse(
            'PT422', 'outside_hours', 'This service cannot start at that time.',
            'Ask for slots and choose one of them.'
        );
    end if;
    if not v_hours.not_shut and 'closures' <> all(overridden) then
        perform scheduling.refuse_shut(leg);
    end if;
    if 'limits' <> all(overridden) then
        v_limit = scheduling.passed_limit(leg, v_needs, except_booking_id);
        if v_limit.id is not null then
            perform scheduling.refuse_limit(v_limit);
        end if;
    end if;
    perform scheduling.refuse_taken();
end;
$$;
