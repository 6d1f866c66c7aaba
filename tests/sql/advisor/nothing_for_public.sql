-- Nothing of ours is open to PUBLIC: every grant names its role.
select pg_proc.oid::regprocedure::text as object
from pg_proc
cross join lateral aclexplode(coalesce(pg_proc.proacl, acldefault('f', pg_proc.proowner))) as item
where pg_proc.pronamespace::regnamespace::text = any(%(schemas)s) and item.grantee = 0
union all
select pg_class.oid::regclass::text
from pg_class
cross join lateral aclexplode(pg_class.relacl) as item
where pg_class.relnamespace::regnamespace::text = any(%(schemas)s) and item.grantee = 0
