-- How a return is settled: its pieces go back into stock or are replaced, their price is taken back
-- from the sale, and whoever records the refund says when everything was given back.

/*
 * Settle a return whose pieces are back, or that is a claim: put back what can be sold again, and
 * replace the pieces, exchange them for others, or take their price back from the sale.
 *
 * Errors:  PT409 not_for_sale out_of_stock
 */
create function commerce.settle_return(asked commerce.returns)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.order_now(asked.order_id);
    v_pieces constant commerce.item_quantity[] = commerce.pieces_of_return(asked);
    v_lines constant commerce.line_quantity[] = commerce.lines_of_pieces(v_pieces);
    v_added constant commerce.order_addition[] = commerce.replacements_of(asked);
    v_back constant commerce.stock_move[] = commerce.moves_back(asked);
    v_new_lines commerce.line_quantity[] = '{}';
begin
    perform commerce.lock_moved_levels(
        v_order.business_id,
        v_back || commerce.moves_of(v_pieces) || commerce.moves_of_additions(v_order, v_added)
    );
    perform commerce.restock(v_order.business_id, v_back, 'returned');
    if asked.resolution = 'replacement' and v_added = '{}' then
        perform commerce.replace_pieces(v_order, v_pieces);
    else
        v_new_lines = commerce.take_back_pieces(v_order, v_pieces, v_lines, v_added);
    end if;
    update commerce.returns
    set status = 'received', received_at = private.now()
    where returns.id = asked.id;
    perform commerce.record_change(
        v_order,
        case asked.kind
            when 'return' then 'returned'
            when 'exchange' then 'exchanged'
            else 'claimed'
        end::commerce.change_kind,
        v_lines, asked.reason, v_new_lines
    );
    perform commerce.follow_pieces(commerce.order_now(v_order.id), 'return_received', null);
    perform commerce.note_refund(asked.business_id, v_order.sale_id, false);
end;
$$;

/*
 * Take the price of returned pieces back from the sale, and add what is sent for them, in one
 * revision. Returns the lines that were added.
 *
 * Errors:  PT409 not_for_sale out_of_stock
 */
create function commerce.take_back_pieces(
    placed commerce.orders,
    pieces commerce.item_quantity[],
    lines commerce.line_quantity[],
    added commerce.order_addition[]
)
returns commerce.line_quantity[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_new_lines constant commerce.line_quantity[] = commerce.write_additions(
        placed, added,
        commerce.take_back_lines(placed.id, lines) || commerce.price_additions(placed, added)
    );
begin
    update commerce.order_items
    set returned_quantity = order_items.returned_quantity + piece.quantity
    from unnest(pieces) as piece
    where order_items.id = piece.order_item_id;
    return v_new_lines;
end;
$$;

/*
 * Return what is sent for the pieces of an exchange, at the prices of the day on which it was asked
 * for; nothing where the same pieces are sent again.
 */
create function commerce.replacements_of(asked commerce.returns)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            return_replacements.variant_id, return_replacements.quantity,
            return_replacements.unit_minor
        )::commerce.order_addition
        from commerce.return_replacements
        where
            return_replacements.business_id = asked.business_id
            and return_replacements.return_id = asked.id
        order by return_replacements.variant_id, return_replacements.unit_minor
    );
end;
$$;

/*
 * Return which pieces of a return go into stock again, and where.
 */
create function commerce.moves_back(asked commerce.returns)
returns commerce.stock_move[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            return_items.store_id, order_items.variant_id, return_items.quantity
        )::commerce.stock_move
        from commerce.return_items
        inner join commerce.order_items on order_items.id = return_items.order_item_id
        where
            return_items.business_id = asked.business_id
            and return_items.return_id = asked.id
            and return_items.is_restocked
    );
end;
$$;

/*
 * Take pieces out of stock again that replace others of the same order: those can be sent now.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.replace_pieces(
    placed commerce.orders, pieces commerce.item_quantity[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store record;
begin
    for v_store in
        select
            order_items.store_id,
            array_agg(
                (order_items.variant_id, piece.quantity)::commerce.stock_item
                order by order_items.variant_id
            ) as items
        from unnest(pieces) as piece
        inner join commerce.order_items on order_items.id = piece.order_item_id
        group by order_items.store_id
        order by order_items.store_id
    loop
        perform commerce.require_stock(placed.business_id, v_store.store_id, v_store.items, true);
        perform commerce.record_movements(
            placed.business_id, v_store.store_id,
            array(
                select (item.variant_id, - item.quantity)::commerce.stock_item
                from unnest(v_store.items) as item
            ),
            'sold', null
        );
    end loop;
    update commerce.order_items
    set
        shipped_quantity = order_items.shipped_quantity - piece.quantity,
        delivered_quantity = least(
            order_items.delivered_quantity, order_items.shipped_quantity - piece.quantity
        )
    from unnest(pieces) as piece
    where order_items.id = piece.order_item_id;
end;
$$;

/*
 * Return the pieces of a return.
 */
create function commerce.pieces_of_return(asked commerce.returns)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (return_items.order_item_id, return_items.quantity)::commerce.item_quantity
        from commerce.return_items
        where
            return_items.business_id = asked.business_id
            and return_items.return_id = asked.id
        order by return_items.order_item_id
    );
end;
$$;

/*
 * Return of which lines some pieces are, and how many units.
 */
create function commerce.lines_of_pieces(pieces commerce.item_quantity[])
returns commerce.line_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (counted.sale_line_id, max(counted.units))::commerce.line_quantity
        from (
            select
                order_items.sale_line_id,
                (sum(piece.quantity) / min(order_items.pieces_per_unit))::integer as units
            from unnest(pieces) as piece
            inner join commerce.order_items on order_items.id = piece.order_item_id
            group by order_items.sale_line_id, order_items.variant_id
        ) as counted
        group by counted.sale_line_id
        order by counted.sale_line_id
    );
end;
$$;

/*
 * Note that the returns of a sale are refunded when nothing more is to be given back of it, and
 * that something was given back.
 * Definer: whoever records a refund has no rights on orders.
 */
create function commerce.note_refund(business_id uuid, sale_id uuid, is_given_back boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    where
        orders.business_id = note_refund.business_id
        and orders.sale_id = note_refund.sale_id
    for update;
    if not found then
        return;
    elsif is_given_back then
        perform commerce.record_event(v_order, 'refunded', null);
    end if;
    if commerce.left_to_give_back(note_refund.business_id, note_refund.sale_id) <= 0 then
        update commerce.returns
        set status = 'refunded', refunded_at = private.now()
        where
            returns.business_id = v_order.business_id
            and returns.order_id = v_order.id
            and returns.status = 'received'
            and returns.resolution = 'refund';
    end if;
end;
$$;

/*
 * Return how much of what was paid for a sale is more than it owes, and was not given back yet.
 */
create function commerce.left_to_give_back(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(parts.captured_minor - parts.refunded_minor), 0)
        from money.payment_parts as parts
        where
            parts.business_id = left_to_give_back.business_id
            and parts.sale_id = left_to_give_back.sale_id
    ) - greatest(
        (
            money.sale_balance(left_to_give_back.business_id, left_to_give_back.sale_id)
        ).owed_minor,
        0
    );
end;
$$;
