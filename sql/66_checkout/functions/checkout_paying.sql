-- How what was just sold is paid: gift cards first, then credit, and the rest with a provider.

/*
 * Return the refusal of the first code that is no usable gift card; null if all are. The wrong code
 * is counted.
 *
 * Errors:  PT429 rate_limited
 */
create function private.wrong_gift_card(codes text[])
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_code text;
begin
    if codes = '{}' then
        return null;
    end if;
    perform money.refuse_guesses(money.guess_origin());
    foreach v_code in array codes loop
        if (money.usable_gift_card(v_code)).id is null then
            return money.note_guess();
        end if;
    end loop;
    return null;
end;
$$;

/*
 * Pay the sales of a basket with gift cards and credit, as far as they go. Accounts are drawn on in
 * the order of their ids.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT409 insufficient_credit
 */
create function private.pay_with_credit(basket_id uuid, form private.order_form)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_card money.gift_cards;
begin
    for v_card in
        select distinct on (card.account_id) card.*
        from unnest(form.gift_card_codes) as sent (code)
        cross join lateral money.usable_gift_card(sent.code) as card
        order by card.account_id
    loop
        perform private.spend_card(pay_with_credit.basket_id, v_card);
    end loop;
    if form.use_credit_minor > 0 then
        perform private.spend_credit(pay_with_credit.basket_id, form.use_credit_minor);
    end if;
end;
$$;

/*
 * Pay the sales of a basket with a gift card: those of its business, as far as it goes. A card that
 * pays nothing is refused.
 *
 * Errors:  PT400 invalid_input
 */
create function private.spend_card(basket_id uuid, card money.gift_cards)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_has_paid boolean = false;
begin
    for v_sale in
        select sales.*
        from sales.sales
        where
            sales.basket_id = spend_card.basket_id
            and sales.currency = card.currency
            and coalesce(sales.business_id = card.business_id, true)
        order by sales.business_id, sales.id
        for no key update
    loop
        continue when (money.sale_balance(v_sale.business_id, v_sale.id)).balance_minor <= 0
        or money.lock_spendable(card.account_id) = 0;
        perform money.spend_on_sale(v_sale, 'gift_card', card.account_id, null);
        v_has_paid = true;
    end loop;
    if not v_has_paid then
        perform private.invalid('gift_card_codes', 'must be of cards that can pay this cart');
    end if;
end;
$$;

/*
 * Pay the sales of a basket with the credit that the caller has at their businesses, in all as much
 * as they say.
 *
 * Errors:  PT401 not_signed_in · PT409 insufficient_credit
 */
create function private.spend_credit(basket_id uuid, amount_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_sale sales.sales;
    v_account_id uuid;
    v_part bigint;
    v_left bigint = amount_minor;
begin
    for v_sale in
        select sales.*
        from sales.sales
        where sales.basket_id = spend_credit.basket_id
        order by sales.business_id, sales.id
        for no key update
    loop
        v_account_id = private.credit_account(v_sale, v_user_id);
        continue when v_account_id is null;
        v_part = least(
            v_left, money.lock_spendable(v_account_id),
            (money.sale_balance(v_sale.business_id, v_sale.id)).balance_minor
        );
        continue when v_part <= 0;
        perform money.spend_on_sale(v_sale, 'credit', v_account_id, v_part);
        v_left = v_left - v_part;
    end loop;
    if v_left > 0 then
        perform private.refuse(
            'PT409', 'insufficient_credit',
            'There is not enough left on the gift card or the credit.',
            'Pay a smaller part with it.'
        );
    end if;
end;
$$;

/*
 * Return the account of the credit that a user has at the business of a sale, if they have any.
 */
create function private.credit_account(sale sales.sales, user_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select accounts.id
        from customers.customers
        inner join money.accounts
            on
                accounts.business_id = customers.business_id
                and accounts.owner_id = customers.id
                and accounts.kind = 'customer_credit'
                and accounts.currency = sale.currency
        where
            customers.business_id = sale.business_id
            and customers.user_id = credit_account.user_id
    );
end;
$$;

/*
 * Begin the payment of what a basket still owes, if the buyer named a provider. Returns its id.
 *
 * Errors:  PT404 not_found · PT422 method_expired provider_not_offered
 */
create function private.pay_basket(basket_id uuid, wish money.payment_wish)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payable private.payable;
    v_due bigint;
begin
    if wish.provider is null then
        return null;
    end if;
    v_payable = private.payable_of(
        array(
            select sales
            from sales.sales
            where sales.basket_id = pay_basket.basket_id
            order by sales.business_id, sales.id
        ),
        'basket_id'
    );
    v_due = (select sum(due) from unnest(v_payable.due_minor) as due);
    if v_due = 0 then
        return null;
    end if;
    return private.pay(v_payable, v_due, wish);
end;
$$;

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
        'memberships', '[]'::jsonb,
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
