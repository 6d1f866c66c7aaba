-- How the tax of a sale is written: rows for each revision, and the parts of each line.

/*
 * Write the taxes of a quote for the lines of each of some sales that were written as agreed.
 */
create function sales.write_agreed_taxes(business_id uuid, sale_ids uuid[], quote jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor, jurisdiction,
        rounding_unit, rounding_mode
    )
    select
        write_agreed_taxes.business_id,
        placed.sale_id,
        0,
        taxes.component,
        taxes.rate_bps,
        taxes.base_minor,
        taxes.tax_minor,
        taxes.jurisdiction,
        taxes.rounding_unit,
        taxes.rounding_mode
    from unnest(write_agreed_taxes.sale_ids) as placed (sale_id)
    cross join jsonb_populate_recordset(null::sales.sale_taxes, quote -> 'taxes') as taxes;
    -- The lines of a business that is not registered for tax have no taxes.
    if quote #> '{lines,0,taxes}' is null then
        return;
    end if;
    perform sales.write_line_taxes(
        write_agreed_taxes.business_id,
        write_agreed_taxes.sale_ids,
        array(
            select jsonb_populate_record(
                null::pricing.tax_part,
                tax.value || jsonb_build_object('place', line.ordinality)
            )
            from jsonb_array_elements(quote -> 'lines') with ordinality as line
            cross join lateral jsonb_array_elements(line.value -> 'taxes') with ordinality as tax
            order by line.ordinality, tax.ordinality
        )
    );
end;
$$;

/*
 * Write the tax rows of a revision and the parts of its lines. `rule` names the revision and says
 * how tax is rounded.
 */
create function sales.write_revision_taxes(rule sales.sale_taxes, parts pricing.tax_part[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_taxes (
        business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor, jurisdiction,
        rounding_unit, rounding_mode
    )
    select
        rule.business_id,
        rule.sale_id,
        rule.revision,
        rows.component,
        rows.rate_bps,
        rows.base_minor,
        rows.tax_minor,
        rows.jurisdiction,
        case when rows.component <> 'none' then rule.rounding_unit end,
        case when rows.component <> 'none' then rule.rounding_mode end
    from pricing.tax_rows(parts) as rows;
    perform sales.write_line_taxes(
        rule.business_id,
        array[rule.sale_id],
        array(select part from unnest(parts) as part where part.component <> 'none')
    );
end;
$$;

/*
 * Write the parts of the tax of lines of each of some sales that were written before. `place` is
 * the line's position.
 */
create function sales.write_line_taxes(
    business_id uuid, sale_ids uuid[], parts pricing.tax_part[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_line_taxes (
        business_id, sale_line_id, component, rate_bps, position, is_compound, jurisdiction,
        base_minor, tax_minor
    )
    select
        write_line_taxes.business_id,
        sale_lines.id,
        part.component,
        part.rate_bps,
        row_number() over (partition by sale_lines.id order by part.ordinality),
        part.is_compound,
        part.jurisdiction,
        part.base_minor,
        part.tax_minor
    from unnest(parts) with ordinality as part
    inner join sales.sale_lines
        on
            sale_lines.business_id = write_line_taxes.business_id
            and sale_lines.sale_id = any(write_line_taxes.sale_ids)
            and sale_lines.position = part.place;
end;
$$;
