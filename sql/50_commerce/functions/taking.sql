-- How an order takes its pieces out of stock. Bundles are taken as their components, and demand is
-- added up for each variant before anything is compared. Everything that may be taken is locked
-- first, in the order of commerce.lock_levels.

/*
 * Take the goods of some lines of a sale out of stock: at the store where they are picked up, or
 * from the first store that has everything, or from several where the option allows it. Returns
 * from which store how many of each line come.
 *
 * Errors:  PT404 not_found · PT409 out_of_stock
 */
create function commerce.take_goods(
    choice commerce.delivery_choice, variant_ids uuid[], quantities integer[]
)
returns commerce.stock_part[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_store_ids uuid[] = commerce.stores_to_take_from(choice);
    v_items commerce.stock_item[] = commerce.demand_of(variant_ids, quantities);
    v_parts commerce.stock_part[];
    v_store_id uuid;
begin
    perform commerce.lock_levels(choice.business_id, v_store_ids, v_items);
    v_store_id = commerce.store_with_all(choice.business_id, v_store_ids, v_items);
    if v_store_id is not null then
        v_parts = array(
            select (line.place, v_store_id, line.quantity)::commerce.stock_part
            from unnest(quantities) with ordinality as line (quantity, place)
        );
    elsif choice.can_split then
        v_parts = commerce.split_over_stores(
            choice.business_id, v_store_ids, variant_ids, quantities
        );
    end if;
    if v_parts is null then
        perform commerce.refuse_short_stock(
            choice.business_id, v_store_ids, v_items, choice.can_split
        );
    end if;
    for v_store_id in
        select distinct part.store_id from unnest(v_parts) as part order by part.store_id
    loop
        perform commerce.take_parts(choice.business_id, v_store_id, variant_ids, v_parts);
    end loop;
    return v_parts;
end;
$$;

/*
 * Return the stores from which goods may come: the one where they are picked up or sent from, or
 * all that are active.
 */
create function commerce.stores_to_take_from(choice commerce.delivery_choice)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if choice.store_id is not null then
        return array[choice.store_id];
    end if;
    return array(
        select stores.id
        from business.stores
        where stores.business_id = choice.business_id and stores.is_active
        order by stores.position, stores.name
    );
end;
$$;

/*
 * Return how many pieces of each variant some lines take, bundles as their components.
 */
create function commerce.demand_of(variant_ids uuid[], quantities integer[])
returns commerce.stock_item[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select (taken.variant_id, sum(taken.quantity))::commerce.stock_item
        from unnest(variant_ids, quantities) as line (variant_id, quantity)
        cross join lateral catalog.components(line.variant_id, line.quantity) as taken
        group by taken.variant_id
        order by taken.variant_id
    );
end;
$$;

/*
 * Return how many pieces of variants can be sold in some stores now, back-orders included.
 */
create function commerce.free_pieces(
    business_id uuid, store_ids uuid[], items commerce.stock_item[]
)
returns table (store_id uuid, variant_id uuid, quantity integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        stock_levels.store_id,
        stock_levels.variant_id,
        greatest(commerce.free_quantity(stock_levels, true), 0)
    from commerce.stock_levels
    where
        stock_levels.business_id = free_pieces.business_id
        and stock_levels.store_id = any(free_pieces.store_ids)
        and stock_levels.variant_id = any(
            array(select item.variant_id from unnest(free_pieces.items) as item)
        );
end;
$$;

/*
 * Return the first of some stores, in their order, that has everything; null if none has.
 */
create function commerce.store_with_all(
    business_id uuid, store_ids uuid[], items commerce.stock_item[]
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select free.store_id
        from commerce.free_pieces(
            store_with_all.business_id, store_with_all.store_ids, store_with_all.items
        ) as free
        inner join unnest(items) as item on free.variant_id = item.variant_id
        group by free.store_id
        having
            bool_and(free.quantity >= item.quantity)
            and count(*) = cardinality(store_with_all.items)
        order by array_position(store_ids, free.store_id)
        limit 1
    );
end;
$$;

/*
 * Write the movements by which lines take their pieces from a store.
 */
create function commerce.take_parts(
    business_id uuid, store_id uuid, variant_ids uuid[], parts commerce.stock_part[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform commerce.record_movements(
        take_parts.business_id,
        take_parts.store_id,
        array(
            select (taken.variant_id, -sum(taken.quantity))::commerce.stock_item
            from unnest(parts) as part
            cross join lateral catalog.components(variant_ids[part.place], part.quantity) as taken
            where part.store_id = take_parts.store_id
            group by taken.variant_id
            order by taken.variant_id
        ),
        'sold',
        null
    );
end;
$$;

/*
 * Refuse an order for which there is too little, and name the first item of which there is: how
 * many are left in the store that has the most, or in all of them where an order may be split.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.refuse_short_stock(
    business_id uuid, store_ids uuid[], items commerce.stock_item[], can_split boolean
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
    select product_variants.sku, free.quantity into v_short
    from unnest(items) as item
    inner join catalog.product_variants
        on
            product_variants.business_id = refuse_short_stock.business_id
            and product_variants.id = item.variant_id
    cross join lateral (
        select
            case
                when can_split then coalesce(sum(pieces.quantity), 0)
                else coalesce(max(pieces.quantity), 0)
            end as quantity
        from commerce.free_pieces(
            refuse_short_stock.business_id, store_ids, array[item]
        ) as pieces
    ) as free
    order by free.quantity >= item.quantity, product_variants.sku
    limit 1;
    perform private.refuse(
        'PT409', 'out_of_stock', format('%s: only %s left.', v_short.sku, v_short.quantity),
        'Ask for fewer, or choose another store.'
    );
end;
$$;
