select
    sessions.id,
    sessions.created_at,
    sessions.refreshed_at at time zone 'UTC' as refreshed_at,
    sessions.aal::text as aal,
    host(sessions.ip) as ip,
    sessions.user_agent
from auth.sessions
where
    sessions.user_id = %(user_id)s
    and (sessions.not_after is null or sessions.not_after > now())
order by sessions.created_at desc
