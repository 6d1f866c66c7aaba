-- From here on: our own Auth, for where Supabase's does not run. The tables of 20_auth.sql hold the state and
-- these functions the rules; workers/edge/auth speaks HTTP and may only call them (29_auth_grants.sql).
--
-- Every function that it calls takes `caller`, what is known of who asks: {"ip", "agent"}, and for a verified
-- access token {"user_id", "session_id", "aal"} as well. It answers with json, or refuses with errcode
-- PT<status> and Supabase's error code in `detail`. A refusal that has to be remembered (a token that was used
-- twice, a wrong code) cannot be an exception, which would undo it: it comes back as {"refused": …}.

-- Beside Supabase's tables, what its own Auth keeps elsewhere or does not have.
create table if not exists auth.one_time_codes (
    token_id uuid primary key references auth.one_time_tokens (id) on delete cascade,
    code_hash bytea not null,
    wrong_tries integer not null default 0,
    redirect_to text
);
comment on table auth.one_time_codes is
'The short code beside a one-time token, hashed together with the token''s id.';

create table if not exists auth.recovery_codes (
    user_id uuid not null references auth.users (id) on delete cascade,
    code_hash bytea not null,
    created_at timestamptz not null default now(),
    used_at timestamptz,

    primary key (user_id, code_hash)
);
comment on table auth.recovery_codes is
'Hashes of the codes that stand in for a lost second factor, each once.';

create table if not exists auth.known_addresses (
    user_id uuid not null references auth.users (id) on delete cascade,
    ip inet not null,
    seen_at timestamptz not null default now(),

    primary key (user_id, ip)
);
comment on table auth.known_addresses is
'From where a user has signed in before: such an address is not locked out by strangers.';

create unlogged table if not exists auth.rate_limits (
    key bytea primary key,
    used double precision not null,
    at timestamptz not null
);
comment on table auth.rate_limits is
'Leaky buckets by the hash of what is limited: how much of each was used, as of when.';

alter table auth.one_time_codes enable row level security;
alter table auth.recovery_codes enable row level security;
alter table auth.known_addresses enable row level security;
alter table auth.rate_limits enable row level security;

/*
 * A setting of the process that calls, which it sets for each of its connections: several with
 * different settings may share one database. No secrets are among them.
 */
create or replace function auth.setting(name text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
    select nullif(current_setting('frontdesk.auth', true), '')::jsonb ->> setting.name
$$;

/*
 * Say no in Supabase's own words: HTTP status, error code, a sentence.
 */
create or replace function auth.refuse(status integer, code text, message text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise exception using
        errcode = 'PT' || refuse.status,
        message = refuse.message,
        detail = refuse.code;
end;
$$;

/*
 * The same as an answer, for refusals that leave something behind.
 */
create or replace function auth.refused(status integer, code text, message text)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
as $$
    select jsonb_build_object('refused', jsonb_build_object(
        'status', refused.status, 'code', refused.code, 'message', refused.message
    ))
$$;

/* An instant as clients read it. */
create or replace function auth.iso(moment timestamptz)
returns text
language sql
stable
security invoker
set search_path = ''
as $$ select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

/*
 * Write down what happened. Neither tokens nor codes nor passwords come in here.
 */
create or replace function auth.audit(
    caller jsonb, action text, subject auth.users, traits jsonb default null
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    values (
        '00000000-0000-0000-0000-000000000000',
        gen_random_uuid(),
        jsonb_strip_nulls(jsonb_build_object(
            'actor_id', coalesce(subject.id, '00000000-0000-0000-0000-000000000000'),
            'actor_username', coalesce(subject.email, subject.phone, ''),
            'actor_via_sso', coalesce(subject.is_sso_user, false),
            'action', action,
            'log_type', case
                when action like 'token\_%' then 'token'
                when action like 'factor\_%' or action like 'challenge\_%' then 'factor'
                when action in ('user_invited', 'user_deleted') then 'team'
                when action in ('user_modified', 'user_recovery_requested', 'user_updated_password')
                    then 'user'
                else 'account'
            end,
            'traits', traits,
            'user_agent', caller ->> 'agent'
        ))::json,
        now(),
        coalesce(caller ->> 'ip', '')
    )
$$;

/*
 * Announce a message to send, in the transaction that is its reason. The one place where a
 * one-time token leaves the database.
 * plpgsql: private.emit belongs to the schema, which comes after the platform.
 */
create or replace function auth.announce(topic text, payload jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit(topic, payload);
end;
$$;

/*
 * Take a place in a leaky bucket that holds `size` and empties in `period`.
 * Null: there was room. Otherwise the seconds until there is some.
 */
create or replace function auth.take(name text, size integer, period interval)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_rate double precision = take.size / extract(epoch from take.period);
    v_used double precision;
begin
    insert into auth.rate_limits as bucket (key, used, at)
    values (sha256(take.name::bytea), 1, clock_timestamp())
    on conflict (key) do update
    set
        used = least(
            greatest(
                0, bucket.used - v_rate * extract(epoch from clock_timestamp() - bucket.at)
            ) + 1,
            take.size + 1
        ),
        at = clock_timestamp()
    returning bucket.used into v_used;

    return case when v_used > take.size then ceil((v_used - take.size) / v_rate) end;
end;
$$;

/*
 * The seconds until there is room in a bucket, without taking any; null when there is some.
 */
create or replace function auth.wait_for(name text, size integer, period interval)
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
    select ceil(left_over / (wait_for.size / extract(epoch from wait_for.period)))::integer
    from (
        select
            bucket.used
            - extract(epoch from clock_timestamp() - bucket.at)
            * wait_for.size / extract(epoch from wait_for.period)
            - (wait_for.size - 1) as left_over
        from auth.rate_limits as bucket
        where bucket.key = sha256(wait_for.name::bytea)
    ) as state
    where left_over > 0
$$;

/*
 * Forget what is over since yesterday: sessions, challenges, flows, buckets. No rule waits for it;
 * the edge calls it now and then.
 * Definer: the edge may call functions only.
 */
create or replace function auth.forget_what_is_over()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_yesterday timestamptz = now() - interval '1 day';
begin
    delete from auth.sessions where sessions.not_after < v_yesterday;
    delete from auth.mfa_challenges where mfa_challenges.created_at < v_yesterday;
    delete from auth.flow_state where flow_state.created_at < v_yesterday;
    delete from auth.webauthn_challenges where webauthn_challenges.expires_at < v_yesterday;
    delete from auth.oauth_authorizations where oauth_authorizations.expires_at < v_yesterday;
    delete from auth.rate_limits where rate_limits.at < v_yesterday;
end;
$$;

/*
 * One request of an address at a route. Null, or the seconds to wait.
 * Definer: the edge may call functions only.
 */
create or replace function auth.take_turn(caller jsonb, route text, size integer, seconds integer)
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
    select auth.take(
        'route ' || take_turn.route || ' ' || coalesce(caller ->> 'ip', ''),
        take_turn.size,
        make_interval(secs => take_turn.seconds)
    )
$$;

/* An identity as clients see it. */
create or replace function auth.identity_json(identity auth.identities)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select jsonb_build_object(
        'identity_id', identity.id,
        'id', identity.provider_id,
        'user_id', identity.user_id,
        'identity_data', identity.identity_data,
        'provider', identity.provider
    ) || jsonb_strip_nulls(jsonb_build_object(
        'last_sign_in_at', auth.iso(identity.last_sign_in_at),
        'created_at', auth.iso(identity.created_at),
        'updated_at', auth.iso(identity.updated_at),
        'email', identity.email
    ))
$$;

/* A factor as clients see it: without its secret. */
create or replace function auth.factor_json(factor auth.mfa_factors)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'id', factor.id,
        'friendly_name', factor.friendly_name,
        'factor_type', factor.factor_type,
        'status', factor.status,
        'phone', factor.phone,
        'created_at', auth.iso(factor.created_at),
        'updated_at', auth.iso(factor.updated_at),
        'last_challenged_at', auth.iso(factor.last_challenged_at)
    ))
$$;

/*
 * A user as clients see it: what is not there is left out, except the addresses.
 */
create or replace function auth.user_json(user_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select
        jsonb_build_object(
            'id', users.id,
            'aud', coalesce(users.aud, ''),
            'role', coalesce(users.role, ''),
            'email', coalesce(users.email, ''),
            'phone', coalesce(users.phone, ''),
            'app_metadata', coalesce(users.raw_app_meta_data, '{}'),
            'user_metadata', coalesce(users.raw_user_meta_data, '{}'),
            'is_anonymous', users.is_anonymous,
            'identities', coalesce((
                select jsonb_agg(auth.identity_json(identities) order by identities.created_at)
                from auth.identities
                where identities.user_id = users.id
            ), '[]')
        )
        || jsonb_strip_nulls(jsonb_build_object(
            'email_confirmed_at', auth.iso(users.email_confirmed_at),
            'phone_confirmed_at', auth.iso(users.phone_confirmed_at),
            'confirmed_at', auth.iso(users.confirmed_at),
            'confirmation_sent_at', auth.iso(users.confirmation_sent_at),
            'recovery_sent_at', auth.iso(users.recovery_sent_at),
            'reauthentication_sent_at', auth.iso(users.reauthentication_sent_at),
            'new_email', nullif(users.email_change, ''),
            'email_change_sent_at', auth.iso(users.email_change_sent_at),
            'new_phone', nullif(users.phone_change, ''),
            'phone_change_sent_at', auth.iso(users.phone_change_sent_at),
            'invited_at', auth.iso(users.invited_at),
            'last_sign_in_at', auth.iso(users.last_sign_in_at),
            'created_at', auth.iso(users.created_at),
            'updated_at', auth.iso(users.updated_at),
            'banned_until', auth.iso(users.banned_until),
            'deleted_at', auth.iso(users.deleted_at),
            'factors', (
                select jsonb_agg(auth.factor_json(mfa_factors) order by mfa_factors.created_at)
                from auth.mfa_factors
                where mfa_factors.user_id = users.id
            )
        ))
    from auth.users
    where users.id = user_json.user_id
$$;
