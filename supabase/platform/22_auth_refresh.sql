-- Using a refresh token: once, with some patience for browsers, and with none for thieves.

-- An older stack has it without a client.
drop function if exists auth.refresh(jsonb, text);

/*
 * Use a refresh token. It is good once; within the reuse interval, or when it is the parent of the
 * active one (whose answer may have been lost), it gives the active one. Anything older was
 * stolen from somebody: the family and its session end at once. The session of a client (OAuth) is
 * refreshed by that client alone.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 refresh_token_not_found · session_expired · refresh_token_already_used ·
 *          user_banned
 */
create or replace function auth.refresh(caller jsonb, token text, client_id uuid default null)
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
    if v_used.id is null
        or v_session.id is null
        or v_session.oauth_client_id is distinct from refresh.client_id
    then
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
