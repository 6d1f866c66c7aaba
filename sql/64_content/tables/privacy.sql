-- Privacy: what is known about a person can be exported and erased. Which columns are personal and
-- which name the person stands in their comments (00_foundation/functions/personal_data.sql), so a
-- new table is covered as soon as it is tagged, and a test refuses columns without a tag. Erasing
-- keeps the rows that statistics and the ledger need, and empties what identifies somebody; what
-- must stay for some years is tagged with the reason.

create schema privacy;
comment on schema privacy is 'Requests to export and to erase, and how long data are kept.';

create type privacy.request_kind as enum ('export', 'erasure');
-- waiting: for its time or a worker; erased: only files are left to delete.
create type privacy.request_state as enum (
    'waiting', 'erased', 'done', 'cancelled', 'refused', 'expired'
);

-- A table that has rows about people.
create type privacy.person_table as (
    relation regclass,
    -- What finds a person's rows.
    condition text,
    -- Whether keys of people refer to the ids of its rows.
    is_named boolean,
    has_business boolean
);

-- A person while they are exported or erased.
create type privacy.person as (
    user_id uuid,
    -- Proven addresses, in lower case, by which rows without an account are found.
    contacts text array,
    -- The person's ids: of the account, and of every row about them that others refer to.
    ids uuid array,
    -- The businesses where they have rows, which lead the indexes.
    business_ids uuid array,
    -- Only the rows of this business; null: all.
    business_id uuid,
    -- Where to look, from the catalog's tags.
    tables privacy.person_table array
);

create table privacy.settings (
    -- One row, which the operator edits.
    is_only_row boolean primary key default true,
    -- How long somebody may change their mind after asking to be erased.
    grace_days integer not null default 7,
    -- How old a sign-in may be for it.
    sign_in_minutes integer not null default 10,
    -- How long an export can be fetched.
    export_hours integer not null default 72,

    constraint settings_are_one_row check (is_only_row),
    constraint settings_are_sane check (
        grace_days between 0 and 30 and sign_in_minutes > 0 and export_hours between 1 and 720
    )
);
comment on table privacy.settings is 'Periods of exports and erasures.';

create table privacy.requests (
    id uuid primary key default gen_random_uuid(),
    kind privacy.request_kind not null,
    state privacy.request_state not null default 'waiting',
    -- Whom it is about: an account, a customer of a business, or a guest by address.
    user_id uuid references auth.users (id) on delete set null,
    business_id uuid references business.businesses (id) on delete cascade,
    customer_id uuid,
    email text,
    -- Null: the operator.
    requested_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null,
    due_at timestamptz not null,
    finished_at timestamptz,
    -- When the file of an export is deleted.
    expires_at timestamptz,
    object_name text,
    -- How many rows of which tables: {"erased": {table: rows}, "deleted": {table: rows},
    -- "kept": [{table, column, rows, years, reason}]}.
    report jsonb not null default '{}',

    constraint requests_are_about_one check (
        num_nonnulls(user_id, customer_id, email) >= 1 or state <> 'waiting'
    ),
    constraint requests_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete set null (customer_id),
    constraint requests_business_id_id_unique unique (business_id, id),
    constraint requests_have_one_line check (private.is_one_line(concat(email, object_name)))
);
comment on table privacy.requests is
'Who asked for whose data to be exported or erased, and what was done.';
comment on column privacy.requests.user_id is '[person]';
comment on column privacy.requests.email is '[person] [personal]';
create index requests_user_id_idx on privacy.requests (user_id);
create index requests_requested_by_idx on privacy.requests (requested_by);
create index requests_customer_idx on privacy.requests (business_id, customer_id);
-- One of each kind waits at a time.
create unique index requests_one_waiting_idx
on privacy.requests (kind, user_id, business_id, customer_id, email)
nulls not distinct
where state = 'waiting';
-- What is due?
create index requests_due_at_idx on privacy.requests (due_at)
where state in ('waiting', 'erased', 'done');

create type privacy.retention_action as enum ('delete', 'erase');

create table privacy.retention_rules (
    -- The table, with its schema.
    relation text primary key,
    -- The instant from which its rows are counted.
    counted_from text not null,
    keep interval not null,
    -- Delete the row, or erase what is personal in it, the kept columns included.
    action privacy.retention_action not null,
    reason text not null,

    constraint retention_rules_keep_a_while check (keep >= interval '1 day'),
    constraint retention_rules_are_of_tables check (to_regclass(relation) is not null)
);
comment on table privacy.retention_rules is
'How long the rows of a table are kept. The operator edits the periods; a worker applies them '
'daily.';
