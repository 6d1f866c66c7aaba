-- Accounts: how they are made, confirmed and changed.

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
