-- Finding the products of a shop: which filters there are, and the query that they make. The query
-- has only the conditions that were asked for, so that the index of the order is read from where
-- the page begins.

-- What somebody looks for in a shop. A null asks for nothing.
create type commerce.product_criteria as (
    business_id uuid,
    category_ids uuid array,
    brand_ids uuid array,
    -- Prices are compared in one currency.
    currency text,
    min_price_minor bigint,
    max_price_minor bigint,
    is_in_stock boolean,
    store_id uuid,
    attributes jsonb,
    sort text,
    -- The last product of the page before, by what the list is ordered.
    after_id uuid,
    after_name text,
    after_price_minor bigint,
    after_created_at timestamptz,
    page_size integer
);

/*
 * Can at least one piece of a variant be had, in some store or in one? Of a bundle, everything that
 * it contains must be there.
 * Definer: customers do not read levels.
 */
create function commerce.is_in_stock(business_id uuid, variant_id uuid, store_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from catalog.components(variant_id, 1) as needed
        where not exists (
            select 1
            from commerce.stock_levels
            where
                stock_levels.business_id = is_in_stock.business_id
                and stock_levels.variant_id = needed.variant_id
                and (is_in_stock.store_id is null or stock_levels.store_id = is_in_stock.store_id)
                and commerce.free_quantity(stock_levels, true) >= needed.quantity
        )
    );
end;
$$;

/*
 * Read filters of a list of products.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_product_criteria(business_id uuid, filters jsonb)
returns commerce.product_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_category_id constant uuid = private.to_identifier(
        filters ->> 'category_id', 'filters.category_id', false
    );
    v_criteria commerce.product_criteria;
begin
    v_criteria.business_id = business_id;
    if v_category_id is not null then
        v_criteria.category_ids = array(
            select tree.id from catalog.category_tree(v_category_id) as tree
        );
    end if;
    if filters ? 'brand_ids' then
        v_criteria.brand_ids = private.to_identifiers(filters ->> 'brand_ids', 'filters.brand_ids');
    end if;
    v_criteria.currency = coalesce(
        private.to_text(filters ->> 'currency', 'filters.currency', 3),
        (
            select businesses.currency
            from business.businesses
            where businesses.id = to_product_criteria.business_id
        )
    );
    v_criteria.min_price_minor = private.to_minor_units(
        filters ->> 'min_price_minor', 'filters.min_price_minor'
    );
    v_criteria.max_price_minor = private.to_minor_units(
        filters ->> 'max_price_minor', 'filters.max_price_minor'
    );
    v_criteria.is_in_stock = private.to_yes_no(filters ->> 'in_stock', 'filters.in_stock');
    v_criteria.store_id = private.to_identifier(filters ->> 'store_id', 'filters.store_id', false);
    v_criteria.attributes = private.to_object(filters ->> 'attributes', 'filters.attributes');
    return v_criteria;
end;
$$;

/*
 * Return criteria with the order of the list, and with the product after which the page begins.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.paged(
    criteria commerce.product_criteria, sort text, after_id uuid, page_size integer
)
returns commerce.product_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria commerce.product_criteria = criteria;
begin
    if sort <> all('{name,price,price_descending,newest}'::text[]) then
        perform private.invalid('sort', 'must be name, price, price_descending or newest');
    end if;
    v_criteria.sort = coalesce(sort, 'name');
    v_criteria.page_size = page_size;
    if after_id is null then
        return v_criteria;
    end if;
    select products.id, products.name, products.lowest_price_minor, products.created_at
    into
        v_criteria.after_id, v_criteria.after_name, v_criteria.after_price_minor,
        v_criteria.after_created_at
    from public.products
    where products.business_id = criteria.business_id and products.id = paged.after_id;
    if not found then
        perform private.invalid('after', 'must be the id of a product of the list');
    end if;
    return v_criteria;
end;
$$;

/*
 * Return the conditions of a query for criteria, which are its parameter $1.
 */
create function commerce.product_conditions(criteria commerce.product_criteria)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        'products.business_id = ($1).business_id',
        'products.is_published and products.archived_at is null',
        case when criteria.category_ids is not null
            then 'products.category_id = any(($1).category_ids)' end,
        case when criteria.brand_ids is not null
            then 'products.brand_id = any(($1).brand_ids)' end,
        case when criteria.sort like 'price%' or criteria.min_price_minor is not null
            or criteria.max_price_minor is not null
            then 'products.currency = ($1).currency and products.lowest_price_minor is not null' end,
        case when criteria.min_price_minor is not null
            then 'products.highest_price_minor >= ($1).min_price_minor' end,
        case when criteria.max_price_minor is not null
            then 'products.lowest_price_minor <= ($1).max_price_minor' end,
        case when criteria.attributes <> '{}'
            then 'products.attributes @> catalog.exact_values(($1).attributes)'
            ' and catalog.has_attributes(products.attributes, ($1).attributes)' end,
        case when criteria.is_in_stock then
            'exists (select 1 from catalog.product_variants'
            ' where product_variants.business_id = products.business_id'
            ' and product_variants.product_id = products.id and product_variants.is_active'
            ' and commerce.is_in_stock(product_variants.business_id, product_variants.id,'
            ' ($1).store_id))' end
    );
end;
$$;

/*
 * Return the query that finds the products that fit criteria, in the order of the list. Its
 * parameter $1 is the criteria.
 */
create function commerce.product_query(criteria commerce.product_criteria)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_descending constant boolean = criteria.sort in ('price_descending', 'newest');
    v_column constant text = case
        when criteria.sort = 'name' then 'name'
        when criteria.sort = 'newest' then 'created_at'
        else 'lowest_price_minor'
    end;
    v_after constant text = case
        when criteria.sort = 'name' then 'after_name'
        when criteria.sort = 'newest' then 'after_created_at'
        else 'after_price_minor'
    end;
begin
    return concat(
        'select products.id from catalog.products where ',
        commerce.product_conditions(criteria),
        case when criteria.after_id is not null
            then format(
                ' and (products.%I, products.id) %s (($1).%I, ($1).after_id)',
                v_column, case when v_is_descending then '<' else '>' end, v_after
            )
        end,
        format(
            ' order by products.%1$I%2$s, products.id%2$s limit ($1).page_size',
            v_column, case when v_is_descending then ' desc' end
        )
    );
end;
$$;

/*
 * Return the ids of the published products that fit criteria, in the order of the list. The caller
 * checks who may see the business.
 * Definer: row-level security would keep filters of attributes away from their index.
 */
create function commerce.find_products(criteria commerce.product_criteria)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query execute commerce.product_query(criteria) using criteria;
end;
$$;

/*
 * Return a product with the name and the description that suit a reader best.
 */
create function commerce.translated(product public.products, wanted text[])
returns public.products
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_product public.products = product;
    v_best constant catalog.product_translations = catalog.best_translation(
        product.business_id, product.id, wanted
    );
begin
    v_product.name = coalesce(v_best.name, product.name);
    v_product.description = coalesce(v_best.description, product.description);
    return v_product;
end;
$$;
