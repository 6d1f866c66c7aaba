with ours as ({ours})

update {queue} as extended
set vt = clock_timestamp() + make_interval(secs => %(lease)s)
from ours
where extended.msg_id = ours.msg_id
returning extended.msg_id
