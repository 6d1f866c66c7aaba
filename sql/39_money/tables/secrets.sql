-- Secrets that must be read again, such as account numbers. The database seals them with a public
-- key and cannot open them: the private keys lie with the workers alone, so no dump, replica or
-- query shows a plain value.

create extension if not exists pgcrypto with schema extensions;

create table private.secret_keys (
    -- The OpenPGP key id in hexadecimal digits, which each sealed value carries.
    id text primary key,
    -- An OpenPGP packet with an RSA key.
    public_key bytea not null,
    created_at timestamptz not null default now(),

    constraint secret_keys_id_is_a_key_id check (id ~ '^[0-9a-f]{16}$')
);
comment on table private.secret_keys is
'Public keys that seal secrets. The newest seals; older ones stay until nothing is sealed with '
'them.';

create table private.secrets (
    id uuid primary key default gen_random_uuid(),
    -- The business whose secret it is; null for the platform's.
    business_id uuid references business.businesses (id) on delete cascade,
    secret_key_id text not null references private.secret_keys (id) on delete restrict,
    -- An OpenPGP message.
    sealed bytea not null,
    created_at timestamptz not null default now(),

    constraint secrets_business_id_id_unique unique (business_id, id)
);
comment on table private.secrets is
'Sealed values. Whoever keeps one refers to its row; only workers can open it.';
comment on column private.secrets.sealed is '[secret]';
create index secrets_secret_key_id_idx on private.secrets (secret_key_id);
