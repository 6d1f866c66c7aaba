-- How busy resources are, so that a booking that names nobody goes to the least busy one. The load
-- is divided by the weight of the resource in the service's pool. A newcomer is not flooded: they
-- count as if they had been as busy as the others until they joined.

/*
 * Return how many bookings each of some resources has in a period: the allocations that begin in
 * it and block, holds only until they run out, and `with_requests` also the requests that do not
 * block. `made_before` leaves out what was booked later; one booking may be left out.
 */
create function scheduling.resource_loads(
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
        taken.count + case when with_requests then scheduling.request_count(
            resources.id, resource_loads.during, except_booking_id, made_before
        ) else 0 end
    from unnest(resource_ids) as resources (id)
    cross join lateral (
        select count(*) as count
        from scheduling.allocations
        where
            allocations.resource_id = resources.id
            and lower(allocations.during) >= lower(resource_loads.during)
            and lower(allocations.during) < upper(resource_loads.during)
            and allocations.is_blocking
            and (allocations.expires_at is null or allocations.expires_at > v_now)
            and coalesce(allocations.booking_id <> except_booking_id, true)
            and (
                made_before is null
                or exists (
                    select 1
                    from scheduling.bookings
                    where
                        bookings.id = allocations.booking_id
                        and bookings.created_at < made_before
                )
            )
    ) as taken;
end;
$$;

/*
 * Return how many requests wait for a resource in a period without blocking its time.
 */
create function scheduling.request_count(
    resource_id uuid, during tstzrange, except_booking_id uuid, made_before timestamptz
)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select count(*)
        from catalog.resources
        inner join scheduling.booking_items
            on
                booking_items.business_id = resources.business_id
                and booking_items.resource_id = resources.id
        inner join catalog.services on services.id = booking_items.service_id
        inner join scheduling.bookings on bookings.id = booking_items.booking_id
        where
            resources.id = request_count.resource_id
            and request_count.during @> booking_items.starts_at
            and booking_items.cancelled_at is null
            and not services.is_blocked_by_pending
            and bookings.status = 'pending'
            and bookings.id is distinct from except_booking_id
            and (made_before is null or bookings.created_at < made_before)
    );
end;
$$;

/*
 * Return how busy each of some resources is for its weight in the pool of a service, in the thirty
 * days around a start. A resource that joined the pool in the last thirty days, and later than
 * others, also counts what those had before it joined, for its weight.
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
    v_during tstzrange = tstzrange(leg.starts_at - v_month / 2, leg.starts_at + v_month / 2);
    v_with_requests boolean = leg.requires_confirmation and not leg.is_blocked_by_pending;
    v_newcomers_since timestamptz = greatest(
        private.now() - v_month,
        (
            select min(service_resources.joined_at)
            from catalog.service_resources
            where service_resources.service_id = leg.service_id
        )
    );
begin
    return query
    select
        loads.resource_id,
        loads.load::double precision / members.weight + case
            when members.joined_at > v_newcomers_since then scheduling.load_before_joining(
                members, v_during, v_with_requests, except_booking_id
            )
            else 0
        end
    from scheduling.resource_loads(
        weighted_loads.resource_ids, v_during, v_with_requests, except_booking_id
    ) as loads
    inner join catalog.service_resources as members
        on members.service_id = leg.service_id and members.resource_id = loads.resource_id;
end;
$$;

/*
 * Return how busy those who were in a pool before a newcomer were, for their weight, with what was
 * booked before the newcomer joined.
 */
create function scheduling.load_before_joining(
    newcomer catalog.service_resources,
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid
)
returns double precision
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select coalesce(sum(earlier.load)::double precision / sum(others.weight), 0)
        from catalog.service_resources as others
        inner join catalog.resources on resources.id = others.resource_id
        cross join lateral scheduling.resource_loads(
            array[others.resource_id],
            load_before_joining.during,
            with_requests,
            except_booking_id,
            newcomer.joined_at
        ) as earlier
        where
            others.service_id = newcomer.service_id
            and others.pool = newcomer.pool
            and others.mode = 'any'
            and others.joined_at < newcomer.joined_at
            and resources.is_active
    );
end;
$$;
