-- The initial schema of 35_pricing: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/35_pricing/tables.sql

-- What is priced. A seller (bookings, orders, memberships) makes lines; pricing knows nothing else
-- about what is sold.

-- One thing that somebody wants to buy. `reference` holds what the seller wants to find again on
-- the line of the quote, such as {"service_id": …, "addons": […]}.
create type pricing.line as (
    kind text,
    name text,
    quantity integer,
    unit_minor bigint,
    currency text,
    reference jsonb
);

-- sql/35_pricing/functions.sql

-- What things cost. Everything that is sold is priced here, by one function, line by line. The
-- result is stored with the sale and nothing computes a price again.

/*
 * Make a line to price.
 */
create function pricing.make_line(
    kind text, name text, quantity integer, unit_minor bigint, currency text, reference jsonb
)
returns pricing.line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line pricing.line;
begin
    v_line.kind = make_line.kind;
    v_line.name = make_line.name;
    v_line.quantity = make_line.quantity;
    v_line.unit_minor = make_line.unit_minor;
    v_line.currency = make_line.currency;
    v_line.reference = make_line.reference;
    return v_line;
end;
$$;

/*
 * Price lines of one currency. Returns {currency, lines: [{kind, name, quantity, unit_minor,
 * amount_minor, …reference}], subtotal_minor, discount_minor, tax_minor, total_minor}. Amounts are
 * whole minor units of the currency.
 *
 * Errors:  PT409 insufficient_points · PT422 coupon_invalid
 */
create function pricing.quote(lines pricing.line[], coupon_code text, redeem_points integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines jsonb;
    v_subtotal bigint;
begin
    if coupon_code is not null then
        perform private.refuse(
            'PT422', 'coupon_invalid', 'There is no such coupon.',
            'Check the code, or leave it out.'
        );
    end if;
    if redeem_points > 0 then
        perform private.refuse(
            'PT409', 'insufficient_points', 'You have no points to redeem.', 'Redeem fewer points.'
        );
    end if;

    select
        jsonb_agg(
            jsonb_build_object(
                'kind', line.kind,
                'name', line.name,
                'quantity', line.quantity,
                'unit_minor', line.unit_minor,
                'amount_minor', line.unit_minor * line.quantity
            ) || line.reference
            order by line.ordinality
        ),
        sum(line.unit_minor * line.quantity)
    into v_lines, v_subtotal
    from unnest(lines) with ordinality as line;

    return jsonb_build_object(
        'currency', lines[1].currency,
        'lines', v_lines,
        'subtotal_minor', v_subtotal,
        'discount_minor', 0,
        'tax_minor', 0,
        'total_minor', v_subtotal
    );
end;
$$;

/*
 * Split an amount in proportion to weights, by largest remainder; ties go to the first. The parts
 * add up to the amount. Without any weight the parts are equal.
 */
create function pricing.split(amount_minor bigint, weights bigint[])
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_total numeric = (select sum(weight) from unnest(weights) as weight);
begin
    if v_total = 0 then
        return pricing.split(amount_minor, array_fill(1::bigint, array[cardinality(weights)]));
    end if;
    return array(
        with shares as (
            select
                parts.place,
                div(amount_minor * parts.weight::numeric, v_total) as whole,
                mod(amount_minor * parts.weight::numeric, v_total) as remainder
            from unnest(weights) with ordinality as parts (weight, place)
        ),

        ranked as (
            select
                shares.*,
                row_number() over (order by shares.remainder desc, shares.place) as rank,
                amount_minor - sum(shares.whole) over () as rest
            from shares
        )

        select (ranked.whole + (ranked.rank <= ranked.rest)::integer)::bigint
        from ranked
        order by ranked.place
    );
end;
$$;

-- sql/35_pricing/policies.sql

-- Everyone may ask for a price; the lines come from functions that read the catalog.

grant execute on function
pricing.make_line(text, text, integer, bigint, text, jsonb),
pricing.quote(pricing.line[], text, integer)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
