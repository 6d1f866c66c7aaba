-- Orders by list: lines of SKU and quantity, as CSV or JSON, with a report for each line. A list
-- without a problem goes into the cart of the caller as a whole; with one, nothing does.

-- A line of a list, as it was sent and as the catalog has it.
create type private.listed_line as (
    line integer,
    sku text,
    quantity integer,
    variant_id uuid,
    is_sold boolean,
    -- Pieces of the variant in the whole list.
    total integer
);

/*
 * Read a list: a JSON array of {sku, quantity}, or lines of CSV with both, separated by a comma, a
 * semicolon or a tab, and with or without a heading. A quantity that is none is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.read_order_list(list text)
returns table (line integer, sku text, quantity integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines jsonb[] = private.lines_of_list(list);
begin
    if cardinality(v_lines) = 0 then
        perform private.invalid('list', 'is required');
    elsif cardinality(v_lines) > 500 then
        perform private.invalid('list', 'must have at most 500 lines');
    end if;
    return query
    select
        sent.number::integer,
        coalesce(btrim(sent.fields ->> 'sku'), ''),
        case
            when sent.fields ->> 'quantity' ~ '^0*[1-9][0-9]{0,4}$'
                then (sent.fields ->> 'quantity')::integer
        end
    from unnest(v_lines) with ordinality as sent (fields, number);
end;
$$;

/*
 * Return the lines of a list as objects with sku and quantity.
 *
 * Errors:  PT400 invalid_input
 */
create function private.lines_of_list(list text)
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if list ~ '^\s*\[' then
        return private.to_objects(list, 'list', 500, '{sku,quantity}');
    end if;
    return array(
        select
            jsonb_build_object(
                'sku', coalesce(replace(cells.found[1], '""', '"'), cells.found[2], row_text),
                'quantity', btrim(cells.found[3])
            )
        from regexp_split_to_table(left(list, 100000), '\r?\n')
            with ordinality as lines (row_text, number)
        left join lateral regexp_match(
            lines.row_text,
            '^\s*(?:"((?:[^"]|"")*)"|([^",;\t]*))\s*[,;\t]\s*"?([^",;\t]*)"?\s*$'
        ) as cells (found) on true
        where
            btrim(lines.row_text) <> ''
            and not (lines.number = 1 and lines.row_text ~* '^\W*sku\W+(quantity|qty)\W*$')
        order by lines.number
    );
end;
$$;

/*
 * Return the lines of a list with the variants that they mean. SKUs are compared as they are.
 *
 * Errors:  PT400 invalid_input
 */
create function private.find_listed(business_id uuid, list text)
returns setof private.listed_line
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        sent.line,
        sent.sku,
        sent.quantity,
        product_variants.id,
        product_variants.is_active and products.is_published and products.archived_at is null,
        coalesce(
            sum(sent.quantity) over (partition by product_variants.id), sent.quantity
        )::integer
    from private.read_order_list(find_listed.list) as sent
    left join catalog.product_variants
        on
            product_variants.business_id = find_listed.business_id
            and product_variants.sku = sent.sku
    left join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    order by sent.line;
end;
$$;

/*
 * Return how many pieces of a variant, or of the bundle that it is, the active stores of its
 * business, or one of them, can sell now.
 */
create function private.sellable_pieces(business_id uuid, variant_id uuid, store_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select min(pieces.free / taken.quantity)
        from catalog.components(sellable_pieces.variant_id, 1) as taken
        cross join lateral (
            select
                coalesce(
                    sum(greatest(commerce.free_quantity(stock_levels, true), 0)), 0
                )::integer as free
            from commerce.stock_levels
            inner join business.stores
                on
                    stores.business_id = stock_levels.business_id
                    and stores.id = stock_levels.store_id
                    and stores.is_active
            where
                stock_levels.business_id = sellable_pieces.business_id
                and stock_levels.variant_id = taken.variant_id
                and coalesce(stock_levels.store_id = sellable_pieces.store_id, true)
        ) as pieces
    );
end;
$$;

/*
 * Return what is wrong with a line, as a token and a sentence; null where nothing is. Packs hold
 * for the buyers of companies.
 */
create function private.problem_of(
    listed private.listed_line,
    business_id uuid,
    store_id uuid,
    is_wholesale boolean,
    out problem text,
    out message text
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pack integer = (
        select wholesale_packs.pack_size
        from commerce.wholesale_packs
        where
            is_wholesale
            and wholesale_packs.business_id = problem_of.business_id
            and wholesale_packs.variant_id = listed.variant_id
    );
    v_free integer;
begin
    if listed.variant_id is null or not listed.is_sold then
        problem = 'not_found';
        message = format('Nothing with the SKU %s is for sale.', listed.sku);
    elsif listed.quantity is null then
        problem = 'invalid_input';
        message = 'The quantity must be a whole number from 1 to 99999.';
    elsif listed.total % v_pack <> 0 then
        problem = 'pack_size';
        message = format('%s is sold in packs of %s.', listed.sku, v_pack);
    else
        v_free = private.sellable_pieces(business_id, listed.variant_id, store_id);
        if v_free < listed.total then
            problem = 'out_of_stock';
            message = format('%s: only %s left.', listed.sku, v_free);
        end if;
    end if;
end;
$$;

/*
 * Check a list and, unless it is only tried, put it into the cart of the caller. Returns {lines,
 * problem_count, cart}.
 * Definer: customers read no levels.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 not_for_sale
 *          PT422 limit_reached
 */
create function private.order_by_list(
    business_id uuid, list text, is_tried boolean, store_id uuid
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_is_wholesale constant boolean = (
        commerce.wholesale_terms(order_by_list.business_id, v_user_id)
    ).wholesale_account_id is not null;
    v_lines jsonb;
    v_problem_count bigint;
    v_item jsonb;
    v_cart jsonb;
begin
    perform commerce.require_seller(order_by_list.business_id);
    select
        jsonb_agg(
            jsonb_build_object(
                'line', listed.line, 'sku', listed.sku, 'quantity', listed.quantity,
                'variant_id', case when listed.is_sold then listed.variant_id end,
                'problem', found.problem, 'message', found.message
            )
            order by listed.line
        ),
        count(found.problem)
    into v_lines, v_problem_count
    from private.find_listed(order_by_list.business_id, list) as listed
    cross join lateral private.problem_of(
        listed, order_by_list.business_id, order_by_list.store_id, v_is_wholesale
    ) as found;
    if v_problem_count = 0 and not is_tried then
        for v_item in select lines.value from jsonb_array_elements(v_lines) as lines (value) loop
            v_cart = private.add_to_cart(
                jsonb_build_object(
                    'variant_id', v_item ->> 'variant_id', 'quantity', v_item ->> 'quantity'
                ),
                order_by_list.store_id, null, null
            );
        end loop;
    end if;
    return jsonb_build_object(
        'lines', v_lines, 'problem_count', v_problem_count, 'cart', v_cart
    );
end;
$$;
