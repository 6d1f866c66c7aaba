-- Which businesses come into question, best first.

/*
 * Open a cursor over the businesses that fit a criteria as far as their documents tell: by distance
 * where a place was said, else by how well the words fit, else verified ones first, then those that
 * are here longest. A cursor, because whoever reads it stops after a part of it (for the planner: a
 * quarter); three queries, planned with the criteria at hand, because each order has an index of its
 * own.
 */
create function search.candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
    v_here extensions.cube = search.point(criteria.latitude, criteria.longitude);
    v_around extensions.cube = extensions.cube_enlarge(v_here, criteria.radius_km, 3);
begin
    if v_here is not null then
        open v_candidates for
        select
            documents.business_id,
            documents.time_zone,
            documents.has_classes,
            search.way_km(documents.place operator(extensions.<->) v_here)
        from search.documents
        where
            documents.place operator(extensions.<@) v_around
            and search.way_km(documents.place operator(extensions.<->) v_here) <= criteria.radius_km
            and (criteria.words is null or documents.words @@ criteria.words)
            and (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
            and (criteria.category is null or documents.categories @> array[criteria.category])
            and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
        order by documents.place operator(extensions.<->) v_here;
    elsif criteria.words is not null then
        open v_candidates for
        select
            documents.business_id,
            documents.time_zone,
            documents.has_classes,
            null::double precision
        from search.documents
        where
            documents.words @@ criteria.words
            and (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
            and (criteria.category is null or documents.categories @> array[criteria.category])
            and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
        order by
            ts_rank(documents.words, criteria.words) desc,
            documents.is_verified desc,
            documents.since,
            documents.business_id;
    else
        open v_candidates for
        select
            documents.business_id,
            documents.time_zone,
            documents.has_classes,
            null::double precision
        from search.documents
        where
            (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
            and (criteria.category is null or documents.categories @> array[criteria.category])
            and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
        order by documents.is_verified desc, documents.since, documents.business_id;
    end if;
    return v_candidates;
end;
$$;

/*
 * The next so many of them; none at the end.
 */
create function search.next_candidates(candidates refcursor, wanted integer)
returns search.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidate search.candidate;
    v_found search.candidate[] = '{}';
begin
    for i in 1 .. wanted loop
        fetch candidates into v_candidate;
        exit when not found;
        v_found = v_found || v_candidate;
    end loop;
    return v_found;
end;
$$;

/*
 * Those of some candidates in which an opening may lie in a period, in their order, as far as
 * weekly hours tell. Special days, classes, travels, zones of resources, rooms without hours and
 * clocks about to change always may, and so does a period of a day or more. scheduling.vacancies
 * decides; this keeps it from being asked in the middle of the night. All at once: a call for each
 * takes three times as long.
 */
create function search.may_be_open(candidates search.candidate[], during tstzrange)
returns setof search.candidate
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
begin
    if upper(during) - lower(during) >= interval '1 day' then
        return query
        select * from unnest(candidates);
        return;
    end if;
    return query
    select
        candidate.business_id,
        candidate.time_zone,
        candidate.has_classes,
        candidate.distance_km
    from unnest(candidates) with ordinality
        as candidate (business_id, time_zone, has_classes, distance_km, rank)
    cross join lateral (
        select
            clock.*,
            clock.from_at::date as from_day,
            clock.to_at::date as to_day,
            extract(isodow from clock.from_at)::smallint as from_weekday,
            extract(isodow from clock.to_at)::smallint as to_weekday
        from (
            select
                lower(during) at time zone candidate.time_zone as from_at,
                upper(during) at time zone candidate.time_zone as to_at,
                (lower(during) - interval '36 hours') at time zone candidate.time_zone as before,
                (upper(during) + interval '36 hours') at time zone candidate.time_zone as after
        ) as clock
        offset 0
    ) as clock
    where
        exists (
            select 1
            from catalog.working_hours
            where
                working_hours.business_id = candidate.business_id
                and working_hours.weekday = any(array[clock.from_weekday, clock.to_weekday])
                and (
                    working_hours.weekday = clock.from_weekday
                    and clock.from_day + working_hours.opens_at < clock.to_at
                    and clock.from_day + working_hours.closes_at > clock.from_at
                    or working_hours.weekday = clock.to_weekday
                    and clock.to_day + working_hours.opens_at < clock.to_at
                    and clock.to_day + working_hours.closes_at > clock.from_at
                )
        )
        or clock.after - clock.before <> upper(during) - lower(during) + interval '72 hours'
        or exists (
            select 1
            from catalog.schedule_exceptions
            where
                schedule_exceptions.business_id = candidate.business_id
                and schedule_exceptions.opens_at is not null
                and schedule_exceptions.starts_on <= clock.to_day
                and schedule_exceptions.ends_on >= clock.from_day
        )
        or exists (
            select 1
            from catalog.travel_zones
            where
                travel_zones.business_id = candidate.business_id
                and travel_zones.starts_on <= clock.to_day + 2
                and travel_zones.ends_on >= clock.from_day - 2
        )
        or candidate.has_classes
        or exists (
            select 1
            from catalog.resources
            where
                resources.business_id = candidate.business_id
                and resources.is_active
                and (
                    resources.time_zone is not null
                    or resources.kind <> 'staff'
                    and not exists (
                        select 1
                        from catalog.working_hours
                        where
                            working_hours.business_id = candidate.business_id
                            and working_hours.resource_id is null
                    )
                )
        )
    order by candidate.rank;
end;
$$;

/*
 * What the caller has booked before, services and who gave them: asked first in a search.
 */
create function search.known()
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct unnest(array[earlier.service_id, earlier.resource_id])
        from (
            select
                booking_items.service_id,
                booking_items.resource_id
            from scheduling.bookings
            inner join scheduling.booking_items
                on
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
            where
                bookings.customer_id = (select auth.uid())
                and bookings.status in ('confirmed', 'checked_in', 'completed')
            order by bookings.starts_at desc
            limit 100
        ) as earlier
    );
end;
$$;
