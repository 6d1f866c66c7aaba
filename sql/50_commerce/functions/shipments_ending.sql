-- How a shipment ends: it arrives, is picked up, or is lost.

/*
 * Note that a shipment arrived, or was picked up. Lines of which every piece arrived are delivered:
 * the business has earned them.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.deliver_shipment(shipment_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_shipment constant commerce.shipments = commerce.lock_shipment(shipment_id);
    v_order constant commerce.orders = commerce.order_now(v_shipment.order_id);
begin
    if v_shipment.status = 'delivered' then
        return;
    elsif v_shipment.status <> 'shipped' then
        perform commerce.refuse_shipment_step(v_shipment, 'delivered');
    end if;
    update commerce.shipments
    set status = 'delivered', delivered_at = private.now()
    where shipments.id = v_shipment.id;
    update commerce.order_items
    set delivered_quantity = least(
        order_items.delivered_quantity + piece.quantity, order_items.shipped_quantity
    )
    from unnest(commerce.pieces_in(v_shipment)) as piece
    where order_items.id = piece.order_item_id;
    perform sales.deliver_lines(
        v_order.business_id, v_order.sale_id, commerce.delivered_lines(v_order.id)
    );
    perform commerce.follow_pieces(v_order, 'part_delivered', null);
end;
$$;

/*
 * Return the lines of an order of which every piece that was not cancelled arrived.
 */
create function commerce.delivered_lines(order_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select order_items.sale_line_id
        from commerce.order_items
        where order_items.order_id = delivered_lines.order_id
        group by order_items.sale_line_id
        having
            bool_and(
                order_items.delivered_quantity
                = order_items.quantity - order_items.cancelled_quantity
            )
            and sum(order_items.delivered_quantity) > 0
        order by order_items.sale_line_id
    );
end;
$$;

/*
 * Note that a shipment was lost on its way. Its pieces stay sent; a claim replaces them or gives
 * their price back.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.lose_shipment(shipment_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_shipment constant commerce.shipments = commerce.lock_shipment(shipment_id);
begin
    if v_shipment.status = 'lost' then
        return;
    elsif v_shipment.status <> 'shipped' then
        perform commerce.refuse_shipment_step(v_shipment, 'lost');
    end if;
    update commerce.shipments
    set status = 'lost', lost_at = private.now()
    where shipments.id = v_shipment.id;
    perform commerce.record_event(
        commerce.order_now(v_shipment.order_id), 'shipment_lost', null
    );
end;
$$;
