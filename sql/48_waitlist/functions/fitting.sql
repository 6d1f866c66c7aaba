-- Whom freed time can serve. An entry fits if one of its starts uses a place that was freed and
-- scheduling.vacancies finds everything else that the service needs.

/*
 * Return the entries that might take some places: they wait, a service of theirs uses one, and a
 * start in their window reaches into it. Entries that have a turn now, or that were asked for the
 * same freed time, are left out.
 */
create function scheduling.entries_for(
    business_id uuid, freed_id uuid, places scheduling.freed_place[]
)
returns setof scheduling.waitlist_entries
language plpgsql
stable
security invoker
set search_path = ''
rows 10
as $$
begin
    return query
    select waitlist_entries.*
    from scheduling.waitlist_entries
    inner join catalog.services on services.id = waitlist_entries.service_id
    where
        waitlist_entries.business_id = entries_for.business_id
        and waitlist_entries.status = 'waiting'
        and upper(waitlist_entries.during) > private.now()
        and services.visibility <> 'hidden'
        and not scheduling.has_open_turn(waitlist_entries)
        and not scheduling.was_asked(waitlist_entries, entries_for.freed_id)
        and exists (
            select 1
            from unnest(entries_for.places) as place
            where
                waitlist_entries.during && scheduling.starts_into(services, place.during)
                and (
                    exists (
                        select 1
                        from catalog.service_resources
                        where
                            service_resources.service_id = services.id
                            and service_resources.resource_id = place.id
                    )
                    or exists (
                        select 1
                        from scheduling.sessions
                        where sessions.id = place.id and sessions.service_id = services.id
                    )
                )
        );
end;
$$;

/*
 * Return the starts from which a service, with its buffers, reaches into a period.
 */
create function scheduling.starts_into(service catalog.services, during tstzrange)
returns tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return tstzrange(
        lower(during)
        - make_interval(mins => service.duration_minutes + service.buffer_after_minutes),
        upper(during) + make_interval(mins => service.buffer_before_minutes),
        '()'
    );
end;
$$;

/*
 * Return whether it is an entry's turn on some hold.
 */
create function scheduling.has_open_turn(entry scheduling.waitlist_entries)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
    );
end;
$$;

/*
 * Return whether an entry had a turn for a freed time, on whichever hold.
 */
create function scheduling.was_asked(entry scheduling.waitlist_entries, freed_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.business_id = entry.business_id
            and waitlist_offers.entry_id = entry.id
            and waitlist_offers.freed_id = was_asked.freed_id
            and waitlist_offers.opens_at <= private.now()
    );
end;
$$;

/*
 * Return whether any unit of some places is vacant for a part of its time that lies ahead.
 */
create function scheduling.is_any_vacant(places scheduling.freed_place[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    return exists (
        select 1
        from unnest(is_any_vacant.places) as place
        inner join catalog.resources on resources.id = place.id
        cross join lateral generate_series(1, resources.capacity) as units (number)
        where
            upper(place.during) > v_now
            and not coalesce(
                (
                    select range_agg(allocations.during)
                    from scheduling.allocations
                    where
                        allocations.resource_id = place.id
                        and allocations.unit = units.number
                        and allocations.during && place.during
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                ) @> place.during,
                false
            )
    ) or exists (
        select 1
        from unnest(is_any_vacant.places) as place
        inner join scheduling.sessions on sessions.id = place.id
        where
            sessions.starts_at > v_now
            and sessions.capacity > (
                select count(*)
                from scheduling.seats
                where
                    seats.session_id = sessions.id
                    and seats.is_blocking
                    and (seats.expires_at is null or seats.expires_at > v_now)
            )
    );
end;
$$;

/*
 * Return the vacancies for an entry at its first start that uses one of some places. Of a pool that
 * has such a place, only these places are returned. A hold may be ignored.
 */
create function scheduling.fitting_vacancies(
    entry scheduling.waitlist_entries, places scheduling.freed_place[], except_hold_id uuid
)
returns scheduling.vacancy[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(entry.service_id);
    v_before interval = make_interval(mins => v_service.buffer_before_minutes);
    v_reach interval = make_interval(
        mins => v_service.duration_minutes + v_service.buffer_after_minutes
    );
    v_starts tstzmultirange = entry.during::tstzmultirange * (
        select range_agg(scheduling.starts_into(v_service, place.during))
        from unnest(fitting_vacancies.places) as place
    );
begin
    if v_service.id is null or isempty(v_starts) then
        return '{}'::scheduling.vacancy[];
    end if;
    return array(
        with found as materialized (
            select
                vacancy,
                exists (
                    select 1
                    from unnest(fitting_vacancies.places) as place
                    where
                        place.id = coalesce(vacancy.session_id, vacancy.id)
                        and place.during
                        && tstzrange(vacancy.at - v_before, vacancy.at + v_reach)
                ) as is_freed
            from scheduling.vacancies(
                entry.service_id, v_starts, entry.resource_id, entry.party_size,
                v_service.duration_minutes, except_hold_id
            ) as vacancy
            where vacancy.at > private.now()
        )

        select found.vacancy
        from found
        where
            (found.vacancy).at = (
                select min((freed.vacancy).at) from found as freed where freed.is_freed
            )
            and (
                found.is_freed
                or (found.vacancy).pool not in (
                    select (freed.vacancy).pool
                    from found as freed
                    where freed.is_freed and (freed.vacancy).at = (found.vacancy).at
                )
            )
    );
end;
$$;
