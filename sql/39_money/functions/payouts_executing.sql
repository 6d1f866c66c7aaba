-- How payouts and their accounts reach a provider. A worker asks, with the same key each time, and
-- writes down what the provider says; a webhook may say it first.

/*
 * Begin to hand a payout to its provider, or begin again after a crash. Returns what to ask for,
 * with the idempotency key; null when nothing is to be asked any more. Commit before asking.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.start_payout(payout_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
    v_effect private.effects;
begin
    select payouts.* into v_payout
    from money.payouts
    where payouts.id = start_payout.payout_id
    for no key update;
    if v_payout.status = 'approved' then
        update money.payouts
        set status = 'in_transit'
        where payouts.id = v_payout.id;
    elsif v_payout.status <> 'in_transit' then
        return null;
    end if;
    select effects.* into strict v_effect
    from private.start_effects(array[v_payout.id], 'payout') as effects;
    return (
        select jsonb_build_object(
            'provider', v_payout.provider,
            'key', v_effect.idempotency_key,
            'began_at', v_effect.started_at,
            'account', accounts.provider_reference,
            'reference', v_payout.provider_reference,
            'amount_minor', v_payout.amount_minor,
            'currency', v_payout.currency,
            'description', 'Payout ' || v_payout.id
        )
        from money.payout_accounts as accounts
        where
            accounts.business_id = v_payout.business_id
            and accounts.currency = v_payout.currency
    );
end;
$$;

/*
 * Send workers again after payouts that have not moved for an hour: a message was lost, or a
 * webhook. Those that the operator transfers only wait for them. Returns how many.
 * Definer: called by the worker, which has no access to the tables.
 */
create function money.chase_payouts()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    with chased as (
        update money.payouts
        set chased_at = private.now()
        from money.providers
        where
            providers.name = payouts.provider
            and (not providers.is_by_hand or payouts.status = 'failed')
            and payouts.status in ('approved', 'in_transit', 'failed')
            and coalesce(payouts.chased_at, payouts.created_at)
            <= private.now() - interval '1 hour'
        returning payouts.id, payouts.status
    )

    select
        count(
            private.send_message(
                'payouts',
                case chased.status when 'failed' then 'recall_payout' else 'execute_payout' end,
                jsonb_build_object('payout_id', chased.id)
            )::text
        )
    into v_count
    from chased;
    return v_count;
end;
$$;

/*
 * Write down what a provider says of a payout: `pending`, `succeeded` or `failed`. Returns its
 * status. A final answer that came before stays, but a provider may take back what it paid.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.record_payout(
    payout_id uuid, outcome text, reference text, failure text default null
)
returns money.payout_status
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    select payouts.* into strict v_payout
    from money.payouts
    where payouts.id = record_payout.payout_id
    for no key update;
    v_payout.status = case
        when outcome = 'succeeded' and v_payout.status = 'in_transit' then 'paid'
        when outcome = 'failed' and v_payout.status in ('in_transit', 'paid') then 'failed'
        else v_payout.status
    end;
    update money.payouts
    set
        status = v_payout.status,
        provider_reference = coalesce(payouts.provider_reference, record_payout.reference),
        failure = coalesce(record_payout.failure, payouts.failure),
        finished_at = case
            when v_payout.status in ('paid', 'failed')
                then coalesce(payouts.finished_at, private.now())
        end
    where payouts.id = v_payout.id;
    return v_payout.status;
end;
$$;

/*
 * Return what a worker needs to bring the money of a failed payout back, with the idempotency key;
 * null when nothing is to be brought back any more.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.start_recall(payout_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
    v_effect private.effects;
begin
    select payouts.* into v_payout
    from money.payouts
    where payouts.id = start_recall.payout_id;
    if v_payout.status is distinct from 'failed' then
        return null;
    end if;
    select effects.* into strict v_effect
    from private.start_effects(array[v_payout.id], 'recall') as effects;
    return (
        select jsonb_build_object(
            'provider', v_payout.provider,
            'key', v_effect.idempotency_key,
            'began_at', v_effect.started_at,
            'payout', v_payout.provider_reference,
            'account', accounts.provider_reference
        )
        from money.payout_accounts as accounts
        where
            accounts.business_id = v_payout.business_id
            and accounts.currency = v_payout.currency
    );
end;
$$;

/*
 * Book a failed payout back, once its money is with us again. Its account pays nothing until the
 * provider says that it can.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.reverse_payout(payout_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update money.payouts
    set status = 'reversed'
    where payouts.id = reverse_payout.payout_id and payouts.status = 'failed';
    update money.payout_accounts
    set status = 'restricted'
    from money.payouts
    where
        payouts.id = reverse_payout.payout_id
        and payout_accounts.business_id = payouts.business_id
        and payout_accounts.currency = payouts.currency
        and payout_accounts.status = 'active';
end;
$$;

/*
 * Apply what a provider says of a payout. One that nobody knows yet is parked.
 */
create function money.apply_payout_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    select payouts.* into v_payout
    from money.payouts
    where
        payouts.provider = event.provider
        and (
            payouts.provider_reference = event.object_reference
            or payouts.id = (
                select effects.message_id
                from private.effects
                where effects.idempotency_key = event.key and effects.effect = 'payout'
            )
        );
    if not found then
        return 'parked';
    end if;
    return case
        when v_payout.status = money.record_payout(
            v_payout.id,
            case event.kind when 'payout.paid' then 'succeeded' else 'failed' end,
            event.object_reference,
            event.data ->> 'reason'
        ) then 'unchanged'
        else 'applied'
    end;
end;
$$;

/*
 * Ask a provider what an account may do, of which it says that it changed.
 */
create function money.apply_account_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from money.payout_accounts
        where
            payout_accounts.provider = event.provider
            and payout_accounts.provider_reference = event.object_reference
    ) then
        return 'parked';
    end if;
    perform private.send_message(
        'payouts', 'refresh_payout_account',
        jsonb_build_object('provider', event.provider, 'reference', event.object_reference)
    );
    return 'applied';
end;
$$;
