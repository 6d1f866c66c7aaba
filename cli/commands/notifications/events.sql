select
    events.*,
    notices.audience,
    notices.channels::text[] as channels
from engagement.events
inner join engagement.notices on events.name = notices.event
order by events.name, notices.audience
