-- A booking at another time, or with another resource: one booking, one reference, one decision.

/*
 * The legs of a booking as they were agreed, moved so that the first starts at an instant, and with
 * another resource for one item: the first, or the one named. Lengths and prices are the booking's
 * own; buffers are the service's.
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
declare
    v_offset interval = moved_legs.starts_at - booking.starts_at;
begin
    return array(
        select
            row(
                booking.business_id,
                services.id,
                booking_items.service_name,
                booking_items.starts_at + v_offset,
                booking_items.ends_at + v_offset,
                booking_items.duration_minutes,
                make_interval(mins => services.buffer_before_minutes),
                make_interval(mins => services.buffer_after_minutes),
                case
                    when coalesce(
                        booking_items.id = moved_legs.item_id,
                        row_number() over (order by booking_items.position) = 1
                    ) then
                        coalesce(moved_legs.resource_id, booking_items.resource_id)
                    else booking_items.resource_id
                end,
                booking.party_size,
                booking.currency,
                booking_items.price_minor,
                booking_items.addons,
                services.requires_confirmation,
                services.is_blocked_by_pending,
                services.hold_minutes,
                services.is_class,
                booking_items.answers,
                null
            )::scheduling.leg
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
        order by booking_items.position
    );
end;
$$;

/*
 * May the customer still move it? The policy that was stored with the booking says so; a business
 * always may.
 *
 * Errors:  PT409 invalid_transition · PT422 limit_reached too_late
 */
create function scheduling.refuse_move(booking scheduling.bookings)
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
    if scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[] then
        return;
    end if;
    if booking.reschedule_count >= (booking.policy ->> 'reschedule_limit')::integer then
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
 * An item that is named is one of the booking's.
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

/*
 * Move a booking, keeping its reference, its price and its place in every limit. A resource is for
 * its first item, or for the one named.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move(
    booking_id uuid,
    starts_at timestamptz,
    resource_id uuid,
    as_actors scheduling.actor_kind[],
    reason text default null,
    item_id uuid default null,
    is_repeated boolean default false
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_legs scheduling.leg[];
    v_vacancies scheduling.vacancy[] = '{}';
    v_leg scheduling.leg;
    v_limits catalog.booking_limits[] = '{}';
    v_counts jsonb;
    v_left scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = move.booking_id;
    if v_booking.id is not null then
        v_legs = scheduling.moved_legs(
            v_booking,
            coalesce(move.starts_at, v_booking.starts_at),
            move.resource_id,
            move.item_id
        );
    end if;
    -- What the move may take is worked out before anything is locked, and only for who may move it.
    if v_booking.id is not null and scheduling.actors(v_booking) <> '{}' then
        perform scheduling.refuse_move(v_booking);
        perform scheduling.refuse_other_item(v_booking, move.item_id);
        foreach v_leg in array v_legs loop
            perform scheduling.open_service(v_leg.service_id);
            v_vacancies = v_vacancies || scheduling.vacancies_for(v_leg, v_booking.id);
        end loop;
        v_limits = scheduling.limits_for(v_legs, v_vacancies, v_booking.id);
    end if;
    v_booking = scheduling.claim(
        move.booking_id,
        move.as_actors,
        array(select coalesce(vacancy.session_id, vacancy.id) from unnest(v_vacancies) as vacancy)
        || scheduling.subjects(v_limits, move.booking_id)
    );
    perform scheduling.refuse_move(v_booking);
    v_left = v_booking;
    v_counts = scheduling.counts_of(v_booking, v_limits);
    v_booking = scheduling.write_move(v_booking, v_legs, v_vacancies, reason, is_repeated);
    perform scheduling.refuse_passed(v_booking, v_limits, v_counts);
    perform scheduling.announce_freed(v_left);
    return v_booking.id;
end;
$$;

/*
 * Give back what a booking took, take the new time, and note the move. Gives the booking.
 * A customer who moves a booking of a service on request has made a new request.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.write_move(
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
    v_is_by_business boolean
    = scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[];
    v_booking scheduling.bookings = booking;
    v_item scheduling.booking_items;
    v_index integer = 0;
    v_taken record;
begin
    delete from scheduling.allocations
    where allocations.business_id = booking.business_id and allocations.booking_id = booking.id;
    delete from scheduling.seats
    where seats.business_id = booking.business_id and seats.booking_id = booking.id;

    update scheduling.bookings
    set
        starts_at = legs[1].starts_at,
        ends_at = legs[cardinality(legs)].ends_at,
        reschedule_count = bookings.reschedule_count + case when v_is_by_business then 0 else 1 end,
        reschedule_fee_minor = bookings.reschedule_fee_minor + case
            when v_is_by_business or legs[1].starts_at = booking.starts_at then 0
            else scheduling.reschedule_fee(booking, private.now())
        end,
        status_reason = write_move.reason,
        repeated_step_count = bookings.repeated_step_count + write_move.is_repeated::integer,
        status = case
            when bookings.status = 'confirmed'
                and not v_is_by_business
                and scheduling.is_on_request(booking) then 'pending'
            else bookings.status
        end
    where bookings.id = booking.id
    returning bookings.* into v_booking;

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
        v_taken = scheduling.take(
            legs[v_index],
            array(
                select vacancy
                from unnest(vacancies) as vacancy
                where vacancy.at = legs[v_index].starts_at
            ),
            v_booking,
            v_item.id
        );
        update scheduling.booking_items
        set
            starts_at = legs[v_index].starts_at,
            ends_at = legs[v_index].ends_at,
            resource_id = v_taken.resource_id,
            assigned_by = case
                when v_taken.resource_id is not distinct from booking_items.resource_id
                    then booking_items.assigned_by
                when v_taken.reason = 'customer' and v_is_by_business then 'business'
                else v_taken.reason
            end
        where booking_items.id = v_item.id;
        if v_taken.resource_id is distinct from v_item.resource_id then
            perform scheduling.write_reassignment(
                v_booking, v_item, v_taken.resource_id, is_repeated
            );
        end if;
    end loop;
    return v_booking;
end;
$$;

/*
 * Write down that somebody else gives an item of a booking.
 */
create function scheduling.write_reassignment(
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
        write_reassignment.to_resource_id,
        write_reassignment.is_repeated
    from scheduling.booking_items
    where booking_items.id = item.id;
end;
$$;
