-- What customers and members do with an order: cancel, complete, and many at once.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition quantity_exceeded
 */
create function public.cancel_order(
    order_id public.identifier,
    lines public.list default null,
    reason text default null,
    version public.whole_number default null
)
returns public.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(order_id, 'order_id');
begin
    perform commerce.cancel_order(
        v_id,
        commerce.to_lines(lines, 'lines'),
        private.to_text(reason, 'reason', 1000),
        private.to_whole_number(version, 'version', 1, 1000000, is_required => false)
    );
    return commerce.visible_order(v_id);
end;
$$;
comment on function public.cancel_order is
'Cancel an order, or some units of its lines, before they are sent: as its customer until '
'something was sent, as the business any time.

The pieces go back into stock, and what was paid for them is given back. Cancelling a cancelled '
'order changes nothing. Returns the order.

- lines: an array of {sale_line_id, quantity}; by default the whole order.
- reason: at most 1000 characters.
- version: the version of the order that you read; when it has another one, nothing is cancelled.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, invalid_transition 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required
 */
create function public.fulfil_order(order_id public.identifier)
returns public.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(order_id, 'order_id');
begin
    perform commerce.fulfil_order(v_id);
    return commerce.visible_order(v_id);
end;
$$;
comment on function public.fulfil_order is
'Note that the business began to pack a paid order. Owners, managers and staff.

Returns the order.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, payment_required 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.complete_order(order_id public.identifier)
returns public.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(order_id, 'order_id');
begin
    perform commerce.complete_order(v_id);
    return commerce.visible_order(v_id);
end;
$$;
comment on function public.complete_order is
'Complete an order that was sent, without waiting for the end of its returns. Owners, managers and '
'staff.

Delivered orders are completed by themselves when their returns_until is over. Returns the order.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.bulk_update_orders(
    order_ids public.list, action text, reason text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    if action is null or action not in ('fulfil', 'ship', 'deliver', 'complete', 'cancel') then
        perform private.invalid('action', 'must be fulfil, ship, deliver, complete or cancel');
    end if;
    return commerce.update_orders(
        private.to_identifiers(order_ids, 'order_ids'), action,
        private.to_text(reason, 'reason', 1000)
    );
end;
$$;
comment on function public.bulk_update_orders is
'Do the same with up to 50 orders. Owners, managers and staff.

Each order is changed or left as it is, whatever happens to the others. Returns [{order_id, '
'is_changed, status, error, message}] in the order of the ids; error is a token such as '
'invalid_transition, and null where the order was changed.

- order_ids: an array of ids.
- action: fulfil, ship (everything that is open), deliver (every shipment under way), complete or '
'cancel.
- reason: of a cancellation, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401.';

grant execute on function
public.cancel_order(public.identifier, public.list, text, public.whole_number),
public.fulfil_order(public.identifier),
public.complete_order(public.identifier),
public.bulk_update_orders(public.list, text, text)
to anon, authenticated, service_role;
