-- The steps of a payout, and how each is posted. The money of a payout is under way from when it is
-- made until it is paid or given back to the business's open earnings.

/*
 * Post a step of payouts: each once for each payout and attempt. A payout takes what it pays from
 * the business's account, and from its reserve what became free of it.
 */
create function money.post_payouts(payout_ids uuid[], step text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with moved as (
        select entries.*
        from money.payout_entries(payout_ids, post_payouts.step) as entries
    ),

    accounts as (
        insert into money.accounts (id, kind, currency, business_id, provider, created_at)
        select distinct
            moved.account_id, moved.kind, moved.currency, moved.account_business_id,
            moved.provider, private.now()
        from moved
        where not exists (select 1 from money.accounts where accounts.id = moved.account_id)
        on conflict do nothing
    ),

    posted as (
        insert into money.transactions (business_id, cause_kind, cause_id, at)
        select payouts.business_id, post_payouts.step, payouts.id, private.now()
        from money.payouts
        where payouts.id = any(payout_ids)
        order by payouts.id
        on conflict on constraint transactions_once_a_cause do nothing
        returning transactions.number, transactions.cause_id
    )

    insert into money.entries (number, position, account_id, amount_minor)
    select posted.number, moved.place, moved.account_id, moved.amount_minor
    from posted
    inner join moved on moved.payout_id = posted.cause_id
    where moved.amount_minor <> 0;
end;
$$;

/*
 * Return the entries of a step of payouts. Made: from the business's account and its reserve into
 * transit. Paid: out of the provider. Failed, of one that was paid: back to the provider. Reversed,
 * and rejected: back to the business.
 */
create function money.payout_entries(payout_ids uuid[], step text)
returns table (
    payout_id uuid,
    place integer,
    kind money.account_kind,
    currency text,
    account_business_id uuid,
    provider text,
    account_id uuid,
    amount_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_out integer = case step when 'payout_created' then 1 when 'payout_reversed' then -1 else 0 end;
    v_paid integer = case step when 'payout_paid' then 1 when 'payout_failed' then -1 else 0 end;
begin
    return query
    select
        payouts.id, lines.place, lines.kind, payouts.currency, lines.business_id, lines.provider,
        money.account_id(lines.kind, payouts.currency, lines.business_id, lines.provider, null),
        lines.amount_minor
    from money.payouts
    cross join lateral (
        values
        (
            1, 'business_payable'::money.account_kind, payouts.business_id, null,
            v_out * (payouts.amount_minor - payouts.released_minor)
        ),
        (2, 'business_reserve', payouts.business_id, null, v_out * payouts.released_minor),
        (
            3, 'business_in_transit', payouts.business_id, null,
            (v_paid - v_out) * payouts.amount_minor
        ),
        (4, 'provider', null, payouts.provider, - v_paid * payouts.amount_minor)
    ) as lines (place, kind, business_id, provider, amount_minor)
    where payouts.id = any(payout_ids) and lines.amount_minor <> 0;
end;
$$;

/*
 * Give the earnings of a payout back: another payout takes them.
 */
create function money.reopen_earnings(payout money.payouts)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.open_earnings (
        business_id, earning_id, currency, sale_id, amount_minor, available_at, is_release
    )
    select
        earnings.business_id, earnings.id, earnings.currency, earnings.sale_id,
        earnings.amount_minor, private.now(), earnings.kind = 'release'
    from money.earnings
    where
        earnings.business_id = payout.business_id
        and earnings.id = any(payout.earning_ids);
end;
$$;

/*
 * Approve or reject a payout that waits for it. The policies of the table and its trigger refuse
 * whoever may not; this says so in the API's words.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden second_factor_required · PT404 not_found
 *          PT409 invalid_transition
 */
create function money.decide_payout(
    payout_id uuid, decision money.payout_decision, reason text
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid;
    v_requested_by uuid;
begin
    if not private.is_operator() then
        perform private.require_platform_staff('finance');
        perform private.require_second_factor();
    end if;
    select payouts.business_id, payouts.requested_by into v_business_id, v_requested_by
    from money.payouts
    where payouts.id = decide_payout.payout_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such payout.', 'Read the view payouts.'
        );
    end if;
    perform money.refuse_own_payout(v_requested_by, auth.uid());
    insert into money.payout_decisions (business_id, payout_id, decision, reason)
    values (v_business_id, decide_payout.payout_id, decide_payout.decision, decide_payout.reason)
    on conflict do nothing;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The payout was decided already.', 'Read it again.'
        );
    end if;
    return decide_payout.payout_id;
end;
$$;

/*
 * Refuse a decision about a payout that one requested.
 *
 * Errors:  PT403 forbidden
 */
create function money.refuse_own_payout(requested_by uuid, decided_by uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if requested_by = decided_by then
        perform private.refuse(
            'PT403', 'forbidden', 'Nobody decides about a payout that they requested.',
            'Ask somebody else of the platform''s finance staff.'
        );
    end if;
end;
$$;
