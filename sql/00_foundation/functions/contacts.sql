/*
 * Read an e-mail address of at most 320 characters. A blank one is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_email(value text, argument text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_email text = private.to_text(value, argument, 320);
begin
    if v_email !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' then
        perform private.invalid(argument, 'must be an e-mail address');
    end if;
    return v_email;
end;
$$;

/*
 * Read a phone number in international form. A blank one is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_phone(value text, argument text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_phone text = private.to_text(value, argument, 20);
begin
    if v_phone !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid(
            argument, 'must be in international form, such as +491701234567'
        );
    end if;
    return v_phone;
end;
$$;
