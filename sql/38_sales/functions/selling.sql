-- How sales are written. Sellers (bookings, the checkout of goods) call these functions, and know
-- what they sold; nothing here does.

/*
 * Write a sale with the lines of a quote, as agreed, and claim the promotions and allowances that
 * it uses. A sale of a basket is paid with the others in it. Returns its id.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function sales.place_sale(
    business_id uuid,
    customer_id uuid,
    customer_name text,
    customer_email text,
    customer_phone text,
    quote jsonb,
    basket_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_id uuid = sales.write_sale(
        place_sale.business_id, place_sale.customer_id, place_sale.customer_name,
        place_sale.customer_email, place_sale.customer_phone, place_sale.quote,
        place_sale.basket_id
    );
begin
    perform sales.claim_discounts(
        place_sale.business_id, v_sale_id, place_sale.quote, place_sale.customer_id,
        place_sale.customer_email
    );
    return v_sale_id;
end;
$$;

/*
 * Write a sale with its lines as they were agreed, and claim nothing that its discounts use. The
 * caller claims them with sales.claim_discounts in the same transaction. Returns the sale's id.
 */
create function sales.write_sale(
    business_id uuid,
    customer_id uuid,
    customer_name text,
    customer_email text,
    customer_phone text,
    quote jsonb,
    basket_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_id uuid = gen_random_uuid();
begin
    with sale as (
        insert into sales.sales (
            id, business_id, basket_id, customer_id, customer_name, customer_email,
            customer_phone, currency, placed_at
        )
        values (
            v_sale_id, write_sale.business_id, write_sale.basket_id, write_sale.customer_id,
            write_sale.customer_name, write_sale.customer_email, write_sale.customer_phone,
            write_sale.quote ->> 'currency', private.now()
        )
        returning sales.business_id, sales.id, sales.placed_at
    )

    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    select sale.business_id, sale.id, 0, 'agreed', auth.uid(), sale.placed_at
    from sale;
    perform sales.write_agreed_lines(
        write_sale.business_id, array[v_sale_id], write_sale.quote
    );
    return v_sale_id;
end;
$$;

/*
 * Write the lines of a quote as revision 0 of each of some sales, with their tax rows.
 */
create function sales.write_agreed_lines(business_id uuid, sale_ids uuid[], quote jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, service_id, variant_id, name, quantity,
        unit_minor, amount_minor, discount_minor, tax_minor, tax_is_included, plan_id
    )
    select
        write_agreed_lines.business_id,
        placed.sale_id,
        lines.position,
        0,
        (lines.line ->> 'kind')::sales.line_kind,
        (lines.line ->> 'service_id')::uuid,
        (lines.line ->> 'variant_id')::uuid,
        lines.line ->> 'name',
        (lines.line ->> 'quantity')::integer,
        (lines.line ->> 'unit_minor')::bigint,
        (lines.line ->> 'amount_minor')::bigint,
        (lines.line ->> 'discount_minor')::bigint,
        (lines.line ->> 'tax_minor')::bigint,
        (lines.line ->> 'tax_is_included')::boolean,
        (lines.line ->> 'plan_id')::uuid
    from unnest(write_agreed_lines.sale_ids) as placed (sale_id)
    cross join jsonb_array_elements(write_agreed_lines.quote -> 'lines')
        with ordinality as lines (line, position);
    perform sales.write_agreed_taxes(
        write_agreed_lines.business_id, write_agreed_lines.sale_ids, write_agreed_lines.quote
    );
end;
$$;

/*
 * The sales of the signed-in customer.
 * Definer: lines and taxes ask this instead of the policy of sales, once a statement.
 */
create function private.my_sales()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select sales.id
    from sales.sales
    where sales.customer_id = auth.uid();
end;
$$;
