-- How busy resources are, so that a booking that names nobody goes to the least busy one. The load
-- at a start is what begins in the thirty days around it, divided by the weight of the resource in
-- the service's pool. A newcomer is not flooded: they count as if they had been as busy as the
-- others until they joined. Slots ask for the loads of many starts at once, a booking for one.

/*
 * Return when the bookings of each of some resources begin in a period, in order: the allocations
 * that block, holds only until they run out, and `with_requests` also the requests that do not
 * block. `made_before` leaves out what was booked later; one booking may be left out.
 */
create function scheduling.booking_begins(
    resource_ids uuid[],
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid,
    made_before timestamptz default null
)
returns table (resource_id uuid, begins timestamptz[])
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
        case
            when with_requests then scheduling.merged_begins(
                taken.begins,
                scheduling.request_begins(
                    resources.id, booking_begins.during, except_booking_id, made_before
                )
            )
            else taken.begins
        end
    from unnest(resource_ids) as resources (id)
    cross join lateral (
        select array(
            select lower(allocations.during)
            from scheduling.allocations
            where
                allocations.resource_id = resources.id
                and lower(allocations.during) >= lower(booking_begins.during)
                and lower(allocations.during) < upper(booking_begins.during)
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
            order by lower(allocations.during)
        ) as begins
        -- Kept apart, so that it is planned once.
        offset 0
    ) as taken;
end;
$$;

/*
 * Return when the requests begin that wait for a resource in a period without blocking its time.
 */
create function scheduling.request_begins(
    resource_id uuid, during tstzrange, except_booking_id uuid, made_before timestamptz
)
returns timestamptz[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select booking_items.starts_at
        from catalog.resources
        inner join scheduling.booking_items
            on
                booking_items.business_id = resources.business_id
                and booking_items.resource_id = resources.id
        inner join catalog.services on services.id = booking_items.service_id
        inner join scheduling.bookings on bookings.id = booking_items.booking_id
        where
            resources.id = request_begins.resource_id
            and request_begins.during @> booking_items.starts_at
            and booking_items.cancelled_at is null
            and not services.is_blocked_by_pending
            and bookings.status = 'pending'
            and bookings.id is distinct from except_booking_id
            and (made_before is null or bookings.created_at < made_before)
    );
end;
$$;

/*
 * Return the moments of two lists as one list in order.
 */
create function scheduling.merged_begins(begins timestamptz[], others timestamptz[])
returns timestamptz[]
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select array(
        select moment.at
        from unnest(begins || others) as moment (at)
        order by moment.at
    );
end;

/*
 * Return the load curves of some resources, for the starts in a period: what begins from fifteen
 * days before the first to fifteen days after the last. A resource that joined the pool in the last
 * thirty days, and later than others, also has the curve of those before it.
 */
create function scheduling.load_curves(
    leg scheduling.leg, resource_ids uuid[], starts tstzrange, except_booking_id uuid
)
returns setof scheduling.load_curve
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_reach constant interval = '360 hours';
    v_during tstzrange = tstzrange(lower(starts) - v_reach, upper(starts) + v_reach);
    v_with_requests boolean = leg.requires_confirmation and not leg.is_blocked_by_pending;
    v_month_ago timestamptz = private.now() - 2 * v_reach;
begin
    return query
    select
        counted.resource_id,
        members.weight::double precision,
        counted.begins,
        earlier.weight,
        earlier.begins
    from scheduling.booking_begins(
        load_curves.resource_ids, v_during, v_with_requests, except_booking_id
    ) as counted
    inner join (
        select
            service_resources.*,
            min(service_resources.joined_at) over () as first_joined_at
        from catalog.service_resources
        where service_resources.service_id = leg.service_id
    ) as members
        on members.resource_id = counted.resource_id
    left join lateral (
        select before.*
        from scheduling.begins_before_joining(
            leg.service_id, members.pool, members.joined_at, v_during, v_with_requests,
            except_booking_id
        ) as before
        where members.joined_at > greatest(v_month_ago, members.first_joined_at)
        -- Kept apart from the join, so that it is asked for newcomers only.
        offset 0
    ) as earlier on true;
end;
$$;

/*
 * Return the weight of those who were in a pool before a newcomer, and when the bookings begin
 * that they had before the newcomer joined.
 */
create function scheduling.begins_before_joining(
    service_id uuid,
    pool text,
    joined_at timestamptz,
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid,
    out weight double precision,
    out begins timestamptz[]
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_others catalog.service_resources[] = array(
        select others
        from catalog.service_resources as others
        inner join catalog.resources on resources.id = others.resource_id
        where
            others.service_id = begins_before_joining.service_id
            and others.pool = begins_before_joining.pool
            and others.mode = 'any'
            and others.joined_at < begins_before_joining.joined_at
            and resources.is_active
    );
begin
    weight = (select sum(other.weight) from unnest(v_others) as other);
    begins = array(
        select moment.at
        from scheduling.booking_begins(
            array(select other.resource_id from unnest(v_others) as other),
            begins_before_joining.during,
            with_requests,
            except_booking_id,
            begins_before_joining.joined_at
        ) as earlier
        cross join lateral unnest(earlier.begins) as moment (at)
        order by moment.at
    );
end;
$$;

/*
 * Return how busy each of some resources is for its weight, around the start of a leg. The curves
 * of one start hold nothing else.
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
begin
    return query
    select
        curve.resource_id,
        cardinality(curve.begins) / curve.weight
        + coalesce(cardinality(curve.earlier_begins) / curve.earlier_weight, 0)
    from scheduling.load_curves(
        leg,
        weighted_loads.resource_ids,
        tstzrange(leg.starts_at, leg.starts_at, '[]'),
        except_booking_id
    ) as curve;
end;
$$;
