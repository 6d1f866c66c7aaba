-- Exposed schemas hold views and functions: what is stored can change without breaking a client.
select pg_class.oid::regclass::text as object
from pg_class
where
    pg_class.relkind in ('r', 'p', 'f', 'm')
    and pg_class.relnamespace::regnamespace::text = any(%(exposed)s)
