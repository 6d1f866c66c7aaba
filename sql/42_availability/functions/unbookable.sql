-- Services that look bookable and never are, with the reason. `./frontdesk doctor` reports them.

/*
 * Return the longest opening without a break, in minutes, of each owner of hours (a resource, or a
 * business for those who follow it): in the weekly hours, where one day can run into the next, and
 * on special days that are still to come.
 */
create function scheduling.longest_openings()
returns table (owner_id uuid, weekly_minutes integer, special_minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with weeks as (
        select
            coalesce(working_hours.resource_id, working_hours.business_id) as owner_id,
            range_agg(
                int4range(
                    week.minute + extract(epoch from working_hours.opens_at)::integer / 60,
                    week.minute + extract(epoch from working_hours.closes_at)::integer / 60
                )
            ) as minutes
        from catalog.working_hours
        cross join lateral (
            values ((working_hours.weekday - 1) * 1440), ((working_hours.weekday + 6) * 1440)
        ) as week (minute)
        group by 1
    ),

    longest as (
        select
            weeks.owner_id,
            max(upper(opening) - lower(opening)) as weekly_minutes,
            null::integer as special_minutes
        from weeks
        cross join lateral unnest(weeks.minutes) as opening
        group by weeks.owner_id
        union all
        select
            coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id),
            null,
            extract(epoch from schedule_exceptions.closes_at - schedule_exceptions.opens_at)::integer
            / 60
        from catalog.schedule_exceptions
        where
            schedule_exceptions.opens_at is not null
            and schedule_exceptions.ends_on >= (private.now() at time zone 'UTC')::date - 1
    )

    select
        longest.owner_id,
        max(longest.weekly_minutes),
        max(longest.special_minutes)
    from longest
    group by longest.owner_id;
end;
$$;

/*
 * Return the resources of each service that is not a class, with the longest opening of each in
 * minutes. A service without resources has one row without any. Rooms and equipment for which
 * nobody wrote hours are always open.
 */
create function scheduling.service_openings()
returns table (
    service_id uuid,
    pool text,
    is_active boolean,
    is_big boolean,
    longest_minutes integer,
    duration_minutes integer
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with openings as materialized (
        select * from scheduling.longest_openings()
    )

    select
        services.id,
        case service_resources.mode
            when 'all' then service_resources.resource_id::text
            else service_resources.pool
        end,
        coalesce(resources.is_active, false),
        resources.capacity >= service_resources.quantity,
        case
            when
                resources.kind <> 'staff'
                and own.weekly_minutes is null
                and shared.weekly_minutes is null then 2147483647
            else greatest(
                coalesce(own.weekly_minutes, shared.weekly_minutes),
                own.special_minutes,
                shared.special_minutes
            )
        end,
        services.duration_minutes
    from catalog.services
    left join catalog.service_resources on service_resources.service_id = services.id
    left join catalog.resources on resources.id = service_resources.resource_id
    left join openings as own on own.owner_id = resources.id
    left join openings as shared on shared.owner_id = services.business_id
    where not services.is_class;
end;
$$;

/*
 * Return services with a pool in which nobody can ever provide them, and the problem: nobody is
 * active (no_resource), has enough places (too_small), has any hours (no_hours), or has an opening
 * as long as the service without add-ons (too_short).
 */
create function scheduling.unbookable_pools()
returns table (service_id uuid, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with pools as (
        select
            members.service_id,
            bool_or(members.is_active) as somebody,
            bool_or(members.is_active and members.is_big) as big,
            bool_or(members.is_active and members.is_big and members.longest_minutes > 0) as ever,
            bool_or(
                members.is_active
                and members.is_big
                and members.longest_minutes >= members.duration_minutes
            ) as enough
        from scheduling.service_openings() as members
        group by members.service_id, members.pool
    )

    select distinct
        pools.service_id,
        case
            when not pools.somebody then 'no_resource'
            when not pools.big then 'too_small'
            when pools.ever is not true then 'no_hours'
            else 'too_short'
        end
    from pools
    where pools.enough is not true;
end;
$$;

/*
 * Return services whose own settings never leave a start, and the problem: a class without a coming
 * session (no_session), a last date in the past (over), a notice longer than the advance
 * (notice_past_advance), a limit without room for one booking (limit_of_none).
 */
create function scheduling.unbookable_settings()
returns table (service_id uuid, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        services.id,
        problems.problem
    from catalog.services
    inner join business.businesses on businesses.id = services.business_id
    cross join lateral (
        select 'no_session' as problem
        where
            services.is_class
            and not exists (
                select 1
                from scheduling.sessions
                where
                    sessions.business_id = services.business_id
                    and sessions.service_id = services.id
                    and sessions.starts_at > private.now()
            )
        union all
        select 'over'
        where services.bookable_until < (private.now() at time zone businesses.time_zone)::date
        union all
        select 'notice_past_advance'
        where services.min_notice_minutes >= (services.max_advance_days + 1) * 1440
        union all
        select 'limit_of_none'
        from catalog.booking_limits
        where
            booking_limits.service_id = services.id
            and (
                booking_limits.max_bookings = 0
                or booking_limits.max_minutes < services.duration_minutes
            )
    ) as problems;
end;
$$;

/*
 * Return the active services of public businesses that can never be booked, with each problem.
 */
create function scheduling.unbookable()
returns table (business text, service text, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with problems as (
        select * from scheduling.unbookable_pools()
        union all
        select * from scheduling.unbookable_settings()
    )

    select distinct
        businesses.name,
        services.name,
        problems.problem
    from problems
    inner join catalog.services on services.id = problems.service_id
    inner join business.businesses on businesses.id = services.business_id
    where
        services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved'
    order by 1, 2, 3;
end;
$$;
