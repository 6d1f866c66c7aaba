-- What is sold of goods: how a variant is named and priced, and which pieces a line of a sale takes
-- from which store. Checkout and later changes of an order use the same functions.

/*
 * Return some units of a variant as a line to price. It is named after its product and its options,
 * and can be bought while product and variant are for sale and the business is open to the public.
 */
create function commerce.variant_line(
    business_id uuid,
    variant_id uuid,
    quantity integer,
    out line pricing.line,
    out is_available boolean,
    out weight_grams bigint
)
returns setof record
language plpgsql
stable
security invoker
rows 1
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pricing.make_line(
            kind => 'product',
            name => products.name || commerce.option_suffix(product_variants.options),
            quantity => variant_line.quantity,
            unit_minor => product_variants.price_minor,
            currency => products.currency,
            reference => jsonb_build_object(
                'variant_id', product_variants.id,
                'sku', product_variants.sku,
                'tax_class', products.tax_class
            ),
            item_id => product_variants.id
        ),
        product_variants.is_active
        and products.is_published
        and products.archived_at is null
        and business.is_open(products.business_id),
        coalesce(product_variants.weight_grams, 0)::bigint * variant_line.quantity
    from catalog.product_variants
    inner join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    where
        product_variants.business_id = variant_line.business_id
        and product_variants.id = variant_line.variant_id;
end;
$$;

/*
 * Return the values of a variant's options as they follow the name of its product.
 */
create function commerce.option_suffix(options jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if options = '{}' then
        return '';
    end if;
    return (
        select ' (' || string_agg(chosen.value, ', ' order by chosen.key) || ')'
        from jsonb_each_text(options) as chosen
    );
end;
$$;

/*
 * Return the items of an order: the pieces that each line takes from a store, a bundle as its
 * components.
 */
create function commerce.order_lines(
    business_id uuid, line_ids uuid[], parts commerce.stock_part[]
)
returns commerce.order_line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select
            commerce.make_order_line(
                sale_lines, product_variants, products.name, part.store_id,
                part.quantity * taken.quantity, taken.quantity
            )
        from unnest(parts) as part
        inner join sales.sale_lines on sale_lines.id = line_ids[part.place]
        cross join lateral catalog.components(sale_lines.variant_id, 1) as taken
        inner join catalog.product_variants
            on
                product_variants.business_id = order_lines.business_id
                and product_variants.id = taken.variant_id
        inner join catalog.products
            on
                products.business_id = product_variants.business_id
                and products.id = product_variants.product_id
        order by part.place, part.store_id, product_variants.sku
    );
end;
$$;

/*
 * Make an item of an order. It is called as its line; a part of a bundle as its own product.
 */
create function commerce.make_order_line(
    line sales.sale_lines,
    variant catalog.product_variants,
    product_name text,
    store_id uuid,
    quantity integer,
    pieces_per_unit integer
)
returns commerce.order_line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_item commerce.order_line;
begin
    v_item.sale_line_id = line.id;
    v_item.variant_id = variant.id;
    v_item.store_id = make_order_line.store_id;
    v_item.sku = variant.sku;
    v_item.name = case
        when variant.id = line.variant_id then line.name
        else product_name || commerce.option_suffix(variant.options)
    end;
    v_item.quantity = make_order_line.quantity;
    v_item.pieces_per_unit = make_order_line.pieces_per_unit;
    return v_item;
end;
$$;

/*
 * Return the region of an address: the part of the country where it names one as ISO 3166 does, or
 * the country.
 */
create function commerce.region_of(address jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when business.is_region(address ->> 'region') then address ->> 'region'
        else address ->> 'country'
    end;
end;
$$;
