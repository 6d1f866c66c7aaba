-- The waitlist. Time that becomes free is offered to those who wait, in turn, before anybody else
-- can have it.

/*
 * Wait for a service to become free. Definer: nobody has an insert grant on entries.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 not_bookable already_waiting · PT422 not_eligible limit_reached
 */
create function scheduling.join_waitlist(
    service_id uuid, during tstzrange, resource_id uuid, party_size integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = private.current_user_id();
    v_service catalog.services = scheduling.visible_service(join_waitlist.service_id);
    v_id uuid = gen_random_uuid();
begin
    if join_waitlist.party_size > v_service.max_party_size then
        perform private.invalid(
            'party_size', format('must be at most %s', v_service.max_party_size)
        );
    end if;
    if upper(join_waitlist.during) <= private.now() then
        perform private.invalid('to_at', 'must be in the future');
    end if;
    if join_waitlist.resource_id is not null and not exists (
        select 1
        from scheduling.needs(v_service.id, join_waitlist.resource_id, 1)
    ) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not provide this service.',
            'Choose a resource from service_resources, or omit resource_id.'
        );
    end if;
    -- One at a time: two inserts that meet in the constraint would wait for each other.
    perform private.lock(array[v_customer_id]);
    if (
        select count(*)
        from scheduling.waitlist_entries
        where
            waitlist_entries.customer_id = v_customer_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > private.now()
    ) >= 50 then
        perform private.refuse(
            'PT422', 'limit_reached', 'You are already on fifty waitlists.',
            'Leave one of them first.'
        );
    end if;
    insert into scheduling.waitlist_entries (
        id, business_id, service_id, resource_id, customer_id, during, party_size, created_at
    )
    values (
        v_id, v_service.business_id, v_service.id, join_waitlist.resource_id, v_customer_id,
        join_waitlist.during, join_waitlist.party_size, private.now()
    );
    return v_id;
exception
    when exclusion_violation then
        perform private.refuse(
            'PT409', 'already_waiting', 'You are already on this waitlist.',
            'Leave the waitlist first to wait for another time.'
        );
        return null;
end;
$$;

/*
 * Time of a booking has become free: offer it to the first who waits for something that fits into
 * it, and after them to the others who would take the very same. Nothing happens where nobody
 * waits. Where somebody else is at the resources, a worker looks again, so that nobody waits here.
 * Definer: called in steps of whoever frees the time, and by the worker.
 */
create function scheduling.offer_freed(business_id uuid, freed tstzrange)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_entry scheduling.waitlist_entries;
    v_service catalog.services;
    v_vacancies scheduling.vacancy[];
begin
    for v_entry in
        select waitlist_entries.*
        from scheduling.waitlist_entries
        where
            waitlist_entries.business_id = offer_freed.business_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > v_now
            and waitlist_entries.during && tstzrange(
                lower(offer_freed.freed) - interval '3 days',
                upper(offer_freed.freed) + interval '1 day'
            )
            and not exists (
                select 1
                from scheduling.waitlist_offers
                where
                    waitlist_offers.business_id = waitlist_entries.business_id
                    and waitlist_offers.entry_id = waitlist_entries.id
                    and waitlist_offers.expires_at > v_now
            )
        order by waitlist_entries.turn
    loop
        v_service = scheduling.bookable_service(v_entry.service_id);
        continue when v_service.id is null or v_service.visibility = 'hidden';
        v_vacancies = scheduling.vacancies_within(v_entry, v_service, offer_freed.freed);
        continue when v_vacancies = '{}';
        if private.try_lock(
            array(select coalesce(vacancy.session_id, vacancy.id) from unnest(v_vacancies) as vacancy)
        ) then
            perform scheduling.hold_for_waitlist(v_entry, v_service, v_vacancies);
        else
            perform private.emit(
                'waitlist.freed',
                jsonb_build_object(
                    'business_id', offer_freed.business_id,
                    'from_at', lower(offer_freed.freed),
                    'to_at', upper(offer_freed.freed)
                )
            );
        end if;
        return;
    end loop;
end;
$$;

/*
 * Who could give what an entry waits for at its first start that uses some freed time.
 */
create function scheduling.vacancies_within(
    entry scheduling.waitlist_entries, service catalog.services, freed tstzrange
)
returns scheduling.vacancy[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_starts tstzrange = tstzrange(
        lower(freed) - make_interval(mins => service.duration_minutes + service.buffer_after_minutes),
        upper(freed) + make_interval(mins => service.buffer_before_minutes),
        '()'
    ) * entry.during;
begin
    if isempty(v_starts) then
        return '{}'::scheduling.vacancy[];
    end if;
    return array(
        with found as materialized (
            select vacancy
            from scheduling.vacancies(
                entry.service_id, v_starts::tstzmultirange, entry.resource_id, entry.party_size,
                service.duration_minutes
            ) as vacancy
        )

        select found.vacancy
        from found
        where (found.vacancy).at = (select min((first.vacancy).at) from found as first)
    );
end;
$$;

/*
 * Hold what can be had for those who wait for it, one after another, at most ten and no longer than
 * until it starts.
 */
create function scheduling.hold_for_waitlist(
    entry scheduling.waitlist_entries, service catalog.services, vacancies scheduling.vacancy[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_each interval = make_interval(mins => service.offer_minutes);
    v_start timestamptz = vacancies[1].at;
    v_legs scheduling.leg[] = array[
        scheduling.leg(
            scheduling.make_selection(
                service_id => service.id,
                starts_at => v_start,
                resource_id => entry.resource_id,
                party_size => entry.party_size
            )
        )
    ];
    v_turns uuid[] = array(
        select waiting.id
        from scheduling.waitlist_entries as waiting
        where
            waiting.business_id = entry.business_id
            and waiting.service_id = entry.service_id
            and waiting.status = 'waiting'
            and waiting.turn >= entry.turn
            and waiting.during @> v_start
            and waiting.resource_id is not distinct from entry.resource_id
            and waiting.party_size = entry.party_size
        order by waiting.turn
        limit 10
    );
    v_last integer = least(
        cardinality(v_turns), ceil(extract(epoch from v_start - v_now) / extract(epoch from v_each))
    );
    v_booking scheduling.bookings;
begin
    v_legs[1].answers = '[]';
    v_booking = scheduling.create_booking_head(
        v_legs, pricing.quote(scheduling.lines_of(v_legs), null, 0), null, least(v_now + v_last * v_each, v_start), null,
        null::identity.profiles
    );
    perform scheduling.create_booking_item(v_booking, v_legs, 1, vacancies);
    insert into scheduling.waitlist_offers (
        business_id, entry_id, booking_id, starts_at, opens_at, expires_at
    )
    select
        entry.business_id,
        turns.entry_id,
        v_booking.id,
        v_start,
        v_now + (turns.number - 1) * v_each,
        least(v_now + turns.number * v_each, v_start)
    from unnest(v_turns) with ordinality as turns (entry_id, number)
    where turns.number <= v_last;
    perform scheduling.announce_turns(v_booking);
end;
$$;

/*
 * Tell each whose turn will come when it does. Nobody is told twice, and nobody whose turn has
 * gone: it is looked at again then.
 */
create function scheduling.announce_turns(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'waitlist.offered',
        jsonb_build_object(
            'booking_id', waitlist_offers.booking_id,
            'business_id', waitlist_offers.business_id,
            'entry_id', waitlist_offers.entry_id,
            'to_starts_at', waitlist_offers.starts_at
        ),
        nullif(waitlist_offers.opens_at, private.now())
    )
    from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = booking.business_id
        and waitlist_offers.booking_id = booking.id
        and waitlist_offers.told_at is null
        and waitlist_offers.expires_at > private.now();
end;
$$;

/*
 * The entry of the caller.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.claim_entry(entry_id uuid)
returns scheduling.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from scheduling.waitlist_entries
    where
        waitlist_entries.id = claim_entry.entry_id
        and waitlist_entries.customer_id = private.current_user_id();
    if v_entry.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You are not on this waitlist.',
            'Check the id in the view waitlist_entries.'
        );
    end if;
    return v_entry;
end;
$$;

/*
 * The hold in which an entry has a turn that is not over, locked with its resources and with who
 * waits; nothing where it has none.
 */
create function scheduling.claim_turn(entry scheduling.waitlist_entries)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.waitlist_offers
    inner join scheduling.bookings
        on
            bookings.business_id = waitlist_offers.business_id
            and bookings.id = waitlist_offers.booking_id
    where
        waitlist_offers.business_id = entry.business_id
        and waitlist_offers.entry_id = entry.id
        and waitlist_offers.expires_at > private.now()
    order by waitlist_offers.opens_at
    limit 1;
    if v_booking.id is null then
        return null;
    end if;
    perform private.lock(scheduling.resources_of(v_booking.id) || entry.customer_id);
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_booking.id
    for update;
    return v_booking;
end;
$$;

/*
 * Accept what is offered: the hold becomes the caller's booking, by update, in its turn.
 * Definer: as scheduling.change_status.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 offer_expired invalid_transition
 *          PT422 limit_reached
 */
create function scheduling.accept_offer(entry_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries = scheduling.claim_entry(entry_id);
    v_booking scheduling.bookings = scheduling.claim_turn(v_entry);
begin
    if v_entry.status = 'accepted' then
        return v_entry.booking_id;
    end if;
    if v_booking.status is distinct from 'held' or not exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.booking_id = v_booking.id
            and waitlist_offers.entry_id = v_entry.id
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'offer_expired', 'You have no offer at the moment.',
            'Wait for the next offer; you keep your place.'
        );
    end if;
    -- First whose it is, then the step that they take.
    update scheduling.bookings
    set
        customer_id = profiles.id,
        customer_name = profiles.full_name,
        customer_email = profiles.email,
        customer_phone = profiles.phone
    from identity.profiles
    where bookings.id = v_booking.id and profiles.id = v_entry.customer_id
    returning bookings.* into v_booking;
    perform scheduling.refuse_passed_by_customer(v_booking);
    update scheduling.waitlist_entries
    set status = 'accepted', booking_id = v_booking.id
    where waitlist_entries.id = v_entry.id;
    delete from scheduling.waitlist_offers
    where waitlist_offers.booking_id = v_booking.id;
    return scheduling.change_status(v_booking.id, 'confirmed', '{customer}', null);
end;
$$;

/*
 * Wait no longer. What was offered passes on to the next at once.
 * Definer: nobody has an update grant on entries.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.leave_waitlist(entry_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries = scheduling.claim_entry(entry_id);
    v_booking scheduling.bookings = scheduling.claim_turn(v_entry);
begin
    update scheduling.waitlist_entries
    set status = 'left'
    where waitlist_entries.id = v_entry.id and waitlist_entries.status = 'waiting';
    if not found then
        if v_entry.status = 'accepted' then
            perform private.refuse(
                'PT409', 'invalid_transition', 'You have already accepted this offer.',
                'Cancel the booking instead.'
            );
        end if;
        return;
    end if;
    if v_booking.status = 'held' then
        perform scheduling.pass_on(v_booking, v_entry.id);
    end if;
end;
$$;

/*
 * Take one entry out of the turns of a hold: those after it come earlier. After the last the time
 * is anybody's.
 */
create function scheduling.pass_on(booking scheduling.bookings, entry_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_gone scheduling.waitlist_offers;
    v_saved interval;
    v_until timestamptz;
begin
    delete from scheduling.waitlist_offers
    where waitlist_offers.booking_id = booking.id and waitlist_offers.entry_id = pass_on.entry_id
    returning waitlist_offers.* into v_gone;
    v_saved = v_gone.expires_at - greatest(v_gone.opens_at, v_now);
    update scheduling.waitlist_offers
    set
        opens_at = waitlist_offers.opens_at - v_saved,
        expires_at = waitlist_offers.expires_at - v_saved
    where waitlist_offers.booking_id = booking.id and waitlist_offers.opens_at >= v_gone.expires_at;
    select max(waitlist_offers.expires_at) into v_until
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = booking.id and waitlist_offers.expires_at > v_now;
    if v_until is null then
        update scheduling.bookings
        set status = 'expired'
        where bookings.id = booking.id;
        return;
    end if;
    update scheduling.bookings
    set hold_expires_at = v_until
    where bookings.id = booking.id;
    perform scheduling.announce_turns(booking);
end;
$$;
