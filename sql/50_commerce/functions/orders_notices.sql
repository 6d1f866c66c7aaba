-- What a notification says about an order, and who reads it. The seed registers the subject `order`
-- with these functions.

/*
 * Return what templates may say about orders.
 */
create function commerce.order_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', orders.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'business_phone', coalesce(businesses.phone, ''),
            'customer_name', coalesce(sales.customer_name, sales.customer_email, ''),
            'reference', orders.reference,
            'item_names', items.names,
            'total', scheduling.money_data(sale.owed_minor, sales.currency),
            'open', scheduling.money_data(greatest(sale.balance_minor, 0), sales.currency),
            'tracking', coalesce(commerce.tracking_of(orders), ''),
            'reason', coalesce(messages.payload ->> 'reason', '')
        )
    from unnest(order_data.messages) as messages
    inner join commerce.orders on orders.id = messages.subject_id
    inner join sales.sales on sales.id = orders.sale_id
    inner join business.businesses on businesses.id = orders.business_id
    cross join lateral money.sale_balance(orders.business_id, orders.sale_id) as sale
    cross join lateral (select commerce.item_names(orders) as names) as items;
end;
$$;

/*
 * Return the pieces of an order by quantity and name: those that stand, or all that were ordered
 * when none does.
 */
create function commerce.item_names(placed commerce.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                string_agg(format('%s × %s', item.standing, item.name), ', ' order by item.name, item.id)
                filter (where item.standing > 0),
                string_agg(format('%s × %s', item.quantity, item.name), ', ' order by item.name, item.id)
            )
        from (
            select
                order_items.id,
                order_items.name,
                order_items.quantity,
                order_items.quantity - order_items.cancelled_quantity
                - order_items.returned_quantity as standing
            from commerce.order_items
            where
                order_items.business_id = placed.business_id
                and order_items.order_id = placed.id
        ) as item
    );
end;
$$;

/*
 * Return how the latest shipment of an order is followed, in one line; null if nobody said.
 */
create function commerce.tracking_of(placed commerce.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select nullif(
            concat_ws(
                ' ', shipments.carrier, shipments.tracking_number, shipments.tracking_url
            ),
            ''
        )
        from commerce.shipments
        where
            shipments.business_id = placed.business_id
            and shipments.order_id = placed.id
            and shipments.shipped_at is not null
        order by shipments.shipped_at desc, shipments.id
        limit 1
    );
end;
$$;

/*
 * Return the people of an audience who read messages about orders: the customer, as the sale says
 * how to reach them, or the owners and managers of the business.
 */
create function commerce.order_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        orders.customer_id,
        coalesce(sales.customer_email, profiles.email),
        coalesce(sales.customer_phone, profiles.phone),
        coalesce(
            profiles.locale,
            (
                commerce.market_of(orders.business_id, commerce.region_of(orders.address))
            ).locale,
            businesses.locale
        ),
        null::jsonb
    from unnest(order_readers.messages) as messages
    inner join commerce.orders on orders.id = messages.subject_id
    inner join sales.sales on sales.id = orders.sale_id
    inner join business.businesses on businesses.id = orders.business_id
    left join identity.profiles on profiles.id = orders.customer_id
    where audience = 'customer'
    union all
    select readers.*
    from unnest(order_readers.messages) as messages
    inner join commerce.orders on orders.id = messages.subject_id
    cross join lateral
    business.manager_readers(orders.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;

/*
 * Return of which messages people are told: all of them. An order that somebody is changing right
 * now is left out, because waiting for one while keeping others could deadlock.
 */
create function commerce.claim_order_messages(messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order_ids constant uuid array = array(
        select orders.id
        from commerce.orders
        where
            orders.id in (
                select messages.subject_id
                from unnest(claim_order_messages.messages) as messages
            )
        for key share skip locked
    );
begin
    return query
    select messages.ordinal, true
    from unnest(claim_order_messages.messages) as messages
    where messages.subject_id = any(v_order_ids);
end;
$$;
