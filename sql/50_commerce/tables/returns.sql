-- What comes back, or should. A return: pieces come back and their price is given back. An
-- exchange: pieces come back and others are sent: the same again, or other variants, whose
-- difference in price is paid or given back. A claim: something was lost or broken; it is
-- replaced or its price is given back, and nothing comes back.

create type commerce.return_kind as enum ('return', 'exchange', 'claim');
create type commerce.return_resolution as enum ('refund', 'replacement');
create type commerce.return_status as enum (
    'requested', 'approved', 'rejected', 'received', 'refunded'
);

create table commerce.returns (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    order_id uuid not null,
    kind commerce.return_kind not null,
    resolution commerce.return_resolution not null,
    status commerce.return_status not null,
    reason text,
    -- What the business wrote when it approved or rejected it.
    decision_note text,
    requested_by uuid references auth.users (id) on delete set null,
    requested_at timestamptz not null,
    decided_at timestamptz,
    received_at timestamptz,
    refunded_at timestamptz,

    constraint returns_business_id_id_unique unique (business_id, id),
    constraint returns_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint returns_exchanges_replace check (
        kind = 'claim' or (kind = 'exchange') = (resolution = 'replacement')
    )
);
comment on table commerce.returns is
'Returns, exchanges and claims of orders, from the request to the refund.';
comment on column commerce.returns.order_id is '[person]';
comment on column commerce.returns.reason is '[personal]';
comment on column commerce.returns.decision_note is '[personal]';
comment on column commerce.returns.requested_by is '[person]';
create index returns_order_idx on commerce.returns (business_id, order_id, status);
create index returns_requested_by_idx on commerce.returns (requested_by);

create table commerce.return_items (
    business_id uuid not null,
    return_id uuid not null,
    order_item_id uuid not null,
    quantity integer not null,
    -- Which store received the pieces, and whether they went into its stock; null until then, and
    -- where nothing comes back.
    store_id uuid,
    is_restocked boolean,

    primary key (business_id, return_id, order_item_id),
    constraint return_items_return_fkey foreign key (business_id, return_id)
    references commerce.returns (business_id, id) on delete cascade,
    constraint return_items_item_fkey foreign key (business_id, order_item_id)
    references commerce.order_items (business_id, id) on delete restrict,
    constraint return_items_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint return_items_quantity_is_positive check (quantity > 0),
    constraint return_items_come_back_somewhere check (
        (store_id is null) = (is_restocked is null)
    )
);
comment on table commerce.return_items is 'Which pieces a return has.';
create index return_items_item_idx on commerce.return_items (business_id, order_item_id);
create index return_items_store_idx on commerce.return_items (business_id, store_id);

-- What is sent for the pieces of an exchange, at the price of the day on which it was asked for.
create table commerce.return_replacements (
    business_id uuid not null,
    return_id uuid not null,
    variant_id uuid not null,
    unit_minor bigint not null,
    quantity integer not null,

    primary key (business_id, return_id, variant_id, unit_minor),
    constraint return_replacements_return_fkey foreign key (business_id, return_id)
    references commerce.returns (business_id, id) on delete cascade,
    constraint return_replacements_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete restrict,
    constraint return_replacements_quantity_is_positive check (quantity > 0),
    constraint return_replacements_price_not_negative check (unit_minor >= 0)
);
comment on table commerce.return_replacements is
'Which variants are sent for the pieces of an exchange. Without a row the same pieces are.';
create index return_replacements_variant_idx
on commerce.return_replacements (business_id, variant_id);
