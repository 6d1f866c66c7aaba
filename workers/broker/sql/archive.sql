with ours as ({ours}),

done as (
    delete from {queue} as done
    using ours
    where done.msg_id = ours.msg_id
    returning done.*
)

insert into {archive} (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers)
select msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers
from done
returning msg_id
