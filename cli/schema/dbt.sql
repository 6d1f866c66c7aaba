-- The views of analytics with their comments and columns.
select
    pg_class.relname as name,
    obj_description(pg_class.oid, 'pg_class') as comment,
    json_agg(
        json_build_object(
            'name', pg_attribute.attname,
            'type', format_type(pg_attribute.atttypid, pg_attribute.atttypmod),
            'comment', coalesce(col_description(pg_class.oid, pg_attribute.attnum), '')
        )
        order by pg_attribute.attnum
    ) as columns
from pg_class
inner join pg_attribute on pg_class.oid = pg_attribute.attrelid and pg_attribute.attnum > 0
where
    pg_class.relnamespace = 'analytics'::regnamespace
    and pg_class.relkind = 'v'
    and not pg_attribute.attisdropped
group by pg_class.oid, pg_class.relname
order by pg_class.relname
