-- A function finds the same objects whoever calls it. The exceptions are calculators over many rows, which
-- a `set` clause would keep from being inlined; each was reviewed: it names every object with its schema.
select pg_proc.oid::regprocedure::text as object
from pg_proc
where
    pg_proc.pronamespace::regnamespace::text = any(%(schemas)s)
    and pg_proc.prokind in ('f', 'p')
    and not coalesce(array_to_string(pg_proc.proconfig, ' ') ~ '\msearch_path=', false)
    -- A body bound at creation looks nothing up when it runs.
    and pg_proc.prosqlbody is null
    and not exists (
        select 1 from pg_depend where pg_depend.objid = pg_proc.oid and pg_depend.deptype = 'e'
    )
