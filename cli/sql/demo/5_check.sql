-- Rows went in without triggers and without foreign keys being asked. So ask now: each of these is 0.
select
    (
        select count(*)
        from scheduling.bookings
        where not exists (
            select 1
            from scheduling.booking_items
            where
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        )
    ) as bookings_without_items,
    (
        select count(*)
        from scheduling.booking_items
        left join catalog.services
            on
                services.id = booking_items.service_id
                and services.business_id = booking_items.business_id
        left join scheduling.bookings
            on
                bookings.id = booking_items.booking_id
                and bookings.business_id = booking_items.business_id
        where services.id is null or bookings.id is null
    ) as items_of_nothing,
    (
        select count(*)
        from scheduling.allocations
        left join catalog.service_resources
            inner join scheduling.booking_items
                on booking_items.service_id = service_resources.service_id
            on
                booking_items.id = allocations.booking_item_id
                and service_resources.resource_id = allocations.resource_id
        where booking_items.id is null
    ) as ineligible_allocations,
    (
        select count(*)
        from scheduling.bookings
        left join identity.profiles on profiles.id = bookings.customer_id
        where bookings.customer_id is not null and profiles.id is null
    ) as bookings_of_nobody;
