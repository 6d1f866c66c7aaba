-- What a plan charges for a line, and how the line is shared: pure computation, in whole minor
-- units, rounded half away from zero.

/*
 * Return a share of an amount in basis points, rounded half away from zero.
 */
create function money.share_of(amount_minor bigint, rate_bps integer)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return round(amount_minor::numeric * rate_bps / 10000);
end;
$$;

/*
 * Return the commission on a base: a rate and a fixed part, and never more than the base.
 */
create function money.commission_on(base_minor bigint, rate_bps integer, fixed_minor bigint)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return least(
        base_minor, money.share_of(base_minor, rate_bps) + coalesce(fixed_minor, 0)
    );
end;
$$;

/*
 * Return what is left of an amount when a part of what was paid is taken back. The running total is
 * rounded, so that the steps of several refunds add up and the last one leaves nothing.
 */
create function money.left_of(amount_minor bigint, reversed_minor bigint, paid_minor bigint)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if reversed_minor = 0 then
        return amount_minor;
    end if;
    return amount_minor - round(amount_minor::numeric * reversed_minor / paid_minor);
end;
$$;

/*
 * Return how a line is shared, when so much of it was taken back (rule 6): what the customer paid
 * and the platform adds, less commission and tax, is the business's.
 */
create function money.shares(terms money.line_terms, reversed_minor bigint)
returns money.share
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_share money.share;
begin
    v_share.paid_minor = terms.paid_minor - shares.reversed_minor;
    v_share.subsidy_minor = money.left_of(
        terms.subsidy_minor, shares.reversed_minor, terms.paid_minor
    );
    v_share.commission_minor = money.left_of(
        terms.commission_minor, shares.reversed_minor, terms.paid_minor
    );
    v_share.withheld_minor = money.left_of(
        case terms.tax_treatment
            when 'platform_remits' then terms.tax_minor
            when 'commission_taxed' then terms.commission_tax_minor
            else 0
        end,
        shares.reversed_minor,
        terms.paid_minor
    );
    v_share.net_minor = v_share.paid_minor + v_share.subsidy_minor
    - v_share.commission_minor - v_share.withheld_minor;
    return v_share;
end;
$$;

/*
 * Return what each level has of a commission under a plan, by largest remainder: the levels add up
 * to the commission. Without shares the platform has all of it.
 */
create function money.split_commission(plan_id uuid, commission_minor bigint)
returns table (level money.commission_level, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with shares as (
        select
            array_agg(shares.level order by shares.level) as levels,
            array_agg(shares.weight::bigint order by shares.level) as weights
        from money.commission_shares as shares
        where shares.plan_id = split_commission.plan_id
    )

    select parts.level, parts.part_minor
    from shares
    cross join lateral unnest(
        coalesce(shares.levels, array['platform']::money.commission_level[]),
        pricing.split(commission_minor, coalesce(shares.weights, array[1]::bigint[]))
    ) as parts (level, part_minor);
end;
$$;

/*
 * Make the terms of a line: what its plan charges after such a turnover. Without a plan nothing is
 * charged, and the tax is treated as by default.
 */
create function money.make_terms(
    line sales.sale_lines,
    plan_id uuid,
    currency text,
    turnover_minor bigint,
    paid_minor bigint,
    subsidy_minor bigint
)
returns money.line_terms
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms money.line_terms;
    v_plan money.commission_plans;
    v_tier money.commission_tiers;
begin
    select plans.* into v_plan
    from money.commission_plans as plans
    where plans.id = make_terms.plan_id;
    v_tier = money.find_tier(v_plan.id, make_terms.currency, turnover_minor);
    v_terms.business_id = line.business_id;
    v_terms.sale_line_id = line.id;
    v_terms.sale_id = line.sale_id;
    v_terms.currency = make_terms.currency;
    v_terms.plan_id = v_plan.id;
    v_terms.rate_bps = coalesce(v_tier.rate_bps, 0);
    v_terms.fixed_minor = coalesce(v_tier.fixed_minor, 0);
    v_terms.tax_treatment = coalesce(v_plan.tax_treatment, 'platform_remits');
    v_terms.paid_minor = make_terms.paid_minor;
    v_terms.subsidy_minor = make_terms.subsidy_minor;
    v_terms.tax_minor = line.tax_minor;
    v_terms.base_minor = line.amount_minor - line.discount_minor + make_terms.subsidy_minor;
    v_terms.commission_minor = money.commission_on(
        v_terms.base_minor, v_terms.rate_bps, v_terms.fixed_minor
    );
    v_terms.commission_tax_minor = money.share_of(
        v_terms.commission_minor, coalesce(v_plan.commission_tax_bps, 0)
    );
    v_terms.delivered_at = private.now();
    v_terms.reversed_minor = 0;
    return v_terms;
end;
$$;
