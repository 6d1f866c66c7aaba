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
