-- Who may have what, during which period. Memberships, wholesale and passes write entitlements;
-- prices, policies and availability read them and know nothing about who wrote them.

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

    constraint entitlements_business_id_id_unique unique (business_id, id),
    constraint entitlements_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint entitlements_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete set null (customer_group_id),
    constraint entitlements_access_is_a_word check (access ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint entitlements_last_some_time check (not isempty(during))
);
comment on table customers.entitlements is
'Who may have what during which period: written by memberships, wholesale and passes.';
comment on column customers.entitlements.customer_id is '[person]';
-- What a customer may have now.
create index entitlements_customer_idx on customers.entitlements (business_id, customer_id);
create index entitlements_group_idx on customers.entitlements (business_id, customer_group_id);
