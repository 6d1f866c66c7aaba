-- How the remaining bookings of a series move and end together: from one of them on, all or
-- nothing.

/*
 * Lock the bookings of a series that lie ahead and can still change, from one of them on, with
 * everything that they take and may take, for a caller who may act on them.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.lock_series(
    series_id uuid, from_booking_id uuid, for_new_time boolean
)
returns scheduling.bookings[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    v_bookings = scheduling.remaining_bookings(series_id, from_booking_id);
    if v_bookings = '{}' and not scheduling.is_visible_series(series_id)
        or v_bookings <> '{}' and v_bookings[1].id <> from_booking_id then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such series, or no such booking in it.',
            'Check the ids in the views booking_series and bookings.'
        );
    end if;
    if v_bookings = '{}' then
        perform private.refuse(
            'PT409', 'invalid_transition',
            'This series has no upcoming bookings that can be changed.',
            'Read its bookings again.'
        );
    end if;
    perform private.lock(scheduling.locks_of_bookings(v_bookings, for_new_time));
    return v_bookings;
end;
$$;

/*
 * Return the bookings of a series that lie ahead, can still change and are the caller's to change,
 * from one of them on, ordered by time.
 */
create function scheduling.remaining_bookings(series_id uuid, from_booking_id uuid)
returns scheduling.bookings[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select bookings
        from scheduling.booking_series
        inner join scheduling.bookings
            on
                bookings.business_id = booking_series.business_id
                and bookings.series_id = booking_series.id
        left join scheduling.bookings as anchor on anchor.id = remaining_bookings.from_booking_id
        where
            booking_series.id = remaining_bookings.series_id
            and scheduling.actors(bookings) <> '{}'
            and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
            and bookings.starts_at > private.now()
            and (
                remaining_bookings.from_booking_id is null
                or bookings.starts_at >= anchor.starts_at
            )
        order by bookings.starts_at
    );
end;
$$;

/*
 * Return whether the caller may know of a series: its customer, members of its business, and
 * operators.
 */
create function scheduling.is_visible_series(series_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.booking_series
        where
            booking_series.id = is_visible_series.series_id
            and (
                booking_series.customer_id = auth.uid()
                or booking_series.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    );
end;
$$;

/*
 * Return what must be locked before some bookings of one customer change: the resources and
 * sessions that they take, everything by which limits may count them and, for a new time,
 * everybody who could provide their services.
 */
create function scheduling.locks_of_bookings(
    bookings scheduling.bookings[], for_new_time boolean
)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service_ids uuid[] = array(
        select distinct booking_items.service_id
        from unnest(locks_of_bookings.bookings) as booking
        inner join scheduling.booking_items
            on
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
    );
    v_new_ids uuid[] = array(
        select service_resources.resource_id
        from catalog.service_resources
        where for_new_time and service_resources.service_id = any(v_service_ids)
    );
begin
    return array_remove(array[bookings[1].business_id, bookings[1].customer_id], null)
        || v_service_ids
        || array(
            select distinct resource.id
            from unnest(locks_of_bookings.bookings) as booking
            cross join lateral unnest(scheduling.resources_of(booking.id)) as resource (id)
        )
        || v_new_ids
        || scheduling.people_of(v_new_ids);
end;
$$;

/*
 * Return whether a series that the caller may change, from one of its bookings on, has upcoming
 * bookings and all of them are cancelled.
 */
create function scheduling.is_cancelled_series(series_id uuid, from_booking_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select bool_and(bookings.status = 'cancelled')
            from scheduling.booking_series
            inner join scheduling.bookings
                on
                    bookings.business_id = booking_series.business_id
                    and bookings.series_id = booking_series.id
            left join scheduling.bookings as anchor
                on anchor.id = is_cancelled_series.from_booking_id
            where
                booking_series.id = is_cancelled_series.series_id
                and scheduling.actors(bookings) <> '{}'
                and bookings.starts_at > private.now()
                and (
                    is_cancelled_series.from_booking_id is null
                    or bookings.starts_at >= anchor.starts_at
                    and anchor.series_id = booking_series.id
                )
        ),
        false
    );
end;
$$;

/*
 * Cancel the remaining bookings of a series, from the given one onward.
 * Definer: as scheduling.change_status.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_series(series_id uuid, from_booking_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
    v_booking scheduling.bookings;
begin
    if scheduling.is_cancelled_series(series_id, from_booking_id) then
        return;
    end if;
    v_bookings = scheduling.lock_series(series_id, from_booking_id, false);
    foreach v_booking in array v_bookings loop
        perform scheduling.change_status(
            v_booking.id,
            'cancelled',
            '{customer,business}',
            reason,
            is_repeated => v_booking.id <> v_bookings[1].id
        );
    end loop;
end;
$$;
