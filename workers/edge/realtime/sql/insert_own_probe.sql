insert into realtime.messages (topic, extension, event, payload, private)
values (%(topic)s, %(extension)s, 'probe', '{}', true)
