-- Sessions and accounts, as users and admins see them. The rows are those of sign-in, here and on
-- Supabase.

/*
 * Return the caller's sessions, the latest first.
 * Definer: clients cannot read sessions.
 *
 * Errors:  PT401 not_signed_in
 */
create function identity.my_sessions()
returns table (
    id uuid,
    created_at timestamptz,
    refreshed_at timestamptz,
    aal text,
    ip inet,
    user_agent text,
    is_current boolean
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    return query
    select
        sessions.id,
        sessions.created_at,
        sessions.refreshed_at at time zone 'UTC',
        sessions.aal::text,
        sessions.ip,
        sessions.user_agent,
        coalesce(sessions.id::text = auth.jwt() ->> 'session_id', false)
    from auth.sessions
    where
        sessions.user_id = v_user_id
        and (sessions.not_after is null or sessions.not_after > now())
    order by sessions.created_at desc, sessions.id;
end;
$$;

/*
 * End one of the caller's sessions. Its tokens stop working at once.
 * Definer: clients cannot delete sessions.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function identity.revoke_session(session_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    delete from auth.sessions
    where sessions.id = revoke_session.session_id and sessions.user_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such session.',
            'Call my_sessions to list your sessions.'
        );
    end if;
    perform identity.note_activity(v_user_id, 'session_ended', '{"reason": "revoked"}');
end;
$$;

/*
 * Return every account. Returns nothing to a caller who is not an admin.
 * Definer: clients cannot read accounts.
 */
create function identity.list_users()
returns table (
    id uuid,
    email text,
    phone text,
    full_name text,
    platform_role text,
    is_anonymous boolean,
    email_confirmed_at timestamptz,
    created_at timestamptz,
    last_sign_in_at timestamptz,
    banned_until timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() and not private.is_platform_staff('admin') then
        return;
    end if;
    return query
    select
        users.id,
        users.email::text,
        users.phone,
        profiles.full_name,
        platform_staff.role::text,
        users.is_anonymous,
        users.email_confirmed_at,
        users.created_at,
        users.last_sign_in_at,
        users.banned_until
    from auth.users
    left join identity.profiles on profiles.id = users.id
    left join identity.platform_staff on platform_staff.user_id = users.id
    where users.deleted_at is null;
end;
$$;
