-- The start of deliveries, many together: those that must not be sent any more are skipped, those
-- to a phone that must stay silent are postponed, and the others get the key that makes the
-- provider send each once.

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
