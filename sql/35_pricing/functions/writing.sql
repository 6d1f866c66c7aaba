-- How a quote is written down.

/*
 * Return the quote of some lines less what discounts take off, before tax.
 */
create function pricing.list_lines(lines pricing.line[], discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
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
        'promotions', '[]'::jsonb,
        'subtotal_minor', v_subtotal,
        'discount_minor', 0
    ) || case when discounts <> '{}' then pricing.list_discounts(v_lines, discounts) else '{}' end;
end;
$$;

/*
 * Return what discounts change in a quote: its lines, the promotions that a sale will claim, and
 * the sum.
 */
create function pricing.list_discounts(lines jsonb, discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return jsonb_build_object(
        'lines', (
            select jsonb_agg(
                line.value || coalesce(
                    (
                        select jsonb_build_object(
                            'discount_minor', sum(discount.amount_minor),
                            'discounts', jsonb_agg(
                                pricing.list_discount(
                                    discount.promotion_id, discount.allowance_id, discount.name,
                                    discount.bearer, discount.amount_minor, discount.units
                                )
                                order by discount.ordinality
                            )
                        )
                        from unnest(discounts) with ordinality as discount
                        where discount.place = line.place
                        having count(*) > 0
                    ),
                    '{}'
                )
                order by line.place
            )
            from jsonb_array_elements(lines) with ordinality as line (value, place)
        ),
        'promotions', pricing.list_promotions(discounts),
        'discount_minor', (
            select sum(discount.amount_minor)
            from unnest(discounts) as discount
        )
    ) || pricing.list_allowances(discounts);
end;
$$;

/*
 * Return a discount as a line of a quote lists it: {source, name, bearer, amount_minor}, and
 * `points` where points take something off.
 */
create function pricing.list_discount(
    promotion_id uuid,
    allowance_id uuid,
    name text,
    bearer text,
    amount_minor bigint,
    units integer
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'source', coalesce(promotion_id::text, allowance_id::text, 'points'),
        'name', list_discount.name,
        'bearer', list_discount.bearer,
        'amount_minor', list_discount.amount_minor
    ) || case
        when num_nonnulls(promotion_id, allowance_id) = 0
            then jsonb_build_object('points', list_discount.units)
        else '{}'
    end;
end;
$$;

/*
 * Return the allowances that a sale will use, and how many units of each on which line.
 */
create function pricing.list_allowances(discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object(
                'allowances',
                jsonb_agg(
                    jsonb_build_object(
                        'allowance_id', discount.allowance_id,
                        'place', discount.place,
                        'units', discount.units
                    )
                    order by discount.allowance_id, discount.place
                )
            )
            from unnest(discounts) as discount
            where discount.allowance_id is not null
            having count(*) > 0
        ),
        '{}'
    );
end;
$$;

/*
 * Return the promotions that a sale will claim, and what each takes off.
 */
create function pricing.list_promotions(discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'promotion_id', used.promotion_id,
                    'coupon_id', used.coupon_id,
                    'amount_minor', used.amount_minor
                )
                order by used.promotion_id
            ),
            '[]'
        )
        from (
            select
                discount.promotion_id,
                discount.coupon_id,
                sum(discount.amount_minor) as amount_minor
            from unnest(discounts) as discount
            where discount.promotion_id is not null
            group by discount.promotion_id, discount.coupon_id
        ) as used
    );
end;
$$;
