-- Arguments of the RPCs about files.

/*
 * Read the name of a subject: what stands before the colon.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_subject_name(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null or value !~ '^[a-z_]{1,40}:' then
        perform private.invalid('subject', 'must be a name and an id, such as business:ID');
    end if;
    return split_part(value, ':', 1);
end;
$$;

/*
 * Read the id of a subject: what stands behind the colon.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_subject_id(value text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.to_identifier(substr(value, strpos(value, ':') + 1), 'subject');
end;
$$;

/*
 * Read a number of bytes.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_bytes(value text, argument text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        perform private.invalid(argument, 'is required');
    end if;
    if value !~ '^\d{1,15}$' then
        perform private.invalid(argument, 'must be a whole number of bytes');
    end if;
    return value::bigint;
end;
$$;
