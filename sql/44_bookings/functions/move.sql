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
