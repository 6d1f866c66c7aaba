-- Orders by what is asked for, the latest first.
select
    orders.reference,
    orders.status,
    orders.placed_at,
    businesses.slug as business,
    coalesce(sales.customer_email, sales.customer_name, users.email) as customer,
    (
        select
            string_agg(
                format('%%s × %%s', order_items.quantity, order_items.name), ', '
                order by order_items.name, order_items.id
            )
        from commerce.order_items
        where
            order_items.business_id = orders.business_id
            and order_items.order_id = orders.id
    ) as items,
    (money.sale_balance(orders.business_id, orders.sale_id)).owed_minor as total_minor,
    sales.currency,
    orders.delivery_kind,
    orders.expires_at
from commerce.orders
inner join business.businesses on businesses.id = orders.business_id
inner join sales.sales on sales.id = orders.sale_id
left join auth.users on users.id = orders.customer_id
where
    (%(business_id)s::uuid is null or orders.business_id = %(business_id)s)
    and (%(status)s::text is null or orders.status::text = %(status)s)
    and (
        %(customer)s::text is null
        or lower(%(customer)s) in (lower(sales.customer_email), lower(users.email))
    )
order by orders.placed_at desc, orders.id
limit %(limit)s
