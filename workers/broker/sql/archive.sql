with done as (
    delete from {queue}
    using unnest(%(msg_ids)s::bigint[], %(read_cts)s::integer[]) as done (msg_id, read_ct)
    where {queue}.msg_id = done.msg_id and {queue}.read_ct = done.read_ct
    returning {queue}.*
)

insert into {archive} (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers)
select msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers
from done
returning msg_id
