-- Whether and where a variant can be bought, as everybody sees it, and the nearest stores.

/*
 * Return what a level has for customers: in_stock, preorder, backorder or out_of_stock.
 */
create function commerce.stock_state(level commerce.stock_levels)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when commerce.free_quantity(level, true) <= 0 then 'out_of_stock'
        when commerce.free_quantity(level, false) > 0 then 'in_stock'
        when level.preorder_limit > 0 and level.preorder_until > private.now() then 'preorder'
        else 'backorder'
    end;
end;
$$;

/*
 * Return the levels of a variant that is sold, in the stores that are active. More than 100 pieces
 * are shown as 100: how much a business has is its own affair.
 * Definer: customers read no levels.
 */
create function commerce.variant_availability(variant_id uuid)
returns table (
    store_id uuid, state text, available integer, expected_on date, preorder_until timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        stores.id,
        commerce.stock_state(stock_levels),
        least(greatest(commerce.free_quantity(stock_levels, true), 0), 100),
        stock_levels.expected_on,
        stock_levels.preorder_until
    from commerce.stock_levels
    inner join business.stores
        on
            stores.business_id = stock_levels.business_id
            and stores.id = stock_levels.store_id
            and stores.is_active
    inner join catalog.product_variants
        on
            product_variants.business_id = stock_levels.business_id
            and product_variants.id = stock_levels.variant_id
            and product_variants.is_active
    inner join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
            and products.is_published
            and products.archived_at is null
    where
        stock_levels.variant_id = variant_availability.variant_id
        and business.is_open(stock_levels.business_id)
    order by stores.position, stores.name;
end;
$$;

/*
 * Return whether a store is open at an instant, by its hours; a store without hours never says so.
 */
create function commerce.is_store_open(store business.stores, at timestamptz)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from business.businesses
        cross join lateral (
            select is_store_open.at at time zone businesses.time_zone as local_at
        ) as clock
        inner join business.store_hours
            on
                store_hours.business_id = store.business_id
                and store_hours.store_id = store.id
                and store_hours.weekday = extract(isodow from clock.local_at)
                and store_hours.opens_at <= clock.local_at::time
                and store_hours.closes_at > clock.local_at::time
        where businesses.id = store.business_id
    );
end;
$$;

/*
 * Return the stores of open businesses around a place, the nearest first. Stores that are far away
 * are never looked at: the index on their places gives the nearest ones in order. With a variant
 * only the stores that can sell it now are returned.
 * Definer: customers read no levels; stores of open businesses are public.
 */
create function commerce.nearest_stores(
    latitude double precision,
    longitude double precision,
    business_id uuid,
    variant_id uuid,
    has_pickup boolean,
    at_most integer
)
returns table (store_id uuid, kilometres double precision)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_here constant extensions.cube = business.point_on_earth(
        nearest_stores.latitude, nearest_stores.longitude
    );
begin
    return query
    select
        stores.id,
        business.way_km(
            business.point_on_earth(stores.latitude, stores.longitude)
            operator(extensions.<->) v_here
        )
    from business.stores
    where
        stores.is_active
        and stores.latitude is not null
        and (nearest_stores.business_id is null or stores.business_id = nearest_stores.business_id)
        and (not coalesce(has_pickup, false) or stores.is_pickup)
        and business.is_open(stores.business_id)
        and (
            nearest_stores.variant_id is null
            or exists (
                select 1
                from commerce.variant_availability(nearest_stores.variant_id) as sold
                where sold.store_id = stores.id and sold.state <> 'out_of_stock'
            )
        )
    order by
        business.point_on_earth(stores.latitude, stores.longitude)
        operator(extensions.<->) v_here
    limit at_most;
end;
$$;
