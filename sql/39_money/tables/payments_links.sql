-- Links by which anybody who has one pays a sale, and cards that customers leave for a booking to
-- which they might not come.

create table money.payment_links (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    sale_id uuid not null,
    -- The hash of the secret in the link.
    token_hash bytea not null,
    -- Null: whatever the sale still owes.
    amount_minor bigint,
    expires_at timestamptz not null,
    created_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,

    constraint payment_links_business_id_id_unique unique (business_id, id),
    constraint payment_links_token_hash_unique unique (token_hash),
    constraint payment_links_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint payment_links_amount_is_positive check (amount_minor > 0)
);
comment on table money.payment_links is 'Secret links by which anybody who has one pays a sale.';
comment on column money.payment_links.token_hash is '[secret]';
comment on column money.payment_links.created_by is '[person]';
create index payment_links_sale_idx on money.payment_links (business_id, sale_id);
create index payment_links_created_by_idx on money.payment_links (created_by);

create table money.guarantees (
    business_id uuid not null,
    sale_id uuid not null,
    method_id uuid not null references money.payment_methods (id) on delete restrict,
    created_at timestamptz not null default now(),

    primary key (business_id, sale_id),
    constraint guarantees_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade
);
comment on table money.guarantees is
'The saved card that a customer left for the fees of a sale, such as for not coming.';
create index guarantees_method_id_idx on money.guarantees (method_id);
