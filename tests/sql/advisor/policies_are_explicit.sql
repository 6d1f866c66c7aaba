-- A policy says its command and its roles: never `for all`, never to everyone by omission.
select pg_policy.polrelid::regclass::text || '.' || pg_policy.polname as object
from pg_policy
where
    (pg_policy.polcmd = '*' or pg_policy.polroles = '{0}')
    and pg_policy.polrelid in (
        select pg_class.oid
        from pg_class
        where pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
    )
