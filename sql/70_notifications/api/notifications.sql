-- What users and businesses read: notifications in the app, the status of deliveries, templates,
-- and the events, notices and variables that exist.

create view public.notifications
with (security_invoker = true)
as
select
    notifications.id,
    notifications.user_id,
    notifications.business_id,
    case when notifications.subject = 'booking' then notifications.subject_id end as booking_id,
    notifications.event,
    notifications.title,
    notifications.body,
    notifications.created_at,
    notifications.read_at,
    notifications.subject,
    notifications.subject_id
from engagement.notifications;
grant select on public.notifications to authenticated;
grant select, insert, update, delete on public.notifications to service_role;

comment on view public.notifications is
'The caller''s notifications in the app, the newest last.

mark_notifications_read marks them as read.';
comment on column public.notifications.id is 'Primary key.';
comment on column public.notifications.user_id is 'The caller.';
comment on column public.notifications.business_id is 'The business that it is about.';
comment on column public.notifications.booking_id is 'The booking that it is about, or null.';
comment on column public.notifications.event is 'The event, a name of notification_events.';
comment on column public.notifications.title is 'One line, in the reader''s language.';
comment on column public.notifications.body is 'The text.';
comment on column public.notifications.created_at is 'When it arrived.';
comment on column public.notifications.read_at is 'When it was read, or null.';
comment on column public.notifications.subject is
'What it is about: booking, waitlist or offer. Null: nothing in particular.';
comment on column public.notifications.subject_id is
'The booking, the waitlist entry, or the business of the offer.';

create view public.notification_deliveries
with (security_invoker = true)
as
select
    notification_deliveries.id,
    notification_deliveries.event,
    notification_deliveries.audience,
    notification_deliveries.channel,
    notification_deliveries.business_id,
    case
        when notification_deliveries.subject = 'booking' then notification_deliveries.subject_id
    end as booking_id,
    notification_deliveries.user_id,
    notification_deliveries.status,
    notification_deliveries.reason,
    notification_deliveries.attempts,
    notification_deliveries.provider,
    notification_deliveries.due_at,
    notification_deliveries.created_at,
    notification_deliveries.sent_at,
    notification_deliveries.updated_at,
    notification_deliveries.subject,
    notification_deliveries.subject_id
from engagement.notification_deliveries;
grant select on public.notification_deliveries to authenticated;
grant select, insert, update, delete on public.notification_deliveries to service_role;

comment on view public.notification_deliveries is
'The deliveries of messages and their status, without address and text.

Users see their own, members those of their business.';
comment on column public.notification_deliveries.id is 'Primary key.';
comment on column public.notification_deliveries.event is
'The event, a name of notification_events.';
comment on column public.notification_deliveries.audience is
'The recipient''s part: customer, business, staff or platform.';
comment on column public.notification_deliveries.channel is 'mail, sms, push or in_app.';
comment on column public.notification_deliveries.business_id is 'The business that it is about.';
comment on column public.notification_deliveries.booking_id is
'The booking that it is about, or null.';
comment on column public.notification_deliveries.user_id is 'The recipient, or null for a guest.';
comment on column public.notification_deliveries.status is
'queued, sent, delivered, failed, bounced or skipped.';
comment on column public.notification_deliveries.reason is
'Why it was skipped, failed or waits, or null.';
comment on column public.notification_deliveries.attempts is 'Number of attempts to send it.';
comment on column public.notification_deliveries.provider is 'The provider that sent it, or null.';
comment on column public.notification_deliveries.due_at is
'The earliest time to send it; null for at once.';
comment on column public.notification_deliveries.created_at is 'When it was queued.';
comment on column public.notification_deliveries.sent_at is
'When the provider accepted it, or null.';
comment on column public.notification_deliveries.updated_at is 'When it last changed.';
comment on column public.notification_deliveries.subject is
'What it is about: booking, waitlist or offer.';
comment on column public.notification_deliveries.subject_id is
'The booking, the waitlist entry, or the business of the offer.';

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
'The texts of notifications: the platform''s, and those of the caller''s businesses.

save_notification_template saves a business''s own.';
comment on column public.notification_templates.id is 'Primary key.';
comment on column public.notification_templates.business_id is
'The business; null for the platform.';
comment on column public.notification_templates.event is
'The event, a name of notification_events.';
comment on column public.notification_templates.audience is
'customer, business, staff or platform.';
comment on column public.notification_templates.channel is
'mail, sms, push or in_app; null for all channels without a template of their own.';
comment on column public.notification_templates.locale is
'Language tag, such as en or de-AT. Readers of other languages get English.';
comment on column public.notification_templates.title is
'Subject of a mail or title of a push message. {{variable}} is replaced.';
comment on column public.notification_templates.body is
'The text. {{variable}} is replaced; a line whose variables are all empty is left out.';
comment on column public.notification_templates.created_at is 'When it was created.';
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

comment on view public.notification_events is 'Events that send notifications.';
comment on column public.notification_events.name is 'The event, such as booking.confirmed.';
comment on column public.notification_events.subject is
'The subject; notification_variables lists its variables.';
comment on column public.notification_events.description is 'When it happens.';
comment on column public.notification_events.is_mandatory is
'Whether it is always delivered, whatever the reader''s preferences are.';
comment on column public.notification_events.is_marketing is
'Whether it is delivered only with consent.';

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

comment on view public.notification_notices is 'The recipients of each event, and the channels.';
comment on column public.notification_notices.event is 'The event.';
comment on column public.notification_notices.audience is
'customer, business (owners and managers) or staff (those who provide the service).';
comment on column public.notification_notices.channels is 'The channels: mail, sms, push, in_app.';

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
'The variables that templates may use, by subject of the event.';
comment on column public.notification_variables.subject is 'The subject of notification_events.';
comment on column public.notification_variables.name is 'The name, as in {{name}}.';
comment on column public.notification_variables.type is
'text, instant, money or whole_number; it decides the format.';
comment on column public.notification_variables.description is 'What it contains.';
