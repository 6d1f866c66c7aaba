-- Reports that people put together: what they may ask for is a catalog of subjects, dimensions and
-- measures. A report is data and never SQL: its names are looked up here, and its values stay
-- parameters. Members save reports and share them inside their business.

create table insight.report_subjects (
    name text primary key,
    description text not null,
    -- Figures of days: of which part of a business. Null: rows of a view.
    part insight.subject,
    -- Rows of a view in public, read under the caller's policies, and the instant that dates a row.
    view_name text,
    instant_column text,

    constraint report_subjects_read_days_or_a_view check (
        (part is null) = (view_name is not null)
        and (view_name is null) = (instant_column is null)
    )
);
comment on table insight.report_subjects is
'What a report can be about, and from where its rows come.';

create type insight.report_field_kind as enum ('dimension', 'measure');

create table insight.report_fields (
    subject text not null references insight.report_subjects (name) on delete cascade,
    name text not null,
    kind insight.report_field_kind not null,
    description text not null,
    -- In which order fields are listed.
    position smallint not null,
    -- What a dimension shows or a measure sums; null: the day of a row, or the number of rows.
    column_name text,
    -- Of a dimension without a column: the period that begins with what it shows.
    grain text,
    -- Money is shown by currency and never summed across currencies.
    is_money boolean not null default false,

    primary key (subject, name),
    constraint report_fields_grain_is_known check (
        grain in ('day', 'week', 'month', 'quarter', 'year', 'weekday')
    ),
    constraint report_fields_dimension_is_a_column_or_a_period check (
        kind = 'measure' or (column_name is null) <> (grain is null)
    ),
    constraint report_fields_measure_has_no_period check (
        kind = 'dimension' or grain is null
    ),
    constraint report_fields_money_is_a_measure check (
        not is_money or (kind = 'measure' and column_name is not null)
    )
);
comment on table insight.report_fields is
'The dimensions and measures that reports can have. Every name in a report is one of these.';

create table insight.reports (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    definition jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint reports_business_id_id_unique unique (business_id, id),
    constraint reports_name_once unique (business_id, name),
    constraint reports_name_is_short check (
        length(btrim(name)) between 1 and 100 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 100 printable characters')
    )
);
comment on table insight.reports is
'Reports that the members of a business saved, each under a name.';

-- A report as it was read: every name is of the catalog.
create type insight.report as (
    business_id uuid,
    subject text,
    from_on date,
    to_on date,
    dimensions text [],
    measures text [],
    filters jsonb,
    sort text [],
    max_rows integer
);
