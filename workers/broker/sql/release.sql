update {queue}
set vt = clock_timestamp()
from unnest(%(msg_ids)s::bigint[], %(read_cts)s::integer[]) as held (msg_id, read_ct)
where {queue}.msg_id = held.msg_id and {queue}.read_ct = held.read_ct
