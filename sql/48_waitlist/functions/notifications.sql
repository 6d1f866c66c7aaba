-- What a notification says about a waitlist entry to which a time is offered, and who reads it. The
-- seed registers the subject `waitlist` with these functions. A turn that passed on before its
-- message was sent is not announced.

/*
 * Return what templates may say about offered times: the data of the hold, to whom it is offered,
 * and until when.
 */
create function scheduling.waitlist_data(messages private.subject_message[])
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
        facts.data || jsonb_build_object(
            'customer_name', coalesce(profiles.full_name, profiles.email, ''),
            'expires_at', waitlist_offers.expires_at
        )
    from unnest(waitlist_data.messages) as messages
    inner join scheduling.waitlist_offers
        on
            waitlist_offers.entry_id = messages.subject_id
            and waitlist_offers.booking_id = (messages.payload ->> 'booking_id')::uuid
    inner join scheduling.waitlist_entries
        on waitlist_entries.id = waitlist_offers.entry_id
    inner join identity.profiles on profiles.id = waitlist_entries.customer_id
    inner join scheduling.booking_data(array(
        select row(
            every.ordinal, (every.payload ->> 'booking_id')::uuid, every.payload
        )::private.subject_message
        from unnest(waitlist_data.messages) as every
    )) as facts on facts.ordinal = messages.ordinal;
end;
$$;

/*
 * Return the customers who wait, the only readers.
 */
create function scheduling.waitlist_readers(messages private.subject_message[], audience text)
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
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(waitlist_readers.messages) as messages
    inner join scheduling.waitlist_entries on waitlist_entries.id = messages.subject_id
    inner join identity.profiles on profiles.id = waitlist_entries.customer_id
    where audience = 'customer';
end;
$$;

/*
 * Return the entries to which a time at this start is still offered.
 */
create function scheduling.waitlist_holds(states private.subject_state[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select states.ordinal
    from unnest(waitlist_holds.states) as states
    where
        states.condition = 'offered'
        and exists (
            select 1
            from scheduling.waitlist_offers
            where
                waitlist_offers.entry_id = states.subject_id
                and waitlist_offers.starts_at = states.starts_at
                and waitlist_offers.expires_at > private.now()
        );
end;
$$;

/*
 * Return whether it is the turn of entries whose customers have not been told yet, and record that
 * they are told now. An entry whose hold somebody is changing right now is left out.
 */
create function scheduling.claim_waitlist_messages(messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- Lock the bookings first, as accepting and leaving do, so that neither waits for the other.
    v_booking_ids constant uuid array = array(
        select bookings.id
        from scheduling.bookings
        where
            bookings.id in (
                select (messages.payload ->> 'booking_id')::uuid
                from unnest(claim_waitlist_messages.messages) as messages
            )
        for key share skip locked
    );
begin
    return query
    with told as (
        update scheduling.waitlist_offers
        set told_at = private.now()
        from unnest(claim_waitlist_messages.messages) as messages
        where
            waitlist_offers.entry_id = messages.subject_id
            and waitlist_offers.booking_id = (messages.payload ->> 'booking_id')::uuid
            and waitlist_offers.booking_id = any(v_booking_ids)
            and waitlist_offers.told_at is null
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
            and exists (
                select 1
                from scheduling.waitlist_entries
                where
                    waitlist_entries.id = waitlist_offers.entry_id
                    and waitlist_entries.status = 'waiting'
            )
        returning messages.ordinal
    )

    select messages.ordinal, told.ordinal is not null
    from unnest(claim_waitlist_messages.messages) as messages
    left join told on told.ordinal = messages.ordinal
    where (messages.payload ->> 'booking_id')::uuid = any(v_booking_ids);
end;
$$;
