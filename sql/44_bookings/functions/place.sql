-- How a booking comes to be, moves to another time, and takes its next step.

/*
 * A reference that people can read out: 8 characters without look-alikes.
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
begin
    return (
        select string_agg(substr(v_letters, 1 + get_byte(v_bytes, position) % 31, 1), '')
        from generate_series(0, 7) as position
    );
end;
$$;

/*
 * Who could give each leg at its start. Refuses, with the reason, when nobody can.
 *
 * Errors:  PT409 slot_taken
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 */
create function scheduling.vacancies_for(leg scheduling.leg, except_booking_id uuid default null)
returns scheduling.vacancy[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_vacancies scheduling.vacancy[];
begin
    if scheduling.is_plainly_taken(leg, except_booking_id) then
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
            except_booking_id
        ) as vacancy
    );
    if v_vacancies = '{}' then
        perform scheduling.refuse_start(leg, except_booking_id);
    end if;
    return v_vacancies;
end;
$$;

/*
 * The limits that concern some legs, those who could give them, and whose booking it is: the one
 * that is about to move, or the caller's.
 */
create function scheduling.limits_for(
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
 * Queue up for all that some legs may take, and for what limits them. Gives the limits, to be asked
 * of what was written. A booking that is about to move is left out.
 */
create function scheduling.lock_for(
    legs scheduling.leg[], vacancies scheduling.vacancy[], except_booking_id uuid
)
returns catalog.booking_limits[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = scheduling.limits_for(legs, vacancies, except_booking_id);
begin
    perform private.lock(
        array(select coalesce(vacancy.session_id, vacancy.id) from unnest(vacancies) as vacancy)
        || scheduling.subjects(v_limits, except_booking_id)
        || array(select leg.private_link_id from unnest(legs) as leg where leg.private_link_id is not null)
    );
    return v_limits;
end;
$$;

/*
 * Write the head of a booking: for a customer, or for nobody yet; a hold until some moment, or for
 * good. A reference that is already somebody's is drawn again.
 */
create function scheduling.write_booking(
    legs scheduling.leg[],
    quote jsonb,
    notes text,
    hold_until timestamptz,
    series_id uuid,
    customer identity.profiles,
    is_repeated boolean default false
)
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
            party_size, currency, total_minor, quote, policy, customer_name, customer_email, customer_phone,
            notes, hold_expires_at, created_at, updated_at, repeated_step_count
        )
        select
            businesses.id,
            customer.id,
            write_booking.series_id,
            scheduling.new_reference(),
            case
                when hold_until is not null then 'held'
                when (select bool_or(leg.requires_confirmation) from unnest(legs) as leg) then 'pending'
                else 'confirmed'
            end::scheduling.booking_status,
            legs[1].starts_at,
            legs[cardinality(legs)].ends_at,
            businesses.time_zone,
            legs[1].party_size,
            legs[1].currency,
            (quote ->> 'total_minor')::bigint,
            quote,
            scheduling.policy_of(legs[1].service_id),
            customer.full_name,
            customer.email,
            customer.phone,
            write_booking.notes,
            write_booking.hold_until,
            private.now(),
            private.now(),
            write_booking.is_repeated::integer
        from business.businesses
        where businesses.id = legs[1].business_id
        on conflict (reference) do nothing
        returning bookings.* into v_booking;
        exit when found;
    end loop;
    return v_booking;
end;
$$;

/*
 * Place a booking of the caller.
 * Definer: customers have no insert privilege, so nobody chooses their own price, status or time.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 slot_taken not_bookable link_expired
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *              coupon_invalid
 */
create function scheduling.place(
    selections scheduling.selection[], coupon_code text, notes text, is_hold boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return scheduling.place_for(scheduling.caller(), selections, coupon_code, notes, is_hold);
end;
$$;

/*
 * The caller, as customers are written into bookings.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.caller()
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
 * Write a booking of somebody, with or without an account, its items and the time that they take:
 * all or nothing.
 *
 * Errors:  those of scheduling.place but not_signed_in
 */
create function scheduling.place_for(
    customer identity.profiles,
    selections scheduling.selection[],
    coupon_code text,
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
    v_quote jsonb;
begin
    v_legs = scheduling.legs(selections);
    for v_index in 1 .. cardinality(selections) loop
        v_legs[v_index].answers = scheduling.answered(
            v_legs[v_index].service_id, v_legs[v_index].answers
        );
        v_vacancies = v_vacancies || scheduling.vacancies_for(v_legs[v_index]);
    end loop;
    v_quote = pricing.quote(scheduling.lines_of(v_legs), coupon_code, 0);
    return scheduling.write(
        v_legs, v_vacancies, scheduling.lock_for(v_legs, v_vacancies, null), v_quote, notes, is_hold, null,
        customer
    );
end;
$$;

/*
 * Write a booking of some legs, which these could give, under the locks of scheduling.lock_for,
 * whose limits are asked again.
 *
 * Errors:  PT409 slot_taken link_expired · PT422 limit_reached
 */
create function scheduling.write(
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    limits catalog.booking_limits[],
    quote jsonb,
    notes text,
    is_hold boolean,
    series_id uuid,
    customer identity.profiles,
    is_repeated boolean default false
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer = cardinality(legs);
    v_hold_until timestamptz = case
        when is_hold then private.now() + make_interval(
            mins => (select min(leg.hold_minutes) from unnest(legs) as leg)
        )
    end;
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_links_over(legs);
    v_booking = scheduling.write_booking(
        legs, quote, notes, v_hold_until, series_id, customer, is_repeated
    );
    for v_index in 1 .. v_count loop
        perform scheduling.write_item(
            v_booking, legs, v_index, case v_count when 1 then vacancies end
        );
    end loop;
    perform scheduling.refuse_passed(v_booking, limits);
    return v_booking.id;
end;
$$;

/*
 * Write one item of a booking, and take its time. `vacancies` are those of the leg, when already
 * known.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.write_item(
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
    v_taken record;
begin
    insert into scheduling.booking_items (
        id, business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
        duration_minutes, price_minor, service_name, addons, assigned_by, answers,
        private_link_id
    )
    values (
        v_item_id, v_leg.business_id, booking.id, index, v_leg.service_id, v_leg.resource_id,
        v_leg.starts_at, v_leg.ends_at, v_leg.minutes,
        (booking.quote -> 'lines' -> (index - 1) ->> 'amount_minor')::bigint,
        v_leg.service_name, v_leg.addons,
        case when v_leg.resource_id is not null then 'customer' end::scheduling.assignment_reason,
        v_leg.answers,
        v_leg.private_link_id
    );
    v_taken = scheduling.take(
        v_leg,
        coalesce(vacancies, scheduling.vacancies_for(v_leg, booking.id)),
        booking,
        v_item_id
    );
    if v_taken.resource_id is distinct from v_leg.resource_id then
        update scheduling.booking_items
        set resource_id = v_taken.resource_id, assigned_by = v_taken.reason
        where booking_items.id = v_item_id;
    end if;
end;
$$;
