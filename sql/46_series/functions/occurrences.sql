-- How the occurrences of a series are written, under the locks of all of them. Limits are counted
-- once, before the first is written. So only a writer without locks can still take the time of an
-- occurrence, and all of them are written in one subtransaction: hundreds would slow down everybody
-- else's reads (PostgreSQL remembers 64 a transaction).

/*
 * Create the occurrences of a series. Returns those that were lost meanwhile or that exceed a
 * limit together with the ones before: [{starts_at, reason}].
 */
create function scheduling.create_occurrences(
    series_id uuid,
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    limits catalog.booking_limits[],
    terms pricing.context,
    notes text
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_room scheduling.limit_use[] = scheduling.room_for(legs, limits);
begin
    begin
        return scheduling.write_occurrences(
            series_id, legs, vacancies, v_room, terms, create_occurrences.notes, false
        );
    exception
        when sqlstate 'PT409' or sqlstate 'PT422' then
            return scheduling.write_occurrences(
                series_id, legs, vacancies, v_room, terms, create_occurrences.notes, true
            );
    end;
end;
$$;

/*
 * Write the occurrences of a series, in the order of time. Returns those that cannot be booked. One
 * that is lost while it is written ends the call or, with `is_each_apart`, is one of them.
 *
 * Errors:  PT409 slot_taken · PT422 coupon_invalid
 */
create function scheduling.write_occurrences(
    series_id uuid,
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    room scheduling.limit_use[],
    terms pricing.context,
    notes text,
    is_each_apart boolean
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer identity.profiles = scheduling.caller_profile();
    v_room scheduling.limit_use[] = room;
    v_place bigint;
    v_leg scheduling.leg;
    v_found scheduling.vacancy[];
    v_written record;
    v_has_first boolean = false;
    v_conflicts jsonb = '[]';
begin
    for v_place, v_found in
        select leg.ordinality, array_agg(vacancy)
        from unnest(legs) with ordinality as leg
        inner join unnest(vacancies) as vacancy on vacancy.at = leg.starts_at
        group by leg.ordinality
        order by leg.ordinality
    loop
        v_leg = legs[v_place];
        v_written = scheduling.write_occurrence(
            series_id,
            v_leg,
            scheduling.vacancies_with_room(v_found, v_leg, v_room),
            terms,
            write_occurrences.notes,
            v_customer,
            v_has_first,
            is_each_apart
        );
        if v_written.reason is not null then
            v_conflicts = v_conflicts || scheduling.make_conflict(v_leg, v_written.reason);
            continue;
        end if;
        v_has_first = true;
        if v_room <> '{}' then
            v_room = scheduling.room_after(
                v_room, v_leg, scheduling.resources_of(v_written.booking_id)
            );
        end if;
    end loop;
    return v_conflicts;
end;
$$;

/*
 * Write one occurrence for which limits left some vacancies. Returns the booking, or why there is
 * none. Only the first one is announced to people.
 *
 * Errors:  PT409 slot_taken · PT422 coupon_invalid
 */
create function scheduling.write_occurrence(
    series_id uuid,
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    terms pricing.context,
    notes text,
    customer identity.profiles,
    is_repeated boolean,
    is_apart boolean,
    out booking_id uuid,
    out reason text
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if vacancies = '{}' then
        reason = 'limit_reached';
    elsif is_apart then
        begin
            booking_id = scheduling.create_occurrence(
                series_id, leg, vacancies, terms, write_occurrence.notes, customer,
                is_repeated
            );
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics reason = pg_exception_detail;
        end;
    else
        booking_id = scheduling.create_occurrence(
            series_id, leg, vacancies, terms, write_occurrence.notes, customer, is_repeated
        );
    end if;
end;
$$;

/*
 * Create one occurrence, whose limits are checked already.
 *
 * Errors:  PT409 slot_taken · PT422 coupon_invalid
 */
create function scheduling.create_occurrence(
    series_id uuid,
    leg scheduling.leg,
    vacancies scheduling.vacancy[],
    terms pricing.context,
    notes text,
    customer identity.profiles,
    is_repeated boolean
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.create_booking(
        array[leg],
        vacancies,
        '{}',
        scheduling.price_legs(array[leg], terms, customer.id, customer.email),
        create_occurrence.notes,
        null,
        create_occurrence.series_id,
        customer,
        create_occurrence.is_repeated
    );
end;
$$;
