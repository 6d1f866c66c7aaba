-- The trigger function that answers a bad row in the API's words, for tables that clients write
-- directly, and its steps. The constraints decide all the same; the trigger speaks first.

/*
 * Answer a bad row in the API's words, on tables that clients write directly. The constraints
 * decide all the same; this trigger speaks first, because PostgreSQL would name constraints and
 * relations. Tables of a business have business.any__refuse_bad_input instead, which also checks a
 * permission.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function private.any__refuse_bad_input()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_new jsonb = to_jsonb(new);
    v_old jsonb = case when tg_op = 'UPDATE' then to_jsonb(old) end;
begin
    perform private.refuse_changed_keys(v_new, v_old);
    perform private.refuse_missing_values(tg_relid, v_new);
    perform private.refuse_broken_references(tg_relid, v_new, v_old);
    perform private.refuse_duplicates(tg_relid, v_new, v_old);
    return new;
end;
$$;

/*
 * Refuse to change the key or the business of a row.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_changed_keys(new_row jsonb, old_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if old_row is null then
        return;
    end if;
    if old_row -> 'id' is distinct from new_row -> 'id' then
        perform private.invalid('id', 'cannot be changed');
    end if;
    if old_row -> 'business_id' is distinct from new_row -> 'business_id' then
        perform private.invalid('business_id', 'cannot be changed');
    end if;
end;
$$;

/*
 * Refuse a row that lacks a required value.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_missing_values(relation oid, new_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_column text;
begin
    select pg_attribute.attname into v_column
    from pg_catalog.pg_attribute
    where
        pg_attribute.attrelid = relation
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
        and pg_attribute.attnotnull
        and pg_attribute.attgenerated = ''
        and pg_attribute.attidentity = ''
        and new_row -> pg_attribute.attname = 'null'
    order by pg_attribute.attnum
    limit 1;
    if found then
        perform private.invalid(v_column, 'is required');
    end if;
end;
$$;

/*
 * Refuse a reference to a row that the caller cannot see. An absent row and another tenant's row
 * get the same answer.
 *
 * Errors:  PT404 not_found
 */
create function private.refuse_broken_references(relation oid, new_row jsonb, old_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key record;
    v_found boolean;
begin
    for v_key in
        select
            pg_constraint.confrelid::regclass as target,
            string_agg(
                format('target.%I = %L', foreign_columns.attname, new_row ->> columns.attname),
                ' and '
            ) as condition,
            (array_agg(columns.attname order by pairs.position desc))[1] as column_name
        from pg_catalog.pg_constraint
        cross join lateral unnest(pg_constraint.conkey, pg_constraint.confkey)
            with ordinality as pairs (here, there, position)
        inner join pg_catalog.pg_attribute as columns
            on columns.attrelid = pg_constraint.conrelid and columns.attnum = pairs.here
        inner join pg_catalog.pg_attribute as foreign_columns
            on
                foreign_columns.attrelid = pg_constraint.confrelid
                and foreign_columns.attnum = pairs.there
        where
            pg_constraint.conrelid = relation
            and pg_constraint.contype = 'f'
            and has_any_column_privilege(pg_constraint.confrelid, 'select')
        group by pg_constraint.oid, pg_constraint.confrelid
        having
            bool_and(new_row ->> columns.attname is not null)
            and (
                old_row is null
                or bool_or(new_row -> columns.attname is distinct from old_row -> columns.attname)
            )
    loop
        execute format('select exists (select 1 from %s as target where %s)', v_key.target, v_key.condition)
        into v_found;
        if not v_found then
            perform private.refuse(
                'PT404', 'not_found',
                format('%s refers to a row that does not exist.', v_key.column_name),
                'Use the id of a row that you can see.'
            );
        end if;
    end loop;
end;
$$;

/*
 * Return the unique keys of a table that a new row, or a change of one, must not share with another
 * row: their columns, and the condition under which a row `twin` shares them. The primary key is
 * among them when a client inserts without an upsert: an upsert may name a row that exists.
 */
create function private.keys_to_check(relation oid, new_row jsonb, old_row jsonb)
returns table (column_names text, condition text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
    v_with_primary boolean = v_headers is not null
    and current_setting('request.method', true) = 'POST'
    and coalesce(v_headers ->> 'prefer', '') !~ 'resolution';
begin
    return query
    select
        string_agg(columns.attname, ', ' order by keys.position),
        string_agg(
            case
                when new_row ->> columns.attname is null then format('twin.%I is null', columns.attname)
                else format('twin.%I = %L', columns.attname, new_row ->> columns.attname)
            end,
            ' and '
        )
        || case
            when new_row ? 'id' and not pg_index.indisprimary
                then format(' and twin.id is distinct from %L', new_row ->> 'id')
            else ''
        end
    from pg_catalog.pg_index
    cross join lateral unnest(pg_index.indkey) with ordinality as keys (attnum, position)
    inner join pg_catalog.pg_attribute as columns
        on columns.attrelid = pg_index.indrelid and columns.attnum = keys.attnum
    where
        pg_index.indrelid = relation
        and pg_index.indisunique
        and pg_index.indpred is null
        and pg_index.indexprs is null
    group by pg_index.indexrelid
    having
        case
            when pg_index.indisprimary
                then v_with_primary or old_row is not null and not new_row ? 'id'
            else bool_and(columns.attname <> 'id')
        end
        and bool_and(new_row ->> columns.attname is not null or pg_index.indnullsnotdistinct)
        and (
            old_row is null
            or bool_or(new_row -> columns.attname is distinct from old_row -> columns.attname)
        );
end;
$$;

/*
 * Refuse a row whose unique value exists already.
 *
 * Errors:  PT409 already_exists
 */
create function private.refuse_duplicates(relation oid, new_row jsonb, old_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key record;
    v_found boolean;
begin
    for v_key in
        select keys.column_names, keys.condition
        from private.keys_to_check(relation, new_row, old_row) as keys
    loop
        execute format(
            'select exists (select 1 from %s as twin where %s)',
            relation::regclass, v_key.condition
        )
        into v_found;
        if v_found then
            perform private.refuse(
                'PT409', 'already_exists',
                format('A row with this %s already exists.', v_key.column_names),
                'Choose another value, or change the existing row.'
            );
        end if;
    end loop;
end;
$$;
