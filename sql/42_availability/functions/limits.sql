-- Which booking limits concern whom. A limit is for a service, a resource or the whole business,
-- and counts everybody together or each customer apart. The bookings that it counts are found in
-- limit_use.sql. Limits are checked twice (limit_checks.sql): for what is offered, and once more,
-- under locks, for what was written.

/*
 * Return whose bookings a limit for each customer counts: those of a booking's customer, or of the
 * caller if there is no booking. A guest is known once the mailed code has come back.
 */
create function scheduling.booker_of(booking_id uuid)
returns scheduling.booker
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = row(auth.uid(), null);
begin
    if booking_id is not null then
        select
            bookings.customer_id,
            case
                when
                    bookings.customer_id is null
                    and (
                        bookings.contact_verified_at is not null
                        or scheduling.is_proven(bookings.id)
                    ) then lower(bookings.customer_email)
            end
        into v_booker
        from scheduling.bookings
        where bookings.id = booker_of.booking_id;
    end if;
    -- An account and its verified address are one person.
    if v_booker.id is not null then
        v_booker.email = (
            select lower(users.email)
            from auth.users
            where users.id = v_booker.id and users.email_confirmed_at is not null
        );
    elsif v_booker.email is not null then
        v_booker.id = (
            select users.id
            from auth.users
            where
                users.email = v_booker.email
                and users.email_confirmed_at is not null
                and not users.is_sso_user
        );
    end if;
    return v_booker;
end;
$$;

/*
 * Say whether a business has any limit. Most have none, which spares them the rest.
 */
create function scheduling.has_limits(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from catalog.booking_limits
        where booking_limits.business_id = has_limits.business_id
    );
end;
$$;

/*
 * Return the limits that concern some services and resources of a business. Limits for each
 * customer apply only to a known customer.
 */
create function scheduling.limits_of(
    business_id uuid, service_ids uuid[], resource_ids uuid[], booker scheduling.booker
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = limits_of.business_id
            and (
                booking_limits.service_id is null
                or booking_limits.service_id = any(limits_of.service_ids)
            )
            and (
                booking_limits.resource_id is null
                or booking_limits.resource_id = any(limits_of.resource_ids)
            )
            and (
                not booking_limits.is_per_customer
                or num_nonnulls(limits_of.booker.id, limits_of.booker.email) > 0
            )
        order by booking_limits.id
    );
end;
$$;

/*
 * Return the limits that concern a booking as it is written.
 */
create function scheduling.limits_on(booking scheduling.bookings)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.limits_of(
        booking.business_id,
        array(
            select booking_items.service_id
            from scheduling.booking_items
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
                and booking_items.cancelled_at is null
        ),
        scheduling.resources_of(booking.id),
        scheduling.booker_of(booking.id)
    );
end;
$$;

/*
 * Return what to lock so that two bookings cannot pass a limit together: the service, the business,
 * or the customer of a booking (of the caller if there is no booking). Resources are locked already
 * by whoever takes their time.
 */
create function scheduling.subjects(limits catalog.booking_limits[], booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' then
        return '{}';
    end if;
    return array(
        select distinct case
            when rule.is_per_customer then (
                select coalesce(booker.id, md5('booker ' || booker.email)::uuid)
                from scheduling.booker_of(subjects.booking_id) as booker
            )
            else coalesce(rule.resource_id, rule.service_id, rule.business_id)
        end
        from unnest(limits) as rule
    );
end;
$$;
