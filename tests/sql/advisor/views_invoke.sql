-- An exposed view reads with the rights of the caller.
select pg_class.oid::regclass::text as object
from pg_class
where
    pg_class.relkind in ('v', 'm')
    and pg_class.relnamespace::regnamespace::text = any(%(exposed)s)
    and not coalesce(array_to_string(pg_class.reloptions, ' ') ~ 'security_invoker=(true|on)', false)
