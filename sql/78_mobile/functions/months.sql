-- The months of the log. Each is a table of its own, which is dropped as a whole.

/*
 * Prepare the table of the month that begins on a day, unless it is there or changes of it are
 * among the others already.
 */
create function mobile.prepare_month(starts_on date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = starts_on::timestamp at time zone 'UTC';
    v_until timestamptz = (starts_on + interval '1 month') at time zone 'UTC';
    v_name text = to_char(starts_on, '"mobile.changes_"YYYY"_"MM');
begin
    if to_regclass(v_name) is not null or exists (
        select 1 from mobile.changes_else where changes_else.at >= v_from and changes_else.at < v_until
    ) then
        return;
    end if;
    execute format(
        'create table %s partition of mobile.changes for values from (%L) to (%L)',
        v_name, v_from, v_until
    );
    execute format('alter table %s enable row level security', v_name);
end;
$$;

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
    v_oldest text = to_char(v_month - interval '1 month', '"changes_"YYYY"_"MM');
    v_old record;
    v_last xid8;
begin
    perform pg_advisory_xact_lock(hashtextextended('mobile.changes', 0));
    perform mobile.prepare_month(v_month);
    perform mobile.prepare_month((v_month + interval '1 month')::date);
    for v_old in
        select pg_class.relname as name
        from pg_catalog.pg_inherits
        inner join pg_catalog.pg_class on pg_class.oid = pg_inherits.inhrelid
        where
            pg_inherits.inhparent = 'mobile.changes'::regclass
            and pg_class.relname ~ '^changes_\d{4}_\d\d$'
            and pg_class.relname < v_oldest
    loop
        execute format('select max(transaction_id) from mobile.%I', v_old.name) into v_last;
        execute format('drop table mobile.%I', v_old.name);
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
