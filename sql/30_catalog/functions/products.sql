-- The tree of product categories, and which options fit a product.

/*
 * Return a category and the categories above it.
 */
create function catalog.category_path(business_id uuid, category_id uuid)
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with recursive path as (
        select product_categories.id, product_categories.parent_id
        from catalog.product_categories
        where
            product_categories.business_id = category_path.business_id
            and product_categories.id = category_path.category_id
        union
        select product_categories.id, product_categories.parent_id
        from path
        inner join catalog.product_categories
            on
                product_categories.business_id = category_path.business_id
                and product_categories.id = path.parent_id
    )
    select path.id from path;
end;
$$;

/*
 * Return a category and the categories below it, with their business.
 */
create function catalog.category_tree(category_id uuid)
returns table (business_id uuid, id uuid)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with recursive tree as (
        select product_categories.business_id, product_categories.id
        from catalog.product_categories
        where product_categories.id = category_tree.category_id
        union
        select product_categories.business_id, product_categories.id
        from tree
        inner join catalog.product_categories
            on
                product_categories.business_id = tree.business_id
                and product_categories.parent_id = tree.id
    )
    select tree.business_id, tree.id from tree;
end;
$$;

/*
 * Does a product have each of these options, and allow the value of each?
 */
create function catalog.fits_options(business_id uuid, product_id uuid, options jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from jsonb_each(fits_options.options) as chosen (name, value)
        where not exists (
            select 1
            from catalog.product_options
            where
                product_options.business_id = fits_options.business_id
                and product_options.product_id = fits_options.product_id
                and product_options.name = chosen.name
                and jsonb_typeof(chosen.value) = 'string'
                and chosen.value #>> '{}' = any(product_options.allowed_values)
        )
    );
end;
$$;
