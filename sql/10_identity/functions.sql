-- Who is calling: questions about people that policies and functions of every domain ask.

/*
 * Is the caller one of the platform's staff, with this role or a higher one (support, finance, admin)?
 * Definer: a policy on platform_staff that asks about platform_staff would ask itself.
 * plpgsql: its plan is kept for the session, and policies ask once a statement.
 */
create function private.is_platform_staff(at_least identity.platform_role)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from identity.platform_staff
        where
            platform_staff.user_id = auth.uid()
            and platform_staff.role >= is_platform_staff.at_least
    );
end;
$$;

/*
 * Does the call come from the operator's own software: the database's owner, the CLI, service_role?
 * `set role` survives into definer functions, so a client never counts, whatever it calls.
 * Definer: inside, current_user is the owner that the session is compared with.
 */
create function private.is_operator()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_role text = coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
    return v_role = 'service_role' or pg_has_role(v_role, current_user, 'usage');
end;
$$;

/*
 * The caller's user id, of an account that still exists: a token outlives its user.
 * Definer: clients cannot read auth.users.
 *
 * Errors:  PT401 not_signed_in
 */
create function private.signed_in_user()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in();
begin
    if not exists (select 1 from auth.users where users.id = v_user_id) then
        perform private.refuse(
            'PT401', 'not_signed_in', 'This account does not exist any more.', 'Sign in again.'
        );
    end if;
    return v_user_id;
end;
$$;
