/*
 * Return the user id of the caller's token. The account may have been deleted since (see
 * private.current_user_id).
 *
 * Errors:  PT401 not_signed_in
 */
create function private.token_user_id()
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = auth.uid();
begin
    if v_user_id is null then
        perform private.refuse(
            'PT401', 'not_signed_in', 'Sign in first.', 'Send a signed-in user''s token.'
        );
    end if;
    return v_user_id;
end;
$$;

/*
 * Is the current role one that clients use? Servers and owners are trusted, clients are checked.
 */
create function private.is_client()
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return current_user in ('anon', 'authenticated', 'api_key');
end;
$$;
