-- Of those who are about to commit only one rings: a notification makes commits wait for each other,
-- and one is enough to wake a worker, who then reads until there is nothing left.
with sent as (
    insert into {queue} (vt, message)
    values (clock_timestamp() + make_interval(secs => %(delay)s), %(message)s::jsonb)
    returning msg_id
)

select pg_notify(%(channel)s, '')
from sent
where %(delay)s = 0 and pg_try_advisory_xact_lock(hashtextextended(%(channel)s, 0))
