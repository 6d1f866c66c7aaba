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
