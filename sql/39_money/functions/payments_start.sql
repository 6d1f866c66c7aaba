-- How a payment begins: under a lock of its sales, for what they still owe and not more. Nothing
-- here calls a provider; the edge or a worker does so next (payments_calls.sql).

/*
 * Return the share of a price, in basis points, that customers of a business pay before a booking
 * is confirmed.
 */
create function money.prepayment_bps(business_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select payment_settings.prepayment_bps
            from money.payment_settings
            where payment_settings.business_id = prepayment_bps.business_id
        ),
        0
    );
end;
$$;

/*
 * Lock sales against other payments of them, in the order of their ids.
 */
create function money.lock_sales(sale_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform 1
    from sales.sales
    where sales.id = any(lock_sales.sale_ids)
    order by sales.id
    for no key update;
end;
$$;

/*
 * Return what each of some sales still owes, at the same place. Overpaid sales owe 0. A payment
 * that the same payer began and did not finish does not count: the new one replaces it.
 */
create function money.dues(business_ids uuid[], sale_ids uuid[])
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select greatest((money.sale_balance(wanted.business_id, wanted.sale_id)).balance_minor, 0)
        from unnest(business_ids, sale_ids) with ordinality
            as wanted (business_id, sale_id, position)
        order by wanted.position
    );
end;
$$;

/*
 * Return the providers with which customers may pay an amount to some businesses: those that take
 * the currency, and that each business offers for it and for this amount; null: for any amount.
 */
create function money.offered_providers(business_ids uuid[], currency text, amount_minor bigint)
returns setof text
language plpgsql
stable
security invoker
rows 5
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select providers.name
    from money.providers
    where
        providers.is_online
        and providers.is_enabled
        and (
            providers.currencies = '{}'
            or offered_providers.currency = any(providers.currencies)
        )
        and not exists (
            select 1
            from money.payment_settings
            where
                payment_settings.business_id = any(offered_providers.business_ids)
                and payment_settings.providers <> '{}'
                and providers.name <> all(payment_settings.providers)
        )
        and not exists (
            select 1
            from money.payment_ranges as ranges
            where
                ranges.business_id = any(offered_providers.business_ids)
                and ranges.provider = providers.name
            group by ranges.business_id
            having
                not bool_or(
                    ranges.currency = offered_providers.currency
                    and coalesce(offered_providers.amount_minor >= ranges.min_minor, true)
                    and coalesce(offered_providers.amount_minor <= ranges.max_minor, true)
                )
        )
    order by providers.name;
end;
$$;

/*
 * Refuse a provider that the businesses of a payment do not offer for its amount, or that members
 * record.
 *
 * Errors:  PT422 provider_not_offered
 */
create function money.require_provider(
    provider text, business_ids uuid[], currency text, amount_minor bigint
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_provider.provider not in (
        select
            money.offered_providers(
                require_provider.business_ids, require_provider.currency,
                require_provider.amount_minor
            )
    ) then
        perform private.refuse(
            'PT422', 'provider_not_offered', 'This cannot be paid with that provider.',
            'Choose another provider of the business; payment_providers of a cart names them.'
        );
    end if;
end;
$$;

/*
 * Return the saved method with which somebody pays. It must be theirs, at this provider, and not
 * expired.
 *
 * Errors:  PT404 not_found · PT422 method_expired
 */
create function money.require_method(method_id uuid, user_id uuid, provider text)
returns money.payment_methods
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_method money.payment_methods;
begin
    select payment_methods.* into v_method
    from money.payment_methods
    where
        payment_methods.id = require_method.method_id
        and payment_methods.user_id = require_method.user_id
        and payment_methods.provider = require_method.provider
        and payment_methods.removed_at is null;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such payment method.',
            'Check the id in the view payment_methods.'
        );
    end if;
    if money.is_expired(v_method) then
        perform private.refuse(
            'PT422', 'method_expired', 'This card has expired.',
            'Pay with another method, and save it.'
        );
    end if;
    return v_method;
end;
$$;

/*
 * Begin a payment of some sales, whose locks the caller holds. What the same payer began for one of
 * them and did not finish is closed. Returns the payment's id.
 *
 * Errors:  PT404 not_found · PT409 nothing_to_pay · PT422 provider_not_offered method_expired
 */
create function money.begin_payment(wish money.payment_wish)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_payment money.payments;
    v_is_shared boolean = (select count(distinct id) > 1 from unnest(wish.business_ids) as id);
begin
    v_payment.amount_minor = (select sum(amount) from unnest(wish.amounts) as amount);
    v_payment.currency = (select sales.currency from sales.sales where sales.id = wish.sale_ids[1]);
    perform money.require_provider(
        wish.provider, wish.business_ids, v_payment.currency, v_payment.amount_minor
    );
    if wish.method_id is not null then
        perform money.require_method(wish.method_id, wish.payer_id, wish.provider);
    end if;
    if coalesce(v_payment.amount_minor, 0) <= 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    end if;
    perform money.close_unfinished(wish.sale_ids, wish.payer_id);
    insert into money.payments (
        basket_id, payer_id, provider, method_id, method_token, saves_method, is_off_session,
        currency, amount_minor, to_capture_minor, capture, return_url, expires_at, created_at
    )
    select
        wish.basket_id, wish.payer_id, wish.provider, wish.method_id, wish.method_token,
        coalesce(wish.saves_method, false), coalesce(wish.is_off_session, false), sales.currency,
        v_payment.amount_minor, v_payment.amount_minor,
        -- Several businesses cannot agree on when to take one payment.
        case
            when v_is_shared then 'now'
            else coalesce(payment_settings.capture, 'now')
        end::money.capture_mode,
        coalesce(wish.return_url, ''), private.now() + interval '24 hours', private.now()
    from sales.sales
    left join money.payment_settings on payment_settings.business_id = sales.business_id
    where sales.id = wish.sale_ids[1]
    returning payments.* into v_payment;
    perform money.write_parts(v_payment, wish);
    return v_payment.id;
end;
$$;

/*
 * Write the parts of a new payment.
 */
create function money.write_parts(payment money.payments, wish money.payment_wish)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
    )
    select
        wanted.business_id, wanted.sale_id, payment.id, payment.provider, payment.currency,
        wanted.amount_minor, payment.created_at
    from unnest(wish.business_ids, wish.sale_ids, wish.amounts)
        as wanted (business_id, sale_id, amount_minor)
    where wanted.amount_minor > 0;
end;
$$;

/*
 * Close what a payer began for some sales and did not pay, because they begin anew. If the money
 * comes all the same, money.settle_sale gives it back.
 */
create function money.close_unfinished(sale_ids uuid[], payer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform money.ask_provider('cancel', payments.id)
    from money.payments
    where
        payments.status in ('pending', 'requires_action', 'failed')
        and payments.payer_id is not distinct from close_unfinished.payer_id
        and payments.id in (
            select payment_parts.payment_id
            from sales.sales
            inner join money.payment_parts
                on
                    payment_parts.business_id = sales.business_id
                    and payment_parts.sale_id = sales.id
            where sales.id = any(close_unfinished.sale_ids)
        );
end;
$$;
