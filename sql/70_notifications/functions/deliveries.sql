-- Whom events are told, on which address, and the delivery that is written for each address.

/*
 * Write the deliveries of announcements and queue them, except those in the app, which need no
 * worker of their own. Returns what the worker needs to render those.
 */
create function engagement.plan_deliveries(announcements engagement.announcement[])
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_queued uuid array;
    v_in_app uuid array;
begin
    with written as (
        select deliveries.id, deliveries.channel
        from engagement.write_deliveries(announcements) as deliveries
        where deliveries.status = 'queued'
    )

    select
        array_agg(written.id) filter (where written.channel <> 'in_app'),
        array_agg(written.id) filter (where written.channel = 'in_app')
    into v_queued, v_in_app
    from written;
    perform engagement.queue_deliveries(v_queued);
    return (
        select coalesce(jsonb_agg(jobs), '[]') from engagement.sending_jobs(v_in_app) as jobs
    );
end;
$$;

/*
 * Write a delivery for each recipient of announcements, or why it is skipped. A delivery that
 * exists stays as it is. The order is that of the messages, so what happened first is told first.
 */
create function engagement.write_deliveries(announcements engagement.announcement[])
returns setof engagement.notification_deliveries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    insert into engagement.notification_deliveries (
        message_id, event, audience, channel, business_id, subject, subject_id, user_id, address,
        locale, data, status, reason, created_at, updated_at
    )
    select
        every.message_id,
        every.event,
        recipients.audience,
        recipients.channel,
        (every.data ->> 'business_id')::uuid,
        every.subject,
        every.subject_id,
        recipients.user_id,
        recipients.address,
        recipients.locale,
        every.data || coalesce(recipients.variables, '{}'),
        case
            when recipients.reason is null then 'queued' else 'skipped'
        end::engagement.delivery_status,
        recipients.reason,
        clock_timestamp(),
        clock_timestamp()
    from engagement.recipients(announcements) as recipients
    inner join unnest(announcements) as every on every.ordinal = recipients.ordinal
    order by
        every.ordinal,
        recipients.audience,
        recipients.user_id,
        recipients.channel,
        recipients.address
    on conflict do nothing
    returning notification_deliveries.*;
end;
$$;

/*
 * Return whom announcements are told, and where: each reader of each notice, on each of its
 * channels, at each address; and why not, where it is skipped. A reader without an address gets one
 * row without. Several devices are several addresses. A preference for the event overrides the one
 * for all events; without either the reader is told.
 */
create function engagement.recipients(announcements engagement.announcement[])
returns setof engagement.recipient
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        readers.ordinal,
        readers.audience,
        channels.channel,
        readers.user_id,
        addresses.address,
        readers.locale,
        readers.variables,
        case
            when addresses.address is null then 'no address'
            when not (events.is_mandatory or coalesce(preferences.is_enabled, true))
                then 'switched off'
        end
    from engagement.readers(announcements) as readers
    inner join engagement.events on events.name = readers.event
    cross join lateral unnest(readers.channels) as channels (channel)
    left join identity.devices
        on
            channels.channel = 'push'
            and devices.user_id = readers.user_id
            and devices.is_active
    cross join lateral (
        select nullif(
            case channels.channel
                when 'mail' then readers.email
                when 'sms' then readers.phone
                when 'push' then devices.token
                when 'in_app' then readers.user_id::text
            end, ''
        )
    ) as addresses (address)
    left join lateral (
        select notification_preferences.is_enabled
        from identity.notification_preferences
        where
            notification_preferences.user_id = readers.user_id
            and notification_preferences.channel = channels.channel
            and notification_preferences.event in (readers.event, '*')
        order by notification_preferences.event = '*'
        limit 1
    ) as preferences on true;
end;
$$;

/*
 * Return the readers of announcements, with the channels of the notice that names them.
 */
create function engagement.readers(announcements engagement.announcement[])
returns table (
    ordinal integer,
    event text,
    audience engagement.audience,
    channels identity.notification_channel array,
    user_id uuid,
    email text,
    phone text,
    locale text,
    variables jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    -- Materialized: the domain's function runs once for each audience, whatever the join.
    with found as materialized (
        select asked.audience, people.*
        from engagement.audiences(announcements) as asked
        cross join lateral private.subject_readers(
            asked.subject, asked.messages, asked.audience::text
        ) as people
    )

    select
        every.ordinal,
        every.event,
        notices.audience,
        notices.channels,
        found.user_id,
        found.email,
        found.phone,
        found.locale,
        found.variables
    from found
    inner join unnest(announcements) as every on every.ordinal = found.ordinal
    inner join engagement.notices
        on notices.event = every.event and notices.audience = found.audience;
end;
$$;

/*
 * Return, for each subject and audience, the announcements that it is told.
 */
create function engagement.audiences(announcements engagement.announcement[])
returns table (
    subject text, audience engagement.audience, messages private.subject_message array
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        every.subject,
        notices.audience,
        array_agg(row(every.ordinal, every.subject_id, every.payload)::private.subject_message)
    from unnest(announcements) as every
    inner join engagement.notices on notices.event = every.event
    group by every.subject, notices.audience;
end;
$$;

/*
 * Queue deliveries for the workers of their channels, who read them at once or when they are due.
 */
create function engagement.queue_deliveries(delivery_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_messages(
        queued.channel::text,
        'deliver',
        array_agg(jsonb_build_object('delivery_id', queued.id)),
        array_agg(queued.due_at),
        array_agg(queued.id)
    )
    from (
        select
            notification_deliveries.id,
            notification_deliveries.channel,
            notification_deliveries.due_at
        from engagement.notification_deliveries
        where notification_deliveries.id = any(delivery_ids)
        order by notification_deliveries.channel, notification_deliveries.created_at
    ) as queued
    group by queued.channel;
end;
$$;

/*
 * Set the status of a delivery. One that has arrived or bounced keeps its status.
 */
create function engagement.set_delivery_status(
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
        status = set_delivery_status.status,
        reason = left(set_delivery_status.reason, 1000),
        sent_at = case set_delivery_status.status
            when 'sent' then clock_timestamp()
            else notification_deliveries.sent_at
        end,
        updated_at = clock_timestamp()
    where
        notification_deliveries.id = set_delivery_status.delivery_id
        and notification_deliveries.status not in ('delivered', 'bounced');
end;
$$;
