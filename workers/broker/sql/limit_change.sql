-- Add to a value within its bounds. A missing or expired value counts as 0.
insert into dramatiq.rate_limits as limits (key, value, expires_at)
select %(key)s, %(amount)s, clock_timestamp() + make_interval(secs => %(ttl)s)
where %(amount)s between %(minimum)s and %(maximum)s
    or exists (select 1 from dramatiq.rate_limits where key = %(key)s)
on conflict (key) do update
set
    value = case when limits.expires_at > clock_timestamp() then limits.value else 0 end + %(amount)s,
    expires_at = excluded.expires_at
where case when limits.expires_at > clock_timestamp() then limits.value else 0 end + %(amount)s
    between %(minimum)s and %(maximum)s
returning value
