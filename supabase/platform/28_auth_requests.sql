-- What every request of the REST API passes before its statement runs: a session that was ended opens
-- nothing any more, though its access token has not run out. It happens where PostgREST tells the database who
-- asks: it calls set_config, without a schema, and by the search_path of its login finds ours. Whoever comes
-- in by another way is nobody to auth.uid(), so nothing is open where this is not asked.

/*
 * Why a token is no good, though its signature is; null when it is good. A token of nobody (a key)
 * and one without a session (the operator's, of `frontdesk users token`) are.
 */
create or replace function auth.refusal_of(claims jsonb, issuer text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user uuid;
    v_session uuid;
begin
    v_user = claims ->> 'sub';
    v_session = claims ->> 'session_id';
    if v_user is null and v_session is null then
        return null;
    end if;
    if claims ->> 'iss' <> issuer then
        return 'This token was issued by somebody else.';
    end if;
    if v_session is not null and not exists (
        select 1
        from auth.sessions
        where
            sessions.id = v_session
            and sessions.user_id = v_user
            and (sessions.not_after is null or sessions.not_after > now())
    ) then
        return 'This session has ended.';
    end if;
    return null;
exception
    when invalid_text_representation then
        return 'This token names no user.';
end;
$$;

/*
 * Let the user of a request in, by the claims that PostgREST has put down before; auth.uid() gives
 * who was let in. An API key is let in by the schema, which knows its scopes. Gives the issuer back,
 * whose setting is where this is called. Every request waits for it, so it asks first what nearly always holds, and has no `set` clause:
 * what it calls is named with its schema.
 * Definer: clients cannot read sessions.
 *
 * Errors:  PT401 not_signed_in
 */
create or replace function auth.admit(issuer text)
returns text
language plpgsql
volatile
security definer
as $$
declare
    v_claims jsonb = nullif(pg_catalog.current_setting('request.jwt.claims', true), '');
    v_user uuid;
    v_sentence text;
begin
    select sessions.user_id into v_user
    from auth.sessions
    where
        sessions.id = (v_claims ->> 'session_id')::uuid
        and (sessions.not_after is null or sessions.not_after > now());
    if v_user::text = v_claims ->> 'sub' and v_claims ->> 'iss' = issuer then
        perform pg_catalog.set_config('auth.admitted', v_user::text, true);
        return issuer;
    end if;

    if v_claims ->> 'role' = 'api_key' then
        perform identity.admit_request(v_claims);
        return issuer;
    end if;
    v_sentence = auth.refusal_of(v_claims, issuer);
    if v_sentence is not null then
        perform auth.refuse_token(v_sentence);
    end if;
    perform pg_catalog.set_config('auth.admitted', v_claims ->> 'sub', true);
    return issuer;
exception
    when invalid_text_representation then
        perform auth.refuse_token('This token names no user.');
end;
$$;

/* Errors:  PT401 not_signed_in */
create or replace function auth.refuse_token(sentence text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise exception using
        errcode = 'PT401',
        message = sentence,
        detail = 'not_signed_in',
        hint = 'Sign in again.';
end;
$$;

/*
 * The role that a token claims, if PostgREST may become it. PostgreSQL's own answer to another one is
 * an error of the request (400) or of its rights (403); it is neither, the token is no good.
 *
 * Errors:  PT401 not_signed_in
 */
create or replace function auth.known_role(name text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not auth.may_become(session_user, name) then
        perform auth.refuse_token('This token claims a role that nobody has.');
    end if;
    return name;
end;
$$;

/*
 * The headers of a request that may ask for estimates or plans, or may have U+0000 in its body. The
 * schema says what is refused.
 *
 * Errors:  PT400 invalid_input
 */
create or replace function auth.checked_headers(headers text)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.check_headers(headers::jsonb);
    return headers;
end;
$$;

/* Is there such a role, and may this login become it? */
create or replace function auth.may_become(login name, role text)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $$
    select exists (
        select 1
        from pg_catalog.pg_roles
        where
            pg_roles.rolname = role
            and pg_has_role(login, pg_roles.oid, 'member')
    )
$$;

/*
 * What PostgREST calls as set_config. The issuer that it expects, `app.settings.auth_issuer`, comes
 * after the claims, in capitals where its environment says it. Inlined into its statement, so it has
 * no `set` clause; four roles are there for certain, so they are not looked up.
 */
create or replace function auth.set_config(name text, value text, is_local boolean)
returns text
language sql
volatile
security invoker
as $$
    select pg_catalog.set_config(
        $1,
        case
            when $1 in ('app.settings.AUTH_ISSUER', 'app.settings.auth_issuer')
                then auth.admit($2)
            when $1 = 'request.headers' and $2 ~* 'planned|estimated|vnd\.pgrst\.plan|x-has-nul'
                then auth.checked_headers($2)
            when $1 = 'role' and $2 not in ('anon', 'authenticated', 'api_key', 'service_role')
                then auth.known_role($2)
            else $2
        end,
        $3
    )
$$;

/*
 * The same for a PostgREST that names the schema of set_config, as its db-pre-request: without it,
 * such a one would show nobody anything of theirs.
 * Definer: clients may not call auth.admit.
 *
 * Errors:  PT401 not_signed_in
 */
create or replace function auth.check_request()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform auth.admit(current_setting('app.settings.auth_issuer', true));
    perform private.check_headers(nullif(current_setting('request.headers', true), '')::jsonb);
end;
$$;

/*
 * The same for what the edge serves: a token whose signature and times are right. Null, or why it is
 * no good.
 * Definer: the edge may call functions only.
 */
create or replace function auth.check_token(claims jsonb, issuer text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if claims ? 'aud' and not claims -> 'aud' @> '"authenticated"' then
        return 'This token is for somebody else.';
    end if;
    if not auth.may_become('authenticator', coalesce(claims ->> 'role', 'anon')) then
        return 'This token claims a role that nobody has.';
    end if;
    if claims ->> 'role' = 'api_key' and not identity.is_key_live((claims ->> 'key_id')::uuid) then
        return 'This API key is not valid.';
    end if;
    return auth.refusal_of(claims, issuer);
end;
$$;

grant usage on schema auth to authenticator;
grant execute on function
    auth.admit(text),
    auth.checked_headers(text),
    auth.known_role(text),
    auth.may_become(name, text),
    auth.refuse_token(text),
    auth.set_config(text, text, boolean)
to authenticator;
grant execute on function auth.check_request() to anon, authenticated, service_role;

do $$
begin
    execute format(
        'alter role authenticator in database %I set search_path = auth, pg_catalog',
        current_database()
    );
    execute format(
        'alter role authenticator in database %I set pgrst.jwt_aud = %L',
        current_database(), 'authenticated'
    );
end;
$$;
