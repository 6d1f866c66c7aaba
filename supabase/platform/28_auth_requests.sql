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
    v_claims jsonb = nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    v_issuer text = nullif(current_setting('app.settings.auth_issuer', true), '');
    v_sentence text;
begin
    if v_claims ->> 'sub' is null and v_claims ->> 'session_id' is null then
        return;
    end if;
    if v_claims ->> 'iss' <> v_issuer then
        v_sentence = 'This token was issued by somebody else.';
    elsif concat(v_claims ->> 'sub', v_claims ->> 'session_id')
        !~* '^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})+$'
    then
        v_sentence = 'This token names no user.';
    elsif v_claims ->> 'session_id' is not null and not exists (
        select 1
        from auth.sessions
        where
            sessions.id = (v_claims ->> 'session_id')::uuid
            and sessions.user_id = (v_claims ->> 'sub')::uuid
            and (sessions.not_after is null or sessions.not_after > now())
    ) then
        v_sentence = 'This session has ended.';
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

do $$
begin
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
