-- Segments, churn and value of customers: for owners by customer, for analysts counted.

create view public.customer_values
with (security_invoker = true)
as
with gaps as (
    select
        customer_values.business_id,
        coalesce(
            sum(customer_values.last_on - customer_values.first_on)::numeric
            / nullif(sum(customer_values.purchases - 1), 0),
            90
        ) as gap_days
    from insight.customer_values
    group by 1
),

scored as (
    select
        customer_values.*,
        ceil(5 * cume_dist() over (of_business order by customer_values.last_on))::integer
            as recency_score,
        ceil(5 * cume_dist() over (of_business order by customer_values.purchases))::integer
            as frequency_score,
        ceil(5 * cume_dist() over (of_business order by customer_values.value_minor))::integer
            as monetary_score,
        customer_values.counted_on - customer_values.last_on as days_since,
        round(
            (customer_values.last_on - customer_values.first_on + gaps.gap_days)
            / customer_values.purchases, 1
        ) as usual_gap_days,
        round((customer_values.expected_purchases * customer_values.expected_minor)::numeric)
        ::bigint as projected_minor
    from insight.customer_values
    inner join gaps on customer_values.business_id = gaps.business_id
    window of_business as (partition by customer_values.business_id)
)

select
    scored.business_id,
    scored.customer_id,
    scored.counted_on,
    scored.first_on,
    scored.last_on,
    scored.purchases,
    scored.currency,
    scored.value_minor,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    insight.segment_of(scored.recency_score, scored.frequency_score) as segment,
    scored.days_since,
    scored.usual_gap_days,
    insight.share_bps(scored.days_since, scored.days_since + scored.usual_gap_days) as churn_bps,
    scored.days_since > 180 as is_churned,
    scored.alive_bps,
    scored.expected_purchases,
    round(scored.expected_minor::numeric)::bigint as expected_minor,
    scored.projected_minor,
    scored.value_minor + scored.projected_minor as lifetime_minor
from scored;
grant select on public.customer_values to authenticated, service_role;

comment on view public.customer_values is
'Customers of a business with their segment (RFM), churn score, historic and projected value. For '
'owners, managers and accountants. Counted once a day, to the end of the day before. Merged '
'customers count as the one who stays.';
comment on column public.customer_values.business_id is 'The business.';
comment on column public.customer_values.customer_id is 'The customer, a row of customers.';
comment on column public.customer_values.counted_on is
'The day to whose end purchases are counted, in the zone of the business.';
comment on column public.customer_values.first_on is 'The day of their first purchase.';
comment on column public.customer_values.last_on is 'The day of their last purchase.';
comment on column public.customer_values.purchases is
'Days on which they bought something that was not all cancelled or refunded.';
comment on column public.customer_values.currency is 'The currency of the business, ISO 4217.';
comment on column public.customer_values.value_minor is
'Historic value: the sum of amount - discount + tax that is not included over all lines of '
'their sales, corrections included, gift cards and other currencies left out, in minor units.';
comment on column public.customer_values.recency_score is
'1 to 5: five times the share of customers whose last purchase is no later, rounded up.';
comment on column public.customer_values.frequency_score is
'1 to 5: five times the share of customers with no more purchases, rounded up.';
comment on column public.customer_values.monetary_score is
'1 to 5: five times the share of customers with no higher value_minor, rounded up.';
comment on column public.customer_values.segment is
'By recency_score R and frequency_score F: champions (R 4-5, F 4-5), potential_loyalists (R 4-5, '
'F 2-3), new (R 5, F 1), promising (R 4, F 1), loyal (R 3, F 4-5), needs_attention (R 3, F 3), '
'about_to_sleep (R 3, F 1-2), cannot_lose (R 1-2, F 5), at_risk (R 1-2, F 3-4), hibernating (R '
'1-2, F 1-2).';
comment on column public.customer_values.days_since is
'Feature of the churn score: counted_on - last_on.';
comment on column public.customer_values.usual_gap_days is
'Feature of the churn score: (last_on - first_on + G) / purchases. G is the mean gap between two '
'purchases of the business''''s customers, 90 days if nobody came twice.';
comment on column public.customer_values.churn_bps is
'How probable it is that they do not come back: x / (1 + x) with x = days_since / '
'usual_gap_days, in basis points. 5000 when a usual gap has passed.';
comment on column public.customer_values.is_churned is
'Whether they have bought nothing for more than 180 days.';
comment on column public.customer_values.alive_bps is
'The probability by the model (BG/NBD) that they still buy; null: no model fits the business.';
comment on column public.customer_values.expected_purchases is
'Purchases expected in the 365 days after counted_on (BG/NBD); null: no model.';
comment on column public.customer_values.expected_minor is
'What one of them is worth (Gamma-Gamma), in minor units; null: no model.';
comment on column public.customer_values.projected_minor is
'Projected value: expected_purchases * expected_minor, in minor units, not discounted; null: '
'no model.';
comment on column public.customer_values.lifetime_minor is
'value_minor + projected_minor; null: no model.';

create view public.customer_churn
with (security_invoker = true)
as
select
    customer_values.business_id,
    date_trunc('month', customer_values.first_on)::date as cohort,
    count(*) as customers,
    count(*) filter (where customer_values.counted_on - customer_values.last_on > 180)
        as churned,
    insight.share_bps(
        count(*) filter (where customer_values.counted_on - customer_values.last_on > 180),
        count(*)
    ) as churn_bps
from insight.customer_values
group by 1, 2;
grant select on public.customer_churn to authenticated, service_role;

comment on view public.customer_churn is
'Churn of customers by the month in which they first bought. A customer has churned who has bought '
'nothing for more than 180 days. Counted once a day. For owners, managers and accountants.';
comment on column public.customer_churn.business_id is 'The business.';
comment on column public.customer_churn.cohort is
'The first day of the month in which they first bought.';
comment on column public.customer_churn.customers is 'Customers who first bought in that month.';
comment on column public.customer_churn.churned is
'Of these, those who have bought nothing for more than 180 days.';
comment on column public.customer_churn.churn_bps is 'churned / customers, in basis points.';

create view analytics.customer_churn
with (security_invoker = true)
as
select
    customer_values.business_id,
    date_trunc('month', customer_values.first_on)::date as cohort,
    count(*) as customers,
    count(*) filter (where customer_values.counted_on - customer_values.last_on > 180)
        as churned,
    insight.share_bps(
        count(*) filter (where customer_values.counted_on - customer_values.last_on > 180),
        count(*)
    ) as churn_bps
from insight.customer_values
group by 1, 2;
grant select on analytics.customer_churn to analyst, service_role;

comment on view analytics.customer_churn is
'Churn of customers by the month in which they first bought. A customer has churned who has bought '
'nothing for more than 180 days. Counted once a day.';
comment on column analytics.customer_churn.business_id is 'The business.';
comment on column analytics.customer_churn.cohort is
'The first day of the month in which they first bought.';
comment on column analytics.customer_churn.customers is 'Customers who first bought in that month.';
comment on column analytics.customer_churn.churned is
'Of these, those who have bought nothing for more than 180 days.';
comment on column analytics.customer_churn.churn_bps is 'churned / customers, in basis points.';

create view public.customer_retention
with (security_invoker = true)
as
select
    cohorts.business_id,
    cohorts.cohort,
    cohorts.month_number,
    cohorts.customers,
    cohorts.cohort_size,
    insight.share_bps(cohorts.customers, cohorts.cohort_size) as retention_bps
from insight.my_cohorts() as cohorts;
grant select on public.customer_retention to authenticated, service_role;

comment on view public.customer_retention is
'How many customers come back: of those who first bought in a month, how many bought in each month '
'since. For owners, managers and accountants.';
comment on column public.customer_retention.business_id is 'The business.';
comment on column public.customer_retention.cohort is
'The first day of the month, in the zone of the business, in which they first bought.';
comment on column public.customer_retention.month_number is
'Months since then; 0 is that month. A month in which nobody bought has no row.';
comment on column public.customer_retention.customers is 'Customers who bought in that month.';
comment on column public.customer_retention.cohort_size is 'Customers who first bought in cohort.';
comment on column public.customer_retention.retention_bps is
'customers / cohort_size, in basis points.';
