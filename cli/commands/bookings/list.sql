-- Bookings by what is asked for, the latest start first; a day is one of the business's zone.
select
    bookings.reference,
    bookings.status,
    bookings.starts_at,
    to_char(bookings.starts_at at time zone bookings.time_zone, 'Dy YYYY-MM-DD HH24:MI') as local,
    bookings.time_zone,
    businesses.slug as business,
    coalesce(bookings.customer_email, bookings.customer_name) as customer,
    (
        select string_agg(booking_items.service_name, ', ' order by booking_items.position)
        from scheduling.booking_items
        where
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
            and booking_items.cancelled_at is null
    ) as services,
    bookings.total_minor,
    bookings.currency
from scheduling.bookings
inner join business.businesses on businesses.id = bookings.business_id
where
    (%(business_id)s::uuid is null or bookings.business_id = %(business_id)s)
    and (%(status)s::text is null or bookings.status::text = %(status)s)
    and (%(customer)s::text is null or lower(bookings.customer_email) = lower(%(customer)s))
    and (
        %(day)s::date is null
        -- A day of any zone lies within these, which the index knows.
        or bookings.starts_at >= (%(day)s::date - 1)::timestamp at time zone 'UTC'
        and bookings.starts_at < (%(day)s::date + 2)::timestamp at time zone 'UTC'
        and (bookings.starts_at at time zone bookings.time_zone)::date = %(day)s
    )
order by bookings.starts_at desc, bookings.id
limit %(limit)s
