-- Webhooks, as owners, managers and keys see them: endpoints, deliveries with their bodies,
-- attempts, and the types of events that there are.

create view public.webhook_endpoints
with (security_invoker = true)
as
select
    webhook_endpoints.id,
    webhook_endpoints.business_id,
    webhook_endpoints.url,
    webhook_endpoints.events,
    webhook_endpoints.is_ordered,
    webhook_endpoints.is_enabled,
    webhook_endpoints.disabled_reason,
    webhook_endpoints.failures,
    webhook_endpoints.failing_since,
    webhook_endpoints.resting_until,
    webhook_endpoints.created_by,
    webhook_endpoints.created_at
from integrations.webhook_endpoints;
grant select on public.webhook_endpoints to authenticated, service_role;

comment on view public.webhook_endpoints is
'Addresses that are sent the events of the caller''s businesses, for owners and managers.

Written by create_webhook_endpoint, update_webhook_endpoint and delete_webhook_endpoint.';
comment on column public.webhook_endpoints.id is 'Primary key.';
comment on column public.webhook_endpoints.business_id is 'The business.';
comment on column public.webhook_endpoints.url is 'Where events are sent.';
comment on column public.webhook_endpoints.events is
'Types of events; * at the end of one stands for all that begin so.';
comment on column public.webhook_endpoints.is_ordered is
'Whether the events of one row are sent one after another.';
comment on column public.webhook_endpoints.is_enabled is 'Whether events are sent.';
comment on column public.webhook_endpoints.disabled_reason is
'Why it was disabled: gone (it answered 410) or failing (nothing arrived for three days); or null.';
comment on column public.webhook_endpoints.failures is 'How many attempts failed in a row.';
comment on column public.webhook_endpoints.failing_since is 'Since when they fail, or null.';
comment on column public.webhook_endpoints.resting_until is
'Until when nothing is sent, because too many attempts failed in a row; or null.';
comment on column public.webhook_endpoints.created_by is 'The user who created it, or null.';
comment on column public.webhook_endpoints.created_at is 'When it was created.';

create view public.webhook_deliveries
with (security_invoker = true)
as
select
    webhook_deliveries.id,
    webhook_deliveries.business_id,
    webhook_deliveries.webhook_endpoint_id,
    webhook_deliveries.event_id,
    events.type,
    events.body,
    webhook_deliveries.status,
    webhook_deliveries.attempts,
    case when webhook_deliveries.status = 'pending' then webhook_deliveries.next_attempt_at end
        as next_attempt_at,
    webhook_deliveries.last_error,
    webhook_deliveries.delivered_at,
    webhook_deliveries.created_at
from integrations.webhook_deliveries
inner join integrations.events
    on
        webhook_deliveries.business_id = events.business_id
        and webhook_deliveries.event_id = events.id;
grant select on public.webhook_deliveries to authenticated, service_role;

comment on view public.webhook_deliveries is
'One row for each event and endpoint, for owners and managers. Kept for 30 days.

Written by the workers; replay_webhook sends one again.';
comment on column public.webhook_deliveries.id is 'Primary key.';
comment on column public.webhook_deliveries.business_id is 'The business.';
comment on column public.webhook_deliveries.webhook_endpoint_id is 'Where it is sent.';
comment on column public.webhook_deliveries.event_id is
'The event; sent as webhook-id, the same at each attempt.';
comment on column public.webhook_deliveries.type is 'The type of the event.';
comment on column public.webhook_deliveries.body is 'What is sent.';
comment on column public.webhook_deliveries.status is 'pending, delivered or failed.';
comment on column public.webhook_deliveries.attempts is
'Attempts since it was written or replayed.';
comment on column public.webhook_deliveries.next_attempt_at is
'When it is due; null when it has ended.';
comment on column public.webhook_deliveries.last_error is 'Why the last attempt failed, or null.';
comment on column public.webhook_deliveries.delivered_at is 'When it arrived, or null.';
comment on column public.webhook_deliveries.created_at is 'When it was written.';

create view public.webhook_attempts
with (security_invoker = true)
as
select
    webhook_attempts.id,
    webhook_attempts.business_id,
    webhook_attempts.webhook_delivery_id,
    webhook_attempts.attempted_at,
    webhook_attempts.duration_ms,
    webhook_attempts.response_status,
    webhook_attempts.response_body,
    webhook_attempts.error
from integrations.webhook_attempts;
grant select on public.webhook_attempts to authenticated, service_role;

comment on view public.webhook_attempts is
'Each attempt at a delivery, for owners and managers. Kept for 30 days.

Written by the workers.';
comment on column public.webhook_attempts.id is 'Primary key.';
comment on column public.webhook_attempts.business_id is 'The business.';
comment on column public.webhook_attempts.webhook_delivery_id is 'The delivery.';
comment on column public.webhook_attempts.attempted_at is 'When it was recorded.';
comment on column public.webhook_attempts.duration_ms is 'How long it took, in milliseconds.';
comment on column public.webhook_attempts.response_status is
'The HTTP status of the answer; null when there was none.';
comment on column public.webhook_attempts.response_body is
'The first kilobyte of the answer, or null.';
comment on column public.webhook_attempts.error is 'Why there was no answer, or null.';

create view public.webhook_events
with (security_invoker = true)
as
select
    event_types.name,
    event_types.subject,
    event_types.description
from integrations.event_types;
grant select on public.webhook_events to authenticated, service_role;

comment on view public.webhook_events is
'The types of events that endpoints can ask for.

Read only.';
comment on column public.webhook_events.name is 'The type, such as booking.confirmed.';
comment on column public.webhook_events.subject is
'What it is about, such as booking; null for the test of an endpoint.';
comment on column public.webhook_events.description is 'What has happened.';
