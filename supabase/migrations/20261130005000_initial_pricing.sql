-- The initial schema of 50_pricing: its files of sql/, joined.
set lock_timeout = '5s';

-- sql/50_pricing/functions.sql

-- What things cost. Everything that is sold is priced here, by one function, line by line; the
-- result is stored with the sale and nothing recomputes it. Today a line is the service's price
-- and its add-ons for each guest; discounts, points and taxes are the lines that will join them.

/*
 * Price some legs: {currency, lines: [{kind, service_id, name, quantity, unit_minor, amount_minor,
 * addons}], subtotal_minor, discount_minor, tax_minor, total_minor}. Amounts are whole minor units
 * of the currency.
 *
 * Errors:  PT409 insufficient_points · PT422 coupon_invalid
 */
create function pricing.quote(legs scheduling.leg[], coupon_code text, redeem_points integer)
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
            'PT422', 'coupon_invalid', 'There is no such coupon.', 'Check the code, or leave it out.'
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
                'kind', 'service',
                'service_id', leg.service_id,
                'name', leg.service_name,
                'addons', leg.addons,
                'quantity', leg.party_size,
                'unit_minor', unit.minor,
                'amount_minor', unit.minor * leg.party_size
            )
            order by leg.ordinality
        ),
        sum(unit.minor * leg.party_size)
    into v_lines, v_subtotal
    from unnest(legs) with ordinality as leg
    cross join lateral (
        select leg.price_minor + coalesce(sum((addon.value ->> 'price_minor')::bigint), 0)::bigint as minor
        from jsonb_array_elements(leg.addons) as addon (value)
    ) as unit;

    return jsonb_build_object(
        'currency', legs[1].currency,
        'lines', v_lines,
        'subtotal_minor', v_subtotal,
        'discount_minor', 0,
        'tax_minor', 0,
        'total_minor', v_subtotal
    );
end;
$$;

/*
 * Split an amount in proportion to some weights, by largest remainder, the first of equals first:
 * the parts add up to the amount. Equally where nothing weighs anything.
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

-- sql/50_pricing/api.sql

-- What clients ask about prices.

/*
 * Price some services as they would be booked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable insufficient_points
 *          PT422 coupon_invalid
 */
create function public.quote(
    items public.list,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    currency text default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[] = scheduling.legs(scheduling.to_wishes(items, null, null));
begin
    if v_legs[1].currency <> quote.currency then
        perform private.invalid('currency', format('must be %s, as the services are', v_legs[1].currency));
    end if;
    return pricing.quote(
        v_legs,
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_whole_number(redeem_points, 'redeem_points', 0, 1000000)
    );
end;
$$;
grant execute on function
public.quote(public.list, text, public.whole_number, text),
pricing.quote(scheduling.leg[], text, integer)
to anon, authenticated, service_role;

comment on function public.quote is
'What services would cost, as it would be stored with the booking: items are [{service_id,
addon_ids?,
party_size?}] of one business and one currency. Gives {currency, lines: [{kind, service_id, name,
addons,
quantity, unit_minor, amount_minor}], subtotal_minor, discount_minor, tax_minor, total_minor};
amounts are whole
minor units. Errors: invalid_input 400, not_found 404, not_bookable 409, insufficient_points 409,
coupon_invalid 422.';

notify pgrst, 'reload schema';
