-- Move a message to the dead letters unchanged, with the reason in the headers.
with dead as (
    delete from {queue}
    where msg_id = %(msg_id)s and read_ct = %(read_ct)s
    returning message
)

insert into {dead} (vt, message, headers)
select clock_timestamp(), message, %(headers)s::jsonb || jsonb_build_object('dead_at', clock_timestamp())
from dead
returning msg_id
