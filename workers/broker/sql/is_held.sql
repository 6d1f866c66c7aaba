select exists (
    select 1 from {queue}
    where msg_id = %(msg_id)s and read_ct = %(read_ct)s and vt > clock_timestamp()
)
