-- The tables of results and rate limits. It may run again at any time.
create schema if not exists dramatiq;

create table if not exists dramatiq.results (
    key text primary key,
    result bytea not null,
    expires_at timestamptz not null
);
create index if not exists results_expires_at_idx on dramatiq.results (expires_at);

create table if not exists dramatiq.rate_limits (
    key text primary key,
    value bigint not null,
    expires_at timestamptz not null
);
create index if not exists rate_limits_expires_at_idx on dramatiq.rate_limits (expires_at);
