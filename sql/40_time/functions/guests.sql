-- Bookings of people without an account. A hold becomes a booking, and a booking is moved or called
-- off, by a code that is mailed to its address: whoever reads the mail is the customer. Until then
-- nothing here looks at accounts or at other bookings, so nothing can be learned of them.

/*
 * May the caller act on a booking as its guest: was its code given in this transaction?
 * Definer: asked in triggers, of codes that nobody reads.
 */
create function scheduling.is_proven(booking_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.guest_codes
        where
            guest_codes.booking_id = is_proven.booking_id
            and guest_codes.proven_in = pg_current_xact_id_if_assigned()
    );
end;
$$;
