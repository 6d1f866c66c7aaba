-- Deliveries between their start and their end. The worker renders and sends what it is told here,
-- and finishes or fails each delivery; both may happen twice.

/*
 * Return all that a worker needs to render and send deliveries.
 */
create function engagement.sending_jobs(delivery_ids uuid[])
returns setof jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    select engagement.sending_job(
        notification_deliveries,
        engagement.choose_template(notification_deliveries),
        types.types,
        effects.idempotency_key
    )
    from engagement.notification_deliveries
    inner join engagement.variable_types() as types
        on types.subject = notification_deliveries.subject
    left join private.effects
        on effects.message_id = notification_deliveries.id and effects.effect = 'send'
    where notification_deliveries.id = any(delivery_ids)
    order by notification_deliveries.created_at;
end;
$$;

/*
 * Return the types of the variables of each subject.
 */
create function engagement.variable_types()
returns table (subject text, types jsonb)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select variables.subject, jsonb_object_agg(variables.name, variables.type)
    from engagement.variables
    group by variables.subject;
end;
$$;

/*
 * Return all that a worker needs to render and send a message: its text, its variables and their
 * types, the address, the key that makes the provider send it once, the path of a link that only
 * its reader gets, and, when the message is an offer, the token of the link that withdraws a
 * consent.
 */
create function engagement.sending_job(
    delivery engagement.notification_deliveries,
    template engagement.notification_templates,
    types jsonb,
    idempotency_key text
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'id', delivery.id,
        'event', delivery.event,
        'audience', delivery.audience,
        'channel', delivery.channel,
        'address', delivery.address,
        'locale', template.locale,
        'reader_locale', delivery.locale,
        'title', template.title,
        'body', template.body,
        'data', delivery.data,
        'types', types,
        'idempotency_key', idempotency_key,
        'link_path', engagement.link_path(delivery),
        'unsubscribe_token', (
            select engagement.unsubscribe_token(delivery.user_id, delivery.business_id)
            from engagement.events
            where events.name = delivery.event and events.is_marketing
        )
    );
end;
$$;

/*
 * Return the path of the link that a mail to a customer ends with; null for none. The domain of the
 * subject makes it.
 */
create function engagement.link_path(delivery engagement.notification_deliveries)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select events.link_function
        from engagement.events
        where events.name = delivery.event
    );
    v_path text;
begin
    if v_function is not null and delivery.channel = 'mail' and delivery.audience = 'customer' then
        execute format('select %s($1)', v_function) into v_path using delivery.subject_id;
    end if;
    return v_path;
end;
$$;

/*
 * Record that providers accepted deliveries: `[{id, provider, provider_id}]`. A second call changes
 * nothing, and one that has arrived or bounced keeps its status.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.finish_deliveries(sent jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_sent constant engagement.sent_delivery array = array(
        select entries from jsonb_populate_recordset(null::engagement.sent_delivery, sent) as entries
    );
    v_first constant uuid array = array(
        select private.finish_effects(array_agg(entries.id), 'send', array_agg(to_jsonb(entries) - 'id'))
        from unnest(v_sent) as entries
    );
begin
    update engagement.notification_deliveries
    set
        provider = entries.provider,
        provider_id = entries.provider_id,
        status = case
            when notification_deliveries.status in ('delivered', 'bounced')
                then notification_deliveries.status
            else 'sent'
        end,
        reason = null,
        sent_at = clock_timestamp(),
        updated_at = clock_timestamp()
    from unnest(v_sent) as entries
    where entries.id = any(v_first) and notification_deliveries.id = entries.id;
end;
$$;

/*
 * Show deliveries in the app: `[{id, title, body}]`, as they were rendered. They have arrived at
 * once.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.show_in_app(rendered jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    with shown as (
        update engagement.notification_deliveries
        set
            status = 'delivered',
            attempts = 1,
            provider = 'app',
            provider_id = notification_deliveries.id::text,
            sent_at = clock_timestamp(),
            updated_at = clock_timestamp()
        from jsonb_to_recordset(rendered) as texts (id uuid, title text, body text)
        where
            notification_deliveries.id = texts.id
            and notification_deliveries.channel = 'in_app'
            and notification_deliveries.status = 'queued'
        returning notification_deliveries.*, texts.title, texts.body
    )

    insert into engagement.notifications (
        id, user_id, business_id, subject, subject_id, event, title, body
    )
    select
        shown.id,
        shown.user_id,
        shown.business_id,
        shown.subject,
        shown.subject_id,
        shown.event,
        shown.title,
        shown.body
    from shown;
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
