-- Sessions of the caller, and accounts for admins.

/*
 * The caller's sessions, the latest first.
 *
 * Errors:  PT401 not_signed_in · PT422 too_many_rows
 */
create function public.my_sessions()
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
security invoker
set search_path = ''
as $$
declare
    v_count bigint;
begin
    return query
    select
        mine.id,
        mine.created_at,
        mine.refreshed_at,
        mine.aal,
        mine.ip,
        mine.user_agent,
        mine.is_current
    from identity.my_sessions() as mine;
    get diagnostics v_count = row_count;
    perform private.require_page(
        v_count, 'End the other sessions: POST /auth/v1/logout?scope=others.'
    );
end;
$$;
grant execute on function public.my_sessions() to anon, authenticated, service_role;

comment on function public.my_sessions() is
'Return the caller''s sessions, the latest first: when each was created and last refreshed, its '
'level (aal1, aal2), its network address and program, and whether it is the current one. '
'May be null: refreshed_at, aal, ip, user_agent.

Errors: not_signed_in 401, too_many_rows 422.';

/*
 * End one of the caller's sessions.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.revoke_session(session_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform identity.revoke_session(
        private.to_identifier(revoke_session.session_id, 'session_id')
    );
end;
$$;
grant execute on function public.revoke_session(public.identifier)
to anon, authenticated, service_role;

comment on function public.revoke_session(public.identifier) is
'End one of the caller''s sessions at once.

- session_id: the id of a session from my_sessions.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

create view public.admin_users
with (security_invoker = true)
as
select
    users.id,
    users.email,
    users.phone,
    users.full_name,
    users.platform_role,
    users.is_anonymous,
    users.email_confirmed_at,
    users.created_at,
    users.last_sign_in_at,
    users.banned_until
from identity.list_users() as users;
grant select on public.admin_users to authenticated, service_role;

comment on view public.admin_users is
'All users with an account.

Only admins of the platform see rows. Change roles with set_platform_role.';
comment on column public.admin_users.id is 'The user.';
comment on column public.admin_users.email is 'E-mail address, or null.';
comment on column public.admin_users.phone is 'Phone number without the plus, or null.';
comment on column public.admin_users.full_name is 'Name of the profile, or null.';
comment on column public.admin_users.platform_role is 'support, finance, admin, or null.';
comment on column public.admin_users.is_anonymous is 'Whether the account has no address.';
comment on column public.admin_users.email_confirmed_at is
'When the user confirmed the address, or null.';
comment on column public.admin_users.created_at is 'When the account was created.';
comment on column public.admin_users.last_sign_in_at is 'When they last signed in, or null.';
comment on column public.admin_users.banned_until is 'When the ban ends, or null.';
