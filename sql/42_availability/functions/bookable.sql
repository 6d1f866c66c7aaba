-- When a service takes bookings at all: it and its business are open, and a start is neither too
-- soon nor too far ahead. Hours and bookings of others are the matter of vacancies.sql.

/*
 * Return a service that takes bookings now, or null.
 * Definer: callers need not be members of the business.
 */
create function scheduling.bookable_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    select services.* into v_service
    from catalog.services
    inner join business.businesses on services.business_id = businesses.id
    where
        services.id = bookable_service.service_id
        and services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved';
    return v_service;
end;
$$;

/*
 * Return a service that takes bookings now or, for a booking that is about to move, that the
 * booking has: what is archived or switched off takes no new bookings, but those that exist may
 * still move. Null: neither, or the business is not open.
 * Definer: as scheduling.bookable_service.
 */
create function scheduling.provided_service(service_id uuid, except_booking_id uuid)
returns catalog.services
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(provided_service.service_id);
begin
    if v_service.id is null and except_booking_id is not null then
        select services.* into v_service
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.booking_id = except_booking_id
            and booking_items.service_id = provided_service.service_id
            and business.is_open(services.business_id)
        limit 1;
    end if;
    return v_service;
end;
$$;

/*
 * Return the first instant at which a service may start, by its notice and its first date. Without
 * them it is a day ago: a walk-in is often written down when they are there already.
 */
create function scheduling.first_bookable(
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[] default '{}'
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if 'notice' = any(overridden) then
        return private.now() - interval '1 day';
    end if;
    return greatest(
        private.now() + make_interval(mins => service.min_notice_minutes),
        scheduling.start_of_date(service.bookable_from, time_zone)
    );
end;
$$;

/*
 * Return the instant from which on a service may no longer start, by its advance, which is longer
 * for callers with early booking, and its last date. Without them it is ten years ahead.
 */
create function scheduling.end_of_bookable(
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[] default '{}'
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_today date = (private.now() at time zone end_of_bookable.time_zone)::date;
    v_last_day date = service.bookable_until;
begin
    if 'advance' = any(overridden) then
        return private.now() + interval '10 years';
    end if;
    if service.max_advance_days is not null then
        v_last_day = least(
            v_last_day,
            v_today + service.max_advance_days
            + customers.extra_advance_days(service.business_id)
        );
    end if;
    return scheduling.start_of_date(v_last_day + 1, end_of_bookable.time_zone);
end;
$$;

/*
 * Return the half-open period in which a service may start, by its notice, its advance and its
 * dates. It may be empty.
 */
create function scheduling.bookable_period(
    service catalog.services,
    time_zone text,
    overridden scheduling.start_rule[] default '{}'
)
returns tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_first timestamptz = scheduling.first_bookable(service, time_zone, overridden);
    v_end timestamptz = scheduling.end_of_bookable(service, time_zone, overridden);
begin
    return case when v_end <= v_first then 'empty' else tstzrange(v_first, v_end) end;
end;
$$;

/*
 * Return the part of some periods in which a service may start. A booking that keeps its time and
 * changes only its resource needs no notice.
 */
create function scheduling.bookable_part(
    service catalog.services,
    during tstzmultirange,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns tstzmultirange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = service.business_id
    );
begin
    if except_booking_id is not null and exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = bookable_part.except_booking_id
            and bookable_part.during <@ tstzrange(bookings.starts_at, bookings.ends_at)
    ) then
        return during;
    end if;
    return during
        * scheduling.bookable_period(service, v_time_zone, overridden)::tstzmultirange;
end;
$$;
