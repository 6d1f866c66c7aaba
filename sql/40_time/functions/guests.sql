-- What people without an account have: a booking, or an order of goods. Reading the mail with the
-- code proves that it is theirs: then they may confirm, move, cancel or return it. Until then no
-- function looks at accounts or other bookings, so nothing can be learned of them.

/*
 * May the caller act on a booking or an order as its guest, because the right code was given in
 * this transaction?
 * Definer: triggers ask it, and nobody reads codes.
 */
create function scheduling.is_proven(subject_id uuid)
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
            (guest_codes.booking_id = subject_id or guest_codes.order_id = subject_id)
            and guest_codes.proven_in = pg_current_xact_id_if_assigned()
    );
end;
$$;
