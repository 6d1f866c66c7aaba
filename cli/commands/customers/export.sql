-- The customers of a business in the columns of the import, the oldest first.
select
    customers.name,
    customers.email,
    customers.phone,
    (
        select string_agg(customer_tags.tag, ';' order by customer_tags.tag)
        from crm.customer_tags
        where
            customer_tags.business_id = customers.business_id
            and customer_tags.customer_id = customers.id
    ) as tags
from customers.customers
where
    customers.business_id = %(business_id)s
    and customers.merged_into_id is null
    and num_nonnulls(customers.name, customers.email, customers.phone) > 0
order by customers.created_at, customers.id
