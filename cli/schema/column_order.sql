-- The columns of every table in their order, by the table's quoted name.
select
    format('"%s"."%s"', pg_class.relnamespace::regnamespace::text, pg_class.relname) as table_name,
    array_agg(pg_attribute.attname::text order by pg_attribute.attnum) as column_names
from pg_class
inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
where
    pg_class.relkind in ('r', 'p')
    and pg_class.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
group by pg_class.oid
