-- What can be booked. One function decides it, for a whole month of slots and for the one instant
-- that somebody wants to book: that is why the two never disagree.

/*
 * The service as scheduling needs it: null when it takes no bookings now.
 * Definer: asked for businesses that the caller need not be a member of.
 */
create function scheduling.bookable_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    select services.* into v_service
    from catalog.services
    inner join business.businesses on services.business_id = businesses.id
    where
        services.id = bookable_service.service_id
        and services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved';
    return v_service;
end;
$$;

/*
 * The instants between which a service may start now, by its notice, its advance and its dates,
 * half-open.
 */
create function scheduling.bookable_period(service catalog.services, time_zone text)
returns tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_today date = (v_now at time zone bookable_period.time_zone)::date;
    v_last_day date = least(service.bookable_until, v_today + service.max_advance_days);
    v_first timestamptz = greatest(
        v_now + make_interval(mins => service.min_notice_minutes),
        service.bookable_from::timestamp at time zone bookable_period.time_zone
    );
    v_end timestamptz = (v_last_day + 1)::timestamp at time zone bookable_period.time_zone;
begin
    return case when v_end <= v_first then 'empty' else tstzrange(v_first, v_end) end;
end;
$$;

/*
 * Every start in some periods, or at some moments, at which a service can be had, with each
 * resource that could give it then and how many of its units are free. Starts step from each window
 * of a leading resource; every other pool must have somebody too. `minutes` is the length with
 * add-ons. A booking that is about to move is left out by its id. Definer: sees what is taken
 * without telling by whom.
 */
create function scheduling.vacancies(
    service_id uuid,
    during tstzmultirange,
    resource_id uuid,
    party_size integer,
    minutes integer,
    except_booking_id uuid default null
)
returns setof scheduling.vacancy
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_service catalog.services = scheduling.bookable_service(vacancies.service_id);
    v_time_zone text;
    v_starts tstzmultirange;
    v_reach tstzmultirange;
    v_needs scheduling.need[];
    v_ids uuid[];
    v_pool_count integer;
    v_full scheduling.full_times[];
    v_bookable tstzmultirange;
    v_length interval = make_interval(mins => vacancies.minutes);
    v_before interval;
    v_after interval;
    v_step interval;
begin
    if v_service.id is null or vacancies.party_size > v_service.max_party_size then
        return;
    end if;
    v_before = make_interval(mins => v_service.buffer_before_minutes);
    v_after = make_interval(mins => v_service.buffer_after_minutes);
    v_step = make_interval(mins => v_service.slot_interval_minutes);
    select businesses.time_zone into v_time_zone
    from business.businesses
    where businesses.id = v_service.business_id;
    v_starts = vacancies.during * scheduling.bookable_period(v_service, v_time_zone)::tstzmultirange;
    -- What keeps its time and changes only its resource needs no notice.
    if vacancies.except_booking_id is not null and exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = vacancies.except_booking_id
            and vacancies.during <@ tstzrange(bookings.starts_at, bookings.ends_at)
    ) then
        v_starts = vacancies.during;
    end if;
    if isempty(v_starts) then
        return;
    end if;
    if v_service.is_class then
        return query
        select session_vacancies.*
        from scheduling.session_vacancies(
            v_service, v_starts, vacancies.resource_id, vacancies.party_size, vacancies.except_booking_id
        ) as session_vacancies;
        return;
    end if;
    v_reach = (
        select range_agg(tstzrange(lower(part) - v_before, upper(part) + v_length + v_after))
        from unnest(v_starts) as part
    );

    v_needs = array(
        select need from scheduling.needs(v_service.id, vacancies.resource_id, vacancies.party_size) as need
    );
    v_ids = array(select need.id from unnest(v_needs) as need);
    v_pool_count = v_needs[1].pool_count;
    if v_pool_count is distinct from (
        select count(distinct need.pool) from unnest(v_needs) as need
    ) then
        return;
    end if;
    v_full = scheduling.full_times(
        v_service, v_ids, range_merge(v_starts), vacancies.minutes, vacancies.except_booking_id
    );
    v_bookable = v_starts - coalesce(
        (select sold.times from unnest(v_full) as sold where sold.resource_id is null), '{}'
    );

    return query
    with timelines as materialized (
        select
            needs.*,
            openings.windows,
            taken.clashes,
            (
                -- From these starts the service ends before its opening does.
                select range_agg(tstzrange(lower(open.during), upper(open.during) - v_length, '[]'))
                from unnest(openings.openings - coalesce(closings.closings, '{}')) as open (during)
                where lower(open.during) <= upper(open.during) - v_length
            )
            - case needs.capacity when 1 then coalesce(taken.clashes[1], '{}') else '{}' end
            - coalesce(
                (select sold.times from unnest(v_full) as sold where sold.resource_id = needs.id), '{}'
            ) as starts
        from unnest(v_needs) as needs
        inner join scheduling.openings(
            v_service.business_id,
            v_ids,
            array(select need.time_zone from unnest(v_needs) as need),
            array(select need.kind = 'staff' from unnest(v_needs) as need),
            v_reach
        ) as openings on openings.resource_id = needs.id
        left join scheduling.closings(v_service.business_id, v_ids, v_reach) as closings
            on closings.resource_id = needs.id
        left join scheduling.clashes(
            v_ids, v_reach, v_length + v_after, v_before, vacancies.except_booking_id
        ) as taken on taken.resource_id = needs.id
    ),

    starts as (
        select distinct
            timelines.id,
            starts.at
        from timelines
        cross join lateral unnest(timelines.starts * v_bookable) as possible
        cross join lateral unnest(timelines.windows) as opening
        cross join lateral (
            select lower(opening) + make_interval(mins => v_service.slot_offset_minutes) as first
        ) as steps
        cross join lateral generate_series(
            greatest(steps.first, date_bin(v_step, lower(possible), steps.first)),
            least(upper(possible), upper(opening) - interval '1 minute'),
            v_step
        ) as starts (at)
        where
            timelines.is_leading
            and opening && possible
            and starts.at <@ possible
    ),

    asked as (
        select
            starts.id,
            starts.at
        from starts
        union all
        select
            timelines.id,
            moments.at
        from timelines
        cross join (select distinct starts.at from starts) as moments
        where
            v_pool_count > 1
            and not timelines.is_leading
            and timelines.starts @> moments.at
    ),

    free as (
        select
            asked.at,
            timelines.id,
            timelines.pool,
            timelines.is_leading,
            timelines.units,
            timelines.capacity,
            timelines.rank,
            case
                when timelines.capacity = 1 or timelines.clashes is null then timelines.capacity
                else timelines.capacity - (
                    select count(*)
                    from unnest(timelines.clashes) as unit (clashes)
                    where unit.clashes @> asked.at
                )
            end::integer as remaining
        from asked
        inner join timelines on timelines.id = asked.id
    )

    select
        free.at,
        free.id,
        free.pool,
        free.is_leading,
        free.units,
        free.remaining,
        free.capacity,
        free.rank,
        null::uuid
    from free
    where
        free.remaining >= free.units
        and (
            v_pool_count = 1
            or free.at in (
                select others.at
                from free as others
                where others.remaining >= others.units
                group by others.at
                having count(distinct others.pool) = v_pool_count
            )
        );
end;
$$;
