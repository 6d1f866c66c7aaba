-- When periods begin. Each is counted from the anchor, never from the period before: from 31
-- January, periods of a month begin on 28 February and on 31 March. Months and days are those of
-- the wall clock in the zone of the business; a time that the clocks skip moves forward.

/*
 * Return the length of some periods.
 */
create function memberships.length_of(unit memberships.period_unit, count integer)
returns interval
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case unit
        when 'day' then make_interval(days => count)
        when 'week' then make_interval(weeks => count)
        when 'month' then make_interval(months => count)
        else make_interval(years => count)
    end;
end;
$$;

/*
 * Return what a price for some periods is worth a month, rounded half away from zero. The month of
 * days and weeks is the mean one of the Gregorian calendar: 365.2425 / 12 days.
 */
create function memberships.monthly_minor(
    price_minor bigint, unit memberships.period_unit, count integer
)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select round(
        price_minor
        / case unit
            when 'day' then 12 / 365.2425
            when 'week' then 84 / 365.2425
            when 'month' then 1
            else 12
        end
        / count
    )::bigint;
end;

/*
 * Return when the n-th period from an anchor begins; 0 begins at the anchor.
 */
create function memberships.period_start(
    anchor_at timestamptz,
    time_zone text,
    unit memberships.period_unit,
    count integer,
    n integer
)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if n = 0 then
        return anchor_at;
    end if;
    return (
        (anchor_at at time zone time_zone) + memberships.length_of(unit, count * n)
    ) at time zone time_zone;
end;
$$;

/*
 * Return when a period of a membership begins, by its number.
 */
create function memberships.start_of(membership memberships.memberships, number integer)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return memberships.period_start(
        membership.anchor_at, membership.time_zone, membership.period_unit,
        membership.period_count, number - membership.anchor_number
    );
end;
$$;

/*
 * Return the share of an amount that belongs to what is left of a period at an instant, to the
 * second, rounded half away from zero.
 */
create function memberships.prorated(
    amount_minor bigint, starts_at timestamptz, ends_at timestamptz, at timestamptz
)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select round(
        amount_minor
        * extract(
            epoch from ends_at - least(greatest(date_trunc('second', at), starts_at), ends_at)
        )
        / extract(epoch from ends_at - starts_at)
    )::bigint;
end;
