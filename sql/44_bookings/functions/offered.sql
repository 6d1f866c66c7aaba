-- How a customer books a time that the waitlist holds for them: in their own turn, the hold makes
-- way for the booking.

/*
 * Return the offer that a customer uses by booking one leg: it is their turn, for this service and
 * this start. Null if there is none.
 */
create function scheduling.offer_of_legs(customer_id uuid, legs scheduling.leg[])
returns scheduling.waitlist_offers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
begin
    if customer_id is not null and cardinality(legs) = 1 then
        select offers.* into v_offer
        from scheduling.open_offers(
            customer_id, legs[1].service_id, legs[1].resource_id
        ) as offers
        where offers.starts_at = legs[1].starts_at
        limit 1;
    end if;
    return v_offer;
end;
$$;

/*
 * End the hold that is offered to a customer, so that they can book its time, under the locks of
 * scheduling.lock_legs. Nothing happens if the turn is over by now; the booking then finds the time
 * taken.
 */
create function scheduling.use_offer(offer scheduling.waitlist_offers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from scheduling.bookings
    where bookings.id = offer.booking_id and bookings.status = 'held'
    for update;
    if not found then
        return;
    end if;
    update scheduling.waitlist_offers
    set accepted_at = private.now()
    where
        waitlist_offers.booking_id = offer.booking_id
        and waitlist_offers.entry_id = offer.entry_id
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now();
    if found then
        update scheduling.bookings
        set status = 'expired'
        where bookings.id = offer.booking_id;
    end if;
end;
$$;

/*
 * Record which booking came of an offer that was used. What the booking did not take of the hold
 * is free again.
 */
create function scheduling.record_offer_used(offer scheduling.waitlist_offers, booking_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.waitlist_offers
    set accepted_booking_id = record_offer_used.booking_id
    where
        waitlist_offers.booking_id = offer.booking_id
        and waitlist_offers.entry_id = offer.entry_id
        and waitlist_offers.accepted_at is not null
        and waitlist_offers.accepted_booking_id is null;
    if found then
        insert into scheduling.freed_times (business_id, freed_id, places)
        values (offer.business_id, offer.freed_id, scheduling.places_of(offer.booking_id));
    end if;
end;
$$;
