-- Reviews with their business and the reports that no moderator has settled, the newest first.
select
    reviews.id,
    reviews.created_at,
    businesses.slug as business,
    coalesce(
        products.name,
        (
            select string_agg(services.name, ', ' order by services.name)
            from catalog.services
            where services.id = any(reviews.service_ids)
        )
    ) as about,
    coalesce(users.email, bookings.customer_email) as author,
    reviews.rating,
    reviews.status,
    (
        select count(*)
        from reviews.review_reports
        where
            review_reports.business_id = reviews.business_id
            and review_reports.review_id = reviews.id
            and review_reports.settled_at is null
    ) as reports,
    reviews.status_reason,
    reviews.body
from reviews.reviews
inner join business.businesses on businesses.id = reviews.business_id
left join catalog.products on products.id = reviews.product_id
left join auth.users on users.id = reviews.author_id
left join scheduling.bookings
    on bookings.business_id = reviews.business_id and bookings.id = reviews.booking_id
where
    (%(review_id)s::text is null or reviews.id::text = lower(%(review_id)s))
    and (%(business_id)s::uuid is null or reviews.business_id = %(business_id)s)
    and (%(status)s::text is null or reviews.status::text = %(status)s)
order by reviews.created_at desc, reviews.id
limit %(limit)s
