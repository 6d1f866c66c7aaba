select messages.extension
from realtime.messages
where messages.topic = %(topic)s and messages.id = any(%(ids)s)
