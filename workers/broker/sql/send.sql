with sent as (
    insert into {queue} (vt, message)
    values (clock_timestamp() + make_interval(secs => %(delay)s), %(message)s::jsonb)
    returning msg_id
)

select dramatiq.notify_workers(%(queue_name)s)
from sent
where %(delay)s = 0
