-- What people wish to hear, and what businesses have to say. Each function checks its caller.

/*
 * Errors:  PT404 not_found
 */
create function engagement.require_event(event text)
returns void
language plpgsql
stable
security definer
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
 * A channel as a client names it.
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
 * An audience as a client names it.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.to_audience(value text)
returns engagement.audience
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('customer', 'business', 'staff') then
        perform private.invalid('audience', 'must be customer, business or staff');
    end if;
    return value::engagement.audience;
end;
$$;

/*
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
 * A device belongs to whoever used it last.
 * Definer: nobody has a write grant on devices; the caller registers their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function engagement.register_device(token text, platform text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into identity.devices (user_id, token, platform)
    values (private.current_user_id(), token, platform)
    on conflict on constraint devices_token_unique do update
    set
        user_id = excluded.user_id,
        platform = excluded.platform,
        is_active = true,
        disabled_reason = null,
        last_seen_at = now()
    returning devices.id into v_id;
    return v_id;
end;
$$;

/*
 * Definer: nobody has a write grant on devices; the caller forgets their own.
 *
 * Errors:  PT401 not_signed_in
 */
create function engagement.forget_device(token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from identity.devices
    where devices.token = forget_device.token and devices.user_id = private.current_user_id();
end;
$$;

/*
 * Mark the caller's notifications as read: those named, or all. Gives how many were unread.
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

/*
 * Definer: nobody has a write grant on consents; the caller gives and withdraws their own.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function engagement.set_consent(business_id uuid, is_given boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not business.is_open(business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    insert into engagement.marketing_consents (user_id, business_id, withdrawn_at)
    values (private.current_user_id(), business_id, case when not is_given then now() end)
    on conflict on constraint marketing_consents_pkey do update
    set
        given_at = case
            when excluded.withdrawn_at is null and marketing_consents.withdrawn_at is not null
                then now()
            else marketing_consents.given_at
        end,
        withdrawn_at = case
            when excluded.withdrawn_at is null then null
            else coalesce(marketing_consents.withdrawn_at, now())
        end;
end;
$$;

/*
 * Withdraw a consent with the token of a mail. An unknown token gets the same answer: it tells
 * nothing about anyone.
 * Definer: who withdraws need not be signed in.
 */
create function engagement.unsubscribe(token uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update engagement.marketing_consents
    set withdrawn_at = now()
    where
        marketing_consents.unsubscribe_token = unsubscribe.token
        and marketing_consents.withdrawn_at is null;
end;
$$;

/*
 * Tell the customers who have consented about an offer. Gives how many they are.
 * Definer: the caller may not read who has consented.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.send_offer(business_id uuid, title text, body text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_member(business_id, 'manage');
    perform private.emit(
        'offer.made',
        jsonb_build_object('business_id', business_id, 'title', title, 'body', body)
    );
    return (
        select count(*)
        from engagement.marketing_consents
        where
            marketing_consents.business_id = send_offer.business_id
            and marketing_consents.withdrawn_at is null
    );
end;
$$;

/*
 * Write a business's own words for a notice, in place of those it had for the same audience,
 * channel and language. What the words may say is checked by a rule of the table.
 * Definer: nobody has a write grant on templates.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.save_template(
    business_id uuid,
    event text,
    audience engagement.audience,
    channel identity.notification_channel,
    locale text,
    title text,
    body text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'manage');
    perform engagement.require_event(event);
    if not exists (
        select 1
        from engagement.notices
        where
            notices.event = save_template.event
            and notices.audience = save_template.audience
            and (
                save_template.channel is null or save_template.channel = any(notices.channels)
            )
    ) then
        perform private.invalid('audience and channel', 'must belong to a notice of the event');
    end if;
    insert into engagement.notification_templates (
        business_id, event, audience, channel, locale, title, body
    )
    values (business_id, event, audience, channel, locale, title, body)
    on conflict on constraint notification_templates_one_each do update
    set title = excluded.title, body = excluded.body
    returning notification_templates.id into v_id;
    return v_id;
end;
$$;

/*
 * Definer: nobody has a write grant on templates.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.remove_template(template_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select notification_templates.business_id
        from engagement.notification_templates
        where notification_templates.id = template_id
    );
begin
    if v_business_id is null
        or v_business_id not in (select private.my_businesses('view')) and not private.is_operator() then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such template.',
            'Check the id in the view notification_templates.'
        );
    end if;
    perform private.require_member(v_business_id, 'manage');
    delete from engagement.notification_templates where notification_templates.id = template_id;
end;
$$;
