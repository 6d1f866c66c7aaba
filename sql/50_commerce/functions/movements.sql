-- What moves stock: adjustments, counts and transfers.

/*
 * Write movements of a store. Each changes its level by a trigger.
 */
create function commerce.record_movements(
    business_id uuid,
    store_id uuid,
    items commerce.stock_item[],
    reason commerce.movement_reason,
    note text,
    transfer_id uuid default null,
    origin commerce.stock_origin default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into commerce.stock_movements (
        business_id, store_id, variant_id, quantity, reason, transfer_id, note, actor_id, at,
        unit_cost_minor, lot_code, expires_on
    )
    select
        record_movements.business_id, record_movements.store_id, item.variant_id, item.quantity,
        record_movements.reason, record_movements.transfer_id, record_movements.note,
        (select users.id from auth.users where users.id = auth.uid()), private.now(),
        origin.unit_cost_minor, origin.lot_code, origin.expires_on
    from unnest(items) as item;
end;
$$;

/*
 * Add pieces of a variant to a store, or take them away, for a reason: into or out of a lot, where
 * one is named.
 * Definer: nobody has a write grant on movements.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409
 *          out_of_stock
 */
create function commerce.adjust_stock(
    store_id uuid,
    item commerce.stock_item,
    reason commerce.movement_reason,
    note text,
    origin commerce.stock_origin
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_there integer;
begin
    perform commerce.require_direction(item.quantity, reason, origin);
    perform commerce.lock_levels(v_business_id, array[store_id], array[item]);
    v_there = commerce.pieces_there(v_business_id, store_id, item.variant_id, origin.lot_code);
    if item.quantity < 0 and v_there + item.quantity < least(v_there, 0) then
        perform private.refuse(
            'PT409', 'out_of_stock', format('Only %s are there.', greatest(v_there, 0)),
            'Take away fewer, or count the stock.'
        );
    end if;
    perform commerce.record_movements(
        v_business_id, store_id, array[item], reason, note, origin => origin
    );
end;
$$;

/*
 * Refuse an adjustment whose sign does not fit its reason, a cost of what was not received, and a
 * date without a lot.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.require_direction(
    quantity integer, reason commerce.movement_reason, origin commerce.stock_origin
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if quantity = 0
        or reason in ('received', 'returned', 'found') and quantity < 0
        or reason in ('damaged', 'lost') and quantity > 0 then
        perform private.invalid(
            'quantity',
            'must be positive for received, returned and found, negative for damaged and lost'
        );
    end if;
    if origin.unit_cost_minor is not null and reason <> 'received' then
        perform private.invalid('unit_cost_minor', 'is for what is received');
    end if;
    if origin.expires_on is not null and (origin.lot_code is null or quantity < 0) then
        perform private.invalid('expires_on', 'is for pieces that come in a lot');
    end if;
end;
$$;

/*
 * Return how many pieces of a variant are in a store, or in one of its lots there.
 */
create function commerce.pieces_there(
    business_id uuid, store_id uuid, variant_id uuid, lot_code text
)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if pieces_there.lot_code is not null then
        return coalesce((
            select stock_lots.on_hand
            from commerce.stock_lots
            where
                stock_lots.business_id = pieces_there.business_id
                and stock_lots.store_id = pieces_there.store_id
                and stock_lots.variant_id = pieces_there.variant_id
                and stock_lots.code = pieces_there.lot_code
        ), 0);
    end if;
    return (
        select stock_levels.on_hand
        from commerce.stock_levels
        where
            stock_levels.business_id = pieces_there.business_id
            and stock_levels.store_id = pieces_there.store_id
            and stock_levels.variant_id = pieces_there.variant_id
    );
end;
$$;

/*
 * Set levels of a store to what was counted. Returns how many differed.
 * Definer: nobody has a write grant on levels and movements.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.count_stock(store_id uuid, items commerce.stock_item[], note text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_differences commerce.stock_item[];
begin
    perform commerce.lock_levels(v_business_id, array[store_id], items);
    update commerce.stock_levels
    set counted_at = private.now()
    where
        stock_levels.business_id = v_business_id
        and stock_levels.store_id = count_stock.store_id
        and stock_levels.variant_id in (select item.variant_id from unnest(items) as item);
    v_differences = array(
        select (item.variant_id, item.quantity - stock_levels.on_hand)::commerce.stock_item
        from unnest(items) as item
        inner join commerce.stock_levels
            on
                stock_levels.business_id = v_business_id
                and stock_levels.store_id = count_stock.store_id
                and stock_levels.variant_id = item.variant_id
        where item.quantity <> stock_levels.on_hand
    );
    perform commerce.record_movements(v_business_id, store_id, v_differences, 'counted', note);
    return cardinality(v_differences);
end;
$$;

/*
 * Move free pieces from one store of a business to another. Returns the id of the transfer.
 * Definer: nobody has a write grant on transfers and movements.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409
 *          out_of_stock
 */
create function commerce.transfer_stock(
    from_store_id uuid, to_store_id uuid, items commerce.stock_item[], note text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(from_store_id, 'serve');
    v_transfer_id constant uuid = gen_random_uuid();
begin
    if from_store_id = to_store_id
        or v_business_id <> commerce.business_of_store(to_store_id, 'serve') then
        perform private.invalid('to_store_id', 'must be another store of the same business');
    end if;
    perform commerce.lock_levels(v_business_id, array[from_store_id, to_store_id], items);
    perform commerce.require_stock(v_business_id, from_store_id, items, false);
    insert into commerce.stock_transfers (
        id, business_id, from_store_id, to_store_id, note, actor_id, at
    )
    values (
        v_transfer_id, v_business_id, transfer_stock.from_store_id, transfer_stock.to_store_id,
        transfer_stock.note, (select users.id from auth.users where users.id = auth.uid()),
        private.now()
    );
    perform commerce.record_movements(
        v_business_id, from_store_id,
        array(select (item.variant_id, -item.quantity)::commerce.stock_item from unnest(items) as item),
        'transferred', note, v_transfer_id
    );
    perform commerce.record_movements(
        v_business_id, to_store_id, items, 'transferred', note, v_transfer_id
    );
    return v_transfer_id;
end;
$$;
