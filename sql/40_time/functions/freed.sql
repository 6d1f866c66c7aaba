-- What a booking takes, as places that others could have, and the announcement that they are free.

/*
 * Return the places that a booking, or one item of it, takes: resources for a time, and sessions.
 */
create function scheduling.places_of(booking_id uuid, item_id uuid default null)
returns scheduling.freed_place[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct row(allocations.resource_id, allocations.during)::scheduling.freed_place
        from scheduling.bookings
        inner join scheduling.allocations
            on
                allocations.business_id = bookings.business_id
                and allocations.booking_id = bookings.id
        where
            bookings.id = places_of.booking_id
            and (places_of.item_id is null or allocations.booking_item_id = places_of.item_id)
        union
        select row(
            sessions.id, tstzrange(sessions.starts_at, sessions.ends_at)
        )::scheduling.freed_place
        from scheduling.bookings
        inner join scheduling.seats
            on seats.business_id = bookings.business_id and seats.booking_id = bookings.id
        inner join scheduling.sessions on sessions.id = seats.session_id
        where
            bookings.id = places_of.booking_id
            and (places_of.item_id is null or seats.booking_item_id = places_of.item_id)
    );
end;
$$;

/*
 * Announce that places which a booking took are free again. The waitlist passes its own holds on:
 * they have no customer.
 */
create function scheduling.announce_freed(
    booking scheduling.bookings, places scheduling.freed_place[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.customer_id is null and booking.customer_email is null or places = '{}' then
        return;
    end if;
    insert into scheduling.freed_times (business_id, places)
    values (booking.business_id, announce_freed.places);
    perform scheduling.announce_freed_elsewhere(places);
end;
$$;

/*
 * Announce places that became free to the other businesses of the people whose one calendar the
 * resources share.
 */
create function scheduling.announce_freed_elsewhere(places scheduling.freed_place[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.freed_times (business_id, places)
    select
        others.business_id,
        array_agg(row(others.resource_id, place.during)::scheduling.freed_place)
    from unnest(announce_freed_elsewhere.places) as place
    inner join scheduling.shared_resources as freed on freed.resource_id = place.id
    inner join scheduling.shared_resources as others
        on
            others.person_id = freed.person_id
            and others.business_id <> freed.business_id
    group by others.business_id
    order by others.business_id;
end;
$$;

/*
 * Return the open offer of a customer for a service: it is their turn, and the hold stands. A
 * start and a resource narrow it down.
 * Definer: customers do not read the holds that are offered to them.
 */
create function scheduling.open_offers(customer_id uuid, service_id uuid, resource_id uuid)
returns setof scheduling.waitlist_offers
language plpgsql
stable
security definer
set search_path = ''
rows 1
as $$
begin
    -- Hardly anybody has a turn, and then nothing else is read.
    if not exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.customer_id = open_offers.customer_id
            and waitlist_offers.expires_at > private.now()
    ) then
        return;
    end if;
    return query
    select waitlist_offers.*
    from scheduling.waitlist_offers
    inner join scheduling.bookings
        on
            bookings.business_id = waitlist_offers.business_id
            and bookings.id = waitlist_offers.booking_id
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    where
        waitlist_offers.customer_id = open_offers.customer_id
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now()
        and bookings.status = 'held'
        and booking_items.service_id = open_offers.service_id
        and (
            open_offers.resource_id is null
            or booking_items.resource_id = open_offers.resource_id
        )
    order by waitlist_offers.opens_at, waitlist_offers.booking_id;
end;
$$;
