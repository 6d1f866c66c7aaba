-- Only where there is nothing, or nothing any more.
insert into dramatiq.rate_limits as limits (key, value, expires_at)
values (%(key)s, %(value)s, clock_timestamp() + make_interval(secs => %(ttl)s))
on conflict (key) do update
set value = excluded.value, expires_at = excluded.expires_at
where limits.expires_at <= clock_timestamp()
returning value
