-- The initial schema of 44_bookings: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/44_bookings/tables.sql

-- What bookings have beside their own tables: the transitions of their status, their history, the
-- business's notes, the transitions that are due by themselves, and whom customers prefer.

-- A resource with enough free units, as scheduling.available_candidates finds it.
create type scheduling.candidate as (
    id uuid,
    pool text,
    is_leading boolean,
    free_units integer array,
    rank integer,
    priority integer,
    rival_count integer,
    reason scheduling.assignment_reason
);

-- How busy a resource is around any start, as scheduling.load_curves finds it: its load there is
-- what begins in the thirty days around the start, for its weight.
create type scheduling.load_curve as (
    resource_id uuid,
    weight double precision,
    -- When its bookings begin, in order.
    begins timestamptz array,
    -- Of a newcomer: the weight of those before them, and when the bookings begin that those had.
    earlier_weight double precision,
    earlier_begins timestamptz array
);

-- A resource that may be assigned, as scheduling.assignees finds it: the lowest tier first, and
-- within a tier the least busy by its load curve.
create type scheduling.assignee as (
    id uuid,
    tier integer,
    weight double precision,
    begins timestamptz array,
    earlier_weight double precision,
    earlier_begins timestamptz array
);

-- What has to be so before a step is taken, and the moment at which a booking takes one by itself.
create type scheduling.transition_guard as enum ('after_start', 'check_in_open', 'paid');
create type scheduling.transition_moment as enum ('hold_expires_at', 'starts_at');

-- The rows of public.available_slots and public.date_availability.
create type public.slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_ids uuid array,
    remaining integer
);
comment on type public.slot is
'A free start of a service: start and end for the customer, the resources that can be booked for '
'it in the order in which they would be assigned, and the places left over all of them.';

create type public.day_availability as (
    date date,
    is_free boolean,
    first_start_at timestamptz,
    last_start_at timestamptz,
    start_count integer,
    session_count integer,
    seat_count integer,
    free_seat_count integer
);
comment on type public.day_availability is
'A date in the business''s zone: whether a start is free, the first and the last free start, and '
'how many there are; of a class, also its sessions, seats and free seats (null otherwise). May be '
'null: first_start_at, last_start_at, session_count, seat_count, free_seat_count.';

create table scheduling.booking_transitions (
    from_status scheduling.booking_status not null,
    to_status scheduling.booking_status not null,
    -- Who may take this step. The system may take every step that exists.
    actors scheduling.actor_kind array not null,
    guard scheduling.transition_guard,
    -- When it happens by itself; null: only when somebody takes it.
    due scheduling.transition_moment,

    primary key (from_status, to_status)
);
comment on table scheduling.booking_transitions is
'The life of a booking: every step that exists, who may take it, what has to be so, and what '
'happens by itself.';
-- A booking waits for one thing at a time.
create unique index booking_transitions_one_due_idx
on scheduling.booking_transitions (from_status)
where due is not null;

create table scheduling.booking_history (
    id bigint generated always as identity primary key,
    business_id uuid not null,
    booking_id uuid not null,
    from_status scheduling.booking_status,
    to_status scheduling.booking_status not null,
    from_starts_at timestamptz,
    to_starts_at timestamptz not null,
    actor scheduling.actor_kind not null,
    actor_id uuid references auth.users (id) on delete set null,
    reason text,
    at timestamptz not null,
    -- What this step costs the customer; less than 0 takes back what an earlier one cost.
    fee_minor bigint not null default 0,
    -- The one service that was cancelled; null: the whole booking.
    booking_item_id uuid,
    -- Where an item was given to another resource: from whom, to whom.
    from_resource_id uuid,
    to_resource_id uuid,
    -- Whether the same step of an earlier booking of its series is announced instead.
    is_repeated boolean not null default false,
    -- The rules that a member set aside in this step.
    overridden scheduling.start_rule array not null default '{}',

    constraint booking_history_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_history_booking_item_fkey foreign key (
        business_id, booking_id, booking_item_id
    )
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint booking_history_from_resource_fkey foreign key (business_id, from_resource_id)
    references catalog.resources (business_id, id) on delete set null (from_resource_id),
    constraint booking_history_to_resource_fkey foreign key (business_id, to_resource_id)
    references catalog.resources (business_id, id) on delete set null (to_resource_id)
);
comment on table scheduling.booking_history is
'Every step of every booking: what changed, who did it, when and why. Only ever added to.';
comment on column scheduling.booking_history.booking_id is '[person]';
comment on column scheduling.booking_history.reason is '[personal]';
create index booking_history_booking_idx
on scheduling.booking_history (business_id, booking_id, id);
create index booking_history_booking_item_idx
on scheduling.booking_history (business_id, booking_id, booking_item_id);
create index booking_history_actor_id_idx on scheduling.booking_history (actor_id);
create index booking_history_from_resource_idx
on scheduling.booking_history (business_id, from_resource_id)
where from_resource_id is not null;
create index booking_history_to_resource_idx
on scheduling.booking_history (business_id, to_resource_id)
where to_resource_id is not null;

create table scheduling.booking_notes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    booking_id uuid not null,
    body text not null,
    author_id uuid default auth.uid() references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint booking_notes_business_id_id_unique unique (business_id, id),
    constraint booking_notes_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_notes_body_is_short check (
        length(btrim(body)) between 1 and 5000 and not private.has_control_characters(body)
        or private.invalid('body', 'must have 1 to 5000 printable characters')
    )
);
comment on table scheduling.booking_notes is
'What the business writes down about a booking. Customers never see it: it is a table of its own.';
comment on column scheduling.booking_notes.booking_id is '[person: delete]';
comment on column scheduling.booking_notes.body is '[personal]';
create index booking_notes_booking_idx on scheduling.booking_notes (business_id, booking_id);
create index booking_notes_author_id_idx on scheduling.booking_notes (author_id);

create table scheduling.scheduled_transitions (
    booking_id uuid primary key,
    business_id uuid not null,
    from_status scheduling.booking_status not null,
    to_status scheduling.booking_status not null,
    due_at timestamptz not null,

    constraint scheduled_transitions_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint scheduled_transitions_exist foreign key (from_status, to_status)
    references scheduling.booking_transitions (from_status, to_status) on delete cascade
);
comment on table scheduling.scheduled_transitions is
'The step that a booking takes by itself unless it moves on first: a hold expires, a request '
'lapses.';
create index scheduled_transitions_due_at_idx on scheduling.scheduled_transitions (due_at);
create index scheduled_transitions_booking_idx
on scheduling.scheduled_transitions (business_id, booking_id);
create index scheduled_transitions_step_idx
on scheduling.scheduled_transitions (from_status, to_status);

-- Whom customers prefer.

create table scheduling.preferred_resources (
    customer_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null,
    resource_id uuid not null,
    updated_at timestamptz not null default now(),

    primary key (customer_id, business_id),
    constraint preferred_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade
);
comment on table scheduling.preferred_resources is
'Whom a customer wants in a business: one resource each, asked first by services that say so.';
comment on column scheduling.preferred_resources.customer_id is '[person: delete]';
create index preferred_resources_resource_idx
on scheduling.preferred_resources (business_id, resource_id);

create table scheduling.preferred_services (
    customer_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null,
    service_id uuid not null,
    updated_at timestamptz not null default now(),

    primary key (customer_id, business_id),
    constraint preferred_services_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade
);
comment on table scheduling.preferred_services is
'What a customer usually books in a business: one service each, the default of preferred_slots.';
comment on column scheduling.preferred_services.customer_id is '[person: delete]';
create index preferred_services_service_idx
on scheduling.preferred_services (business_id, service_id);

-- What members wrote down of a customer, who may have no account.
create table scheduling.customer_preferences (
    business_id uuid not null,
    customer_id uuid not null,
    resource_id uuid,
    service_id uuid,
    updated_by uuid references auth.users (id) on delete set null,
    updated_at timestamptz not null,

    primary key (business_id, customer_id),
    constraint customer_preferences_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_preferences_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete set null (resource_id),
    constraint customer_preferences_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete set null (service_id)
);
comment on table scheduling.customer_preferences is
'Whom and what a customer usually wants, as the business knows it. What the account says itself '
'goes first.';
comment on column scheduling.customer_preferences.customer_id is '[person: delete]';
create index customer_preferences_resource_idx
on scheduling.customer_preferences (business_id, resource_id);
create index customer_preferences_service_idx
on scheduling.customer_preferences (business_id, service_id);
create index customer_preferences_updated_by_idx on scheduling.customer_preferences (updated_by);

create table scheduling.arrivals (
    business_id uuid not null,
    booking_id uuid not null,
    starts_at timestamptz not null,
    user_id uuid references auth.users (id) on delete set null,
    at timestamptz not null default now(),

    primary key (booking_id, starts_at),
    constraint arrivals_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade
);
comment on table scheduling.arrivals is
'The professional has arrived at the customer''s: one row for each booking and start.';
create index arrivals_booking_idx on scheduling.arrivals (business_id, booking_id);
create index arrivals_user_id_idx on scheduling.arrivals (user_id);

-- Who holds from where, to count the open holds of a customer and of a network address. Rows are
-- deleted when the hold has ended.

create table scheduling.holds (
    business_id uuid not null,
    booking_id uuid not null,
    -- The account of the customer, or the e-mail address of a guest.
    holder text not null,
    -- The network address of the request, if it had one.
    ip inet,

    primary key (business_id, booking_id),
    constraint holds_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade
);
comment on table scheduling.holds is
'Who made a hold and from which network address, while it lasts.';
comment on column scheduling.holds.booking_id is '[person]';
comment on column scheduling.holds.holder is '[person: delete] [personal]';
comment on column scheduling.holds.ip is '[personal]';
create index holds_holder_idx on scheduling.holds (business_id, holder);
create index holds_ip_idx on scheduling.holds (business_id, ip);

-- sql/44_bookings/functions/allocate.sql

-- How an item of a booking gets its time: one resource of each pool, under the locks that
-- scheduling.lock_legs took. A writer without those locks conflicts in the exclusion constraint
-- and wins; the item then tries the next candidate, or refuses.

/*
 * Return whether a booking in this status takes its time from others.
 */
create function scheduling.is_blocking(
    status scheduling.booking_status, is_blocked_by_pending boolean
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return status in ('held', 'pending_payment', 'confirmed', 'checked_in', 'completed')
        or status = 'pending' and is_blocked_by_pending;
end;
$$;

/*
 * Allocate the time of one item: one resource of each pool, or seats where the service is a class.
 * Returns the leading resource and why it was assigned.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.allocate_item(
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    booking scheduling.bookings,
    item_id uuid,
    out resource_id uuid,
    out reason scheduling.assignment_reason
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_allocated record;
begin
    if not leg.is_class then
        v_allocated = scheduling.allocate_pools(leg, vacancies, booking, item_id);
        resource_id = v_allocated.resource_id;
        reason = v_allocated.reason;
        return;
    end if;
    resource_id = scheduling.allocate_seats(leg, vacancies, booking, item_id);
    reason = case
        when resource_id is null then null
        when resource_id = leg.resource_id then 'customer'
        when cardinality(vacancies) = 1 then 'only'
        else 'load'
    end;
end;
$$;

/*
 * Allocate one resource of each pool: the first candidate that still has the time. Returns the
 * leading one and why it was assigned.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.allocate_pools(
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    booking scheduling.bookings,
    item_id uuid,
    out resource_id uuid,
    out reason scheduling.assignment_reason
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at - leg.before, leg.ends_at + leg.after);
    v_candidates scheduling.candidate[] = scheduling.only_candidate(leg, vacancies);
    v_served text[] = '{}';
    v_candidate scheduling.candidate;
begin
    perform scheduling.release_expired_holds(
        array(select vacancy.id from unnest(vacancies) as vacancy), v_during
    );
    if v_candidates is null then
        v_candidates = scheduling.ordered_candidates(leg, vacancies, v_during, booking);
    end if;
    foreach v_candidate in array v_candidates loop
        continue when v_candidate.pool = any(v_served);
        continue when not scheduling.allocate_resource(
            leg, booking, item_id, v_candidate.id, v_candidate.free_units
        );
        v_served = v_served || v_candidate.pool;
        if v_candidate.is_leading then
            resource_id = v_candidate.id;
            reason = v_candidate.reason;
        end if;
    end loop;
    if cardinality(v_served) < (
        select count(distinct vacancy.pool) from unnest(vacancies) as vacancy
    ) then
        perform scheduling.refuse_taken();
    end if;
end;
$$;

/*
 * Allocate units of one resource to an item. Returns false, and allocates nothing, if somebody
 * else has one of them. Where the item before it has the same resource, there are no buffers
 * between the two: they meet at this item's start.
 */
create function scheduling.allocate_resource(
    leg scheduling.leg,
    booking scheduling.bookings,
    item_id uuid,
    resource_id uuid,
    units integer[]
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = leg.starts_at - leg.before;
    v_previous_end timestamptz;
    v_count integer;
begin
    if leg.starts_at > booking.starts_at then
        select max(upper(allocations.during)) into v_previous_end
        from scheduling.allocations
        where
            allocations.business_id = booking.business_id
            and allocations.booking_id = booking.id
            and allocations.resource_id = allocate_resource.resource_id
            and upper(allocations.during) > v_from;
    end if;
    if v_previous_end is not null then
        perform scheduling.change_allocation_end(
            booking, allocate_resource.resource_id, v_previous_end, leg.starts_at
        );
        v_from = leg.starts_at;
    end if;
    v_count = scheduling.insert_allocations(
        leg, booking, item_id, allocate_resource.resource_id, units, v_from
    );
    if v_count = cardinality(units) then
        return true;
    end if;
    delete from scheduling.allocations
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.booking_item_id = item_id
        and allocations.resource_id = allocate_resource.resource_id;
    if v_previous_end is not null then
        perform scheduling.change_allocation_end(
            booking, allocate_resource.resource_id, leg.starts_at, v_previous_end
        );
    end if;
    return false;
end;
$$;

/*
 * Insert the allocations of an item's units from a moment on. Returns how many were still free.
 */
create function scheduling.insert_allocations(
    leg scheduling.leg,
    booking scheduling.bookings,
    item_id uuid,
    resource_id uuid,
    units integer[],
    from_at timestamptz
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    insert into scheduling.allocations (
        business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking, expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        insert_allocations.resource_id,
        chosen.unit,
        tstzrange(from_at, leg.ends_at + leg.after),
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from unnest(units) as chosen (unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Change when the allocation of a resource to a booking ends.
 */
create function scheduling.change_allocation_end(
    booking scheduling.bookings, resource_id uuid, from_end timestamptz, to_end timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set during = tstzrange(lower(allocations.during), change_allocation_end.to_end)
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = change_allocation_end.resource_id
        and upper(allocations.during) = change_allocation_end.from_end;
end;
$$;

-- sql/44_bookings/functions/arrivals.sql

-- The professional reports that they have arrived at the customer's, and the customer is told.

/*
 * Report the arrival of the staff of a booking, once for each start, while it is confirmed. A
 * repeated call changes nothing.
 * Definer: nobody has an insert grant on arrivals; the caller must be assigned to the booking.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function scheduling.announce_arrival(booking_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings = scheduling.lock_booking(booking_id, '{business}');
begin
    perform scheduling.refuse_arrival(v_booking);
    insert into scheduling.arrivals (business_id, booking_id, starts_at, user_id)
    values (v_booking.business_id, v_booking.id, v_booking.starts_at, auth.uid())
    on conflict on constraint arrivals_pkey do nothing;
    if found then
        perform private.emit(
            'booking.arrived',
            jsonb_build_object(
                'booking_id', v_booking.id,
                'business_id', v_booking.business_id,
                'to_starts_at', v_booking.starts_at
            )
        );
    end if;
end;
$$;

/*
 * Refuse an arrival unless the caller is assigned to the booking and the booking is confirmed.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition
 */
create function scheduling.refuse_arrival(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from scheduling.booking_readers(
            array[row(1, booking.id, '{}')::private.subject_message], 'staff'
        ) as readers
        where readers.user_id = auth.uid()
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only staff assigned to this booking can report arrival.',
            'Ask the assigned staff to report it.'
        );
    end if;
    if booking.status <> 'confirmed' then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('Arrival cannot be reported for a booking that is %s.', booking.status),
            'Read the booking again and check its status.'
        );
    end if;
end;
$$;

-- sql/44_bookings/functions/assign.sql

-- Who gives a service that was booked without naming anybody. In this order: the resource that the
-- customer prefers or had last, where the service says so; the highest priority; the least busy
-- for its weight; then position, name and id. The same question always has the same answer.

/*
 * Return the candidates for a leg, pool by pool, in the order in which they are to be tried. Loads
 * are counted only where there is a choice.
 */
create function scheduling.ordered_candidates(
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    during tstzrange,
    booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidates scheduling.candidate[] = scheduling.available_candidates(
        leg, scheduling.not_busy_elsewhere(vacancies, during), during, booking.id
    );
begin
    if cardinality(v_candidates) < 2 then
        return v_candidates;
    end if;
    return scheduling.rank_candidates(v_candidates, leg, booking);
end;
$$;

/*
 * Return the vacancies that have enough free units for a leg, as candidates.
 */
create function scheduling.available_candidates(
    leg scheduling.leg, vacancies scheduling.vacancy[], during tstzrange, except_booking_id uuid
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return array(
        select
            scheduling.make_candidate(
                vacancy,
                free_units => places.units,
                priority => service_resources.priority,
                rival_count => (count(*) over (partition by vacancy.pool))::integer,
                reason => case
                    when vacancy.id = leg.resource_id then 'customer' else 'only'
                end::scheduling.assignment_reason
            )
        from unnest(available_candidates.vacancies) as vacancy
        inner join catalog.service_resources
            on
                service_resources.service_id = leg.service_id
                and service_resources.resource_id = vacancy.id
        cross join lateral (
            select array_agg(numbers.unit) as units
            from (
                select numbers.unit
                from generate_series(1, vacancy.capacity) as numbers (unit)
                where not exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = vacancy.id
                        and allocations.unit = numbers.unit
                        and allocations.during && available_candidates.during
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(allocations.booking_id <> except_booking_id, true)
                )
                order by numbers.unit
                limit vacancy.units
            ) as numbers
        ) as places
        where cardinality(places.units) = vacancy.units
    );
end;
$$;

/*
 * Return candidates in the order in which they are to be tried, pool by pool, each with the reason
 * for its place.
 */
create function scheduling.rank_candidates(
    candidates scheduling.candidate[], leg scheduling.leg, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_known record = scheduling.known_resources(
        leg, booking.customer_id, booking.customer_email, booking.customer_phone
    );
    v_rivals uuid[] = array(
        select candidate.id from unnest(candidates) as candidate where candidate.rival_count > 1
    );
begin
    return array(
        select
            scheduling.with_reason(candidate, case
                when known.reason is not null then known.reason
                when candidate.rival_count = 1 then candidate.reason
                when candidate.priority > all(
                    select rivals.priority
                    from unnest(candidates) as rivals
                    where rivals.pool = candidate.pool and rivals.id <> candidate.id
                ) then 'priority'
                else 'load'
            end)
        from unnest(candidates) as candidate
        left join scheduling.weighted_loads(leg, v_rivals, booking.id) as loads
            on loads.resource_id = candidate.id
        cross join lateral (
            select
                case candidate.id
                    when v_known.preferred_id then 'preferred'
                    when v_known.past_id then 'past'
                end::scheduling.assignment_reason as reason
        ) as known
        order by
            candidate.pool, known.reason, candidate.priority desc, loads.load, candidate.rank
    );
end;
$$;

/*
 * Return the resources that a customer knows in a business: the one that they prefer, by their own
 * word or as members wrote it down, and the one that gave the account its last completed item, if
 * it also provides this service.
 */
create function scheduling.known_resources(
    leg scheduling.leg,
    customer_id uuid,
    customer_email text default null,
    customer_phone text default null,
    out preferred_id uuid,
    out past_id uuid
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if leg.resource_id is not null
    or num_nonnulls(customer_id, customer_email, customer_phone) = 0
    or not exists (
        select 1
        from catalog.services
        where services.id = leg.service_id and services.prefers_known_staff
    ) then
        return;
    end if;
    select preferred_resources.resource_id into preferred_id
    from scheduling.preferred_resources
    where
        preferred_resources.customer_id = known_resources.customer_id
        and preferred_resources.business_id = leg.business_id;
    if preferred_id is null then
        preferred_id = (
            scheduling.noted_preference(
                leg.business_id, customer_id, customer_email, customer_phone
            )
        ).resource_id;
    end if;
    select booking_items.resource_id into past_id
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = booking_items.resource_id
    where
        bookings.customer_id = known_resources.customer_id
        and bookings.business_id = leg.business_id
        and bookings.status = 'completed'
    order by bookings.starts_at desc, booking_items.position desc
    limit 1;
end;
$$;

-- sql/44_bookings/functions/book.sql

-- How a repeated call with which a client books returns the first answer.

/*
 * Place a booking once for an idempotency key; repeating the call returns the first answer again.
 *
 * Errors:  PT409 idempotency_conflict · those of scheduling.place_booking
 */
create function scheduling.book_once(
    function_name text,
    selections scheduling.selection[],
    terms pricing.context,
    notes text,
    is_hold boolean,
    idempotency_key text
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_booking public.bookings;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            function_name,
            idempotency_key,
            jsonb_build_array(to_jsonb(selections), to_jsonb(terms), book_once.notes, is_hold)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.bookings, v_answer);
        end if;
    end if;

    v_booking = scheduling.visible_booking(
        scheduling.place_booking(selections, terms, book_once.notes, is_hold)
    );
    if idempotency_key is not null then
        perform private.remember_answer(function_name, idempotency_key, to_jsonb(v_booking));
    end if;
    return v_booking;
end;
$$;

-- sql/44_bookings/functions/book_for.sql

-- How a member of the business books for a caller or a walk-in, who need no account. The member's
-- word for name and contact is enough: nobody proves it, so no limit for each customer applies, and
-- the booking is in no account until a code from the mail proves the address.

/*
 * Place a booking for somebody whom a member of the business names, with some rules set aside. The
 * business books itself, so the booking is confirmed at once, also when customers pay first.
 * Definer: as scheduling.place_booking; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 */
create function scheduling.place_booking_by_member(
    selection scheduling.selection,
    customer identity.profiles,
    notes text,
    overrides scheduling.start_rule[]
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_legs scheduling.leg[] = scheduling.legs(array[selection]);
    -- A booking that is not written yet has no known customer: limits must not count the member.
    v_nobodys_id uuid = gen_random_uuid();
    v_overridden scheduling.start_rule[];
    v_vacancies scheduling.vacancy[];
    v_limits catalog.booking_limits[];
    v_id uuid;
begin
    perform scheduling.refuse_overrides(v_legs[1].business_id, overrides);
    v_legs[1].answers = scheduling.read_answers(v_legs[1].service_id, v_legs[1].answers);
    v_legs[1].requires_confirmation = false;
    v_legs[1].prepayment_bps = 0;
    v_overridden = scheduling.overridden_rules(v_legs[1], overrides, v_nobodys_id);
    v_vacancies = scheduling.require_vacancies(v_legs[1], v_nobodys_id, v_overridden);
    v_limits = scheduling.lock_legs(v_legs, v_vacancies, v_nobodys_id);
    v_id = scheduling.create_booking(
        v_legs,
        v_vacancies,
        case when 'limits' = any(v_overridden) then '{}' else v_limits end,
        scheduling.price_legs(v_legs, pricing.make_terms(), null, null),
        notes,
        null,
        null,
        customer,
        overridden => v_overridden
    );
    perform customers.note_contact(
        v_legs[1].business_id, customer.full_name, customer.email, customer.phone
    );
    return v_id;
end;
$$;

/*
 * Place a booking as scheduling.place_booking_by_member does, once for an idempotency key.
 *
 * Errors:  PT409 idempotency_conflict · those of scheduling.place_booking_by_member
 */
create function scheduling.book_for_once(
    selection scheduling.selection,
    customer identity.profiles,
    notes text,
    overrides scheduling.start_rule[],
    idempotency_key text
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_booking public.bookings;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'book_for',
            idempotency_key,
            jsonb_build_array(
                to_jsonb(selection), customer.full_name, customer.email, customer.phone,
                book_for_once.notes, to_jsonb(overrides)
            )
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.bookings, v_answer);
        end if;
    end if;
    v_booking = scheduling.visible_booking(
        scheduling.place_booking_by_member(selection, customer, book_for_once.notes, overrides)
    );
    if idempotency_key is not null then
        perform private.remember_answer('book_for', idempotency_key, to_jsonb(v_booking));
    end if;
    return v_booking;
end;
$$;

-- sql/44_bookings/functions/calendar_facts.sql

-- What calendars show of bookings, in feeds and in mails. An entry keeps its key for ever, and its
-- sequence grows with every step of the booking.

/*
 * Return bookings as calendars show them: the services, the staff, the SEQUENCE of the entry, and
 * its status: confirmed, tentative while it waits, or cancelled for two weeks after the
 * cancellation. Null: it is not in the calendar. A hold that nobody completed never was in one.
 */
create function scheduling.calendar_facts(booking_ids uuid[])
returns table (
    booking_id uuid, service_names text, staff_names text, sequence bigint, status text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_told_since timestamptz = private.now() - interval '14 days';
begin
    return query
    select
        bookings.id,
        coalesce(names.service_names, ''),
        names.staff_names,
        steps.sequence,
        case
            when bookings.status in ('confirmed', 'checked_in', 'completed', 'no_show')
                then 'confirmed'
            when bookings.status in ('pending', 'pending_payment') then 'tentative'
            when bookings.status in ('cancelled', 'rejected', 'expired')
                and steps.was_wanted
                and bookings.updated_at > v_told_since then 'cancelled'
        end
    from scheduling.bookings
    cross join lateral (
        select
            string_agg(booking_items.service_name, ', ' order by booking_items.position)
                as service_names,
            string_agg(distinct resources.name, ', ') filter (where resources.kind = 'staff')
                as staff_names
        from scheduling.booking_items
        left join catalog.resources on resources.id = booking_items.resource_id
        where
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
            and booking_items.cancelled_at is null
    ) as names
    cross join lateral (
        select
            count(*) as sequence,
            bool_or(booking_history.to_status in ('pending', 'pending_payment', 'confirmed'))
                as was_wanted
        from scheduling.booking_history
        where
            booking_history.business_id = bookings.business_id
            and booking_history.booking_id = bookings.id
    ) as steps
    where bookings.id = any(booking_ids);
end;
$$;

-- sql/44_bookings/functions/cancellation.sql

-- What cancelling a booking costs, for whoever may know: its customer and its business.

/*
 * Return what it costs the customer to cancel at an instant, service by service; for a cancelled
 * booking, what cancelling did cost.
 * Definer: reads what the booking's customer and members may see; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.cancellation_quote(booking_id uuid, at timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.id = cancellation_quote.booking_id
        and (
            scheduling.actors(bookings) <> '{}'
            or bookings.business_id in (select private.my_businesses('view'))
        );
    if v_booking.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Check the id in the view bookings.'
        );
    end if;
    if v_booking.status not in ('held', 'pending_payment', 'pending', 'confirmed', 'cancelled') then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This booking can no longer be cancelled.',
            'Read the booking again and check its status.'
        );
    end if;
    return scheduling.cancellation_costs(v_booking, at);
end;
$$;

/*
 * Return what it costs the customer of a booking to cancel at an instant, in the form of the API.
 */
create function scheduling.cancellation_costs(booking scheduling.bookings, at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms jsonb = scheduling.cancellation_terms(booking, at);
begin
    return (
        select
            jsonb_build_object(
                'booking_id', booking.id,
                'at', at,
                'currency', booking.currency,
                'total_minor', booking.total_minor,
                'fee_minor', sum(lines.fee_minor),
                'refund_minor', booking.total_minor - sum(lines.fee_minor),
                'paid_back_minor', greatest(
                    scheduling.paid_for(booking) - sum(lines.fee_minor), 0
                ),
                'reschedule_fee_minor', scheduling.reschedule_fee(booking, at),
                'tier', jsonb_strip_nulls(v_terms),
                'lines', jsonb_agg(
                    to_jsonb(lines)
                    || jsonb_build_object('refund_minor', lines.total_minor - lines.fee_minor)
                )
            )
        from scheduling.fee_lines(booking, v_terms) as lines
    );
end;
$$;

-- sql/44_bookings/functions/candidates.sql

-- A candidate is a resource that could provide a leg, with the units that it would give and with
-- the reason for assigning it. assign.sql says in which order candidates are tried.

/*
 * Make a candidate.
 */
create function scheduling.make_candidate(
    vacancy scheduling.vacancy,
    free_units integer[],
    priority integer,
    rival_count integer,
    reason scheduling.assignment_reason
)
returns scheduling.candidate
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_candidate scheduling.candidate;
begin
    v_candidate.id = vacancy.id;
    v_candidate.pool = vacancy.pool;
    v_candidate.is_leading = vacancy.is_leading;
    v_candidate.rank = vacancy.rank;
    v_candidate.free_units = make_candidate.free_units;
    v_candidate.priority = make_candidate.priority;
    v_candidate.rival_count = make_candidate.rival_count;
    v_candidate.reason = make_candidate.reason;
    return v_candidate;
end;
$$;

/*
 * Return the same candidate with the reason for which it would be assigned.
 */
create function scheduling.with_reason(
    candidate scheduling.candidate, reason scheduling.assignment_reason
)
returns scheduling.candidate
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_candidate scheduling.candidate = candidate;
begin
    v_candidate.reason = with_reason.reason;
    return v_candidate;
end;
$$;

/*
 * Return the candidate for a leg where there is only one, with one unit; null where there is a
 * choice. Whether its time is still free is left to the insert, which sees what a look would see.
 */
create function scheduling.only_candidate(leg scheduling.leg, vacancies scheduling.vacancy[])
returns scheduling.candidate[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if cardinality(vacancies) <> 1 or vacancies[1].capacity > 1 then
        return null;
    end if;
    return array[
        scheduling.make_candidate(
            vacancies[1],
            free_units => '{1}',
            priority => 0,
            rival_count => 1,
            reason => case
                when vacancies[1].id = leg.resource_id then 'customer' else 'only'
            end::scheduling.assignment_reason
        )
    ];
end;
$$;

-- sql/44_bookings/functions/counts.sql

-- The businesses of a member, with the number of bookings ever made in each.

/*
 * Return the caller's businesses with the caller's role, ordered by name.
 * Definer: all bookings are counted, whatever the caller's role may read of them.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.list_my_businesses()
returns table (
    id uuid,
    name text,
    slug text,
    vertical_id text,
    status text,
    is_active boolean,
    is_verified boolean,
    role text,
    booking_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        businesses.id,
        businesses.name,
        businesses.slug,
        businesses.vertical_id,
        businesses.status::text,
        businesses.is_active,
        businesses.is_verified,
        business_members.role::text,
        (
            select count(*)
            from scheduling.bookings
            where bookings.business_id = businesses.id
        )
    from business.business_members
    inner join business.businesses on business_members.business_id = businesses.id
    where business_members.user_id = private.token_user_id()
    order by businesses.name, businesses.id;
end;
$$;

-- sql/44_bookings/functions/create.sql

-- How a booking is written: its head, then its items, each with the time that it takes. Everything
-- here runs under the locks of scheduling.lock_legs, and either all of it is written or nothing.

/*
 * Return a new reference that people can read out: 8 characters without look-alikes.
 */
create function scheduling.new_reference()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_letters constant text = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
    v_bytes constant bytea = sha256(uuid_send(gen_random_uuid()));
    v_reference text = '';
begin
    for v_position in 0 .. 7 loop
        v_reference = v_reference || substr(v_letters, 1 + get_byte(v_bytes, v_position) % 31, 1);
    end loop;
    return v_reference;
end;
$$;

/*
 * Create a booking of some legs, which the given vacancies can provide. It is a hold until an
 * instant if one is given. The limits of scheduling.lock_legs are checked again after it is
 * written.
 *
 * Errors:  PT409 slot_taken link_expired · PT422 limit_reached
 */
create function scheduling.create_booking(
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    limits catalog.booking_limits[],
    quote jsonb,
    notes text,
    hold_until timestamptz,
    series_id uuid,
    customer identity.profiles,
    is_repeated boolean default false,
    overridden scheduling.start_rule[] default '{}'
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer = cardinality(legs);
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_links_over(legs);
    v_booking = scheduling.create_booking_head(
        legs, quote, notes, hold_until, series_id, customer, is_repeated, overridden
    );
    for v_index in 1 .. v_count loop
        perform scheduling.create_booking_item(
            v_booking,
            legs,
            v_index,
            case
                when v_count > 1 then null
                when limits = '{}' then vacancies
                else scheduling.vacancies_left(legs, vacancies, limits, v_booking)
            end
        );
    end loop;
    if limits <> '{}' then
        perform scheduling.refuse_passed(array[v_booking], limits);
    end if;
    return v_booking.id;
end;
$$;

/*
 * Create the head of a booking, for a customer or for nobody yet. It is a hold until an instant if
 * one is given.
 */
create function scheduling.create_booking_head(
    legs scheduling.leg[],
    quote jsonb,
    notes text,
    hold_until timestamptz,
    series_id uuid,
    customer identity.profiles,
    is_repeated boolean default false,
    overridden scheduling.start_rule[] default '{}'
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_leg scheduling.leg;
    v_is_request boolean = false;
begin
    foreach v_leg in array legs loop
        v_is_request = v_is_request or v_leg.requires_confirmation;
        v_booking.party_size = greatest(v_booking.party_size, v_leg.party_size);
    end loop;
    v_booking.business_id = legs[1].business_id;
    v_booking.customer_id = customer.id;
    v_booking.series_id = create_booking_head.series_id;
    v_booking.prepayment_minor = scheduling.prepayment_of(legs, create_booking_head.quote);
    v_booking.status = case
        when hold_until is not null then 'held'
        when v_booking.prepayment_minor > 0 then 'pending_payment'
        when v_is_request then 'pending'
        else 'confirmed'
    end;
    v_booking.starts_at = legs[1].starts_at;
    v_booking.ends_at = legs[cardinality(legs)].ends_at;
    v_booking.currency = create_booking_head.quote ->> 'currency';
    v_booking.total_minor = (create_booking_head.quote ->> 'total_minor')::bigint;
    v_booking.quote = create_booking_head.quote;
    v_booking.policy = scheduling.policy_of(legs[1].service_id);
    v_booking.customer_name = customer.full_name;
    v_booking.customer_email = customer.email;
    v_booking.customer_phone = customer.phone;
    v_booking.notes = create_booking_head.notes;
    v_booking.hold_expires_at = case v_booking.status
        when 'pending_payment' then scheduling.hold_until(legs, customer)
        else hold_until
    end;
    v_booking.repeated_step_count = is_repeated::integer;
    v_booking.overridden = create_booking_head.overridden;
    return scheduling.insert_booking(v_booking);
end;
$$;

/*
 * Insert the head of a booking with a reference of its own. A reference that another booking has
 * is drawn again.
 */
create function scheduling.insert_booking(booking scheduling.bookings)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    loop
        insert into scheduling.bookings (
            business_id, customer_id, series_id, reference, status, starts_at, ends_at, time_zone,
            party_size, currency, total_minor, quote, policy, customer_name, customer_email,
            customer_phone, notes, hold_expires_at, created_at, updated_at, repeated_step_count,
            overridden, prepayment_minor
        )
        select
            businesses.id, booking.customer_id, booking.series_id, scheduling.new_reference(),
            booking.status, booking.starts_at, booking.ends_at, businesses.time_zone,
            booking.party_size, booking.currency, booking.total_minor, booking.quote,
            booking.policy, booking.customer_name, booking.customer_email, booking.customer_phone,
            booking.notes, booking.hold_expires_at, private.now(), private.now(),
            booking.repeated_step_count, booking.overridden, booking.prepayment_minor
        from business.businesses
        where businesses.id = booking.business_id
        on conflict (reference) do nothing
        returning bookings.* into v_booking;
        exit when found;
    end loop;
    return v_booking;
end;
$$;

/*
 * Create one item of a booking, and allocate its time. Vacancies are looked up if none are given.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.create_booking_item(
    booking scheduling.bookings,
    legs scheduling.leg[],
    index integer,
    vacancies scheduling.vacancy[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg = legs[index];
    v_item_id uuid = gen_random_uuid();
    v_allocated record;
begin
    insert into scheduling.booking_items (
        id, business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
        duration_minutes, price_minor, service_name, addons, assigned_by, answers,
        private_link_id, party_size, sale_line_id
    )
    values (
        v_item_id, v_leg.business_id, booking.id, index, v_leg.service_id, v_leg.resource_id,
        v_leg.starts_at, v_leg.ends_at, v_leg.minutes,
        scheduling.price_of_line(booking.quote -> 'lines' -> (index - 1)),
        v_leg.service_name, v_leg.addons,
        case when v_leg.resource_id is not null then 'customer' end::scheduling.assignment_reason,
        v_leg.answers,
        v_leg.private_link_id,
        v_leg.party_size,
        (
            select sale_lines.id
            from sales.sale_lines
            where
                sale_lines.business_id = booking.business_id
                and sale_lines.sale_id = booking.sale_id
                and sale_lines.position = index
        )
    );
    v_allocated = scheduling.allocate_item(
        v_leg,
        coalesce(vacancies, scheduling.require_vacancies(v_leg, booking.id)),
        booking,
        v_item_id
    );
    if v_allocated.resource_id is distinct from v_leg.resource_id then
        update scheduling.booking_items
        set resource_id = v_allocated.resource_id, assigned_by = v_allocated.reason
        where booking_items.id = v_item_id;
    end if;
end;
$$;

-- sql/44_bookings/functions/days.sql

-- What of a service is free, date by date. It counts the same starts as scheduling.slots.

/*
 * Return the sessions of a class and their seats, date by date. A date without any has no row, and
 * neither has a service that is no class.
 */
create function scheduling.session_days(
    leg scheduling.leg, during tstzrange, time_zone text
)
returns table (day date, session_count integer, seat_count integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        (sessions.starts_at at time zone session_days.time_zone)::date,
        count(*)::integer,
        sum(sessions.capacity)::integer
    from scheduling.sessions
    where
        leg.is_class
        and sessions.business_id = leg.business_id
        and sessions.service_id = leg.service_id
        and sessions.starts_at >= lower(session_days.during)
        and sessions.starts_at < upper(session_days.during)
        and (leg.resource_id is null or sessions.resource_id = leg.resource_id)
    group by 1;
end;
$$;

/*
 * Return the free starts of a leg, date by date. A date without any has no row.
 */
create function scheduling.free_days(leg scheduling.leg, during tstzrange, time_zone text)
returns table (
    day date,
    first_start_at timestamptz,
    last_start_at timestamptz,
    start_count integer,
    place_count integer
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
begin
    return query
    select
        (starts.at at time zone free_days.time_zone)::date,
        min(starts.at),
        max(starts.at),
        count(*)::integer,
        sum(starts.places)::integer
    from (
        select
            vacancy.at,
            sum(vacancy.remaining) as places
        from scheduling.vacancies_for_caller(leg, during::tstzmultirange) as vacancy
        where vacancy.is_leading
        group by vacancy.at
    ) as starts
    group by 1;
end;
$$;

/*
 * Return what of a leg is free, with a row for each date from the first to the last.
 * Definer: it counts sessions of businesses that the caller need not be a member of.
 */
create function scheduling.days(leg scheduling.leg, first_day date, last_day date)
returns setof public.day_availability
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = leg.business_id
    );
    v_during tstzrange = tstzrange(
        scheduling.start_of_date(days.first_day, v_time_zone),
        scheduling.start_of_date(days.last_day + 1, v_time_zone)
    );
begin
    return query
    select
        dates.day::date,
        free.day is not null,
        free.first_start_at,
        free.last_start_at,
        coalesce(free.start_count, 0),
        case when leg.is_class then coalesce(given.session_count, 0) end,
        case when leg.is_class then coalesce(given.seat_count, 0) end,
        case when leg.is_class then coalesce(free.place_count, 0) end
    from generate_series(
        days.first_day::timestamp, days.last_day::timestamp, interval '1 day'
    ) as dates (day)
    left join scheduling.session_days(leg, v_during, v_time_zone) as given
        on given.day = dates.day::date
    left join scheduling.free_days(leg, v_during, v_time_zone) as free
        on free.day = dates.day::date
    order by dates.day;
end;
$$;

-- sql/44_bookings/functions/expiry.sql

-- Holds that ran out are expired by whoever wants their time next, so nothing waits for a job.

/*
 * Expire the holds that ran out and still take time of some resources in a period, or of the people
 * whose one calendar they share.
 */
create function scheduling.release_expired_holds(resource_ids uuid[], during tstzrange)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_ids uuid[] = array(
        select allocations.booking_id
        from unnest(release_expired_holds.resource_ids) as resources (id)
        inner join scheduling.allocations on allocations.resource_id = resources.id
        where
            allocations.during && release_expired_holds.during
            and allocations.is_blocking
            and allocations.expires_at <= v_now
        union
        select busy_times.booking_id
        from unnest(release_expired_holds.resource_ids) as resources (id)
        inner join scheduling.shared_resources on shared_resources.resource_id = resources.id
        inner join scheduling.busy_times on busy_times.person_id = shared_resources.person_id
        where
            busy_times.during && release_expired_holds.during
            and busy_times.expires_at <= v_now
    );
begin
    if v_ids <> '{}' then
        perform scheduling.expire_holds(v_ids);
    end if;
end;
$$;

/*
 * Expire those of some bookings whose hold ran out. It locks them in the order of their ids, as
 * every function that changes several bookings does, and expires one after another: a waitlist
 * passes the time of each on before anybody else can take it.
 */
create function scheduling.expire_holds(booking_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_id uuid;
begin
    if booking_ids = '{}' then
        return;
    end if;
    for v_id in
        select bookings.id
        from scheduling.bookings
        where
            bookings.id = any(expire_holds.booking_ids)
            and bookings.status in ('held', 'pending_payment')
            and bookings.hold_expires_at <= v_now
        order by bookings.id
        for update
    loop
        update scheduling.bookings
        set status = 'expired'
        where bookings.id = v_id and bookings.status in ('held', 'pending_payment');
    end loop;
end;
$$;

-- sql/44_bookings/functions/fees.sql

-- What cancelling, moving late and not coming cost. Fees follow the copy of the policy that the
-- booking keeps, and nothing else. Hours are elapsed hours: a day has 24 of them, whatever the
-- clocks do. Fees of the items of a booking always add up to the fee of the booking.

/*
 * Return the cancellation policy for bookings of a service: its own, or the business's default, or
 * a policy free of charge. The tiers are listed from the most hours before the start to the
 * fewest.
 */
create function scheduling.policy_of(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_policy catalog.cancellation_policies;
begin
    select cancellation_policies.* into v_policy
    from catalog.services
    inner join catalog.cancellation_policies
        on cancellation_policies.business_id = services.business_id
    where
        services.id = policy_of.service_id
        and (
            cancellation_policies.id = services.cancellation_policy_id
            or services.cancellation_policy_id is null and cancellation_policies.is_default
        );
    if not found then
        return jsonb_build_object(
            'name', 'Free of charge',
            'no_show_fee_bps', 0,
            'no_show_fee_minor', 0,
            'reschedule_until_hours', 0,
            'reschedule_limit', null,
            'late_reschedule_hours', 0,
            'late_reschedule_fee_bps', 0,
            'late_reschedule_fee_minor', 0,
            'reschedule_pricing', 'difference',
            'tiers', '[]'::jsonb
        );
    end if;
    return to_jsonb(v_policy) - array['business_id', 'is_default', 'created_at']
        || jsonb_build_object('tiers', scheduling.tiers_of(v_policy));
end;
$$;

/*
 * Return the tiers of a cancellation policy, the longest notice first.
 */
create function scheduling.tiers_of(policy catalog.cancellation_policies)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_strip_nulls(
                        jsonb_build_object(
                            'hours_before', cancellation_tiers.hours_before,
                            'fee_bps', cancellation_tiers.fee_bps,
                            'fee_minor', cancellation_tiers.fee_minor
                        )
                    )
                    order by cancellation_tiers.hours_before desc
                ),
                '[]'
            )
        from catalog.cancellation_tiers
        where
            cancellation_tiers.business_id = policy.business_id
            and cancellation_tiers.cancellation_policy_id = policy.id
    );
end;
$$;

/*
 * Return the tier of a policy that applies when so much time remains before the start: of the
 * tiers for more hours than that, the one with the fewest. Null: cancelling is free.
 */
create function scheduling.tier_of(policy jsonb, remaining interval)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select tier.value
        from jsonb_array_elements(tier_of.policy -> 'tiers') as tier (value)
        where remaining < make_interval(hours => (tier.value ->> 'hours_before')::integer)
        order by (tier.value ->> 'hours_before')::integer
        limit 1
    );
end;
$$;

/*
 * Return the terms of a policy for not coming (no_show) or moving late (late_reschedule), in the
 * form of a tier.
 */
create function scheduling.terms_of(policy jsonb, kind text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'fee_bps', coalesce((policy ->> (kind || '_fee_bps'))::integer, 0),
        'fee_minor', nullif(coalesce((policy ->> (kind || '_fee_minor'))::bigint, 0), 0)
    );
end;
$$;

/*
 * Return the fee of some terms for each of some amounts. A share of each amount is rounded half
 * away from zero; a sum is split among them by largest remainder. No fee exceeds its amount.
 */
create function scheduling.fees(amounts bigint[], terms jsonb)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if terms ->> 'fee_minor' is not null then
        return pricing.split(
            least(
                (terms ->> 'fee_minor')::bigint,
                (select sum(amount)::bigint from unnest(amounts) as amount)
            ),
            amounts
        );
    end if;
    return array(
        select
            round(amounts.minor::numeric * coalesce((terms ->> 'fee_bps')::integer, 0) / 10000)::bigint
        from unnest(amounts) with ordinality as amounts (minor, position)
        order by amounts.position
    );
end;
$$;

/*
 * Return the terms on which a booking is cancelled at an instant: those of its tier or, once it
 * has begun, those of not coming if they cost more. Only a confirmed booking costs anything.
 */
create function scheduling.cancellation_terms(booking scheduling.bookings, at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tier jsonb = scheduling.tier_of(booking.policy, booking.starts_at - at);
    v_no_show jsonb = scheduling.terms_of(booking.policy, 'no_show');
    v_total bigint[] = array[booking.total_minor];
begin
    if booking.status <> 'confirmed' then
        return null;
    end if;
    if at >= booking.starts_at
        and scheduling.fees(v_total, v_no_show) > scheduling.fees(v_total, v_tier) then
        return v_no_show;
    end if;
    return v_tier;
end;
$$;

/*
 * Return the services of a booking, each with its share of the total and its fee by some terms.
 * The shares add up to the total. A service that was cancelled before keeps the fee that it had
 * then.
 */
create function scheduling.fee_lines(booking scheduling.bookings, terms jsonb)
returns table (
    booking_item_id uuid,
    service_name text,
    total_minor bigint,
    fee_minor bigint,
    is_cancelled boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items scheduling.booking_items[] = array(
        select booking_items
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
        order by booking_items.position
    );
    v_amounts bigint[] = pricing.split(
        booking.total_minor,
        array(
            select items.price_minor
            from unnest(v_items) as items
            order by items.position
        )
    );
begin
    return query
    select
        items.id,
        items.service_name,
        parts.amount,
        coalesce(items.cancellation_fee_minor, parts.fee),
        items.cancelled_at is not null
    from unnest(v_items) as items
    inner join unnest(v_amounts, scheduling.fees(v_amounts, terms)) with ordinality
        as parts (amount, fee, place)
        on items.id = v_items[parts.place].id
    order by items.position;
end;
$$;

/*
 * Return what it costs a customer to move a booking at an instant.
 */
create function scheduling.reschedule_fee(booking scheduling.bookings, at timestamptz)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if booking.status <> 'confirmed' or booking.starts_at - at >= make_interval(
        hours => coalesce((booking.policy ->> 'late_reschedule_hours')::integer, 0)
    ) then
        return 0;
    end if;
    return (
        select coalesce(sum(lines.fee_minor), 0)::bigint
        from scheduling.fee_lines(booking, scheduling.terms_of(booking.policy, 'late_reschedule'))
            as lines
        where not lines.is_cancelled
    );
end;
$$;

-- sql/44_bookings/functions/holds.sql

-- How long a hold lasts, and how many a customer may have. A hold costs nothing, so one person
-- could hold a whole day. A business limits the open holds of a customer (an account, or a guest's
-- e-mail address) and of a network address, because anybody can make accounts and addresses.

/*
 * Return until when a customer holds some legs: the shortest time of their services, which is
 * shorter for a user who signed in without an address.
 */
create function scheduling.hold_until(legs scheduling.leg[], customer identity.profiles)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_anonymous boolean = exists (
        select 1 from auth.users where users.id = customer.id and users.is_anonymous
    );
begin
    return private.now() + make_interval(mins => (
        select
            min(
                case
                    when v_is_anonymous then least(leg.hold_minutes, leg.anonymous_hold_minutes)
                    else leg.hold_minutes
                end
            )
        from unnest(legs) as leg
    ));
end;
$$;

/*
 * Return who holds: the account of a customer, or the e-mail address of a guest.
 */
create function scheduling.holder(customer identity.profiles)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(customer.id::text, lower(customer.email));
end;
$$;

/*
 * Refuse another hold to a customer, or to a network address, with as many open holds as the
 * business allows. The function locks both before any other row, so concurrent requests cannot pass
 * the limit. Holds that have expired, or that became bookings, do not count.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_more_holds(business_id uuid, holder text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business business.businesses;
    v_of_holder bigint;
    v_of_address bigint;
begin
    perform private.lock(array[
        md5(concat('hold ', business_id, holder))::uuid, md5('hold ' || business_id || ip)::uuid
    ]);
    select businesses.* into strict v_business
    from business.businesses
    where businesses.id = refuse_more_holds.business_id;
    select
        count(*) filter (where holds.holder = refuse_more_holds.holder),
        count(*) filter (where holds.ip = refuse_more_holds.ip)
    into v_of_holder, v_of_address
    from scheduling.holds
    inner join scheduling.bookings
        on bookings.business_id = holds.business_id and bookings.id = holds.booking_id
    where
        holds.business_id = refuse_more_holds.business_id
        and (holds.holder = refuse_more_holds.holder or holds.ip = refuse_more_holds.ip)
        and bookings.status = 'held'
        and bookings.hold_expires_at > private.now();
    if v_of_holder >= v_business.max_holds_per_customer then
        perform private.refuse(
            'PT422', 'limit_reached', 'You hold as many times as this business allows.',
            'Confirm or cancel a hold, or wait until one expires.'
        );
    elsif v_of_address >= v_business.max_holds_per_address then
        perform private.refuse(
            'PT422', 'limit_reached',
            'As many times are held from your network as this business allows.',
            'Wait until a hold expires, or book without a hold.'
        );
    end if;
end;
$$;

/*
 * Delete what is kept about holds that have ended. Returns the number of rows.
 * Definer: the worker calls it and has no access to the table.
 */
create function scheduling.forget_ended_holds()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from scheduling.holds
    using scheduling.bookings
    where
        bookings.business_id = holds.business_id
        and bookings.id = holds.booking_id
        and (bookings.status <> 'held' or bookings.hold_expires_at <= private.now());
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/44_bookings/functions/items.sql

-- One service of a booking is cancelled, and the rest stays as it was. Its time is free at once,
-- the policy of the booking says what it costs, and its line stays as it was agreed. The last
-- service can only be cancelled with the booking.

/*
 * Cancel one service of a booking.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_booking_item(
    booking_id uuid, item_id uuid, as_actors scheduling.actor_kind[], reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_locked record = scheduling.lock_booking_row(
        cancel_booking_item.booking_id, cancel_booking_item.as_actors
    );
    v_booking scheduling.bookings = v_locked.booking;
    v_item scheduling.booking_items;
    v_places scheduling.freed_place[];
begin
    select booking_items.* into v_item
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.id = cancel_booking_item.item_id;
    if v_item.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'This booking has no such service.',
            'Check the id in the view booking_items.'
        );
    end if;
    if v_item.cancelled_at is not null then
        return v_booking.id;
    end if;
    perform scheduling.refuse_changed(v_locked.has_changed);
    perform scheduling.refuse_item_cancellation(v_booking);
    perform scheduling.record_item_cancellation(v_booking, v_item, reason);
    v_places = scheduling.places_of(v_booking.id, v_item.id);
    perform scheduling.release_item(v_item);
    perform scheduling.fit_booking_to_items(v_booking);
    perform scheduling.announce_freed(v_booking, v_places);
    return v_booking.id;
end;
$$;

/*
 * Refuse to cancel a service on its own where the booking's state does not allow it, or where it
 * is the last one.
 *
 * Errors:  PT409 hold_expired invalid_transition
 */
create function scheduling.refuse_item_cancellation(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_overdue(booking);
    if booking.status not in ('pending_payment', 'pending', 'confirmed') or (
        select count(*)
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    ) = 1 then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This service cannot be cancelled on its own.',
            'Read the booking again. To cancel its last service, cancel the booking.'
        );
    end if;
end;
$$;

/*
 * Record that one service is cancelled, and what that costs the customer.
 */
create function scheduling.record_item_cancellation(
    booking scheduling.bookings, item scheduling.booking_items, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint = 0;
begin
    if (scheduling.actors(booking))[1] = 'customer' then
        select coalesce(lines.fee_minor, 0) into v_fee
        from scheduling.fee_lines(booking, scheduling.cancellation_terms(booking, private.now()))
            as lines
        where lines.booking_item_id = item.id;
    end if;
    update scheduling.bookings
    set
        status_reason = record_item_cancellation.reason,
        cancellation_fee_minor = bookings.cancellation_fee_minor + v_fee
    where bookings.id = booking.id;
    update scheduling.booking_items
    set
        cancelled_at = private.now(),
        cancellation_fee_minor = v_fee
    where booking_items.id = item.id;
end;
$$;

/*
 * Let a booking begin and end with the services that it still has. The history records a later
 * start as a move.
 */
create function scheduling.fit_booking_to_items(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.bookings
    set
        starts_at = remaining.starts_at,
        ends_at = remaining.ends_at
    from (
        select
            min(booking_items.starts_at) as starts_at,
            max(booking_items.ends_at) as ends_at
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    ) as remaining
    where bookings.id = booking.id;
end;
$$;

/*
 * Release the time of one service. Neighbours in the same booking on the same unit had no buffers
 * against it; they get them back out of what is released, the later one first.
 */
create function scheduling.release_item(item scheduling.booking_items)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_released scheduling.allocations;
    v_left_until timestamptz;
begin
    delete from scheduling.seats
    where
        seats.business_id = item.business_id
        and seats.booking_id = item.booking_id
        and seats.booking_item_id = item.id;
    for v_released in
        delete from scheduling.allocations
        where
            allocations.business_id = item.business_id
            and allocations.booking_id = item.booking_id
            and allocations.booking_item_id = item.id
        returning allocations.*
    loop
        v_left_until = scheduling.restore_buffer_before(v_released);
        perform scheduling.restore_buffer_after(
            v_released, coalesce(v_left_until, upper(v_released.during))
        );
    end loop;
end;
$$;

/*
 * Give the service that follows a released one its buffer before. Returns where that buffer
 * begins, or null if no service follows.
 */
create function scheduling.restore_buffer_before(released scheduling.allocations)
returns timestamptz
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz;
begin
    update scheduling.allocations
    set
        during = tstzrange(
            greatest(
                neighbours.starts_at - make_interval(mins => services.buffer_before_minutes),
                lower(released.during)
            ),
            upper(allocations.during)
        )
    from scheduling.booking_items as neighbours
    inner join catalog.services on services.id = neighbours.service_id
    where
        neighbours.id = allocations.booking_item_id
        and allocations.business_id = released.business_id
        and allocations.booking_id = released.booking_id
        and allocations.resource_id = released.resource_id
        and allocations.unit = released.unit
        and lower(allocations.during) = upper(released.during)
    returning lower(allocations.during) into v_from;
    return v_from;
end;
$$;

/*
 * Give the service that precedes a released one its buffer after, at most until a moment.
 */
create function scheduling.restore_buffer_after(
    released scheduling.allocations, until timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set
        during = tstzrange(
            lower(allocations.during),
            least(
                neighbours.ends_at + make_interval(mins => services.buffer_after_minutes),
                restore_buffer_after.until
            )
        )
    from scheduling.booking_items as neighbours
    inner join catalog.services on services.id = neighbours.service_id
    where
        neighbours.id = allocations.booking_item_id
        and allocations.business_id = released.business_id
        and allocations.booking_id = released.booking_id
        and allocations.resource_id = released.resource_id
        and allocations.unit = released.unit
        and upper(allocations.during) = lower(released.during);
end;
$$;

-- sql/44_bookings/functions/loads.sql

-- How busy resources are, so that a booking that names nobody goes to the least busy one. The load
-- at a start is what begins in the thirty days around it, divided by the weight of the resource in
-- the service's pool. A newcomer is not flooded: they count as if they had been as busy as the
-- others until they joined. Slots ask for the loads of many starts at once, a booking for one.

/*
 * Return when the bookings of each of some resources begin in a period, in order: the allocations
 * that block, holds only until they run out, and `with_requests` also the requests that do not
 * block. `made_before` leaves out what was booked later; one booking may be left out.
 */
create function scheduling.booking_begins(
    resource_ids uuid[],
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid,
    made_before timestamptz default null
)
returns table (resource_id uuid, begins timestamptz[])
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        case
            when with_requests then scheduling.merged_begins(
                taken.begins,
                scheduling.request_begins(
                    resources.id, booking_begins.during, except_booking_id, made_before
                )
            )
            else taken.begins
        end
    from unnest(resource_ids) as resources (id)
    cross join lateral (
        select array(
            select lower(allocations.during)
            from scheduling.allocations
            where
                allocations.resource_id = resources.id
                and lower(allocations.during) >= lower(booking_begins.during)
                and lower(allocations.during) < upper(booking_begins.during)
                and allocations.is_blocking
                and (allocations.expires_at is null or allocations.expires_at > v_now)
                and coalesce(allocations.booking_id <> except_booking_id, true)
                and (
                    made_before is null
                    or exists (
                        select 1
                        from scheduling.bookings
                        where
                            bookings.id = allocations.booking_id
                            and bookings.created_at < made_before
                    )
                )
            order by lower(allocations.during)
        ) as begins
        -- Kept apart, so that it is planned once.
        offset 0
    ) as taken;
end;
$$;

/*
 * Return when the requests begin that wait for a resource in a period without blocking its time.
 */
create function scheduling.request_begins(
    resource_id uuid, during tstzrange, except_booking_id uuid, made_before timestamptz
)
returns timestamptz[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select booking_items.starts_at
        from catalog.resources
        inner join scheduling.booking_items
            on
                booking_items.business_id = resources.business_id
                and booking_items.resource_id = resources.id
        inner join catalog.services on services.id = booking_items.service_id
        inner join scheduling.bookings on bookings.id = booking_items.booking_id
        where
            resources.id = request_begins.resource_id
            and request_begins.during @> booking_items.starts_at
            and booking_items.cancelled_at is null
            and not services.is_blocked_by_pending
            and bookings.status = 'pending'
            and bookings.id is distinct from except_booking_id
            and (made_before is null or bookings.created_at < made_before)
    );
end;
$$;

/*
 * Return the moments of two lists as one list in order.
 */
create function scheduling.merged_begins(begins timestamptz[], others timestamptz[])
returns timestamptz[]
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select array(
        select moment.at
        from unnest(begins || others) as moment (at)
        order by moment.at
    );
end;

/*
 * Return the load curves of some resources, for the starts in a period: what begins from fifteen
 * days before the first to fifteen days after the last. A resource that joined the pool in the last
 * thirty days, and later than others, also has the curve of those before it.
 */
create function scheduling.load_curves(
    leg scheduling.leg, resource_ids uuid[], starts tstzrange, except_booking_id uuid
)
returns setof scheduling.load_curve
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_reach constant interval = '360 hours';
    v_during tstzrange = tstzrange(lower(starts) - v_reach, upper(starts) + v_reach);
    v_with_requests boolean = leg.requires_confirmation and not leg.is_blocked_by_pending;
    v_month_ago timestamptz = private.now() - 2 * v_reach;
begin
    return query
    select
        counted.resource_id,
        members.weight::double precision,
        counted.begins,
        earlier.weight,
        earlier.begins
    from scheduling.booking_begins(
        load_curves.resource_ids, v_during, v_with_requests, except_booking_id
    ) as counted
    inner join (
        select
            service_resources.*,
            min(service_resources.joined_at) over () as first_joined_at
        from catalog.service_resources
        where service_resources.service_id = leg.service_id
    ) as members
        on members.resource_id = counted.resource_id
    left join lateral (
        select before.*
        from scheduling.begins_before_joining(
            leg.service_id, members.pool, members.joined_at, v_during, v_with_requests,
            except_booking_id
        ) as before
        where members.joined_at > greatest(v_month_ago, members.first_joined_at)
        -- Kept apart from the join, so that it is asked for newcomers only.
        offset 0
    ) as earlier on true;
end;
$$;

/*
 * Return the weight of those who were in a pool before a newcomer, and when the bookings begin
 * that they had before the newcomer joined.
 */
create function scheduling.begins_before_joining(
    service_id uuid,
    pool text,
    joined_at timestamptz,
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid,
    out weight double precision,
    out begins timestamptz[]
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_others catalog.service_resources[] = array(
        select others
        from catalog.service_resources as others
        inner join catalog.resources on resources.id = others.resource_id
        where
            others.service_id = begins_before_joining.service_id
            and others.pool = begins_before_joining.pool
            and others.mode = 'any'
            and others.joined_at < begins_before_joining.joined_at
            and resources.is_active
    );
begin
    weight = (select sum(other.weight) from unnest(v_others) as other);
    begins = array(
        select moment.at
        from scheduling.booking_begins(
            array(select other.resource_id from unnest(v_others) as other),
            begins_before_joining.during,
            with_requests,
            except_booking_id,
            begins_before_joining.joined_at
        ) as earlier
        cross join lateral unnest(earlier.begins) as moment (at)
        order by moment.at
    );
end;
$$;

/*
 * Return how busy each of some resources is for its weight, around the start of a leg. The curves
 * of one start hold nothing else.
 */
create function scheduling.weighted_loads(
    leg scheduling.leg, resource_ids uuid[], except_booking_id uuid
)
returns table (resource_id uuid, load double precision)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        curve.resource_id,
        cardinality(curve.begins) / curve.weight
        + coalesce(cardinality(curve.earlier_begins) / curve.earlier_weight, 0)
    from scheduling.load_curves(
        leg,
        weighted_loads.resource_ids,
        tstzrange(leg.starts_at, leg.starts_at, '[]'),
        except_booking_id
    ) as curve;
end;
$$;

-- sql/44_bookings/functions/lock.sql

-- Who may act on a booking, and how it is locked: the resources first and the booking second, in
-- the order in which bookings are placed. What was read before the lock is read again under it.

/*
 * Return the roles in which the caller may act on what a business sold: the business, its customer,
 * or the system, the most specific first.
 */
create function scheduling.actors_for(business_id uuid, is_customer boolean)
returns scheduling.actor_kind[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array_remove(array[
        case
            when actors_for.business_id in (select private.my_businesses('serve')) then 'business'
        end::scheduling.actor_kind,
        case when is_customer then 'customer' end::scheduling.actor_kind,
        case
            when private.is_operator() or session_user in ('worker', 'edge') then 'system'
        end::scheduling.actor_kind
    ], null);
end;
$$;

/*
 * Return the roles in which the caller may act on a booking: its business, its customer (also a
 * guest who sent the right code), or the system.
 * Definer: called in triggers of rows that the caller may change but not read.
 */
create function scheduling.actors(booking scheduling.bookings)
returns scheduling.actor_kind[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return scheduling.actors_for(
        booking.business_id,
        booking.customer_id = auth.uid()
        or booking.customer_id is null and scheduling.is_proven(booking.id)
    );
end;
$$;

/*
 * Lock a booking with its resources for a caller who may act on it. Returns the booking as it is
 * now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 changed_meanwhile
 */
create function scheduling.lock_booking(booking_id uuid, as_actors scheduling.actor_kind[])
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_locked record = scheduling.lock_booking_row(booking_id, as_actors);
begin
    perform scheduling.refuse_changed(v_locked.has_changed);
    return v_locked.booking;
end;
$$;

/*
 * Lock a booking as scheduling.lock_booking does, together with other resources. Returns it, and
 * whether somebody changed what it takes while this call waited: then nothing but an answer that
 * changes nothing may follow.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.lock_booking_row(
    booking_id uuid,
    as_actors scheduling.actor_kind[],
    other_ids uuid[] default '{}',
    out booking scheduling.bookings,
    out has_changed boolean
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_resource_ids uuid[] = scheduling.resources_of(booking_id);
begin
    if not private.is_operator() and not scheduling.is_proven(booking_id) then
        perform private.current_user_id();
    end if;
    perform private.lock(v_resource_ids || other_ids);
    select bookings.* into booking
    from scheduling.bookings
    where bookings.id = booking_id
    for update;
    perform scheduling.refuse_actors(booking, as_actors);
    has_changed = scheduling.resources_of(booking_id) <> v_resource_ids;
end;
$$;

/*
 * Refuse a caller who may not act on a booking in one of some roles. A booking that is not theirs
 * to see does not exist for them.
 *
 * Errors:  PT403 forbidden · PT404 not_found
 */
create function scheduling.refuse_actors(
    booking scheduling.bookings, as_actors scheduling.actor_kind[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_actors scheduling.actor_kind[] = scheduling.actors(booking);
begin
    if booking.id is null
        or v_actors = '{}'
        and booking.business_id not in (select private.my_businesses('view')) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Check the id in the view bookings.'
        );
    end if;
    if not v_actors && (as_actors || 'system'::scheduling.actor_kind) then
        perform private.refuse(
            'PT403', 'forbidden', 'You can see this booking, but you are not allowed to do this.',
            'Ask the business to do it.'
        );
    end if;
end;
$$;

/*
 * Refuse a call that worked with what a booking no longer takes.
 *
 * Errors:  PT409 changed_meanwhile
 */
create function scheduling.refuse_changed(has_changed boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if has_changed then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'Somebody just changed this booking.',
            'Read the booking again, then decide.'
        );
    end if;
end;
$$;

-- sql/44_bookings/functions/move.sql

-- How a booking moves to another time or another resource. It keeps its reference and its place in
-- every limit; repricing.sql says what becomes of its price. What the move may take is worked out
-- before anything is locked. A move to where the booking already is changes nothing, costs nothing
-- and is never refused for that.

/*
 * Move a booking. A resource is for its first item, or for the one named. Whoever moves a series
 * checks the limits of all its bookings together. `accepted_total_minor`: the new total that the
 * customer accepted.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          price_changed
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move_booking(
    booking_id uuid,
    starts_at timestamptz,
    resource_id uuid,
    as_actors scheduling.actor_kind[],
    reason text default null,
    item_id uuid default null,
    is_repeated boolean default false,
    is_in_series boolean default false,
    accepted_total_minor bigint default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_plan record;
    v_locked record;
    v_counts jsonb;
    v_places scheduling.freed_place[];
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = move_booking.booking_id;
    v_plan = scheduling.plan_move(
        v_booking, starts_at, resource_id, item_id, is_in_series, accepted_total_minor
    );
    v_locked = scheduling.lock_booking_row(
        move_booking.booking_id,
        move_booking.as_actors,
        scheduling.locks_of_vacancies(v_plan.vacancies)
        || scheduling.subjects(v_plan.limits, move_booking.booking_id)
    );
    perform scheduling.refuse_immovable(v_locked.booking);
    if scheduling.is_in_place(v_locked.booking, starts_at, resource_id, item_id) then
        return booking_id;
    end if;
    perform scheduling.refuse_changed(v_locked.has_changed or v_plan.legs is null);
    perform scheduling.refuse_move(v_locked.booking, v_plan.legs);
    v_counts = scheduling.counts_of(array[v_locked.booking], v_plan.limits);
    v_places = scheduling.places_of(booking_id);
    v_booking = scheduling.apply_move(
        v_locked.booking,
        v_plan.legs,
        scheduling.vacancies_left(
            v_plan.legs, v_plan.vacancies, v_plan.limits, v_locked.booking
        ),
        reason,
        is_repeated
    );
    perform scheduling.reprice_booking(v_booking, v_plan.differences, accepted_total_minor);
    perform scheduling.refuse_passed(array[v_booking], v_plan.limits, v_counts);
    perform scheduling.announce_freed(v_locked.booking, v_places);
    return v_booking.id;
end;
$$;

/*
 * Return the legs of a booking at its new place, the vacancies for them, the limits that concern
 * them, and by how much each price differs there. There are none if the caller may not move the
 * booking, or if it is there already.
 *
 * Errors:  PT404 not_found · PT409 slot_taken invalid_transition not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.plan_move(
    booking scheduling.bookings,
    starts_at timestamptz,
    resource_id uuid,
    item_id uuid,
    is_in_series boolean,
    accepted_total_minor bigint,
    out legs scheduling.leg[],
    out vacancies scheduling.vacancy[],
    out limits catalog.booking_limits[],
    out differences bigint[]
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    vacancies = '{}';
    limits = '{}';
    if booking.id is null
        or scheduling.actors(booking) = '{}'
        or scheduling.is_in_place(booking, starts_at, resource_id, item_id) then
        return;
    end if;
    legs = scheduling.moved_legs(
        booking, coalesce(plan_move.starts_at, booking.starts_at), resource_id, item_id
    );
    vacancies = scheduling.vacancies_for_move(
        booking, legs, item_id,
        case when is_in_series then '{limits}' else '{}' end::scheduling.start_rule[]
    );
    differences = scheduling.price_differences(booking, legs, accepted_total_minor);
    if not is_in_series then
        limits = scheduling.limits_of_legs(legs, vacancies, booking.id);
    end if;
end;
$$;

/*
 * Return the vacancies for the legs of a booking that is about to move.
 *
 * Errors:  PT404 not_found · PT409 slot_taken invalid_transition not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.vacancies_for_move(
    booking scheduling.bookings,
    legs scheduling.leg[],
    item_id uuid,
    overridden scheduling.start_rule[]
)
returns scheduling.vacancy[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
    v_vacancies scheduling.vacancy[] = '{}';
begin
    perform scheduling.refuse_immovable(booking);
    perform scheduling.refuse_move(booking, legs);
    perform scheduling.refuse_other_item(booking, item_id);
    foreach v_leg in array legs loop
        if (scheduling.provided_service(v_leg.service_id, booking.id)).id is null then
            perform private.refuse(
                'PT409', 'not_bookable', 'This business takes no bookings at the moment.',
                'Ask the business.'
            );
        end if;
        v_vacancies = v_vacancies || scheduling.require_vacancies(v_leg, booking.id, overridden);
    end loop;
    return v_vacancies;
end;
$$;

/*
 * Return whether a booking already has a start (null: any) and, in the named item or the first, a
 * resource (null: any).
 */
create function scheduling.is_in_place(
    booking scheduling.bookings, starts_at timestamptz, resource_id uuid, item_id uuid
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(is_in_place.starts_at, booking.starts_at) = booking.starts_at and exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
            and case
                when is_in_place.item_id is null
                    then booking_items.starts_at = booking.starts_at
                else booking_items.id = is_in_place.item_id
            end
            and (
                is_in_place.resource_id is null
                or booking_items.resource_id = is_in_place.resource_id
            )
    );
end;
$$;

/*
 * Refuse to move a booking in a state that does not allow it.
 *
 * Errors:  PT409 hold_expired invalid_transition
 */
create function scheduling.refuse_immovable(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_overdue(booking);
    if booking.status not in ('pending_payment', 'pending', 'confirmed') then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This booking can no longer be moved.',
            'Make a new booking.'
        );
    end if;
end;
$$;

/*
 * Refuse a customer's move that the policy stored with the booking does not allow. Policies do not
 * bind the business, and the number of moves counts changes of time only.
 *
 * Errors:  PT422 limit_reached too_late
 */
create function scheduling.refuse_move(booking scheduling.bookings, legs scheduling.leg[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[] then
        return;
    end if;
    if booking.starts_at <> legs[1].starts_at
        and booking.reschedule_count >= (booking.policy ->> 'reschedule_limit')::integer then
        perform private.refuse(
            'PT422', 'limit_reached',
            'This booking has already been moved as often as its policy allows.',
            'Ask the business to move it.'
        );
    end if;
    if private.now() > booking.starts_at - make_interval(
        hours => (booking.policy ->> 'reschedule_until_hours')::integer
    ) then
        perform private.refuse(
            'PT422', 'too_late', 'It is too late to move this booking.',
            'Ask the business to move it.'
        );
    end if;
end;
$$;

/*
 * Refuse the id of an item that this booking does not have.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_other_item(booking scheduling.bookings, item_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if item_id is not null and not exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.id = refuse_other_item.item_id
            and booking_items.cancelled_at is null
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This booking has no such item.',
            'Check the id in the view booking_items.'
        );
    end if;
end;
$$;

-- sql/44_bookings/functions/moving.sql

-- What a move writes: the time of the booking is released and allocated again, item by item, and
-- each item that another resource provides from now on is noted in the history.

/*
 * Return the legs of a booking moved to another start, with another resource for one item: the
 * first, or the one named. Lengths and prices are the booking's own; buffers are the service's. An
 * item whose resource no longer provides the service goes to whoever is free.
 */
create function scheduling.moved_legs(
    booking scheduling.bookings, starts_at timestamptz, resource_id uuid, item_id uuid
)
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select scheduling.moved_leg(
            booking,
            booking_items,
            services,
            shift => moved_legs.starts_at - booking.starts_at,
            resource_id => case
                when coalesce(
                    booking_items.id = moved_legs.item_id,
                    row_number() over (order by booking_items.position) = 1
                ) then coalesce(moved_legs.resource_id, present.resource_id)
                else present.resource_id
            end
        )
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        left join lateral (
            select resources.id as resource_id
            from catalog.resources
            inner join catalog.service_resources
                on service_resources.resource_id = resources.id
            where
                resources.id = booking_items.resource_id
                and resources.is_active
                and service_resources.service_id = booking_items.service_id
        ) as present on true
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
        order by booking_items.position
    );
end;
$$;

/*
 * Return the leg of one item, later or earlier by an interval and with a resource.
 */
create function scheduling.moved_leg(
    booking scheduling.bookings,
    item scheduling.booking_items,
    service catalog.services,
    shift interval,
    resource_id uuid
)
returns scheduling.leg
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
begin
    v_leg.business_id = booking.business_id;
    v_leg.service_id = service.id;
    v_leg.service_name = item.service_name;
    v_leg.starts_at = item.starts_at + shift;
    v_leg.ends_at = item.ends_at + shift;
    v_leg.minutes = item.duration_minutes;
    v_leg.before = make_interval(mins => service.buffer_before_minutes);
    v_leg.after = make_interval(mins => service.buffer_after_minutes);
    v_leg.resource_id = moved_leg.resource_id;
    v_leg.party_size = item.party_size;
    v_leg.currency = booking.currency;
    v_leg.price_minor = item.price_minor;
    v_leg.addons = item.addons;
    v_leg.requires_confirmation = service.requires_confirmation;
    v_leg.is_blocked_by_pending = service.is_blocked_by_pending;
    v_leg.hold_minutes = service.hold_minutes;
    v_leg.anonymous_hold_minutes = service.anonymous_hold_minutes;
    v_leg.is_class = service.is_class;
    v_leg.answers = item.answers;
    return v_leg;
end;
$$;

/*
 * Release what a booking takes, allocate the new time, and note the move. Returns the booking.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.apply_move(
    booking scheduling.bookings,
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    reason text,
    is_repeated boolean
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_item scheduling.booking_items;
    v_index integer = 0;
begin
    delete from scheduling.allocations
    where allocations.business_id = booking.business_id and allocations.booking_id = booking.id;
    delete from scheduling.seats
    where seats.business_id = booking.business_id and seats.booking_id = booking.id;
    v_booking = scheduling.record_move(booking, legs, reason, is_repeated);
    for v_item in
        select booking_items.*
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
        order by booking_items.position
    loop
        v_index = v_index + 1;
        perform scheduling.move_item(
            v_booking,
            v_item,
            legs[v_index],
            array(
                select vacancy
                from unnest(vacancies) as vacancy
                where vacancy.at = legs[v_index].starts_at
            ),
            is_repeated
        );
    end loop;
    return v_booking;
end;
$$;

/*
 * Record the new time in the head of a booking, with what the move costs. Returns the booking.
 * A customer who moves a booking of a service on request makes a new request.
 */
create function scheduling.record_move(
    booking scheduling.bookings, legs scheduling.leg[], reason text, is_repeated boolean
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_by_business boolean
    = scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[];
    -- Policies know moves of the customer to another time.
    v_counts boolean = not v_is_by_business and legs[1].starts_at <> booking.starts_at;
    v_booking scheduling.bookings;
begin
    update scheduling.bookings
    set
        starts_at = legs[1].starts_at,
        ends_at = legs[cardinality(legs)].ends_at,
        reschedule_count = bookings.reschedule_count + v_counts::integer,
        reschedule_fee_minor = bookings.reschedule_fee_minor + case
            when v_counts then scheduling.reschedule_fee(booking, private.now())
            else 0
        end,
        status_reason = record_move.reason,
        repeated_step_count = bookings.repeated_step_count + record_move.is_repeated::integer,
        status = case
            when bookings.status = 'confirmed'
                and not v_is_by_business
                and scheduling.is_on_request(booking) then 'pending'
            else bookings.status
        end
    where bookings.id = booking.id
    returning bookings.* into v_booking;
    return v_booking;
end;
$$;

/*
 * Allocate the new time of one item, and note who provides it from now on.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.move_item(
    booking scheduling.bookings,
    item scheduling.booking_items,
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    is_repeated boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_allocated record = scheduling.allocate_item(leg, vacancies, booking, item.id);
    v_is_by_business boolean
    = scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[];
begin
    update scheduling.booking_items
    set
        starts_at = leg.starts_at,
        ends_at = leg.ends_at,
        resource_id = v_allocated.resource_id,
        assigned_by = case
            when v_allocated.resource_id is not distinct from booking_items.resource_id
                then booking_items.assigned_by
            when v_allocated.reason = 'customer' and v_is_by_business then 'business'
            else v_allocated.reason
        end
    where booking_items.id = item.id;
    if v_allocated.resource_id is distinct from item.resource_id then
        perform scheduling.record_reassignment(
            booking, item, v_allocated.resource_id, is_repeated
        );
    end if;
end;
$$;

/*
 * Record in the history that another resource provides an item of a booking.
 */
create function scheduling.record_reassignment(
    booking scheduling.bookings,
    item scheduling.booking_items,
    to_resource_id uuid,
    is_repeated boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, from_resource_id, to_resource_id, is_repeated
    )
    select
        booking.business_id,
        booking.id,
        booking.status,
        booking.status,
        item.starts_at,
        booking_items.starts_at,
        coalesce((scheduling.actors(booking))[1], 'system'),
        auth.uid(),
        booking.status_reason,
        private.now(),
        item.resource_id,
        record_reassignment.to_resource_id,
        record_reassignment.is_repeated
    from scheduling.booking_items
    where booking_items.id = item.id;
end;
$$;

-- sql/44_bookings/functions/moving_quote.sql

-- What moving a booking would cost, for whoever may move it: who pays or gets the difference, and
-- how.

/*
 * Return what it would cost to move a booking to a start and a resource.
 * Definer: reads what the booking's customer and members may see; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 hold_expired invalid_transition
 */
create function scheduling.reschedule_quote(
    booking_id uuid, starts_at timestamptz, resource_id uuid
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_legs scheduling.leg[];
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = reschedule_quote.booking_id and scheduling.actors(bookings) <> '{}';
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Check the id in the view bookings.'
        );
    end if;
    perform scheduling.refuse_immovable(v_booking);
    if reschedule_quote.resource_id is not null and not exists (
        select 1
        from catalog.resources
        where
            resources.business_id = v_booking.business_id
            and resources.id = reschedule_quote.resource_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such resource.',
            'Check the id in the view resources.'
        );
    end if;
    v_legs = scheduling.moved_legs(
        v_booking, coalesce(reschedule_quote.starts_at, v_booking.starts_at), resource_id, null
    );
    -- A member hears the new price, which applies if they name it.
    return scheduling.costs_of_move(
        v_booking,
        v_legs,
        scheduling.price_differences(v_booking, v_legs, v_booking.total_minor)
    );
end;
$$;

/*
 * Return what a move to some legs costs, in the form of the API.
 */
create function scheduling.costs_of_move(
    booking scheduling.bookings, legs scheduling.leg[], differences bigint[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_changes sales.change[] = array(
        select
            sales.make_change(
                'service', changes.sale_line_id, null, null, changes.amount_minor,
                changes.discount_minor
            )
        from scheduling.item_changes(booking, differences) as changes
        where changes.amount_minor <> 0 or changes.discount_minor <> 0
        order by changes.sale_line_id
    );
    v_change bigint = (
        select coalesce(sum(total.minor), 0)
        from unnest(
            sales.totals_of_changes(booking.business_id, booking.sale_id, v_changes)
        ) as total (minor)
    );
    v_fee bigint = case
        when scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[]
            or legs[1].starts_at = booking.starts_at then 0
        else scheduling.reschedule_fee(booking, private.now())
    end;
begin
    return jsonb_build_object(
        'booking_id', booking.id,
        'starts_at', legs[1].starts_at,
        'currency', booking.currency,
        'total_minor', booking.total_minor + v_change,
        'difference_minor', v_change,
        'reschedule_fee_minor', v_fee
    ) || scheduling.settlement_of_move(booking, v_change + v_fee);
end;
$$;

/*
 * Return who pays if a sale's price changes by an amount: what the customer still has to pay then,
 * what is refunded to where it came from, and what a member hands back in cash.
 */
create function scheduling.settlement_of_move(booking scheduling.bookings, change_minor bigint)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_balance bigint = (
        money.sale_balance(booking.business_id, booking.sale_id)
    ).balance_minor + change_minor;
    v_refundable bigint = money.refundable(booking.business_id, booking.sale_id);
begin
    return jsonb_build_object(
        'owed_minor', greatest(v_balance, 0),
        'refund_minor', least(greatest(- v_balance, 0), v_refundable),
        'hand_back_minor', greatest(- v_balance - v_refundable, 0)
    );
end;
$$;

-- sql/44_bookings/functions/notifications.sql

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

-- sql/44_bookings/functions/offered.sql

-- How a customer books a time that the waitlist holds for them: in their own turn, the hold makes
-- way for the booking.

/*
 * Return the offer that a customer uses by booking one leg: it is their turn, for this service and
 * this start. Null if there is none.
 */
create function scheduling.offer_of_legs(customer_id uuid, legs scheduling.leg[])
returns scheduling.waitlist_offers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
begin
    if customer_id is not null and cardinality(legs) = 1 then
        select offers.* into v_offer
        from scheduling.open_offers(
            customer_id, legs[1].service_id, legs[1].resource_id
        ) as offers
        where offers.starts_at = legs[1].starts_at
        limit 1;
    end if;
    return v_offer;
end;
$$;

/*
 * End the hold that is offered to a customer, so that they can book its time, under the locks of
 * scheduling.lock_legs. Nothing happens if the turn is over by now; the booking then finds the time
 * taken.
 */
create function scheduling.use_offer(offer scheduling.waitlist_offers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from scheduling.bookings
    where bookings.id = offer.booking_id and bookings.status = 'held'
    for update;
    if not found then
        return;
    end if;
    update scheduling.waitlist_offers
    set accepted_at = private.now()
    where
        waitlist_offers.booking_id = offer.booking_id
        and waitlist_offers.entry_id = offer.entry_id
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now();
    if found then
        update scheduling.bookings
        set status = 'expired'
        where bookings.id = offer.booking_id;
    end if;
end;
$$;

/*
 * Record which booking came of an offer that was used. What the booking did not take of the hold
 * is free again.
 */
create function scheduling.record_offer_used(offer scheduling.waitlist_offers, booking_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.waitlist_offers
    set accepted_booking_id = record_offer_used.booking_id
    where
        waitlist_offers.booking_id = offer.booking_id
        and waitlist_offers.entry_id = offer.entry_id
        and waitlist_offers.accepted_at is not null
        and waitlist_offers.accepted_booking_id is null;
    if found then
        insert into scheduling.freed_times (business_id, freed_id, places)
        values (offer.business_id, offer.freed_id, scheduling.places_of(offer.booking_id));
    end if;
end;
$$;

-- sql/44_bookings/functions/payments.sql

-- What a booking has to do with payments. Money knows sales and nothing of bookings; it is a
-- booking that listens to the parts of payments of its sale.

/*
 * Return what must be paid of some legs before they are confirmed: of each leg's line, the share
 * that its service says or, where it says none, its business.
 */
create function scheduling.prepayment_of(legs scheduling.leg[], quote jsonb)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_default integer = 0;
begin
    if exists (select 1 from unnest(legs) as leg where leg.prepayment_bps is null) then
        v_default = money.prepayment_bps(legs[1].business_id);
    end if;
    if v_default = 0 and not exists (
        select 1 from unnest(legs) as leg where leg.prepayment_bps > 0
    ) then
        return 0;
    end if;
    return (
        select
            sum(
                round(
                    coalesce(leg.prepayment_bps, v_default) / 10000.0 * (
                        (line ->> 'amount_minor')::bigint
                        - coalesce((line ->> 'discount_minor')::bigint, 0)
                        + case
                            when coalesce((line ->> 'tax_is_included')::boolean, true) then 0
                            else (line ->> 'tax_minor')::bigint
                        end
                    )
                )
            )::bigint
        from unnest(legs) with ordinality as leg
        cross join lateral (
            select prepayment_of.quote -> 'lines' -> (leg.ordinality::integer - 1)
        ) as lines (line)
    );
end;
$$;

/*
 * Is the prepayment of a booking paid or reserved?
 * Definer: a customer's own step asks, and customers read no payments of others for their sale.
 */
create function scheduling.is_prepaid(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_balance record;
begin
    if booking.prepayment_minor = 0 then
        return true;
    elsif booking.sale_id is null then
        return false;
    end if;
    v_balance = money.sale_balance(booking.business_id, booking.sale_id);
    return v_balance.secured_minor - v_balance.returned_minor >= booking.prepayment_minor;
end;
$$;

/*
 * Return what was paid for a booking, less what was given back or is about to be.
 * Definer: a member without rights on payments may ask for the quote of a cancellation.
 */
create function scheduling.paid_for(booking scheduling.bookings)
returns bigint
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_balance record;
begin
    if booking.sale_id is null then
        return 0;
    end if;
    v_balance = money.sale_balance(booking.business_id, booking.sale_id);
    return v_balance.secured_minor - v_balance.returned_minor;
end;
$$;

/*
 * Confirm a booking whose prepayment has come; one on request then waits for the business. A
 * booking whose time ran out is confirmed if nobody took it and it has not begun; otherwise nothing
 * happens here, and money.settle_sale gives the payment back. Never refuses: the money has come.
 * Definer: whoever records a payment has no rights on bookings.
 */
create function scheduling.confirm_paid(booking_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    perform private.lock(scheduling.resources_of(confirm_paid.booking_id));
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = confirm_paid.booking_id
    for update;
    if v_booking.status not in ('pending_payment', 'expired')
        or not scheduling.is_prepaid(v_booking) then
        return;
    elsif v_booking.starts_at <= private.now() then
        perform scheduling.announce_late_payment(v_booking);
        return;
    end if;
    update scheduling.bookings
    set
        status = case
            when scheduling.is_on_request(v_booking) then 'pending'
            else 'confirmed'
        end::scheduling.booking_status,
        hold_expires_at = null
    where bookings.id = v_booking.id;
exception
    when sqlstate 'PT409' then
        -- Somebody else has the time.
        perform scheduling.announce_late_payment(v_booking);
end;
$$;

/*
 * Announce that a booking was paid when its time was gone: the customer hears of the refund.
 */
create function scheduling.announce_late_payment(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'booking.paid_too_late',
        jsonb_build_object(
            'booking_id', booking.id,
            'business_id', booking.business_id,
            'from_status', booking.status,
            'to_status', booking.status,
            'from_starts_at', booking.starts_at,
            'to_starts_at', booking.starts_at,
            'actor', 'system',
            'reason', null,
            'fee_minor', 0,
            'booking_item_id', null,
            'is_repeated', false
        )
    );
end;
$$;

-- sql/44_bookings/functions/people.sql

-- People who have one calendar for several businesses (sql/40_time/tables/people.sql), as bookings
-- meet them: they are locked together with their resources, and nobody is chosen who is busy in
-- another business.

/*
 * Return what to lock before vacancies are taken: their resources and sessions, and the people
 * whose one calendar the resources share.
 */
create function scheduling.locks_of_vacancies(vacancies scheduling.vacancy[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[] = array(
        select coalesce(vacancy.session_id, vacancy.id) from unnest(vacancies) as vacancy
    );
begin
    return v_ids || scheduling.people_of(v_ids);
end;
$$;

/*
 * Return the vacancies but those whose person another business has in a period.
 */
create function scheduling.not_busy_elsewhere(vacancies scheduling.vacancy[], during tstzrange)
returns scheduling.vacancy[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if scheduling.people_of(array(select vacancy.id from unnest(vacancies) as vacancy)) = '{}' then
        return vacancies;
    end if;
    return array(
        select vacancy
        from unnest(vacancies) as vacancy
        where
            not exists (
                select 1
                from scheduling.busy_elsewhere(
                    vacancy.id, tstzmultirange(not_busy_elsewhere.during)
                )
            )
    );
end;
$$;

-- sql/44_bookings/functions/place.sql

-- How a booking is placed. What each selection needs is worked out first and without locks; then
-- everything that it may take is locked in one order, and the booking is written.

/*
 * Place a booking of the caller.
 * Definer: customers have no insert privilege, so nobody chooses their own price, status or time.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 slot_taken not_bookable link_expired
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *              coupon_invalid
 */
create function scheduling.place_booking(
    selections scheduling.selection[], terms pricing.context, notes text, is_hold boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return scheduling.place_booking_for(
        scheduling.caller_profile(), selections, terms, notes, is_hold
    );
end;
$$;

/*
 * Return the caller's profile, as bookings keep it.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.caller_profile()
returns identity.profiles
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_customer identity.profiles;
begin
    select profiles.* into strict v_customer
    from identity.profiles
    where profiles.id = v_user_id;
    return v_customer;
end;
$$;

/*
 * Place a booking of a customer, with or without an account: its head, its items and their time,
 * all or nothing.
 *
 * Errors:  those of scheduling.place_booking but not_signed_in
 */
create function scheduling.place_booking_for(
    customer identity.profiles,
    selections scheduling.selection[],
    terms pricing.context,
    notes text,
    is_hold boolean
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[];
    v_vacancies scheduling.vacancy[] = '{}';
    v_limits catalog.booking_limits[];
    v_quote jsonb;
    v_offer scheduling.waitlist_offers;
    v_hold_until timestamptz;
    v_id uuid;
begin
    v_legs = scheduling.legs(selections);
    v_offer = scheduling.offer_of_legs(customer.id, v_legs);
    for v_index in 1 .. cardinality(selections) loop
        v_legs[v_index].answers = scheduling.read_answers(
            v_legs[v_index].service_id, v_legs[v_index].answers
        );
        v_vacancies = v_vacancies || scheduling.require_vacancies(
            v_legs[v_index], v_offer.booking_id
        );
    end loop;
    v_quote = scheduling.price_legs(v_legs, terms, customer.id, customer.email);
    if is_hold then
        perform scheduling.refuse_more_holds(
            v_legs[1].business_id, scheduling.holder(customer), private.caller_address()
        );
        v_hold_until = scheduling.hold_until(v_legs, customer);
    end if;
    v_limits = scheduling.lock_legs(v_legs, v_vacancies, null);
    if v_offer.booking_id is not null then
        perform scheduling.use_offer(v_offer);
    end if;
    v_id = scheduling.create_booking(
        v_legs, v_vacancies, v_limits, v_quote, notes, v_hold_until, null, customer
    );
    if v_offer.booking_id is not null then
        perform scheduling.record_offer_used(v_offer, v_id);
    end if;
    if is_hold then
        insert into scheduling.holds (business_id, booking_id, holder, ip)
        values (
            v_legs[1].business_id, v_id, scheduling.holder(customer), private.caller_address()
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return the vacancies for a leg at its start. Refuses, with the reason, if there are none. Rules
 * that a member sets aside are no reason.
 *
 * Errors:  PT409 slot_taken
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 */
create function scheduling.require_vacancies(
    leg scheduling.leg,
    except_booking_id uuid default null,
    overridden scheduling.start_rule[] default '{}'
)
returns scheduling.vacancy[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_needs scheduling.need[] = scheduling.needs_of(
        leg.service_id, leg.resource_id, leg.party_size
    );
    v_vacancies scheduling.vacancy[];
begin
    if scheduling.is_plainly_taken(leg, v_needs, except_booking_id) then
        perform scheduling.refuse_taken();
    end if;
    v_vacancies = array(
        select vacancy
        from scheduling.vacancies(
            leg.service_id,
            tstzmultirange(tstzrange(leg.starts_at, leg.starts_at, '[]')),
            leg.resource_id,
            leg.party_size,
            leg.minutes,
            except_booking_id,
            v_needs,
            overridden
        ) as vacancy
    );
    if v_vacancies = '{}' then
        perform scheduling.refuse_start(leg, except_booking_id, overridden);
    end if;
    return v_vacancies;
end;
$$;

/*
 * Return the limits that apply to some legs, to the resources that could provide them, and to the
 * booker: the customer of the booking that is about to move, or the caller.
 */
create function scheduling.limits_of_legs(
    legs scheduling.leg[], vacancies scheduling.vacancy[], booking_id uuid
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not scheduling.has_limits(legs[1].business_id) then
        return '{}';
    end if;
    return scheduling.limits_of(
        legs[1].business_id,
        array(select leg.service_id from unnest(legs) as leg),
        array(select vacancy.id from unnest(vacancies) as vacancy),
        scheduling.booker_of(booking_id)
    );
end;
$$;

/*
 * Lock everything that some legs may take, and everything that limits them. Returns the limits, to
 * be checked again after the booking is written. A booking that is about to move is left out.
 */
create function scheduling.lock_legs(
    legs scheduling.leg[], vacancies scheduling.vacancy[], except_booking_id uuid
)
returns catalog.booking_limits[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = scheduling.limits_of_legs(
        legs, vacancies, except_booking_id
    );
begin
    perform private.lock(
        scheduling.locks_of_vacancies(vacancies)
        || scheduling.subjects(v_limits, except_booking_id)
        || array(
            select leg.private_link_id
            from unnest(legs) as leg
            where leg.private_link_id is not null
        )
    );
    return v_limits;
end;
$$;

-- sql/44_bookings/functions/preferences.sql

-- What customers prefer in a business: a resource, which services with prefers_known_staff assign
-- before any other, and the service that they usually book.

/*
 * Set the resource that the caller prefers in a business; null ends the preference.
 * Definer: customers write no table; only the caller's own row is touched.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.set_preferred_resource(business_id uuid, resource_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
begin
    if resource_id is null then
        delete from scheduling.preferred_resources
        where
            preferred_resources.customer_id = v_user_id
            and preferred_resources.business_id = set_preferred_resource.business_id;
        return;
    end if;
    insert into scheduling.preferred_resources (customer_id, business_id, resource_id, updated_at)
    select
        v_user_id,
        resources.business_id,
        resources.id,
        private.now()
    from catalog.resources
    inner join business.businesses on businesses.id = resources.business_id
    where
        resources.id = set_preferred_resource.resource_id
        and resources.business_id = set_preferred_resource.business_id
        and resources.is_active
        and businesses.is_active
        and businesses.status = 'approved'
    on conflict on constraint preferred_resources_pkey do update
    set resource_id = excluded.resource_id, updated_at = excluded.updated_at;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Check the id in the view resources.'
        );
    end if;
end;
$$;

/*
 * Set the service that the caller usually books in a business; null ends the preference.
 * Definer: as scheduling.set_preferred_resource.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.set_preferred_service(business_id uuid, service_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
begin
    if service_id is null then
        delete from scheduling.preferred_services
        where
            preferred_services.customer_id = v_user_id
            and preferred_services.business_id = set_preferred_service.business_id;
        return;
    end if;
    insert into scheduling.preferred_services (customer_id, business_id, service_id, updated_at)
    select
        v_user_id,
        services.business_id,
        services.id,
        private.now()
    from catalog.services
    where
        services.id = set_preferred_service.service_id
        and services.business_id = set_preferred_service.business_id
        and services.archived_at is null
        and business.is_open(services.business_id)
    on conflict on constraint preferred_services_pkey do update
    set service_id = excluded.service_id, updated_at = excluded.updated_at;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service.', 'Check the id in the view services.'
        );
    end if;
end;
$$;

/*
 * Return what members wrote down about a customer: an account, or whoever a business knows by an
 * e-mail address or a phone number.
 */
create function scheduling.noted_preference(
    business_id uuid, user_id uuid, email text, phone text
)
returns scheduling.customer_preferences
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = case
        when noted_preference.user_id is not null then customers.customer_of(
            noted_preference.business_id, noted_preference.user_id, null
        )
        else customers.known_by(noted_preference.business_id, email, phone)
    end;
    v_preference scheduling.customer_preferences;
begin
    select customer_preferences.* into v_preference
    from customers.customers
    inner join scheduling.customer_preferences
        on
            customer_preferences.business_id = customers.business_id
            and customer_preferences.customer_id
            = coalesce(customers.merged_into_id, customers.id)
    where customers.id = v_customer_id;
    return v_preference;
end;
$$;

-- sql/44_bookings/functions/repricing.sql

-- What a move to another price changes. Both places are priced by the lists and rules of the
-- business as on the day of the booking, so that the difference is that of the places: what the
-- catalog costs meanwhile changes nothing, and a discount keeps its share of the price. The policy
-- of the booking says whether its customer pays and gets the difference. A business that moves a
-- booking keeps its price, unless it names the total that the customer accepted.

/*
 * Return by how much the price of each service that is left changes if a booking moves to some
 * legs.
 */
create function scheduling.price_differences(
    booking scheduling.bookings, legs scheduling.leg[], accepted_total_minor bigint
)
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pricing text = scheduling.move_pricing(booking, accepted_total_minor);
    v_before bigint[];
    v_after bigint[];
begin
    if v_pricing = 'keep' or not (pricing.tools_of(booking.business_id)).is_in_use then
        return array_fill(0::bigint, array[cardinality(legs)]);
    end if;
    v_before = scheduling.place_prices(
        booking, scheduling.moved_legs(booking, booking.starts_at, null, null)
    );
    v_after = scheduling.place_prices(booking, legs);
    return array(
        select case
            when v_pricing = 'surcharge' then greatest(after.minor - before.minor, 0)
            else after.minor - before.minor
        end
        from unnest(v_before) with ordinality as before (minor, place)
        inner join unnest(v_after) with ordinality as after (minor, place) using (place)
        order by place
    );
end;
$$;

/*
 * Return what a move by the caller means for the price, as catalog.reschedule_pricing.
 */
create function scheduling.move_pricing(
    booking scheduling.bookings, accepted_total_minor bigint
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[] then
        return case when accepted_total_minor is null then 'keep' else 'difference' end;
    end if;
    return coalesce(booking.policy ->> 'reschedule_pricing', 'keep');
end;
$$;

/*
 * Return what the services of a booking cost at some legs, for all guests and before discounts.
 * What cannot be priced any more, because its price list is gone, costs nothing anywhere.
 */
create function scheduling.place_prices(booking scheduling.bookings, legs scheduling.leg[])
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = scheduling.lines_of(scheduling.legs_to_price(booking, legs));
    v_context pricing.context = pricing.for_buyer(
        pricing.make_terms(currency => booking.currency),
        booking.business_id,
        booking.customer_id,
        case when booking.contact_verified_at is not null then booking.customer_email end
    );
begin
    v_context.at = booking.created_at;
    return array(
        select price.minor * v_lines[price.place].quantity
        from unnest(pricing.unit_prices(v_lines, v_context)) with ordinality
            as price (minor, place)
        order by price.place
    );
exception
    when sqlstate 'PT400' then
        return array_fill(0::bigint, array[cardinality(legs)]);
end;
$$;

/*
 * Return the legs of a move as pricing asks about them: with the price of the catalog, and with a
 * resource only where the customer named it or names it now.
 */
create function scheduling.legs_to_price(booking scheduling.bookings, legs scheduling.leg[])
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[] = legs;
    v_item record;
begin
    for v_item in
        select
            row_number() over (order by booking_items.position) as place,
            booking_items.resource_id,
            booking_items.assigned_by,
            services.price_minor,
            services.currency
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    loop
        v_legs[v_item.place].price_minor = v_item.price_minor;
        v_legs[v_item.place].currency = v_item.currency;
        if v_legs[v_item.place].resource_id = v_item.resource_id
            and v_item.assigned_by is distinct from 'customer' then
            v_legs[v_item.place].resource_id = null;
        end if;
    end loop;
    return v_legs;
end;
$$;

/*
 * Return what some differences change of each service that is left: its amount, which never falls
 * below what refunds took off it, and its discount.
 */
create function scheduling.item_changes(booking scheduling.bookings, differences bigint[])
returns table (item_id uuid, sale_line_id uuid, amount_minor bigint, discount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with present as (
        select
            booking_items.id,
            booking_items.sale_line_id,
            sale_lines.amount_minor + booking_items.amount_change_minor as amount,
            sale_lines.discount_minor + booking_items.discount_change_minor as discount,
            scheduling.refunded_of(
                booking.business_id, booking.sale_id, sale_lines.id
            ) as refunded,
            differences[row_number() over (order by booking_items.position)] as difference
        from scheduling.booking_items
        inner join sales.sale_lines
            on
                sale_lines.business_id = booking_items.business_id
                and sale_lines.id = booking_items.sale_line_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    )

    select present.id, present.sale_line_id, changed.amount, case
        when present.amount = 0 then 0
        else round(present.discount::numeric * changed.amount / present.amount)
    end::bigint
    from present
    cross join lateral (
        select greatest(present.difference, - present.amount - present.refunded)
    ) as changed (amount);
end;
$$;

/*
 * Change the price of a booking that has moved: on its services, by a revision of its sale, and in
 * its total. Refuses a total that the customer did not accept.
 *
 * Errors:  PT409 price_changed
 */
create function scheduling.reprice_booking(
    booking scheduling.bookings, differences bigint[], accepted_total_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change bigint = 0;
begin
    if 0 <> any(differences) then
        update scheduling.booking_items
        set
            amount_change_minor = booking_items.amount_change_minor + changes.amount_minor,
            discount_change_minor = booking_items.discount_change_minor + changes.discount_minor
        from scheduling.item_changes(booking, differences) as changes
        where booking_items.id = changes.item_id;
        perform sales.revise_sale(
            booking.business_id, booking.sale_id, 'moved',
            scheduling.sale_changes(booking, 'moved')
        );
        v_change = scheduling.update_prices(booking);
    end if;
    if booking.total_minor + v_change <> accepted_total_minor then
        perform pricing.refuse_changed_price();
    end if;
    update scheduling.bookings
    set
        total_minor = bookings.total_minor + v_change,
        price_change_minor = v_change,
        prepayment_minor = round(
            bookings.prepayment_minor::numeric * (bookings.total_minor + v_change)
            / greatest(bookings.total_minor, 1)
        )
    where bookings.id = booking.id and (v_change <> 0 or bookings.price_change_minor <> 0);
end;
$$;

/*
 * Let the services of a booking cost what their lines say now, without what refunds took off.
 * Returns by how much they cost more than before.
 */
create function scheduling.update_prices(booking scheduling.bookings)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_before bigint = (
        select sum(booking_items.price_minor)
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
    );
begin
    update scheduling.booking_items
    set price_minor = (
        select sum(sales.line_total(sale_lines))
        from sales.sale_lines
        inner join sales.sale_revisions using (business_id, sale_id, revision)
        where
            sale_lines.business_id = booking_items.business_id
            and sale_lines.sale_id = booking.sale_id
            and sale_lines.kind = 'service'
            and booking_items.sale_line_id in (sale_lines.id, sale_lines.corrects_line_id)
            and sale_revisions.cause <> 'refunded'
    )
    where
        booking_items.business_id = booking.business_id
        and booking_items.booking_id = booking.id
        and booking_items.cancelled_at is null;
    return (
        select sum(booking_items.price_minor) - v_before
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
    );
end;
$$;

-- sql/44_bookings/functions/sales.sql

-- How bookings are sold. A booking is sold when it stops being a hold, in the same transaction;
-- what changes its price later becomes a revision of the sale.

/*
 * Return by how much refunds changed the price of a line: 0 or less.
 */
create function scheduling.refunded_of(business_id uuid, sale_id uuid, sale_line_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(sale_lines.amount_minor), 0)::bigint
        from sales.sale_lines
        inner join sales.sale_revisions
            on
                sale_revisions.business_id = sale_lines.business_id
                and sale_revisions.sale_id = sale_lines.sale_id
                and sale_revisions.revision = sale_lines.revision
        where
            sale_lines.business_id = refunded_of.business_id
            and sale_lines.sale_id = refunded_of.sale_id
            and sale_lines.corrects_line_id = refunded_of.sale_line_id
            and sale_revisions.cause = 'refunded'
    );
end;
$$;

/*
 * What revisions must add to a booking's sale, as the booking is now: minus a service that is not
 * provided, less what a refund took back of it already; what moves changed of the price of one that
 * is; plus the fees. `cause` names the fee that belongs to no single service.
 */
create function scheduling.sale_corrections(
    booking scheduling.bookings, cause sales.revision_cause
)
returns setof sales.change
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_off boolean = booking.status in ('cancelled', 'rejected', 'expired', 'no_show');
begin
    return query
    with sold as (
        select
            sale_lines.*,
            v_is_off or booking_items.cancelled_at is not null as is_off,
            coalesce(booking_items.cancellation_fee_minor, 0) as fee_minor,
            booking_items.amount_change_minor,
            booking_items.discount_change_minor
        from scheduling.booking_items
        inner join sales.sale_lines
            on
                sale_lines.business_id = booking_items.business_id
                and sale_lines.id = booking_items.sale_line_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
    )

    select (
        sales.make_change(
            'service', sold.id, sold.service_id, sold.name,
            case when sold.is_off
                then - sold.amount_minor
                    - scheduling.refunded_of(sold.business_id, sold.sale_id, sold.id)
                else sold.amount_change_minor
            end,
            case when sold.is_off then - sold.discount_minor else sold.discount_change_minor end
        )
    ).*
    from sold
    union all
    select (sales.make_change('fee', sold.id, sold.service_id, 'Cancellation fee', sold.fee_minor)).*
    from sold
    union all
    select (
        sales.make_change(
            'fee', null, null,
            case cause when 'moved' then 'Rescheduling fee' else 'No-show fee' end,
            booking.no_show_fee_minor + booking.reschedule_fee_minor
        )
    ).*;
end;
$$;

/*
 * The lines that a booking's sale lacks: what revisions must add, less what they have added. Tips,
 * charges and refunds are not the booking's.
 */
create function scheduling.sale_changes(
    booking scheduling.bookings, cause sales.revision_cause
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            sales.make_change(
                kind, line_id, max(service_id::text)::uuid, max(name), sum(amount)::bigint,
                sum(discount)::bigint
            )
        from (
            select
                wanted.kind,
                wanted.corrects_line_id as line_id,
                wanted.service_id,
                wanted.name,
                wanted.amount_minor as amount,
                wanted.discount_minor as discount
            from scheduling.sale_corrections(booking, cause) as wanted
            union all
            select
                written.kind,
                written.corrects_line_id,
                written.service_id,
                case when written.corrects_line_id is not null then written.name end,
                - written.amount_minor,
                - written.discount_minor
            from sales.sale_lines as written
            inner join sales.sale_revisions
                on
                    sale_revisions.business_id = written.business_id
                    and sale_revisions.sale_id = written.sale_id
                    and sale_revisions.revision = written.revision
            where
                written.business_id = booking.business_id
                and written.sale_id = booking.sale_id
                and written.revision > 0
                and sale_revisions.cause not in ('refunded', 'tipped', 'charged')
        ) as balance
        group by kind, line_id
        having sum(amount) <> 0 or sum(discount) <> 0
        order by kind, line_id
    );
end;
$$;

-- sql/44_bookings/functions/seats.sql

-- Seats in the sessions of a class. A booking takes one seat per guest in one session, under the
-- lock of that session.

/*
 * Allocate a seat per guest in the session with the most seats left. Returns who leads it.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.allocate_seats(
    leg scheduling.leg, vacancies scheduling.vacancy[], booking scheduling.bookings, item_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_vacancy scheduling.vacancy = (
        select vacancy
        from unnest(vacancies) as vacancy
        order by vacancy.remaining desc, vacancy.rank
        limit 1
    );
begin
    perform scheduling.expire_holds(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where
                seats.business_id = booking.business_id
                and seats.session_id = v_vacancy.session_id
                and seats.is_blocking
                and seats.expires_at <= private.now()
        )
    );
    if scheduling.insert_seats(leg, booking, item_id, v_vacancy.session_id) < leg.party_size then
        perform scheduling.refuse_taken();
    end if;
    return v_vacancy.id;
end;
$$;

/*
 * Insert the seats of an item, the lowest free numbers first. Returns how many were free.
 */
create function scheduling.insert_seats(
    leg scheduling.leg, booking scheduling.bookings, item_id uuid, session_id uuid
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_capacity integer;
    v_count integer;
begin
    -- Locked against a change of the capacity: the vacancy may be older than the lock.
    select sessions.capacity into v_capacity
    from scheduling.sessions
    where sessions.id = insert_seats.session_id
    for key share;
    insert into scheduling.seats (
        business_id, booking_id, booking_item_id, session_id, number, capacity, is_blocking,
        expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        insert_seats.session_id,
        numbers.number,
        v_capacity,
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from generate_series(1, v_capacity) as numbers (number)
    where
        not exists (
            select 1
            from scheduling.seats
            where
                seats.session_id = insert_seats.session_id
                and seats.number = numbers.number
                and seats.is_blocking
        )
    order by numbers.number
    limit leg.party_size
    on conflict do nothing;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Let the seats of a booking follow its status, as its allocations do.
 */
create function scheduling.follow_with_seats(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.expire_holds(
            array(
                select distinct rivals.booking_id
                from scheduling.seats
                inner join scheduling.seats as rivals
                    on
                        rivals.business_id = seats.business_id
                        and rivals.session_id = seats.session_id
                        and rivals.number = seats.number
                        and rivals.is_blocking
                        and rivals.expires_at <= private.now()
                where
                    seats.business_id = booking.business_id
                    and seats.booking_id = booking.id
                    and not seats.is_blocking
            )
        );
    end if;
    update scheduling.seats
    set
        is_blocking = scheduling.is_blocking(booking.status, services.is_blocked_by_pending),
        expires_at = case
            when booking.status in ('held', 'pending_payment') then booking.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        seats.business_id = booking.business_id
        and seats.booking_id = booking.id
        and booking_items.id = seats.booking_item_id;
end;
$$;

-- sql/44_bookings/functions/session_allocation.sql

-- How one session of a class is written, with the resources that it takes: the first candidate of
-- each pool that the class needs.

/*
 * Create one session, and allocate what it needs.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.create_session(
    service catalog.services, starts_at timestamptz, needs scheduling.need[], capacity integer
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ends_at timestamptz = starts_at + make_interval(mins => service.duration_minutes);
    v_during tstzrange = tstzrange(
        starts_at - make_interval(mins => service.buffer_before_minutes),
        v_ends_at + make_interval(mins => service.buffer_after_minutes)
    );
    v_id uuid = gen_random_uuid();
    v_chosen scheduling.candidate[];
begin
    perform scheduling.release_expired_holds(
        array(select need.id from unnest(create_session.needs) as need), v_during
    );
    v_chosen = scheduling.session_resources(service, create_session.starts_at, needs, v_during);
    insert into scheduling.sessions (
        id, business_id, service_id, resource_id, starts_at, ends_at, capacity
    )
    values (
        v_id,
        service.business_id,
        service.id,
        (select chosen.id from unnest(v_chosen) as chosen where chosen.is_leading limit 1),
        create_session.starts_at,
        v_ends_at,
        create_session.capacity
    );
    if cardinality(v_chosen) < (
        select count(distinct need.pool) from unnest(create_session.needs) as need
    ) or not scheduling.allocate_session(service.business_id, v_id, v_chosen, v_during) then
        perform scheduling.refuse_session(create_session.starts_at);
    end if;
    return v_id;
end;
$$;

/*
 * Return the first candidate of each pool that a session needs.
 */
create function scheduling.session_resources(
    service catalog.services, starts_at timestamptz, needs scheduling.need[], during tstzrange
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
    v_vacancies scheduling.vacancy[] = array(
        select scheduling.vacancy_of(need, session_resources.starts_at)
        from unnest(session_resources.needs) as need
    );
    v_pools text[] = '{}';
    v_candidate scheduling.candidate;
    v_chosen scheduling.candidate[] = '{}';
begin
    v_leg.service_id = service.id;
    v_leg.business_id = service.business_id;
    v_leg.starts_at = session_resources.starts_at;
    foreach v_candidate in array scheduling.ordered_candidates(v_leg, v_vacancies, during, null)
    loop
        continue when v_candidate.pool = any(v_pools);
        v_pools = v_pools || v_candidate.pool;
        v_chosen = v_chosen || v_candidate;
    end loop;
    return v_chosen;
end;
$$;

/*
 * Return a needed resource as a vacancy at a start.
 */
create function scheduling.vacancy_of(need scheduling.need, starts_at timestamptz)
returns scheduling.vacancy
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_vacancy scheduling.vacancy;
begin
    v_vacancy.at = vacancy_of.starts_at;
    v_vacancy.id = need.id;
    v_vacancy.pool = need.pool;
    v_vacancy.is_leading = need.is_leading;
    v_vacancy.units = need.units;
    v_vacancy.remaining = need.capacity;
    v_vacancy.capacity = need.capacity;
    v_vacancy.rank = need.rank;
    return v_vacancy;
end;
$$;

/*
 * Allocate resources to a session. Returns whether all of them were free.
 */
create function scheduling.allocate_session(
    business_id uuid, session_id uuid, chosen scheduling.candidate[], during tstzrange
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wanted bigint = (
        select coalesce(sum(cardinality(candidate.free_units)), 0) from unnest(chosen) as candidate
    );
    v_count bigint;
begin
    insert into scheduling.allocations (
        business_id, session_id, resource_id, unit, during, is_blocking
    )
    select
        allocate_session.business_id,
        allocate_session.session_id,
        candidate.id,
        unit.number,
        allocate_session.during,
        true
    from unnest(chosen) as candidate
    cross join lateral unnest(candidate.free_units) as unit (number)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    return v_count = v_wanted;
end;
$$;

/*
 * Refuse a session whose resources are taken.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_session(starts_at timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'slot_taken',
        format(
            'A resource that this class needs is taken at %s.',
            to_char(refuse_session.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
        ),
        'Choose other times or another resource. Nothing was created.'
    );
end;
$$;

-- sql/44_bookings/functions/session_arguments.sql

-- How create_slots reads its arguments.

/*
 * Return a service that the caller may see.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.class_of(service_id uuid)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    select services.* into v_service
    from catalog.services
    where services.id = class_of.service_id;
    if v_service.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service.',
            'Check the id in the view services.'
        );
    end if;
    return v_service;
end;
$$;

/*
 * Read a range of dates, both included; without an end it is one day, and it is at most a year.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_dates(from_date text, to_date text)
returns daterange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_first date = private.to_date(
        private.to_required_text(from_date, 'from_date', 20), 'from_date'
    );
    v_last date = coalesce(private.to_date(to_date, 'to_date'), v_first);
begin
    if v_last < v_first or v_last > v_first + 366 then
        perform private.invalid('to_date', 'must be between from_date and a year later');
    end if;
    return daterange(v_first, v_last + 1);
end;
$$;

/*
 * Read a list of weekdays, 1 (Monday) to 7; all of them if none are sent.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_weekdays(weekdays text)
returns integer[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if weekdays is null then
        return '{1,2,3,4,5,6,7}'::integer[];
    end if;
    return array(
        select private.to_whole_number(element.value, 'weekdays', 1, 7)
        from jsonb_array_elements_text(private.to_list(weekdays, 'weekdays', 7))
            as element (value)
    );
end;
$$;

-- sql/44_bookings/functions/sessions.sql

-- How the sessions of a class are created. A session takes its leader, and everything else that
-- the class needs, for its whole length with buffers.

/*
 * Return the starts of sessions between two wall clocks on local dates, one after another. Two
 * that a clock change makes the same instant are one.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.session_starts(
    service catalog.services,
    dates daterange,
    weekdays integer[],
    opens_at time,
    closes_at time,
    every_minutes integer
)
returns timestamptz[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = service.business_id
    );
    v_starts timestamptz[];
begin
    if closes_at <= opens_at then
        perform private.invalid('closes_at', 'must be after opens_at');
    end if;
    v_starts = array(
        select distinct (days.day + clocks.clock) at time zone v_time_zone as at
        from generate_series(
            lower(dates)::timestamp, (upper(dates) - 1)::timestamp, interval '1 day'
        ) as days (day)
        cross join lateral (
            select make_interval(mins => steps.step) as clock
            from generate_series(
                extract(epoch from opens_at)::integer / 60,
                extract(epoch from closes_at)::integer / 60 - service.duration_minutes,
                every_minutes
            ) as steps (step)
        ) as clocks
        where extract(isodow from days.day) = any(weekdays)
        order by at
    );
    if cardinality(v_starts) > 1000 then
        perform private.invalid('to_date', 'must not create more than 1000 sessions at once');
    end if;
    return v_starts;
end;
$$;

/*
 * Create the sessions of a class at some starts, all or nothing. Existing ones stay as they are.
 * Definer: nobody writes sessions or allocations directly; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible
 */
create function scheduling.create_sessions(
    service catalog.services, starts timestamptz[], resource_id uuid, capacity integer
)
returns setof uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_needs scheduling.need[];
    v_ids uuid[];
    v_start timestamptz;
    v_id uuid;
begin
    perform private.require_member(service.business_id, 'manage');
    if not service.is_class then
        perform private.invalid('service_id', 'must be a class: set is_class of the service first');
    end if;
    v_needs = scheduling.session_needs(
        service, create_sessions.resource_id, create_sessions.capacity
    );
    v_ids = array(select need.id from unnest(v_needs) as need);
    perform private.lock(v_ids || scheduling.people_of(v_ids) || service.id);
    foreach v_start in array starts loop
        continue when exists (
            select 1
            from scheduling.sessions
            where
                sessions.business_id = service.business_id
                and sessions.service_id = service.id
                and sessions.starts_at = v_start
                and (
                    create_sessions.resource_id is null
                    or sessions.resource_id = create_sessions.resource_id
                )
        );
        v_id = scheduling.create_session(service, v_start, v_needs, create_sessions.capacity);
        return next v_id;
    end loop;
end;
$$;

/*
 * Return what a session of a class needs.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.session_needs(
    service catalog.services, resource_id uuid, capacity integer
)
returns scheduling.need[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_needs scheduling.need[] = scheduling.needs_of(
        service.id, session_needs.resource_id, session_needs.capacity
    );
begin
    if v_needs = '{}' and session_needs.resource_id is not null
        or exists (select 1 from unnest(v_needs) as need where need.units > need.capacity) then
        perform private.refuse(
            'PT422', 'not_eligible',
            'That resource does not provide this class, or is too small for it.',
            'Choose a resource from service_resources, or lower the capacity.'
        );
    end if;
    return v_needs;
end;
$$;

-- sql/44_bookings/functions/slots.sql

-- Slots: one row a start, with everybody who may be booked for it in the order in which a booking
-- that names nobody would try them. The order is that of assign.sql for many starts at once.

/*
 * Return the resources that may be assigned to a leg in some time, each with its tier: those that
 * the caller knows come first, then the highest priority. Load curves decide within a tier; a
 * resource that is alone in its tier has none.
 */
create function scheduling.assignees(leg scheduling.leg, resource_ids uuid[], starts tstzrange)
returns setof scheduling.assignee
language plpgsql
stable
security invoker
set search_path = ''
rows 10
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_known record = scheduling.known_resources(leg, auth.uid());
begin
    return query
    with tiered as materialized (
        select
            members.resource_id,
            dense_rank() over (order by known.place, members.priority desc)::integer as tier
        from catalog.service_resources as members
        cross join lateral (
            select case members.resource_id when v_known.preferred_id then 1 when v_known.past_id then 2 end
        ) as known (place)
        where
            members.service_id = leg.service_id
            and members.resource_id = any(assignees.resource_ids)
    )

    select
        tiered.resource_id,
        tiered.tier,
        curve.weight,
        curve.begins,
        curve.earlier_weight,
        curve.earlier_begins
    from tiered
    left join scheduling.load_curves(
        leg,
        array(
            select rivals.resource_id
            from (
                select
                    tiered.resource_id,
                    count(*) over (partition by tiered.tier) as count
                from tiered
            ) as rivals
            where rivals.count > 1
        ),
        assignees.starts,
        null
    ) as curve on curve.resource_id = tiered.resource_id;
end;
$$;

/*
 * Return the slots of a leg that is not a class: at each start, who is free in the order of their
 * tier, then of their load around it, then of their rank.
 */
create function scheduling.resource_slots(leg scheduling.leg, during tstzmultirange)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_length interval = make_interval(mins => leg.minutes);
    -- width_bucket counts what is not later than a moment. Of the thirty days around a start, the
    -- first moment counts and the last one does not.
    v_before constant interval = '360:00:00.000001';
    v_after constant interval = '359:59:59.999999';
    v_needs scheduling.need[] = scheduling.needs_of(
        leg.service_id, leg.resource_id, leg.party_size
    );
    v_ids uuid[] = array(select need.id from unnest(v_needs) as need where need.is_leading);
begin
    return query
    select
        ordered.at,
        ordered.at + v_length,
        array_agg(ordered.id),
        sum(ordered.remaining)::integer
    from (
        select
            vacancy.at,
            vacancy.id,
            vacancy.remaining
        from scheduling.vacancies_for_caller(leg, resource_slots.during, v_needs) as vacancy
        inner join scheduling.assignees(leg, v_ids, range_merge(resource_slots.during)) as assignee
            on assignee.id = vacancy.id
        where vacancy.is_leading
        order by
            vacancy.at,
            assignee.tier,
            (
                width_bucket(vacancy.at + v_after, assignee.begins)
                - width_bucket(vacancy.at - v_before, assignee.begins)
            ) / assignee.weight
            + coalesce(
                (
                    width_bucket(vacancy.at + v_after, assignee.earlier_begins)
                    - width_bucket(vacancy.at - v_before, assignee.earlier_begins)
                ) / assignee.earlier_weight,
                0
            ),
            vacancy.rank
    ) as ordered
    group by ordered.at
    order by ordered.at;
end;
$$;

/*
 * Return the slots of a class: at each start, who leads a session with enough free seats, the
 * session with the most of them first. A session that nobody leads has seats and no resource.
 */
create function scheduling.session_slots(leg scheduling.leg, during tstzmultirange)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        leaders.at,
        leaders.at + make_interval(mins => leg.minutes),
        coalesce(
            array_agg(leaders.id order by leaders.most desc, leaders.rank)
            filter (where leaders.id is not null),
            '{}'
        ),
        sum(leaders.places)::integer
    from (
        select
            vacancy.at,
            vacancy.id,
            sum(vacancy.remaining) as places,
            max(vacancy.remaining) as most,
            min(vacancy.rank) as rank
        from scheduling.vacancies_for_caller(leg, session_slots.during) as vacancy
        group by vacancy.at, vacancy.id
    ) as leaders
    group by leaders.at
    order by leaders.at;
end;
$$;

/*
 * Return the slots of a leg in some periods, ordered by time.
 * Definer: it sees how busy everybody is, and returns only the order.
 */
create function scheduling.slots(leg scheduling.leg, during tstzmultirange)
returns setof public.slot
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if leg.is_class then
        return query select * from scheduling.session_slots(leg, slots.during);
    else
        return query select * from scheduling.resource_slots(leg, slots.during);
    end if;
end;
$$;

-- sql/44_bookings/functions/steps.sql

-- The transitions of a booking that exists. Each of them locks the booking, reads it again, and
-- writes once. Asking for the status that a booking already has changes nothing.

/*
 * Refuse a booking whose hold or request is over although no worker has recorded that yet.
 *
 * Errors:  PT409 hold_expired invalid_transition
 */
create function scheduling.refuse_overdue(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from scheduling.scheduled_transitions
        where
            scheduled_transitions.booking_id = booking.id
            and scheduled_transitions.from_status = booking.status
            and scheduled_transitions.due_at <= private.now()
    ) and booking.status is distinct from 'expired' then
        return;
    end if;
    if booking.hold_expires_at is not null then
        perform private.refuse(
            'PT409', 'hold_expired', 'The hold has expired.', 'Ask for slots and book again.'
        );
    end if;
    perform private.refuse(
        'PT409', 'invalid_transition', 'The request has expired, because its start has passed.',
        'Book another time.'
    );
end;
$$;

/*
 * Change the status of a booking. The transitions table and the triggers decide whether the
 * transition exists and who may make it. A booking that has the status already stays as it is.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired slot_taken changed_meanwhile · PT422 too_soon
 */
create function scheduling.change_status(
    booking_id uuid,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text,
    is_repeated boolean default false
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings = scheduling.lock_booking(
        change_status.booking_id, change_status.as_actors
    );
    v_to_status scheduling.booking_status = scheduling.status_to_reach(
        v_booking, change_status.to_status
    );
begin
    if v_booking.status = v_to_status then
        return v_booking.id;
    end if;
    perform scheduling.refuse_overdue(v_booking);
    update scheduling.bookings
    set
        status = v_to_status,
        status_reason = change_status.reason,
        hold_expires_at = case v_to_status
            when 'pending_payment' then bookings.hold_expires_at
        end,
        repeated_step_count = bookings.repeated_step_count + change_status.is_repeated::integer
    where bookings.id = v_booking.id;
    if v_to_status in ('cancelled', 'rejected') then
        perform scheduling.announce_freed(v_booking, scheduling.places_of(v_booking.id));
    end if;
    return v_booking.id;
end;
$$;

/*
 * Return the status that a booking reaches when its caller asks for one. A customer who completes a
 * hold pays first if its services say so. Then the hold of a service on request becomes a request,
 * also the second time that they ask.
 */
create function scheduling.status_to_reach(
    booking scheduling.bookings, wanted scheduling.booking_status
)
returns scheduling.booking_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_customer boolean = wanted = 'confirmed'
    and not scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[];
begin
    if not v_is_customer then
        return wanted;
    elsif booking.status in ('held', 'pending_payment') and not scheduling.is_prepaid(booking) then
        return 'pending_payment';
    end if;
    return case
        when booking.status in ('held', 'pending_payment') and scheduling.is_on_request(booking)
            then 'pending'
        when booking.status = 'pending' and scheduling.was_held(booking) then 'pending'
        else wanted
    end;
end;
$$;

/*
 * Return whether a booking was a hold just before it got its status.
 */
create function scheduling.was_held(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return 'held' = (
        select booking_history.from_status
        from scheduling.booking_history
        where
            booking_history.business_id = booking.business_id
            and booking_history.booking_id = booking.id
        order by booking_history.id desc
        limit 1
    );
end;
$$;

/*
 * Return whether any service of a booking requires confirmation by the business.
 */
create function scheduling.is_on_request(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
            and services.requires_confirmation
    );
end;
$$;

/*
 * Make the transitions that are due: holds expire, requests lapse, and the time that becomes free
 * is announced. Returns how many were made. Several workers may run it at once; each skips the
 * bookings that another has locked.
 * Definer: called by the worker, which has no access to the tables.
 */
create function scheduling.apply_due_transitions(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
    v_booking scheduling.bookings;
begin
    with due as (
        select
            bookings.id,
            scheduled_transitions.to_status
        from scheduling.scheduled_transitions
        inner join scheduling.bookings
            on
                bookings.id = scheduled_transitions.booking_id
                and bookings.status = scheduled_transitions.from_status
        where scheduled_transitions.due_at <= private.now()
        order by scheduled_transitions.due_at
        limit apply_due_transitions.batch_size
        for update of bookings skip locked
    ),

    taken as (
        update scheduling.bookings
        set status = due.to_status
        from due
        where bookings.id = due.id
        returning bookings.*
    )

    select coalesce(array_agg(taken::scheduling.bookings), '{}') into v_bookings
    from taken;
    foreach v_booking in array v_bookings loop
        perform scheduling.announce_freed(v_booking, scheduling.places_of(v_booking.id));
    end loop;
    return cardinality(v_bookings);
end;
$$;

-- sql/44_bookings/functions/visible.sql

-- Bookings as the caller may see them, which is what every function of the API returns.

/*
 * Return a booking as the caller may see it. Volatile, so that it also sees what the same
 * statement has just written.
 */
create function scheduling.visible_booking(booking_id uuid)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking public.bookings;
begin
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = visible_booking.booking_id;
    return v_booking;
end;
$$;

/*
 * Change the status of a booking, and return it as the caller may see it.
 *
 * Errors:  PT400 invalid_input · those of scheduling.change_status
 */
create function scheduling.change_status_as(
    booking_id text,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = scheduling.change_status(
        private.to_identifier(booking_id, 'booking_id'),
        to_status,
        as_actors,
        private.to_text(reason, 'reason', 1000)
    );
begin
    return scheduling.visible_booking(v_id);
end;
$$;

-- sql/44_bookings/rules/allocations.sql

-- The time of a booking follows its status.

/*
 * Release the time of a booking, keep it for good or, for a request that did not block, take it
 * now if it is still free.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.bookings__follow_with_allocations()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.release_expired_holds(
            array_agg(allocations.resource_id), range_merge(range_agg(allocations.during))
        )
        from scheduling.allocations
        where
            allocations.business_id = new.business_id
            and allocations.booking_id = new.id
            and not allocations.is_blocking
        having count(*) > 0;
    end if;

    update scheduling.allocations
    set
        is_blocking = scheduling.is_blocking(new.status, services.is_blocked_by_pending),
        expires_at = case
            when new.status in ('held', 'pending_payment') then new.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        allocations.business_id = new.business_id
        and allocations.booking_id = new.id
        and booking_items.id = allocations.booking_item_id;
    perform scheduling.follow_with_seats(new);
    return null;
exception
    when exclusion_violation then
        perform scheduling.refuse_taken();
        return null;
end;
$$;

create trigger _200_follow_with_allocations
after update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__follow_with_allocations();

-- sql/44_bookings/rules/history.sql

-- Every step of a booking is recorded and announced in the transaction that makes it, and nobody
-- changes the record.

/*
 * Record a step of a booking: who, when, why, and what changed.
 */
create function scheduling.bookings__record_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- Most bookings are made by their customer, and the members of the business need no look.
    v_actors scheduling.actor_kind[] = case
        when tg_op = 'INSERT' and new.customer_id = auth.uid() then '{customer}'
        else scheduling.actors(new)
    end;
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, fee_minor, is_repeated, overridden
    )
    values (
        new.business_id,
        new.id,
        case when tg_op = 'UPDATE' then old.status end,
        new.status,
        case when tg_op = 'UPDATE' then old.starts_at end,
        new.starts_at,
        case
            -- A guest who books proves their address before the hold runs out.
            when tg_op = 'INSERT' and v_actors = '{}' and new.customer_email is not null
                and new.customer_id is null then 'customer'
            when new.status = 'expired' or v_actors = '{}' then 'system'
            when tg_op = 'INSERT' and 'customer' = any(v_actors) then 'customer'
            else v_actors[1]
        end,
        case when new.status <> 'expired' then auth.uid() end,
        new.status_reason,
        private.now(),
        case
            when tg_op = 'INSERT' then 0
            when old.status = new.status or old.starts_at <> new.starts_at then
                new.reschedule_fee_minor - old.reschedule_fee_minor
            else
                new.cancellation_fee_minor + new.no_show_fee_minor
                - old.cancellation_fee_minor - old.no_show_fee_minor
        end,
        new.repeated_step_count > case when tg_op = 'UPDATE' then old.repeated_step_count else 0 end,
        case when tg_op = 'INSERT' then new.overridden else '{}' end
    );
    return null;
end;
$$;

create trigger _300_record_step
after insert on scheduling.bookings
for each row execute function scheduling.bookings__record_step();

create trigger _310_record_step
after update of status, starts_at on scheduling.bookings
for each row
when (old.status is distinct from new.status or old.starts_at is distinct from new.starts_at)
execute function scheduling.bookings__record_step();

/*
 * Announce a step of a booking as booking.requested, .confirmed, .moved, .cancelled and so on:
 * `reassigned` if another resource provides an item, `moved` if only the time changed, `requested`
 * if the booking begins to wait for the business, `released` if a hold ran out, otherwise the new
 * status. `is_repeated`: the same step of an earlier booking of the series is announced as well.
 */
create function scheduling.booking_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'booking.' || case
            when new.booking_item_id is not null then 'item_cancelled'
            when coalesce(new.from_resource_id, new.to_resource_id) is not null then 'reassigned'
            when new.to_status = new.from_status then 'moved'
            when new.to_status = 'pending' then 'requested'
            when new.to_status = 'expired' and new.from_status <> 'pending' then 'released'
            else new.to_status::text
        end,
        jsonb_build_object(
            'booking_id', new.booking_id,
            'business_id', new.business_id,
            'from_status', new.from_status,
            'to_status', new.to_status,
            'from_starts_at', new.from_starts_at,
            'to_starts_at', new.to_starts_at,
            'actor', new.actor,
            'reason', new.reason,
            'fee_minor', new.fee_minor,
            'booking_item_id', new.booking_item_id,
            'is_repeated', new.is_repeated
        )
        || case
            when coalesce(new.from_resource_id, new.to_resource_id) is null then '{}'
            else jsonb_build_object(
                'from_resource_id', new.from_resource_id, 'to_resource_id', new.to_resource_id
            )
        end
    );
    return null;
end;
$$;

/*
 * Record that one service of a booking was cancelled on its own.
 */
create function scheduling.booking_items__record_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.booking_history (
        business_id, booking_id, booking_item_id, from_status, to_status, from_starts_at,
        to_starts_at, actor, actor_id, reason, at, fee_minor
    )
    select
        bookings.business_id,
        bookings.id,
        new.id,
        bookings.status,
        bookings.status,
        bookings.starts_at,
        bookings.starts_at,
        coalesce((scheduling.actors(bookings))[1], 'system'),
        auth.uid(),
        bookings.status_reason,
        private.now(),
        new.cancellation_fee_minor
    from scheduling.bookings
    where bookings.id = new.booking_id;
    return null;
end;
$$;

create trigger _300_record_step
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null)
execute function scheduling.booking_items__record_step();

create trigger _500_announce
after insert on scheduling.booking_history
for each row execute function scheduling.booking_history__announce();

create trigger _100_refuse_rewriting
before update or delete on scheduling.booking_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on scheduling.booking_history
for each statement execute function private.any__refuse_rewriting();

-- sql/44_bookings/rules/notifications.sql

-- Whoever keeps something about a booking hears when the booking is deleted.

create trigger _600_announce_deletion
after delete on scheduling.bookings
for each row execute function private.any__announce_deletion('booking');

-- sql/44_bookings/rules/payments.sql

-- A booking follows the payments of its sale, in the transaction that records them.

/*
 * Confirm the booking of a sale when a part of a payment for it is captured or reserved.
 */
create function scheduling.payment_parts__confirm_booking()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.confirm_paid(bookings.id)
    from scheduling.bookings
    where
        bookings.business_id = new.business_id
        and bookings.sale_id = new.sale_id
        and bookings.status in ('pending_payment', 'expired');
    return null;
end;
$$;

create trigger _300_confirm_booking
after update of captured_minor, authorized_minor on money.payment_parts
for each row
when (
    new.captured_minor > old.captured_minor
    or new.authorized_minor > old.authorized_minor
)
execute function scheduling.payment_parts__confirm_booking();

-- sql/44_bookings/rules/sales.sql

-- A booking past a hold has a sale, on every path.

/*
 * Sell a booking when it stops being a hold: write its sale from the accepted quote, and note the
 * customer. The items of a hold learn their lines here; later items look theirs up.
 */
create function scheduling.bookings__sell()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.sale_id = sales.place_sale(
        new.business_id, new.customer_id, new.customer_name, new.customer_email,
        new.customer_phone, new.quote || jsonb_build_object('currency', new.currency)
    );
    perform customers.note_customer(
        new.business_id, new.customer_id, new.customer_name, new.customer_email,
        new.customer_phone, new.contact_verified_at
    );
    if tg_op = 'UPDATE' then
        update scheduling.booking_items
        set sale_line_id = sale_lines.id
        from sales.sale_lines
        where
            booking_items.business_id = new.business_id
            and booking_items.booking_id = new.id
            and sale_lines.business_id = new.business_id
            and sale_lines.sale_id = new.sale_id
            and sale_lines.position = booking_items.position;
    end if;
    return new;
end;
$$;

create trigger _150_sell
before insert or update of status on scheduling.bookings
for each row
when (new.sale_id is null and new.status not in ('held', 'expired', 'cancelled'))
execute function scheduling.bookings__sell();

/*
 * An item of a booking that is sold is one of the sale's lines.
 */
create function scheduling.booking_items__find_line()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.sale_line_id = (
        select sale_lines.id
        from scheduling.bookings
        inner join sales.sale_lines
            on
                sale_lines.business_id = bookings.business_id
                and sale_lines.sale_id = bookings.sale_id
                and sale_lines.position = new.position
        where bookings.id = new.booking_id
    );
    return new;
end;
$$;

create trigger _150_find_line
before insert on scheduling.booking_items
for each row
when (new.sale_line_id is null)
execute function scheduling.booking_items__find_line();

/*
 * Write a revision of the sale when a booking ends without being provided, or costs a fee.
 */
create function scheduling.bookings__revise_sale()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_cause sales.revision_cause = case
        when new.status in ('cancelled', 'rejected', 'expired', 'no_show') then new.status::text
        when old.status in ('no_show', 'expired') then 'corrected'
        else 'moved'
    end;
begin
    perform sales.revise_sale(
        new.business_id, new.sale_id, v_cause, scheduling.sale_changes(new, v_cause)
    );
    return null;
end;
$$;

create trigger _260_revise_sale
after update of status, reschedule_fee_minor on scheduling.bookings
for each row
when (
    new.sale_id is not null
    and (
        old.status is distinct from new.status
        and (
            new.status in ('cancelled', 'rejected', 'expired', 'no_show')
            or old.status in ('no_show', 'expired')
        )
        or old.reschedule_fee_minor is distinct from new.reschedule_fee_minor
    )
)
execute function scheduling.bookings__revise_sale();

/*
 * Write a revision of the sale when one service of a booking is cancelled.
 */
create function scheduling.booking_items__revise_sale()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = new.booking_id and bookings.sale_id is not null;
    if found then
        perform sales.revise_sale(
            v_booking.business_id, v_booking.sale_id, 'cancelled',
            scheduling.sale_changes(v_booking, 'cancelled')
        );
    end if;
    return null;
end;
$$;

create trigger _260_revise_sale
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null)
execute function scheduling.booking_items__revise_sale();

/*
 * Note what a booking delivered when it ends: every line that stands when it is completed, the fees
 * when it was cancelled or nobody came.
 */
create function scheduling.bookings__deliver()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform sales.deliver_lines(
        new.business_id,
        new.sale_id,
        case
            when new.status <> 'completed' then array(
                select sale_lines.id
                from sales.sale_lines
                where
                    sale_lines.business_id = new.business_id
                    and sale_lines.sale_id = new.sale_id
                    and sale_lines.kind = 'fee'
            )
        end
    );
    return null;
end;
$$;

create trigger _270_deliver
after update of status on scheduling.bookings
for each row
when (
    new.sale_id is not null
    and old.status is distinct from new.status
    and new.status in ('completed', 'cancelled', 'no_show')
)
execute function scheduling.bookings__deliver();

-- sql/44_bookings/rules/sessions.sql

-- The capacity of a session never falls below the seats that are taken.

/*
 * Refuse a capacity that removes taken seats. The constraint seats_exist holds the same; this
 * answers in the API's words.
 *
 * Errors:  PT409 capacity_in_use
 */
create function scheduling.sessions__keep_taken_seats()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.expire_holds(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where seats.session_id = new.id and seats.is_blocking and seats.expires_at <= private.now()
        )
    );
    if exists (
        select 1
        from scheduling.seats
        where seats.session_id = new.id and seats.is_blocking and seats.number > new.capacity
    ) then
        perform private.refuse(
            'PT409', 'capacity_in_use', 'More seats than that are already booked.',
            'Move or cancel those bookings first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_taken_seats
before update of capacity on scheduling.sessions
for each row
when (new.capacity < old.capacity)
execute function scheduling.sessions__keep_taken_seats();

-- sql/44_bookings/rules/steps.sql

-- What holds for the steps of bookings on every path, the table owner's included.

/*
 * Refuse transitions that do not exist, that the caller may not make, or whose condition is not
 * met.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition payment_required · PT422 too_soon
 */
create function scheduling.bookings__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_step scheduling.booking_transitions;
begin
    select booking_transitions.* into v_step
    from scheduling.booking_transitions
    where
        booking_transitions.from_status = old.status
        and booking_transitions.to_status = new.status;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A booking that is %s cannot become %s.', old.status, new.status),
            'Read the booking again and check its status.'
        );
    end if;
    -- Whoever wants the time next expires a hold that ran out, also a rival.
    if new.status <> 'expired'
        and not (v_step.actors || 'system'::scheduling.actor_kind) && scheduling.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to take this step.',
            'Ask the business to take it.'
        );
    end if;
    if v_step.guard is not null then
        perform case v_step.guard
            when 'paid' then scheduling.refuse_unpaid(new)
            else scheduling.refuse_early_step(new, v_step.guard)
        end;
    end if;
    return new;
end;
$$;

/*
 * Refuse to confirm a booking whose prepayment is neither paid nor reserved.
 *
 * Errors:  PT409 payment_required
 */
create function scheduling.refuse_unpaid(booking scheduling.bookings)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not scheduling.is_prepaid(booking) then
        perform private.refuse(
            'PT409', 'payment_required', 'This booking must be paid before it is confirmed.',
            'Pay it with start_payment, or record cash with record_cash_payment.'
        );
    end if;
end;
$$;

/*
 * Refuse a step before its condition is met: the start or, for a check-in, as long before it as
 * the first service says.
 *
 * Errors:  PT422 too_soon
 */
create function scheduling.refuse_early_step(
    booking scheduling.bookings, guard scheduling.transition_guard
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_opens_at timestamptz = booking.starts_at - case guard
        when 'check_in_open' then (
            select make_interval(mins => services.check_in_minutes)
            from scheduling.booking_items
            inner join catalog.services on services.id = booking_items.service_id
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
                and booking_items.cancelled_at is null
            order by booking_items.position
            limit 1
        )
        else interval '0'
    end;
begin
    if private.now() >= v_opens_at then
        return;
    end if;
    if guard = 'check_in_open' then
        perform private.refuse(
            'PT422', 'too_soon', 'Check-in is not open yet.',
            format(
                'It opens at %s.', to_char(v_opens_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            )
        );
    end if;
    perform private.refuse(
        'PT422', 'too_soon', 'This is not possible before the start.', 'Wait for the start.'
    );
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__refuse_illegal_steps();

create trigger _900_touch
before update on scheduling.bookings
for each row execute function private.any__touch();

/*
 * Charge the fee of a step: a cancellation by the customer, or a no-show. A cancellation by the
 * business is free, and so is a no-show that is corrected.
 */
create function scheduling.bookings__charge_fee()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status = 'cancelled' and (scheduling.actors(old))[1] = 'customer' then
        update scheduling.booking_items
        set cancellation_fee_minor = lines.fee_minor
        from scheduling.fee_lines(old, scheduling.cancellation_terms(old, private.now())) as lines
        where booking_items.id = lines.booking_item_id;
        select coalesce(sum(booking_items.cancellation_fee_minor), 0) into new.cancellation_fee_minor
        from scheduling.booking_items
        where booking_items.business_id = new.business_id and booking_items.booking_id = new.id;
    end if;
    new.no_show_fee_minor = case
        when new.status = 'no_show' then (
            select coalesce(sum(lines.fee_minor), 0)
            from scheduling.fee_lines(old, scheduling.terms_of(old.policy, 'no_show')) as lines
            where not lines.is_cancelled
        )
        else 0
    end;
    return new;
end;
$$;

create trigger _110_charge_fee
before update of status on scheduling.bookings
for each row
when (
    old.status is distinct from new.status
    and (new.status in ('cancelled', 'no_show') or old.status = 'no_show')
)
execute function scheduling.bookings__charge_fee();

/*
 * Schedule the next transition that happens by itself: a hold expires, a request lapses at its
 * start. Any other step removes it.
 */
create function scheduling.bookings__schedule_next_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' then
        delete from scheduling.scheduled_transitions
        where scheduled_transitions.booking_id = new.id;
    end if;
    insert into scheduling.scheduled_transitions (
        booking_id, business_id, from_status, to_status, due_at
    )
    select
        new.id,
        new.business_id,
        booking_transitions.from_status,
        booking_transitions.to_status,
        moments.due_at
    from scheduling.booking_transitions
    cross join lateral (
        select
            case booking_transitions.due
                when 'starts_at' then new.starts_at
                else new.hold_expires_at
            end as due_at
    ) as moments
    where
        booking_transitions.from_status = new.status
        and booking_transitions.due is not null
        and moments.due_at is not null;
    return null;
end;
$$;

create trigger _400_schedule_next_step
after insert on scheduling.bookings
for each row
when (new.status in ('held', 'pending_payment', 'pending'))
execute function scheduling.bookings__schedule_next_step();

create trigger _410_schedule_next_step
after update of status, starts_at, hold_expires_at on scheduling.bookings
for each row
when (
    old.status in ('held', 'pending_payment', 'pending')
    or new.status in ('held', 'pending_payment', 'pending')
)
execute function scheduling.bookings__schedule_next_step();

create trigger _010_refuse_bad_input
before insert or update on scheduling.booking_notes
for each row execute function business.any__refuse_bad_input('serve');

-- sql/44_bookings/policies.sql

-- Who may read the history, the notes and the transitions of bookings: the customer and the
-- members of the business the history, members alone the notes, everybody the transitions.
-- Functions write them.

alter table scheduling.booking_history enable row level security;
alter table scheduling.booking_notes enable row level security;
alter table scheduling.booking_transitions enable row level security;
-- scheduled_transitions has no policy: the worker takes its steps through a function.
alter table scheduling.scheduled_transitions enable row level security;
-- holds has no policy: only functions read where somebody held from.
alter table scheduling.holds enable row level security;

grant select on
scheduling.booking_history,
scheduling.booking_notes
to authenticated;
grant insert (id, business_id, booking_id, body), delete
on scheduling.booking_notes to authenticated;
grant select on scheduling.booking_transitions to anon, authenticated;

grant select, insert, update, delete on
scheduling.booking_history,
scheduling.booking_notes,
scheduling.booking_transitions,
scheduling.scheduled_transitions,
scheduling.holds
to service_role;

create policy booking_history_select
on scheduling.booking_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

-- Notes are the business's own: not the customer's, not the platform's.
create policy booking_notes_select
on scheduling.booking_notes
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_notes_insert
on scheduling.booking_notes
for insert
to authenticated
with check (business_id in (select private.my_businesses('serve')));

create policy booking_notes_delete
on scheduling.booking_notes
for delete
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_transitions_select
on scheduling.booking_transitions
for select
to anon, authenticated
using (true);

-- Whom a customer prefers is theirs to know: not the business's, not the platform's.

alter table scheduling.preferred_resources enable row level security;

grant select on scheduling.preferred_resources to authenticated;
grant select, insert, update, delete on scheduling.preferred_resources to service_role;

create policy preferred_resources_select
on scheduling.preferred_resources
for select
to authenticated
using (customer_id = (select auth.uid()));

alter table scheduling.preferred_services enable row level security;

grant select on scheduling.preferred_services to authenticated;
grant select, insert, update, delete on scheduling.preferred_services to service_role;

create policy preferred_services_select
on scheduling.preferred_services
for select
to authenticated
using (customer_id = (select auth.uid()));

-- What members wrote down is for them, and for the customer whom it is about.

alter table scheduling.customer_preferences enable row level security;

grant select on scheduling.customer_preferences to authenticated;
grant select, insert, update, delete on scheduling.customer_preferences to service_role;

create policy customer_preferences_select
on scheduling.customer_preferences
for select
to authenticated
using (
    customer_id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
);
-- Arrivals have no policy: only functions read them.

alter table scheduling.arrivals enable row level security;

grant select, insert, update, delete on scheduling.arrivals to service_role;

-- What public functions call. Each of them checks its caller; none is reachable over HTTP.
grant execute on function
scheduling.list_my_businesses(),
scheduling.slots(scheduling.leg, tstzmultirange),
scheduling.days(scheduling.leg, date, date),
scheduling.visible_booking(uuid),
scheduling.change_status_as(text, scheduling.booking_status, scheduling.actor_kind[], text),
scheduling.book_once(
    text, scheduling.selection[], pricing.context, text, boolean, text
),
scheduling.place_booking(scheduling.selection[], pricing.context, text, boolean),
scheduling.book_for_once(
    scheduling.selection, identity.profiles, text, scheduling.start_rule[], text
),
scheduling.place_booking_by_member(
    scheduling.selection, identity.profiles, text, scheduling.start_rule[]
),
scheduling.change_status(uuid, scheduling.booking_status, scheduling.actor_kind[], text, boolean),
scheduling.cancel_booking_item(uuid, uuid, scheduling.actor_kind[], text),
scheduling.cancellation_quote(uuid, timestamptz),
scheduling.move_booking(
    uuid, timestamptz, uuid, scheduling.actor_kind[], text, uuid, boolean, boolean, bigint
),
scheduling.reschedule_quote(uuid, timestamptz, uuid),
scheduling.class_of(uuid),
scheduling.to_dates(text, text),
scheduling.to_weekdays(text),
scheduling.session_starts(catalog.services, daterange, integer[], time, time, integer),
scheduling.create_sessions(catalog.services, timestamptz[], uuid, integer),
scheduling.announce_arrival(uuid),
scheduling.set_preferred_resource(uuid, uuid),
scheduling.set_preferred_service(uuid, uuid)
to anon, authenticated, service_role;

grant execute on function
scheduling.apply_due_transitions(integer),
scheduling.forget_ended_holds()
to worker;

-- sql/44_bookings/api/arrivals.sql

-- Staff report that they have arrived at the customer's.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.mark_arrived(booking_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.announce_arrival(private.to_identifier(booking_id, 'booking_id'));
end;
$$;
comment on function public.mark_arrived is
'Report that the professional has arrived at the customer''s.

The customer is notified once, by SMS and push. Only for staff assigned to the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

grant execute on function public.mark_arrived(public.identifier)
to anon, authenticated, service_role;

-- sql/44_bookings/api/book.sql

-- How clients book. Each function reads its arguments, calls one function of the domain, and
-- returns the booking as the caller may see it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 coupon_exhausted idempotency_conflict insufficient_points link_expired
 *              not_bookable price_changed slot_taken terms_not_accepted
 *          PT422 blocked_out coupon_invalid limit_reached not_eligible outside_hours too_far
 *              too_soon
 */
create function public.book(
    service_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null,
    answers public.object default null,
    link_token text default null,
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    total_minor public.whole_number default null,
    redeem_points public.whole_number default '0'
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    return scheduling.book_once(
        'book',
        array[
            scheduling.to_selection(
                service_id, starts_at, resource_id, party_size, addon_ids, answers, link_token
            )
        ],
        pricing.to_terms(
            coupon_code, redeem_points, currency, store_id, region, total_minor
        ),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book is
'Book a service at an instant that available_slots returned.

Returns the booking.

- resource_id: the resource; by default a free one is assigned.
- party_size: number of guests.
- addon_ids: add-ons.
- notes: special requests, at most 2000 characters.
- hold: only hold the time for the service''s hold_minutes (anonymous_hold_minutes at most for a '
'user without an address); confirm_booking turns the hold into a booking. A business limits how '
'many times a customer and a network address hold at once.
- idempotency_key: repeating the call with the same key returns the first answer again, for a '
'day.
- answers: answers to the service''s questions by key, such as {"allergies": "none"}; required '
'ones must be present.
- link_token: token of a private link to a hidden service.
- coupon_code, redeem_points, currency, store_id, region: as quote takes them.
- total_minor: the total of the quote that the customer accepted, in minor units; at another price '
'nothing is booked.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'coupon_exhausted 409, '
'idempotency_conflict 409, insufficient_points 409, link_expired 409, not_bookable 409, '
'price_changed 409, slot_taken 409, terms_not_accepted 409, blocked_out 422, coupon_invalid 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 coupon_exhausted idempotency_conflict insufficient_points link_expired
 *              not_bookable price_changed slot_taken terms_not_accepted
 *          PT422 blocked_out coupon_invalid limit_reached not_eligible outside_hours too_far
 *              too_soon
 */
create function public.book_many(
    business_id public.identifier,
    items public.list,
    starts_at public.instant default null,
    party_size public.whole_number default '1',
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null,
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    total_minor public.whole_number default null,
    redeem_points public.whole_number default '0'
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_selections scheduling.selection[];
    v_legs scheduling.leg[];
begin
    perform private.token_user_id();
    v_selections = scheduling.to_selections(
        items,
        private.to_instant(starts_at, 'starts_at', is_required => false),
        scheduling.to_party_size(party_size)
    );
    if v_selections[1].starts_at is null then
        perform private.invalid('starts_at', 'is required');
    end if;
    v_legs = scheduling.legs(v_selections);
    if v_legs[1].business_id <> v_business_id then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such service.',
            'Check the id in the view services.'
        );
    end if;
    return scheduling.book_once(
        'book_many',
        v_selections,
        pricing.to_terms(
            coupon_code, redeem_points, currency, store_id, region, total_minor
        ),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book_many is
'Book several services of a business in sequence, all or nothing.

items is [{service_id, starts_at?, gap_minutes?, resource_id?, addon_ids?, party_size?, answers?, '
'link_token?}]; other keys are refused. The first item starts at starts_at. Each further item '
'starts when the previous one ends, plus its gap_minutes, or at its own starts_at. The other '
'arguments are those of book. Returns the booking.

- party_size: for the items that have none of their own.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'coupon_exhausted 409, '
'idempotency_conflict 409, insufficient_points 409, link_expired 409, not_bookable 409, '
'price_changed 409, slot_taken 409, terms_not_accepted 409, blocked_out 422, coupon_invalid 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';
grant execute on function
public.book(
    public.identifier, public.instant, public.identifier, public.whole_number, public.list,
    text, text, public.yes_no, text, public.object, text, text, public.identifier, text,
    public.whole_number, public.whole_number
),
public.book_many(
    public.identifier, public.list, public.instant, public.whole_number, text, text,
    public.yes_no, text, text, public.identifier, text, public.whole_number,
    public.whole_number
)
to anon, authenticated, service_role;

-- sql/44_bookings/api/book_for.sql

-- How members of a business book for callers and walk-ins.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict not_bookable price_changed slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_soon
 */
create function public.book_for(
    service_id public.identifier,
    starts_at public.instant,
    customer_name text,
    customer_email text default null,
    customer_phone text default null,
    override public.list default null,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    notes text default null,
    idempotency_key text default null,
    answers public.object default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer identity.profiles;
begin
    perform private.token_user_id();
    v_customer.full_name = private.to_required_text(customer_name, 'customer_name', 200);
    v_customer.email = private.to_email(customer_email, 'customer_email');
    v_customer.phone = private.to_phone(customer_phone, 'customer_phone');
    return scheduling.book_for_once(
        scheduling.to_selection(
            service_id, starts_at, resource_id, party_size, addon_ids, answers
        ),
        v_customer,
        private.to_text(notes, 'notes', 2000),
        scheduling.to_overrides(override),
        idempotency_key
    );
end;
$$;
comment on function public.book_for is
'Book for a caller or a walk-in, as a member of the business.

For owners, managers and staff. The booking is confirmed at once, also where the service requires '
'confirmation. The customer needs no account and is notified at the given contact; without one '
'they are not notified. The other arguments are those of book. Returns the booking.

- customer_name: at most 200 characters.
- customer_email, customer_phone: the contact, unverified; the phone number such as +491701234567.
- override: rules that may be set aside for this start: notice (and the first date; up to a day '
'back), advance (and the last date), and for owners and managers hours (and steps), closures (and '
'blocked time), limits. booking_history records those that the start breaks. Time that is taken is '
'never set aside.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, not_bookable 409, price_changed 409, slot_taken 409, blocked_out 422, limit_reached 422, '
'not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';

grant execute on function
public.book_for(
    public.identifier, public.instant, text, text, text, public.list, public.identifier,
    public.whole_number, public.list, text, text, public.object
)
to anon, authenticated, service_role;

-- sql/44_bookings/api/businesses.sql

-- The businesses that the caller works for.

/*
 * Errors:  PT401 not_signed_in · PT422 too_many_rows
 */
create function public.my_businesses()
returns table (
    id uuid,
    name text,
    slug text,
    vertical_id text,
    status text,
    is_active boolean,
    is_verified boolean,
    role text,
    booking_count bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_count bigint;
begin
    return query
    select
        mine.id,
        mine.name,
        mine.slug,
        mine.vertical_id,
        mine.status,
        mine.is_active,
        mine.is_verified,
        mine.role,
        mine.booking_count
    from scheduling.list_my_businesses() as mine;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Read the view business_members page by page.');
end;
$$;
grant execute on function public.my_businesses() to anon, authenticated, service_role;

comment on function public.my_businesses() is
'Return the caller''s businesses in every state, ordered by name, with the caller''s role.

booking_count counts all bookings ever made, in every status.

Errors: not_signed_in 401, too_many_rows 422.';

-- sql/44_bookings/api/cancel.sql

-- How clients cancel a booking or one of its services, and learn what that costs.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition
 */
create function public.cancel_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'cancelled', '{customer,business}', reason);
end;
comment on function public.cancel_booking is
'Cancel a booking, as the customer or the business.

Its time is free at once. A customer owes the fee of cancellation_quote; a business that cancels '
'charges nothing. Repeating the call changes nothing. Returns the booking.

- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.cancellation_quote(
    booking_id public.identifier, at public.instant default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.cancellation_quote(
        private.to_identifier(booking_id, 'booking_id'),
        coalesce(private.to_instant(at, 'at', is_required => false), private.now())
    );
end;
comment on function public.cancellation_quote is
'Return what it costs the customer to cancel at an instant (at, now by default), by the policy '
'stored with the booking: {booking_id, at, currency, total_minor, fee_minor, refund_minor, '
'reschedule_fee_minor, tier, lines: [{booking_item_id, service_name, total_minor, fee_minor, '
'refund_minor, is_cancelled}]}.

refund_minor is the total less the fee, in whole and in each line. reschedule_fee_minor is the '
'fee for moving the booking. tier is the tier that applies, or null if cancelling is free. For a '
'cancelled booking it returns what cancelling did cost. A business that cancels charges nothing.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition
 */
create function public.cancel_booking_item(
    booking_id public.identifier, booking_item_id public.identifier, reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.visible_booking(
        scheduling.cancel_booking_item(
            private.to_identifier(booking_id, 'booking_id'),
            private.to_identifier(booking_item_id, 'booking_item_id'),
            '{customer,business}',
            private.to_text(reason, 'reason', 1000)
        )
    );
end;
$$;
comment on function public.cancel_booking_item is
'Cancel one service of a booking, as the customer or the business.

Its time is free at once. The other services stay, and so do the total and the quote. The '
'customer owes the fee in its line of cancellation_quote. The last remaining service can only be '
'cancelled with the booking. Repeating the call changes nothing. Returns the booking.

- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, hold_expired 409, invalid_transition 409.';
grant execute on function
public.cancel_booking(public.identifier, text),
public.cancel_booking_item(public.identifier, public.identifier, text),
public.cancellation_quote(public.identifier, public.instant)
to anon, authenticated, service_role;

-- sql/44_bookings/api/history.sql

-- What the API shows of bookings beside the bookings themselves: their history, the business's
-- notes, the transitions that exist, and how reliable each customer has been.

create view public.booking_history
with (security_invoker = true)
as
select
    booking_history.id,
    booking_history.business_id,
    booking_history.booking_id,
    booking_history.from_status,
    booking_history.to_status,
    booking_history.from_starts_at,
    booking_history.to_starts_at,
    booking_history.actor,
    booking_history.actor_id,
    booking_history.reason,
    booking_history.at,
    booking_history.fee_minor,
    booking_history.booking_item_id,
    booking_history.from_resource_id,
    booking_history.to_resource_id,
    booking_history.overridden
from scheduling.booking_history;
grant select on public.booking_history to authenticated, service_role;

comment on view public.booking_history is
'Every step of every booking.

Append-only.';
comment on column public.booking_history.id is 'Primary key; later entries have higher keys.';
comment on column public.booking_history.business_id is 'The business.';
comment on column public.booking_history.booking_id is 'The booking.';
comment on column public.booking_history.from_status is
'The status before; null for the first step.';
comment on column public.booking_history.to_status is 'The status after.';
comment on column public.booking_history.from_starts_at is
'The start before; null for the first step.';
comment on column public.booking_history.to_starts_at is
'The start after; it differs if the booking was moved.';
comment on column public.booking_history.actor is 'customer, business or system.';
comment on column public.booking_history.actor_id is 'The user who took the step, or null.';
comment on column public.booking_history.reason is 'The reason, or null.';
comment on column public.booking_history.at is 'When it happened.';
comment on column public.booking_history.fee_minor is
'Fee that the customer owes for the step, in minor units; negative if it takes an earlier fee '
'back.';
comment on column public.booking_history.booking_item_id is
'The item of the step; null if the step is about the whole booking.';
comment on column public.booking_history.from_resource_id is
'The resource before a reassignment, otherwise null.';
comment on column public.booking_history.to_resource_id is
'The resource after a reassignment, otherwise null.';
comment on column public.booking_history.overridden is
'The rules that a member set aside in this step: notice, advance, hours, closures, limits.';

create view public.booking_notes
with (security_invoker = true)
as
select
    booking_notes.id,
    booking_notes.business_id,
    booking_notes.booking_id,
    booking_notes.body,
    booking_notes.author_id,
    booking_notes.created_at
from scheduling.booking_notes;
grant select, insert, delete on public.booking_notes to authenticated, service_role;

comment on view public.booking_notes is
'The business''s private notes on its bookings.

Members with the permission serve read and write them; customers never see them.';
comment on column public.booking_notes.id is 'Primary key.';
comment on column public.booking_notes.business_id is 'The business.';
comment on column public.booking_notes.booking_id is 'The booking.';
comment on column public.booking_notes.body is 'At most 5000 characters.';
comment on column public.booking_notes.author_id is 'The user who wrote it.';
comment on column public.booking_notes.created_at is 'When it happened.';

create view public.booking_transitions
with (security_invoker = true)
as
select
    booking_transitions.from_status,
    booking_transitions.to_status,
    booking_transitions.actors,
    booking_transitions.guard,
    booking_transitions.due
from scheduling.booking_transitions;
grant select on public.booking_transitions to anon, authenticated, service_role;

comment on view public.booking_transitions is
'Every step that a booking can take, who may take it, and which steps happen by themselves.';
comment on column public.booking_transitions.from_status is 'The status before.';
comment on column public.booking_transitions.to_status is 'The status after.';
comment on column public.booking_transitions.actors is
'Who may take the step: customer, business or system.';
comment on column public.booking_transitions.guard is
'Condition of the step: after_start, check_in_open (from the service''s check_in_minutes before '
'the start on), or null for none.';
comment on column public.booking_transitions.due is
'When the step happens by itself: hold_expires_at or starts_at of the booking; null for never.';

-- How reliable each customer has been with each business, counted from the bookings themselves.
create view public.customer_stats
with (security_invoker = true)
as
select
    bookings.business_id,
    bookings.customer_id,
    count(*) as booking_count,
    count(*) filter (where bookings.status = 'completed') as completed_count,
    count(*) filter (where bookings.status = 'cancelled') as cancelled_count,
    count(*) filter (where bookings.status = 'no_show') as no_show_count
from scheduling.bookings
where bookings.customer_id is not null
group by bookings.business_id, bookings.customer_id;
grant select on public.customer_stats to authenticated, service_role;

comment on view public.customer_stats is
'Counts of a customer''s bookings with a business, always up to date.

Filter by business_id.';
comment on column public.customer_stats.business_id is 'The business.';
comment on column public.customer_stats.customer_id is 'The customer.';
comment on column public.customer_stats.booking_count is 'All bookings.';
comment on column public.customer_stats.completed_count is 'Completed bookings.';
comment on column public.customer_stats.cancelled_count is 'Cancelled bookings.';
comment on column public.customer_stats.no_show_count is 'No-shows.';

-- sql/44_bookings/api/move.sql

-- How clients move a booking to another time or another resource, and ask what that costs.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable price_changed
 *          slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reschedule_booking(
    booking_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null,
    total_minor public.whole_number default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.visible_booking(
        scheduling.move_booking(
            private.to_identifier(booking_id, 'booking_id'),
            private.to_instant(starts_at, 'starts_at'),
            private.to_identifier(resource_id, 'resource_id', is_required => false),
            '{customer,business}',
            accepted_total_minor => private.to_minor_units(total_minor, 'total_minor')
        )
    );
end;
$$;
comment on function public.reschedule_booking is
'Move a booking to another start, and to another resource if one is named.

It keeps its reference. The policy stored with the booking binds customers and charges them for a '
'late move; it does not bind businesses. A move to the time that it already has changes nothing '
'and uses up no move. If its staff is no longer active and none is named, another is assigned. '
'Bookings of an archived service can still be moved.

If lists or rules make another price of the new place, reschedule_pricing of the policy decides: '
'the customer owes what it costs more (pay it with start_payment), and what it costs less is '
'refunded to where it was paid from. A member''s move keeps the price, unless it says total_minor. '
'Returns the booking; price_change_minor is the difference, and balance_minor of its sale is what '
'is left to pay.

- total_minor: the new total that the customer accepted, as reschedule_quote returned it; at '
'another one nothing is moved.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409, not_bookable 409, price_changed 409, slot_taken 409, '
'blocked_out 422, limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_late '
'422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 hold_expired invalid_transition
 */
create function public.reschedule_quote(
    booking_id public.identifier,
    starts_at public.instant default null,
    resource_id public.identifier default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.reschedule_quote(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_instant(starts_at, 'starts_at', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
comment on function public.reschedule_quote is
'Return what it would cost to move a booking now, to another start, another resource, or both: '
'{booking_id, starts_at, currency, total_minor, difference_minor, reschedule_fee_minor, '
'owed_minor, refund_minor, hand_back_minor}.

total_minor is the new total, without fees, and difference_minor what it is more or less than now. '
'After the move the customer owes owed_minor (start_payment), refund_minor is refunded to where it '
'was paid from, and hand_back_minor is cash that a member hands back. Whether the time is free is '
'not checked: available_slots says that. A member''s move has this price if it says total_minor, '
'and otherwise keeps the present one.

Errors: invalid_input 400, not_signed_in 401, not_found 404, hold_expired 409, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reassign_booking(
    booking_id public.identifier,
    resource_id public.identifier,
    reason text default null,
    booking_item_id public.identifier default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.visible_booking(
        scheduling.move_booking(
            private.to_identifier(booking_id, 'booking_id'),
            null,
            private.to_identifier(resource_id, 'resource_id'),
            '{business}',
            private.to_text(reason, 'reason', 1000),
            private.to_identifier(booking_item_id, 'booking_item_id', is_required => false)
        )
    );
end;
$$;
comment on function public.reassign_booking is
'Move an item of a booking to another resource at the same time and price.

Eligibility, hours and overlaps are checked again. For owners, managers and staff. Returns the '
'booking.

- booking_item_id: the item, the first by default.
- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, hold_expired 409, invalid_transition 409, not_bookable 409, slot_taken 409, blocked_out 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_late 422, too_soon 422.';
grant execute on function
public.reschedule_booking(
    public.identifier, public.instant, public.identifier, public.whole_number
),
public.reschedule_quote(public.identifier, public.instant, public.identifier),
public.reassign_booking(public.identifier, public.identifier, text, public.identifier)
to anon, authenticated, service_role;

-- sql/44_bookings/api/preferences.sql

-- What customers prefer in a business, to be read and set by themselves, and what members wrote
-- down about it.

create view public.preferred_resources
with (security_invoker = true)
as
select
    preferred_resources.customer_id,
    preferred_resources.business_id,
    preferred_resources.resource_id,
    preferred_resources.updated_at
from scheduling.preferred_resources;
grant select on public.preferred_resources to authenticated;
grant select, insert, update, delete on public.preferred_resources to service_role;

comment on view public.preferred_resources is
'The resources that the caller prefers, one per business.

Changed by set_preferred_resource.';
comment on column public.preferred_resources.customer_id is 'The caller.';
comment on column public.preferred_resources.business_id is 'The business.';
comment on column public.preferred_resources.resource_id is 'The preferred resource.';
comment on column public.preferred_resources.updated_at is 'When the preference last changed.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_preferred_resource(
    business_id public.identifier, resource_id public.identifier default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.set_preferred_resource(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
$$;
grant execute on function
public.set_preferred_resource(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.set_preferred_resource is
'Set the resource that the caller prefers in a business.

Services with prefers_known_staff assign it to the caller''s bookings if it is free and the '
'caller names no other.

- resource_id: the resource; without it the preference ends.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

create view public.preferred_services
with (security_invoker = true)
as
select
    preferred_services.customer_id,
    preferred_services.business_id,
    preferred_services.service_id,
    preferred_services.updated_at
from scheduling.preferred_services;
grant select on public.preferred_services to authenticated;
grant select, insert, update, delete on public.preferred_services to service_role;

comment on view public.preferred_services is
'The services that the caller usually books, one per business: what preferred_slots looks for.

Changed by set_preferred_service.';
comment on column public.preferred_services.customer_id is 'The caller.';
comment on column public.preferred_services.business_id is 'The business.';
comment on column public.preferred_services.service_id is 'The preferred service.';
comment on column public.preferred_services.updated_at is 'When the preference last changed.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_preferred_service(
    business_id public.identifier, service_id public.identifier default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.set_preferred_service(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(service_id, 'service_id', is_required => false)
    );
end;
$$;
grant execute on function
public.set_preferred_service(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.set_preferred_service is
'Set the service that the caller usually books in a business: preferred_slots looks for it.

- service_id: the service; without it the preference ends.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

create view public.customer_preferences
with (security_invoker = true)
as
select
    customer_preferences.business_id,
    customer_preferences.customer_id,
    customer_preferences.resource_id,
    customer_preferences.service_id,
    customer_preferences.updated_by,
    customer_preferences.updated_at
from scheduling.customer_preferences;
grant select on public.customer_preferences to authenticated, service_role;

comment on view public.customer_preferences is
'Whom and what customers usually want, as members wrote it down; also of customers without an '
'account. Members who serve customers and the customer read it. Changed by '
'set_customer_preferences. Page by (updated_at, customer_id).';
comment on column public.customer_preferences.business_id is 'The business.';
comment on column public.customer_preferences.customer_id is 'The customer.';
comment on column public.customer_preferences.resource_id is
'Whom they want: services with prefers_known_staff assign it first. May be null.';
comment on column public.customer_preferences.service_id is
'What they usually book: preferred_slots looks for it. May be null.';
comment on column public.customer_preferences.updated_by is
'The member who wrote it; null for the operator, and once their account is gone.';
comment on column public.customer_preferences.updated_at is 'When it was last changed.';

-- sql/44_bookings/api/sessions.sql

-- How a business creates the sessions of a class.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible too_many_rows
 */
create function public.create_slots(
    service_id public.identifier,
    from_date text,
    opens_at text,
    closes_at text,
    capacity public.whole_number,
    to_date text default null,
    weekdays public.list default null,
    every_minutes public.whole_number default null,
    resource_id public.identifier default null
)
returns setof public.sessions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_capacity integer = private.to_whole_number(capacity, 'capacity', 1, 1000);
    v_service catalog.services;
    v_starts timestamptz[];
    v_ids uuid[];
    v_count bigint;
begin
    perform private.token_user_id();
    v_service = scheduling.class_of(private.to_identifier(service_id, 'service_id'));
    v_starts = scheduling.session_starts(
        v_service,
        scheduling.to_dates(from_date, to_date),
        scheduling.to_weekdays(weekdays),
        private.to_clock(private.to_required_text(opens_at, 'opens_at', 20), 'opens_at'),
        private.to_clock(private.to_required_text(closes_at, 'closes_at', 20), 'closes_at'),
        coalesce(
            private.to_whole_number(every_minutes, 'every_minutes', 5, 1440, is_required => false),
            v_service.duration_minutes
        )
    );
    v_ids = array(
        select scheduling.create_sessions(v_service, v_starts, v_resource_id, v_capacity)
    );
    return query
    select sessions.*
    from public.sessions
    where sessions.id = any(v_ids)
    order by sessions.starts_at;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Create the sessions of fewer dates at a time.');
end;
$$;
grant execute on function public.create_slots(
    public.identifier, text, text, text, public.whole_number, text, public.list,
    public.whole_number, public.identifier
) to anon, authenticated, service_role;

comment on function public.create_slots is
'Create the sessions of a class from opens_at to closes_at (such as 09:00 and 17:00) on the dates '
'from from_date to to_date, in the business''s zone.

Each session takes its leader and everything else that the class needs. Existing sessions stay as '
'they are. All or nothing. Returns the new sessions.

- capacity: seats per session.
- to_date: from_date by default, at most a year later.
- weekdays: only these, 1 (Monday) to 7.
- every_minutes: minutes from one start to the next; one after another by default.
- resource_id: the leader.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken 409, '
'not_eligible 422, too_many_rows 422.';

-- sql/44_bookings/api/slots.sql

-- What can be booked, and when: the starts of some days, and the summary of a month or a year.

/*
 * The free starts of a service, one row each, ordered by time.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 *          PT422 too_many_rows
 */
create function public.available_slots(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    link_token text default null
)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
rows 500
as $$
declare
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_leg scheduling.leg = scheduling.to_leg(
        service_id, resource_id, party_size, addon_ids, link_token
    );
    v_count bigint;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    return query
    select slots.*
    from scheduling.slots(v_leg, tstzmultirange(tstzrange(v_from, v_to))) as slots;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Ask for fewer days at a time.');
end;
$$;
comment on function public.available_slots is
'Return the free starts of a service from from_at (included) to to_at (excluded), at most 62 days: '
'one row a start, ordered by time.

resource_ids has each resource that book accepts as resource_id for this start, in the order in '
'which a booking that names none is assigned; required rooms and equipment are not listed. It is '
'empty for a session that nobody leads. remaining counts the places that are left over all of '
'them. book accepts every returned start and refuses every other one. More starts than a page of '
'the API are refused, never cut.

- resource_id: only this resource.
- party_size: number of guests, 1 by default.
- addon_ids: add-ons, which may lengthen the service.
- link_token: token of a private link to the service.

Errors: invalid_input 400, not_found 404, link_expired 409, not_bookable 409, too_many_rows 422.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 *          PT422 too_many_rows
 */
create function public.date_availability(
    service_id public.identifier,
    from_on text,
    to_on text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    link_token text default null
)
returns setof public.day_availability
language plpgsql
stable
security invoker
set search_path = ''
rows 31
as $$
declare
    v_first date = private.to_date(private.to_required_text(from_on, 'from_on', 20), 'from_on');
    v_last date = private.to_date(private.to_required_text(to_on, 'to_on', 20), 'to_on');
    v_leg scheduling.leg = scheduling.to_leg(
        service_id, resource_id, party_size, addon_ids, link_token
    );
begin
    if v_last < v_first or v_last - v_first > 365 then
        perform private.invalid('to_on', 'must not be before from_on, and at most 365 days later');
    end if;
    perform private.require_page(v_last - v_first + 1, 'Ask for fewer dates at a time.');
    return query
    select days.*
    from scheduling.days(v_leg, v_first, v_last) as days;
end;
$$;
comment on function public.date_availability is
'Return one row for each date from from_on to to_on, both included, at most 366 dates in the '
'business''s zone: whether a service has a free start for a party, the first and the last one, and '
'how many starts there are. For a class, it also counts the sessions, the seats and the free '
'seats.

It counts the starts that available_slots returns. Use it for a calendar that colours its days.

- resource_id: only this resource.
- party_size: number of guests, 1 by default.
- addon_ids: add-ons, which may lengthen the service.
- link_token: token of a private link to the service.

Errors: invalid_input 400, not_found 404, link_expired 409, not_bookable 409, too_many_rows 422.';

grant execute on function
public.available_slots(
    public.identifier, public.instant, public.instant, public.identifier, public.whole_number,
    public.list, text
),
public.date_availability(
    public.identifier, text, text, public.identifier, public.whole_number, public.list, text
)
to anon, authenticated, service_role;

-- sql/44_bookings/api/steps.sql

-- How clients change the status of a booking. Each function reads its arguments, calls one
-- function of the domain, and returns the booking as the caller may see it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile coupon_exhausted hold_expired insufficient_points
 *              invalid_transition payment_required price_changed slot_taken terms_not_accepted
 */
create function public.confirm_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'confirmed', '{customer,business}');
end;
comment on function public.confirm_booking is
'Confirm a booking.

The business accepts a request, or the customer turns a hold into a booking (a request if the '
'service requires confirmation). If a part must be paid in advance, the customer''s booking is '
'pending_payment until start_payment has paid it. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'coupon_exhausted 409, hold_expired 409, insufficient_points 409, invalid_transition 409, '
'payment_required 409, price_changed 409, slot_taken 409, terms_not_accepted 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition
 */
create function public.reject_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(
        booking_id, 'rejected', '{business}', private.to_required_text(reason, 'reason', 1000)
    );
end;
comment on function public.reject_booking is
'Reject a request.

For the business. Returns the booking.

- reason: shown to the customer, 1 to 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition · PT422 too_soon
 */
create function public.check_in_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'checked_in', '{business}');
end;
comment on function public.check_in_booking is
'Record that the customer has arrived.

For the business, from the service''s check_in_minutes before the start on (a day by default). '
'Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition · PT422 too_soon
 */
create function public.complete_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'completed', '{business}');
end;
comment on function public.complete_booking is
'Record that the service was provided.

This is possible from the start on, and also corrects a no-show. For the business. Returns the '
'booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition · PT422 too_soon
 */
create function public.mark_no_show(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.change_status_as(booking_id, 'no_show', '{business}');
end;
comment on function public.mark_no_show is
'Record that the customer did not come, from the start on.

The customer owes the fee of the policy. check_in_booking or complete_booking corrects it. For '
'the business. Returns the booking.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'invalid_transition 409, too_soon 422.';

grant execute on function
public.confirm_booking(public.identifier),
public.reject_booking(public.identifier, text),
public.check_in_booking(public.identifier),
public.complete_booking(public.identifier),
public.mark_no_show(public.identifier)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
