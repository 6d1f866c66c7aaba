-- The sweep: what a webhook missed is found in the provider's own list, repaired like an event, and
-- shown. Payments that nobody finished are closed.

/*
 * Return from which moment on the payments of a provider must be compared. An hour overlaps,
 * because lists come late.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.reconcile_from(provider text)
returns timestamptz
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return coalesce(
        (
            select reconciliations.compared_until - interval '1 hour'
            from money.reconciliations
            where reconciliations.provider = reconcile_from.provider
        ),
        private.now() - interval '7 days'
    );
end;
$$;

/*
 * Compare a payment of a provider's list with ours. `listed` has reference, key, status,
 * amount_minor, captured_minor, refunded_minor, currency. What we missed is applied, and noted as a
 * finding that is resolved; what contradicts us stays open. Returns whether they agreed.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.reconcile_payment(provider text, listed jsonb)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_event money.provider_events = money.make_event(listed);
    v_payment money.payments;
    v_outcome money.event_outcome;
begin
    v_event.provider = reconcile_payment.provider;
    v_event.key = listed ->> 'key';
    select payments.* into v_payment
    from money.payments
    where payments.id = money.payment_of_event(v_event)
    for no key update;
    if not found then
        perform money.note_finding('unknown_payment', null, v_event);
        return false;
    end if;
    v_event.kind = 'payment.' || (listed ->> 'status');
    v_event.amount_minor = case
        when listed ->> 'status' = 'captured' then (listed ->> 'captured_minor')::bigint
        else (listed ->> 'amount_minor')::bigint
    end;
    v_outcome = money.apply_state_event(v_payment.id, v_event);
    if v_outcome = 'applied' then
        perform money.note_finding('missed_event', v_payment, v_event);
        update money.payment_findings
        set resolved_at = private.now()
        where
            payment_findings.kind = 'missed_event'
            and payment_findings.payment_id = v_payment.id
            and payment_findings.resolved_at is null;
    end if;
    return v_outcome = 'unchanged' and money.agrees_on_refunds(v_payment, v_event, listed);
end;
$$;

/*
 * Does a provider's list have the refunds of a payment that we have? More is a finding: somebody
 * refunded at the provider, behind our back.
 */
create function money.agrees_on_refunds(
    payment money.payments, event money.provider_events, listed jsonb
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_asked bigint = (
        select coalesce(sum(refunds.amount_minor), 0)
        from money.refunds
        where refunds.payment_id = payment.id and refunds.status <> 'failed'
    );
begin
    if coalesce((listed ->> 'refunded_minor')::bigint, 0) <= v_asked then
        return true;
    end if;
    perform money.note_finding('refunded_elsewhere', payment, event);
    return false;
end;
$$;

/*
 * Note until when a provider's list was compared.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.finish_reconciliation(provider text, until timestamptz)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.reconciliations (provider, compared_until)
    values (finish_reconciliation.provider, finish_reconciliation.until)
    on conflict on constraint reconciliations_pkey do update
    set compared_until = greatest(reconciliations.compared_until, excluded.compared_until);
end;
$$;

/*
 * Close the payments that nobody finished in their time, and ask again for refunds and new payments
 * whose message was lost. Returns how many calls were sent.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.sweep_payments()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    with due as (
        select
            case
                -- Nobody knows whether the provider made it: ask, then cancel it.
                when payments.provider_reference is null and not money.was_never_asked(payments)
                    then 'create'
                else 'cancel'
            end::money.provider_call as call,
            payments.id
        from money.payments
        where
            payments.status in ('pending', 'requires_action', 'failed', 'authorized')
            and payments.expires_at <= private.now()
            -- Reserved money is kept for a week, for the business to take it.
            and (
                payments.status <> 'authorized'
                or payments.expires_at <= private.now() - interval '6 days'
            )
        union all
        select 'refund', refunds.id
        from money.refunds
        where
            refunds.status = 'pending'
            and refunds.provider_reference is null
            and refunds.created_at <= private.now() - interval '1 hour'
        union all
        select 'keep', method_setups.id
        from money.method_setups
        where
            method_setups.saved_at is null
            and method_setups.failure is null
            and method_setups.created_at >= private.now() - interval '3 days'
            and money.is_to_check(method_setups)
    )

    select count(money.ask_provider(due.call, due.id)::text)
    into v_count
    from due;
    return v_count;
end;
$$;
