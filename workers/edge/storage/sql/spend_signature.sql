insert into storage.spent_signatures (id, expires_at)
values (%(id)s, to_timestamp(%(expires_at)s))
on conflict (id) do nothing
