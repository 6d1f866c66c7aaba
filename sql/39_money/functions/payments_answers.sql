-- Answers of providers to our calls. They are treated like events, which may come first.

/*
 * Record a provider's answer to a call: an event in all but its signature. `answer` has kind,
 * reference, amount_minor, currency and, where the payer must do something, client. Returns the
 * payment as its payer may see it, with what comes next; of a saved card, what its owner may see.
 * Definer: as money.start_call.
 */
create function money.finish_call(call money.provider_call, subject_id uuid, answer jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment_id uuid = case
        when call = 'refund' then (
            select refunds.payment_id from money.refunds
            where refunds.id = finish_call.subject_id
        )
        else finish_call.subject_id
    end;
begin
    if call in ('save', 'keep', 'forget') then
        return money.finish_method_call(call, finish_call.subject_id, answer);
    end if;
    perform 1 from money.payments where payments.id = v_payment_id for no key update;
    perform money.note_answer(call, finish_call.subject_id, answer);
    if answer ->> 'kind' is not null then
        perform money.apply_answer(call, finish_call.subject_id, v_payment_id, answer);
    end if;
    perform private.finish_effects(
        array[finish_call.subject_id], call::text, array[answer - 'client']
    );
    perform money.lease(call, finish_call.subject_id, null);
    perform money.retry_parked(v_payment_id);
    return money.shown_payment(v_payment_id);
end;
$$;

/*
 * Note what an answer says beside its kind: the provider's ids, and what the payer's browser needs.
 */
create function money.note_answer(call money.provider_call, subject_id uuid, answer jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if call = 'refund' then
        update money.refunds
        set provider_reference = coalesce(refunds.provider_reference, answer ->> 'reference')
        where refunds.id = note_answer.subject_id;
        return;
    end if;
    update money.payments
    set
        provider_reference = coalesce(payments.provider_reference, answer ->> 'reference'),
        client = case
            when call = 'create' then nullif(answer -> 'client', 'null')
            else payments.client
        end,
        method_token = null
    where payments.id = note_answer.subject_id;
    perform money.note_customer(payments.payer_id, payments.provider, answer ->> 'customer')
    from money.payments
    where payments.id = note_answer.subject_id;
end;
$$;

/*
 * Apply what an answer says of a payment or a refund that was just noted.
 */
create function money.apply_answer(
    call money.provider_call, subject_id uuid, payment_id uuid, answer jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if call = 'refund' then
        perform money.apply_refund_event(apply_answer.subject_id, money.make_event(answer));
        return;
    end if;
    perform money.apply_state_event(apply_answer.payment_id, money.make_event(answer));
    if call = 'cancel' then
        perform money.move_payment(payments, money.closed_status(payments), null)
        from money.payments
        where payments.id = apply_answer.payment_id and payments.reached = 'cancelled';
    end if;
end;
$$;

/*
 * A provider's answer in the form of an event that is not stored.
 */
create function money.make_event(answer jsonb)
returns money.provider_events
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_event money.provider_events;
begin
    v_event.kind = answer ->> 'kind';
    v_event.object_reference = answer ->> 'reference';
    v_event.amount_minor = (answer ->> 'amount_minor')::bigint;
    v_event.currency = answer ->> 'currency';
    v_event.occurred_at = clock_timestamp();
    v_event.data = coalesce(answer -> 'data', '{}');
    return v_event;
end;
$$;

/*
 * Give back a call that got no answer, so that it can be repeated at once with the same key.
 * Definer: as money.start_call.
 */
create function money.release_call(call money.provider_call, subject_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform money.lease(call, release_call.subject_id, null);
end;
$$;

/*
 * Return a payment or a setup that somebody else asked for meanwhile, as its payer or user may see
 * it.
 * Definer: as money.start_call. The edge calls it for the caller who started it.
 */
create function money.started_call(call money.provider_call, subject_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return case
        when call in ('save', 'keep') then money.shown_setup(started_call.subject_id)
        else money.shown_payment(started_call.subject_id)
    end;
end;
$$;

/*
 * Return a payment as its payer may see it, with what their browser needs next.
 */
create function money.shown_payment(payment_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_build_object(
                'id', payments.id,
                'status', payments.status,
                'provider', payments.provider,
                'currency', payments.currency,
                'amount_minor', payments.amount_minor,
                'captured_minor', payments.captured_minor,
                'refunded_minor', payments.refunded_minor,
                'failure', payments.failure,
                'basket_id', payments.basket_id,
                'created_at', payments.created_at,
                'client', case
                    when payments.status in ('pending', 'requires_action', 'failed')
                        then payments.client
                end
            )
        from money.payments
        where payments.id = shown_payment.payment_id
    );
end;
$$;
