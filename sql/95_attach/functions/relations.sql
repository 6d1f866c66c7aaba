-- What the audit trail asks of a table: its key, its business, and what it hides.

/*
 * Return the columns that name a row of a table, in order: those of its primary key, else of a
 * unique key.
 */
create function audit.key_columns(relation regclass)
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
        cross join unnest(pg_index.indkey) with ordinality as keys (attnum, position)
        inner join pg_catalog.pg_attribute
            on
                pg_attribute.attrelid = pg_index.indrelid
                and pg_attribute.attnum = keys.attnum
        where pg_index.indexrelid = (
            select unique_keys.indexrelid
            from pg_catalog.pg_index as unique_keys
            where
                unique_keys.indrelid = key_columns.relation
                and unique_keys.indisunique
                and unique_keys.indpred is null
                and unique_keys.indexprs is null
            order by unique_keys.indisprimary desc, unique_keys.indexrelid
            limit 1
        )
        order by keys.position
    );
end;
$$;

/*
 * Return the columns of a table that the trail hides: those whose comment is tagged as personal or
 * secret, and bytes, which are hashes or sealed.
 */
create function audit.hidden_columns(relation regclass)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pg_attribute.attname::text
        from pg_catalog.pg_attribute
        left join private.tags_of(hidden_columns.relation) as tagged
            on tagged.column_name = pg_attribute.attname
        where
            pg_attribute.attrelid = hidden_columns.relation
            and pg_attribute.attnum > 0
            and not pg_attribute.attisdropped
            and (
                tagged.is_personal or tagged.is_secret
                or pg_attribute.atttypid = 'pg_catalog.bytea'::regtype
            )
        order by pg_attribute.attnum
    );
end;
$$;

/*
 * Return the tables of the domains with the operations that are recorded, and the column that names
 * the business, or nothing.
 */
create function audit.audited_tables()
returns table (relation regclass, operations text[], business_column text)
language sql
stable
security invoker
set search_path = ''
begin atomic
    select
        pg_class.oid::regclass as relation,
        array(
            select operations.operation
            from unnest('{insert,update,delete}'::text[]) as operations (operation)
            where operations.operation <> all(coalesce(exceptions.operations, '{}'))
        ) as operations,
        case
            when pg_class.oid = 'business.businesses'::regclass then 'id'
            when exists (
                select 1
                from pg_catalog.pg_attribute
                where
                    pg_attribute.attrelid = pg_class.oid
                    and pg_attribute.attname = 'business_id'
                    and not pg_attribute.attisdropped
            ) then 'business_id'
            else ''
        end as business_column
    from pg_catalog.pg_class
    inner join pg_catalog.pg_namespace on pg_class.relnamespace = pg_namespace.oid
    left join audit.exceptions() as exceptions
        on pg_class.oid = to_regclass(exceptions.table_name)
    where
        pg_class.relkind in ('r', 'p')
        and not pg_class.relispartition
        and pg_class.relpersistence = 'p'
        and pg_class.relowner = current_user::regrole
        and pg_namespace.nspname !~ '^pg_'
        and pg_namespace.nspname not in (
            'auth', 'extensions', 'information_schema', 'pgmq', 'public', 'realtime', 'storage',
            'supabase_migrations', 'tests', 'vault'
        );
end;
