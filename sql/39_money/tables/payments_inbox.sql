-- What providers told us, byte for byte, each event once. A worker applies it. An event about
-- something that is unknown yet is parked and tried again: it overtook our own commit, or it
-- belongs to nobody here. Retention empties the bytes of every event after some time; what was
-- still parked then is ignored.

create type money.event_state as enum ('received', 'parked', 'applied', 'ignored');

create table money.provider_events (
    id uuid primary key default gen_random_uuid(),
    provider text not null,
    event_id text not null,
    raw bytea not null,
    kind text not null,
    object_reference text,
    payment_reference text,
    -- The key that we gave the object (private.effects).
    key text,
    amount_minor bigint,
    currency text,
    occurred_at timestamptz not null,
    data jsonb not null default '{}',
    state money.event_state not null default 'received',
    attempts integer not null default 0,
    received_at timestamptz not null default now(),
    applied_at timestamptz,
    -- Whom it is about, once it is applied: the payment, or the user who saved a card.
    subject_id uuid,

    constraint provider_events_event_unique unique (provider, event_id)
);
comment on table money.provider_events is
'Events of payment providers: the bytes that came, and the fields of which all follows.';
comment on column money.provider_events.raw is '[secret] [personal]';
comment on column money.provider_events.data is '[secret] [personal]';
comment on column money.provider_events.subject_id is '[person]';
create index provider_events_subject_id_idx on money.provider_events (subject_id);
-- Those that wait for what they speak of, and those whose message got lost.
create index provider_events_waiting_idx on money.provider_events (received_at)
where state in ('received', 'parked');

create table money.payment_findings (
    id uuid primary key default gen_random_uuid(),
    -- What is wrong, as a token: amount_differs, currency_differs, unknown_object, …
    kind text not null,
    provider text not null,
    reference text not null,
    payment_id uuid references money.payments (id) on delete restrict,
    detail jsonb not null default '{}',
    found_at timestamptz not null default now(),
    resolved_at timestamptz,

    constraint payment_findings_unique unique (kind, provider, reference)
);
comment on table money.payment_findings is
'What providers say and we do not: for finance to look at. Each is found once.';
create index payment_findings_payment_id_idx on money.payment_findings (payment_id);
create index payment_findings_open_idx on money.payment_findings (found_at)
where resolved_at is null;

create table money.reconciliations (
    provider text primary key references money.providers (name) on delete cascade,
    -- Everything that the provider made before this moment was compared.
    compared_until timestamptz not null
);
comment on table money.reconciliations is 'How far each provider''s list was compared with ours.';
