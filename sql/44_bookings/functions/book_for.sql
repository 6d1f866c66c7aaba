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
