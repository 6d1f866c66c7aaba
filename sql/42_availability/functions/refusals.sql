-- Why a start that somebody wants is not to be had. Asked only after scheduling.vacancies said no.

/*
 * Could the service start then as far as hours go, and are the hours not shut by closures or
 * blocks? Each pool needs somebody; a leading resource's windows say where starts step.
 */
create function scheduling.is_in_hours(
    leg scheduling.leg,
    service catalog.services,
    needs scheduling.need[],
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
    v_reach tstzmultirange = v_during::tstzmultirange;
    v_ids uuid[] = array(select need.id from unnest(needs) as need);
begin
    with facts as (
        select
            need.pool,
            coalesce(openings.openings @> v_during, false)
            and (
                not need.is_leading
                or exists (
                    select 1
                    from unnest(openings.windows) as opening
                    where
                        leg.starts_at <@ opening
                        and mod(
                            extract(epoch from leg.starts_at - lower(opening))
                            - service.slot_offset_minutes * 60,
                            service.slot_interval_minutes * 60
                        ) = 0
                        and leg.starts_at
                        >= lower(opening) + make_interval(mins => service.slot_offset_minutes)
                )
            ) as is_open,
            coalesce(closings.closings && v_during, false) as is_shut
        from unnest(needs) as need
        left join scheduling.openings(
            leg.business_id,
            v_ids,
            array(select need.time_zone from unnest(needs) as need),
            array(select need.kind = 'staff' from unnest(needs) as need),
            v_reach
        ) as openings on openings.resource_id = need.id
        left join scheduling.closings(leg.business_id, v_ids, v_reach) as closings
            on closings.resource_id = need.id
    ),

    pools as (
        select
            bool_or(facts.is_open) as in_hours,
            bool_or(facts.is_open and not facts.is_shut) as not_shut
        from facts
        group by facts.pool
    )

    select
        coalesce(bool_and(pools.in_hours) and count(*) = needs[1].pool_count, false),
        coalesce(bool_and(pools.not_shut), false)
    into in_hours, not_shut
    from pools;
end;
$$;

/*
 * Errors:  PT422 too_soon too_far
 */
create function scheduling.refuse_date(leg scheduling.leg, service catalog.services, time_zone text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period tstzrange = scheduling.bookable_period(service, time_zone);
begin
    if leg.starts_at < scheduling.first_bookable(service, time_zone) then
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
 * Is the time between start and end gone, for everyone in a pool that the service needs? Asked
 * before anything else: in a rush on one slot nearly every answer is this one, and hours need not
 * be worked out for it.
 */
create function scheduling.is_plainly_taken(leg scheduling.leg, except_booking_id uuid)
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
        from scheduling.needs(leg.service_id, leg.resource_id, leg.party_size) as need
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
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_taken()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'slot_taken', 'That time was just taken.',
        'Ask for slots again and choose another.'
    );
end;
$$;

/*
 * Nobody works then; of somebody who is away the hint names the colleague to go to, if they give
 * the service.
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
 * Say why a service cannot be had at an instant.
 *
 * Errors:  PT409 slot_taken
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 */
create function scheduling.refuse_start(leg scheduling.leg, except_booking_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(leg.service_id);
    v_time_zone text;
    v_needs scheduling.need[] = array(
        select need from scheduling.needs(leg.service_id, leg.resource_id, leg.party_size) as need
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
    perform scheduling.refuse_date(leg, v_service, v_time_zone);
    v_hours = case
        when leg.is_class then scheduling.is_in_session(leg)
        else scheduling.is_in_hours(leg, v_service, v_needs)
    end;
    if not v_hours.in_hours then
        perform private.refuse(
            'PT422', 'outside_hours', 'This service cannot start at that time.',
            'Ask for slots and choose one of them.'
        );
    end if;
    if not v_hours.not_shut then
        perform scheduling.refuse_shut(leg);
    end if;
    v_limit = scheduling.passed_limit(leg, v_needs, except_booking_id);
    if v_limit.id is not null then
        perform scheduling.refuse_limit(v_limit);
    end if;
    perform scheduling.refuse_taken();
end;
$$;
