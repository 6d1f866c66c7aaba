-- Locks the messages whose leases are ours: read_ct is a lease's number, so only whoever read a
-- message last finds it. In one order, because statements that lock several rows at once (extending
-- leases, settling) would otherwise wait for each other in a circle.
select mine.msg_id
from {queue} as mine
inner join
    unnest(%(msg_ids)s::bigint[], %(read_cts)s::integer[]) as lease (msg_id, read_ct)
    on mine.msg_id = lease.msg_id and mine.read_ct = lease.read_ct
order by mine.msg_id
for update of mine
