-- One delivery, from the queue to the provider and back. The worker starts it, calls the provider,
-- and finishes or fails it; each of the three may happen twice.

/*
 * Start a delivery. Returns all that the worker needs to render and send it, or null when there is
 * nothing to do: it was sent, it must not be sent any more, or its reader's phone must stay silent;
 * then it comes again later. Commit before calling the provider.
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
    v_effect record;
begin
    select notification_deliveries.* into v_delivery
    from engagement.notification_deliveries
    where notification_deliveries.id = start_delivery.delivery_id
    for update;
    if not found or v_delivery.status not in ('queued', 'failed') then
        return null;
    end if;
    select events.* into v_event from engagement.events where events.name = v_delivery.event;
    if not engagement.is_still_due(v_delivery, v_event) then
        perform engagement.set_delivery_status(v_delivery.id, 'skipped', 'no longer so');
        return null;
    end if;
    if engagement.postpone_in_quiet_hours(v_delivery, v_event) then
        return null;
    end if;
    v_effect = private.start_effect(v_delivery.id, 'send');
    update engagement.notification_deliveries
    set
        attempts = notification_deliveries.attempts + 1,
        reason = null,
        updated_at = clock_timestamp()
    where notification_deliveries.id = v_delivery.id;
    return engagement.sending_job(v_delivery, v_effect.idempotency_key);
end;
$$;

/*
 * Must a delivery still be sent? What it tells must still hold, and offers need a consent that
 * was not withdrawn.
 */
create function engagement.is_still_due(
    delivery engagement.notification_deliveries, event engagement.events
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return engagement.still_holds(
        event, delivery.subject_id, (delivery.data ->> 'starts_at')::timestamptz
    )
    and (
        not event.is_marketing
        or engagement.unsubscribe_token(delivery.user_id, delivery.business_id) is not null
    );
end;
$$;

/*
 * Queue a text or a push for the end of its reader's quiet hours. Returns false when it may
 * be sent now.
 */
create function engagement.postpone_in_quiet_hours(
    delivery engagement.notification_deliveries, event engagement.events
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_until timestamptz;
begin
    if delivery.channel in ('sms', 'push') and not event.is_mandatory then
        v_until = engagement.quiet_until(delivery.user_id);
    end if;
    if v_until is null then
        return false;
    end if;
    update engagement.notification_deliveries
    set
        due_at = v_until,
        reason = 'quiet hours',
        updated_at = clock_timestamp()
    where notification_deliveries.id = delivery.id;
    perform engagement.queue_delivery(delivery, v_until);
    return true;
end;
$$;

/*
 * Return all that a worker needs to render and send a message: its text, its variables and their
 * types, the address, the key that makes the provider send it once, and the token of the link that
 * withdraws a consent, when the message is an offer.
 */
create function engagement.sending_job(
    delivery engagement.notification_deliveries, idempotency_key text
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_template constant engagement.notification_templates = engagement.choose_template(delivery);
begin
    return jsonb_build_object(
        'id', delivery.id,
        'event', delivery.event,
        'audience', delivery.audience,
        'channel', delivery.channel,
        'address', delivery.address,
        'locale', v_template.locale,
        'reader_locale', delivery.locale,
        'title', v_template.title,
        'body', v_template.body,
        'data', delivery.data,
        'types', (
            select jsonb_object_agg(variables.name, variables.type)
            from engagement.variables
            where variables.subject = delivery.subject
        ),
        'idempotency_key', idempotency_key,
        'unsubscribe_token', (
            select engagement.unsubscribe_token(delivery.user_id, delivery.business_id)
            from engagement.events
            where events.name = delivery.event and events.is_marketing
        )
    );
end;
$$;

/*
 * Record that a provider accepted a delivery. A second call changes nothing.
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
    perform engagement.set_delivery_status(delivery_id, 'sent', null);
end;
$$;

/*
 * Show a delivery in the app. It has arrived at once.
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
    perform engagement.set_delivery_status(delivery_id, 'delivered', null);
end;
$$;

/*
 * Record that a delivery is given up: the provider refused it for good, or every attempt failed. No
 * message goes to a dead address again.
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
    perform engagement.set_delivery_status(
        v_delivery.id,
        case
            when is_address_dead and v_delivery.channel <> 'push' then 'bounced' else 'failed'
        end::engagement.delivery_status,
        reason
    );
    if is_address_dead then
        perform engagement.disable_address(v_delivery, reason);
    end if;
end;
$$;

/*
 * Stop writing to the address of a delivery: switch off a device, or texts to a user's number.
 */
create function engagement.disable_address(
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
        disabled_reason = left(disable_address.reason, 200)
    where delivery.channel = 'push' and devices.token = delivery.address;
    insert into identity.notification_preferences (user_id, event, channel, is_enabled)
    select delivery.user_id, '*', 'sms', false
    where delivery.channel = 'sms' and delivery.user_id is not null
    on conflict (user_id, event, channel) do update set is_enabled = false;
end;
$$;
