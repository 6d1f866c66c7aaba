-- Segments for analysts, and the models behind projected values.

create view analytics.customer_segments
with (security_invoker = true)
as
with scored as (
    select
        customer_values.business_id,
        customer_values.currency,
        customer_values.purchases,
        customer_values.value_minor,
        customer_values.expected_purchases * customer_values.expected_minor as projected,
        insight.segment_of(
            ceil(5 * cume_dist() over (of_business order by customer_values.last_on))::integer,
            ceil(5 * cume_dist() over (of_business order by customer_values.purchases))::integer
        ) as segment
    from insight.customer_values
    window of_business as (partition by customer_values.business_id)
)

select
    scored.business_id,
    scored.currency,
    scored.segment,
    count(*) as customers,
    sum(scored.purchases)::bigint as purchases,
    sum(scored.value_minor)::bigint as value_minor,
    round(sum(scored.projected)::numeric)::bigint as projected_minor
from scored
group by 1, 2, 3;
grant select on analytics.customer_segments to analyst, service_role;

comment on view analytics.customer_segments is
'Customers by business and segment (RFM). Counted once a day.

Never sum money across currencies.';
comment on column analytics.customer_segments.business_id is 'The business.';
comment on column analytics.customer_segments.currency is 'The currency of the business, ISO 4217.';
comment on column analytics.customer_segments.segment is
'As in customer_values: by scores of recency and frequency.';
comment on column analytics.customer_segments.customers is
'Customers in the segment. Each customer is in one.';
comment on column analytics.customer_segments.purchases is 'Days on which they bought, added up.';
comment on column analytics.customer_segments.value_minor is
'Their historic value, in minor units.';
comment on column analytics.customer_segments.projected_minor is
'Their projected value of the next 365 days, in minor units; null: no model fits the business.';

create view analytics.value_models
with (security_invoker = true)
as
select
    value_models.business_id,
    value_models.fitted_at,
    value_models.customers,
    value_models.r,
    value_models.alpha,
    value_models.a,
    value_models.b,
    value_models.p,
    value_models.q,
    value_models.v,
    value_models.test_days,
    value_models.expected_purchases,
    value_models.actual_purchases,
    value_models.error,
    value_models.naive_error
from insight.value_models;
grant select on analytics.value_models to analyst, service_role;

comment on view analytics.value_models is
'The parameters by which the customers of a business are valued, and the error of a back-test. A '
'business with fewer than 50 customers who came back has no model.';
comment on column analytics.value_models.business_id is 'The business.';
comment on column analytics.value_models.fitted_at is 'When the model was fitted.';
comment on column analytics.value_models.customers is
'Customers that the parameters were fitted to.';
comment on column analytics.value_models.r is 'BG/NBD: shape of the rates at which customers buy.';
comment on column analytics.value_models.alpha is 'BG/NBD: scale of these rates, in days.';
comment on column analytics.value_models.a is
'BG/NBD: first shape of the probability to stop after a purchase.';
comment on column analytics.value_models.b is 'BG/NBD: second shape of that probability.';
comment on column analytics.value_models.p is
'Gamma-Gamma: shape of the values of one customer''s purchases.';
comment on column analytics.value_models.q is 'Gamma-Gamma: shape of how customers differ.';
comment on column analytics.value_models.v is
'Gamma-Gamma: scale of how they differ, in minor units.';
comment on column analytics.value_models.test_days is
'Length of the back-test: a model of the days before was compared with these last days.';
comment on column analytics.value_models.expected_purchases is
'Purchases that it expected in them.';
comment on column analytics.value_models.actual_purchases is 'Purchases that there were.';
comment on column analytics.value_models.error is
'Mean absolute error of a customer, in purchases.';
comment on column analytics.value_models.naive_error is
'The same when everybody goes on at the rate so far.';

create view public.value_models
with (security_invoker = true)
as
select
    value_models.business_id,
    value_models.fitted_at,
    value_models.customers,
    value_models.r,
    value_models.alpha,
    value_models.a,
    value_models.b,
    value_models.p,
    value_models.q,
    value_models.v,
    value_models.test_days,
    value_models.expected_purchases,
    value_models.actual_purchases,
    value_models.error,
    value_models.naive_error
from insight.value_models;
grant select on public.value_models to authenticated, service_role;

comment on view public.value_models is
'The parameters by which the customers of a business are valued, and the error of a back-test. A '
'business with fewer than 50 customers who came back has no model. For '
'owners, managers and accountants.';
comment on column public.value_models.business_id is 'The business.';
comment on column public.value_models.fitted_at is 'When the model was fitted.';
comment on column public.value_models.customers is 'Customers that the parameters were fitted to.';
comment on column public.value_models.r is 'BG/NBD: shape of the rates at which customers buy.';
comment on column public.value_models.alpha is 'BG/NBD: scale of these rates, in days.';
comment on column public.value_models.a is
'BG/NBD: first shape of the probability to stop after a purchase.';
comment on column public.value_models.b is 'BG/NBD: second shape of that probability.';
comment on column public.value_models.p is
'Gamma-Gamma: shape of the values of one customer''s purchases.';
comment on column public.value_models.q is 'Gamma-Gamma: shape of how customers differ.';
comment on column public.value_models.v is 'Gamma-Gamma: scale of how they differ, in minor units.';
comment on column public.value_models.test_days is
'Length of the back-test: a model of the days before was compared with these last days.';
comment on column public.value_models.expected_purchases is 'Purchases that it expected in them.';
comment on column public.value_models.actual_purchases is 'Purchases that there were.';
comment on column public.value_models.error is 'Mean absolute error of a customer, in purchases.';
comment on column public.value_models.naive_error is
'The same when everybody goes on at the rate so far.';
