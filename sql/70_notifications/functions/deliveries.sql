-- The addresses of a reader, what they want to hear, and the delivery that is written
-- for each address.

/*
 * Return the addresses of a reader on a channel: the mail address, the phone number, or each device
 * that is in use. A reader without an address gets one row with null.
 */
create function engagement.addresses(
    user_id uuid, email text, phone text, channel identity.notification_channel
)
returns table (address text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select nullif(
        case addresses.channel
            when 'mail' then addresses.email
            when 'sms' then addresses.phone
            when 'in_app' then addresses.user_id::text
        end, ''
    )
    where addresses.channel <> 'push'
    union all
    select devices.token
    from identity.devices
    where
        addresses.channel = 'push' and devices.user_id = addresses.user_id and devices.is_active;
    if not found then
        return query select null::text;
    end if;
end;
$$;

/*
 * Does a user want to hear of an event on a channel? A preference for the event overrides the one
 * for all events; without either they do.
 */
create function engagement.is_wanted(
    user_id uuid, event text, channel identity.notification_channel
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select notification_preferences.is_enabled
            from identity.notification_preferences
            where
                notification_preferences.user_id = is_wanted.user_id
                and notification_preferences.channel = is_wanted.channel
                and notification_preferences.event in (is_wanted.event, '*')
            order by notification_preferences.event = '*'
            limit 1
        ),
        true
    );
end;
$$;

/*
 * Write a delivery and queue it, or write why it is skipped. A delivery that exists stays as it is.
 * Returns whether it is new.
 */
create function engagement.add_delivery(delivery engagement.notification_deliveries)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delivery.id = gen_random_uuid();
    delivery.reason = case
        when delivery.address is null then 'no address'
        when not engagement.is_wanted(delivery.user_id, delivery.event, delivery.channel)
            and not (
                select events.is_mandatory from engagement.events where events.name = delivery.event
            ) then 'switched off'
    end;
    delivery.status = case when delivery.reason is null then 'queued' else 'skipped' end;
    delivery.attempts = 0;
    delivery.created_at = clock_timestamp();
    delivery.updated_at = delivery.created_at;
    insert into engagement.notification_deliveries
    select (delivery).*
    on conflict do nothing;
    if found and delivery.status = 'queued' then
        perform engagement.queue_delivery(delivery, null);
    end if;
    return found;
end;
$$;

/*
 * Queue a delivery for the worker of its channel, which reads it at once or when it is due.
 */
create function engagement.queue_delivery(
    delivery engagement.notification_deliveries, due_at timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        delivery.channel::text,
        'deliver',
        jsonb_build_object('delivery_id', delivery.id),
        queue_delivery.due_at,
        delivery.id
    );
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
