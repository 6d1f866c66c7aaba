-- What hinders partitioning by business_id: keys of tenants' tables without it, and foreign keys to tenants'
-- tables without it. A tenant's table is one with the column business_id.
with
tenant_tables as (
    select pg_class.oid, pg_attribute.attnum
    from pg_class
    inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
    where
        pg_class.relkind in ('r', 'p')
        and not pg_class.relispartition
        and pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
        and pg_attribute.attname = 'business_id'
        and not pg_attribute.attisdropped
)

select
    pg_index.indrelid::regclass::text as table_name,
    pg_index.indexrelid::regclass::text as key_name,
    case
        when pg_index.indisprimary then 'primary key'
        when pg_index.indisexclusion then 'exclusion constraint'
        else 'unique key'
    end as kind
from pg_index
inner join tenant_tables on pg_index.indrelid = tenant_tables.oid
where
    (pg_index.indisunique or pg_index.indisexclusion)
    and not tenant_tables.attnum = any(pg_index.indkey[0:pg_index.indnkeyatts - 1])
union all
select
    pg_constraint.conrelid::regclass::text,
    pg_constraint.conname::text,
    'foreign key to ' || pg_constraint.confrelid::regclass::text
from pg_constraint
inner join tenant_tables on pg_constraint.confrelid = tenant_tables.oid
where
    pg_constraint.contype = 'f'
    and not tenant_tables.attnum = any(pg_constraint.confkey)
order by 1, 2
