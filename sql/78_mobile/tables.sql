-- What phones need that lose their connection: a log of which row changed for whom, and which
-- versions of an app still work.
--
-- The log has no contents: it says that a row of a view changed, and a reader gets the row through
-- the view, as it is by then and as row-level security shows it.

create schema mobile;
comment on schema mobile is 'Phones: what changed since they last asked, and which apps work.';

/*
 * Is a text a version: one to four numbers with dots between them?
 */
create function mobile.is_version(version text)
returns boolean
language sql
immutable
security invoker
set search_path = ''
as $$
    select is_version.version ~ '^\d{1,6}(\.\d{1,6}){0,3}$';
$$;

/*
 * Return a version as numbers that compare as versions do: 2.10 is later than 2.9, and 2 is 2.0.
 * Null when it is none.
 */
create function mobile.version_numbers(version text)
returns integer[]
language sql
immutable
security invoker
set search_path = ''
as $$
    select
        (string_to_array(version_numbers.version, '.')::integer[] || array[0, 0, 0])[1:4]
    where mobile.is_version(version_numbers.version);
$$;

/*
 * Is a document an object of at most 20 addresses by name?
 */
create function mobile.are_links(links jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when jsonb_typeof(links) <> 'object' then false
        else (
            select
                count(*) <= 20
                and coalesce(
                    bool_and(jsonb_typeof(link.value) = 'string' and length(link.value #>> '{}') <= 500),
                    true
                )
            from jsonb_each(links) as link
        )
    end;
end;
$$;

create table mobile.changes (
    -- A user, for rows that are theirs, or a business, for rows that its members read.
    audience_id uuid not null,
    transaction_id xid8 not null default pg_current_xact_id(),
    view_name text not null,
    row_id uuid not null,
    -- The clock of the machine: transactions are counted by it and not by the platform's clock.
    at timestamptz not null default now(),

    -- It answers: what changed for this audience since this transaction?
    primary key (audience_id, transaction_id, view_name, row_id, at)
)
partition by range (at);
comment on table mobile.changes is
'Which row of which view changed for whom, by transaction. Kept for a month or two.';
comment on column mobile.changes.audience_id is '[person]';

-- What falls into no month that is prepared.
create table mobile.changes_else partition of mobile.changes default;

create table mobile.horizon (
    is_only boolean primary key default true,
    -- Changes of earlier transactions are forgotten.
    transaction_id xid8 not null,

    constraint horizon_has_one_row check (is_only)
);
comment on table mobile.horizon is 'Up to which transaction changes are forgotten, in one row.';

create table mobile.app_releases (
    platform text primary key,
    -- Older versions must be updated before they go on.
    least_version text not null,
    latest_version text not null,
    -- Nobody may use the app, whichever version it has.
    is_stopped boolean not null default false,
    -- What the app shows when it must be updated or is stopped.
    message text,
    store_url text,
    -- Addresses by name: deep links, support, terms.
    links jsonb not null default '{}',
    updated_at timestamptz not null default now(),

    constraint app_releases_platform_is_known check (
        platform in ('ios', 'android', 'web')
        or private.invalid('platform', 'must be ios, android or web')
    ),
    constraint app_releases_least_version_has_numbers check (
        mobile.is_version(least_version)
        or private.invalid('least_version', 'must be numbers with dots, such as 2.10.0')
    ),
    constraint app_releases_latest_version_has_numbers check (
        mobile.is_version(latest_version)
        or private.invalid('latest_version', 'must be numbers with dots, such as 2.10.0')
    ),
    constraint app_releases_latest_is_not_refused check (
        mobile.version_numbers(latest_version) >= mobile.version_numbers(least_version)
        or private.invalid('latest_version', 'must not be below least_version')
    ),
    constraint app_releases_message_is_short check (
        message is null
        or length(btrim(message)) between 1 and 500
        or private.invalid('message', 'must have 1 to 500 characters')
    ),
    constraint app_releases_store_url_is_one check (
        store_url is null
        or store_url ~ '^https://[^\s]+$' and length(store_url) <= 500
        or private.invalid('store_url', 'must be an address that begins with https://')
    ),
    constraint app_releases_links_are_texts check (
        mobile.are_links(links)
        or private.invalid('links', 'must be an object of at most 20 addresses by name')
    )
);
comment on table mobile.app_releases is 'Which versions of an app work, by platform.';
