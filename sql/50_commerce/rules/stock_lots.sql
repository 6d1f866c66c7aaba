-- What a movement does to lots, and which order took what.

/*
 * Change a lot by what moved.
 * Definer: nobody has a write grant on lots.
 */
create function commerce.stock_lot_movements__change_lot()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update commerce.stock_lots
    set on_hand = stock_lots.on_hand + new.quantity
    where stock_lots.business_id = new.business_id and stock_lots.id = new.stock_lot_id;
    return null;
end;
$$;

create trigger _500_change_lot
after insert on commerce.stock_lot_movements
for each row execute function commerce.stock_lot_movements__change_lot();

/*
 * Take what leaves a store out of its lots, if it has any, and put what comes into them: a named
 * lot, or the lots of which the pieces were in the other store. The levels have changed already.
 * Definer: nobody has a write grant on lots.
 */
create function commerce.stock_movements__move_lots()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_movement commerce.stock_movements;
begin
    for v_movement in
        select moved.*
        from moved
        where
            moved.quantity > 0 and (moved.lot_code is not null or moved.reason = 'transferred')
            or moved.quantity < 0 and exists (
                select 1
                from commerce.stock_lots
                where
                    stock_lots.business_id = moved.business_id
                    and stock_lots.store_id = moved.store_id
                    and stock_lots.variant_id = moved.variant_id
            )
        order by moved.id
    loop
        if v_movement.quantity < 0 then
            perform commerce.take_from_lots(
                v_movement,
                -v_movement.quantity,
                v_movement.reason in ('sold', 'transferred') and v_movement.lot_code is null
            );
        elsif v_movement.lot_code is not null then
            perform commerce.put_into_lot(
                v_movement, v_movement.lot_code, v_movement.expires_on, null, v_movement.quantity
            );
        else
            perform commerce.carry_lots_over(v_movement);
        end if;
    end loop;
    return null;
end;
$$;

create trigger _520_move_lots
after insert on commerce.stock_movements
referencing new table as moved
for each statement execute function commerce.stock_movements__move_lots();

/*
 * Note which order took the pieces that this transaction took out of lots.
 * Definer: nobody has a write grant on the movements of lots.
 */
create function commerce.order_items__note_lots()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update commerce.stock_lot_movements
    set order_id = new.order_id
    from commerce.stock_movements
    where
        stock_lot_movements.transaction_id = pg_current_xact_id()
        and stock_lot_movements.order_id is null
        and stock_lot_movements.quantity < 0
        and stock_lot_movements.business_id = new.business_id
        and stock_movements.business_id = stock_lot_movements.business_id
        and stock_movements.id = stock_lot_movements.stock_movement_id
        and stock_movements.reason = 'sold'
        and stock_movements.store_id = new.store_id
        and stock_movements.variant_id = new.variant_id;
    return null;
end;
$$;

create trigger _500_note_lots
after insert on commerce.order_items
for each row execute function commerce.order_items__note_lots();
