-- Sessions and what their tokens say. A session has one refresh token that is active; each use replaces it
-- by the next. The token itself is nowhere: a row's `token` is the session and a number, and the edge signs
-- both into what the client holds. So a copy of this table opens nothing.

/* The claims of a session's methods, the latest first. */
create or replace function auth.amr(session_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'method', claims.authentication_method,
                'timestamp', floor(extract(epoch from claims.updated_at))::bigint
            )
            order by claims.updated_at desc
        ),
        '[]'
    )
    from auth.mfa_amr_claims as claims
    where claims.session_id = amr.session_id
$$;

/*
 * What the access token of a session says: Supabase's claims, as the hook leaves them. The hook is
 * the function that the setting `access_token_hook` names, in Supabase's form.
 *
 * Errors:  PT500 unexpected_failure when the hook takes away a claim that must be there
 */
create or replace function auth.claims(session auth.sessions, subject auth.users, method text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now bigint = floor(extract(epoch from clock_timestamp()));
    v_hook text = auth.setting('access_token_hook');
    v_claims jsonb = jsonb_build_object(
        'iss', auth.setting('issuer'),
        'sub', subject.id,
        'aud', coalesce(subject.aud, 'authenticated'),
        'exp', v_now + auth.setting('jwt_exp')::integer,
        'iat', v_now,
        'email', coalesce(subject.email, ''),
        'phone', coalesce(subject.phone, ''),
        'app_metadata', coalesce(subject.raw_app_meta_data, '{}'),
        'user_metadata', coalesce(subject.raw_user_meta_data, '{}'),
        'role', coalesce(subject.role, 'authenticated'),
        'aal', coalesce(session.aal::text, 'aal1'),
        'amr', auth.amr(session.id),
        'session_id', session.id,
        'is_anonymous', subject.is_anonymous
    );
    v_answer jsonb;
begin
    if v_hook is null or to_regproc(v_hook) is null then
        return v_claims;
    end if;
    execute format('select %s($1)', v_hook::regproc) into v_answer using jsonb_build_object(
        'user_id', subject.id, 'claims', v_claims, 'authentication_method', method
    );
    if v_answer -> 'error' is not null then
        perform auth.refuse(
            coalesce((v_answer #>> '{error,http_code}')::integer, 500),
            'unexpected_failure',
            coalesce(v_answer #>> '{error,message}', 'The access token hook failed.')
        );
    end if;
    if not coalesce(v_answer -> 'claims', '{}') ?& array[
        'sub', 'aud', 'exp', 'iat', 'role', 'aal', 'session_id', 'email', 'phone', 'is_anonymous'
    ] then
        perform auth.refuse(
            500, 'unexpected_failure', 'The access token hook left out claims that must be there.'
        );
    end if;
    return v_answer -> 'claims';
end;
$$;

/*
 * Our own hook: the platform role of its staff, for clients that show more to them. What they may
 * is decided by the database, whatever the token says.
 * plpgsql: identity.platform_staff belongs to the schema, which comes after the platform.
 */
create or replace function auth.add_platform_role(event jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_role text = (
        select platform_staff.role
        from identity.platform_staff
        where platform_staff.user_id = (event ->> 'user_id')::uuid
    );
begin
    if v_role is null then
        return event;
    end if;
    return jsonb_set(event, '{claims,platform_role}', to_jsonb(v_role));
end;
$$;

/* What the edge makes tokens of. */
create or replace function auth.grant_json(session auth.sessions, token text, method text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    select users.* into v_user
    from auth.users
    where users.id = session.user_id;

    return jsonb_build_object(
        'refresh', token,
        'claims', auth.claims(session, v_user, method),
        'user', auth.user_json(session.user_id)
    );
end;
$$;

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
 * Use a refresh token. It is good once; within the reuse interval, or when it is the parent of the
 * active one (whose answer may have been lost), it gives the active one. Anything older was
 * stolen from somebody: the family and its session end at once.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 refresh_token_not_found · session_expired · refresh_token_already_used ·
 *          user_banned
 */
create or replace function auth.refresh(caller jsonb, token text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_session auth.sessions;
    v_user auth.users;
    v_used auth.refresh_tokens;
    v_active auth.refresh_tokens;
begin
    select sessions.* into v_session
    from auth.sessions
    where sessions.id = split_part(refresh.token, ':', 1)::uuid
    for update;
    select refresh_tokens.* into v_used
    from auth.refresh_tokens
    where refresh_tokens.token = refresh.token;
    if v_used.id is null or v_session.id is null then
        perform auth.refuse(
            400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found'
        );
    end if;
    select users.* into v_user
    from auth.users
    where users.id = v_session.user_id;
    if v_user.banned_until > now() then
        perform auth.refuse(400, 'user_banned', 'Invalid Refresh Token: User Banned');
    end if;
    if auth.is_over(v_session) then
        if v_used.revoked then
            perform auth.refuse(
                400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used'
            );
        end if;
        perform auth.refuse(400, 'session_expired', 'Invalid Refresh Token: Session Expired');
    end if;

    select refresh_tokens.* into v_active
    from auth.refresh_tokens
    where refresh_tokens.session_id = v_session.id and not refresh_tokens.revoked;
    if v_used.revoked
        and v_active.parent is distinct from v_used.token
        and v_used.updated_at + make_interval(
            secs => auth.setting('reuse_interval')::integer
        ) < clock_timestamp()
    then
        return auth.end_family(caller, v_session, v_user);
    end if;

    update auth.sessions
    set
        refreshed_at = now() at time zone 'UTC',
        updated_at = now(),
        user_agent = coalesce(caller ->> 'agent', sessions.user_agent),
        ip = coalesce((caller ->> 'ip')::inet, sessions.ip)
    where sessions.id = v_session.id;
    perform auth.audit(caller, 'token_refreshed', v_user);
    return auth.grant_json(
        v_session,
        case when v_used.revoked then v_active.token else auth.next_refresh_token(v_session) end,
        'token_refresh'
    );
end;
$$;

/*
 * End a session whose old refresh token came back, with all of its tokens.
 */
create or replace function auth.end_family(
    caller jsonb, session auth.sessions, subject auth.users
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if auth.setting('rotation')::boolean then
        update auth.refresh_tokens
        set revoked = true
        where refresh_tokens.session_id = session.id;
        update auth.sessions
        set not_after = now()
        where sessions.id = session.id;
        perform auth.audit(
            caller, 'token_revoked', subject,
            jsonb_build_object('session_id', session.id, 'reason', 'refresh_token_already_used')
        );
    end if;
    return auth.refused(
        400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used'
    );
end;
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
