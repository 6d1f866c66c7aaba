-- Which plan and which tier hold for a line. Everything follows from the sale and the plans, so the
-- order in which lines are delivered does not matter.

/*
 * Return the plan for a line that a business sells on a date: the most specific scope that matches,
 * which is that of the service, then of its category, the business, the kind of line, the vertical.
 * Among equals the scope that began last holds, then the one with the lowest id.
 */
create function money.find_plan(
    business_id uuid, line_kind sales.line_kind, service_id uuid, sold_on date
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select scopes.plan_id
        from money.commission_scopes as scopes
        inner join business.businesses on businesses.id = find_plan.business_id
        left join catalog.services
            on
                services.business_id = find_plan.business_id
                and services.id = find_plan.service_id
        where
            (scopes.business_id = find_plan.business_id or scopes.business_id is null)
            and (scopes.vertical_id is null or scopes.vertical_id = businesses.vertical_id)
            and (scopes.line_kind is null or scopes.line_kind = find_plan.line_kind)
            and (scopes.category_id is null or scopes.category_id = services.category_id)
            and (scopes.service_id is null or scopes.service_id = services.id)
            and (scopes.starts_on is null or scopes.starts_on <= find_plan.sold_on)
            and (scopes.ends_on is null or scopes.ends_on >= find_plan.sold_on)
        order by
            scopes.service_id is null,
            scopes.category_id is null,
            scopes.business_id is null,
            scopes.line_kind is null,
            scopes.vertical_id is null,
            scopes.starts_on desc nulls last,
            scopes.id
        limit 1
    );
end;
$$;

/*
 * Return the tier of a plan for a currency and the turnover of the month so far. A tier of the
 * currency comes before one of every currency.
 */
create function money.find_tier(plan_id uuid, currency text, turnover_minor bigint)
returns money.commission_tiers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tier money.commission_tiers;
begin
    select tiers.* into v_tier
    from money.commission_tiers as tiers
    where
        tiers.plan_id = find_tier.plan_id
        and (tiers.currency = find_tier.currency or tiers.currency is null)
        and tiers.from_minor <= greatest(find_tier.turnover_minor, 0)
        and (tiers.to_minor > greatest(find_tier.turnover_minor, 0) or tiers.to_minor is null)
    order by tiers.currency is null
    limit 1;
    return v_tier;
end;
$$;

/*
 * Does the rate of a plan depend on the turnover?
 */
create function money.has_tiers(plan_id uuid, currency text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from money.commission_tiers as tiers
        where
            tiers.plan_id = has_tiers.plan_id
            and tiers.currency = has_tiers.currency
            and (tiers.from_minor > 0 or tiers.to_minor is not null)
    );
end;
$$;

/*
 * Return what a business sold, after discounts, in the calendar month of a sale (in the zone of the
 * business) and before that sale, corrections included. Gift cards are counted when they are used.
 */
create function money.turnover_before(sale sales.sales)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_zone text = business.time_zone(sale.business_id);
    v_since timestamptz = date_trunc('month', sale.placed_at, v_zone);
begin
    return (
        select coalesce(sum(sale_lines.amount_minor - sale_lines.discount_minor), 0)
        from sales.sales as earlier
        inner join sales.sale_lines
            on
                sale_lines.business_id = earlier.business_id
                and sale_lines.sale_id = earlier.id
        where
            earlier.business_id = sale.business_id
            and earlier.currency = sale.currency
            and earlier.placed_at >= v_since
            and (earlier.placed_at, earlier.id) < (sale.placed_at, sale.id)
            and sale_lines.kind <> 'gift_card'
    );
end;
$$;

/*
 * Return the plan for a line of a sale: the one for the day on which it was placed, in the zone of
 * the business.
 */
create function money.plan_at(sale sales.sales, line sales.sale_lines)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return money.find_plan(
        line.business_id, line.kind, line.service_id,
        (sale.placed_at at time zone business.time_zone(sale.business_id))::date
    );
end;
$$;

/*
 * Return the turnover before a sale that its plan asks for: 0 where the rate does not depend on it.
 */
create function money.turnover_for(plan_id uuid, sale sales.sales)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if money.has_tiers(turnover_for.plan_id, sale.currency) then
        return money.turnover_before(sale);
    end if;
    return 0;
end;
$$;

/*
 * Return the plans that may hold for a business whose money the caller handles: its own, and those
 * of every business.
 * Definer: a policy asks, once a statement, and scopes have a policy themselves.
 */
create function money.my_plans()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_businesses uuid[] = array(select private.my_businesses('account'));
begin
    return query
    select scopes.plan_id
    from money.commission_scopes as scopes
    where
        scopes.business_id = any(v_businesses)
        or scopes.business_id is null and cardinality(v_businesses) > 0;
end;
$$;
