-- Accounts: signing up, signing in with a password, and what a user may change. Passwords come here as
-- bcrypt, hashed and compared by the edge, so that none is ever in a statement, a log or a view.

/* The user with this address, or null. Addresses of SSO users are not taken. */
create or replace function auth.user_with(email text, phone text)
returns auth.users
language sql
stable
security invoker
set search_path = ''
as $$
    select users.*
    from auth.users
    where users.email = user_with.email and not users.is_sso_user
    union all
    select users.*
    from auth.users
    where users.phone = user_with.phone
    limit 1
$$;

/*
 * Add a way to sign in to an account, and list it in its metadata.
 */
create or replace function auth.add_identity(
    subject auth.users, provider text, provider_id text, identity_data jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into auth.identities (
        provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at
    )
    values (provider_id, subject.id, identity_data, provider, now(), clock_timestamp(), now())
    on conflict on constraint identities_provider_id_provider_unique do update
    set identity_data = identities.identity_data || excluded.identity_data, updated_at = now();
    perform auth.list_providers(subject.id);
end;
$$;

/* Write an account's providers into its metadata, as tokens carry them. */
create or replace function auth.list_providers(user_id uuid)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
    update auth.users
    set raw_app_meta_data = coalesce(users.raw_app_meta_data, '{}') || listed.providers
    from (
        select jsonb_build_object(
            'provider', min(identities.provider) filter (where identities.position = 1),
            'providers', jsonb_agg(identities.provider order by identities.position)
        ) as providers
        from (
            select
                identities.provider,
                row_number() over (order by min(identities.created_at)) as position
            from auth.identities
            where identities.user_id = list_providers.user_id
            group by identities.provider
        ) as identities
        having count(*) > 0
    ) as listed
    where users.id = list_providers.user_id
$$;

/*
 * Make an account. Its e-mail or phone identity comes with it.
 */
create or replace function auth.make_user(
    email text,
    phone text,
    password_hash text,
    user_metadata jsonb,
    provider text default null
)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    insert into auth.users (
        instance_id, id, aud, role, email, phone, encrypted_password,
        confirmation_token, recovery_token, email_change_token_new, email_change,
        raw_app_meta_data, raw_user_meta_data, is_anonymous, created_at, updated_at
    )
    values (
        '00000000-0000-0000-0000-000000000000', gen_random_uuid(),
        coalesce(auth.setting('aud'), 'authenticated'), 'authenticated',
        make_user.email, make_user.phone, coalesce(password_hash, ''),
        '', '', '', '',
        '{}', coalesce(user_metadata, '{}'),
        make_user.email is null and make_user.phone is null and make_user.provider is null,
        now(), now()
    )
    returning * into v_user;
    if make_user.email is not null and make_user.provider is null then
        perform auth.add_identity(v_user, 'email', v_user.id::text, jsonb_build_object(
            'sub', v_user.id, 'email', make_user.email,
            'email_verified', false, 'phone_verified', false
        ));
    end if;
    if make_user.phone is not null then
        perform auth.add_identity(v_user, 'phone', v_user.id::text, jsonb_build_object(
            'sub', v_user.id, 'phone', make_user.phone,
            'email_verified', false, 'phone_verified', false
        ));
    end if;
    return auth.reread(v_user);
end;
$$;

/* A user's row as it is now. */
create or replace function auth.reread(subject auth.users)
returns auth.users
language sql
volatile
security invoker
set search_path = ''
as $$ select users.* from auth.users where users.id = subject.id $$;

/*
 * An address belongs to its user: confirmed. An anonymous account becomes a permanent one.
 */
create or replace function auth.confirm(subject auth.users, channel text)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update auth.users
    set
        email_confirmed_at = case
            when channel = 'email' then coalesce(users.email_confirmed_at, now())
            else users.email_confirmed_at
        end,
        phone_confirmed_at = case
            when channel = 'phone' then coalesce(users.phone_confirmed_at, now())
            else users.phone_confirmed_at
        end,
        is_anonymous = false,
        updated_at = now()
    where users.id = subject.id;
    update auth.identities
    set
        identity_data = identities.identity_data
        || jsonb_build_object(channel || '_verified', true),
        updated_at = now()
    where identities.user_id = subject.id and identities.provider = channel;
    delete from auth.one_time_tokens
    where
        one_time_tokens.user_id = subject.id
        and one_time_tokens.token_type = 'confirmation_token';
    return auth.reread(subject);
end;
$$;

/*
 * What the answer says of an account that is not to be told from a new one: another id, nothing of
 * the real one.
 */
create or replace function auth.obfuscated_user(email text, phone text, user_metadata jsonb)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
    select jsonb_build_object(
        'id', gen_random_uuid(),
        'aud', coalesce(auth.setting('aud'), 'authenticated'),
        'role', 'authenticated',
        'email', coalesce(obfuscated_user.email, ''),
        'phone', coalesce(obfuscated_user.phone, ''),
        'app_metadata', jsonb_build_object(
            'provider', case when obfuscated_user.email is null then 'phone' else 'email' end,
            'providers', jsonb_build_array(
                case when obfuscated_user.email is null then 'phone' else 'email' end
            )
        ),
        'user_metadata', coalesce(user_metadata, '{}'),
        'identities', '[]'::jsonb,
        'confirmation_sent_at', auth.iso(now()),
        'created_at', auth.iso(now()),
        'updated_at', auth.iso(now()),
        'is_anonymous', false
    )
$$;

/*
 * Sign somebody up with an address and a password. An address that is taken looks like a new one,
 * unless confirmation is off.
 * `message` is what a confirmation needs: auth.send says what is in it.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 user_already_exists · PT429 over_email_send_rate_limit
 */
create or replace function auth.sign_up(
    caller jsonb,
    email text,
    phone text,
    password_hash text,
    user_metadata jsonb,
    message jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users;
    v_channel text = case when email is null then 'phone' else 'email' end;
    v_confirms_itself boolean = auth.setting(v_channel || '_autoconfirm')::boolean;
begin
    perform auth.one_at_a_time(coalesce(email, phone));
    v_user = auth.user_with(email, phone);
    if v_user.email_confirmed_at is not null and v_channel = 'email'
        or v_user.phone_confirmed_at is not null and v_channel = 'phone'
    then
        perform auth.audit(
            caller, 'user_repeated_signup', v_user, jsonb_build_object('provider', v_channel)
        );
        if auth.setting('email_autoconfirm')::boolean or auth.setting('phone_autoconfirm')::boolean
        then
            return auth.refused(422, 'user_already_exists', 'User already registered');
        end if;
        -- As a new one would have to wait for its second mail.
        perform auth.may_send(v_channel, coalesce(email, phone));
        return jsonb_build_object('user', auth.obfuscated_user(email, phone, user_metadata));
    end if;
    if v_user.id is null then
        v_user = auth.make_user(email, phone, password_hash, user_metadata);
    end if;
    if v_confirms_itself then
        v_user = auth.confirm(v_user, v_channel);
        perform auth.audit(
            caller, 'user_signedup', v_user, jsonb_build_object('provider', v_channel)
        );
        return auth.open_session(caller, v_user, 'password');
    end if;
    perform auth.audit(
        caller, 'user_confirmation_requested', v_user, jsonb_build_object('provider', v_channel)
    );
    perform auth.send(
        v_user, 'confirmation_token',
        case v_channel when 'email' then 'signup' else 'sms' end,
        coalesce(email, phone), message
    );
    return jsonb_build_object('user', auth.user_json(v_user.id));
end;
$$;

/*
 * Of two who use the same address at the same time, one is late; nobody meets a unique index.
 */
create or replace function auth.one_at_a_time(address text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$ select pg_advisory_xact_lock(hashtextextended('auth ' || address, 0)) $$;

/*
 * Sign in without an address.
 * Definer: the edge may call functions only.
 */
create or replace function auth.sign_in_anonymously(caller jsonb, user_metadata jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.make_user(null, null, null, user_metadata);
begin
    perform auth.audit(caller, 'user_signedup', v_user, '{"provider": "anonymous"}');
    return auth.open_session(caller, v_user, 'anonymous');
end;
$$;

/*
 * The hash to compare a password with; none where there is no such account or it has no password.
 * Too many wrong passwords make it wait: those of one address soon, those of all addresses later,
 * and the latter never an address that the user has come from before, so that strangers can lock
 * nobody out. An account that does not exist waits in the same way.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT429 over_request_rate_limit
 */
create or replace function auth.password_of(caller jsonb, email text, phone text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.user_with(email, phone);
    v_account text = coalesce(email, phone);
    v_wait integer = auth.wait_for(
        auth.failures_key(caller, v_account), 10, interval '5 minutes'
    );
begin
    if v_wait is null and not exists (
        select 1
        from auth.known_addresses
        where
            known_addresses.user_id = v_user.id
            and known_addresses.ip = (caller ->> 'ip')::inet
    ) then
        v_wait = auth.wait_for(auth.failures_key(null, v_account), 100, interval '1 hour');
    end if;
    if v_wait is not null then
        return auth.refused(429, 'over_request_rate_limit', 'Request rate limit reached')
            || jsonb_build_object('retry_after', v_wait);
    end if;
    return jsonb_build_object(
        'user_id', v_user.id, 'hash', nullif(v_user.encrypted_password, '')
    );
end;
$$;

/* The bucket of wrong passwords for an account, of one address or of all. */
create or replace function auth.failures_key(caller jsonb, account text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$ select 'wrong password ' || coalesce(caller ->> 'ip', '*') || ' ' || account $$;

/*
 * Remember a wrong password.
 * Definer: the edge may call functions only.
 */
create or replace function auth.wrong_password(caller jsonb, email text, phone text)
returns void
language sql
volatile
security definer
set search_path = ''
as $$
    select
        auth.take(
            auth.failures_key(caller, coalesce(email, phone)), 10, interval '5 minutes'
        ),
        auth.take(auth.failures_key(null, coalesce(email, phone)), 100, interval '1 hour')
$$;

/*
 * Sign in somebody whose password was compared with this hash, if it still is theirs.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 invalid_credentials · email_not_confirmed · phone_not_confirmed · user_banned
 */
create or replace function auth.sign_in_with_password(
    caller jsonb, user_id uuid, password_hash text, channel text
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
    select users.* into v_user
    from auth.users
    where
        users.id = sign_in_with_password.user_id
        and users.encrypted_password = password_hash
        and users.deleted_at is null;
    if v_user.id is null then
        perform auth.refuse(400, 'invalid_credentials', 'Invalid login credentials');
    end if;
    if channel = 'email' and v_user.email_confirmed_at is null then
        perform auth.refuse(400, 'email_not_confirmed', 'Email not confirmed');
    end if;
    if channel = 'phone' and v_user.phone_confirmed_at is null then
        perform auth.refuse(400, 'phone_not_confirmed', 'Phone not confirmed');
    end if;
    perform auth.audit(caller, 'login', v_user, jsonb_build_object('provider', channel));
    return auth.open_session(caller, v_user, 'password');
end;
$$;

/*
 * What the edge has to know before it lets a user change something: whether there is a password to
 * compare with, and whether the change needs more proof.
 * Definer: the edge may call functions only.
 */
create or replace function auth.before_update(caller jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
begin
    return jsonb_build_object(
        'email', v_user.email,
        'phone', v_user.phone,
        'hash', nullif(v_user.encrypted_password, ''),
        'is_anonymous', v_user.is_anonymous,
        'is_sso_user', v_user.is_sso_user,
        'needs_aal2', coalesce(caller ->> 'aal', 'aal1') <> 'aal2' and exists (
            select 1
            from auth.mfa_factors
            where mfa_factors.user_id = v_user.id and mfa_factors.status = 'verified'
        ),
        -- Who came by a link or a code may have forgotten the password.
        'came_by_code', exists (
            select 1
            from auth.mfa_amr_claims
            where
                mfa_amr_claims.session_id = (caller ->> 'session_id')::uuid
                and mfa_amr_claims.authentication_method
                in ('otp', 'recovery', 'magiclink', 'email/signup', 'invite')
        ),
        'is_fresh', exists (
            select 1
            from auth.sessions
            where
                sessions.id = (caller ->> 'session_id')::uuid
                and sessions.created_at > now() - interval '24 hours'
        )
    );
end;
$$;

/*
 * Change the caller's own account. A new password ends all other sessions in the same transaction;
 * a new address is only announced, and is theirs when it was confirmed.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT403 session_not_found · PT422 email_exists · phone_exists ·
 *          PT429 over_email_send_rate_limit
 */
create or replace function auth.update_user(
    caller jsonb,
    email text,
    phone text,
    password_hash text,
    user_metadata jsonb,
    messages jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
begin
    if password_hash is not null then
        perform auth.set_password(caller, v_user, password_hash);
    end if;
    if user_metadata is not null then
        update auth.users
        set
            raw_user_meta_data = auth.merged(users.raw_user_meta_data, user_metadata),
            updated_at = now()
        where users.id = v_user.id;
    end if;
    if update_user.email is distinct from v_user.email and update_user.email is not null then
        perform auth.ask_for_email(caller, v_user, update_user.email, messages);
    end if;
    if update_user.phone is distinct from v_user.phone and update_user.phone is not null then
        perform auth.ask_for_phone(caller, v_user, update_user.phone, messages -> 'phone');
    end if;
    perform auth.audit(caller, 'user_modified', v_user);
    return auth.user_json(v_user.id);
end;
$$;

/* Metadata with changes: what is null there is removed. */
create or replace function auth.merged(metadata jsonb, changes jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
as $$
    select coalesce(jsonb_object_agg(pairs.key, pairs.value) filter (
        where pairs.value <> 'null'::jsonb
    ), '{}')
    from jsonb_each(coalesce(metadata, '{}') || changes) as pairs
$$;

/*
 * Give an account a password. Its other sessions end, and its owner hears of it.
 */
create or replace function auth.set_password(
    caller jsonb, subject auth.users, password_hash text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update auth.users
    set encrypted_password = password_hash, updated_at = now()
    where users.id = subject.id;
    delete from auth.sessions
    where
        sessions.user_id = subject.id
        and sessions.id is distinct from (caller ->> 'session_id')::uuid;
    delete from auth.one_time_tokens
    where
        one_time_tokens.user_id = subject.id
        and one_time_tokens.token_type in ('recovery_token', 'reauthentication_token');
    perform auth.audit(caller, 'user_updated_password', subject);
    perform auth.notify(caller, subject, 'password_changed');
end;
$$;
