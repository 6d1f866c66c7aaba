-- How money that a provider took is recorded.

/*
 * Record that the money of a payment was taken: on the payment, on its parts and in the ledger, all
 * once. Sellers react to their parts by triggers, in this transaction.
 */
create function money.apply_capture(payment money.payments, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_shares bigint[];
begin
    if not money.is_as_asked(payment, event, payment.to_capture_minor) then
        return 'finding';
    end if;
    perform money.post_provider_fee(payment, event.data);
    if payment.captured_minor > 0 then
        return 'unchanged';
    end if;
    payment.captured_minor = payment.to_capture_minor;
    update money.payments
    set
        captured_minor = payment.captured_minor,
        status = money.payment_status_of(payment),
        failure = null,
        client = null
    where payments.id = payment.id;
    perform money.capture_parts(payment);
    perform money.post_capture(payment.id);
    perform money.settle_later(payment.id);
    return 'applied';
end;
$$;

/*
 * Split what was taken over the parts of a payment.
 */
create function money.capture_parts(payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with parts as (
        select array_agg(payment_parts order by payment_parts.business_id, payment_parts.sale_id) as a
        from money.payment_parts
        where payment_parts.payment_id = payment.id
    )

    update money.payment_parts
    set captured_minor = shares.amount, authorized_minor = 0
    from parts
    cross join lateral unnest(
        parts.a,
        pricing.split(
            payment.captured_minor,
            array(
                select part.amount_minor
                from unnest(parts.a) with ordinality as part
                order by part.ordinality
            )
        )
    ) as shares (
        business_id, sale_id, payment_id, provider, currency, status, amount_minor,
        authorized_minor, captured_minor, refunding_minor, refunded_minor, created_at, amount
    )
    where
        payment_parts.business_id = shares.business_id
        and payment_parts.sale_id = shares.sale_id
        and payment_parts.payment_id = payment.id;
end;
$$;
