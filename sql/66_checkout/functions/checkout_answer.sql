-- What a checkout answers.

/*
 * Return what a checkout sold: {basket, sales, orders, bookings, memberships, gift_cards, payment}.
 * Volatile, so that it sees what the same call wrote.
 */
create function private.sold_in(basket_id uuid, gift_cards jsonb, payment_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_sales jsonb;
    v_total bigint;
    v_due bigint;
begin
    select
        jsonb_agg(
            jsonb_build_object(
                'id', sales.id, 'business_id', sales.business_id, 'currency', sales.currency,
                'total_minor', balance.owed_minor, 'balance_minor', balance.balance_minor
            )
            order by sales.business_id, sales.id
        ),
        sum(balance.owed_minor),
        sum(balance.balance_minor)
    into v_sales, v_total, v_due
    from sales.sales
    cross join lateral money.sale_balance(sales.business_id, sales.id) as balance
    where sales.basket_id = sold_in.basket_id;
    return jsonb_build_object(
        'basket', (
            select jsonb_build_object(
                'id', baskets.id, 'currency', baskets.currency, 'total_minor', v_total,
                'balance_minor', v_due, 'created_at', baskets.created_at
            )
            from sales.baskets
            where baskets.id = sold_in.basket_id
        ),
        'sales', v_sales,
        'orders', private.orders_in(sold_in.basket_id),
        'bookings', private.bookings_in(sold_in.basket_id),
        'memberships', private.memberships_in(sold_in.basket_id),
        'gift_cards', sold_in.gift_cards,
        'payment', money.shown_payment(sold_in.payment_id)
    );
end;
$$;

/*
 * Return the orders of a basket.
 */
create function private.orders_in(basket_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', orders.id, 'business_id', orders.business_id,
                        'sale_id', orders.sale_id, 'reference', orders.reference,
                        'status', orders.status, 'delivery_kind', orders.delivery_kind,
                        'store_id', orders.store_id, 'expires_at', orders.expires_at
                    )
                    order by orders.business_id, orders.id
                ),
                '[]'
            )
        from sales.sales
        inner join commerce.orders
            on orders.business_id = sales.business_id and orders.sale_id = sales.id
        where sales.basket_id = orders_in.basket_id
    );
end;
$$;

/*
 * Return the bookings of a basket.
 */
create function private.bookings_in(basket_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', bookings.id, 'business_id', bookings.business_id,
                        'sale_id', bookings.sale_id, 'reference', bookings.reference,
                        'status', bookings.status, 'starts_at', bookings.starts_at,
                        'ends_at', bookings.ends_at, 'hold_expires_at', bookings.hold_expires_at
                    )
                    order by bookings.starts_at, bookings.id
                ),
                '[]'
            )
        from sales.sales
        inner join scheduling.bookings
            on bookings.business_id = sales.business_id and bookings.sale_id = sales.id
        where sales.basket_id = bookings_in.basket_id
    );
end;
$$;
