-- One-time tokens: what proves that somebody reads the mail or the messages of an address. Each has a long
-- token, for the link, and a short code, to type. Both are kept as hashes only and leave once, in the message.
--
-- `message` comes from the edge, which makes what is random: {"token", "code", "redirect_to"} and, for a
-- client that asked with PKCE, {"code_challenge", "code_challenge_method"}.

/* The hash under which a link's token is kept. */
create or replace function auth.token_hash(token text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$ select encode(sha224(token::bytea), 'hex') $$;

/* The hash of a code; with the token's id in it, equal codes look different. */
create or replace function auth.code_hash(token_id uuid, code text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
as $$ select sha256((token_id || ':' || code)::bytea) $$;

/*
 * One message to an address at a time: the same whether or not anybody has it.
 *
 * Errors:  PT429 over_email_send_rate_limit · over_sms_send_rate_limit; hint: seconds to wait
 */
create or replace function auth.may_send(channel text, address text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_frequency integer = auth.setting(channel || '_max_frequency')::integer;
    v_wait integer;
begin
    if v_frequency > 0 then
        v_wait = auth.take('send ' || address, 1, make_interval(secs => v_frequency));
    end if;
    if v_wait is not null then
        raise exception using
            errcode = 'PT429',
            message = format(
                'For security purposes, you can only request this after %s seconds.', v_wait
            ),
            detail = case channel
                when 'phone' then 'over_sms_send_rate_limit' else 'over_email_send_rate_limit'
            end,
            hint = v_wait;
    end if;
end;
$$;

/*
 * Keep a token for a user in place of the one that was there, and note when.
 */
create or replace function auth.keep_token(
    subject auth.users,
    token_type auth.one_time_token_type,
    relates_to text,
    message jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    delete from auth.one_time_tokens
    where
        one_time_tokens.user_id = subject.id
        and one_time_tokens.token_type = keep_token.token_type;
    insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
    values (
        v_id, subject.id, keep_token.token_type,
        auth.token_hash(message ->> 'token'), keep_token.relates_to
    );
    insert into auth.one_time_codes (token_id, code_hash)
    values (v_id, auth.code_hash(v_id, message ->> 'code'));
    update auth.users
    set
        confirmation_sent_at = case
            when token_type = 'confirmation_token' then now() else users.confirmation_sent_at
        end,
        recovery_sent_at = case
            when token_type = 'recovery_token' then now() else users.recovery_sent_at
        end,
        reauthentication_sent_at = case
            when token_type = 'reauthentication_token' then now()
            else users.reauthentication_sent_at
        end,
        updated_at = now()
    where users.id = subject.id;
end;
$$;

/* The address of the page that takes a link's token. */
create or replace function auth.action_link(kind text, message jsonb)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
    select
        auth.setting('external_url') || '/verify?token=' || (message ->> 'token')
        || '&type=' || kind || '&redirect_to=' || (message ->> 'redirect_to')
$$;

/*
 * Make a token and send it: by mail, or as a code by SMS.
 */
create or replace function auth.send(
    subject auth.users,
    token_type auth.one_time_token_type,
    kind text,
    address text,
    message jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_channel text = case when kind in ('sms', 'phone_change') or address !~ '@' then 'phone' else 'email' end;
begin
    perform auth.may_send(v_channel, address);
    perform auth.keep_token(subject, token_type, address, message);
    if message ->> 'code_challenge' is not null then
        perform auth.begin_flow(
            subject.id, 'email', kind,
            message ->> 'code_challenge', message ->> 'code_challenge_method'
        );
    end if;
    perform auth.announce(
        case v_channel when 'phone' then 'auth.sms' else 'auth.mail' end,
        jsonb_strip_nulls(jsonb_build_object(
            'kind', kind,
            'user_id', subject.id,
            'to', address,
            'code', message ->> 'code',
            'channel', message ->> 'channel',
            'expires_in', auth.setting(v_channel || '_otp_exp')::integer,
            'link', case
                when v_channel = 'email' and kind <> 'reauthentication'
                then auth.action_link(kind, message)
            end,
            'token_hash', case when v_channel = 'email' then message ->> 'token' end,
            'redirect_to', message ->> 'redirect_to'
        ))
    );
end;
$$;

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

/* The kinds of token that a type of verification accepts. */
create or replace function auth.token_types(verification text)
returns auth.one_time_token_type[]
language sql
immutable
security invoker
set search_path = ''
as $$
    select case verification
        when 'signup' then '{confirmation_token}'
        when 'invite' then '{confirmation_token}'
        when 'sms' then '{confirmation_token}'
        when 'recovery' then '{recovery_token}'
        when 'magiclink' then '{recovery_token,confirmation_token}'
        when 'email' then '{confirmation_token,recovery_token}'
        when 'email_change' then '{email_change_token_new,email_change_token_current}'
        when 'phone_change' then '{phone_change_token}'
        else '{}'
    end::auth.one_time_token_type[]
$$;

/*
 * The token that a link's token or an address and its code name, if it may still be used. Five
 * wrong tries end a code, not its link.
 */
create or replace function auth.find_token(
    verification text, address text, code text, token text
)
returns auth.one_time_tokens
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_found auth.one_time_tokens;
begin
    if token is not null then
        select one_time_tokens.* into v_found
        from auth.one_time_tokens
        where
            one_time_tokens.token_hash = auth.token_hash(token)
            and one_time_tokens.token_type = any(auth.token_types(verification))
        for update;
    else
        select one_time_tokens.* into v_found
        from auth.one_time_tokens
        inner join auth.one_time_codes on one_time_codes.token_id = one_time_tokens.id
        where
            one_time_tokens.relates_to = address
            and one_time_tokens.token_type = any(auth.token_types(verification))
            and one_time_codes.wrong_tries < 5
            and one_time_codes.code_hash = auth.code_hash(one_time_tokens.id, code)
        for update;
        if v_found.id is null then
            update auth.one_time_codes
            set wrong_tries = one_time_codes.wrong_tries + 1
            from auth.one_time_tokens
            where
                one_time_tokens.id = one_time_codes.token_id
                and one_time_tokens.relates_to = address
                and one_time_tokens.token_type = any(auth.token_types(verification));
        end if;
    end if;
    if v_found.created_at at time zone current_setting('TimeZone') + make_interval(
        secs => auth.setting(
            case when v_found.relates_to ~ '@' then 'email' else 'phone' end || '_otp_exp'
        )::integer
    ) <= now() then
        return null;
    end if;
    return v_found;
end;
$$;

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

/*
 * Begin to change the caller's e-mail address: messages to the new one and, where the settings ask
 * for it, to the old one. An anonymous user gets the address at once where nothing is confirmed.
 *
 * Errors:  PT422 email_exists · PT429 over_email_send_rate_limit
 */
create or replace function auth.ask_for_email(
    caller jsonb, subject auth.users, email text, messages jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if (auth.user_with(email, null)).id is not null then
        perform auth.refuse(
            422, 'email_exists', 'A user with this email address has already been registered'
        );
    end if;
    update auth.users
    set
        email_change = ask_for_email.email,
        email_change_sent_at = now(),
        email_change_confirm_status = 0
    where users.id = subject.id
    returning * into subject;
    if subject.is_anonymous and auth.setting('email_autoconfirm')::boolean then
        perform auth.change_email(caller, subject);
        return;
    end if;
    perform auth.send(
        subject, 'email_change_token_new', 'email_change', email, messages -> 'new'
    );
    if auth.setting('secure_email_change')::boolean and coalesce(subject.email, '') <> '' then
        perform auth.send(
            subject, 'email_change_token_current', 'email_change', subject.email,
            messages -> 'current'
        );
    end if;
end;
$$;

/*
 * Begin to change the caller's phone number.
 *
 * Errors:  PT422 phone_exists · PT429 over_sms_send_rate_limit
 */
create or replace function auth.ask_for_phone(
    caller jsonb, subject auth.users, phone text, message jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if (auth.user_with(null, phone)).id is not null then
        perform auth.refuse(
            422, 'phone_exists', 'A user with this phone number has already been registered'
        );
    end if;
    update auth.users
    set phone_change = ask_for_phone.phone, phone_change_sent_at = now()
    where users.id = subject.id
    returning * into subject;
    if auth.setting('phone_autoconfirm')::boolean then
        perform auth.change_phone(caller, subject);
        return;
    end if;
    perform auth.send(subject, 'phone_change_token', 'phone_change', phone, message);
end;
$$;

/*
 * Send a link that lets somebody choose a new password. For an address that nobody has, nothing
 * happens, and the answer is the same.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT429 over_email_send_rate_limit
 */
create or replace function auth.recover(caller jsonb, email text, message jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.user_with(email, null);
begin
    if v_user.id is null then
        perform auth.may_send('email', email);
    else
        perform auth.audit(caller, 'user_recovery_requested', v_user);
        perform auth.send(v_user, 'recovery_token', 'recovery', email, message);
    end if;
    return '{}';
end;
$$;

/*
 * Send a code, and by mail a link, that signs in; an account is made for an address that has none,
 * if `creates`. The answer does not say which it was.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT429 over_email_send_rate_limit · over_sms_send_rate_limit
 */
create or replace function auth.send_code(
    caller jsonb,
    email text,
    phone text,
    user_metadata jsonb,
    creates boolean,
    message jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_channel text = case when email is null then 'phone' else 'email' end;
    v_user auth.users;
    v_is_confirmed boolean;
begin
    perform auth.one_at_a_time(coalesce(email, phone));
    v_user = auth.user_with(email, phone);
    if v_user.id is null and not creates then
        perform auth.may_send(v_channel, coalesce(email, phone));
        return '{}';
    end if;
    if v_user.id is null then
        v_user = auth.make_user(email, phone, null, user_metadata);
        if auth.setting(v_channel || '_autoconfirm')::boolean then
            v_user = auth.confirm(v_user, v_channel);
        end if;
    end if;
    v_is_confirmed = case v_channel
        when 'email' then v_user.email_confirmed_at else v_user.phone_confirmed_at
    end is not null;
    perform auth.audit(caller, case
        when v_is_confirmed then 'user_recovery_requested' else 'user_confirmation_requested'
    end, v_user, jsonb_build_object('provider', v_channel));
    perform auth.send(
        v_user,
        case
            when v_is_confirmed and v_channel = 'email' then 'recovery_token'
            else 'confirmation_token'
        end::auth.one_time_token_type,
        case
            when v_channel = 'phone' then 'sms'
            when v_is_confirmed then 'magiclink'
            else 'signup'
        end,
        coalesce(email, phone),
        message
    );
    return '{}';
end;
$$;

/*
 * Send again what somebody waits for: the confirmation of a sign-up or of a change.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT429 over_email_send_rate_limit · over_sms_send_rate_limit
 */
create or replace function auth.resend(
    caller jsonb, kind text, email text, phone text, messages jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.user_with(email, phone);
begin
    if kind = 'signup' and v_user.id is not null and v_user.email_confirmed_at is null then
        perform auth.send(v_user, 'confirmation_token', 'signup', email, messages -> 'new');
    elsif kind = 'sms' and v_user.id is not null and v_user.phone_confirmed_at is null then
        perform auth.send(v_user, 'confirmation_token', 'sms', phone, messages -> 'new');
    elsif kind = 'email_change' and v_user.email_change <> '' then
        perform auth.ask_for_email(caller, v_user, v_user.email_change, messages);
    elsif kind = 'phone_change' and v_user.phone_change <> '' then
        perform auth.ask_for_phone(caller, v_user, v_user.phone_change, messages -> 'new');
    else
        perform auth.may_send(
            case when email is null then 'phone' else 'email' end, coalesce(email, phone)
        );
    end if;
    return '{}';
end;
$$;

/*
 * Send the caller a code with which they may change their password.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 validation_failed · PT429 over_email_send_rate_limit
 */
create or replace function auth.reauthenticate(caller jsonb, message jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_address text = coalesce(nullif(v_user.email, ''), nullif(v_user.phone, ''));
begin
    if v_address is null then
        perform auth.refuse(
            422, 'validation_failed',
            'Reauthentication requires the user to have an email or a phone number'
        );
    end if;
    perform auth.audit(caller, 'user_reauthenticate_requested', v_user);
    perform auth.send(
        v_user, 'reauthentication_token', 'reauthentication', v_address, message
    );
    return '{}';
end;
$$;

/*
 * Use up the code of a reauthentication. Wrong ones are counted, so the answer is no exception.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT422 reauthentication_not_valid
 */
create or replace function auth.use_nonce(caller jsonb, nonce text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = auth.signed_in(caller);
    v_token uuid;
begin
    delete from auth.one_time_tokens
    using auth.one_time_codes
    where
        one_time_codes.token_id = one_time_tokens.id
        and one_time_tokens.user_id = v_user.id
        and one_time_tokens.token_type = 'reauthentication_token'
        and one_time_codes.wrong_tries < 5
        and one_time_codes.code_hash = auth.code_hash(one_time_tokens.id, nonce)
        and v_user.reauthentication_sent_at
        > now() - make_interval(secs => auth.setting('email_otp_exp')::integer)
    returning one_time_tokens.id into v_token;
    if v_token is not null then
        return '{}';
    end if;
    update auth.one_time_codes
    set wrong_tries = one_time_codes.wrong_tries + 1
    from auth.one_time_tokens
    where
        one_time_tokens.id = one_time_codes.token_id
        and one_time_tokens.user_id = v_user.id
        and one_time_tokens.token_type = 'reauthentication_token';
    return auth.refused(422, 'reauthentication_not_valid', 'Nonce has expired or is invalid');
end;
$$;
