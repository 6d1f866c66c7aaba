-- Questions about the caller that policies and functions of every domain ask.

/*
 * Does the caller have this platform role, or a higher one (support, finance, admin)?
 * Definer: a policy on platform_staff that reads platform_staff would call itself.
 * plpgsql: its plan is kept for the session, and policies call it once a statement.
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
 * `set role` stays in force inside definer functions, so a client never counts, whatever it calls.
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
 * Return the network address of the caller. Null for the operator's servers, because one server
 * makes requests for many people.
 */
create function private.caller_address()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case when not private.is_operator() then private.request_address() end;
end;
$$;

/*
 * Return the caller's user id, if the account still exists. A token can outlive its user.
 * Definer: clients cannot read auth.users.
 *
 * Errors:  PT401 not_signed_in
 */
create function private.current_user_id()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    if not exists (
        select 1 from auth.users where users.id = v_user_id and users.deleted_at is null
    ) then
        perform private.refuse(
            'PT401', 'not_signed_in', 'This account no longer exists.', 'Sign in again.'
        );
    end if;
    return v_user_id;
end;
$$;

/*
 * Return a name from a user's own metadata, made safe to keep, or null. It never refuses: a sign-up
 * must not fail because of a name.
 */
create function identity.presentable_name(metadata jsonb)
returns text
language sql
stable
security invoker
set search_path = ''
begin atomic
    select nullif(btrim(left(regexp_replace(
        coalesce(metadata ->> 'full_name', metadata ->> 'name'), '[\x01-\x1F\x7F]', '', 'g'
    ), 200)), '');
end;

/*
 * Give a user a platform role, or take it away with null. Allowed to admins and to the operator's
 * own software.
 * Definer: nobody has a write grant on platform_staff.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_admin
 */
create function identity.set_platform_role(user_id uuid, role identity.platform_role)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
    if not exists (select 1 from auth.users where users.id = set_platform_role.user_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such user.', 'Check the user''s id.'
        );
    end if;

    if set_platform_role.role is null then
        delete from identity.platform_staff
        where platform_staff.user_id = set_platform_role.user_id;
        return;
    end if;
    insert into identity.platform_staff (user_id, role, granted_by, granted_at)
    values (set_platform_role.user_id, set_platform_role.role, auth.uid(), private.now())
    on conflict on constraint platform_staff_pkey do update
    set
        role = excluded.role,
        granted_by = excluded.granted_by,
        granted_at = excluded.granted_at
    where platform_staff.role <> excluded.role;
end;
$$;

/*
 * Refuse a caller who does not have this platform role or a higher one.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden
 */
create function private.require_platform_staff(at_least identity.platform_role)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    if not private.is_platform_staff(at_least) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the platform''s staff may do this.',
            'Ask an admin of the platform.'
        );
    end if;
end;
$$;

/*
 * Refuse a caller who is not signed in with a second factor. The operator needs none.
 *
 * Errors:  PT403 second_factor_required
 */
create function private.require_second_factor()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not private.is_operator() and auth.jwt() ->> 'aal' is distinct from 'aal2' then
        perform private.refuse(
            'PT403', 'second_factor_required', 'This needs a second factor.',
            'Sign in with your second factor and repeat the call.'
        );
    end if;
end;
$$;
