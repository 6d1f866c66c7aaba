-- Tables of what only grows are partitioned by month on their column `at`. Each month is a table of
-- its own, which is dropped as a whole; what falls into no prepared month is in `<table>_else`.

/*
 * Prepare the table of the month that begins on a day. Returns it, or null when it is there, or
 * when rows of the month are among the others already: then the month stays there.
 */
create function private.prepare_month(parent regclass, starts_on date)
returns regclass
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = starts_on::timestamp at time zone 'UTC';
    v_until timestamptz = (starts_on + interval '1 month') at time zone 'UTC';
    v_name text = format('%s_%s', parent, to_char(starts_on, 'YYYY_MM'));
    v_is_elsewhere boolean;
begin
    if to_regclass(v_name) is not null then
        return null;
    end if;
    execute format('select exists (select 1 from %s_else where at >= $1 and at < $2)', parent)
    into v_is_elsewhere
    using v_from, v_until;
    if v_is_elsewhere then
        return null;
    end if;
    execute format(
        'create table %s partition of %s for values from (%L) to (%L)',
        v_name, parent, v_from, v_until
    );
    execute format('alter table %s enable row level security', v_name);
    return v_name;
end;
$$;

/*
 * Return the tables of the months of a table that ended before the month of a moment.
 */
create function private.months_before(parent regclass, moment timestamp)
returns setof regclass
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select pg_inherits.inhrelid::regclass
    from pg_catalog.pg_inherits
    where
        pg_inherits.inhparent = months_before.parent
        and pg_inherits.inhrelid::regclass::text ~ '_\d{4}_\d\d$'
        and pg_inherits.inhrelid::regclass::text
        < format('%s_%s', months_before.parent, to_char(months_before.moment, 'YYYY_MM'))
    order by pg_inherits.inhrelid::regclass::text;
end;
$$;
