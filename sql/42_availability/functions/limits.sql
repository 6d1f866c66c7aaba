-- How much can be booked in a day, week, month or year of the business's zone, or lie ahead of it:
-- of a service, with a resource, in the whole business, and by one customer. A service counts each
-- item of it, a resource each item that takes its time, a business each booking; minutes are those
-- of the items.
-- Limits are asked twice: for what is offered, and again, under locks, of what was written.

/*
 * Whose bookings a limit for each customer counts: those of a booking's customer, or the caller's.
 * A guest is somebody once the code that was mailed to them has come back.
 */
create function scheduling.booker_of(booking_id uuid)
returns scheduling.booker
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = row(auth.uid(), null);
begin
    if booking_id is not null then
        select
            bookings.customer_id,
            case
                when
                    bookings.customer_id is null
                    and (
                        bookings.contact_verified_at is not null
                        or scheduling.is_proven(bookings.id)
                    ) then lower(bookings.customer_email)
            end
        into v_booker
        from scheduling.bookings
        where bookings.id = booker_of.booking_id;
    end if;
    -- One person, however they book: an account knows its address, and an address its account.
    if v_booker.id is not null then
        v_booker.email = (
            select lower(users.email)
            from auth.users
            where users.id = v_booker.id and users.email_confirmed_at is not null
        );
    elsif v_booker.email is not null then
        v_booker.id = (
            select users.id
            from auth.users
            where
                users.email = v_booker.email
                and users.email_confirmed_at is not null
                and not users.is_sso_user
        );
    end if;
    return v_booker;
end;
$$;

/*
 * Does a business limit anything at all? Most do not, and are spared the rest.
 */
create function scheduling.has_limits(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from catalog.booking_limits
        where booking_limits.business_id = has_limits.business_id
    );
end;
$$;

/*
 * The limits that concern some services or resources of a business. Those for each customer concern
 * nobody of whom it is not known who they are.
 */
create function scheduling.limits_of(
    business_id uuid, service_ids uuid[], resource_ids uuid[], booker scheduling.booker
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = limits_of.business_id
            and (
                booking_limits.service_id is null
                or booking_limits.service_id = any(limits_of.service_ids)
            )
            and (
                booking_limits.resource_id is null
                or booking_limits.resource_id = any(limits_of.resource_ids)
            )
            and (
                not booking_limits.is_per_customer
                or num_nonnulls(limits_of.booker.id, limits_of.booker.email) > 0
            )
        order by booking_limits.id
    );
end;
$$;

/*
 * What has to be locked so that a limit cannot be passed by two at once, of whom one is a booking's
 * customer, or the caller. Resources are locked already by who takes their time.
 */
create function scheduling.subjects(limits catalog.booking_limits[], booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct case
            when rule.is_per_customer then (
                select coalesce(booker.id, md5('booker ' || booker.email)::uuid)
                from scheduling.booker_of(subjects.booking_id) as booker
            )
            else coalesce(rule.resource_id, rule.service_id, rule.business_id)
        end
        from unnest(limits) as rule
    );
end;
$$;

/*
 * The periods of a kind that some time reaches into: days, weeks, months or years of a zone, or the
 * one that begins now.
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
 * How far limits are used, period by period of the business's zone. What has no say any more does
 * not count: cancelled, rejected, expired, a hold that has run out. The counts of one booking are
 * given apart.
 */
create function scheduling.limit_use(
    limits catalog.booking_limits[],
    during tstzrange,
    booker scheduling.booker,
    booking_id uuid
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
        used.bookings + 1 > rule.max_bookings,
        rule.max_minutes - used.minutes,
        used.own_bookings,
        used.bookings + used.own_bookings > rule.max_bookings
        or used.minutes + used.own_minutes > rule.max_minutes
    from unnest(limits) as rule
    inner join business.businesses on businesses.id = rule.business_id
    cross join lateral scheduling.limit_periods(
        rule.period, limit_use.during, businesses.time_zone
    ) as periods (period)
    cross join lateral (
        select
            count(*) filter (where bookings.id is distinct from limit_use.booking_id) as bookings,
            coalesce(
                sum(counted.minutes) filter (where bookings.id is distinct from limit_use.booking_id),
                0
            ) as minutes,
            count(*) filter (where bookings.id = limit_use.booking_id) as own_bookings,
            coalesce(
                sum(counted.minutes) filter (where bookings.id = limit_use.booking_id), 0
            ) as own_minutes
        from scheduling.counted(rule, periods.period, limit_use.booker) as counted
        inner join scheduling.bookings on bookings.id = counted.booking_id
        where
            bookings.status not in ('cancelled', 'rejected', 'expired')
            and coalesce(bookings.hold_expires_at > v_now, true)
    ) as used;
end;
$$;

/*
 * What a limit counts in a period: items of its service, items that take time of its resource, or
 * whole bookings; of everyone, or of one customer. Each way by the index that is for it.
 */
create function scheduling.counted(
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
    if rule.is_per_customer then
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
                bookings.customer_id = counted.booker.id
                or bookings.customer_id is null
                and lower(bookings.customer_email) = counted.booker.email
                and (bookings.contact_verified_at is not null or scheduling.is_proven(bookings.id))
            )
            and bookings.business_id = rule.business_id
            and bookings.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null
            and counted.period @> case
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
        -- A booking counts once where the whole business is meant, each item otherwise.
        group by
            booking_items.booking_id,
            case
                when coalesce(rule.service_id, rule.resource_id) is not null
                    then booking_items.id
            end;
    elsif rule.service_id is not null then
        return query
        select
            booking_items.booking_id,
            booking_items.duration_minutes
        from scheduling.booking_items
        where
            booking_items.business_id = rule.business_id
            and booking_items.service_id = rule.service_id
            and booking_items.starts_at >= lower(counted.period)
            and booking_items.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null;
    elsif rule.resource_id is not null then
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
            and booking_items.starts_at >= lower(counted.period)
            and booking_items.starts_at < upper(counted.period)
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
    else
        return query
        select
            bookings.id,
            (
                select sum(booking_items.duration_minutes)::integer
                from scheduling.booking_items
                where
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
                    and booking_items.cancelled_at is null
            )
        from scheduling.bookings
        where
            bookings.business_id = rule.business_id
            and bookings.starts_at >= lower(counted.period)
            and bookings.starts_at < upper(counted.period);
    end if;
end;
$$;

/*
 * The starts in a period at which no more of so many minutes of a service can be booked: at all
 * (without a resource), and with single resources. A booking that is about to move keeps its place
 * in the periods in which it already counts.
 */
create function scheduling.full_times(
    service catalog.services,
    resource_ids uuid[],
    during tstzrange,
    minutes integer,
    except_booking_id uuid
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
    if not scheduling.has_limits(service.business_id) then
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
            except_booking_id
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
 * The limit that a leg would pass at its start: of its service, its business or its customer, or of
 * all who could give it.
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
    v_booker scheduling.booker = scheduling.booker_of(except_booking_id);
    v_limits catalog.booking_limits[] = scheduling.limits_of(
        leg.business_id,
        array[leg.service_id],
        array(select need.id from unnest(needs) as need),
        v_booker
    );
begin
    return (
        with full_limits as (
            select rule
            from scheduling.limit_use(
                v_limits,
                tstzrange(leg.starts_at, leg.starts_at, '[]'),
                v_booker,
                except_booking_id
            ) as limit_use
            inner join unnest(v_limits) as rule on rule.id = limit_use.id
            where
                limit_use.own_bookings = 0
                and limit_use.period @> leg.starts_at
                and (limit_use.is_full or limit_use.minutes_left < leg.minutes)
        ),

        pools as (
            select
                need.pool,
                bool_and(
                    exists (
                        select 1
                        from full_limits
                        where (full_limits.rule).resource_id = need.id
                    )
                ) as is_full
            from unnest(needs) as need
            group by need.pool
        )

        select full_limits.rule
        from full_limits
        where
            (full_limits.rule).resource_id is null
            or (full_limits.rule).resource_id in (
                select need.id
                from unnest(needs) as need
                inner join pools on pools.pool = need.pool
                where pools.is_full
            )
        order by (full_limits.rule).resource_id nulls first, (full_limits.rule).id
        limit 1
    );
end;
$$;

/*
 * How often a booking counts in each period of some limits: {limit and period: how often}.
 */
create function scheduling.counts_of(
    booking scheduling.bookings, limits catalog.booking_limits[]
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
        from scheduling.limit_use(
            limits,
            tstzrange(booking.starts_at, booking.ends_at),
            scheduling.booker_of(booking.id),
            booking.id
        ) as limit_use
        where limit_use.own_bookings > 0
    );
end;
$$;

/*
 * Look, under the locks, at what was written: is any limit passed in which the booking counts more
 * than before?
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed(
    booking scheduling.bookings, limits catalog.booking_limits[], counts_before jsonb default '{}'
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
    from scheduling.limit_use(
        limits,
        tstzrange(booking.starts_at, booking.ends_at),
        scheduling.booker_of(booking.id),
        booking.id
    ) as limit_use
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
 * Look at a booking whose customer has just become known, under the locks: is any limit passed that
 * is for each customer?
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
        booking,
        array(
            select rule
            from unnest(scheduling.limits_on(booking)) as rule
            where rule.is_per_customer
        )
    );
end;
$$;

/*
 * The limits that concern a booking as it is written.
 */
create function scheduling.limits_on(booking scheduling.bookings)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.limits_of(
        booking.business_id,
        array(
            select booking_items.service_id
            from scheduling.booking_items
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
                and booking_items.cancelled_at is null
        ),
        scheduling.resources_of(booking.id),
        scheduling.booker_of(booking.id)
    );
end;
$$;

/*
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
