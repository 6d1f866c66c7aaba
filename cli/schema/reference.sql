-- The views and functions of the exposed schemas, with their documentation; one row each.
select
    'view' as kind,
    pg_class.relnamespace::regnamespace::text as schema_name,
    pg_class.relname::text as name,
    '' as signature,
    obj_description(pg_class.oid, 'pg_class') as description,
    (
        select json_agg(
            json_build_object(
                'name', pg_attribute.attname,
                'type', format_type(pg_attribute.atttypid, pg_attribute.atttypmod),
                'description', col_description(pg_class.oid, pg_attribute.attnum)
            ) order by pg_attribute.attnum
        )
        from pg_attribute
        where
            pg_attribute.attrelid = pg_class.oid
            and pg_attribute.attnum > 0
            and not pg_attribute.attisdropped
    ) as columns
from pg_class
where
    pg_class.relkind in ('v', 'm')
    and pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
union all
select
    'function',
    pg_proc.pronamespace::regnamespace::text,
    pg_proc.proname::text,
    format(
        '%%s(%%s) returns %%s',
        pg_proc.proname,
        pg_get_function_arguments(pg_proc.oid),
        pg_get_function_result(pg_proc.oid)
    ),
    obj_description(pg_proc.oid, 'pg_proc'),
    '[]'::json
from pg_proc
where
    pg_proc.pronamespace::regnamespace::text = any(%(schemas)s)
    and pg_proc.prorettype <> 'trigger'::regtype
    and not exists (
        select from pg_depend
        where pg_depend.objid = pg_proc.oid and pg_depend.deptype = 'e'
    )
order by 1 desc, 2, 3
