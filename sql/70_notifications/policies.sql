-- Users read their own notifications, preferences, devices and consents. Members of a business read
-- its templates and the status of its deliveries, without addresses and texts. Nobody has a write
-- grant: functions write, and check their caller.

alter table identity.notification_preferences enable row level security;
alter table identity.quiet_hours enable row level security;
alter table identity.devices enable row level security;
alter table engagement.variables enable row level security;
alter table engagement.events enable row level security;
alter table engagement.notices enable row level security;
alter table engagement.reminder_kinds enable row level security;
alter table engagement.reminders enable row level security;
alter table engagement.notification_templates enable row level security;
alter table engagement.notification_deliveries enable row level security;
alter table engagement.notifications enable row level security;
alter table engagement.marketing_consents enable row level security;
-- Without a policy: the audit trail shows a business what it sent.
alter table engagement.marketing_offers enable row level security;

grant usage on schema engagement to authenticated, service_role, anon, worker, edge, analyst;

grant select on table
identity.notification_preferences,
identity.quiet_hours,
identity.devices,
engagement.notifications,
engagement.notification_templates
to authenticated;
grant select (user_id, business_id, given_at, withdrawn_at)
on table engagement.marketing_consents to authenticated;
grant select (
    id, event, audience, channel, business_id, subject, subject_id, user_id, status, reason,
    attempts, provider, due_at, created_at, sent_at, updated_at
) on table engagement.notification_deliveries to authenticated;
grant select on table
engagement.variables,
engagement.events,
engagement.notices
to anon, authenticated;
grant select, insert, update, delete on table
identity.notification_preferences,
identity.quiet_hours,
identity.devices,
engagement.variables,
engagement.events,
engagement.notices,
engagement.reminder_kinds,
engagement.reminders,
engagement.notification_templates,
engagement.notification_deliveries,
engagement.notifications,
engagement.marketing_consents,
engagement.marketing_offers
to service_role;

create policy notification_preferences_select
on identity.notification_preferences
for select
to authenticated
using (user_id = (select auth.uid()));

create policy quiet_hours_select
on identity.quiet_hours
for select
to authenticated
using (user_id = (select auth.uid()));

create policy devices_select
on identity.devices
for select
to authenticated
using (user_id = (select auth.uid()));

create policy variables_select
on engagement.variables
for select
to anon, authenticated
using (true);

create policy events_select
on engagement.events
for select
to anon, authenticated
using (true);

create policy notices_select
on engagement.notices
for select
to anon, authenticated
using (true);

create policy notification_templates_select
on engagement.notification_templates
for select
to authenticated
using (business_id is null or business_id = any(array(select private.my_businesses('view'))));

create policy notification_deliveries_select
on engagement.notification_deliveries
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy notifications_select
on engagement.notifications
for select
to authenticated
using (user_id = (select auth.uid()));

create policy marketing_consents_select
on engagement.marketing_consents
for select
to authenticated
using (user_id = (select auth.uid()));

-- reminders and reminder_kinds have no policy: only functions read them.

-- Analysts count deliveries. The grant leaves out the recipient, the address and the data.
grant select (event, channel, status, business_id, attempts, created_at, sent_at)
on table engagement.notification_deliveries to analyst;

create policy notification_deliveries_select_analyst
on engagement.notification_deliveries
for select
to analyst
using (true);

-- What the workers and the edge call.
grant execute on function
engagement.plan(jsonb),
engagement.show_in_app(jsonb),
engagement.start_deliveries(uuid[]),
engagement.finish_deliveries(jsonb),
engagement.fail_delivery(uuid, text, text, boolean),
engagement.start_account_message(uuid, identity.notification_channel, jsonb)
to worker;
grant execute on function
engagement.record_report(text, text, engagement.delivery_status, text),
engagement.unsubscribe(uuid)
to edge;

-- What public functions call. Each checks its caller; none is reachable over HTTP by itself.
grant execute on function
engagement.to_channel(text),
engagement.to_audience(text),
engagement.set_preference(text, identity.notification_channel, boolean),
engagement.set_quiet_hours(time, time),
engagement.register_device(text, text),
engagement.forget_device(text),
engagement.mark_read(uuid[]),
engagement.unsubscribe(uuid),
engagement.send_offer(uuid, text, text),
engagement.save_template(
    uuid, text, engagement.audience, identity.notification_channel, text, text, text
),
engagement.remove_template(uuid)
to anon, authenticated, service_role;
