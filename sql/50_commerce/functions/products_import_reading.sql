-- Reading the rows of a bulk change into types. What a table's constraints and triggers check is
-- left to them.

/*
 * Return the category of a business that has a slug.
 *
 * Errors:  PT404 not_found
 */
create function commerce.category_of_slug(business_id uuid, slug text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = (
        select product_categories.id
        from catalog.product_categories
        where
            product_categories.business_id = category_of_slug.business_id
            and product_categories.slug = category_of_slug.slug
    );
begin
    if slug is not null and v_id is null then
        perform private.refuse(
            'PT404', 'not_found', format('There is no category %s.', left(slug, 100)),
            'Use the slug of a row of product_categories.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return the brand of a business that has a slug.
 *
 * Errors:  PT404 not_found
 */
create function commerce.brand_of_slug(business_id uuid, slug text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = (
        select brands.id
        from catalog.brands
        where brands.business_id = brand_of_slug.business_id and brands.slug = brand_of_slug.slug
    );
begin
    if slug is not null and v_id is null then
        perform private.refuse(
            'PT404', 'not_found', format('There is no brand %s.', left(slug, 100)),
            'Use the slug of a row of brands.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return the products of some rows.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function commerce.sent_products(business_id uuid, sent_rows jsonb[])
returns setof commerce.sent_product
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        private.to_required_text(merged.slug, 'product', 100) as slug,
        merged.sent,
        merged.sent ->> 'name' as name,
        nullif(merged.sent ->> 'description', '') as description,
        commerce.category_of_slug(
            sent_products.business_id, nullif(merged.sent ->> 'category', '')
        ) as category_id,
        commerce.brand_of_slug(
            sent_products.business_id, nullif(merged.sent ->> 'brand', '')
        ) as brand_id,
        nullif(merged.sent ->> 'currency', '') as currency,
        nullif(merged.sent ->> 'tax_class', '') as tax_class,
        private.to_yes_no(nullif(merged.sent ->> 'is_published', ''), 'is_published')
        as is_published,
        private.to_object(merged.sent ->> 'attributes', 'attributes') as attributes
    from (
        select
            sent.item ->> 'product' as slug,
            jsonb_object_agg(columns.key, columns.value order by sent.position) as sent
        from unnest(sent_rows) with ordinality as sent (item, position)
        cross join lateral jsonb_each(sent.item) as columns (key, value)
        where columns.key <> all(
            '{row_number,is_repeated,needs_approval,sku,options,price_minor,barcode,weight_grams,is_active,'
            'alert_threshold}'::text[]
        )
        group by sent.item ->> 'product'
    ) as merged;
end;
$$;

/*
 * Return the variants of some rows: of those that have a SKU. Their products exist.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.sent_variants(business_id uuid, sent_rows jsonb[])
returns setof commerce.sent_variant
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        (sent.item ->> 'row_number')::integer as row_number,
        products.id as product_id,
        sent.item ->> 'sku' as sku,
        sent.item as sent,
        private.to_object(sent.item ->> 'options', 'options') as options,
        private.to_minor_units(nullif(sent.item ->> 'price_minor', ''), 'price_minor')
        as price_minor,
        nullif(sent.item ->> 'barcode', '') as barcode,
        private.to_whole_number(
            nullif(sent.item ->> 'weight_grams', ''), 'weight_grams', 0, 10000000, false
        ) as weight_grams,
        private.to_yes_no(coalesce(nullif(sent.item ->> 'is_active', ''), 'true'), 'is_active')
        as is_active,
        private.to_whole_number(
            nullif(sent.item ->> 'alert_threshold', ''), 'alert_threshold', 0, 1000000, false
        ) as alert_threshold
    from unnest(sent_rows) as sent (item)
    inner join catalog.products
        on
            products.business_id = sent_variants.business_id
            and products.slug = sent.item ->> 'product'
    where sent.item ->> 'sku' is not null;
end;
$$;
