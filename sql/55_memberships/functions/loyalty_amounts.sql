-- On what a sale earns points: on what stands of its services and goods, and was paid with money.
-- Points are a discount, so what they paid is not in it; what gift cards and credit paid is left
-- out, in proportion. Fees, tips, gift cards, memberships and shipping earn nothing.

/*
 * Return on which amount a sale earns points, as it stands now.
 */
create function loyalty.earning_amount(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_owed numeric = (money.sale_balance(earning_amount.business_id, earning_amount.sale_id)).owed_minor;
    v_standing numeric = (
        select coalesce(sum(standing.standing_minor), 0)
        from loyalty.earning_lines(earning_amount.business_id, earning_amount.sale_id) as standing
    );
    v_by_credit numeric = (
        select
            coalesce(
                sum(parts.captured_minor - parts.refunding_minor - parts.refunded_minor), 0
            )
        from money.payment_parts as parts
        where
            parts.business_id = earning_amount.business_id
            and parts.sale_id = earning_amount.sale_id
            and parts.provider in ('gift_card', 'credit')
    );
begin
    if v_owed <= 0 then
        return 0;
    end if;
    return round(v_standing * greatest(v_owed - v_by_credit, 0) / v_owed);
end;
$$;

/*
 * Return the lines of a sale that earn points, with what stands of them.
 */
create function loyalty.earning_lines(business_id uuid, sale_id uuid)
returns table (sale_line_id uuid, standing_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select standing.sale_line_id, standing.standing_minor
    from sales.standing_lines(earning_lines.business_id, earning_lines.sale_id) as standing
    inner join sales.sale_lines on sale_lines.id = standing.sale_line_id
    where sale_lines.kind in ('service', 'product') and standing.standing_minor > 0;
end;
$$;

/*
 * Is everything of a sale provided that earns points?
 */
create function loyalty.is_completed(business_id uuid, sale_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from loyalty.earning_lines(is_completed.business_id, is_completed.sale_id) as standing
        where not exists (
            select 1
            from sales.sale_line_deliveries
            where
                sale_line_deliveries.business_id = is_completed.business_id
                and sale_line_deliveries.sale_line_id = standing.sale_line_id
        )
    );
end;
$$;

/*
 * Return how many points an amount earns by some terms. They are rounded once.
 */
create function loyalty.points_for(earning loyalty.earnings, amount_minor bigint)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_points numeric = amount_minor::numeric * earning.earn_points * earning.percent
        / (earning.earn_minor::numeric * 100);
begin
    return case
        when amount_minor < earning.minimum_spend_minor then 0
        when earning.rounding = 'down' then floor(v_points)
        when earning.rounding = 'up' then ceil(v_points)
        else round(v_points)
    end;
end;
$$;

/*
 * Return how many percent of the usual points a sale earns: the highest of the multipliers that
 * apply when it is placed.
 */
create function loyalty.percent_for(sale sales.sales, customer_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_accesses text[] = customers.accesses_of(
        sale.business_id, percent_for.customer_id, sale.placed_at
    );
begin
    return (
        select coalesce(max(multipliers.percent), 100)
        from loyalty.multipliers
        where
            multipliers.business_id = sale.business_id
            and coalesce(multipliers.access = any(v_accesses), true)
            and coalesce(multipliers.starts_at <= sale.placed_at, true)
            and coalesce(multipliers.ends_at > sale.placed_at, true)
    );
end;
$$;

/*
 * Return which part of what points paid still stands: 1 for a sale as it was agreed, 0 for one that
 * was taken back whole. What was taken back of a line takes back as much of its points.
 */
create function loyalty.standing_share(business_id uuid, sale_id uuid)
returns numeric
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            sum(
                paid.amount_minor * least(1, greatest(0, case
                    when sold.amount_minor > sold.discount_minor
                        then paid.left_minor / (sold.amount_minor - sold.discount_minor)
                    else paid.left_discount_minor / sold.discount_minor
                end))
            ) / sum(paid.amount_minor)
        from sales.sale_lines as sold
        cross join lateral (
            select
                sum(discounts.amount_minor) as amount_minor,
                (
                    select sum(lines.amount_minor - lines.discount_minor)
                    from loyalty.lines_of(sold) as lines
                ) as left_minor,
                (
                    select sum(lines.discount_minor) from loyalty.lines_of(sold) as lines
                ) as left_discount_minor
            from sales.sale_line_discounts as discounts
            where
                discounts.business_id = sold.business_id
                and discounts.sale_line_id = sold.id
                and discounts.source = 'points'
        ) as paid
        where
            sold.business_id = standing_share.business_id
            and sold.sale_id = standing_share.sale_id
            and sold.revision = 0
            and paid.amount_minor > 0
    );
end;
$$;

/*
 * Return a line and those that correct it, without the fees that were charged for it, and without
 * what vouchers move to and fro.
 */
create function loyalty.lines_of(sold sales.sale_lines)
returns setof sales.sale_lines
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select lines.*
    from sales.sale_lines as lines
    where
        lines.business_id = sold.business_id
        and lines.sale_id = sold.sale_id
        and (
            lines.id = sold.id
            or lines.corrects_line_id = sold.id and lines.kind not in ('fee', 'voucher')
        );
end;
$$;
