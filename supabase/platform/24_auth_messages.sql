-- Asking for a one-time token: to sign in, to recover, to change an address, to prove oneself again.

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
