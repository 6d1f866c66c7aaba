-- Customers of a business by an address or an id.
select customers.id
from customers.customers
left join identity.profiles on profiles.id = customers.user_id
where
    customers.business_id = %(business_id)s
    and (
        lower(coalesce(profiles.email, customers.email)) = lower(%(customer)s)
        or customers.id::text = lower(%(customer)s)
    )
order by customers.user_id is null, customers.created_at
limit 1
