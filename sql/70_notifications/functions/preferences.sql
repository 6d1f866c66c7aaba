-- What users want to hear, when their phones stay silent, and what they have read.

/*
 * Refuse an event that does not exist.
 *
 * Errors:  PT404 not_found
 */
create function engagement.require_event(event text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (select 1 from engagement.events where events.name = require_event.event) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such event.',
            'Choose one from the view notification_events.'
        );
    end if;
end;
$$;

/*
 * Read a channel as a client names it.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.to_channel(value text)
returns identity.notification_channel
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('mail', 'sms', 'push', 'in_app') then
        perform private.invalid('channel', 'must be mail, sms, push or in_app');
    end if;
    return value::identity.notification_channel;
end;
$$;

/*
 * Switch an event, or all events with `*`, on or off for the caller on a channel.
 * Definer: nobody has a write grant on preferences; the caller changes their own.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function engagement.set_preference(
    event text, channel identity.notification_channel, is_enabled boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if event <> '*' then
        perform engagement.require_event(event);
    end if;
    insert into identity.notification_preferences (user_id, event, channel, is_enabled)
    values (private.current_user_id(), event, channel, is_enabled)
    on conflict on constraint notification_preferences_pkey do update
    set is_enabled = excluded.is_enabled;
end;
$$;

/*
 * Set the caller's quiet hours, or remove them with null.
 * Definer: nobody has a write grant on quiet hours; the caller changes their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function engagement.set_quiet_hours(starts_at time, ends_at time)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if (starts_at is null) <> (ends_at is null) then
        perform private.invalid('from_time and to_time', 'must both be sent, or neither');
    end if;
    if starts_at is null then
        delete from identity.quiet_hours where quiet_hours.user_id = private.current_user_id();
        return;
    end if;
    insert into identity.quiet_hours (user_id, starts_at, ends_at)
    values (private.current_user_id(), set_quiet_hours.starts_at, set_quiet_hours.ends_at)
    on conflict on constraint quiet_hours_pkey do update
    set starts_at = excluded.starts_at, ends_at = excluded.ends_at;
end;
$$;

/*
 * Return when a user's quiet hours end, or null when they are not in them.
 */
create function engagement.quiet_until(user_id uuid)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_hours identity.quiet_hours;
    v_time_zone text;
    v_now timestamp;
    v_end timestamp;
begin
    select quiet_hours.* into v_hours
    from identity.quiet_hours
    where quiet_hours.user_id = quiet_until.user_id;
    if not found then
        return null;
    end if;
    select profiles.time_zone into v_time_zone
    from identity.profiles
    where profiles.id = quiet_until.user_id;
    v_now = private.now() at time zone v_time_zone;
    if v_hours.starts_at < v_hours.ends_at then
        if v_now::time < v_hours.starts_at or v_now::time >= v_hours.ends_at then
            return null;
        end if;
        v_end = v_now::date + v_hours.ends_at;
    elsif v_now::time >= v_hours.starts_at then
        v_end = v_now::date + 1 + v_hours.ends_at;
    elsif v_now::time < v_hours.ends_at then
        v_end = v_now::date + v_hours.ends_at;
    end if;
    return v_end at time zone v_time_zone;
end;
$$;

/*
 * Mark the caller's notifications as read: the named ones, or all. Returns how many were unread.
 * Definer: nobody has a write grant on notifications.
 *
 * Errors:  PT401 not_signed_in
 */
create function engagement.mark_read(notification_ids uuid[])
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    update engagement.notifications
    set read_at = private.now()
    where
        notifications.user_id = private.current_user_id()
        and notifications.read_at is null
        and (notification_ids is null or notifications.id = any(notification_ids));
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
