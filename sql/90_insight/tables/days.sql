-- Figures of days, counted before anybody asks. A day of a business is counted as a whole from the
-- rows of the other domains (functions/counting.sql), and the result is kept. Whatever changes such
-- a row adds a change that names its day, in the same transaction; adding rows waits for nobody. A
-- worker counts changed days again, as often as it likes: the result replaces what was kept. A
-- reader counts the days that are changed or not kept itself, so figures are exact at any moment,
-- with or without workers.

create schema insight;
comment on schema insight is
'Figures of days and events of visitors. Exposed through the views of analytics alone.';

-- What a figure is about: the business as a whole, or one of its parts.
create type insight.subject as enum ('business', 'channel', 'service', 'resource', 'product');

create type insight.measure as enum (
    'held', 'pending_payment', 'pending', 'confirmed', 'checked_in', 'completed', 'cancelled',
    'rejected', 'no_show', 'expired', 'lead_minutes', 'booked_minutes', 'open_minutes',
    'new_customers', 'returning_customers', 'units', 'sold_minor', 'tax_minor', 'captured_minor',
    'refunded_minor', 'disputed_minor', 'gift_cards_minor'
);

create table insight.days (
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- A date in the zone of the business.
    day date not null,
    subject insight.subject not null,
    -- The id of a service, resource or product; a channel's name; '' is the business.
    subject_id text not null,
    -- ISO 4217; XXX, which is no currency, for what has none.
    currency text not null,
    -- Bookings that start on the day, by status; of a service or resource their items.
    held bigint not null default 0,
    pending_payment bigint not null default 0,
    pending bigint not null default 0,
    confirmed bigint not null default 0,
    checked_in bigint not null default 0,
    completed bigint not null default 0,
    cancelled bigint not null default 0,
    rejected bigint not null default 0,
    no_show bigint not null default 0,
    expired bigint not null default 0,
    -- From the making to the start of those that are neither held nor expired.
    lead_minutes bigint not null default 0,
    booked_minutes bigint not null default 0,
    open_minutes bigint not null default 0,
    new_customers bigint not null default 0,
    returning_customers bigint not null default 0,
    units bigint not null default 0,
    sold_minor bigint not null default 0,
    tax_minor bigint not null default 0,
    captured_minor bigint not null default 0,
    refunded_minor bigint not null default 0,
    disputed_minor bigint not null default 0,
    gift_cards_minor bigint not null default 0,

    primary key (business_id, day, subject, subject_id, currency)
);
comment on table insight.days is
'The figures of a day of a business and its parts, by currency, as they were counted last.';
-- Platform-wide figures read the rows of businesses alone.
create index days_business_idx on insight.days (day, business_id) where subject = 'business';

create table insight.kept_days (
    business_id uuid not null references business.businesses (id) on delete cascade,
    day date not null,
    kept_at timestamptz not null default now(),

    primary key (business_id, day)
);
comment on table insight.kept_days is
'Which days were counted. A day without figures was counted too.';

create table insight.day_changes (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- The days that must be counted again, both included; infinity for open ends.
    from_on date not null,
    to_on date not null,

    constraint day_changes_end_after_they_start check (to_on >= from_on)
);
comment on table insight.day_changes is
'Days of which something changed since they were counted. Only ever added to, and taken by the '
'worker that counts them again.';
create index day_changes_business_idx on insight.day_changes (business_id, from_on, to_on);

create type insight.taking_kind as enum ('captured', 'refunded', 'disputed', 'gift_cards');

-- The ledger has no index by business and instant, and needs none but this.
create table insight.takings (
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- The transaction of the ledger.
    number bigint not null,
    at timestamptz not null,
    kind insight.taking_kind not null,
    currency text not null,
    amount_minor bigint not null,

    primary key (business_id, number, currency)
);
comment on table insight.takings is
'The movements of the ledger that are revenue of a business: captured payments, refunds, lost '
'disputes, and gift cards sold.';
create index takings_at_idx on insight.takings (business_id, at);

-- A day with the instants between which it lies.
create type insight.span as (day date, from_at timestamptz, until_at timestamptz);

-- One figure of a day, before it becomes a column of insight.days.
create type insight.figure as (
    day date,
    subject insight.subject,
    subject_id text,
    currency text,
    measure insight.measure,
    amount bigint
);
