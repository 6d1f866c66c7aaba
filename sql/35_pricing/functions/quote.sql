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
