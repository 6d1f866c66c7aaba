-- Count an attempt before it begins, so that it counts however it ends. Returns no row when the
-- lease is over. The commit need not wait for the disk: a crash of the server stops the worker too.
update {queue} as begun
set headers = case jsonb_typeof(begun.headers) when 'object' then begun.headers else jsonb_build_object() end
    || jsonb_build_object('attempts', %(attempt)s::integer)
from (select set_config('synchronous_commit', 'off', true)) as setting
where
    begun.msg_id = %(msg_id)s
    and begun.read_ct = %(read_ct)s
    and begun.vt > clock_timestamp()
returning begun.msg_id
