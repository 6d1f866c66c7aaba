-- How customers ask for a return, and what the business does with it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded · PT422 return_window_over
 */
create function public.request_return(
    order_id public.identifier,
    lines public.list default null,
    reason text default null,
    kind text default 'return',
    resolution text default null,
    replacements public.list default null
)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant text = coalesce(kind, 'return');
    v_id uuid;
begin
    v_id = commerce.request_return(
        private.to_identifier(order_id, 'order_id'),
        commerce.to_lines(lines, 'lines'),
        commerce.to_return_kind(v_kind),
        commerce.to_resolution(v_kind, resolution),
        private.to_text(reason, 'reason', 1000),
        commerce.to_replacements(replacements, v_kind)
    );
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.request_return is
'Ask to return units of an order that were sent: as its customer until returns_until of the order, '
'as the business any time.

Returns the return. The business approves or rejects it.

- lines: an array of {sale_line_id, quantity}; by default everything that was sent and not returned.
- reason: at most 1000 characters.
- kind: return (pieces come back, their price is given back), exchange (pieces come back, others '
'are sent) or claim (lost or broken; nothing comes back).
- resolution: of a claim: refund (the default) or replacement.
- replacements: what is sent for the pieces of an exchange, an array of {variant_id, quantity, '
'unit_minor?}; by default the same again. They cost what they cost today, or unit_minor where the '
'business names a price.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, quantity_exceeded 409, return_window_over 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition out_of_stock
 */
create function public.approve_return(
    return_id public.identifier, note text default null
)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(return_id, 'return_id');
begin
    perform commerce.approve_return(v_id, private.to_text(note, 'note', 1000));
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.approve_return is
'Approve a return. Owners, managers and staff.

A claim is settled at once: its pieces can be sent again, or their price is given back. Returns the '
'return.

- note: for the customer, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reject_return(return_id public.identifier, note text)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(return_id, 'return_id');
begin
    perform commerce.reject_return(v_id, private.to_required_text(note, 'note', 1000));
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.reject_return is
'Reject a return: its pieces stay with the customer. Owners, managers and staff.

Returns the return.

- note: why, for the customer, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale out_of_stock
 */
create function public.receive_return(
    return_id public.identifier,
    store_id public.identifier default null,
    restock public.yes_no default 'true',
    items public.list default null
)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(return_id, 'return_id');
begin
    perform commerce.receive_return(
        v_id,
        private.to_identifier(store_id, 'store_id', is_required => false),
        private.to_yes_no(coalesce(restock, 'true'), 'restock'),
        commerce.to_decisions(coalesce(items, '[]'), 'items')
    );
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.receive_return is
'Receive the pieces of an approved return. Owners, managers and staff.

What they cost is given back, by line, with its tax; for an exchange, the pieces that replace them '
'are taken out of stock and can be sent. Returns the return.

- store_id: the store that received them; by default those that they came from.
- restock: whether they can be sold again; otherwise they go into no stock.
- items: where single items differ, an array of {order_item_id, store_id?, restock?}.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, out_of_stock 409.';

grant execute on function
public.request_return(public.identifier, public.list, text, text, text, public.list),
public.approve_return(public.identifier, text),
public.reject_return(public.identifier, text),
public.receive_return(public.identifier, public.identifier, public.yes_no, public.list)
to anon, authenticated, service_role;
