-- What overrides the weekly hours on some dates: special hours (schedule_exceptions) and journeys
-- to another time zone.

/*
 * Return the special hours that apply to a business or to some of its resources on some dates.
 */
create function scheduling.special_hours_on(business_id uuid, resource_ids uuid[], dates date[])
returns scheduling.special_hours[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select
            row(
                coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id),
                dates.day,
                schedule_exceptions.opens_at,
                schedule_exceptions.closes_at
            )::scheduling.special_hours
        from catalog.schedule_exceptions
        inner join unnest(special_hours_on.dates) as dates (day)
            on dates.day between schedule_exceptions.starts_on and schedule_exceptions.ends_on
        where
            schedule_exceptions.business_id = special_hours_on.business_id
            and (
                schedule_exceptions.resource_id is null
                or schedule_exceptions.resource_id = any(special_hours_on.resource_ids)
            )
    );
end;
$$;

/*
 * Return the journeys of some resources that touch some dates, which must be in order.
 */
create function scheduling.travels_on(business_id uuid, resource_ids uuid[], dates date[])
returns catalog.travel_zones[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select travel_zones
        from catalog.travel_zones
        where
            travel_zones.business_id = travels_on.business_id
            and travel_zones.resource_id = any(travels_on.resource_ids)
            and travel_zones.ends_on >= travels_on.dates[1]
            and travel_zones.starts_on <= travels_on.dates[cardinality(travels_on.dates)]
    );
end;
$$;
