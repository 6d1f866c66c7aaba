-- Set a value where there is none, or only an expired one.
insert into dramatiq.rate_limits as limits (key, value, expires_at)
values (%(key)s, %(value)s, clock_timestamp() + make_interval(secs => %(ttl)s))
on conflict (key) do update
set value = excluded.value, expires_at = excluded.expires_at
where limits.expires_at <= clock_timestamp()
returning value
