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
