-- Local time and instants. A clock can show a time twice, or skip it. PostgreSQL reads a time that
-- occurs twice as the later instant, and moves a skipped one forward. A local date, however, begins
-- at its first midnight, and ends where the next one begins.

/*
 * Return the instant at which a clock shows a time, and the earlier one if it shows it twice. The
 * clock shows the time twice if it also shows it counted with the offset of the day before.
 */
create function scheduling.first_instant(local_time timestamp, time_zone text)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_later timestamptz = local_time at time zone time_zone;
    v_day_before timestamptz = v_later - interval '24 hours';
    v_earlier timestamptz = v_later + (
        local_time - interval '24 hours' - v_day_before at time zone time_zone
    );
begin
    return case
        when v_earlier at time zone time_zone = local_time then least(v_earlier, v_later)
        else v_later
    end;
end;
$$;

/*
 * Return the instant at which a local date begins.
 */
create function scheduling.start_of_date(day date, time_zone text)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return scheduling.first_instant(day::timestamp, time_zone);
end;
$$;

/*
 * Return the local dates, of any zone, that some periods can touch: those of UTC, the one before
 * and the one after.
 */
create function scheduling.dates_around(during tstzmultirange)
returns date[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct dates.at::date as day
        from unnest(during) as period (during)
        cross join generate_series(
            ((lower(period.during) at time zone 'UTC')::date - 1)::timestamp,
            ((upper(period.during) at time zone 'UTC')::date + 1)::timestamp,
            interval '1 day'
        ) as dates (at)
        order by day
    );
end;
$$;
