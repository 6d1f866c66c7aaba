-- The initial schema of 35_pricing: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/35_pricing/tables/values.sql

-- What is priced, and for whom. A seller (bookings, orders, memberships) makes lines and a context;
-- pricing knows nothing else about what is sold.

-- One thing that somebody wants to buy. `reference` holds what the seller wants to find again on
-- the line of the quote, such as {"service_id": …, "addons": […]}.
create type pricing.line as (
    kind text,
    name text,
    quantity integer,
    -- The price of one, its extras included.
    unit_minor bigint,
    currency text,
    reference jsonb,
    -- What is sold, such as the service, and its extras: what price lists have prices for.
    item_id uuid,
    addon_ids uuid [],
    -- When it begins, and with whom or where; null where the buyer left it open.
    starts_at timestamptz,
    resource_id uuid,
    -- What pricing changed, in order: [{source, name, unit_minor}].
    rules jsonb
);

-- Who buys where. The buyer says the coupon, the points, the currency, the store, the region and
-- the total that they accepted (pricing.make_terms); the seller adds the business and the buyer
-- (pricing.for_buyer); pricing looks up the rest where a rule may ask for it.
create type pricing.context as (
    coupon_code text,
    redeem_points integer,
    -- Null: the currency of the lines.
    currency text,
    store_id uuid,
    -- ISO 3166: a country (DE) or a part of it (DE-BY). Null: that of the store or the business.
    region text,
    -- The total of the quote that the buyer accepted; null: whatever it costs.
    accepted_total_minor bigint,
    business_id uuid,
    -- The account that buys, or the proven address of a guest.
    buyer_id uuid,
    buyer_email text,
    -- Looked up by pricing.complete_context.
    at timestamptz,
    time_zone text,
    group_ids uuid [],
    accesses text []
);

-- sql/35_pricing/functions/context.sql

-- Who buys where: what the buyer says of it, what the seller knows, and what is looked up.

/*
 * Make what a buyer says about a price.
 */
create function pricing.make_terms(
    coupon_code text default null,
    redeem_points integer default 0,
    currency text default null,
    store_id uuid default null,
    region text default null,
    accepted_total_minor bigint default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context;
begin
    v_context.coupon_code = make_terms.coupon_code;
    v_context.redeem_points = make_terms.redeem_points;
    v_context.currency = make_terms.currency;
    v_context.store_id = make_terms.store_id;
    v_context.region = make_terms.region;
    v_context.accepted_total_minor = make_terms.accepted_total_minor;
    return v_context;
end;
$$;

/*
 * Return the terms of a buyer with the business that sells and who the buyer is.
 */
create function pricing.for_buyer(
    terms pricing.context, business_id uuid, buyer_id uuid, buyer_email text default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context = terms;
begin
    v_context.business_id = for_buyer.business_id;
    v_context.buyer_id = for_buyer.buyer_id;
    v_context.buyer_email = for_buyer.buyer_email;
    return v_context;
end;
$$;

-- sql/35_pricing/functions/quote.sql

-- What things cost. Everything that is sold is priced here, by one function, line by line, in this
-- order: the price of the item, discounts, points, tax. The result is stored with the sale and
-- nothing computes a price again.

/*
 * Make a line to price.
 */
create function pricing.make_line(
    kind text,
    name text,
    quantity integer,
    unit_minor bigint,
    currency text,
    reference jsonb,
    item_id uuid default null,
    addon_ids uuid[] default '{}',
    starts_at timestamptz default null,
    resource_id uuid default null
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
    v_line.item_id = make_line.item_id;
    v_line.addon_ids = make_line.addon_ids;
    v_line.starts_at = make_line.starts_at;
    v_line.resource_id = make_line.resource_id;
    v_line.rules = '[]';
    return v_line;
end;
$$;

/*
 * Price lines of one currency. Returns {currency, lines: [{kind, name, quantity, unit_minor,
 * amount_minor, discount_minor, tax_minor, tax_is_included, discounts, rules, …reference}], taxes,
 * subtotal_minor, discount_minor, tax_minor, total_minor}. Amounts are whole minor units.
 *
 * Errors:  PT409 insufficient_points · PT422 coupon_invalid
 */
create function pricing.quote(lines pricing.line[], context pricing.context)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if context.coupon_code is not null then
        perform private.refuse(
            'PT422', 'coupon_invalid', 'There is no such coupon.',
            'Check the code, or leave it out.'
        );
    end if;
    if context.redeem_points > 0 then
        perform private.refuse(
            'PT409', 'insufficient_points', 'You have no points to redeem.', 'Redeem fewer points.'
        );
    end if;
    return pricing.add_taxes(pricing.list_lines(lines), context);
end;
$$;

/*
 * Return the quote of lines as they are, before discounts, points and tax.
 */
create function pricing.list_lines(lines pricing.line[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_lines jsonb;
    v_subtotal bigint;
begin
    select
        jsonb_agg(
            jsonb_build_object(
                'kind', line.kind,
                'name', line.name,
                'quantity', line.quantity,
                'unit_minor', line.unit_minor,
                'amount_minor', line.unit_minor * line.quantity,
                'discount_minor', 0,
                'tax_minor', 0,
                'tax_is_included', true,
                'discounts', '[]'::jsonb,
                'rules', line.rules
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
        'discount_minor', 0
    );
end;
$$;

-- sql/35_pricing/functions/split.sql

-- How an amount is divided so that nothing is lost.

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

-- sql/35_pricing/functions/taxes.sql

-- The last step of a quote: tax.

/*
 * Add the taxes of a quote: its rows, the share of each line, and the totals. No rate is known yet,
 * so everything stands under `none`.
 */
create function pricing.add_taxes(quote jsonb, context pricing.context)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_base bigint = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
begin
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

-- sql/35_pricing/policies/functions.sql

-- Everyone may ask for a price; the lines come from functions that read the catalog.

grant execute on function
pricing.make_line(
    text, text, integer, bigint, text, jsonb, uuid, uuid[], timestamptz, uuid
),
pricing.make_terms(text, integer, text, uuid, text, bigint),
pricing.for_buyer(pricing.context, uuid, uuid, text),
pricing.quote(pricing.line[], pricing.context),
pricing.list_lines(pricing.line[]),
pricing.add_taxes(jsonb, pricing.context)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
