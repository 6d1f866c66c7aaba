-- How far booking limits are used. A limit counts in days, weeks, months or years of the business's
-- zone, or what lies ahead (upcoming). A limit of a service counts each of its items, a limit of a
-- resource each item that takes its time, a limit of a business each booking. Minutes are those of
-- the items. Cancelled, rejected and expired bookings and lapsed holds are not counted.

/*
 * Return the periods of a kind that some time touches, in a time zone. The only period of what lies
 * ahead begins now.
 */
create function scheduling.limit_periods(
    kind catalog.limit_period, during tstzrange, time_zone text
)
returns setof tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_step interval;
begin
    if kind = 'upcoming' then
        return next tstzrange(private.now(), 'infinity');
        return;
    end if;
    v_step = '1 ' || kind::text;
    return query
    select tstzrange(
        scheduling.first_instant(first.day, time_zone),
        scheduling.first_instant(first.day + v_step, time_zone)
    )
    from generate_series(
        date_trunc(kind::text, lower(during) at time zone time_zone),
        upper(during) at time zone time_zone,
        v_step
    ) as first (day);
end;
$$;

/*
 * Return what a limit for each customer counts in a period: items of its service or resource, or
 * whole bookings.
 */
create function scheduling.items_of_customer(
    rule catalog.booking_limits, period tstzrange, booker scheduling.booker
)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        booking_items.booking_id,
        sum(booking_items.duration_minutes)::integer
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    where
        (
            bookings.customer_id = items_of_customer.booker.id
            or bookings.customer_id is null
            and lower(bookings.customer_email) = items_of_customer.booker.email
            and (bookings.contact_verified_at is not null or scheduling.is_proven(bookings.id))
        )
        and bookings.business_id = rule.business_id
        and bookings.starts_at < upper(items_of_customer.period)
        and bookings.ends_at > lower(items_of_customer.period)
        and booking_items.cancelled_at is null
        and items_of_customer.period @> case
            when coalesce(rule.service_id, rule.resource_id) is null
                then bookings.starts_at
            else booking_items.starts_at
        end
        and (rule.service_id is null or booking_items.service_id = rule.service_id)
        and (
            rule.resource_id is null
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = booking_items.business_id
                    and allocations.booking_id = booking_items.booking_id
                    and allocations.booking_item_id = booking_items.id
                    and allocations.resource_id = rule.resource_id
            )
        )
    -- A limit of the whole business counts a booking once.
    group by
        booking_items.booking_id,
        case
            when coalesce(rule.service_id, rule.resource_id) is not null
                then booking_items.id
        end;
end;
$$;

/*
 * Return the items of a limit's service that start in a period.
 */
create function scheduling.items_of_service(rule catalog.booking_limits, period tstzrange)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        booking_items.booking_id,
        booking_items.duration_minutes
    from scheduling.booking_items
    where
        booking_items.business_id = rule.business_id
        and booking_items.service_id = rule.service_id
        and booking_items.starts_at >= lower(items_of_service.period)
        and booking_items.starts_at < upper(items_of_service.period)
        and booking_items.cancelled_at is null;
end;
$$;

/*
 * Return the items that start in a period and take time of a limit's resource.
 */
create function scheduling.items_of_resource(rule catalog.booking_limits, period tstzrange)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        booking_items.booking_id,
        booking_items.duration_minutes
    from catalog.services
    inner join scheduling.booking_items
        on
            booking_items.business_id = services.business_id
            and booking_items.service_id = services.id
    where
        services.business_id = rule.business_id
        and booking_items.starts_at >= lower(items_of_resource.period)
        and booking_items.starts_at < upper(items_of_resource.period)
        and booking_items.cancelled_at is null
        and exists (
            select 1
            from scheduling.allocations
            where
                allocations.business_id = booking_items.business_id
                and allocations.booking_id = booking_items.booking_id
                and allocations.booking_item_id = booking_items.id
                and allocations.resource_id = rule.resource_id
        );
end;
$$;

/*
 * Return the bookings of a limit's business that start in a period, with the minutes of their
 * items if the limit is one of minutes.
 */
create function scheduling.bookings_of_business(rule catalog.booking_limits, period tstzrange)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        bookings.id,
        case when rule.max_minutes is not null then (
            select sum(booking_items.duration_minutes)::integer
            from scheduling.booking_items
            where
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
                and booking_items.cancelled_at is null
        ) end
    from scheduling.bookings
    where
        bookings.business_id = rule.business_id
        and bookings.starts_at >= lower(bookings_of_business.period)
        and bookings.starts_at < upper(bookings_of_business.period);
end;
$$;

/*
 * Return how far limits are used in each period that some time touches. What some bookings count
 * stands apart.
 */
create function scheduling.limit_use(
    limits catalog.booking_limits[],
    during tstzrange,
    booker scheduling.booker,
    booking_ids uuid[]
)
returns setof scheduling.limit_use
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
        rule.id,
        rule.resource_id,
        periods.period,
        used.bookings - used.own_bookings + 1 > rule.max_bookings,
        rule.max_minutes - used.minutes + used.own_minutes,
        used.own_bookings,
        used.bookings > rule.max_bookings or used.minutes > rule.max_minutes,
        rule.max_bookings - used.bookings + used.own_bookings
    from unnest(limits) as rule
    inner join business.businesses on businesses.id = rule.business_id
    cross join lateral scheduling.limit_periods(
        rule.period, limit_use.during, businesses.time_zone
    ) as periods (period)
    cross join lateral (
        select
            count(*) as bookings,
            coalesce(sum(items.minutes), 0) as minutes,
            count(*) filter (where bookings.id = any(limit_use.booking_ids)) as own_bookings,
            coalesce(
                sum(items.minutes) filter (where bookings.id = any(limit_use.booking_ids)), 0
            ) as own_minutes
        from (
            select * from scheduling.items_of_customer(rule, periods.period, booker)
            where rule.is_per_customer
            union all
            select * from scheduling.items_of_service(rule, periods.period)
            where not rule.is_per_customer and rule.service_id is not null
            union all
            select * from scheduling.items_of_resource(rule, periods.period)
            where not rule.is_per_customer and rule.resource_id is not null
            union all
            select * from scheduling.bookings_of_business(rule, periods.period)
            where not rule.is_per_customer and num_nonnulls(rule.service_id, rule.resource_id) = 0
        ) as items
        inner join scheduling.bookings on bookings.id = items.booking_id
        where
            bookings.status not in ('cancelled', 'rejected', 'expired')
            and coalesce(bookings.hold_expires_at > v_now, true)
    ) as used;
end;
$$;
