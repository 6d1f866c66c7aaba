-- How saved cards are charged when their owner is not there: many at once, in a few statements. The
-- caller decides what is owed, holds the locks of what it charges for, and charges each once.

/*
 * Return which of some sales can be charged to the saved card at the same place: one that was not
 * forgotten and has not expired, and whose provider the business offers for the amount. Each gets
 * the id that its payment will have.
 */
create function money.chargeable_sales(
    business_ids uuid[], sale_ids uuid[], method_ids uuid[], amounts bigint[]
)
returns table (
    payment_id uuid,
    business_id uuid,
    sale_id uuid,
    currency text,
    user_id uuid,
    provider text,
    method_id uuid,
    amount_minor bigint
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    select
        gen_random_uuid(), sales.business_id, sales.id, sales.currency, methods.user_id,
        methods.provider, methods.id, charges.amount_minor
    from unnest(business_ids, sale_ids, method_ids, amounts)
        as charges (business_id, sale_id, method_id, amount_minor)
    inner join sales.sales
        on sales.business_id = charges.business_id and sales.id = charges.sale_id
    inner join money.payment_methods as methods on methods.id = charges.method_id
    inner join lateral money.offered_providers(
        array[charges.business_id], sales.currency, charges.amount_minor
    ) as offered (provider) on methods.provider = offered.provider
    where
        charges.amount_minor > 0
        and methods.removed_at is null
        and not money.is_expired(methods);
end;
$$;

/*
 * Begin a payment of each of some sales with a saved card. A card that cannot be charged
 * (money.chargeable_sales) is left out. Returns which sale got which payment; the workers ask the
 * providers.
 */
create function money.charge_saved_methods(
    business_ids uuid[], sale_ids uuid[], method_ids uuid[], amounts bigint[]
)
returns table (sale_id uuid, payment_id uuid)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    with wanted as materialized (
        select wanted.*
        from money.chargeable_sales(business_ids, sale_ids, method_ids, amounts) as wanted
    ),

    begun as (
        insert into money.payments (
            id, payer_id, provider, method_id, is_off_session, currency, amount_minor,
            to_capture_minor, capture, return_url, expires_at, created_at
        )
        select
            wanted.payment_id, wanted.user_id, wanted.provider, wanted.method_id, true,
            wanted.currency, wanted.amount_minor, wanted.amount_minor, 'now', '',
            private.now() + interval '24 hours', private.now()
        from wanted
    ),

    parts as (
        insert into money.payment_parts (
            business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
        )
        select
            wanted.business_id, wanted.sale_id, wanted.payment_id, wanted.provider,
            wanted.currency, wanted.amount_minor, private.now()
        from wanted
    ),

    asked as (
        select private.send_messages(
            'payments', 'ask_provider',
            array_agg(jsonb_build_object('call', 'create', 'subject_id', wanted.payment_id)),
            array_agg(null::timestamptz), array_agg(null::uuid)
        )
        from wanted
        having count(*) > 0
    )

    select wanted.sale_id, wanted.payment_id
    from wanted
    left join asked on true;
end;
$$;
