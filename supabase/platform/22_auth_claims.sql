-- What an access token says, and the hook that may add to it.

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
    ) || case
        when session.oauth_client_id is null then '{}'::jsonb
        else jsonb_build_object('client_id', session.oauth_client_id, 'scope', session.scopes)
    end;
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
