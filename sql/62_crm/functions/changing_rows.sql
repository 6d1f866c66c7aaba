-- How a merger changes rows of any table, writes down what it changed, and changes it back. A row
-- that cannot move, because the other customer has one like it, stays where it is.

/*
 * Return the columns of the primary key of a table.
 */
create function crm.key_columns(relation regclass)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pg_attribute.attname::text
        from pg_catalog.pg_index
        inner join pg_catalog.pg_attribute
            on
                pg_attribute.attrelid = pg_index.indrelid
                and pg_attribute.attnum = any(pg_index.indkey)
        where pg_index.indrelid = key_columns.relation and pg_index.indisprimary
        order by pg_attribute.attnum
    );
end;
$$;

/*
 * Return the part of a row that some columns are.
 */
create function crm.only(whole jsonb, columns text[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_object_agg(field.key, field.value), '{}')
        from jsonb_each(whole) as field
        where field.key = any(columns)
    );
end;
$$;

/*
 * Set columns of the row with a key, unless they are not as expected any more. Returns whether it
 * did: a row that would be like another one, or about nobody else, stays as it is.
 */
create function crm.change_row(relation regclass, key jsonb, expected jsonb, wanted jsonb)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    execute format(
        'update %1$s as row set %2$s from jsonb_populate_record(null::%1$s, $1) as key, '
        || 'jsonb_populate_record(null::%1$s, $2) as wanted where %3$s and to_jsonb(row) @> $3',
        relation,
        (
            select string_agg(format('%1$I = wanted.%1$I', field), ', ')
            from jsonb_object_keys(wanted) as field
        ),
        (
            select string_agg(format('row.%1$I = key.%1$I', field), ' and ')
            from jsonb_object_keys(key) as field
        )
    )
    using key, wanted, expected;
    get diagnostics v_count = row_count;
    return v_count = 1;
exception
    -- A table that clients write answers in the words of the API.
    when unique_violation or exclusion_violation or check_violation or sqlstate 'PT409' then
        return false;
end;
$$;

/*
 * Change a row for a merger, and write down what it was.
 */
create function crm.change_for_merge(merge crm.mergers, relation text, whole jsonb, wanted jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_columns text[] = array(select jsonb_object_keys(wanted));
    v_key jsonb = crm.only(whole, crm.key_columns(relation::regclass));
begin
    if not crm.change_row(relation::regclass, v_key, crm.only(whole, v_columns), wanted) then
        return;
    end if;
    insert into crm.merge_changes (business_id, merge_id, number, relation, key, before, after)
    select
        merge.business_id, merge.id, count(*) + 1, change_for_merge.relation,
        v_key || crm.only(wanted, array(select jsonb_object_keys(v_key))),
        crm.only(whole, v_columns), wanted
    from crm.merge_changes
    where
        merge_changes.business_id = merge.business_id
        and merge_changes.merge_id = merge.id;
end;
$$;

/*
 * Move the rows of a table that name the duplicate of a merger to the customer who stays.
 */
create function crm.move_rows(merge crm.mergers, relation text, column_name text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_row jsonb;
begin
    for v_row in
        execute format(
            'select to_jsonb(row) from %s as row where business_id = $1 and %I = $2 for update',
            relation::regclass, column_name
        )
        using merge.business_id, merge.duplicate_id
    loop
        perform crm.change_for_merge(
            merge, relation, v_row, jsonb_build_object(column_name, merge.customer_id)
        );
    end loop;
end;
$$;
