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
        'Create a key with the scope: docs/api-keys.md lists what each scope opens.'
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
        'frontdesk.api_key',
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

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
