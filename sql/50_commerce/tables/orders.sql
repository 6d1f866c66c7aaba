-- Orders: the goods of a sale on their way to whoever bought them. What is owed and paid is the
-- sale's; an order says where its pieces go, how far they have come, and who did what when. Name,
-- SKU and quantity of an item never change: pieces are counted as shipped, delivered, returned or
-- cancelled beside them.

create type commerce.order_status as enum (
    'pending', 'paid', 'fulfilling', 'shipped', 'delivered', 'completed', 'cancelled', 'expired',
    'returned'
);

-- What the timeline of an order tells: a step to a status, or something that happened in one.
create type commerce.order_event as enum (
    'placed', 'paid', 'fulfilling', 'shipped', 'delivered', 'completed', 'cancelled', 'expired',
    'returned', 'paid_too_late', 'lines_cancelled', 'part_shipped', 'part_delivered',
    'shipment_lost', 'return_requested', 'return_approved', 'return_rejected', 'return_received',
    'refunded', 'changed'
);

-- What has to be so before a step is taken, and the moment at which an order takes one by itself.
create type commerce.order_guard as enum ('paid');
create type commerce.order_moment as enum ('expires_at', 'returns_until');

-- Some pieces of a variant that are ordered with a line of a sale, from a store.
create type commerce.order_line as (
    sale_line_id uuid,
    variant_id uuid,
    store_id uuid,
    sku text,
    name text,
    -- Pieces; those of a bundle are its units, times what one unit contains.
    quantity integer,
    pieces_per_unit integer
);

-- Some units of a line of a sale, and some pieces of an item of an order.
create type commerce.line_quantity as (sale_line_id uuid, quantity integer);
create type commerce.item_quantity as (order_item_id uuid, quantity integer);

-- Where pieces of an item come back to, and whether they go into its stock; null: as the rest.
create type commerce.return_decision as (
    order_item_id uuid, store_id uuid, is_restocked boolean
);

-- Units of a variant that are added to an order; `unit_minor` null: at the price of today.
create type commerce.order_addition as (variant_id uuid, quantity integer, unit_minor bigint);

create table commerce.order_settings (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    -- How long after its delivery a customer may return pieces.
    return_days integer not null default 14,
    updated_at timestamptz not null default now(),
    -- How long an order waits to be paid; null: an hour after a payment was begun, else a day, or a
    -- week where it is picked up.
    unpaid_hours integer,

    constraint order_settings_return_days_is_sane check (
        return_days between 0 and 365 or private.invalid('return_days', 'must be from 0 to 365')
    ),
    constraint order_settings_unpaid_hours_are_sane check (
        coalesce(unpaid_hours between 1 and 8760, true)
        or private.invalid('unpaid_hours', 'must be from 1 to 8760')
    )
);
comment on table commerce.order_settings is
'How a business treats orders. Without a row the defaults hold.';

create table commerce.orders (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    sale_id uuid not null,
    customer_id uuid references auth.users (id) on delete set null,
    reference text not null,
    status commerce.order_status not null,
    -- The reason of a cancellation.
    status_reason text,
    delivery_kind commerce.delivery_kind not null,
    -- Where it is picked up, or from where it is sent.
    store_id uuid,
    delivery_option_id uuid,
    -- Where it goes, as it was then: {name, line1, line2, postal_code, city, region, country,
    -- phone}.
    address jsonb,
    -- An order that is not paid by then expires; null: never.
    expires_at timestamptz,
    -- Net terms: the business delivers before it is paid.
    pays_later boolean not null default false,
    -- How often what was ordered changed; 1: as placed.
    version integer not null default 1,
    placed_at timestamptz not null,
    updated_at timestamptz not null default now(),
    -- The company for which it was ordered; null: for the customer alone.
    wholesale_account_id uuid,
    -- Net terms: until when it is paid.
    due_at timestamptz,
    -- Until then the customer may return pieces; set when it is delivered.
    returns_until timestamptz,

    constraint orders_business_id_id_unique unique (business_id, id),
    constraint orders_sale_unique unique (business_id, sale_id),
    constraint orders_reference_unique unique (reference),
    constraint orders_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint orders_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete restrict,
    -- An option by which something was ordered stays; it is switched off instead.
    constraint orders_delivery_option_fkey foreign key (business_id, delivery_option_id)
    references commerce.delivery_options (business_id, id) on delete restrict,
    constraint orders_version_is_positive check (version > 0),
    constraint orders_address_is_an_object check (jsonb_typeof(address) = 'object'),
    constraint orders_are_picked_up_somewhere check (
        delivery_kind <> 'pickup' or store_id is not null
    )
);
comment on table commerce.orders is 'The goods of a sale on their way to whoever bought them.';
comment on column commerce.orders.customer_id is '[person]';
comment on column commerce.orders.status_reason is '[personal]';
comment on column commerce.orders.address is '[personal]';
-- My orders, and those of a business, page by page.
create index orders_customer_id_idx on commerce.orders (customer_id, placed_at, id);
create index orders_business_id_idx on commerce.orders (business_id, placed_at, id);
create index orders_store_idx on commerce.orders (business_id, store_id);
create index orders_delivery_option_idx on commerce.orders (business_id, delivery_option_id);
-- Which unpaid orders expire next.
create index orders_expires_at_idx on commerce.orders (expires_at) where status = 'pending';
-- Which delivered orders nobody may return from now on.
create index orders_returns_until_idx on commerce.orders (returns_until)
where status = 'delivered';

create table commerce.order_items (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    order_id uuid not null,
    sale_line_id uuid not null,
    variant_id uuid not null,
    -- From where it goes.
    store_id uuid not null,
    sku text not null,
    name text not null,
    quantity integer not null,
    -- A bundle has an item for each variant in it.
    pieces_per_unit integer not null default 1,
    shipped_quantity integer not null default 0,
    delivered_quantity integer not null default 0,
    returned_quantity integer not null default 0,
    cancelled_quantity integer not null default 0,

    constraint order_items_business_id_id_unique unique (business_id, id),
    constraint order_items_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint order_items_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint order_items_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete restrict,
    constraint order_items_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint order_items_quantity_is_positive check (quantity > 0),
    constraint order_items_are_whole_units check (
        pieces_per_unit > 0 and quantity % pieces_per_unit = 0
    ),
    constraint order_items_counts_not_negative check (
        least(shipped_quantity, delivered_quantity, returned_quantity, cancelled_quantity) >= 0
    ),
    constraint order_items_ship_what_is_ordered check (
        shipped_quantity + cancelled_quantity <= quantity
    ),
    constraint order_items_deliver_what_is_shipped check (delivered_quantity <= shipped_quantity),
    constraint order_items_return_what_is_shipped check (returned_quantity <= shipped_quantity)
);
comment on table commerce.order_items is
'The pieces of an order: what was ordered, and how many of them were shipped, delivered, returned '
'or cancelled.';
comment on column commerce.order_items.order_id is '[person]';
create index order_items_order_idx on commerce.order_items (business_id, order_id);
create index order_items_sale_line_idx on commerce.order_items (business_id, sale_line_id);
create index order_items_variant_idx on commerce.order_items (business_id, variant_id);
create index order_items_store_idx on commerce.order_items (business_id, store_id);

create table commerce.order_steps (
    from_status commerce.order_status not null,
    to_status commerce.order_status not null,
    -- Who may take this step. The system may take every step that exists.
    actors scheduling.actor_kind array not null,
    guard commerce.order_guard,
    -- When it happens by itself; null: only when somebody takes it.
    due commerce.order_moment,

    primary key (from_status, to_status)
);
comment on table commerce.order_steps is
'The life of an order: every step that exists, who may take it, what has to be so, and what '
'happens by itself.';

create table commerce.order_history (
    id bigint generated always as identity primary key,
    business_id uuid not null,
    order_id uuid not null,
    event commerce.order_event not null,
    -- The status of the order after it.
    status commerce.order_status not null,
    actor scheduling.actor_kind not null,
    actor_id uuid references auth.users (id) on delete set null,
    note text,
    at timestamptz not null,

    constraint order_history_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade
);
comment on table commerce.order_history is
'What happened to every order, by whom and when. Only ever added to.';
comment on column commerce.order_history.order_id is '[person]';
comment on column commerce.order_history.note is '[personal]';
create index order_history_order_idx on commerce.order_history (business_id, order_id, id);
create index order_history_actor_id_idx on commerce.order_history (actor_id);

-- A guest's code may be for an order.
alter table scheduling.guest_codes
add constraint guest_codes_order_fkey foreign key (business_id, order_id)
references commerce.orders (business_id, id) on delete cascade;
