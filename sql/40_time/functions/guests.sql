-- Bookings of people without an account. Reading the mail with the code proves that they are the
-- customer: the code turns a hold into a booking, moves it or cancels it. Until then no function
-- looks at accounts or other bookings, so nothing can be learned of them.

/*
 * May the caller act on a booking as its guest, because the right code was given in this
 * transaction?
 * Definer: triggers ask it, and nobody reads codes.
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
