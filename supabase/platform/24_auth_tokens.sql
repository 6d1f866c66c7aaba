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
 * One message to an address at a time, and not too many in all: the same whether or not anybody has
 * the address, else what is left for others would tell.
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
        perform auth.refuse_to_send(channel, v_wait, format(
            'For security purposes, you can only request this after %s seconds.', v_wait
        ));
    end if;
    v_wait = auth.take_share(channel);
    if v_wait is not null then
        perform auth.refuse_to_send(channel, v_wait, case channel
            when 'phone' then 'SMS rate limit exceeded' else 'email rate limit exceeded'
        end);
    end if;
end;
$$;

/*
 * Count a message among all that this service sends by mail or by text. Null, or the seconds to
 * wait.
 */
create or replace function auth.take_share(channel text)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limit jsonb = auth.setting(channel || '_limit');
begin
    if v_limit is null then
        return null;
    end if;
    if (v_limit ->> 'size')::integer = 0 then
        return v_limit ->> 'seconds';
    end if;
    return auth.take(
        'sent by ' || channel || ' of ' || auth.setting('external_url'),
        (v_limit ->> 'size')::integer,
        make_interval(secs => (v_limit ->> 'seconds')::integer)
    );
end;
$$;

/* Errors:  PT429 over_email_send_rate_limit · over_sms_send_rate_limit; hint: seconds to wait */
create or replace function auth.refuse_to_send(channel text, wait integer, sentence text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise exception using
        errcode = 'PT429',
        message = sentence,
        detail = case channel
            when 'phone' then 'over_sms_send_rate_limit' else 'over_email_send_rate_limit'
        end,
        hint = wait;
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

/* The address that uses a link's token up, as Supabase Auth has it. */
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
 * The address in our mails: a page whose button sends the token. Mail scanners open every link, and
 * opening an action_link uses its token up.
 */
create or replace function auth.page_link(kind text, message jsonb)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
    select
        auth.setting('external_url') || '/confirm?token=' || (message ->> 'token')
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
                then auth.page_link(kind, message)
            end,
            'token_hash', case when v_channel = 'email' then message ->> 'token' end,
            'redirect_to', message ->> 'redirect_to'
        ))
    );
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
