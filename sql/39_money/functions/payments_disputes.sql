-- Disputes, as providers tell of them.

/*
 * Apply what a provider says of a dispute of a payment, which the caller has locked. Each part of
 * the payment bears its share. A dispute that ended stays ended.
 */
create function money.apply_dispute_event(payment_id uuid, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_dispute money.disputes;
    v_to money.dispute_status = case split_part(event.kind, '.', 2)
        when 'opened' then 'open' else split_part(event.kind, '.', 2)
    end;
    v_count integer = 0;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = apply_dispute_event.payment_id;
    if v_payment.captured_minor = 0 then
        return 'parked';
    end if;
    if event.currency is distinct from v_payment.currency
        or coalesce(event.amount_minor, 0) not between 1 and v_payment.captured_minor then
        perform money.note_finding('dispute_differs', v_payment, event);
        return 'finding';
    end if;
    perform money.write_disputes(v_payment, event);
    for v_dispute in
        update money.disputes
        set
            status = v_to,
            closed_at = case when v_to <> 'open' then event.occurred_at end
        where
            disputes.payment_id = v_payment.id
            and disputes.provider_reference = event.object_reference
            and disputes.status = 'open'
        returning disputes.*
    loop
        perform money.post_dispute(v_dispute, v_payment.provider);
        v_count = v_count + 1;
    end loop;
    perform money.post_dispute_fee(v_payment, event);
    update money.payments
    set status = money.payment_status_of(payments)
    where payments.id = v_payment.id;
    return case when v_count > 0 then 'applied' else 'unchanged' end;
end;
$$;

/*
 * Write the rows of a dispute, one for each part of its payment, if they are not there yet.
 */
create function money.write_disputes(payment money.payments, event money.provider_events)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.disputes (
        business_id, sale_id, payment_id, provider_reference, currency, amount_minor, status,
        opened_at
    )
    select
        shares.business_id, shares.sale_id, payment.id, event.object_reference, payment.currency,
        shares.amount_minor, 'open', event.occurred_at
    from (
        select
            unnest(array_agg(parts.business_id order by parts.business_id, parts.sale_id)),
            unnest(array_agg(parts.sale_id order by parts.business_id, parts.sale_id)),
            unnest(
                pricing.split(
                    event.amount_minor,
                    array_agg(parts.captured_minor order by parts.business_id, parts.sale_id)
                )
            )
        from money.payment_parts as parts
        where parts.payment_id = payment.id
    ) as shares (business_id, sale_id, amount_minor)
    where shares.amount_minor > 0
    on conflict on constraint disputes_part_unique do nothing;
end;
$$;

/*
 * Post the fee that a provider charges for a dispute. It is the platform's, also when the dispute
 * is won.
 */
create function money.post_dispute_fee(payment money.payments, event money.provider_events)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint = (event.data ->> 'fee_minor')::bigint;
    v_currency text = coalesce(event.data ->> 'fee_currency', payment.currency);
begin
    if v_fee is null or v_fee <= 0 then
        return;
    end if;
    perform money.post(
        null, 'dispute_fee', md5(payment.provider || event.object_reference)::uuid,
        array[
            money.make_entry(
                money.account('provider_fees', v_currency, provider => payment.provider), v_fee
            ),
            money.make_entry(
                money.account('provider', v_currency, provider => payment.provider), - v_fee
            )
        ]
    );
end;
$$;
