/*
 * Return what a booking takes, sorted: resources, the people whose one calendar they share, and
 * the sessions in which it has seats.
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
        select shared_resources.person_id
        from scheduling.bookings
        inner join scheduling.allocations
            on
                allocations.business_id = bookings.business_id
                and allocations.booking_id = bookings.id
        inner join scheduling.shared_resources
            on shared_resources.resource_id = allocations.resource_id
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
 * Refuse a time that somebody else has.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_taken()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'slot_taken', 'That time was just taken.',
        'Ask for slots again and choose another.'
    );
end;
$$;
