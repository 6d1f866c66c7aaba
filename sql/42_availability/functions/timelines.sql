-- What each resource can do for a service: when it works, what takes it already, and the starts
-- that this leaves. Vacancies are found on these timelines.

/*
 * Return periods that begin earlier and end later.
 */
create function scheduling.widened(periods tstzmultirange, before interval, after interval)
returns tstzmultirange
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select range_agg(tstzrange(lower(period) - before, upper(period) + after))
        from unnest(periods) as period
    );
end;
$$;

/*
 * Return the period in which every resource works, or null if hours are not overridden: it reaches
 * to the end of `reach`, and steps begin at the first start.
 */
create function scheduling.always_open(
    service catalog.services,
    starts tstzmultirange,
    reach tstzmultirange,
    overridden scheduling.start_rule[]
)
returns tstzrange
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when 'hours' = any(overridden) then tstzrange(
            lower(starts) - make_interval(mins => service.slot_offset_minutes), upper(reach)
        )
    end;
end;
$$;

/*
 * Return the timeline of each resource that a service needs: its windows, what clashes with a start
 * unit by unit, and those of the given starts from which the service ends before its opening does,
 * while no limit is reached. Where a resource with one unit is taken it has no starts. Rules that a
 * member sets aside do not count.
 */
create function scheduling.timelines(
    service catalog.services,
    needs scheduling.need[],
    starts tstzmultirange,
    minutes integer,
    except_booking_id uuid,
    overridden scheduling.start_rule[] default '{}'
)
returns setof scheduling.timeline
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_ids uuid[] = array(select need.id from unnest(needs) as need);
    v_length interval = make_interval(mins => minutes);
    v_before interval = make_interval(mins => service.buffer_before_minutes);
    v_after interval = make_interval(mins => service.buffer_after_minutes);
    v_reach tstzmultirange = scheduling.widened(starts, v_before, v_length + v_after);
    v_full scheduling.full_times[] = scheduling.full_times(
        service, v_ids, range_merge(starts), minutes, except_booking_id, overridden
    );
    v_starts tstzmultirange = starts - scheduling.full_for_everybody(v_full);
begin
    return query
    select
        need.id,
        need.pool,
        need.is_leading,
        need.units,
        need.capacity,
        need.rank,
        openings.windows,
        taken.clashes,
        v_starts
        * (
            select range_agg(tstzrange(lower(open.during), upper(open.during) - v_length, '[]'))
            from unnest(openings.openings - coalesce(closings.closings, '{}')) as open (during)
            where lower(open.during) <= upper(open.during) - v_length
        )
        - case need.capacity when 1 then coalesce(taken.clashes[1], '{}') else '{}' end
        - coalesce(taken.elsewhere, '{}') - coalesce(sold.times, '{}')
    from unnest(needs) as need
    inner join scheduling.openings(
        service.business_id,
        v_ids,
        array(select each.time_zone from unnest(needs) as each),
        array(select each.kind = 'staff' from unnest(needs) as each),
        v_reach,
        scheduling.always_open(service, starts, v_reach, overridden)
    ) as openings on openings.resource_id = need.id
    left join scheduling.closings(service.business_id, v_ids, v_reach) as closings
        on 'closures' <> all(overridden) and closings.resource_id = need.id
    left join scheduling.clashes(v_ids, v_reach, v_length + v_after, v_before, except_booking_id)
        as taken on taken.resource_id = need.id
    left join unnest(v_full) as sold on sold.resource_id = need.id;
end;
$$;
