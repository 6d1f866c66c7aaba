-- A function that runs with its owner's rights is not callable over HTTP.
select pg_proc.oid::regprocedure::text as object
from pg_proc
where pg_proc.prosecdef and pg_proc.pronamespace::regnamespace::text = any(%(exposed)s)
