-- The audit trail: who changed which row when, from where and by which call, with the row before
-- and after. One trigger function writes it; 95_attach hangs it on every table that its list does
-- not leave out. The trail is append-only for everybody, the owner of the tables included: the only
-- change that it takes is one that masks personal data and is written down (audit.maskings). A
-- superuser can do anything, and the owner of a table can drop it.
--
-- It is partitioned by month. Values of columns that are tagged as personal or secret are never
-- written into it: they appear as ***.

create schema audit;
comment on schema audit is 'The audit trail: who changed what, when and by which call.';

create type audit.operation as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');

-- Where a change came from.
create type audit.origin as (
    actor_id uuid,
    actor_role text,
    cause text,
    request_id text,
    address inet,
    user_agent text
);

create table audit.entries (
    id bigint generated always as identity,
    -- The clock of the machine, which nobody moves.
    at timestamptz not null default now(),
    transaction_id xid8 not null default pg_current_xact_id(),
    table_name text not null,
    operation audit.operation not null,
    business_id uuid,
    -- The key of the row; the columns of a longer one are joined by a slash.
    row_id text,
    -- The row that was deleted or, of an update, the columns that changed.
    before jsonb,
    -- The row that was inserted or, of an update, the columns that changed.
    after jsonb,
    -- No reference: the record outlives the user. Null when the operator's software did it.
    actor_id uuid,
    actor_role text not null,
    cause text not null,
    request_id text,
    address inet,
    user_agent text,

    primary key (id, at)
)
partition by range (at);
comment on table audit.entries is
'Who changed which row, from where and by which call. Only ever added to.';
comment on column audit.entries.row_id is '[person]';
comment on column audit.entries.before is '[personal: kept 2 years: what was changed]';
comment on column audit.entries.after is '[personal: kept 2 years: what was changed]';
comment on column audit.entries.actor_id is '[person]';
comment on column audit.entries.address is '[personal: kept 2 years: abuse is found by address]';
comment on column audit.entries.user_agent is
'[personal: kept 2 years: abuse is found by program]';
-- What happened to a business, the latest first.
create index entries_business_id_idx on audit.entries (business_id, id)
where business_id is not null;
-- What happened to a row.
create index entries_row_id_idx on audit.entries (row_id, table_name);
-- What somebody did.
create index entries_actor_id_idx on audit.entries (actor_id, id) where actor_id is not null;

-- What falls into no month that is prepared; private.keep_audit_months prepares them in time.
create table audit.entries_else partition of audit.entries default;

create table audit.maskings (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    transaction_id xid8 not null default pg_current_xact_id(),
    entry_id bigint not null,
    -- Which columns of the entry were masked.
    columns text[] not null,
    reason text not null,
    actor_id uuid,
    actor_role text not null,

    constraint maskings_reason_is_short check (length(reason) between 1 and 1000)
);
comment on table audit.maskings is
'Which entries of the trail lost personal data, when and why. Only ever added to.';
comment on column audit.maskings.actor_id is '[person]';
create index maskings_entry_id_idx on audit.maskings (entry_id, transaction_id);
