-- Checking booking limits: which starts they rule out, which limit a start would pass, and, under
-- locks, whether a written booking passes one.

/*
 * Return the starts in a period at which limits leave no room for a service of so many minutes: for
 * everybody (without a resource), and for single resources. A booking that is about to move keeps
 * its place in the periods in which it already counts. Overridden limits rule out nothing.
 */
create function scheduling.full_times(
    service catalog.services,
    resource_ids uuid[],
    during tstzrange,
    minutes integer,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns scheduling.full_times[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker;
begin
    if 'limits' = any(overridden) or not scheduling.has_limits(service.business_id) then
        return '{}';
    end if;
    v_booker = scheduling.booker_of(except_booking_id);
    return array(
        select row(limit_use.resource_id, range_agg(limit_use.period))::scheduling.full_times
        from scheduling.limit_use(
            scheduling.limits_of(
                service.business_id, array[service.id], resource_ids, v_booker
            ),
            full_times.during,
            v_booker,
            array[except_booking_id]
        ) as limit_use
        where
            limit_use.own_bookings = 0
            and (limit_use.is_full or limit_use.minutes_left < full_times.minutes)
        group by limit_use.resource_id
    );
end;
$$;

/*
 * Return the starts at which limits of the service, the business or the customer leave no room.
 */
create function scheduling.full_for_everybody(full_times scheduling.full_times[])
returns tstzmultirange
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select sold.times
            from unnest(full_for_everybody.full_times) as sold
            where sold.resource_id is null
        ),
        '{}'
    );
end;
$$;

/*
 * Return the limits that leave no room for a leg at its start.
 */
create function scheduling.full_limits(
    leg scheduling.leg, resource_ids uuid[], except_booking_id uuid
)
returns setof catalog.booking_limits
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = scheduling.booker_of(except_booking_id);
    v_limits catalog.booking_limits[] = scheduling.limits_of(
        leg.business_id, array[leg.service_id], resource_ids, v_booker
    );
begin
    return query
    select rule.*
    from scheduling.limit_use(
        v_limits, tstzrange(leg.starts_at, leg.starts_at, '[]'), v_booker, array[except_booking_id]
    ) as limit_use
    inner join unnest(v_limits) as rule on rule.id = limit_use.id
    where
        limit_use.own_bookings = 0
        and limit_use.period @> leg.starts_at
        and (limit_use.is_full or limit_use.minutes_left < leg.minutes);
end;
$$;

/*
 * Return a limit that a leg would pass at its start, or null: of its service, its business or its
 * customer, or of a resource if nobody in its pool has room.
 */
create function scheduling.passed_limit(
    leg scheduling.leg, needs scheduling.need[], except_booking_id uuid
)
returns catalog.booking_limits
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_full catalog.booking_limits[] = array(
        select rule
        from scheduling.full_limits(
            leg, array(select need.id from unnest(needs) as need), except_booking_id
        ) as rule
    );
    v_full_ids uuid[] = array(
        select rule.resource_id from unnest(v_full) as rule where rule.resource_id is not null
    );
    v_limit catalog.booking_limits;
begin
    select rule.* into v_limit
    from unnest(v_full) as rule
    where
        rule.resource_id is null
        or exists (
            select 1
            from unnest(needs) as need
            group by need.pool
            having
                bool_and(need.id = any(v_full_ids))
                and bool_or(need.id = rule.resource_id)
        )
    order by rule.resource_id nulls first, rule.id
    limit 1;
    return v_limit;
end;
$$;

/*
 * Return how far limits are used in each period that some bookings of one customer touch. What they
 * count themselves stands apart.
 */
create function scheduling.use_around(
    bookings scheduling.bookings[], limits catalog.booking_limits[]
)
returns setof scheduling.limit_use
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select *
    from scheduling.limit_use(
        limits,
        (
            select tstzrange(min(booking.starts_at), max(booking.ends_at))
            from unnest(use_around.bookings) as booking
        ),
        scheduling.booker_of(bookings[1].id),
        array(select booking.id from unnest(use_around.bookings) as booking)
    );
end;
$$;

/*
 * Return how often some bookings of one customer count in each period of some limits:
 * {"limit period": count}.
 */
create function scheduling.counts_of(
    bookings scheduling.bookings[], limits catalog.booking_limits[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' then
        return '{}';
    end if;
    return (
        select coalesce(
            jsonb_object_agg(
                format('%s %s', limit_use.id, lower(limit_use.period)), limit_use.own_bookings
            ),
            '{}'
        )
        from scheduling.use_around(counts_of.bookings, limits) as limit_use
        where limit_use.own_bookings > 0
    );
end;
$$;

/*
 * Refuse written bookings of one customer if they pass a limit in which they count more than
 * before. Call it under the locks.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed(
    bookings scheduling.bookings[],
    limits catalog.booking_limits[],
    counts_before jsonb default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limit catalog.booking_limits;
begin
    if limits = '{}' then
        return;
    end if;
    select rule.* into v_limit
    from scheduling.use_around(refuse_passed.bookings, limits) as limit_use
    inner join unnest(limits) as rule on rule.id = limit_use.id
    where
        limit_use.is_passed
        and limit_use.own_bookings > coalesce(
            (counts_before ->> format('%s %s', limit_use.id, lower(limit_use.period)))::bigint, 0
        )
    limit 1;
    if v_limit.id is not null then
        perform scheduling.refuse_limit(v_limit);
    end if;
end;
$$;

/*
 * Refuse a booking whose customer has just become known if it passes a limit for each customer.
 * Call it under the locks.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed_by_customer(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_passed(
        array[booking],
        array(
            select rule
            from unnest(scheduling.limits_on(booking)) as rule
            where rule.is_per_customer
        )
    );
end;
$$;

/*
 * Refuse, and say which limit is reached.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_limit(rule catalog.booking_limits)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT422', 'limit_reached',
        case
            when rule.period = 'upcoming' and rule.is_per_customer
                then 'This customer has reached the limit of upcoming bookings.'
            when rule.period = 'upcoming' then 'The limit of upcoming bookings is reached.'
            when rule.is_per_customer
                then 'This customer has reached the booking limit for that period.'
            when rule.service_id is not null
                then 'This service has reached its booking limit for that period.'
            when rule.resource_id is not null
                then 'This resource has reached its booking limit for that period.'
            else 'This business has reached its booking limit for that period.'
        end,
        case
            when rule.period = 'upcoming' then 'Wait until one of them has started, or cancel one.'
            else 'Choose a time in another day, week or month.'
        end
    );
end;
$$;
