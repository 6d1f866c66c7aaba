-- One booking with its items and its history.
select
    bookings.reference,
    bookings.id,
    bookings.status,
    bookings.status_reason,
    businesses.slug as business,
    bookings.starts_at,
    bookings.ends_at,
    bookings.time_zone,
    to_char(bookings.starts_at at time zone bookings.time_zone, 'Dy YYYY-MM-DD HH24:MI') as local,
    bookings.party_size,
    bookings.customer_name,
    bookings.customer_email,
    bookings.customer_phone,
    bookings.notes,
    bookings.currency,
    bookings.total_minor,
    bookings.hold_expires_at,
    bookings.reschedule_count,
    bookings.created_at,
    (
        select json_agg(
            json_build_object(
                'service', booking_items.service_name,
                'with', resources.name,
                'starts_at', booking_items.starts_at,
                'ends_at', booking_items.ends_at,
                'price_minor', booking_items.price_minor,
                'addons', booking_items.addons,
                'cancelled_at', booking_items.cancelled_at
            ) order by booking_items.position
        )
        from scheduling.booking_items
        left join catalog.resources on resources.id = booking_items.resource_id
        where
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    ) as items,
    (
        select json_agg(
            json_build_object(
                'at', booking_history.at,
                'from_status', booking_history.from_status,
                'to_status', booking_history.to_status,
                'from_starts_at', booking_history.from_starts_at,
                'to_starts_at', booking_history.to_starts_at,
                'by', booking_history.actor,
                'user', users.email,
                'reason', booking_history.reason
            ) order by booking_history.id
        )
        from scheduling.booking_history
        left join auth.users on users.id = booking_history.actor_id
        where
            booking_history.business_id = bookings.business_id
            and booking_history.booking_id = bookings.id
    ) as history
from scheduling.bookings
inner join business.businesses on businesses.id = bookings.business_id
where bookings.reference = upper(%(reference)s)
