-- What somebody who waits can do: accept what is offered, or leave. Both lock the hold's resources
-- first and the hold second, as every step of a booking does, and read the entry again under the
-- locks: the same call a second time gets the same answer.

/*
 * Return an entry of the caller.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.my_entry(entry_id uuid)
returns scheduling.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from scheduling.waitlist_entries
    where
        waitlist_entries.id = my_entry.entry_id
        and waitlist_entries.customer_id = private.current_user_id();
    if v_entry.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You are not on this waitlist.',
            'Check the id in the view waitlist_entries.'
        );
    end if;
    return v_entry;
end;
$$;

/*
 * Lock the hold in which an entry has its present turn, or else its next one, with its resources
 * and the customer. Returns the hold; null if the entry has no turn.
 */
create function scheduling.lock_turn(entry scheduling.waitlist_entries)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hold_id uuid = (
        select waitlist_offers.booking_id
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.expires_at > private.now()
        order by waitlist_offers.opens_at, waitlist_offers.booking_id
        limit 1
    );
    v_hold scheduling.bookings;
begin
    perform private.lock(scheduling.resources_of(v_hold_id) || entry.customer_id);
    select bookings.* into v_hold
    from scheduling.bookings
    where bookings.id = v_hold_id
    for update;
    return v_hold;
end;
$$;

/*
 * Accept what is offered: the hold becomes the caller's booking.
 * Definer: as scheduling.change_status.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 offer_expired invalid_transition
 *          PT422 limit_reached
 */
create function scheduling.accept_offer(entry_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_hold scheduling.bookings = scheduling.lock_turn(scheduling.my_entry(entry_id));
    v_entry scheduling.waitlist_entries = scheduling.my_entry(entry_id);
begin
    if v_entry.status = 'accepted' then
        return v_entry.booking_id;
    end if;
    if v_entry.status = 'left' or v_hold.status is distinct from 'held' or not exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.booking_id = v_hold.id
            and waitlist_offers.entry_id = v_entry.id
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'offer_expired', 'You have no offer at the moment.',
            'Wait for the next offer; you keep your place.'
        );
    end if;
    return scheduling.give_hold(v_hold, v_entry);
end;
$$;

/*
 * Make a hold the booking of the customer of an entry, and end its turns.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.give_hold(
    hold scheduling.bookings, entry scheduling.waitlist_entries
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    -- First whose it is, then the step that they take.
    update scheduling.bookings
    set
        customer_id = profiles.id,
        customer_name = profiles.full_name,
        customer_email = profiles.email,
        customer_phone = profiles.phone
    from identity.profiles
    where bookings.id = hold.id and profiles.id = entry.customer_id
    returning bookings.* into v_booking;
    perform scheduling.refuse_passed_by_customer(v_booking);
    update scheduling.waitlist_offers
    set accepted_at = private.now(), accepted_booking_id = hold.id
    where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = entry.id;
    perform scheduling.close_turns(v_booking);
    return scheduling.change_status(hold.id, 'confirmed', '{customer}', null);
end;
$$;

/*
 * Leave the waitlist. What was offered passes on at once.
 * Definer: nobody has an update grant on entries.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.leave_waitlist(entry_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_hold scheduling.bookings = scheduling.lock_turn(scheduling.my_entry(entry_id));
    v_entry scheduling.waitlist_entries = scheduling.my_entry(entry_id);
begin
    if v_entry.status = 'accepted' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'You have already accepted this offer.',
            'Cancel the booking instead.'
        );
    end if;
    update scheduling.waitlist_entries
    set status = 'left'
    where waitlist_entries.id = v_entry.id;
    perform scheduling.drop_turns(v_entry.business_id, v_entry.id, null);
end;
$$;
