-- What the functions with which clients book have in common: how they read items, and how a
-- repeated call returns the first answer.

/*
 * Read the items of book_many and quote: [{service_id, starts_at?, gap_minutes?, resource_id?,
 * addon_ids?, party_size?, answers?, link_token?}].
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_selections(items text, starts_at timestamptz, party_size integer)
returns scheduling.selection[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items jsonb = private.to_list(items, 'items', 20);
    v_item jsonb;
    v_selections scheduling.selection[] = '{}';
begin
    for v_item in select element.value from jsonb_array_elements(v_items) as element (value) loop
        if jsonb_typeof(v_item) <> 'object' then
            perform private.invalid('items', 'must be objects with a service_id');
        end if;
        v_selections = v_selections || row(
            private.to_identifier(v_item ->> 'service_id', 'items.service_id'),
            coalesce(
                private.to_instant(v_item ->> 'starts_at', 'items.starts_at', is_required => false),
                case when v_selections = '{}' then to_selections.starts_at end
            ),
            private.to_whole_number(
                v_item ->> 'gap_minutes', 'items.gap_minutes', 0, 1440, is_required => false
            ),
            private.to_identifier(v_item ->> 'resource_id', 'items.resource_id', is_required => false),
            private.to_identifiers(v_item ->> 'addon_ids', 'items.addon_ids'),
            coalesce(
                to_selections.party_size,
                private.to_whole_number(
                    v_item ->> 'party_size', 'items.party_size', 1, 1000, is_required => false
                ),
                1
            ),
            private.to_object(v_item ->> 'answers', 'items.answers'),
            private.to_text(v_item ->> 'link_token', 'items.link_token', 100)
        )::scheduling.selection;
    end loop;
    if v_selections = '{}' then
        perform private.invalid('items', 'must not be empty');
    end if;
    return v_selections;
end;
$$;

/*
 * Place a booking once for an idempotency key; repeating the call returns the first answer again.
 *
 * Errors:  PT409 idempotency_conflict · those of scheduling.place_booking
 */
create function scheduling.book_once(
    function_name text,
    selections scheduling.selection[],
    coupon_code text,
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
            jsonb_build_array(to_jsonb(selections), coupon_code, book_once.notes, is_hold)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.bookings, v_answer);
        end if;
    end if;

    v_booking = scheduling.visible_booking(
        scheduling.place_booking(selections, coupon_code, book_once.notes, is_hold)
    );
    if idempotency_key is not null then
        perform private.remember_answer(function_name, idempotency_key, to_jsonb(v_booking));
    end if;
    return v_booking;
end;
$$;
