-- The clock: what "now" means, and which time zones exist.

/*
 * Return the moment that every rule means by "now". Tests move it with the setting frontdesk.now.
 */
create function private.now()
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(nullif(current_setting('frontdesk.now', true), '')::timestamptz, now());
end;
$$;

/*
 * Is this the name of a time zone that PostgreSQL knows (IANA, such as Asia/Kathmandu)? Offsets and
 * abbreviations are refused: they do not follow daylight saving.
 */
create function private.is_time_zone(value text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}$' or value ~ '^(posix|right)/' then
        return false;
    end if;
    perform now() at time zone value;
    return value ~ '/' or value in ('UTC', 'GMT');
exception
    when invalid_parameter_value then
        return false;
end;
$$;
