-- The months of the log. Each is a table of its own, which is dropped as a whole.

/*
 * Note that the changes up to a transaction are forgotten; null for none.
 */
create function mobile.forget_until(transaction_id xid8)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
    insert into mobile.horizon (transaction_id)
    select (forget_until.transaction_id::text::bigint + 1)::text::xid8
    where forget_until.transaction_id is not null
    on conflict (is_only) do update
    set transaction_id = greatest(horizon.transaction_id, excluded.transaction_id);
$$;

/*
 * Prepare this month and the next, and drop those before the last one; phones with an older cursor
 * read in full. Waits at most two seconds for those who read.
 * Definer: called by the workers, who own nothing.
 */
create function mobile.keep_months()
returns void
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
    v_month date = date_trunc('month', now() at time zone 'UTC');
    v_old regclass;
    v_last xid8;
begin
    perform pg_advisory_xact_lock(hashtextextended('mobile.changes', 0));
    perform private.prepare_month('mobile.changes', v_month);
    perform private.prepare_month('mobile.changes', (v_month + interval '1 month')::date);
    for v_old in
        select private.months_before('mobile.changes', v_month - interval '1 month')
    loop
        execute format('select max(transaction_id) from %s', v_old) into v_last;
        execute format('drop table %s', v_old);
        perform mobile.forget_until(v_last);
    end loop;
    with deleted as (
        delete from mobile.changes_else
        where changes_else.at < v_month - interval '1 month'
        returning changes_else.transaction_id
    )
    select max(deleted.transaction_id) into v_last from deleted;
    perform mobile.forget_until(v_last);
end;
$$;
