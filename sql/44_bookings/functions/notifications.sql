-- What a notification says about a booking, who reads it, and whether it is still true. The seed
-- registers the subject `booking` with these functions.

/*
 * Return what templates may say about bookings, by the names of the subject's variables; beside
 * them what a calendar entry needs: time_zone, booking_id and sequence, which grows with each
 * step.
 */
create function scheduling.booking_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'booking_id', bookings.id,
            'business_id', bookings.business_id,
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
            'time_zone', bookings.time_zone,
            'party_size', bookings.party_size,
            'total', scheduling.money_data(bookings.total_minor, bookings.currency),
            'status', bookings.status,
            'sequence', facts.sequence
        ) || scheduling.step_data(bookings, messages.payload)
    from unnest(booking_data.messages) as messages
    inner join scheduling.bookings on bookings.id = messages.subject_id
    inner join business.businesses on businesses.id = bookings.business_id
    inner join scheduling.calendar_facts(
        array(select distinct every.subject_id from unnest(booking_data.messages) as every)
    ) as facts on facts.booking_id = bookings.id;
end;
$$;

/*
 * Return what templates may say about the step that a message announces.
 */
create function scheduling.step_data(booking scheduling.bookings, payload jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_fee_minor constant bigint = payload ->> 'fee_minor';
begin
    return jsonb_build_object(
        'previous_starts_at', payload ->> 'from_starts_at',
        'fee', case
            when v_fee_minor > 0 then scheduling.money_data(v_fee_minor, booking.currency)
        end,
        'cancelled_service', (
            select booking_items.service_name
            from scheduling.booking_items
            where
                booking_items.business_id = booking.business_id
                and booking_items.id = (payload ->> 'booking_item_id')::uuid
        ),
        'reason', coalesce(payload ->> 'reason', '')
    );
end;
$$;

/*
 * Return an amount as templates show it.
 */
create function scheduling.money_data(minor bigint, currency text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'minor', minor,
            'currency', currencies.code,
            'digits', currencies.minor_digits
        )
        from pricing.currencies
        where currencies.code = money_data.currency
    );
end;
$$;

/*
 * Return the people of an audience who read messages about bookings. The business is its owners
 * and managers. Staff are the members who provide its services, or who gave them up: a reassignment
 * names both. The customer is reached as the booking says.
 */
create function scheduling.booking_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        bookings.customer_id,
        bookings.customer_email,
        bookings.customer_phone,
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from unnest(booking_readers.messages) as messages
    inner join scheduling.bookings on bookings.id = messages.subject_id
    inner join business.businesses on businesses.id = bookings.business_id
    left join identity.profiles on profiles.id = bookings.customer_id
    where audience = 'customer';

    return query
    select readers.*
    from unnest(booking_readers.messages) as messages
    inner join scheduling.bookings on bookings.id = messages.subject_id
    cross join lateral
    business.manager_readers(bookings.business_id, messages.ordinal) as readers
    where audience = 'business';

    return query
    select
        staff.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from scheduling.staff_of(booking_readers.messages) as staff
    inner join business.business_members on business_members.id = staff.member_id
    inner join identity.profiles on profiles.id = business_members.user_id
    where audience = 'staff';
end;
$$;

/*
 * Return the members who provide the services of bookings, and those of the step that a message
 * announces: of the service that was cancelled, or that somebody else provides now.
 */
create function scheduling.staff_of(messages private.subject_message[])
returns table (ordinal integer, member_id uuid)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select distinct messages.ordinal, resources.member_id
    from unnest(staff_of.messages) as messages
    inner join scheduling.bookings on bookings.id = messages.subject_id
    cross join lateral (
        select booking_items.resource_id
        from scheduling.booking_items
        where
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
            and (
                booking_items.cancelled_at is null
                or booking_items.id = (messages.payload ->> 'booking_item_id')::uuid
            )
        union all
        select (messages.payload ->> 'from_resource_id')::uuid
    ) as providers
    inner join catalog.resources
        on
            resources.business_id = bookings.business_id
            and resources.id = providers.resource_id
            and resources.member_id is not null;
end;
$$;

/*
 * Return which bookings are still in their status, at their start, and have not begun. No reminder
 * is sent for a booking that was cancelled, was moved or has begun.
 */
create function scheduling.booking_holds(states private.subject_state[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select states.ordinal
    from unnest(booking_holds.states) as states
    inner join scheduling.bookings on bookings.id = states.subject_id
    where
        bookings.status::text = states.condition
        and bookings.starts_at = states.starts_at
        and bookings.starts_at > private.now();
end;
$$;

/*
 * Are people to be told of these messages? When bookings of a series take a step together, people
 * hear of it once, about the first of them. The bookings cannot be deleted while the messages are
 * planned. One that somebody is changing right now is left out: waiting for one booking while
 * keeping others could deadlock.
 */
create function scheduling.claim_booking_messages(messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking_ids constant uuid array = array(
        select bookings.id
        from scheduling.bookings
        where
            bookings.id in (
                select messages.subject_id
                from unnest(claim_booking_messages.messages) as messages
            )
        for key share skip locked
    );
begin
    return query
    select messages.ordinal, not coalesce((messages.payload ->> 'is_repeated')::boolean, false)
    from unnest(claim_booking_messages.messages) as messages
    where messages.subject_id = any(v_booking_ids);
end;
$$;
