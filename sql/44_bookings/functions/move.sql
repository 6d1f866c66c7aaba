-- How a booking moves to another time or another resource. It keeps its reference, its price and
-- its place in every limit. What the move may take is worked out before anything is locked.

/*
 * Move a booking. A resource is for its first item, or for the one named.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move_booking(
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
    v_before scheduling.bookings;
    v_legs scheduling.leg[];
    v_vacancies scheduling.vacancy[] = '{}';
    v_limits catalog.booking_limits[] = '{}';
    v_counts jsonb;
    v_places scheduling.freed_place[];
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = move_booking.booking_id;
    if v_booking.id is not null and scheduling.actors(v_booking) <> '{}' then
        v_legs = scheduling.moved_legs(
            v_booking, coalesce(move_booking.starts_at, v_booking.starts_at),
            move_booking.resource_id, move_booking.item_id
        );
        v_vacancies = scheduling.vacancies_for_move(v_booking, v_legs, move_booking.item_id);
        v_limits = scheduling.limits_of_legs(v_legs, v_vacancies, v_booking.id);
    end if;
    v_before = scheduling.lock_booking(
        move_booking.booking_id,
        move_booking.as_actors,
        array(select coalesce(vacancy.session_id, vacancy.id) from unnest(v_vacancies) as vacancy)
        || scheduling.subjects(v_limits, move_booking.booking_id)
    );
    perform scheduling.refuse_move(v_before);
    v_counts = scheduling.counts_of(v_before, v_limits);
    v_places = scheduling.places_of(v_before.id);
    v_booking = scheduling.apply_move(v_before, v_legs, v_vacancies, reason, is_repeated);
    perform scheduling.refuse_passed(v_booking, v_limits, v_counts);
    perform scheduling.announce_freed(v_before, v_places);
    return v_booking.id;
end;
$$;

/*
 * Return the vacancies for the legs of a booking that is about to move.
 *
 * Errors:  PT404 not_found · PT409 slot_taken invalid_transition not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.vacancies_for_move(
    booking scheduling.bookings, legs scheduling.leg[], item_id uuid
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
    perform scheduling.refuse_move(booking);
    perform scheduling.refuse_other_item(booking, item_id);
    foreach v_leg in array legs loop
        perform scheduling.open_service(v_leg.service_id);
        v_vacancies = v_vacancies || scheduling.require_vacancies(v_leg, booking.id);
    end loop;
    return v_vacancies;
end;
$$;

/*
 * Refuse a move that the booking's state does not allow or, for a customer, the policy that was
 * stored with the booking. Policies do not bind the business.
 *
 * Errors:  PT409 hold_expired invalid_transition · PT422 limit_reached too_late
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
