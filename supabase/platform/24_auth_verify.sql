-- Accepting a one-time token, and what becomes true by it.

/*
 * Accept a one-time token, and sign its user in; or give a code to exchange, for a client that asked
 * with PKCE and came by a link. `auth_code` is that code.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT403 otp_expired · user_banned · PT400 flow_state_not_found
 */
create or replace function auth.verify(
    caller jsonb,
    verification text,
    address text,
    code text,
    token text,
    auth_code text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_token auth.one_time_tokens = auth.find_token(verification, address, code, token);
    v_user auth.users;
begin
    if v_token.id is null then
        return auth.refused(403, 'otp_expired', case
            when token is null then 'Token has expired or is invalid'
            else 'Email link is invalid or has expired'
        end);
    end if;
    delete from auth.one_time_tokens where one_time_tokens.id = v_token.id;
    select users.* into v_user
    from auth.users
    where users.id = v_token.user_id
    for update;
    if v_user.banned_until > now() then
        perform auth.refuse(403, 'user_banned', 'User is banned');
    end if;
    v_user = auth.accept_token(caller, v_user, v_token);
    if v_user.email_change_confirm_status = 1 and verification = 'email_change' then
        return jsonb_build_object('message', 'Confirmation link accepted. Please proceed to'
            || ' confirm link sent to the other email');
    end if;
    if auth_code is not null then
        return auth.give_code(v_user, verification, auth_code);
    end if;
    return auth.open_session(caller, v_user, 'otp');
end;
$$;

/* What a token proves becomes true. */
create or replace function auth.accept_token(
    caller jsonb, subject auth.users, token auth.one_time_tokens
)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_channel text = case when token.relates_to ~ '@' then 'email' else 'phone' end;
begin
    if token.token_type in ('email_change_token_new', 'email_change_token_current') then
        return auth.accept_email(caller, subject);
    elsif token.token_type = 'phone_change_token' then
        return auth.change_phone(caller, subject);
    end if;
    perform auth.audit(caller, case
        when coalesce(subject.email_confirmed_at, subject.phone_confirmed_at) is null
            then 'user_signedup'
        else 'login'
    end, subject, jsonb_build_object('provider', v_channel));
    return auth.confirm(subject, v_channel);
end;
$$;

/*
 * One of the two addresses of a change was confirmed: it takes both, where there was one before and
 * the settings say so.
 */
create or replace function auth.accept_email(caller jsonb, subject auth.users)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if auth.setting('secure_email_change')::boolean
        and coalesce(subject.email, '') <> ''
        and subject.email_change_confirm_status = 0
    then
        update auth.users
        set email_change_confirm_status = 1, updated_at = now()
        where users.id = subject.id;
        return auth.reread(subject);
    end if;
    return auth.change_email(caller, subject);
end;
$$;

/*
 * The e-mail address that was asked for is confirmed: it replaces the old one, whose owner hears of
 * it.
 *
 * Errors:  PT422 email_exists
 */
create or replace function auth.change_email(caller jsonb, subject auth.users)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform auth.one_at_a_time(subject.email_change);
    if (auth.user_with(subject.email_change, null)).id is not null then
        perform auth.refuse(
            422, 'email_exists', 'A user with this email address has already been registered'
        );
    end if;
    update auth.users
    set
        email = subject.email_change,
        email_change = '',
        email_change_confirm_status = 0,
        email_confirmed_at = now(),
        is_anonymous = false,
        updated_at = now()
    where users.id = subject.id;
    delete from auth.one_time_tokens
    where
        one_time_tokens.user_id = subject.id
        and one_time_tokens.token_type = any(auth.token_types('email_change'));
    perform auth.add_identity(subject, 'email', subject.id::text, jsonb_build_object(
        'sub', subject.id, 'email', subject.email_change, 'email_verified', true
    ));
    perform auth.notify(caller, subject, 'email_changed');
    perform auth.audit(caller, 'user_modified', subject);
    return auth.reread(subject);
end;
$$;

/* The same of a phone number. Errors:  PT422 phone_exists */
create or replace function auth.change_phone(caller jsonb, subject auth.users)
returns auth.users
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform auth.one_at_a_time(subject.phone_change);
    if (auth.user_with(null, subject.phone_change)).id is not null then
        perform auth.refuse(
            422, 'phone_exists', 'A user with this phone number has already been registered'
        );
    end if;
    update auth.users
    set
        phone = subject.phone_change,
        phone_change = '',
        phone_confirmed_at = now(),
        is_anonymous = false,
        updated_at = now()
    where users.id = subject.id;
    perform auth.add_identity(subject, 'phone', subject.id::text, jsonb_build_object(
        'sub', subject.id, 'phone', subject.phone_change, 'phone_verified', true
    ));
    perform auth.notify(caller, subject, 'phone_changed');
    perform auth.audit(caller, 'user_modified', subject);
    return auth.reread(subject);
end;
$$;
