-- Nothing that looks like a secret is a column of an exposed view, or of a table without row level security.
select pg_class.oid::regclass::text || '.' || pg_attribute.attname as object
from pg_attribute
inner join pg_class on pg_class.oid = pg_attribute.attrelid
where
    pg_attribute.attname ~ '(secret|password|token|_hash|private_key)'
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
    and (
        pg_class.relkind = 'v' and pg_class.relnamespace::regnamespace::text = any(%(exposed)s)
        or pg_class.relkind in ('r', 'p')
        and pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
        and not pg_class.relrowsecurity
    )
