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
    v_prepared regclass;
    v_old regclass;
    v_count integer = 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('audit.entries', 0));
    for v_ahead in 0..3 loop
        v_prepared = private.prepare_month(
            'audit.entries', (v_month + make_interval(months => v_ahead))::date
        );
        if v_prepared is not null then
            execute format(
                'create trigger _110_refuse_emptying before truncate on %s '
                'for each statement execute function private.any__refuse_rewriting()',
                v_prepared
            );
        end if;
    end loop;
    for v_old in select private.months_before('audit.entries', v_month - audit.kept_for()) loop
        execute format('drop table %s', v_old);
        v_count = v_count + 1;
    end loop;
    delete from audit.entries_else where entries_else.at < now() - audit.kept_for();
    return v_count;
end;
$$;
