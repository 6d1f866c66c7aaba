-- What users wish to hear, and where they are reached.

create view public.notification_preferences
with (security_invoker = true)
as
select
    notification_preferences.user_id,
    notification_preferences.event,
    notification_preferences.channel,
    notification_preferences.is_enabled
from identity.notification_preferences;
grant select on public.notification_preferences to authenticated;
grant select, insert, update, delete on public.notification_preferences to service_role;

comment on view public.notification_preferences is
'What the caller wants to hear of, and how. Without a row they hear of it. Changed by
set_notification_preference.';
comment on column public.notification_preferences.user_id is 'The caller.';
comment on column public.notification_preferences.event is
'A name of notification_events, or * for all without a row of their own.';
comment on column public.notification_preferences.channel is 'mail, sms, push or in_app.';
comment on column public.notification_preferences.is_enabled is 'Whether they want it.';

create view public.quiet_hours
with (security_invoker = true)
as
select
    quiet_hours.user_id,
    quiet_hours.starts_at,
    quiet_hours.ends_at
from identity.quiet_hours;
grant select on public.quiet_hours to authenticated;
grant select, insert, update, delete on public.quiet_hours to service_role;

comment on view public.quiet_hours is
'When the caller''s phone stays silent, in the zone of their profile. Changed by set_quiet_hours.';
comment on column public.quiet_hours.user_id is 'The caller.';
comment on column public.quiet_hours.starts_at is 'Wall clock.';
comment on column public.quiet_hours.ends_at is 'Wall clock; before starts_at: the next day.';

create view public.devices
with (security_invoker = true)
as
select
    devices.id,
    devices.user_id,
    devices.platform,
    devices.is_active,
    devices.disabled_reason,
    devices.created_at,
    devices.last_seen_at
from identity.devices;
grant select on public.devices to authenticated;
grant select, insert, update, delete on public.devices to service_role;

comment on view public.devices is
'The caller''s phones and browsers that take push messages. Changed by register_device and
forget_device.';
comment on column public.devices.id is 'The device.';
comment on column public.devices.user_id is 'The caller.';
comment on column public.devices.platform is 'android, ios or web.';
comment on column public.devices.is_active is
'False when the push service has said that it is gone.';
comment on column public.devices.disabled_reason is 'Why it is not active, or null.';
comment on column public.devices.created_at is 'When it was first registered.';
comment on column public.devices.last_seen_at is 'When it was last registered.';

create view public.marketing_consents
with (security_invoker = true)
as
select
    marketing_consents.user_id,
    marketing_consents.business_id,
    marketing_consents.given_at,
    marketing_consents.withdrawn_at
from engagement.marketing_consents;
grant select on public.marketing_consents to authenticated;
grant select, insert, update, delete on public.marketing_consents to service_role;

comment on view public.marketing_consents is
'Whose offers the caller wants to hear. Changed by set_marketing_consent and unsubscribe.';
comment on column public.marketing_consents.user_id is 'The caller.';
comment on column public.marketing_consents.business_id is 'The business.';
comment on column public.marketing_consents.given_at is 'When consent was last given.';
comment on column public.marketing_consents.withdrawn_at is 'When it was withdrawn, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_notification_preference(
    event text, channel text, is_enabled public.yes_no
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_preference(
        private.to_required_text(event, 'event', 100),
        engagement.to_channel(channel),
        coalesce(private.to_yes_no(is_enabled, 'is_enabled'), true)
    );
end;
$$;
comment on function public.set_notification_preference is
'The caller wants to hear of an event on a channel, or does not. event * stands for all that have no
word of their own. Mandatory events are told all the same.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.set_quiet_hours(from_time text default null, to_time text default null)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_quiet_hours(
        private.to_clock(from_time, 'from_time'), private.to_clock(to_time, 'to_time')
    );
end;
$$;
comment on function public.set_quiet_hours is
'Texts and pushes wait while these hours last, such as 22:00 to 07:00 in the zone of the caller''s
profile; without arguments there are none any more. Mandatory events are told all the same.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.register_device(token text, platform text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.register_device(
        private.to_required_text(token, 'token', 4096),
        private.to_required_text(platform, 'platform', 20)
    );
end;
$$;
comment on function public.register_device is
'Push messages of the caller go to this device as well. A device belongs to whoever registered it
last. platform: android, ios or web. Gives its id.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.forget_device(token text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.forget_device(private.to_required_text(token, 'token', 4096));
end;
$$;
comment on function public.forget_device is
'No more push messages to this device of the caller. One that is not theirs stays as it is.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.mark_notifications_read(notification_ids public.list default null)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.mark_read(private.to_identifiers(notification_ids, 'notification_ids'));
end;
$$;
comment on function public.mark_notifications_read is
'Marks the caller''s notifications as read: those named, or all. Gives how many were unread.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_marketing_consent(business_id public.identifier, is_given public.yes_no)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_consent(
        private.to_identifier(business_id, 'business_id'),
        coalesce(private.to_yes_no(is_given, 'is_given'), false)
    );
end;
$$;
comment on function public.set_marketing_consent is
'The caller wants to hear of a business''s offers, or does not.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input
 */
create function public.unsubscribe(token public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.unsubscribe(private.to_identifier(token, 'token'));
end;
$$;
comment on function public.unsubscribe is
'Withdraws a consent with the token of a mail, without signing in. An unknown token gets the same
answer.
Errors: invalid_input 400.';
