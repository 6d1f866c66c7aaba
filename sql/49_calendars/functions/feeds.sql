-- What a feed contains. A feed is that of a customer, of a business or of a resource, and each sees
-- different bookings with different times. Businesses and resources see a class as one session and
-- not as a booking for each guest.
-- The token of a feed is the proof of access: calendar_feed checks it, and the edge calls no other
-- function of this file.

/*
 * Return the bookings of a feed that start in a period, with their times.
 */
create function scheduling.feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if feed.resource_id is not null then
        return query
        select times.*
        from scheduling.resource_feed_times(feed, feed_times.during) as times;
    elsif feed.business_id is not null then
        return query
        select times.*
        from scheduling.business_feed_times(feed, feed_times.during) as times;
    else
        return query
        select times.*
        from scheduling.customer_feed_times(feed, feed_times.during) as times;
    end if;
end;
$$;

/*
 * Return the bookings of a customer's feed that start in a period, classes included.
 */
create function scheduling.customer_feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select bookings.id, bookings.starts_at, bookings.ends_at
    from scheduling.bookings
    where
        bookings.customer_id = feed.user_id
        and bookings.starts_at >= lower(customer_feed_times.during)
        and bookings.starts_at < upper(customer_feed_times.during);
end;
$$;

/*
 * Return the bookings of a business's feed that start in a period. Bookings of seats alone are left
 * out, because the feed shows the session instead.
 */
create function scheduling.business_feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select bookings.id, bookings.starts_at, bookings.ends_at
    from scheduling.bookings
    where
        bookings.business_id = feed.business_id
        and bookings.starts_at >= lower(business_feed_times.during)
        and bookings.starts_at < upper(business_feed_times.during)
        and (
            not exists (
                select 1
                from scheduling.seats
                where
                    seats.business_id = bookings.business_id
                    and seats.booking_id = bookings.id
            )
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = bookings.business_id
                    and allocations.booking_id = bookings.id
            )
        );
end;
$$;

/*
 * Return the bookings of a resource's feed that start in a period, with the times of their items
 * that need the resource. A cancelled booking stays in the feed of the resource that led it.
 */
create function scheduling.resource_feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with items as (
        select booking_items.id
        from scheduling.booking_items
        where
            booking_items.business_id = feed.business_id
            and booking_items.resource_id = feed.resource_id
            and booking_items.cancelled_at is null
            and booking_items.starts_at >= lower(resource_feed_times.during)
            and booking_items.starts_at < upper(resource_feed_times.during)
        union
        select allocations.booking_item_id
        from scheduling.allocations
        where
            allocations.resource_id = feed.resource_id
            and allocations.is_blocking
            and allocations.during && resource_feed_times.during
    )

    select booking_items.booking_id, min(booking_items.starts_at), max(booking_items.ends_at)
    from items
    inner join scheduling.booking_items on booking_items.id = items.id
    where not exists (
        select 1
        from scheduling.seats
        where
            seats.business_id = booking_items.business_id
            and seats.booking_id = booking_items.booking_id
            and seats.booking_item_id = booking_items.id
    )
    group by booking_items.booking_id;
end;
$$;

/*
 * Return the bookings of a feed that start in a period, as entries. Customers read the business,
 * its address and the service; businesses read the customer's name and the service, nothing more.
 */
create function scheduling.feed_bookings(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with shown as (
        select times.* from scheduling.feed_times(feed, feed_bookings.during) as times
    )

    select
        jsonb_build_object(
            'id', bookings.id,
            'sequence', facts.sequence,
            'status', facts.status,
            'starts_at', shown.starts_at,
            'ends_at', shown.ends_at,
            'changed_at', bookings.updated_at,
            'reference', bookings.reference,
            'service_names', facts.service_names,
            'staff_names', case when feed.business_id is not null then facts.staff_names end,
            'party', case
                when feed.business_id is null then businesses.name
                else coalesce(bookings.customer_name, bookings.reference)
            end,
            'address', case
                when feed.business_id is null then business.address_of(businesses)
            end
        )
    from shown
    inner join scheduling.calendar_facts(array(select shown.booking_id from shown)) as facts
        on facts.booking_id = shown.booking_id
    inner join scheduling.bookings on bookings.id = shown.booking_id
    inner join business.businesses on businesses.id = bookings.business_id
    where facts.status is not null;
end;
$$;

/*
 * Return the sessions of classes of a feed that start in a period, as entries with the number of
 * taken seats. Customers have none: they see their bookings. Sessions do not move.
 */
create function scheduling.feed_sessions(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        jsonb_build_object(
            'id', sessions.id,
            'sequence', 0,
            'status', 'confirmed',
            'starts_at', sessions.starts_at,
            'ends_at', sessions.ends_at,
            'changed_at', sessions.created_at,
            'reference', null,
            'service_names', services.name,
            'staff_names', case when resources.kind = 'staff' then resources.name end,
            'party', format('%s/%s', sessions.capacity - seats.free, sessions.capacity),
            'address', null
        )
    from scheduling.sessions
    inner join catalog.services on services.id = sessions.service_id
    left join catalog.resources on resources.id = sessions.resource_id
    cross join lateral scheduling.free_seats(
        sessions.business_id, sessions.id, sessions.capacity
    ) as seats (free)
    where
        sessions.business_id = feed.business_id
        and sessions.starts_at >= lower(feed_sessions.during)
        and sessions.starts_at < upper(feed_sessions.during)
        and (
            feed.resource_id is null
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = sessions.business_id
                    and allocations.session_id = sessions.id
                    and allocations.resource_id = feed.resource_id
            )
        );
end;
$$;

/*
 * Return the name under which programs show the calendar.
 */
create function scheduling.feed_name(feed scheduling.calendar_feeds)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select concat_ws(' · ', resources.name, businesses.name)
            from business.businesses
            left join catalog.resources
                on resources.business_id = businesses.id and resources.id = feed.resource_id
            where businesses.id = feed.business_id
        ),
        'Bookings'
    );
end;
$$;

/*
 * Return the name of a feed and its entries from 30 days ago to a year ahead; null when there is no
 * feed with this token, or its maker has lost the permission.
 * Definer: the edge may only call functions; the token is the proof of access.
 */
create function scheduling.calendar_feed(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_feed scheduling.calendar_feeds;
    v_during tstzrange = tstzrange(
        private.now() - interval '30 days', private.now() + interval '1 year'
    );
begin
    select calendar_feeds.* into v_feed
    from scheduling.calendar_feeds
    where calendar_feeds.token_hash = business.token_hash(calendar_feed.token);
    if v_feed.id is null or not scheduling.is_feed_alive(v_feed) then
        return null;
    end if;
    return (
        with entries as (
            select shown.entry from scheduling.feed_bookings(v_feed, v_during) as shown (entry)
            union all
            select shown.entry from scheduling.feed_sessions(v_feed, v_during) as shown (entry)
        )

        select jsonb_build_object(
            'name', scheduling.feed_name(v_feed),
            'entries', coalesce(
                jsonb_agg(entries.entry order by entries.entry ->> 'starts_at', entries.entry ->> 'id'),
                '[]'
            )
        )
        from entries
    );
end;
$$;
