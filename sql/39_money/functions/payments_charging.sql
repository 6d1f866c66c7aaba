-- How saved cards are charged when their owner is not there: many at once, in a few statements. The
-- caller decides what is owed, holds the locks of what it charges for, and charges each once.

/*
 * Begin a payment of each of some sales with a saved card. A card that was forgotten or has
 * expired, or whose provider the business does not offer, is not charged. Returns which sale got
 * which payment; the workers ask the providers.
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
        select
            gen_random_uuid() as payment_id,
            sales.business_id,
            sales.id as sale_id,
            sales.currency,
            methods.user_id,
            methods.provider,
            methods.id as method_id,
            charges.amount_minor
        from unnest(
            charge_saved_methods.business_ids, charge_saved_methods.sale_ids,
            charge_saved_methods.method_ids, charge_saved_methods.amounts
        ) as charges (business_id, sale_id, method_id, amount_minor)
        inner join sales.sales
            on sales.business_id = charges.business_id and sales.id = charges.sale_id
        inner join money.payment_methods as methods on methods.id = charges.method_id
        inner join money.providers on providers.name = methods.provider
        left join money.payment_settings
            on payment_settings.business_id = charges.business_id
        where
            charges.amount_minor > 0
            and methods.removed_at is null
            and coalesce(methods.expires_on, 'infinity') >= private.now()::date
            and providers.is_online
            and providers.is_enabled
            and (
                coalesce(payment_settings.providers, '{}') = '{}'
                or methods.provider = any(payment_settings.providers)
            )
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
            'payments',
            'ask_provider',
            array_agg(
                jsonb_build_object('call', 'create', 'subject_id', wanted.payment_id)
            ),
            array_agg(null::timestamptz),
            array_agg(null::uuid)
        )
        from wanted
        having count(*) > 0
    )

    select wanted.sale_id, wanted.payment_id
    from wanted
    left join asked on true;
end;
$$;
