insert into realtime.messages (topic, extension, event, payload, private)
select %(topic)s, probed.extension, 'probe', '{}', true
from unnest(%(extensions)s::text[]) as probed (extension)
returning id, inserted_at
