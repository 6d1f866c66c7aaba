-- What a notification says about a booking, who reads it, and whether it is still true. The seed
-- registers the subject `booking` with these functions.

/*
 * Return what templates may say about a booking, by the names of the subject's variables; beside
 * them what a calendar entry needs: time_zone, booking_id and sequence, which grows with each
 * step.
 */
create function scheduling.booking_data(booking_id uuid, payload jsonb)
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
        ) || scheduling.step_data(bookings, booking_data.payload)
        from scheduling.bookings
        inner join business.businesses on businesses.id = bookings.business_id
        inner join scheduling.calendar_facts(array[booking_data.booking_id]) as facts
            on facts.booking_id = bookings.id
        where bookings.id = booking_data.booking_id
    );
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
                and booking_items.id::text = payload ->> 'booking_item_id'
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
 * Return the people of an audience who read about a booking. The business is its owners and
 * managers. Staff are the members who provide its services, or who gave them up: a reassignment
 * names both. The customer is reached as the booking says.
 */
create function scheduling.booking_readers(booking_id uuid, audience text, payload jsonb)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        bookings.customer_id,
        bookings.customer_email,
        bookings.customer_phone,
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from scheduling.bookings
    inner join business.businesses on businesses.id = bookings.business_id
    left join identity.profiles on profiles.id = bookings.customer_id
    where audience = 'customer' and bookings.id = booking_readers.booking_id;

    return query
    select
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from scheduling.bookings
    inner join business.business_members
        on business_members.business_id = bookings.business_id
    inner join identity.profiles on profiles.id = business_members.user_id
    where
        bookings.id = booking_readers.booking_id
        and case audience
            when 'business' then business_members.role in ('owner', 'manager')
            when 'staff' then business_members.id in (
                select scheduling.staff_of(bookings, booking_readers.payload)
            )
        end;
end;
$$;

/*
 * Return the members who provide the services of a booking, and those of the step that a message
 * announces: of the service that was cancelled, or that somebody else provides now.
 */
create function scheduling.staff_of(booking scheduling.bookings, payload jsonb)
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select resources.member_id
    from catalog.resources
    where
        resources.business_id = booking.business_id
        and (
            resources.id::text = payload ->> 'from_resource_id'
            or resources.id in (
                select booking_items.resource_id
                from scheduling.booking_items
                where
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
                    and (
                        booking_items.cancelled_at is null
                        or booking_items.id::text = payload ->> 'booking_item_id'
                    )
            )
        );
end;
$$;

/*
 * Is a booking still in this status, at this start, and has it not begun? No reminder is sent for
 * a booking that was cancelled, was moved or has begun.
 */
create function scheduling.booking_holds(
    booking_id uuid, condition text, starts_at timestamptz
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select exists (
            select 1
            from scheduling.bookings
            where
                bookings.id = booking_holds.booking_id
                and bookings.status::text = booking_holds.condition
                and bookings.starts_at = booking_holds.starts_at
                and bookings.starts_at > private.now()
        )
    );
end;
$$;

/*
 * Is somebody to be told of this message? When bookings of a series take a step together,
 * people hear of it once, about the first of them. The booking cannot be deleted while the
 * message is planned.
 */
create function scheduling.claim_booking_message(booking_id uuid, payload jsonb)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from scheduling.bookings
    where bookings.id = claim_booking_message.booking_id
    for key share;
    return found and not coalesce((payload ->> 'is_repeated')::boolean, false);
end;
$$;
