-- From something that happened to the deliveries that tell of it. All of it is one transaction that
-- may run any number of times: what exists is not made again.

/*
 * The addresses of a reader on a channel: one mail address, one number, each device that is still
 * in use. A reader without any gets one row without an address.
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
 * Does a user want to hear of an event on a channel? Their own word on the event counts before
 * their word on all of them; without a word they do.
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
 * Write one delivery and put it into its channel's queue, or write down why it is skipped. One that
 * exists is left alone. Gives whether it is new.
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
        perform engagement.enqueue(delivery, null);
    end if;
    return found;
end;
$$;

/*
 * Put a delivery into its channel's queue, to be read at once or when it is due.
 */
create function engagement.enqueue(
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
        enqueue.due_at,
        delivery.id
    );
end;
$$;

/*
 * Is what an event tells of a row still so?
 */
create function engagement.still_holds(
    event engagement.events, subject_id uuid, starts_at timestamptz
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select private.subject_holds(event.subject, subject_id, event.condition, starts_at)
    );
end;
$$;

/*
 * Turn what happened into deliveries: everyone whom the notices name, on every channel that they
 * name. Returns how many are new. `message_id` is the id of the message that announced it: the same
 * message makes the same deliveries once. A topic that is no event makes none.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.plan(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_event engagement.events;
    v_subject_id uuid;
    v_is_told boolean;
    v_data jsonb;
begin
    select events.* into v_event from engagement.events where events.name = plan.topic;
    v_subject_id = private.subject_id(v_event.subject, payload);
    v_is_told = private.claim_subject(v_event.subject, v_subject_id, payload);
    v_data = private.subject_data(v_event.subject, v_subject_id, payload);
    if v_data is null then
        return 0;
    end if;
    perform engagement.plan_reminders(v_event.subject, v_subject_id, v_data);
    if not v_is_told or not engagement.still_holds(
        v_event, v_subject_id, (payload ->> 'to_starts_at')::timestamptz
    ) then
        return 0;
    end if;
    return engagement.plan_deliveries(message_id, v_event, v_subject_id, payload, v_data);
end;
$$;

/*
 * Put the reminders of a row into the queue, each for its time, when the row is in their condition.
 * Reminders whose time has passed are left out.
 */
create function engagement.plan_reminders(subject text, subject_id uuid, data jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_starts_at constant timestamptz = data ->> 'starts_at';
    v_business_id constant uuid = data ->> 'business_id';
    v_reminder engagement.reminders;
begin
    for v_reminder in
        insert into engagement.reminders (
            business_id, subject, subject_id, event, starts_at, due_at
        )
        select
            v_business_id,
            events.subject,
            plan_reminders.subject_id,
            events.name,
            v_starts_at,
            v_starts_at - reminder_kinds.before
        from engagement.events
        inner join engagement.reminder_kinds on reminder_kinds.event = events.name
        where
            events.subject = plan_reminders.subject
            and v_starts_at - reminder_kinds.before > private.now()
            and engagement.still_holds(events, plan_reminders.subject_id, v_starts_at)
        on conflict do nothing
        returning reminders.*
    loop
        perform private.emit(
            v_reminder.event,
            private.subject_payload(subject, subject_id) || jsonb_build_object(
                'business_id', v_business_id,
                'to_starts_at', v_starts_at
            ),
            v_reminder.due_at
        );
    end loop;
end;
$$;

/*
 * Write the deliveries of an event: one for each reader, channel and address. Returns how
 * many are new.
 */
create function engagement.plan_deliveries(
    message_id uuid, event engagement.events, subject_id uuid, payload jsonb, data jsonb
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_recipient engagement.recipient;
    v_delivery engagement.notification_deliveries;
    v_count integer = 0;
begin
    v_delivery.message_id = message_id;
    v_delivery.event = event.name;
    v_delivery.business_id = data ->> 'business_id';
    v_delivery.subject = event.subject;
    v_delivery.subject_id = subject_id;
    for v_recipient in
        select recipients.* from engagement.recipients(event, subject_id, payload) as recipients
    loop
        v_delivery.audience = v_recipient.audience;
        v_delivery.channel = v_recipient.channel;
        v_delivery.user_id = v_recipient.user_id;
        v_delivery.address = v_recipient.address;
        v_delivery.locale = v_recipient.locale;
        v_delivery.data = data || coalesce(v_recipient.variables, '{}');
        v_count = v_count + engagement.add_delivery(v_delivery)::integer;
    end loop;
    return v_count;
end;
$$;

/*
 * Return to whom an event is told, and where: each reader of each notice, on each of its channels,
 * at each address. The order is always the same, so that two workers never wait for each other.
 */
create function engagement.recipients(
    event engagement.events, subject_id uuid, payload jsonb
)
returns setof engagement.recipient
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        notices.audience,
        channels.channel,
        readers.user_id,
        addresses.address,
        readers.locale,
        readers.variables
    from engagement.notices
    cross join lateral private.subject_readers(
        event.subject, recipients.subject_id, notices.audience::text, recipients.payload
    ) as readers
    cross join lateral unnest(notices.channels) as channels (channel)
    cross join lateral engagement.addresses(
        readers.user_id, readers.email, readers.phone, channels.channel
    ) as addresses
    where notices.event = event.name
    order by notices.audience, readers.user_id, channels.channel;
end;
$$;
