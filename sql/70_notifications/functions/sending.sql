-- Deliveries, from the queue to the provider and back. The worker starts many of them together,
-- calls the provider for each, and finishes or fails them; each of the three may happen twice.

/*
 * Start deliveries. Returns `{busy, jobs}`: those to start again, because somebody else is changing
 * them right now; and all that the worker needs to render and send the others. A delivery is in
 * neither when there is nothing to do: it was sent, it must not be sent any more, or its reader's
 * phone must stay silent; then it comes again later. Commit before calling the provider.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_deliveries(delivery_ids uuid[])
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_started uuid array = engagement.lock_deliveries(delivery_ids);
    v_busy constant uuid array = array(
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.id = any(delivery_ids)
            and notification_deliveries.status in ('queued', 'failed')
            and notification_deliveries.id <> all(v_started)
    );
begin
    v_started = engagement.without_untrue(v_started);
    v_started = engagement.without_quiet(v_started);
    perform private.start_effects(v_started, 'send');
    update engagement.notification_deliveries
    set
        attempts = notification_deliveries.attempts + 1,
        reason = null,
        updated_at = clock_timestamp()
    where notification_deliveries.id = any(v_started);
    return jsonb_build_object(
        'busy', to_jsonb(v_busy),
        'jobs', (
            select coalesce(jsonb_agg(jobs), '[]') from engagement.sending_jobs(v_started) as jobs
        )
    );
end;
$$;

/*
 * Lock the deliveries that are still to be sent and return them. One that somebody else has locked
 * is left out: waiting for it while keeping others could deadlock.
 */
create function engagement.lock_deliveries(delivery_ids uuid[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.id = any(delivery_ids)
            and notification_deliveries.status in ('queued', 'failed')
        for no key update skip locked
    );
end;
$$;

/*
 * Skip the deliveries that must not be sent any more, and return the others. What a delivery tells
 * must still hold, and offers need a consent that was not withdrawn.
 */
create function engagement.without_untrue(delivery_ids uuid[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_true constant uuid array = array(
        select holding.id
        from engagement.deliveries_that_hold(delivery_ids) as holding (id)
        inner join engagement.notification_deliveries
            on notification_deliveries.id = holding.id
        inner join engagement.events on events.name = notification_deliveries.event
        where
            not events.is_marketing
            or engagement.unsubscribe_token(
                notification_deliveries.user_id, notification_deliveries.business_id
            ) is not null
    );
begin
    update engagement.notification_deliveries
    set
        status = 'skipped',
        reason = 'no longer so',
        updated_at = clock_timestamp()
    where
        notification_deliveries.id = any(delivery_ids)
        and notification_deliveries.id <> all(v_true);
    return v_true;
end;
$$;

/*
 * Return the deliveries whose rows are in the condition that the event requires, and still start
 * when they did.
 */
create function engagement.deliveries_that_hold(delivery_ids uuid[])
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select delivery_ids[holding.ordinal]
    from (
        select
            events.subject,
            array_agg(
                row(
                    asked.ordinal,
                    notification_deliveries.subject_id,
                    events.condition,
                    (notification_deliveries.data ->> 'starts_at')::timestamptz
                )::private.subject_state
            ) as states
        from unnest(delivery_ids) with ordinality as asked (id, ordinal)
        inner join engagement.notification_deliveries on notification_deliveries.id = asked.id
        inner join engagement.events on events.name = notification_deliveries.event
        group by events.subject
    ) as about
    cross join lateral private.subjects_that_hold(about.subject, about.states)
        as holding (ordinal);
end;
$$;

/*
 * Queue texts and pushes for the end of their readers' quiet hours, and return the deliveries that
 * may be sent now.
 */
create function engagement.without_quiet(delivery_ids uuid[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_postponed uuid array;
begin
    with quiet as (
        select notification_deliveries.id, hours.until_at
        from engagement.notification_deliveries
        inner join engagement.events on events.name = notification_deliveries.event
        cross join lateral engagement.quiet_until(notification_deliveries.user_id)
            as hours (until_at)
        where
            notification_deliveries.id = any(delivery_ids)
            and notification_deliveries.channel in ('sms', 'push')
            and not events.is_mandatory
            and hours.until_at is not null
    ),

    postponed as (
        update engagement.notification_deliveries
        set
            due_at = quiet.until_at,
            reason = 'quiet hours',
            updated_at = clock_timestamp()
        from quiet
        where notification_deliveries.id = quiet.id
        returning notification_deliveries.id
    )

    select array_agg(postponed.id) into v_postponed from postponed;
    if v_postponed is null then
        return delivery_ids;
    end if;
    perform engagement.queue_deliveries(v_postponed);
    return array(
        select kept.id from unnest(delivery_ids) as kept (id) where kept.id <> all(v_postponed)
    );
end;
$$;

/*
 * Return all that a worker needs to render and send deliveries.
 */
create function engagement.sending_jobs(delivery_ids uuid[])
returns setof jsonb
language plpgsql
stable
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
 * types, the address, the key that makes the provider send it once, and the token of the link that
 * withdraws a consent, when the message is an offer.
 */
create function engagement.sending_job(
    delivery engagement.notification_deliveries,
    template engagement.notification_templates,
    types jsonb,
    idempotency_key text
)
returns jsonb
language plpgsql
stable
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
        'unsubscribe_token', (
            select engagement.unsubscribe_token(delivery.user_id, delivery.business_id)
            from engagement.events
            where events.name = delivery.event and events.is_marketing
        )
    );
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
