-- Read the same row again later: a crash at any point neither doubles nor loses the message.
update {queue}
set
    message = %(message)s::jsonb,
    vt = clock_timestamp() + make_interval(secs => %(delay)s)
where msg_id = %(msg_id)s and read_ct = %(read_ct)s
returning msg_id
