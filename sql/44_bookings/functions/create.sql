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
