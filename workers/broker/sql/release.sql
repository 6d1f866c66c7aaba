with ours as ({ours})

update {queue} as released
set vt = clock_timestamp()
from ours
where released.msg_id = ours.msg_id
