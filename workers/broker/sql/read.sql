-- Lease up to %(count)s due messages, the longest due first. `floor` skips the part of the index that
-- holds only deleted versions while an old snapshot keeps vacuum from removing them.
with due as (
    select msg_id, vt
    from {queue}
    where vt <= clock_timestamp() and vt > %(floor)s
    order by vt
    limit %(count)s
    for update skip locked
)

update {queue} as leased
set
    vt = clock_timestamp() + make_interval(secs => %(lease)s),
    read_ct = leased.read_ct + 1,
    last_read_at = clock_timestamp()
from due
where leased.msg_id = due.msg_id
returning due.vt, leased.msg_id, leased.read_ct, leased.message::text, leased.headers
