-- Second factors: an authenticator app (TOTP), a security key or passkey (WebAuthn), a phone that gets codes,
-- and recovery codes for the day when they are lost. The edge does the arithmetic of codes and signatures;
-- here is who may try, how often, and what follows.

-- An older stack has them for apps alone.
drop function if exists auth.enroll_factor(jsonb, text, text);
drop function if exists auth.challenge_factor(jsonb, uuid);
drop function if exists auth.secret_of(jsonb, uuid, uuid);
drop function if exists auth.pass_factor(jsonb, uuid, uuid);

/* The caller's session, as the database has it: a token may be older than its session's level. */
create or replace function auth.session_of(caller jsonb)
returns auth.sessions
language sql
stable
security invoker
set search_path = ''
as $$ select sessions.* from auth.sessions where sessions.id = (caller ->> 'session_id')::uuid $$;

/* Has the user a factor that counts? */
create or replace function auth.has_factor(user_id uuid)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $$
    select exists (
        select 1
        from auth.mfa_factors
        where mfa_factors.user_id = has_factor.user_id and mfa_factors.status = 'verified'
    )
$$;

/*
 * Refuse a session below the second level, where the user has a second factor.
 *
 * Errors:  insufficient_aal, with the status that Supabase gives it in the place
 */
create or replace function auth.require_aal2(
    caller jsonb, subject auth.users, status integer, sentence text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if auth.has_factor(subject.id)
        and coalesce((auth.session_of(caller)).aal, 'aal1') < 'aal2'
    then
        perform auth.refuse(status, 'insufficient_aal', sentence);
    end if;
end;
$$;

/*
 * Begin to add a factor: it counts after the first code or signature. An authenticator app has a
 * secret, a phone its number.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT403 insufficient_aal · PT422 mfa_factor_name_conflict · mfa_verified_factor_exists ·
 *          too_many_enrolled_mfa_factors
 */
create or replace function auth.enroll_factor(
    caller jsonb, kind text, friendly_name text, secret text, phone text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_factor auth.mfa_factors;
begin
    perform auth.one_at_a_time('factors of ' || v_user.id);
    delete from auth.mfa_factors
    where
        mfa_factors.user_id = v_user.id
        and mfa_factors.status = 'unverified'
        and mfa_factors.created_at < now() - interval '5 minutes';
    if (
        select count(*) from auth.mfa_factors where mfa_factors.user_id = v_user.id
    ) >= auth.setting('max_factors')::integer then
        perform auth.refuse(
            422, 'too_many_enrolled_mfa_factors',
            'Maximum number of verified factors reached, unenroll to continue'
        );
    end if;
    perform auth.require_aal2(caller, v_user, 403, 'AAL2 required to enroll a new factor');
    if trim(enroll_factor.friendly_name) <> '' and exists (
        select 1
        from auth.mfa_factors
        where
            mfa_factors.user_id = v_user.id
            and mfa_factors.friendly_name = enroll_factor.friendly_name
    ) then
        perform auth.refuse(422, 'mfa_factor_name_conflict', format(
            'A factor with the friendly name "%s" for this user already exists',
            enroll_factor.friendly_name
        ));
    end if;
    perform auth.make_room_for_phone(v_user, enroll_factor.phone);
    insert into auth.mfa_factors (
        id, user_id, friendly_name, factor_type, status, secret, phone, created_at, updated_at
    )
    values (
        gen_random_uuid(), v_user.id, enroll_factor.friendly_name,
        enroll_factor.kind::auth.factor_type, 'unverified', enroll_factor.secret,
        enroll_factor.phone, clock_timestamp(), now()
    )
    returning * into v_factor;
    perform auth.audit(
        caller, 'factor_in_progress', v_user, jsonb_build_object('factor_id', v_factor.id)
    );
    return jsonb_build_object(
        'id', v_factor.id, 'friendly_name', coalesce(v_factor.friendly_name, ''),
        'account', coalesce(nullif(v_user.email, ''), v_user.phone, v_user.id::text)
    );
end;
$$;

/*
 * Take away an attempt to add a number that was not finished. A number counts once for a user.
 *
 * Errors:  PT422 mfa_verified_factor_exists
 */
create or replace function auth.make_room_for_phone(subject auth.users, phone text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from auth.mfa_factors
    where
        mfa_factors.user_id = subject.id
        and mfa_factors.phone = make_room_for_phone.phone
        and mfa_factors.status = 'unverified';
    if exists (
        select 1
        from auth.mfa_factors
        where
            mfa_factors.user_id = subject.id and mfa_factors.phone = make_room_for_phone.phone
    ) then
        perform auth.refuse(
            422, 'mfa_verified_factor_exists',
            'A verified phone factor already exists, unenroll the existing factor to continue'
        );
    end if;
end;
$$;

/* A factor of the caller's. Errors:  PT404 mfa_factor_not_found */
create or replace function auth.factor_of(subject auth.users, factor_id uuid)
returns auth.mfa_factors
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_factor auth.mfa_factors;
begin
    select mfa_factors.* into v_factor
    from auth.mfa_factors
    where mfa_factors.id = factor_of.factor_id and mfa_factors.user_id = subject.id
    for update;
    if v_factor.id is null then
        perform auth.refuse(404, 'mfa_factor_not_found', 'Factor not found');
    end if;
    return v_factor;
end;
$$;

/*
 * Ask for a code or a signature of a factor. `session_data` is what a signature is about; `code` is
 * sent to a phone and kept as a hash. A phone gets one message in the time between two messages.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 mfa_factor_not_found · PT429 over_sms_send_rate_limit
 */
create or replace function auth.challenge_factor(
    caller jsonb, factor_id uuid, session_data jsonb, code text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_factor auth.mfa_factors = auth.factor_of(v_user, factor_id);
    v_id uuid = gen_random_uuid();
begin
    if v_factor.factor_type = 'phone' then
        perform auth.send_factor_code(v_user, v_factor, code);
    end if;
    update auth.mfa_factors
    set last_challenged_at = clock_timestamp()
    where mfa_factors.id = v_factor.id;
    insert into auth.mfa_challenges (
        id, factor_id, created_at, ip_address, otp_code, web_authn_session_data
    )
    values (
        v_id, v_factor.id, now(), coalesce(caller ->> 'ip', '0.0.0.0')::inet,
        case v_factor.factor_type
            when 'phone' then encode(auth.code_hash(v_id, challenge_factor.code), 'hex')
        end,
        case v_factor.factor_type when 'webauthn' then challenge_factor.session_data end
    );
    perform auth.audit(caller, 'challenge_created', v_user, jsonb_build_object(
        'factor_id', v_factor.id, 'factor_status', v_factor.status
    ));
    return jsonb_build_object(
        'id', v_id,
        'type', v_factor.factor_type,
        'expires_at', floor(extract(epoch from now()))::bigint
        + auth.setting('challenge_exp')::integer,
        'status', v_factor.status,
        'credential', v_factor.web_authn_credential,
        'user_id', v_user.id,
        'account', coalesce(nullif(v_user.email, ''), v_user.phone, v_user.id::text)
    );
end;
$$;

/*
 * Send the code of a phone factor, which counts as any other text message.
 *
 * Errors:  PT429 over_sms_send_rate_limit
 */
create or replace function auth.send_factor_code(
    subject auth.users, factor auth.mfa_factors, code text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform auth.may_send('phone', factor.phone);
    perform auth.announce('auth.sms', jsonb_build_object(
        'kind', 'sms',
        'user_id', subject.id,
        'to', factor.phone,
        'code', code,
        'expires_in', auth.setting('challenge_exp')::integer
    ));
end;
$$;

/*
 * What an answer to a challenge is compared with: the secret of an app, the question and the public
 * key of a signature, or whether a phone's code is right. Ten tries in five minutes.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 mfa_factor_not_found · PT422 mfa_ip_address_mismatch · mfa_challenge_expired ·
 *          PT429 over_request_rate_limit
 */
create or replace function auth.open_challenge(
    caller jsonb, factor_id uuid, challenge_id uuid, code text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_factor auth.mfa_factors = auth.factor_of(v_user, factor_id);
    v_challenge auth.mfa_challenges;
    v_wait integer = auth.take('code of factor ' || v_factor.id, 10, interval '5 minutes');
begin
    if v_wait is not null then
        return auth.refused(429, 'over_request_rate_limit', 'Request rate limit reached')
            || jsonb_build_object('retry_after', v_wait);
    end if;
    select mfa_challenges.* into v_challenge
    from auth.mfa_challenges
    where mfa_challenges.id = challenge_id and mfa_challenges.factor_id = v_factor.id;
    if v_challenge.id is null then
        return auth.refused(
            422, 'mfa_factor_not_found', 'MFA factor with the provided challenge ID not found'
        );
    end if;
    if v_challenge.verified_at is not null
        or v_challenge.ip_address <> coalesce(caller ->> 'ip', '0.0.0.0')::inet
    then
        return auth.refused(
            422, 'mfa_ip_address_mismatch', 'Challenge and verify IP addresses mismatch.'
        );
    end if;
    if v_challenge.created_at
        + make_interval(secs => auth.setting('challenge_exp')::integer) <= now()
    then
        delete from auth.mfa_challenges where mfa_challenges.id = v_challenge.id;
        return auth.refused(422, 'mfa_challenge_expired', format(
            'MFA challenge %s has expired, verify against another challenge or create a new'
            ' challenge.', v_challenge.id
        ));
    end if;
    return jsonb_build_object(
        'type', v_factor.factor_type,
        'secret', v_factor.secret,
        'credential', v_factor.web_authn_credential,
        'session_data', v_challenge.web_authn_session_data,
        'code_is_right', v_challenge.otp_code
        = encode(auth.code_hash(v_challenge.id, open_challenge.code), 'hex')
    );
end;
$$;

/*
 * The answer was right: the factor counts, the session is on the second level, and those of the user
 * that are not end. A signature leaves its credential: the public key at first, then the counter,
 * which only grows.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 mfa_factor_not_found · PT422 mfa_ip_address_mismatch when it was used meanwhile ·
 *          mfa_verification_failed when the counter of the key did not grow
 */
create or replace function auth.pass_factor(
    caller jsonb, factor_id uuid, challenge_id uuid, credential jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_factor auth.mfa_factors = auth.factor_of(v_user, factor_id);
begin
    update auth.mfa_challenges
    set verified_at = now()
    where mfa_challenges.id = challenge_id and mfa_challenges.verified_at is null;
    if not found then
        perform auth.refuse(
            422, 'mfa_ip_address_mismatch', 'Challenge and verify IP addresses mismatch.'
        );
    end if;
    perform auth.audit(caller, 'verification_attempted', v_user, jsonb_build_object(
        'factor_id', v_factor.id, 'challenge_id', challenge_id
    ));
    if pass_factor.credential is not null then
        perform auth.keep_credential(v_factor, pass_factor.credential);
    end if;
    if v_factor.status = 'unverified' then
        update auth.mfa_factors
        set status = 'verified', updated_at = now()
        where mfa_factors.id = v_factor.id;
        delete from auth.mfa_factors
        where mfa_factors.user_id = v_user.id and mfa_factors.status = 'unverified';
        perform auth.audit(caller, 'factor_updated', v_user, jsonb_build_object(
            'factor_id', v_factor.id, 'status', 'verified'
        ));
        perform auth.notify(caller, v_user, 'factor_added');
    end if;
    return auth.raise_session(caller, v_factor.id, auth.method_of(v_factor.factor_type));
end;
$$;

/*
 * Keep the credential of a key with its factor. A counter that does not grow comes from a copy of the
 * key; keys without a counter always say 0.
 *
 * Errors:  PT422 mfa_verification_failed
 */
create or replace function auth.keep_credential(factor auth.mfa_factors, credential jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_known bigint = (factor.web_authn_credential ->> 'sign_count')::bigint;
    v_now bigint = (credential ->> 'sign_count')::bigint;
begin
    if v_known is not null and greatest(v_known, v_now) > 0 and v_now <= v_known then
        perform auth.refuse(422, 'mfa_verification_failed', 'The counter of this key went back.');
    end if;
    update auth.mfa_factors
    set
        web_authn_credential = coalesce(mfa_factors.web_authn_credential, '{}') || credential,
        web_authn_aaguid = coalesce((credential ->> 'aaguid')::uuid, mfa_factors.web_authn_aaguid)
    where mfa_factors.id = factor.id;
end;
$$;

/* The method that a session's claims name for a kind of factor. */
create or replace function auth.method_of(kind auth.factor_type)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$ select case kind when 'totp' then 'totp' else 'mfa/' || kind end $$;

/* Lift the caller's session to the second level; gives it with new tokens. */
create or replace function auth.raise_session(caller jsonb, factor_id uuid, method text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_session auth.sessions;
begin
    update auth.sessions
    set aal = 'aal2', factor_id = raise_session.factor_id, updated_at = now()
    where sessions.id = (caller ->> 'session_id')::uuid
    returning * into v_session;
    if v_session.id is null then
        perform auth.refuse(
            403, 'session_not_found', 'Session from session_id claim in JWT does not exist'
        );
    end if;
    delete from auth.sessions
    where
        sessions.user_id = v_session.user_id
        and sessions.id <> v_session.id
        and coalesce(sessions.aal, 'aal1') < 'aal2';
    perform auth.note_method(v_session.id, method);
    return auth.grant_json(v_session, auth.next_refresh_token(v_session), method);
end;
$$;

/*
 * Remove a factor. Sessions that it lifted fall back to the first level.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 mfa_factor_not_found · PT422 insufficient_aal
 */
create or replace function auth.unenroll_factor(caller jsonb, factor_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_factor auth.mfa_factors = auth.factor_of(v_user, factor_id);
begin
    if v_factor.status = 'verified' then
        perform auth.require_aal2(
            caller, v_user, 422, 'AAL2 required to unenroll verified factor'
        );
        perform auth.notify(caller, v_user, 'factor_removed');
    end if;
    perform auth.remove_factor(v_factor);
    perform auth.audit(
        caller, 'factor_unenrolled', v_user, jsonb_build_object('factor_id', v_factor.id)
    );
    return jsonb_build_object('id', v_factor.id);
end;
$$;

/* Delete a factor, and what rested on it. */
create or replace function auth.remove_factor(factor auth.mfa_factors)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from auth.mfa_factors where mfa_factors.id = factor.id;
    delete from auth.mfa_amr_claims
    using auth.sessions
    where
        sessions.id = mfa_amr_claims.session_id
        and sessions.factor_id = factor.id
        and mfa_amr_claims.authentication_method = auth.method_of(factor.factor_type);
    update auth.sessions
    set aal = 'aal1', factor_id = null
    where sessions.factor_id = factor.id;
    if not auth.has_factor(factor.user_id) then
        delete from auth.recovery_codes where recovery_codes.user_id = factor.user_id;
    end if;
end;
$$;

/*
 * Keep new recovery codes for the caller in place of the old ones. They are known only to the edge
 * and, after it, to the caller.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 insufficient_aal, also without a factor that codes could stand in for
 */
create or replace function auth.keep_recovery_codes(caller jsonb, codes text[])
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
begin
    if not auth.has_factor(v_user.id)
        or coalesce((auth.session_of(caller)).aal, 'aal1') < 'aal2'
    then
        perform auth.refuse(
            422, 'insufficient_aal', 'AAL2 required to make recovery codes'
        );
    end if;
    delete from auth.recovery_codes where recovery_codes.user_id = v_user.id;
    insert into auth.recovery_codes (user_id, code_hash)
    select v_user.id, auth.code_hash(v_user.id, code)
    from unnest(codes) as code;
    perform auth.audit(caller, 'factor_updated', v_user, '{"recovery_codes": "new"}');
    perform auth.notify(caller, v_user, 'recovery_codes_made');
    return '{}';
end;
$$;

/*
 * Use a recovery code in place of the second factor: each once, ten tries in an hour.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 mfa_verification_failed · PT429 over_request_rate_limit
 */
create or replace function auth.use_recovery_code(caller jsonb, code text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_wait integer = auth.take('recovery code of ' || v_user.id, 10, interval '1 hour');
begin
    if v_wait is not null then
        return auth.refused(429, 'over_request_rate_limit', 'Request rate limit reached')
            || jsonb_build_object('retry_after', v_wait);
    end if;
    update auth.recovery_codes
    set used_at = now()
    where
        recovery_codes.user_id = v_user.id
        and recovery_codes.code_hash = auth.code_hash(v_user.id, code)
        and recovery_codes.used_at is null;
    if not found then
        return auth.refused(422, 'mfa_verification_failed', 'Invalid recovery code entered');
    end if;
    perform auth.audit(caller, 'verification_attempted', v_user, '{"recovery_code": "used"}');
    perform auth.notify(caller, v_user, 'recovery_code_used');
    return auth.raise_session(caller, null, 'recovery_code');
end;
$$;
