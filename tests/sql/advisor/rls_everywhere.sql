-- Row level security is on for every table of ours, also for those that no client can reach.
select pg_class.oid::regclass::text as object
from pg_class
where
    pg_class.relkind in ('r', 'p')
    and pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
    and not pg_class.relrowsecurity
