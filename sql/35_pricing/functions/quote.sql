-- What things cost. Everything that is sold is priced here, by one function, line by line. The
-- result is stored with the sale and nothing computes a price again.

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
    addon_minors bigint[] default '{}',
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
    v_line.addon_minors = make_line.addon_minors;
    v_line.starts_at = make_line.starts_at;
    v_line.resource_id = make_line.resource_id;
    v_line.rules = '[]';
    return v_line;
end;
$$;

/*
 * Price lines of one currency, in this order: price lists, rules, allowances, promotions, points,
 * tax. Returns {currency, lines: [{kind, name, quantity, unit_minor, amount_minor, discount_minor,
 * tax_minor, tax_is_included, discounts, rules, …reference}], taxes, promotions, subtotal_minor,
 * discount_minor, tax_minor, total_minor}, and `allowances` where some are used. Amounts are whole
 * minor units. A business without lists, rules, allowances and promotions costs one look.
 * Definer: everybody is priced by the same rules, which only members of the business may read.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points price_changed · PT422 coupon_invalid
 */
create function pricing.quote(lines pricing.line[], context pricing.context)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_tools pricing.tools = pricing.tools_of(context.business_id);
    v_context pricing.context = pricing.context_for(context, v_tools);
    v_quote jsonb = pricing.add_taxes(
        pricing.untaxed_quote(
            pricing.listed_lines(lines, v_context, v_tools), v_context, v_tools
        ),
        v_context
    );
begin
    if v_context.accepted_total_minor <> (v_quote ->> 'total_minor')::bigint then
        perform pricing.refuse_changed_price();
    end if;
    return v_quote;
end;
$$;

/*
 * Return a context with what the tools of its business ask for.
 *
 * Errors:  PT404 not_found
 */
create function pricing.context_for(context pricing.context, tools pricing.tools)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if tools.is_in_use or context.store_id is not null then
        return pricing.complete_context(context);
    end if;
    return context;
end;
$$;

/*
 * Return some lines with the prices of the lists and the rules of a business.
 *
 * Errors:  PT400 invalid_input
 */
create function pricing.listed_lines(
    lines pricing.line[], context pricing.context, tools pricing.tools
)
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = lines;
begin
    if tools.has_lists or context.currency <> lines[1].currency or cardinality(lines) > 1 and exists (
        select 1
        from unnest(lines) as line
        where line.currency <> coalesce(context.currency, lines[1].currency)
    ) then
        v_lines = pricing.apply_lists(v_lines, context);
    end if;
    if tools.has_rules then
        v_lines = pricing.apply_rules(v_lines, context);
    end if;
    return v_lines;
end;
$$;

/*
 * Return what one of each of some lines costs by the lists and rules of the business, before any
 * discount.
 * Definer: as pricing.quote.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function pricing.unit_prices(lines pricing.line[], context pricing.context)
returns bigint[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return array(
        select line.unit_minor
        from unnest(
            pricing.listed_lines(
                lines,
                pricing.complete_context(context),
                pricing.tools_of(context.business_id)
            )
        ) with ordinality as line
        order by line.ordinality
    );
end;
$$;

/*
 * Return the quote of lines that have their prices: with discounts and points, before tax.
 *
 * Errors:  PT409 coupon_exhausted insufficient_points · PT422 coupon_invalid
 */
create function pricing.untaxed_quote(
    lines pricing.line[], context pricing.context, tools pricing.tools
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_discounts pricing.discount[] = '{}';
begin
    if tools.has_allowances then
        v_discounts = pricing.allowance_discounts(lines, context);
    end if;
    if tools.has_promotions or context.coupon_code is not null then
        v_discounts = v_discounts || pricing.discounts_of(lines, context, v_discounts);
    end if;
    if context.redeem_points > 0 then
        v_discounts = v_discounts || pricing.points_discounts(lines, context, v_discounts);
    end if;
    return pricing.list_lines(lines, v_discounts);
end;
$$;

/*
 * Return which tools of pricing a business uses.
 */
create function pricing.tools_of(business_id uuid)
returns pricing.tools
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_tools pricing.tools;
begin
    v_tools.has_lists = exists (
        select 1 from pricing.price_lists where price_lists.business_id = tools_of.business_id
    );
    v_tools.has_rules = exists (
        select 1
        from pricing.price_rules
        where price_rules.business_id = tools_of.business_id and price_rules.is_active
    );
    v_tools.has_promotions = exists (
        select 1 from pricing.promotions where promotions.business_id = tools_of.business_id
    );
    v_tools.has_allowances = exists (
        select 1 from customers.allowances where allowances.business_id = tools_of.business_id
    );
    v_tools.is_in_use = v_tools.has_lists or v_tools.has_rules or v_tools.has_promotions
    or v_tools.has_allowances;
    return v_tools;
end;
$$;

/*
 * Refuse a sale at another price than the buyer accepted.
 *
 * Errors:  PT409 price_changed
 */
create function pricing.refuse_changed_price()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'price_changed', 'The price has changed since you saw it.',
        'Quote again and accept the new total; nothing was booked or charged.'
    );
end;
$$;
