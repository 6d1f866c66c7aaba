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
