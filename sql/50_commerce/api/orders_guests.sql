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
 * Errors:  PT400 invalid_input · PT403 code_invalid forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded · PT422 return_window_over
 */
create function public.return_guest_order(
    reference text,
    code text,
    lines public.list default null,
    reason text default null,
    kind text default 'return',
    resolution text default null,
    replacements public.list default null
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
        private.to_text(reason, 'reason', 1000),
        commerce.to_replacements(replacements, v_kind)
    );
end;
$$;
comment on function public.return_guest_order is
'Ask to return units of a guest''s order that were sent, with a code of request_order_code, by the '
'rules of request_return for customers.

Returns what lookup_order returns.

- lines, reason, kind, resolution, replacements: as of request_return. What is sent for an exchange '
'costs what it costs today; whoever names a unit_minor is refused.

Errors: invalid_input 400, code_invalid 403, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, quantity_exceeded 409, return_window_over 422.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 */
create function public.order_by_link(order_id public.identifier, token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select commerce.order_by_link(
        private.to_identifier(order_id, 'order_id'), private.to_required_text(token, 'token', 200)
    );
end;
comment on function public.order_by_link is
'Return a guest''s view of an order, as lookup_order, by the link of a mail about it.

The page behind the link is /functions/v1/order; a site with a page of its own calls this function. '
'Cancelling and returning need a code of request_order_code.

- token: from the link; it works for 90 days.

Errors: invalid_input 400, code_invalid 403.';

/*
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function public.claim_guest_orders()
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select commerce.claim_guest_orders();
end;
comment on function public.claim_guest_orders is
'Take over the orders that were placed without an account with the caller''s verified e-mail '
'address.

Returns the number of orders.

Errors: not_signed_in 401, email_not_verified 403.';

grant execute on function
public.lookup_order(text, text),
public.request_order_code(text, text),
public.cancel_guest_order(text, text, public.list, text),
public.return_guest_order(text, text, public.list, text, text, text, public.list),
public.order_by_link(public.identifier, text),
public.claim_guest_orders()
to anon, authenticated, service_role;
