-- The ground that every domain stands on: one schema a domain, the extensions that constraints
-- need, the currencies that prices point at, and the types in which clients send arguments.
-- Nothing may be executed unless a grant says so: PostgreSQL's habit of letting PUBLIC call every
-- new function is off while a file of sql/ or a migration runs, and on again for what others add.

create schema if not exists extensions;
create extension if not exists btree_gist with schema extensions;

-- Supabase would give its roles everything that is made in public.
alter default privileges in schema public
revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public
revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public
revoke all on sequences from anon, authenticated, service_role;

create schema private;
create schema identity;
create schema business;
create schema catalog;
create schema scheduling;
create schema pricing;
create schema analytics;

comment on schema private is 'Helpers and secrets. Never exposed over HTTP.';
comment on schema identity is 'People: profiles, addresses, platform staff.';
comment on schema business is 'Businesses, their members, approval and closures.';
comment on schema catalog is 'What a business offers, with whom, where and when.';
comment on schema scheduling is 'Bookings and the time that they take.';
comment on schema pricing is 'What things cost.';
comment on schema analytics is 'Read-only views for people who read numbers.';

-- The arguments of RPCs arrive as JSON. A typed argument would be refused by PostgreSQL in its own
-- words before a function runs, and `timestamptz` would guess a missing offset. So public
-- functions take these domains, and private.to_… turn them into typed values or answer
-- `invalid_input` with the argument's name.
create domain public.identifier as text;
create domain public.instant as text;
create domain public.whole_number as text;
create domain public.yes_no as text;
create domain public.list as text;
create domain public.place as text;
create domain public.object as text;

comment on domain public.identifier is 'A UUID, as text: 8-4-4-4-12 hexadecimal digits.';
comment on domain public.instant is
'An ISO 8601 instant with an offset, such as 2031-03-30T09:00:00+02:00 or 2031-03-30T07:00:00Z. '
'The offset is required.';
comment on domain public.whole_number is 'A whole number, as a JSON number or as text.';
comment on domain public.yes_no is 'true or false.';
comment on domain public.place is
'A JSON object with latitude and longitude, degrees north and east: {"latitude": 52.52, '
'"longitude": 13.405}.';
comment on domain public.list is 'A JSON array. A list of identifiers may also be sent as {a,b}.';
comment on domain public.object is 'A JSON object.';

-- Currencies are reference data (seed/currencies.sql). The prices of every domain refer to them.
create table pricing.currencies (
    code text primary key,
    name text not null,
    minor_digits smallint not null,

    constraint currencies_code_is_iso_4217 check (code ~ '^[A-Z]{3}$'),
    constraint currencies_minor_digits_are_few check (minor_digits between 0 and 4)
);

-- How what is sold is taxed: reference data (seed/currencies.sql). The catalog names a class, and
-- the tax rules of a place say what it means there.
create table pricing.tax_classes (
    name text primary key,
    description text not null,
    position smallint not null,

    constraint tax_classes_name_is_a_word check (name ~ '^[a-z_]{1,40}$')
);
comment on table pricing.tax_classes is 'How what is sold is taxed, such as standard or reduced.';

-- The sentences of refusals in the languages beside English, which the code has. A sentence may
-- have {message} where the English one belongs, because it names what was wrong.
create table private.refusal_sentences (
    token text not null,
    locale text not null,
    sentence text not null,

    primary key (token, locale)
);

-- The first answer to a call with an idempotency key. The same key with the same arguments gets it
-- again; with other arguments it is refused. Kept for a day (private.forget_old_keys).
create table private.idempotency_keys (
    user_id uuid not null,
    function_name text not null,
    key text not null,
    arguments_hash bytea not null,
    answer jsonb,
    created_at timestamptz not null default now(),

    primary key (user_id, function_name, key),
    constraint idempotency_keys_are_short check (length(key) between 1 and 255)
);
create index idempotency_keys_created_at_idx on private.idempotency_keys (created_at);
comment on column private.idempotency_keys.user_id is '[person: delete]';
comment on column private.idempotency_keys.answer is '[personal]';
