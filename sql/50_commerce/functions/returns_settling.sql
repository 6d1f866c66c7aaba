-- How a return is settled: its pieces go back into stock or are replaced, their price is taken back
-- from the sale, and whoever records the refund says when everything was given back.

/*
 * Settle a return whose pieces are back, or that is a claim: replace the pieces, or take their
 * price back from the sale.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.settle_return(
    asked commerce.returns, to_store_id uuid, restocks boolean
)
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
begin
    perform commerce.lock_levels_for(v_pieces, to_store_id);
    if restocks then
        perform commerce.restock(v_pieces, 'returned', null, to_store_id);
    end if;
    if asked.resolution = 'replacement' then
        perform commerce.replace_pieces(v_order, v_pieces);
    else
        perform sales.revise_sale(
            v_order.business_id, v_order.sale_id, 'corrected',
            commerce.take_back_lines(v_order.id, v_lines)
        );
        update commerce.order_items
        set returned_quantity = order_items.returned_quantity + piece.quantity
        from unnest(v_pieces) as piece
        where order_items.id = piece.order_item_id;
    end if;
    update commerce.returns
    set
        status = 'received',
        received_at = private.now(),
        store_id = to_store_id,
        is_restocked = restocks
    where returns.id = asked.id;
    perform commerce.record_change(
        v_order,
        case asked.kind
            when 'return' then 'returned'
            when 'exchange' then 'exchanged'
            else 'claimed'
        end::commerce.change_kind,
        v_lines, asked.reason
    );
    perform commerce.follow_pieces(
        commerce.order_now(v_order.id), 'return_received', null
    );
    perform commerce.note_refund(asked.business_id, v_order.sale_id, false);
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
 * Lock the levels of the stores that pieces came from, or come back to; a level that is missing
 * begins at zero.
 */
create function commerce.lock_levels_for(pieces commerce.item_quantity[], store_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.lock_levels(goods.business_id, goods.store_ids, goods.items)
    from (
        select
            order_items.business_id,
            array_agg(distinct order_items.store_id) || case
                when lock_levels_for.store_id is null then '{}'
                else array[lock_levels_for.store_id]
            end as store_ids,
            array_agg(distinct (order_items.variant_id, 0)::commerce.stock_item) as items
        from unnest(pieces) as piece
        inner join commerce.order_items on order_items.id = piece.order_item_id
        group by order_items.business_id
    ) as goods;
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
