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
