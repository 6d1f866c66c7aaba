-- How the remaining bookings of a series move together: all or nothing, and under limits that are
-- counted once for all of them.

/*
 * Return the limits that may concern some bookings of one customer at a new time, whoever provides
 * their services then.
 */
create function scheduling.limits_of_bookings(bookings scheduling.bookings[])
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service_ids uuid[] = array(
        select distinct booking_items.service_id
        from unnest(limits_of_bookings.bookings) as booking
        inner join scheduling.booking_items
            on
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
    );
begin
    return scheduling.limits_of(
        bookings[1].business_id,
        v_service_ids,
        array(
            select service_resources.resource_id
            from catalog.service_resources
            where service_resources.service_id = any(v_service_ids)
        ),
        scheduling.booker_of(bookings[1].id)
    );
end;
$$;

/*
 * Move the remaining bookings of a series, from the given one onward, by the difference in local
 * time by which the first of them moves. If they move to later times, the last one moves first, so
 * that none stands in the way of another. Limits are checked once, for all of them together.
 * Definer: as scheduling.move_booking.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move_series(
    series_id uuid, starts_at timestamptz, from_booking_id uuid, resource_id uuid
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[] = scheduling.lock_series(series_id, from_booking_id, true);
    v_limits catalog.booking_limits[] = scheduling.limits_of_bookings(v_bookings);
    v_counts jsonb = scheduling.counts_of(v_bookings, v_limits);
    v_time_zone text;
    v_shift interval;
    v_booking scheduling.bookings;
begin
    select booking_series.time_zone into v_time_zone
    from scheduling.booking_series
    where booking_series.id = move_series.series_id;
    v_shift = (move_series.starts_at at time zone v_time_zone)
    - (v_bookings[1].starts_at at time zone v_time_zone);
    for v_booking in
        select booking.*
        from unnest(v_bookings) as booking
        order by
            case when v_shift > interval '0' then booking.starts_at end desc,
            booking.starts_at
    loop
        perform scheduling.move_booking(
            v_booking.id,
            case
                when v_booking.id = v_bookings[1].id then move_series.starts_at
                when v_shift = interval '0' then v_booking.starts_at
                else (v_booking.starts_at at time zone v_time_zone + v_shift) at time zone v_time_zone
            end,
            move_series.resource_id,
            '{customer,business}',
            is_repeated => v_booking.id <> v_bookings[1].id,
            is_in_series => true
        );
    end loop;
    perform scheduling.refuse_passed(
        array(
            select bookings
            from scheduling.bookings
            where bookings.id in (select before.id from unnest(v_bookings) as before)
        ),
        v_limits,
        v_counts
    );
end;
$$;
