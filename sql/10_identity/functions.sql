-- Who is calling: questions about people that policies and functions of every domain ask.

/*
 * Is the caller one of the platform's staff, with this role or a higher one (support, finance,
 * admin)?
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

/*
 * A name as a user's own metadata gives it, made safe to keep; null when there is none.
 * Nothing here may refuse: a sign-up must not fail because of a name.
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
 * Give a user a platform role, or with null take it away. Admins may, and the operator's own
 * software.
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
 * Refuse a caller who is not one of the platform's staff with this role or a higher one.
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
    perform private.signed_in();
    if not private.is_platform_staff(at_least) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the platform''s staff may do this.',
            'Ask an admin of the platform.'
        );
    end if;
end;
$$;

/*
 * A network address as somebody else wrote it; null when it is none.
 */
create function private.to_address(value text)
returns inet
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return nullif(value, '')::inet;
exception
    when invalid_text_representation then
        return null;
end;
$$;

/*
 * What an entry of the audit of sign-in means to its user; null when it is none of their business.
 * The words are those of Supabase Auth. A second factor is added when its first code was right.
 */
create function identity.activity_kind_of(action text, traits jsonb)
returns identity.activity_kind
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when action = 'user_signedup' then 'signed_up'
        when action = 'login' then 'signed_in'
        when action = 'logout' then 'signed_out'
        when action = 'token_revoked' and traits ? 'reason' then 'session_ended'
        when action = 'user_recovery_requested' then 'recovery_requested'
        when action = 'user_updated_password' then 'password_changed'
        when action = 'user_modified' then 'account_changed'
        when action = 'user_deleted' then 'account_deleted'
        when action = 'factor_updated' and traits ->> 'status' = 'verified' then 'factor_added'
        when action in ('factor_unenrolled', 'factor_deleted') then 'factor_removed'
        when action = 'verification_attempted' and traits ? 'recovery_code'
            then 'recovery_code_used'
        when action = 'identity_linked' then 'identity_linked'
        when action = 'identity_unlinked' then 'identity_unlinked'
    end::identity.activity_kind;
end;

/*
 * Note what a user did, or what was done to them. From where and with what is read from the headers
 * of the request unless it is given: X-Real-IP is written by the gateway, whatever a client sends.
 */
create function identity.note_activity(
    user_id uuid,
    kind identity.activity_kind,
    details jsonb default '{}',
    ip inet default null,
    user_agent text default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
begin
    insert into identity.activity_events (user_id, kind, at, ip, user_agent, details)
    values (
        note_activity.user_id,
        note_activity.kind,
        private.now(),
        coalesce(note_activity.ip, private.to_address(v_headers ->> 'x-real-ip')),
        left(coalesce(note_activity.user_agent, v_headers ->> 'user-agent'), 500),
        note_activity.details
    );
end;
$$;

/*
 * Forget activity of more than 400 days ago. Gives how much.
 * Definer: called by the workers, who have no access to the table.
 */
create function private.forget_old_activity()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from identity.activity_events
    where activity_events.at <= now() - interval '400 days';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
