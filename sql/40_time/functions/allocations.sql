/*
 * The resources that a booking takes, and the sessions in which it has seats, sorted.
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

/*
 * Announce that the time of a booking is free again. A waitlist's own hold (it has no customer) was
 * announced to everybody already.
 */
create function scheduling.announce_freed(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.customer_id is null and booking.customer_email is null then
        return;
    end if;
    insert into scheduling.freed_times (business_id, during)
    values (booking.business_id, tstzrange(booking.starts_at, booking.ends_at));
end;
$$;
