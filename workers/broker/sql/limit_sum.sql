select coalesce(sum(value), 0)::bigint
from dramatiq.rate_limits
where key = any(%(keys)s) and expires_at > clock_timestamp()
