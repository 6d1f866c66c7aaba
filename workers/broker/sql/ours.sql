-- Lock the messages whose leases we hold: read_ct is the number of a lease, so only the last reader of
-- a message finds it. The order prevents deadlocks between statements that lock several rows (extending
-- leases, settling).
select mine.msg_id
from {queue} as mine
inner join
    unnest(%(msg_ids)s::bigint[], %(read_cts)s::integer[]) as lease (msg_id, read_ct)
    on mine.msg_id = lease.msg_id and mine.read_ct = lease.read_ct
order by mine.msg_id
for update of mine
