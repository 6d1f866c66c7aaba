with ours as ({ours})

update {queue} as released
set
    headers = case jsonb_typeof(released.headers) when 'object' then released.headers else jsonb_build_object() end
    || jsonb_build_object('reads', released.read_ct),
    vt = clock_timestamp()
from ours
where released.msg_id = ours.msg_id
