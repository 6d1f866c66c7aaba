-- What people without an account do with their order: look at it, and cancel or return it with a
-- mailed code, as guests do with bookings.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.lookup_order(reference text, email text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select commerce.look_up_order(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(email, 'email', 320)
    );
end;
comment on function public.lookup_order is
'Return a guest''s view of an order, by its reference and the e-mail address with which it was '
'placed: {reference, status, business_name, placed_at, delivery_kind, tracking, currency, '
'total_minor, open_minor, expires_at, returns_until, items: [{sale_line_id, name, quantity, '
'shipped_quantity, delivered_quantity, returned_quantity, cancelled_quantity}], returns: [{kind, '
'status}]}.

A wrong reference and a wrong address get the same answer.

Errors: invalid_input 400, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT429 rate_limited
 */
create function public.request_order_code(reference text, email text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select commerce.request_order_code(
        private.to_required_text(reference, 'reference', 20),
        scheduling.to_guest_email(email)
    );
end;
comment on function public.request_order_code is
'Mail a code to the address of a guest''s order, to cancel or return it.

Returns nothing, whether reference and address match or not. At most five codes an hour go to an '
'e-mail address, and thirty to a network address.

Errors: invalid_input 400, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid · PT404 not_found
 *          PT409 invalid_transition quantity_exceeded
 */
create function public.cancel_guest_order(
    reference text, code text, lines public.list default null, reason text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select commerce.cancel_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        commerce.to_lines(lines, 'lines'),
        private.to_text(reason, 'reason', 1000)
    );
end;
comment on function public.cancel_guest_order is
'Cancel a guest''s order, or some units of its lines, with a code of request_order_code, by the '
'rules of cancel_order for customers.

A code works once and allows five attempts; the same call again has the same answer. code_invalid '
'also answers an unknown reference. Returns what lookup_order returns.

- lines: an array of {sale_line_id, quantity}; by default the whole order.
- reason: at most 1000 characters.

Errors: invalid_input 400, code_invalid 403, not_found 404, invalid_transition 409, '
'quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid · PT404 not_found
 *          PT409 invalid_transition quantity_exceeded · PT422 return_window_over
 */
create function public.return_guest_order(
    reference text,
    code text,
    lines public.list default null,
    reason text default null,
    kind text default 'return',
    resolution text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant text = coalesce(kind, 'return');
begin
    return commerce.return_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        commerce.to_lines(lines, 'lines'),
        commerce.to_return_kind(v_kind),
        commerce.to_resolution(v_kind, resolution),
        private.to_text(reason, 'reason', 1000)
    );
end;
$$;
comment on function public.return_guest_order is
'Ask to return units of a guest''s order that were sent, with a code of request_order_code, by the '
'rules of request_return for customers.

Returns what lookup_order returns.

- lines, reason, kind, resolution: as of request_return; an exchange sends the same again.

Errors: invalid_input 400, code_invalid 403, not_found 404, invalid_transition 409, '
'quantity_exceeded 409, return_window_over 422.';

grant execute on function
public.lookup_order(text, text),
public.request_order_code(text, text),
public.cancel_guest_order(text, text, public.list, text),
public.return_guest_order(text, text, public.list, text, text, text)
to anon, authenticated, service_role;
