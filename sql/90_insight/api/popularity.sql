-- Products as they sell and as they are looked at.

create view analytics.popular_products
with (security_invoker = true)
as
with viewed as (
    select
        events.business_id,
        (events.at at time zone businesses.time_zone)::date as day,
        events.product_id,
        count(*) as views
    from insight.events
    inner join business.businesses on events.business_id = businesses.id
    where events.name = 'product_viewed' and events.product_id is not null
    group by 1, 2, 3
)

select
    coalesce(sold.business_id, viewed.business_id) as business_id,
    coalesce(sold.day, viewed.day) as day,
    coalesce(sold.product_id, viewed.product_id) as product_id,
    sold.currency,
    coalesce(sold.units, 0) as units,
    coalesce(sold.sold_minor, 0) as sold_minor,
    -- Views have no currency: they stand beside the first one of the day.
    case
        when
            sold.currency is null
            or sold.currency = min(sold.currency) over (
                partition by sold.business_id, sold.day, sold.product_id
            )
            then coalesce(viewed.views, 0)
        else 0
    end as views
from analytics.daily_product_stats as sold
full join viewed
    on
        sold.business_id = viewed.business_id
        and sold.day = viewed.day
        and sold.product_id = viewed.product_id;
grant select on analytics.popular_products to analyst, service_role;

comment on view analytics.popular_products is
'What products sold and how often they were looked at, by business, day and currency. Add up the '
'days of a window and order by units, sold_minor or views, then by product_id.

Never sum money across currencies.';
comment on column analytics.popular_products.business_id is 'The business.';
comment on column analytics.popular_products.day is 'A date in the zone of the business.';
comment on column analytics.popular_products.product_id is 'The product.';
comment on column analytics.popular_products.currency is
'ISO 4217 code; null when nothing was sold.';
comment on column analytics.popular_products.units is 'As in daily_product_stats.';
comment on column analytics.popular_products.sold_minor is 'As in daily_product_stats.';
comment on column analytics.popular_products.views is
'How often its page was looked at; beside one currency only.';
