-- From an event to the deliveries that tell of it, in one transaction that may run any number of
-- times: deliveries that exist are not written again. The domain of the event's subject knows what
-- a message says and who reads it.

/*
 * Plan the deliveries of a message: one for each reader of each notice of its event, on each of the
 * notice's channels. Returns how many are new. A repeated call with the same message makes none,
 * and neither does a topic that is not an event.
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
 * Is a row still in the condition that an event requires, and does it still start at that instant?
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
 * Queue the reminders of a row, each for its time, when the row is in the condition that they
 * require. Reminders whose time has passed are left out.
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
 * Return whom an event is told, and where: each reader of each notice, on each of its channels, at
 * each address. The order is always the same, so two workers never wait for each other.
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
