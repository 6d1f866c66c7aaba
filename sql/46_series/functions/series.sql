-- How a series is booked. Each occurrence is a booking of its own. All occurrences are checked
-- first, then everything that any of them may take is locked in one order, then they are written.

/*
 * Book a service at each occurrence of a recurrence rule. The local time stays the same across
 * clock changes. `skips`: dates that are not available are left out and noted on the series;
 * otherwise one of them refuses the whole series.
 * Definer: as scheduling.place_booking.
 *
 * Errors:  PT400 invalid_input · those of scheduling.place_booking
 */
create function scheduling.create_series(
    selection scheduling.selection, rrule text, terms pricing.context, notes text, skips boolean
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
    v_series scheduling.booking_series;
    v_limits catalog.booking_limits[];
    v_conflicts jsonb;
    v_lost jsonb;
begin
    perform private.current_user_id();
    v_leg = (scheduling.legs(array[selection]))[1];
    v_leg.answers = scheduling.read_answers(v_leg.service_id, v_leg.answers);
    v_series = scheduling.new_series(v_leg, upper(btrim(create_series.rrule)));
    select found.legs, found.vacancies, found.conflicts
    into v_legs, v_vacancies, v_conflicts
    from scheduling.bookable_legs(scheduling.occurrence_legs(v_leg, v_series)) as found;
    perform scheduling.refuse_conflicts(v_conflicts, skips and v_legs <> '{}');
    v_limits = scheduling.lock_legs(v_legs, v_vacancies, null);

    insert into scheduling.booking_series
    values (v_series.*);
    v_lost = scheduling.create_occurrences(
        v_series.id, v_legs, v_vacancies, v_limits, terms, notes
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
 * Return the series of the caller that begins with a leg.
 */
create function scheduling.new_series(leg scheduling.leg, rrule text)
returns scheduling.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_series scheduling.booking_series;
begin
    v_series.id = gen_random_uuid();
    v_series.business_id = leg.business_id;
    v_series.customer_id = auth.uid();
    v_series.service_id = leg.service_id;
    v_series.rrule = new_series.rrule;
    select businesses.time_zone into v_series.time_zone
    from business.businesses
    where businesses.id = leg.business_id;
    v_series.first_at = leg.starts_at at time zone v_series.time_zone;
    v_series.conflicts = '[]';
    v_series.created_at = private.now();
    return v_series;
end;
$$;

/*
 * Return the leg of a series at each of its occurrences. The first is the leg itself, which says
 * which of two instants with the same local time is meant.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.occurrence_legs(leg scheduling.leg, series scheduling.booking_series)
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
 * Return which legs of a series can be booked, the vacancies for them, and why the others cannot
 * be booked: [{starts_at, reason}]. The legs differ only in their start.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.bookable_legs(
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
    conflicts = scheduling.conflicts_of(
        array(select leg from unnest(wanted) as leg where leg.starts_at <> all(v_starts))
    );
end;
$$;
