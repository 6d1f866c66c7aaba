-- How an order is sent: in one shipment or several, each with its tracking; or handed over in a
-- store. No more is sent than was ordered and not cancelled.

/*
 * Return the pieces of an order that were neither sent nor cancelled.
 */
create function commerce.open_pieces(order_id uuid)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            order_items.id,
            order_items.quantity - order_items.shipped_quantity - order_items.cancelled_quantity
        )::commerce.item_quantity
        from commerce.order_items
        where
            order_items.order_id = open_pieces.order_id
            and order_items.quantity
            > order_items.shipped_quantity + order_items.cancelled_quantity
        order by order_items.id
    );
end;
$$;

/*
 * Refuse an order from which nothing may be sent now. What a change added is paid first, too.
 *
 * Errors:  PT409 invalid_transition payment_required
 */
create function commerce.require_shippable(placed commerce.orders)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if placed.status = 'pending'
        or placed.status in ('paid', 'fulfilling')
        and not placed.pays_later
        and not commerce.is_paid(placed) then
        perform private.refuse(
            'PT409', 'payment_required', 'This order is not paid yet.',
            'Pay it with start_payment, or record cash with record_cash_payment.'
        );
    elsif placed.status not in ('paid', 'fulfilling') then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('Nothing is left to send of an order that is %s.', placed.status),
            'Read the order again and check its status.'
        );
    end if;
end;
$$;

/*
 * Pack pieces of an order: all that are open, or the given ones. Returns the shipment, which counts
 * nothing until it is sent.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function commerce.pack_shipment(order_id uuid, pieces commerce.item_quantity[])
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{business}');
    v_id constant uuid = gen_random_uuid();
begin
    perform commerce.require_shippable(v_order);
    pieces = coalesce(pieces, commerce.open_pieces(v_order.id));
    perform commerce.require_open_pieces(v_order.id, pieces);
    insert into commerce.shipments (id, business_id, order_id, status, packed_by, created_at)
    values (
        v_id, v_order.business_id, v_order.id, 'pending',
        (select users.id from auth.users where users.id = auth.uid()), private.now()
    );
    insert into commerce.shipment_items (business_id, shipment_id, order_item_id, quantity)
    select v_order.business_id, v_id, piece.order_item_id, piece.quantity
    from unnest(pieces) as piece;
    return v_id;
end;
$$;

/*
 * Refuse pieces that an order does not have, or more of them than are open.
 *
 * Errors:  PT404 not_found · PT409 quantity_exceeded
 */
create function commerce.require_open_pieces(order_id uuid, pieces commerce.item_quantity[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_piece record;
begin
    select
        order_items.id,
        order_items.sku,
        order_items.quantity - order_items.shipped_quantity
        - order_items.cancelled_quantity as open
    into v_piece
    from unnest(pieces) as piece
    left join commerce.order_items
        on
            order_items.id = piece.order_item_id
            and order_items.order_id = require_open_pieces.order_id
    where
        piece.quantity > coalesce(
            order_items.quantity - order_items.shipped_quantity - order_items.cancelled_quantity, 0
        )
    limit 1;
    if not found then
        return;
    elsif v_piece.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such item in this order.',
            'Check the id in the view order_items.'
        );
    end if;
    perform private.refuse(
        'PT409', 'quantity_exceeded', format('Only %s of %s are left to send.', v_piece.open, v_piece.sku),
        'Read the view order_items again, and send fewer.'
    );
end;
$$;

/*
 * Send a packed shipment, or note its tracking once it is on its way.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function commerce.send_shipment(
    shipment_id uuid, carrier text, tracking_number text, tracking_url text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_shipment constant commerce.shipments = commerce.lock_shipment(shipment_id);
begin
    if v_shipment.status not in ('pending', 'shipped') then
        perform commerce.refuse_shipment_step(v_shipment, 'shipped');
    end if;
    if v_shipment.status = 'pending' then
        perform commerce.count_sent(v_shipment);
    end if;
    update commerce.shipments
    set
        status = 'shipped',
        shipped_at = coalesce(shipments.shipped_at, private.now()),
        carrier = coalesce(send_shipment.carrier, shipments.carrier),
        tracking_number = coalesce(send_shipment.tracking_number, shipments.tracking_number),
        tracking_url = coalesce(send_shipment.tracking_url, shipments.tracking_url)
    where shipments.id = v_shipment.id;
    if v_shipment.status = 'pending' then
        perform commerce.follow_pieces(
            commerce.order_now(v_shipment.order_id), 'part_shipped', null
        );
    end if;
end;
$$;

/*
 * Lock a shipment with its order for a member of the business. Returns it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_shipment(shipment_id uuid)
returns commerce.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_shipment commerce.shipments;
begin
    select shipments.* into v_shipment
    from commerce.shipments
    where shipments.id = lock_shipment.shipment_id;
    perform commerce.lock_order(v_shipment.order_id, '{business}');
    select shipments.* into v_shipment
    from commerce.shipments
    where shipments.id = lock_shipment.shipment_id;
    return v_shipment;
end;
$$;

/*
 * Refuse a step that a shipment cannot take.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.refuse_shipment_step(
    sent commerce.shipments, to_status commerce.shipment_status
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition',
        format('A shipment that is %s cannot become %s.', sent.status, to_status),
        'Read the shipment again and check its status.'
    );
end;
$$;

/*
 * Count the pieces of a shipment as sent.
 *
 * Errors:  PT409 invalid_transition payment_required quantity_exceeded
 */
create function commerce.count_sent(sent commerce.shipments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_pieces constant commerce.item_quantity[] = commerce.pieces_in(sent);
begin
    perform commerce.require_shippable(commerce.order_now(sent.order_id));
    perform commerce.require_open_pieces(sent.order_id, v_pieces);
    update commerce.order_items
    set shipped_quantity = order_items.shipped_quantity + piece.quantity
    from unnest(v_pieces) as piece
    where order_items.id = piece.order_item_id;
end;
$$;

/*
 * Return the pieces of a shipment.
 */
create function commerce.pieces_in(sent commerce.shipments)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (shipment_items.order_item_id, shipment_items.quantity)::commerce.item_quantity
        from commerce.shipment_items
        where
            shipment_items.business_id = sent.business_id
            and shipment_items.shipment_id = sent.id
        order by shipment_items.order_item_id
    );
end;
$$;
