-- What visitors do, which of them buy, and which customers come back.

create view analytics.event_days
with (security_invoker = true)
as
select
    events.business_id,
    (events.at at time zone coalesce(businesses.time_zone, 'UTC'))::date as day,
    events.name,
    count(*) as events,
    count(distinct events.session_id) as sessions
from insight.events
left join business.businesses on events.business_id = businesses.id
group by 1, 2, 3;
grant select on analytics.event_days to analyst, service_role;

comment on view analytics.event_days is
'What visitors did, by business, day and event, as pages and apps reported it (track).';
comment on column analytics.event_days.business_id is 'The business; null: a page of the platform.';
comment on column analytics.event_days.day is
'A date in the zone of the business; UTC without one.';
comment on column analytics.event_days.name is 'The event, such as product_viewed.';
comment on column analytics.event_days.events is 'Number of events.';
comment on column analytics.event_days.sessions is
'Number of sessions among those whose visitor consented.';

create view analytics.funnels
with (security_invoker = true)
as
with visits as (
    select
        events.business_id,
        events.session_id,
        min(events.at) as visited_at,
        min(events.at) filter (where events.name = 'added_to_cart') as carted_at,
        max(events.at) filter (where events.name = 'added_to_cart') as last_carted_at,
        max(events.at) filter (where events.name = 'checkout_started') as checked_out_at,
        max(events.at) filter (where events.name = 'paid') as paid_at
    from insight.events
    where events.session_id is not null and events.business_id is not null
    group by 1, 2
),

steps as (
    select
        visits.business_id,
        (visits.visited_at at time zone businesses.time_zone)::date as day,
        visits.carted_at is not null as has_carted,
        visits.checked_out_at >= visits.carted_at as has_checked_out,
        visits.checked_out_at >= visits.carted_at and visits.paid_at >= visits.carted_at as has_paid
    from visits
    inner join business.businesses on visits.business_id = businesses.id
)

select
    steps.business_id,
    steps.day,
    count(*) as visits,
    count(*) filter (where steps.has_carted) as carts,
    count(*) filter (where steps.has_checked_out) as checkouts,
    count(*) filter (where steps.has_paid) as paid,
    round(10000.0 * count(*) filter (where steps.has_paid) / count(*))::integer as conversion_bps
from steps
group by 1, 2;
grant select on analytics.funnels to analyst, service_role;

comment on view analytics.funnels is
'How far visits came, by business and day: each step counts the sessions that took it after the '
'one before. Only sessions whose visitor consented.';
comment on column analytics.funnels.business_id is 'The business.';
comment on column analytics.funnels.day is
'The date in the zone of the business on which the visit began.';
comment on column analytics.funnels.visits is 'Sessions with any event.';
comment on column analytics.funnels.carts is 'Of these, those that added something to a cart.';
comment on column analytics.funnels.checkouts is
'Of these, those that then started a checkout.';
comment on column analytics.funnels.paid is 'Of these, those that then paid.';
comment on column analytics.funnels.conversion_bps is 'paid / visits, in basis points.';

create view analytics.customer_cohorts
with (security_invoker = true)
as
select
    cohorts.business_id,
    cohorts.cohort,
    cohorts.month_number,
    cohorts.customers,
    cohorts.cohort_size,
    round(10000.0 * cohorts.customers / cohorts.cohort_size)::integer as retention_bps
from insight.customer_cohorts() as cohorts;
grant select on analytics.customer_cohorts to analyst, service_role;

comment on view analytics.customer_cohorts is
'How many customers come back: of those who first bought in a month, how many bought in each month '
'since.';
comment on column analytics.customer_cohorts.business_id is 'The business.';
comment on column analytics.customer_cohorts.cohort is
'The first day of the month, in the zone of the business, in which they first bought.';
comment on column analytics.customer_cohorts.month_number is
'Months since then; 0 is that month. A month in which nobody bought has no row.';
comment on column analytics.customer_cohorts.customers is 'Customers who bought in that month.';
comment on column analytics.customer_cohorts.cohort_size is 'Customers who first bought in cohort.';
comment on column analytics.customer_cohorts.retention_bps is
'customers / cohort_size, in basis points.';
