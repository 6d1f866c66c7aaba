-- The initial schema of 46_series: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/46_series/tables.sql

-- Series: one selection, repeated by a rule. Each occurrence is a booking of its own.

-- An RRULE (RFC 5545), as scheduling.to_recurrence reads it.
create type scheduling.recurrence as (
    frequency text,
    step integer,
    -- Numbers of the week's days, 1 is Monday, each with its ordinal, or 0 for every one.
    weekdays integer array,
    ordinals integer array,
    -- Days of the month; negative ones count from its end.
    month_days integer array,
    count integer,
    -- The last local wall clock that may be one.
    until timestamp
);

-- sql/46_series/functions/changes.sql

-- How the remaining bookings of a series move and end together: from one of them on, all or
-- nothing.

/*
 * Lock the bookings of a series that lie ahead and can still change, from one of them on, with
 * everything that they take and may take, for a caller who may act on them.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.lock_series(
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
    v_bookings = scheduling.remaining_bookings(series_id, from_booking_id);
    if v_bookings = '{}' and not scheduling.is_visible_series(series_id)
        or v_bookings <> '{}' and v_bookings[1].id <> from_booking_id then
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
    perform private.lock(scheduling.locks_of_bookings(v_bookings, for_new_time));
    return v_bookings;
end;
$$;

/*
 * Return the bookings of a series that lie ahead, can still change and are the caller's to change,
 * from one of them on, ordered by time.
 */
create function scheduling.remaining_bookings(series_id uuid, from_booking_id uuid)
returns scheduling.bookings[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select bookings
        from scheduling.booking_series
        inner join scheduling.bookings
            on
                bookings.business_id = booking_series.business_id
                and bookings.series_id = booking_series.id
        left join scheduling.bookings as anchor on anchor.id = remaining_bookings.from_booking_id
        where
            booking_series.id = remaining_bookings.series_id
            and scheduling.actors(bookings) <> '{}'
            and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
            and bookings.starts_at > private.now()
            and (
                remaining_bookings.from_booking_id is null
                or bookings.starts_at >= anchor.starts_at
            )
        order by bookings.starts_at
    );
end;
$$;

/*
 * Return whether the caller may know of a series: its customer, members of its business, and
 * operators.
 */
create function scheduling.is_visible_series(series_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.booking_series
        where
            booking_series.id = is_visible_series.series_id
            and (
                booking_series.customer_id = auth.uid()
                or booking_series.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    );
end;
$$;

/*
 * Return what must be locked before some bookings of one customer change: the resources and
 * sessions that they take, everything by which limits may count them and, for a new time,
 * everybody who could provide their services.
 */
create function scheduling.locks_of_bookings(
    bookings scheduling.bookings[], for_new_time boolean
)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service_ids uuid[] = array(
        select distinct booking_items.service_id
        from unnest(locks_of_bookings.bookings) as booking
        inner join scheduling.booking_items
            on
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
    );
    v_new_ids uuid[] = array(
        select service_resources.resource_id
        from catalog.service_resources
        where for_new_time and service_resources.service_id = any(v_service_ids)
    );
begin
    return array_remove(array[bookings[1].business_id, bookings[1].customer_id], null)
        || v_service_ids
        || array(
            select distinct resource.id
            from unnest(locks_of_bookings.bookings) as booking
            cross join lateral unnest(scheduling.resources_of(booking.id)) as resource (id)
        )
        || v_new_ids
        || scheduling.people_of(v_new_ids);
end;
$$;

/*
 * Return whether a series that the caller may change, from one of its bookings on, has upcoming
 * bookings and all of them are cancelled.
 */
create function scheduling.is_cancelled_series(series_id uuid, from_booking_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select bool_and(bookings.status = 'cancelled')
            from scheduling.booking_series
            inner join scheduling.bookings
                on
                    bookings.business_id = booking_series.business_id
                    and bookings.series_id = booking_series.id
            left join scheduling.bookings as anchor
                on anchor.id = is_cancelled_series.from_booking_id
            where
                booking_series.id = is_cancelled_series.series_id
                and scheduling.actors(bookings) <> '{}'
                and bookings.starts_at > private.now()
                and (
                    is_cancelled_series.from_booking_id is null
                    or bookings.starts_at >= anchor.starts_at
                    and anchor.series_id = booking_series.id
                )
        ),
        false
    );
end;
$$;

/*
 * Cancel the remaining bookings of a series, from the given one onward.
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
    v_bookings scheduling.bookings[];
    v_booking scheduling.bookings;
begin
    if scheduling.is_cancelled_series(series_id, from_booking_id) then
        return;
    end if;
    v_bookings = scheduling.lock_series(series_id, from_booking_id, false);
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

-- sql/46_series/functions/conflicts.sql

-- Occurrences of a series that cannot be booked: why, and whether they refuse the whole series.

/*
 * Return why some legs of a series cannot be booked: [{starts_at, reason}]. They differ only in
 * their start, so limits are counted once for all of them.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.conflicts_of(legs scheduling.leg[])
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_needs scheduling.need[] = scheduling.needs_of(
        legs[1].service_id, legs[1].resource_id, legs[1].party_size
    );
    v_room scheduling.limit_use[] = scheduling.room_for(
        legs,
        scheduling.limits_of(
            legs[1].business_id,
            array[legs[1].service_id],
            array(select need.id from unnest(v_needs) as need),
            scheduling.booker_of(null)
        )
    );
    v_conflicts jsonb = '[]';
    v_leg scheduling.leg;
    v_reason text;
begin
    foreach v_leg in array legs loop
        v_reason = scheduling.reason_against(v_leg);
        -- It is the same for every date.
        if v_reason = 'not_eligible' then
            perform scheduling.refuse_start(v_leg, null);
        end if;
        if v_reason = 'slot_taken' and scheduling.is_limited(v_leg, v_needs, v_room) then
            v_reason = 'limit_reached';
        end if;
        v_conflicts = v_conflicts || scheduling.make_conflict(v_leg, v_reason);
    end loop;
    return v_conflicts;
end;
$$;

/*
 * Return why a leg cannot be booked, limits aside, as a token of docs/errors.md.
 */
create function scheduling.reason_against(leg scheduling.leg)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_reason text;
begin
    perform scheduling.refuse_start(leg, null, '{limits}');
    return null;
exception
    when sqlstate 'PT409' or sqlstate 'PT422' then
        get stacked diagnostics v_reason = pg_exception_detail;
        return v_reason;
end;
$$;

/*
 * Make the entry of an occurrence that cannot be booked, as the series keeps it.
 */
create function scheduling.make_conflict(leg scheduling.leg, reason text)
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
 * Refuse a series if it has conflicts, unless they are skipped.
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

-- sql/46_series/functions/moves.sql

-- How the remaining bookings of a series move together: all or nothing, and under limits that are
-- counted once for all of them.

/*
 * Return the limits that may concern some bookings of one customer at a new time, whoever provides
 * their services then.
 */
create function scheduling.limits_of_bookings(bookings scheduling.bookings[])
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service_ids uuid[] = array(
        select distinct booking_items.service_id
        from unnest(limits_of_bookings.bookings) as booking
        inner join scheduling.booking_items
            on
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
    );
begin
    return scheduling.limits_of(
        bookings[1].business_id,
        v_service_ids,
        array(
            select service_resources.resource_id
            from catalog.service_resources
            where service_resources.service_id = any(v_service_ids)
        ),
        scheduling.booker_of(bookings[1].id)
    );
end;
$$;

/*
 * Move the remaining bookings of a series, from the given one onward, by the difference in local
 * time by which the first of them moves. If they move to later times, the last one moves first, so
 * that none stands in the way of another. Limits are checked once, for all of them together.
 * Definer: as scheduling.move_booking.
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
    v_bookings scheduling.bookings[] = scheduling.lock_series(series_id, from_booking_id, true);
    v_limits catalog.booking_limits[] = scheduling.limits_of_bookings(v_bookings);
    v_counts jsonb = scheduling.counts_of(v_bookings, v_limits);
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
        perform scheduling.move_booking(
            v_booking.id,
            case
                when v_booking.id = v_bookings[1].id then move_series.starts_at
                when v_shift = interval '0' then v_booking.starts_at
                else (v_booking.starts_at at time zone v_time_zone + v_shift) at time zone v_time_zone
            end,
            move_series.resource_id,
            '{customer,business}',
            is_repeated => v_booking.id <> v_bookings[1].id,
            is_in_series => true
        );
    end loop;
    perform scheduling.refuse_passed(
        array(
            select bookings
            from scheduling.bookings
            where bookings.id in (select before.id from unnest(v_bookings) as before)
        ),
        v_limits,
        v_counts
    );
end;
$$;

-- sql/46_series/functions/occurrences.sql

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

-- sql/46_series/functions/recurrence.sql

-- Recurrence rules (RFC 5545): how they are read, and how they unfold into local times.

/*
 * Read a recurrence rule (RFC 5545): FREQ daily, weekly, monthly or yearly, INTERVAL, BYDAY (with
 * ordinals in months and years), BYMONTHDAY, and COUNT or UNTIL. Anything else is refused by name.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_recurrence(rrule text, time_zone text)
returns scheduling.recurrence
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence;
    v_parts jsonb = '{}';
    v_part text;
    v_name text;
    v_value text;
begin
    foreach v_part in array string_to_array(
        regexp_replace(upper(btrim(rrule)), '^RRULE:', ''), ';'
    ) loop
        v_name = split_part(v_part, '=', 1);
        v_value = substr(v_part, length(v_name) + 2);
        if v_name not in ('FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'COUNT', 'UNTIL', 'WKST') then
            perform private.invalid(
                'rrule',
                format('cannot have %s; it may have FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL', v_name)
            );
        end if;
        if v_value = '' or v_parts ? v_name then
            perform private.invalid('rrule', format('must have %s once, with a value', v_name));
        end if;
        v_parts = v_parts || jsonb_build_object(v_name, v_value);
    end loop;

    v_rule.frequency = lower(v_parts ->> 'FREQ');
    if v_rule.frequency is null
        or v_rule.frequency not in ('daily', 'weekly', 'monthly', 'yearly') then
        perform private.invalid('rrule', 'must have a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY');
    end if;
    if coalesce(v_parts ->> 'WKST', 'MO') <> 'MO' then
        perform private.invalid('rrule', 'cannot have WKST other than MO');
    end if;
    if (v_parts ? 'COUNT') = (v_parts ? 'UNTIL') then
        perform private.invalid('rrule', 'must end with either COUNT or UNTIL');
    end if;
    v_rule.step = coalesce(
        private.to_whole_number(
            v_parts ->> 'INTERVAL', 'rrule INTERVAL', 1, 366, is_required => false
        ),
        1
    );
    v_rule.count = private.to_whole_number(
        v_parts ->> 'COUNT', 'rrule COUNT', 1, 366, is_required => false
    );
    v_rule.until = scheduling.to_until(v_parts ->> 'UNTIL', to_recurrence.time_zone);
    v_rule.month_days = scheduling.to_month_days(v_parts ->> 'BYMONTHDAY', v_rule.frequency);
    return scheduling.with_weekdays(v_rule, v_parts ->> 'BYDAY');
end;
$$;

/*
 * Read UNTIL: a date, a local wall clock, or an instant in UTC. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_until(value text, time_zone text)
returns timestamp
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{8}(T\d{6}Z?)?$' then
        perform private.invalid('rrule', 'must have an UNTIL such as 20310630 or 20310630T220000Z');
    end if;
    return case length(value)
        when 8 then value::date + time '23:59:59'
        when 15 then replace(value, 'T', ' ')::timestamp
        else (replace(rtrim(value, 'Z'), 'T', ' ')::timestamp at time zone 'UTC') at time zone time_zone
    end;
exception
    when datetime_field_overflow or invalid_datetime_format then
        perform private.invalid('rrule', 'must have an UNTIL that exists');
end;
$$;

/*
 * Read BYMONTHDAY.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_month_days(value text, frequency text)
returns integer[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        return '{}'::integer[];
    end if;
    if frequency = 'weekly' then
        perform private.invalid('rrule', 'cannot have BYMONTHDAY with FREQ=WEEKLY');
    end if;
    if value !~ '^[+-]?([1-9]|[12]\d|3[01])(,[+-]?([1-9]|[12]\d|3[01]))*$' then
        perform private.invalid(
            'rrule', 'must have a BYMONTHDAY of days from 1 to 31 or -31 to -1'
        );
    end if;
    return string_to_array(value, ',')::integer[];
end;
$$;

/*
 * Read BYDAY into a rule.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.with_weekdays(rule scheduling.recurrence, value text)
returns scheduling.recurrence
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence = rule;
begin
    v_rule.weekdays = '{}';
    v_rule.ordinals = '{}';
    if value is null then
        return v_rule;
    end if;
    if value !~ '^([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU))*$' then
        perform private.invalid('rrule', 'must have a BYDAY such as MO,WE or 1MO or -1FR');
    end if;
    select
        array_agg(array_position('{MO,TU,WE,TH,FR,SA,SU}', right(day.code, 2))),
        array_agg(coalesce(nullif(left(day.code, -2), ''), '0')::integer)
    into v_rule.weekdays, v_rule.ordinals
    from unnest(string_to_array(value, ',')) as day (code);
    if v_rule.frequency in ('daily', 'weekly') and v_rule.ordinals <> array_fill(
        0, array[cardinality(v_rule.ordinals)]
    ) then
        perform private.invalid('rrule', 'cannot have ordinals in BYDAY with FREQ=DAILY or WEEKLY');
    end if;
    return v_rule;
end;
$$;

/*
 * Return the local times of a rule from its first on, in order: at most 367, and within ten years.
 * A month or year without such a day has no occurrence, and neither has a date that the zone
 * skipped: it would fall on the occurrence of the next date.
 */
create function scheduling.occurrences(
    rule scheduling.recurrence, first_at timestamp, time_zone text
)
returns setof timestamp
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select days.date + first_at::time as at
    from scheduling.rule_days(rule, first_at::date) as days
    where
        (
            rule.month_days = '{}'
            or days.day = any(rule.month_days)
            or days.day - days.month_length - 1 = any(rule.month_days)
        )
        and (
            rule.weekdays = '{}'
            or exists (
                select 1
                from unnest(rule.weekdays, rule.ordinals) as wanted (weekday, ordinal)
                where
                    wanted.weekday = days.weekday
                    and wanted.ordinal in (
                        0,
                        (days.date - days.period_start) / 7 + 1,
                        -((days.period_end - days.date) / 7 + 1)
                    )
            )
        )
        and (rule.until is null or days.date + first_at::time <= rule.until)
        and days.date = (
            (days.date + first_at::time) at time zone occurrences.time_zone
            at time zone occurrences.time_zone
        )::date
    order by days.date
    limit least(rule.count, 367);
end;
$$;

/*
 * Return the dates that the frequency and interval of a rule leave, from its first on, with what
 * BYDAY and BYMONTHDAY ask of a date. A rule without either keeps the weekday, the day of the
 * month or the day of the year of its first date.
 */
create function scheduling.rule_days(rule scheduling.recurrence, first_on date)
returns table (
    date date,
    weekday integer,
    day integer,
    month_length integer,
    period_start date,
    period_end date
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_monday date = first_on - (extract(isodow from first_on)::integer - 1);
    v_period text = case rule.frequency when 'yearly' then 'year' else 'month' end;
    v_is_bare boolean = rule.weekdays = '{}' and rule.month_days = '{}';
begin
    return query
    select
        days.on_date,
        extract(isodow from days.on_date)::integer,
        extract(day from days.on_date)::integer,
        extract(day from date_trunc('month', days.on_date) + interval '1 month - 1 day')::integer,
        date_trunc(v_period, days.on_date)::date,
        (date_trunc(v_period, days.on_date) + ('1 ' || v_period)::interval)::date - 1
    from (
        select first_on + counted.number as on_date
        from generate_series(
            0, least(3660, coalesce(rule.until::date - first_on, 3660))
        ) as counted (number)
    ) as days
    where
        case rule.frequency
            when 'daily' then mod(days.on_date - first_on, rule.step) = 0
            when 'weekly' then mod((days.on_date - v_monday) / 7, rule.step) = 0
            when 'monthly' then mod(
                (extract(year from days.on_date) - extract(year from first_on)) * 12
                + extract(month from days.on_date) - extract(month from first_on),
                rule.step
            ) = 0
            else mod(extract(year from days.on_date) - extract(year from first_on), rule.step) = 0
        end
        and case
            when not v_is_bare or rule.frequency = 'daily' then true
            when rule.frequency = 'weekly'
                then extract(isodow from days.on_date) = extract(isodow from first_on)
            when rule.frequency = 'monthly'
                then extract(day from days.on_date) = extract(day from first_on)
            else to_char(days.on_date, 'MMDD') = to_char(first_on, 'MMDD')
        end;
end;
$$;

-- sql/46_series/functions/series.sql

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

-- sql/46_series/policies.sql

-- Who may call the functions of series. Each of them checks its caller.

grant execute on function
scheduling.create_series(scheduling.selection, text, pricing.context, text, boolean),
scheduling.cancel_series(uuid, uuid, text),
scheduling.move_series(uuid, timestamptz, uuid, uuid)
to anon, authenticated, service_role;

-- sql/46_series/api.sql

-- What the API offers about series: they are booked, moved and cancelled together. One occurrence
-- alone is a booking like any other.

create view public.booking_series
with (security_invoker = true)
as
select
    booking_series.id,
    booking_series.business_id,
    booking_series.customer_id,
    booking_series.service_id,
    booking_series.rrule,
    booking_series.first_at,
    booking_series.time_zone,
    booking_series.conflicts,
    booking_series.created_at
from scheduling.booking_series;
grant select on public.booking_series to authenticated, service_role;

comment on view public.booking_series is
'Bookings that were made together by a rule.

Customers see their own, members those of their business. Embed bookings(*). Written only by '
'book_series.';
comment on column public.booking_series.id is 'Primary key.';
comment on column public.booking_series.business_id is 'The business.';
comment on column public.booking_series.customer_id is
'The user who booked; null for a deleted user.';
comment on column public.booking_series.service_id is 'The service.';
comment on column public.booking_series.rrule is 'The recurrence rule of RFC 5545.';
comment on column public.booking_series.first_at is
'Local time of the first occurrence in time_zone; the others keep the time of day.';
comment on column public.booking_series.time_zone is 'The business''s zone at the time of booking.';
comment on column public.booking_series.conflicts is
'Occurrences that could not be booked and were skipped: [{starts_at, reason}].';
comment on column public.booking_series.created_at is 'When it was created.';

/*
 * Return a series as the caller may see it.
 */
create function scheduling.visible_series(series_id uuid)
returns public.booking_series
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_series public.booking_series;
begin
    select booking_series.* into v_series
    from public.booking_series
    where booking_series.id = visible_series.series_id;
    return v_series;
end;
$$;
grant execute on function scheduling.visible_series(uuid) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 coupon_exhausted idempotency_conflict link_expired not_bookable price_changed
 *              slot_taken terms_not_accepted
 *          PT422 blocked_out coupon_invalid limit_reached not_eligible outside_hours too_far
 *              too_soon
 */
create function public.book_series(
    service_id public.identifier,
    starts_at public.instant,
    rrule text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    on_conflict text default 'fail',
    idempotency_key text default null,
    answers public.object default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_selection scheduling.selection = scheduling.to_selection(
        service_id, starts_at, resource_id, party_size, addon_ids, answers
    );
    v_on_conflict text = coalesce(on_conflict, 'fail');
    v_rrule text = private.to_required_text(rrule, 'rrule', 500);
    v_terms pricing.context = pricing.to_terms(coupon_code, null, null, null, null, null);
    v_notes text = private.to_text(notes, 'notes', 2000);
    v_answer jsonb;
    v_id uuid;
    v_series public.booking_series;
begin
    perform private.token_user_id();
    if v_on_conflict not in ('fail', 'skip') then
        perform private.invalid('on_conflict', 'must be fail or skip');
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'book_series',
            idempotency_key,
            jsonb_build_array(to_jsonb(v_selection), v_rrule, to_jsonb(v_terms), v_notes, v_on_conflict)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.booking_series, v_answer);
        end if;
    end if;
    v_id = scheduling.create_series(v_selection, v_rrule, v_terms, v_notes, v_on_conflict = 'skip');
    v_series = scheduling.visible_series(v_id);
    if idempotency_key is not null then
        perform private.remember_answer('book_series', idempotency_key, to_jsonb(v_series));
    end if;
    return v_series;
end;
$$;
comment on function public.book_series is
'Book a service by a recurrence rule.

Each occurrence is a booking. The other arguments are those of book. Returns the series; the '
'view bookings has its bookings by series_id.

- rrule: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYDAY (with ordinals in months and '
'years), BYMONTHDAY, and COUNT or UNTIL, at most 366 occurrences.
- starts_at: the first occurrence; all others keep its local time in the business''s zone.
- coupon_code: each occurrence uses the coupon once.
- on_conflict: fail refuses the whole series if a date is not available, and names the dates; '
'skip skips such dates and lists them in conflicts.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'coupon_exhausted 409, '
'idempotency_conflict 409, link_expired 409, not_bookable 409, price_changed 409, '
'slot_taken 409, terms_not_accepted 409, blocked_out 422, coupon_invalid 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reschedule_series(
    series_id public.identifier,
    starts_at public.instant,
    from_booking_id public.identifier default null,
    resource_id public.identifier default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.move_series(
        v_id,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
    return scheduling.visible_series(v_id);
end;
$$;
comment on function public.reschedule_series is
'Move the remaining bookings of a series, or from_booking_id and those after it.

The first of them moves to starts_at, the others by the same difference in local time. All or '
'nothing; each moves by the rules of reschedule_booking. Returns the series.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409, not_bookable 409, slot_taken 409, blocked_out 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_late 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition
 */
create function public.cancel_series(
    series_id public.identifier,
    from_booking_id public.identifier default null,
    reason text default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.cancel_series(
        v_id,
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_text(reason, 'reason', 1000)
    );
    return scheduling.visible_series(v_id);
end;
$$;
comment on function public.cancel_series is
'Cancel the remaining bookings of a series, or from_booking_id and those after it.

Repeating the call changes nothing. Returns the series.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409.';
grant execute on function
public.book_series(
    public.identifier, public.instant, text, public.identifier, public.whole_number,
    public.list, text, text, text, text, public.object
),
public.reschedule_series(public.identifier, public.instant, public.identifier, public.identifier),
public.cancel_series(public.identifier, public.identifier, text)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
