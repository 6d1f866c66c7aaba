-- How many sales of the same thing are written at once, such as the renewals of a plan.

/*
 * Write a sale of one quote for each of some accounts, with the ids at the same place. The quote
 * uses no promotions and no allowances.
 */
create function sales.place_alike(
    business_id uuid, sale_ids uuid[], customer_ids uuid[], quote jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sales (
        id, business_id, customer_id, customer_name, customer_email, customer_phone, currency,
        placed_at
    )
    select
        buyers.sale_id, place_alike.business_id, buyers.customer_id, profiles.full_name,
        profiles.email, profiles.phone, quote ->> 'currency', private.now()
    from unnest(place_alike.sale_ids, place_alike.customer_ids) as buyers (sale_id, customer_id)
    left join identity.profiles on profiles.id = buyers.customer_id;
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    select place_alike.business_id, placed.sale_id, 0, 'agreed', auth.uid(), private.now()
    from unnest(place_alike.sale_ids) as placed (sale_id);
    perform sales.write_alike(place_alike.business_id, place_alike.sale_ids, quote);
end;
$$;

/*
 * Write the lines and the taxes of one quote for each of some sales.
 */
create function sales.write_alike(business_id uuid, sale_ids uuid[], quote jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_lines (
        business_id, sale_id, position, revision, kind, service_id, name, quantity, unit_minor,
        amount_minor, discount_minor, tax_minor, tax_is_included, plan_id
    )
    select
        write_alike.business_id, placed.sale_id, lines.position, 0,
        (lines.line ->> 'kind')::sales.line_kind, (lines.line ->> 'service_id')::uuid,
        lines.line ->> 'name', (lines.line ->> 'quantity')::integer,
        (lines.line ->> 'unit_minor')::bigint, (lines.line ->> 'amount_minor')::bigint,
        (lines.line ->> 'discount_minor')::bigint, (lines.line ->> 'tax_minor')::bigint,
        (lines.line ->> 'tax_is_included')::boolean, (lines.line ->> 'plan_id')::uuid
    from unnest(write_alike.sale_ids) as placed (sale_id)
    cross join jsonb_array_elements(quote -> 'lines') with ordinality as lines (line, position);
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor, jurisdiction,
        rounding_unit, rounding_mode
    )
    select
        write_alike.business_id, placed.sale_id, 0, taxes.component, taxes.rate_bps,
        taxes.base_minor, taxes.tax_minor, taxes.jurisdiction, taxes.rounding_unit,
        taxes.rounding_mode
    from unnest(write_alike.sale_ids) as placed (sale_id)
    cross join jsonb_populate_recordset(null::sales.sale_taxes, quote -> 'taxes') as taxes;
    insert into sales.sale_line_taxes (
        business_id, sale_line_id, component, rate_bps, position, is_compound, jurisdiction,
        base_minor, tax_minor
    )
    select
        sale_lines.business_id, sale_lines.id, tax.part ->> 'component',
        (tax.part ->> 'rate_bps')::numeric, tax.place, (tax.part ->> 'is_compound')::boolean,
        tax.part ->> 'jurisdiction', (tax.part ->> 'base_minor')::bigint,
        (tax.part ->> 'tax_minor')::bigint
    from sales.sale_lines
    cross join lateral jsonb_array_elements(
        coalesce(quote -> 'lines' -> (sale_lines.position - 1) -> 'taxes', '[]')
    ) with ordinality as tax (part, place)
    where
        sale_lines.business_id = write_alike.business_id
        and sale_lines.sale_id = any(write_alike.sale_ids);
end;
$$;
