/*
 * Read an identifier.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_identifier(value text, argument text, is_required boolean default true)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        if is_required then
            perform private.invalid(argument, 'is required');
        end if;
        return null;
    end if;
    if value !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform private.invalid(argument, 'must be a UUID');
    end if;
    return value::uuid;
end;
$$;

/*
 * Read an instant: ISO 8601 with an offset. One without is refused, never guessed.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_instant(value text, argument text, is_required boolean default true)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        if is_required then
            perform private.invalid(argument, 'is required');
        end if;
        return null;
    end if;
    if value !~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?Z|[+-]\d\d(:?\d\d)?)$' then
        perform private.invalid(
            argument, 'must be an ISO 8601 instant with an offset, such as 2031-03-30T09:00:00Z'
        );
    end if;
    return value::timestamptz;
exception
    when datetime_field_overflow or invalid_datetime_format
    or invalid_time_zone_displacement_value then
        perform private.invalid(argument, 'must be an instant that exists');
end;
$$;

/*
 * Read a local date. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_date(value text, argument text)
returns date
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{4}-\d\d-\d\d$' then
        perform private.invalid(argument, 'must be a date, such as 2031-03-30');
    end if;
    return value::date;
exception
    when datetime_field_overflow then
        perform private.invalid(argument, 'must be a date that exists');
end;
$$;

/*
 * Read a time of day. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_clock(value text, argument text)
returns time
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?)$' then
        perform private.invalid(argument, 'must be a time of day, such as 22:00');
    end if;
    return value::time;
end;
$$;

/*
 * Read a whole number between two bounds. Null is `if_null`, which makes the argument optional.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_whole_number(
    value text,
    argument text,
    minimum integer,
    maximum integer,
    is_required boolean default true,
    if_null integer default null
)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        if is_required and if_null is null then
            perform private.invalid(argument, 'is required');
        end if;
        return if_null;
    end if;
    if value !~ '^-?\d{1,9}$' or value::integer not between minimum and maximum then
        perform private.invalid(
            argument, format('must be a whole number from %s to %s', minimum, maximum)
        );
    end if;
    return value::integer;
end;
$$;

/*
 * Read an amount of money in minor units. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_minor_units(value text, argument text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{1,13}$' or value::bigint > 1000000000000 then
        perform private.invalid(argument, 'must be from 0 to 1000000000000 minor units');
    end if;
    return value::bigint;
end;
$$;

/*
 * Read an amount of money that must be sent and be at least one minor unit.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_required_amount(value text, argument text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_amount bigint = private.to_minor_units(value, argument);
begin
    if coalesce(v_amount, 0) = 0 then
        perform private.invalid(argument, 'must be from 1 to 1000000000000 minor units');
    end if;
    return v_amount;
end;
$$;

/*
 * Read true or false. Null is false.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_yes_no(value text, argument text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is not null and lower(value) not in ('true', 'false', 't', 'f') then
        perform private.invalid(argument, 'must be true or false');
    end if;
    return coalesce(lower(value) in ('true', 't'), false);
end;
$$;

/*
 * Read a text of at most so many characters, without control characters other than tabs and line
 * breaks. A blank text is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_text(value text, argument text, maximum integer)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if length(value) > maximum then
        perform private.invalid(argument, format('must have at most %s characters', maximum));
    end if;
    if private.has_control_characters(value) then
        perform private.invalid(argument, 'must not contain control characters');
    end if;
    return nullif(btrim(value), '');
end;
$$;

/*
 * Read a text that must be sent and must not be blank.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_required_text(value text, argument text, maximum integer)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_text text = private.to_text(value, argument, maximum);
begin
    if v_text is null then
        perform private.invalid(argument, 'is required');
    end if;
    return v_text;
end;
$$;

/*
 * Does a text contain control characters other than tab, line feed and carriage return?
 */
create function private.has_control_characters(value text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return value ~ '[\x01-\x08\x0B\x0C\x0E-\x1F\x7F]';
end;
$$;

/*
 * Is a date between the years 1 and 9999, or null? Only such dates can be reckoned with: infinity
 * and the last date of PostgreSQL make any sum fail.
 */
create function private.is_usual_date(value date)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(value between '0001-01-01' and '9999-12-31', true);
end;
$$;

/*
 * Is a text one line, without control characters and without anything that programs take for a line
 * break? Names, titles and addresses must be: they stand in mail headers and calendar properties.
 */
create function private.is_one_line(value text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return value !~ '[\x01-\x1F\x7F\u0085\u2028\u2029]';
end;
$$;
