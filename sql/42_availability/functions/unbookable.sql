-- Services that look as if they could be booked and never can: what the operator is told about.

/*
 * The longest time in which an owner of hours (a resource, or a business for those who follow it)
 * is open without a break, in minutes: by the week, whose days may touch and whose end touches its
 * beginning, or on special days that are still to come.
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
 * Pools of services of which nobody can ever give the service, and why: nobody who is active
 * (no_resource), nobody with so many places (too_small), with any hours (no_hours), with an opening
 * as long as the service (too_short). Add-ons are not counted.
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
    with openings as materialized (
        select * from scheduling.longest_openings()
    ),

    candidates as (
        select
            services.id as service_id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            coalesce(resources.is_active, false) as is_active,
            resources.capacity >= service_resources.quantity as is_big,
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
            end as minutes,
            services.duration_minutes
        from catalog.services
        left join catalog.service_resources on service_resources.service_id = services.id
        left join catalog.resources on resources.id = service_resources.resource_id
        left join openings as own on own.owner_id = resources.id
        left join openings as shared on shared.owner_id = services.business_id
        where not services.is_class
    ),

    pools as (
        select
            candidates.service_id,
            bool_or(candidates.is_active) as somebody,
            bool_or(candidates.is_active and candidates.is_big) as big,
            bool_or(candidates.is_active and candidates.is_big and candidates.minutes > 0) as ever,
            bool_or(
                candidates.is_active
                and candidates.is_big
                and candidates.minutes >= candidates.duration_minutes
            ) as enough
        from candidates
        group by candidates.service_id, candidates.pool
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
 * Active services of businesses that are open to the public which can never be booked, and why:
 * as scheduling.unbookable_pools, a class without a session to come (no_session), bookable until a
 * day that is gone (over), a notice that reaches past the advance (notice_past_advance), a limit
 * that leaves no room for one (limit_of_none).
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
        select
            pools.service_id,
            pools.problem
        from scheduling.unbookable_pools() as pools
        union all
        select
            services.id,
            'no_session'
        from catalog.services
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
        select
            services.id,
            'over'
        from catalog.services
        inner join business.businesses on businesses.id = services.business_id
        where services.bookable_until < (private.now() at time zone businesses.time_zone)::date
        union all
        select
            services.id,
            'notice_past_advance'
        from catalog.services
        where services.min_notice_minutes >= (services.max_advance_days + 1) * 1440
        union all
        select
            services.id,
            'limit_of_none'
        from catalog.services
        inner join catalog.booking_limits on booking_limits.service_id = services.id
        where
            booking_limits.max_bookings = 0
            or booking_limits.max_minutes < services.duration_minutes
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
