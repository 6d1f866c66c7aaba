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
