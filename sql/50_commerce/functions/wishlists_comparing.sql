-- Products side by side.

/*
 * Return everything that is said about products, as an attribute, its label and a value for each:
 * name, brand, prices in their currency, the values of each option, and the attributes that hold in
 * its category.
 */
create function commerce.product_facts(product_ids uuid[])
returns table (place bigint, rank integer, key text, label text, value jsonb)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with compared as (
        select
            wanted.place,
            products.*
        from unnest(product_ids) with ordinality as wanted (id, place)
        inner join catalog.products on products.id = wanted.id
    )

    select compared.place, facts.rank, facts.key, facts.label, facts.value
    from compared
    left join catalog.brands
        on brands.business_id = compared.business_id and brands.id = compared.brand_id
    cross join lateral (
        select
            min(product_variants.price_minor) as least_minor,
            max(product_variants.price_minor) as most_minor
        from catalog.product_variants
        where
            product_variants.business_id = compared.business_id
            and product_variants.product_id = compared.id
            and product_variants.is_active
    ) as priced
    cross join lateral (
        values
        (1, 'name', 'Name', to_jsonb(compared.name)),
        (2, 'brand', 'Brand', to_jsonb(brands.name)),
        (3, 'currency', 'Currency', to_jsonb(compared.currency)),
        (4, 'price_from_minor', 'Price from', to_jsonb(priced.least_minor)),
        (5, 'price_to_minor', 'Price to', to_jsonb(priced.most_minor))
    ) as facts (rank, key, label, value)
    union all
    select
        compared.place, 6, 'option:' || product_options.name, product_options.name,
        to_jsonb(product_options.allowed_values)
    from compared
    inner join catalog.product_options
        on
            product_options.business_id = compared.business_id
            and product_options.product_id = compared.id
    union all
    select
        compared.place, 7, attribute.key, concat_ws(', ', attribute.name, attribute.unit),
        compared.attributes -> attribute.key
    from compared
    cross join lateral catalog.attributes_in_category(
        compared.business_id, compared.category_id
    ) as attribute;
end;
$$;

/*
 * Return what is said about products as [{key, label, values}], with a value for each product in
 * the order of the ids.
 */
create function commerce.compare_products(product_ids uuid[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_agg(
                jsonb_build_object('key', rows.key, 'label', rows.label, 'values', rows.said)
                order by rows.rank, rows.key
            )
        from (
            select
                keys.key,
                min(keys.label) as label,
                min(keys.rank) as rank,
                jsonb_agg(facts.value order by wanted.place) as said
            from (
                select
                    known.key,
                    min(known.label) as label,
                    min(known.rank) as rank
                from commerce.product_facts(product_ids) as known
                group by known.key
            ) as keys
            cross join generate_subscripts(product_ids, 1) as wanted (place)
            left join commerce.product_facts(product_ids) as facts
                on facts.key = keys.key and facts.place = wanted.place
            group by keys.key
        ) as rows
    );
end;
$$;
