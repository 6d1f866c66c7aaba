-- How the values are made of which taxes are computed: a line to tax, and a tax on it.

/*
 * Make a line to tax that is not written yet and is rounded alone.
 */
create function pricing.make_taxable(
    place integer, amount_minor bigint, is_included boolean, rates pricing.tax_rate[]
)
returns pricing.taxable
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line pricing.taxable;
begin
    v_line.place = make_taxable.place;
    v_line.unit = make_taxable.place::text;
    v_line.amount_minor = make_taxable.amount_minor;
    v_line.is_included = make_taxable.is_included;
    v_line.rates = make_taxable.rates;
    return v_line;
end;
$$;

/*
 * Make a tax of a line.
 */
create function pricing.make_rate(
    component text,
    rate_bps numeric,
    is_compound boolean default false,
    jurisdiction text default null
)
returns pricing.tax_rate
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_rate pricing.tax_rate;
begin
    v_rate.component = make_rate.component;
    v_rate.rate_bps = make_rate.rate_bps;
    v_rate.is_compound = make_rate.is_compound;
    v_rate.jurisdiction = make_rate.jurisdiction;
    return v_rate;
end;
$$;
