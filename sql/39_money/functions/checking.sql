-- What would show that the ledger is wrong. `frontdesk ledger check`, the doctor and the tests ask;
-- nothing is ever found unless somebody went around the rules.

/*
 * Return everything that does not agree: what was found, on what, and both amounts in minor units.
 */
create function money.ledger_findings()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select findings.* from money.unbalanced_transactions() as findings
    union all
    select findings.* from money.wrong_checkpoints() as findings
    union all
    select findings.* from money.wrong_spendable_balances() as findings
    union all
    select findings.* from money.wrong_period_balances() as findings
    union all
    select findings.* from money.wrong_payments() as findings
    union all
    select findings.* from money.wrong_payouts() as findings;
end;
$$;

/*
 * Return transactions whose entries do not sum to zero in a currency, or that have none.
 */
create function money.unbalanced_transactions()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        case when sums.currency is null then 'without_entries' else 'unbalanced' end,
        concat_ws(' ', transactions.cause_kind, transactions.cause_id, sums.currency),
        0::bigint,
        sums.amount_minor
    from money.transactions
    left join (
        select entries.number, accounts.currency, sum(entries.amount_minor)::bigint as amount_minor
        from money.entries
        inner join money.accounts on entries.account_id = accounts.id
        group by entries.number, accounts.currency
    ) as sums on transactions.number = sums.number
    where sums.amount_minor is distinct from 0;
end;
$$;

/*
 * Return the latest checkpoints that differ from the sum of their entries.
 */
create function money.wrong_checkpoints()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        'checkpoint',
        latest.account_id::text,
        sums.amount_minor,
        latest.balance_minor
    from (
        select distinct on (checkpoints.account_id) checkpoints.*
        from money.checkpoints
        order by checkpoints.account_id, checkpoints.through_number desc
    ) as latest
    cross join lateral (
        select coalesce(sum(entries.amount_minor), 0)::bigint as amount_minor
        from money.entries
        where
            entries.account_id = latest.account_id
            and entries.number <= latest.through_number
    ) as sums
    where latest.balance_minor <> sums.amount_minor;
end;
$$;

/*
 * Return what can be spent where it differs from what the entries say.
 */
create function money.wrong_spendable_balances()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        'spendable_balance',
        spendable_balances.account_id::text,
        -money.balance(spendable_balances.account_id),
        spendable_balances.balance_minor
    from money.spendable_balances
    where
        spendable_balances.balance_minor <> -money.balance(spendable_balances.account_id);
end;
$$;

/*
 * Return closing balances that differ from the sum of what was booked through that day.
 */
create function money.wrong_period_balances()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        'period_balance',
        concat_ws(' ', period_balances.account_id, period_balances.ends_on),
        sums.amount_minor,
        period_balances.balance_minor
    from money.period_balances
    cross join lateral (
        select coalesce(sum(entries.amount_minor), 0)::bigint as amount_minor
        from money.entries
        inner join money.transactions on entries.number = transactions.number
        where
            entries.account_id = period_balances.account_id
            and transactions.booked_on <= period_balances.ends_on
    ) as sums
    where period_balances.balance_minor <> sums.amount_minor;
end;
$$;

/*
 * Return payments and refunds of which the ledger has another amount than their tables.
 */
create function money.wrong_payments()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        moved.cause_kind,
        moved.cause_id::text,
        moved.amount_minor,
        posted.amount_minor
    from (
        select 'capture' as cause_kind, payments.id as cause_id, payments.captured_minor
        from money.payments
        where payments.captured_minor > 0
        union all
        select 'refund', refunds.id, refunds.amount_minor
        from money.refunds
        where refunds.status = 'succeeded'
    ) as moved (cause_kind, cause_id, amount_minor)
    cross join lateral (
        select coalesce(sum(entries.amount_minor), 0)::bigint as amount_minor
        from money.transactions
        inner join money.entries on transactions.number = entries.number
        where
            transactions.cause_kind = moved.cause_kind
            and transactions.cause_id = moved.cause_id
            and entries.amount_minor > 0
    ) as posted
    where moved.amount_minor <> posted.amount_minor;
end;
$$;

/*
 * Return live payouts whose earnings do not add up to their amount, counting an earning that is
 * open, or in an earlier live payout as well, as nothing.
 */
create function money.wrong_payouts()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with items as (
        select distinct on (payouts.business_id, taken.earning_id)
            payouts.business_id, payouts.id as payout_id, taken.earning_id
        from money.payouts
        cross join unnest(payouts.earning_ids) as taken (earning_id)
        where payouts.status not in ('rejected', 'reversed')
        order by payouts.business_id, taken.earning_id, payouts.created_at, payouts.id
    ),

    sums as (
        select items.payout_id, sum(earnings.amount_minor)::bigint as amount_minor
        from items
        inner join money.earnings
            on items.business_id = earnings.business_id and items.earning_id = earnings.id
        left join money.open_earnings as open
            on items.business_id = open.business_id and items.earning_id = open.earning_id
        where open.earning_id is null
        group by items.payout_id
    )

    select
        'payout',
        payouts.id::text,
        payouts.amount_minor,
        coalesce(sums.amount_minor, 0)
    from money.payouts
    left join sums on payouts.id = sums.payout_id
    where
        payouts.status not in ('rejected', 'reversed')
        and payouts.amount_minor <> coalesce(sums.amount_minor, 0);
end;
$$;
