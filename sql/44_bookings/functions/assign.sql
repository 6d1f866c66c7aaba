-- Who gives a service that was booked without naming anybody. In this order: whom the customer
-- prefers or had last, where the service says so; the highest priority; the least busy for their
-- weight; then position, name and id. The same question always has the same answer.

/*
 * How much each of some resources has to do: the allocations that begin in a period and take their
 * time, holds included until they run out, and `with_requests` also those that wait without taking
 * it. `made_before` leaves out what was booked later. One booking may be left out.
 */
create function scheduling.loads(
    resource_ids uuid[],
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid,
    made_before timestamptz default null
)
returns table (resource_id uuid, load bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        taken.count + case when loads.with_requests then (
            select count(*)
            from catalog.resources as asked
            inner join scheduling.booking_items
                on
                    booking_items.business_id = asked.business_id
                    and booking_items.resource_id = asked.id
            inner join catalog.services on services.id = booking_items.service_id
            inner join scheduling.bookings on bookings.id = booking_items.booking_id
            where
                asked.id = resources.id
                and loads.during @> booking_items.starts_at
                and booking_items.cancelled_at is null
                and not services.is_blocked_by_pending
                and bookings.status = 'pending'
                and bookings.id is distinct from loads.except_booking_id
                and (loads.made_before is null or bookings.created_at < loads.made_before)
        ) else 0 end
    from unnest(loads.resource_ids) as resources (id)
    cross join lateral (
        select count(*) as count
        from scheduling.allocations
        where
            allocations.resource_id = resources.id
            and lower(allocations.during) >= lower(loads.during)
            and lower(allocations.during) < upper(loads.during)
            and allocations.is_blocking
            and (allocations.expires_at is null or allocations.expires_at > v_now)
            and coalesce(allocations.booking_id <> loads.except_booking_id, true)
            and (
                loads.made_before is null
                or exists (
                    select 1
                    from scheduling.bookings
                    where
                        bookings.id = allocations.booking_id
                        and bookings.created_at < loads.made_before
                )
            )
    ) as taken;
end;
$$;

/*
 * How busy each of some resources is for its weight in the pool of a service, in the thirty days
 * around a start. Who joined the pool in the last thirty days, and later than others, counts as
 * having been as busy as those were till then, for its weight: nobody new is flooded.
 */
create function scheduling.weighted_loads(
    leg scheduling.leg, resource_ids uuid[], except_booking_id uuid
)
returns table (resource_id uuid, load double precision)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_month constant interval = '30 days';
    v_now timestamptz = private.now();
    v_during tstzrange = tstzrange(leg.starts_at - v_month / 2, leg.starts_at + v_month / 2);
    v_with_requests boolean = leg.requires_confirmation and not leg.is_blocked_by_pending;
begin
    return query
    select
        loads.resource_id,
        loads.load::double precision / pool.weight + case
            when pool.joined_at > greatest(
                v_now - v_month,
                (
                    select min(service_resources.joined_at)
                    from catalog.service_resources
                    where service_resources.service_id = leg.service_id
                )
            ) then
                (
                    select coalesce(sum(earlier.load)::double precision / sum(others.weight), 0)
                    from catalog.service_resources as others
                    inner join catalog.resources on resources.id = others.resource_id
                    cross join lateral scheduling.loads(
                        array[others.resource_id], v_during, v_with_requests, except_booking_id,
                        pool.joined_at
                    ) as earlier
                    where
                        others.service_id = leg.service_id
                        and others.pool = pool.pool
                        and others.mode = 'any'
                        and others.joined_at < pool.joined_at
                        and resources.is_active
                )
            else 0
        end
    from scheduling.loads(
        weighted_loads.resource_ids, v_during, v_with_requests, except_booking_id
    ) as loads
    inner join catalog.service_resources as pool
        on pool.service_id = leg.service_id and pool.resource_id = loads.resource_id;
end;
$$;

/*
 * Whom the customer of a booking knows: whom they prefer in this business, and who gave the last
 * completed item of theirs that anybody who gives this service gave.
 */
create function scheduling.known_resources(
    leg scheduling.leg, customer_id uuid, out preferred_id uuid, out past_id uuid
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if leg.resource_id is not null or customer_id is null or not exists (
        select 1
        from catalog.services
        where services.id = leg.service_id and services.prefers_known_staff
    ) then
        return;
    end if;
    select preferred_resources.resource_id into preferred_id
    from scheduling.preferred_resources
    where
        preferred_resources.customer_id = known_resources.customer_id
        and preferred_resources.business_id = leg.business_id;
    select booking_items.resource_id into past_id
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = booking_items.resource_id
    where
        bookings.customer_id = known_resources.customer_id
        and bookings.business_id = leg.business_id
        and bookings.status = 'completed'
    order by bookings.starts_at desc, booking_items.position desc
    limit 1;
end;
$$;

/*
 * Candidates without those who have reached their limit meanwhile. Who is named stays: of them the
 * refusal says so.
 */
create function scheduling.not_limited(
    candidates scheduling.candidate[], leg scheduling.leg, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = leg.business_id
            and booking_limits.resource_id in (
                select candidate.id from unnest(candidates) as candidate
            )
            and booking_limits.resource_id is distinct from leg.resource_id
    );
begin
    if v_limits = '{}' then
        return candidates;
    end if;
    return array(
        select candidate
        from unnest(candidates) as candidate
        where candidate.id not in (
            select limit_use.resource_id
            from scheduling.limit_use(
                v_limits,
                tstzrange(leg.starts_at, leg.starts_at, '[]'),
                scheduling.booker_of(booking.id),
                null
            ) as limit_use
            where limit_use.is_full or limit_use.minutes_left < leg.minutes
        )
    );
end;
$$;

/*
 * Pool by pool, who has enough free places for a leg, in the order in which they are to be asked.
 * Loads are counted only where there is a choice.
 */
create function scheduling.choose(
    leg scheduling.leg, vacancies scheduling.vacancy[], during tstzrange, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidates scheduling.candidate[] = scheduling.candidates(leg, vacancies, during, booking.id);
begin
    if cardinality(v_candidates) < 2 then
        return v_candidates;
    end if;
    return scheduling.ranked(
        scheduling.not_limited(v_candidates, leg, booking), leg, booking
    );
end;
$$;

/*
 * Of some vacancies those with enough free places for a leg: who might give it.
 */
create function scheduling.candidates(
    leg scheduling.leg, vacancies scheduling.vacancy[], during tstzrange, except_booking_id uuid
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return array(
        select
            row(
                vacancy.id,
                vacancy.pool,
                vacancy.is_leading,
                places.units,
                vacancy.rank,
                service_resources.priority,
                count(*) over (partition by vacancy.pool),
                case when vacancy.id = leg.resource_id then 'customer' else 'only' end
            )::scheduling.candidate
        from unnest(candidates.vacancies) as vacancy
        inner join catalog.service_resources
            on
                service_resources.service_id = leg.service_id
                and service_resources.resource_id = vacancy.id
        cross join lateral (
            select array_agg(numbers.unit) as units
            from (
                select numbers.unit
                from generate_series(1, vacancy.capacity) as numbers (unit)
                where not exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = vacancy.id
                        and allocations.unit = numbers.unit
                        and allocations.during && candidates.during
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(allocations.booking_id <> candidates.except_booking_id, true)
                )
                order by numbers.unit
                limit vacancy.units
            ) as numbers
        ) as places
        where cardinality(places.units) = vacancy.units
    );
end;
$$;

/*
 * Candidates in the order in which they are to be asked, pool by pool, and why they stand there.
 */
create function scheduling.ranked(
    candidates scheduling.candidate[], leg scheduling.leg, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_known record = scheduling.known_resources(leg, booking.customer_id);
    v_rivals uuid[] = array(
        select candidate.id from unnest(candidates) as candidate where candidate.rival_count > 1
    );
begin
    return array(
        select
            row(
                candidate.id,
                candidate.pool,
                candidate.is_leading,
                candidate.free_units,
                candidate.rank,
                candidate.priority,
                candidate.rival_count,
                case
                    when known.reason is not null then known.reason
                    when candidate.rival_count = 1 then candidate.reason
                    when candidate.priority > all(
                        select rivals.priority
                        from unnest(candidates) as rivals
                        where rivals.pool = candidate.pool and rivals.id <> candidate.id
                    ) then 'priority'
                    else 'load'
                end
            )::scheduling.candidate
        from unnest(candidates) as candidate
        left join scheduling.weighted_loads(leg, v_rivals, booking.id) as loads
            on loads.resource_id = candidate.id
        cross join lateral (
            select
                case candidate.id
                    when v_known.preferred_id then 'preferred'
                    when v_known.past_id then 'past'
                end::scheduling.assignment_reason as reason
        ) as known
        order by
            candidate.pool, known.reason, candidate.priority desc, loads.load, candidate.rank
    );
end;
$$;
