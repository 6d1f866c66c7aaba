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
