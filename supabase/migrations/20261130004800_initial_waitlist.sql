-- The initial schema of 48_waitlist: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/48_waitlist/tables.sql

-- Who waits for a time that is taken, and to whom it is offered when it becomes free. An offer is a
-- hold without a customer: it stands in the same constraint as everything else. Those who wait are
-- asked one after another, each for a while that is known from the start, so that a turn passes on
-- by the clock, whether or not anything runs.

create type scheduling.waitlist_status as enum ('waiting', 'accepted', 'left');

create table scheduling.waitlist_entries (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- Only with this one; null: with anybody.
    resource_id uuid,
    customer_id uuid not null references auth.users (id) on delete cascade,
    -- When it may start.
    during tstzrange not null,
    party_size integer not null,
    status scheduling.waitlist_status not null default 'waiting',
    -- What became of it.
    booking_id uuid,
    -- First come, first served.
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
create index waitlist_entries_turn_idx on scheduling.waitlist_entries (business_id, turn)
where status = 'waiting';
create index waitlist_entries_service_idx on scheduling.waitlist_entries (business_id, service_id);
create index waitlist_entries_resource_idx
on scheduling.waitlist_entries (business_id, resource_id);
create index waitlist_entries_booking_idx on scheduling.waitlist_entries (business_id, booking_id);
create index waitlist_entries_customer_id_idx on scheduling.waitlist_entries (customer_id);

create table scheduling.waitlist_offers (
    business_id uuid not null,
    entry_id uuid not null,
    -- The hold that keeps the time: nobody's until somebody accepts.
    booking_id uuid not null,
    starts_at timestamptz not null,
    -- The turn of this entry: from, included, to, excluded.
    opens_at timestamptz not null,
    expires_at timestamptz not null,
    -- When its customer was told.
    told_at timestamptz,

    constraint waitlist_offers_pkey primary key (booking_id, entry_id),
    constraint waitlist_offers_entry_fkey foreign key (business_id, entry_id)
    references scheduling.waitlist_entries (business_id, id) on delete cascade,
    constraint waitlist_offers_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint waitlist_offers_expire_after_they_open check (expires_at > opens_at),
    -- One at a time.
    constraint waitlist_offers_in_turn exclude using gist (
        booking_id with =, tstzrange(opens_at, expires_at) with &&
    ) deferrable initially deferred
);
comment on table scheduling.waitlist_offers is
'Whose turn it is, and when, to accept a time that became free.';
create index waitlist_offers_entry_idx on scheduling.waitlist_offers (business_id, entry_id);
create index waitlist_offers_booking_idx on scheduling.waitlist_offers (business_id, booking_id);

-- sql/48_waitlist/functions/notifications.sql

-- What a notification says about a waitlist entry to which a time is offered. The seed registers
-- the subject `waitlist` with these functions.

/*
 * Return what templates may say about the time that is offered: what they may say about its hold,
 * to whom it is offered, and until when.
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
 * Return the customer who waits. Nobody else reads of it.
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
 * Is a time at this start still offered to the entry?
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
 * Is it the entry's turn, and has its customer not been told? Notes that they are.
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
        and waitlist_offers.expires_at > private.now();
    return found;
end;
$$;

-- sql/48_waitlist/functions/waitlist.sql

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

-- sql/48_waitlist/rules.sql

-- What holds for the waitlist on every path.

/*
 * The time that a hold takes ends when the hold does.
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
 * Nothing is offered any more once the hold of an offer is none.
 */
create function scheduling.bookings__end_offers()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = new.business_id and waitlist_offers.booking_id = new.id;
    return null;
end;
$$;

create trigger _220_end_offers
after update of status on scheduling.bookings
for each row
when (old.status = 'held' and new.status <> 'held' and new.customer_id is null)
execute function scheduling.bookings__end_offers();

/*
 * Time that becomes free is offered at once to those who wait for it. The row is an announcement:
 * it is answered here and not stored.
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
    perform scheduling.offer_freed(new.business_id, new.during);
    return null;
end;
$$;

create trigger _100_offer
before insert on scheduling.freed_times
for each row
execute function scheduling.freed_times__offer();

-- Whoever keeps something about an entry hears when the entry is deleted.
create trigger _600_announce_deletion
after delete on scheduling.waitlist_entries
for each row execute function private.any__announce_deletion('waitlist');

-- sql/48_waitlist/policies.sql

-- Entries are seen by who waits and by the business; written by functions only.

alter table scheduling.waitlist_entries enable row level security;
alter table scheduling.waitlist_offers enable row level security;
grant select on scheduling.waitlist_entries, scheduling.waitlist_offers to authenticated;
grant select, insert, update, delete on
scheduling.waitlist_entries,
scheduling.waitlist_offers
to service_role;

create policy waitlist_entries_select
on scheduling.waitlist_entries
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy waitlist_offers_select
on scheduling.waitlist_offers
for select
to authenticated
using (
    entry_id in (
        select waitlist_entries.id
        from scheduling.waitlist_entries
        where waitlist_entries.customer_id = (select auth.uid())
    )
    or business_id = any(array(select private.seen_businesses()))
);
grant execute on function
scheduling.join_waitlist(uuid, tstzrange, uuid, integer),
scheduling.accept_offer(uuid),
scheduling.leave_waitlist(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.offer_freed(uuid, tstzrange)
to worker;

-- sql/48_waitlist/api.sql

-- The waitlist, as customers use it.

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
left join scheduling.waitlist_offers as offered
    on
        waitlist_entries.business_id = offered.business_id
        and waitlist_entries.id = offered.entry_id
        and offered.opens_at <= private.now()
        and offered.expires_at > private.now();
grant select on public.waitlist_entries to authenticated, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on public.waitlist_entries
for each row execute function private.any__refuse_writing();

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
'When the turn ends and passes on to the next entry, or null.';
comment on column public.waitlist_entries.booking_id is
'The booking after the offer was accepted, or null.';
comment on column public.waitlist_entries.created_at is 'When the customer joined.';

/*
 * The entry as the caller may see it.
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
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 already_waiting not_bookable · PT422 limit_reached not_eligible
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
'Wait for a free start of a service from from_at (included) to to_at (excluded), at most 62 days.

A time that becomes free is held and offered to the waiting entries in order, each for the '
'service''s offer_minutes. Returns the entry.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_waiting 409, not_bookable '
'409, limit_reached 422, not_eligible 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 invalid_transition offer_expired · PT422 limit_reached
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
'409, limit_reached 422.';

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

An offer passes on to the next entry at once. Returns the entry.

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
