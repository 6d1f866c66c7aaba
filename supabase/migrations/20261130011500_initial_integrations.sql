-- The initial schema of 75_integrations: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/75_integrations/tables/api_keys.sql

-- API keys let the programs of others act for one business. A key is shown once and stored as a
-- hash; it may do what its scopes name, until it expires or is revoked. The table belongs to the
-- schema identity, because a key is somebody who acts, as a user is; it loads here because it
-- refers to a business.

create schema integrations;
comment on schema integrations is 'What others build on Frontdesk: scopes of keys, webhooks.';

create table integrations.scopes (
    name text primary key,
    description text not null,

    constraint scopes_name_a_subject_and_an_access check (name ~ '^[a-z_]+:(read|write)$')
);
comment on table integrations.scopes is
'The scopes that an API key can have: a subject and an access. The scope to write includes the one '
'to read.';

create table integrations.scope_objects (
    -- A view, or rpc/ and a function.
    object text primary key,
    subject text not null,
    -- Of a function: which access it needs. A view needs what the method of the request does.
    access text,

    constraint scope_objects_access_is_known check (access in ('read', 'write')),
    constraint scope_objects_access_is_of_functions check (
        (access is not null) = (object like 'rpc/%')
    )
);
comment on table integrations.scope_objects is
'Which views and functions an API key can use, and the subject of the scope that it needs. No key '
'can use the others.';

create table identity.api_keys (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- The beginning of the current key, by which people tell keys apart.
    prefix text not null,
    scopes text[] not null,
    -- Addresses and networks from which it is accepted; null: from everywhere.
    allowed_addresses inet[],
    expires_at timestamptz,
    revoked_at timestamptz,
    -- Rounded to about a minute.
    last_used_at timestamptz,
    created_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint api_keys_business_id_id_unique unique (business_id, id),
    constraint api_keys_name_is_short check (
        length(btrim(name)) between 1 and 100 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 100 printable characters')
    ),
    constraint api_keys_have_scopes check (
        cardinality(scopes) between 1 and 100
        or private.invalid('scopes', 'must name at least one scope')
    ),
    constraint api_keys_allowed_addresses_not_empty check (
        allowed_addresses is null
        or cardinality(allowed_addresses) between 1 and 100
        or private.invalid('allowed_addresses', 'must have 1 to 100 addresses, or be left out')
    )
);
comment on table identity.api_keys is 'Keys of programs that act for a business.';
create index api_keys_created_by_idx on identity.api_keys (created_by);

create table identity.api_key_secrets (
    -- SHA-256. A key has 244 random bits, so nobody guesses one from its hash.
    secret_hash bytea primary key,
    business_id uuid not null,
    api_key_id uuid not null,
    -- Until when it is accepted, once it was rotated; null: as long as the key.
    expires_at timestamptz,
    created_at timestamptz not null default now(),

    foreign key (business_id, api_key_id)
    references identity.api_keys (business_id, id) on delete cascade
);
comment on table identity.api_key_secrets is
'What is accepted as an API key: the current secret, and rotated ones during their overlap.';
comment on column identity.api_key_secrets.secret_hash is '[secret]';
create index api_key_secrets_api_key_id_idx
on identity.api_key_secrets (business_id, api_key_id);

-- sql/75_integrations/tables/events.sql

-- What happened in a business, for programs of others: they are sent it (webhooks) or ask for it
-- (the feed read_events). A body says what happened to which row, and no more of people than their
-- rows' ids: whoever may know more reads it with an API key.

create table integrations.event_types (
    name text primary key,
    -- What it is about, as registered in private.subjects; null for the test of an endpoint.
    subject text references private.subjects (name) on delete cascade,
    description text not null
);
comment on table integrations.event_types is 'The types of events that others are told of.';
create index event_types_subject_idx on integrations.event_types (subject);

create table integrations.events (
    -- The id of the message that announced it, by which receivers know that they have it already.
    id uuid primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    type text not null,
    -- The row that it is about. No reference: the event outlives the row.
    subject_id uuid not null,
    -- What is sent, the same at each attempt.
    body jsonb not null,
    occurred_at timestamptz not null default now(),
    -- Transactions commit in another order than they write. Readers of the feed stop at the oldest
    -- transaction that is still open.
    transaction_id xid8 not null default pg_current_xact_id(),
    position bigint generated always as identity,

    constraint events_business_id_id_unique unique (business_id, id)
);
comment on table integrations.events is
'What happened in a business, as others are told of it. Kept for 30 days.';
-- What is new for a reader of the feed?
create index events_feed_idx on integrations.events (business_id, transaction_id, position);
-- What is older than 30 days?
create index events_occurred_at_idx on integrations.events (occurred_at);

-- sql/75_integrations/tables/webhooks.sql

-- Webhooks: a business names addresses, and each gets the events that fit its patterns, signed as
-- Standard Webhooks 1.0.0 says. There is one delivery for each event and endpoint. It is attempted
-- over three days, and each attempt is kept with what the receiver answered.

create type integrations.delivery_status as enum ('pending', 'delivered', 'failed');

create table integrations.webhook_endpoints (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    url text not null,
    -- Types of events; * at the end of one stands for all that begin so.
    events text[] not null,
    -- Whether the events of one row are sent one after another, in the order in which they were.
    is_ordered boolean not null default false,
    is_enabled boolean not null default true,
    -- Why we disabled it: gone (it answered 410), or failing (nothing arrived for three days).
    disabled_reason text,
    -- The circuit breaker: failures in a row, since when, and until when nothing is sent.
    failures integer not null default 0,
    failing_since timestamptz,
    resting_until timestamptz,
    created_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),
    -- When somebody last tested it or had events sent again, which the audit trail keeps.
    last_request_at timestamptz,

    constraint webhook_endpoints_business_id_id_unique unique (business_id, id),
    constraint webhook_endpoints_url_is_of_the_web check (
        url ~ '^https?://[^/?#@\s]+([/?][^#\s]*)?$' and length(url) <= 2000
        or private.invalid('url', 'must be an https address without a name, password or fragment')
    ),
    constraint webhook_endpoints_have_events check (
        cardinality(events) between 1 and 100
        or private.invalid('events', 'must name at least one type of event')
    ),
    constraint webhook_endpoints_disabled_reason_is_known check (
        disabled_reason in ('gone', 'failing')
    )
);
comment on table integrations.webhook_endpoints is
'Addresses that are sent the events of a business.';
create index webhook_endpoints_created_by_idx on integrations.webhook_endpoints (created_by);

create table integrations.webhook_secrets (
    -- The sealed secret (private.secrets), which only workers open.
    secret_id uuid primary key,
    business_id uuid not null,
    webhook_endpoint_id uuid not null,
    -- Until when it signs, once it was rotated; null: it is the current one.
    expires_at timestamptz,

    foreign key (business_id, secret_id)
    references private.secrets (business_id, id) on delete cascade,
    foreign key (business_id, webhook_endpoint_id)
    references integrations.webhook_endpoints (business_id, id) on delete cascade
);
comment on table integrations.webhook_secrets is
'What signs for an endpoint: the current secret, and rotated ones during their overlap.';
create index webhook_secrets_secret_id_idx on integrations.webhook_secrets (business_id, secret_id);
create index webhook_secrets_webhook_endpoint_id_idx
on integrations.webhook_secrets (business_id, webhook_endpoint_id);

create table integrations.webhook_deliveries (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    webhook_endpoint_id uuid not null,
    event_id uuid not null,
    -- The order in which events happened, and the row that they are about, for ordered endpoints.
    position bigint not null,
    subject_id uuid not null,
    status integrations.delivery_status not null default 'pending',
    -- Attempts since it was written or replayed.
    attempts integer not null default 0,
    -- When it is due; while a worker has it, when another one may take it.
    next_attempt_at timestamptz not null default now(),
    -- The worker's lease, and null when nobody has it.
    leased_by uuid,
    last_error text,
    delivered_at timestamptz,
    created_at timestamptz not null default now(),

    constraint webhook_deliveries_business_id_id_unique unique (business_id, id),
    constraint webhook_deliveries_one_for_each_event unique (webhook_endpoint_id, event_id),
    foreign key (business_id, webhook_endpoint_id)
    references integrations.webhook_endpoints (business_id, id) on delete cascade,
    foreign key (business_id, event_id)
    references integrations.events (business_id, id) on delete cascade
);
comment on table integrations.webhook_deliveries is 'One event on its way to one endpoint.';
create index webhook_deliveries_webhook_endpoint_id_idx
on integrations.webhook_deliveries (business_id, webhook_endpoint_id, created_at);
create index webhook_deliveries_event_id_idx
on integrations.webhook_deliveries (business_id, event_id);
-- What is due at an endpoint?
create index webhook_deliveries_due_idx
on integrations.webhook_deliveries (webhook_endpoint_id, next_attempt_at)
where status = 'pending';
-- What of a row is still under way?
create index webhook_deliveries_open_idx
on integrations.webhook_deliveries (webhook_endpoint_id, subject_id, position)
where status = 'pending';

create table integrations.webhook_attempts (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    webhook_delivery_id uuid not null,
    attempted_at timestamptz not null,
    duration_ms integer not null,
    -- The status of the answer; null when there was none.
    response_status integer,
    -- The first kilobyte of the answer, as text.
    response_body text,
    error text,

    constraint webhook_attempts_business_id_id_unique unique (business_id, id),
    foreign key (business_id, webhook_delivery_id)
    references integrations.webhook_deliveries (business_id, id) on delete cascade
);
comment on table integrations.webhook_attempts is
'Each attempt at a delivery, with what the receiver answered.';
create index webhook_attempts_webhook_delivery_id_idx
on integrations.webhook_attempts (business_id, webhook_delivery_id, attempted_at);

-- sql/75_integrations/functions/admission.sql

-- How a request with an API key is let in. Our gateway passes the key on in the header X-Api-Key
-- beside a token of the role api_key that means nothing alone; the edge exchanges the key for a
-- short token that names it. Either way the key is looked up for every request, so that a revoked
-- one is refused at once. What is admitted is written down for the transaction
-- (private.admitted_key); a caller of this role without it sees nothing.

/*
 * Return the API key that is accepted now: by its secret, or by its id from a token that we signed.
 */
create function identity.live_key(secret text, key_id uuid)
returns identity.api_keys
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now constant timestamptz = private.now();
    v_id uuid = key_id;
    v_key identity.api_keys;
begin
    if secret is not null then
        select api_key_secrets.api_key_id into v_id
        from identity.api_key_secrets
        where
            api_key_secrets.secret_hash = identity.key_hash(secret)
            and (api_key_secrets.expires_at is null or api_key_secrets.expires_at > v_now);
    end if;
    select api_keys.* into v_key
    from identity.api_keys
    where
        api_keys.id = v_id
        and api_keys.revoked_at is null
        and (api_keys.expires_at is null or api_keys.expires_at > v_now);
    return v_key;
end;
$$;

/*
 * Refuse a key that is not accepted, or not from this address. A key that never was, one that
 * expired and one that was revoked get the same answer.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed
 */
create function identity.require_live(key identity.api_keys, address inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if key.id is null then
        perform private.refuse(
            'PT401', 'invalid_api_key', 'This API key is not valid.',
            'Ask an owner of the business for a key: it may have expired or been revoked.'
        );
    end if;
    if key.allowed_addresses is not null and not coalesce(
        address <<= any(key.allowed_addresses), false
    ) then
        perform private.refuse(
            'PT403', 'address_not_allowed', 'This API key is not accepted from your address.',
            'Ask an owner of the business to create a key that allows this address.'
        );
    end if;
end;
$$;

/*
 * Refuse a request for a view or a function for which a key has no scope.
 *
 * Errors:  PT403 missing_scope
 */
create function identity.require_scope(method text, path text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from integrations.scope_objects
        where
            scope_objects.object = ltrim(path, '/')
            and private.key_may(
                scope_objects.subject,
                coalesce(
                    scope_objects.access,
                    case when method in ('GET', 'HEAD', 'OPTIONS') then 'read' else 'write' end
                )
            )
    ) then
        return;
    end if;
    perform private.refuse(
        'PT403', 'missing_scope', 'This API key has no scope for this.',
        'Create a key with the scope; the view api_key_scopes lists what each opens.'
    );
end;
$$;

/*
 * Admit the API key of a request for this transaction. The claims are those of the request's token.
 * The workers note that the key was used, at most once a minute: a read cannot write that itself.
 * Definer: clients cannot read keys.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed
 */
create function identity.admit_key(claims jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_headers constant jsonb = nullif(current_setting('request.headers', true), '');
    v_key constant identity.api_keys = identity.live_key(
        v_headers ->> 'x-api-key', (claims ->> 'key_id')::uuid
    );
begin
    perform identity.require_live(
        v_key,
        case when v_key.allowed_addresses is not null then private.request_address() end
    );
    perform set_config(
        'auth.admitted_key',
        jsonb_build_object(
            'id', v_key.id, 'business_id', v_key.business_id, 'scopes', to_jsonb(v_key.scopes)
        )::text,
        true
    );
    if v_key.last_used_at is null or v_key.last_used_at < now() - interval '1 minute' then
        perform pg_notify('api_key_used', v_key.id::text);
    end if;
end;
$$;

/*
 * Admit the API key of a request of the REST API, for the view or the function that it asks for.
 * Definer: as identity.admit_key.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed missing_scope
 */
create function identity.admit_request(claims jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform identity.admit_key(claims);
    perform identity.require_scope(
        current_setting('request.method', true), current_setting('request.path', true)
    );
end;
$$;

/*
 * Check a request before its statement, as PostgREST's db-pre-request.
 *
 * Errors:  PT400 invalid_input · PT401 invalid_api_key · PT403 address_not_allowed missing_scope
 */
create function private.check_request()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if current_setting('role') = 'api_key' then
        perform identity.admit_request(
            nullif(current_setting('request.jwt.claims', true), '')::jsonb
        );
    end if;
    perform private.check_headers(nullif(current_setting('request.headers', true), '')::jsonb);
end;
$$;

/*
 * Exchange an API key for the claims of a short token, which names the key and its business.
 * Definer: called by the edge, which reads no keys.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed
 */
create function identity.exchange_key(secret text, address text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key constant identity.api_keys = identity.live_key(coalesce(secret, ''), null);
begin
    perform identity.require_live(v_key, private.to_address(address));
    return jsonb_build_object(
        'role', 'api_key', 'key_id', v_key.id, 'business_id', v_key.business_id
    );
end;
$$;

/*
 * Is the key that a token names still accepted? For connections that live longer than a request:
 * ask again before each answer.
 * Definer: called by the edge, which reads no keys.
 */
create function identity.is_key_live(key_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (identity.live_key(null, key_id)).id is not null;
end;
$$;

/*
 * Note that API keys were used just now.
 * Definer: called by the workers, who have no access to the table.
 */
create function identity.note_key_uses(key_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update identity.api_keys
    set last_used_at = now()
    where
        api_keys.id = any(key_ids)
        and (
            api_keys.last_used_at is null
            or api_keys.last_used_at < now() - interval '30 seconds'
        );
end;
$$;

-- sql/75_integrations/functions/api_keys.sql

-- Making, rotating and revoking API keys. Owners do; a key cannot make keys.

/*
 * Return a new secret of an API key: 244 random bits, from two UUIDs of PostgreSQL's strong random
 * source. The beginning lets scanners of leaked secrets recognise it.
 */
create function identity.make_key()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return 'fdk_' || replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
end;
$$;

/*
 * Return the hash of an API key. Only the hash is kept.
 */
create function identity.key_hash(key text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(key, 'UTF8'));
end;

/*
 * Read the scopes of a new key, sorted and each once.
 *
 * Errors:  PT400 invalid_input
 */
create function integrations.to_scopes(value text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_scopes constant text[] = array(
        select distinct jsonb_array_elements_text(private.to_list(value, 'scopes', 100)) as scope
        order by scope
    );
begin
    if not v_scopes <@ array(select scopes.name from integrations.scopes) then
        perform private.invalid('scopes', 'must be names such as bookings:read');
    end if;
    return v_scopes;
end;
$$;

/*
 * Read the addresses and networks from which a key is accepted; null: from everywhere.
 *
 * Errors:  PT400 invalid_input
 */
create function integrations.to_addresses(value text)
returns inet[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_addresses inet[];
begin
    if value is null then
        return null;
    end if;
    v_addresses = array(
        select private.to_address(words)
        from jsonb_array_elements_text(private.to_list(value, 'allowed_addresses', 100)) as words
    );
    if array_position(v_addresses, null) is not null then
        perform private.invalid(
            'allowed_addresses', 'must be addresses or networks, such as 203.0.113.0/24'
        );
    end if;
    return v_addresses;
end;
$$;

/*
 * Create an API key of a business with this secret.
 * Definer: nobody writes keys.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function identity.create_api_key(
    business_id uuid,
    name text,
    scopes text[],
    expires_at timestamptz,
    allowed_addresses inet[],
    key text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'own');
    if expires_at <= private.now() then
        perform private.invalid('expires_at', 'must be in the future');
    end if;
    insert into identity.api_keys (
        business_id, name, prefix, scopes, expires_at, allowed_addresses, created_by
    )
    values (
        business_id, btrim(name), left(key, 12), scopes, expires_at, allowed_addresses, auth.uid()
    )
    returning api_keys.id into v_id;
    insert into identity.api_key_secrets (secret_hash, business_id, api_key_id)
    values (identity.key_hash(key), business_id, v_id);
    return v_id;
end;
$$;

/*
 * Return an API key that the caller may change, locked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function identity.lock_api_key(api_key_id uuid)
returns identity.api_keys
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key identity.api_keys;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select api_keys.* into v_key
    from identity.api_keys
    where
        api_keys.id = lock_api_key.api_key_id
        and (
            private.is_operator()
            or api_keys.business_id in (select private.my_businesses('view'))
        )
    for update;
    if v_key.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such API key.',
            'Check the id in the view api_keys.'
        );
    end if;
    perform private.require_member(v_key.business_id, 'own');
    if v_key.revoked_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This API key is revoked.', 'Create another key.'
        );
    end if;
    return v_key;
end;
$$;

/*
 * Give an API key another secret. The older ones are accepted for the overlap, and no longer than
 * they were.
 * Definer: nobody writes keys.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function identity.rotate_api_key(api_key_id uuid, overlap interval, key text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key constant identity.api_keys = identity.lock_api_key(api_key_id);
begin
    update identity.api_key_secrets
    set expires_at = least(api_key_secrets.expires_at, private.now() + overlap)
    where
        api_key_secrets.business_id = v_key.business_id
        and api_key_secrets.api_key_id = v_key.id;
    insert into identity.api_key_secrets (secret_hash, business_id, api_key_id)
    values (identity.key_hash(key), v_key.business_id, v_key.id);
    update identity.api_keys
    set prefix = left(key, 12)
    where api_keys.id = v_key.id;
end;
$$;

/*
 * Revoke an API key. It is refused from the next request on.
 * Definer: nobody writes keys.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function identity.revoke_api_key(api_key_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key constant identity.api_keys = identity.lock_api_key(api_key_id);
begin
    update identity.api_keys
    set revoked_at = private.now()
    where api_keys.id = v_key.id;
    delete from identity.api_key_secrets
    where
        api_key_secrets.business_id = v_key.business_id
        and api_key_secrets.api_key_id = v_key.id;
end;
$$;

-- sql/75_integrations/functions/attempts.sql

-- What came of attempts: many are recorded together. A delivery ends, or is due again; an endpoint
-- rests after failures in a row, and is disabled when it says that it is gone or when nothing has
-- arrived for three days.

create type integrations.attempt as (
    id uuid,
    duration_ms integer,
    status integer,
    body text,
    error text,
    is_refused boolean,
    retry_after integer
);

/*
 * Return when a delivery is due again after a failed attempt; null when it is given up. What a
 * receiver asks for counts when it is longer, up to a day. A tenth at random keeps deliveries that
 * failed together from coming back together.
 */
create function integrations.next_attempt(attempts integer, retry_after integer)
returns timestamptz
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return private.now() + greatest(
        integrations.retry_delay(attempts) * (1 + random() / 10),
        make_interval(secs => case
            when integrations.retry_delay(attempts) is not null
                then least(greatest(retry_after, 0), 86400)
        end)
    );
end;
$$;

/*
 * Return what attempts say about their endpoints: how many failed, whether one arrived, and whether
 * one was answered by 410.
 */
create function integrations.judged_endpoints(attempts integrations.attempt[])
returns table (id uuid, failed bigint, has_delivered boolean, is_gone boolean)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        webhook_deliveries.webhook_endpoint_id,
        count(*) filter (where made.outcome <> 'delivered'),
        bool_or(made.outcome = 'delivered'),
        bool_or(made.outcome = 'gone')
    from (
        select
            tried.id,
            integrations.outcome_of(tried.status, tried.is_refused) as outcome
        from unnest(attempts) as tried
    ) as made
    inner join integrations.webhook_deliveries on webhook_deliveries.id = made.id
    group by webhook_deliveries.webhook_endpoint_id;
end;
$$;

/*
 * Return until when an endpoint rests after so many failures in a row: from the fifth on, half a
 * minute, and twice as long after each more, up to half an hour.
 */
create function integrations.rest_until(failures bigint)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if failures < 5 then
        return null;
    end if;
    return private.now() + least(
        interval '30 seconds' * 2 ^ least(failures - 5, 10), interval '30 minutes'
    );
end;
$$;

/*
 * Count what attempts say about their endpoints. One that a delivery reached begins anew. One that
 * is gone, or that nothing reached for three days, is disabled.
 */
create function integrations.count_failures(attempts integrations.attempt[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now constant timestamptz = private.now();
begin
    update integrations.webhook_endpoints
    set
        failures = case
            when judged.has_delivered then 0
            else webhook_endpoints.failures + judged.failed
        end,
        failing_since = case
            when not judged.has_delivered then coalesce(webhook_endpoints.failing_since, v_now)
        end,
        resting_until = case
            when not judged.has_delivered
                then integrations.rest_until(webhook_endpoints.failures + judged.failed)
        end
    from integrations.judged_endpoints(attempts) as judged
    where
        webhook_endpoints.id = judged.id
        and (not judged.has_delivered or webhook_endpoints.failures > 0);

    update integrations.webhook_endpoints
    set
        is_enabled = false,
        disabled_reason = case when judged.is_gone then 'gone' else 'failing' end
    from integrations.judged_endpoints(attempts) as judged
    where
        webhook_endpoints.id = judged.id
        and webhook_endpoints.is_enabled
        and (judged.is_gone or webhook_endpoints.failing_since < v_now - interval '3 days');
end;
$$;

/*
 * Record the attempts of a worker: keep each, and end its delivery or say when it is due again. A
 * delivery that another worker has by now keeps that lease, unless it has arrived.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.record_attempts(worker_id uuid, attempts jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_attempts constant integrations.attempt[] = array(
        select made
        from jsonb_populate_recordset(null::integrations.attempt, attempts) as made
        order by made.id
    );
begin
    insert into integrations.webhook_attempts (
        business_id, webhook_delivery_id, attempted_at, duration_ms, response_status,
        response_body, error
    )
    select
        webhook_deliveries.business_id, made.id, private.now(), made.duration_ms, made.status,
        made.body, made.error
    from unnest(v_attempts) as made
    inner join integrations.webhook_deliveries on webhook_deliveries.id = made.id;
    perform integrations.end_attempts(worker_id, v_attempts);
    perform integrations.count_failures(v_attempts);
end;
$$;

/*
 * End the deliveries of attempts, or say when they are due again.
 */
create function integrations.end_attempts(worker_id uuid, attempts integrations.attempt[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update integrations.webhook_deliveries
    set
        attempts = webhook_deliveries.attempts + 1,
        status = case
            when made.outcome = 'delivered' then 'delivered'
            when made.outcome = 'gone' or made.outcome = 'retry' and made.due_at is not null
                then 'pending'
            else 'failed'
        end::integrations.delivery_status,
        delivered_at = case when made.outcome = 'delivered' then private.now() end,
        next_attempt_at = coalesce(made.due_at, private.now()),
        leased_by = null,
        last_error = case
            when made.outcome <> 'delivered' then coalesce(made.error, 'It answered ' || made.status)
        end
    from (
        select
            tried.*,
            integrations.outcome_of(tried.status, tried.is_refused) as outcome,
            integrations.next_attempt(delivery.attempts + 1, tried.retry_after) as due_at
        from unnest(end_attempts.attempts) as tried
        inner join integrations.webhook_deliveries as delivery on delivery.id = tried.id
    ) as made
    where
        webhook_deliveries.id = made.id
        and webhook_deliveries.status = 'pending'
        and (webhook_deliveries.leased_by = worker_id or made.outcome = 'delivered');
end;
$$;

-- sql/75_integrations/functions/deliveries.sql

-- Deliveries: written with their event, leased by workers in sets, attempted, and recorded. The
-- database decides what the answer of a receiver means and when to try again; a worker only sends.

/*
 * Does a type of event fit one of these patterns? A pattern is a type, or ends in *.
 */
create function integrations.fits(type text, patterns text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(patterns) as pattern
        where
            pattern = fits.type
            or right(pattern, 1) = '*' and starts_with(fits.type, left(pattern, -1))
    );
end;
$$;

/*
 * Write the deliveries of events to the enabled endpoints whose patterns fit: one for each event
 * and endpoint. Wakes the workers.
 */
create function integrations.write_deliveries(events integrations.events[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    insert into integrations.webhook_deliveries (
        business_id, webhook_endpoint_id, event_id, position, subject_id, next_attempt_at
    )
    select
        webhook_endpoints.business_id,
        webhook_endpoints.id,
        written.id,
        written.position,
        written.subject_id,
        private.now()
    from unnest(events) as written
    inner join integrations.webhook_endpoints
        on
            webhook_endpoints.business_id = written.business_id
            and webhook_endpoints.is_enabled
            and integrations.fits(written.type, webhook_endpoints.events)
    on conflict on constraint webhook_deliveries_one_for_each_event do nothing;
    get diagnostics v_count = row_count;
    if v_count > 0 then
        notify webhook_due;
    end if;
    return v_count;
end;
$$;

/*
 * Return how long to wait after an attempt; null after the last. Together it is three days.
 * Source: Standard Webhooks 1.0.0, retries
 */
create function integrations.retry_delay(attempts integer)
returns interval
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select (
        '{5 s,5 min,30 min,2 h,5 h,10 h,14 h,20 h,24 h}'::interval[]
    )[attempts];
end;

/*
 * Return what an attempt means: delivered, gone, retry or failed. `status` is that of the answer,
 * null when there was none; an address that we refused to connect to has no second try.
 * Source: Standard Webhooks 1.0.0, and complaints about retried refusals (saleor#14557)
 */
create function integrations.outcome_of(status integer, is_refused boolean)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when is_refused then 'failed'
        when status is null then 'retry'
        when status between 200 and 299 then 'delivered'
        when status = 410 then 'gone'
        when status >= 500 or status in (408, 425, 429) then 'retry'
        else 'failed'
    end;
end;

/*
 * Return the endpoints that have something due, and how many deliveries each may get now. Nothing
 * is sent to one that rests; one that keeps failing gets one at a time.
 */
create function integrations.endpoints_with_room(at timestamptz, per_endpoint integer)
returns table (id uuid, is_ordered boolean, room bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    -- One probe of the index for each endpoint, however many deliveries wait there.
    with recursive waiting (endpoint_id) as (
        (
            select webhook_deliveries.webhook_endpoint_id
            from integrations.webhook_deliveries
            where webhook_deliveries.status = 'pending'
            order by webhook_deliveries.webhook_endpoint_id
            limit 1
        )
        union all
        select (
            select webhook_deliveries.webhook_endpoint_id
            from integrations.webhook_deliveries
            where
                webhook_deliveries.status = 'pending'
                and webhook_deliveries.webhook_endpoint_id > waiting.endpoint_id
            order by webhook_deliveries.webhook_endpoint_id
            limit 1
        )
        from waiting
        where waiting.endpoint_id is not null
    )

    select
        webhook_endpoints.id,
        webhook_endpoints.is_ordered,
        case when webhook_endpoints.failures >= 5 then 1 else per_endpoint end - (
            select count(*)
            from integrations.webhook_deliveries
            where
                webhook_deliveries.webhook_endpoint_id = webhook_endpoints.id
                and webhook_deliveries.status = 'pending'
                and webhook_deliveries.leased_by is not null
                and webhook_deliveries.next_attempt_at > endpoints_with_room.at
        )
    from waiting
    inner join integrations.webhook_endpoints on webhook_endpoints.id = waiting.endpoint_id
    where
        webhook_endpoints.is_enabled
        and (
            webhook_endpoints.resting_until is null
            or webhook_endpoints.resting_until <= endpoints_with_room.at
        );
end;
$$;

/*
 * Lease due deliveries to a worker: the oldest of each endpoint that has room. Of a row whose
 * events an endpoint wants in order, only the first that is still under way. Workers lease one
 * after another, so that none sees the same room.
 */
create function integrations.take_due(
    worker_id uuid, maximum integer, per_endpoint integer, lease interval
)
returns setof integrations.webhook_deliveries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now constant timestamptz = private.now();
begin
    perform pg_advisory_xact_lock(hashtextextended('integrations.take_due', 0));
    return query
    update integrations.webhook_deliveries as taken
    set leased_by = worker_id, next_attempt_at = v_now + lease
    from (
        select due.id
        from integrations.endpoints_with_room(v_now, per_endpoint) as endpoints
        cross join lateral (
            select webhook_deliveries.id
            from integrations.webhook_deliveries
            where
                webhook_deliveries.webhook_endpoint_id = endpoints.id
                and webhook_deliveries.status = 'pending'
                and webhook_deliveries.next_attempt_at <= v_now
                and not (
                    endpoints.is_ordered
                    and exists (
                        select 1
                        from integrations.webhook_deliveries as earlier
                        where
                            earlier.webhook_endpoint_id = endpoints.id
                            and earlier.subject_id = webhook_deliveries.subject_id
                            and earlier.status = 'pending'
                            and earlier.position < webhook_deliveries.position
                    )
                )
            order by webhook_deliveries.next_attempt_at
            limit greatest(endpoints.room, 0)
        ) as due
        limit maximum
    ) as chosen
    where taken.id = chosen.id
    returning taken.*;
end;
$$;

/*
 * Lease due deliveries to a worker, and return what it needs to send each: {id, event_id, url,
 * type, body, secret_ids}. If the worker dies, others get them when the lease ends.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.lease_deliveries(
    worker_id uuid, maximum integer, per_endpoint integer, lease_seconds double precision
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', taken.id,
                    'event_id', events.id,
                    'endpoint_id', webhook_endpoints.id,
                    'url', webhook_endpoints.url,
                    'body', events.body::text,
                    'secret_ids', array(
                        select webhook_secrets.secret_id
                        from integrations.webhook_secrets
                        where
                            webhook_secrets.webhook_endpoint_id = webhook_endpoints.id
                            and webhook_secrets.business_id = webhook_endpoints.business_id
                            and (
                                webhook_secrets.expires_at is null
                                or webhook_secrets.expires_at > private.now()
                            )
                        order by webhook_secrets.expires_at desc nulls first
                    )
                )
                order by taken.position
            ),
            '[]'
        )
        from integrations.take_due(
            worker_id, maximum, per_endpoint, make_interval(secs => lease_seconds)
        ) as taken
        inner join integrations.webhook_endpoints
            on
                webhook_endpoints.business_id = taken.business_id
                and webhook_endpoints.id = taken.webhook_endpoint_id
        inner join integrations.events
            on events.business_id = taken.business_id and events.id = taken.event_id
    );
end;
$$;

-- sql/75_integrations/functions/events.sql

-- From the messages of the domains to events: many are published together by the workers, in one
-- transaction that may run any number of times. The domain of a subject says whose event it is.

/*
 * Return what may be said of a row to a program: of the facts that messages may say, those that
 * are ids, states, times and amounts, and nothing about people.
 */
create function integrations.harmless_facts(facts jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_object_agg(said.key, said.value)
            from jsonb_each(facts) as said
            where
                said.key in (
                    'status', 'reference', 'starts_at', 'ends_at', 'time_zone', 'party_size', 'total'
                )
        ),
        '{}'
    );
end;
$$;

/*
 * Return the body of an event: its type, the version of its form, when it happened, and what it is
 * about. Source: Standard Webhooks 1.0.0, payload structure
 */
create function integrations.event_body(type text, business_id uuid, data jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'type', type,
        'version', 1,
        'timestamp', to_char(private.now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'business_id', business_id,
        'data', data
    );
end;
$$;

/*
 * Read messages `[{message_id, topic, payload}]`. One whose topic is no type of event is left out.
 */
create function integrations.read_messages(messages jsonb)
returns table (
    ordinal integer, id uuid, type text, subject text, id_key text, subject_id uuid, payload jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        entries.ordinal::integer,
        (entries.value ->> 'message_id')::uuid,
        event_types.name,
        event_types.subject,
        subjects.id_key,
        (entries.value -> 'payload' ->> subjects.id_key)::uuid,
        entries.value -> 'payload'
    from jsonb_array_elements(messages) with ordinality as entries (value, ordinal)
    inner join integrations.event_types on event_types.name = entries.value ->> 'topic'
    inner join private.subjects on subjects.name = event_types.subject;
end;
$$;

/*
 * Write the events of messages, and return those that were not there yet. A message about a row
 * that does not exist any more makes none.
 */
create function integrations.write_events(messages jsonb)
returns setof integrations.events
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    with
    announced as materialized (
        select read_messages.* from integrations.read_messages(messages) as read_messages
    ),

    about as (
        select
            announced.subject,
            array_agg(
                row(announced.ordinal, announced.subject_id, announced.payload)
                ::private.subject_message
            ) as messages
        from announced
        group by announced.subject
    ),

    -- Materialized: the domain's function runs once, whatever the join.
    facts as materialized (
        select said.ordinal, said.data, (said.data ->> 'business_id')::uuid as business_id
        from about
        cross join lateral private.subject_data(about.subject, about.messages) as said
    )

    insert into integrations.events (id, business_id, type, subject_id, body)
    select
        announced.id,
        facts.business_id,
        announced.type,
        announced.subject_id,
        integrations.event_body(
            announced.type,
            facts.business_id,
            jsonb_build_object(announced.id_key, announced.subject_id)
            || integrations.harmless_facts(facts.data)
        )
    from announced
    inner join facts on facts.ordinal = announced.ordinal and facts.business_id is not null
    order by announced.ordinal
    on conflict on constraint events_pkey do nothing
    returning events.*;
end;
$$;

/*
 * Return the ids of messages that must wait: an endpoint wants the events of a row in order, and an
 * earlier message about that row is still in the queue. Messages about one row are numbered in the
 * order in which their transactions committed, because each held the row.
 */
create function integrations.too_early(messages jsonb)
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (select 1 from integrations.webhook_endpoints where webhook_endpoints.is_ordered) then
        return;
    end if;
    return query
    with given as materialized (
        select
            read_messages.*,
            (messages -> (read_messages.ordinal - 1) ->> 'number')::bigint as number
        from integrations.read_messages(messages) as read_messages
    )

    select distinct given.id
    from given
    inner join pgmq.q_webhooks as queued
        on
            queued.msg_id < given.number
            and queued.message -> 'kwargs' -> 'payload' ->> given.id_key = given.subject_id::text
    where
        (queued.message ->> 'message_id')::uuid not in (select every.id from given as every)
        and not exists (
            select 1 from integrations.events
            where events.id = (queued.message ->> 'message_id')::uuid
        );
end;
$$;

/*
 * Publish messages `[{message_id, number, topic, payload}]` as events in the order of their
 * numbers, and write a delivery for each endpoint whose patterns fit. A repeated call changes
 * nothing. Returns the ids of those that must wait for an earlier one.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.publish(messages jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_early uuid[];
begin
    -- One after another, so that what is earlier is either published or still in the queue.
    perform pg_advisory_xact_lock(hashtextextended('integrations.publish', 0));
    v_early = array(select integrations.too_early(messages));
    perform integrations.write_deliveries(array(
        select written
        from integrations.write_events((
            select jsonb_agg(entries.value order by (entries.value ->> 'number')::bigint)
            from jsonb_array_elements(messages) as entries
            where (entries.value ->> 'message_id')::uuid <> all(v_early)
        )) as written
    ));
    return to_jsonb(v_early);
end;
$$;

-- sql/75_integrations/functions/feed.sql

-- The feed of events, for those who would rather ask than be told, and how long events are kept.

/*
 * Return the events of a business after a cursor, the oldest first. An event of a transaction that
 * is still open, or of one after it, is not returned yet, so a reader that goes on from its cursor
 * misses none. The cursor carries the timeline of the cluster: after a restore it is refused.
 * Definer: the feed is read by members and keys, who do not read the columns of the order.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.read_events(business_id uuid, cursor text, maximum integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_timeline constant text = private.timeline();
    v_parts constant text[] = string_to_array(cursor, '.');
    v_events integrations.events[];
    v_last integrations.events;
begin
    perform private.require_member(business_id, 'manage');
    if cursor is not null and cursor !~ '^\d{1,20}\.\d{1,10}\.\d{1,19}\.\d{1,18}$' then
        perform private.invalid('cursor', 'must be one that read_events returned');
    end if;
    if v_parts[1] || '.' || v_parts[2] <> v_timeline then
        perform private.refuse(
            'PT409', 'cursor_expired', 'The database was restored or moved since this cursor.',
            'Read the views once, then read events without a cursor.'
        );
    end if;
    v_events = array(
        select events
        from integrations.events
        where
            events.business_id = read_events.business_id
            and events.transaction_id < private.feed_horizon()
            and (
                cursor is null
                or (events.transaction_id, events.position) > (v_parts[3]::xid8, v_parts[4]::bigint)
            )
        order by events.transaction_id, events.position
        limit maximum
    );
    v_last = v_events[cardinality(v_events)];
    return jsonb_build_object(
        'events', (
            select coalesce(
                jsonb_agg(jsonb_build_object('id', listed.id) || listed.body order by listed.ordinal),
                '[]'
            )
            from unnest(v_events) with ordinality as listed (
                id, business_id, type, subject_id, body, occurred_at, transaction_id, position,
                ordinal
            )
        ),
        'cursor', case
            when v_last.id is null then cursor
            else concat_ws('.', v_timeline, v_last.transaction_id::text, v_last.position::text)
        end,
        'more', cardinality(v_events) = maximum
    );
end;
$$;

/*
 * Delete events, their deliveries and attempts after 30 days. Returns how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.forget_old_events()
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count bigint;
begin
    delete from integrations.events
    where events.occurred_at < private.now() - interval '30 days';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/75_integrations/functions/replays.sql

-- Sending on request: an event that tests an endpoint, and events once more.

/*
 * Send an endpoint an event that tests it, whatever its patterns. Returns the id of the delivery.
 * Definer: nobody writes events and deliveries.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.test_webhook(endpoint_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
    v_event integrations.events;
    v_id uuid;
begin
    insert into integrations.events (id, business_id, type, subject_id, body)
    values (
        gen_random_uuid(),
        v_endpoint.business_id,
        'webhook.test',
        v_endpoint.id,
        integrations.event_body(
            'webhook.test',
            v_endpoint.business_id,
            jsonb_build_object('webhook_endpoint_id', v_endpoint.id)
        )
    )
    returning events.* into v_event;
    insert into integrations.webhook_deliveries (
        business_id, webhook_endpoint_id, event_id, position, subject_id, next_attempt_at
    )
    values (
        v_event.business_id, v_endpoint.id, v_event.id, v_event.position, v_event.subject_id,
        private.now()
    )
    returning webhook_deliveries.id into v_id;
    notify webhook_due;
    update integrations.webhook_endpoints
    set last_request_at = private.now()
    where webhook_endpoints.id = v_endpoint.id;
    return v_id;
end;
$$;

/*
 * Send events to an endpoint again: one event, or those of a period that fit its patterns, also
 * those of before it existed. Each keeps its id. Returns how many.
 * Definer: nobody writes deliveries.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.replay_webhook(
    endpoint_id uuid, event_id uuid, from_at timestamptz, to_at timestamptz
)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
    v_count integer;
begin
    insert into integrations.webhook_deliveries as deliveries (
        business_id, webhook_endpoint_id, event_id, position, subject_id, next_attempt_at
    )
    select
        events.business_id, v_endpoint.id, events.id, events.position, events.subject_id,
        private.now()
    from integrations.events
    where
        events.business_id = v_endpoint.business_id
        and (
            events.id = replay_webhook.event_id
            or events.occurred_at >= from_at
            and events.occurred_at < to_at
            and integrations.fits(events.type, v_endpoint.events)
        )
    order by events.position
    on conflict on constraint webhook_deliveries_one_for_each_event do update
    set status = 'pending', attempts = 0, next_attempt_at = private.now(), delivered_at = null
    where deliveries.leased_by is null or deliveries.next_attempt_at <= private.now();
    get diagnostics v_count = row_count;
    if v_count = 0 and replay_webhook.event_id is not null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such event, or it is being sent right now.',
            'Check the id in the view webhook_deliveries.'
        );
    end if;
    notify webhook_due;
    update integrations.webhook_endpoints
    set last_request_at = private.now()
    where webhook_endpoints.id = v_endpoint.id;
    return v_count;
end;
$$;

-- sql/75_integrations/functions/schema_subjects.sql

-- Which tables a scope opens.

/*
 * Return the schemas whose tables API keys can read and write, and the subject of the scope that
 * opens each. The tables of all other schemas are closed to keys (95_attach/policies.sql).
 */
create function integrations.schema_subjects()
returns table (schema_name text, subject text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.schema_name,
        listed.subject
    from (
        values
        ('business', 'business'),
        ('catalog', 'catalog'),
        ('pricing', 'catalog'),
        ('scheduling', 'bookings'),
        ('customers', 'customers'),
        ('crm', 'customers'),
        ('commerce', 'orders'),
        ('sales', 'sales'),
        ('money', 'money'),
        ('memberships', 'memberships'),
        ('loyalty', 'memberships'),
        ('reviews', 'reviews'),
        ('engagement', 'notifications'),
        ('files', 'files'),
        ('storage', 'files'),
        ('integrations', 'webhooks'),
        ('realtime', 'realtime')
    ) as listed (schema_name, subject);
end;

-- sql/75_integrations/functions/webhooks.sql

-- Endpoints of webhooks: created, changed and deleted by owners and managers, and by keys with the
-- scope. Their secrets are sealed (private.secrets); only workers open them.

/*
 * Return a new secret of an endpoint in the form of Standard Webhooks: 244 random bits in base64,
 * from two UUIDs of PostgreSQL's strong random source.
 */
create function integrations.make_secret()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return 'whsec_' || encode(
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'
    );
end;
$$;

/*
 * Read the patterns of an endpoint: types of events, or the beginnings of some with * behind.
 *
 * Errors:  PT400 invalid_input
 */
create function integrations.to_patterns(value text)
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_patterns constant text[] = array(
        select distinct jsonb_array_elements_text(private.to_list(value, 'events', 100)) as pattern
        order by pattern
    );
begin
    if exists (
        select 1
        from unnest(v_patterns) as pattern
        where not exists (
            select 1
            from integrations.event_types
            where integrations.fits(event_types.name, array[pattern])
        )
    ) then
        perform private.invalid(
            'events', 'must be types of events, such as booking.confirmed or booking.*'
        );
    end if;
    return v_patterns;
end;
$$;

/*
 * Create an endpoint with this secret.
 * Definer: nobody writes endpoints and secrets.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT503 unavailable
 */
create function integrations.create_webhook_endpoint(
    business_id uuid, url text, events text[], is_ordered boolean, secret text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'manage');
    insert into integrations.webhook_endpoints (business_id, url, events, is_ordered, created_by)
    values (business_id, url, events, is_ordered, auth.uid())
    returning webhook_endpoints.id into v_id;
    insert into integrations.webhook_secrets (secret_id, business_id, webhook_endpoint_id)
    values (private.keep_secret(business_id, secret), business_id, v_id);
    return v_id;
end;
$$;

/*
 * Return an endpoint that the caller may change, locked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.lock_webhook_endpoint(endpoint_id uuid)
returns integrations.webhook_endpoints
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_endpoint integrations.webhook_endpoints;
begin
    select webhook_endpoints.* into v_endpoint
    from integrations.webhook_endpoints
    where
        webhook_endpoints.id = endpoint_id
        and (
            private.is_operator()
            or webhook_endpoints.business_id in (select private.my_businesses('view'))
        )
    for update;
    if v_endpoint.id is null then
        if not private.is_operator() and private.admitted_key() is null then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such webhook endpoint.',
            'Check the id in the view webhook_endpoints.'
        );
    end if;
    perform private.require_member(v_endpoint.business_id, 'manage');
    return v_endpoint;
end;
$$;

/*
 * Change an endpoint; null leaves a value as it is. Enabling it ends its rest.
 * Definer: nobody writes endpoints.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.update_webhook_endpoint(
    endpoint_id uuid, url text, events text[], is_ordered boolean, is_enabled boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
    v_begins_anew constant boolean = coalesce(update_webhook_endpoint.is_enabled, false);
begin
    update integrations.webhook_endpoints
    set
        url = coalesce(update_webhook_endpoint.url, webhook_endpoints.url),
        events = coalesce(update_webhook_endpoint.events, webhook_endpoints.events),
        is_ordered = coalesce(update_webhook_endpoint.is_ordered, webhook_endpoints.is_ordered),
        is_enabled = coalesce(update_webhook_endpoint.is_enabled, webhook_endpoints.is_enabled),
        disabled_reason = case when not v_begins_anew then webhook_endpoints.disabled_reason end,
        failures = case when v_begins_anew then 0 else webhook_endpoints.failures end,
        failing_since = case when not v_begins_anew then webhook_endpoints.failing_since end,
        resting_until = case when not v_begins_anew then webhook_endpoints.resting_until end
    where webhook_endpoints.id = v_endpoint.id;
end;
$$;

/*
 * Delete an endpoint, its secrets and its deliveries.
 * Definer: nobody writes endpoints.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.delete_webhook_endpoint(endpoint_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
begin
    delete from private.secrets
    using integrations.webhook_secrets
    where
        webhook_secrets.business_id = v_endpoint.business_id
        and webhook_secrets.webhook_endpoint_id = v_endpoint.id
        and secrets.id = webhook_secrets.secret_id;
    delete from integrations.webhook_endpoints where webhook_endpoints.id = v_endpoint.id;
end;
$$;

/*
 * Give an endpoint another secret. Until the overlap ends, the older ones sign beside it.
 * Definer: nobody writes secrets.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT503 unavailable
 */
create function integrations.rotate_webhook_secret(
    endpoint_id uuid, overlap interval, secret text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
begin
    delete from private.secrets
    using integrations.webhook_secrets
    where
        webhook_secrets.business_id = v_endpoint.business_id
        and webhook_secrets.webhook_endpoint_id = v_endpoint.id
        and webhook_secrets.expires_at <= private.now()
        and secrets.id = webhook_secrets.secret_id;
    update integrations.webhook_secrets
    set expires_at = least(webhook_secrets.expires_at, private.now() + overlap)
    where
        webhook_secrets.business_id = v_endpoint.business_id
        and webhook_secrets.webhook_endpoint_id = v_endpoint.id;
    insert into integrations.webhook_secrets (secret_id, business_id, webhook_endpoint_id)
    values (
        private.keep_secret(v_endpoint.business_id, secret), v_endpoint.business_id, v_endpoint.id
    );
end;
$$;

-- sql/75_integrations/rules/requests.sql

-- On a platform that is not ours, tell PostgREST to call private.check_request. If it calls another
-- function already, that one stays: call private.check_request from there.
do $$
declare
    v_called text = (
        select substr(setting.words, length('pgrst.db_pre_request=') + 1)
        from pg_db_role_setting
        cross join unnest(pg_db_role_setting.setconfig) as setting (words)
        where
            pg_db_role_setting.setrole = 'authenticator'::regrole
            and setting.words like 'pgrst.db_pre_request=_%'
        limit 1
    );
begin
    if to_regprocedure('auth.set_config(text, text, boolean)') is not null
        or v_called = 'private.check_request' then
        return;
    end if;
    if v_called is not null then
        raise warning 'PostgREST calls % before each request: let it call private.check_request.',
            v_called;
        return;
    end if;
    alter role authenticator set pgrst.db_pre_request = 'private.check_request';
    notify pgrst, 'reload config';
exception
    when insufficient_privilege then
        raise exception using
            errcode = 'insufficient_privilege',
            message = 'This login may not tell PostgREST to call private.check_request.',
            hint = 'Run as a superuser: alter role authenticator set pgrst.db_pre_request = '
                || '''private.check_request''';
end;
$$;

-- sql/75_integrations/policies/api_keys.sql

-- Owners and managers see the keys of their business, and nobody sees a secret. Nobody writes but
-- through functions.

grant usage on schema integrations to anon, authenticated, service_role, worker;
grant usage on schema identity to edge, worker, storage, realtime;

alter table integrations.scopes enable row level security;
alter table integrations.scope_objects enable row level security;
grant select on integrations.scopes, integrations.scope_objects
to anon, authenticated, service_role;

create policy scopes_select
on integrations.scopes
for select
to anon, authenticated
using (true);

create policy scope_objects_select
on integrations.scope_objects
for select
to anon, authenticated
using (true);

alter table identity.api_keys enable row level security;
grant select on identity.api_keys to authenticated, service_role;

create policy api_keys_select
on identity.api_keys
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- No grant: functions compare hashes.
alter table identity.api_key_secrets enable row level security;

grant execute on function
identity.make_key(),
integrations.to_scopes(text),
integrations.to_addresses(text),
identity.create_api_key(uuid, text, text[], timestamptz, inet[], text),
identity.rotate_api_key(uuid, interval, text),
identity.revoke_api_key(uuid),
private.check_request()
to anon, authenticated, service_role;
grant execute on function
identity.admit_request(jsonb)
to authenticated;
grant execute on function
identity.admit_key(jsonb)
to storage, realtime;
grant execute on function
identity.exchange_key(text, text),
identity.is_key_live(uuid)
to edge, realtime;
grant execute on function identity.note_key_uses(uuid[]) to worker;

-- sql/75_integrations/policies/webhooks.sql

-- Owners and managers see the endpoints, deliveries and attempts of their business. Only functions
-- write them, and nobody sees a secret.

alter table integrations.event_types enable row level security;
grant select on integrations.event_types to authenticated, service_role;

create policy event_types_select
on integrations.event_types
for select
to authenticated
using (true);

alter table integrations.events enable row level security;
grant select (id, business_id, type, body, occurred_at) on integrations.events to authenticated;
grant select on integrations.events to service_role;

create policy events_select
on integrations.events
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table integrations.webhook_endpoints enable row level security;
grant select on integrations.webhook_endpoints to authenticated, service_role;

create policy webhook_endpoints_select
on integrations.webhook_endpoints
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table integrations.webhook_secrets enable row level security;

alter table integrations.webhook_deliveries enable row level security;
grant select on integrations.webhook_deliveries to authenticated, service_role;

create policy webhook_deliveries_select
on integrations.webhook_deliveries
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table integrations.webhook_attempts enable row level security;
grant select on integrations.webhook_attempts to authenticated, service_role;

create policy webhook_attempts_select
on integrations.webhook_attempts
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
integrations.make_secret(),
integrations.to_patterns(text),
integrations.create_webhook_endpoint(uuid, text, text[], boolean, text),
integrations.update_webhook_endpoint(uuid, text, text[], boolean, boolean),
integrations.delete_webhook_endpoint(uuid),
integrations.rotate_webhook_secret(uuid, interval, text),
integrations.test_webhook(uuid),
integrations.replay_webhook(uuid, uuid, timestamptz, timestamptz),
integrations.read_events(uuid, text, integer)
to anon, authenticated, service_role;
grant execute on function
integrations.publish(jsonb),
integrations.lease_deliveries(uuid, integer, integer, double precision),
integrations.record_attempts(uuid, jsonb),
integrations.forget_old_events()
to worker;

-- sql/75_integrations/api/api_keys.sql

-- API keys, as the owners and managers of a business see them, and the scopes that a key can have.

create view public.api_keys
with (security_invoker = true)
as
select
    api_keys.id,
    api_keys.business_id,
    api_keys.name,
    api_keys.prefix,
    api_keys.scopes,
    api_keys.allowed_addresses,
    api_keys.expires_at,
    api_keys.revoked_at,
    api_keys.last_used_at,
    api_keys.created_by,
    api_keys.created_at
from identity.api_keys;
grant select on public.api_keys to authenticated, service_role;

comment on view public.api_keys is
'API keys of the caller''s businesses, for owners and managers.

Written by create_api_key, rotate_api_key and revoke_api_key.';
comment on column public.api_keys.id is 'Primary key.';
comment on column public.api_keys.business_id is 'The business that the key acts for.';
comment on column public.api_keys.name is 'What the key is for.';
comment on column public.api_keys.prefix is 'The first characters of the key.';
comment on column public.api_keys.scopes is 'What it may do, such as {bookings:read}.';
comment on column public.api_keys.allowed_addresses is
'Addresses and networks from which it is accepted, or null for everywhere.';
comment on column public.api_keys.expires_at is 'When it expires; null for never.';
comment on column public.api_keys.revoked_at is 'When it was revoked, or null.';
comment on column public.api_keys.last_used_at is
'When it was last used, to about a minute; null if it never was.';
comment on column public.api_keys.created_by is 'The user who created it.';
comment on column public.api_keys.created_at is 'When it was created.';

create view public.api_key_scopes
with (security_invoker = true)
as
select
    scopes.name,
    scopes.description,
    array(
        select scope_objects.object
        from integrations.scope_objects
        where
            scopes.name in (
                scope_objects.subject || ':' || coalesce(scope_objects.access, 'read'),
                scope_objects.subject || ':write'
            )
        order by scope_objects.object
    ) as objects
from integrations.scopes;
grant select on public.api_key_scopes to anon, authenticated, service_role;

comment on view public.api_key_scopes is
'The scopes that an API key can have.

Read only.';
comment on column public.api_key_scopes.name is 'The scope, such as bookings:read.';
comment on column public.api_key_scopes.description is 'What it is for.';
comment on column public.api_key_scopes.objects is
'The views and functions (rpc/…) that a key with this scope can use.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_api_key(
    business_id public.identifier,
    name text,
    scopes public.list,
    expires_at public.instant default null,
    allowed_addresses public.list default null,
    out id uuid,
    out key text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    key = identity.make_key();
    id = identity.create_api_key(
        private.to_identifier(create_api_key.business_id, 'business_id'),
        private.to_required_text(create_api_key.name, 'name', 100),
        integrations.to_scopes(create_api_key.scopes),
        private.to_instant(create_api_key.expires_at, 'expires_at', is_required => false),
        integrations.to_addresses(create_api_key.allowed_addresses),
        key
    );
end;
$$;
comment on function public.create_api_key is
'Create an API key, with which a program acts for a business.

For owners. Returns {id, key}. The key is returned only once; it goes into the header apikey or '
'Authorization: Bearer.

- name: what the key is for, at most 100 characters.
- scopes: what it may do, as in the view api_key_scopes. A scope to write includes the one to read.
- expires_at: when it expires.
- allowed_addresses: addresses and networks from which it is accepted.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.rotate_api_key(
    api_key_id public.identifier,
    overlap_hours public.whole_number default null,
    out id uuid,
    out key text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    key = identity.make_key();
    id = private.to_identifier(api_key_id, 'api_key_id');
    perform identity.rotate_api_key(
        id,
        make_interval(
            hours => private.to_whole_number(overlap_hours, 'overlap_hours', 0, 168, if_null => 24)
        ),
        key
    );
end;
$$;
comment on function public.rotate_api_key is
'Replace the secret of an API key.

For owners. Returns {id, key}. The new key is returned only once. The old one is accepted for the '
'overlap.

- overlap_hours: how long the old key is accepted, 0 to 168 hours; 24 if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.revoke_api_key(api_key_id public.identifier)
returns public.api_keys
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(api_key_id, 'api_key_id');
    v_key public.api_keys;
begin
    perform identity.revoke_api_key(v_id);
    select api_keys.* into v_key from public.api_keys where api_keys.id = v_id;
    return v_key;
end;
$$;
comment on function public.revoke_api_key is
'Revoke an API key.

It is refused from the next request on. For owners. Returns the key without its secret.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

grant execute on function
public.create_api_key(public.identifier, text, public.list, public.instant, public.list),
public.rotate_api_key(public.identifier, public.whole_number),
public.revoke_api_key(public.identifier)
to anon, authenticated, service_role;

-- sql/75_integrations/api/webhooks.sql

-- Webhooks, as owners, managers and keys see them: endpoints, deliveries with their bodies,
-- attempts, and the types of events that there are.

create view public.webhook_endpoints
with (security_invoker = true)
as
select
    webhook_endpoints.id,
    webhook_endpoints.business_id,
    webhook_endpoints.url,
    webhook_endpoints.events,
    webhook_endpoints.is_ordered,
    webhook_endpoints.is_enabled,
    webhook_endpoints.disabled_reason,
    webhook_endpoints.failures,
    webhook_endpoints.failing_since,
    webhook_endpoints.resting_until,
    webhook_endpoints.created_by,
    webhook_endpoints.created_at
from integrations.webhook_endpoints;
grant select on public.webhook_endpoints to authenticated, service_role;

comment on view public.webhook_endpoints is
'Addresses that are sent the events of the caller''s businesses, for owners and managers.

Written by create_webhook_endpoint, update_webhook_endpoint and delete_webhook_endpoint.';
comment on column public.webhook_endpoints.id is 'Primary key.';
comment on column public.webhook_endpoints.business_id is 'The business.';
comment on column public.webhook_endpoints.url is 'Where events are sent.';
comment on column public.webhook_endpoints.events is
'Types of events; * at the end of one stands for all that begin so.';
comment on column public.webhook_endpoints.is_ordered is
'Whether the events of one row are sent one after another.';
comment on column public.webhook_endpoints.is_enabled is 'Whether events are sent.';
comment on column public.webhook_endpoints.disabled_reason is
'Why it was disabled: gone (it answered 410) or failing (nothing arrived for three days); or null.';
comment on column public.webhook_endpoints.failures is 'How many attempts failed in a row.';
comment on column public.webhook_endpoints.failing_since is 'Since when they fail, or null.';
comment on column public.webhook_endpoints.resting_until is
'Until when nothing is sent, because too many attempts failed in a row; or null.';
comment on column public.webhook_endpoints.created_by is 'The user who created it, or null.';
comment on column public.webhook_endpoints.created_at is 'When it was created.';

create view public.webhook_deliveries
with (security_invoker = true)
as
select
    webhook_deliveries.id,
    webhook_deliveries.business_id,
    webhook_deliveries.webhook_endpoint_id,
    webhook_deliveries.event_id,
    events.type,
    events.body,
    webhook_deliveries.status,
    webhook_deliveries.attempts,
    case when webhook_deliveries.status = 'pending' then webhook_deliveries.next_attempt_at end
        as next_attempt_at,
    webhook_deliveries.last_error,
    webhook_deliveries.delivered_at,
    webhook_deliveries.created_at
from integrations.webhook_deliveries
inner join integrations.events
    on
        webhook_deliveries.business_id = events.business_id
        and webhook_deliveries.event_id = events.id;
grant select on public.webhook_deliveries to authenticated, service_role;

comment on view public.webhook_deliveries is
'One row for each event and endpoint, for owners and managers. Kept for 30 days.

Written by the workers; replay_webhook sends one again.';
comment on column public.webhook_deliveries.id is 'Primary key.';
comment on column public.webhook_deliveries.business_id is 'The business.';
comment on column public.webhook_deliveries.webhook_endpoint_id is 'Where it is sent.';
comment on column public.webhook_deliveries.event_id is
'The event; sent as webhook-id, the same at each attempt.';
comment on column public.webhook_deliveries.type is 'The type of the event.';
comment on column public.webhook_deliveries.body is 'What is sent.';
comment on column public.webhook_deliveries.status is 'pending, delivered or failed.';
comment on column public.webhook_deliveries.attempts is
'Attempts since it was written or replayed.';
comment on column public.webhook_deliveries.next_attempt_at is
'When it is due; null when it has ended.';
comment on column public.webhook_deliveries.last_error is 'Why the last attempt failed, or null.';
comment on column public.webhook_deliveries.delivered_at is 'When it arrived, or null.';
comment on column public.webhook_deliveries.created_at is 'When it was written.';

create view public.webhook_attempts
with (security_invoker = true)
as
select
    webhook_attempts.id,
    webhook_attempts.business_id,
    webhook_attempts.webhook_delivery_id,
    webhook_attempts.attempted_at,
    webhook_attempts.duration_ms,
    webhook_attempts.response_status,
    webhook_attempts.response_body,
    webhook_attempts.error
from integrations.webhook_attempts;
grant select on public.webhook_attempts to authenticated, service_role;

comment on view public.webhook_attempts is
'Each attempt at a delivery, for owners and managers. Kept for 30 days.

Written by the workers.';
comment on column public.webhook_attempts.id is 'Primary key.';
comment on column public.webhook_attempts.business_id is 'The business.';
comment on column public.webhook_attempts.webhook_delivery_id is 'The delivery.';
comment on column public.webhook_attempts.attempted_at is 'When it was recorded.';
comment on column public.webhook_attempts.duration_ms is 'How long it took, in milliseconds.';
comment on column public.webhook_attempts.response_status is
'The HTTP status of the answer; null when there was none.';
comment on column public.webhook_attempts.response_body is
'The first kilobyte of the answer, or null.';
comment on column public.webhook_attempts.error is 'Why there was no answer, or null.';

create view public.webhook_events
with (security_invoker = true)
as
select
    event_types.name,
    event_types.subject,
    event_types.description
from integrations.event_types;
grant select on public.webhook_events to authenticated, service_role;

comment on view public.webhook_events is
'The types of events that endpoints can ask for.

Read only.';
comment on column public.webhook_events.name is 'The type, such as booking.confirmed.';
comment on column public.webhook_events.subject is
'What it is about, such as booking; null for the test of an endpoint.';
comment on column public.webhook_events.description is 'What has happened.';

-- sql/75_integrations/api/webhooks_calls.sql

-- What owners, managers and keys do with webhooks and the feed of events.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT503 unavailable
 */
create function public.create_webhook_endpoint(
    business_id public.identifier,
    url text,
    events public.list,
    is_ordered public.yes_no default null,
    out id uuid,
    out secret text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    secret = integrations.make_secret();
    id = integrations.create_webhook_endpoint(
        private.to_identifier(create_webhook_endpoint.business_id, 'business_id'),
        private.to_required_text(create_webhook_endpoint.url, 'url', 2000),
        integrations.to_patterns(create_webhook_endpoint.events),
        coalesce(private.to_yes_no(create_webhook_endpoint.is_ordered, 'is_ordered'), false),
        secret
    );
end;
$$;
comment on function public.create_webhook_endpoint is
'Create an endpoint, to which the events of a business are sent.

For owners and managers. Returns {id, secret}. The secret is returned only once; the receiver '
'verifies signatures with it, as Standard Webhooks says.

- url: an https address on the public internet.
- events: types of events as in webhook_events, or the beginning of some with * behind.
- is_ordered: whether the events of one row are sent one after another; false if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, unavailable 503.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.update_webhook_endpoint(
    webhook_endpoint_id public.identifier,
    url text default null,
    events public.list default null,
    is_ordered public.yes_no default null,
    is_enabled public.yes_no default null
)
returns public.webhook_endpoints
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id');
    v_endpoint public.webhook_endpoints;
begin
    perform integrations.update_webhook_endpoint(
        v_id,
        private.to_text(update_webhook_endpoint.url, 'url', 2000),
        case
            when update_webhook_endpoint.events is not null
                then integrations.to_patterns(update_webhook_endpoint.events)
        end,
        private.to_yes_no(update_webhook_endpoint.is_ordered, 'is_ordered'),
        private.to_yes_no(update_webhook_endpoint.is_enabled, 'is_enabled')
    );
    select webhook_endpoints.* into v_endpoint
    from public.webhook_endpoints
    where webhook_endpoints.id = v_id;
    return v_endpoint;
end;
$$;
comment on function public.update_webhook_endpoint is
'Change an endpoint. What is left out stays as it is.

For owners and managers. Returns the endpoint.

- url: an https address on the public internet.
- events: types of events, or the beginning of some with * behind.
- is_ordered: whether the events of one row are sent one after another.
- is_enabled: whether events are sent; true begins anew after failures.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.delete_webhook_endpoint(webhook_endpoint_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform integrations.delete_webhook_endpoint(
        private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id')
    );
end;
$$;
comment on function public.delete_webhook_endpoint is
'Delete an endpoint with its deliveries.

For owners and managers.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT503 unavailable
 */
create function public.rotate_webhook_secret(
    webhook_endpoint_id public.identifier,
    overlap_hours public.whole_number default null,
    out id uuid,
    out secret text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    secret = integrations.make_secret();
    id = private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id');
    perform integrations.rotate_webhook_secret(
        id,
        make_interval(
            hours => private.to_whole_number(overlap_hours, 'overlap_hours', 0, 168, if_null => 24)
        ),
        secret
    );
end;
$$;
comment on function public.rotate_webhook_secret is
'Replace the secret of an endpoint.

For owners and managers. Returns {id, secret}. The new secret is returned only once. Both sign until '
'the overlap ends.

- overlap_hours: how long the old secret signs as well, 0 to 168 hours; 24 if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, unavailable 503.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.test_webhook(webhook_endpoint_id public.identifier)
returns public.webhook_deliveries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = integrations.test_webhook(
        private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id')
    );
    v_delivery public.webhook_deliveries;
begin
    select webhook_deliveries.* into v_delivery
    from public.webhook_deliveries
    where webhook_deliveries.id = v_id;
    return v_delivery;
end;
$$;
comment on function public.test_webhook is
'Send an endpoint the event webhook.test, whatever events it asks for.

For owners and managers. Returns the delivery, which is sent at once.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.replay_webhook(
    webhook_endpoint_id public.identifier,
    event_id public.identifier default null,
    from_at public.instant default null,
    to_at public.instant default null
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_event_id constant uuid = private.to_identifier(event_id, 'event_id', false);
begin
    if (v_event_id is null) = (from_at is null) then
        perform private.invalid('event_id', 'or from_at must be given, and not both');
    end if;
    return integrations.replay_webhook(
        private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id'),
        v_event_id,
        private.to_instant(from_at, 'from_at', is_required => false),
        coalesce(private.to_instant(to_at, 'to_at', is_required => false), private.now())
    );
end;
$$;
comment on function public.replay_webhook is
'Send events to an endpoint again: one event, or those of a period that it asks for.

For owners and managers. Returns how many. Each keeps its id and gets a new timestamp.

- event_id: one event, as in webhook_deliveries.
- from_at: the beginning of a period, within the last 30 days.
- to_at: its end; now if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 cursor_expired
 */
create function public.read_events(
    business_id public.identifier,
    cursor text default null,
    max_events public.whole_number default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return integrations.read_events(
        private.to_identifier(business_id, 'business_id'),
        private.to_text(cursor, 'cursor', 100),
        private.to_whole_number(max_events, 'max_events', 1, 1000, if_null => 100)
    );
end;
$$;
comment on function public.read_events is
'Return the events of a business after a cursor, the oldest first: what webhooks send, for those '
'who would rather ask.

For owners and managers. Returns {events, cursor, more}. Events are kept for 30 days. Whoever goes '
'on from the returned cursor misses none.

- cursor: the one of the call before; left out, the oldest events.
- max_events: at most so many, 1 to 1000; 100 if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, cursor_expired 409.';

grant execute on function
public.create_webhook_endpoint(public.identifier, text, public.list, public.yes_no),
public.update_webhook_endpoint(
    public.identifier, text, public.list, public.yes_no, public.yes_no
),
public.delete_webhook_endpoint(public.identifier),
public.rotate_webhook_secret(public.identifier, public.whole_number),
public.test_webhook(public.identifier),
public.replay_webhook(
    public.identifier, public.identifier, public.instant, public.instant
),
public.read_events(public.identifier, text, public.whole_number)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
