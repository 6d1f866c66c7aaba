-- What every request of the REST API passes before its statement runs: a session that was ended opens
-- nothing any more, though its access token has not run out. PostgREST finds the function by the setting
-- of its role; the issuer that it expects, `app.settings.auth_issuer`, by its environment.

/*
 * Refuse the token of a session that is over, of another issuer, or of nobody. Tokens without a
 * session (the operator's own, of `frontdesk users token`, and keys) pass.
 * Definer: clients cannot read sessions.
 *
 * Errors:  PT401 not_signed_in
 */
create or replace function auth.check_request()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_claims jsonb = nullif(current_setting('request.jwt.claims', true), '');
    v_user text = v_claims ->> 'sub';
    v_session text = v_claims ->> 'session_id';
    v_sentence text;
begin
    if v_user is null and v_session is null then
        return;
    end if;
    if v_claims ->> 'iss' <> current_setting('app.settings.auth_issuer', true) then
        v_sentence = 'This token was issued by somebody else.';
    elsif translate(concat(v_user, v_session), '0123456789abcdefABCDEF-', '') <> '' then
        v_sentence = 'This token names no user.';
    elsif v_session is not null then
        perform 1
        from auth.sessions
        where
            sessions.id = v_session::uuid
            and sessions.user_id = v_user::uuid
            and (sessions.not_after is null or sessions.not_after > now());
        if not found then
            v_sentence = 'This session has ended.';
        end if;
    end if;
    if v_sentence is not null then
        raise exception using
            errcode = 'PT401',
            message = v_sentence,
            detail = 'not_signed_in',
            hint = 'Sign in again.';
    end if;
end;
$$;

grant execute on function auth.check_request() to anon, authenticated, service_role;

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
declare
    v_role oid = (select pg_roles.oid from pg_catalog.pg_roles where pg_roles.rolname = name);
begin
    if v_role is null or not pg_catalog.pg_has_role(session_user, v_role, 'member') then
        raise exception using
            errcode = 'PT401',
            message = 'This token claims a role that nobody has.',
            detail = 'not_signed_in',
            hint = 'Sign in again.';
    end if;
    return name;
end;
$$;

/*
 * What PostgREST calls as set_config, without a schema, before each request: it finds this one
 * first, by the search_path of its login. Inlined into its statement, so it has no `set` clause.
 */
create or replace function auth.set_config(name text, value text, is_local boolean)
returns text
language sql
volatile
security invoker
as $$
    select pg_catalog.set_config(
        $1, case when $1 = 'role' then auth.known_role($2) else $2 end, $3
    )
$$;

grant usage on schema auth to authenticator;
grant execute on function auth.known_role(text), auth.set_config(text, text, boolean)
to authenticator;

do $$
begin
    execute format(
        'alter role authenticator in database %I set search_path = auth, pg_catalog',
        current_database()
    );
    execute format(
        'alter role authenticator in database %I set pgrst.db_pre_request = %L',
        current_database(), 'auth.check_request'
    );
    execute format(
        'alter role authenticator in database %I set pgrst.jwt_aud = %L',
        current_database(), 'authenticated'
    );
end;
$$;
