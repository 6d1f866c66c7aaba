-- The balances of whoever has an address or an id, by business.
select
    customers.id as customer_id,
    businesses.slug as business,
    coalesce(profiles.email, customers.email, customers.name) as customer,
    loyalty_balances.points,
    loyalty_balances.debt_points,
    loyalty_balances.expires_at,
    loyalty_balances.expiring_points
from customers.customers
inner join business.businesses on businesses.id = customers.business_id
inner join public.loyalty_balances
    on
        loyalty_balances.business_id = customers.business_id
        and loyalty_balances.customer_id = customers.id
left join identity.profiles on profiles.id = customers.user_id
where
    (%(business_id)s::uuid is null or customers.business_id = %(business_id)s)
    and (
        lower(coalesce(profiles.email, customers.email)) = lower(%(customer)s)
        or customers.id::text = lower(%(customer)s)
    )
order by businesses.slug, customers.id
