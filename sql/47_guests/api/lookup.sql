-- How a guest looks up a booking without signing in. The reference and the e-mail address together
-- are the proof. Looking up changes nothing: to change the booking, the guest needs a code. The
-- answer is the same as that of the functions in guests.sql.

/*
 * Return what a guest may see of the booking with a reference and an e-mail address. A wrong
 * reference and a wrong address get the same refusal.
 * Definer: guests are not signed in; both values together are the proof.
 */
create function scheduling.look_up(reference text, email text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_found jsonb;
begin
    select scheduling.shown_to_guest(bookings)
    into v_found
    from scheduling.bookings
    where
        bookings.reference = upper(btrim(look_up.reference))
        and lower(bookings.customer_email) = lower(btrim(look_up.email));
    if v_found is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no booking with this reference and e-mail address.',
            'Check both: the reference has 8 characters.'
        );
    end if;
    return v_found;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.lookup_booking(reference text, email text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.look_up(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(email, 'email', 320)
    );
end;
comment on function public.lookup_booking is
'Return a guest''s view of a booking, by its reference and the e-mail address with which it was '
'made: {reference, status, starts_at, ends_at, time_zone, party_size, currency, total_minor, '
'hold_expires_at, business_name, services, cancellation_fee_minor}.

cancellation_fee_minor is what cancelling costs now, or did cost. A wrong reference and a wrong '
'address get the same answer.

Errors: invalid_input 400, not_found 404.';
grant execute on function
scheduling.look_up(text, text),
public.lookup_booking(text, text)
to anon, authenticated, service_role;
