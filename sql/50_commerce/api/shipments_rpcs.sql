-- What members do to send an order: pack, send, hand over, and note how a shipment ended.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict invalid_transition payment_required quantity_exceeded
 */
create function public.ship_order(
    order_id public.identifier,
    items public.list default null,
    carrier text default null,
    tracking_number text default null,
    tracking_url text default null,
    only_packs public.yes_no default 'false',
    idempotency_key text default null
)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_answer jsonb;
begin
    perform private.token_user_id();
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'ship_order', idempotency_key,
            jsonb_build_array(order_id, items, carrier, tracking_number, tracking_url, only_packs)
        );
    end if;
    if v_answer is not null then
        return commerce.visible_shipment((v_answer #>> '{}')::uuid);
    end if;
    v_id = commerce.pack_shipment(
        private.to_identifier(order_id, 'order_id'), commerce.to_pieces(items, 'items')
    );
    if not private.to_yes_no(only_packs, 'only_packs') then
        perform commerce.send_shipment(
            v_id,
            private.to_text(carrier, 'carrier', 100),
            private.to_text(tracking_number, 'tracking_number', 100),
            commerce.to_tracking_url(tracking_url)
        );
    end if;
    if idempotency_key is not null then
        perform private.remember_answer('ship_order', idempotency_key, to_jsonb(v_id));
    end if;
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.ship_order is
'Send an order, or a part of it. Owners, managers and staff.

Nothing is sent of an order that is not paid, unless it has net terms, and never more than was '
'ordered. Returns the shipment.

- items: an array of {order_item_id, quantity} in pieces; by default everything that is open.
- carrier: at most 100 characters, such as DHL.
- tracking_number: at most 100 characters.
- tracking_url: where the customer can follow it, at most 2000 characters.
- only_packs: pack it now and send it later with send_shipment.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, invalid_transition 409, payment_required 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function public.send_shipment(
    shipment_id public.identifier,
    carrier text default null,
    tracking_number text default null,
    tracking_url text default null
)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shipment_id, 'shipment_id');
begin
    perform commerce.send_shipment(
        v_id,
        private.to_text(carrier, 'carrier', 100),
        private.to_text(tracking_number, 'tracking_number', 100),
        commerce.to_tracking_url(tracking_url)
    );
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.send_shipment is
'Send a packed shipment, or note the tracking of one that is on its way. Owners, managers and '
'staff.

Returns the shipment.

- carrier, tracking_number, tracking_url: as ship_order takes them; what is left out stays.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, payment_required 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function public.hand_over_order(
    order_id public.identifier, items public.list default null
)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = commerce.pack_shipment(
        private.to_identifier(order_id, 'order_id'), commerce.to_pieces(items, 'items')
    );
begin
    perform commerce.send_shipment(v_id, null, null, null);
    perform commerce.deliver_shipment(v_id);
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.hand_over_order is
'Hand over an order, or a part of it, in the store: it is sent and delivered at once. Owners, '
'managers and staff.

Returns the shipment.

- items: an array of {order_item_id, quantity} in pieces; by default everything that is open.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, payment_required 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.deliver_shipment(shipment_id public.identifier)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shipment_id, 'shipment_id');
begin
    perform commerce.deliver_shipment(v_id);
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.deliver_shipment is
'Note that a shipment arrived. Owners, managers and staff.

Lines of which every piece arrived are delivered; with the last of them, the order is. Repeating '
'the call changes nothing. Returns the shipment.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.lose_shipment(shipment_id public.identifier)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shipment_id, 'shipment_id');
begin
    perform commerce.lose_shipment(v_id);
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.lose_shipment is
'Note that a shipment was lost on its way. Owners, managers and staff.

A claim (request_return) replaces its pieces or gives their price back. Repeating the call changes '
'nothing. Returns the shipment.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

grant execute on function
public.ship_order(
    public.identifier, public.list, text, text, text, public.yes_no, text
),
public.send_shipment(public.identifier, text, text, text),
public.hand_over_order(public.identifier, public.list),
public.deliver_shipment(public.identifier),
public.lose_shipment(public.identifier)
to anon, authenticated, service_role;

/*
 * Read where a shipment can be followed: an address of the web.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_tracking_url(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_url constant text = private.to_text(value, 'tracking_url', 2000);
begin
    if v_url !~ '^https?://[^\s]+$' then
        perform private.invalid('tracking_url', 'must begin with https:// or http://');
    end if;
    return v_url;
end;
$$;

grant execute on function commerce.to_tracking_url(text) to anon, authenticated, service_role;
