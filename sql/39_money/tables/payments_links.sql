-- Links by which anybody who has one pays a sale, cards that customers leave for a booking to which
-- they might not come, and what people asked of the provider of a payment.

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
    method_id uuid not null references money.payment_methods (id) on delete cascade,
    created_at timestamptz not null default now(),

    primary key (business_id, sale_id),
    constraint guarantees_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade
);
comment on table money.guarantees is
'The saved card that a customer left for the fees of a sale, such as for not coming.';
create index guarantees_method_id_idx on money.guarantees (method_id);

-- A row a request of a person: the payment itself changes only when the provider answers, which is
-- nobody's act any more. So the audit trail says who asked, and when.
create table money.requested_calls (
    id bigint generated always as identity primary key,
    payment_id uuid not null references money.payments (id) on delete restrict,
    -- The business for which a member asked; null: the payer asked.
    business_id uuid references business.businesses (id) on delete restrict,
    call money.provider_call not null,
    -- How much to take.
    amount_minor bigint,
    requested_by uuid references auth.users (id) on delete set null,
    requested_at timestamptz not null default now(),

    constraint requested_calls_are_of_payments check (call in ('capture', 'cancel')),
    constraint requested_calls_take_an_amount check (
        (call = 'capture') = (amount_minor is not null)
    )
);
comment on table money.requested_calls is
'Who asked to take the money that a payment reserved, or to release it, and when.';
comment on column money.requested_calls.requested_by is '[person]';
create index requested_calls_payment_id_idx on money.requested_calls (payment_id);
create index requested_calls_business_id_idx on money.requested_calls (business_id);
create index requested_calls_requested_by_idx on money.requested_calls (requested_by);
