-- One delivery, from the queue to the provider and back. The worker asks to begin, calls the
-- provider, and says what came of it; each of the three may happen twice.

/*
 * The words for a delivery: the business's own before the platform's, the channel's own before
 * those for all, the reader's language before its mother tongue before English.
 */
create function engagement.template_of(delivery engagement.notification_deliveries)
returns engagement.notification_templates
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_template engagement.notification_templates;
begin
    select notification_templates.* into v_template
    from engagement.notification_templates
    where
        notification_templates.event = delivery.event
        and notification_templates.audience = delivery.audience
        and (
            notification_templates.business_id is null
            or notification_templates.business_id = delivery.business_id
        )
        and (
            notification_templates.channel is null
            or notification_templates.channel = delivery.channel
        )
        and notification_templates.locale in (
            delivery.locale, split_part(delivery.locale, '-', 1), 'en'
        )
    order by
        notification_templates.locale = delivery.locale desc,
        notification_templates.locale = split_part(delivery.locale, '-', 1) desc,
        notification_templates.business_id is null,
        notification_templates.channel is null
    limit 1;
    return v_template;
end;
$$;

/*
 * When a user's quiet hours end, if they are in them now; else null.
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
 * Begin a delivery: all that the worker needs to render and send it, or null when there is nothing
 * to do: it was sent, its reader is asleep (then it comes again when they wake), or what it tells
 * is no longer so. Commit before calling the provider.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_delivery(delivery_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_delivery engagement.notification_deliveries;
    v_event engagement.events;
    v_template engagement.notification_templates;
    v_effect record;
    v_quiet_until timestamptz;
begin
    select notification_deliveries.* into v_delivery
    from engagement.notification_deliveries
    where notification_deliveries.id = start_delivery.delivery_id
    for update;
    if not found or v_delivery.status not in ('queued', 'failed') then
        return null;
    end if;
    select events.* into v_event from engagement.events where events.name = v_delivery.event;
    if not engagement.still_holds(
        v_event, v_delivery.subject_id, (v_delivery.data ->> 'starts_at')::timestamptz
    ) or v_event.is_marketing and not exists (
        select 1
        from engagement.marketing_consents
        where
            marketing_consents.user_id = v_delivery.user_id
            and marketing_consents.business_id = v_delivery.business_id
            and marketing_consents.withdrawn_at is null
    ) then
        perform engagement.settle(v_delivery.id, 'skipped', 'no longer so');
        return null;
    end if;
    if v_delivery.channel in ('sms', 'push') and not v_event.is_mandatory then
        v_quiet_until = engagement.quiet_until(v_delivery.user_id);
    end if;
    if v_quiet_until is not null then
        update engagement.notification_deliveries
        set
            due_at = v_quiet_until,
            reason = 'quiet hours',
            updated_at = clock_timestamp()
        where notification_deliveries.id = v_delivery.id;
        perform engagement.enqueue(v_delivery, v_quiet_until);
        return null;
    end if;
    v_template = engagement.template_of(v_delivery);
    v_effect = private.start_effect(v_delivery.id, 'send');
    update engagement.notification_deliveries
    set
        attempts = notification_deliveries.attempts + 1,
        reason = null,
        updated_at = clock_timestamp()
    where notification_deliveries.id = v_delivery.id;
    return jsonb_build_object(
        'id', v_delivery.id,
        'event', v_delivery.event,
        'audience', v_delivery.audience,
        'channel', v_delivery.channel,
        'address', v_delivery.address,
        'locale', v_template.locale,
        'reader_locale', v_delivery.locale,
        'title', v_template.title,
        'body', v_template.body,
        'data', v_delivery.data,
        'types', (
            select jsonb_object_agg(variables.name, variables.type)
            from engagement.variables
            where variables.subject = v_event.subject
        ),
        'idempotency_key', v_effect.idempotency_key,
        'unsubscribe_token', (
            select marketing_consents.unsubscribe_token
            from engagement.marketing_consents
            where
                v_event.is_marketing
                and marketing_consents.user_id = v_delivery.user_id
                and marketing_consents.business_id = v_delivery.business_id
        )
    );
end;
$$;

/*
 * Write down what has become of a delivery. What has arrived does not go back to sent.
 */
create function engagement.settle(
    delivery_id uuid, status engagement.delivery_status, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update engagement.notification_deliveries
    set
        status = settle.status,
        reason = left(settle.reason, 1000),
        sent_at = case settle.status
            when 'sent' then clock_timestamp()
            else notification_deliveries.sent_at
        end,
        updated_at = clock_timestamp()
    where
        notification_deliveries.id = settle.delivery_id
        and notification_deliveries.status not in ('delivered', 'bounced');
end;
$$;

/*
 * A provider has taken a delivery. Saying so twice changes nothing.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.finish_delivery(delivery_id uuid, provider text, provider_id text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.finish_effect(
        delivery_id,
        'send',
        jsonb_build_object('provider', provider, 'provider_id', provider_id)
    ) then
        return;
    end if;
    update engagement.notification_deliveries
    set
        provider = finish_delivery.provider,
        provider_id = finish_delivery.provider_id
    where notification_deliveries.id = finish_delivery.delivery_id;
    perform engagement.settle(delivery_id, 'sent', null);
end;
$$;

/*
 * Put a delivery into the app, which is where in-app notifications go. It is there at once.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.finish_in_app(delivery_id uuid, title text, body text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into engagement.notifications (
        id, user_id, business_id, subject, subject_id, event, title, body
    )
    select
        notification_deliveries.id,
        notification_deliveries.user_id,
        notification_deliveries.business_id,
        notification_deliveries.subject,
        notification_deliveries.subject_id,
        notification_deliveries.event,
        finish_in_app.title,
        finish_in_app.body
    from engagement.notification_deliveries
    where notification_deliveries.id = finish_in_app.delivery_id
    for key share
    on conflict do nothing;
    perform engagement.finish_delivery(delivery_id, 'app', delivery_id::text);
    perform engagement.settle(delivery_id, 'delivered', null);
end;
$$;

/*
 * A delivery will not be made: the provider said no for good, or every attempt has failed. An
 * address that is gone is not written to again: a device is switched off, a number gets no more
 * texts.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.fail_delivery(
    delivery_id uuid, provider text, reason text, is_address_dead boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_delivery engagement.notification_deliveries;
begin
    select notification_deliveries.* into v_delivery
    from engagement.notification_deliveries
    where notification_deliveries.id = fail_delivery.delivery_id
    for update;
    if not found or v_delivery.status not in ('queued', 'failed') then
        return;
    end if;
    update engagement.notification_deliveries
    set provider = fail_delivery.provider
    where notification_deliveries.id = v_delivery.id;
    perform engagement.settle(
        v_delivery.id,
        case
            when is_address_dead and v_delivery.channel <> 'push' then 'bounced' else 'failed'
        end::engagement.delivery_status,
        reason
    );
    if is_address_dead then
        perform engagement.give_up_address(v_delivery, reason);
    end if;
end;
$$;

create function engagement.give_up_address(
    delivery engagement.notification_deliveries, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update identity.devices
    set
        is_active = false,
        disabled_reason = left(give_up_address.reason, 200)
    where delivery.channel = 'push' and devices.token = delivery.address;
    insert into identity.notification_preferences (user_id, event, channel, is_enabled)
    select delivery.user_id, '*', 'sms', false
    where delivery.channel = 'sms' and delivery.user_id is not null
    on conflict (user_id, event, channel) do update set is_enabled = false;
end;
$$;

/*
 * What a provider tells later about a message that it took: delivered, or bounced with a reason.
 * Gives whether it is one of ours.
 * Definer: called by the edge, which has no access to the tables.
 */
create function engagement.note_delivery(
    provider text, provider_id text, status engagement.delivery_status, reason text
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    for v_id in
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.provider = note_delivery.provider
            and notification_deliveries.provider_id = note_delivery.provider_id
    loop
        perform engagement.settle(v_id, status, reason);
    end loop;
    return v_id is not null;
end;
$$;

/*
 * Begin a message of sign-in: all that the worker needs to render and send it, or null when it was
 * sent. Codes and links live in the queue's message only and are gone with it: no delivery is
 * written. `payload` is as docs/auth.md says.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_account_message(
    message_id uuid, channel identity.notification_channel, payload jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_effect record = private.start_effect(message_id, 'send');
    v_delivery engagement.notification_deliveries;
    v_template engagement.notification_templates;
begin
    if v_effect.is_done then
        return null;
    end if;
    v_delivery.event = 'auth.' || (payload ->> 'kind');
    v_delivery.audience = 'customer';
    v_delivery.channel = start_account_message.channel;
    v_delivery.locale = coalesce(
        (
            select profiles.locale
            from identity.profiles
            where profiles.id = (payload ->> 'user_id')::uuid
        ),
        payload ->> 'locale',
        'en'
    );
    v_template = engagement.template_of(v_delivery);
    return jsonb_build_object(
        'id', message_id,
        'event', v_delivery.event,
        'audience', v_delivery.audience,
        'channel', v_delivery.channel,
        'address', payload ->> 'to',
        'locale', v_template.locale,
        'reader_locale', v_delivery.locale,
        'title', v_template.title,
        'body', v_template.body,
        'data', private.subject_data('account', (payload ->> 'user_id')::uuid, payload),
        'types', (
            select jsonb_object_agg(variables.name, variables.type)
            from engagement.variables
            where variables.subject = 'account'
        ),
        'idempotency_key', v_effect.idempotency_key,
        'unsubscribe_token', null
    );
end;
$$;
