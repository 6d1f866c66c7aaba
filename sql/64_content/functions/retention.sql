-- How long data are kept, by table.

/*
 * Apply the rules of retention to at most so many rows of each table. Returns how many rows were
 * deleted or emptied; less than the batch in every table means that nothing is left to do.
 * Definer: called by the workers, who have no access to the tables.
 */
create function privacy.apply_retention(batch integer)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_rule privacy.retention_rules;
    v_all bigint = 0;
begin
    for v_rule in select retention_rules.* from privacy.retention_rules order by relation loop
        v_all = v_all + privacy.apply_rule(v_rule, batch);
    end loop;
    return v_all;
end;
$$;

/*
 * Apply a rule of retention to at most so many rows.
 */
create function privacy.apply_rule(rule privacy.retention_rules, batch integer)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes text;
    v_is_filled text;
    v_count bigint;
begin
    if rule.action = 'erase' then
        select
            string_agg(format('%I = %s', erasable.column_name, erasable.emptied), ', '),
            string_agg(erasable.is_filled, ' or ')
        into v_changes, v_is_filled
        from private.erasable_columns(rule.relation::regclass, with_kept => true) as erasable;
    end if;
    execute format(
        '%s where ctid in (select ctid from %s where %I < $1%s limit $2)',
        case
            when rule.action = 'delete' then 'delete from ' || rule.relation
            else format('update %s set %s', rule.relation, v_changes)
        end,
        rule.relation,
        rule.counted_from,
        case when rule.action = 'erase' then format(' and (%s)', v_is_filled) else '' end
    )
    using private.now() - rule.keep, batch;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
