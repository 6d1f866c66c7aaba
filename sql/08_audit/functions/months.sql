-- The months of the trail. Each is a table of its own, which is dropped as a whole when it is too
-- old.

/*
 * Return how long an entry is kept.
 */
create function audit.kept_for()
returns interval
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select interval '2 years';
end;

/*
 * Prepare the table of the month that begins on a day, unless it is there. A month of which entries
 * are among the others already stays there.
 */
create function audit.prepare_month(starts_on date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = starts_on::timestamp at time zone 'UTC';
    v_until timestamptz = (starts_on + interval '1 month') at time zone 'UTC';
    v_name text = to_char(starts_on, '"audit.entries_"YYYY"_"MM');
begin
    if to_regclass(v_name) is not null or exists (
        select 1 from audit.entries_else where entries_else.at >= v_from and entries_else.at < v_until
    ) then
        return;
    end if;
    execute format(
        'create table %s partition of audit.entries for values from (%L) to (%L)',
        v_name, v_from, v_until
    );
    execute format('alter table %s enable row level security', v_name);
    execute format(
        'create trigger _110_refuse_emptying before truncate on %s '
        'for each statement execute function private.any__refuse_rewriting()',
        v_name
    );
end;
$$;

/*
 * Prepare this month and the next three, and drop what is too old. Returns how many months were
 * dropped. Waits at most two seconds for those who read.
 * Definer: called by the workers, who own nothing.
 */
create function private.keep_audit_months()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
    v_month date = date_trunc('month', now() at time zone 'UTC');
    v_oldest text = to_char(v_month - audit.kept_for(), '"entries_"YYYY"_"MM');
    v_old record;
    v_count integer = 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('audit.entries', 0));
    for v_ahead in 0..3 loop
        perform audit.prepare_month((v_month + make_interval(months => v_ahead))::date);
    end loop;
    for v_old in
        select pg_class.relname as name
        from pg_catalog.pg_inherits
        inner join pg_catalog.pg_class on pg_class.oid = pg_inherits.inhrelid
        where
            pg_inherits.inhparent = 'audit.entries'::regclass
            and pg_class.relname ~ '^entries_\d{4}_\d\d$'
            and pg_class.relname < v_oldest
    loop
        execute format('drop table audit.%I', v_old.name);
        v_count = v_count + 1;
    end loop;
    delete from audit.entries_else where entries_else.at < now() - audit.kept_for();
    return v_count;
end;
$$;
