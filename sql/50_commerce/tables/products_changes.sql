-- Changes of products that the platform looks at first. Where the flag product_approval is on for a
-- business, its members change a published product by a proposal; until it is approved, everybody
-- sees the product as it was. Proposals stay as the history of what was asked and decided.

create type commerce.change_status as enum ('pending', 'approved', 'rejected', 'withdrawn');

create table commerce.product_changes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    product_id uuid not null,
    -- What was proposed: rows as of bulk_upsert_products.
    changes jsonb not null,
    note text,
    status commerce.change_status not null default 'pending',
    proposed_by uuid references auth.users (id) on delete set null,
    proposed_at timestamptz not null,
    decided_by uuid references auth.users (id) on delete set null,
    decided_at timestamptz,
    -- Why it was rejected.
    reason text,

    constraint product_changes_business_id_id_unique unique (business_id, id),
    constraint product_changes_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_changes_decisions_have_a_moment check (
        (status = 'pending') = (decided_at is null)
    ),
    constraint product_changes_rejections_have_a_reason check (
        (status = 'rejected') = (reason is not null)
    )
);
comment on table commerce.product_changes is
'Changes of published products that were proposed to the platform, and what became of them.';
comment on column commerce.product_changes.proposed_by is '[person]';
comment on column commerce.product_changes.decided_by is '[person]';
comment on column commerce.product_changes.note is '[personal]';
comment on column commerce.product_changes.reason is '[personal]';
-- A product has one pending change at most.
create unique index product_changes_one_pending_idx
on commerce.product_changes (business_id, product_id) where status = 'pending';
-- The history of a product, and what waits for a decision.
create index product_changes_product_idx
on commerce.product_changes (business_id, product_id, proposed_at);
create index product_changes_pending_idx
on commerce.product_changes (proposed_at) where status = 'pending';
create index product_changes_proposed_by_idx on commerce.product_changes (proposed_by);
create index product_changes_decided_by_idx on commerce.product_changes (decided_by);
