-- Checkpoints keep a balance from adding up all entries. They never make anybody wait.

/*
 * Write checkpoints through the last full page that nobody writes to any more. An account gets one
 * when at least 100 entries follow its last one. Returns how many were written. It takes the lock
 * of each page without waiting and stops at the first that is held.
 * Definer: called by the worker, which cannot write the tables.
 */
create function money.write_checkpoints()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_after bigint;
    v_through bigint;
    v_count integer;
begin
    -- A snapshot that is older than the locks would miss what committed before they were free.
    assert current_setting('transaction_isolation') = 'read committed', 'Use read committed.';
    if not pg_try_advisory_xact_lock(money.lock_class('run'), 0) then
        return 0;
    end if;
    select coalesce(max(checkpoint_runs.through_number), 0) into v_after
    from money.checkpoint_runs;
    v_through = money.last_settled_number(v_after);
    if v_through <= v_after then
        return 0;
    end if;
    insert into money.checkpoints (account_id, through_number, balance_minor)
    select due.account_id, v_through, due.balance_minor
    from money.due_checkpoints(v_after, v_through) as due;
    get diagnostics v_count = row_count;
    insert into money.checkpoint_runs (through_number, at, checkpoints)
    values (v_through, private.now(), v_count);
    return v_count;
end;
$$;

/*
 * Return the last number of the last page that is full and that nobody writes to, of the thousand
 * pages after a number. The server has room for some thousand locks, and a run holds that of each
 * page; the next run goes on.
 */
create function money.last_settled_number(after_number bigint)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_page bigint = money.page_of(after_number + 1);
    v_end constant bigint = least(money.current_page(), v_page + 1000);
begin
    while v_page < v_end
        and pg_try_advisory_xact_lock(money.lock_class('page'), v_page::integer)
    loop
        v_page = v_page + 1;
    end loop;
    return money.first_number_of(v_page) - 1;
end;
$$;

/*
 * Return the accounts with entries between two numbers that have at least 100 entries since their
 * last checkpoint, with their balance through the second number.
 */
create function money.due_checkpoints(after_number bigint, through_number bigint)
returns table (account_id uuid, balance_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with touched as (
        select distinct entries.account_id
        from money.entries
        where
            entries.number > due_checkpoints.after_number
            and entries.number <= due_checkpoints.through_number
    )

    select
        touched.account_id,
        (coalesce(latest.balance_minor, 0) + tail.amount_minor)::bigint
    from touched
    left join lateral (
        select checkpoints.through_number, checkpoints.balance_minor
        from money.checkpoints
        where checkpoints.account_id = touched.account_id
        order by checkpoints.through_number desc
        limit 1
    ) as latest on true
    cross join lateral (
        select count(*) as entries, sum(entries.amount_minor) as amount_minor
        from money.entries
        where
            entries.account_id = touched.account_id
            and entries.number > coalesce(latest.through_number, 0)
            and entries.number <= due_checkpoints.through_number
    ) as tail
    where tail.entries >= 100;
end;
$$;
