-- Calendar feeds: making them, and what the edge shows to whoever knows a token.

/*
 * Make a feed: of a resource, of a business, or of the caller's own bookings.
 * Definer: nobody has a write grant on feeds; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function scheduling.create_calendar_feed(business_id uuid, resource_id uuid, token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_business_id uuid = scheduling.business_of_feed(business_id, resource_id);
    v_id uuid;
begin
    if v_business_id is not null then
        perform private.require_member(
            v_business_id, case when resource_id is null then 'manage' else 'serve' end
        );
    end if;
    insert into scheduling.calendar_feeds (user_id, business_id, resource_id, token_hash)
    values (v_user_id, v_business_id, resource_id, business.token_hash(token))
    on conflict on constraint calendar_feeds_one_each do nothing
    returning calendar_feeds.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'You have this feed already.',
            'Rotate it to get a new address.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * The business that a feed is of: the one named, or that of the resource; null for neither. A
 * resource that the caller cannot see does not exist for them.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.business_of_feed(business_id uuid, resource_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select resources.business_id
        from catalog.resources
        where
            resources.id = business_of_feed.resource_id
            and resources.business_id = coalesce(
                business_of_feed.business_id, resources.business_id
            )
            and (
                business.is_open(resources.business_id)
                or resources.business_id in (select private.my_businesses('view'))
            )
    );
begin
    if resource_id is not null and v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Read resources for those of the business.'
        );
    end if;
    return coalesce(v_business_id, business_id);
end;
$$;

/*
 * Exchange the token of the caller's feed: the old address is gone at once.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.rotate_calendar_feed(feed_id uuid, token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update scheduling.calendar_feeds
    set token_hash = business.token_hash(token), rotated_at = private.now()
    where calendar_feeds.id = feed_id and calendar_feeds.user_id = private.signed_in_user();
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * End a feed: one's own, or one of a business that one manages.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.delete_calendar_feed(feed_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.signed_in_user();
    end if;
    delete from scheduling.calendar_feeds
    where
        calendar_feeds.id = feed_id
        and (
            calendar_feeds.user_id = auth.uid()
            or calendar_feeds.business_id in (select private.my_businesses('manage'))
            or private.is_operator()
        );
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_feed()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such feed.', 'Read calendar_feeds for those that are yours.'
    );
end;
$$;

/*
 * May whoever made a feed still see what it shows? The roles are those with the permissions that
 * scheduling.create_calendar_feed asks for.
 */
create function scheduling.is_feed_alive(feed scheduling.calendar_feeds)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from auth.users
        where
            users.id = feed.user_id
            and (users.banned_until is null or users.banned_until <= private.now())
    ) and (
        feed.business_id is null
        or exists (
            select 1
            from business.business_members
            where
                business_members.business_id = feed.business_id
                and business_members.user_id = feed.user_id
                and (
                    business_members.role in ('owner', 'manager')
                    or feed.resource_id is not null and business_members.role = 'staff'
                )
        )
    );
end;
$$;

/*
 * How often a booking has changed: the SEQUENCE of its calendar entries, in feeds and in mails.
 */
create function scheduling.sequence_of(booking scheduling.bookings)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select count(*)
        from scheduling.booking_history
        where
            booking_history.business_id = booking.business_id
            and booking_history.booking_id = booking.id
    );
end;
$$;

/*
 * What a booking is of, and who gives it, as one would write it into a calendar.
 */
create function scheduling.names_in(
    booking scheduling.bookings, out service_names text, out staff_names text
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    select
        string_agg(booking_items.service_name, ', ' order by booking_items.position),
        string_agg(distinct resources.name, ', ') filter (where resources.kind = 'staff')
    into names_in.service_names, names_in.staff_names
    from scheduling.booking_items
    left join catalog.resources on resources.id = booking_items.resource_id
    where
        booking_items.business_id = booking.business_id
        and booking_items.booking_id = booking.id
        and booking_items.cancelled_at is null;
end;
$$;

/*
 * What a booking is in a calendar: confirmed, tentative while it waits, cancelled for two weeks
 * after it was called off; null: not there. A hold that nobody completed never was an appointment.
 */
create function scheduling.calendar_status(booking scheduling.bookings)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when booking.status in ('confirmed', 'checked_in', 'completed', 'no_show') then 'confirmed'
        when booking.status in ('pending', 'pending_payment') then 'tentative'
        when booking.status in ('cancelled', 'rejected', 'expired')
            and booking.updated_at > private.now() - interval '14 days'
            and exists (
                select 1
                from scheduling.booking_history
                where
                    booking_history.business_id = booking.business_id
                    and booking_history.booking_id = booking.id
                    and booking_history.to_status in ('pending', 'pending_payment', 'confirmed')
            ) then 'cancelled'
    end;
end;
$$;

/*
 * The bookings of a feed that start in a period, with the time that each has there: in a resource's
 * feed that of the resource's items. A booking that was called off stays with whoever led it.
 */
create function scheduling.feed_bookings(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if feed.resource_id is null then
        return query
        select bookings.id, bookings.starts_at, bookings.ends_at
        from scheduling.bookings
        where
            feed.business_id is null
            and bookings.customer_id = feed.user_id
            and bookings.starts_at >= lower(feed_bookings.during)
            and bookings.starts_at < upper(feed_bookings.during)
        union all
        select bookings.id, bookings.starts_at, bookings.ends_at
        from scheduling.bookings
        where
            bookings.business_id = feed.business_id
            and bookings.starts_at >= lower(feed_bookings.during)
            and bookings.starts_at < upper(feed_bookings.during);
        return;
    end if;
    return query
    with items as (
        select booking_items.id
        from scheduling.booking_items
        where
            booking_items.business_id = feed.business_id
            and booking_items.resource_id = feed.resource_id
            and booking_items.cancelled_at is null
            and booking_items.starts_at >= lower(feed_bookings.during)
            and booking_items.starts_at < upper(feed_bookings.during)
        union
        select allocations.booking_item_id
        from scheduling.allocations
        where
            allocations.resource_id = feed.resource_id
            and allocations.is_blocking
            and allocations.during && feed_bookings.during
    )

    select booking_items.booking_id, min(booking_items.starts_at), max(booking_items.ends_at)
    from items
    inner join scheduling.booking_items on booking_items.id = items.id
    group by booking_items.booking_id;
end;
$$;

/*
 * What a feed shows, to whoever knows its token: its name, and its bookings from 30 days ago to a
 * year ahead. Customers read with whom, where and what; businesses who and what, and nothing else
 * about them. Null: there is no such feed, or no longer.
 * Definer: the edge may call functions only; the token is the proof.
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
begin
    select calendar_feeds.* into v_feed
    from scheduling.calendar_feeds
    where calendar_feeds.token_hash = business.token_hash(calendar_feed.token);
    if v_feed.id is null or not scheduling.is_feed_alive(v_feed) then
        return null;
    end if;
    return jsonb_build_object(
        'name', scheduling.feed_name(v_feed),
        'bookings', coalesce((
            select jsonb_agg(scheduling.feed_entry(v_feed, bookings, shown.starts_at, shown.ends_at)
                order by shown.starts_at, shown.booking_id)
            from scheduling.feed_bookings(v_feed, tstzrange(
                private.now() - interval '30 days', private.now() + interval '1 year'
            )) as shown
            inner join scheduling.bookings on bookings.id = shown.booking_id
            where scheduling.calendar_status(bookings) is not null
        ), '[]')
    );
end;
$$;

/*
 * What programs call the calendar.
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
 * One booking of a feed.
 */
create function scheduling.feed_entry(
    feed scheduling.calendar_feeds,
    booking scheduling.bookings,
    starts_at timestamptz,
    ends_at timestamptz
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'booking_id', booking.id,
            'sequence', scheduling.sequence_of(booking),
            'status', scheduling.calendar_status(booking),
            'starts_at', feed_entry.starts_at,
            'ends_at', feed_entry.ends_at,
            'changed_at', booking.updated_at,
            'reference', booking.reference,
            'service_names', names.service_names,
            'staff_names', case when feed.business_id is not null then names.staff_names end,
            'party', case
                when feed.business_id is null then businesses.name
                else coalesce(booking.customer_name, booking.reference)
            end,
            'address', case
                when feed.business_id is null then business.address_of(businesses)
            end
        )
        from business.businesses
        cross join scheduling.names_in(booking) as names
        where businesses.id = booking.business_id
    );
end;
$$;
