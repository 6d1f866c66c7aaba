-- PKCE: a client begins with a challenge, and only who knows its secret gets the session.

/*
 * Remember a PKCE challenge until its code is exchanged; gives the flow's id.
 */
create or replace function auth.begin_flow(
    user_id uuid, provider text, method text, challenge text, challenge_method text
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
as $$
    insert into auth.flow_state (
        id, user_id, auth_code, code_challenge_method, code_challenge,
        provider_type, authentication_method, created_at, updated_at
    )
    values (
        gen_random_uuid(), begin_flow.user_id, '',
        lower(challenge_method)::auth.code_challenge_method, challenge,
        provider, method, now(), now()
    )
    returning flow_state.id
$$;

/*
 * Exchange a code, and the secret that its client began with, for a session. Each code once.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 flow_state_not_found · PT422 flow_state_expired · PT400 bad_code_verifier
 */
create or replace function auth.exchange_code(caller jsonb, code text, verifier text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_flow auth.flow_state;
    v_user auth.users;
begin
    delete from auth.flow_state
    where flow_state.auth_code = auth.token_hash(exchange_code.code)
    returning * into v_flow;
    if v_flow.id is null then
        perform auth.refuse(
            404, 'flow_state_not_found', 'invalid flow state, no valid flow state found'
        );
    end if;
    if v_flow.auth_code_issued_at < now() - interval '5 minutes' then
        return auth.refused(
            422, 'flow_state_expired', 'invalid flow state, flow state has expired'
        );
    end if;
    if v_flow.code_challenge <> (case v_flow.code_challenge_method
        when 'plain' then verifier
        else translate(encode(sha256(verifier::bytea), 'base64'), '+/=', '-_')
    end) then
        return auth.refused(
            400, 'bad_code_verifier', 'code challenge does not match previously saved code verifier'
        );
    end if;
    select users.* into v_user
    from auth.users
    where users.id = v_flow.user_id;
    return auth.open_session(caller, v_user, case v_flow.authentication_method
        when 'signup' then 'email/signup' else v_flow.authentication_method
    end) || jsonb_strip_nulls(jsonb_build_object(
        'provider_token', v_flow.provider_access_token,
        'provider_refresh_token', v_flow.provider_refresh_token
    ));
end;
$$;

/*
 * Put a code into the flow that a client began with PKCE.
 *
 * Errors:  PT400 flow_state_not_found
 */
create or replace function auth.give_code(subject auth.users, method text, auth_code text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update auth.flow_state
    set
        auth_code = auth.token_hash(give_code.auth_code),
        auth_code_issued_at = now(),
        updated_at = now()
    where flow_state.id = (
        select latest.id
        from auth.flow_state as latest
        where
            latest.user_id = subject.id
            and (
                latest.authentication_method = method
                or method = 'magiclink' and latest.authentication_method = 'signup'
            )
        order by latest.created_at desc
        limit 1
    );
    if not found then
        perform auth.refuse(400, 'flow_state_not_found', 'No associated flow state found.');
    end if;
    return '{"has_code": true}';
end;
$$;
