-- What calendars show of bookings, in feeds and in mails. An entry keeps its key for ever, and its
-- sequence grows with every step of the booking.

/*
 * Return bookings as calendars show them: the services, the staff, the SEQUENCE of the entry, and
 * its status: confirmed, tentative while it waits, or cancelled for two weeks after the
 * cancellation. Null: it is not in the calendar. A hold that nobody completed never was in one.
 */
create function scheduling.calendar_facts(booking_ids uuid[])
returns table (
    booking_id uuid, service_names text, staff_names text, sequence bigint, status text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_told_since timestamptz = private.now() - interval '14 days';
begin
    return query
    select
        bookings.id,
        coalesce(names.service_names, ''),
        names.staff_names,
        steps.sequence,
        case
            when bookings.status in ('confirmed', 'checked_in', 'completed', 'no_show')
                then 'confirmed'
            when bookings.status in ('pending', 'pending_payment') then 'tentative'
            when bookings.status in ('cancelled', 'rejected', 'expired')
                and steps.was_wanted
                and bookings.updated_at > v_told_since then 'cancelled'
        end
    from scheduling.bookings
    cross join lateral (
        select
            string_agg(booking_items.service_name, ', ' order by booking_items.position)
                as service_names,
            string_agg(distinct resources.name, ', ') filter (where resources.kind = 'staff')
                as staff_names
        from scheduling.booking_items
        left join catalog.resources on resources.id = booking_items.resource_id
        where
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
            and booking_items.cancelled_at is null
    ) as names
    cross join lateral (
        select
            count(*) as sequence,
            bool_or(booking_history.to_status in ('pending', 'pending_payment', 'confirmed'))
                as was_wanted
        from scheduling.booking_history
        where
            booking_history.business_id = bookings.business_id
            and booking_history.booking_id = bookings.id
    ) as steps
    where bookings.id = any(booking_ids);
end;
$$;
