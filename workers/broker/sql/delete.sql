-- Only whoever read a message last may settle it: read_ct is the lease's number.
delete from {queue}
using unnest(%(msg_ids)s::bigint[], %(read_cts)s::integer[]) as done (msg_id, read_ct)
where {queue}.msg_id = done.msg_id and {queue}.read_ct = done.read_ct
returning {queue}.msg_id
