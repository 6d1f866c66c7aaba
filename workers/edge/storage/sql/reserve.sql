insert into storage.leftovers (version, delete_after)
values (%(version)s, now() + %(seconds)s * interval '1 second')
