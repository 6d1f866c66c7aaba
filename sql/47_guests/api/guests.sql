-- Booking without an account, for clients. A guest requests a booking and confirms it with a mailed
-- code. Later the guest requests another code to move or cancel it. After signing up, the guest
-- claims the bookings.
-- These functions only read the arguments; the rules are in functions/.

/*
 * Read a guest's e-mail address, which is required.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_guest_email(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.to_email(private.to_required_text(value, 'email', 320), 'email');
end;
$$;
grant execute on function scheduling.to_guest_email(text) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_soon
 *          PT429 rate_limited
 */
create function public.request_guest_booking(
    service_id public.identifier,
    starts_at public.instant,
    name text,
    email text,
    phone text default null,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    notes text default null,
    answers public.object default null,
    link_token text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.request_guest_booking(
        scheduling.to_selection(
            service_id, starts_at, resource_id, party_size, addon_ids, answers, link_token
        ),
        private.to_required_text(name, 'name', 200),
        scheduling.to_guest_email(email),
        private.to_phone(phone, 'phone'),
        private.to_text(notes, 'notes', 2000)
    );
end;
$$;
comment on function public.request_guest_booking is
'Book without an account.

The time is held for the service''s hold_minutes, and a six-digit code is mailed to email; '
'confirm_guest_booking turns the hold into a booking. The other arguments are those of book. '
'Returns what lookup_booking returns. At most five codes an hour go to an e-mail address, and '
'thirty to a network address.

- name: at most 200 characters.
- phone: such as +491701234567.

Errors: invalid_input 400, not_found 404, link_expired 409, not_bookable 409, slot_taken 409, '
'blocked_out 422, limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon '
'422, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 *          PT409 changed_meanwhile hold_expired invalid_transition price_changed slot_taken
 *              terms_not_accepted
 *          PT422 limit_reached
 */
create function public.confirm_guest_booking(reference text, code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'confirmed'
    );
end;
comment on function public.confirm_guest_booking is
'Turn the hold of request_guest_booking into a booking (a request if the service requires '
'confirmation), with the mailed code.

A code works once and allows five attempts; the same call again has the same answer. code_invalid also answers an unknown reference; '
'limit_reached, for a limit per customer, keeps the hold. Returns what lookup_booking returns.

Errors: invalid_input 400, code_invalid 403, changed_meanwhile 409, hold_expired 409, '
'invalid_transition 409, price_changed 409, slot_taken 409, terms_not_accepted 409, '
'limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT429 rate_limited
 */
create function public.request_guest_code(reference text, email text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.request_guest_code(
        private.to_required_text(reference, 'reference', 20),
        scheduling.to_guest_email(email)
    );
end;
comment on function public.request_guest_code is
'Mail another code to the address of a guest''s booking, to confirm, move or cancel it.

Returns nothing, whether reference and address match or not.

Errors: invalid_input 400, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid · PT409 changed_meanwhile invalid_transition
 */
create function public.cancel_guest_booking(reference text, code text, reason text default null)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'cancelled',
        private.to_text(reason, 'reason', 1000)
    );
end;
comment on function public.cancel_guest_booking is
'Cancel a guest''s booking with a code of request_guest_code.

The guest owes the fee of the policy. Returns what lookup_booking returns.

Errors: invalid_input 400, code_invalid 403, changed_meanwhile 409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reschedule_guest_booking(
    reference text, code text, starts_at public.instant, resource_id public.identifier default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        null,
        null,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
comment on function public.reschedule_guest_booking is
'Move a guest''s booking with a code of request_guest_code, by the rules of reschedule_booking for '
'customers.

Returns what lookup_booking returns.

Errors: invalid_input 400, code_invalid 403, changed_meanwhile 409, hold_expired 409, '
'invalid_transition 409, not_bookable 409, slot_taken 409, blocked_out 422, limit_reached 422, '
'not_eligible 422, outside_hours 422, too_far 422, too_late 422, too_soon 422.';

/*
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function public.claim_guest_bookings()
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.claim_guest_bookings();
end;
comment on function public.claim_guest_bookings is
'Take over the confirmed bookings that were made as a guest with the caller''s verified e-mail '
'address.

Returns the number of bookings.

Errors: not_signed_in 401, email_not_verified 403.';
grant execute on function
public.request_guest_booking(
    public.identifier, public.instant, text, text, text, public.identifier,
    public.whole_number, public.list, text, public.object, text
),
public.confirm_guest_booking(text, text),
public.request_guest_code(text, text),
public.cancel_guest_booking(text, text, text),
public.reschedule_guest_booking(text, text, public.instant, public.identifier),
public.claim_guest_bookings()
to anon, authenticated, service_role;
