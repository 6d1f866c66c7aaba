-- How pieces go into lots and out of them: first expired, first out. Everything here happens under
-- the lock of the level.

/*
 * Return the day on which a store of a business is now.
 */
create function commerce.today(business_id uuid)
returns date
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select (private.now() at time zone businesses.time_zone)::date
        from business.businesses
        where businesses.id = today.business_id
    );
end;
$$;

/*
 * Return how many pieces of a level are there and must not be sold: those of expired and of
 * recalled lots.
 */
create function commerce.blocked_quantity(level commerce.stock_levels)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not level.has_lots then
        return 0;
    end if;
    return (
        select coalesce(sum(stock_lots.on_hand), 0)
        from commerce.stock_lots
        where
            stock_lots.business_id = level.business_id
            and stock_lots.store_id = level.store_id
            and stock_lots.variant_id = level.variant_id
            and (
                stock_lots.recalled_at is not null
                or stock_lots.expires_on < commerce.today(level.business_id)
            )
    );
end;
$$;

/*
 * Take pieces of a movement out of lots, the first that expires first; of lots that may be sold
 * only, where it sells. What the lots do not have comes from the pieces without a lot.
 */
create function commerce.take_from_lots(
    movement commerce.stock_movements, quantity integer, only_sellable boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_today constant date = commerce.today(movement.business_id);
begin
    insert into commerce.stock_lot_movements (
        business_id, stock_movement_id, stock_lot_id, quantity
    )
    select
        movement.business_id,
        movement.id,
        lots.id,
        -least(lots.on_hand, take_from_lots.quantity - lots.before)
    from (
        select
            stock_lots.id,
            stock_lots.on_hand,
            coalesce(sum(stock_lots.on_hand) over (
                order by stock_lots.expires_on nulls last, stock_lots.created_at, stock_lots.code
                rows between unbounded preceding and 1 preceding
            ), 0)::integer as before
        from commerce.stock_lots
        where
            stock_lots.business_id = movement.business_id
            and stock_lots.store_id = movement.store_id
            and stock_lots.variant_id = movement.variant_id
            and stock_lots.on_hand > 0
            and (movement.lot_code is null or stock_lots.code = movement.lot_code)
            and (
                not only_sellable
                or stock_lots.recalled_at is null
                and coalesce(stock_lots.expires_on >= v_today, true)
            )
    ) as lots
    where lots.before < take_from_lots.quantity;
end;
$$;

/*
 * Put pieces of a movement into a lot, which begins where it is missing. What was sold and had not
 * come goes out of it at once.
 */
create function commerce.put_into_lot(
    movement commerce.stock_movements,
    code text,
    expires_on date,
    recalled_at timestamptz,
    quantity integer
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot_id uuid;
begin
    update commerce.stock_levels
    set has_lots = true
    where
        stock_levels.business_id = movement.business_id
        and stock_levels.store_id = movement.store_id
        and stock_levels.variant_id = movement.variant_id
        and not stock_levels.has_lots;
    insert into commerce.stock_lots (
        business_id, store_id, variant_id, code, expires_on, recalled_at, created_at
    )
    values (
        movement.business_id, movement.store_id, movement.variant_id, put_into_lot.code,
        put_into_lot.expires_on, put_into_lot.recalled_at, movement.at
    )
    on conflict on constraint stock_lots_code_unique do update
    set expires_on = stock_lots.expires_on
    returning stock_lots.id into v_lot_id;
    quantity = quantity - commerce.missing_quantity(movement, quantity);
    if quantity > 0 then
        insert into commerce.stock_lot_movements (
            business_id, stock_movement_id, stock_lot_id, quantity
        )
        values (movement.business_id, movement.id, v_lot_id, put_into_lot.quantity);
    end if;
end;
$$;

/*
 * Return how many of the pieces that come were sold before they came: by as many the rest of the
 * level, without its lots, is below zero when they are in a lot.
 */
create function commerce.missing_quantity(movement commerce.stock_movements, quantity integer)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            least(
                greatest(
                    missing_quantity.quantity - stock_levels.on_hand + (
                        select coalesce(sum(stock_lots.on_hand), 0)
                        from commerce.stock_lots
                        where
                            stock_lots.business_id = stock_levels.business_id
                            and stock_lots.store_id = stock_levels.store_id
                            and stock_lots.variant_id = stock_levels.variant_id
                    ),
                    0
                ),
                missing_quantity.quantity
            )
        from commerce.stock_levels
        where
            stock_levels.business_id = movement.business_id
            and stock_levels.store_id = movement.store_id
            and stock_levels.variant_id = movement.variant_id
    );
end;
$$;

/*
 * Put pieces that came from another store into the lots of which they were there.
 */
create function commerce.carry_lots_over(movement commerce.stock_movements)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform
        commerce.put_into_lot(
            movement, stock_lots.code, stock_lots.expires_on, stock_lots.recalled_at,
            -stock_lot_movements.quantity
        )
    from commerce.stock_movements
    inner join commerce.stock_lot_movements
        on
            stock_lot_movements.business_id = stock_movements.business_id
            and stock_lot_movements.stock_movement_id = stock_movements.id
    inner join commerce.stock_lots
        on
            stock_lots.business_id = stock_lot_movements.business_id
            and stock_lots.id = stock_lot_movements.stock_lot_id
    where
        stock_movements.business_id = movement.business_id
        and stock_movements.transfer_id = movement.transfer_id
        and stock_movements.variant_id = movement.variant_id
        and stock_movements.quantity < 0;
end;
$$;

/*
 * Recall a lot: its pieces are not sold any more, in no store of the business. Recalling again
 * changes nothing.
 * Definer: nobody has a write grant on lots.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.recall_lot(lot_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_lot commerce.stock_lots;
begin
    select stock_lots.* into v_lot
    from commerce.stock_lots
    where stock_lots.id = recall_lot.lot_id;
    if v_lot.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such lot.', 'Check the id in the view stock_lots.'
        );
    end if;
    perform private.require_member(v_lot.business_id, 'manage');
    perform commerce.lock_levels(
        v_lot.business_id,
        array(
            select stock_lots.store_id
            from commerce.stock_lots
            where
                stock_lots.business_id = v_lot.business_id
                and stock_lots.variant_id = v_lot.variant_id
                and stock_lots.code = v_lot.code
        ),
        array[(v_lot.variant_id, 0)::commerce.stock_item]
    );
    update commerce.stock_lots
    set recalled_at = private.now()
    where
        stock_lots.business_id = v_lot.business_id
        and stock_lots.variant_id = v_lot.variant_id
        and stock_lots.code = v_lot.code
        and stock_lots.recalled_at is null;
end;
$$;
