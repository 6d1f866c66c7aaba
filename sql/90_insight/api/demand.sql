-- What will be wanted, when to order it, and days that were unlike others.

create view public.demand_forecasts
with (security_invoker = true)
as
select
    forecasts.business_id,
    forecasts.service_id,
    forecasts.variant_id,
    forecasts.starts_on + days.number::integer - 1 as day,
    days.expected,
    forecasts.method,
    forecasts.smoothing_error,
    forecasts.naive_error,
    forecasts.made_at
from insight.forecasts
cross join lateral unnest(forecasts.expected) with ordinality as days (expected, number);
grant select on public.demand_forecasts to authenticated, service_role;

comment on view public.demand_forecasts is
'Expected demand by service and variant, day by day, made once a day from 26 weeks. What was '
'wanted on fewer than ten days of them has none. For owners, managers and accountants.';
comment on column public.demand_forecasts.business_id is 'The business.';
comment on column public.demand_forecasts.service_id is 'The service; null: a variant.';
comment on column public.demand_forecasts.variant_id is 'The variant; null: a service.';
comment on column public.demand_forecasts.day is
'A date in the zone of the business: today and the 27 after it, from when it was made.';
comment on column public.demand_forecasts.expected is
'Bookings of the service that start on the day, or pieces of the variant that are sold.';
comment on column public.demand_forecasts.method is
'smoothing (exponential, with a factor for each weekday), or seasonal_naive: as on the '
'same weekday of the last week. smoothing is used only where its error was smaller.';
comment on column public.demand_forecasts.smoothing_error is
'Mean absolute error of a day of smoothing, over the last four weeks, each predicted from '
'the days before it.';
comment on column public.demand_forecasts.naive_error is 'The same of seasonal_naive.';
comment on column public.demand_forecasts.made_at is 'When it was made.';

create view public.supply_terms
with (security_invoker = true)
as
select
    supply_terms.business_id,
    supply_terms.variant_id,
    supply_terms.lead_days,
    supply_terms.safety_factor
from insight.supply_terms;
grant select, insert, update, delete on public.supply_terms to authenticated, service_role;

comment on view public.supply_terms is
'How long variants take to come. Without a row: 14 days and a factor of 1.65. Owners, managers and '
'accountants read them, managers write them.';
comment on column public.supply_terms.business_id is 'The business.';
comment on column public.supply_terms.variant_id is 'The variant.';
comment on column public.supply_terms.lead_days is 'Days from ordering to receiving it, 1 to 365.';
comment on column public.supply_terms.safety_factor is
'How many standard deviations of demand are kept for safety, 0 to 5; 1.65 covers 95 of 100 '
'lead times.';

create view public.reorder_points
with (security_invoker = true)
as
with planned as (
    select
        forecasts.business_id,
        forecasts.variant_id,
        (
            select avg(days.expected)
            from unnest(forecasts.expected) as days (expected)
        ) as daily_demand,
        coalesce(supply_terms.lead_days, 14) as lead_days,
        coalesce(supply_terms.safety_factor, 1.65) * 1.25
        * least(forecasts.smoothing_error, forecasts.naive_error)
        * sqrt(coalesce(supply_terms.lead_days, 14)) as safety_stock,
        coalesce(
            (
                select sum(stock_levels.on_hand)
                from commerce.stock_levels
                where
                    stock_levels.business_id = forecasts.business_id
                    and stock_levels.variant_id = forecasts.variant_id
            ), 0
        )::bigint as on_hand
    from insight.forecasts
    left join insight.supply_terms
        on
            forecasts.business_id = supply_terms.business_id
            and forecasts.variant_id = supply_terms.variant_id
    where forecasts.variant_id is not null
)

select
    planned.business_id,
    planned.variant_id,
    planned.daily_demand,
    planned.lead_days,
    planned.safety_stock,
    ceil(planned.daily_demand * planned.lead_days + planned.safety_stock)::bigint
        as reorder_point,
    planned.on_hand,
    planned.on_hand <= ceil(planned.daily_demand * planned.lead_days + planned.safety_stock)
        as is_due
from planned;
grant select on public.reorder_points to authenticated, service_role;

comment on view public.reorder_points is
'When to order variants that have a forecast. For owners, managers and accountants.';
comment on column public.reorder_points.business_id is 'The business.';
comment on column public.reorder_points.variant_id is 'The variant.';
comment on column public.reorder_points.daily_demand is
'Mean of the forecast of the next 28 days, in pieces a day.';
comment on column public.reorder_points.lead_days is 'As in supply_terms.';
comment on column public.reorder_points.safety_stock is
'safety_factor * 1.25 * the error of the method used * sqrt(lead_days): 1.25 mean absolute errors '
'are a standard deviation.';
comment on column public.reorder_points.reorder_point is
'daily_demand * lead_days + safety_stock, rounded up to whole pieces.';
comment on column public.reorder_points.on_hand is 'Pieces in all stores.';
comment on column public.reorder_points.is_due is
'Whether on_hand is at or below the reorder point.';

create view public.unusual_days
with (security_invoker = true)
as
select
    unusual_days.business_id,
    unusual_days.day,
    unusual_days.measure,
    unusual_days.currency,
    unusual_days.amount,
    unusual_days.usual,
    unusual_days.score,
    unusual_days.announced_at
from insight.unusual_days;
grant select on public.unusual_days to authenticated, service_role;

comment on view public.unusual_days is
'Days that were unlike the same weekday before, each announced once. A day is compared when at '
'least eight such weekdays are counted. For owners, managers and accountants.';
comment on column public.unusual_days.business_id is 'The business.';
comment on column public.unusual_days.day is 'The date in the zone of the business.';
comment on column public.unusual_days.measure is
'bookings (confirmed, checked in, completed or missed), cancelled, no_show, sold_minor or '
'refunded_minor, as in daily_business_stats.';
comment on column public.unusual_days.currency is 'ISO 4217 code.';
comment on column public.unusual_days.amount is 'The figure of the day.';
comment on column public.unusual_days.usual is
'The median of the same weekday in the twelve weeks before.';
comment on column public.unusual_days.score is
'Robust z-score: 0.6745 * (amount - usual) / the median distance from usual, which counts as '
'at least a tenth of usual and 1. Beyond 3.5 a day is unusual.';
comment on column public.unusual_days.announced_at is 'When its owners and managers were told.';
