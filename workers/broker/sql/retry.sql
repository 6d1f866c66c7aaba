-- Read the same row again later: a crash at any point neither doubles nor loses the message.
update {queue} as retried
set
    message = %(message)s::jsonb,
    headers = case jsonb_typeof(retried.headers) when 'object' then retried.headers else jsonb_build_object() end
    || jsonb_build_object('reads', retried.read_ct, 'attempts', %(attempts)s::integer),
    vt = clock_timestamp() + make_interval(secs => %(delay)s)
where retried.msg_id = %(msg_id)s and retried.read_ct = %(read_ct)s
returning retried.msg_id
