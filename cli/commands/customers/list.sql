-- Customers by what is asked for, the newest first, with their figures.
with listed as materialized (
    select customers.*
    from customers.customers
    where
        customers.merged_into_id is null
        and (%(business_id)s::uuid is null or customers.business_id = %(business_id)s)
        and (
            %(search)s::text is null
            or strpos(
                lower(concat_ws(' ', customers.name, customers.email, customers.phone)),
                lower(%(search)s)
            ) > 0
        )
        and (
            %(tag)s::text is null
            or exists (
                select 1
                from crm.customer_tags
                where
                    customer_tags.business_id = customers.business_id
                    and customer_tags.customer_id = customers.id
                    and customer_tags.tag = %(tag)s
            )
        )
    order by customers.created_at desc, customers.id desc
    limit %(limit)s
)

select
    listed.id,
    businesses.slug as business,
    listed.name,
    listed.email,
    listed.phone,
    listed.user_id is not null as has_account,
    (
        select string_agg(customer_tags.tag, ', ' order by customer_tags.tag)
        from crm.customer_tags
        where
            customer_tags.business_id = listed.business_id
            and customer_tags.customer_id = listed.id
    ) as tags,
    exists (
        select 1
        from crm.customer_blocks
        where
            customer_blocks.business_id = listed.business_id
            and customer_blocks.customer_id = listed.id
    ) as is_blocked,
    figures.booking_count as bookings,
    figures.no_show_count as no_shows,
    figures.spent_minor,
    figures.currency
from listed
inner join business.businesses on businesses.id = listed.business_id
cross join lateral crm.figures(listed.id) as figures
order by listed.created_at desc, listed.id desc
