-- What a business's account did in a month, read from the ledger: opening, movements, closing. Days
-- are those of the ledger (UTC), whose closed periods never change, so the opening of a month is
-- the closing of the one before.

/*
 * Return the statement of a business in a currency: its account and its reserve together. Positive
 * is owed to the business.
 * Definer: entries are nobody's to read; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.statement(business_id uuid, currency text, month_on date)
returns table (kind text, movements bigint, amount_minor bigint)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_from date = date_trunc('month', statement.month_on)::date;
begin
    if not private.is_platform_staff('finance') then
        perform private.require_member(statement.business_id, 'account');
    end if;
    return query
    with moved as (
        select
            case
                when changes.booked_on < v_from then 'opening'
                else changes.kind
            end as kind,
            count(*) as movements,
            sum(changes.amount_minor)::bigint as amount_minor
        from money.account_changes(statement.business_id, statement.currency) as changes
        where changes.booked_on < v_from + interval '1 month'
        group by 1
    )

    select parts.kind, coalesce(moved.movements, 0), coalesce(moved.amount_minor, 0)
    from unnest(array[
        'opening', 'sales', 'refunds', 'commissions', 'cash', 'disputes', 'payouts',
        'payouts_returned', 'other'
    ]) with ordinality as parts (kind, place)
    left join moved on moved.kind = parts.kind
    union all
    select 'closing', coalesce(sum(moved.movements), 0)::bigint, coalesce(sum(moved.amount_minor), 0)::bigint
    from moved;
end;
$$;

/*
 * Return what moved the account and the reserve of a business in a currency, and why.
 */
create function money.account_changes(business_id uuid, currency text)
returns table (booked_on date, kind text, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        transactions.booked_on,
        case
            when transactions.business_id <> account_changes.business_id then 'commissions'
            when transactions.cause_kind = 'delivery' then 'sales'
            when transactions.cause_kind = 'reversal' then 'refunds'
            when transactions.cause_kind = 'earning' then 'cash'
            when transactions.cause_kind like 'dispute%' then 'disputes'
            when transactions.cause_kind = 'payout_created' then 'payouts'
            when transactions.cause_kind = 'payout_reversed' then 'payouts_returned'
            else 'other'
        end,
        - sum(entries.amount_minor)::bigint
    from money.entries
    inner join money.transactions on transactions.number = entries.number
    where
        entries.account_id in (
            money.account_id(
                'business_payable', account_changes.currency, account_changes.business_id, null, null
            ),
            money.account_id(
                'business_reserve', account_changes.currency, account_changes.business_id, null, null
            )
        )
    group by transactions.number;
end;
$$;
