-- Owners and managers see the endpoints, deliveries and attempts of their business. Only functions
-- write them, and nobody sees a secret.

alter table integrations.event_types enable row level security;
grant select on integrations.event_types to authenticated, service_role;

create policy event_types_select
on integrations.event_types
for select
to authenticated
using (true);

alter table integrations.events enable row level security;
grant select (id, business_id, type, body, occurred_at) on integrations.events to authenticated;
grant select on integrations.events to service_role;

create policy events_select
on integrations.events
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table integrations.webhook_endpoints enable row level security;
grant select on integrations.webhook_endpoints to authenticated, service_role;

create policy webhook_endpoints_select
on integrations.webhook_endpoints
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table integrations.webhook_secrets enable row level security;

alter table integrations.webhook_deliveries enable row level security;
grant select on integrations.webhook_deliveries to authenticated, service_role;

create policy webhook_deliveries_select
on integrations.webhook_deliveries
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table integrations.webhook_attempts enable row level security;
grant select on integrations.webhook_attempts to authenticated, service_role;

create policy webhook_attempts_select
on integrations.webhook_attempts
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
integrations.make_secret(),
integrations.to_patterns(text),
integrations.create_webhook_endpoint(uuid, text, text[], boolean, text),
integrations.update_webhook_endpoint(uuid, text, text[], boolean, boolean),
integrations.delete_webhook_endpoint(uuid),
integrations.rotate_webhook_secret(uuid, interval, text),
integrations.test_webhook(uuid),
integrations.replay_webhook(uuid, uuid, timestamptz, timestamptz),
integrations.read_events(uuid, text, integer)
to anon, authenticated, service_role;
grant execute on function
integrations.publish(jsonb),
integrations.lease_deliveries(uuid, integer, integer, double precision),
integrations.record_attempts(uuid, jsonb),
integrations.forget_old_events()
to worker;
