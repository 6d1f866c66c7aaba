-- How turns end before their time: an entry leaves or has what it wants, or the hold itself ends.

/*
 * Drop the turns of an entry that waits no longer, on all holds but one. A hold that somebody else
 * has locked is skipped: its turn passes by the clock.
 */
create function scheduling.drop_turns(business_id uuid, entry_id uuid, except_hold_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hold scheduling.bookings;
begin
    for v_hold in
        select bookings.*
        from scheduling.bookings
        where
            bookings.id in (
                select waitlist_offers.booking_id
                from scheduling.waitlist_offers
                where
                    waitlist_offers.business_id = drop_turns.business_id
                    and waitlist_offers.entry_id = drop_turns.entry_id
                    and waitlist_offers.expires_at > private.now()
                    and waitlist_offers.booking_id is distinct from drop_turns.except_hold_id
            )
            and bookings.status = 'held'
        order by bookings.id
        for update skip locked
    loop
        perform scheduling.drop_turn(v_hold, drop_turns.entry_id);
    end loop;
end;
$$;

/*
 * Drop one entry's turn on a hold. Later turns begin earlier by what is left of it. A hold without
 * any turn ahead expires.
 */
create function scheduling.drop_turn(hold scheduling.bookings, entry_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_dropped scheduling.waitlist_offers;
    v_saved interval;
    v_until timestamptz;
begin
    select waitlist_offers.* into v_dropped
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = drop_turn.entry_id;
    v_saved = v_dropped.expires_at - greatest(v_dropped.opens_at, v_now);
    if v_dropped.opens_at > v_now then
        delete from scheduling.waitlist_offers
        where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = v_dropped.entry_id;
    else
        update scheduling.waitlist_offers
        set expires_at = v_now
        where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = v_dropped.entry_id;
    end if;
    update scheduling.waitlist_offers
    set
        opens_at = waitlist_offers.opens_at - v_saved,
        expires_at = waitlist_offers.expires_at - v_saved
    where waitlist_offers.booking_id = hold.id and waitlist_offers.opens_at >= v_dropped.expires_at;
    select max(waitlist_offers.expires_at) into v_until
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = hold.id and waitlist_offers.expires_at > v_now;
    if v_until is not null then
        perform scheduling.extend_hold(hold.id, v_until);
        return;
    end if;
    update scheduling.bookings
    set status = 'expired'
    where bookings.id = hold.id;
end;
$$;

/*
 * End the turns of a hold that ends: later ones never begin, and the present one is over.
 */
create function scheduling.close_turns(hold scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = hold.business_id
        and waitlist_offers.booking_id = hold.id
        and waitlist_offers.opens_at > private.now();
    update scheduling.waitlist_offers
    set expires_at = private.now()
    where
        waitlist_offers.business_id = hold.business_id
        and waitlist_offers.booking_id = hold.id
        and waitlist_offers.expires_at > private.now();
end;
$$;
