-- From something that happened to the deliveries that tell of it. All of it is one transaction that
-- may run any number of times: what exists is not made again.

/*
 * What templates may say about a booking, by the names of engagement.variables; beside them what a
 * calendar entry needs: time_zone, booking_id and sequence, which grows with every step.
 */
create function engagement.booking_data(booking_id uuid, payload jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'booking_id', bookings.id,
            'reference', bookings.reference,
            'customer_name', coalesce(bookings.customer_name, bookings.customer_email, ''),
            'business_name', businesses.name,
            'business_email', businesses.email,
            'business_phone', coalesce(businesses.phone, ''),
            'address', business.address_of(businesses),
            'service_names', facts.service_names,
            'staff_names', coalesce(facts.staff_names, ''),
            'starts_at', bookings.starts_at,
            'ends_at', bookings.ends_at,
            'previous_starts_at', payload ->> 'from_starts_at',
            'time_zone', bookings.time_zone,
            'party_size', bookings.party_size,
            'total', jsonb_build_object(
                'minor', bookings.total_minor,
                'currency', bookings.currency,
                'digits', currencies.minor_digits
            ),
            'fee', case
                when (payload ->> 'fee_minor')::bigint > 0 then jsonb_build_object(
                    'minor', (payload ->> 'fee_minor')::bigint,
                    'currency', bookings.currency,
                    'digits', currencies.minor_digits
                )
            end,
            'cancelled_service', (
                select booking_items.service_name
                from scheduling.booking_items
                where
                    booking_items.business_id = bookings.business_id
                    and booking_items.id::text = payload ->> 'booking_item_id'
            ),
            'reason', coalesce(payload ->> 'reason', ''),
            'status', bookings.status,
            'sequence', facts.sequence
        )
        from scheduling.bookings
        inner join business.businesses on businesses.id = bookings.business_id
        inner join pricing.currencies on currencies.code = bookings.currency
        inner join scheduling.calendar_facts(array[booking_data.booking_id]) as facts
            on facts.booking_id = bookings.id
        where bookings.id = booking_data.booking_id
    );
end;
$$;

/*
 * Who belongs to an audience of a booking, and how they are reached. The business is its owners and
 * managers; staff are the members who give its services, or who gave them up: a reassignment names
 * both. The customer is reached as the booking says.
 */
create function engagement.readers(
    booking scheduling.bookings, audience engagement.audience, payload jsonb
)
returns table (user_id uuid, email text, phone text, locale text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if audience = 'customer' then
        return query
        select
            booking.customer_id,
            booking.customer_email,
            booking.customer_phone,
            coalesce(
                (select profiles.locale from identity.profiles where profiles.id = booking.customer_id),
                businesses.locale
            )
        from business.businesses
        where businesses.id = booking.business_id;
        return;
    end if;
    return query
    select
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale
    from business.business_members
    inner join identity.profiles on profiles.id = business_members.user_id
    where
        business_members.business_id = booking.business_id
        and case audience
            when 'business' then business_members.role in ('owner', 'manager')
            else business_members.id in (
                select resources.member_id
                from catalog.resources
                where
                    resources.business_id = booking.business_id
                    and (
                        resources.id in (
                            select booking_items.resource_id
                            from scheduling.booking_items
                            where
                                booking_items.business_id = booking.business_id
                                and booking_items.booking_id = booking.id
                                and (
                                    booking_items.cancelled_at is null
                                    or booking_items.id::text = readers.payload ->> 'booking_item_id'
                                )
                        )
                        or resources.id::text = readers.payload ->> 'from_resource_id'
                    )
            )
        end;
end;
$$;

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
 * Is what a notification tells of a booking still so? A reminder is not sent for one that was
 * cancelled or moved, nor after it has begun.
 */
create function engagement.still_holds(event text, booking_id uuid, starts_at timestamptz)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_while_status scheduling.booking_status = (
        select events.while_status from engagement.events where events.name = still_holds.event
    );
begin
    return v_while_status is null or exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = still_holds.booking_id
            and bookings.status = v_while_status
            and bookings.starts_at = still_holds.starts_at
            and bookings.starts_at > private.now()
    );
end;
$$;

/*
 * Put the reminders of a confirmed booking into the queue, each for its time; those whose time has
 * passed are not made up for.
 */
create function engagement.plan_reminders(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_reminder engagement.reminders;
begin
    if booking.status <> 'confirmed' then
        return;
    end if;
    for v_reminder in
        insert into engagement.reminders (business_id, booking_id, event, starts_at, due_at)
        select
            booking.business_id,
            booking.id,
            reminder_kinds.event,
            booking.starts_at,
            booking.starts_at - reminder_kinds.before
        from engagement.reminder_kinds
        where booking.starts_at - reminder_kinds.before > private.now()
        on conflict do nothing
        returning reminders.*
    loop
        perform private.emit(
            v_reminder.event,
            jsonb_build_object(
                'booking_id', booking.id,
                'business_id', booking.business_id,
                'to_starts_at', booking.starts_at
            ),
            v_reminder.due_at
        );
    end loop;
end;
$$;

/*
 * Turn what happened into deliveries: everyone whom the notices name, on every channel that they
 * name. Gives how many are new. `message_id` is that of the message which told of it: the same
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
begin
    return case (select events.subject from engagement.events where events.name = plan.topic)
        when 'booking' then engagement.plan_booking(message_id, topic, payload)
        when 'offer' then engagement.plan_offer(message_id, topic, payload)
        when 'waitlist' then engagement.plan_turn(message_id, topic, payload)
        else 0
    end;
end;
$$;

/*
 * The deliveries of what happened to a booking.
 */
create function engagement.plan_booking(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_delivery engagement.notification_deliveries;
    v_count integer = 0;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = (plan_booking.payload ->> 'booking_id')::uuid;
    if not found then
        return 0;
    end if;
    perform engagement.plan_reminders(v_booking);
    -- Of a series people hear once, about its first occurrence.
    if (plan_booking.payload ->> 'is_repeated')::boolean then
        return 0;
    end if;
    if not engagement.still_holds(
        plan_booking.topic, v_booking.id, (plan_booking.payload ->> 'to_starts_at')::timestamptz
    ) then
        return 0;
    end if;
    for v_delivery in
        select
            null::uuid,
            plan_booking.message_id,
            notices.event,
            notices.audience,
            channels.channel,
            v_booking.business_id,
            v_booking.id,
            readers.user_id,
            addresses.address,
            readers.locale,
            null::engagement.delivery_status,
            null::text,
            engagement.booking_data(v_booking.id, plan_booking.payload)
        from engagement.notices
        cross join lateral engagement.readers(v_booking, notices.audience, plan_booking.payload) as readers
        cross join lateral unnest(notices.channels) as channels (channel)
        cross join lateral engagement.addresses(
            readers.user_id, readers.email, readers.phone, channels.channel
        ) as addresses
        where notices.event = plan_booking.topic
        order by notices.audience, readers.user_id, channels.channel
    loop
        v_count = v_count + engagement.add_delivery(v_delivery)::integer;
    end loop;
    return v_count;
end;
$$;

/*
 * The deliveries of an offer to somebody who waits, when it is their turn and they have not been
 * told.
 */
create function engagement.plan_turn(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
    v_delivery engagement.notification_deliveries;
    v_count integer = 0;
begin
    -- The booking first, as who accepts or leaves does: so that neither waits for the other.
    perform 1
    from scheduling.bookings
    where bookings.id = (plan_turn.payload ->> 'booking_id')::uuid
    for key share;
    update scheduling.waitlist_offers
    set told_at = private.now()
    where
        waitlist_offers.booking_id = (plan_turn.payload ->> 'booking_id')::uuid
        and waitlist_offers.entry_id = (plan_turn.payload ->> 'entry_id')::uuid
        and waitlist_offers.told_at is null
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now()
    returning waitlist_offers.* into v_offer;
    if not found then
        return 0;
    end if;
    for v_delivery in
        select
            null::uuid,
            plan_turn.message_id,
            notices.event,
            notices.audience,
            channels.channel,
            v_offer.business_id,
            v_offer.booking_id,
            profiles.id,
            addresses.address,
            profiles.locale,
            null::engagement.delivery_status,
            null::text,
            engagement.booking_data(v_offer.booking_id, plan_turn.payload)
            || jsonb_build_object(
                'customer_name', coalesce(profiles.full_name, profiles.email, ''),
                'expires_at', v_offer.expires_at
            )
        from engagement.notices
        inner join scheduling.waitlist_entries on waitlist_entries.id = v_offer.entry_id
        inner join identity.profiles on profiles.id = waitlist_entries.customer_id
        cross join lateral unnest(notices.channels) as channels (channel)
        cross join lateral engagement.addresses(
            profiles.id, profiles.email, profiles.phone, channels.channel
        ) as addresses
        where notices.event = plan_turn.topic
        order by channels.channel
    loop
        v_count = v_count + engagement.add_delivery(v_delivery)::integer;
    end loop;
    return v_count;
end;
$$;

/*
 * The deliveries of what a business wants to tell its customers: those who have consented.
 */
create function engagement.plan_offer(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_delivery engagement.notification_deliveries;
    v_count integer = 0;
begin
    for v_delivery in
        select
            null::uuid,
            plan_offer.message_id,
            notices.event,
            notices.audience,
            channels.channel,
            businesses.id,
            null::uuid,
            profiles.id,
            addresses.address,
            profiles.locale,
            null::engagement.delivery_status,
            null::text,
            jsonb_build_object(
                'business_name', businesses.name,
                'business_email', businesses.email,
                'customer_name', coalesce(profiles.full_name, ''),
                'title', payload ->> 'title',
                'body', payload ->> 'body'
            )
        from engagement.notices
        cross join business.businesses
        inner join engagement.marketing_consents
            on
                marketing_consents.business_id = businesses.id
                and marketing_consents.withdrawn_at is null
        inner join identity.profiles on profiles.id = marketing_consents.user_id
        cross join lateral unnest(notices.channels) as channels (channel)
        cross join lateral engagement.addresses(
            profiles.id, profiles.email, profiles.phone, channels.channel
        ) as addresses
        where
            notices.event = plan_offer.topic
            and businesses.id = (payload ->> 'business_id')::uuid
        order by profiles.id, channels.channel
    loop
        v_count = v_count + engagement.add_delivery(v_delivery)::integer;
    end loop;
    return v_count;
end;
$$;
