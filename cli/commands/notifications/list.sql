select *
from engagement.notification_deliveries
where
    (%(status)s::text is null or status::text = %(status)s)
    and (%(channel)s::text is null or channel::text = %(channel)s)
order by created_at desc
limit %(limit)s
