-- Writing what the rows of a bulk change say of products and their options: a statement for each
-- table, whatever the number of rows. A column that was not sent stays as it is; a new row has the
-- default of the table.

/*
 * Change the products that exist. Returns those that differ now.
 */
create function commerce.update_products(business_id uuid, sent commerce.sent_product[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    update catalog.products
    set
        name = wanted.name,
        description = wanted.description,
        category_id = wanted.category_id,
        brand_id = wanted.brand_id,
        currency = wanted.currency,
        tax_class = wanted.tax_class,
        is_published = wanted.is_published,
        attributes = described.attributes
    from (
        select
            present.id,
            case when product.sent ? 'name' then product.name else present.name end as name,
            case when product.sent ? 'description' then product.description
                else present.description end as description,
            case when product.sent ? 'category' then product.category_id
                else present.category_id end as category_id,
            case when product.sent ? 'brand' then product.brand_id
                else present.brand_id end as brand_id,
            coalesce(product.currency, present.currency) as currency,
            coalesce(product.tax_class, present.tax_class) as tax_class,
            case when product.sent ? 'is_published' then product.is_published
                else present.is_published end as is_published,
            case when product.sent ? 'attributes' then product.attributes
                else present.attributes end as attributes
        from unnest(update_products.sent) as product
        inner join catalog.products as present
            on
                present.business_id = update_products.business_id
                and present.slug = product.slug
    ) as wanted
    cross join lateral (
        select catalog.read_attributes(
            update_products.business_id, wanted.category_id, wanted.attributes
        ) as attributes
        -- Else it would be read again where the rows are compared.
        offset 0
    ) as described
    where
        products.id = wanted.id
        and (
            products.name, products.description, products.category_id, products.brand_id,
            products.currency, products.tax_class, products.is_published, products.attributes
        ) is distinct from (
            wanted.name, wanted.description, wanted.category_id, wanted.brand_id,
            wanted.currency, wanted.tax_class, wanted.is_published, described.attributes
        )
    returning products.id;
end;
$$;

/*
 * Add the products that do not exist yet. Returns them.
 */
create function commerce.insert_products(business_id uuid, sent commerce.sent_product[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_currency constant text = (
        select businesses.currency
        from business.businesses
        where businesses.id = insert_products.business_id
    );
begin
    return query
    insert into catalog.products (
        business_id, category_id, brand_id, name, slug, description, currency, tax_class,
        is_published, attributes
    )
    select
        insert_products.business_id, product.category_id, product.brand_id, product.name,
        product.slug, product.description, coalesce(product.currency, v_currency),
        coalesce(product.tax_class, 'standard'), product.is_published,
        catalog.read_attributes(
            insert_products.business_id, product.category_id, product.attributes
        )
    from unnest(insert_products.sent) as product
    where not exists (
        select 1
        from catalog.products as present
        where
            present.business_id = insert_products.business_id
            and present.slug = product.slug
    )
    returning products.id;
end;
$$;

/*
 * Return the options that variants have, product by product, with their values in the order of the
 * rows.
 */
create function commerce.sent_options(sent commerce.sent_variant[])
returns table (product_id uuid, name text, allowed_values text[], rank integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        wanted.product_id,
        wanted.name,
        array_agg(wanted.value order by wanted.first_row) as allowed_values,
        min(wanted.rank)::integer as rank
    from (
        select
            variant.product_id, chosen.name, chosen.value,
            min(variant.row_number) as first_row, min(chosen.rank) as rank
        from unnest(sent_options.sent) as variant
        cross join lateral jsonb_each_text(variant.options)
            with ordinality as chosen (name, value, rank)
        group by variant.product_id, chosen.name, chosen.value
    ) as wanted
    group by wanted.product_id, wanted.name;
end;
$$;

/*
 * Give products the options that their variants have, and each option the values.
 */
create function commerce.add_options(business_id uuid, sent commerce.sent_variant[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update catalog.product_options
    set allowed_values = product_options.allowed_values || missing.new_values
    from (
        select
            present.id,
            array(
                select wanted.value
                from unnest(options.allowed_values) as wanted (value)
                where wanted.value <> all(present.allowed_values)
            ) as new_values
        from commerce.sent_options(add_options.sent) as options
        inner join catalog.product_options as present
            on
                present.business_id = add_options.business_id
                and present.product_id = options.product_id
                and present.name = options.name
    ) as missing
    where
        product_options.business_id = add_options.business_id
        and product_options.id = missing.id
        and missing.new_values <> '{}';
    insert into catalog.product_options (business_id, product_id, name, allowed_values, position)
    select
        add_options.business_id, options.product_id, options.name, options.allowed_values,
        options.rank
    from commerce.sent_options(add_options.sent) as options
    where not exists (
        select 1
        from catalog.product_options as present
        where
            present.business_id = add_options.business_id
            and present.product_id = options.product_id
            and present.name = options.name
    );
end;
$$;
