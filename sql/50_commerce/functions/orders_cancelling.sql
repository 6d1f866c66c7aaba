-- How an order is cancelled: whole or by line, before it was sent. What was paid for it is given
-- back by the settlement of its sale.

/*
 * Cancel units of lines: their pieces go back into stock, and a revision takes them back from the
 * sale. The caller holds the locks of the order and of its levels.
 */
create function commerce.cancel_units(
    placed commerce.orders,
    lines commerce.line_quantity[],
    cause sales.revision_cause,
    reason text,
    more_changes sales.change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes constant sales.change[] = commerce.take_back_lines(placed.id, lines);
begin
    perform commerce.release_units(placed, lines);
    perform sales.revise_sale(
        placed.business_id, placed.sale_id, cancel_units.cause, v_changes || more_changes
    );
    perform commerce.record_change(placed, 'cancelled', lines, cancel_units.reason);
end;
$$;

/*
 * Count units of lines as cancelled, and put their pieces back into stock. The caller holds the
 * locks of the order and of its levels.
 */
create function commerce.release_units(placed commerce.orders, lines commerce.line_quantity[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_pieces constant commerce.item_quantity[] = commerce.pieces_of(placed.id, lines, false);
begin
    update commerce.order_items
    set cancelled_quantity = order_items.cancelled_quantity + piece.quantity
    from unnest(v_pieces) as piece
    where order_items.id = piece.order_item_id;
    perform commerce.restock(placed.business_id, commerce.moves_of(v_pieces), 'cancelled');
end;
$$;

/*
 * Cancel an order, or some units of its lines, before they were sent. The customer may do so until
 * something was sent, the business any time. Cancelling a cancelled order changes nothing.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition quantity_exceeded
 */
create function commerce.cancel_order(
    order_id uuid,
    lines commerce.line_quantity[],
    reason text,
    version integer default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{customer,business}');
    v_is_whole boolean;
begin
    if v_order.status = 'cancelled' and lines is null then
        return;
    end if;
    perform commerce.require_version(v_order, cancel_order.version);
    perform commerce.require_open(v_order, lines is null, 'cancelled');
    perform commerce.lock_levels_of(array[v_order.id]);
    if lines is not null then
        perform commerce.require_units(v_order.id, lines, false);
    end if;
    v_is_whole = lines is null or not exists (
        select 1
        from commerce.line_units(v_order.id) as units
        left join unnest(lines) as line on line.sale_line_id = units.sale_line_id
        where units.units - units.taken_units > coalesce(line.quantity, 0)
    );
    if v_is_whole then
        perform commerce.end_order(v_order, 'cancelled', cancel_order.reason);
        return;
    end if;
    perform commerce.cancel_units(v_order, lines, 'corrected', cancel_order.reason, '{}');
    perform commerce.follow_pieces(
        commerce.order_now(v_order.id), 'lines_cancelled', cancel_order.reason
    );
end;
$$;

/*
 * Refuse to cancel or change an order that is over, or of which something was sent: the whole of
 * it, or any of it for its customer.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.require_open(placed commerce.orders, is_whole boolean, act text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if placed.status not in ('pending', 'paid', 'fulfilling')
        or (is_whole or not commerce.actors(placed) && '{business,system}')
        and exists (
            select 1
            from commerce.order_items
            where
                order_items.business_id = placed.business_id
                and order_items.order_id = placed.id
                and order_items.shipped_quantity > 0
        ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            case
                when placed.status in ('pending', 'paid', 'fulfilling')
                    then 'Something of this order was sent already.'
                else format('An order that is %s cannot be %s.', placed.status, act)
            end,
            'Ask for a return, or let the business cancel the lines that were not sent.'
        );
    end if;
end;
$$;

/*
 * Return an order as it is now.
 */
create function commerce.order_now(order_id uuid)
returns commerce.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into strict v_order
    from commerce.orders
    where orders.id = order_now.order_id;
    return v_order;
end;
$$;
