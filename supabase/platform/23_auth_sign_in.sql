-- Signing up, and signing in with a password or without anything. Passwords come here as bcrypt, hashed and
-- compared by the edge, so that none is ever in a statement, a log or a view.

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
