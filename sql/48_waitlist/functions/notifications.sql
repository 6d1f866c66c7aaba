-- What a notification says about a waitlist entry to which a time is offered, and who reads it. The
-- seed registers the subject `waitlist` with these functions. A turn that passed on before its
-- message was sent is not announced.

/*
 * Return what templates may say about an offered time: the data of its hold, to whom it is offered,
 * and until when.
 */
create function scheduling.waitlist_data(entry_id uuid, payload jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select scheduling.booking_data(waitlist_offers.booking_id, payload) || jsonb_build_object(
            'customer_name', coalesce(profiles.full_name, profiles.email, ''),
            'expires_at', waitlist_offers.expires_at
        )
        from scheduling.waitlist_offers
        inner join scheduling.waitlist_entries
            on waitlist_entries.id = waitlist_offers.entry_id
        inner join identity.profiles on profiles.id = waitlist_entries.customer_id
        where
            waitlist_offers.entry_id = waitlist_data.entry_id
            and waitlist_offers.booking_id = (payload ->> 'booking_id')::uuid
    );
end;
$$;

/*
 * Return the customer who waits, the only reader.
 */
create function scheduling.waitlist_readers(entry_id uuid, audience text, payload jsonb)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from scheduling.waitlist_entries
    inner join identity.profiles on profiles.id = waitlist_entries.customer_id
    where audience = 'customer' and waitlist_entries.id = waitlist_readers.entry_id;
end;
$$;

/*
 * Return whether a time at this start is still offered to the entry.
 */
create function scheduling.waitlist_holds(
    entry_id uuid, condition text, starts_at timestamptz
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select condition = 'offered' and exists (
            select 1
            from scheduling.waitlist_offers
            where
                waitlist_offers.entry_id = waitlist_holds.entry_id
                and waitlist_offers.starts_at = waitlist_holds.starts_at
                and waitlist_offers.expires_at > private.now()
        )
    );
end;
$$;

/*
 * Return whether it is the turn of an entry whose customer has not been told yet, and record that
 * they are told now.
 */
create function scheduling.claim_waitlist_message(entry_id uuid, payload jsonb)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking_id constant uuid = payload ->> 'booking_id';
begin
    -- Lock the booking first, as accepting and leaving do, so that neither waits for the other.
    perform 1
    from scheduling.bookings
    where bookings.id = v_booking_id
    for key share;
    update scheduling.waitlist_offers
    set told_at = private.now()
    where
        waitlist_offers.booking_id = v_booking_id
        and waitlist_offers.entry_id = claim_waitlist_message.entry_id
        and waitlist_offers.told_at is null
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now()
        and exists (
            select 1
            from scheduling.waitlist_entries
            where waitlist_entries.id = waitlist_offers.entry_id and waitlist_entries.status = 'waiting'
        );
    return found;
end;
$$;
