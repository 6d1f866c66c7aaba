-- What users want to hear, where they are reached, and whose offers they accept.

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
'The events and channels that the caller switched on or off.

Without a row an event is on. Changed by set_notification_preference.';
comment on column public.notification_preferences.user_id is 'The caller.';
comment on column public.notification_preferences.event is
'A name of notification_events, or * for all events without a row of their own.';
comment on column public.notification_preferences.channel is 'mail, sms, push or in_app.';
comment on column public.notification_preferences.is_enabled is
'Whether the caller wants the event on this channel.';

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
'The hours without SMS and push messages, in the zone of the caller''s profile.

Changed by set_quiet_hours.';
comment on column public.quiet_hours.user_id is 'The caller.';
comment on column public.quiet_hours.starts_at is 'Local time.';
comment on column public.quiet_hours.ends_at is
'Local time; if it is before starts_at, on the next day.';

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
'The caller''s phones and browsers that receive push messages.

Changed by register_device and forget_device.';
comment on column public.devices.id is 'Primary key.';
comment on column public.devices.user_id is 'The caller.';
comment on column public.devices.platform is 'android, ios or web.';
comment on column public.devices.is_active is
'False after the push service reported the device as gone.';
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
'The businesses whose offers the caller wants.

Changed by set_consent with the purpose marketing, and by unsubscribe. consents has every answer '
'with its source.';
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
'Switch an event on or off for the caller on a channel.

event * stands for all events without a row of their own. Mandatory events are always delivered.

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
'Delay SMS and push messages during these hours, such as 22:00 to 07:00 in the zone of the '
'caller''s profile.

Without arguments the quiet hours end. Mandatory events are always delivered at once.

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
'Send the caller''s push messages to this device too.

A device belongs to the user who registered it last. Returns the device''s id.

- platform: android, ios or web.

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
'Stop push messages to this device of the caller.

Devices of other users stay as they are.

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
'Mark the caller''s notifications as read: those in notification_ids, or all.

Returns the number that were unread.

Errors: invalid_input 400, not_signed_in 401.';

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
'Withdraw a consent with the token of a mail, without signing in.

An unknown token gets the same answer.

Errors: invalid_input 400.';

grant execute on function
public.set_notification_preference(text, text, public.yes_no),
public.set_quiet_hours(text, text),
public.register_device(text, text),
public.forget_device(text),
public.mark_notifications_read(public.list),
public.unsubscribe(public.identifier)
to anon, authenticated, service_role;
