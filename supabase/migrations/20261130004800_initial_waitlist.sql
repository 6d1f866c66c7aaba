-- The initial schema of 48_waitlist: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/48_waitlist/tables.sql

-- Who waits for a time that is taken. When time becomes free, those who wait for it are asked one
-- after another (scheduling.waitlist_offers): a hold without a customer keeps the time, in the same
-- constraint as every booking, and each entry has a turn that is known from the start. A turn
-- therefore passes on by the clock, whether or not anything runs. docs/adr/0015 has the decision.

create type scheduling.waitlist_status as enum ('waiting', 'accepted', 'left');

create table scheduling.waitlist_entries (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- The wanted resource; null for any.
    resource_id uuid,
    customer_id uuid not null references auth.users (id) on delete cascade,
    -- The starts that the customer would take.
    during tstzrange not null,
    party_size integer not null,
    status scheduling.waitlist_status not null default 'waiting',
    -- The booking after an offer was accepted.
    booking_id uuid,
    -- Entries are asked in this order.
    turn bigint generated always as identity,
    created_at timestamptz not null default now(),

    constraint waitlist_entries_business_id_id_unique unique (business_id, id),
    constraint waitlist_entries_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint waitlist_entries_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint waitlist_entries_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete set null (booking_id),
    constraint waitlist_entries_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    ),
    constraint waitlist_entries_party_size_is_sane check (party_size between 1 and 1000),
    constraint waitlist_entries_once exclude using gist (
        customer_id with =,
        service_id with =,
        coalesce(resource_id, service_id) with =,
        during with &&
    )
    where (status = 'waiting')
);
comment on table scheduling.waitlist_entries is 'Customers who wait for a time to become free.';
comment on column scheduling.waitlist_entries.customer_id is '[person: delete]';
create index waitlist_entries_turn_idx on scheduling.waitlist_entries (business_id, turn)
where status = 'waiting';
create index waitlist_entries_service_idx on scheduling.waitlist_entries (business_id, service_id);
create index waitlist_entries_resource_idx
on scheduling.waitlist_entries (business_id, resource_id);
create index waitlist_entries_booking_idx on scheduling.waitlist_entries (business_id, booking_id);
create index waitlist_entries_customer_id_idx on scheduling.waitlist_entries (customer_id);

-- An offer asks an entry.
alter table scheduling.waitlist_offers add constraint waitlist_offers_entry_fkey
foreign key (business_id, entry_id)
references scheduling.waitlist_entries (business_id, id) on delete cascade;

-- sql/48_waitlist/functions/accept.sql

-- What somebody who waits can do: accept what is offered, or leave. Both lock the hold's resources
-- first and the hold second, as every step of a booking does, and read the entry again under the
-- locks: the same call a second time gets the same answer.

/*
 * Return an entry of the caller.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.my_entry(entry_id uuid)
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
        waitlist_entries.id = my_entry.entry_id
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
 * Lock the hold in which an entry has its present turn, or else its next one, with its resources
 * and the customer. Returns the hold; null if the entry has no turn.
 */
create function scheduling.lock_turn(entry scheduling.waitlist_entries)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hold_id uuid = (
        select waitlist_offers.booking_id
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.expires_at > private.now()
        order by waitlist_offers.opens_at, waitlist_offers.booking_id
        limit 1
    );
    v_hold scheduling.bookings;
begin
    perform private.lock(scheduling.resources_of(v_hold_id) || entry.customer_id);
    select bookings.* into v_hold
    from scheduling.bookings
    where bookings.id = v_hold_id
    for update;
    return v_hold;
end;
$$;

/*
 * Accept what is offered: the hold becomes the caller's booking.
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
    v_hold scheduling.bookings = scheduling.lock_turn(scheduling.my_entry(entry_id));
    v_entry scheduling.waitlist_entries = scheduling.my_entry(entry_id);
begin
    if v_entry.status = 'accepted' then
        return v_entry.booking_id;
    end if;
    if v_entry.status = 'left' or v_hold.status is distinct from 'held' or not exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.booking_id = v_hold.id
            and waitlist_offers.entry_id = v_entry.id
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'offer_expired', 'You have no offer at the moment.',
            'Wait for the next offer; you keep your place.'
        );
    end if;
    return scheduling.give_hold(v_hold, v_entry);
end;
$$;

/*
 * Make a hold the booking of the customer of an entry, and end its turns.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.give_hold(
    hold scheduling.bookings, entry scheduling.waitlist_entries
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    -- First whose it is, then the step that they take.
    update scheduling.bookings
    set
        customer_id = profiles.id,
        customer_name = profiles.full_name,
        customer_email = profiles.email,
        customer_phone = profiles.phone
    from identity.profiles
    where bookings.id = hold.id and profiles.id = entry.customer_id
    returning bookings.* into v_booking;
    perform scheduling.refuse_passed_by_customer(v_booking);
    update scheduling.waitlist_offers
    set accepted_at = private.now(), accepted_booking_id = hold.id
    where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = entry.id;
    perform scheduling.close_turns(v_booking);
    return scheduling.change_status(hold.id, 'confirmed', '{customer}', null);
end;
$$;

/*
 * Leave the waitlist. What was offered passes on at once.
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
    v_hold scheduling.bookings = scheduling.lock_turn(scheduling.my_entry(entry_id));
    v_entry scheduling.waitlist_entries = scheduling.my_entry(entry_id);
begin
    if v_entry.status = 'accepted' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'You have already accepted this offer.',
            'Cancel the booking instead.'
        );
    end if;
    update scheduling.waitlist_entries
    set status = 'left'
    where waitlist_entries.id = v_entry.id;
    perform scheduling.drop_turns(v_entry.business_id, v_entry.id, null);
end;
$$;

-- sql/48_waitlist/functions/ending.sql

-- How turns end before their time: an entry leaves or has what it wants, or the hold itself ends.

/*
 * Drop the turns of an entry that waits no longer, on all holds but one. A hold that somebody else
 * has locked is skipped: its turn passes by the clock.
 */
create function scheduling.drop_turns(business_id uuid, entry_id uuid, except_hold_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hold scheduling.bookings;
begin
    for v_hold in
        select bookings.*
        from scheduling.bookings
        where
            bookings.id in (
                select waitlist_offers.booking_id
                from scheduling.waitlist_offers
                where
                    waitlist_offers.business_id = drop_turns.business_id
                    and waitlist_offers.entry_id = drop_turns.entry_id
                    and waitlist_offers.expires_at > private.now()
                    and waitlist_offers.booking_id is distinct from drop_turns.except_hold_id
            )
            and bookings.status = 'held'
        order by bookings.id
        for update skip locked
    loop
        perform scheduling.drop_turn(v_hold, drop_turns.entry_id);
    end loop;
end;
$$;

/*
 * Drop one entry's turn on a hold. Later turns begin earlier by what is left of it. A hold without
 * any turn ahead expires.
 */
create function scheduling.drop_turn(hold scheduling.bookings, entry_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_dropped scheduling.waitlist_offers;
    v_saved interval;
    v_until timestamptz;
begin
    select waitlist_offers.* into v_dropped
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = drop_turn.entry_id;
    v_saved = v_dropped.expires_at - greatest(v_dropped.opens_at, v_now);
    if v_dropped.opens_at > v_now then
        delete from scheduling.waitlist_offers
        where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = v_dropped.entry_id;
    else
        update scheduling.waitlist_offers
        set expires_at = v_now
        where waitlist_offers.booking_id = hold.id and waitlist_offers.entry_id = v_dropped.entry_id;
    end if;
    update scheduling.waitlist_offers
    set
        opens_at = waitlist_offers.opens_at - v_saved,
        expires_at = waitlist_offers.expires_at - v_saved
    where waitlist_offers.booking_id = hold.id and waitlist_offers.opens_at >= v_dropped.expires_at;
    select max(waitlist_offers.expires_at) into v_until
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = hold.id and waitlist_offers.expires_at > v_now;
    if v_until is not null then
        perform scheduling.extend_hold(hold.id, v_until);
        return;
    end if;
    update scheduling.bookings
    set status = 'expired'
    where bookings.id = hold.id;
end;
$$;

/*
 * End the turns of a hold that ends: later ones never begin, and the present one is over.
 */
create function scheduling.close_turns(hold scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = hold.business_id
        and waitlist_offers.booking_id = hold.id
        and waitlist_offers.opens_at > private.now();
    update scheduling.waitlist_offers
    set expires_at = private.now()
    where
        waitlist_offers.business_id = hold.business_id
        and waitlist_offers.booking_id = hold.id
        and waitlist_offers.expires_at > private.now();
end;
$$;

-- sql/48_waitlist/functions/fitting.sql

-- Whom freed time can serve. An entry fits if one of its starts uses a place that was freed and
-- scheduling.vacancies finds everything else that the service needs.

/*
 * Return the entries that might take some places: they wait, a service of theirs uses one, and a
 * start in their window reaches into it. Entries that have a turn now, or that were asked for the
 * same freed time, are left out.
 */
create function scheduling.entries_for(
    business_id uuid, freed_id uuid, places scheduling.freed_place[]
)
returns setof scheduling.waitlist_entries
language plpgsql
stable
security invoker
set search_path = ''
rows 10
as $$
begin
    return query
    select waitlist_entries.*
    from scheduling.waitlist_entries
    inner join catalog.services on services.id = waitlist_entries.service_id
    where
        waitlist_entries.business_id = entries_for.business_id
        and waitlist_entries.status = 'waiting'
        and upper(waitlist_entries.during) > private.now()
        and services.visibility <> 'hidden'
        and not scheduling.has_open_turn(waitlist_entries)
        and not scheduling.was_asked(waitlist_entries, entries_for.freed_id)
        and exists (
            select 1
            from unnest(entries_for.places) as place
            where
                waitlist_entries.during && scheduling.starts_into(services, place.during)
                and (
                    exists (
                        select 1
                        from catalog.service_resources
                        where
                            service_resources.service_id = services.id
                            and service_resources.resource_id = place.id
                    )
                    or exists (
                        select 1
                        from scheduling.sessions
                        where sessions.id = place.id and sessions.service_id = services.id
                    )
                )
        );
end;
$$;

/*
 * Return the starts from which a service, with its buffers, reaches into a period.
 */
create function scheduling.starts_into(service catalog.services, during tstzrange)
returns tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return tstzrange(
        lower(during)
        - make_interval(mins => service.duration_minutes + service.buffer_after_minutes),
        upper(during) + make_interval(mins => service.buffer_before_minutes),
        '()'
    );
end;
$$;

/*
 * Return whether it is an entry's turn on some hold.
 */
create function scheduling.has_open_turn(entry scheduling.waitlist_entries)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
    );
end;
$$;

/*
 * Return whether an entry had a turn for a freed time, on whichever hold.
 */
create function scheduling.was_asked(entry scheduling.waitlist_entries, freed_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.freed_id = was_asked.freed_id
            and waitlist_offers.opens_at <= private.now()
    );
end;
$$;

/*
 * Return whether any unit of some places is vacant for a part of its time that lies ahead.
 */
create function scheduling.is_any_vacant(places scheduling.freed_place[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    return exists (
        select 1
        from unnest(is_any_vacant.places) as place
        inner join catalog.resources on resources.id = place.id
        cross join lateral generate_series(1, resources.capacity) as units (number)
        where
            upper(place.during) > v_now
            and not coalesce(
                (
                    select range_agg(allocations.during)
                    from scheduling.allocations
                    where
                        allocations.resource_id = place.id
                        and allocations.unit = units.number
                        and allocations.during && place.during
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                ) @> place.during,
                false
            )
    ) or exists (
        select 1
        from unnest(is_any_vacant.places) as place
        inner join scheduling.sessions on sessions.id = place.id
        where
            sessions.starts_at > v_now
            and sessions.capacity > (
                select count(*)
                from scheduling.seats
                where
                    seats.session_id = sessions.id
                    and seats.is_blocking
                    and (seats.expires_at is null or seats.expires_at > v_now)
            )
    );
end;
$$;

/*
 * Return the vacancies for an entry at its first start that uses one of some places. Of a pool that
 * has such a place, only these places are returned. A hold may be ignored.
 */
create function scheduling.fitting_vacancies(
    entry scheduling.waitlist_entries, places scheduling.freed_place[], except_hold_id uuid
)
returns scheduling.vacancy[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(entry.service_id);
    v_before interval = make_interval(mins => v_service.buffer_before_minutes);
    v_reach interval = make_interval(
        mins => v_service.duration_minutes + v_service.buffer_after_minutes
    );
    v_starts tstzmultirange = entry.during::tstzmultirange * (
        select range_agg(scheduling.starts_into(v_service, place.during))
        from unnest(fitting_vacancies.places) as place
    );
begin
    if v_service.id is null or isempty(v_starts) then
        return '{}'::scheduling.vacancy[];
    end if;
    return array(
        with found as materialized (
            select
                vacancy,
                exists (
                    select 1
                    from unnest(fitting_vacancies.places) as place
                    where
                        place.id = coalesce(vacancy.session_id, vacancy.id)
                        and place.during
                        && tstzrange(vacancy.at - v_before, vacancy.at + v_reach)
                ) as is_freed
            from scheduling.vacancies(
                entry.service_id, v_starts, entry.resource_id, entry.party_size,
                v_service.duration_minutes, except_hold_id
            ) as vacancy
            where vacancy.at > private.now()
        )

        select found.vacancy
        from found
        where
            (found.vacancy).at = (
                select min((freed.vacancy).at) from found as freed where freed.is_freed
            )
            and (
                found.is_freed
                or (found.vacancy).pool not in (
                    select (freed.vacancy).pool
                    from found as freed
                    where freed.is_freed and (freed.vacancy).at = (found.vacancy).at
                )
            )
    );
end;
$$;

-- sql/48_waitlist/functions/hopeless.sql

-- What nobody can usefully wait for: wishes that no freed time can ever serve. Joining refuses them
-- and says why.

/*
 * Refuse a wish that no freed time can serve: too many guests, a resource that does not provide the
 * service, a window that is over or in which the service never starts.
 *
 * Errors:  PT400 invalid_input · PT422 not_eligible too_soon too_far outside_hours
 */
create function scheduling.refuse_hopeless(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if refuse_hopeless.party_size > service.max_party_size then
        perform private.invalid('party_size', format('must be at most %s', service.max_party_size));
    end if;
    if upper(refuse_hopeless.during) <= private.now() then
        perform private.invalid('to_at', 'must be in the future');
    end if;
    perform scheduling.refuse_unfit_resources(
        service, refuse_hopeless.resource_id, refuse_hopeless.party_size
    );
    perform scheduling.refuse_hopeless_dates(service, refuse_hopeless.during);
    if not scheduling.can_ever_start(
        service, refuse_hopeless.during, refuse_hopeless.resource_id, refuse_hopeless.party_size
    ) then
        perform private.refuse(
            'PT422', 'outside_hours', 'This service never starts in that window for your party.',
            'Choose a window in which the business is open.'
        );
    end if;
end;
$$;

/*
 * Refuse a resource that does not provide the service, and a party for which the service's
 * resources have too few places.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.refuse_unfit_resources(
    service catalog.services, resource_id uuid, party_size integer
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_needs scheduling.need[] = scheduling.needs_of(
        service.id, refuse_unfit_resources.resource_id, refuse_unfit_resources.party_size
    );
begin
    if refuse_unfit_resources.resource_id is not null and v_needs = '{}' then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not provide this service.',
            'Choose a resource from service_resources, or omit resource_id.'
        );
    end if;
    if not service.is_class and (
        select count(distinct need.pool)
        from unnest(v_needs) as need
        where need.units <= need.capacity
    ) is distinct from coalesce(v_needs[1].pool_count, 0) then
        perform private.refuse(
            'PT422', 'not_eligible', 'This service does not have enough places for your party.',
            'Wait with fewer guests.'
        );
    end if;
end;
$$;

/*
 * Refuse a window that the service's notice or its dates rule out for good. A window that is only
 * too far ahead today is not refused: its time can be booked, and freed, later.
 *
 * Errors:  PT422 too_soon too_far
 */
create function scheduling.refuse_hopeless_dates(service catalog.services, during tstzrange)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone
        from business.businesses
        where businesses.id = service.business_id
    );
    v_first timestamptz = greatest(
        private.now() + make_interval(mins => service.min_notice_minutes),
        service.bookable_from::timestamp at time zone v_time_zone
    );
begin
    if upper(refuse_hopeless_dates.during) <= v_first then
        perform private.refuse(
            'PT422', 'too_soon', 'That window is too soon to book.', 'Choose a later window.'
        );
    end if;
    if lower(refuse_hopeless_dates.during)
        >= (service.bookable_until + 1)::timestamp at time zone v_time_zone then
        perform private.refuse(
            'PT422', 'too_far', 'That window is too far ahead to book.',
            'Choose an earlier window.'
        );
    end if;
end;
$$;

/*
 * Return whether a service could start in a window if nothing was booked: the hours of its
 * resources allow it, and closures do not rule it out. A class starts with its sessions.
 */
create function scheduling.can_ever_start(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not service.is_class then
        return scheduling.is_open_for(
            service, can_ever_start.during, can_ever_start.resource_id, can_ever_start.party_size
        );
    end if;
    return exists (
        select 1
        from scheduling.sessions
        where
            sessions.business_id = service.business_id
            and sessions.service_id = service.id
            and can_ever_start.during @> sessions.starts_at
            and sessions.capacity >= can_ever_start.party_size
            and (
                can_ever_start.resource_id is null
                or sessions.resource_id = can_ever_start.resource_id
            )
    );
end;
$$;

/*
 * Return whether every pool of a service has a resource that is open for its whole length from one
 * start in a window, and the leading resource's slots include that start.
 */
create function scheduling.is_open_for(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_step interval = make_interval(mins => service.slot_interval_minutes);
    v_offset interval = make_interval(mins => service.slot_offset_minutes);
begin
    return exists (
        with open as materialized (
            select times.*
            from scheduling.open_times(
                service, is_open_for.during, is_open_for.resource_id, is_open_for.party_size
            ) as times
        )

        select 1
        from open
        cross join lateral unnest(open.windows) as opening
        cross join lateral unnest(open.starts) as possible
        cross join lateral generate_series(
            lower(opening) + v_offset, upper(opening) - interval '1 minute', v_step
        ) as starts (at)
        where
            open.is_leading
            and possible @> starts.at
            and open.pool_count = (
                select count(distinct others.pool) from open as others where others.starts @> starts.at
            )
    );
end;
$$;

/*
 * Return, for each resource that has enough places for a party, from which starts in a window a
 * service ends before its opening does.
 */
create function scheduling.open_times(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns table (
    pool text, pool_count integer, is_leading boolean, windows tstzrange[], starts tstzmultirange
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_length interval = make_interval(mins => service.duration_minutes);
    v_needs scheduling.need[] = array(
        select need
        from scheduling.needs(service.id, open_times.resource_id, open_times.party_size) as need
        where need.units <= need.capacity
    );
    v_ids uuid[] = array(select need.id from unnest(v_needs) as need);
    v_reach tstzmultirange = tstzmultirange(
        tstzrange(lower(open_times.during), upper(open_times.during) + v_length)
    );
begin
    return query
    select
        need.pool,
        need.pool_count,
        need.is_leading,
        openings.windows,
        tstzmultirange(open_times.during) * (
            select range_agg(tstzrange(lower(part), upper(part) - v_length, '[]'))
            from unnest(openings.openings - coalesce(closings.closings, '{}')) as part
            where lower(part) <= upper(part) - v_length
        )
    from unnest(v_needs) as need
    inner join scheduling.openings(
        service.business_id,
        v_ids,
        array(select others.time_zone from unnest(v_needs) as others),
        array(select others.kind = 'staff' from unnest(v_needs) as others),
        v_reach
    ) as openings on openings.resource_id = need.id
    left join scheduling.closings(service.business_id, v_ids, v_reach) as closings
        on closings.resource_id = need.id;
end;
$$;

-- sql/48_waitlist/functions/join.sql

-- How a customer joins the waitlist. Joining refuses what can never be offered (hopeless.sql), and
-- what anybody can book now.

/*
 * Wait for a service. The same call again returns the same entry.
 * Definer: nobody has an insert grant on entries.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 not_bookable already_waiting available_now
 *          PT422 not_eligible limit_reached too_soon too_far outside_hours
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
    perform scheduling.refuse_hopeless(
        v_service, join_waitlist.during, join_waitlist.resource_id, join_waitlist.party_size
    );
    -- One at a time: two inserts that meet in the constraint would wait for each other.
    perform private.lock(array[v_customer_id]);
    perform scheduling.refuse_many_entries(v_customer_id);
    insert into scheduling.waitlist_entries (
        id, business_id, service_id, resource_id, customer_id, during, party_size, created_at
    )
    values (
        v_id, v_service.business_id, v_service.id, join_waitlist.resource_id, v_customer_id,
        join_waitlist.during, join_waitlist.party_size, private.now()
    );
    perform scheduling.refuse_available(
        v_service, join_waitlist.during, join_waitlist.resource_id, join_waitlist.party_size
    );
    return v_id;
exception
    when exclusion_violation then
        select waitlist_entries.id into v_id
        from scheduling.waitlist_entries
        where
            waitlist_entries.customer_id = v_customer_id
            and waitlist_entries.service_id = v_service.id
            and waitlist_entries.resource_id is not distinct from join_waitlist.resource_id
            and waitlist_entries.during = join_waitlist.during
            and waitlist_entries.party_size = join_waitlist.party_size
            and waitlist_entries.status = 'waiting';
        if found then
            return v_id;
        end if;
        perform private.refuse(
            'PT409', 'already_waiting', 'You are already on this waitlist.',
            'Leave the waitlist first to wait for another time.'
        );
        return null;
end;
$$;

/*
 * Refuse more than fifty entries of one customer.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_many_entries(customer_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if (
        select count(*)
        from scheduling.waitlist_entries
        where
            waitlist_entries.customer_id = refuse_many_entries.customer_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > private.now()
    ) >= 50 then
        perform private.refuse(
            'PT422', 'limit_reached', 'You are already on fifty waitlists.',
            'Leave one of them first.'
        );
    end if;
end;
$$;

/*
 * Refuse to wait for a time that can be booked.
 *
 * Errors:  PT409 available_now
 */
create function scheduling.refuse_available(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_start timestamptz = (
        select min(vacancy.at)
        from scheduling.vacancies(
            service.id,
            refuse_available.during::tstzmultirange,
            refuse_available.resource_id,
            refuse_available.party_size,
            service.duration_minutes
        ) as vacancy
    );
begin
    if v_start is not null then
        perform private.refuse(
            'PT409', 'available_now',
            format(
                'There is a free time in that window: %s.',
                to_char(v_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            ),
            'Book it, or wait for a window without it.'
        );
    end if;
end;
$$;

-- sql/48_waitlist/functions/notifications.sql

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

-- sql/48_waitlist/functions/offering.sql

-- How time that became free is offered. Entries whose wish it can serve are considered in the order
-- in which they joined. Each that fits gets a hold of its own as long as something freed is vacant;
-- the others share the turns of these holds (turns.sql). A step that frees time already holds
-- locks, so nothing here waits for a lock: if somebody else has one, a worker looks again.

/*
 * Offer the places of an announcement that a worker looks at again.
 * Definer: called by the worker, which has no access to the tables.
 */
create function scheduling.offer_freed(business_id uuid, freed_id uuid, places jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.offer_places(
        offer_freed.business_id,
        offer_freed.freed_id,
        array(
            select place
            from jsonb_populate_recordset(null::scheduling.freed_place, offer_freed.places) as place
        )
    );
end;
$$;

/*
 * Offer places that became free to those who wait.
 */
create function scheduling.offer_places(
    business_id uuid, freed_id uuid, places scheduling.freed_place[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries;
    v_vacancies scheduling.vacancy[];
    v_hold_ids uuid[] = '{}';
    v_hold_id uuid;
begin
    for v_entry in
        select entries.*
        from scheduling.entries_for(
            offer_places.business_id, offer_places.freed_id, offer_places.places
        ) as entries
        order by entries.turn
    loop
        exit when not scheduling.is_any_vacant(offer_places.places);
        continue when scheduling.has_open_turn(v_entry);
        v_vacancies = scheduling.fitting_vacancies(v_entry, offer_places.places, null);
        continue when v_vacancies = '{}';
        if not scheduling.try_claim_vacancies(v_entry, v_vacancies) then
            perform scheduling.offer_later(
                offer_places.business_id, offer_places.freed_id, offer_places.places
            );
            exit;
        end if;
        -- Under the locks, and after holds that ran out passed their time on.
        v_vacancies = scheduling.fitting_vacancies(v_entry, offer_places.places, null);
        continue when v_vacancies = '{}';
        v_hold_ids = v_hold_ids || scheduling.hold_for_entry(
            v_entry, v_vacancies, offer_places.freed_id
        );
    end loop;
    foreach v_hold_id in array v_hold_ids loop
        perform scheduling.add_turns(v_hold_id);
    end loop;
end;
$$;

/*
 * Let a worker look again at places, because somebody else has locked them.
 */
create function scheduling.offer_later(
    business_id uuid, freed_id uuid, places scheduling.freed_place[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'waitlist.freed',
        jsonb_build_object(
            'business_id', offer_later.business_id,
            'freed_id', offer_later.freed_id,
            'places', to_jsonb(offer_later.places)
        )
    );
end;
$$;

/*
 * Lock what vacancies take, without waiting, and expire the holds that ran out and stand in their
 * way. Returns false if somebody else has a lock on it.
 */
create function scheduling.try_claim_vacancies(
    entry scheduling.waitlist_entries, vacancies scheduling.vacancy[]
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hold_ids uuid[];
begin
    if not private.try_lock(scheduling.locks_of_vacancies(vacancies)) then
        return false;
    end if;
    v_hold_ids = scheduling.lapsed_holds(entry, vacancies);
    if v_hold_ids = '{}' then
        return true;
    end if;
    if (
        select count(*)
        from (
            select bookings.id
            from scheduling.bookings
            where bookings.id = any(v_hold_ids)
            order by bookings.id
            for update skip locked
        ) as locked
    ) < cardinality(v_hold_ids) then
        return false;
    end if;
    perform scheduling.expire_holds(v_hold_ids);
    return scheduling.lapsed_holds(entry, vacancies) = '{}';
end;
$$;

/*
 * Return the holds that ran out and still take time that vacancies would use.
 */
create function scheduling.lapsed_holds(
    entry scheduling.waitlist_entries, vacancies scheduling.vacancy[]
)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_during tstzrange = (
        select tstzrange(
            vacancies[1].at - make_interval(mins => services.buffer_before_minutes),
            vacancies[1].at + make_interval(
                mins => services.duration_minutes + services.buffer_after_minutes
            )
        )
        from catalog.services
        where services.id = entry.service_id
    );
begin
    return array(
        select allocations.booking_id
        from unnest(lapsed_holds.vacancies) as vacancy
        inner join scheduling.allocations on allocations.resource_id = vacancy.id
        where
            vacancy.session_id is null
            and allocations.during && v_during
            and allocations.is_blocking
            and allocations.expires_at <= v_now
        union
        select seats.booking_id
        from unnest(lapsed_holds.vacancies) as vacancy
        inner join scheduling.seats on seats.session_id = vacancy.session_id
        where seats.is_blocking and seats.expires_at <= v_now
        order by 1
    );
end;
$$;

-- sql/48_waitlist/functions/turns.sql

-- The turns of a hold. Turns follow each other without gaps, so a comparison with the clock says
-- whose turn it is. They are planned when the hold is made, for entries that want the very same.
-- Entries that want something else are asked when the hold ends.

/*
 * Hold what vacancies offer for an entry, whose turn begins now. Returns the hold.
 */
create function scheduling.hold_for_entry(
    entry scheduling.waitlist_entries, vacancies scheduling.vacancy[], freed_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_start timestamptz = vacancies[1].at;
    v_legs scheduling.leg[] = array[
        scheduling.leg(
            scheduling.make_selection(
                service_id => entry.service_id,
                starts_at => v_start,
                resource_id => entry.resource_id,
                party_size => entry.party_size
            )
        )
    ];
    v_hold scheduling.bookings;
begin
    v_legs[1].answers = '[]';
    v_hold = scheduling.create_booking_head(
        v_legs,
        -- A turn may pass to another customer, so the price is everybody's.
        scheduling.price_legs(v_legs, pricing.make_terms(), null, null),
        null,
        least(v_now + scheduling.turn_length(entry.service_id), v_start),
        null,
        null::identity.profiles
    );
    perform scheduling.create_booking_item(v_hold, v_legs, 1, vacancies);
    insert into scheduling.waitlist_offers (
        business_id, entry_id, booking_id, starts_at, opens_at, expires_at, customer_id, freed_id
    )
    values (
        entry.business_id, entry.id, v_hold.id, v_start, v_now, v_hold.hold_expires_at,
        entry.customer_id, hold_for_entry.freed_id
    );
    return v_hold.id;
end;
$$;

/*
 * Return how long a turn for a service lasts.
 */
create function scheduling.turn_length(service_id uuid)
returns interval
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select make_interval(mins => services.offer_minutes)
        from catalog.services
        where services.id = turn_length.service_id
    );
end;
$$;

/*
 * Plan turns on a hold for the entries behind its first one, at most ten in all, until the first
 * entry that would take the time for something else. Everybody is told when their turn begins.
 */
create function scheduling.add_turns(hold_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_last scheduling.waitlist_offers;
    v_first scheduling.waitlist_entries;
    v_entry scheduling.waitlist_entries;
    v_places scheduling.freed_place[] = scheduling.places_of(hold_id);
    v_count integer = 1;
begin
    select waitlist_offers.* into v_last
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = add_turns.hold_id;
    select waitlist_entries.* into v_first
    from scheduling.waitlist_entries
    where waitlist_entries.id = v_last.entry_id;
    for v_entry in
        select entries.*
        from scheduling.entries_for(v_last.business_id, v_last.freed_id, v_places) as entries
        where entries.turn > v_first.turn and not scheduling.is_queued(entries, v_last.freed_id)
        order by entries.turn
    loop
        exit when v_count = 10 or v_last.expires_at >= v_last.starts_at;
        if scheduling.has_same_wish(v_entry, v_first) then
            continue when not v_entry.during @> v_last.starts_at;
            v_last = scheduling.add_turn(v_last, v_entry);
            v_count = v_count + 1;
        else
            exit when scheduling.fitting_vacancies(v_entry, v_places, hold_id) <> '{}';
        end if;
    end loop;
    perform scheduling.extend_hold(hold_id, v_last.expires_at);
end;
$$;

/*
 * Return whether two entries want the same service with the same resource for as many guests.
 */
create function scheduling.has_same_wish(
    entry scheduling.waitlist_entries, other scheduling.waitlist_entries
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return entry.service_id = other.service_id
        and entry.resource_id is not distinct from other.resource_id
        and entry.party_size = other.party_size;
end;
$$;

/*
 * Return whether an entry has a turn, now or later, for a freed time.
 */
create function scheduling.is_queued(entry scheduling.waitlist_entries, freed_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.freed_id = is_queued.freed_id
            and waitlist_offers.expires_at > private.now()
    );
end;
$$;

/*
 * Add the turn of an entry after the last one of a hold. Returns it.
 */
create function scheduling.add_turn(
    last scheduling.waitlist_offers, entry scheduling.waitlist_entries
)
returns scheduling.waitlist_offers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
begin
    insert into scheduling.waitlist_offers (
        business_id, entry_id, booking_id, starts_at, opens_at, expires_at, customer_id, freed_id
    )
    values (
        last.business_id, entry.id, last.booking_id, last.starts_at, last.expires_at,
        least(last.expires_at + scheduling.turn_length(entry.service_id), last.starts_at),
        entry.customer_id, last.freed_id
    )
    returning waitlist_offers.* into v_offer;
    return v_offer;
end;
$$;

/*
 * Let a hold last until the end of its last turn, and tell those whose turn will begin.
 */
create function scheduling.extend_hold(hold_id uuid, until timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.bookings
    set hold_expires_at = extend_hold.until
    where bookings.id = extend_hold.hold_id and bookings.hold_expires_at <> extend_hold.until;
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
        waitlist_offers.booking_id = extend_hold.hold_id
        and waitlist_offers.told_at is null
        and waitlist_offers.expires_at > private.now();
end;
$$;

-- sql/48_waitlist/rules.sql

-- The waitlist on every path: a hold that ends passes its time on, and time that becomes free is
-- offered. These are triggers, because bookings know nothing of the waitlist.

/*
 * End the time that a hold takes when the hold ends.
 */
create function scheduling.bookings__shorten_hold()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set expires_at = new.hold_expires_at
    where allocations.business_id = new.business_id and allocations.booking_id = new.id;
    update scheduling.seats
    set expires_at = new.hold_expires_at
    where seats.business_id = new.business_id and seats.booking_id = new.id;
    return null;
end;
$$;

create trigger _210_shorten_hold
after update of hold_expires_at on scheduling.bookings
for each row
when (
    old.status = new.status
    and new.status in ('held', 'pending_payment')
    and old.hold_expires_at is distinct from new.hold_expires_at
)
execute function scheduling.bookings__shorten_hold();

/*
 * End the turns of a hold when the hold ends. If it ran out, its time is free again for those who
 * were not asked: they are asked before anybody else can take it.
 * Definer: whoever expires a hold cannot read who waits.
 */
create function scheduling.bookings__end_offers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
begin
    select waitlist_offers.* into v_offer
    from scheduling.waitlist_offers
    where waitlist_offers.business_id = new.business_id and waitlist_offers.booking_id = new.id
    order by waitlist_offers.accepted_at nulls last
    limit 1;
    perform scheduling.close_turns(new);
    if new.status = 'expired' and v_offer.accepted_at is null and v_offer.freed_id is not null then
        insert into scheduling.freed_times (business_id, freed_id, places)
        values (new.business_id, v_offer.freed_id, scheduling.places_of(new.id));
        perform scheduling.announce_freed_elsewhere(scheduling.places_of(new.id));
    end if;
    return null;
end;
$$;

create trigger _220_end_offers
after update of status on scheduling.bookings
for each row
when (
    old.status = 'held' and new.status <> 'held'
    and new.customer_id is null and new.customer_email is null
)
execute function scheduling.bookings__end_offers();

/*
 * The entry whose offer led to a booking waits no longer: its turns for other times pass on.
 * Definer: nobody has an update grant on entries.
 */
create function scheduling.waitlist_offers__accept()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update scheduling.waitlist_entries
    set status = 'accepted', booking_id = new.accepted_booking_id
    where waitlist_entries.id = new.entry_id;
    perform scheduling.drop_turns(new.business_id, new.entry_id, new.booking_id);
    return null;
end;
$$;

create trigger _100_accept
after update of accepted_booking_id on scheduling.waitlist_offers
for each row
when (new.accepted_booking_id is not null and old.accepted_booking_id is null)
execute function scheduling.waitlist_offers__accept();

/*
 * Offer time that becomes free to those who wait for it. The row is an announcement: it is answered
 * here and not stored.
 * Definer: customers free time and cannot read the entries of others.
 */
create function scheduling.freed_times__offer()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.offer_places(new.business_id, new.freed_id, new.places);
    return null;
end;
$$;

create trigger _100_offer
before insert on scheduling.freed_times
for each row
execute function scheduling.freed_times__offer();

-- Domains that keep something about an entry are told when it is deleted.
create trigger _600_announce_deletion
after delete on scheduling.waitlist_entries
for each row execute function private.any__announce_deletion('waitlist');

-- sql/48_waitlist/policies.sql

-- Customers see their own entries, and members those of their business. Only functions write them.

alter table scheduling.waitlist_entries enable row level security;
grant select on scheduling.waitlist_entries to authenticated;
grant select, insert, update, delete on scheduling.waitlist_entries to service_role;

create policy waitlist_entries_select
on scheduling.waitlist_entries
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

grant execute on function
scheduling.join_waitlist(uuid, tstzrange, uuid, integer),
scheduling.accept_offer(uuid),
scheduling.leave_waitlist(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.offer_freed(uuid, uuid, jsonb)
to worker;

-- sql/48_waitlist/api.sql

-- The waitlist, as customers use it: they join, see their place and what is offered, accept or
-- leave. Each function reads its arguments and calls one function of the domain.

create view public.waitlist_entries
with (security_invoker = true)
as
select
    waitlist_entries.id,
    waitlist_entries.business_id,
    waitlist_entries.service_id,
    waitlist_entries.resource_id,
    waitlist_entries.customer_id,
    lower(waitlist_entries.during) as from_at,
    upper(waitlist_entries.during) as to_at,
    waitlist_entries.party_size,
    case
        when waitlist_entries.status <> 'waiting' then waitlist_entries.status::text
        when offered.expires_at is not null then 'offered'
        when upper(waitlist_entries.during) <= private.now() then 'expired'
        else 'waiting'
    end as status,
    offered.starts_at as offered_starts_at,
    offered.expires_at as offer_expires_at,
    waitlist_entries.booking_id,
    waitlist_entries.created_at
from scheduling.waitlist_entries
left join lateral (
    select
        waitlist_offers.starts_at,
        waitlist_offers.expires_at
    from scheduling.waitlist_offers
    where
        waitlist_entries.status = 'waiting'
        and waitlist_entries.business_id = waitlist_offers.business_id
        and waitlist_entries.id = waitlist_offers.entry_id
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now()
    order by waitlist_offers.opens_at, waitlist_offers.booking_id
    limit 1
) as offered on true;
grant select on public.waitlist_entries to authenticated, service_role;

comment on view public.waitlist_entries is
'Customers who wait for a time that is taken.

Customers see their own entries, members those of their business. Written only by join_waitlist, '
'accept_waitlist_offer and leave_waitlist.';
comment on column public.waitlist_entries.id is 'Primary key.';
comment on column public.waitlist_entries.business_id is 'The business.';
comment on column public.waitlist_entries.service_id is 'The service.';
comment on column public.waitlist_entries.resource_id is 'The wanted resource; null for any.';
comment on column public.waitlist_entries.customer_id is 'The customer who waits.';
comment on column public.waitlist_entries.from_at is 'The earliest start, included.';
comment on column public.waitlist_entries.to_at is 'The latest start, excluded.';
comment on column public.waitlist_entries.party_size is 'Number of guests.';
comment on column public.waitlist_entries.status is
'waiting; offered, while it is this entry''s turn to accept; accepted; left; expired, when its '
'window is over.';
comment on column public.waitlist_entries.offered_starts_at is
'The start that is offered now, or null.';
comment on column public.waitlist_entries.offer_expires_at is
'When the turn ends and the offer passes on, or null.';
comment on column public.waitlist_entries.booking_id is
'The booking after the offer was accepted, or null.';
comment on column public.waitlist_entries.created_at is 'When the customer joined.';

/*
 * Return an entry as the caller may see it.
 */
create function scheduling.seen_entry(entry_id uuid)
returns public.waitlist_entries
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_entry public.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from public.waitlist_entries
    where waitlist_entries.id = seen_entry.entry_id;
    return v_entry;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 already_waiting available_now not_bookable
 *          PT422 limit_reached not_eligible outside_hours too_far too_soon
 */
create function public.join_waitlist(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1'
)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_id uuid;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    v_id = scheduling.join_waitlist(
        v_service_id,
        tstzrange(v_from, v_to),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        scheduling.to_party_size(party_size)
    );
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.join_waitlist is
'Wait for a start of a service from from_at (included) to to_at (excluded), at most 62 days.

A time that becomes free is held and offered to the waiting entries that it can serve, in order, '
'each for the service''s offer_minutes. During the turn, available_slots shows the time to the '
'customer, and book takes it as accept_waitlist_offer does. Returns the entry.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'already_waiting 409, available_now 409, not_bookable 409, limit_reached 422, not_eligible 422, '
'outside_hours 422, too_far 422, '
'too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 invalid_transition offer_expired price_changed terms_not_accepted
 *          PT422 limit_reached
 */
create function public.accept_waitlist_offer(entry_id public.identifier)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.accept_offer(private.to_identifier(entry_id, 'entry_id'));
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.accept_waitlist_offer is
'Accept the offer of a waitlist entry.

Its hold becomes the booking (a request if the service requires confirmation). Repeating the call '
'returns the same booking. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409, offer_expired '
'409, price_changed 409, terms_not_accepted 409, limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.leave_waitlist(entry_id public.identifier)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(entry_id, 'entry_id');
begin
    perform scheduling.leave_waitlist(v_id);
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.leave_waitlist is
'Leave the waitlist.

An offer passes on at once to the next entry that it can serve. Returns the entry.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';
grant execute on function
scheduling.seen_entry(uuid),
public.join_waitlist(
    public.identifier, public.instant, public.instant, public.identifier,
    public.whole_number
),
public.accept_waitlist_offer(public.identifier),
public.leave_waitlist(public.identifier)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
