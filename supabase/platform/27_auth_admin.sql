-- What the operator may: look at accounts, make and change them, invite, and hand out links. The edge lets
-- nobody in here without a token of the service role; the CLI calls the same functions.

/* A user by id. Errors:  PT404 user_not_found */
create or replace function auth.known_user(user_id uuid)
returns auth.users
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
    where users.id = known_user.user_id
    for update;
    if v_user.id is null then
        perform auth.refuse(404, 'user_not_found', 'User not found');
    end if;
    return v_user;
end;
$$;

/*
 * A page of users, the newest first, and how many there are. `filter`: a part of the e-mail address.
 * Definer: the edge may call functions only.
 */
create or replace function auth.admin_list_users(page integer, per_page integer, filter text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with found as (
        select users.id, users.created_at
        from auth.users
        where filter is null or strpos(users.email, lower(filter)) > 0
    )

    select jsonb_build_object(
        'total', (select count(*) from found),
        'users', coalesce((
            select jsonb_agg(
                auth.user_json(chosen.id) order by chosen.created_at desc nulls last, chosen.id
            )
            from (
                select found.id, found.created_at
                from found
                order by found.created_at desc nulls last, found.id
                limit per_page offset (page::bigint - 1) * per_page
            ) as chosen
        ), '[]')
    )
$$;

/* One user. Definer: the edge may call functions only. Errors:  PT404 user_not_found */
create or replace function auth.admin_get_user(user_id uuid)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$ select auth.user_json((auth.known_user(user_id)).id) $$;

/* Refuse an address that another account has. Errors:  PT422 email_exists · phone_exists */
create or replace function auth.require_free(subject uuid, email text, phone text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform auth.one_at_a_time(address)
    from unnest(array[email, phone]) as address
    where address is not null
    order by address;
    if (auth.user_with(email, null)).id is distinct from subject
        and (auth.user_with(email, null)).id is not null
    then
        perform auth.refuse(
            422, 'email_exists', 'A user with this email address has already been registered'
        );
    end if;
    if (auth.user_with(null, phone)).id is distinct from subject
        and (auth.user_with(null, phone)).id is not null
    then
        perform auth.refuse(
            422, 'phone_exists', 'A user with this phone number has already been registered'
        );
    end if;
end;
$$;

/*
 * Make an account. `details`: user_metadata, app_metadata, email_confirm, phone_confirm, role,
 * ban_seconds (null: no change, 0: none).
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 email_exists · phone_exists
 */
create or replace function auth.admin_create_user(
    caller jsonb, email text, phone text, password_hash text, details jsonb
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
    perform auth.require_free(null, email, phone);
    v_user = auth.make_user(email, phone, password_hash, details -> 'user_metadata');
    perform auth.audit(caller, 'user_signedup', v_user, jsonb_build_object(
        'user_id', v_user.id, 'user_email', email, 'user_phone', phone
    ));
    perform auth.apply_details(v_user, details - 'user_metadata');
    return auth.user_json(v_user.id);
end;
$$;

/* Change what only the operator may. */
create or replace function auth.apply_details(subject auth.users, details jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if (details ->> 'email_confirm')::boolean and coalesce(subject.email, '') <> '' then
        subject = auth.confirm(subject, 'email');
    end if;
    if (details ->> 'phone_confirm')::boolean and coalesce(subject.phone, '') <> '' then
        subject = auth.confirm(subject, 'phone');
    end if;
    update auth.users
    set
        role = coalesce(details ->> 'role', users.role),
        raw_app_meta_data = auth.merged(
            users.raw_app_meta_data, coalesce(details -> 'app_metadata', '{}')
        ),
        raw_user_meta_data = auth.merged(
            users.raw_user_meta_data, coalesce(details -> 'user_metadata', '{}')
        ),
        banned_until = case
            when details ->> 'ban_seconds' is null then users.banned_until
            when (details ->> 'ban_seconds')::bigint > 0
                then now() + make_interval(secs => (details ->> 'ban_seconds')::bigint)
        end,
        updated_at = now()
    where users.id = subject.id;
    -- Who is banned is out at once.
    if (details ->> 'ban_seconds')::bigint > 0 then
        delete from auth.sessions where sessions.user_id = subject.id;
    end if;
end;
$$;

/*
 * Change an account. A new address counts at once, a new password ends all sessions.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 user_not_found · PT422 email_exists · phone_exists
 */
create or replace function auth.admin_update_user(
    caller jsonb, user_id uuid, email text, phone text, password_hash text, details jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.known_user(user_id);
begin
    perform auth.require_free(v_user.id, email, phone);
    if admin_update_user.email is not null then
        update auth.users set email = admin_update_user.email where users.id = v_user.id;
        perform auth.add_identity(v_user, 'email', v_user.id::text, jsonb_build_object(
            'sub', v_user.id, 'email', admin_update_user.email
        ));
    end if;
    if admin_update_user.phone is not null then
        update auth.users set phone = admin_update_user.phone where users.id = v_user.id;
        perform auth.add_identity(v_user, 'phone', v_user.id::text, jsonb_build_object(
            'sub', v_user.id, 'phone', admin_update_user.phone
        ));
    end if;
    if password_hash is not null then
        perform auth.set_password(caller, v_user, password_hash);
    end if;
    perform auth.audit(caller, 'user_modified', v_user, jsonb_build_object(
        'user_id', v_user.id, 'by', 'operator'
    ));
    perform auth.apply_details(auth.reread(v_user), details);
    return auth.user_json(v_user.id);
end;
$$;

/*
 * Delete an account; softly: what it was called is forgotten, its id stays taken.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 user_not_found
 */
create or replace function auth.admin_delete_user(caller jsonb, user_id uuid, is_soft boolean)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.known_user(user_id);
begin
    perform auth.audit(caller, 'user_deleted', v_user, jsonb_build_object(
        'user_id', v_user.id, 'user_email', v_user.email, 'user_phone', v_user.phone
    ));
    if not is_soft then
        delete from auth.users where users.id = v_user.id;
        return '{}';
    end if;
    delete from auth.sessions where sessions.user_id = v_user.id;
    delete from auth.identities where identities.user_id = v_user.id;
    delete from auth.mfa_factors where mfa_factors.user_id = v_user.id;
    delete from auth.webauthn_credentials where webauthn_credentials.user_id = v_user.id;
    delete from auth.oauth_consents where oauth_consents.user_id = v_user.id;
    delete from auth.one_time_tokens where one_time_tokens.user_id = v_user.id;
    update auth.users
    set
        email = encode(sha256((v_user.id || v_user.email)::bytea), 'hex'),
        phone = left(encode(sha256((v_user.id || v_user.phone)::bytea), 'hex'), 15),
        encrypted_password = '',
        email_change = '',
        phone_change = '',
        raw_user_meta_data = '{}',
        raw_app_meta_data = '{}',
        deleted_at = coalesce(users.deleted_at, now())
    where users.id = v_user.id;
    return '{}';
end;
$$;

/* The factors of a user. Definer: the edge may call functions only. */
create or replace function auth.admin_list_factors(user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.known_user(user_id);
begin
    return coalesce((
        select jsonb_agg(auth.factor_json(mfa_factors) order by mfa_factors.created_at)
        from auth.mfa_factors
        where mfa_factors.user_id = v_user.id
    ), '[]');
end;
$$;

/*
 * Rename a factor of a user, or with null remove it.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 user_not_found · mfa_factor_not_found
 */
create or replace function auth.admin_change_factor(
    caller jsonb, user_id uuid, factor_id uuid, removes boolean, friendly_name text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.known_user(user_id);
    v_factor auth.mfa_factors = auth.factor_of(v_user, factor_id);
begin
    if removes then
        perform auth.remove_factor(v_factor);
        perform auth.notify(caller, v_user, 'factor_removed');
    else
        update auth.mfa_factors
        set
            friendly_name = coalesce(
                admin_change_factor.friendly_name, mfa_factors.friendly_name
            ),
            updated_at = now()
        where mfa_factors.id = v_factor.id
        returning * into v_factor;
    end if;
    perform auth.audit(
        caller, case when removes then 'factor_deleted' else 'factor_updated' end, v_user,
        jsonb_build_object('factor_id', v_factor.id)
    );
    return auth.factor_json(v_factor);
end;
$$;

/* The passkeys of a user. Definer: the edge may call functions only. */
create or replace function auth.admin_list_passkeys(user_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$ select auth.passkeys_of((auth.known_user(user_id)).id) $$;

/*
 * Delete a passkey of a user.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 user_not_found · webauthn_credential_not_found
 */
create or replace function auth.admin_delete_passkey(caller jsonb, user_id uuid, passkey_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform auth.remove_passkey(caller, auth.known_user(user_id), passkey_id);
    return '{}';
end;
$$;

/* What happened, the latest first. Definer: the edge may call functions only. */
create or replace function auth.admin_list_audit(page integer, per_page integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(
        jsonb_build_object(
            'id', entries.id,
            'payload', entries.payload,
            'created_at', auth.iso(entries.created_at),
            'ip_address', entries.ip_address
        )
        order by entries.created_at desc, entries.id
    ), '[]')
    from (
        select audit_log_entries.*
        from auth.audit_log_entries
        order by audit_log_entries.created_at desc, audit_log_entries.id
        limit per_page offset (page::bigint - 1) * per_page
    ) as entries
$$;

/*
 * Invite somebody by mail.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 email_exists · PT429 over_email_send_rate_limit
 */
create or replace function auth.admin_invite(
    caller jsonb, email text, user_metadata jsonb, message jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.invited_user(caller, email, user_metadata);
begin
    perform auth.send(v_user, 'confirmation_token', 'invite', email, message);
    return auth.user_json(v_user.id);
end;
$$;

/* The account of somebody who is invited. Errors:  PT422 email_exists */
create or replace function auth.invited_user(caller jsonb, email text, user_metadata jsonb)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    perform auth.one_at_a_time(email);
    v_user = auth.user_with(email, null);
    if v_user.email_confirmed_at is not null then
        perform auth.refuse(
            422, 'email_exists', 'A user with this email address has already been registered'
        );
    end if;
    if v_user.id is null then
        v_user = auth.make_user(email, null, null, user_metadata);
    end if;
    update auth.users set invited_at = now() where users.id = v_user.id;
    perform auth.audit(caller, 'user_invited', v_user, jsonb_build_object(
        'user_id', v_user.id, 'user_email', email
    ));
    return auth.reread(v_user);
end;
$$;

/*
 * Make a link for the operator to hand over; nothing is sent. Gives the user and the type that the
 * link turned out to have.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 user_not_found · PT422 email_exists · PT400 validation_failed
 */
create or replace function auth.admin_generate_link(
    caller jsonb,
    kind text,
    email text,
    new_email text,
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
    v_kind text = kind;
begin
    perform auth.one_at_a_time(email);
    v_user = auth.user_with(email, null);
    if kind = 'magiclink' and v_user.id is null then
        v_kind = 'signup';
    end if;
    if v_kind = 'invite' then
        v_user = auth.invited_user(caller, email, user_metadata);
    elsif v_kind = 'signup' then
        if v_user.email_confirmed_at is not null then
            perform auth.refuse(
                422, 'email_exists', 'A user with this email address has already been registered'
            );
        end if;
        if v_user.id is null then
            v_user = auth.make_user(email, null, password_hash, user_metadata);
        end if;
    elsif v_user.id is null then
        perform auth.refuse(404, 'user_not_found', 'User with this email not found');
    end if;

    if v_kind in ('signup', 'invite') then
        perform auth.keep_token(v_user, 'confirmation_token', email, message);
    elsif v_kind in ('recovery', 'magiclink') then
        perform auth.audit(caller, 'user_recovery_requested', v_user);
        perform auth.keep_token(v_user, 'recovery_token', email, message);
    else
        if v_kind = 'email_change_current' and not auth.setting('secure_email_change')::boolean
        then
            perform auth.refuse(
                400, 'validation_failed',
                'Enable secure email change to generate link for current email'
            );
        end if;
        perform auth.require_free(v_user.id, new_email, null);
        update auth.users
        set
            email_change = new_email,
            email_change_sent_at = now(),
            email_change_confirm_status = 0
        where users.id = v_user.id;
        perform auth.keep_token(
            v_user,
            (case v_kind
                when 'email_change_new' then 'email_change_token_new'
                else 'email_change_token_current'
            end)::auth.one_time_token_type,
            case v_kind when 'email_change_new' then new_email else email end,
            message
        );
    end if;
    return auth.user_json(v_user.id) || jsonb_build_object(
        'verification_type', v_kind,
        'action_link', auth.action_link(
            case when v_kind like 'email\_change%' then 'email_change' else v_kind end, message
        )
    );
end;
$$;
