-- What members do with stock: adjust, count, transfer, reserve.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.adjust_stock(
    store_id public.identifier,
    variant_id public.identifier,
    quantity public.whole_number,
    reason text,
    note text default null,
    idempotency_key text default null,
    unit_cost_minor public.whole_number default null,
    lot_code text default null,
    expires_on text default null
)
returns public.inventory_levels
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store_id constant uuid = private.to_identifier(store_id, 'store_id');
    v_variant_id constant uuid = private.to_identifier(variant_id, 'variant_id');
    v_quantity constant integer = private.to_whole_number(quantity, 'quantity', -1000000, 1000000);
    v_origin commerce.stock_origin;
    v_answer jsonb;
    v_level public.inventory_levels;
begin
    if reason is null
        or reason not in ('received', 'returned', 'found', 'damaged', 'lost', 'corrected') then
        perform private.invalid(
            'reason', 'must be received, returned, found, damaged, lost or corrected'
        );
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'adjust_stock', idempotency_key,
            jsonb_build_array(
                store_id, variant_id, quantity, reason, note, unit_cost_minor, lot_code, expires_on
            )
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.inventory_levels, v_answer);
        end if;
    end if;
    v_origin.unit_cost_minor = private.to_minor_units(unit_cost_minor, 'unit_cost_minor');
    v_origin.lot_code = private.to_text(lot_code, 'lot_code', 64);
    v_origin.expires_on = private.to_date(expires_on, 'expires_on');
    perform commerce.adjust_stock(
        v_store_id, (v_variant_id, v_quantity)::commerce.stock_item,
        reason::commerce.movement_reason, private.to_text(note, 'note', 500), v_origin
    );
    select inventory_levels.* into v_level
    from public.inventory_levels
    where inventory_levels.store_id = v_store_id and inventory_levels.variant_id = v_variant_id;
    if idempotency_key is not null then
        perform private.remember_answer('adjust_stock', idempotency_key, to_jsonb(v_level));
    end if;
    return v_level;
end;
$$;
comment on function public.adjust_stock is
'Add pieces of a variant to a store, or take them away, for a reason. Owners, managers and staff.

Returns the level.

- quantity: pieces; positive for received, returned and found, negative for damaged and lost, either '
'for corrected.
- reason: received, returned, found, damaged, lost or corrected.
- note: at most 500 characters.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.
- unit_cost_minor: what one received piece cost, in minor units of the product''s currency.
- lot_code: the lot into which the pieces come or from which they are taken, at most 64 characters. '
'Without it they are taken from the lot that expires first.
- expires_on: the last day on which the lot is sold, a date.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.count_stock(
    store_id public.identifier, items public.list, note text default null
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return commerce.count_stock(
        private.to_identifier(store_id, 'store_id'),
        commerce.to_items(items, 'items', 0),
        private.to_text(note, 'note', 500)
    );
end;
$$;
comment on function public.count_stock is
'Set the levels of a store to what was counted. Owners, managers and staff.

Returns how many levels differed; each difference is a movement with the reason counted.

- items: an array of {variant_id, quantity} with at most 500 elements; several counts of a variant '
'are added up. Other variants keep their level.
- note: at most 500 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.transfer_stock(
    from_store_id public.identifier,
    to_store_id public.identifier,
    items public.list,
    note text default null,
    idempotency_key text default null
)
returns public.stock_transfers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_transfer public.stock_transfers;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'transfer_stock', idempotency_key, jsonb_build_array(from_store_id, to_store_id, items, note)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.stock_transfers, v_answer);
        end if;
    end if;
    v_id = commerce.transfer_stock(
        private.to_identifier(from_store_id, 'from_store_id'),
        private.to_identifier(to_store_id, 'to_store_id'),
        commerce.to_items(items, 'items', 1),
        private.to_text(note, 'note', 500)
    );
    select stock_transfers.* into v_transfer
    from public.stock_transfers
    where stock_transfers.id = v_id;
    if idempotency_key is not null then
        perform private.remember_answer('transfer_stock', idempotency_key, to_jsonb(v_transfer));
    end if;
    return v_transfer;
end;
$$;
comment on function public.transfer_stock is
'Move free pieces from one store of a business to another: all of the items, or none. Owners, '
'managers and staff.

Returns the transfer. Reserved pieces stay.

- items: an array of {variant_id, quantity} with at most 500 elements.
- note: at most 500 characters.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.reserve_stock(
    store_id public.identifier,
    items public.list,
    minutes public.whole_number default '30',
    idempotency_key text default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'reserve_stock', idempotency_key, jsonb_build_array(store_id, items, minutes)
        );
        if v_answer is not null then
            return (v_answer #>> '{}')::uuid;
        end if;
    end if;
    v_id = commerce.reserve_stock(
        private.to_identifier(store_id, 'store_id'),
        commerce.to_items(items, 'items', 1),
        private.to_whole_number(minutes, 'minutes', 1, 43200, if_null => 30)
    );
    if idempotency_key is not null then
        perform private.remember_answer('reserve_stock', idempotency_key, to_jsonb(v_id));
    end if;
    return v_id;
end;
$$;
comment on function public.reserve_stock is
'Keep pieces in a store for somebody: all of the items, or none. Owners, managers and staff.

Returns the id of the reservation. It ends by itself.

- items: an array of {variant_id, quantity} with at most 500 elements.
- minutes: how long, 1 to 43200.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.release_stock(reservation_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.release_stock(private.to_identifier(reservation_id, 'reservation_id'));
end;
$$;
comment on function public.release_stock is
'Free the pieces of a reservation before it ends. Owners, managers and staff.

Errors: invalid_input 400, not_found 404.';

grant execute on function
public.adjust_stock(
    public.identifier, public.identifier, public.whole_number, text, text, text,
    public.whole_number, text, text
),
public.count_stock(public.identifier, public.list, text),
public.transfer_stock(public.identifier, public.identifier, public.list, text, text),
public.reserve_stock(public.identifier, public.list, public.whole_number, text),
public.release_stock(public.identifier)
to anon, authenticated, service_role;
