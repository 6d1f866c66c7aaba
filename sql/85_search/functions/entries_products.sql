-- The entries of products: what is published, with everything that names a product.

/*
 * Return the words of products beside those in their own row: names and descriptions in other
 * languages, the brand, the numbers of variants, the names of the category and those above it.
 */
create function search.words_of_product(product catalog.products, locale text)
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_words tsvector = search.to_words(product.name, 'A', locale)
    || search.to_words(product.description, 'D', locale)
    || search.to_words(
        (
            select string_agg(value, ' ' order by key)
            from jsonb_each_text(product.attributes)
        ),
        'C', locale
    );
    v_translation record;
begin
    for v_translation in
        select product_translations.locale, product_translations.name, product_translations.description
        from catalog.product_translations
        where
            product_translations.business_id = product.business_id
            and product_translations.product_id = product.id
        order by product_translations.locale
    loop
        v_words = v_words
        || search.to_words(v_translation.name, 'A', v_translation.locale)
        || search.to_words(v_translation.description, 'D', v_translation.locale);
    end loop;
    return v_words || search.to_vector(
        concat_ws(
            ' ',
            (
                select brands.name
                from catalog.brands
                where brands.business_id = product.business_id and brands.id = product.brand_id
            ),
            (
                select string_agg(
                    concat_ws(' ', product_variants.sku, product_variants.barcode), ' '
                    order by product_variants.position, product_variants.sku
                )
                from catalog.product_variants
                where
                    product_variants.business_id = product.business_id
                    and product_variants.product_id = product.id
                    and product_variants.is_active
            )
        ),
        'B'
    );
end;
$$;

/*
 * Return the categories of some products, each with the slugs and the names of itself and of those
 * above it.
 */
create function search.paths_of_categories(product_ids uuid[])
returns table (business_id uuid, category_id uuid, slugs text[], names text)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        used.business_id,
        used.category_id,
        array_agg(product_categories.slug order by product_categories.slug),
        string_agg(product_categories.name, ' ' order by product_categories.slug)
    from (
        select distinct products.business_id, products.category_id
        from catalog.products
        where products.id = any(paths_of_categories.product_ids)
    ) as used
    cross join lateral catalog.category_path(used.business_id, used.category_id) as path (id)
    inner join catalog.product_categories
        on
            product_categories.business_id = used.business_id
            and product_categories.id = path.id
    group by used.business_id, used.category_id;
end;
$$;

/*
 * Return the entries that some products should have now: those that are published.
 */
create function search.product_entries(product_ids uuid[])
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        products.business_id,
        'product'::search.kind,
        products.id,
        products.name,
        search.fold(products.name),
        search.words_of_product(products, businesses.locale)
        || search.to_words(paths.names, 'C', businesses.locale)
        || search.synonym_words(
            products.business_id, concat_ws(' ', products.name, paths.names, products.description)
        ),
        businesses.vertical_id,
        coalesce(paths.slugs, '{}'),
        brands.slug,
        products.attributes,
        products.currency,
        products.lowest_price_minor,
        products.highest_price_minor,
        products.access,
        null::extensions.cube,
        products.created_at,
        search.rating_of(products.business_id, products.id),
        search.popularity_of(products.business_id, products.id),
        false,
        null::real
    from catalog.products
    inner join business.businesses on businesses.id = products.business_id
    left join search.paths_of_categories(product_entries.product_ids) as paths
        on
            paths.business_id = products.business_id
            and paths.category_id = products.category_id
    left join catalog.brands
        on brands.business_id = products.business_id and brands.id = products.brand_id
    where
        products.id = any(product_entries.product_ids)
        and products.is_published
        and products.archived_at is null;
end;
$$;
