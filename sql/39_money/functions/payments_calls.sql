-- Calls of providers. Each is an effect: its key is stored before the call, and a lease keeps
-- others from making the same call meanwhile. Whoever calls (the edge, so that the payer need not
-- wait, or a worker) reports the answer to money.finish_call, which treats it like an event.

/*
 * Send a call of a provider to the workers. `subject_id` is the payment or, for refund, the refund;
 * for save and keep the setup, and for forget the method.
 */
create function money.ask_provider(
    call money.provider_call, subject_id uuid, due_at timestamptz default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        'payments', 'ask_provider',
        jsonb_build_object('call', ask_provider.call, 'subject_id', ask_provider.subject_id),
        due_at
    );
end;
$$;

/*
 * Start a call of a provider. Returns all that the caller needs; null when there is nothing to ask
 * (any more), {"wait": true} while somebody else is asking. Commit before calling.
 * Definer: called by the edge and the workers, who have no access to the tables.
 */
create function money.start_call(call money.provider_call, subject_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_refund money.refunds;
    v_effect private.effects;
begin
    if call in ('save', 'keep', 'forget') then
        return money.start_method_call(call, start_call.subject_id);
    end if;
    if call = 'refund' then
        select refunds.* into v_refund from money.refunds
        where refunds.id = start_call.subject_id for no key update;
    end if;
    select payments.* into v_payment from money.payments
    where payments.id = coalesce(v_refund.payment_id, start_call.subject_id) for no key update;
    if not money.is_to_ask(call, v_payment, v_refund) then
        return null;
    end if;
    if call = 'cancel' and money.was_never_asked(v_payment) then
        perform money.move_payment(v_payment, money.closed_status(v_payment), null);
        return null;
    end if;
    if v_payment.provider_reference is null and call <> 'create'
        or coalesce(v_refund.asked_until, v_payment.asked_until) > clock_timestamp() then
        return '{"wait": true}';
    end if;
    v_effect = private.start_effects(array[start_call.subject_id], call::text);
    if v_effect.status = 'done' then
        return null;
    end if;
    perform money.lease(call, start_call.subject_id, clock_timestamp() + interval '1 minute');
    return money.call_arguments(call, v_payment, v_refund)
        || jsonb_build_object('key', v_effect.idempotency_key, 'began_at', v_effect.started_at);
end;
$$;

/*
 * Lease the subject of a call to whoever asks its provider, or end the lease.
 */
create function money.lease(call money.provider_call, subject_id uuid, until timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    case call
        when 'refund' then
            update money.refunds
            set asked_until = lease.until
            where refunds.id = lease.subject_id;
        when 'save', 'keep' then
            update money.method_setups
            set asked_until = lease.until
            where method_setups.id = lease.subject_id;
        when 'forget' then
            update money.methods_to_forget
            set asked_until = lease.until
            where methods_to_forget.id = lease.subject_id;
        else
            update money.payments
            set asked_until = lease.until
            where payments.id = lease.subject_id;
    end case;
end;
$$;

/*
 * Is there anything to ask a provider? A call is not repeated once its outcome is known.
 */
create function money.is_to_ask(
    call money.provider_call, payment money.payments, refund money.refunds
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case call
        when 'create' then
            payment.provider_reference is null and payment.status = 'pending'
        when 'finish' then payment.captured_minor = 0 and payment.reached < 'authorized'
        when 'capture' then payment.status = 'authorized'
        when 'cancel' then payment.captured_minor = 0 and payment.reached < 'cancelled'
        when 'refund' then refund.status = 'pending'
    end;
end;
$$;

/*
 * Does the provider know nothing of a payment, because nobody has asked it yet?
 */
create function money.was_never_asked(payment money.payments)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return payment.provider_reference is null and not exists (
        select 1
        from private.effects
        where effects.message_id = payment.id and effects.effect = 'create'
    );
end;
$$;

/*
 * Return how a payment that is closed without money ends: it ran out, or somebody cancelled it.
 */
create function money.closed_status(payment money.payments)
returns money.payment_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case when payment.expires_at <= private.now() then 'expired' else 'cancelled' end;
end;
$$;

/*
 * Return the arguments of a call of a provider.
 */
create function money.call_arguments(
    call money.provider_call, payment money.payments, refund money.refunds
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'call', call,
        'provider', payment.provider,
        'payment_id', payment.id,
        'payment', payment.provider_reference,
        'currency', payment.currency,
        'amount_minor', case call
            when 'refund' then refund.amount_minor
            when 'capture' then payment.to_capture_minor
            else payment.amount_minor
        end,
        'capture_now', payment.capture = 'now',
        'save_method', payment.saves_method,
        'off_session', payment.is_off_session,
        'return_url', payment.return_url,
        'description', money.payment_description(payment.id),
        'email', (select users.email from auth.users where users.id = payment.payer_id),
        'customer', (
            select provider_customers.provider_reference
            from money.provider_customers
            where
                provider_customers.user_id = payment.payer_id
                and provider_customers.provider = payment.provider
        ),
        'method', coalesce(payment.method_token, (
            select payment_methods.provider_reference
            from money.payment_methods
            where payment_methods.id = payment.method_id
        ))
    );
end;
$$;

/*
 * Return what a payer reads on the statement of their card: whom they pay.
 */
create function money.payment_description(payment_id uuid)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select left(string_agg(distinct businesses.name, ', '), 120)
        from money.payment_parts
        inner join business.businesses on businesses.id = payment_parts.business_id
        where payment_parts.payment_id = payment_description.payment_id
    );
end;
$$;
