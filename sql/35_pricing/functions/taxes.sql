-- The last step of a quote: tax.

/*
 * Add the taxes of a quote: its rows, the share of each line, and the totals. Prices either include
 * tax, and then the total stays what it was, or tax comes on top.
 */
create function pricing.add_taxes(quote jsonb, context pricing.context)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_basis pricing.tax_basis = pricing.tax_basis(context.business_id);
    v_lines pricing.taxable[];
    v_base bigint;
begin
    if v_basis.business_id is not null then
        v_lines = pricing.taxable_lines(quote, v_basis, context);
        return pricing.put_taxes(
            quote,
            v_basis,
            array(
                select parts
                from pricing.document_taxes(
                    v_lines, v_basis.rounding_unit, v_basis.rounding_mode
                ) as parts
            )
        );
    end if;
    v_base = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
    return quote || jsonb_build_object(
        'taxes', jsonb_build_array(jsonb_build_object(
            'component', 'none',
            'rate_bps', 0,
            'jurisdiction', null,
            'base_minor', v_base,
            'tax_minor', 0,
            'is_included', true
        )),
        'tax_minor', 0,
        'total_minor', v_base
    );
end;
$$;

/*
 * Return the lines of a quote with their taxes, still without figures. Services are taxed where the
 * business is; goods that go to another region may be taxed differently. Rates are looked up once
 * for each class.
 * Definer: the answer is the same for every caller.
 */
create function pricing.taxable_lines(
    quote jsonb, basis pricing.tax_basis, context pricing.context
)
returns pricing.taxable[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_on_day constant date
        = (coalesce(context.at, private.now()) at time zone basis.time_zone)::date;
    v_is_reversed constant boolean = pricing.is_reverse_charged(
        basis, context.buyer_id, context.buyer_email
    );
begin
    return array(
        with lines as (
            select
                line.ordinality::integer as place,
                (line.value ->> 'amount_minor')::bigint
                - (line.value ->> 'discount_minor')::bigint as net_minor,
                pricing.tax_class_of(
                    line.value ->> 'kind', line.value ->> 'tax_class', services.tax_class,
                    basis.gift_card_tax_class
                ) as tax_class,
                pricing.includes_tax(line.value ->> 'kind', basis.is_included) as is_included,
                pricing.reach_of(line.value ->> 'kind', basis.region, context.region) as reach
            from jsonb_array_elements(quote -> 'lines') with ordinality as line
            left join catalog.services on services.id = (line.value ->> 'service_id')::uuid
        ),

        rates as materialized (
            select
                classes.tax_class,
                classes.reach,
                pricing.tax_rates(basis, classes.tax_class, v_on_day, classes.reach) as of_class
            from (select distinct lines.tax_class, lines.reach from lines) as classes
        )

        select pricing.make_taxable(
            lines.place,
            lines.net_minor,
            lines.is_included,
            case
                when v_is_reversed and rates.of_class <> '{}'
                    then array[pricing.make_rate('reverse_charge', 0, false, basis.country)]
                else rates.of_class
            end
        )
        from lines
        inner join rates using (tax_class, reach)
        order by lines.place
    );
end;
$$;

/*
 * Return whether tax is in the amount of a line. What a gift card costs is what it pays later, so
 * tax never comes on top of it.
 */
create function pricing.includes_tax(kind text, prices_include_tax boolean)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select prices_include_tax or kind = 'gift_card';
end;

/*
 * Return whether what is sold stays in the region of the seller.
 */
create function pricing.reach_of(kind text, seller_region text, buyer_region text)
returns pricing.tax_reach
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when kind in ('product', 'shipping')
            and buyer_region like '__-%'
            and seller_region is distinct from buyer_region
            then 'between_regions'
        else 'within_region'
    end;
end;
$$;

/*
 * Return a quote with its taxes: rows, lines and totals.
 */
create function pricing.put_taxes(
    quote jsonb, basis pricing.tax_basis, parts pricing.tax_part[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines constant jsonb = pricing.put_line_taxes(quote -> 'lines', basis.is_included, parts);
    v_tax constant bigint = (select sum(part.tax_minor) from unnest(parts) as part);
    -- The lines on which tax comes on top.
    v_places constant integer[] = array(
        select line.ordinality
        from jsonb_array_elements(v_lines) with ordinality as line
        where line.value -> 'tax_is_included' = 'false'
    );
    v_net constant bigint
        = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
begin
    return quote || jsonb_build_object(
        'lines', v_lines,
        'taxes', (
            select jsonb_agg(
                jsonb_build_object(
                    'component', rows.component,
                    'rate_bps', rows.rate_bps,
                    'jurisdiction', rows.jurisdiction,
                    'base_minor', rows.base_minor,
                    'tax_minor', rows.tax_minor,
                    'is_included', not exists (
                        select 1
                        from unnest(parts) as part
                        where
                            part.component = rows.component
                            and part.rate_bps = rows.rate_bps
                            and part.place = any(v_places)
                    ),
                    'rounding_unit', case when rows.component <> 'none' then basis.rounding_unit end,
                    'rounding_mode', case when rows.component <> 'none' then basis.rounding_mode end
                )
                order by rows.place, rows.component
            )
            from pricing.tax_rows(parts) as rows
        ),
        'tax_minor', v_tax,
        'total_minor', v_net + coalesce(
            (
                select sum(part.tax_minor)
                from unnest(parts) as part
                where part.place = any(v_places)
            ),
            0
        )::bigint
    );
end;
$$;

/*
 * Return the taxes of a document: the sum of its lines for each component and rate, at the place
 * of the first line that has it.
 */
create function pricing.tax_rows(parts pricing.tax_part[])
returns setof pricing.tax_part
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        min(part.place),
        part.component,
        part.rate_bps,
        bool_or(part.is_compound),
        min(part.jurisdiction),
        sum(part.base_minor)::bigint,
        sum(part.tax_minor)::bigint
    from unnest(parts) as part
    group by part.component, part.rate_bps;
end;
$$;

/*
 * Return the lines of a quote with their share of the tax and its parts.
 */
create function pricing.put_line_taxes(
    lines jsonb, is_included boolean, parts pricing.tax_part[]
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(
            line.value || jsonb_build_object(
                'tax_minor', taxes.tax_minor,
                'tax_is_included', pricing.includes_tax(
                    line.value ->> 'kind', put_line_taxes.is_included
                ),
                'taxes', taxes.each
            )
            order by line.ordinality
        )
        from jsonb_array_elements(lines) with ordinality as line
        cross join lateral (
            select
                sum(part.tax_minor) as tax_minor,
                coalesce(
                    jsonb_agg(to_jsonb(part) - 'place' order by part.ordinality)
                    filter (where part.component <> 'none'),
                    '[]'
                ) as each
            from unnest(parts) with ordinality as part
            where part.place = line.ordinality
        ) as taxes
    );
end;
$$;
