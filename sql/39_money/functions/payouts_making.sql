-- How payouts are made: of everything that a business can be paid in a currency now. A run makes
-- those of many accounts with a few statements.

/*
 * Return when a run looks at an account again: at the next local midnight, Monday or first of a
 * month, never on demand. A schedule for each booking is looked at with every run.
 */
create function money.next_run(schedule money.payout_schedule, time_zone text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unit text = case next_run.schedule
        when 'daily' then 'day' when 'weekly' then 'week' when 'monthly' then 'month'
    end;
begin
    return case next_run.schedule
        when 'on_demand' then 'infinity'
        when 'each' then private.now() + interval '1 minute'
        else (
            date_trunc(v_unit, private.now() at time zone next_run.time_zone)
            + ('1 ' || v_unit)::interval
        ) at time zone next_run.time_zone
    end;
end;
$$;

/*
 * Make the payouts that are due by their accounts' schedules, of at most so many accounts. Runs may
 * work at the same time: each takes accounts that no other has. Returns how many it looked at.
 * Definer: called by the worker, which has no access to the tables.
 */
create function money.run_payouts(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_businesses uuid[];
    v_currencies text[];
    v_count integer;
begin
    with due as (
        select runs.business_id, runs.currency
        from money.payout_runs as runs
        where runs.next_run_at <= private.now()
        order by runs.next_run_at
        limit run_payouts.batch_size
        for no key update skip locked
    ),

    noted as (
        update money.payout_runs as runs
        set next_run_at = money.next_run(accounts.schedule, businesses.time_zone)
        from due
        inner join business.businesses on businesses.id = due.business_id
        inner join money.payout_accounts as accounts
            on accounts.business_id = due.business_id and accounts.currency = due.currency
        where runs.business_id = due.business_id and runs.currency = due.currency
        returning runs.business_id, runs.currency, accounts.status
    )

    select
        array_agg(noted.business_id) filter (where noted.status = 'active'),
        array_agg(noted.currency) filter (where noted.status = 'active'),
        count(*)
    into v_businesses, v_currencies, v_count
    from noted;
    if v_businesses is not null then
        perform money.make_payouts(v_businesses, v_currencies, null);
    end if;
    return v_count;
end;
$$;

/*
 * Make the payouts of accounts whose runs the caller has locked, post them and hand them on. An
 * account whose open earnings do not add up to its minimum gets none; they wait. Returns the
 * payouts.
 */
create function money.make_payouts(
    business_ids uuid[], currencies text[], requested_by uuid
)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_ids uuid[] = money.write_payouts(business_ids, currencies, requested_by);
begin
    perform money.post_payouts(v_payout_ids, 'payout_created');
    perform money.send_payouts(v_payout_ids);
    return v_payout_ids;
end;
$$;

/*
 * Take the open earnings of accounts out, and write a payout of those of each: approved at once
 * below the threshold of its currency. Returns the payouts.
 * By nested loops: other joins would read the earnings of all accounts for those of a thousand.
 */
create function money.write_payouts(
    business_ids uuid[], currencies text[], requested_by uuid
)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_payout_ids uuid[];
begin
    with payable as materialized (
        select payable.*
        from money.payable_accounts(write_payouts.business_ids, currencies) as payable
    ),

    taken as (
        delete from money.open_earnings
        using payable
        where
            open_earnings.business_id = payable.business_id
            and open_earnings.earning_id = any(payable.earning_ids)
    ),

    made as (
        insert into money.payouts (
            business_id, currency, amount_minor, released_minor, status, requested_by, provider,
            created_at, earning_ids
        )
        select
            payable.business_id, payable.currency, payable.amount_minor, payable.released_minor,
            payable.status, write_payouts.requested_by, payable.provider, private.now(),
            payable.earning_ids
        from payable
        returning payouts.id
    )

    select coalesce(array_agg(made.id), '{}') into v_payout_ids
    from made;
    return v_payout_ids;
end;
$$;

/*
 * Return the payouts that can be made of accounts: of those whose open earnings add up to their
 * minimum by now. The caller has locked the runs of the accounts, so nobody else takes the same.
 */
create function money.payable_accounts(business_ids uuid[], currencies text[])
returns table (
    business_id uuid,
    currency text,
    provider text,
    status money.payout_status,
    amount_minor bigint,
    released_minor bigint,
    earning_ids uuid[]
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        accounts.business_id, accounts.currency, accounts.provider,
        case
            when available.amount_minor < thresholds.approval_from_minor then 'approved'
            else 'pending'
        end::money.payout_status,
        available.amount_minor::bigint, available.released_minor::bigint, available.earning_ids
    from unnest(payable_accounts.business_ids, currencies) as wanted (business_id, currency)
    inner join money.payout_accounts as accounts using (business_id, currency)
    left join money.payout_thresholds as thresholds using (currency)
    cross join lateral (
        select
            sum(open.amount_minor) as amount_minor,
            coalesce(sum(open.amount_minor) filter (where open.is_release), 0) as released_minor,
            array_agg(open.earning_id) as earning_ids
        from money.open_earnings as open
        where
            open.business_id = accounts.business_id
            and open.currency = accounts.currency
            and open.available_at <= v_now
    ) as available
    where available.amount_minor >= accounts.minimum_minor;
end;
$$;

/*
 * Hand approved payouts to the workers. Those that the operator transfers wait for a file.
 */
create function money.send_payouts(payout_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_messages(
        'payouts', 'execute_payout',
        array_agg(jsonb_build_object('payout_id', payouts.id)),
        array_agg(null::timestamptz),
        array_agg(null::uuid)
    )
    from money.payouts
    inner join money.providers on providers.name = payouts.provider
    where
        payouts.id = any(payout_ids)
        and payouts.status = 'approved'
        and not providers.is_by_hand
    having count(*) > 0;
end;
$$;

/*
 * Make the payout of a business in a currency now, whatever its schedule. Returns its id.
 * Definer: nobody has write privileges on payouts; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 payout_account_inactive nothing_to_pay_out
 */
create function money.request_payout(business_id uuid, currency text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_status money.payout_account_status;
    v_payout_id uuid;
begin
    perform private.require_member(request_payout.business_id, 'account');
    select accounts.status into v_status
    from money.payout_accounts as accounts
    inner join money.payout_runs as runs using (business_id, currency)
    where
        accounts.business_id = request_payout.business_id
        and accounts.currency = request_payout.currency
    for no key update of runs;
    if v_status is distinct from 'active' then
        perform private.refuse(
            'PT409', 'payout_account_inactive',
            'The business has no active payout account in this currency.',
            'Open one, and hand in what the view payout_accounts says is missing.'
        );
    end if;
    v_payout_id = (
        money.make_payouts(
            array[request_payout.business_id], array[request_payout.currency], auth.uid()
        )
    )[1];
    if v_payout_id is null then
        perform private.refuse(
            'PT409', 'nothing_to_pay_out',
            'What can be paid out now is less than the minimum of the account.',
            'Wait until more earnings are available, or lower the minimum.'
        );
    end if;
    return v_payout_id;
end;
$$;
