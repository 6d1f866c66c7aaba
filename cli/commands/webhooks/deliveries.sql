-- Deliveries, the newest first.
select
    webhook_deliveries.id,
    webhook_deliveries.webhook_endpoint_id,
    webhook_deliveries.event_id,
    webhook_deliveries.type,
    webhook_deliveries.status,
    webhook_deliveries.attempts,
    webhook_deliveries.next_attempt_at,
    webhook_deliveries.last_error,
    webhook_deliveries.created_at
from public.webhook_deliveries
where
    (%(business_id)s::uuid is null or webhook_deliveries.business_id = %(business_id)s)
    and (%(status)s::text is null or webhook_deliveries.status::text = %(status)s)
order by webhook_deliveries.created_at desc, webhook_deliveries.id
limit %(limit)s
