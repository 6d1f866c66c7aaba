-- Calendars of other programs, whose busy time a resource does not take bookings in.

create table catalog.calendar_imports (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    -- Where it is read again and again. Whoever knows it reads somebody's calendar, so clients see
    -- only its host.
    url text,
    -- Or the file that was uploaded.
    content text,
    host text generated always as (substring(url, '^https?://([^/?#]+)')) stored,
    -- How often reading it was begun: of two that run at once only the later one counts.
    attempts integer not null default 0,
    requested_at timestamptz not null,
    -- When it was last read, changed or not, and when last in full.
    fetched_at timestamptz,
    expanded_at timestamptz,
    -- What the server called the version that was read last, in its own words.
    etag text,
    last_modified text,
    -- Events that could not be understood, and so do not block.
    skipped_count integer not null default 0,
    -- Why the last attempt failed, and since when all have.
    last_error text,
    failed_since timestamptz,
    created_at timestamptz not null default now(),

    constraint calendar_imports_business_id_id_unique unique (business_id, id),
    -- What blocked periods point at, so that they are of the same resource.
    constraint calendar_imports_resource_id_unique unique (business_id, resource_id, id),
    constraint calendar_imports_once_each unique (business_id, resource_id, url),
    constraint calendar_imports_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_imports_have_one_source check (
        num_nonnulls(url, content) = 1
        or private.invalid('url', 'or content must be sent, and not both')
    ),
    constraint calendar_imports_url_is_one check (
        url is null
        or length(url) <= 2000 and url ~ '^https?://[^/?#@]+([/?#][!-~]*)?$' and url ~ '^[!-~]+$'
        or private.invalid(
            'url', 'must be an http or https address of at most 2000 characters without a user name'
        )
    ),
    constraint calendar_imports_content_is_a_calendar check (
        content is null
        or octet_length(content) <= 1048576 and content ~ '^\uFEFF?BEGIN:VCALENDAR\r?\n'
        or private.invalid('content', 'must be an iCalendar file of at most 1 MiB')
    ),
    constraint calendar_imports_fail_with_a_reason check (
        (last_error is null) = (failed_since is null)
    )
);
comment on table catalog.calendar_imports is
'Calendars of other programs, by address or as a file, whose busy time blocks a resource.';
create index calendar_imports_requested_at_idx on catalog.calendar_imports (requested_at);
