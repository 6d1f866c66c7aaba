-- How fast stock sells, counted from its movements.

create view analytics.inventory_turnover
with (security_invoker = true)
as
with monthly as (
    select
        stock_movements.business_id,
        stock_movements.variant_id,
        date_trunc('month', stock_movements.at at time zone businesses.time_zone)::date as month,
        sum(stock_movements.quantity) as change,
        -coalesce(
            sum(stock_movements.quantity) filter (
                where stock_movements.reason in ('sold', 'cancelled', 'returned')
            ), 0
        ) as sold,
        sum(stock_movements.quantity) filter (where stock_movements.unit_cost_minor is not null)
            as costed,
        sum(stock_movements.quantity * stock_movements.unit_cost_minor) as cost_minor
    from commerce.stock_movements
    inner join business.businesses on stock_movements.business_id = businesses.id
    group by 1, 2, 3
),

spans as (
    select
        monthly.business_id,
        monthly.variant_id,
        min(monthly.month) as first_month
    from monthly
    group by 1, 2
),

months as (
    select
        spans.business_id,
        spans.variant_id,
        months.at::date as month
    from spans
    inner join business.businesses on spans.business_id = businesses.id
    cross join lateral generate_series(
        spans.first_month,
        (select private.now()) at time zone businesses.time_zone,
        interval '1 month'
    ) as months (at)
),

levels as (
    select
        months.business_id,
        months.variant_id,
        months.month,
        coalesce(monthly.sold, 0) as sold,
        sum(coalesce(monthly.change, 0)) over so_far - coalesce(monthly.change, 0) as opening,
        sum(coalesce(monthly.change, 0)) over so_far as closing,
        sum(monthly.cost_minor) over so_far
        / nullif(sum(monthly.costed) over so_far, 0) as unit_cost
    from months
    left join monthly
        on
            months.business_id = monthly.business_id
            and months.variant_id = monthly.variant_id
            and months.month = monthly.month
    window so_far as (
        partition by months.business_id, months.variant_id order by months.month
    )
)

select
    levels.business_id,
    levels.month,
    levels.variant_id,
    products.currency,
    levels.opening as opening_units,
    levels.closing as closing_units,
    levels.sold as sold_units,
    round(levels.unit_cost)::bigint as unit_cost_minor,
    round(levels.sold * levels.unit_cost)::bigint as cogs_minor,
    round((levels.opening + levels.closing) / 2.0 * levels.unit_cost)::bigint
        as average_stock_minor,
    round(levels.sold / nullif((levels.opening + levels.closing) / 2.0, 0), 4) as turnover
from levels
inner join catalog.product_variants
    on
        levels.business_id = product_variants.business_id
        and levels.variant_id = product_variants.id
inner join catalog.products
    on
        product_variants.business_id = products.business_id
        and product_variants.product_id = products.id;
grant select on analytics.inventory_turnover to analyst, service_role;

comment on view analytics.inventory_turnover is
'How fast stock sells, by business, month and variant, of all stores. turnover = cogs_minor / '
'average_stock_minor; for several variants divide the sums.

Never sum money across currencies.';
comment on column analytics.inventory_turnover.business_id is 'The business.';
comment on column analytics.inventory_turnover.month is
'The first day of the month, in the zone of the business.';
comment on column analytics.inventory_turnover.variant_id is 'The variant.';
comment on column analytics.inventory_turnover.currency is 'The currency of the product.';
comment on column analytics.inventory_turnover.opening_units is 'Pieces when the month began.';
comment on column analytics.inventory_turnover.closing_units is
'Pieces when it ended; in this month, now.';
comment on column analytics.inventory_turnover.sold_units is
'Pieces that were sold, less those of cancelled orders and returned ones.';
comment on column analytics.inventory_turnover.unit_cost_minor is
'What one piece cost: the mean of all receipts with a cost until the end of the month, in minor '
'units; null when none had one.';
comment on column analytics.inventory_turnover.cogs_minor is
'Cost of goods sold: sold_units times the mean cost of a piece.';
comment on column analytics.inventory_turnover.average_stock_minor is
'Mean of opening and closing pieces, times the mean cost of a piece.';
comment on column analytics.inventory_turnover.turnover is
'sold_units / mean of opening and closing pieces: how often stock was sold in the month.';
