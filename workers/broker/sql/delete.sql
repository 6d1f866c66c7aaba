with ours as ({ours})

delete from {queue} as done
using ours
where done.msg_id = ours.msg_id
returning done.msg_id
