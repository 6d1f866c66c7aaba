-- What holds for the waitlist on every path.

/*
 * The time that a hold takes ends when the hold does.
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
 * Nothing is offered any more once the hold of an offer is none.
 */
create function scheduling.bookings__end_offers()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = new.business_id and waitlist_offers.booking_id = new.id;
    return null;
end;
$$;

create trigger _220_end_offers
after update of status on scheduling.bookings
for each row
when (old.status = 'held' and new.status <> 'held' and new.customer_id is null)
execute function scheduling.bookings__end_offers();

/*
 * Time that becomes free is offered at once to those who wait for it. The row is an announcement:
 * it is answered here and not stored.
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
    perform scheduling.offer_freed(new.business_id, new.during);
    return null;
end;
$$;

create trigger _100_offer
before insert on scheduling.freed_times
for each row
execute function scheduling.freed_times__offer();

-- Whoever keeps something about an entry hears when the entry is deleted.
create trigger _600_announce_deletion
after delete on scheduling.waitlist_entries
for each row execute function private.any__announce_deletion('waitlist');
