-- Trigger functions that several domains attach to their tables.

/*
 * Note when a row was last changed.
 */
create function private.any__touch()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.updated_at = private.now();
    return new;
end;
$$;

/*
 * Refuse to change or delete history. New entries may be added.
 *
 * Errors:  PT409 append_only
 */
create function private.any__refuse_rewriting()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'append_only', 'History cannot be changed.', 'Add a new entry instead.'
    );
    return null;
end;
$$;

/*
 * Refuse to write a view that counts. Without this, PostgreSQL answers as if the server had failed.
 *
 * Errors:  PT403 forbidden
 */
create function private.any__refuse_writing()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT403', 'forbidden', 'This view is read-only.', 'Change the rows behind it.'
    );
    return null;
end;
$$;

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
        select
            string_agg(
                format('twin.%I = %L', columns.attname, new_row ->> columns.attname), ' and '
            ) as condition,
            string_agg(columns.attname, ', ' order by keys.position) as column_names
        from pg_catalog.pg_index
        cross join lateral unnest(pg_index.indkey) with ordinality as keys (attnum, position)
        inner join pg_catalog.pg_attribute as columns
            on columns.attrelid = pg_index.indrelid and columns.attnum = keys.attnum
        where
            pg_index.indrelid = relation
            and pg_index.indisunique
            and not pg_index.indisprimary
            and pg_index.indpred is null
            and pg_index.indexprs is null
            and not exists (
                select 1
                from pg_catalog.pg_attribute as id_column
                where
                    id_column.attrelid = relation
                    and id_column.attname = 'id'
                    and id_column.attnum = any(pg_index.indkey)
            )
        group by pg_index.indexrelid
        having
            bool_and(new_row ->> columns.attname is not null)
            and (
                old_row is null
                or bool_or(new_row -> columns.attname is distinct from old_row -> columns.attname)
            )
    loop
        execute format(
            'select exists (select 1 from %s as twin where %s and twin.id::text is distinct from %L)',
            relation::regclass, v_key.condition, new_row ->> 'id'
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

-- On a platform that is not ours, tell PostgREST to call private.check_request. If it calls another
-- function already, that one stays: call private.check_request from there.
do $$
declare
    v_called text = (
        select substr(setting.words, length('pgrst.db_pre_request=') + 1)
        from pg_db_role_setting
        cross join unnest(pg_db_role_setting.setconfig) as setting (words)
        where
            pg_db_role_setting.setrole = 'authenticator'::regrole
            and setting.words like 'pgrst.db_pre_request=_%'
        limit 1
    );
begin
    if to_regprocedure('auth.set_config(text, text, boolean)') is not null
        or v_called = 'private.check_request' then
        return;
    end if;
    if v_called is not null then
        raise warning 'PostgREST calls % before each request: let it call private.check_request.',
            v_called;
        return;
    end if;
    alter role authenticator set pgrst.db_pre_request = 'private.check_request';
    notify pgrst, 'reload config';
exception
    when insufficient_privilege then
        raise exception using
            errcode = 'insufficient_privilege',
            message = 'This login may not tell PostgREST to call private.check_request.',
            hint = 'Run as a superuser: alter role authenticator set pgrst.db_pre_request = '
                || '''private.check_request''';
end;
$$;
