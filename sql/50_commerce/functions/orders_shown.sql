-- What a guest sees of an order, however they prove that it is theirs: how far it has come, what is
-- in it and what is open, but not where it goes.

/*
 * Return what a guest may see of an order: not where it goes.
 */
create function commerce.shown_to_guest(placed commerce.orders)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sale constant record = money.sale_balance(placed.business_id, placed.sale_id);
begin
    return jsonb_build_object(
        'reference', placed.reference,
        'status', placed.status,
        'business_name', (
            select businesses.name from business.businesses where businesses.id = placed.business_id
        ),
        'placed_at', placed.placed_at,
        'delivery_kind', placed.delivery_kind,
        'tracking', commerce.tracking_of(placed),
        'currency', commerce.currency_of(placed),
        'total_minor', v_sale.owed_minor,
        'open_minor', greatest(v_sale.balance_minor, 0),
        'expires_at', placed.expires_at,
        'returns_until', placed.returns_until,
        'items', commerce.items_shown_to_guest(placed),
        'returns', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('kind', returns.kind, 'status', returns.status)
                    order by returns.requested_at, returns.id
                ),
                '[]'
            )
            from commerce.returns
            where returns.business_id = placed.business_id and returns.order_id = placed.id
        )
    );
end;
$$;

/*
 * Return the items of an order as its guest sees them.
 */
create function commerce.items_shown_to_guest(placed commerce.orders)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(
            jsonb_build_object(
                'sale_line_id', order_items.sale_line_id,
                'name', order_items.name,
                'quantity', order_items.quantity,
                'shipped_quantity', order_items.shipped_quantity,
                'delivered_quantity', order_items.delivered_quantity,
                'returned_quantity', order_items.returned_quantity,
                'cancelled_quantity', order_items.cancelled_quantity
            )
            order by order_items.name, order_items.id
        )
        from commerce.order_items
        where
            order_items.business_id = placed.business_id
            and order_items.order_id = placed.id
    );
end;
$$;
