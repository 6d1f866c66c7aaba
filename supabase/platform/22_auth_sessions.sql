-- Sessions and what their tokens say. A session has one refresh token that is active; each use replaces it
-- by the next. The token itself is nowhere: a row's `token` is the session and a number, and the edge signs
-- both into what the client holds. So a copy of this table opens nothing.

/* Note how a session was authenticated. */
create or replace function auth.note_method(session_id uuid, method text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
    insert into auth.mfa_amr_claims (
        id, session_id, created_at, updated_at, authentication_method
    )
    values (gen_random_uuid(), session_id, clock_timestamp(), clock_timestamp(), method)
    on conflict on constraint mfa_amr_claims_session_id_authentication_method_pkey do update
    set updated_at = excluded.updated_at
$$;

/* Replace a session's active refresh token by the next one; gives its name. */
create or replace function auth.next_refresh_token(session auth.sessions)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_parent text;
    v_token text;
begin
    update auth.refresh_tokens
    set revoked = true, updated_at = clock_timestamp()
    where refresh_tokens.session_id = session.id and not refresh_tokens.revoked
    returning refresh_tokens.token into v_parent;

    v_token = session.id || ':' || coalesce(split_part(v_parent, ':', 2)::integer + 1, 1);
    insert into auth.refresh_tokens (
        instance_id, token, user_id, revoked, parent, session_id, created_at, updated_at
    )
    values (
        '00000000-0000-0000-0000-000000000000',
        v_token, session.user_id, false, v_parent, session.id, clock_timestamp(), clock_timestamp()
    );
    return v_token;
end;
$$;

/*
 * Open a session for somebody whose identity is settled. Whoever comes from an address that is new
 * for an account hears of it by mail.
 *
 * Errors:  PT400 user_banned
 */
create or replace function auth.open_session(caller jsonb, subject auth.users, method text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_session auth.sessions;
begin
    if subject.banned_until > now() then
        perform auth.refuse(400, 'user_banned', 'User is banned');
    end if;
    perform auth.remember_address(caller, subject);
    insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
    values (
        gen_random_uuid(), subject.id, now(), now(), 'aal1',
        caller ->> 'agent', (caller ->> 'ip')::inet
    )
    returning * into v_session;
    perform auth.note_method(v_session.id, method);
    update auth.users
    set last_sign_in_at = now(), updated_at = now()
    where users.id = subject.id;
    update auth.identities
    set last_sign_in_at = now()
    where
        identities.user_id = subject.id
        and identities.provider = subject.raw_app_meta_data ->> 'provider';
    return auth.grant_json(v_session, auth.next_refresh_token(v_session), method);
end;
$$;

/*
 * Remember from where a user signs in, and tell them of an address that is new beside others.
 */
create or replace function auth.remember_address(caller jsonb, subject auth.users)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_had_others boolean = exists (
        select 1 from auth.known_addresses where known_addresses.user_id = subject.id
    );
    v_is_new boolean;
begin
    if caller ->> 'ip' is null then
        return;
    end if;
    insert into auth.known_addresses (user_id, ip)
    values (subject.id, (caller ->> 'ip')::inet)
    on conflict (user_id, ip) do update
    set seen_at = now()
    returning xmax = 0 into v_is_new;
    if v_is_new and v_had_others then
        perform auth.notify(caller, subject, 'new_sign_in');
    end if;
end;
$$;

/*
 * Tell the owner of an account by mail of something that changed how it is opened.
 */
create or replace function auth.notify(caller jsonb, subject auth.users, kind text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if coalesce(subject.email, '') <> '' and subject.email_confirmed_at is not null then
        perform auth.announce('auth.mail', jsonb_build_object(
            'kind', kind,
            'user_id', subject.id,
            'to', subject.email,
            'at', auth.iso(now()),
            'ip', caller ->> 'ip',
            'agent', caller ->> 'agent'
        ));
    end if;
end;
$$;

/*
 * Is a session over: revoked, past its own end, or past one of the limits of the settings?
 */
create or replace function auth.is_over(session auth.sessions)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $$
    select coalesce(session.not_after <= now(), false)
    or coalesce(
        session.created_at + make_interval(secs => auth.setting('timebox')::integer) <= now(),
        false
    )
    or coalesce(
        coalesce(session.refreshed_at at time zone 'UTC', session.created_at)
        + make_interval(secs => auth.setting('inactivity_timeout')::integer) <= now(),
        false
    )
$$;

/*
 * The user of a verified access token, whose session must still be there.
 *
 * Errors:  PT403 session_not_found · user_not_found · user_banned
 */
create or replace function auth.signed_in(caller jsonb)
returns auth.users
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    select users.* into v_user
    from auth.users
    where users.id = (caller ->> 'user_id')::uuid and users.deleted_at is null;
    if v_user.id is null then
        perform auth.refuse(
            403, 'user_not_found', 'User from sub claim in JWT does not exist'
        );
    end if;
    if caller ->> 'session_id' is not null and not exists (
        select 1
        from auth.sessions
        where
            sessions.id = (caller ->> 'session_id')::uuid
            and sessions.user_id = v_user.id
            and not auth.is_over(sessions)
    ) then
        perform auth.refuse(
            403, 'session_not_found', 'Session from session_id claim in JWT does not exist'
        );
    end if;
    if v_user.banned_until > now() then
        perform auth.refuse(403, 'user_banned', 'User is banned');
    end if;
    return v_user;
end;
$$;

/* The caller, as they see themselves. Definer: the edge may call functions only. */
create or replace function auth.get_user(caller jsonb)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$ select auth.user_json((auth.signed_in(caller)).id) $$;

/*
 * End sessions of the caller: this one (local), the others, or all (global).
 * Definer: the edge may call functions only.
 */
create or replace function auth.sign_out(caller jsonb, scope text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
begin
    delete from auth.sessions
    where
        sessions.user_id = v_user.id
        and case scope
            when 'local' then sessions.id = (caller ->> 'session_id')::uuid
            when 'others' then sessions.id is distinct from (caller ->> 'session_id')::uuid
            else true
        end;
    perform auth.audit(caller, 'logout', v_user, jsonb_build_object('scope', scope));
    return '{}';
end;
$$;

/* The caller's sessions, the latest first. Definer: the edge may call functions only. */
create or replace function auth.list_sessions(caller jsonb)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', sessions.id,
                'created_at', auth.iso(sessions.created_at),
                'refreshed_at', auth.iso(sessions.refreshed_at at time zone 'UTC'),
                'aal', sessions.aal,
                'ip', host(sessions.ip),
                'user_agent', sessions.user_agent,
                'is_current', sessions.id::text = caller ->> 'session_id'
            )
            order by sessions.created_at desc
        ),
        '[]'
    )
    from auth.sessions
    where sessions.user_id = (auth.signed_in(caller)).id and not auth.is_over(sessions)
$$;

/*
 * End one session of the caller's.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 session_not_found
 */
create or replace function auth.revoke_session(caller jsonb, session_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
begin
    delete from auth.sessions
    where sessions.id = revoke_session.session_id and sessions.user_id = v_user.id;
    if not found then
        perform auth.refuse(404, 'session_not_found', 'There is no such session.');
    end if;
    perform auth.audit(
        caller, 'token_revoked', v_user,
        jsonb_build_object('session_id', session_id, 'reason', 'revoked')
    );
    return '{}';
end;
$$;
