-- Periods of the ledger, which an accountant of the platform closes.

/*
 * Return the first day that is not in a closed period.
 */
create function money.first_open_day()
returns date
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return (select max(periods.ends_on) + 1 from money.periods);
end;
$$;

/*
 * Number the month of a day, for its lock.
 */
create function money.month_of(day date)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return extract(year from day) * 12 + extract(month from day);
end;
$$;

/*
 * Close the period that ends on the last day of a past month, and keep the balance of each account
 * at its end. It waits for those who are booking under its days. Returns how many balances it kept.
 *
 * Errors:  PT409 period_closed · PT422 period_not_over
 */
create function money.close_period(ends_on date)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_after date = money.first_open_day() - 1;
    v_count integer;
begin
    assert current_setting('transaction_isolation') = 'read committed', 'Use read committed.';
    perform money.require_closable(close_period.ends_on, v_after);
    perform money.lock_months(v_after, close_period.ends_on);
    insert into money.periods (ends_on, closed_at, closed_by)
    values (close_period.ends_on, private.now(), auth.uid());
    insert into money.period_balances (ends_on, account_id, balance_minor)
    select
        close_period.ends_on,
        entries.account_id,
        (
            sum(entries.amount_minor)
            + coalesce(money.closing_balance(entries.account_id, v_after), 0)
        )::bigint
    from money.transactions
    inner join money.entries on transactions.number = entries.number
    where
        transactions.booked_on <= close_period.ends_on
        and (v_after is null or transactions.booked_on > v_after)
    group by entries.account_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Refuse to close what is not the end of a past month, or what is closed already.
 *
 * Errors:  PT409 period_closed · PT422 period_not_over
 */
create function money.require_closable(ends_on date, closed_through date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if ends_on <= closed_through then
        perform private.refuse(
            'PT409', 'period_closed', 'That period is closed.', 'Close a later one.'
        );
    end if;
    if ends_on >= (private.now() at time zone 'UTC')::date
        or extract(day from ends_on + 1) <> 1 then
        perform private.refuse(
            'PT422', 'period_not_over', 'A period ends with the last day of a past month (UTC).',
            'Choose the last day of a month that is over.'
        );
    end if;
end;
$$;

/*
 * Lock the months of a period. Movements that are booked under an earlier day share these locks.
 * Before the first closing only the last year is locked: nothing is booked under an earlier day.
 */
create function money.lock_months(after_day date, through_day date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    for v_month in
        coalesce(money.month_of(after_day) + 1, money.month_of(through_day) - 12)
        .. money.month_of(through_day)
    loop
        perform pg_advisory_xact_lock(money.lock_class('month'), v_month);
    end loop;
end;
$$;

/*
 * Return the balance of an account at the end of a closed period: positive is a debit.
 */
create function money.closing_balance(account_id uuid, ends_on date)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select period_balances.balance_minor
            from money.period_balances
            where
                period_balances.account_id = closing_balance.account_id
                and period_balances.ends_on <= closing_balance.ends_on
            order by period_balances.ends_on desc
            limit 1
        ),
        0
    );
end;
$$;
