-- How levels of stock are locked: all that a transaction changes at once, in the order of store and
-- variant, so that two who want the same pieces take turns and nobody waits in a circle.

/*
 * Begin the levels of variants in stores that are missing, at zero.
 *
 * Errors:  PT404 not_found
 */
create function commerce.begin_levels(business_id uuid, moves commerce.stock_move[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if exists (
        select 1
        from unnest(moves) as move
        where not exists (
            select 1
            from catalog.product_variants
            where
                product_variants.business_id = begin_levels.business_id
                and product_variants.id = move.variant_id
        )
    ) then
        perform commerce.refuse_unknown_variant();
    end if;
    -- An insert that finds a level waits for whoever changes it, so only missing ones are inserted.
    insert into commerce.stock_levels (business_id, store_id, variant_id)
    select distinct begin_levels.business_id, move.store_id, move.variant_id
    from unnest(moves) as move
    where not exists (
        select 1
        from commerce.stock_levels
        where
            stock_levels.business_id = begin_levels.business_id
            and stock_levels.store_id = move.store_id
            and stock_levels.variant_id = move.variant_id
    )
    order by move.store_id, move.variant_id
    on conflict do nothing;
end;
$$;

/*
 * Refuse a variant that a business does not have.
 *
 * Errors:  PT404 not_found
 */
create function commerce.refuse_unknown_variant()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such variant in this business.',
        'Check the id in the view product_variants.'
    );
end;
$$;

/*
 * Lock the levels that some moves change until the transaction ends; a level that is missing begins
 * at zero. Call it once in a transaction, for everything that it changes.
 *
 * Errors:  PT404 not_found
 */
create function commerce.lock_moved_levels(business_id uuid, moves commerce.stock_move[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.begin_levels(lock_moved_levels.business_id, moves);
    perform 1
    from commerce.stock_levels
    where
        stock_levels.business_id = lock_moved_levels.business_id
        and (stock_levels.store_id, stock_levels.variant_id) in (
            select move.store_id, move.variant_id from unnest(moves) as move
        )
    order by stock_levels.store_id, stock_levels.variant_id
    for update;
end;
$$;

/*
 * Lock the levels of variants in stores until the transaction ends, as commerce.lock_moved_levels
 * does for single moves.
 *
 * Errors:  PT404 not_found
 */
create function commerce.lock_levels(
    business_id uuid, store_ids uuid[], items commerce.stock_item[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform commerce.begin_levels(
        lock_levels.business_id,
        array(
            select (store.id, item.variant_id, 0)::commerce.stock_move
            from unnest(store_ids) as store (id)
            cross join unnest(items) as item
        )
    );
    perform 1
    from commerce.stock_levels
    where
        stock_levels.business_id = lock_levels.business_id
        and stock_levels.store_id = any(store_ids)
        and stock_levels.variant_id in (select item.variant_id from unnest(items) as item)
    order by stock_levels.store_id, stock_levels.variant_id
    for update;
end;
$$;
