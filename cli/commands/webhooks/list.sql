-- Endpoints with what waits for them, the newest first.
select
    webhook_endpoints.id,
    businesses.slug as business,
    webhook_endpoints.url,
    array_to_string(webhook_endpoints.events, ' ') as events,
    case
        when webhook_endpoints.is_enabled and webhook_endpoints.resting_until > private.now()
            then 'resting'
        when webhook_endpoints.is_enabled then 'enabled'
        else concat_ws(': ', 'disabled', webhook_endpoints.disabled_reason)
    end as status,
    webhook_endpoints.failures,
    (
        select count(*)
        from integrations.webhook_deliveries
        where
            webhook_deliveries.business_id = webhook_endpoints.business_id
            and webhook_deliveries.webhook_endpoint_id = webhook_endpoints.id
            and webhook_deliveries.status = 'pending'
    ) as pending
from public.webhook_endpoints
inner join business.businesses on businesses.id = webhook_endpoints.business_id
where %(business_id)s::uuid is null or webhook_endpoints.business_id = %(business_id)s
order by webhook_endpoints.created_at desc, webhook_endpoints.id
limit %(limit)s
