-- The waitlist on every path: a hold that ends passes its time on, and time that becomes free is
-- offered. These are triggers, because bookings know nothing of the waitlist.

/*
 * End the time that a hold takes when the hold ends.
 */
create function scheduling.bookings__shorten_hold()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set expires_at = new.hold_expires_at
    where allocations.business_id = new.business_id and allocations.booking_id = new.id;
    update scheduling.seats
    set expires_at = new.hold_expires_at
    where seats.business_id = new.business_id and seats.booking_id = new.id;
    return null;
end;
$$;

create trigger _210_shorten_hold
after update of hold_expires_at on scheduling.bookings
for each row
when (
    old.status = new.status
    and new.status in ('held', 'pending_payment')
    and old.hold_expires_at is distinct from new.hold_expires_at
)
execute function scheduling.bookings__shorten_hold();

/*
 * End the turns of a hold when the hold ends. If it ran out, its time is free again for those who
 * were not asked: they are asked before anybody else can take it.
 * Definer: whoever expires a hold cannot read who waits.
 */
create function scheduling.bookings__end_offers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
begin
    select waitlist_offers.* into v_offer
    from scheduling.waitlist_offers
    where waitlist_offers.business_id = new.business_id and waitlist_offers.booking_id = new.id
    order by waitlist_offers.accepted_at nulls last
    limit 1;
    perform scheduling.close_turns(new);
    if new.status = 'expired' and v_offer.accepted_at is null and v_offer.freed_id is not null then
        insert into scheduling.freed_times (business_id, freed_id, places)
        values (new.business_id, v_offer.freed_id, scheduling.places_of(new.id));
        perform scheduling.announce_freed_elsewhere(scheduling.places_of(new.id));
    end if;
    return null;
end;
$$;

create trigger _220_end_offers
after update of status on scheduling.bookings
for each row
when (
    old.status = 'held' and new.status <> 'held'
    and new.customer_id is null and new.customer_email is null
)
execute function scheduling.bookings__end_offers();

/*
 * The entry whose offer led to a booking waits no longer: its turns for other times pass on.
 * Definer: nobody has an update grant on entries.
 */
create function scheduling.waitlist_offers__accept()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update scheduling.waitlist_entries
    set status = 'accepted', booking_id = new.accepted_booking_id
    where waitlist_entries.id = new.entry_id;
    perform scheduling.drop_turns(new.business_id, new.entry_id, new.booking_id);
    return null;
end;
$$;

create trigger _100_accept
after update of accepted_booking_id on scheduling.waitlist_offers
for each row
when (new.accepted_booking_id is not null and old.accepted_booking_id is null)
execute function scheduling.waitlist_offers__accept();

/*
 * Offer time that becomes free to those who wait for it. The row is an announcement: it is answered
 * here and not stored.
 * Definer: customers free time and cannot read the entries of others.
 */
create function scheduling.freed_times__offer()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.offer_places(new.business_id, new.freed_id, new.places);
    return null;
end;
$$;

create trigger _100_offer
before insert on scheduling.freed_times
for each row
execute function scheduling.freed_times__offer();

-- Domains that keep something about an entry are told when it is deleted.
create trigger _600_announce_deletion
after delete on scheduling.waitlist_entries
for each row execute function private.any__announce_deletion('waitlist');
