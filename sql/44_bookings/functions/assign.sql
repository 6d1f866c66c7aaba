-- Who gives a service that was booked without naming anybody. In this order: the resource that the
-- customer prefers or had last, where the service says so; the highest priority; the least busy
-- for its weight; then position, name and id. The same question always has the same answer.

/*
 * Return the candidates for a leg, pool by pool, in the order in which they are to be tried. Loads
 * are counted only where there is a choice.
 */
create function scheduling.ordered_candidates(
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    during tstzrange,
    booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidates scheduling.candidate[] = scheduling.available_candidates(
        leg, scheduling.not_busy_elsewhere(vacancies, during), during, booking.id
    );
begin
    if cardinality(v_candidates) < 2 then
        return v_candidates;
    end if;
    return scheduling.rank_candidates(v_candidates, leg, booking);
end;
$$;

/*
 * Return the vacancies that have enough free units for a leg, as candidates.
 */
create function scheduling.available_candidates(
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
            scheduling.make_candidate(
                vacancy,
                free_units => places.units,
                priority => service_resources.priority,
                rival_count => (count(*) over (partition by vacancy.pool))::integer,
                reason => case
                    when vacancy.id = leg.resource_id then 'customer' else 'only'
                end::scheduling.assignment_reason
            )
        from unnest(available_candidates.vacancies) as vacancy
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
                        and allocations.during && available_candidates.during
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(allocations.booking_id <> except_booking_id, true)
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
 * Return candidates in the order in which they are to be tried, pool by pool, each with the reason
 * for its place.
 */
create function scheduling.rank_candidates(
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
    v_known record = scheduling.known_resources(
        leg, booking.customer_id, booking.customer_email, booking.customer_phone
    );
    v_rivals uuid[] = array(
        select candidate.id from unnest(candidates) as candidate where candidate.rival_count > 1
    );
begin
    return array(
        select
            scheduling.with_reason(candidate, case
                when known.reason is not null then known.reason
                when candidate.rival_count = 1 then candidate.reason
                when candidate.priority > all(
                    select rivals.priority
                    from unnest(candidates) as rivals
                    where rivals.pool = candidate.pool and rivals.id <> candidate.id
                ) then 'priority'
                else 'load'
            end)
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

/*
 * Return the resources that a customer knows in a business: the one that they prefer, by their own
 * word or as members wrote it down, and the one that gave the account its last completed item, if
 * it also provides this service.
 */
create function scheduling.known_resources(
    leg scheduling.leg,
    customer_id uuid,
    customer_email text default null,
    customer_phone text default null,
    out preferred_id uuid,
    out past_id uuid
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if leg.resource_id is not null
    or num_nonnulls(customer_id, customer_email, customer_phone) = 0
    or not exists (
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
    if preferred_id is null then
        preferred_id = (
            scheduling.noted_preference(
                leg.business_id, customer_id, customer_email, customer_phone
            )
        ).resource_id;
    end if;
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
