-- Calendars of other programs. A resource takes no bookings in their busy time.

create table catalog.calendar_imports (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    -- The address from which it is read regularly. It is a secret of the calendar's owner, so
    -- clients see only the host.
    url text,
    -- Or the file that was uploaded.
    content text,
    host text generated always as (substring(url, '^https?://([^/?#]+)')) stored,
    -- How often a reading was started: of two at once only the later one counts.
    attempts integer not null default 0,
    requested_at timestamptz not null,
    -- When it was last read, changed or not, and when it was last expanded in full.
    fetched_at timestamptz,
    expanded_at timestamptz,
    -- The version that was read last, in the server's words.
    etag text,
    last_modified text,
    -- Events that could not be read and do not block.
    skipped_count integer not null default 0,
    -- Why the last attempt failed, and since when every attempt has.
    last_error text,
    failed_since timestamptz,
    created_at timestamptz not null default now(),
    -- Since when readings have started without an answer; null: the last one answered.
    unanswered_since timestamptz,
    -- Why events were skipped: [{reason, count}], the most frequent first.
    skipped jsonb not null default '[]',

    constraint calendar_imports_business_id_id_unique unique (business_id, id),
    -- Blocked periods refer to it, so that they have the same resource.
    constraint calendar_imports_resource_id_unique unique (business_id, resource_id, id),
    constraint calendar_imports_once_each unique (business_id, resource_id, url),
    constraint calendar_imports_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_imports_have_one_source check (
        num_nonnulls(url, content) = 1
        or private.invalid('url', 'or content is required, but not both')
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
        or octet_length(content) <= 1048576 and content ~* '^[\uFEFF\s]*BEGIN:VCALENDAR\s'
        or private.invalid('content', 'must be an iCalendar file of at most 1 MiB')
    ),
    constraint calendar_imports_fail_with_a_reason check (
        (last_error is null) = (failed_since is null)
    )
);
comment on table catalog.calendar_imports is
'Calendars of other programs, by address or as a file, whose busy time blocks a resource.';
comment on column catalog.calendar_imports.resource_id is '[person: delete]';
comment on column catalog.calendar_imports.url is '[personal] [secret]';
comment on column catalog.calendar_imports.content is '[personal]';
comment on column catalog.calendar_imports.skipped is '[personal]';
create index calendar_imports_requested_at_idx on catalog.calendar_imports (requested_at);

-- When resources work and when they do not, in local time.

create table catalog.working_hours (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: the hours of the business, which every resource without hours of its own follows.
    resource_id uuid,
    -- ISO: 1 is Monday, 7 is Sunday.
    weekday smallint not null,
    opens_at time not null,
    closes_at time not null,

    constraint working_hours_business_id_id_unique unique (business_id, id),
    constraint working_hours_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint working_hours_weekday_is_iso check (
        weekday between 1 and 7
        or private.invalid('weekday', 'must be from 1 (Monday) to 7 (Sunday)')
    ),
    constraint working_hours_close_after_they_open check (
        closes_at > opens_at
        or private.invalid(
            'closes_at', 'must be after opens_at; put hours past midnight into the next day'
        )
    ),
    constraint working_hours_no_overlap exclude using gist (
        business_id with =,
        coalesce(resource_id, business_id) with =,
        weekday with =,
        int4range(
            extract(epoch from opens_at)::integer, extract(epoch from closes_at)::integer
        ) with &&
    )
);
comment on table catalog.working_hours is
'The weekly hours of a business or of one resource, as wall clocks. A break is the gap between two '
'rows.';
create index working_hours_resource_idx
on catalog.working_hours (business_id, resource_id, weekday);

create table catalog.schedule_exceptions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: for the business, and so for every resource that follows its hours.
    resource_id uuid,
    starts_on date not null,
    ends_on date not null,
    -- Both null: closed. Otherwise these hours replace the weekly ones, on each of the days.
    opens_at time,
    closes_at time,
    reason text,
    created_at timestamptz not null default now(),

    constraint schedule_exceptions_business_id_id_unique unique (business_id, id),
    constraint schedule_exceptions_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint schedule_exceptions_have_usual_dates check (
        private.is_usual_date(starts_on) and private.is_usual_date(ends_on)
        or private.invalid('starts_on and ends_on', 'must be between the years 1 and 9999')
    ),
    constraint schedule_exceptions_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint schedule_exceptions_are_shorter_than_two_years check (
        isfinite(starts_on) and isfinite(ends_on) and ends_on - starts_on <= 731
        or private.invalid('ends_on', 'must be within two years of starts_on')
    ),
    constraint schedule_exceptions_close_after_they_open check (
        (opens_at is null) = (closes_at is null) and coalesce(closes_at > opens_at, true)
        or private.invalid(
            'opens_at and closes_at', 'must both be empty, or closes_at must be after opens_at'
        )
    ),
    constraint schedule_exceptions_reason_is_short check (
        reason is null
        or length(reason) <= 500 and not private.has_control_characters(reason)
        or private.invalid('reason', 'must have at most 500 printable characters')
    )
);
comment on table catalog.schedule_exceptions is
'Days on which other hours hold than the weekly ones. All rows of a day together replace the '
'week''s.';
comment on column catalog.schedule_exceptions.resource_id is '[person]';
comment on column catalog.schedule_exceptions.reason is '[personal]';
create index schedule_exceptions_resource_idx
on catalog.schedule_exceptions (business_id, resource_id, ends_on, starts_on);

create table catalog.travel_zones (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    -- Dates of the zone that they travel to.
    starts_on date not null,
    ends_on date not null,
    time_zone text not null,
    created_at timestamptz not null default now(),

    constraint travel_zones_business_id_id_unique unique (business_id, id),
    constraint travel_zones_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint travel_zones_have_usual_dates check (
        private.is_usual_date(starts_on) and private.is_usual_date(ends_on)
        or private.invalid('starts_on and ends_on', 'must be between the years 1 and 9999')
    ),
    constraint travel_zones_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint travel_zones_time_zone_exists check (
        private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    ),
    constraint travel_zones_no_overlap exclude using gist (
        business_id with =, resource_id with =, daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table catalog.travel_zones is
'Where a resource is on some dates: its hours are read in that zone then.';
create index travel_zones_resource_idx on catalog.travel_zones (business_id, resource_id, ends_on);

create table catalog.blocked_periods (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: nobody in the business can be booked.
    resource_id uuid,
    during tstzrange not null,
    reason text,
    created_at timestamptz not null default now(),
    -- The calendar that it came from; null: a member blocked it.
    calendar_import_id uuid,
    -- The resource to which customers of the absent one may go.
    stand_in_id uuid,

    constraint blocked_periods_business_id_id_unique unique (business_id, id),
    constraint blocked_periods_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint blocked_periods_stand_in_fkey foreign key (business_id, stand_in_id)
    references catalog.resources (business_id, id) on delete set null (stand_in_id),
    constraint blocked_periods_stand_in_is_somebody_else check (
        stand_in_id is null
        or coalesce(stand_in_id <> resource_id, false)
        or private.invalid('stand_in_id', 'must be a different resource from the absent one')
    ),
    constraint blocked_periods_import_fkey foreign key (
        business_id, resource_id, calendar_import_id
    )
    references catalog.calendar_imports (business_id, resource_id, id) on delete cascade,
    constraint blocked_periods_imports_are_of_a_resource check (
        calendar_import_id is null or resource_id is not null
    ),
    constraint blocked_periods_imported_once unique (
        business_id, resource_id, calendar_import_id, during
    ),
    constraint blocked_periods_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    )
);
comment on table catalog.blocked_periods is
'Time in which a resource, or the whole business, takes no new bookings. Those that exist stay.';
comment on column catalog.blocked_periods.resource_id is '[person]';
comment on column catalog.blocked_periods.reason is '[personal]';
create index blocked_periods_resource_idx on catalog.blocked_periods (business_id, resource_id);
create index blocked_periods_stand_in_idx on catalog.blocked_periods (business_id, stand_in_id);
create index blocked_periods_during_idx
on catalog.blocked_periods using gist (business_id, during);
