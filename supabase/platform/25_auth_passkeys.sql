-- Passkeys: a user signs in by the key of a device, without a password. The edge checks signatures with a
-- library; here is whose key it is, that each question is answered once and in time, and that counters grow.

/* The bytes of a base64url text, which is how browsers send ids and keys. */
create or replace function auth.from_base64url(value text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
as $$
    select decode(
        translate(value, '-_', '+/') || repeat('=', (4 - length(value) % 4) % 4), 'base64'
    )
$$;

create or replace function auth.to_base64url(value bytea)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$ select translate(encode(value, 'base64'), E'+/=\n', '-_') $$;

/* A passkey as clients see it. */
create or replace function auth.passkey_json(passkey auth.webauthn_credentials)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'id', passkey.id,
        'friendly_name', nullif(passkey.friendly_name, ''),
        'created_at', auth.iso(passkey.created_at),
        'last_used_at', auth.iso(passkey.last_used_at)
    ))
$$;

/*
 * Keep a question until it is answered. A registration belongs to a user, a sign-in to nobody yet.
 */
create or replace function auth.keep_question(user_id uuid, kind text, session_data jsonb)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
    insert into auth.webauthn_challenges (user_id, challenge_type, session_data, expires_at)
    values (
        keep_question.user_id, kind, session_data,
        now() + make_interval(secs => auth.setting('challenge_exp')::integer)
    )
    returning jsonb_build_object(
        'challenge_id', webauthn_challenges.id,
        'expires_at', floor(extract(epoch from webauthn_challenges.expires_at))::bigint
    )
$$;

/*
 * Take a question to compare an answer with. It is gone afterwards, whatever the answer is.
 *
 * Errors:  400 webauthn_challenge_not_found · webauthn_challenge_expired, as answers, because the
 *          question stays used
 */
create or replace function auth.take_question(user_id uuid, kind text, challenge_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_question auth.webauthn_challenges;
begin
    delete from auth.webauthn_challenges
    where
        webauthn_challenges.id = take_question.challenge_id
        and webauthn_challenges.challenge_type = kind
        and webauthn_challenges.user_id is not distinct from take_question.user_id
    returning * into v_question;
    if v_question.id is null then
        return auth.refused(400, 'webauthn_challenge_not_found', 'Challenge not found');
    end if;
    if v_question.expires_at <= now() then
        return auth.refused(400, 'webauthn_challenge_expired', 'Challenge has expired');
    end if;
    return v_question.session_data;
end;
$$;

/*
 * Begin to add a passkey: the user as authenticators show them, and the keys that they have.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT403 insufficient_aal · PT422 too_many_passkeys
 */
create or replace function auth.begin_passkey(caller jsonb, session_data jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_account text = coalesce(nullif(v_user.email, ''), v_user.phone, v_user.id::text);
    v_keys jsonb = (
        select coalesce(jsonb_agg(auth.to_base64url(webauthn_credentials.credential_id)), '[]')
        from auth.webauthn_credentials
        where webauthn_credentials.user_id = v_user.id
    );
begin
    perform auth.require_aal2(caller, v_user, 403, 'AAL2 required to add a passkey');
    if jsonb_array_length(v_keys) >= auth.setting('max_passkeys')::integer then
        perform auth.refuse(422, 'too_many_passkeys', 'Maximum number of passkeys reached');
    end if;
    return auth.keep_question(v_user.id, 'registration', session_data) || jsonb_build_object(
        'user_id', v_user.id,
        'account', v_account,
        'name', coalesce(v_user.raw_user_meta_data ->> 'full_name', v_account),
        'credentials', v_keys
    );
end;
$$;

/* The question of a registration. Definer: the edge may call functions only. */
create or replace function auth.take_registration(caller jsonb, challenge_id uuid)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$ select auth.take_question((auth.signed_in(caller)).id, 'registration', challenge_id) $$;

/*
 * Add a passkey, whose signature was right.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 too_many_passkeys · webauthn_credential_exists
 */
create or replace function auth.add_passkey(caller jsonb, credential jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_passkey auth.webauthn_credentials;
begin
    perform auth.one_at_a_time('passkeys of ' || v_user.id);
    if (
        select count(*) from auth.webauthn_credentials
        where webauthn_credentials.user_id = v_user.id
    ) >= auth.setting('max_passkeys')::integer then
        perform auth.refuse(422, 'too_many_passkeys', 'Maximum number of passkeys reached');
    end if;
    insert into auth.webauthn_credentials (
        user_id, credential_id, public_key, attestation_type, aaguid, sign_count, transports,
        backup_eligible, backed_up
    )
    values (
        v_user.id,
        auth.from_base64url(credential ->> 'id'),
        auth.from_base64url(credential ->> 'public_key'),
        credential ->> 'attestation',
        (credential ->> 'aaguid')::uuid,
        (credential ->> 'sign_count')::bigint,
        credential -> 'transports',
        (credential ->> 'backup_eligible')::boolean,
        (credential ->> 'backed_up')::boolean
    )
    on conflict (credential_id) do nothing
    returning * into v_passkey;
    if v_passkey.id is null then
        perform auth.refuse(
            422, 'webauthn_credential_exists', 'This credential is already registered'
        );
    end if;
    perform auth.audit(
        caller, 'passkey_created', v_user, jsonb_build_object('passkey_id', v_passkey.id)
    );
    perform auth.notify(caller, v_user, 'passkey_added');
    return auth.passkey_json(v_passkey) || jsonb_build_object(
        'backup_eligible', v_passkey.backup_eligible,
        'backed_up', v_passkey.backed_up,
        'transports', v_passkey.transports
    );
end;
$$;

/* Ask whoever wants to sign in for a passkey. Definer: the edge may call functions only. */
create or replace function auth.begin_passkey_sign_in(session_data jsonb)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$ select auth.keep_question(null, 'authentication', session_data) $$;

/*
 * The question of a sign-in, with the key that is named as the answer's.
 * Definer: the edge may call functions only.
 *
 * Errors:  400 webauthn_credential_not_found, as an answer, because the question stays used
 */
create or replace function auth.take_passkey_sign_in(challenge_id uuid, credential_id text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_question jsonb = auth.take_question(null, 'authentication', challenge_id);
    v_passkey auth.webauthn_credentials;
begin
    if v_question ? 'refused' then
        return v_question;
    end if;
    select webauthn_credentials.* into v_passkey
    from auth.webauthn_credentials
    where
        webauthn_credentials.credential_id
        = auth.from_base64url(take_passkey_sign_in.credential_id);
    if v_passkey.id is null then
        return auth.refused(400, 'webauthn_credential_not_found', 'There is no such passkey here');
    end if;
    return jsonb_build_object(
        'session_data', v_question,
        'passkey_id', v_passkey.id,
        'user_id', v_passkey.user_id,
        'public_key', auth.to_base64url(v_passkey.public_key),
        'sign_count', v_passkey.sign_count
    );
end;
$$;

/*
 * Open a session for the owner of a passkey, whose signature was right. The counter only grows; keys
 * without one always say 0.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 webauthn_verification_failed · user_banned · PT403 user_not_found ·
 *          email_not_confirmed · phone_not_confirmed
 */
create or replace function auth.sign_in_with_passkey(
    caller jsonb, passkey_id uuid, sign_count bigint, backed_up boolean
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    update auth.webauthn_credentials
    set
        sign_count = sign_in_with_passkey.sign_count,
        backed_up = sign_in_with_passkey.backed_up,
        last_used_at = now(),
        updated_at = now()
    where
        webauthn_credentials.id = passkey_id
        and (
            webauthn_credentials.sign_count < sign_in_with_passkey.sign_count
            or (webauthn_credentials.sign_count = 0 and sign_in_with_passkey.sign_count = 0)
        );
    if not found then
        perform auth.refuse(
            400, 'webauthn_verification_failed', 'The counter of this key went back'
        );
    end if;
    select users.* into v_user
    from auth.webauthn_credentials
    inner join auth.users on users.id = webauthn_credentials.user_id and users.deleted_at is null
    where webauthn_credentials.id = passkey_id;
    if v_user.id is null then
        perform auth.refuse(403, 'user_not_found', 'User not found');
    end if;
    if coalesce(v_user.email, '') <> '' and v_user.email_confirmed_at is null then
        perform auth.refuse(403, 'email_not_confirmed', 'Email not confirmed');
    end if;
    if coalesce(v_user.phone, '') <> '' and v_user.phone_confirmed_at is null then
        perform auth.refuse(403, 'phone_not_confirmed', 'Phone not confirmed');
    end if;
    perform auth.audit(
        caller, 'login', v_user, jsonb_build_object('provider', 'passkey', 'passkey_id', passkey_id)
    );
    return auth.open_session(caller, v_user, 'passkey');
end;
$$;

/* The passkeys of a user, the oldest first. */
create or replace function auth.passkeys_of(user_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            auth.passkey_json(webauthn_credentials) order by webauthn_credentials.created_at
        ),
        '[]'
    )
    from auth.webauthn_credentials
    where webauthn_credentials.user_id = passkeys_of.user_id
$$;

/* The caller's passkeys. Definer: the edge may call functions only. */
create or replace function auth.list_passkeys(caller jsonb)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$ select auth.passkeys_of((auth.signed_in(caller)).id) $$;

/*
 * Name a passkey.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 webauthn_credential_not_found
 */
create or replace function auth.rename_passkey(caller jsonb, passkey_id uuid, friendly_name text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_passkey auth.webauthn_credentials;
begin
    update auth.webauthn_credentials
    set friendly_name = rename_passkey.friendly_name, updated_at = now()
    where webauthn_credentials.id = passkey_id and webauthn_credentials.user_id = v_user.id
    returning * into v_passkey;
    if v_passkey.id is null then
        perform auth.refuse(404, 'webauthn_credential_not_found', 'Passkey not found');
    end if;
    perform auth.audit(
        caller, 'passkey_updated', v_user, jsonb_build_object('passkey_id', passkey_id)
    );
    return auth.passkey_json(v_passkey);
end;
$$;

/* Delete a passkey and tell its owner. Errors:  PT404 webauthn_credential_not_found */
create or replace function auth.remove_passkey(caller jsonb, subject auth.users, passkey_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from auth.webauthn_credentials
    where webauthn_credentials.id = passkey_id and webauthn_credentials.user_id = subject.id;
    if not found then
        perform auth.refuse(404, 'webauthn_credential_not_found', 'Passkey not found');
    end if;
    perform auth.audit(
        caller, 'passkey_deleted', subject, jsonb_build_object('passkey_id', passkey_id)
    );
    perform auth.notify(caller, subject, 'passkey_removed');
end;
$$;

/*
 * Delete one of the caller's passkeys.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT403 insufficient_aal · PT404 webauthn_credential_not_found
 */
create or replace function auth.delete_passkey(caller jsonb, passkey_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
begin
    perform auth.require_aal2(caller, v_user, 403, 'AAL2 required to delete a passkey');
    perform auth.remove_passkey(caller, v_user, passkey_id);
    return '{}';
end;
$$;
