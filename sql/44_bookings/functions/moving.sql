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
