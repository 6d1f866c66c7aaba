/*
 * The caller's user id.
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
 * Is this one of the roles that clients come in as? Servers and owners are trusted, clients are
 * checked.
 */
create function private.is_client()
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return current_user in ('anon', 'authenticated');
end;
$$;
