/*
 * Return the resources that a booking takes and the sessions in which it has seats, sorted.
 */
create function scheduling.resources_of(booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select allocations.resource_id as id
        from scheduling.bookings
        inner join scheduling.allocations
            on
                allocations.business_id = bookings.business_id
                and allocations.booking_id = bookings.id
        where bookings.id = resources_of.booking_id
        union
        select seats.session_id
        from scheduling.bookings
        inner join scheduling.seats
            on seats.business_id = bookings.business_id and seats.booking_id = bookings.id
        where bookings.id = resources_of.booking_id
        order by id
    );
end;
$$;
