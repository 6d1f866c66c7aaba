-- The units of an order. People name lines of the sale and how many units of them; stock, shipments
-- and returns count pieces of items, of which a bundle has several for one unit.

/*
 * Return the lines of an order in units: how many were ordered, can be shipped or cancelled, can be
 * returned, and were taken back. A unit of a bundle counts when all of its pieces do; pieces that
 * somebody asked to return cannot be returned again.
 */
create function commerce.line_units(order_id uuid)
returns table (
    sale_line_id uuid,
    units integer,
    open_units integer,
    returnable_units integer,
    taken_units integer
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with pieces as (
        select
            order_items.sale_line_id,
            order_items.variant_id,
            min(order_items.pieces_per_unit) as per_unit,
            sum(order_items.quantity) as ordered,
            sum(
                order_items.quantity - order_items.shipped_quantity
                - order_items.cancelled_quantity
            ) as open,
            sum(
                order_items.shipped_quantity - order_items.returned_quantity
                - commerce.pieces_asked_back(order_items.business_id, order_items.id)
            ) as returnable,
            sum(order_items.cancelled_quantity + order_items.returned_quantity) as taken
        from commerce.order_items
        where order_items.order_id = line_units.order_id
        group by order_items.sale_line_id, order_items.variant_id
    )

    select
        pieces.sale_line_id,
        min(pieces.ordered / pieces.per_unit)::integer,
        min(pieces.open / pieces.per_unit)::integer,
        min(pieces.returnable / pieces.per_unit)::integer,
        max(pieces.taken / pieces.per_unit)::integer
    from pieces
    group by pieces.sale_line_id;
end;
$$;

/*
 * Refuse units that an order does not have: more than can be cancelled, or than can be returned.
 *
 * Errors:  PT404 not_found · PT409 quantity_exceeded
 */
create function commerce.require_units(
    order_id uuid, lines commerce.line_quantity[], is_returned boolean
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line record;
begin
    select
        line.sale_line_id,
        line.quantity,
        units.sale_line_id is not null as exists,
        case when is_returned then units.returnable_units else units.open_units end as possible
    into v_line
    from unnest(lines) as line
    left join commerce.line_units(require_units.order_id) as units
        on units.sale_line_id = line.sale_line_id
    where
        line.quantity > coalesce(
            case when is_returned then units.returnable_units else units.open_units end, 0
        )
    limit 1;
    if not found then
        return;
    elsif not v_line.exists then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such line in this order.',
            'Check sale_line_id in the view order_items.'
        );
    end if;
    perform private.refuse(
        'PT409', 'quantity_exceeded',
        format('Only %s of that line are left.', v_line.possible),
        'Read the view order_items again, and name fewer.'
    );
end;
$$;

/*
 * Return which pieces some units of lines are: those that can be shipped or cancelled, or those
 * that can be returned.
 */
create function commerce.pieces_of(
    order_id uuid, lines commerce.line_quantity[], is_returned boolean
)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        with items as (
            select
                order_items.id,
                order_items.sale_line_id,
                order_items.variant_id,
                line.quantity * order_items.pieces_per_unit as wanted,
                case
                    when is_returned
                        then order_items.shipped_quantity - order_items.returned_quantity
                        - commerce.pieces_asked_back(order_items.business_id, order_items.id)
                    else order_items.quantity - order_items.shipped_quantity
                        - order_items.cancelled_quantity
                end as free
            from commerce.order_items
            inner join unnest(lines) as line
                on line.sale_line_id = order_items.sale_line_id
            where order_items.order_id = pieces_of.order_id
        ),

        sums as (
            select
                items.*,
                sum(items.free) over (
                    partition by items.sale_line_id, items.variant_id
                    order by items.id
                ) - items.free as before
            from items
        )

        select (sums.id, least(sums.free, sums.wanted - sums.before)::integer)::commerce.item_quantity
        from sums
        where sums.free > 0 and sums.wanted > sums.before
        order by sums.id
    );
end;
$$;

/*
 * Return the lines that take back units of a sale: as much of the amount and of the discount as
 * belongs to them. The parts of a line always add up to the whole of it.
 */
create function commerce.take_back_lines(order_id uuid, lines commerce.line_quantity[])
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sales.make_change(
            sold.kind,
            sold.id,
            null,
            sold.name,
            - line.quantity * sold.unit_minor,
            (
                sold.discount_minor * units.taken_units / units.units
                - sold.discount_minor * (units.taken_units + line.quantity) / units.units
            )::bigint,
            quantity => line.quantity
        )
        from unnest(lines) as line
        inner join commerce.line_units(take_back_lines.order_id) as units
            on units.sale_line_id = line.sale_line_id
        inner join sales.sale_lines as sold on sold.id = line.sale_line_id
        order by sold.position
    );
end;
$$;

/*
 * Return the lines that take back what a sale charges beside goods and still stands: its shipping.
 */
create function commerce.take_back_shipping(business_id uuid, sale_id uuid)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sales.make_change(
            sold.kind, sold.id, null, sold.name, - sold.amount_minor, - sold.discount_minor
        )
        from sales.sale_lines as sold
        where
            sold.business_id = take_back_shipping.business_id
            and sold.sale_id = take_back_shipping.sale_id
            and sold.kind = 'shipping'
            and sold.corrects_line_id is null
            and not exists (
                select 1
                from sales.sale_lines as corrections
                where
                    corrections.business_id = sold.business_id
                    and corrections.corrects_line_id = sold.id
                    and corrections.kind = sold.kind
            )
        order by sold.position
    );
end;
$$;

/*
 * Return from which stores some pieces of an order came, or come.
 */
create function commerce.moves_of(pieces commerce.item_quantity[])
returns commerce.stock_move[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (order_items.store_id, order_items.variant_id, piece.quantity)::commerce.stock_move
        from unnest(pieces) as piece
        inner join commerce.order_items on order_items.id = piece.order_item_id
    );
end;
$$;

/*
 * Put pieces into stores, for a reason. The caller holds the locks of the levels.
 */
create function commerce.restock(
    business_id uuid, moves commerce.stock_move[], reason commerce.movement_reason
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.record_movements(
        restock.business_id, stores.store_id, stores.items, restock.reason, null
    )
    from (
        select
            goods.store_id,
            array_agg(
                (goods.variant_id, goods.quantity)::commerce.stock_item order by goods.variant_id
            ) as items
        from (
            select move.store_id, move.variant_id, sum(move.quantity)::integer as quantity
            from unnest(moves) as move
            group by move.store_id, move.variant_id
        ) as goods
        group by goods.store_id
        order by goods.store_id
    ) as stores;
end;
$$;

/*
 * Lock the levels from which orders took their pieces, in the order in which everybody locks them.
 */
create function commerce.lock_levels_of(order_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from commerce.stock_levels
    where (stock_levels.business_id, stock_levels.store_id, stock_levels.variant_id) in (
        select order_items.business_id, order_items.store_id, order_items.variant_id
        from commerce.order_items
        where order_items.order_id = any(lock_levels_of.order_ids)
    )
    order by stock_levels.business_id, stock_levels.store_id, stock_levels.variant_id
    for update;
end;
$$;
