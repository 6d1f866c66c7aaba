-- Who sells a shared product, as everybody sees it.

/*
 * Return the listed variants of a shared product that can be bought, those that can be had first,
 * then the cheapest. The caller sees those that they may see.
 */
create function commerce.sellers_of(shared_product_id uuid, currency text)
returns table (
    business_id uuid,
    business_name text,
    product_id uuid,
    variant_id uuid,
    name text,
    sku text,
    price_minor bigint,
    currency_code text,
    state text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        product_variants.business_id,
        businesses.name,
        products.id,
        product_variants.id,
        products.name,
        product_variants.sku,
        product_variants.price_minor,
        products.currency,
        stock.state
    from catalog.product_listings
    inner join catalog.product_variants
        on
            product_variants.business_id = product_listings.business_id
            and product_variants.id = product_listings.variant_id
            and product_variants.is_active
    inner join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
            and products.is_published
            and products.archived_at is null
    inner join business.businesses
        on businesses.id = products.business_id and business.is_open(businesses.id)
    cross join lateral (
        select commerce.best_state(product_variants.id) as state
    ) as stock
    where
        product_listings.shared_product_id = sellers_of.shared_product_id
        and coalesce(products.currency = sellers_of.currency, true)
    order by
        stock.state = 'out_of_stock', products.currency, product_variants.price_minor,
        product_variants.id;
end;
$$;

/*
 * Return what a variant has in the best of its stores: in_stock, preorder, backorder or
 * out_of_stock.
 */
create function commerce.best_state(variant_id uuid)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select sold.state
            from commerce.variant_availability(best_state.variant_id) as sold
            order by
                array_position('{in_stock,preorder,backorder,out_of_stock}'::text[], sold.state)
            limit 1
        ),
        'out_of_stock'
    );
end;
$$;
