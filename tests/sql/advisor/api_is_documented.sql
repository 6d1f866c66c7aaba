-- Every view, column, function and argument type that clients see says what it is.
select 'view ' || pg_class.oid::regclass as object
from pg_class
where
    pg_class.relkind in ('v', 'm')
    and pg_class.relnamespace::regnamespace::text = any(%(exposed)s)
    and obj_description(pg_class.oid, 'pg_class') is null
union all
select 'column ' || pg_class.oid::regclass || '.' || pg_attribute.attname
from pg_class
inner join pg_attribute on pg_attribute.attrelid = pg_class.oid
where
    pg_class.relkind in ('v', 'm')
    and pg_class.relnamespace::regnamespace::text = any(%(exposed)s)
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
    and col_description(pg_class.oid, pg_attribute.attnum) is null
union all
select 'function ' || pg_proc.oid::regprocedure
from pg_proc
where
    pg_proc.pronamespace::regnamespace::text = any(%(exposed)s)
    and obj_description(pg_proc.oid, 'pg_proc') is null
union all
select 'type ' || pg_type.oid::regtype
from pg_type
where
    pg_type.typtype in ('d', 'e')
    and pg_type.typnamespace::regnamespace::text = any(%(exposed)s)
    and obj_description(pg_type.oid, 'pg_type') is null
