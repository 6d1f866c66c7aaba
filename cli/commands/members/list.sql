-- Memberships by what is asked for, who joined last first.
select
    memberships.id,
    memberships.status_at(memberships, private.now()) as status,
    businesses.slug as business,
    membership_plans.name as plan,
    coalesce(profiles.email, customers.email, customers.name) as member,
    memberships.price_minor,
    memberships.currency,
    memberships.paid_until,
    memberships.renews_at,
    memberships.ends_at
from memberships.memberships
inner join business.businesses on businesses.id = memberships.business_id
inner join memberships.membership_plans
    on
        membership_plans.business_id = memberships.business_id
        and membership_plans.id = memberships.plan_id
inner join customers.customers
    on
        customers.business_id = memberships.business_id
        and customers.id = memberships.customer_id
left join identity.profiles on profiles.id = memberships.user_id
where
    (%(business_id)s::uuid is null or memberships.business_id = %(business_id)s)
    and (%(id)s::text is null or memberships.id::text = lower(%(id)s))
    and (
        %(status)s::text is null
        or memberships.status_at(memberships, private.now())::text = %(status)s
    )
order by memberships.joined_at desc, memberships.id
limit %(limit)s
