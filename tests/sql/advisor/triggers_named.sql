-- A trigger function is called <table>__<task>, a trigger _NNN_<task>: the number is the firing order.
select 'function ' || pg_proc.oid::regprocedure as object
from pg_proc
where
    pg_proc.pronamespace::regnamespace::text = any(%(schemas)s)
    and pg_proc.prorettype = 'trigger'::regtype
    and pg_proc.proname !~ '^[a-z][a-z0-9_]*[a-z0-9]__[a-z][a-z0-9_]*$'
union all
select 'trigger ' || pg_trigger.tgname || ' on ' || pg_trigger.tgrelid::regclass
from pg_trigger
inner join pg_proc on pg_proc.oid = pg_trigger.tgfoid
where
    not pg_trigger.tgisinternal
    and pg_proc.pronamespace::regnamespace::text = any(%(schemas)s)
    and pg_trigger.tgname !~ '^_[0-9]{3}_[a-z][a-z0-9_]*$'
