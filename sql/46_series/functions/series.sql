-- Series: each wall clock of a rule becomes a booking of its own; they move and end together.

/*
 * Book a service again and again, as a rule says: the wall clock stays the same across clock
 * changes. `skips`: dates that cannot be had are left out and noted on the series; otherwise one is
 * enough to refuse them all. Definer: as scheduling.place.
 *
 * Errors:  PT400 invalid_input · those of scheduling.place
 */
create function scheduling.place_series(
    selection scheduling.selection, rrule text, coupon_code text, notes text, skips boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
    v_legs scheduling.leg[];
    v_vacancies scheduling.vacancy[];
    v_limits catalog.booking_limits[];
    v_series scheduling.booking_series;
    v_conflicts jsonb;
    v_lost jsonb;
begin
    v_series.customer_id = private.current_user_id();
    v_leg = (scheduling.legs(array[selection]))[1];
    v_leg.answers = scheduling.answered(v_leg.service_id, v_leg.answers);
    v_series.id = gen_random_uuid();
    v_series.business_id = v_leg.business_id;
    v_series.service_id = v_leg.service_id;
    v_series.rrule = upper(btrim(place_series.rrule));
    select businesses.time_zone into v_series.time_zone
    from business.businesses
    where businesses.id = v_leg.business_id;
    v_series.first_at = v_leg.starts_at at time zone v_series.time_zone;
    v_legs = scheduling.repeated_legs(v_leg, v_series);

    select found.legs, found.vacancies, found.conflicts
    into v_legs, v_vacancies, v_conflicts
    from scheduling.free_legs(v_legs) as found;
    perform scheduling.refuse_conflicts(v_conflicts, skips and v_legs <> '{}');
    -- All that any occurrence may take, in one order, before the first of them is written.
    v_limits = scheduling.lock_for(v_legs, v_vacancies, null);

    insert into scheduling.booking_series (
        id, business_id, customer_id, service_id, rrule, first_at, time_zone
    )
    values (
        v_series.id, v_series.business_id, v_series.customer_id, v_series.service_id, v_series.rrule,
        v_series.first_at, v_series.time_zone
    );
    v_lost = scheduling.write_occurrences(
        v_series.id, v_legs, v_vacancies, v_limits, coupon_code, notes
    );
    v_conflicts = v_conflicts || v_lost;
    perform scheduling.refuse_conflicts(
        v_conflicts, skips and jsonb_array_length(v_lost) < cardinality(v_legs)
    );
    update scheduling.booking_series
    set conflicts = v_conflicts
    where booking_series.id = v_series.id and v_conflicts <> '[]';
    return v_series.id;
end;
$$;

/*
 * The leg of a series at each of its occurrences: the first is the leg itself, whichever of two
 * instants with the same wall clock it is at.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.repeated_legs(leg scheduling.leg, series scheduling.booking_series)
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence = scheduling.to_recurrence(series.rrule, series.time_zone);
    v_clocks timestamp[] = array(
        select scheduling.occurrences(v_rule, series.first_at, series.time_zone)
    );
    v_clock timestamp;
    v_leg scheduling.leg = leg;
    v_legs scheduling.leg[] = array[leg];
begin
    if v_clocks[1] is distinct from series.first_at then
        perform private.invalid('starts_at', 'must be the first occurrence of rrule');
    end if;
    if cardinality(v_clocks) > 366 then
        perform private.invalid('rrule', 'must have at most 366 occurrences');
    end if;
    foreach v_clock in array v_clocks[2:] loop
        v_leg.starts_at = v_clock at time zone series.time_zone;
        v_leg.ends_at = v_leg.starts_at + make_interval(mins => leg.minutes);
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

/*
 * Which of the legs of a series can be had, who could give them, and why the others cannot:
 * [{starts_at, reason}]. All that they have of their own is when.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.free_legs(
    wanted scheduling.leg[],
    out legs scheduling.leg[],
    out vacancies scheduling.vacancy[],
    out conflicts jsonb
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_starts timestamptz[];
    v_leg scheduling.leg;
    v_reason text;
begin
    vacancies = array(
        select vacancy
        from scheduling.vacancies(
            wanted[1].service_id,
            (
                select range_agg(tstzrange(leg.starts_at, leg.starts_at, '[]'))
                from unnest(wanted) as leg
            ),
            wanted[1].resource_id,
            wanted[1].party_size,
            wanted[1].minutes
        ) as vacancy
    );
    v_starts = array(select distinct vacancy.at from unnest(vacancies) as vacancy);
    legs = array(select leg from unnest(wanted) as leg where leg.starts_at = any(v_starts));
    conflicts = '[]';
    for v_leg in
        select leg.* from unnest(wanted) as leg where leg.starts_at <> all(v_starts)
    loop
        begin
            perform scheduling.refuse_start(v_leg, null);
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics v_reason = pg_exception_detail;
                -- No date will do.
                if v_reason = 'not_eligible' then
                    raise;
                end if;
                conflicts = conflicts || scheduling.conflict(v_leg, v_reason);
        end;
    end loop;
end;
$$;

/*
 * An occurrence that cannot be had, as the series keeps it.
 */
create function scheduling.conflict(leg scheduling.leg, reason text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_array(jsonb_build_object('starts_at', leg.starts_at, 'reason', reason));
end;
$$;

/*
 * One date that cannot be had refuses all, unless such dates are skipped and another is left.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_conflicts(conflicts jsonb, are_skipped boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if conflicts = '[]' or are_skipped then
        return;
    end if;
    perform private.refuse(
        'PT409', 'slot_taken',
        format(
            'These dates are not available: %s.',
            (
                select string_agg(
                    to_char(
                        (conflict.value ->> 'starts_at')::timestamptz at time zone 'UTC',
                        'YYYY-MM-DD"T"HH24:MI"Z"'
                    )
                    || ' (' || (conflict.value ->> 'reason') || ')',
                    ', '
                    order by conflict.value ->> 'starts_at'
                )
                from jsonb_array_elements(conflicts) as conflict (value)
            )
        ),
        'Choose another time, or send on_conflict skip to skip these dates.'
    );
end;
$$;

/*
 * Write the occurrences of a series, each a booking; gives those that were lost meanwhile, or are
 * over a limit together with the ones before. People hear of the first.
 */
create function scheduling.write_occurrences(
    series_id uuid,
    legs scheduling.leg[],
    vacancies scheduling.vacancy[],
    limits catalog.booking_limits[],
    coupon_code text,
    notes text
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_conflicts jsonb = '[]';
    v_customer identity.profiles = scheduling.caller();
    v_leg scheduling.leg;
    v_vacancies scheduling.vacancy[];
    v_is_repeated boolean = false;
    v_reason text;
begin
    for v_vacancies in
        select array_agg(vacancy) from unnest(vacancies) as vacancy group by vacancy.at order by vacancy.at
    loop
        v_leg = (select leg from unnest(legs) as leg where leg.starts_at = v_vacancies[1].at);
        begin
            perform scheduling.write(
                array[v_leg],
                v_vacancies,
                limits,
                pricing.quote(scheduling.lines_of(array[v_leg]), coupon_code, 0),
                notes,
                false,
                series_id,
                v_customer,
                v_is_repeated
            );
            v_is_repeated = true;
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics v_reason = pg_exception_detail;
                v_conflicts = v_conflicts || scheduling.conflict(v_leg, v_reason);
        end;
    end loop;
    return v_conflicts;
end;
$$;

/*
 * The bookings of a series that lie ahead and can still change, from one of them on: locked, with
 * all that they take and may take, for whoever may act on them.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.claim_series(
    series_id uuid, from_booking_id uuid, for_new_time boolean
)
returns scheduling.bookings[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    v_bookings = array(
        select bookings
        from scheduling.booking_series
        inner join scheduling.bookings
            on
                bookings.business_id = booking_series.business_id
                and bookings.series_id = booking_series.id
        left join scheduling.bookings as anchor on anchor.id = claim_series.from_booking_id
        where
            booking_series.id = claim_series.series_id
            and scheduling.actors(bookings) <> '{}'
            and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
            and bookings.starts_at > private.now()
            and (claim_series.from_booking_id is null or bookings.starts_at >= anchor.starts_at)
        order by bookings.starts_at
    );
    if v_bookings = '{}' and not exists (
        select 1
        from scheduling.booking_series
        where
            booking_series.id = claim_series.series_id
            and (
                booking_series.customer_id = auth.uid()
                or booking_series.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    ) or v_bookings <> '{}' and claim_series.from_booking_id is not null
        and v_bookings[1].id <> claim_series.from_booking_id then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such series, or no such booking in it.',
            'Check the ids in the views booking_series and bookings.'
        );
    end if;
    if v_bookings = '{}' then
        perform private.refuse(
            'PT409', 'invalid_transition',
            'This series has no upcoming bookings that can be changed.',
            'Read its bookings again.'
        );
    end if;
    perform private.lock(
        array(
            select resource.id
            from unnest(v_bookings) as booking
            cross join lateral unnest(scheduling.resources_of(booking.id)) as resource (id)
            union
            -- What limits may be counted by.
            select subject.id
            from unnest(array[v_bookings[1].business_id, v_bookings[1].customer_id]) as subject (id)
            where subject.id is not null
            union
            select booking_items.service_id
            from unnest(v_bookings) as booking
            inner join scheduling.booking_items
                on
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
            union
            select service_resources.resource_id
            from unnest(v_bookings) as booking
            inner join scheduling.booking_items
                on
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
            inner join catalog.service_resources
                on service_resources.service_id = booking_items.service_id
            where claim_series.for_new_time
        )
    );
    return v_bookings;
end;
$$;

/*
 * Call off what of a series lies ahead, from one booking on.
 * Definer: as scheduling.change_status.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_series(series_id uuid, from_booking_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[] = scheduling.claim_series(series_id, from_booking_id, false);
    v_booking scheduling.bookings;
begin
    foreach v_booking in array v_bookings loop
        perform scheduling.change_status(
            v_booking.id,
            'cancelled',
            '{customer,business}',
            reason,
            is_repeated => v_booking.id <> v_bookings[1].id
        );
    end loop;
end;
$$;

/*
 * Move what of a series lies ahead, from one booking on, by as much as its first booking moves on
 * the wall clock: all or nothing. Later ones first where the move goes forward, so that none stands
 * in the way of another. Definer: as scheduling.move.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move_series(
    series_id uuid, starts_at timestamptz, from_booking_id uuid, resource_id uuid
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[] = scheduling.claim_series(series_id, from_booking_id, true);
    v_time_zone text;
    v_shift interval;
    v_booking scheduling.bookings;
begin
    select booking_series.time_zone into v_time_zone
    from scheduling.booking_series
    where booking_series.id = move_series.series_id;
    v_shift = (move_series.starts_at at time zone v_time_zone)
    - (v_bookings[1].starts_at at time zone v_time_zone);
    for v_booking in
        select booking.*
        from unnest(v_bookings) as booking
        order by
            case when v_shift > interval '0' then booking.starts_at end desc,
            booking.starts_at
    loop
        perform scheduling.move(
            v_booking.id,
            case
                when v_booking.id = v_bookings[1].id then move_series.starts_at
                when v_shift = interval '0' then v_booking.starts_at
                else (v_booking.starts_at at time zone v_time_zone + v_shift) at time zone v_time_zone
            end,
            move_series.resource_id,
            '{customer,business}',
            is_repeated => v_booking.id <> v_bookings[1].id
        );
    end loop;
end;
$$;
