-- Whether a business may be open in a period, as far as its weekly hours tell. This keeps a search
-- from asking scheduling.vacancies, which decides, about every business in the middle of the night.
-- One query reads all candidates at once: one call for each takes three times as long.

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
