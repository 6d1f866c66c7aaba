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
set plan_cache_mode = 'force_generic_plan'
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
 * Pay the sales of a basket with a gift card: those of businesses that take it, as far as it goes.
 * A card that pays nothing is refused.
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
            and money.takes_card(card, sales.business_id)
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
                and accounts.owner_id = coalesce(customers.merged_into_id, customers.id)
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
set plan_cache_mode = 'force_generic_plan'
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
