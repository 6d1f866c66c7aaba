-- Signing in elsewhere with an account of here (OAuth 2.1). A client sends the user to `authorize`; the site
-- asks the user; the client exchanges the code that it gets, once, for a session of its own, which says
-- what the user agreed to. Codes are kept as hashes.

/* Words between blanks, each once. */
create or replace function auth.words(value text)
returns text[]
language sql
immutable
security invoker
set search_path = ''
as $$
    select coalesce(array_agg(distinct word order by word), '{}')
    from unnest(string_to_array(trim(value), ' ')) as word
    where word <> ''
$$;

/*
 * Begin an authorization: a client asks, the user is not known yet. It is open for three minutes.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 oauth_client_not_found · validation_failed
 */
create or replace function auth.begin_authorization(
    client_id uuid, redirect_uri text, request jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients;
    v_id text = encode(sha224((gen_random_uuid() || ':' || gen_random_uuid())::bytea), 'hex');
begin
    select oauth_clients.* into v_client
    from auth.oauth_clients
    where oauth_clients.id = begin_authorization.client_id and oauth_clients.deleted_at is null;
    if v_client.id is null then
        perform auth.refuse(400, 'oauth_client_not_found', 'invalid client_id');
    end if;
    if begin_authorization.redirect_uri <> all(string_to_array(v_client.redirect_uris, ' ')) then
        perform auth.refuse(400, 'validation_failed', 'invalid redirect_uri');
    end if;
    insert into auth.oauth_authorizations (
        id, authorization_id, client_id, redirect_uri, scope, state, resource, nonce,
        code_challenge, code_challenge_method
    )
    values (
        gen_random_uuid(), v_id, v_client.id, begin_authorization.redirect_uri,
        array_to_string(auth.words(request ->> 'scope'), ' '), request ->> 'state',
        request ->> 'resource', request ->> 'nonce', request ->> 'code_challenge',
        lower(request ->> 'code_challenge_method')::auth.code_challenge_method
    );
    return jsonb_build_object('authorization_id', v_id);
end;
$$;

/*
 * An authorization that waits for this user's decision, locked. Whoever opens it first is its user.
 *
 * Errors:  PT400 validation_failed when it was decided · PT404 oauth_authorization_not_found, also
 *          when it ran out or is somebody else's
 */
create or replace function auth.open_authorization(subject auth.users, authorization_id text)
returns auth.oauth_authorizations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_found auth.oauth_authorizations;
begin
    select oauth_authorizations.* into v_found
    from auth.oauth_authorizations
    where oauth_authorizations.authorization_id = open_authorization.authorization_id
    for update;
    if v_found.id is null
        or v_found.expires_at <= now()
        or v_found.user_id <> subject.id
    then
        perform auth.refuse(404, 'oauth_authorization_not_found', 'authorization not found');
    end if;
    if v_found.status <> 'pending' then
        perform auth.refuse(
            400, 'validation_failed', 'authorization request cannot be processed'
        );
    end if;
    update auth.oauth_authorizations
    set user_id = subject.id
    where oauth_authorizations.id = v_found.id
    returning * into v_found;
    return v_found;
end;
$$;

/*
 * Approve an authorization and remember what the user agreed to. Returns where to lead the user.
 */
create or replace function auth.approve_authorization(
    authorization_found auth.oauth_authorizations, code text
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update auth.oauth_authorizations
    set
        status = 'approved',
        authorization_code = auth.token_hash(code),
        approved_at = now(),
        expires_at = now() + interval '10 minutes'
    where oauth_authorizations.id = authorization_found.id;
    insert into auth.oauth_consents (id, user_id, client_id, scopes)
    values (
        gen_random_uuid(), authorization_found.user_id, authorization_found.client_id,
        authorization_found.scope
    )
    on conflict on constraint oauth_consents_user_client_unique do update
    set
        scopes = case
            when oauth_consents.revoked_at is null
                then array_to_string(
                    auth.words(oauth_consents.scopes || ' ' || excluded.scopes), ' '
                )
            else excluded.scopes
        end,
        granted_at = case
            when oauth_consents.revoked_at is null then oauth_consents.granted_at else now()
        end,
        revoked_at = null;
    return jsonb_build_object(
        'is_approved', true,
        'redirect_uri', authorization_found.redirect_uri,
        'state', authorization_found.state
    );
end;
$$;

/*
 * What a client asks of the caller. Where the caller agreed to as much before, it is approved at
 * once with the code that is given.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 validation_failed · PT404 oauth_authorization_not_found
 */
create or replace function auth.get_authorization(caller jsonb, authorization_id text, code text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_found auth.oauth_authorizations = auth.open_authorization(v_user, authorization_id);
begin
    if exists (
        select 1
        from auth.oauth_consents
        where
            oauth_consents.user_id = v_user.id
            and oauth_consents.client_id = v_found.client_id
            and oauth_consents.revoked_at is null
            and auth.words(oauth_consents.scopes) @> auth.words(v_found.scope)
    ) then
        return auth.approve_authorization(v_found, code);
    end if;
    return (
        select jsonb_build_object(
            'authorization_id', v_found.authorization_id,
            'redirect_uri', v_found.redirect_uri,
            'client', auth.grantee_json(oauth_clients),
            'user', jsonb_build_object('id', v_user.id, 'email', coalesce(v_user.email, '')),
            'scope', v_found.scope
        )
        from auth.oauth_clients
        where oauth_clients.id = v_found.client_id
    );
end;
$$;

/* A client as users see it. */
create or replace function auth.grantee_json(client auth.oauth_clients)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select jsonb_build_object('id', client.id, 'name', coalesce(client.client_name, ''))
        || jsonb_strip_nulls(jsonb_build_object(
            'uri', client.client_uri, 'logo_uri', client.logo_uri
        ))
$$;

/*
 * Approve or deny what a client asks of the caller.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 validation_failed · PT404 oauth_authorization_not_found
 */
create or replace function auth.decide_authorization(
    caller jsonb, authorization_id text, approves boolean, code text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_found auth.oauth_authorizations = auth.open_authorization(v_user, authorization_id);
begin
    if approves then
        return auth.approve_authorization(v_found, code);
    end if;
    update auth.oauth_authorizations
    set status = 'denied'
    where oauth_authorizations.id = v_found.id;
    return jsonb_build_object(
        'is_approved', false, 'redirect_uri', v_found.redirect_uri, 'state', v_found.state
    );
end;
$$;

/*
 * The client that asks for a token, which has proved who it is.
 *
 * Errors:  PT401 invalid_client
 */
create or replace function auth.authenticated_client(client_id uuid, secret text, method text)
returns auth.oauth_clients
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_client auth.oauth_clients;
begin
    select oauth_clients.* into v_client
    from auth.oauth_clients
    where
        oauth_clients.id = authenticated_client.client_id
        and oauth_clients.deleted_at is null
        and oauth_clients.token_endpoint_auth_method = method
        and oauth_clients.client_secret_hash is not distinct from auth.token_hash(secret);
    if v_client.id is null then
        perform auth.refuse(401, 'invalid_client', 'Client authentication failed');
    end if;
    return v_client;
end;
$$;

/*
 * Exchange a code for a session of a client. Each code works once, for the client that asked, with
 * the address and the secret that it began with.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT401 invalid_client · PT400 unauthorized_client · invalid_grant
 */
create or replace function auth.exchange_authorization(
    caller jsonb, client jsonb, code text, redirect_uri text, verifier text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients = auth.client_for(client, 'authorization_code');
    v_found auth.oauth_authorizations;
    v_user auth.users;
begin
    -- Whoever presents a code of another client must not use it up.
    delete from auth.oauth_authorizations
    where
        oauth_authorizations.authorization_code = auth.token_hash(exchange_authorization.code)
        and oauth_authorizations.client_id = v_client.id
    returning * into v_found;
    if v_found.id is null or v_found.expires_at <= now() then
        return auth.refused(400, 'invalid_grant', 'Invalid authorization code');
    end if;
    if v_found.redirect_uri <> exchange_authorization.redirect_uri then
        return auth.refused(400, 'invalid_grant', 'Invalid redirect_uri');
    end if;
    if v_found.code_challenge <> (case v_found.code_challenge_method
        when 'plain' then verifier
        else translate(encode(sha256(verifier::bytea), 'base64'), '+/=', '-_')
    end) then
        return auth.refused(400, 'invalid_grant', 'PKCE verification failed');
    end if;
    select users.* into v_user
    from auth.users
    where users.id = v_found.user_id and users.deleted_at is null;
    if v_user.id is null or v_user.banned_until > now() then
        return auth.refused(400, 'invalid_grant', 'This user cannot sign in');
    end if;
    return auth.open_client_session(caller, v_client, v_user, v_found);
end;
$$;

/*
 * The client of a request, which may use a kind of grant.
 *
 * Errors:  PT401 invalid_client · PT400 unauthorized_client
 */
create or replace function auth.client_for(client jsonb, grant_type text)
returns auth.oauth_clients
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_client auth.oauth_clients = auth.authenticated_client(
        (client ->> 'id')::uuid, client ->> 'secret', client ->> 'method'
    );
begin
    if grant_type <> all(string_to_array(v_client.grant_types, ' ')) then
        perform auth.refuse(
            400, 'unauthorized_client', 'This client may not use grant type ' || grant_type
        );
    end if;
    return v_client;
end;
$$;

/* Open a session in which a client acts for a user, within what was agreed to. */
create or replace function auth.open_client_session(
    caller jsonb,
    client auth.oauth_clients,
    subject auth.users,
    authorization_found auth.oauth_authorizations
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_session auth.sessions;
begin
    insert into auth.sessions (
        id, user_id, created_at, updated_at, aal, user_agent, ip, oauth_client_id, scopes
    )
    values (
        gen_random_uuid(), subject.id, now(), now(), 'aal1', caller ->> 'agent',
        (caller ->> 'ip')::inet, client.id, authorization_found.scope
    )
    returning * into v_session;
    perform auth.note_method(v_session.id, 'oauth_provider/authorization_code');
    perform auth.audit(caller, 'login', subject, jsonb_build_object(
        'provider_type', 'oauth_provider_authorization_code', 'client_id', client.id
    ));
    return auth.grant_json(
        v_session, auth.next_refresh_token(v_session), 'oauth_provider/authorization_code'
    ) || jsonb_build_object('scope', authorization_found.scope, 'nonce', authorization_found.nonce);
end;
$$;

/*
 * Use the refresh token of a client's session, under the rules of any other.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT401 invalid_client · PT400 unauthorized_client · and those of auth.refresh
 */
create or replace function auth.refresh_for_client(caller jsonb, client jsonb, token text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients = auth.client_for(client, 'refresh_token');
begin
    return auth.refresh(caller, token, v_client.id) || jsonb_build_object('scope', (
        select sessions.scopes
        from auth.sessions
        where sessions.id = split_part(token, ':', 1)::uuid
    ));
end;
$$;

/*
 * End a session of a client, by one of its tokens. Whose session it is not, it cannot end; the
 * answer is the same.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT401 invalid_client
 */
create or replace function auth.end_client_session(client jsonb, session_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients = auth.authenticated_client(
        (client ->> 'id')::uuid, client ->> 'secret', client ->> 'method'
    );
begin
    delete from auth.sessions
    where
        sessions.id = end_client_session.session_id
        and sessions.oauth_client_id = v_client.id;
    return '{}';
end;
$$;

/* What the caller allows to clients. Definer: the edge may call functions only. */
create or replace function auth.list_oauth_grants(caller jsonb)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'client', auth.grantee_json(oauth_clients),
                'scopes', to_jsonb(auth.words(oauth_consents.scopes)),
                'granted_at', auth.iso(oauth_consents.granted_at)
            )
            order by oauth_consents.granted_at desc
        ),
        '[]'
    )
    from auth.oauth_consents
    inner join auth.oauth_clients on oauth_clients.id = oauth_consents.client_id
    where
        oauth_consents.user_id = (auth.signed_in(caller)).id and oauth_consents.revoked_at is null
$$;

/*
 * Take back what the caller allows to a client. Its sessions end.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 oauth_consent_not_found
 */
create or replace function auth.revoke_oauth_grant(caller jsonb, client_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
begin
    update auth.oauth_consents
    set revoked_at = now()
    where
        oauth_consents.user_id = v_user.id
        and oauth_consents.client_id = revoke_oauth_grant.client_id
        and oauth_consents.revoked_at is null;
    if not found then
        perform auth.refuse(
            404, 'oauth_consent_not_found', 'No active grant found for this client'
        );
    end if;
    delete from auth.sessions
    where
        sessions.user_id = v_user.id
        and sessions.oauth_client_id = revoke_oauth_grant.client_id;
    delete from auth.oauth_authorizations
    where
        oauth_authorizations.user_id = v_user.id
        and oauth_authorizations.client_id = revoke_oauth_grant.client_id;
    perform auth.audit(caller, 'token_revoked', v_user, jsonb_build_object(
        'oauth_client_id', client_id, 'reason', 'revoke_oauth_grant'
    ));
    return '{}';
end;
$$;
