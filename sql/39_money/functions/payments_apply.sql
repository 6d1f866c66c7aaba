-- What follows from what a provider says. Each function may run any number of times, in any order:
-- a state only moves up, a captured amount is what was captured in all, refunds and disputes are
-- found by their own ids. What contradicts us becomes a finding and changes nothing.

/*
 * Apply an event of a provider. It is the only way in which money is known to have moved.
 */
create function money.apply_payment_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment_id uuid = money.payment_of_event(event);
    v_refund_id uuid;
begin
    if event.kind like 'method.%' then
        return money.apply_method_event(event);
    elsif event.kind like 'payout.%' then
        return money.apply_payout_event(event);
    elsif event.kind = 'account.updated' then
        return money.apply_account_event(event);
    end if;
    if v_payment_id is null then
        return money.apply_setup_event(event);
    end if;
    perform 1 from money.payments where payments.id = v_payment_id for no key update;
    if event.kind like 'payment.%' then
        return money.apply_state_event(v_payment_id, event);
    elsif event.kind like 'dispute.%' then
        return money.apply_dispute_event(v_payment_id, event);
    end if;
    v_refund_id = money.refund_of_event(v_payment_id, event);
    if v_refund_id is null then
        return 'parked';
    end if;
    return money.apply_refund_event(v_refund_id, event);
end;
$$;

/*
 * Apply an event of which no payment is known: one by which a card is saved asks the provider for
 * the card. Any other waits for its payment.
 */
create function money.apply_setup_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup_id uuid = money.setup_of_event(event);
begin
    if v_setup_id is null then
        return 'parked';
    elsif event.kind <> 'payment.captured' then
        return 'unchanged';
    end if;
    perform money.ask_provider('keep', v_setup_id);
    return 'applied';
end;
$$;

/*
 * Return the payment that an event is about: by the provider's id of it, or by the key that we gave
 * when we asked for it, since an event may overtake the answer.
 */
create function money.payment_of_event(event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select payments.id
            from money.payments
            where
                payments.provider = event.provider
                and payments.provider_reference = coalesce(
                    event.payment_reference, event.object_reference
                )
        ),
        (
            select coalesce(refunds.payment_id, payments.id)
            from private.effects
            left join money.refunds on refunds.id = effects.message_id
            left join money.payments on payments.id = effects.message_id
            where
                effects.idempotency_key = event.key
                and effects.effect in ('create', 'refund')
        ),
        (
            select refunds.payment_id
            from money.refunds
            inner join money.payments on payments.id = refunds.payment_id
            where
                event.kind like 'refund.%'
                and refunds.provider_reference = event.object_reference
                and payments.provider = event.provider
        )
    );
end;
$$;

/*
 * Return the refund of a payment that an event is about, by the provider's id or by our key.
 */
create function money.refund_of_event(payment_id uuid, event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select refunds.id
        from money.refunds
        left join private.effects
            on effects.message_id = refunds.id and effects.effect = 'refund'
        where
            refunds.payment_id = refund_of_event.payment_id
            and (
                refunds.provider_reference = event.object_reference
                or effects.idempotency_key = event.key
            )
        limit 1
    );
end;
$$;

/*
 * Apply to a payment, which the caller has locked, what an event says of its state.
 */
create function money.apply_state_event(payment_id uuid, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_state text = split_part(event.kind, '.', 2);
begin
    update money.payments
    set provider_reference = coalesce(payments.provider_reference, event.object_reference)
    where payments.id = apply_state_event.payment_id
    returning payments.* into strict v_payment;
    if v_state = 'captured' then
        return money.apply_capture(v_payment, event);
    elsif v_state = 'approved' then
        perform money.ask_provider('finish', v_payment.id);
        return 'applied';
    elsif v_state = 'authorized' and not money.is_as_asked(
        v_payment, event, v_payment.amount_minor
    ) then
        return 'finding';
    elsif v_state not in ('requires_action', 'authorized', 'failed', 'cancelled', 'expired') then
        return 'unchanged';
    end if;
    return money.move_payment(
        v_payment, v_state::money.payment_status,
        coalesce(event.data ->> 'failure', event.data ->> 'reason')
    );
end;
$$;

/*
 * Move a payment up to a state in which no money has moved. It never moves down.
 */
create function money.move_payment(
    payment money.payments, to_status money.payment_status, failure text
)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if payment.reached >= to_status then
        return 'unchanged';
    end if;
    payment.reached = to_status;
    update money.payments
    set
        reached = to_status,
        status = money.payment_status_of(payment),
        failure = case to_status when 'failed' then move_payment.failure else payments.failure end
    where payments.id = payment.id;
    update money.payment_parts
    set authorized_minor = case to_status
        when 'authorized' then payment_parts.amount_minor
        else 0
    end
    where payment_parts.payment_id = payment.id;
    if to_status = 'authorized' then
        perform money.settle_later(payment.id);
    end if;
    return 'applied';
end;
$$;

/*
 * Is the money of an event what was asked for? If not, it is noted as a finding.
 */
create function money.is_as_asked(
    payment money.payments, event money.provider_events, asked_minor bigint
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if event.currency is distinct from payment.currency then
        perform money.note_finding('currency_differs', payment, event);
        return false;
    elsif event.amount_minor is distinct from asked_minor then
        perform money.note_finding('amount_differs', payment, event);
        return false;
    end if;
    return true;
end;
$$;

/*
 * Note that a provider says something of a payment that we do not.
 */
create function money.note_finding(
    kind text, payment money.payments, event money.provider_events
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.payment_findings (kind, provider, reference, payment_id, detail)
    values (
        note_finding.kind,
        coalesce(payment.provider, event.provider),
        event.object_reference,
        payment.id,
        jsonb_strip_nulls(jsonb_build_object(
            'event', event.kind,
            'event_id', event.event_id,
            'currency', event.currency,
            'amount_minor', event.amount_minor,
            'asked_currency', payment.currency,
            'asked_minor', payment.to_capture_minor
        ))
    )
    on conflict on constraint payment_findings_unique do nothing;
end;
$$;
