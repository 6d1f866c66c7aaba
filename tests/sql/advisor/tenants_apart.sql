-- What a business owns can be referred to together with its business, and refers to its neighbours that
-- way: foreign keys do not see row level security. Tables that only grow, numbered by an identity column,
-- are referred to by nobody and need no such key.
with tenant_tables as (
    select
        pg_class.oid,
        owner_column.attnum as business_position,
        id_column.attnum as id_position,
        id_column.attidentity <> '' as is_log
    from pg_class
    inner join pg_attribute as owner_column
        on owner_column.attrelid = pg_class.oid and owner_column.attname = 'business_id'
    left join pg_attribute as id_column
        on id_column.attrelid = pg_class.oid and id_column.attname = 'id'
    where
        pg_class.relkind in ('r', 'p')
        and pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
)

select tenant_tables.oid::regclass || ' has no unique (business_id, id)' as object
from tenant_tables
where
    tenant_tables.id_position is not null
    and not tenant_tables.is_log
    and not exists (
        select 1
        from pg_constraint
        where
            pg_constraint.conrelid = tenant_tables.oid
            and pg_constraint.contype in ('u', 'p')
            and pg_constraint.conkey
            = array[tenant_tables.business_position, tenant_tables.id_position]
    )
union all
select pg_constraint.conrelid::regclass || '.' || pg_constraint.conname || ' leaves the tenant out'
from pg_constraint
inner join tenant_tables as origin on origin.oid = pg_constraint.conrelid
inner join tenant_tables as target on target.oid = pg_constraint.confrelid
where
    pg_constraint.contype = 'f'
    and not (
        origin.business_position = any(pg_constraint.conkey)
        and target.business_position = any(pg_constraint.confkey)
    )
