-- One order with its items, its shipments, its returns and its timeline.
select
    orders.reference,
    orders.id,
    orders.status,
    orders.status_reason,
    businesses.slug as business,
    sales.customer_name,
    sales.customer_email,
    sales.currency,
    (money.sale_balance(orders.business_id, orders.sale_id)).owed_minor as total_minor,
    (money.sale_balance(orders.business_id, orders.sale_id)).balance_minor,
    orders.delivery_kind,
    stores.name as store,
    orders.address,
    orders.placed_at,
    orders.expires_at,
    orders.returns_until,
    orders.pays_later,
    orders.version,
    (
        select json_agg(
            json_build_object(
                'sku', order_items.sku,
                'name', order_items.name,
                'quantity', order_items.quantity,
                'shipped', order_items.shipped_quantity,
                'delivered', order_items.delivered_quantity,
                'returned', order_items.returned_quantity,
                'cancelled', order_items.cancelled_quantity
            ) order by order_items.name, order_items.id
        )
        from commerce.order_items
        where
            order_items.business_id = orders.business_id
            and order_items.order_id = orders.id
    ) as items,
    (
        select json_agg(
            json_build_object(
                'id', shipments.id,
                'status', shipments.status,
                'carrier', shipments.carrier,
                'tracking_number', shipments.tracking_number,
                'shipped_at', shipments.shipped_at,
                'delivered_at', shipments.delivered_at
            ) order by shipments.created_at, shipments.id
        )
        from commerce.shipments
        where shipments.business_id = orders.business_id and shipments.order_id = orders.id
    ) as shipments,
    (
        select json_agg(
            json_build_object(
                'id', returns.id,
                'kind', returns.kind,
                'status', returns.status,
                'reason', returns.reason,
                'requested_at', returns.requested_at
            ) order by returns.requested_at, returns.id
        )
        from commerce.returns
        where returns.business_id = orders.business_id and returns.order_id = orders.id
    ) as returns,
    (
        select json_agg(
            json_build_object(
                'at', order_history.at,
                'event', order_history.event,
                'status', order_history.status,
                'by', order_history.actor,
                'user', users.email,
                'note', order_history.note
            ) order by order_history.id
        )
        from commerce.order_history
        left join auth.users on users.id = order_history.actor_id
        where
            order_history.business_id = orders.business_id
            and order_history.order_id = orders.id
    ) as timeline
from commerce.orders
inner join business.businesses on businesses.id = orders.business_id
inner join sales.sales on sales.id = orders.sale_id
left join business.stores
    on stores.business_id = orders.business_id and stores.id = orders.store_id
where orders.reference = upper(%(reference)s)
