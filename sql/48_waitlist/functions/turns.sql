-- The turns of a hold. Turns follow each other without gaps, so a comparison with the clock says
-- whose turn it is. They are planned when the hold is made, for entries that want the very same.
-- Entries that want something else are asked when the hold ends.

/*
 * Hold what vacancies offer for an entry, whose turn begins now. Returns the hold.
 */
create function scheduling.hold_for_entry(
    entry scheduling.waitlist_entries, vacancies scheduling.vacancy[], freed_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_start timestamptz = vacancies[1].at;
    v_legs scheduling.leg[] = array[
        scheduling.leg(
            scheduling.make_selection(
                service_id => entry.service_id,
                starts_at => v_start,
                resource_id => entry.resource_id,
                party_size => entry.party_size
            )
        )
    ];
    v_hold scheduling.bookings;
begin
    v_legs[1].answers = '[]';
    v_hold = scheduling.create_booking_head(
        v_legs,
        -- A turn may pass to another customer, so the price is everybody's.
        scheduling.price_legs(v_legs, pricing.make_terms(), null, null),
        null,
        least(v_now + scheduling.turn_length(entry.service_id), v_start),
        null,
        null::identity.profiles
    );
    perform scheduling.create_booking_item(v_hold, v_legs, 1, vacancies);
    insert into scheduling.waitlist_offers (
        business_id, entry_id, booking_id, starts_at, opens_at, expires_at, customer_id, freed_id
    )
    values (
        entry.business_id, entry.id, v_hold.id, v_start, v_now, v_hold.hold_expires_at,
        entry.customer_id, hold_for_entry.freed_id
    );
    return v_hold.id;
end;
$$;

/*
 * Return how long a turn for a service lasts.
 */
create function scheduling.turn_length(service_id uuid)
returns interval
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select make_interval(mins => services.offer_minutes)
        from catalog.services
        where services.id = turn_length.service_id
    );
end;
$$;

/*
 * Plan turns on a hold for the entries behind its first one, at most ten in all, until the first
 * entry that would take the time for something else. Everybody is told when their turn begins.
 */
create function scheduling.add_turns(hold_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_last scheduling.waitlist_offers;
    v_first scheduling.waitlist_entries;
    v_entry scheduling.waitlist_entries;
    v_places scheduling.freed_place[] = scheduling.places_of(hold_id);
    v_count integer = 1;
begin
    select waitlist_offers.* into v_last
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = add_turns.hold_id;
    select waitlist_entries.* into v_first
    from scheduling.waitlist_entries
    where waitlist_entries.id = v_last.entry_id;
    for v_entry in
        select entries.*
        from scheduling.entries_for(v_last.business_id, v_last.freed_id, v_places) as entries
        where entries.turn > v_first.turn and not scheduling.is_queued(entries, v_last.freed_id)
        order by entries.turn
    loop
        exit when v_count = 10 or v_last.expires_at >= v_last.starts_at;
        if scheduling.has_same_wish(v_entry, v_first) then
            continue when not v_entry.during @> v_last.starts_at;
            v_last = scheduling.add_turn(v_last, v_entry);
            v_count = v_count + 1;
        else
            exit when scheduling.fitting_vacancies(v_entry, v_places, hold_id) <> '{}';
        end if;
    end loop;
    perform scheduling.extend_hold(hold_id, v_last.expires_at);
end;
$$;

/*
 * Return whether two entries want the same service with the same resource for as many guests.
 */
create function scheduling.has_same_wish(
    entry scheduling.waitlist_entries, other scheduling.waitlist_entries
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return entry.service_id = other.service_id
        and entry.resource_id is not distinct from other.resource_id
        and entry.party_size = other.party_size;
end;
$$;

/*
 * Return whether an entry has a turn, now or later, for a freed time.
 */
create function scheduling.is_queued(entry scheduling.waitlist_entries, freed_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.freed_id = is_queued.freed_id
            and waitlist_offers.expires_at > private.now()
    );
end;
$$;

/*
 * Add the turn of an entry after the last one of a hold. Returns it.
 */
create function scheduling.add_turn(
    last scheduling.waitlist_offers, entry scheduling.waitlist_entries
)
returns scheduling.waitlist_offers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
begin
    insert into scheduling.waitlist_offers (
        business_id, entry_id, booking_id, starts_at, opens_at, expires_at, customer_id, freed_id
    )
    values (
        last.business_id, entry.id, last.booking_id, last.starts_at, last.expires_at,
        least(last.expires_at + scheduling.turn_length(entry.service_id), last.starts_at),
        entry.customer_id, last.freed_id
    )
    returning waitlist_offers.* into v_offer;
    return v_offer;
end;
$$;

/*
 * Let a hold last until the end of its last turn, and tell those whose turn will begin.
 */
create function scheduling.extend_hold(hold_id uuid, until timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.bookings
    set hold_expires_at = extend_hold.until
    where bookings.id = extend_hold.hold_id and bookings.hold_expires_at <> extend_hold.until;
    perform private.emit(
        'waitlist.offered',
        jsonb_build_object(
            'booking_id', waitlist_offers.booking_id,
            'business_id', waitlist_offers.business_id,
            'entry_id', waitlist_offers.entry_id,
            'to_starts_at', waitlist_offers.starts_at
        ),
        nullif(waitlist_offers.opens_at, private.now())
    )
    from scheduling.waitlist_offers
    where
        waitlist_offers.booking_id = extend_hold.hold_id
        and waitlist_offers.told_at is null
        and waitlist_offers.expires_at > private.now();
end;
$$;
