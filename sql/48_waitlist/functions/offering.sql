-- How time that became free is offered. Entries whose wish it can serve are considered in the order
-- in which they joined. Each that fits gets a hold of its own as long as something freed is vacant;
-- the others share the turns of these holds (turns.sql). A step that frees time already holds
-- locks, so nothing here waits for a lock: if somebody else has one, a worker looks again.

/*
 * Offer the places of an announcement that a worker looks at again.
 * Definer: called by the worker, which has no access to the tables.
 */
create function scheduling.offer_freed(business_id uuid, freed_id uuid, places jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.offer_places(
        offer_freed.business_id,
        offer_freed.freed_id,
        array(
            select place
            from jsonb_populate_recordset(null::scheduling.freed_place, offer_freed.places) as place
        )
    );
end;
$$;

/*
 * Offer places that became free to those who wait.
 */
create function scheduling.offer_places(
    business_id uuid, freed_id uuid, places scheduling.freed_place[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries;
    v_vacancies scheduling.vacancy[];
    v_hold_ids uuid[] = '{}';
    v_hold_id uuid;
begin
    for v_entry in
        select entries.*
        from scheduling.entries_for(
            offer_places.business_id, offer_places.freed_id, offer_places.places
        ) as entries
        order by entries.turn
    loop
        exit when not scheduling.is_any_vacant(offer_places.places);
        continue when scheduling.has_open_turn(v_entry);
        v_vacancies = scheduling.fitting_vacancies(v_entry, offer_places.places, null);
        continue when v_vacancies = '{}';
        if not scheduling.try_claim_vacancies(v_entry, v_vacancies) then
            perform scheduling.offer_later(
                offer_places.business_id, offer_places.freed_id, offer_places.places
            );
            exit;
        end if;
        -- Under the locks, and after holds that ran out passed their time on.
        v_vacancies = scheduling.fitting_vacancies(v_entry, offer_places.places, null);
        continue when v_vacancies = '{}';
        v_hold_ids = v_hold_ids || scheduling.hold_for_entry(
            v_entry, v_vacancies, offer_places.freed_id
        );
    end loop;
    foreach v_hold_id in array v_hold_ids loop
        perform scheduling.add_turns(v_hold_id);
    end loop;
end;
$$;

/*
 * Let a worker look again at places, because somebody else has locked them.
 */
create function scheduling.offer_later(
    business_id uuid, freed_id uuid, places scheduling.freed_place[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'waitlist.freed',
        jsonb_build_object(
            'business_id', offer_later.business_id,
            'freed_id', offer_later.freed_id,
            'places', to_jsonb(offer_later.places)
        )
    );
end;
$$;

/*
 * Lock what vacancies take, without waiting, and expire the holds that ran out and stand in their
 * way. Returns false if somebody else has a lock on it.
 */
create function scheduling.try_claim_vacancies(
    entry scheduling.waitlist_entries, vacancies scheduling.vacancy[]
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hold_ids uuid[];
begin
    if not private.try_lock(scheduling.locks_of_vacancies(vacancies)) then
        return false;
    end if;
    v_hold_ids = scheduling.lapsed_holds(entry, vacancies);
    if v_hold_ids = '{}' then
        return true;
    end if;
    if (
        select count(*)
        from (
            select bookings.id
            from scheduling.bookings
            where bookings.id = any(v_hold_ids)
            order by bookings.id
            for update skip locked
        ) as locked
    ) < cardinality(v_hold_ids) then
        return false;
    end if;
    perform scheduling.expire_holds(v_hold_ids);
    return scheduling.lapsed_holds(entry, vacancies) = '{}';
end;
$$;

/*
 * Return the holds that ran out and still take time that vacancies would use.
 */
create function scheduling.lapsed_holds(
    entry scheduling.waitlist_entries, vacancies scheduling.vacancy[]
)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_during tstzrange = (
        select tstzrange(
            vacancies[1].at - make_interval(mins => services.buffer_before_minutes),
            vacancies[1].at + make_interval(
                mins => services.duration_minutes + services.buffer_after_minutes
            )
        )
        from catalog.services
        where services.id = entry.service_id
    );
begin
    return array(
        select allocations.booking_id
        from unnest(lapsed_holds.vacancies) as vacancy
        inner join scheduling.allocations on allocations.resource_id = vacancy.id
        where
            vacancy.session_id is null
            and allocations.during && v_during
            and allocations.is_blocking
            and allocations.expires_at <= v_now
        union
        select seats.booking_id
        from unnest(lapsed_holds.vacancies) as vacancy
        inner join scheduling.seats on seats.session_id = vacancy.session_id
        where seats.is_blocking and seats.expires_at <= v_now
        order by 1
    );
end;
$$;
