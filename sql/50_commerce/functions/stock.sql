-- How stock changes. Whoever changes levels locks them first, in the order of store and variant, so
-- that two who want the same pieces take turns and nobody waits in a circle.

/*
 * Read some pieces of variants: a JSON array of {variant_id, quantity}. Several entries of one
 * variant are added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_items(value text, argument text, minimum integer)
returns commerce.stock_item[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items commerce.stock_item[] = array(
        select (read.variant_id, sum(read.quantity)::integer)::commerce.stock_item
        from (
            select
                private.to_identifier(
                    sent.item ->> 'variant_id', argument || '.variant_id'
                ) as variant_id,
                private.to_whole_number(
                    sent.item ->> 'quantity', argument || '.quantity', minimum, 1000000
                ) as quantity
            from unnest(
                private.to_objects(value, argument, 500, '{variant_id,quantity}')
            ) as sent (item)
        ) as read
        group by read.variant_id
    );
begin
    if cardinality(v_items) = 0 then
        perform private.invalid(argument, 'is required');
    end if;
    return v_items;
end;
$$;

/*
 * Return the business of a store in which the caller has a permission.
 * Definer: it must tell a store that does not exist from one of a business that refuses the caller.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.business_of_store(store_id uuid, permission text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = (
        select stores.business_id from business.stores where stores.id = business_of_store.store_id
    );
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such store.', 'Check the id in the view stores.'
        );
    end if;
    perform private.require_member(v_business_id, permission);
    return v_business_id;
end;
$$;

/*
 * Refuse when a store has fewer free pieces than somebody wants, as commerce.free_quantity counts
 * them. The levels are locked.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.require_stock(
    business_id uuid, store_id uuid, items commerce.stock_item[], has_backorders boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_short record;
begin
    select product_variants.sku, greatest(free.quantity, 0) as quantity into v_short
    from unnest(items) as item
    inner join commerce.stock_levels
        on
            stock_levels.business_id = require_stock.business_id
            and stock_levels.store_id = require_stock.store_id
            and stock_levels.variant_id = item.variant_id
    inner join catalog.product_variants
        on
            product_variants.business_id = stock_levels.business_id
            and product_variants.id = stock_levels.variant_id
    cross join lateral (
        select commerce.free_quantity(stock_levels, has_backorders) as quantity
    ) as free
    where free.quantity < item.quantity
    order by product_variants.sku
    limit 1;
    if found then
        perform private.refuse(
            'PT409', 'out_of_stock',
            format('%s: only %s left.', v_short.sku, v_short.quantity),
            'Ask for fewer, or choose another store.'
        );
    end if;
end;
$$;

/*
 * Return how many pieces of a level are reserved now.
 */
create function commerce.reserved_quantity(level commerce.stock_levels)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select coalesce(sum(stock_reservations.quantity), 0)
        from commerce.stock_reservations
        where
            stock_reservations.business_id = level.business_id
            and stock_reservations.store_id = level.store_id
            and stock_reservations.variant_id = level.variant_id
            and stock_reservations.expires_at > private.now()
    );
end;
$$;

/*
 * Keep pieces in a store for some minutes. Returns the id of the reservation.
 * Definer: nobody has a write grant on reservations.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 out_of_stock
 */
create function commerce.reserve_stock(
    store_id uuid, items commerce.stock_item[], minutes integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_reservation_id constant uuid = gen_random_uuid();
begin
    perform commerce.lock_levels(v_business_id, array[store_id], items);
    perform commerce.require_stock(v_business_id, store_id, items, true);
    delete from commerce.stock_reservations
    where
        stock_reservations.business_id = v_business_id
        and stock_reservations.store_id = reserve_stock.store_id
        and stock_reservations.variant_id in (select item.variant_id from unnest(items) as item)
        and stock_reservations.expires_at <= private.now();
    insert into commerce.stock_reservations (
        business_id, reservation_id, store_id, variant_id, quantity, expires_at
    )
    select
        v_business_id, v_reservation_id, reserve_stock.store_id, item.variant_id, item.quantity,
        private.now() + make_interval(mins => minutes)
    from unnest(items) as item;
    return v_reservation_id;
end;
$$;

/*
 * Free the pieces of a reservation.
 * Definer: nobody has a write grant on reservations.
 *
 * Errors:  PT404 not_found
 */
create function commerce.release_stock(reservation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_kept commerce.stock_reservations[] = array(
        select stock_reservations
        from commerce.stock_reservations
        where
            stock_reservations.reservation_id = release_stock.reservation_id
            and (
                private.is_operator()
                or stock_reservations.business_id in (select private.my_businesses('serve'))
            )
    );
begin
    if cardinality(v_kept) = 0 then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such reservation.',
            'Check the id in the view stock_reservations.'
        );
    end if;
    perform commerce.lock_levels(
        v_kept[1].business_id,
        array(select distinct kept.store_id from unnest(v_kept) as kept),
        array(select (kept.variant_id, kept.quantity)::commerce.stock_item from unnest(v_kept) as kept)
    );
    delete from commerce.stock_reservations
    where
        stock_reservations.business_id = v_kept[1].business_id
        and stock_reservations.reservation_id = release_stock.reservation_id;
end;
$$;
