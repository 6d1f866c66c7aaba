select messages.extension
from realtime.messages
where
    messages.topic = %(topic)s
    and messages.id = any(%(ids)s)
    -- In which partition it is; planning for all of them would cost most of the time.
    and messages.inserted_at = %(inserted_at)s
