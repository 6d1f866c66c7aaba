-- Who may have what, during which period. Memberships, wholesale and passes write entitlements and
-- allowances; prices, policies and availability read them and know nothing about who wrote them.

create table customers.entitlements (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    -- Whom it is for.
    customer_id uuid not null,
    -- What it gives access to, a word such as gold_member.
    access text not null,
    during tstzrange not null,
    created_at timestamptz not null default now(),
    -- The group of customers to which they belong meanwhile; null: none.
    customer_group_id uuid,
    -- The row of a later domain that granted it, such as a membership.
    source_id uuid,
    -- How many days further ahead than others they may book.
    advance_days integer not null default 0,

    constraint entitlements_business_id_id_unique unique (business_id, id),
    constraint entitlements_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint entitlements_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete set null (customer_group_id),
    constraint entitlements_access_is_a_word check (access ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint entitlements_last_some_time check (not isempty(during)),
    constraint entitlements_advance_is_sane check (advance_days between 0 and 3650)
);
comment on table customers.entitlements is
'Who may have what during which period: written by memberships, wholesale and passes.';
comment on column customers.entitlements.customer_id is '[person]';
-- What a customer may have now.
create index entitlements_customer_idx on customers.entitlements (business_id, customer_id);
create index entitlements_group_idx on customers.entitlements (business_id, customer_group_id);
-- What a membership granted, when it ends or is paused.
create index entitlements_source_idx on customers.entitlements (business_id, source_id)
where source_id is not null;

-- What somebody paid for before: visits or credits that pay for things until they are used up. What
-- one thing costs is copied into the allowance, as it was agreed.
create table customers.allowances (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    -- The row of a later domain that granted it, such as a period of a membership.
    source_id uuid not null,
    -- How it is called on the line that it pays.
    name text not null,
    -- When the visits that it pays may take place. A pause leaves a gap.
    during tstzmultirange not null,
    granted integer not null,
    used integer not null default 0,
    -- What it pays, such as services, and how many units one of each costs.
    item_ids uuid array not null,
    item_units integer array not null,
    created_at timestamptz not null default now(),

    constraint allowances_business_id_id_unique unique (business_id, id),
    constraint allowances_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint allowances_name_is_one_line check (private.is_one_line(name)),
    constraint allowances_are_sane check (granted between 1 and 1000000),
    constraint allowances_are_not_overdrawn check (used between 0 and granted),
    constraint allowances_say_what_each_costs check (
        cardinality(item_ids) = cardinality(item_units) and 0 < all(item_units)
    )
);
comment on table customers.allowances is
'Visits and credits that customers paid for before, and how many of them are used.';
comment on column customers.allowances.customer_id is '[person]';
-- What pays for a customer's next visit.
create index allowances_customer_idx on customers.allowances (business_id, customer_id);
create index allowances_source_idx on customers.allowances (business_id, source_id);
