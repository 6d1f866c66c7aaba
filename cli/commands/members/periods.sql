-- The periods of a membership, with how often the saved card was charged and why that failed.
select
    membership_periods.number,
    membership_plans.name as plan,
    membership_periods.starts_at,
    membership_periods.ends_at,
    membership_periods.price_minor,
    membership_periods.paid_at,
    count(charge_attempts.number) as charges,
    (array_agg(charge_attempts.failure order by charge_attempts.number desc))[1] as failure
from memberships.membership_periods
inner join memberships.membership_plans
    on
        membership_plans.business_id = membership_periods.business_id
        and membership_plans.id = membership_periods.plan_id
left join memberships.charge_attempts
    on
        charge_attempts.business_id = membership_periods.business_id
        and charge_attempts.period_id = membership_periods.id
where membership_periods.membership_id::text = lower(%(id)s)
group by membership_periods.id, membership_plans.name
order by membership_periods.number
