-- Which customers turned out to be the same person. What the second one had is moved to the first,
-- row by row, and each change is written down, so that a merger can be undone. The row of the
-- second stays, and points at the first: by its account and its addresses the person is still
-- known.

-- What a merger does with the rows of a table that refers to customers.
create type crm.merge_action as enum ('move', 'keep');

create table crm.merge_rules (
    -- The table, with its schema.
    relation text not null,
    column_name text not null,
    action crm.merge_action not null,
    -- Why the rows stay with whom they are about.
    reason text,

    primary key (relation, column_name),
    constraint merge_rules_keep_for_a_reason check ((action = 'keep') = (reason is not null)),
    constraint merge_rules_column_name_is_one_line check (private.is_one_line(column_name)),
    constraint merge_rules_are_of_tables check (to_regclass(relation) is not null)
);
comment on table crm.merge_rules is
'What merging two customers does with each table that refers to customers.';

create table crm.mergers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    -- Who stays, and who was merged into them.
    customer_id uuid not null,
    duplicate_id uuid not null,
    merged_by uuid references auth.users (id) on delete set null,
    merged_at timestamptz not null,
    undone_by uuid references auth.users (id) on delete set null,
    undone_at timestamptz,

    constraint mergers_business_id_id_unique unique (business_id, id),
    constraint mergers_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint mergers_duplicate_fkey foreign key (business_id, duplicate_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint mergers_are_of_two check (customer_id <> duplicate_id)
);
comment on table crm.mergers is 'Which customers were merged, by whom, and whether it was undone.';
comment on column crm.mergers.customer_id is '[person: delete]';
comment on column crm.mergers.duplicate_id is '[person: delete]';
-- Somebody is merged into one other at a time.
create unique index mergers_one_at_a_time_idx on crm.mergers (business_id, duplicate_id)
where undone_at is null;
create index mergers_customer_idx on crm.mergers (business_id, customer_id);
create index mergers_duplicate_idx on crm.mergers (business_id, duplicate_id);
create index mergers_merged_by_idx on crm.mergers (merged_by);
create index mergers_undone_by_idx on crm.mergers (undone_by);

create table crm.merge_changes (
    business_id uuid not null,
    merge_id uuid not null,
    number integer not null,
    relation text not null,
    -- The key of the row after the merger, and the columns that changed: as before, and after it.
    key jsonb not null,
    before jsonb not null,
    after jsonb not null,

    primary key (business_id, merge_id, number),
    constraint merge_changes_merge_fkey foreign key (business_id, merge_id)
    references crm.mergers (business_id, id) on delete cascade
);
comment on table crm.merge_changes is 'Each row that a merger changed, as it was before.';
comment on column crm.merge_changes.merge_id is '[person: delete]';
comment on column crm.merge_changes.key is '[personal]';
comment on column crm.merge_changes.before is '[personal]';
comment on column crm.merge_changes.after is '[personal]';
