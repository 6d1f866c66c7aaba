-- What nobody can usefully wait for: wishes that no freed time can ever serve. Joining refuses them
-- and says why.

/*
 * Refuse a wish that no freed time can serve: too many guests, a resource that does not provide the
 * service, a window that is over or in which the service never starts.
 *
 * Errors:  PT400 invalid_input · PT422 not_eligible too_soon too_far outside_hours
 */
create function scheduling.refuse_hopeless(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if refuse_hopeless.party_size > service.max_party_size then
        perform private.invalid('party_size', format('must be at most %s', service.max_party_size));
    end if;
    if upper(refuse_hopeless.during) <= private.now() then
        perform private.invalid('to_at', 'must be in the future');
    end if;
    perform scheduling.refuse_unfit_resources(
        service, refuse_hopeless.resource_id, refuse_hopeless.party_size
    );
    perform scheduling.refuse_hopeless_dates(service, refuse_hopeless.during);
    if not scheduling.can_ever_start(
        service, refuse_hopeless.during, refuse_hopeless.resource_id, refuse_hopeless.party_size
    ) then
        perform private.refuse(
            'PT422', 'outside_hours', 'This service never starts in that window for your party.',
            'Choose a window in which the business is open.'
        );
    end if;
end;
$$;

/*
 * Refuse a resource that does not provide the service, and a party for which the service's
 * resources have too few places.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.refuse_unfit_resources(
    service catalog.services, resource_id uuid, party_size integer
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_needs scheduling.need[] = scheduling.needs_of(
        service.id, refuse_unfit_resources.resource_id, refuse_unfit_resources.party_size
    );
begin
    if refuse_unfit_resources.resource_id is not null and v_needs = '{}' then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not provide this service.',
            'Choose a resource from service_resources, or omit resource_id.'
        );
    end if;
    if not service.is_class and (
        select count(distinct need.pool)
        from unnest(v_needs) as need
        where need.units <= need.capacity
    ) is distinct from coalesce(v_needs[1].pool_count, 0) then
        perform private.refuse(
            'PT422', 'not_eligible', 'This service does not have enough places for your party.',
            'Wait with fewer guests.'
        );
    end if;
end;
$$;

/*
 * Refuse a window that the service's notice or its dates rule out for good. A window that is only
 * too far ahead today is not refused: its time can be booked, and freed, later.
 *
 * Errors:  PT422 too_soon too_far
 */
create function scheduling.refuse_hopeless_dates(service catalog.services, during tstzrange)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone
        from business.businesses
        where businesses.id = service.business_id
    );
    v_first timestamptz = greatest(
        private.now() + make_interval(mins => service.min_notice_minutes),
        service.bookable_from::timestamp at time zone v_time_zone
    );
begin
    if upper(refuse_hopeless_dates.during) <= v_first then
        perform private.refuse(
            'PT422', 'too_soon', 'That window is too soon to book.', 'Choose a later window.'
        );
    end if;
    if lower(refuse_hopeless_dates.during)
        >= (service.bookable_until + 1)::timestamp at time zone v_time_zone then
        perform private.refuse(
            'PT422', 'too_far', 'That window is too far ahead to book.',
            'Choose an earlier window.'
        );
    end if;
end;
$$;

/*
 * Return whether a service could start in a window if nothing was booked: the hours of its
 * resources allow it, and closures do not rule it out. A class starts with its sessions.
 */
create function scheduling.can_ever_start(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not service.is_class then
        return scheduling.is_open_for(
            service, can_ever_start.during, can_ever_start.resource_id, can_ever_start.party_size
        );
    end if;
    return exists (
        select 1
        from scheduling.sessions
        where
            sessions.business_id = service.business_id
            and sessions.service_id = service.id
            and can_ever_start.during @> sessions.starts_at
            and sessions.capacity >= can_ever_start.party_size
            and (
                can_ever_start.resource_id is null
                or sessions.resource_id = can_ever_start.resource_id
            )
    );
end;
$$;

/*
 * Return whether every pool of a service has a resource that is open for its whole length from one
 * start in a window, and the leading resource's slots include that start.
 */
create function scheduling.is_open_for(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_step interval = make_interval(mins => service.slot_interval_minutes);
    v_offset interval = make_interval(mins => service.slot_offset_minutes);
begin
    return exists (
        with open as materialized (
            select times.*
            from scheduling.open_times(
                service, is_open_for.during, is_open_for.resource_id, is_open_for.party_size
            ) as times
        )

        select 1
        from open
        cross join lateral unnest(open.windows) as opening
        cross join lateral unnest(open.starts) as possible
        cross join lateral generate_series(
            lower(opening) + v_offset, upper(opening) - interval '1 minute', v_step
        ) as starts (at)
        where
            open.is_leading
            and possible @> starts.at
            and open.pool_count = (
                select count(distinct others.pool) from open as others where others.starts @> starts.at
            )
    );
end;
$$;

/*
 * Return, for each resource that has enough places for a party, from which starts in a window a
 * service ends before its opening does.
 */
create function scheduling.open_times(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns table (
    pool text, pool_count integer, is_leading boolean, windows tstzrange[], starts tstzmultirange
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_length interval = make_interval(mins => service.duration_minutes);
    v_needs scheduling.need[] = array(
        select need
        from scheduling.needs(service.id, open_times.resource_id, open_times.party_size) as need
        where need.units <= need.capacity
    );
    v_ids uuid[] = array(select need.id from unnest(v_needs) as need);
    v_reach tstzmultirange = tstzmultirange(
        tstzrange(lower(open_times.during), upper(open_times.during) + v_length)
    );
begin
    return query
    select
        need.pool,
        need.pool_count,
        need.is_leading,
        openings.windows,
        tstzmultirange(open_times.during) * (
            select range_agg(tstzrange(lower(part), upper(part) - v_length, '[]'))
            from unnest(openings.openings - coalesce(closings.closings, '{}')) as part
            where lower(part) <= upper(part) - v_length
        )
    from unnest(v_needs) as need
    inner join scheduling.openings(
        service.business_id,
        v_ids,
        array(select others.time_zone from unnest(v_needs) as others),
        array(select others.kind = 'staff' from unnest(v_needs) as others),
        v_reach
    ) as openings on openings.resource_id = need.id
    left join scheduling.closings(service.business_id, v_ids, v_reach) as closings
        on closings.resource_id = need.id;
end;
$$;
