select
    day,
    channel,
    status,
    sum(deliveries)::bigint as deliveries,
    sum(attempts)::bigint as attempts,
    round(avg(seconds_to_send), 1) as seconds_to_send
from analytics.notification_stats
group by day, channel, status
order by day desc, channel, status
