-- What users and businesses see of notifications.

create view public.notifications
with (security_invoker = true)
as
select
    notifications.id,
    notifications.user_id,
    notifications.business_id,
    notifications.booking_id,
    notifications.event,
    notifications.title,
    notifications.body,
    notifications.created_at,
    notifications.read_at
from engagement.notifications;
grant select on public.notifications to authenticated;
grant select, insert, update, delete on public.notifications to service_role;

comment on view public.notifications is
'What the caller reads in the app, the newest last. mark_notifications_read marks them as read.';
comment on column public.notifications.id is 'The notification.';
comment on column public.notifications.user_id is 'The caller.';
comment on column public.notifications.business_id is 'The business that it is about.';
comment on column public.notifications.booking_id is 'The booking that it is about, or null.';
comment on column public.notifications.event is 'What happened: a name of notification_events.';
comment on column public.notifications.title is 'One line, in the reader''s language.';
comment on column public.notifications.body is 'The text.';
comment on column public.notifications.created_at is 'When it came.';
comment on column public.notifications.read_at is 'When it was read, or null.';

create view public.notification_deliveries
with (security_invoker = true)
as
select
    notification_deliveries.id,
    notification_deliveries.event,
    notification_deliveries.audience,
    notification_deliveries.channel,
    notification_deliveries.business_id,
    notification_deliveries.booking_id,
    notification_deliveries.user_id,
    notification_deliveries.status,
    notification_deliveries.reason,
    notification_deliveries.attempts,
    notification_deliveries.provider,
    notification_deliveries.due_at,
    notification_deliveries.created_at,
    notification_deliveries.sent_at,
    notification_deliveries.updated_at
from engagement.notification_deliveries;
grant select on public.notification_deliveries to authenticated;
grant select, insert, update, delete on public.notification_deliveries to service_role;

comment on view public.notification_deliveries is
'What became of each message: the caller''s own, and for members those of their business,
without address and words.';
comment on column public.notification_deliveries.id is 'The delivery.';
comment on column public.notification_deliveries.event is
'What happened: a name of notification_events.';
comment on column public.notification_deliveries.audience is
'As whom it was told: customer, business or staff.';
comment on column public.notification_deliveries.channel is 'mail, sms, push or in_app.';
comment on column public.notification_deliveries.business_id is 'The business that it is about.';
comment on column public.notification_deliveries.booking_id is
'The booking that it is about, or null.';
comment on column public.notification_deliveries.user_id is 'Who was told, or null for a guest.';
comment on column public.notification_deliveries.status is
'queued, sent, delivered, failed, bounced or skipped.';
comment on column public.notification_deliveries.reason is
'Why it was skipped, has failed or waits, or null.';
comment on column public.notification_deliveries.attempts is 'How often sending was begun.';
comment on column public.notification_deliveries.provider is 'Who sent it, or null.';
comment on column public.notification_deliveries.due_at is
'When it is sent at the earliest, or null: at once.';
comment on column public.notification_deliveries.created_at is 'When it was queued.';
comment on column public.notification_deliveries.sent_at is 'When the provider took it, or null.';
comment on column public.notification_deliveries.updated_at is 'When it last changed.';

create view public.notification_templates
with (security_invoker = true)
as
select
    notification_templates.id,
    notification_templates.business_id,
    notification_templates.event,
    notification_templates.audience,
    notification_templates.channel,
    notification_templates.locale,
    notification_templates.title,
    notification_templates.body,
    notification_templates.created_at,
    notification_templates.updated_at
from engagement.notification_templates;
grant select on public.notification_templates to authenticated;
grant select, insert, update, delete on public.notification_templates to service_role;

comment on view public.notification_templates is
'The words of notifications: the platform''s, and those of the caller''s businesses.
save_notification_template writes a business''s own.';
comment on column public.notification_templates.id is 'The template.';
comment on column public.notification_templates.business_id is
'The business, or null: the platform''s.';
comment on column public.notification_templates.event is
'What happened: a name of notification_events.';
comment on column public.notification_templates.audience is 'customer, business or staff.';
comment on column public.notification_templates.channel is
'mail, sms, push, in_app, or null: all without words of their own.';
comment on column public.notification_templates.locale is
'Language tag, such as en or de-AT. Readers of others get English.';
comment on column public.notification_templates.title is
'Subject of a mail, title of a push; {{variable}} is replaced.';
comment on column public.notification_templates.body is
'The text; {{variable}} is replaced, a line whose variables are all empty is left out.';
comment on column public.notification_templates.created_at is 'When it was written.';
comment on column public.notification_templates.updated_at is 'When it last changed.';

create view public.notification_events
with (security_invoker = true)
as
select
    events.name,
    events.subject,
    events.description,
    events.is_mandatory,
    events.is_marketing
from engagement.events;
grant select on public.notification_events to anon, authenticated;
grant select, insert, update, delete on public.notification_events to service_role;

comment on view public.notification_events is
'What people can hear of.';
comment on column public.notification_events.name is 'The event, such as booking.confirmed.';
comment on column public.notification_events.subject is
'What it is about; notification_variables has the words for it.';
comment on column public.notification_events.description is 'When it happens.';
comment on column public.notification_events.is_mandatory is
'Told whatever the reader''s preferences are.';
comment on column public.notification_events.is_marketing is
'Told only to those who have consented.';

create view public.notification_notices
with (security_invoker = true)
as
select
    notices.event,
    notices.audience,
    notices.channels
from engagement.notices;
grant select on public.notification_notices to anon, authenticated;
grant select, insert, update, delete on public.notification_notices to service_role;

comment on view public.notification_notices is
'Who hears of an event, and on which channels.';
comment on column public.notification_notices.event is 'The event.';
comment on column public.notification_notices.audience is
'customer, business (owners and managers) or staff (who gives the service).';
comment on column public.notification_notices.channels is 'mail, sms, push, in_app.';

create view public.notification_variables
with (security_invoker = true)
as
select
    variables.subject,
    variables.name,
    variables.type,
    variables.description
from engagement.variables;
grant select on public.notification_variables to anon, authenticated;
grant select, insert, update, delete on public.notification_variables to service_role;

comment on view public.notification_variables is
'What templates may say, by subject of the event.';
comment on column public.notification_variables.subject is 'The subject of notification_events.';
comment on column public.notification_variables.name is 'As in {{name}}.';
comment on column public.notification_variables.type is
'text, instant, money or whole_number: how it is shown.';
comment on column public.notification_variables.description is 'What it is.';
