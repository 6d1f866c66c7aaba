-- The tax of a document, computed. These functions read no table: rates and amounts are arguments.
-- A tax is rounded once for each rate of the document or once for each line, as the place has it;
-- that figure is the truth, and the lines get shares of it by largest remainder.

/*
 * Return each tax of some rates as a fraction of the amount before tax. A compound tax is levied
 * on the taxes before it as well.
 */
create function pricing.tax_fractions(rates pricing.tax_rate[])
returns numeric[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_rate pricing.tax_rate;
    v_fractions numeric[] = '{}';
    v_sum numeric = 0;
    v_fraction numeric;
begin
    foreach v_rate in array coalesce(rates, '{}') loop
        v_fraction = v_rate.rate_bps * 0.0001;
        if v_rate.is_compound then
            v_fraction = v_fraction * (1 + v_sum);
        end if;
        v_fractions = v_fractions || v_fraction;
        v_sum = v_sum + v_fraction;
    end loop;
    return v_fractions;
end;
$$;

/*
 * Round a tax to whole minor units. What is negative is rounded as its opposite.
 */
create function pricing.round_tax(exact numeric, mode pricing.rounding_mode)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    -- Quotients are not exact: nine decimals are far finer than any two taxes differ.
    select (
        sign(exact) * case mode
            when 'down' then floor(round(abs(exact), 9))
            when 'up' then ceil(round(abs(exact), 9))
            else round(round(abs(exact), 9))
        end
    )::bigint;
end;

/*
 * Return the taxes of lines, exact: a row for each line and tax, and one with the component `none`
 * for a line without taxes. `part` names what is rounded together.
 */
create function pricing.exact_taxes(
    lines pricing.taxable[], rounding_unit pricing.rounding_unit
)
returns table (
    place integer,
    ordinal integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    part text,
    amount_minor bigint,
    is_included boolean,
    fraction numeric,
    divisor numeric,
    written_minor bigint
)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        line.place,
        coalesce(rates.ordinality, 1)::integer,
        coalesce(rates.component, 'none'),
        coalesce(rates.rate_bps, 0),
        coalesce(rates.is_compound, false),
        rates.jurisdiction,
        case exact_taxes.rounding_unit when 'line' then line.unit else '' end,
        line.amount_minor,
        line.is_included,
        coalesce(fractions.each[rates.ordinality], 0),
        coalesce(
            line.divisor,
            case when line.is_included then 1 + coalesce(fractions.total, 0) else 1 end
        ),
        case when rates.ordinality is null and line.taxes_minor is not null then 0
            else line.taxes_minor[rates.ordinality] end
    from unnest(lines) as line
    cross join lateral (
        select computed.each, (select sum(each_one) from unnest(computed.each) as each_one) as total
        from (select pricing.tax_fractions(line.rates) as each) as computed
    ) as fractions
    left join lateral unnest(line.rates) with ordinality as rates on true;
end;
$$;

/*
 * Return what is due for each tax of a document: the rounded tax of all its lines, less what was
 * written of it before.
 */
create function pricing.taxes_due(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns table (part text, component text, rate_bps numeric, due_minor bigint)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        amounts.part,
        amounts.component,
        amounts.rate_bps,
        pricing.round_tax(
            sum(amounts.amount * amounts.fraction / amounts.divisor), taxes_due.rounding_mode
        ) - coalesce(sum(amounts.written), 0)::bigint
    from (
        -- Amounts at the same rates are added up first, so that one quotient is rounded.
        select
            exact.part,
            exact.component,
            exact.rate_bps,
            exact.fraction,
            exact.divisor,
            sum(exact.amount_minor) as amount,
            sum(exact.written_minor) as written
        from pricing.exact_taxes(lines, taxes_due.rounding_unit) as exact
        group by exact.part, exact.component, exact.rate_bps, exact.fraction, exact.divisor
    ) as amounts
    group by amounts.part, amounts.component, amounts.rate_bps;
end;
$$;

/*
 * Return the taxes of the lines that are not written yet: each share in whole minor units towards
 * zero, and what the shares of the same tax lack (`rest`) for what is due.
 */
create function pricing.tax_shares(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns table (
    place integer,
    ordinal integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    part text,
    net_minor bigint,
    is_included boolean,
    share numeric,
    number bigint,
    rest numeric
)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        cells.place, cells.ordinal, cells.component, cells.rate_bps, cells.is_compound,
        cells.jurisdiction, cells.part, cells.amount_minor, cells.is_included, cells.exact,
        count(*) over same,
        due.due_minor - sum(trunc(cells.exact)) over same
    from (
        select
            exact.*,
            round(exact.amount_minor * exact.fraction / exact.divisor, 12) as exact
        from pricing.exact_taxes(lines, tax_shares.rounding_unit) as exact
        where exact.written_minor is null
    ) as cells
    inner join pricing.taxes_due(
        lines, tax_shares.rounding_unit, tax_shares.rounding_mode
    ) as due
        on
            due.part = cells.part
            and due.component = cells.component
            and due.rate_bps = cells.rate_bps
    window same as (partition by cells.part, cells.component, cells.rate_bps);
end;
$$;

/*
 * Return the taxes of the lines of a document that are not written yet: what is due, shared among
 * them by largest remainder; ties go to the first line. The base is the amount without any tax.
 */
create function pricing.document_taxes(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns setof pricing.tax_part
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    with ranked as (
        select
            shares.*,
            row_number() over (
                partition by shares.part, shares.component, shares.rate_bps
                order by
                    (shares.share - trunc(shares.share)) * sign(shares.rest) desc, shares.place
            ) as rank
        from pricing.tax_shares(
            lines, document_taxes.rounding_unit, document_taxes.rounding_mode
        ) as shares
    ),

    taxed as (
        select
            ranked.*,
            trunc(ranked.share) + trunc(ranked.rest / ranked.number)
            + case when ranked.rank <= mod(abs(ranked.rest), ranked.number)
                then sign(ranked.rest) else 0 end as tax
        from ranked
    )

    select
        taxed.place, taxed.component, taxed.rate_bps, taxed.is_compound, taxed.jurisdiction,
        (
            taxed.net_minor
            - case when taxed.is_included then sum(taxed.tax) over line else 0 end
            + case when taxed.is_compound then sum(taxed.tax) over earlier - taxed.tax else 0 end
        )::bigint,
        taxed.tax::bigint
    from taxed
    window
        line as (partition by taxed.place),
        earlier as (partition by taxed.place order by taxed.ordinal)
    order by taxed.place, taxed.ordinal;
end;
$$;
