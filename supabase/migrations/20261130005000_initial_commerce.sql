-- The initial schema of 50_commerce: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/50_commerce/tables/base.sql

-- The schema of commerce and the types that several of its files share. The files of this folder
-- load alphabetically, so this one comes first.

create schema commerce;
comment on schema commerce is
'Stock, carts, orders, shipments, returns and wholesale.';

-- Why a level changed: sold when an order takes pieces, cancelled when an order that was not sent
-- gives them back, returned when they come back after they were sent.
create type commerce.movement_reason as enum (
    'received', 'returned', 'found', 'damaged', 'lost', 'corrected', 'counted', 'transferred',
    'sold', 'cancelled'
);

-- Some pieces of a variant.
create type commerce.stock_item as (variant_id uuid, quantity integer);

-- Some pieces of a variant that come into a store, or leave it (less than 0).
create type commerce.stock_move as (store_id uuid, variant_id uuid, quantity integer);

-- What is known of pieces beside their number: what one cost, and of which lot they are.
create type commerce.stock_origin as (unit_cost_minor bigint, lot_code text, expires_on date);

create type commerce.delivery_kind as enum ('pickup', 'delivery');

-- sql/50_commerce/tables/carts.sql

-- What somebody is about to buy, from one business or several, in one currency. A cart belongs to
-- an account, or to whoever has its token. It keeps no prices: they are computed whenever it is
-- read, and once more when it is checked out. A service in a cart is a booking that is held.

create table commerce.carts (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references auth.users (id) on delete cascade,
    -- The hash of the secret by which somebody without an account finds it again.
    token_hash bytea,
    currency text not null references pricing.currencies (code) on delete restrict,
    created_at timestamptz not null default now(),
    -- When something in it last changed; idle carts are deleted.
    updated_at timestamptz not null default now(),
    -- What became of it: the basket of its sales, and by which call and with which answer it was
    -- bought.
    checked_out_at timestamptz,
    basket_id uuid references sales.baskets (id) on delete restrict,
    checkout_key text,
    checkout_hash bytea,
    answer jsonb,

    constraint carts_token_hash_unique unique (token_hash),
    constraint carts_belong_to_one check (num_nonnulls(user_id, token_hash) = 1),
    constraint carts_are_checked_out_at_once check (
        num_nonnulls(checked_out_at, basket_id, answer) in (0, 3)
        and num_nonnulls(checkout_key, checkout_hash) in (0, 2)
        and (checked_out_at is null or checkout_key is not null)
    )
);
comment on table commerce.carts is
'What somebody is about to buy: one open cart for each account or token.';
comment on column commerce.carts.user_id is '[person: delete]';
comment on column commerce.carts.token_hash is '[secret]';
comment on column commerce.carts.checkout_key is '[secret]';
comment on column commerce.carts.checkout_hash is '[secret]';
-- It has the codes of the gift cards that were bought.
comment on column commerce.carts.answer is '[secret]';
-- An account has one open cart, and buys once by a key.
create unique index carts_one_open_idx on commerce.carts (user_id)
where checked_out_at is null and checkout_key is null;
create unique index carts_checkout_key_idx on commerce.carts (user_id, checkout_key)
where checkout_key is not null;
create index carts_basket_id_idx on commerce.carts (basket_id) where basket_id is not null;
create index carts_currency_idx on commerce.carts (currency);
-- The carts to delete.
create index carts_updated_at_idx on commerce.carts (updated_at);

create table commerce.cart_items (
    id uuid primary key default gen_random_uuid(),
    cart_id uuid not null references commerce.carts (id) on delete cascade,
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- The order in which things were added.
    position bigint not null generated always as identity,
    -- What it is: a variant of a product, a booking that is held, a gift card of an amount, or a
    -- plan to join.
    variant_id uuid,
    booking_id uuid,
    gift_card_minor bigint,
    quantity integer not null default 1,
    -- The store where it is picked up; null: decided at checkout.
    store_id uuid,
    plan_id uuid,

    constraint cart_items_business_id_id_unique unique (business_id, id),
    constraint cart_items_once_each
    unique nulls not distinct (
        cart_id, variant_id, booking_id, gift_card_minor, plan_id, business_id
    ),
    constraint cart_items_booking_unique unique (business_id, booking_id),
    constraint cart_items_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint cart_items_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint cart_items_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete set null (store_id),
    constraint cart_items_are_one_thing check (
        num_nonnulls(variant_id, booking_id, gift_card_minor, plan_id) = 1
    ),
    constraint cart_items_quantity_is_sane check (quantity between 1 and 100000),
    constraint cart_items_bookings_are_single check (booking_id is null or quantity = 1),
    constraint cart_items_plans_are_single check (plan_id is null or quantity = 1),
    constraint cart_items_gift_cards_are_sane check (
        gift_card_minor between 1 and 1000000000000
    )
);
comment on table commerce.cart_items is 'What is in a cart.';
comment on column commerce.cart_items.cart_id is '[person: delete]';
create index cart_items_variant_idx on commerce.cart_items (business_id, variant_id);
create index cart_items_store_idx on commerce.cart_items (business_id, store_id)
where store_id is not null;

-- sql/50_commerce/tables/delivery.sql

-- How goods reach their buyer: picked up at a store, or delivered. Each option says where it goes,
-- for which weights and amounts, and what it costs; a business that delivers to several zones, or
-- by weight, has an option for each.

create table commerce.delivery_options (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    kind commerce.delivery_kind not null,
    -- Where it is picked up, or sent from; null: any store of the business.
    store_id uuid,
    -- Where it goes: ISO 3166 codes (DE, or DE-BY for a part) and how postal codes begin. Empty:
    -- everywhere.
    regions text[] not null default '{}',
    postal_prefixes text[] not null default '{}',
    -- For which weight and which amount of goods; null: no bound. The upper bounds are included.
    min_weight_grams integer,
    max_weight_grams integer,
    min_amount_minor bigint,
    max_amount_minor bigint,
    currency text not null references pricing.currencies (code) on delete restrict,
    price_minor bigint not null default 0,
    -- Goods of this amount or more are delivered for nothing.
    free_from_minor bigint,
    tax_class text not null default 'standard'
    references pricing.tax_classes (name) on delete restrict,
    -- Whether one order may come from several stores.
    can_split boolean not null default false,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint delivery_options_business_id_id_unique unique (business_id, id),
    constraint delivery_options_name_unique unique (business_id, name),
    constraint delivery_options_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint delivery_options_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint delivery_options_regions_are_iso_3166 check (
        cardinality(regions) <= 300
        and array_to_string(regions, ',', '') ~ '^([A-Z]{2}(-[A-Z0-9]{1,3})?(,|$))*$'
        or private.invalid('regions', 'must be ISO 3166 codes, such as DE or DE-BY')
    ),
    constraint delivery_options_postal_prefixes_are_short check (
        cardinality(postal_prefixes) <= 1000
        and array_to_string(postal_prefixes, ',', '') ~ '^([0-9A-Z][0-9A-Z -]{0,9}(,|$))*$'
        or private.invalid(
            'postal_prefixes', 'must be beginnings of postal codes of 1 to 10 digits and capitals'
        )
    ),
    constraint delivery_options_weights_are_sane check (
        coalesce(min_weight_grams >= 0, true)
        and coalesce(max_weight_grams >= coalesce(min_weight_grams, 0), true)
        or private.invalid(
            'min_weight_grams and max_weight_grams', 'must be 0 or more, in this order'
        )
    ),
    constraint delivery_options_amounts_are_sane check (
        coalesce(min_amount_minor >= 0, true)
        and coalesce(max_amount_minor >= coalesce(min_amount_minor, 0), true)
        and coalesce(free_from_minor >= 0, true)
        or private.invalid(
            'min_amount_minor, max_amount_minor and free_from_minor',
            'must be 0 or more, and the first not above the second'
        )
    ),
    constraint delivery_options_price_not_negative check (
        price_minor between 0 and 1000000000000
        or private.invalid('price_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint delivery_options_pickups_do_not_split check (
        kind = 'delivery' or not can_split
        or private.invalid('can_split', 'must be false where goods are picked up')
    )
);
comment on table commerce.delivery_options is 'How goods reach their buyer, and what that costs.';
create index delivery_options_active_idx on commerce.delivery_options (business_id, position)
where is_active;
create index delivery_options_store_idx on commerce.delivery_options (business_id, store_id);
create index delivery_options_currency_idx on commerce.delivery_options (currency);
create index delivery_options_tax_class_idx on commerce.delivery_options (tax_class);

-- What is to be delivered, to whom. The address is null where somebody only looks.
create type commerce.parcel as (
    business_id uuid,
    region text,
    postal_code text,
    weight_grams bigint,
    amount_minor bigint,
    currency text
);

-- How the goods of one business reach their buyer.
create type commerce.delivery_choice as (
    business_id uuid,
    option_id uuid,
    kind commerce.delivery_kind,
    store_id uuid,
    can_split boolean,
    name text,
    price_minor bigint,
    tax_class text
);

-- Pieces that an order takes from a store for a line of its sale.
create type commerce.stock_part as (
    place integer,
    store_id uuid,
    quantity integer
);

-- sql/50_commerce/tables/markets.sql

-- The markets of a business: in which currency and in which language it sells to which countries. A
-- market is what a buyer's country says, so that nobody has to choose: the currency decides which
-- price lists, which payment providers (payment_ranges) and which delivery options there are.

create table commerce.markets (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- ISO 3166 codes (DE, or DE-BY for a part). Empty: every country without a market of its own.
    regions text[] not null default '{}',
    currency text not null references pricing.currencies (code) on delete restrict,
    locale text not null,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint markets_business_id_id_unique unique (business_id, id),
    constraint markets_name_unique unique (business_id, name),
    constraint markets_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint markets_regions_are_iso_3166 check (
        cardinality(regions) <= 300
        and array_to_string(regions, ',', '') ~ '^([A-Z]{2}(-[A-Z0-9]{1,3})?(,|$))*$'
        or private.invalid('regions', 'must be ISO 3166 codes, such as DE or DE-BY')
    ),
    constraint markets_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    )
);
comment on table commerce.markets is
'In which currency and in which language a business sells to which countries.';
create index markets_currency_idx on commerce.markets (currency);

-- sql/50_commerce/tables/orders.sql

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

-- sql/50_commerce/tables/orders_changes.sql

-- What was ordered changes by versions: each cancellation, edit, return, exchange or claim is a
-- change of its own with the next number, and is never rewritten.

create type commerce.change_kind as enum (
    'cancelled', 'edited', 'returned', 'exchanged', 'claimed'
);

create table commerce.order_changes (
    business_id uuid not null,
    order_id uuid not null,
    version integer not null,
    kind commerce.change_kind not null,
    -- [{sale_line_id, quantity}]: less than 0 for units that went, more for those that came.
    lines jsonb not null,
    reason text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    primary key (business_id, order_id, version),
    constraint order_changes_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint order_changes_come_after_the_order check (version > 1)
);
comment on table commerce.order_changes is
'Every change of what was ordered, by its version. Only ever added to.';
comment on column commerce.order_changes.order_id is '[person]';
comment on column commerce.order_changes.reason is '[personal]';
comment on column commerce.order_changes.actor_id is '[person]';
create index order_changes_actor_id_idx on commerce.order_changes (actor_id);

-- sql/50_commerce/tables/products_changes.sql

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

-- sql/50_commerce/tables/products_import.sql

-- The shapes of a bulk change of products: what was sent, read into types, and what became of it. A
-- row is one variant; rows of one product share its columns.

-- What the rows of one product say about it. A column counts if `sent` has its key; the last row
-- that has it decides.
create type commerce.sent_product as (
    slug text,
    sent jsonb,
    name text,
    description text,
    category_id uuid,
    brand_id uuid,
    currency text,
    tax_class text,
    is_published boolean,
    attributes jsonb
);

create type commerce.sent_variant as (
    row_number integer,
    product_id uuid,
    sku text,
    sent jsonb,
    options jsonb,
    price_minor bigint,
    barcode text,
    weight_grams integer,
    is_active boolean,
    alert_threshold integer
);

-- What became of a row: created, updated, unchanged or refused, and then why.
create type commerce.imported_row as (
    row_number integer,
    product text,
    sku text,
    product_id uuid,
    variant_id uuid,
    outcome text,
    status text,
    token text,
    message text
);

-- sql/50_commerce/tables/returns.sql

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

-- sql/50_commerce/tables/shipments.sql

-- Shipments: pieces of an order that are sent together, or handed over in a store. One that is
-- packed (`pending`) counts nothing yet; what is sent counts as shipped, and never exceeds what was
-- ordered.

create type commerce.shipment_status as enum ('pending', 'shipped', 'delivered', 'lost');

create table commerce.shipments (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    order_id uuid not null,
    status commerce.shipment_status not null,
    carrier text,
    tracking_number text,
    tracking_url text,
    packed_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null,
    shipped_at timestamptz,
    delivered_at timestamptz,
    lost_at timestamptz,

    constraint shipments_business_id_id_unique unique (business_id, id),
    constraint shipments_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint shipments_say_when check (
        (status = 'pending') = (shipped_at is null)
        and (status = 'delivered') = (delivered_at is not null)
        and (status = 'lost') = (lost_at is not null)
    )
);
comment on table commerce.shipments is
'Pieces of an order that are sent together, or handed over in a store.';
comment on column commerce.shipments.order_id is '[person]';
comment on column commerce.shipments.packed_by is '[person]';
comment on column commerce.shipments.tracking_number is '[personal]';
comment on column commerce.shipments.tracking_url is '[personal]';
create index shipments_order_idx on commerce.shipments (business_id, order_id);
create index shipments_packed_by_idx on commerce.shipments (packed_by);

create table commerce.shipment_items (
    business_id uuid not null,
    shipment_id uuid not null,
    order_item_id uuid not null,
    quantity integer not null,

    primary key (business_id, shipment_id, order_item_id),
    constraint shipment_items_shipment_fkey foreign key (business_id, shipment_id)
    references commerce.shipments (business_id, id) on delete cascade,
    constraint shipment_items_item_fkey foreign key (business_id, order_item_id)
    references commerce.order_items (business_id, id) on delete restrict,
    constraint shipment_items_quantity_is_positive check (quantity > 0)
);
comment on table commerce.shipment_items is 'Which pieces a shipment has.';
create index shipment_items_item_idx on commerce.shipment_items (business_id, order_item_id);

-- sql/50_commerce/tables/stock.sql

-- What lies where. A level says how many pieces of a variant a store has; it is the sum of its
-- movements, which are only ever added. A level goes below zero only as far as back-orders are
-- allowed. A reservation keeps pieces for somebody until a moment; from then on they are free,
-- whether or not anybody has deleted the row.

create table commerce.stock_levels (
    business_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    on_hand integer not null default 0,
    -- How many more than there are may be sold.
    backorder_limit integer not null default 0,
    -- An alert is sent once when no more than these are left; null: never.
    alert_threshold integer,
    -- Whether the alert was sent; a level that recovers can alert again.
    is_low boolean not null default false,
    counted_at timestamptz,
    -- How many may be ordered, until a moment, before they come for the first time.
    preorder_limit integer not null default 0,
    preorder_until timestamptz,
    -- When missing pieces are expected.
    expected_on date,
    -- Whether some of its pieces are, or were, in lots.
    has_lots boolean not null default false,

    primary key (business_id, store_id, variant_id),
    constraint stock_levels_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint stock_levels_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint stock_levels_not_below_backorders check (
        on_hand >= -backorder_limit - preorder_limit
    ),
    constraint stock_levels_preorders_end check (
        preorder_limit between 0 and 1000000 and (preorder_limit = 0) = (preorder_until is null)
        or private.invalid('preorder_limit and preorder_until', 'must be set together')
    ),
    constraint stock_levels_backorder_limit_is_sane check (
        backorder_limit between 0 and 1000000
    ),
    constraint stock_levels_alert_threshold_is_sane check (
        alert_threshold between 0 and 1000000
    )
);
comment on table commerce.stock_levels is
'How many pieces of a variant a store has: the sum of the movements.';
-- Where a variant is.
create index stock_levels_variant_idx on commerce.stock_levels (business_id, variant_id);

create table commerce.stock_transfers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    from_store_id uuid not null,
    to_store_id uuid not null,
    note text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    constraint stock_transfers_business_id_id_unique unique (business_id, id),
    constraint stock_transfers_from_fkey foreign key (business_id, from_store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint stock_transfers_to_fkey foreign key (business_id, to_store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint stock_transfers_between_two_stores check (from_store_id <> to_store_id)
);
comment on table commerce.stock_transfers is 'Pieces that went from one store to another.';
comment on column commerce.stock_transfers.actor_id is '[person]';
comment on column commerce.stock_transfers.note is '[personal]';
create index stock_transfers_from_idx on commerce.stock_transfers (business_id, from_store_id);
create index stock_transfers_to_idx on commerce.stock_transfers (business_id, to_store_id);
create index stock_transfers_actor_id_idx on commerce.stock_transfers (actor_id);

create table commerce.stock_movements (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    -- What came in; negative for what went out.
    quantity integer not null,
    reason commerce.movement_reason not null,
    transfer_id uuid,
    note text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,
    -- What one piece cost that was received, in the currency of the product; null: nobody said.
    unit_cost_minor bigint,
    -- The lot that is named: of what is received, or from which it is taken.
    lot_code text,
    expires_on date,

    constraint stock_movements_business_id_id_unique unique (business_id, id),
    constraint stock_movements_level_fkey foreign key (business_id, store_id, variant_id)
    references commerce.stock_levels (business_id, store_id, variant_id) on delete restrict,
    constraint stock_movements_transfer_fkey foreign key (business_id, transfer_id)
    references commerce.stock_transfers (business_id, id) on delete restrict,
    constraint stock_movements_move_something check (quantity <> 0),
    constraint stock_movements_direction_fits_reason check (
        case
            when reason in ('received', 'returned', 'found', 'cancelled') then quantity > 0
            when reason in ('damaged', 'lost', 'sold') then quantity < 0
            else true
        end
    ),
    constraint stock_movements_receipts_cost check (
        unit_cost_minor is null
        or reason = 'received' and unit_cost_minor between 0 and 1000000000000
    ),
    constraint stock_movements_lots_expire check (expires_on is null or lot_code is not null),
    constraint stock_movements_transfers_are_named check (
        (reason = 'transferred') = (transfer_id is not null)
    )
);
comment on table commerce.stock_movements is
'Every change of a level, with its reason. Movements are only added.';
comment on column commerce.stock_movements.actor_id is '[person]';
comment on column commerce.stock_movements.note is '[personal]';
-- The history of a level, the newest first.
create index stock_movements_level_idx
on commerce.stock_movements (business_id, store_id, variant_id, at);
create index stock_movements_transfer_idx on commerce.stock_movements (business_id, transfer_id);
create index stock_movements_actor_id_idx on commerce.stock_movements (actor_id);

create table commerce.stock_reservations (
    business_id uuid not null,
    -- A reservation has a row for each variant.
    reservation_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    quantity integer not null,
    expires_at timestamptz not null,

    primary key (business_id, reservation_id, store_id, variant_id),
    constraint stock_reservations_level_fkey foreign key (business_id, store_id, variant_id)
    references commerce.stock_levels (business_id, store_id, variant_id) on delete cascade,
    constraint stock_reservations_quantity_is_positive check (quantity > 0)
);
comment on table commerce.stock_reservations is
'Pieces that are kept for somebody until a moment.';
-- What is reserved of a level.
create index stock_reservations_level_idx
on commerce.stock_reservations (business_id, store_id, variant_id, expires_at);

-- sql/50_commerce/tables/stock_lots.sql

-- Lots: pieces of a variant that were received together and expire together. Whatever leaves a
-- store is taken from the lot that expires first. Pieces that came without a lot are the rest: a
-- level is the sum of its lots and that rest, which is below zero by what was sold and has not
-- come.

create table commerce.stock_lots (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    -- What is printed on the pieces. The same lot may lie in several stores.
    code text not null,
    -- The last day on which it is sold, in the business's zone; null: it does not expire.
    expires_on date,
    on_hand integer not null default 0,
    -- Since when its pieces are not sold any more, because something is wrong with them.
    recalled_at timestamptz,
    created_at timestamptz not null,

    constraint stock_lots_business_id_id_unique unique (business_id, id),
    constraint stock_lots_code_unique unique (business_id, store_id, variant_id, code),
    constraint stock_lots_level_fkey foreign key (business_id, store_id, variant_id)
    references commerce.stock_levels (business_id, store_id, variant_id) on delete cascade,
    constraint stock_lots_on_hand_not_negative check (on_hand >= 0)
);
comment on table commerce.stock_lots is
'Pieces of a variant in a store that were received together and expire together.';
-- A lot wherever it lies.
create index stock_lots_variant_idx on commerce.stock_lots (business_id, variant_id, code);

create table commerce.stock_lot_movements (
    business_id uuid not null,
    stock_movement_id uuid not null,
    stock_lot_id uuid not null,
    -- What came into the lot; negative for what went out.
    quantity integer not null,
    -- The order that took the pieces.
    order_id uuid,
    -- An order is placed in the transaction that takes its pieces.
    transaction_id xid8 not null default pg_current_xact_id(),

    primary key (business_id, stock_movement_id, stock_lot_id),
    constraint stock_lot_movements_movement_fkey foreign key (business_id, stock_movement_id)
    references commerce.stock_movements (business_id, id) on delete cascade,
    constraint stock_lot_movements_lot_fkey foreign key (business_id, stock_lot_id)
    references commerce.stock_lots (business_id, id) on delete cascade,
    constraint stock_lot_movements_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint stock_lot_movements_move_something check (quantity <> 0)
);
comment on table commerce.stock_lot_movements is
'Which pieces of a movement came into or went out of which lot.';
comment on column commerce.stock_lot_movements.order_id is '[person]';
create index stock_lot_movements_lot_idx
on commerce.stock_lot_movements (business_id, stock_lot_id);
create index stock_lot_movements_order_idx on commerce.stock_lot_movements (business_id, order_id)
where order_id is not null;
-- What the orders of this transaction took.
create index stock_lot_movements_transaction_idx
on commerce.stock_lot_movements (transaction_id) where order_id is null and quantity < 0;

-- sql/50_commerce/tables/wholesale.sql

-- Wholesale. A company asks a business for an account; the business approves or rejects it, with
-- documents before it and a reason behind it. An approved account has terms: the prices of a
-- customer group, net days with a credit limit, and minimums. Several buyers order for one company;
-- its approvers keep the list of buyers and the company's places. A user buys for at most one
-- company from a business.

create type commerce.wholesale_status as enum ('requested', 'approved', 'rejected', 'suspended');
create type commerce.wholesale_role as enum ('buyer', 'approver');

-- What holds for a buyer: nulls where nothing was agreed.
create type commerce.buying_terms as (
    wholesale_account_id uuid,
    -- Whether the buyer may order now and pay within net_days.
    pays_later boolean,
    net_days integer,
    currency text,
    credit_limit_minor bigint,
    minimum_minor bigint,
    minimum_quantity integer,
    order_limit_minor bigint
);

create table commerce.wholesale_accounts (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    requested_by uuid references auth.users (id) on delete set null,
    company_name text not null,
    country text not null,
    tax_number text not null,
    message text,
    status commerce.wholesale_status not null default 'requested',
    -- Why it was rejected or suspended; null otherwise.
    reason text,
    -- Whose prices the buyers get, beside those of lists for the entitlement `wholesale`.
    customer_group_id uuid,
    -- Of the amounts below.
    currency text not null references pricing.currencies (code) on delete restrict,
    -- How many days after it was placed an order must be paid; null: it is paid when it is placed.
    net_days integer,
    -- How much may be unpaid; null: nothing is lent without a limit, so net_days need one.
    credit_limit_minor bigint,
    -- What an order must reach; null: anything.
    minimum_minor bigint,
    minimum_quantity integer,
    requested_at timestamptz not null,
    decided_at timestamptz,

    constraint wholesale_accounts_business_id_id_unique unique (business_id, id),
    constraint wholesale_accounts_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id)
    on delete set null (customer_group_id),
    constraint wholesale_accounts_company_name_is_short check (
        length(btrim(company_name)) between 1 and 200 and private.is_one_line(company_name)
        or private.invalid('company_name', 'must have 1 to 200 printable characters')
    ),
    constraint wholesale_accounts_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint wholesale_accounts_tax_number_looks_like_one check (
        pricing.is_like_tax_number(country, tax_number)
        or private.invalid(
            'tax_number', 'must be a tax number of its country, such as DE136695976'
        )
    ),
    constraint wholesale_accounts_refusals_have_a_reason check (
        (status in ('rejected', 'suspended')) = (reason is not null)
    ),
    constraint wholesale_accounts_net_terms_have_a_limit check (
        (net_days is null) = (credit_limit_minor is null)
        or private.invalid('net_days and credit_limit_minor', 'must be set together')
    ),
    constraint wholesale_accounts_terms_are_sane check (
        coalesce(net_days between 1 and 365, true)
        and coalesce(credit_limit_minor between 0 and 1000000000000, true)
        and coalesce(minimum_minor between 0 and 1000000000000, true)
        and coalesce(minimum_quantity between 1 and 1000000, true)
    )
);
comment on table commerce.wholesale_accounts is
'Companies that buy wholesale from a business: their requests, what was decided, and their terms.';
comment on column commerce.wholesale_accounts.requested_by is '[person]';
comment on column commerce.wholesale_accounts.message is '[personal]';
-- The requests of a business that wait, the oldest first.
create index wholesale_accounts_status_idx
on commerce.wholesale_accounts (business_id, status, requested_at);
create index wholesale_accounts_requested_by_idx on commerce.wholesale_accounts (requested_by);
create index wholesale_accounts_group_idx
on commerce.wholesale_accounts (business_id, customer_group_id);
create index wholesale_accounts_currency_idx on commerce.wholesale_accounts (currency);

create table commerce.wholesale_steps (
    from_status commerce.wholesale_status not null,
    to_status commerce.wholesale_status not null,

    primary key (from_status, to_status)
);
comment on table commerce.wholesale_steps is
'What a business may decide about an account: every step that exists.';

create table commerce.wholesale_history (
    id bigint generated always as identity primary key,
    business_id uuid not null,
    wholesale_account_id uuid not null,
    status commerce.wholesale_status not null,
    reason text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    constraint wholesale_history_account_fkey foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade
);
comment on table commerce.wholesale_history is
'Every status that an account had, by whom and when. Only added to.';
comment on column commerce.wholesale_history.actor_id is '[person]';
create index wholesale_history_account_idx
on commerce.wholesale_history (business_id, wholesale_account_id, id);
create index wholesale_history_actor_id_idx on commerce.wholesale_history (actor_id);

create table commerce.wholesale_documents (
    -- The file belongs to a user and has no business, so its link has none either.
    media_id uuid primary key references files.media (id) on delete cascade,
    wholesale_account_id uuid not null
    references commerce.wholesale_accounts (id) on delete cascade,
    kind text not null,
    created_at timestamptz not null
);
comment on table commerce.wholesale_documents is
'Papers that a company hands in with its request. They belong to whoever requests.';
create index wholesale_documents_account_idx
on commerce.wholesale_documents (wholesale_account_id);

create table commerce.wholesale_buyers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    wholesale_account_id uuid not null,
    -- The address that was invited.
    email text not null,
    -- Null until the invitation is accepted.
    user_id uuid references auth.users (id) on delete cascade,
    role commerce.wholesale_role not null,
    -- An order of more than this is for an approver to place; null: any order.
    order_limit_minor bigint,
    -- What grants the buyer the prices; null unless the account is approved.
    entitlement_id uuid,
    invited_at timestamptz not null,
    joined_at timestamptz,

    constraint wholesale_buyers_business_id_id_unique unique (business_id, id),
    constraint wholesale_buyers_email_unique unique (business_id, wholesale_account_id, email),
    constraint wholesale_buyers_one_company unique (business_id, user_id),
    constraint wholesale_buyers_account_fkey foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade,
    constraint wholesale_buyers_entitlement_fkey foreign key (business_id, entitlement_id)
    references customers.entitlements (business_id, id) on delete set null (entitlement_id),
    constraint wholesale_buyers_join_once check ((user_id is null) = (joined_at is null)),
    constraint wholesale_buyers_limit_is_sane check (
        coalesce(order_limit_minor between 0 and 1000000000000, true)
        and (role = 'buyer' or order_limit_minor is null)
    )
);
comment on table commerce.wholesale_buyers is
'Who orders for a company, and who is invited to.';
comment on column commerce.wholesale_buyers.user_id is '[person: delete]';
comment on column commerce.wholesale_buyers.email is '[person: delete]';
create index wholesale_buyers_user_id_idx on commerce.wholesale_buyers (user_id);
-- To which companies an address is invited.
create index wholesale_buyers_email_idx on commerce.wholesale_buyers (email)
where user_id is null;
create index wholesale_buyers_entitlement_idx
on commerce.wholesale_buyers (business_id, entitlement_id);

create table commerce.wholesale_locations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    wholesale_account_id uuid not null,
    name text not null,
    line1 text not null,
    line2 text,
    postal_code text,
    city text not null,
    region text,
    country text not null,
    created_at timestamptz not null default now(),

    constraint wholesale_locations_business_id_id_unique unique (business_id, id),
    constraint wholesale_locations_name_unique unique (business_id, wholesale_account_id, name),
    constraint wholesale_locations_account_fkey foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade,
    constraint wholesale_locations_are_short check (
        length(concat(name, line1, line2, postal_code, city, region)) <= 1000
        and private.is_one_line(concat(name, line1, line2, postal_code, city, region))
        or private.invalid('address', 'must have at most 1000 characters, all printable')
    ),
    constraint wholesale_locations_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    )
);
comment on table commerce.wholesale_locations is 'Where a company has its orders sent.';

create table commerce.wholesale_packs (
    business_id uuid not null,
    variant_id uuid not null,
    pack_size integer not null,

    primary key (business_id, variant_id),
    constraint wholesale_packs_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint wholesale_packs_size_is_sane check (
        pack_size between 2 and 1000000
        or private.invalid('pack_size', 'must be from 2 to 1000000')
    )
);
comment on table commerce.wholesale_packs is
'How many pieces of a variant are in a pack: wholesale buyers order whole packs.';

-- An order of a company's buyer is the company's: its other buyers read it, and what is unpaid of
-- it counts for the credit.
alter table commerce.orders
add constraint orders_wholesale_account_fkey foreign key (business_id, wholesale_account_id)
references commerce.wholesale_accounts (business_id, id) on delete set null (wholesale_account_id);
create index orders_wholesale_account_idx
on commerce.orders (wholesale_account_id, placed_at, id) where wholesale_account_id is not null;
create index orders_wholesale_reference_idx
on commerce.orders (business_id, wholesale_account_id) where wholesale_account_id is not null;

-- sql/50_commerce/tables/wholesale_requests.sql

-- What a buyer asks the approvers of a company to order, because it costs more than the buyer may
-- order on net terms. An approver who agrees places the order.

create type commerce.order_request_status as enum (
    'requested', 'approved', 'rejected', 'withdrawn'
);

create table commerce.wholesale_order_requests (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    wholesale_account_id uuid not null,
    requested_by uuid not null references auth.users (id) on delete cascade,
    status commerce.order_request_status not null default 'requested',
    -- [{variant_id, quantity}], as checkout takes them.
    items jsonb not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    -- What it cost when it was asked for; the order costs what it costs when it is placed.
    total_minor bigint not null,
    -- How the goods reach the company.
    delivery_option_id uuid,
    store_id uuid,
    address jsonb,
    note text,
    decided_by uuid references auth.users (id) on delete set null,
    reason text,
    order_id uuid,
    requested_at timestamptz not null,
    decided_at timestamptz,

    constraint wholesale_order_requests_business_id_id_unique unique (business_id, id),
    constraint wholesale_order_requests_account_fkey
    foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade,
    constraint wholesale_order_requests_option_fkey foreign key (business_id, delivery_option_id)
    references commerce.delivery_options (business_id, id)
    on delete set null (delivery_option_id),
    constraint wholesale_order_requests_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete set null (store_id),
    constraint wholesale_order_requests_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete set null (order_id),
    constraint wholesale_order_requests_are_decided_once check (
        (status = 'requested') = (decided_at is null)
        and (status = 'approved' or order_id is null)
        and (status <> 'rejected' or reason is not null)
    )
);
comment on table commerce.wholesale_order_requests is
'What buyers ask the approvers of their company to order.';
comment on column commerce.wholesale_order_requests.requested_by is '[person: delete]';
comment on column commerce.wholesale_order_requests.address is '[personal]';
comment on column commerce.wholesale_order_requests.note is '[personal]';
comment on column commerce.wholesale_order_requests.reason is '[personal]';
comment on column commerce.wholesale_order_requests.decided_by is '[person]';
-- The requests of a company, the latest first.
create index wholesale_order_requests_account_idx
on commerce.wholesale_order_requests (wholesale_account_id, requested_at, id);
create index wholesale_order_requests_account_reference_idx
on commerce.wholesale_order_requests (business_id, wholesale_account_id);
create index wholesale_order_requests_requested_by_idx
on commerce.wholesale_order_requests (requested_by);
create index wholesale_order_requests_decided_by_idx
on commerce.wholesale_order_requests (decided_by);
create index wholesale_order_requests_option_idx
on commerce.wholesale_order_requests (business_id, delivery_option_id)
where delivery_option_id is not null;
create index wholesale_order_requests_store_idx
on commerce.wholesale_order_requests (business_id, store_id) where store_id is not null;
create index wholesale_order_requests_order_idx
on commerce.wholesale_order_requests (business_id, order_id) where order_id is not null;
create index wholesale_order_requests_currency_idx
on commerce.wholesale_order_requests (currency);

-- sql/50_commerce/tables/wishlists.sql

-- Wishlists: variants that a user wants to remember. A wishlist is its owner's alone; not even the
-- business sees who wishes for what.

create table commerce.wishlist_items (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    business_id uuid not null,
    variant_id uuid not null,
    -- Whether the user is told once when the variant is in stock again.
    wants_notice boolean not null default false,
    created_at timestamptz not null default now(),

    constraint wishlist_items_business_id_id_unique unique (business_id, id),
    constraint wishlist_items_variant_once unique (business_id, user_id, variant_id),
    constraint wishlist_items_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade
);
comment on table commerce.wishlist_items is 'Variants that a user wants to remember.';
comment on column commerce.wishlist_items.user_id is '[person: delete]';
create index wishlist_items_user_id_idx on commerce.wishlist_items (user_id, created_at);
-- Who waits for a variant.
create index wishlist_items_variant_idx on commerce.wishlist_items (business_id, variant_id)
where wants_notice;
create index wishlist_items_variant_reference_idx
on commerce.wishlist_items (business_id, variant_id);

-- sql/50_commerce/functions/carts.sql

-- How carts end. Those that were checked out are kept for a day, in which the same call gets the
-- same answer; those that nobody touches, for thirty days.

/*
 * Delete carts that nobody needs any more. Returns how many.
 * Definer: called by the worker, which cannot read the table.
 */
create function commerce.forget_idle_carts()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from commerce.carts
    where
        carts.updated_at < private.now() - interval '30 days'
        or carts.updated_at < private.now() - interval '1 day' and carts.checked_out_at is not null;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/50_commerce/functions/delivery.sql

-- Which ways goods can reach their buyer, and what each costs.

/*
 * Return the delivery options of a business that can take a parcel, in the order of the business.
 * Without an address every place is possible; without a weight or an amount every one is.
 */
create function commerce.options_for(parcel commerce.parcel)
returns setof commerce.delivery_options
language plpgsql
stable
security invoker
rows 5
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select delivery_options.*
    from commerce.delivery_options
    where
        delivery_options.business_id = parcel.business_id
        and delivery_options.is_active
        and delivery_options.currency = parcel.currency
        and (
            delivery_options.kind = 'pickup'
            or parcel.region is null
            or delivery_options.regions = '{}'
            or exists (
                select 1
                from unnest(delivery_options.regions) as area
                where pricing.is_within(parcel.region, area)
            )
        )
        and (
            delivery_options.kind = 'pickup'
            or num_nulls(parcel.region, parcel.postal_code) > 0
            or delivery_options.postal_prefixes = '{}'
            or exists (
                select 1
                from unnest(delivery_options.postal_prefixes) as prefix
                where starts_with(upper(parcel.postal_code), prefix)
            )
        )
        and coalesce(parcel.weight_grams >= delivery_options.min_weight_grams, true)
        and coalesce(parcel.weight_grams <= delivery_options.max_weight_grams, true)
        and coalesce(parcel.amount_minor >= delivery_options.min_amount_minor, true)
        and coalesce(parcel.amount_minor <= delivery_options.max_amount_minor, true)
    order by delivery_options.position, delivery_options.price_minor, delivery_options.id;
end;
$$;

/*
 * Return what an option costs for goods of an amount.
 */
create function commerce.delivery_price(
    delivery_option commerce.delivery_options, amount_minor bigint
)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when coalesce(amount_minor >= delivery_option.free_from_minor, false) then 0
        else delivery_option.price_minor
    end;
end;
$$;

/*
 * Return how a parcel reaches its buyer: by the option that they chose, or picked up at a store of
 * a business without options. A pickup names its store, unless there is only one.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT422 delivery_unavailable
 */
create function commerce.choose_delivery(
    parcel commerce.parcel, option_id uuid, store_id uuid
)
returns commerce.delivery_choice
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_choice commerce.delivery_choice;
    v_option commerce.delivery_options;
begin
    v_choice.business_id = parcel.business_id;
    v_choice.kind = 'pickup';
    v_choice.can_split = false;
    if option_id is not null or exists (
        select 1
        from commerce.delivery_options
        where
            delivery_options.business_id = parcel.business_id and delivery_options.is_active
    ) then
        v_option = commerce.require_option(parcel, option_id, choose_delivery.store_id);
        v_choice.option_id = v_option.id;
        v_choice.kind = v_option.kind;
        v_choice.can_split = v_option.can_split;
        v_choice.name = v_option.name;
        v_choice.price_minor = commerce.delivery_price(v_option, parcel.amount_minor);
        v_choice.tax_class = v_option.tax_class;
    end if;
    v_choice.store_id = case
        when v_option.store_id is not null then v_option.store_id
        when v_choice.kind = 'pickup'
            then commerce.pickup_store(parcel.business_id, choose_delivery.store_id)
    end;
    return v_choice;
end;
$$;

/*
 * Return the option that a buyer chose. Without one, it is the first pickup at the store that they
 * named.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT422 delivery_unavailable
 */
create function commerce.require_option(
    parcel commerce.parcel, option_id uuid, store_id uuid
)
returns commerce.delivery_options
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_option commerce.delivery_options;
begin
    if option_id is null and require_option.store_id is null then
        perform private.invalid('delivery_option_id', 'is required');
    end if;
    select possible.* into v_option
    from commerce.options_for(parcel) as possible
    where
        coalesce(possible.id = option_id, possible.kind = 'pickup')
        and (
            possible.kind = 'delivery'
            or coalesce(possible.store_id = require_option.store_id, true)
        )
    limit 1;
    if found then
        return v_option;
    elsif option_id is not null and not exists (
        select 1
        from commerce.delivery_options
        where
            delivery_options.business_id = parcel.business_id
            and delivery_options.id = option_id
            and delivery_options.is_active
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such delivery option.',
            'Check the id in the view delivery_options.'
        );
    end if;
    perform private.refuse(
        'PT422', 'delivery_unavailable',
        'These goods cannot be delivered this way to this place.',
        'Choose another option with eligible_delivery_options.'
    );
end;
$$;

/*
 * Return the store where goods are picked up: the one that the buyer named, or the only one.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function commerce.pickup_store(business_id uuid, store_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_store_ids uuid[] = array(
        select stores.id
        from business.stores
        where
            stores.business_id = pickup_store.business_id
            and stores.is_active
            and stores.is_pickup
            and coalesce(stores.id = pickup_store.store_id, true)
        limit 2
    );
begin
    if cardinality(v_store_ids) = 1 then
        return v_store_ids[1];
    elsif pickup_store.store_id is null then
        perform private.invalid('store_id', 'is required');
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'This business has no such store.',
        'Check the id in the view stores.'
    );
end;
$$;

-- sql/50_commerce/functions/goods.sql

-- What is sold of goods: how a variant is named and priced, and which pieces a line of a sale takes
-- from which store. Checkout and later changes of an order use the same functions.

/*
 * Return some units of a variant as a line to price. It is named after its product and its options,
 * and can be bought while product and variant are for sale and the business is open to the public.
 */
create function commerce.variant_line(
    business_id uuid,
    variant_id uuid,
    quantity integer,
    out line pricing.line,
    out is_available boolean,
    out weight_grams bigint
)
returns setof record
language plpgsql
stable
security invoker
rows 1
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pricing.make_line(
            kind => 'product',
            name => products.name || commerce.option_suffix(product_variants.options),
            quantity => variant_line.quantity,
            unit_minor => product_variants.price_minor,
            currency => products.currency,
            reference => jsonb_build_object(
                'variant_id', product_variants.id,
                'sku', product_variants.sku,
                'tax_class', products.tax_class
            ),
            item_id => product_variants.id
        ),
        product_variants.is_active
        and products.is_published
        and products.archived_at is null
        and business.is_open(products.business_id),
        coalesce(product_variants.weight_grams, 0)::bigint * variant_line.quantity
    from catalog.product_variants
    inner join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    where
        product_variants.business_id = variant_line.business_id
        and product_variants.id = variant_line.variant_id;
end;
$$;

/*
 * Return the values of a variant's options as they follow the name of its product.
 */
create function commerce.option_suffix(options jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if options = '{}' then
        return '';
    end if;
    return (
        select ' (' || string_agg(chosen.value, ', ' order by chosen.key) || ')'
        from jsonb_each_text(options) as chosen
    );
end;
$$;

/*
 * Return the items of an order: the pieces that each line takes from a store, a bundle as its
 * components.
 */
create function commerce.order_lines(
    business_id uuid, line_ids uuid[], parts commerce.stock_part[]
)
returns commerce.order_line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select
            commerce.make_order_line(
                sale_lines, product_variants, products.name, part.store_id,
                part.quantity * taken.quantity, taken.quantity
            )
        from unnest(parts) as part
        inner join sales.sale_lines on sale_lines.id = line_ids[part.place]
        cross join lateral catalog.components(sale_lines.variant_id, 1) as taken
        inner join catalog.product_variants
            on
                product_variants.business_id = order_lines.business_id
                and product_variants.id = taken.variant_id
        inner join catalog.products
            on
                products.business_id = product_variants.business_id
                and products.id = product_variants.product_id
        order by part.place, part.store_id, product_variants.sku
    );
end;
$$;

/*
 * Make an item of an order. It is called as its line; a part of a bundle as its own product.
 */
create function commerce.make_order_line(
    line sales.sale_lines,
    variant catalog.product_variants,
    product_name text,
    store_id uuid,
    quantity integer,
    pieces_per_unit integer
)
returns commerce.order_line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_item commerce.order_line;
begin
    v_item.sale_line_id = line.id;
    v_item.variant_id = variant.id;
    v_item.store_id = make_order_line.store_id;
    v_item.sku = variant.sku;
    v_item.name = case
        when variant.id = line.variant_id then line.name
        else product_name || commerce.option_suffix(variant.options)
    end;
    v_item.quantity = make_order_line.quantity;
    v_item.pieces_per_unit = make_order_line.pieces_per_unit;
    return v_item;
end;
$$;

/*
 * Return the region of an address: the part of the country where it names one as ISO 3166 does, or
 * the country.
 */
create function commerce.region_of(address jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when business.is_region(address ->> 'region') then address ->> 'region'
        else address ->> 'country'
    end;
end;
$$;

-- sql/50_commerce/functions/markets.sql

-- Which market a buyer is in, and what follows from it.

/*
 * Return the market of a business for a place: the active one that names it most precisely (a part
 * of a country before the country, before one for every country), then the first by position. All
 * columns null if there is none, or no place is named.
 */
create function commerce.market_of(business_id uuid, region text)
returns commerce.markets
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_market commerce.markets;
begin
    select markets.* into v_market
    from commerce.markets
    left join lateral (
        select max(length(area)) as precision
        from unnest(markets.regions) as area
        where pricing.is_within(market_of.region, area)
    ) as named on true
    where
        markets.business_id = market_of.business_id
        and markets.is_active
        and market_of.region is not null
        and (markets.regions = '{}' or named.precision is not null)
    order by named.precision desc nulls last, markets.position, markets.id
    limit 1;
    return v_market;
end;
$$;

-- sql/50_commerce/functions/movements.sql

-- What moves stock: adjustments, counts and transfers.

/*
 * Write movements of a store. Each changes its level by a trigger.
 */
create function commerce.record_movements(
    business_id uuid,
    store_id uuid,
    items commerce.stock_item[],
    reason commerce.movement_reason,
    note text,
    transfer_id uuid default null,
    origin commerce.stock_origin default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into commerce.stock_movements (
        business_id, store_id, variant_id, quantity, reason, transfer_id, note, actor_id, at,
        unit_cost_minor, lot_code, expires_on
    )
    select
        record_movements.business_id, record_movements.store_id, item.variant_id, item.quantity,
        record_movements.reason, record_movements.transfer_id, record_movements.note,
        (select users.id from auth.users where users.id = auth.uid()), private.now(),
        origin.unit_cost_minor, origin.lot_code, origin.expires_on
    from unnest(items) as item;
end;
$$;

/*
 * Add pieces of a variant to a store, or take them away, for a reason: into or out of a lot, where
 * one is named.
 * Definer: nobody has a write grant on movements.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409
 *          out_of_stock
 */
create function commerce.adjust_stock(
    store_id uuid,
    item commerce.stock_item,
    reason commerce.movement_reason,
    note text,
    origin commerce.stock_origin
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_there integer;
begin
    perform commerce.require_direction(item.quantity, reason, origin);
    perform commerce.lock_levels(v_business_id, array[store_id], array[item]);
    v_there = commerce.pieces_there(v_business_id, store_id, item.variant_id, origin.lot_code);
    if item.quantity < 0 and v_there + item.quantity < least(v_there, 0) then
        perform private.refuse(
            'PT409', 'out_of_stock', format('Only %s are there.', greatest(v_there, 0)),
            'Take away fewer, or count the stock.'
        );
    end if;
    perform commerce.record_movements(
        v_business_id, store_id, array[item], reason, note, origin => origin
    );
end;
$$;

/*
 * Refuse an adjustment whose sign does not fit its reason, a cost of what was not received, and a
 * date without a lot.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.require_direction(
    quantity integer, reason commerce.movement_reason, origin commerce.stock_origin
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if quantity = 0
        or reason in ('received', 'returned', 'found') and quantity < 0
        or reason in ('damaged', 'lost') and quantity > 0 then
        perform private.invalid(
            'quantity',
            'must be positive for received, returned and found, negative for damaged and lost'
        );
    end if;
    if origin.unit_cost_minor is not null and reason <> 'received' then
        perform private.invalid('unit_cost_minor', 'is for what is received');
    end if;
    if origin.expires_on is not null and (origin.lot_code is null or quantity < 0) then
        perform private.invalid('expires_on', 'is for pieces that come in a lot');
    end if;
end;
$$;

/*
 * Return how many pieces of a variant are in a store, or in one of its lots there.
 */
create function commerce.pieces_there(
    business_id uuid, store_id uuid, variant_id uuid, lot_code text
)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if pieces_there.lot_code is not null then
        return coalesce((
            select stock_lots.on_hand
            from commerce.stock_lots
            where
                stock_lots.business_id = pieces_there.business_id
                and stock_lots.store_id = pieces_there.store_id
                and stock_lots.variant_id = pieces_there.variant_id
                and stock_lots.code = pieces_there.lot_code
        ), 0);
    end if;
    return (
        select stock_levels.on_hand
        from commerce.stock_levels
        where
            stock_levels.business_id = pieces_there.business_id
            and stock_levels.store_id = pieces_there.store_id
            and stock_levels.variant_id = pieces_there.variant_id
    );
end;
$$;

/*
 * Set levels of a store to what was counted. Returns how many differed.
 * Definer: nobody has a write grant on levels and movements.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.count_stock(store_id uuid, items commerce.stock_item[], note text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_differences commerce.stock_item[];
begin
    perform commerce.lock_levels(v_business_id, array[store_id], items);
    update commerce.stock_levels
    set counted_at = private.now()
    where
        stock_levels.business_id = v_business_id
        and stock_levels.store_id = count_stock.store_id
        and stock_levels.variant_id in (select item.variant_id from unnest(items) as item);
    v_differences = array(
        select (item.variant_id, item.quantity - stock_levels.on_hand)::commerce.stock_item
        from unnest(items) as item
        inner join commerce.stock_levels
            on
                stock_levels.business_id = v_business_id
                and stock_levels.store_id = count_stock.store_id
                and stock_levels.variant_id = item.variant_id
        where item.quantity <> stock_levels.on_hand
    );
    perform commerce.record_movements(v_business_id, store_id, v_differences, 'counted', note);
    return cardinality(v_differences);
end;
$$;

/*
 * Move free pieces from one store of a business to another. Returns the id of the transfer.
 * Definer: nobody has a write grant on transfers and movements.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409
 *          out_of_stock
 */
create function commerce.transfer_stock(
    from_store_id uuid, to_store_id uuid, items commerce.stock_item[], note text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(from_store_id, 'serve');
    v_transfer_id constant uuid = gen_random_uuid();
begin
    if from_store_id = to_store_id
        or v_business_id <> commerce.business_of_store(to_store_id, 'serve') then
        perform private.invalid('to_store_id', 'must be another store of the same business');
    end if;
    perform commerce.lock_levels(v_business_id, array[from_store_id, to_store_id], items);
    perform commerce.require_stock(v_business_id, from_store_id, items, false);
    insert into commerce.stock_transfers (
        id, business_id, from_store_id, to_store_id, note, actor_id, at
    )
    values (
        v_transfer_id, v_business_id, transfer_stock.from_store_id, transfer_stock.to_store_id,
        transfer_stock.note, (select users.id from auth.users where users.id = auth.uid()),
        private.now()
    );
    perform commerce.record_movements(
        v_business_id, from_store_id,
        array(select (item.variant_id, -item.quantity)::commerce.stock_item from unnest(items) as item),
        'transferred', note, v_transfer_id
    );
    perform commerce.record_movements(
        v_business_id, to_store_id, items, 'transferred', note, v_transfer_id
    );
    return v_transfer_id;
end;
$$;

-- sql/50_commerce/functions/orders.sql

-- How orders are written and found. Checkout places them, together with their sale; what comes
-- after is theirs.

/*
 * Return as whom the caller may act on an order, the most specific first. A guest is its customer
 * in the transaction that received the right code.
 * Definer: it is asked by triggers, on behalf of whoever caused them.
 */
create function commerce.actors(placed commerce.orders)
returns scheduling.actor_kind[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return scheduling.actors_for(
        placed.business_id,
        placed.customer_id = auth.uid()
        or placed.customer_id is null and scheduling.is_proven(placed.id)
    );
end;
$$;

/*
 * Place an order of goods that were sold: its items, in the order of their lines. Returns its id.
 * The caller has taken the pieces out of stock. `delivery` is {kind, store_id?,
 * delivery_option_id?, address?}. An order that owes nothing is paid; one with net terms is
 * fulfilled before it is.
 */
create function commerce.place_order(
    business_id uuid,
    sale_id uuid,
    customer_id uuid,
    delivery jsonb,
    items commerce.order_line[],
    expires_at timestamptz,
    pays_later boolean
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    v_order.business_id = place_order.business_id;
    v_order.sale_id = place_order.sale_id;
    v_order.customer_id = place_order.customer_id;
    v_order.delivery_kind = place_order.delivery ->> 'kind';
    v_order.store_id = place_order.delivery ->> 'store_id';
    v_order.delivery_option_id = place_order.delivery ->> 'delivery_option_id';
    v_order.address = nullif(place_order.delivery -> 'address', 'null');
    v_order.pays_later = coalesce(place_order.pays_later, false);
    v_order.status = case
        when v_order.pays_later then 'fulfilling'
        when (
            money.sale_balance(place_order.business_id, place_order.sale_id)
        ).balance_minor <= 0 then 'paid'
        else 'pending'
    end;
    v_order.expires_at = case when v_order.status = 'pending' then place_order.expires_at end;
    v_order = commerce.insert_order(v_order);
    perform commerce.insert_items(v_order, items);
    return v_order.id;
end;
$$;

/*
 * Insert an order with a reference of its own. A reference that another order has is drawn again.
 */
create function commerce.insert_order(placed commerce.orders)
returns commerce.orders
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_order commerce.orders;
begin
    loop
        insert into commerce.orders (
            business_id, sale_id, customer_id, reference, status, delivery_kind, store_id,
            delivery_option_id, address, expires_at, pays_later, placed_at, updated_at
        )
        values (
            placed.business_id, placed.sale_id, placed.customer_id, scheduling.new_reference(),
            placed.status, placed.delivery_kind, placed.store_id, placed.delivery_option_id,
            placed.address, placed.expires_at, placed.pays_later, private.now(), private.now()
        )
        on conflict (reference) do nothing
        returning orders.* into v_order;
        exit when found;
    end loop;
    return v_order;
end;
$$;

/*
 * Insert the items of an order.
 */
create function commerce.insert_items(placed commerce.orders, items commerce.order_line[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into commerce.order_items (
        business_id, order_id, sale_line_id, variant_id, store_id, sku, name, quantity,
        pieces_per_unit
    )
    select
        placed.business_id, placed.id, item.sale_line_id, item.variant_id, item.store_id,
        item.sku, item.name, item.quantity, coalesce(item.pieces_per_unit, 1)
    from unnest(items) as item;
end;
$$;

/*
 * Is an order paid: does its sale owe nothing that is neither captured nor reserved?
 * Definer: a customer's own step asks, and customers read no payments of others for their sale.
 */
create function commerce.is_paid(placed commerce.orders)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (money.sale_balance(placed.business_id, placed.sale_id)).balance_minor <= 0;
end;
$$;

/*
 * Record what happened to an order. Its timeline shows it, and it is announced.
 */
create function commerce.record_event(
    placed commerce.orders, event commerce.order_event, note text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_by_itself constant boolean = record_event.event in ('paid', 'expired');
begin
    insert into commerce.order_history (
        business_id, order_id, event, status, actor, actor_id, note, at
    )
    values (
        placed.business_id,
        placed.id,
        record_event.event,
        placed.status,
        case
            when v_is_by_itself then 'system'
            when record_event.event = 'placed' then coalesce(
                (array_remove(commerce.actors(placed), 'business'))[1], 'customer'
            )
            else coalesce((commerce.actors(placed))[1], 'system')
        end,
        case when not v_is_by_itself then (
            select users.id from auth.users where users.id = auth.uid()
        ) end,
        record_event.note,
        private.now()
    );
end;
$$;

-- sql/50_commerce/functions/orders_additions.sql

-- What is added to an order that exists: at which price, from which store, on which line. Additions
-- are priced by the lists and rules of the business, at the taxes of the day; promotions and
-- allowances belong to what was ordered first.

/*
 * Return additions as lines of the order's sale, at the prices of today or at those that they name.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_for_sale
 */
create function commerce.price_additions(
    placed commerce.orders, added commerce.order_addition[]
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tools constant pricing.tools = pricing.tools_of(placed.business_id);
    v_context constant pricing.context = pricing.context_for(
        commerce.pricing_context(placed), v_tools
    );
    v_lines pricing.line[] = commerce.lines_to_add(placed.business_id, added);
begin
    if v_lines = '{}' then
        return '{}';
    end if;
    v_lines = pricing.listed_lines(v_lines, v_context, v_tools);
    for v_place in 1 .. cardinality(v_lines) loop
        v_lines[v_place].unit_minor = coalesce(
            added[v_place].unit_minor, v_lines[v_place].unit_minor
        );
    end loop;
    return sales.additions_of(pricing.add_taxes(pricing.list_lines(v_lines, '{}'), v_context));
end;
$$;

/*
 * Return who buys with an order, and where it goes, as prices and taxes ask for it.
 */
create function commerce.pricing_context(placed commerce.orders)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return pricing.for_buyer(
        pricing.make_terms(
            currency => commerce.currency_of(placed),
            store_id => case placed.delivery_kind when 'pickup' then placed.store_id end,
            region => case placed.delivery_kind
                when 'delivery' then commerce.region_of(placed.address)
            end
        ),
        placed.business_id,
        placed.customer_id
    );
end;
$$;

/*
 * Return the currency of an order: that of its sale.
 */
create function commerce.currency_of(placed commerce.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select sales.currency
        from sales.sales
        where sales.business_id = placed.business_id and sales.id = placed.sale_id
    );
end;
$$;

/*
 * Return additions as lines to price, in their order. Variants of other businesses, and those that
 * are not for sale, are refused.
 *
 * Errors:  PT404 not_found · PT409 not_for_sale
 */
create function commerce.lines_to_add(business_id uuid, added commerce.order_addition[])
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_addition commerce.order_addition;
    v_goods record;
    v_lines pricing.line[] = '{}';
begin
    foreach v_addition in array added loop
        select goods.line, goods.is_available into v_goods
        from commerce.variant_line(
            lines_to_add.business_id, v_addition.variant_id, v_addition.quantity
        ) as goods;
        if not found then
            perform commerce.refuse_unknown_variant();
        elsif not v_goods.is_available then
            perform private.refuse(
                'PT409', 'not_for_sale',
                format('%s is not for sale any more.', (v_goods.line).name),
                'Choose another variant.'
            );
        end if;
        v_lines = v_lines || v_goods.line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return how an order reaches its buyer. What is added comes from the same store, unless its
 * delivery option allows several.
 */
create function commerce.choice_of(placed commerce.orders)
returns commerce.delivery_choice
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_choice commerce.delivery_choice;
begin
    select delivery_options.can_split, delivery_options.store_id
    into v_choice.can_split, v_choice.store_id
    from commerce.delivery_options
    where
        delivery_options.business_id = placed.business_id
        and delivery_options.id = placed.delivery_option_id;
    v_choice.business_id = placed.business_id;
    v_choice.option_id = placed.delivery_option_id;
    v_choice.kind = placed.delivery_kind;
    v_choice.can_split = coalesce(v_choice.can_split, false);
    if not v_choice.can_split then
        v_choice.store_id = placed.store_id;
    end if;
    return v_choice;
end;
$$;

/*
 * Return the levels from which additions to an order may come.
 */
create function commerce.moves_of_additions(
    placed commerce.orders, added commerce.order_addition[]
)
returns commerce.stock_move[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (store.id, item.variant_id, item.quantity)::commerce.stock_move
        from unnest(
            commerce.demand_of(
                array(select addition.variant_id from unnest(added) as addition),
                array(select addition.quantity from unnest(added) as addition)
            )
        ) as item
        cross join unnest(
            commerce.stores_to_take_from(commerce.choice_of(placed))
        ) as store (id)
    );
end;
$$;

/*
 * Write a revision of an order's sale that has additions: take their pieces out of stock, write the
 * lines, and add items for the new ones. The caller holds the locks of the order and of the levels.
 * Returns the lines that were added.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.write_additions(
    placed commerce.orders, added commerce.order_addition[], changes sales.change[]
)
returns commerce.line_quantity[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_parts constant commerce.stock_part[] = commerce.take_additions(placed, added);
    v_revision constant integer = sales.revise_sale(
        placed.business_id, placed.sale_id, 'corrected', changes
    );
    v_line_ids constant uuid[] = array(
        select sale_lines.id
        from sales.sale_lines
        where
            sale_lines.business_id = placed.business_id
            and sale_lines.sale_id = placed.sale_id
            and sale_lines.revision = v_revision
            and sale_lines.corrects_line_id is null
        order by sale_lines.position
    );
begin
    perform commerce.insert_items(
        placed, commerce.order_lines(placed.business_id, v_line_ids, v_parts)
    );
    perform commerce.forget_only_store(placed);
    return array(
        select (line.id, added[line.place].quantity)::commerce.line_quantity
        from unnest(v_line_ids) with ordinality as line (id, place)
    );
end;
$$;

/*
 * Take the pieces of additions out of stock. Returns from which store how many of each come.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.take_additions(
    placed commerce.orders, added commerce.order_addition[]
)
returns commerce.stock_part[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if added = '{}' then
        return '{}';
    end if;
    return commerce.take_goods(
        commerce.choice_of(placed),
        array(select addition.variant_id from unnest(added) as addition),
        array(select addition.quantity from unnest(added) as addition)
    );
end;
$$;

/*
 * Note that a delivery comes from several stores, once it does.
 */
create function commerce.forget_only_store(placed commerce.orders)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update commerce.orders
    set store_id = null
    where
        orders.id = placed.id
        and orders.delivery_kind = 'delivery'
        and orders.store_id is not null
        and exists (
            select 1
            from commerce.order_items
            where
                order_items.business_id = placed.business_id
                and order_items.order_id = placed.id
                and order_items.store_id <> orders.store_id
        );
end;
$$;

-- sql/50_commerce/functions/orders_arguments.sql

-- How clients name what they mean of an order: units of its lines, or pieces of its items.

/*
 * Read units of lines: a JSON array of {sale_line_id, quantity}. Several entries of one line are
 * added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_lines(value text, argument text)
returns commerce.line_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines commerce.line_quantity[];
begin
    if value is null then
        return null;
    end if;
    v_lines = array(
        select (read.id, sum(read.quantity)::integer)::commerce.line_quantity
        from (
            select
                private.to_identifier(sent.line ->> 'sale_line_id', argument || '.sale_line_id') as id,
                private.to_whole_number(
                    sent.line ->> 'quantity', argument || '.quantity', 1, 1000000
                ) as quantity
            from unnest(
                private.to_objects(value, argument, 500, '{sale_line_id,quantity}')
            ) as sent (line)
        ) as read
        group by read.id
        order by read.id
    );
    if cardinality(v_lines) = 0 then
        perform private.invalid(argument, 'must name at least one line');
    end if;
    return v_lines;
end;
$$;

/*
 * Read of which kind a return is.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_return_kind(value text)
returns commerce.return_kind
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value not in ('return', 'exchange', 'claim') then
        perform private.invalid('kind', 'must be return, exchange or claim');
    end if;
    return value::commerce.return_kind;
end;
$$;

/*
 * Read how a return of a kind ends: by default with its refund, an exchange with a replacement.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_resolution(kind text, value text)
returns commerce.return_resolution
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_resolution constant text = coalesce(
        value, case kind when 'exchange' then 'replacement' else 'refund' end
    );
begin
    if v_resolution not in ('refund', 'replacement')
        or kind <> 'claim' and (kind = 'exchange') <> (v_resolution = 'replacement') then
        perform private.invalid(
            'resolution', 'must be refund for a return, replacement for an exchange'
        );
    end if;
    return v_resolution::commerce.return_resolution;
end;
$$;

/*
 * Read what is decided for single items of a return: a JSON array of {order_item_id, store_id?,
 * restock?}.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_decisions(value text, argument text)
returns commerce.return_decision[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_decisions commerce.return_decision[] = array(
        select (
            private.to_identifier(sent.item ->> 'order_item_id', argument || '.order_item_id'),
            private.to_identifier(
                sent.item ->> 'store_id', argument || '.store_id', is_required => false
            ),
            case when sent.item ->> 'restock' is not null then private.to_yes_no(
                sent.item ->> 'restock', argument || '.restock'
            ) end
        )::commerce.return_decision
        from unnest(
            private.to_objects(value, argument, 500, '{order_item_id,store_id,restock}')
        ) as sent (item)
    );
begin
    if cardinality(v_decisions) > (
        select count(distinct decision.order_item_id) from unnest(v_decisions) as decision
    ) then
        perform private.invalid(argument, 'must name each item once');
    end if;
    return v_decisions;
end;
$$;

/*
 * Read units of variants that are added to an order: a JSON array of {variant_id, quantity,
 * unit_minor?}. Several entries of one variant at one price are added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_additions(value text, argument text)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            read.variant_id, sum(read.quantity)::integer, read.unit_minor
        )::commerce.order_addition
        from (
            select
                private.to_identifier(
                    sent.item ->> 'variant_id', argument || '.variant_id'
                ) as variant_id,
                private.to_whole_number(
                    sent.item ->> 'quantity', argument || '.quantity', 1, 100000
                ) as quantity,
                private.to_minor_units(
                    sent.item ->> 'unit_minor', argument || '.unit_minor'
                ) as unit_minor
            from unnest(
                private.to_objects(value, argument, 100, '{variant_id,quantity,unit_minor}')
            ) as sent (item)
        ) as read
        group by read.variant_id, read.unit_minor
        order by read.variant_id, read.unit_minor
    );
end;
$$;

/*
 * Read what is sent for the pieces of an exchange; a return of another kind has none.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_replacements(value text, kind text)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_replacements constant commerce.order_addition[] = commerce.to_additions(
        coalesce(value, '[]'), 'replacements'
    );
begin
    if v_replacements <> '{}' and kind <> 'exchange' then
        perform private.invalid('replacements', 'are for an exchange');
    end if;
    return v_replacements;
end;
$$;

/*
 * Read units of variants that are added to an order, at least one.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_required_additions(value text, argument text)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_added constant commerce.order_addition[] = commerce.to_additions(
        coalesce(value, '[]'), argument
    );
begin
    if v_added = '{}' then
        perform private.invalid(argument, 'must name at least one variant');
    end if;
    return v_added;
end;
$$;

/*
 * Read pieces of items: a JSON array of {order_item_id, quantity}. Several entries of one item are
 * added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_pieces(value text, argument text)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pieces commerce.item_quantity[];
begin
    if value is null then
        return null;
    end if;
    v_pieces = array(
        select (read.id, sum(read.quantity)::integer)::commerce.item_quantity
        from (
            select
                private.to_identifier(
                    sent.item ->> 'order_item_id', argument || '.order_item_id'
                ) as id,
                private.to_whole_number(
                    sent.item ->> 'quantity', argument || '.quantity', 1, 1000000
                ) as quantity
            from unnest(
                private.to_objects(value, argument, 500, '{order_item_id,quantity}')
            ) as sent (item)
        ) as read
        group by read.id
        order by read.id
    );
    if cardinality(v_pieces) = 0 then
        perform private.invalid(argument, 'must name at least one item');
    end if;
    return v_pieces;
end;
$$;

-- sql/50_commerce/functions/orders_bulk.sql

-- What members do with many orders at once.

/*
 * Do the same with several orders; each is changed, or left as it is and its refusal reported.
 * They are locked in the order of their ids, and then the levels of all of them at once, as
 * everybody does who changes several.
 * Definer: nobody has a write grant on orders; each function checks the caller.
 */
create function commerce.update_orders(order_ids uuid[], action text, reason text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_results jsonb = '[]';
    v_id uuid;
    v_mine constant uuid[] = array(
        select orders.id
        from commerce.orders
        where
            orders.id = any(update_orders.order_ids)
            and commerce.actors(orders) <> '{}'
        order by orders.id
        for update
    );
begin
    perform commerce.lock_levels_of(v_mine);
    foreach v_id in array order_ids loop
        v_results = v_results || commerce.update_one_order(
            v_id, update_orders.action, update_orders.reason
        );
    end loop;
    return v_results;
end;
$$;

/*
 * Take one step of update_orders. Returns {order_id, is_changed, status, error, message}.
 */
create function commerce.update_one_order(order_id uuid, action text, reason text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_token text;
    v_message text;
    v_before constant commerce.orders = commerce.order_or_null(order_id);
    v_after commerce.orders;
begin
    perform commerce.lock_order(update_one_order.order_id, '{business}');
    case action
        when 'fulfil' then perform commerce.fulfil_order(update_one_order.order_id);
        when 'complete' then perform commerce.complete_order(update_one_order.order_id);
        when 'cancel' then
            perform commerce.cancel_order(
                update_one_order.order_id, null, update_one_order.reason
            );
        when 'deliver' then perform commerce.deliver_everything(update_one_order.order_id);
        else
            perform commerce.send_shipment(
                commerce.pack_shipment(update_one_order.order_id, null), null, null, null
            );
    end case;
    v_after = commerce.order_or_null(update_one_order.order_id);
    return jsonb_build_object(
        'order_id', update_one_order.order_id,
        'is_changed', v_after.status <> v_before.status,
        'status', v_after.status,
        'error', null,
        'message', null
    );
exception
    when sqlstate 'PT403' or sqlstate 'PT404' or sqlstate 'PT409' then
        get stacked diagnostics v_token = pg_exception_detail, v_message = message_text;
        return jsonb_build_object(
            'order_id', update_one_order.order_id,
            'is_changed', false,
            'status', case when v_token <> 'not_found' then v_before.status end,
            'error', v_token,
            'message', v_message
        );
end;
$$;

/*
 * Return an order as it is now; all columns null if there is none.
 */
create function commerce.order_or_null(order_id uuid)
returns commerce.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    where orders.id = order_or_null.order_id;
    return v_order;
end;
$$;

/*
 * Note that every shipment of an order that is under way arrived.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.deliver_everything(order_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    for v_id in
        select shipments.id
        from commerce.shipments
        where
            shipments.order_id = deliver_everything.order_id
            and shipments.status = 'shipped'
        order by shipments.created_at, shipments.id
    loop
        perform commerce.deliver_shipment(v_id);
    end loop;
    if v_id is null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'No shipment of this order is under way.',
            'Send it first.'
        );
    end if;
end;
$$;

-- sql/50_commerce/functions/orders_cancelling.sql

-- How an order is cancelled: whole or by line, before it was sent. What was paid for it is given
-- back by the settlement of its sale.

/*
 * Cancel units of lines: their pieces go back into stock, and a revision takes them back from the
 * sale. The caller holds the locks of the order and of its levels.
 */
create function commerce.cancel_units(
    placed commerce.orders,
    lines commerce.line_quantity[],
    cause sales.revision_cause,
    reason text,
    more_changes sales.change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes constant sales.change[] = commerce.take_back_lines(placed.id, lines);
begin
    perform commerce.release_units(placed, lines);
    perform sales.revise_sale(
        placed.business_id, placed.sale_id, cancel_units.cause, v_changes || more_changes
    );
    perform commerce.record_change(placed, 'cancelled', lines, cancel_units.reason);
end;
$$;

/*
 * Count units of lines as cancelled, and put their pieces back into stock. The caller holds the
 * locks of the order and of its levels.
 */
create function commerce.release_units(placed commerce.orders, lines commerce.line_quantity[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_pieces constant commerce.item_quantity[] = commerce.pieces_of(placed.id, lines, false);
begin
    update commerce.order_items
    set cancelled_quantity = order_items.cancelled_quantity + piece.quantity
    from unnest(v_pieces) as piece
    where order_items.id = piece.order_item_id;
    perform commerce.restock(placed.business_id, commerce.moves_of(v_pieces), 'cancelled');
end;
$$;

/*
 * Cancel an order, or some units of its lines, before they were sent. The customer may do so until
 * something was sent, the business any time. Cancelling a cancelled order changes nothing.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition quantity_exceeded
 */
create function commerce.cancel_order(
    order_id uuid,
    lines commerce.line_quantity[],
    reason text,
    version integer default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{customer,business}');
    v_is_whole boolean;
begin
    if v_order.status = 'cancelled' and lines is null then
        return;
    end if;
    perform commerce.require_version(v_order, cancel_order.version);
    perform commerce.require_open(v_order, lines is null, 'cancelled');
    perform commerce.lock_levels_of(array[v_order.id]);
    if lines is not null then
        perform commerce.require_units(v_order.id, lines, false);
    end if;
    v_is_whole = lines is null or not exists (
        select 1
        from commerce.line_units(v_order.id) as units
        left join unnest(lines) as line on line.sale_line_id = units.sale_line_id
        where units.units - units.taken_units > coalesce(line.quantity, 0)
    );
    if v_is_whole then
        perform commerce.end_order(v_order, 'cancelled', cancel_order.reason);
        return;
    end if;
    perform commerce.cancel_units(v_order, lines, 'corrected', cancel_order.reason, '{}');
    perform commerce.follow_pieces(
        commerce.order_now(v_order.id), 'lines_cancelled', cancel_order.reason
    );
end;
$$;

/*
 * Refuse to cancel or change an order that is over, or of which something was sent: the whole of
 * it, or any of it for its customer.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.require_open(placed commerce.orders, is_whole boolean, act text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if placed.status not in ('pending', 'paid', 'fulfilling')
        or (is_whole or not commerce.actors(placed) && '{business,system}')
        and exists (
            select 1
            from commerce.order_items
            where
                order_items.business_id = placed.business_id
                and order_items.order_id = placed.id
                and order_items.shipped_quantity > 0
        ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            case
                when placed.status in ('pending', 'paid', 'fulfilling')
                    then 'Something of this order was sent already.'
                else format('An order that is %s cannot be %s.', placed.status, act)
            end,
            'Ask for a return, or let the business cancel the lines that were not sent.'
        );
    end if;
end;
$$;

/*
 * Return an order as it is now.
 */
create function commerce.order_now(order_id uuid)
returns commerce.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into strict v_order
    from commerce.orders
    where orders.id = order_now.order_id;
    return v_order;
end;
$$;

-- sql/50_commerce/functions/orders_changes.sql

-- The versions of an order.

/*
 * Record a change of what was ordered as the next version: units that went, and units that came.
 * The caller holds the order's lock.
 */
create function commerce.record_change(
    placed commerce.orders,
    kind commerce.change_kind,
    lines commerce.line_quantity[],
    reason text,
    added commerce.line_quantity[] default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_version integer;
begin
    update commerce.orders
    set version = orders.version + 1
    where orders.id = placed.id
    returning orders.version into v_version;
    insert into commerce.order_changes (
        business_id, order_id, version, kind, lines, reason, actor_id, at
    )
    values (
        placed.business_id, placed.id, v_version, record_change.kind,
        (
            select jsonb_agg(
                jsonb_build_object('sale_line_id', unit.sale_line_id, 'quantity', unit.quantity)
            )
            from (
                select line.sale_line_id, - line.quantity as quantity
                from unnest(lines) as line
                union all
                select line.sale_line_id, line.quantity
                from unnest(added) as line
            ) as unit
        ),
        record_change.reason, (select users.id from auth.users where users.id = auth.uid()),
        private.now()
    );
end;
$$;

/*
 * Refuse an order that has another version than the caller read.
 *
 * Errors:  PT409 changed_meanwhile
 */
create function commerce.require_version(placed commerce.orders, version integer)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_version.version <> placed.version then
        perform private.refuse(
            'PT409', 'changed_meanwhile',
            format('This order has the version %s now.', placed.version),
            'Read the order again, then decide.'
        );
    end if;
end;
$$;

-- sql/50_commerce/functions/orders_editing.sql

-- How an order is changed after it was placed: units of variants are added, and units that were not
-- sent are taken off, in one transaction with its sale and with stock. What it costs more is paid
-- before anything more is sent; what it costs less is given back by the settlement of its sale.

/*
 * Change an order: add units of variants, and take units of its lines off. Its customer may do so
 * until something was sent, the business as long as something is open. Returns what it costs now,
 * as commerce.settlement_of_change. `total_minor` is the total that the caller accepted.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile credit_limit_exceeded invalid_transition not_for_sale
 *              order_limit_exceeded out_of_stock price_changed quantity_exceeded
 *          PT422 pack_size terms_not_agreed
 */
create function commerce.change_order(
    order_id uuid,
    added commerce.order_addition[],
    removed commerce.line_quantity[],
    reason text,
    version integer,
    total_minor bigint
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{customer,business}');
    v_changes sales.change[];
    v_difference bigint;
    v_lines commerce.line_quantity[];
begin
    perform commerce.require_version(v_order, change_order.version);
    v_changes = commerce.changes_to_write(v_order, added, removed);
    v_difference = commerce.cost_of_changes(v_order, v_changes);
    perform commerce.require_accepted_total(v_order, v_difference, change_order.total_minor);
    perform commerce.require_terms_of_change(v_order, added, v_difference);
    perform commerce.lock_moved_levels(
        v_order.business_id,
        commerce.moves_of(commerce.pieces_of(v_order.id, removed, false))
        || commerce.moves_of_additions(v_order, added)
    );
    perform commerce.release_units(v_order, removed);
    v_lines = commerce.write_additions(v_order, added, v_changes);
    perform commerce.record_change(v_order, 'edited', removed, change_order.reason, v_lines);
    perform commerce.follow_pieces(
        commerce.order_now(v_order.id), 'changed', change_order.reason
    );
    return commerce.settlement_of_change(commerce.order_now(v_order.id), v_difference, 0);
end;
$$;

/*
 * Return what a change of an order would cost, as commerce.settlement_of_change.
 * Definer: customers read neither price lists nor the payments of others for their sale.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded
 */
create function commerce.quote_change(
    order_id uuid, added commerce.order_addition[], removed commerce.line_quantity[]
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
    v_difference bigint;
begin
    select orders.* into v_order
    from commerce.orders
    where orders.id = quote_change.order_id;
    perform commerce.require_actor(v_order, '{customer,business}');
    v_difference = commerce.cost_of_changes(
        v_order, commerce.changes_to_write(v_order, added, removed)
    );
    return commerce.settlement_of_change(v_order, v_difference, v_difference);
end;
$$;

/*
 * Return the lines by which a change revises the sale of an order: those that take units back, then
 * those that are added.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded
 */
create function commerce.changes_to_write(
    placed commerce.orders,
    added commerce.order_addition[],
    removed commerce.line_quantity[]
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform commerce.require_open(placed, false, 'changed');
    perform commerce.require_prices(placed, added);
    perform commerce.require_units(placed.id, removed, false);
    return commerce.take_back_lines(placed.id, removed)
        || commerce.price_additions(placed, added);
end;
$$;

/*
 * Refuse a price that somebody else than the business names.
 *
 * Errors:  PT403 forbidden
 */
create function commerce.require_prices(
    placed commerce.orders, added commerce.order_addition[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not commerce.actors(placed) && '{business,system}' and exists (
        select 1 from unnest(added) as addition where addition.unit_minor is not null
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the business can name a price.',
            'Leave unit_minor out.'
        );
    end if;
end;
$$;

/*
 * Return how much more an order costs with some changes, its taxes included; less than 0: less.
 */
create function commerce.cost_of_changes(placed commerce.orders, changes sales.change[])
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(total.minor), 0)
        from unnest(
            sales.totals_of_changes(placed.business_id, placed.sale_id, changes)
        ) as total (minor)
    );
end;
$$;

/*
 * Refuse a change at another total of the order than the caller accepted; null: whatever it is.
 *
 * Errors:  PT409 price_changed
 */
create function commerce.require_accepted_total(
    placed commerce.orders, difference_minor bigint, total_minor bigint
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_accepted_total.total_minor <> difference_minor + (
        money.sale_balance(placed.business_id, placed.sale_id)
    ).owed_minor then
        perform pricing.refuse_changed_price();
    end if;
end;
$$;

/*
 * Refuse a change that does not keep to the terms of a wholesale buyer: packs stay whole, and with
 * net terms the order stays within the credit. The account is locked until the transaction ends.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded · PT422 pack_size terms_not_agreed
 */
create function commerce.require_terms_of_change(
    placed commerce.orders, added commerce.order_addition[], difference_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms commerce.buying_terms = commerce.lock_terms(placed.business_id, placed.customer_id);
    v_open constant bigint = (
        money.sale_balance(placed.business_id, placed.sale_id)
    ).balance_minor;
begin
    if v_terms.wholesale_account_id is null then
        return;
    end if;
    perform commerce.require_packs(
        placed.business_id,
        array(
            select (addition.variant_id, addition.quantity)::commerce.stock_item
            from unnest(added) as addition
        )
    );
    if placed.pays_later and difference_minor > 0 then
        -- What is open of this order already uses the credit.
        v_terms.credit_limit_minor = v_terms.credit_limit_minor + greatest(v_open, 0);
        perform commerce.require_credit(
            v_terms, v_open + difference_minor, commerce.currency_of(placed)
        );
    end if;
end;
$$;

/*
 * Return what a change of an order comes to: {order_id, version, currency, difference_minor,
 * total_minor, open_minor, refund_minor}. `to_come_minor` is what its sale does not have yet.
 */
create function commerce.settlement_of_change(
    placed commerce.orders, difference_minor bigint, to_come_minor bigint
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sale constant record = money.sale_balance(placed.business_id, placed.sale_id);
    v_total constant bigint = v_sale.owed_minor + to_come_minor;
begin
    return jsonb_build_object(
        'order_id', placed.id,
        'version', placed.version,
        'currency', commerce.currency_of(placed),
        'difference_minor', settlement_of_change.difference_minor,
        'total_minor', v_total,
        'open_minor', greatest(v_sale.balance_minor + to_come_minor, 0),
        'refund_minor', greatest(
            v_sale.captured_minor - v_sale.returned_minor - greatest(v_total, 0), 0
        )
    );
end;
$$;

-- sql/50_commerce/functions/orders_guests.sql

-- Orders of people without an account. Reference and e-mail address together show an order; a
-- mailed code proves that it is theirs, as for guests' bookings, and cancels it or asks for a
-- return. The rules are those for customers, because the same functions do it.

/*
 * Return what a guest may see of the order with a reference and an e-mail address. A wrong
 * reference and a wrong address get the same refusal.
 * Definer: guests are not signed in; both values together are the proof.
 *
 * Errors:  PT404 not_found
 */
create function commerce.look_up_order(reference text, email text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.order_of_guest(
        look_up_order.reference, look_up_order.email
    );
begin
    if v_order.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no order with this reference and e-mail address.',
            'Check both: the reference has 8 characters.'
        );
    end if;
    return commerce.shown_to_guest(v_order);
end;
$$;

/*
 * Return the order with a reference that was placed with an e-mail address; all columns null if
 * there is none.
 */
create function commerce.order_of_guest(reference text, email text)
returns commerce.orders
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    inner join sales.sales
        on sales.business_id = orders.business_id and sales.id = orders.sale_id
    where
        orders.reference = upper(btrim(order_of_guest.reference))
        and lower(sales.customer_email) = lower(btrim(order_of_guest.email));
    return v_order;
end;
$$;

/*
 * Mail a code for a guest's order that is not over. Returns nothing, so a caller does not learn
 * whether the order exists.
 * Definer: guests are not signed in, and clients have no access to the codes.
 *
 * Errors:  PT429 rate_limited
 */
create function commerce.request_order_code(reference text, email text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes = scheduling.make_request(request_order_code.email);
    v_order commerce.orders = commerce.order_of_guest(
        request_order_code.reference, request_order_code.email
    );
begin
    if v_order.customer_id is null
        and v_order.status not in ('cancelled', 'expired', 'returned') then
        v_request.business_id = v_order.business_id;
        v_request.order_id = v_order.id;
    end if;
    perform scheduling.send_code(
        v_request, 'guest_order', v_request.email,
        jsonb_build_object('reference', v_order.reference)
    );
end;
$$;

/*
 * Return the order without an account that has a reference; null if there is none.
 */
create function commerce.guest_order(reference text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select orders.id
        from commerce.orders
        where orders.reference = upper(guest_order.reference) and orders.customer_id is null
    );
end;
$$;

/*
 * Cancel a guest's order, or units of its lines. The same call again returns the order and changes
 * nothing.
 * Definer: guests are not signed in; the code proves that the order is theirs.
 *
 * Errors:  PT403 code_invalid · those of commerce.cancel_order
 */
create function commerce.cancel_as_guest(
    reference text, code text, lines commerce.line_quantity[], reason text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_code constant scheduling.guest_codes = scheduling.use_code(
        commerce.guest_order(cancel_as_guest.reference), cancel_as_guest.code,
        jsonb_build_array('cancelled', to_jsonb(lines), cancel_as_guest.reason)
    );
begin
    if v_code.id is null then
        return scheduling.code_refusal('Request a new code with request_order_code.');
    elsif v_code.used_at is null then
        perform commerce.cancel_order(v_code.order_id, lines, cancel_as_guest.reason);
    end if;
    return commerce.shown_to_guest(commerce.order_now(v_code.order_id));
end;
$$;

/*
 * Ask for a return of a guest's order, as commerce.request_return. The same call again returns the
 * order and changes nothing.
 * Definer: guests are not signed in; the code proves that the order is theirs.
 *
 * Errors:  PT403 code_invalid · those of commerce.request_return
 */
create function commerce.return_as_guest(
    reference text,
    code text,
    lines commerce.line_quantity[],
    kind commerce.return_kind,
    resolution commerce.return_resolution,
    reason text,
    replacements commerce.order_addition[]
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_code constant scheduling.guest_codes = scheduling.use_code(
        commerce.guest_order(return_as_guest.reference), return_as_guest.code,
        jsonb_build_array(
            'returned', to_jsonb(lines), return_as_guest.kind, return_as_guest.resolution,
            return_as_guest.reason, to_jsonb(replacements)
        )
    );
begin
    if v_code.id is null then
        return scheduling.code_refusal('Request a new code with request_order_code.');
    elsif v_code.used_at is null then
        perform commerce.request_return(
            v_code.order_id, lines, return_as_guest.kind, return_as_guest.resolution,
            return_as_guest.reason, return_as_guest.replacements
        );
    end if;
    return commerce.shown_to_guest(commerce.order_now(v_code.order_id));
end;
$$;

-- sql/50_commerce/functions/orders_lines.sql

-- The units of an order. People name lines of the sale and how many units of them; stock, shipments
-- and returns count pieces of items, of which a bundle has several for one unit.

/*
 * Return the lines of an order in units: how many were ordered, can be shipped or cancelled, can be
 * returned, and were taken back. A unit of a bundle counts when all of its pieces do; pieces that
 * somebody asked to return cannot be returned again.
 */
create function commerce.line_units(order_id uuid)
returns table (
    sale_line_id uuid,
    units integer,
    open_units integer,
    returnable_units integer,
    taken_units integer
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with pieces as (
        select
            order_items.sale_line_id,
            order_items.variant_id,
            min(order_items.pieces_per_unit) as per_unit,
            sum(order_items.quantity) as ordered,
            sum(
                order_items.quantity - order_items.shipped_quantity
                - order_items.cancelled_quantity
            ) as open,
            sum(
                order_items.shipped_quantity - order_items.returned_quantity
                - commerce.pieces_asked_back(order_items.business_id, order_items.id)
            ) as returnable,
            sum(order_items.cancelled_quantity + order_items.returned_quantity) as taken
        from commerce.order_items
        where order_items.order_id = line_units.order_id
        group by order_items.sale_line_id, order_items.variant_id
    )

    select
        pieces.sale_line_id,
        min(pieces.ordered / pieces.per_unit)::integer,
        min(pieces.open / pieces.per_unit)::integer,
        min(pieces.returnable / pieces.per_unit)::integer,
        max(pieces.taken / pieces.per_unit)::integer
    from pieces
    group by pieces.sale_line_id;
end;
$$;

/*
 * Refuse units that an order does not have: more than can be cancelled, or than can be returned.
 *
 * Errors:  PT404 not_found · PT409 quantity_exceeded
 */
create function commerce.require_units(
    order_id uuid, lines commerce.line_quantity[], is_returned boolean
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line record;
begin
    select
        line.sale_line_id,
        line.quantity,
        units.sale_line_id is not null as exists,
        case when is_returned then units.returnable_units else units.open_units end as possible
    into v_line
    from unnest(lines) as line
    left join commerce.line_units(require_units.order_id) as units
        on units.sale_line_id = line.sale_line_id
    where
        line.quantity > coalesce(
            case when is_returned then units.returnable_units else units.open_units end, 0
        )
    limit 1;
    if not found then
        return;
    elsif not v_line.exists then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such line in this order.',
            'Check sale_line_id in the view order_items.'
        );
    end if;
    perform private.refuse(
        'PT409', 'quantity_exceeded',
        format('Only %s of that line are left.', v_line.possible),
        'Read the view order_items again, and name fewer.'
    );
end;
$$;

/*
 * Return which pieces some units of lines are: those that can be shipped or cancelled, or those
 * that can be returned.
 */
create function commerce.pieces_of(
    order_id uuid, lines commerce.line_quantity[], is_returned boolean
)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        with items as (
            select
                order_items.id,
                order_items.sale_line_id,
                order_items.variant_id,
                line.quantity * order_items.pieces_per_unit as wanted,
                case
                    when is_returned
                        then order_items.shipped_quantity - order_items.returned_quantity
                        - commerce.pieces_asked_back(order_items.business_id, order_items.id)
                    else order_items.quantity - order_items.shipped_quantity
                        - order_items.cancelled_quantity
                end as free
            from commerce.order_items
            inner join unnest(lines) as line
                on line.sale_line_id = order_items.sale_line_id
            where order_items.order_id = pieces_of.order_id
        ),

        sums as (
            select
                items.*,
                sum(items.free) over (
                    partition by items.sale_line_id, items.variant_id
                    order by items.id
                ) - items.free as before
            from items
        )

        select (sums.id, least(sums.free, sums.wanted - sums.before)::integer)::commerce.item_quantity
        from sums
        where sums.free > 0 and sums.wanted > sums.before
        order by sums.id
    );
end;
$$;

/*
 * Return the lines that take back units of a sale: as much of the amount and of the discount as
 * belongs to them. The parts of a line always add up to the whole of it.
 */
create function commerce.take_back_lines(order_id uuid, lines commerce.line_quantity[])
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sales.make_change(
            sold.kind,
            sold.id,
            null,
            sold.name,
            - line.quantity * sold.unit_minor,
            (
                sold.discount_minor * units.taken_units / units.units
                - sold.discount_minor * (units.taken_units + line.quantity) / units.units
            )::bigint,
            quantity => line.quantity
        )
        from unnest(lines) as line
        inner join commerce.line_units(take_back_lines.order_id) as units
            on units.sale_line_id = line.sale_line_id
        inner join sales.sale_lines as sold on sold.id = line.sale_line_id
        order by sold.position
    );
end;
$$;

/*
 * Return the lines that take back what a sale charges beside goods and still stands: its shipping.
 */
create function commerce.take_back_shipping(business_id uuid, sale_id uuid)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sales.make_change(
            sold.kind, sold.id, null, sold.name, - sold.amount_minor, - sold.discount_minor
        )
        from sales.sale_lines as sold
        where
            sold.business_id = take_back_shipping.business_id
            and sold.sale_id = take_back_shipping.sale_id
            and sold.kind = 'shipping'
            and sold.corrects_line_id is null
            and not exists (
                select 1
                from sales.sale_lines as corrections
                where
                    corrections.business_id = sold.business_id
                    and corrections.corrects_line_id = sold.id
                    and corrections.kind = sold.kind
            )
        order by sold.position
    );
end;
$$;

/*
 * Return from which stores some pieces of an order came, or come.
 */
create function commerce.moves_of(pieces commerce.item_quantity[])
returns commerce.stock_move[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (order_items.store_id, order_items.variant_id, piece.quantity)::commerce.stock_move
        from unnest(pieces) as piece
        inner join commerce.order_items on order_items.id = piece.order_item_id
    );
end;
$$;

/*
 * Put pieces into stores, for a reason. The caller holds the locks of the levels.
 */
create function commerce.restock(
    business_id uuid, moves commerce.stock_move[], reason commerce.movement_reason
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.record_movements(
        restock.business_id, stores.store_id, stores.items, restock.reason, null
    )
    from (
        select
            goods.store_id,
            array_agg(
                (goods.variant_id, goods.quantity)::commerce.stock_item order by goods.variant_id
            ) as items
        from (
            select move.store_id, move.variant_id, sum(move.quantity)::integer as quantity
            from unnest(moves) as move
            group by move.store_id, move.variant_id
        ) as goods
        group by goods.store_id
        order by goods.store_id
    ) as stores;
end;
$$;

/*
 * Lock the levels from which orders took their pieces, in the order in which everybody locks them.
 */
create function commerce.lock_levels_of(order_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from commerce.stock_levels
    where (stock_levels.business_id, stock_levels.store_id, stock_levels.variant_id) in (
        select order_items.business_id, order_items.store_id, order_items.variant_id
        from commerce.order_items
        where order_items.order_id = any(lock_levels_of.order_ids)
    )
    order by stock_levels.business_id, stock_levels.store_id, stock_levels.variant_id
    for update;
end;
$$;

-- sql/50_commerce/functions/orders_links.sql

-- From a guest's order to an account, and by a link to what its guest may see. The link shows the
-- order for a season; cancelling and returning need a code, because mails are passed on.

/*
 * Return the path of a link that shows an order to its guest for 90 days; null for an order of an
 * account, whose owner signs in.
 */
create function commerce.order_path(order_id uuid)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes;
begin
    select orders.business_id, orders.id, sales.customer_email, private.now() + interval '90 days'
    into v_request.business_id, v_request.order_id, v_request.email, v_request.expires_at
    from commerce.orders
    inner join sales.sales
        on sales.business_id = orders.business_id and sales.id = orders.sale_id
    where
        orders.id = order_path.order_id
        and orders.customer_id is null
        and sales.customer_email is not null;
    if not found then
        return null;
    end if;
    return format(
        '/functions/v1/order?order=%s&token=%s', order_path.order_id,
        scheduling.make_link(v_request)
    );
end;
$$;

/*
 * Return what a guest may see of the order behind a link.
 * Definer: guests are not signed in; the token proves whose order it is.
 *
 * Errors:  PT403 code_invalid
 */
create function commerce.order_by_link(order_id uuid, token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform scheduling.require_link(order_id, token);
    return commerce.shown_to_guest(commerce.order_now(order_id));
end;
$$;

/*
 * Assign what was bought with the caller's verified e-mail address, and without an account, to the
 * caller's account. Returns the number of orders.
 * Definer: nobody has update privileges on orders and sales.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function commerce.claim_guest_orders()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user auth.users = scheduling.verified_user();
    v_count integer;
begin
    perform customers.note_customer(
        guests.business_id, v_user.id, guests.name, v_user.email, null, v_user.email_confirmed_at
    )
    from (
        select sales.business_id, max(sales.customer_name) as name
        from commerce.orders
        inner join sales.sales
            on sales.business_id = orders.business_id and sales.id = orders.sale_id
        where
            orders.customer_id is null
            and sales.customer_id is null
            and lower(sales.customer_email) = lower(v_user.email)
        group by sales.business_id
    ) as guests;
    with bought as (
        update sales.sales
        set customer_id = v_user.id
        from commerce.orders
        where
            orders.business_id = sales.business_id
            and orders.sale_id = sales.id
            and orders.customer_id is null
            and sales.customer_id is null
            and lower(sales.customer_email) = lower(v_user.email)
        returning orders.id, sales.basket_id
    ),

    baskets as (
        update sales.baskets
        set customer_id = v_user.id
        from bought
        where baskets.id = bought.basket_id and baskets.customer_id is null
    )

    update commerce.orders
    set customer_id = v_user.id
    from bought
    where orders.id = bought.id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/50_commerce/functions/orders_notices.sql

-- What a notification says about an order, and who reads it. The seed registers the subject `order`
-- with these functions.

/*
 * Return what templates may say about orders.
 */
create function commerce.order_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', orders.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'business_phone', coalesce(businesses.phone, ''),
            'customer_name', coalesce(sales.customer_name, sales.customer_email, ''),
            'reference', orders.reference,
            'item_names', items.names,
            'total', scheduling.money_data(sale.owed_minor, sales.currency),
            'open', scheduling.money_data(greatest(sale.balance_minor, 0), sales.currency),
            'tracking', coalesce(commerce.tracking_of(orders), ''),
            'reason', coalesce(messages.payload ->> 'reason', '')
        )
    from unnest(order_data.messages) as messages
    inner join commerce.orders on orders.id = messages.subject_id
    inner join sales.sales on sales.id = orders.sale_id
    inner join business.businesses on businesses.id = orders.business_id
    cross join lateral money.sale_balance(orders.business_id, orders.sale_id) as sale
    cross join lateral (select commerce.item_names(orders) as names) as items;
end;
$$;

/*
 * Return the pieces of an order by quantity and name: those that stand, or all that were ordered
 * when none does.
 */
create function commerce.item_names(placed commerce.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                string_agg(format('%s × %s', item.standing, item.name), ', ' order by item.name, item.id)
                filter (where item.standing > 0),
                string_agg(format('%s × %s', item.quantity, item.name), ', ' order by item.name, item.id)
            )
        from (
            select
                order_items.id,
                order_items.name,
                order_items.quantity,
                order_items.quantity - order_items.cancelled_quantity
                - order_items.returned_quantity as standing
            from commerce.order_items
            where
                order_items.business_id = placed.business_id
                and order_items.order_id = placed.id
        ) as item
    );
end;
$$;

/*
 * Return how the latest shipment of an order is followed, in one line; null if nobody said.
 */
create function commerce.tracking_of(placed commerce.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select nullif(
            concat_ws(
                ' ', shipments.carrier, shipments.tracking_number, shipments.tracking_url
            ),
            ''
        )
        from commerce.shipments
        where
            shipments.business_id = placed.business_id
            and shipments.order_id = placed.id
            and shipments.shipped_at is not null
        order by shipments.shipped_at desc, shipments.id
        limit 1
    );
end;
$$;

/*
 * Return the people of an audience who read messages about orders: the customer, as the sale says
 * how to reach them, or the owners and managers of the business.
 */
create function commerce.order_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        orders.customer_id,
        coalesce(sales.customer_email, profiles.email),
        coalesce(sales.customer_phone, profiles.phone),
        coalesce(
            profiles.locale,
            (
                commerce.market_of(orders.business_id, commerce.region_of(orders.address))
            ).locale,
            businesses.locale
        ),
        null::jsonb
    from unnest(order_readers.messages) as messages
    inner join commerce.orders on orders.id = messages.subject_id
    inner join sales.sales on sales.id = orders.sale_id
    inner join business.businesses on businesses.id = orders.business_id
    left join identity.profiles on profiles.id = orders.customer_id
    where audience = 'customer'
    union all
    select readers.*
    from unnest(order_readers.messages) as messages
    inner join commerce.orders on orders.id = messages.subject_id
    cross join lateral
    business.manager_readers(orders.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;

/*
 * Return of which messages people are told: all of them. An order that somebody is changing right
 * now is left out, because waiting for one while keeping others could deadlock.
 */
create function commerce.claim_order_messages(messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order_ids constant uuid array = array(
        select orders.id
        from commerce.orders
        where
            orders.id in (
                select messages.subject_id
                from unnest(claim_order_messages.messages) as messages
            )
        for key share skip locked
    );
begin
    return query
    select messages.ordinal, true
    from unnest(claim_order_messages.messages) as messages
    where messages.subject_id = any(v_order_ids);
end;
$$;

-- sql/50_commerce/functions/orders_paying.sql

-- What orders have to do with payments and time. Money knows sales and nothing of orders; it is an
-- order that listens to the parts of payments of its sale. An order that nobody pays in time
-- expires: its pieces go back, its sale is voided, and what was paid of it is given back.

/*
 * Move an order whose sale is paid now to `paid`. When its time was gone, it says so: the payment
 * is given back, because the sale owes nothing any more. Never refuses: the money has come.
 * Definer: whoever records a payment has no rights on orders.
 */
create function commerce.pay_order(order_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    where orders.id = pay_order.order_id
    for update;
    if v_order.status = 'pending' and commerce.is_paid(v_order) then
        perform commerce.change_status(v_order, 'paid', null);
    elsif v_order.status in ('expired', 'cancelled') then
        perform commerce.record_event(v_order, 'paid_too_late', null);
    end if;
end;
$$;

/*
 * End an order before anything of it was sent: its pieces go back, and its sale is voided with its
 * shipping and the gift cards that are not paid. The caller holds the locks of the order and of its
 * levels.
 */
create function commerce.end_order(
    placed commerce.orders, to_status commerce.order_status, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lines constant commerce.line_quantity[] = array(
        select (units.sale_line_id, units.open_units)::commerce.line_quantity
        from commerce.line_units(placed.id) as units
        where units.open_units > 0
    );
begin
    perform commerce.cancel_units(
        placed,
        v_lines,
        end_order.to_status::text::sales.revision_cause,
        end_order.reason,
        commerce.take_back_shipping(placed.business_id, placed.sale_id)
        || money.void_gift_cards(placed.business_id, placed.sale_id)
    );
    perform commerce.change_status(placed, end_order.to_status, end_order.reason);
end;
$$;

/*
 * Expire the orders that were not paid in time, and complete those that nobody can return pieces
 * of any more. Returns how many. Several workers may run it at once; each skips the orders that
 * another has locked.
 * Definer: called by the worker, which has no access to the tables.
 */
create function commerce.apply_due_steps(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
    v_orders commerce.orders[] = commerce.lock_due_orders(batch_size);
begin
    perform commerce.lock_levels_of(
        array(select due.id from unnest(v_orders) as due where due.status = 'pending')
    );
    foreach v_order in array v_orders loop
        if v_order.status = 'delivered' then
            perform commerce.change_status(v_order, 'completed', null);
        else
            perform commerce.end_order(v_order, 'expired', null);
        end if;
    end loop;
    return cardinality(v_orders);
end;
$$;

/*
 * Lock orders whose time is over: unpaid ones that expire, and delivered ones past their returns of
 * which no return is open.
 */
create function commerce.lock_due_orders(batch_size integer)
returns commerce.orders[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select orders
        from commerce.orders
        where orders.status = 'pending' and orders.expires_at <= private.now()
        order by orders.expires_at, orders.id
        limit lock_due_orders.batch_size
        for update skip locked
    ) || array(
        select orders
        from commerce.orders
        where
            orders.status = 'delivered'
            and orders.returns_until <= private.now()
            and not commerce.has_open_return(orders.business_id, orders.id)
        order by orders.returns_until, orders.id
        limit lock_due_orders.batch_size
        for update skip locked
    );
end;
$$;

-- sql/50_commerce/functions/orders_shown.sql

-- What a guest sees of an order, however they prove that it is theirs: how far it has come, what is
-- in it and what is open, but not where it goes.

/*
 * Return what a guest may see of an order: not where it goes.
 */
create function commerce.shown_to_guest(placed commerce.orders)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sale constant record = money.sale_balance(placed.business_id, placed.sale_id);
begin
    return jsonb_build_object(
        'reference', placed.reference,
        'status', placed.status,
        'business_name', (
            select businesses.name from business.businesses where businesses.id = placed.business_id
        ),
        'placed_at', placed.placed_at,
        'delivery_kind', placed.delivery_kind,
        'tracking', commerce.tracking_of(placed),
        'currency', commerce.currency_of(placed),
        'total_minor', v_sale.owed_minor,
        'open_minor', greatest(v_sale.balance_minor, 0),
        'expires_at', placed.expires_at,
        'returns_until', placed.returns_until,
        'items', commerce.items_shown_to_guest(placed),
        'returns', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('kind', returns.kind, 'status', returns.status)
                    order by returns.requested_at, returns.id
                ),
                '[]'
            )
            from commerce.returns
            where returns.business_id = placed.business_id and returns.order_id = placed.id
        )
    );
end;
$$;

/*
 * Return the items of an order as its guest sees them.
 */
create function commerce.items_shown_to_guest(placed commerce.orders)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(
            jsonb_build_object(
                'sale_line_id', order_items.sale_line_id,
                'name', order_items.name,
                'quantity', order_items.quantity,
                'shipped_quantity', order_items.shipped_quantity,
                'delivered_quantity', order_items.delivered_quantity,
                'returned_quantity', order_items.returned_quantity,
                'cancelled_quantity', order_items.cancelled_quantity
            )
            order by order_items.name, order_items.id
        )
        from commerce.order_items
        where
            order_items.business_id = placed.business_id
            and order_items.order_id = placed.id
    );
end;
$$;

-- sql/50_commerce/functions/orders_steps.sql

-- The steps of an order that exists. Whoever takes one locks the order first, then the levels of
-- stock that it changes.

/*
 * Lock an order for a caller who may act on it. Returns it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_order(order_id uuid, as_actors scheduling.actor_kind[])
returns commerce.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    where orders.id = lock_order.order_id
    for update;
    perform commerce.require_actor(v_order, as_actors);
    return v_order;
end;
$$;

/*
 * Refuse a caller who may not act on an order in one of some ways. An order that the caller may not
 * read, and one that does not exist, get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.require_actor(
    placed commerce.orders, as_actors scheduling.actor_kind[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_actors constant scheduling.actor_kind[] = commerce.actors(placed);
begin
    if not private.is_operator()
        and not (placed.customer_id is null and v_actors = '{customer}') then
        perform private.current_user_id();
    end if;
    if placed.id is null
        or v_actors = '{}' and placed.business_id not in (select private.seen_businesses()) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such order.', 'Check the id in the view orders.'
        );
    elsif not (as_actors || 'system'::scheduling.actor_kind) && v_actors then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to do this with this order.',
            'Ask the business to do it.'
        );
    end if;
end;
$$;

/*
 * Return the status that follows from the pieces of an order.
 */
create function commerce.status_of_pieces(placed commerce.orders)
returns commerce.order_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pieces record;
begin
    select
        sum(order_items.quantity - order_items.cancelled_quantity) as ordered,
        sum(order_items.shipped_quantity) as shipped,
        sum(order_items.delivered_quantity) as delivered,
        sum(order_items.returned_quantity) as returned
    into v_pieces
    from commerce.order_items
    where order_items.business_id = placed.business_id and order_items.order_id = placed.id;
    return case
        when v_pieces.ordered = 0 then 'cancelled'
        when v_pieces.returned = v_pieces.ordered then 'returned'
        when v_pieces.shipped < v_pieces.ordered then case
            when v_pieces.shipped > 0 or placed.status in ('shipped', 'delivered', 'completed')
                then 'fulfilling'
            when placed.status = 'pending' and commerce.is_paid(placed) then 'paid'
            else placed.status
        end
        when placed.status = 'completed' then 'completed'
        when v_pieces.delivered = 0 or exists (
            select 1
            from commerce.shipments
            where
                shipments.business_id = placed.business_id
                and shipments.order_id = placed.id
                and shipments.status = 'shipped'
        ) then 'shipped'
        else 'delivered'
    end;
end;
$$;

/*
 * Let the status of an order follow its pieces, and record what happened; that a part was sent or
 * arrived is not recorded of the last part.
 */
create function commerce.follow_pieces(
    placed commerce.orders, event commerce.order_event, note text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_status constant commerce.order_status = commerce.status_of_pieces(placed);
begin
    if v_status <> placed.status then
        perform commerce.change_status(placed, v_status, follow_pieces.note);
    end if;
    if follow_pieces.event::text <> 'part_' || v_status::text then
        perform commerce.record_event(
            commerce.order_now(placed.id), follow_pieces.event, follow_pieces.note
        );
    end if;
end;
$$;

/*
 * Change the status of an order whose lock the caller holds. The steps table and the triggers
 * decide whether the step exists and who may take it. With its delivery begins the time in which
 * the customer may return pieces, and every line is delivered.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition payment_required
 */
create function commerce.change_status(
    placed commerce.orders, to_status commerce.order_status, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update commerce.orders
    set
        status = change_status.to_status,
        status_reason = case
            when change_status.to_status = 'cancelled' then change_status.reason
        end,
        expires_at = null,
        returns_until = case
            when change_status.to_status in ('delivered', 'completed') then coalesce(
                orders.returns_until,
                private.now() + make_interval(
                    days => (commerce.settings_of(orders.business_id)).return_days
                )
            )
            else orders.returns_until
        end
    where orders.id = placed.id;
    if change_status.to_status in ('delivered', 'completed') then
        perform sales.deliver_lines(placed.business_id, placed.sale_id);
    end if;
end;
$$;

/*
 * Return how a business treats orders.
 */
create function commerce.settings_of(business_id uuid)
returns commerce.order_settings
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_settings commerce.order_settings;
begin
    select order_settings.* into v_settings
    from commerce.order_settings
    where order_settings.business_id = settings_of.business_id;
    if not found then
        v_settings.business_id = settings_of.business_id;
        v_settings.return_days = 14;
    end if;
    return v_settings;
end;
$$;

/*
 * Complete an order that was sent, by hand: nothing is expected to come back.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.complete_order(order_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{business}');
begin
    if v_order.status <> 'completed' then
        perform commerce.change_status(v_order, 'completed', null);
    end if;
end;
$$;

/*
 * Note that the business began to pack an order.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.fulfil_order(order_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{business}');
begin
    if v_order.status <> 'fulfilling' then
        if v_order.status in ('shipped', 'delivered', 'completed') then
            perform private.refuse(
                'PT409', 'invalid_transition', 'Everything of this order was sent already.',
                'Read the order again and check its status.'
            );
        end if;
        perform commerce.change_status(v_order, 'fulfilling', null);
    end if;
end;
$$;

-- sql/50_commerce/functions/products.sql

-- Finding the products of a shop: which filters there are, and the query that they make. The query
-- has only the conditions that were asked for, so that the index of the order is read from where
-- the page begins.

-- What somebody looks for in a shop. A null asks for nothing.
create type commerce.product_criteria as (
    business_id uuid,
    category_ids uuid array,
    brand_ids uuid array,
    -- Prices are compared in one currency.
    currency text,
    min_price_minor bigint,
    max_price_minor bigint,
    is_in_stock boolean,
    store_id uuid,
    attributes jsonb,
    sort text,
    -- The last product of the page before, by what the list is ordered.
    after_id uuid,
    after_name text,
    after_price_minor bigint,
    after_created_at timestamptz,
    page_size integer
);

/*
 * Can at least one piece of a variant be had, in some store or in one? Of a bundle, everything that
 * it contains must be there.
 * Definer: customers do not read levels.
 */
create function commerce.is_in_stock(business_id uuid, variant_id uuid, store_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from catalog.components(variant_id, 1) as needed
        where not exists (
            select 1
            from commerce.stock_levels
            where
                stock_levels.business_id = is_in_stock.business_id
                and stock_levels.variant_id = needed.variant_id
                and (is_in_stock.store_id is null or stock_levels.store_id = is_in_stock.store_id)
                and commerce.free_quantity(stock_levels, true) >= needed.quantity
        )
    );
end;
$$;

/*
 * Read filters of a list of products.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_product_criteria(business_id uuid, filters jsonb)
returns commerce.product_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_category_id constant uuid = private.to_identifier(
        filters ->> 'category_id', 'filters.category_id', false
    );
    v_criteria commerce.product_criteria;
begin
    v_criteria.business_id = business_id;
    if v_category_id is not null then
        v_criteria.category_ids = array(
            select tree.id from catalog.category_tree(v_category_id) as tree
        );
    end if;
    if filters ? 'brand_ids' then
        v_criteria.brand_ids = private.to_identifiers(filters ->> 'brand_ids', 'filters.brand_ids');
    end if;
    v_criteria.currency = coalesce(
        private.to_text(filters ->> 'currency', 'filters.currency', 3),
        (
            select businesses.currency
            from business.businesses
            where businesses.id = to_product_criteria.business_id
        )
    );
    v_criteria.min_price_minor = private.to_minor_units(
        filters ->> 'min_price_minor', 'filters.min_price_minor'
    );
    v_criteria.max_price_minor = private.to_minor_units(
        filters ->> 'max_price_minor', 'filters.max_price_minor'
    );
    v_criteria.is_in_stock = private.to_yes_no(filters ->> 'in_stock', 'filters.in_stock');
    v_criteria.store_id = private.to_identifier(filters ->> 'store_id', 'filters.store_id', false);
    v_criteria.attributes = private.to_object(filters ->> 'attributes', 'filters.attributes');
    return v_criteria;
end;
$$;

/*
 * Return criteria with the order of the list, and with the product after which the page begins.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.paged(
    criteria commerce.product_criteria, sort text, after_id uuid, page_size integer
)
returns commerce.product_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria commerce.product_criteria = criteria;
begin
    if sort <> all('{name,price,price_descending,newest}'::text[]) then
        perform private.invalid('sort', 'must be name, price, price_descending or newest');
    end if;
    v_criteria.sort = coalesce(sort, 'name');
    v_criteria.page_size = page_size;
    if after_id is null then
        return v_criteria;
    end if;
    select products.id, products.name, products.lowest_price_minor, products.created_at
    into
        v_criteria.after_id, v_criteria.after_name, v_criteria.after_price_minor,
        v_criteria.after_created_at
    from public.products
    where products.business_id = criteria.business_id and products.id = paged.after_id;
    if not found then
        perform private.invalid('after', 'must be the id of a product of the list');
    end if;
    return v_criteria;
end;
$$;

/*
 * Return the conditions of a query for criteria, which are its parameter $1.
 */
create function commerce.product_conditions(criteria commerce.product_criteria)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        'products.business_id = ($1).business_id',
        'products.is_published and products.archived_at is null',
        case when criteria.category_ids is not null
            then 'products.category_id = any(($1).category_ids)' end,
        case when criteria.brand_ids is not null
            then 'products.brand_id = any(($1).brand_ids)' end,
        case when criteria.sort like 'price%' or criteria.min_price_minor is not null
            or criteria.max_price_minor is not null
            then 'products.currency = ($1).currency and products.lowest_price_minor is not null' end,
        case when criteria.min_price_minor is not null
            then 'products.highest_price_minor >= ($1).min_price_minor' end,
        case when criteria.max_price_minor is not null
            then 'products.lowest_price_minor <= ($1).max_price_minor' end,
        case when criteria.attributes <> '{}'
            then 'products.attributes @> catalog.exact_values(($1).attributes)'
            ' and catalog.has_attributes(products.attributes, ($1).attributes)' end,
        case when criteria.is_in_stock then
            'exists (select 1 from catalog.product_variants'
            ' where product_variants.business_id = products.business_id'
            ' and product_variants.product_id = products.id and product_variants.is_active'
            ' and commerce.is_in_stock(product_variants.business_id, product_variants.id,'
            ' ($1).store_id))' end
    );
end;
$$;

/*
 * Return the query that finds the products that fit criteria, in the order of the list. Its
 * parameter $1 is the criteria.
 */
create function commerce.product_query(criteria commerce.product_criteria)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_descending constant boolean = criteria.sort in ('price_descending', 'newest');
    v_column constant text = case
        when criteria.sort = 'name' then 'name'
        when criteria.sort = 'newest' then 'created_at'
        else 'lowest_price_minor'
    end;
    v_after constant text = case
        when criteria.sort = 'name' then 'after_name'
        when criteria.sort = 'newest' then 'after_created_at'
        else 'after_price_minor'
    end;
begin
    return concat(
        'select products.id from catalog.products where ',
        commerce.product_conditions(criteria),
        case when criteria.after_id is not null
            then format(
                ' and (products.%I, products.id) %s (($1).%I, ($1).after_id)',
                v_column, case when v_is_descending then '<' else '>' end, v_after
            )
        end,
        format(
            ' order by products.%1$I%2$s, products.id%2$s limit ($1).page_size',
            v_column, case when v_is_descending then ' desc' end
        )
    );
end;
$$;

/*
 * Return the ids of the published products that fit criteria, in the order of the list. The caller
 * checks who may see the business.
 * Definer: row-level security would keep filters of attributes away from their index.
 */
create function commerce.find_products(criteria commerce.product_criteria)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query execute commerce.product_query(criteria) using criteria;
end;
$$;

/*
 * Return a product with the name and the description that suit a reader best.
 */
create function commerce.translated(product public.products, wanted text[])
returns public.products
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_product public.products = product;
    v_best constant catalog.product_translations = catalog.best_translation(
        product.business_id, product.id, wanted
    );
begin
    v_product.name = coalesce(v_best.name, product.name);
    v_product.description = coalesce(v_best.description, product.description);
    return v_product;
end;
$$;

-- sql/50_commerce/functions/products_changes.sql

-- How a change of a published product is proposed, decided and applied. It is applied by the same
-- function as a bulk change, so it is all there or not at all.

/*
 * Do the published products of a business change only with the platform's approval? The operator
 * and the platform's staff need none.
 */
create function commerce.needs_approval(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.flag('product_approval', business_id::text)
        and not private.is_operator()
        and not private.is_platform_staff('support');
end;
$$;

/*
 * Return rows of a bulk change for one product, whose slug they get.
 */
create function commerce.rows_of_product(slug text, changes jsonb)
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sent.item || jsonb_build_object('product', slug)
        from jsonb_array_elements(changes) with ordinality as sent (item, position)
        order by sent.position
    );
end;
$$;

/*
 * Apply a proposed change.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function commerce.apply_change(change commerce.product_changes)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_slug constant text = (
        select products.slug
        from catalog.products
        where products.business_id = change.business_id and products.id = change.product_id
    );
begin
    perform commerce.refuse_bulk(
        array(
            select imported
            from commerce.try_rows(
                change.business_id,
                commerce.numbered_rows(commerce.rows_of_product(v_slug, change.changes))
            ) as imported
        )
    );
end;
$$;

/*
 * Propose a change of a product. The change is checked by being applied and undone. A proposal that
 * still waits is withdrawn by the new one. Returns the id of the change.
 * Definer: nobody has a write grant on proposals, and the product stays as it is.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function commerce.propose_product_change(product_id uuid, changes jsonb[], note text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change commerce.product_changes;
begin
    v_change.business_id = commerce.business_of_product(product_id);
    v_change.product_id = propose_product_change.product_id;
    v_change.changes = to_jsonb(propose_product_change.changes);
    perform private.lock(array[v_change.business_id]);
    perform commerce.rehearse_change(v_change);
    update commerce.product_changes
    set status = 'withdrawn', decided_by = private.token_user_id(), decided_at = private.now()
    where
        product_changes.business_id = v_change.business_id
        and product_changes.product_id = v_change.product_id
        and product_changes.status = 'pending';
    insert into commerce.product_changes (
        business_id, product_id, changes, note, proposed_by, proposed_at
    )
    values (
        v_change.business_id, v_change.product_id, v_change.changes,
        propose_product_change.note, private.token_user_id(), private.now()
    )
    returning product_changes.id into v_change.id;
    return v_change.id;
end;
$$;

/*
 * Return the business of a product in which the caller may manage.
 * Definer: it must tell a product that does not exist from one of a business that refuses the
 * caller.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.business_of_product(product_id uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = (
        select products.business_id
        from catalog.products
        where products.id = business_of_product.product_id
    );
begin
    perform private.token_user_id();
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.', 'Check the id in the view products.'
        );
    end if;
    perform private.require_member(v_business_id, 'manage');
    return v_business_id;
end;
$$;

/*
 * Refuse a change that could not be applied now. Nothing of it stays.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function commerce.rehearse_change(change commerce.product_changes)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.apply_change(change);
    raise exception using errcode = 'FD000', message = 'The rehearsal is undone.';
exception
    when sqlstate 'FD000' then
        null;
end;
$$;

/*
 * Mark the rows of a bulk change that need the platform's approval: those of published products,
 * and those that publish one.
 */
create function commerce.rows_with_approval(business_id uuid, sent_rows jsonb[])
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not commerce.needs_approval(business_id) then
        return sent_rows;
    end if;
    return array(
        select
            case
                when products.is_published or sent.item ->> 'is_published' in ('true', 't')
                    then sent.item || '{"needs_approval": true}'
                else sent.item
            end
        from unnest(sent_rows) with ordinality as sent (item, position)
        left join catalog.products
            on
                products.business_id = rows_with_approval.business_id
                and products.slug = sent.item ->> 'product'
        order by sent.position
    );
end;
$$;

/*
 * Refuse to change a published product without the platform's approval.
 *
 * Errors:  PT409 approval_required
 */
create function commerce.refuse_unapproved()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'approval_required', 'The platform approves changes of published products.',
        'Propose the change with propose_product_change.'
    );
end;
$$;

-- sql/50_commerce/functions/products_deciding.sql

-- The decision about a proposed change of a product: approved and applied, rejected or withdrawn.

/*
 * Return a proposed change, locked.
 * Definer: nobody has a right to lock proposals.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function commerce.lock_product_change(change_id uuid)
returns commerce.product_changes
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change commerce.product_changes;
begin
    select product_changes.* into v_change
    from commerce.product_changes
    where product_changes.id = change_id
    for update;
    if not found then
        perform private.token_user_id();
        perform private.refuse(
            'PT404', 'not_found', 'There is no such change.',
            'Check the id in the view product_changes.'
        );
    end if;
    return v_change;
end;
$$;

/*
 * Refuse a step for a change that was decided already.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.require_pending(change commerce.product_changes)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if change.status <> 'pending' then
        perform private.refuse(
            'PT409', 'invalid_transition', format('The change is %s already.', change.status),
            'Read it again in the view product_changes.'
        );
    end if;
end;
$$;

/*
 * Approve a change and apply it, or reject it with a reason. For platform staff. A change that can
 * no longer be applied stays pending.
 * Definer: nobody has a write grant on proposals.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition already_exists
 */
create function commerce.decide_product_change(change_id uuid, is_approved boolean, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change constant commerce.product_changes = commerce.lock_product_change(change_id);
begin
    perform business.require_platform_staff(v_change.business_id, 'support');
    perform commerce.require_pending(v_change);
    if not is_approved and reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    if is_approved then
        perform private.lock(array[v_change.business_id]);
        perform commerce.apply_change(v_change);
    end if;
    update commerce.product_changes
    set
        status = case when is_approved then 'approved' else 'rejected' end::commerce.change_status,
        reason = case when not is_approved then decide_product_change.reason end,
        decided_by = auth.uid(),
        decided_at = private.now()
    where product_changes.id = v_change.id;
end;
$$;

/*
 * Withdraw a change that still waits. For owners and managers.
 * Definer: nobody has a write grant on proposals.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.withdraw_product_change(change_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change constant commerce.product_changes = commerce.lock_product_change(change_id);
begin
    perform private.require_member(v_change.business_id, 'manage');
    perform commerce.require_pending(v_change);
    update commerce.product_changes
    set status = 'withdrawn', decided_by = auth.uid(), decided_at = private.now()
    where product_changes.id = v_change.id;
end;
$$;

-- sql/50_commerce/functions/products_import.sql

-- A bulk change of products: every row at once, and when the database refuses one of them, the
-- halves by themselves, down to the row that it refuses. The constraints and triggers of the tables
-- decide what is refused, as they do for a single row.

/*
 * Write rows, all of them or none. Returns what became of each.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function commerce.import_rows(business_id uuid, sent_rows jsonb[])
returns setof commerce.imported_row
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_products constant commerce.sent_product[] = array(
        select product from commerce.sent_products(business_id, sent_rows) as product
    );
    v_changed uuid[] = array(select commerce.update_products(business_id, v_products));
    v_new uuid[] = array(select commerce.insert_products(business_id, v_products));
    v_variants constant commerce.sent_variant[] = array(
        select variant from commerce.sent_variants(business_id, sent_rows) as variant
    );
begin
    if exists (
        select 1 from unnest(sent_rows) as sent (item) where (sent.item -> 'is_repeated')::boolean
    ) then
        perform private.invalid('sku', 'must stand in one row only');
    end if;
    if exists (
        select 1 from unnest(sent_rows) as sent (item) where sent.item ? 'needs_approval'
    ) then
        perform commerce.refuse_unapproved();
    end if;
    perform commerce.refuse_moved_variants(business_id, v_variants);
    perform commerce.add_options(business_id, v_variants);
    v_changed = v_changed || array(select commerce.update_variants(business_id, v_variants));
    v_new = v_new || array(select commerce.insert_variants(business_id, v_variants));
    perform commerce.set_thresholds(business_id, v_variants);
    return query
    select
        (sent.item ->> 'row_number')::integer as row_number,
        products.slug as product,
        product_variants.sku,
        products.id as product_id,
        product_variants.id as variant_id,
        case
            when coalesce(product_variants.id, products.id) = any(v_new) then 'created'
            when products.id = any(v_new || v_changed)
                or product_variants.id = any(v_changed) then 'updated'
            else 'unchanged'
        end as outcome,
        null as status,
        null as token,
        null as message
    from unnest(sent_rows) as sent (item)
    inner join catalog.products
        on
            products.business_id = import_rows.business_id
            and products.slug = sent.item ->> 'product'
    left join catalog.product_variants
        on
            product_variants.business_id = import_rows.business_id
            and product_variants.sku = sent.item ->> 'sku';
end;
$$;

/*
 * Say in the API's words what a constraint refused: `refused` has the SQLSTATE, the constraint and
 * the column.
 */
create function commerce.refused_by_constraint(refused commerce.imported_row)
returns commerce.imported_row
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_refused commerce.imported_row = refused;
    v_columns constant text = coalesce(
        nullif(refused.message, ''),
        (
            select string_agg(pg_attribute.attname, ', ' order by keys.position)
            from pg_catalog.pg_constraint
            cross join lateral unnest(pg_constraint.conkey)
                with ordinality as keys (attnum, position)
            inner join pg_catalog.pg_attribute
                on
                    pg_attribute.attrelid = pg_constraint.conrelid
                    and pg_attribute.attnum = keys.attnum
            where
                pg_constraint.conname = refused.token
                and pg_attribute.attname <> 'business_id'
        )
    );
begin
    case refused.status
        when '23502' then
            v_refused.status = 'PT400';
            v_refused.token = 'invalid_input';
            v_refused.message = format('%s is required.', v_columns);
        when '23503' then
            v_refused.status = 'PT404';
            v_refused.token = 'not_found';
            v_refused.message = format('%s refers to a row that does not exist.', v_columns);
        else
            v_refused.status = 'PT409';
            v_refused.token = 'already_exists';
            v_refused.message = format('A row with this %s already exists.', v_columns);
    end case;
    return v_refused;
end;
$$;

/*
 * Write as many of the rows as the database takes. Returns what became of each: of a refused row,
 * why.
 */
create function commerce.try_rows(business_id uuid, sent_rows jsonb[])
returns setof commerce.imported_row
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count constant integer = cardinality(sent_rows);
    v_done commerce.imported_row[];
    v_refused commerce.imported_row;
begin
    begin
        v_done = array(
            select imported from commerce.import_rows(business_id, sent_rows) as imported
        );
        return query select imported.* from unnest(v_done) as imported;
        return;
    exception
        when sqlstate 'PT400' or sqlstate 'PT404' or sqlstate 'PT409' or sqlstate 'PT422' then
            get stacked diagnostics
                v_refused.status = returned_sqlstate,
                v_refused.token = pg_exception_detail,
                v_refused.message = message_text;
        when not_null_violation or foreign_key_violation or unique_violation then
            get stacked diagnostics
                v_refused.status = returned_sqlstate,
                v_refused.token = constraint_name,
                v_refused.message = column_name;
            v_refused = commerce.refused_by_constraint(v_refused);
    end;
    if v_count = 1 then
        v_refused.row_number = (sent_rows[1] ->> 'row_number')::integer;
        v_refused.product = sent_rows[1] ->> 'product';
        v_refused.sku = sent_rows[1] ->> 'sku';
        v_refused.outcome = 'refused';
        return next v_refused;
        return;
    end if;
    return query
    select imported.* from commerce.try_rows(business_id, sent_rows[:v_count / 2]) as imported;
    return query
    select imported.* from commerce.try_rows(business_id, sent_rows[v_count / 2 + 1:]) as imported;
end;
$$;

/*
 * Number the rows of a bulk change, and mark those whose SKU stands in an earlier row.
 */
create function commerce.numbered_rows(sent_rows jsonb[])
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            numbered.item || jsonb_build_object(
                'row_number', numbered.position,
                'sku', numbered.sku,
                'is_repeated', numbered.sku is not null and numbered.times > 1
            )
        from (
            select
                sent.item,
                sent.position,
                nullif(sent.item ->> 'sku', '') as sku,
                row_number() over (
                    partition by nullif(sent.item ->> 'sku', '') order by sent.position
                ) as times
            from unnest(sent_rows) with ordinality as sent (item, position)
        ) as numbered
        order by numbered.position
    );
end;
$$;

/*
 * Refuse a bulk change in the words of the first row that was refused. What was written is undone
 * with it.
 */
create function commerce.refuse_bulk(imported commerce.imported_row[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refused commerce.imported_row;
    v_count constant integer = (
        select count(*) from unnest(imported) as each_row where each_row.outcome = 'refused'
    );
begin
    select each_row.* into v_refused
    from unnest(imported) as each_row
    where each_row.outcome = 'refused'
    order by each_row.row_number
    limit 1;
    if found then
        raise exception using
            errcode = v_refused.status,
            detail = v_refused.token,
            message = format('Row %s: %s', v_refused.row_number, v_refused.message),
            hint = format(
                'Rows refused: %s. Nothing was changed. The mode report says why for each row.',
                v_count
            );
    end if;
end;
$$;

/*
 * Change many products of a business. Returns how many rows there are of each outcome, and each.
 * Definer: the rows are checked once for the whole call, not policy by policy.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists approval_required in_use
 */
create function commerce.bulk_upsert_products(business_id uuid, sent_rows jsonb[], mode text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_imported commerce.imported_row[];
begin
    perform private.require_member(business_id, 'manage');
    perform private.lock(array[business_id]);
    if cardinality(sent_rows) > 0 then
        v_imported = array(
            select imported
            from commerce.try_rows(
                business_id,
                commerce.rows_with_approval(business_id, commerce.numbered_rows(sent_rows))
            ) as imported
        );
    end if;
    if mode = 'all_or_nothing' then
        perform commerce.refuse_bulk(v_imported);
    end if;
    return (
        select jsonb_build_object(
            'created', count(*) filter (where imported.outcome = 'created'),
            'updated', count(*) filter (where imported.outcome = 'updated'),
            'unchanged', count(*) filter (where imported.outcome = 'unchanged'),
            'refused', count(*) filter (where imported.outcome = 'refused'),
            'rows', coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'row', imported.row_number,
                        'product', imported.product,
                        'sku', imported.sku,
                        'product_id', imported.product_id,
                        'variant_id', imported.variant_id,
                        'outcome', imported.outcome,
                        'token', imported.token,
                        'message', imported.message
                    )
                    order by imported.row_number
                ),
                '[]'
            )
        )
        from unnest(v_imported) as imported
    );
end;
$$;

-- sql/50_commerce/functions/products_import_reading.sql

-- Reading the rows of a bulk change into types. What a table's constraints and triggers check is
-- left to them.

/*
 * Return the category of a business that has a slug.
 *
 * Errors:  PT404 not_found
 */
create function commerce.category_of_slug(business_id uuid, slug text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = (
        select product_categories.id
        from catalog.product_categories
        where
            product_categories.business_id = category_of_slug.business_id
            and product_categories.slug = category_of_slug.slug
    );
begin
    if slug is not null and v_id is null then
        perform private.refuse(
            'PT404', 'not_found', format('There is no category %s.', left(slug, 100)),
            'Use the slug of a row of product_categories.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return the brand of a business that has a slug.
 *
 * Errors:  PT404 not_found
 */
create function commerce.brand_of_slug(business_id uuid, slug text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = (
        select brands.id
        from catalog.brands
        where brands.business_id = brand_of_slug.business_id and brands.slug = brand_of_slug.slug
    );
begin
    if slug is not null and v_id is null then
        perform private.refuse(
            'PT404', 'not_found', format('There is no brand %s.', left(slug, 100)),
            'Use the slug of a row of brands.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return the products of some rows.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function commerce.sent_products(business_id uuid, sent_rows jsonb[])
returns setof commerce.sent_product
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        private.to_required_text(merged.slug, 'product', 100) as slug,
        merged.sent,
        merged.sent ->> 'name' as name,
        nullif(merged.sent ->> 'description', '') as description,
        commerce.category_of_slug(
            sent_products.business_id, nullif(merged.sent ->> 'category', '')
        ) as category_id,
        commerce.brand_of_slug(
            sent_products.business_id, nullif(merged.sent ->> 'brand', '')
        ) as brand_id,
        nullif(merged.sent ->> 'currency', '') as currency,
        nullif(merged.sent ->> 'tax_class', '') as tax_class,
        private.to_yes_no(nullif(merged.sent ->> 'is_published', ''), 'is_published')
        as is_published,
        private.to_object(merged.sent ->> 'attributes', 'attributes') as attributes
    from (
        select
            sent.item ->> 'product' as slug,
            jsonb_object_agg(columns.key, columns.value order by sent.position) as sent
        from unnest(sent_rows) with ordinality as sent (item, position)
        cross join lateral jsonb_each(sent.item) as columns (key, value)
        where columns.key <> all(
            '{row_number,is_repeated,needs_approval,sku,options,price_minor,barcode,weight_grams,is_active,'
            'alert_threshold}'::text[]
        )
        group by sent.item ->> 'product'
    ) as merged;
end;
$$;

/*
 * Return the variants of some rows: of those that have a SKU. Their products exist.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.sent_variants(business_id uuid, sent_rows jsonb[])
returns setof commerce.sent_variant
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        (sent.item ->> 'row_number')::integer as row_number,
        products.id as product_id,
        sent.item ->> 'sku' as sku,
        sent.item as sent,
        private.to_object(sent.item ->> 'options', 'options') as options,
        private.to_minor_units(nullif(sent.item ->> 'price_minor', ''), 'price_minor')
        as price_minor,
        nullif(sent.item ->> 'barcode', '') as barcode,
        private.to_whole_number(
            nullif(sent.item ->> 'weight_grams', ''), 'weight_grams', 0, 10000000, false
        ) as weight_grams,
        private.to_yes_no(coalesce(nullif(sent.item ->> 'is_active', ''), 'true'), 'is_active')
        as is_active,
        private.to_whole_number(
            nullif(sent.item ->> 'alert_threshold', ''), 'alert_threshold', 0, 1000000, false
        ) as alert_threshold
    from unnest(sent_rows) as sent (item)
    inner join catalog.products
        on
            products.business_id = sent_variants.business_id
            and products.slug = sent.item ->> 'product'
    where sent.item ->> 'sku' is not null;
end;
$$;

-- sql/50_commerce/functions/products_import_variants.sql

-- Writing the variants of a bulk change, and at which level their stock alerts.

/*
 * Refuse a SKU that a variant of another product has.
 *
 * Errors:  PT409 already_exists
 */
create function commerce.refuse_moved_variants(business_id uuid, sent commerce.sent_variant[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sku text;
begin
    select variant.sku into v_sku
    from unnest(refuse_moved_variants.sent) as variant
    inner join catalog.product_variants as present
        on
            present.business_id = refuse_moved_variants.business_id
            and present.sku = variant.sku
    where present.product_id <> variant.product_id
    limit 1;
    if found then
        perform private.refuse(
            'PT409', 'already_exists',
            format('A variant of another product has the SKU %s.', v_sku),
            'Choose another SKU, or name the product that has the variant.'
        );
    end if;
end;
$$;

/*
 * Change the variants that exist. Returns those that differ now.
 */
create function commerce.update_variants(business_id uuid, sent commerce.sent_variant[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    update catalog.product_variants
    set
        options = wanted.options,
        price_minor = wanted.price_minor,
        barcode = wanted.barcode,
        weight_grams = wanted.weight_grams,
        is_active = wanted.is_active
    from (
        select
            present.id,
            case when variant.sent ? 'options' then variant.options
                else present.options end as options,
            coalesce(variant.price_minor, present.price_minor) as price_minor,
            case when variant.sent ? 'barcode' then variant.barcode
                else present.barcode end as barcode,
            case when variant.sent ? 'weight_grams' then variant.weight_grams
                else present.weight_grams end as weight_grams,
            case when variant.sent ? 'is_active' then variant.is_active
                else present.is_active end as is_active
        from unnest(update_variants.sent) as variant
        inner join catalog.product_variants as present
            on
                present.business_id = update_variants.business_id
                and present.sku = variant.sku
    ) as wanted
    where
        product_variants.business_id = update_variants.business_id
        and product_variants.id = wanted.id
        and (
            product_variants.options, product_variants.price_minor, product_variants.barcode,
            product_variants.weight_grams, product_variants.is_active
        ) is distinct from (
            wanted.options, wanted.price_minor, wanted.barcode, wanted.weight_grams,
            wanted.is_active
        )
    returning product_variants.id;
end;
$$;

/*
 * Add the variants that do not exist yet. Returns them.
 */
create function commerce.insert_variants(business_id uuid, sent commerce.sent_variant[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    insert into catalog.product_variants (
        business_id, product_id, sku, options, price_minor, barcode, weight_grams, is_active
    )
    select
        insert_variants.business_id, variant.product_id, variant.sku, variant.options,
        variant.price_minor, variant.barcode, variant.weight_grams, variant.is_active
    from unnest(insert_variants.sent) as variant
    where not exists (
        select 1
        from catalog.product_variants as present
        where
            present.business_id = insert_variants.business_id
            and present.sku = variant.sku
    )
    returning product_variants.id;
end;
$$;

/*
 * Set at which level each store of the business is alerted, for the variants that say so.
 */
create function commerce.set_thresholds(business_id uuid, sent commerce.sent_variant[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into commerce.stock_levels (business_id, store_id, variant_id, alert_threshold)
    select
        set_thresholds.business_id, stores.id, present.id, variant.alert_threshold
    from unnest(set_thresholds.sent) as variant
    inner join catalog.product_variants as present
        on
            present.business_id = set_thresholds.business_id
            and present.sku = variant.sku
    inner join business.stores on stores.business_id = set_thresholds.business_id
    where variant.sent ? 'alert_threshold'
    order by stores.id, present.id
    on conflict on constraint stock_levels_pkey do update
    set alert_threshold = excluded.alert_threshold
    where stock_levels.alert_threshold is distinct from excluded.alert_threshold;
end;
$$;

-- sql/50_commerce/functions/products_import_writing.sql

-- Writing what the rows of a bulk change say of products and their options: a statement for each
-- table, whatever the number of rows. A column that was not sent stays as it is; a new row has the
-- default of the table.

/*
 * Change the products that exist. Returns those that differ now.
 */
create function commerce.update_products(business_id uuid, sent commerce.sent_product[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    update catalog.products
    set
        name = wanted.name,
        description = wanted.description,
        category_id = wanted.category_id,
        brand_id = wanted.brand_id,
        currency = wanted.currency,
        tax_class = wanted.tax_class,
        is_published = wanted.is_published,
        attributes = described.attributes
    from (
        select
            present.id,
            case when product.sent ? 'name' then product.name else present.name end as name,
            case when product.sent ? 'description' then product.description
                else present.description end as description,
            case when product.sent ? 'category' then product.category_id
                else present.category_id end as category_id,
            case when product.sent ? 'brand' then product.brand_id
                else present.brand_id end as brand_id,
            coalesce(product.currency, present.currency) as currency,
            coalesce(product.tax_class, present.tax_class) as tax_class,
            case when product.sent ? 'is_published' then product.is_published
                else present.is_published end as is_published,
            case when product.sent ? 'attributes' then product.attributes
                else present.attributes end as attributes
        from unnest(update_products.sent) as product
        inner join catalog.products as present
            on
                present.business_id = update_products.business_id
                and present.slug = product.slug
    ) as wanted
    cross join lateral (
        select catalog.read_attributes(
            update_products.business_id, wanted.category_id, wanted.attributes
        ) as attributes
        -- Else it would be read again where the rows are compared.
        offset 0
    ) as described
    where
        products.id = wanted.id
        and (
            products.name, products.description, products.category_id, products.brand_id,
            products.currency, products.tax_class, products.is_published, products.attributes
        ) is distinct from (
            wanted.name, wanted.description, wanted.category_id, wanted.brand_id,
            wanted.currency, wanted.tax_class, wanted.is_published, described.attributes
        )
    returning products.id;
end;
$$;

/*
 * Add the products that do not exist yet. Returns them.
 */
create function commerce.insert_products(business_id uuid, sent commerce.sent_product[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_currency constant text = (
        select businesses.currency
        from business.businesses
        where businesses.id = insert_products.business_id
    );
begin
    return query
    insert into catalog.products (
        business_id, category_id, brand_id, name, slug, description, currency, tax_class,
        is_published, attributes
    )
    select
        insert_products.business_id, product.category_id, product.brand_id, product.name,
        product.slug, product.description, coalesce(product.currency, v_currency),
        coalesce(product.tax_class, 'standard'), product.is_published,
        catalog.read_attributes(
            insert_products.business_id, product.category_id, product.attributes
        )
    from unnest(insert_products.sent) as product
    where not exists (
        select 1
        from catalog.products as present
        where
            present.business_id = insert_products.business_id
            and present.slug = product.slug
    )
    returning products.id;
end;
$$;

/*
 * Return the options that variants have, product by product, with their values in the order of the
 * rows.
 */
create function commerce.sent_options(sent commerce.sent_variant[])
returns table (product_id uuid, name text, allowed_values text[], rank integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        wanted.product_id,
        wanted.name,
        array_agg(wanted.value order by wanted.first_row) as allowed_values,
        min(wanted.rank)::integer as rank
    from (
        select
            variant.product_id, chosen.name, chosen.value,
            min(variant.row_number) as first_row, min(chosen.rank) as rank
        from unnest(sent_options.sent) as variant
        cross join lateral jsonb_each_text(variant.options)
            with ordinality as chosen (name, value, rank)
        group by variant.product_id, chosen.name, chosen.value
    ) as wanted
    group by wanted.product_id, wanted.name;
end;
$$;

/*
 * Give products the options that their variants have, and each option the values.
 */
create function commerce.add_options(business_id uuid, sent commerce.sent_variant[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update catalog.product_options
    set allowed_values = product_options.allowed_values || missing.new_values
    from (
        select
            present.id,
            array(
                select wanted.value
                from unnest(options.allowed_values) as wanted (value)
                where wanted.value <> all(present.allowed_values)
            ) as new_values
        from commerce.sent_options(add_options.sent) as options
        inner join catalog.product_options as present
            on
                present.business_id = add_options.business_id
                and present.product_id = options.product_id
                and present.name = options.name
    ) as missing
    where
        product_options.business_id = add_options.business_id
        and product_options.id = missing.id
        and missing.new_values <> '{}';
    insert into catalog.product_options (business_id, product_id, name, allowed_values, position)
    select
        add_options.business_id, options.product_id, options.name, options.allowed_values,
        options.rank
    from commerce.sent_options(add_options.sent) as options
    where not exists (
        select 1
        from catalog.product_options as present
        where
            present.business_id = add_options.business_id
            and present.product_id = options.product_id
            and present.name = options.name
    );
end;
$$;

-- sql/50_commerce/functions/products_sellers.sql

-- Who sells a shared product, as everybody sees it.

/*
 * Return the listed variants of a shared product that can be bought, those that can be had first,
 * then the cheapest. The caller sees those that they may see.
 */
create function commerce.sellers_of(shared_product_id uuid, currency text)
returns table (
    business_id uuid,
    business_name text,
    product_id uuid,
    variant_id uuid,
    name text,
    sku text,
    price_minor bigint,
    currency_code text,
    state text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        product_variants.business_id,
        businesses.name,
        products.id,
        product_variants.id,
        products.name,
        product_variants.sku,
        product_variants.price_minor,
        products.currency,
        stock.state
    from catalog.product_listings
    inner join catalog.product_variants
        on
            product_variants.business_id = product_listings.business_id
            and product_variants.id = product_listings.variant_id
            and product_variants.is_active
    inner join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
            and products.is_published
            and products.archived_at is null
    inner join business.businesses
        on businesses.id = products.business_id and business.is_open(businesses.id)
    cross join lateral (
        select commerce.best_state(product_variants.id) as state
    ) as stock
    where
        product_listings.shared_product_id = sellers_of.shared_product_id
        and coalesce(products.currency = sellers_of.currency, true)
    order by
        stock.state = 'out_of_stock', products.currency, product_variants.price_minor,
        product_variants.id;
end;
$$;

/*
 * Return what a variant has in the best of its stores: in_stock, preorder, backorder or
 * out_of_stock.
 */
create function commerce.best_state(variant_id uuid)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select sold.state
            from commerce.variant_availability(best_state.variant_id) as sold
            order by
                array_position('{in_stock,preorder,backorder,out_of_stock}'::text[], sold.state)
            limit 1
        ),
        'out_of_stock'
    );
end;
$$;

-- sql/50_commerce/functions/requests_notices.sql

-- What a notification says about things that wait for somebody's decision, and who reads it: the
-- platform's staff decide about changes of products, the approvers of a company about what its
-- buyers ask to order. Whoever asked hears of the decision.

/*
 * Return what templates may say about proposed changes of products. A message to the platform's
 * staff belongs to no business, because its members read the messages of theirs.
 */
create function commerce.product_change_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id',
            case when messages.payload ->> 'status' <> 'pending' then product_changes.business_id end,
            'business_name', businesses.name,
            'product_name', products.name,
            'note', coalesce(product_changes.note, ''),
            'reason', coalesce(product_changes.reason, '')
        )
    from unnest(product_change_data.messages) as messages
    inner join commerce.product_changes on product_changes.id = messages.subject_id
    inner join catalog.products on products.id = product_changes.product_id
    inner join business.businesses on businesses.id = product_changes.business_id;
end;
$$;

/*
 * Return the people of an audience who read messages about proposed changes: the platform's staff,
 * or the owners and managers of the business.
 */
create function commerce.product_change_readers(
    messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(product_change_readers.messages) as messages
    inner join commerce.product_changes on product_changes.id = messages.subject_id
    cross join lateral (
        select platform_staff.user_id from identity.platform_staff where audience = 'platform'
        union all
        select managers.user_id
        from business.managers_of(product_changes.business_id) as managers
        where audience = 'business'
    ) as readers
    inner join identity.profiles on profiles.id = readers.user_id;
end;
$$;

/*
 * Return what templates may say about what a buyer asks to order. It is the company's matter, so
 * its messages belong to no business.
 */
create function commerce.order_request_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_name', businesses.name,
            'company_name', wholesale_accounts.company_name,
            'buyer_name', coalesce(profiles.full_name, profiles.email, ''),
            'total', scheduling.money_data(
                wholesale_order_requests.total_minor, wholesale_order_requests.currency
            ),
            'note', coalesce(wholesale_order_requests.note, ''),
            'reason', coalesce(wholesale_order_requests.reason, '')
        )
    from unnest(order_request_data.messages) as messages
    inner join commerce.wholesale_order_requests
        on wholesale_order_requests.id = messages.subject_id
    inner join commerce.wholesale_accounts
        on wholesale_accounts.id = wholesale_order_requests.wholesale_account_id
    inner join business.businesses on businesses.id = wholesale_order_requests.business_id
    inner join identity.profiles on profiles.id = wholesale_order_requests.requested_by;
end;
$$;

/*
 * Return who reads a message about what a buyer asks to order: the approvers of the company while
 * it waits, then the buyer.
 */
create function commerce.order_request_readers(
    messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        jsonb_build_object('reader_name', coalesce(profiles.full_name, profiles.email, ''))
    from unnest(order_request_readers.messages) as messages
    inner join commerce.wholesale_order_requests
        on wholesale_order_requests.id = messages.subject_id
    cross join lateral (
        select wholesale_buyers.user_id
        from commerce.wholesale_buyers
        where
            messages.payload ->> 'status' = 'requested'
            and wholesale_buyers.business_id = wholesale_order_requests.business_id
            and wholesale_buyers.wholesale_account_id
            = wholesale_order_requests.wholesale_account_id
            and wholesale_buyers.role = 'approver'
            and wholesale_buyers.user_id <> wholesale_order_requests.requested_by
        union all
        select wholesale_order_requests.requested_by
        where messages.payload ->> 'status' <> 'requested'
    ) as readers
    inner join identity.profiles on profiles.id = readers.user_id
    where audience = 'customer';
end;
$$;

-- sql/50_commerce/functions/returns.sql

-- How pieces come back: the customer or the business asks, the business decides, receives them, and
-- the settlement of the sale gives their price back. A refund equals what the pieces cost: their
-- share of the line, after its discounts, with its tax.

/*
 * Return how many pieces of an item somebody asked to return and has not returned yet.
 */
create function commerce.pieces_asked_back(business_id uuid, order_item_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(return_items.quantity), 0)
        from commerce.return_items
        inner join commerce.returns
            on
                returns.business_id = return_items.business_id
                and returns.id = return_items.return_id
                and returns.status in ('requested', 'approved')
        where
            return_items.business_id = pieces_asked_back.business_id
            and return_items.order_item_id = pieces_asked_back.order_item_id
    );
end;
$$;

/*
 * Does an order have a return that waits for a decision or for its pieces?
 */
create function commerce.has_open_return(business_id uuid, order_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from commerce.returns
        where
            returns.business_id = has_open_return.business_id
            and returns.order_id = has_open_return.order_id
            and returns.status in ('requested', 'approved')
    );
end;
$$;

/*
 * Ask to return units of lines that were sent. A customer may do so until the order's
 * returns_until, and claim what was lost or broken at any time; the business any time. Returns its
 * id.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded · PT422 return_window_over
 */
create function commerce.request_return(
    order_id uuid,
    lines commerce.line_quantity[],
    kind commerce.return_kind,
    resolution commerce.return_resolution,
    reason text,
    replacements commerce.order_addition[]
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{customer,business}');
    v_id constant uuid = gen_random_uuid();
begin
    perform commerce.require_returnable(v_order, request_return.kind);
    if lines is null then
        lines = array(
            select (units.sale_line_id, units.returnable_units)::commerce.line_quantity
            from commerce.line_units(v_order.id) as units
            where units.returnable_units > 0
        );
    end if;
    if cardinality(lines) = 0 then
        perform private.refuse(
            'PT409', 'quantity_exceeded', 'Nothing of this order can be returned.',
            'Read the view order_items: what was sent and not returned can be.'
        );
    end if;
    perform commerce.require_units(v_order.id, lines, true);
    insert into commerce.returns (
        id, business_id, order_id, kind, resolution, status, reason, requested_by, requested_at
    )
    values (
        v_id, v_order.business_id, v_order.id, request_return.kind, request_return.resolution,
        'requested', request_return.reason,
        (select users.id from auth.users where users.id = auth.uid()), private.now()
    );
    insert into commerce.return_items (business_id, return_id, order_item_id, quantity)
    select v_order.business_id, v_id, piece.order_item_id, piece.quantity
    from unnest(commerce.pieces_of(v_order.id, lines, true)) as piece;
    perform commerce.write_replacements(v_order, v_id, replacements);
    perform commerce.record_event(v_order, 'return_requested', request_return.reason);
    return v_id;
end;
$$;

/*
 * Write what is to be sent for the pieces of an exchange, at the prices of today.
 *
 * Errors:  PT403 forbidden · PT404 not_found · PT409 not_for_sale
 */
create function commerce.write_replacements(
    placed commerce.orders, return_id uuid, replacements commerce.order_addition[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.require_prices(placed, replacements);
    insert into commerce.return_replacements (
        business_id, return_id, variant_id, unit_minor, quantity
    )
    select
        placed.business_id, write_replacements.return_id, change.variant_id, change.unit_minor,
        sum(change.quantity)
    from unnest(commerce.price_additions(placed, replacements)) as change
    group by change.variant_id, change.unit_minor;
end;
$$;

/*
 * Refuse an order of which nothing can come back, or not any more.
 *
 * Errors:  PT409 invalid_transition · PT422 return_window_over
 */
create function commerce.require_returnable(
    placed commerce.orders, kind commerce.return_kind
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if placed.status not in ('fulfilling', 'shipped', 'delivered', 'completed') then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('Nothing can be returned of an order that is %s.', placed.status),
            'Read the order again and check its status.'
        );
    elsif kind <> 'claim'
        and placed.returns_until <= private.now()
        and not commerce.actors(placed) && '{business,system}' then
        perform private.refuse(
            'PT422', 'return_window_over', 'The time for returns of this order is over.',
            'Ask the business, or claim what is broken.'
        );
    end if;
end;
$$;

-- sql/50_commerce/functions/returns_deciding.sql

-- What the business does with a return: it approves or rejects it, and receives its pieces.

/*
 * Lock a return with its order for a member of the business. Returns it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_return(return_id uuid)
returns commerce.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_return commerce.returns;
begin
    select returns.* into v_return
    from commerce.returns
    where returns.id = lock_return.return_id;
    perform commerce.lock_order(v_return.order_id, '{business}');
    select returns.* into v_return
    from commerce.returns
    where returns.id = lock_return.return_id;
    return v_return;
end;
$$;

/*
 * Refuse a step that a return cannot take.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.require_return_status(
    asked commerce.returns, from_status commerce.return_status, act text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if asked.status <> from_status then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A return that is %s cannot be %s.', asked.status, act),
            'Read the return again and check its status.'
        );
    end if;
end;
$$;

/*
 * Reject a return: its pieces stay with the customer.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.reject_return(return_id uuid, note text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'requested', 'rejected');
    update commerce.returns
    set status = 'rejected', decision_note = note, decided_at = private.now()
    where returns.id = v_return.id;
    perform commerce.record_event(
        commerce.order_now(v_return.order_id), 'return_rejected', reject_return.note
    );
end;
$$;

/*
 * Approve a return. A claim is settled at once: its pieces are replaced, or their price is given
 * back.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition out_of_stock
 */
create function commerce.approve_return(return_id uuid, note text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'requested', 'approved');
    update commerce.returns
    set status = 'approved', decision_note = note, decided_at = private.now()
    where returns.id = v_return.id;
    perform commerce.record_event(
        commerce.order_now(v_return.order_id), 'return_approved', approve_return.note
    );
    if v_return.kind = 'claim' then
        perform commerce.settle_return(v_return);
    end if;
end;
$$;

/*
 * Receive the pieces of a return: into the stock of a store, of the one they came from where none
 * is named, or into none if they cannot be sold again. `decisions` say it for single items.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale out_of_stock
 */
create function commerce.receive_return(
    return_id uuid,
    store_id uuid,
    restocks boolean,
    decisions commerce.return_decision[]
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'approved', 'received');
    perform commerce.require_decisions(v_return, receive_return.store_id, decisions);
    update commerce.return_items
    set
        store_id = coalesce(decision.store_id, receive_return.store_id, order_items.store_id),
        is_restocked = coalesce(decision.is_restocked, restocks)
    from commerce.order_items
    left join unnest(decisions) as decision on decision.order_item_id = order_items.id
    where
        return_items.business_id = v_return.business_id
        and return_items.return_id = v_return.id
        and order_items.id = return_items.order_item_id;
    perform commerce.settle_return(v_return);
end;
$$;

/*
 * Refuse stores of other businesses, and items that a return does not have.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found
 */
create function commerce.require_decisions(
    asked commerce.returns, store_id uuid, decisions commerce.return_decision[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_store_id uuid;
begin
    for v_store_id in
        select require_decisions.store_id
        where require_decisions.store_id is not null
        union
        select decision.store_id
        from unnest(decisions) as decision
        where decision.store_id is not null
    loop
        if asked.business_id <> commerce.business_of_store(v_store_id, 'serve') then
            perform private.invalid('store_id', 'must be a store of the same business');
        end if;
    end loop;
    if exists (
        select decision.order_item_id
        from unnest(decisions) as decision
        except
        select return_items.order_item_id
        from commerce.return_items
        where
            return_items.business_id = asked.business_id
            and return_items.return_id = asked.id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such item in this return.',
            'Check order_item_id in the view return_items.'
        );
    end if;
end;
$$;

-- sql/50_commerce/functions/returns_settling.sql

-- How a return is settled: its pieces go back into stock or are replaced, their price is taken back
-- from the sale, and whoever records the refund says when everything was given back.

/*
 * Settle a return whose pieces are back, or that is a claim: put back what can be sold again, and
 * replace the pieces, exchange them for others, or take their price back from the sale.
 *
 * Errors:  PT409 not_for_sale out_of_stock
 */
create function commerce.settle_return(asked commerce.returns)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.order_now(asked.order_id);
    v_pieces constant commerce.item_quantity[] = commerce.pieces_of_return(asked);
    v_lines constant commerce.line_quantity[] = commerce.lines_of_pieces(v_pieces);
    v_added constant commerce.order_addition[] = commerce.replacements_of(asked);
    v_back constant commerce.stock_move[] = commerce.moves_back(asked);
    v_new_lines commerce.line_quantity[] = '{}';
begin
    perform commerce.lock_moved_levels(
        v_order.business_id,
        v_back || commerce.moves_of(v_pieces) || commerce.moves_of_additions(v_order, v_added)
    );
    perform commerce.restock(v_order.business_id, v_back, 'returned');
    if asked.resolution = 'replacement' and v_added = '{}' then
        perform commerce.replace_pieces(v_order, v_pieces);
    else
        v_new_lines = commerce.take_back_pieces(v_order, v_pieces, v_lines, v_added);
    end if;
    update commerce.returns
    set status = 'received', received_at = private.now()
    where returns.id = asked.id;
    perform commerce.record_change(
        v_order,
        case asked.kind
            when 'return' then 'returned'
            when 'exchange' then 'exchanged'
            else 'claimed'
        end::commerce.change_kind,
        v_lines, asked.reason, v_new_lines
    );
    perform commerce.follow_pieces(commerce.order_now(v_order.id), 'return_received', null);
    perform commerce.note_refund(asked.business_id, v_order.sale_id, false);
end;
$$;

/*
 * Take the price of returned pieces back from the sale, and add what is sent for them, in one
 * revision. Returns the lines that were added.
 *
 * Errors:  PT409 not_for_sale out_of_stock
 */
create function commerce.take_back_pieces(
    placed commerce.orders,
    pieces commerce.item_quantity[],
    lines commerce.line_quantity[],
    added commerce.order_addition[]
)
returns commerce.line_quantity[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_new_lines constant commerce.line_quantity[] = commerce.write_additions(
        placed, added,
        commerce.take_back_lines(placed.id, lines) || commerce.price_additions(placed, added)
    );
begin
    update commerce.order_items
    set returned_quantity = order_items.returned_quantity + piece.quantity
    from unnest(pieces) as piece
    where order_items.id = piece.order_item_id;
    return v_new_lines;
end;
$$;

/*
 * Return what is sent for the pieces of an exchange, at the prices of the day on which it was asked
 * for; nothing where the same pieces are sent again.
 */
create function commerce.replacements_of(asked commerce.returns)
returns commerce.order_addition[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            return_replacements.variant_id, return_replacements.quantity,
            return_replacements.unit_minor
        )::commerce.order_addition
        from commerce.return_replacements
        where
            return_replacements.business_id = asked.business_id
            and return_replacements.return_id = asked.id
        order by return_replacements.variant_id, return_replacements.unit_minor
    );
end;
$$;

/*
 * Return which pieces of a return go into stock again, and where.
 */
create function commerce.moves_back(asked commerce.returns)
returns commerce.stock_move[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            return_items.store_id, order_items.variant_id, return_items.quantity
        )::commerce.stock_move
        from commerce.return_items
        inner join commerce.order_items on order_items.id = return_items.order_item_id
        where
            return_items.business_id = asked.business_id
            and return_items.return_id = asked.id
            and return_items.is_restocked
    );
end;
$$;

/*
 * Take pieces out of stock again that replace others of the same order: those can be sent now.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.replace_pieces(
    placed commerce.orders, pieces commerce.item_quantity[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store record;
begin
    for v_store in
        select
            order_items.store_id,
            array_agg(
                (order_items.variant_id, piece.quantity)::commerce.stock_item
                order by order_items.variant_id
            ) as items
        from unnest(pieces) as piece
        inner join commerce.order_items on order_items.id = piece.order_item_id
        group by order_items.store_id
        order by order_items.store_id
    loop
        perform commerce.require_stock(placed.business_id, v_store.store_id, v_store.items, true);
        perform commerce.record_movements(
            placed.business_id, v_store.store_id,
            array(
                select (item.variant_id, - item.quantity)::commerce.stock_item
                from unnest(v_store.items) as item
            ),
            'sold', null
        );
    end loop;
    update commerce.order_items
    set
        shipped_quantity = order_items.shipped_quantity - piece.quantity,
        delivered_quantity = least(
            order_items.delivered_quantity, order_items.shipped_quantity - piece.quantity
        )
    from unnest(pieces) as piece
    where order_items.id = piece.order_item_id;
end;
$$;

/*
 * Return the pieces of a return.
 */
create function commerce.pieces_of_return(asked commerce.returns)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (return_items.order_item_id, return_items.quantity)::commerce.item_quantity
        from commerce.return_items
        where
            return_items.business_id = asked.business_id
            and return_items.return_id = asked.id
        order by return_items.order_item_id
    );
end;
$$;

/*
 * Return of which lines some pieces are, and how many units.
 */
create function commerce.lines_of_pieces(pieces commerce.item_quantity[])
returns commerce.line_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (counted.sale_line_id, max(counted.units))::commerce.line_quantity
        from (
            select
                order_items.sale_line_id,
                (sum(piece.quantity) / min(order_items.pieces_per_unit))::integer as units
            from unnest(pieces) as piece
            inner join commerce.order_items on order_items.id = piece.order_item_id
            group by order_items.sale_line_id, order_items.variant_id
        ) as counted
        group by counted.sale_line_id
        order by counted.sale_line_id
    );
end;
$$;

/*
 * Note that the returns of a sale are refunded when nothing more is to be given back of it, and
 * that something was given back.
 * Definer: whoever records a refund has no rights on orders.
 */
create function commerce.note_refund(business_id uuid, sale_id uuid, is_given_back boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    where
        orders.business_id = note_refund.business_id
        and orders.sale_id = note_refund.sale_id
    for update;
    if not found then
        return;
    elsif is_given_back then
        perform commerce.record_event(v_order, 'refunded', null);
    end if;
    if commerce.left_to_give_back(note_refund.business_id, note_refund.sale_id) <= 0 then
        update commerce.returns
        set status = 'refunded', refunded_at = private.now()
        where
            returns.business_id = v_order.business_id
            and returns.order_id = v_order.id
            and returns.status = 'received'
            and returns.resolution = 'refund';
    end if;
end;
$$;

/*
 * Return how much of what was paid for a sale is more than it owes, and was not given back yet.
 */
create function commerce.left_to_give_back(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(parts.captured_minor - parts.refunded_minor), 0)
        from money.payment_parts as parts
        where
            parts.business_id = left_to_give_back.business_id
            and parts.sale_id = left_to_give_back.sale_id
    ) - greatest(
        (
            money.sale_balance(left_to_give_back.business_id, left_to_give_back.sale_id)
        ).owed_minor,
        0
    );
end;
$$;

-- sql/50_commerce/functions/shipments.sql

-- How an order is sent: in one shipment or several, each with its tracking; or handed over in a
-- store. No more is sent than was ordered and not cancelled.

/*
 * Return the pieces of an order that were neither sent nor cancelled.
 */
create function commerce.open_pieces(order_id uuid)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (
            order_items.id,
            order_items.quantity - order_items.shipped_quantity - order_items.cancelled_quantity
        )::commerce.item_quantity
        from commerce.order_items
        where
            order_items.order_id = open_pieces.order_id
            and order_items.quantity
            > order_items.shipped_quantity + order_items.cancelled_quantity
        order by order_items.id
    );
end;
$$;

/*
 * Refuse an order from which nothing may be sent now. What a change added is paid first, too.
 *
 * Errors:  PT409 invalid_transition payment_required
 */
create function commerce.require_shippable(placed commerce.orders)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if placed.status = 'pending'
        or placed.status in ('paid', 'fulfilling')
        and not placed.pays_later
        and not commerce.is_paid(placed) then
        perform private.refuse(
            'PT409', 'payment_required', 'This order is not paid yet.',
            'Pay it with start_payment, or record cash with record_cash_payment.'
        );
    elsif placed.status not in ('paid', 'fulfilling') then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('Nothing is left to send of an order that is %s.', placed.status),
            'Read the order again and check its status.'
        );
    end if;
end;
$$;

/*
 * Pack pieces of an order: all that are open, or the given ones. Returns the shipment, which counts
 * nothing until it is sent.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function commerce.pack_shipment(order_id uuid, pieces commerce.item_quantity[])
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{business}');
    v_id constant uuid = gen_random_uuid();
begin
    perform commerce.require_shippable(v_order);
    pieces = coalesce(pieces, commerce.open_pieces(v_order.id));
    perform commerce.require_open_pieces(v_order.id, pieces);
    insert into commerce.shipments (id, business_id, order_id, status, packed_by, created_at)
    values (
        v_id, v_order.business_id, v_order.id, 'pending',
        (select users.id from auth.users where users.id = auth.uid()), private.now()
    );
    insert into commerce.shipment_items (business_id, shipment_id, order_item_id, quantity)
    select v_order.business_id, v_id, piece.order_item_id, piece.quantity
    from unnest(pieces) as piece;
    return v_id;
end;
$$;

/*
 * Refuse pieces that an order does not have, or more of them than are open.
 *
 * Errors:  PT404 not_found · PT409 quantity_exceeded
 */
create function commerce.require_open_pieces(order_id uuid, pieces commerce.item_quantity[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_piece record;
begin
    select
        order_items.id,
        order_items.sku,
        order_items.quantity - order_items.shipped_quantity
        - order_items.cancelled_quantity as open
    into v_piece
    from unnest(pieces) as piece
    left join commerce.order_items
        on
            order_items.id = piece.order_item_id
            and order_items.order_id = require_open_pieces.order_id
    where
        piece.quantity > coalesce(
            order_items.quantity - order_items.shipped_quantity - order_items.cancelled_quantity, 0
        )
    limit 1;
    if not found then
        return;
    elsif v_piece.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such item in this order.',
            'Check the id in the view order_items.'
        );
    end if;
    perform private.refuse(
        'PT409', 'quantity_exceeded', format('Only %s of %s are left to send.', v_piece.open, v_piece.sku),
        'Read the view order_items again, and send fewer.'
    );
end;
$$;

/*
 * Send a packed shipment, or note its tracking once it is on its way.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function commerce.send_shipment(
    shipment_id uuid, carrier text, tracking_number text, tracking_url text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_shipment constant commerce.shipments = commerce.lock_shipment(shipment_id);
begin
    if v_shipment.status not in ('pending', 'shipped') then
        perform commerce.refuse_shipment_step(v_shipment, 'shipped');
    end if;
    if v_shipment.status = 'pending' then
        perform commerce.count_sent(v_shipment);
    end if;
    update commerce.shipments
    set
        status = 'shipped',
        shipped_at = coalesce(shipments.shipped_at, private.now()),
        carrier = coalesce(send_shipment.carrier, shipments.carrier),
        tracking_number = coalesce(send_shipment.tracking_number, shipments.tracking_number),
        tracking_url = coalesce(send_shipment.tracking_url, shipments.tracking_url)
    where shipments.id = v_shipment.id;
    if v_shipment.status = 'pending' then
        perform commerce.follow_pieces(
            commerce.order_now(v_shipment.order_id), 'part_shipped', null
        );
    end if;
end;
$$;

/*
 * Lock a shipment with its order for a member of the business. Returns it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_shipment(shipment_id uuid)
returns commerce.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_shipment commerce.shipments;
begin
    select shipments.* into v_shipment
    from commerce.shipments
    where shipments.id = lock_shipment.shipment_id;
    perform commerce.lock_order(v_shipment.order_id, '{business}');
    select shipments.* into v_shipment
    from commerce.shipments
    where shipments.id = lock_shipment.shipment_id;
    return v_shipment;
end;
$$;

/*
 * Refuse a step that a shipment cannot take.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.refuse_shipment_step(
    sent commerce.shipments, to_status commerce.shipment_status
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition',
        format('A shipment that is %s cannot become %s.', sent.status, to_status),
        'Read the shipment again and check its status.'
    );
end;
$$;

/*
 * Count the pieces of a shipment as sent.
 *
 * Errors:  PT409 invalid_transition payment_required quantity_exceeded
 */
create function commerce.count_sent(sent commerce.shipments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_pieces constant commerce.item_quantity[] = commerce.pieces_in(sent);
begin
    perform commerce.require_shippable(commerce.order_now(sent.order_id));
    perform commerce.require_open_pieces(sent.order_id, v_pieces);
    update commerce.order_items
    set shipped_quantity = order_items.shipped_quantity + piece.quantity
    from unnest(v_pieces) as piece
    where order_items.id = piece.order_item_id;
end;
$$;

/*
 * Return the pieces of a shipment.
 */
create function commerce.pieces_in(sent commerce.shipments)
returns commerce.item_quantity[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (shipment_items.order_item_id, shipment_items.quantity)::commerce.item_quantity
        from commerce.shipment_items
        where
            shipment_items.business_id = sent.business_id
            and shipment_items.shipment_id = sent.id
        order by shipment_items.order_item_id
    );
end;
$$;

-- sql/50_commerce/functions/shipments_ending.sql

-- How a shipment ends: it arrives, is picked up, or is lost.

/*
 * Note that a shipment arrived, or was picked up. Lines of which every piece arrived are delivered:
 * the business has earned them.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.deliver_shipment(shipment_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_shipment constant commerce.shipments = commerce.lock_shipment(shipment_id);
    v_order constant commerce.orders = commerce.order_now(v_shipment.order_id);
begin
    if v_shipment.status = 'delivered' then
        return;
    elsif v_shipment.status <> 'shipped' then
        perform commerce.refuse_shipment_step(v_shipment, 'delivered');
    end if;
    update commerce.shipments
    set status = 'delivered', delivered_at = private.now()
    where shipments.id = v_shipment.id;
    update commerce.order_items
    set delivered_quantity = least(
        order_items.delivered_quantity + piece.quantity, order_items.shipped_quantity
    )
    from unnest(commerce.pieces_in(v_shipment)) as piece
    where order_items.id = piece.order_item_id;
    perform sales.deliver_lines(
        v_order.business_id, v_order.sale_id, commerce.delivered_lines(v_order.id)
    );
    perform commerce.follow_pieces(v_order, 'part_delivered', null);
end;
$$;

/*
 * Return the lines of an order of which every piece that was not cancelled arrived.
 */
create function commerce.delivered_lines(order_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select order_items.sale_line_id
        from commerce.order_items
        where order_items.order_id = delivered_lines.order_id
        group by order_items.sale_line_id
        having
            bool_and(
                order_items.delivered_quantity
                = order_items.quantity - order_items.cancelled_quantity
            )
            and sum(order_items.delivered_quantity) > 0
        order by order_items.sale_line_id
    );
end;
$$;

/*
 * Note that a shipment was lost on its way. Its pieces stay sent; a claim replaces them or gives
 * their price back.
 * Definer: nobody has a write grant on shipments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.lose_shipment(shipment_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_shipment constant commerce.shipments = commerce.lock_shipment(shipment_id);
begin
    if v_shipment.status = 'lost' then
        return;
    elsif v_shipment.status <> 'shipped' then
        perform commerce.refuse_shipment_step(v_shipment, 'lost');
    end if;
    update commerce.shipments
    set status = 'lost', lost_at = private.now()
    where shipments.id = v_shipment.id;
    perform commerce.record_event(
        commerce.order_now(v_shipment.order_id), 'shipment_lost', null
    );
end;
$$;

-- sql/50_commerce/functions/stock.sql

-- How stock changes. Whoever changes levels locks them first, in the order of store and variant, so
-- that two who want the same pieces take turns and nobody waits in a circle.

/*
 * Read some pieces of variants: a JSON array of {variant_id, quantity}. Several entries of one
 * variant are added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_items(value text, argument text, minimum integer)
returns commerce.stock_item[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items commerce.stock_item[] = array(
        select (read.variant_id, sum(read.quantity)::integer)::commerce.stock_item
        from (
            select
                private.to_identifier(
                    sent.item ->> 'variant_id', argument || '.variant_id'
                ) as variant_id,
                private.to_whole_number(
                    sent.item ->> 'quantity', argument || '.quantity', minimum, 1000000
                ) as quantity
            from unnest(
                private.to_objects(value, argument, 500, '{variant_id,quantity}')
            ) as sent (item)
        ) as read
        group by read.variant_id
    );
begin
    if cardinality(v_items) = 0 then
        perform private.invalid(argument, 'is required');
    end if;
    return v_items;
end;
$$;

/*
 * Return the business of a store in which the caller has a permission.
 * Definer: it must tell a store that does not exist from one of a business that refuses the caller.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.business_of_store(store_id uuid, permission text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = (
        select stores.business_id from business.stores where stores.id = business_of_store.store_id
    );
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such store.', 'Check the id in the view stores.'
        );
    end if;
    perform private.require_member(v_business_id, permission);
    return v_business_id;
end;
$$;

/*
 * Refuse when a store has fewer free pieces than somebody wants, as commerce.free_quantity counts
 * them. The levels are locked.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.require_stock(
    business_id uuid, store_id uuid, items commerce.stock_item[], has_backorders boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_short record;
begin
    select product_variants.sku, greatest(free.quantity, 0) as quantity into v_short
    from unnest(items) as item
    inner join commerce.stock_levels
        on
            stock_levels.business_id = require_stock.business_id
            and stock_levels.store_id = require_stock.store_id
            and stock_levels.variant_id = item.variant_id
    inner join catalog.product_variants
        on
            product_variants.business_id = stock_levels.business_id
            and product_variants.id = stock_levels.variant_id
    cross join lateral (
        select commerce.free_quantity(stock_levels, has_backorders) as quantity
    ) as free
    where free.quantity < item.quantity
    order by product_variants.sku
    limit 1;
    if found then
        perform private.refuse(
            'PT409', 'out_of_stock',
            format('%s: only %s left.', v_short.sku, v_short.quantity),
            'Ask for fewer, or choose another store.'
        );
    end if;
end;
$$;

/*
 * Return how many pieces of a level are reserved now.
 */
create function commerce.reserved_quantity(level commerce.stock_levels)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select coalesce(sum(stock_reservations.quantity), 0)
        from commerce.stock_reservations
        where
            stock_reservations.business_id = level.business_id
            and stock_reservations.store_id = level.store_id
            and stock_reservations.variant_id = level.variant_id
            and stock_reservations.expires_at > private.now()
    );
end;
$$;

/*
 * Keep pieces in a store for some minutes. Returns the id of the reservation.
 * Definer: nobody has a write grant on reservations.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 out_of_stock
 */
create function commerce.reserve_stock(
    store_id uuid, items commerce.stock_item[], minutes integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_reservation_id constant uuid = gen_random_uuid();
begin
    perform commerce.lock_levels(v_business_id, array[store_id], items);
    perform commerce.require_stock(v_business_id, store_id, items, true);
    delete from commerce.stock_reservations
    where
        stock_reservations.business_id = v_business_id
        and stock_reservations.store_id = reserve_stock.store_id
        and stock_reservations.variant_id in (select item.variant_id from unnest(items) as item)
        and stock_reservations.expires_at <= private.now();
    insert into commerce.stock_reservations (
        business_id, reservation_id, store_id, variant_id, quantity, expires_at
    )
    select
        v_business_id, v_reservation_id, reserve_stock.store_id, item.variant_id, item.quantity,
        private.now() + make_interval(mins => minutes)
    from unnest(items) as item;
    return v_reservation_id;
end;
$$;

/*
 * Free the pieces of a reservation.
 * Definer: nobody has a write grant on reservations.
 *
 * Errors:  PT404 not_found
 */
create function commerce.release_stock(reservation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_kept commerce.stock_reservations[] = array(
        select stock_reservations
        from commerce.stock_reservations
        where
            stock_reservations.reservation_id = release_stock.reservation_id
            and (
                private.is_operator()
                or stock_reservations.business_id in (select private.my_businesses('serve'))
            )
    );
begin
    if cardinality(v_kept) = 0 then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such reservation.',
            'Check the id in the view stock_reservations.'
        );
    end if;
    perform commerce.lock_levels(
        v_kept[1].business_id,
        array(select distinct kept.store_id from unnest(v_kept) as kept),
        array(select (kept.variant_id, kept.quantity)::commerce.stock_item from unnest(v_kept) as kept)
    );
    delete from commerce.stock_reservations
    where
        stock_reservations.business_id = v_kept[1].business_id
        and stock_reservations.reservation_id = release_stock.reservation_id;
end;
$$;

-- sql/50_commerce/functions/stock_availability.sql

-- Whether and where a variant can be bought, as everybody sees it, and the nearest stores.

/*
 * Return what a level has for customers: in_stock, preorder, backorder or out_of_stock.
 */
create function commerce.stock_state(level commerce.stock_levels)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when commerce.free_quantity(level, true) <= 0 then 'out_of_stock'
        when commerce.free_quantity(level, false) > 0 then 'in_stock'
        when level.preorder_limit > 0 and level.preorder_until > private.now() then 'preorder'
        else 'backorder'
    end;
end;
$$;

/*
 * Return the levels of a variant that is sold, in the stores that are active. More than 100 pieces
 * are shown as 100: how much a business has is its own affair.
 * Definer: customers read no levels.
 */
create function commerce.variant_availability(variant_id uuid)
returns table (
    store_id uuid, state text, available integer, expected_on date, preorder_until timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        stores.id,
        commerce.stock_state(stock_levels),
        least(greatest(commerce.free_quantity(stock_levels, true), 0), 100),
        stock_levels.expected_on,
        stock_levels.preorder_until
    from commerce.stock_levels
    inner join business.stores
        on
            stores.business_id = stock_levels.business_id
            and stores.id = stock_levels.store_id
            and stores.is_active
    inner join catalog.product_variants
        on
            product_variants.business_id = stock_levels.business_id
            and product_variants.id = stock_levels.variant_id
            and product_variants.is_active
    inner join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
            and products.is_published
            and products.archived_at is null
    where
        stock_levels.variant_id = variant_availability.variant_id
        and business.is_open(stock_levels.business_id)
    order by stores.position, stores.name;
end;
$$;

/*
 * Return whether a store is open at an instant, by its hours; a store without hours never says so.
 */
create function commerce.is_store_open(store business.stores, at timestamptz)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from business.businesses
        cross join lateral (
            select is_store_open.at at time zone businesses.time_zone as local_at
        ) as clock
        inner join business.store_hours
            on
                store_hours.business_id = store.business_id
                and store_hours.store_id = store.id
                and store_hours.weekday = extract(isodow from clock.local_at)
                and store_hours.opens_at <= clock.local_at::time
                and store_hours.closes_at > clock.local_at::time
        where businesses.id = store.business_id
    );
end;
$$;

/*
 * Return the stores of open businesses around a place, the nearest first. Stores that are far away
 * are never looked at: the index on their places gives the nearest ones in order. With a variant
 * only the stores that can sell it now are returned.
 * Definer: customers read no levels; stores of open businesses are public.
 */
create function commerce.nearest_stores(
    latitude double precision,
    longitude double precision,
    business_id uuid,
    variant_id uuid,
    has_pickup boolean,
    at_most integer
)
returns table (store_id uuid, kilometres double precision)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_here constant extensions.cube = business.point_on_earth(
        nearest_stores.latitude, nearest_stores.longitude
    );
begin
    return query
    select
        stores.id,
        business.way_km(
            business.point_on_earth(stores.latitude, stores.longitude)
            operator(extensions.<->) v_here
        )
    from business.stores
    where
        stores.is_active
        and stores.latitude is not null
        and (nearest_stores.business_id is null or stores.business_id = nearest_stores.business_id)
        and (not coalesce(has_pickup, false) or stores.is_pickup)
        and business.is_open(stores.business_id)
        and (
            nearest_stores.variant_id is null
            or exists (
                select 1
                from commerce.variant_availability(nearest_stores.variant_id) as sold
                where sold.store_id = stores.id and sold.state <> 'out_of_stock'
            )
        )
    order by
        business.point_on_earth(stores.latitude, stores.longitude)
        operator(extensions.<->) v_here
    limit at_most;
end;
$$;

-- sql/50_commerce/functions/stock_limits.sql

-- How far a level may be sold beyond what is there, and what is free of it.

/*
 * Return how many pieces of a level can be sold or moved now: on hand, less what is reserved and
 * what must not be sold; with as many as may be ordered before they come, where these count.
 */
create function commerce.free_quantity(level commerce.stock_levels, has_backorders boolean)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return level.on_hand
    + case when has_backorders then level.backorder_limit else 0 end
    + case
        when has_backorders and level.preorder_until > private.now() then level.preorder_limit
        else 0
    end
    - commerce.reserved_quantity(level)
    - commerce.blocked_quantity(level);
end;
$$;

/*
 * Set how far a level may be oversold, until when, when more is expected, and when it alerts.
 * Definer: nobody has a write grant on levels.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.set_stock_limits(
    store_id uuid,
    variant_id uuid,
    backorder_limit integer,
    alert_threshold integer,
    preorder_limit integer,
    preorder_until timestamptz,
    expected_on date
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'manage');
    v_item constant commerce.stock_item = (variant_id, 0);
begin
    perform commerce.lock_levels(v_business_id, array[store_id], array[v_item]);
    update commerce.stock_levels
    set
        backorder_limit = set_stock_limits.backorder_limit,
        alert_threshold = set_stock_limits.alert_threshold,
        preorder_limit = set_stock_limits.preorder_limit,
        preorder_until = set_stock_limits.preorder_until,
        expected_on = set_stock_limits.expected_on
    where
        stock_levels.business_id = v_business_id
        and stock_levels.store_id = set_stock_limits.store_id
        and stock_levels.variant_id = set_stock_limits.variant_id
        and stock_levels.on_hand
        >= -set_stock_limits.backorder_limit - set_stock_limits.preorder_limit;
    if not found then
        perform private.invalid('backorder_limit', 'must not be less than what is already missing');
    end if;
end;
$$;

-- sql/50_commerce/functions/stock_locks.sql

-- How levels of stock are locked: all that a transaction changes at once, in the order of store and
-- variant, so that two who want the same pieces take turns and nobody waits in a circle.

/*
 * Begin the levels of variants in stores that are missing, at zero.
 *
 * Errors:  PT404 not_found
 */
create function commerce.begin_levels(business_id uuid, moves commerce.stock_move[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if exists (
        select 1
        from unnest(moves) as move
        where not exists (
            select 1
            from catalog.product_variants
            where
                product_variants.business_id = begin_levels.business_id
                and product_variants.id = move.variant_id
        )
    ) then
        perform commerce.refuse_unknown_variant();
    end if;
    -- An insert that finds a level waits for whoever changes it, so only missing ones are inserted.
    insert into commerce.stock_levels (business_id, store_id, variant_id)
    select distinct begin_levels.business_id, move.store_id, move.variant_id
    from unnest(moves) as move
    where not exists (
        select 1
        from commerce.stock_levels
        where
            stock_levels.business_id = begin_levels.business_id
            and stock_levels.store_id = move.store_id
            and stock_levels.variant_id = move.variant_id
    )
    order by move.store_id, move.variant_id
    on conflict do nothing;
end;
$$;

/*
 * Refuse a variant that a business does not have.
 *
 * Errors:  PT404 not_found
 */
create function commerce.refuse_unknown_variant()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such variant in this business.',
        'Check the id in the view product_variants.'
    );
end;
$$;

/*
 * Lock the levels that some moves change until the transaction ends; a level that is missing begins
 * at zero. Call it once in a transaction, for everything that it changes.
 *
 * Errors:  PT404 not_found
 */
create function commerce.lock_moved_levels(business_id uuid, moves commerce.stock_move[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.begin_levels(lock_moved_levels.business_id, moves);
    perform 1
    from commerce.stock_levels
    where
        stock_levels.business_id = lock_moved_levels.business_id
        and (stock_levels.store_id, stock_levels.variant_id) in (
            select move.store_id, move.variant_id from unnest(moves) as move
        )
    order by stock_levels.store_id, stock_levels.variant_id
    for update;
end;
$$;

/*
 * Lock the levels of variants in stores until the transaction ends, as commerce.lock_moved_levels
 * does for single moves.
 *
 * Errors:  PT404 not_found
 */
create function commerce.lock_levels(
    business_id uuid, store_ids uuid[], items commerce.stock_item[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform commerce.begin_levels(
        lock_levels.business_id,
        array(
            select (store.id, item.variant_id, 0)::commerce.stock_move
            from unnest(store_ids) as store (id)
            cross join unnest(items) as item
        )
    );
    perform 1
    from commerce.stock_levels
    where
        stock_levels.business_id = lock_levels.business_id
        and stock_levels.store_id = any(store_ids)
        and stock_levels.variant_id in (select item.variant_id from unnest(items) as item)
    order by stock_levels.store_id, stock_levels.variant_id
    for update;
end;
$$;

-- sql/50_commerce/functions/stock_lots.sql

-- How pieces go into lots and out of them: first expired, first out. Everything here happens under
-- the lock of the level.

/*
 * Return the day on which a store of a business is now.
 */
create function commerce.today(business_id uuid)
returns date
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select (private.now() at time zone businesses.time_zone)::date
        from business.businesses
        where businesses.id = today.business_id
    );
end;
$$;

/*
 * Return how many pieces of a level are there and must not be sold: those of expired and of
 * recalled lots.
 */
create function commerce.blocked_quantity(level commerce.stock_levels)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not level.has_lots then
        return 0;
    end if;
    return (
        select coalesce(sum(stock_lots.on_hand), 0)
        from commerce.stock_lots
        where
            stock_lots.business_id = level.business_id
            and stock_lots.store_id = level.store_id
            and stock_lots.variant_id = level.variant_id
            and (
                stock_lots.recalled_at is not null
                or stock_lots.expires_on < commerce.today(level.business_id)
            )
    );
end;
$$;

/*
 * Take pieces of a movement out of lots, the first that expires first; of lots that may be sold
 * only, where it sells. What the lots do not have comes from the pieces without a lot.
 */
create function commerce.take_from_lots(
    movement commerce.stock_movements, quantity integer, only_sellable boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_today constant date = commerce.today(movement.business_id);
begin
    insert into commerce.stock_lot_movements (
        business_id, stock_movement_id, stock_lot_id, quantity
    )
    select
        movement.business_id,
        movement.id,
        lots.id,
        -least(lots.on_hand, take_from_lots.quantity - lots.before)
    from (
        select
            stock_lots.id,
            stock_lots.on_hand,
            coalesce(sum(stock_lots.on_hand) over (
                order by stock_lots.expires_on nulls last, stock_lots.created_at, stock_lots.code
                rows between unbounded preceding and 1 preceding
            ), 0)::integer as before
        from commerce.stock_lots
        where
            stock_lots.business_id = movement.business_id
            and stock_lots.store_id = movement.store_id
            and stock_lots.variant_id = movement.variant_id
            and stock_lots.on_hand > 0
            and (movement.lot_code is null or stock_lots.code = movement.lot_code)
            and (
                not only_sellable
                or stock_lots.recalled_at is null
                and coalesce(stock_lots.expires_on >= v_today, true)
            )
    ) as lots
    where lots.before < take_from_lots.quantity;
end;
$$;

/*
 * Put pieces of a movement into a lot, which begins where it is missing. What was sold and had not
 * come goes out of it at once.
 */
create function commerce.put_into_lot(
    movement commerce.stock_movements,
    code text,
    expires_on date,
    recalled_at timestamptz,
    quantity integer
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot_id uuid;
begin
    update commerce.stock_levels
    set has_lots = true
    where
        stock_levels.business_id = movement.business_id
        and stock_levels.store_id = movement.store_id
        and stock_levels.variant_id = movement.variant_id
        and not stock_levels.has_lots;
    insert into commerce.stock_lots (
        business_id, store_id, variant_id, code, expires_on, recalled_at, created_at
    )
    values (
        movement.business_id, movement.store_id, movement.variant_id, put_into_lot.code,
        put_into_lot.expires_on, put_into_lot.recalled_at, movement.at
    )
    on conflict on constraint stock_lots_code_unique do update
    set expires_on = stock_lots.expires_on
    returning stock_lots.id into v_lot_id;
    quantity = quantity - commerce.missing_quantity(movement, quantity);
    if quantity > 0 then
        insert into commerce.stock_lot_movements (
            business_id, stock_movement_id, stock_lot_id, quantity
        )
        values (movement.business_id, movement.id, v_lot_id, put_into_lot.quantity);
    end if;
end;
$$;

/*
 * Return how many of the pieces that come were sold before they came: by as many the rest of the
 * level, without its lots, is below zero when they are in a lot.
 */
create function commerce.missing_quantity(movement commerce.stock_movements, quantity integer)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            least(
                greatest(
                    missing_quantity.quantity - stock_levels.on_hand + (
                        select coalesce(sum(stock_lots.on_hand), 0)
                        from commerce.stock_lots
                        where
                            stock_lots.business_id = stock_levels.business_id
                            and stock_lots.store_id = stock_levels.store_id
                            and stock_lots.variant_id = stock_levels.variant_id
                    ),
                    0
                ),
                missing_quantity.quantity
            )
        from commerce.stock_levels
        where
            stock_levels.business_id = movement.business_id
            and stock_levels.store_id = movement.store_id
            and stock_levels.variant_id = movement.variant_id
    );
end;
$$;

/*
 * Put pieces that came from another store into the lots of which they were there.
 */
create function commerce.carry_lots_over(movement commerce.stock_movements)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform
        commerce.put_into_lot(
            movement, stock_lots.code, stock_lots.expires_on, stock_lots.recalled_at,
            -stock_lot_movements.quantity
        )
    from commerce.stock_movements
    inner join commerce.stock_lot_movements
        on
            stock_lot_movements.business_id = stock_movements.business_id
            and stock_lot_movements.stock_movement_id = stock_movements.id
    inner join commerce.stock_lots
        on
            stock_lots.business_id = stock_lot_movements.business_id
            and stock_lots.id = stock_lot_movements.stock_lot_id
    where
        stock_movements.business_id = movement.business_id
        and stock_movements.transfer_id = movement.transfer_id
        and stock_movements.variant_id = movement.variant_id
        and stock_movements.quantity < 0;
end;
$$;

/*
 * Recall a lot: its pieces are not sold any more, in no store of the business. Recalling again
 * changes nothing.
 * Definer: nobody has a write grant on lots.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.recall_lot(lot_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_lot commerce.stock_lots;
begin
    select stock_lots.* into v_lot
    from commerce.stock_lots
    where stock_lots.id = recall_lot.lot_id;
    if v_lot.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such lot.', 'Check the id in the view stock_lots.'
        );
    end if;
    perform private.require_member(v_lot.business_id, 'manage');
    perform commerce.lock_levels(
        v_lot.business_id,
        array(
            select stock_lots.store_id
            from commerce.stock_lots
            where
                stock_lots.business_id = v_lot.business_id
                and stock_lots.variant_id = v_lot.variant_id
                and stock_lots.code = v_lot.code
        ),
        array[(v_lot.variant_id, 0)::commerce.stock_item]
    );
    update commerce.stock_lots
    set recalled_at = private.now()
    where
        stock_lots.business_id = v_lot.business_id
        and stock_lots.variant_id = v_lot.variant_id
        and stock_lots.code = v_lot.code
        and stock_lots.recalled_at is null;
end;
$$;

-- sql/50_commerce/functions/stock_notices.sql

-- What a notification says about a variant that runs low, and who reads it: the owners and managers
-- of the business.

/*
 * Return what templates may say about variants that run low.
 */
create function commerce.stock_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', product_variants.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'product_name', products.name,
            'sku', product_variants.sku,
            'store_name', stores.name,
            'on_hand', (messages.payload ->> 'on_hand')::integer
        )
    from unnest(stock_data.messages) as messages
    inner join catalog.product_variants on product_variants.id = messages.subject_id
    inner join catalog.products on products.id = product_variants.product_id
    inner join business.businesses on businesses.id = product_variants.business_id
    inner join business.stores on stores.id = (messages.payload ->> 'store_id')::uuid;
end;
$$;

/*
 * Return the owners and managers of the businesses whose variants run low.
 */
create function commerce.stock_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select readers.*
    from unnest(stock_readers.messages) as messages
    inner join catalog.product_variants on product_variants.id = messages.subject_id
    cross join lateral
    business.manager_readers(product_variants.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;

-- sql/50_commerce/functions/taking.sql

-- How an order takes its pieces out of stock. Bundles are taken as their components, and demand is
-- added up for each variant before anything is compared. Everything that may be taken is locked
-- first, in the order of commerce.lock_levels.

/*
 * Take the goods of some lines of a sale out of stock: at the store where they are picked up, or
 * from the first store that has everything, or from several where the option allows it. Returns
 * from which store how many of each line come.
 *
 * Errors:  PT404 not_found · PT409 out_of_stock
 */
create function commerce.take_goods(
    choice commerce.delivery_choice, variant_ids uuid[], quantities integer[]
)
returns commerce.stock_part[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_store_ids uuid[] = commerce.stores_to_take_from(choice);
    v_items commerce.stock_item[] = commerce.demand_of(variant_ids, quantities);
    v_parts commerce.stock_part[];
    v_store_id uuid;
begin
    perform commerce.lock_levels(choice.business_id, v_store_ids, v_items);
    v_store_id = commerce.store_with_all(choice.business_id, v_store_ids, v_items);
    if v_store_id is not null then
        v_parts = array(
            select (line.place, v_store_id, line.quantity)::commerce.stock_part
            from unnest(quantities) with ordinality as line (quantity, place)
        );
    elsif choice.can_split then
        v_parts = commerce.split_over_stores(
            choice.business_id, v_store_ids, variant_ids, quantities
        );
    end if;
    if v_parts is null then
        perform commerce.refuse_short_stock(
            choice.business_id, v_store_ids, v_items, choice.can_split
        );
    end if;
    for v_store_id in
        select distinct part.store_id from unnest(v_parts) as part order by part.store_id
    loop
        perform commerce.take_parts(choice.business_id, v_store_id, variant_ids, v_parts);
    end loop;
    return v_parts;
end;
$$;

/*
 * Return the stores from which goods may come: the one where they are picked up or sent from, or
 * all that are active.
 */
create function commerce.stores_to_take_from(choice commerce.delivery_choice)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if choice.store_id is not null then
        return array[choice.store_id];
    end if;
    return array(
        select stores.id
        from business.stores
        where stores.business_id = choice.business_id and stores.is_active
        order by stores.position, stores.name
    );
end;
$$;

/*
 * Return how many pieces of each variant some lines take, bundles as their components.
 */
create function commerce.demand_of(variant_ids uuid[], quantities integer[])
returns commerce.stock_item[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select (taken.variant_id, sum(taken.quantity))::commerce.stock_item
        from unnest(variant_ids, quantities) as line (variant_id, quantity)
        cross join lateral catalog.components(line.variant_id, line.quantity) as taken
        group by taken.variant_id
        order by taken.variant_id
    );
end;
$$;

/*
 * Return how many pieces of variants can be sold in some stores now, back-orders included.
 */
create function commerce.free_pieces(
    business_id uuid, store_ids uuid[], items commerce.stock_item[]
)
returns table (store_id uuid, variant_id uuid, quantity integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        stock_levels.store_id,
        stock_levels.variant_id,
        greatest(commerce.free_quantity(stock_levels, true), 0)
    from commerce.stock_levels
    where
        stock_levels.business_id = free_pieces.business_id
        and stock_levels.store_id = any(free_pieces.store_ids)
        and stock_levels.variant_id = any(
            array(select item.variant_id from unnest(free_pieces.items) as item)
        );
end;
$$;

/*
 * Return the first of some stores, in their order, that has everything; null if none has.
 */
create function commerce.store_with_all(
    business_id uuid, store_ids uuid[], items commerce.stock_item[]
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select free.store_id
        from commerce.free_pieces(
            store_with_all.business_id, store_with_all.store_ids, store_with_all.items
        ) as free
        inner join unnest(items) as item on free.variant_id = item.variant_id
        group by free.store_id
        having
            bool_and(free.quantity >= item.quantity)
            and count(*) = cardinality(store_with_all.items)
        order by array_position(store_ids, free.store_id)
        limit 1
    );
end;
$$;

/*
 * Write the movements by which lines take their pieces from a store.
 */
create function commerce.take_parts(
    business_id uuid, store_id uuid, variant_ids uuid[], parts commerce.stock_part[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform commerce.record_movements(
        take_parts.business_id,
        take_parts.store_id,
        array(
            select (taken.variant_id, -sum(taken.quantity))::commerce.stock_item
            from unnest(parts) as part
            cross join lateral catalog.components(variant_ids[part.place], part.quantity) as taken
            where part.store_id = take_parts.store_id
            group by taken.variant_id
            order by taken.variant_id
        ),
        'sold',
        null
    );
end;
$$;

/*
 * Refuse an order for which there is too little, and name the first item of which there is: how
 * many are left in the store that has the most, or in all of them where an order may be split.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.refuse_short_stock(
    business_id uuid, store_ids uuid[], items commerce.stock_item[], can_split boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_short record;
begin
    select product_variants.sku, free.quantity into v_short
    from unnest(items) as item
    inner join catalog.product_variants
        on
            product_variants.business_id = refuse_short_stock.business_id
            and product_variants.id = item.variant_id
    cross join lateral (
        select
            case
                when can_split then coalesce(sum(pieces.quantity), 0)
                else coalesce(max(pieces.quantity), 0)
            end as quantity
        from commerce.free_pieces(
            refuse_short_stock.business_id, store_ids, array[item]
        ) as pieces
    ) as free
    order by free.quantity >= item.quantity, product_variants.sku
    limit 1;
    perform private.refuse(
        'PT409', 'out_of_stock', format('%s: only %s left.', v_short.sku, v_short.quantity),
        'Ask for fewer, or choose another store.'
    );
end;
$$;

-- sql/50_commerce/functions/taking_split.sql

-- How an order comes from several stores, where a delivery option allows it.

/*
 * Return from which stores some lines can come, each as much as it has, in the order of the stores.
 * Null where all of them together have too little. A bundle comes whole from one store.
 */
create function commerce.split_over_stores(
    business_id uuid, store_ids uuid[], variant_ids uuid[], quantities integer[]
)
returns commerce.stock_part[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_free jsonb;
    v_parts commerce.stock_part[] = '{}';
    v_store_id uuid;
    v_left integer;
    v_count integer;
begin
    select jsonb_object_agg(free.store_id || '/' || free.variant_id, free.quantity) into v_free
    from commerce.free_pieces(
        split_over_stores.business_id, store_ids, commerce.demand_of(variant_ids, quantities)
    ) as free;
    for v_place in 1 .. cardinality(variant_ids) loop
        v_left = quantities[v_place];
        foreach v_store_id in array store_ids loop
            v_count = least(v_left, commerce.fitting(v_free, v_store_id, variant_ids[v_place]));
            continue when v_count = 0;
            v_parts = v_parts || (v_place, v_store_id, v_count)::commerce.stock_part;
            v_free = commerce.less(v_free, v_store_id, variant_ids[v_place], v_count);
            v_left = v_left - v_count;
        end loop;
        if v_left > 0 then
            return null;
        end if;
    end loop;
    return v_parts;
end;
$$;

/*
 * Return how many pieces of a variant, or whole bundles, fit into what is free in a store: `free`
 * has the pieces for each `store/variant`.
 */
create function commerce.fitting(free jsonb, store_id uuid, variant_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            min(
                coalesce((free ->> (fitting.store_id || '/' || taken.variant_id))::integer, 0)
                / taken.quantity
            )
        from catalog.components(fitting.variant_id, 1) as taken
    );
end;
$$;

/*
 * Return what stays free when pieces of a variant, or bundles, are taken from a store.
 */
create function commerce.less(free jsonb, store_id uuid, variant_id uuid, quantity integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return free || (
        select
            jsonb_object_agg(
                less.store_id || '/' || taken.variant_id,
                (free ->> (less.store_id || '/' || taken.variant_id))::integer - taken.quantity
            )
        from catalog.components(less.variant_id, less.quantity) as taken
    );
end;
$$;

-- sql/50_commerce/functions/wholesale.sql

-- How a wholesale account comes to be and what is decided about it. Approval grants each buyer the
-- entitlement `wholesale` with the customer group of the account; suspension takes it away.

/*
 * Ask for a wholesale account, as the signed-in user, who becomes its first approver. A rejected
 * request of theirs is made again with the new words. Returns the id of the account.
 * Definer: nobody has a write grant on accounts.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function commerce.request_wholesale(
    business_id uuid, company_name text, country text, tax_number text, message text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_account commerce.wholesale_accounts;
begin
    perform commerce.require_seller(request_wholesale.business_id);
    select wholesale_accounts.* into v_account
    from commerce.wholesale_buyers
    inner join commerce.wholesale_accounts
        on wholesale_accounts.id = wholesale_buyers.wholesale_account_id
    where
        wholesale_buyers.business_id = request_wholesale.business_id
        and wholesale_buyers.user_id = v_user_id
    for update of wholesale_accounts;
    if v_account.id is not null
        and (v_account.status <> 'rejected' or v_account.requested_by <> v_user_id) then
        perform private.refuse(
            'PT409', 'already_exists', 'You have a wholesale account with this business already.',
            'Read wholesale_accounts.'
        );
    end if;
    v_account.business_id = request_wholesale.business_id;
    v_account.requested_by = v_user_id;
    v_account.company_name = request_wholesale.company_name;
    v_account.country = request_wholesale.country;
    v_account.tax_number = upper(
        regexp_replace(request_wholesale.tax_number, '[\s./-]', '', 'g')
    );
    v_account.message = request_wholesale.message;
    return commerce.write_request(v_account);
end;
$$;

/*
 * Refuse a business that sells to nobody now.
 *
 * Errors:  PT404 not_found
 */
create function commerce.require_seller(business_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not business.is_open(business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
end;
$$;

/*
 * Write a request: a new account with its first buyer, or one that was rejected. Two requests of
 * one user at once become one.
 *
 * Errors:  PT400 invalid_input · PT409 already_exists
 */
create function commerce.write_request(account commerce.wholesale_accounts)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = coalesce(account.id, gen_random_uuid());
begin
    insert into commerce.wholesale_accounts (
        id, business_id, requested_by, company_name, country, tax_number, message, currency,
        requested_at
    )
    select
        v_id, account.business_id, account.requested_by, account.company_name, account.country,
        account.tax_number, account.message, businesses.currency, private.now()
    from business.businesses
    where businesses.id = account.business_id
    on conflict (id) do update set
        company_name = excluded.company_name,
        country = excluded.country,
        tax_number = excluded.tax_number,
        message = excluded.message,
        status = 'requested',
        reason = null,
        requested_at = excluded.requested_at,
        decided_at = null;
    if account.id is null then
        insert into commerce.wholesale_buyers (
            business_id, wholesale_account_id, email, user_id, role, invited_at, joined_at
        )
        select
            account.business_id, v_id, lower(users.email), users.id, 'approver', private.now(),
            private.now()
        from auth.users
        where users.id = account.requested_by;
    end if;
    perform commerce.renew_entitlements(v_id);
    return v_id;
exception
    when unique_violation then
        perform private.refuse(
            'PT409', 'already_exists', 'You have a wholesale account with this business already.',
            'Read wholesale_accounts.'
        );
        return null;
end;
$$;

/*
 * Return an account, locked, in whose business the caller has a permission.
 * Definer: it must tell an account that does not exist from one that the caller may not change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_wholesale_account(wholesale_account_id uuid, permission text)
returns commerce.wholesale_accounts
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account commerce.wholesale_accounts;
begin
    select wholesale_accounts.* into v_account
    from commerce.wholesale_accounts
    where wholesale_accounts.id = lock_wholesale_account.wholesale_account_id
    for update;
    if v_account.id is null
        or not private.is_operator()
        and v_account.business_id not in (select private.my_businesses('view'))
        and v_account.id not in (select private.my_wholesale_accounts()) then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such wholesale account.',
            'Check the id in the view wholesale_accounts.'
        );
    end if;
    perform private.require_member(v_account.business_id, permission);
    return v_account;
end;
$$;

/*
 * Decide about an account: approve, reject or suspend it.
 * Definer: nobody has a write grant on accounts.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function commerce.decide_wholesale(
    wholesale_account_id uuid, decision commerce.wholesale_status, reason text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account constant commerce.wholesale_accounts = commerce.lock_wholesale_account(
        decide_wholesale.wholesale_account_id, 'manage'
    );
begin
    if decision <> 'approved' and decide_wholesale.reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    if not exists (
        select 1
        from commerce.wholesale_steps
        where
            wholesale_steps.from_status = v_account.status
            and wholesale_steps.to_status = decision
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A wholesale account that is %s cannot become %s.', v_account.status, decision),
            'Read wholesale_accounts again.'
        );
    end if;
    update commerce.wholesale_accounts
    set
        status = decision,
        reason = case when decision <> 'approved' then decide_wholesale.reason end,
        decided_at = private.now()
    where wholesale_accounts.id = v_account.id;
    perform commerce.renew_entitlements(v_account.id);
end;
$$;

/*
 * Set the terms of an account. They hold from the next order on.
 * Definer: nobody has a write grant on accounts.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.set_wholesale_terms(
    wholesale_account_id uuid,
    customer_group_id uuid,
    net_days integer,
    credit_limit_minor bigint,
    minimum_minor bigint,
    minimum_quantity integer
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account constant commerce.wholesale_accounts = commerce.lock_wholesale_account(
        set_wholesale_terms.wholesale_account_id, 'manage'
    );
begin
    if set_wholesale_terms.customer_group_id is not null and not exists (
        select 1
        from customers.customer_groups
        where
            customer_groups.business_id = v_account.business_id
            and customer_groups.id = set_wholesale_terms.customer_group_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such customer group.',
            'Check the id in the view customer_groups.'
        );
    end if;
    update commerce.wholesale_accounts
    set
        customer_group_id = set_wholesale_terms.customer_group_id,
        net_days = set_wholesale_terms.net_days,
        credit_limit_minor = set_wholesale_terms.credit_limit_minor,
        minimum_minor = set_wholesale_terms.minimum_minor,
        minimum_quantity = set_wholesale_terms.minimum_quantity
    where wholesale_accounts.id = v_account.id;
    perform commerce.renew_entitlements(v_account.id);
end;
$$;

-- sql/50_commerce/functions/wholesale_buyers.sql

-- The buyers of a company: approvers of the company invite them by e-mail address, and whoever has
-- the address accepts. A company always keeps an approver.

/*
 * Return the accounts for which the signed-in user buys, in a role or in any.
 * Definer: policies ask it once a statement, instead of the policy of buyers.
 */
create function private.my_wholesale_accounts(role text default null)
returns setof uuid
language plpgsql
stable
security definer
rows 2
set search_path = ''
as $$
begin
    return query
    select wholesale_buyers.wholesale_account_id
    from commerce.wholesale_buyers
    where
        wholesale_buyers.user_id = auth.uid()
        and (
            my_wholesale_accounts.role is null
            or wholesale_buyers.role::text = my_wholesale_accounts.role
        );
end;
$$;

/*
 * Return the invitations to the signed-in user's confirmed address.
 * Definer: clients cannot read auth.users.
 */
create function private.my_buyer_invitations()
returns setof uuid
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
    return query
    select wholesale_buyers.id
    from auth.users
    inner join commerce.wholesale_buyers on wholesale_buyers.email = lower(users.email)
    where
        users.id = auth.uid()
        and users.email_confirmed_at is not null
        and wholesale_buyers.user_id is null;
end;
$$;

/*
 * Return an account, locked, that the caller may keep the buyers of: as its approver, as a manager
 * of the business, or as the operator.
 * Definer: it must tell an account that does not exist from one that the caller may not change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_company(wholesale_account_id uuid)
returns commerce.wholesale_accounts
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account commerce.wholesale_accounts;
begin
    if not exists (
        select 1
        from private.my_wholesale_accounts('approver') as mine (id)
        where mine.id = lock_company.wholesale_account_id
    ) then
        return commerce.lock_wholesale_account(lock_company.wholesale_account_id, 'manage');
    end if;
    select wholesale_accounts.* into v_account
    from commerce.wholesale_accounts
    where wholesale_accounts.id = lock_company.wholesale_account_id
    for update;
    return v_account;
end;
$$;

/*
 * Invite somebody to buy for a company, or change what a buyer may. Returns the id of the buyer.
 * Definer: nobody has a write grant on buyers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_approver
 */
create function commerce.invite_buyer(
    wholesale_account_id uuid, email text, role commerce.wholesale_role, order_limit_minor bigint
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account constant commerce.wholesale_accounts = commerce.lock_company(
        invite_buyer.wholesale_account_id
    );
    v_id uuid;
begin
    insert into commerce.wholesale_buyers (
        business_id, wholesale_account_id, email, role, order_limit_minor, invited_at
    )
    values (
        v_account.business_id, v_account.id, lower(invite_buyer.email), invite_buyer.role,
        invite_buyer.order_limit_minor, private.now()
    )
    on conflict on constraint wholesale_buyers_email_unique do update set
        role = excluded.role,
        order_limit_minor = excluded.order_limit_minor
    returning wholesale_buyers.id into v_id;
    perform commerce.require_approver(v_account.id);
    return v_id;
end;
$$;

/*
 * Refuse to leave a company without anybody who keeps its buyers.
 *
 * Errors:  PT409 last_approver
 */
create function commerce.require_approver(wholesale_account_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from commerce.wholesale_buyers
        where
            wholesale_buyers.wholesale_account_id = require_approver.wholesale_account_id
            and wholesale_buyers.user_id is not null
            and wholesale_buyers.role = 'approver'
    ) then
        perform private.refuse(
            'PT409', 'last_approver', 'The company would have no approver left.',
            'Make another buyer an approver first.'
        );
    end if;
end;
$$;

/*
 * Accept an invitation to buy for a company, as the user who has the invited, confirmed address.
 * Accepting again changes nothing.
 * Definer: nobody has a write grant on buyers.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function commerce.accept_buyer_invitation(wholesale_buyer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_account_id uuid;
begin
    -- The account first, as whoever decides about it does.
    select wholesale_accounts.id into v_account_id
    from commerce.wholesale_buyers
    inner join commerce.wholesale_accounts
        on wholesale_accounts.id = wholesale_buyers.wholesale_account_id
    where wholesale_buyers.id = accept_buyer_invitation.wholesale_buyer_id
    for update of wholesale_accounts;
    if exists (
        select 1
        from commerce.wholesale_buyers
        where
            wholesale_buyers.id = accept_buyer_invitation.wholesale_buyer_id
            and wholesale_buyers.user_id = v_user_id
    ) then
        return;
    end if;
    update commerce.wholesale_buyers
    set user_id = v_user_id, joined_at = private.now()
    where
        wholesale_buyers.id = accept_buyer_invitation.wholesale_buyer_id
        and wholesale_buyers.id in (select private.my_buyer_invitations());
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such invitation.',
            'Confirm the address that was invited, and read wholesale_buyers.'
        );
    end if;
    perform commerce.renew_entitlements(v_account_id);
exception
    when unique_violation then
        perform private.refuse(
            'PT409', 'already_exists', 'You buy for another company from this business already.',
            'Leave that company first.'
        );
end;
$$;

/*
 * Take a buyer off a company, or an invitation back. Approvers of the company and managers of the
 * business may, and buyers leave.
 * Definer: nobody has a write grant on buyers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_approver
 */
create function commerce.remove_buyer(wholesale_buyer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_buyer commerce.wholesale_buyers;
begin
    select wholesale_buyers.* into v_buyer
    from commerce.wholesale_buyers
    where wholesale_buyers.id = remove_buyer.wholesale_buyer_id;
    if v_buyer.user_id is null or v_buyer.user_id is distinct from auth.uid() then
        perform commerce.lock_company(v_buyer.wholesale_account_id);
    else
        perform 1
        from commerce.wholesale_accounts
        where wholesale_accounts.id = v_buyer.wholesale_account_id
        for update;
    end if;
    delete from commerce.wholesale_buyers where wholesale_buyers.id = v_buyer.id;
    perform commerce.require_approver(v_buyer.wholesale_account_id);
end;
$$;

-- sql/50_commerce/functions/wholesale_files.sql

-- Papers of a wholesale request. They belong to the user who requests, are charged to their quota
-- and lie in a private bucket; the owners and managers of the business read them beside.

/*
 * Return the place of a request's files: the requester, while the business has not decided.
 * Definer: a request of somebody else and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function commerce.place_of_request(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    select wholesale_accounts.requested_by into v_place.owner_id
    from commerce.wholesale_accounts
    where
        wholesale_accounts.id = subject_id
        and wholesale_accounts.status = 'requested'
        and (wholesale_accounts.requested_by = auth.uid() or private.is_operator());
    if v_place.owner_id is null then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such wholesale request of yours.',
            'Check the id in wholesale_accounts; papers are for a request that waits.'
        );
    end if;
    return v_place;
end;
$$;

/*
 * Link a paper to its request.
 */
create function commerce.hand_in_paper(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into commerce.wholesale_documents (
        media_id, wholesale_account_id, kind, created_at
    )
    values (medium.id, medium.subject_id, medium.kind, private.now());
end;
$$;

-- sql/50_commerce/functions/wholesale_grants.sql

-- What an approved account grants its buyers: the entitlement `wholesale`, with the customer group
-- of the account. Price lists ask for both.

/*
 * Make the entitlements of an account's buyers follow from its status and its group: each buyer of
 * an approved account has one from now on, nobody else has any.
 */
create function commerce.renew_entitlements(wholesale_account_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from customers.entitlements
    using commerce.wholesale_buyers
    where
        wholesale_buyers.wholesale_account_id = renew_entitlements.wholesale_account_id
        and entitlements.business_id = wholesale_buyers.business_id
        and entitlements.id = wholesale_buyers.entitlement_id;
    perform commerce.note_company(wholesale_accounts.*, wholesale_buyers.user_id)
    from commerce.wholesale_accounts
    inner join commerce.wholesale_buyers
        on wholesale_buyers.wholesale_account_id = wholesale_accounts.id
    where
        wholesale_accounts.id = renew_entitlements.wholesale_account_id
        and wholesale_buyers.user_id is not null;
    update commerce.wholesale_buyers
    set entitlement_id = commerce.grant_wholesale(wholesale_accounts.*, wholesale_buyers.user_id)
    from commerce.wholesale_accounts
    where
        wholesale_accounts.id = renew_entitlements.wholesale_account_id
        and wholesale_accounts.status = 'approved'
        and wholesale_buyers.wholesale_account_id = wholesale_accounts.id
        and wholesale_buyers.user_id is not null;
end;
$$;

/*
 * Note a buyer as a customer of the business, with the company's tax number: a worker checks its
 * digits, and a verified one stands on documents.
 */
create function commerce.note_company(account commerce.wholesale_accounts, user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform customers.note_customer(
        account.business_id, profiles.id, profiles.full_name, profiles.email, profiles.phone, null
    )
    from identity.profiles
    where profiles.id = note_company.user_id;
    update pricing.tax_numbers
    set number = account.tax_number
    from customers.customers
    where
        customers.business_id = account.business_id
        and customers.user_id = note_company.user_id
        and tax_numbers.business_id = customers.business_id
        and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
        and tax_numbers.country = account.country
        and tax_numbers.number <> account.tax_number;
    insert into pricing.tax_numbers (business_id, customer_id, country, number)
    select
        account.business_id, coalesce(customers.merged_into_id, customers.id), account.country,
        account.tax_number
    from customers.customers
    where
        customers.business_id = account.business_id
        and customers.user_id = note_company.user_id
        and not exists (
            select 1
            from pricing.tax_numbers
            where
                tax_numbers.business_id = customers.business_id
                and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
                and tax_numbers.country = account.country
        );
end;
$$;

/*
 * Grant a buyer the prices of an account. Returns the id of the entitlement.
 */
create function commerce.grant_wholesale(account commerce.wholesale_accounts, user_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into customers.entitlements (
        business_id, customer_id, access, during, customer_group_id
    )
    select
        account.business_id, coalesce(customers.merged_into_id, customers.id), 'wholesale',
        tstzrange(private.now(), null), account.customer_group_id
    from customers.customers
    where
        customers.business_id = account.business_id
        and customers.user_id = grant_wholesale.user_id
    returning entitlements.id into v_id;
    return v_id;
end;
$$;

-- sql/50_commerce/functions/wholesale_notices.sql

-- What a notification says about a wholesale account, and who reads it: whoever requested it or
-- placed the order, and the owners and managers of the business, who decide.

/*
 * Return what templates may say about wholesale accounts.
 */
create function commerce.wholesale_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', wholesale_accounts.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'company_name', wholesale_accounts.company_name,
            'tax_number', wholesale_accounts.tax_number,
            'reason', coalesce(messages.payload ->> 'reason', ''),
            'order_reference', orders.reference,
            'due_at', orders.due_at,
            'amount', scheduling.money_data(
                (money.sale_balance(orders.business_id, orders.sale_id)).balance_minor,
                wholesale_accounts.currency
            )
        )
    from unnest(wholesale_data.messages) as messages
    inner join commerce.wholesale_accounts on wholesale_accounts.id = messages.subject_id
    inner join business.businesses on businesses.id = wholesale_accounts.business_id
    left join commerce.orders on orders.id = (messages.payload ->> 'order_id')::uuid;
end;
$$;

/*
 * Return the people of an audience who read messages about wholesale accounts.
 */
create function commerce.wholesale_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        jsonb_build_object('reader_name', coalesce(profiles.full_name, profiles.email, ''))
    from unnest(wholesale_readers.messages) as messages
    inner join commerce.wholesale_accounts on wholesale_accounts.id = messages.subject_id
    left join commerce.orders on orders.id = (messages.payload ->> 'order_id')::uuid
    left join lateral business.managers_of(wholesale_accounts.business_id) as managers
        on audience = 'business'
    inner join identity.profiles
        on
            profiles.id = case audience
                when 'business' then managers.user_id
                when 'customer' then coalesce(orders.customer_id, wholesale_accounts.requested_by)
            end;
end;
$$;

/*
 * Return of which messages people are told: of every decision, and of an order that is due when
 * something is still to be paid. An account that somebody is changing right now is left out.
 */
create function commerce.claim_wholesale_messages(messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_account_ids constant uuid array = array(
        select wholesale_accounts.id
        from commerce.wholesale_accounts
        where
            wholesale_accounts.id in (
                select messages.subject_id
                from unnest(claim_wholesale_messages.messages) as messages
            )
        for key share skip locked
    );
begin
    return query
    select
        messages.ordinal,
        messages.payload ->> 'order_id' is null
        or exists (
            select 1
            from commerce.orders
            where
                orders.id = (messages.payload ->> 'order_id')::uuid
                and orders.status not in ('cancelled', 'expired')
                and (money.sale_balance(orders.business_id, orders.sale_id)).balance_minor > 0
        )
    from unnest(claim_wholesale_messages.messages) as messages
    where messages.subject_id = any(v_account_ids);
end;
$$;

-- sql/50_commerce/functions/wholesale_terms.sql

-- What an order must keep to when its buyer has a wholesale account. Checkout asks for the terms,
-- and refuses what does not keep to them, before it takes anything.

/*
 * Return the terms of a buyer with a business: all null but pays_later, which is false, for
 * somebody without an approved account. `customer_id` is the user who buys.
 */
create function commerce.wholesale_terms(business_id uuid, customer_id uuid)
returns commerce.buying_terms
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms commerce.buying_terms;
begin
    select
        wholesale_accounts.id,
        wholesale_accounts.net_days is not null,
        wholesale_accounts.net_days,
        wholesale_accounts.currency,
        wholesale_accounts.credit_limit_minor,
        wholesale_accounts.minimum_minor,
        wholesale_accounts.minimum_quantity,
        wholesale_buyers.order_limit_minor
    into v_terms
    from commerce.wholesale_buyers
    inner join commerce.wholesale_accounts
        on
            wholesale_accounts.id = wholesale_buyers.wholesale_account_id
            and wholesale_accounts.status = 'approved'
    where
        wholesale_buyers.business_id = wholesale_terms.business_id
        and wholesale_buyers.user_id = wholesale_terms.customer_id;
    v_terms.pays_later = coalesce(v_terms.pays_later, false);
    return v_terms;
end;
$$;

/*
 * Refuse an order that does not keep to the terms of its buyer; one of a buyer without an account
 * keeps to everything. `items` are the pieces of each variant, added up. `total_minor` is what the
 * order costs, and `pays_later` whether it is to be paid within the net days. The account is locked
 * until the transaction ends, so that orders at once do not lend the same credit twice. Call it
 * before levels are locked.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded
 *          PT422 minimum_not_reached pack_size terms_not_agreed
 */
create function commerce.require_wholesale_terms(
    business_id uuid,
    customer_id uuid,
    items commerce.stock_item[],
    total_minor bigint,
    currency text,
    pays_later boolean default true
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms constant commerce.buying_terms = commerce.lock_terms(
        require_wholesale_terms.business_id, require_wholesale_terms.customer_id
    );
begin
    if v_terms.wholesale_account_id is null then
        return;
    end if;
    perform commerce.require_packs(require_wholesale_terms.business_id, items);
    perform commerce.require_minimums(v_terms, items, total_minor, currency);
    if require_wholesale_terms.pays_later and v_terms.pays_later then
        perform commerce.require_credit(v_terms, total_minor, currency);
    end if;
end;
$$;

/*
 * Lock the wholesale account of a buyer until the transaction ends. Returns its terms then.
 */
create function commerce.lock_terms(business_id uuid, customer_id uuid)
returns commerce.buying_terms
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms commerce.buying_terms = commerce.wholesale_terms(
        lock_terms.business_id, lock_terms.customer_id
    );
begin
    if v_terms.wholesale_account_id is not null then
        perform 1
        from commerce.wholesale_accounts
        where wholesale_accounts.id = v_terms.wholesale_account_id
        for update;
        -- They may have changed while this waited.
        v_terms = commerce.wholesale_terms(lock_terms.business_id, lock_terms.customer_id);
    end if;
    return v_terms;
end;
$$;

/*
 * Refuse broken packs.
 *
 * Errors:  PT422 pack_size
 */
create function commerce.require_packs(business_id uuid, items commerce.stock_item[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_broken record;
begin
    select product_variants.sku, wholesale_packs.pack_size into v_broken
    from unnest(items) as item
    inner join commerce.wholesale_packs
        on
            wholesale_packs.business_id = require_packs.business_id
            and wholesale_packs.variant_id = item.variant_id
    inner join catalog.product_variants
        on
            product_variants.business_id = wholesale_packs.business_id
            and product_variants.id = wholesale_packs.variant_id
    where item.quantity % wholesale_packs.pack_size <> 0
    order by product_variants.sku
    limit 1;
    if found then
        perform private.refuse(
            'PT422', 'pack_size',
            format('%s is sold in packs of %s.', v_broken.sku, v_broken.pack_size),
            'Order whole packs.'
        );
    end if;
end;
$$;

/*
 * Refuse an order that is too small. An amount is compared in the currency of the terms only.
 *
 * Errors:  PT422 minimum_not_reached
 */
create function commerce.require_minimums(
    terms commerce.buying_terms,
    items commerce.stock_item[],
    total_minor bigint,
    currency text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_quantity constant bigint = (
        select coalesce(sum(item.quantity), 0) from unnest(items) as item
    );
begin
    if v_quantity < terms.minimum_quantity then
        perform private.refuse(
            'PT422', 'minimum_not_reached',
            format('An order has at least %s pieces; this one has %s.',
                terms.minimum_quantity, v_quantity),
            'Add to the order.'
        );
    end if;
    if terms.currency = require_minimums.currency and total_minor < terms.minimum_minor then
        perform private.refuse(
            'PT422', 'minimum_not_reached',
            format(
                'An order costs at least %s minor units of %s; this one costs %s.',
                terms.minimum_minor, terms.currency, total_minor
            ),
            'Add to the order.'
        );
    end if;
end;
$$;

/*
 * Refuse to lend more than was agreed. The account is locked.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded · PT422 terms_not_agreed
 */
create function commerce.require_credit(
    terms commerce.buying_terms, total_minor bigint, currency text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left_minor bigint;
begin
    if terms.currency <> require_credit.currency then
        perform private.refuse(
            'PT422', 'terms_not_agreed',
            format('Net terms are agreed in %s only.', terms.currency),
            'Order in that currency, or pay the order now.'
        );
    end if;
    if total_minor > terms.order_limit_minor then
        perform private.refuse(
            'PT409', 'order_limit_exceeded',
            'The order costs more than you may order for your company.',
            'Ask an approver of your company with request_wholesale_order.'
        );
    end if;
    v_left_minor = terms.credit_limit_minor - commerce.unpaid_minor(terms.wholesale_account_id);
    if total_minor > v_left_minor then
        perform private.refuse(
            'PT409', 'credit_limit_exceeded',
            format(
                'Your company can owe another %s minor units of %s.',
                greatest(v_left_minor, 0), terms.currency
            ),
            'Pay open orders first, or pay this one now.'
        );
    end if;
end;
$$;

/*
 * Return how much an account has not paid yet of its orders on net terms, in minor units. What is
 * reserved on a card counts as paid; what was paid too much for one order pays no other.
 */
create function commerce.unpaid_minor(wholesale_account_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(greatest(sale.balance_minor, 0)), 0)
        from commerce.orders
        cross join lateral money.sale_balance(orders.business_id, orders.sale_id) as sale
        where
            orders.wholesale_account_id = unpaid_minor.wholesale_account_id
            and orders.pays_later
            and orders.status not in ('cancelled', 'expired')
    );
end;
$$;

/*
 * Return what is unpaid of an order: nothing of one that the caller may not read.
 * Definer: the company's other buyers read the order and not its sale.
 */
create function commerce.unpaid_of(placed commerce.orders)
returns bigint
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from commerce.orders
        where
            orders.id = placed.id
            and orders.status not in ('cancelled', 'expired')
            and (
                private.is_operator()
                or orders.wholesale_account_id in (select private.my_wholesale_accounts())
                or orders.business_id in (select private.seen_businesses())
            )
    ) then
        return 0;
    end if;
    return greatest((money.sale_balance(placed.business_id, placed.sale_id)).balance_minor, 0);
end;
$$;

-- sql/50_commerce/functions/wishlists.sql

-- What a notification says about an item of a wishlist; its owner alone reads it.

/*
 * Return what templates may say about items of wishlists.
 */
create function commerce.wishlist_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', wishlist_items.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'product_name', products.name
        )
    from unnest(wishlist_data.messages) as messages
    inner join commerce.wishlist_items on wishlist_items.id = messages.subject_id
    inner join catalog.product_variants on product_variants.id = wishlist_items.variant_id
    inner join catalog.products on products.id = product_variants.product_id
    inner join business.businesses on businesses.id = wishlist_items.business_id;
end;
$$;

/*
 * Return the owners of wishlists.
 */
create function commerce.wishlist_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        jsonb_build_object('customer_name', coalesce(profiles.full_name, profiles.email, ''))
    from unnest(wishlist_readers.messages) as messages
    inner join commerce.wishlist_items on wishlist_items.id = messages.subject_id
    inner join identity.profiles on profiles.id = wishlist_items.user_id
    where audience = 'customer';
end;
$$;

-- sql/50_commerce/functions/wishlists_comparing.sql

-- Products side by side.

/*
 * Return everything that is said about products, as an attribute, its label and a value for each:
 * name, brand, prices in their currency, the values of each option, and the attributes that hold in
 * its category.
 */
create function commerce.product_facts(product_ids uuid[])
returns table (place bigint, rank integer, key text, label text, value jsonb)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with compared as (
        select
            wanted.place,
            products.*
        from unnest(product_ids) with ordinality as wanted (id, place)
        inner join catalog.products on products.id = wanted.id
    )

    select compared.place, facts.rank, facts.key, facts.label, facts.value
    from compared
    left join catalog.brands
        on brands.business_id = compared.business_id and brands.id = compared.brand_id
    cross join lateral (
        select
            min(product_variants.price_minor) as least_minor,
            max(product_variants.price_minor) as most_minor
        from catalog.product_variants
        where
            product_variants.business_id = compared.business_id
            and product_variants.product_id = compared.id
            and product_variants.is_active
    ) as priced
    cross join lateral (
        values
        (1, 'name', 'Name', to_jsonb(compared.name)),
        (2, 'brand', 'Brand', to_jsonb(brands.name)),
        (3, 'currency', 'Currency', to_jsonb(compared.currency)),
        (4, 'price_from_minor', 'Price from', to_jsonb(priced.least_minor)),
        (5, 'price_to_minor', 'Price to', to_jsonb(priced.most_minor))
    ) as facts (rank, key, label, value)
    union all
    select
        compared.place, 6, 'option:' || product_options.name, product_options.name,
        to_jsonb(product_options.allowed_values)
    from compared
    inner join catalog.product_options
        on
            product_options.business_id = compared.business_id
            and product_options.product_id = compared.id
    union all
    select
        compared.place, 7, attribute.key, concat_ws(', ', attribute.name, attribute.unit),
        compared.attributes -> attribute.key
    from compared
    cross join lateral catalog.attributes_in_category(
        compared.business_id, compared.category_id
    ) as attribute;
end;
$$;

/*
 * Return what is said about products as [{key, label, values}], with a value for each product in
 * the order of the ids.
 */
create function commerce.compare_products(product_ids uuid[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_agg(
                jsonb_build_object('key', rows.key, 'label', rows.label, 'values', rows.said)
                order by rows.rank, rows.key
            )
        from (
            select
                keys.key,
                min(keys.label) as label,
                min(keys.rank) as rank,
                jsonb_agg(facts.value order by wanted.place) as said
            from (
                select
                    known.key,
                    min(known.label) as label,
                    min(known.rank) as rank
                from commerce.product_facts(product_ids) as known
                group by known.key
            ) as keys
            cross join generate_subscripts(product_ids, 1) as wanted (place)
            left join commerce.product_facts(product_ids) as facts
                on facts.key = keys.key and facts.place = wanted.place
            group by keys.key
        ) as rows
    );
end;
$$;

-- sql/50_commerce/rules/delivery.sql

-- What a constraint on delivery options cannot say. An option that is deleted must not have been
-- used: orders keep how they reach their buyer, and an option that is switched off is offered no
-- more.

create trigger _010_refuse_bad_input
before insert or update on commerce.delivery_options
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse to delete an option by which something was ordered.
 * Definer: whoever deletes it may not see every order.
 *
 * Errors:  PT409 in_use
 */
create function commerce.delivery_options__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from commerce.orders
        where orders.business_id = old.business_id and orders.delivery_option_id = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'Orders are delivered by this option.',
            'Set is_active to false: then it is offered no more.'
        );
    end if;
    return old;
end;
$$;

create trigger _110_refuse_used
before delete on commerce.delivery_options
for each row execute function commerce.delivery_options__refuse_used();

-- sql/50_commerce/rules/markets.sql

-- What a constraint on markets cannot say.

create trigger _010_refuse_bad_input
before insert or update on commerce.markets
for each row execute function business.any__refuse_bad_input('manage');

-- sql/50_commerce/rules/orders.sql

-- What holds for orders on every path, the table owner's included: only steps of the table are
-- taken, by those who may; every step is recorded and announced; what was ordered never changes.

/*
 * Refuse an order that is sent and has no address. Later the address may be emptied, when its
 * person is erased: so it is no check of the table.
 */
create function commerce.orders__require_address()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise check_violation using message = 'An order that is sent needs an address.';
end;
$$;

create trigger _100_require_address
before insert on commerce.orders
for each row
when (new.delivery_kind = 'delivery' and new.address is null)
execute function commerce.orders__require_address();

/*
 * Refuse steps that do not exist, that the caller may not take, or whose condition is not met.
 * Anybody may pay, and whoever comes by expires an order that ran out.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition payment_required
 */
create function commerce.orders__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_step commerce.order_steps;
begin
    select order_steps.* into v_step
    from commerce.order_steps
    where order_steps.from_status = old.status and order_steps.to_status = new.status;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('An order that is %s cannot become %s.', old.status, new.status),
            'Read the order again and check its status.'
        );
    elsif v_step.guard = 'paid' and not commerce.is_paid(new) then
        perform private.refuse(
            'PT409', 'payment_required', 'This order is not paid yet.',
            'Pay it with start_payment, or record cash with record_cash_payment.'
        );
    elsif v_step.guard is null and v_step.due is null
        and not (v_step.actors || 'system'::scheduling.actor_kind) && commerce.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to take this step.',
            'Ask the business to take it.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on commerce.orders
for each row
when (old.status is distinct from new.status)
execute function commerce.orders__refuse_illegal_steps();

-- An order keeps what was ordered, from whom, and where it goes.
create trigger _110_refuse_rewriting
before update on commerce.orders
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.sale_id <> new.sale_id
    or old.reference <> new.reference
    or old.placed_at <> new.placed_at
)
execute function private.any__refuse_rewriting();

create trigger _120_refuse_deleting
before delete on commerce.orders
for each row execute function private.any__refuse_rewriting();

create trigger _900_touch
before update on commerce.orders
for each row execute function private.any__touch();

create trigger _100_refuse_rewriting
before update on commerce.order_items
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.order_id <> new.order_id
    or old.sale_line_id <> new.sale_line_id
    or old.variant_id <> new.variant_id
    or old.sku <> new.sku
    or old.name <> new.name
    or old.quantity <> new.quantity
    or old.pieces_per_unit <> new.pieces_per_unit
)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on commerce.order_items
for each row execute function private.any__refuse_rewriting();

/*
 * Record that an order was placed, or took a step.
 */
create function commerce.orders__record_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.record_event(
        new,
        case when tg_op = 'INSERT' then 'placed' else new.status::text end::commerce.order_event,
        case when new.status = 'cancelled' then new.status_reason end
    );
    return null;
end;
$$;

create trigger _300_record_step
after insert on commerce.orders
for each row execute function commerce.orders__record_step();

create trigger _310_record_step
after update of status on commerce.orders
for each row
when (old.status is distinct from new.status)
execute function commerce.orders__record_step();

/*
 * Announce what happened to an order as order.placed, order.paid, order.shipped and so on.
 */
create function commerce.order_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'order.' || new.event::text,
        jsonb_build_object(
            'order_id', new.order_id,
            'business_id', new.business_id,
            'status', new.status,
            'actor', new.actor,
            'reason', new.note
        )
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on commerce.order_history
for each row execute function commerce.order_history__announce();

create trigger _100_refuse_rewriting
before update or delete on commerce.order_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.order_history
for each statement execute function private.any__refuse_rewriting();

-- sql/50_commerce/rules/orders_payments.sql

-- An order follows the payments and refunds of its sale, in the transaction that records them.

/*
 * Pay the order of a sale when a part of a payment for it is captured or reserved.
 * Definer: whoever records a payment has no rights on orders.
 */
create function commerce.payment_parts__pay_order()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform commerce.pay_order(orders.id)
    from commerce.orders
    where
        orders.business_id = new.business_id
        and orders.sale_id = new.sale_id
        and orders.status in ('pending', 'expired', 'cancelled');
    return null;
end;
$$;

create trigger _310_pay_order
after update of captured_minor, authorized_minor on money.payment_parts
for each row
when (
    new.captured_minor > old.captured_minor
    or new.authorized_minor > old.authorized_minor
)
execute function commerce.payment_parts__pay_order();

/*
 * Note that something was given back of an order.
 */
create function commerce.payment_parts__note_refund()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.note_refund(new.business_id, new.sale_id, true);
    return null;
end;
$$;

create trigger _320_note_refund
after update of refunded_minor on money.payment_parts
for each row
when (new.refunded_minor > old.refunded_minor)
execute function commerce.payment_parts__note_refund();

-- sql/50_commerce/rules/orders_records.sql

-- Changes of orders are only added, and what a shipment or a return has never changes.

create trigger _100_refuse_rewriting
before update or delete on commerce.order_changes
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.order_changes
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on commerce.shipment_items
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update on commerce.return_items
for each row
when (
    old.business_id <> new.business_id
    or old.return_id <> new.return_id
    or old.order_item_id <> new.order_item_id
    or old.quantity <> new.quantity
    or old.is_restocked is not null
)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on commerce.return_items
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on commerce.return_replacements
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _010_refuse_bad_input
before insert or update on commerce.order_settings
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on commerce.order_settings
for each row execute function private.any__touch();

/*
 * Refuse a step that the life of a shipment does not have: packed, sent, then arrived or lost.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.shipments__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if (old.status, new.status) not in (
        ('pending', 'shipped'), ('shipped', 'delivered'), ('shipped', 'lost')
    ) then
        perform commerce.refuse_shipment_step(old, new.status);
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on commerce.shipments
for each row
when (old.status is distinct from new.status)
execute function commerce.shipments__refuse_illegal_steps();

/*
 * Refuse a step that the life of a return does not have.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.returns__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if (old.status, new.status) not in (
        ('requested', 'approved'), ('requested', 'rejected'), ('approved', 'received'),
        ('received', 'refunded')
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A return that is %s cannot become %s.', old.status, new.status),
            'Read the return again and check its status.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on commerce.returns
for each row
when (old.status is distinct from new.status)
execute function commerce.returns__refuse_illegal_steps();

-- sql/50_commerce/rules/products_changes.sql

-- Where the platform approves changes of products, no client writes a published one directly.
-- Members may still take a product or a variant off sale at once.

/*
 * Refuse to publish a product, or to change what a published one says.
 *
 * Errors:  PT409 approval_required
 */
create function commerce.products__require_approval()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client()
        and new.is_published
        and (
            tg_op = 'INSERT'
            or not old.is_published
            or to_jsonb(new) - '{position,archived_at,updated_at}'::text[]
            <> to_jsonb(old) - '{position,archived_at,updated_at}'::text[]
        )
        and commerce.needs_approval(new.business_id) then
        perform commerce.refuse_unapproved();
    end if;
    return new;
end;
$$;

create trigger _300_require_approval
before insert or update on catalog.products
for each row execute function commerce.products__require_approval();

/*
 * Refuse to change the options and the variants of a published product. A variant may be switched
 * off.
 *
 * Errors:  PT409 approval_required
 */
create function commerce.any__require_approval()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_old constant jsonb = case when tg_op <> 'INSERT' then to_jsonb(old) end;
    v_new constant jsonb = case when tg_op <> 'DELETE' then to_jsonb(new) end;
    v_row constant jsonb = coalesce(v_new, v_old);
begin
    if private.is_client()
        and v_old is distinct from v_new
        and coalesce(v_old || '{"is_active": false}' <> v_new, true)
        and exists (
            select 1
            from catalog.products
            where
                products.business_id = (v_row ->> 'business_id')::uuid
                and products.id = (v_row ->> 'product_id')::uuid
                and products.is_published
        )
        and commerce.needs_approval((v_row ->> 'business_id')::uuid) then
        perform commerce.refuse_unapproved();
    end if;
    return coalesce(new, old);
end;
$$;

create trigger _300_require_approval
before insert or update or delete on catalog.product_variants
for each row execute function commerce.any__require_approval();

create trigger _300_require_approval
before insert or update or delete on catalog.product_options
for each row execute function commerce.any__require_approval();

-- sql/50_commerce/rules/requests.sql

-- Proposed changes of products and requests of orders are announced when they are made and when
-- they are decided. Nobody is told of one that is withdrawn.

/*
 * Announce a proposed change of a product as product_change.pending, approved or rejected.
 */
create function commerce.product_changes__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'product_change.' || new.status::text,
        jsonb_build_object(
            'product_change_id', new.id, 'business_id', new.business_id, 'status', new.status
        )
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on commerce.product_changes
for each row execute function commerce.product_changes__announce();

create trigger _500_announce_decision
after update of status on commerce.product_changes
for each row
when (old.status <> new.status and new.status <> 'withdrawn')
execute function commerce.product_changes__announce();

create trigger _510_announce_deletion
after delete on commerce.product_changes
for each row execute function private.any__announce_deletion('product_change');

/*
 * Announce what a buyer asks to order as order_request.requested, approved or rejected.
 */
create function commerce.wholesale_order_requests__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'order_request.' || new.status::text,
        jsonb_build_object('order_request_id', new.id, 'status', new.status)
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on commerce.wholesale_order_requests
for each row execute function commerce.wholesale_order_requests__announce();

create trigger _500_announce_decision
after update of status on commerce.wholesale_order_requests
for each row
when (old.status <> new.status and new.status <> 'withdrawn')
execute function commerce.wholesale_order_requests__announce();

create trigger _510_announce_deletion
after delete on commerce.wholesale_order_requests
for each row execute function private.any__announce_deletion('order_request');

-- sql/50_commerce/rules/stock.sql

-- What must never happen to stock: a movement that is changed or deleted, a level that differs from
-- the sum of its movements, a transfer in which pieces appear or vanish.

create trigger _100_refuse_rewriting
before update or delete on commerce.stock_movements
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.stock_movements
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on commerce.stock_transfers
for each row execute function private.any__refuse_rewriting();

/*
 * Change the levels by what a statement moved. One update changes them all, so the trail records
 * them at once.
 * Definer: nobody has a write grant on levels.
 */
create function commerce.stock_movements__change_level()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    update commerce.stock_levels
    set on_hand = stock_levels.on_hand + sums.quantity
    from (
        select
            moved.business_id,
            moved.store_id,
            moved.variant_id,
            sum(moved.quantity)::integer as quantity
        from moved
        group by moved.business_id, moved.store_id, moved.variant_id
    ) as sums
    where
        stock_levels.business_id = sums.business_id
        and stock_levels.store_id = sums.store_id
        and stock_levels.variant_id = sums.variant_id;
    return null;
end;
$$;

create trigger _500_change_level
after insert on commerce.stock_movements
referencing new table as moved
for each statement execute function commerce.stock_movements__change_level();

/*
 * Refuse, when the transaction ends, a transfer that does not put into one store what it takes from
 * the other.
 * Definer: it reads every movement of the transfer, whoever moved.
 */
create function commerce.stock_movements__net_to_zero()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if 0 <> (
        select sum(stock_movements.quantity)
        from commerce.stock_movements
        where
            stock_movements.business_id = new.business_id
            and stock_movements.transfer_id = new.transfer_id
            and stock_movements.variant_id = new.variant_id
    ) then
        raise exception using
            errcode = 'check_violation',
            message = 'The movements of a transfer must net to zero.',
            constraint = 'stock_movements_net_to_zero';
    end if;
    return null;
end;
$$;

create constraint trigger _510_net_to_zero
after insert on commerce.stock_movements
deferrable initially deferred
for each row
when (new.transfer_id is not null)
execute function commerce.stock_movements__net_to_zero();

/*
 * Send an alert when a level falls to its threshold, once until it recovers.
 */
create function commerce.stock_levels__alert()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_was_low constant boolean = new.is_low;
begin
    new.is_low = coalesce(new.on_hand <= new.alert_threshold, false);
    if new.is_low and not v_was_low then
        perform private.emit(
            'stock.low',
            jsonb_build_object(
                'business_id', new.business_id,
                'store_id', new.store_id,
                'variant_id', new.variant_id,
                'on_hand', new.on_hand
            )
        );
    end if;
    return new;
end;
$$;

create trigger _100_alert
before update of on_hand, alert_threshold on commerce.stock_levels
for each row execute function commerce.stock_levels__alert();

/*
 * Refuse to delete a store or a variant that stock has moved in.
 * Definer: it reads movements that the caller may not.
 *
 * Errors:  PT409 in_use
 */
create function commerce.any__refuse_stocked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from commerce.stock_movements
        where
            stock_movements.business_id = old.business_id
            and old.id in (stock_movements.store_id, stock_movements.variant_id)
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'It has movements of stock.',
            'Switch the store or the variant off, or archive the product.'
        );
    end if;
    return old;
end;
$$;

create trigger _200_refuse_stocked
before delete on business.stores
for each row execute function commerce.any__refuse_stocked();

create trigger _200_refuse_stocked
before delete on catalog.product_variants
for each row execute function commerce.any__refuse_stocked();

-- sql/50_commerce/rules/stock_lots.sql

-- What a movement does to lots, and which order took what.

/*
 * Change a lot by what moved.
 * Definer: nobody has a write grant on lots.
 */
create function commerce.stock_lot_movements__change_lot()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update commerce.stock_lots
    set on_hand = stock_lots.on_hand + new.quantity
    where stock_lots.business_id = new.business_id and stock_lots.id = new.stock_lot_id;
    return null;
end;
$$;

create trigger _500_change_lot
after insert on commerce.stock_lot_movements
for each row execute function commerce.stock_lot_movements__change_lot();

/*
 * Take what leaves a store out of its lots, if it has any, and put what comes into them: a named
 * lot, or the lots of which the pieces were in the other store. The levels have changed already.
 * Definer: nobody has a write grant on lots.
 */
create function commerce.stock_movements__move_lots()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_movement commerce.stock_movements;
begin
    for v_movement in
        select moved.*
        from moved
        where
            moved.quantity > 0 and (moved.lot_code is not null or moved.reason = 'transferred')
            or moved.quantity < 0 and exists (
                select 1
                from commerce.stock_lots
                where
                    stock_lots.business_id = moved.business_id
                    and stock_lots.store_id = moved.store_id
                    and stock_lots.variant_id = moved.variant_id
            )
        order by moved.id
    loop
        if v_movement.quantity < 0 then
            perform commerce.take_from_lots(
                v_movement,
                -v_movement.quantity,
                v_movement.reason in ('sold', 'transferred') and v_movement.lot_code is null
            );
        elsif v_movement.lot_code is not null then
            perform commerce.put_into_lot(
                v_movement, v_movement.lot_code, v_movement.expires_on, null, v_movement.quantity
            );
        else
            perform commerce.carry_lots_over(v_movement);
        end if;
    end loop;
    return null;
end;
$$;

create trigger _520_move_lots
after insert on commerce.stock_movements
referencing new table as moved
for each statement execute function commerce.stock_movements__move_lots();

/*
 * Note which order took the pieces that this transaction took out of lots.
 * Definer: nobody has a write grant on the movements of lots.
 */
create function commerce.order_items__note_lots()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update commerce.stock_lot_movements
    set order_id = new.order_id
    from commerce.stock_movements
    where
        stock_lot_movements.transaction_id = pg_current_xact_id()
        and stock_lot_movements.order_id is null
        and stock_lot_movements.quantity < 0
        and stock_lot_movements.business_id = new.business_id
        and stock_movements.business_id = stock_lot_movements.business_id
        and stock_movements.id = stock_lot_movements.stock_movement_id
        and stock_movements.reason = 'sold'
        and stock_movements.store_id = new.store_id
        and stock_movements.variant_id = new.variant_id;
    return null;
end;
$$;

create trigger _500_note_lots
after insert on commerce.order_items
for each row execute function commerce.order_items__note_lots();

-- sql/50_commerce/rules/wholesale.sql

-- What follows from changes of wholesale accounts: each status is written down and told of once,
-- and whoever no longer buys for a company has no more of its prices.

/*
 * Write down a status and announce it.
 * Definer: nobody has a write grant on history.
 */
create function commerce.wholesale_accounts__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into commerce.wholesale_history (
        business_id, wholesale_account_id, status, reason, actor_id, at
    )
    values (
        new.business_id, new.id, new.status, new.reason,
        (select users.id from auth.users where users.id = auth.uid()), private.now()
    );
    perform private.emit(
        'wholesale.' || new.status,
        jsonb_build_object(
            'wholesale_account_id', new.id, 'business_id', new.business_id, 'reason', new.reason
        )
    );
    return null;
end;
$$;

create trigger _500_keep_history
after insert on commerce.wholesale_accounts
for each row execute function commerce.wholesale_accounts__keep_history();

create trigger _500_keep_history_of_status
after update of status on commerce.wholesale_accounts
for each row
when (new.status <> old.status)
execute function commerce.wholesale_accounts__keep_history();

create trigger _510_announce_deletion
after delete on commerce.wholesale_accounts
for each row execute function private.any__announce_deletion('wholesale');

create trigger _100_refuse_rewriting
before update on commerce.wholesale_history
for each row
when (new.actor_id is not null or new.reason is distinct from old.reason)
execute function private.any__refuse_rewriting();

/*
 * Take the prices away from a buyer who left.
 * Definer: nobody has a write grant on entitlements.
 */
create function commerce.wholesale_buyers__end_entitlement()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from customers.entitlements
    where entitlements.business_id = old.business_id and entitlements.id = old.entitlement_id;
    return null;
end;
$$;

create trigger _500_end_entitlement
after delete on commerce.wholesale_buyers
for each row execute function commerce.wholesale_buyers__end_entitlement();

create trigger _500_release_medium
after delete on commerce.wholesale_documents
for each row execute function files.any__release_medium();

-- Approvers write their company's places, which is for the policy to allow.
create trigger _010_refuse_bad_input
before insert or update on commerce.wholesale_locations
for each row execute function private.any__refuse_bad_input();

create trigger _010_refuse_bad_input
before insert or update on commerce.wholesale_packs
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Make an order that of the company for which its customer buys, and ask for the money when it is
 * due.
 */
create function commerce.orders__note_company()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms constant commerce.buying_terms = commerce.wholesale_terms(
        new.business_id, new.customer_id
    );
begin
    new.wholesale_account_id = v_terms.wholesale_account_id;
    if new.pays_later then
        new.due_at = new.placed_at + make_interval(days => v_terms.net_days);
        perform private.emit(
            'wholesale.overdue',
            jsonb_build_object(
                'wholesale_account_id', new.wholesale_account_id,
                'business_id', new.business_id,
                'order_id', new.id
            ),
            new.due_at
        );
    end if;
    return new;
end;
$$;

create trigger _200_note_company
before insert on commerce.orders
for each row
when (new.customer_id is not null)
execute function commerce.orders__note_company();

-- sql/50_commerce/rules/wishlists.sql

-- What follows when a wishlist is written, and when something on it is in stock again.

create trigger _010_refuse_bad_input
before insert or update on commerce.wishlist_items
for each row execute function private.any__refuse_bad_input();

create trigger _510_announce_deletion
after delete on commerce.wishlist_items
for each row execute function private.any__announce_deletion('wishlist');

/*
 * Tell those who wait for a variant that a store has it again, each once.
 * Definer: wishlists are their owners' alone.
 */
create function commerce.stock_levels__tell_wishers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ids uuid[];
begin
    with told as (
        update commerce.wishlist_items
        set wants_notice = false
        where
            wishlist_items.business_id = new.business_id
            and wishlist_items.variant_id = new.variant_id
            and wishlist_items.wants_notice
        returning wishlist_items.id
    )

    select array_agg(told.id) into v_ids from told;
    if v_ids is not null then
        perform private.emit_all(
            array_agg('wishlist.in_stock'::text),
            array_agg(jsonb_build_object('wishlist_item_id', item.id)),
            array_agg(null::timestamptz)
        )
        from unnest(v_ids) as item (id);
    end if;
    return null;
end;
$$;

create trigger _500_tell_wishers
after update of on_hand on commerce.stock_levels
for each row
when (old.on_hand <= 0 and new.on_hand > 0)
execute function commerce.stock_levels__tell_wishers();

-- sql/50_commerce/policies/carts.sql

-- A cart is its owner's alone: not even the businesses in it see it. Nobody writes it but
-- functions, so that nothing is in it that is not for sale. A cart with a token is found by
-- functions that take the token as an argument; no view shows it.

alter table commerce.carts enable row level security;
alter table commerce.cart_items enable row level security;

-- The token, the key and the answer are nobody's to read.
grant select (id, user_id, currency, created_at, updated_at, checked_out_at, basket_id)
on table commerce.carts to authenticated;
grant select on table commerce.cart_items to authenticated;
grant select, insert, update, delete on table commerce.carts to service_role;
grant select, insert, update, delete on table commerce.cart_items to service_role;

create policy carts_select
on commerce.carts
for select
to authenticated
using (user_id = (select auth.uid()));

create policy cart_items_select
on commerce.cart_items
for select
to authenticated
using (
    exists (
        select 1
        from commerce.carts
        where carts.id = cart_items.cart_id
    )
);

-- The worker deletes idle carts.
grant usage on schema commerce to worker;
grant execute on function commerce.forget_idle_carts() to worker;

-- sql/50_commerce/policies/delivery.sql

-- Everyone reads the active delivery options of a business that they can see; members read all of
-- theirs, and managers write them.

alter table commerce.delivery_options enable row level security;

grant select on table commerce.delivery_options to anon;
grant select, delete on table commerce.delivery_options to authenticated;
grant insert (
    id, business_id, name, kind, store_id, regions, postal_prefixes, min_weight_grams,
    max_weight_grams, min_amount_minor, max_amount_minor, currency, price_minor, free_from_minor,
    tax_class, can_split, position, is_active
) on table commerce.delivery_options to authenticated;
grant update (
    id, business_id, name, kind, store_id, regions, postal_prefixes, min_weight_grams,
    max_weight_grams, min_amount_minor, max_amount_minor, currency, price_minor, free_from_minor,
    tax_class, can_split, position, is_active
) on table commerce.delivery_options to authenticated;
grant select, insert, update, delete on table commerce.delivery_options to service_role;

create policy delivery_options_select_public
on commerce.delivery_options
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = delivery_options.business_id
    )
);

create policy delivery_options_select
on commerce.delivery_options
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = delivery_options.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy delivery_options_insert
on commerce.delivery_options
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy delivery_options_update
on commerce.delivery_options
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy delivery_options_delete
on commerce.delivery_options
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/50_commerce/policies/markets.sql

-- Everyone reads the active markets of a business that they can see; members read all of theirs,
-- and managers write them.

alter table commerce.markets enable row level security;

grant select on table commerce.markets to anon;
grant select, delete on table commerce.markets to authenticated;
grant insert (
    id, business_id, name, regions, currency, locale, position, is_active
) on table commerce.markets to authenticated;
grant update (
    id, business_id, name, regions, currency, locale, position, is_active
) on table commerce.markets to authenticated;
grant select, insert, update, delete on table commerce.markets to service_role;

create policy markets_select_public
on commerce.markets
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = markets.business_id
    )
);

create policy markets_select
on commerce.markets
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = markets.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy markets_insert
on commerce.markets
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy markets_update
on commerce.markets
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy markets_delete
on commerce.markets
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/50_commerce/policies/orders.sql

-- Who may read orders: customers theirs and those of their company, members those of their
-- business, platform staff all. Nobody writes: functions place orders and take their steps, so that
-- nobody chooses a status.

/*
 * Return the orders of the signed-in customer, and those of the company for which they buy.
 * Definer: policies of tables that refer to orders call it instead of orders' own policy, once a
 * statement.
 */
create function private.my_orders()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select orders.id
    from commerce.orders
    where orders.customer_id = auth.uid()
    union
    select orders.id
    from commerce.orders
    where orders.wholesale_account_id in (select private.my_wholesale_accounts());
end;
$$;
grant execute on function private.my_orders() to authenticated, service_role;

alter table commerce.orders enable row level security;
alter table commerce.order_items enable row level security;
alter table commerce.order_history enable row level security;
alter table commerce.order_steps enable row level security;

grant select on commerce.orders, commerce.order_items, commerce.order_history
to authenticated, service_role;
grant select on commerce.order_steps to anon, authenticated, service_role;

create policy orders_select
on commerce.orders
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.seen_businesses()))
);

create policy order_items_select
on commerce.order_items
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_history_select
on commerce.order_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_steps_select
on commerce.order_steps
for select
to anon, authenticated
using (true);

-- sql/50_commerce/policies/products.sql

-- Everyone lists products; owners and managers change many at once. The functions of the API call
-- these as the caller.

grant execute on function
commerce.to_product_criteria(uuid, jsonb),
commerce.paged(commerce.product_criteria, text, uuid, integer),
commerce.find_products(commerce.product_criteria),
commerce.translated(public.products, text[]),
commerce.bulk_upsert_products(uuid, jsonb[], text)
to anon, authenticated, service_role;

-- sql/50_commerce/policies/products_changes.sql

-- Members read what was proposed for their products, platform staff read all of it. Only the
-- functions write it.

alter table commerce.product_changes enable row level security;
grant select on table commerce.product_changes to authenticated, service_role;

create policy product_changes_select
on commerce.product_changes
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or (select private.is_platform_staff('support'))
);

-- A call without sign-in is answered with not_signed_in. The triggers of products ask as the caller
-- whether a change needs approval.
grant execute on function
commerce.propose_product_change(uuid, jsonb[], text),
commerce.decide_product_change(uuid, boolean, text),
commerce.withdraw_product_change(uuid),
commerce.needs_approval(uuid),
commerce.refuse_unapproved()
to anon, authenticated, service_role;

-- sql/50_commerce/policies/shipments.sql

-- Who may read shipments, returns and changes of orders: whoever reads the order. Functions write
-- them. The settings of orders are the owners' and managers' to write.

alter table commerce.shipments enable row level security;
alter table commerce.shipment_items enable row level security;
alter table commerce.returns enable row level security;
alter table commerce.return_items enable row level security;
alter table commerce.return_replacements enable row level security;
alter table commerce.order_changes enable row level security;
alter table commerce.order_settings enable row level security;

grant select on
commerce.shipments,
commerce.shipment_items,
commerce.returns,
commerce.return_items,
commerce.return_replacements,
commerce.order_changes,
commerce.order_settings
to authenticated, service_role;
grant insert (business_id, return_days, unpaid_hours), update (return_days, unpaid_hours), delete
on commerce.order_settings to authenticated;
grant insert, update, delete on commerce.order_settings to service_role;

create policy shipments_select
on commerce.shipments
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy shipment_items_select
on commerce.shipment_items
for select
to authenticated
using (
    exists (
        select 1
        from commerce.shipments
        where
            shipments.business_id = shipment_items.business_id
            and shipments.id = shipment_items.shipment_id
    )
);

create policy returns_select
on commerce.returns
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy return_items_select
on commerce.return_items
for select
to authenticated
using (
    exists (
        select 1
        from commerce.returns
        where
            returns.business_id = return_items.business_id
            and returns.id = return_items.return_id
    )
);

create policy return_replacements_select
on commerce.return_replacements
for select
to authenticated
using (
    exists (
        select 1
        from commerce.returns
        where
            returns.business_id = return_replacements.business_id
            and returns.id = return_replacements.return_id
    )
);

create policy order_changes_select
on commerce.order_changes
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_settings_select
on commerce.order_settings
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy order_settings_insert
on commerce.order_settings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy order_settings_update
on commerce.order_settings
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy order_settings_delete
on commerce.order_settings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- A call without sign-in is answered with not_signed_in.
grant execute on function
commerce.to_lines(text, text),
commerce.to_pieces(text, text),
commerce.to_additions(text, text),
commerce.to_required_additions(text, text),
commerce.to_decisions(text, text),
commerce.change_order(
    uuid, commerce.order_addition[], commerce.line_quantity[], text, integer, bigint
),
commerce.quote_change(uuid, commerce.order_addition[], commerce.line_quantity[]),
commerce.cancel_order(uuid, commerce.line_quantity[], text, integer),
commerce.complete_order(uuid),
commerce.fulfil_order(uuid),
commerce.pack_shipment(uuid, commerce.item_quantity[]),
commerce.send_shipment(uuid, text, text, text),
commerce.deliver_shipment(uuid),
commerce.lose_shipment(uuid),
commerce.request_return(
    uuid, commerce.line_quantity[], commerce.return_kind, commerce.return_resolution, text,
    commerce.order_addition[]
),
commerce.approve_return(uuid, text),
commerce.reject_return(uuid, text),
commerce.receive_return(uuid, uuid, boolean, commerce.return_decision[]),
commerce.update_orders(uuid[], text, text)
to anon, authenticated, service_role;
grant execute on function
commerce.to_return_kind(text),
commerce.to_resolution(text, text),
commerce.to_replacements(text, text),
commerce.look_up_order(text, text),
commerce.request_order_code(text, text),
commerce.cancel_as_guest(text, text, commerce.line_quantity[], text),
commerce.return_as_guest(
    text, text, commerce.line_quantity[], commerce.return_kind, commerce.return_resolution, text,
    commerce.order_addition[]
),
commerce.order_by_link(uuid, text),
commerce.claim_guest_orders()
to anon, authenticated, service_role;
-- The page behind the link of a mail.
grant usage on schema commerce to edge;
grant execute on function commerce.order_by_link(uuid, text) to edge;
grant execute on function commerce.apply_due_steps(integer) to worker;

-- sql/50_commerce/policies/stock.sql

-- Members of the business read its stock. Nobody writes it but functions: a level that a client
-- could set would not be the sum of its movements. Not even the operator's servers have a write
-- grant.

grant usage on schema commerce to anon, authenticated, service_role;

alter table commerce.stock_levels enable row level security;
alter table commerce.stock_movements enable row level security;
alter table commerce.stock_transfers enable row level security;
alter table commerce.stock_reservations enable row level security;

grant select on table commerce.stock_levels to authenticated, service_role;
grant select on table commerce.stock_movements to authenticated, service_role;
grant select on table commerce.stock_transfers to authenticated, service_role;
grant select on table commerce.stock_reservations to authenticated, service_role;

create policy stock_levels_select
on commerce.stock_levels
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_movements_select
on commerce.stock_movements
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_transfers_select
on commerce.stock_transfers
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_reservations_select
on commerce.stock_reservations
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant execute on function
commerce.reserved_quantity(commerce.stock_levels),
commerce.free_quantity(commerce.stock_levels, boolean)
to authenticated, service_role;

-- A call without sign-in is answered with not_signed_in.
grant execute on function
commerce.to_items(text, text, integer),
commerce.reserve_stock(uuid, commerce.stock_item[], integer),
commerce.release_stock(uuid),
commerce.adjust_stock(
    uuid, commerce.stock_item, commerce.movement_reason, text, commerce.stock_origin
),
commerce.variant_availability(uuid),
commerce.nearest_stores(double precision, double precision, uuid, uuid, boolean, integer),
commerce.is_store_open(business.stores, timestamptz),
commerce.product_facts(uuid[]),
commerce.compare_products(uuid[]),
commerce.count_stock(uuid, commerce.stock_item[], text),
commerce.transfer_stock(uuid, uuid, commerce.stock_item[], text),
commerce.set_stock_limits(uuid, uuid, integer, integer, integer, timestamptz, date)
to anon, authenticated, service_role;

-- sql/50_commerce/policies/stock_lots.sql

-- Members of the business read lots; functions write them. Who bought of a lot is read like the
-- order.

alter table commerce.stock_lots enable row level security;
alter table commerce.stock_lot_movements enable row level security;
grant select on commerce.stock_lots, commerce.stock_lot_movements to authenticated, service_role;

create policy stock_lots_select
on commerce.stock_lots
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_lot_movements_select
on commerce.stock_lot_movements
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant execute on function commerce.blocked_quantity(commerce.stock_levels)
to authenticated, service_role;
grant execute on function commerce.today(uuid) to authenticated, service_role;

-- A call without sign-in is answered with not_signed_in.
grant execute on function commerce.recall_lot(uuid) to anon, authenticated, service_role;

-- sql/50_commerce/policies/wholesale.sql

-- A company's buyers and the members of the business read an account; its papers are read by the
-- requester, by owners and managers, and by the platform's staff alone. Functions write accounts
-- and buyers. Approvers write the company's places; owners and managers write these too, and the
-- sizes of packs.

alter table commerce.wholesale_accounts enable row level security;
alter table commerce.wholesale_steps enable row level security;
alter table commerce.wholesale_history enable row level security;
alter table commerce.wholesale_documents enable row level security;
alter table commerce.wholesale_buyers enable row level security;
alter table commerce.wholesale_locations enable row level security;
alter table commerce.wholesale_packs enable row level security;

grant select on commerce.wholesale_accounts, commerce.wholesale_history,
commerce.wholesale_documents, commerce.wholesale_buyers, commerce.wholesale_steps
to authenticated, service_role;
grant select, delete on commerce.wholesale_locations, commerce.wholesale_packs to authenticated;
grant insert (
    id, business_id, wholesale_account_id, name, line1, line2, postal_code, city, region, country
), update (
    id, business_id, wholesale_account_id, name, line1, line2, postal_code, city, region, country
) on commerce.wholesale_locations to authenticated;
grant insert (business_id, variant_id, pack_size), update (business_id, variant_id, pack_size)
on commerce.wholesale_packs to authenticated;
grant select, insert, update, delete
on commerce.wholesale_locations, commerce.wholesale_packs to service_role;

create policy wholesale_accounts_select
on commerce.wholesale_accounts
for select
to authenticated
using (
    id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.seen_businesses()))
);

create policy wholesale_steps_select
on commerce.wholesale_steps
for select
to authenticated
using (true);

create policy wholesale_history_select
on commerce.wholesale_history
for select
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.seen_businesses()))
);

create policy wholesale_documents_select
on commerce.wholesale_documents
for select
to authenticated
using (
    (select private.is_platform_staff('support'))
    or wholesale_account_id in (
        select wholesale_accounts.id
        from commerce.wholesale_accounts
        where
            wholesale_accounts.requested_by = (select auth.uid())
            or wholesale_accounts.business_id in (select private.my_businesses('manage'))
    )
);

create policy wholesale_buyers_select
on commerce.wholesale_buyers
for select
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or id = any(array(select private.my_buyer_invitations()))
    or business_id = any(array(select private.my_businesses('serve')))
);

create policy wholesale_locations_select
on commerce.wholesale_locations
for select
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.my_businesses('serve')))
);

create policy wholesale_locations_insert
on commerce.wholesale_locations
for insert
to authenticated
with check (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
);

create policy wholesale_locations_update
on commerce.wholesale_locations
for update
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
)
with check (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
);

create policy wholesale_locations_delete
on commerce.wholesale_locations
for delete
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
);

create policy wholesale_packs_select
on commerce.wholesale_packs
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or business_id in (
        select wholesale_accounts.business_id
        from commerce.wholesale_accounts
        where
            wholesale_accounts.id = any(array(select private.my_wholesale_accounts()))
            and wholesale_accounts.status = 'approved'
    )
);

create policy wholesale_packs_insert
on commerce.wholesale_packs
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy wholesale_packs_update
on commerce.wholesale_packs
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy wholesale_packs_delete
on commerce.wholesale_packs
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
private.my_wholesale_accounts(text),
private.my_buyer_invitations(),
commerce.unpaid_of(commerce.orders)
to authenticated, service_role;

-- A call without sign-in is answered with not_signed_in.
grant execute on function
commerce.request_wholesale(uuid, text, text, text, text),
commerce.decide_wholesale(uuid, commerce.wholesale_status, text),
commerce.set_wholesale_terms(uuid, uuid, integer, bigint, bigint, integer),
commerce.invite_buyer(uuid, text, commerce.wholesale_role, bigint),
commerce.accept_buyer_invitation(uuid),
commerce.remove_buyer(uuid)
to anon, authenticated, service_role;

-- sql/50_commerce/policies/wholesale_requests.sql

-- What is asked inside a company is the company's: its buyers read it, and the business that sells
-- does not. Nobody writes it: functions do.

alter table commerce.wholesale_order_requests enable row level security;
grant select on commerce.wholesale_order_requests to authenticated, service_role;
grant insert, update, delete on commerce.wholesale_order_requests to service_role;

create policy wholesale_order_requests_select
on commerce.wholesale_order_requests
for select
to authenticated
using (wholesale_account_id = any(array(select private.my_wholesale_accounts())));

-- sql/50_commerce/policies/wishlists.sql

-- A wishlist is its owner's alone, to read and to write.

alter table commerce.wishlist_items enable row level security;
grant select, delete on commerce.wishlist_items to authenticated;
grant insert (id, user_id, business_id, variant_id, wants_notice), update (wants_notice)
on commerce.wishlist_items to authenticated;
grant select, insert, update, delete on commerce.wishlist_items to service_role;

create policy wishlist_items_select
on commerce.wishlist_items
for select
to authenticated
using (user_id = (select auth.uid()));

create policy wishlist_items_insert
on commerce.wishlist_items
for insert
to authenticated
with check (user_id = (select auth.uid()));

create policy wishlist_items_update
on commerce.wishlist_items
for update
to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()));

create policy wishlist_items_delete
on commerce.wishlist_items
for delete
to authenticated
using (user_id = (select auth.uid()));

-- sql/50_commerce/api/delivery.sql

-- Delivery options, for those who choose one and those who write them.

create view public.delivery_options
with (security_invoker = true)
as
select
    delivery_options.id,
    delivery_options.business_id,
    delivery_options.name,
    delivery_options.kind,
    delivery_options.store_id,
    delivery_options.regions,
    delivery_options.postal_prefixes,
    delivery_options.min_weight_grams,
    delivery_options.max_weight_grams,
    delivery_options.min_amount_minor,
    delivery_options.max_amount_minor,
    delivery_options.currency,
    delivery_options.price_minor,
    delivery_options.free_from_minor,
    delivery_options.tax_class,
    delivery_options.can_split,
    delivery_options.position,
    delivery_options.is_active,
    delivery_options.created_at
from commerce.delivery_options;
grant select on public.delivery_options to anon;
grant select, insert, update, delete on public.delivery_options to authenticated, service_role;

comment on view public.delivery_options is
'How the goods of a business reach their buyer, and what that costs. eligible_delivery_options '
'says which ones a cart can take.

Everyone reads the active ones; members of the business read all of theirs; owners and managers '
'write them. One by which something was ordered cannot be deleted (in_use 409): switch it off.';
comment on column public.delivery_options.id is 'Primary key.';
comment on column public.delivery_options.business_id is 'The business that owns it.';
comment on column public.delivery_options.name is
'Unique in the business, at most 200 characters. Buyers see it.';
comment on column public.delivery_options.kind is 'pickup or delivery.';
comment on column public.delivery_options.store_id is
'The store where goods are picked up, or sent from; null for any.';
comment on column public.delivery_options.regions is
'Where it delivers: ISO 3166 codes such as DE or DE-BY; empty for everywhere.';
comment on column public.delivery_options.postal_prefixes is
'How the postal codes begin where it delivers, in capitals; empty for all.';
comment on column public.delivery_options.min_weight_grams is 'The least weight; null for none.';
comment on column public.delivery_options.max_weight_grams is 'The greatest weight; null for none.';
comment on column public.delivery_options.min_amount_minor is
'The least amount of goods, in minor units; null for none.';
comment on column public.delivery_options.max_amount_minor is
'The greatest amount of goods, in minor units; null for none.';
comment on column public.delivery_options.currency is
'ISO 4217 code of its amounts; it takes carts in this currency.';
comment on column public.delivery_options.price_minor is 'What it costs, in minor units.';
comment on column public.delivery_options.free_from_minor is
'Goods of this amount or more are delivered for nothing; null for never.';
comment on column public.delivery_options.tax_class is 'How it is taxed, such as standard.';
comment on column public.delivery_options.can_split is
'Whether one order may come from several stores.';
comment on column public.delivery_options.position is 'The order in which options are shown.';
comment on column public.delivery_options.is_active is 'Whether buyers can choose it.';
comment on column public.delivery_options.created_at is 'When it was made.';

-- sql/50_commerce/api/markets.sql

-- Markets, for those who write them.

create view public.markets
with (security_invoker = true)
as
select
    markets.id,
    markets.business_id,
    markets.name,
    markets.regions,
    markets.currency,
    markets.locale,
    markets.position,
    markets.is_active,
    markets.created_at
from commerce.markets;
grant select on public.markets to anon;
grant select, insert, update, delete on public.markets to authenticated, service_role;

comment on view public.markets is
'In which currency and in which language a business sells to which countries. market_of says which '
'market a buyer is in.

Everyone reads the active ones; members of the business read all of theirs; owners and managers '
'write them.';
comment on column public.markets.id is 'Primary key.';
comment on column public.markets.business_id is 'The business that owns it.';
comment on column public.markets.name is 'Unique in the business, at most 200 characters.';
comment on column public.markets.regions is
'The countries or parts of them, ISO 3166 codes such as CH or DE-BY; empty for every country '
'without a market of its own.';
comment on column public.markets.currency is
'ISO 4217 code in which goods are sold there; price lists have the prices.';
comment on column public.markets.locale is
'The language of messages to buyers without an account, such as de or de-CH.';
comment on column public.markets.position is
'Of several markets that name the same place, the one with the lowest position counts.';
comment on column public.markets.is_active is 'Whether it counts.';
comment on column public.markets.created_at is 'When it was made.';

-- sql/50_commerce/api/orders.sql

-- Orders as their customers and the members of the business read them.

create view public.orders
with (security_invoker = true)
as
select
    orders.id,
    orders.business_id,
    orders.sale_id,
    orders.customer_id,
    orders.reference,
    orders.status,
    orders.status_reason,
    orders.delivery_kind,
    orders.store_id,
    orders.delivery_option_id,
    orders.address,
    orders.expires_at,
    orders.pays_later,
    orders.version,
    orders.placed_at,
    orders.updated_at,
    orders.returns_until
from commerce.orders;
grant select on public.orders to authenticated, service_role;

comment on view public.orders is
'Orders of goods, one for each business in a checkout. Customers read theirs, members those of '
'their business. What is owed and paid is in the view sales.';
comment on column public.orders.id is 'Primary key.';
comment on column public.orders.business_id is 'The business.';
comment on column public.orders.sale_id is 'The sale with its lines and amounts.';
comment on column public.orders.customer_id is
'Who ordered; null for a guest and for a deleted account.';
comment on column public.orders.reference is '8 characters without look-alikes, for people.';
comment on column public.orders.status is
'pending, paid, fulfilling, shipped, delivered, completed, cancelled, expired or returned.';
comment on column public.orders.status_reason is 'Why it was cancelled; null for no reason.';
comment on column public.orders.delivery_kind is 'pickup or delivery.';
comment on column public.orders.store_id is
'Where it is picked up, or from where it is sent; null when its items come from several stores.';
comment on column public.orders.delivery_option_id is 'How it is delivered; null for a pickup.';
comment on column public.orders.address is
'Where it goes, as it was when it was ordered: {name, line1, line2, postal_code, city, region, '
'country, phone}; null for a pickup.';
comment on column public.orders.expires_at is
'It expires if it is not paid by then; null for never.';
comment on column public.orders.pays_later is 'Whether it is delivered before it is paid.';
comment on column public.orders.version is
'How often what was ordered changed: 1 as placed, one more with each change.';
comment on column public.orders.placed_at is 'When it was placed.';
comment on column public.orders.updated_at is 'When it last changed.';
comment on column public.orders.returns_until is
'Until then the customer may return pieces; null until it is delivered.';

create view public.order_items
with (security_invoker = true)
as
select
    order_items.id,
    order_items.business_id,
    order_items.order_id,
    order_items.sale_line_id,
    order_items.variant_id,
    order_items.store_id,
    order_items.sku,
    order_items.name,
    order_items.quantity,
    order_items.pieces_per_unit,
    order_items.shipped_quantity,
    order_items.delivered_quantity,
    order_items.returned_quantity,
    order_items.cancelled_quantity,
    catalog.variant_label(
        order_items.business_id, order_items.variant_id, order_items.name,
        private.wanted_locales(null)
    ) as label
from commerce.order_items;
grant select on public.order_items to authenticated, service_role;

comment on view public.order_items is
'The pieces of orders. Name, SKU and quantity stay as they were ordered; prices are in sale_lines.';
comment on column public.order_items.id is 'Primary key.';
comment on column public.order_items.business_id is 'The business.';
comment on column public.order_items.order_id is 'The order.';
comment on column public.order_items.sale_line_id is
'The line of the sale; a bundle has several items with the same line.';
comment on column public.order_items.variant_id is 'The variant.';
comment on column public.order_items.store_id is 'The store from which it goes.';
comment on column public.order_items.sku is 'The SKU when it was ordered.';
comment on column public.order_items.name is 'The name when it was ordered.';
comment on column public.order_items.quantity is 'How many pieces were ordered.';
comment on column public.order_items.pieces_per_unit is
'How many of them one unit of the line has: 1, or more in a bundle.';
comment on column public.order_items.shipped_quantity is 'How many pieces were shipped.';
comment on column public.order_items.delivered_quantity is
'How many pieces were delivered or picked up.';
comment on column public.order_items.returned_quantity is 'How many pieces were returned.';
comment on column public.order_items.cancelled_quantity is
'How many pieces were cancelled before they were shipped.';
comment on column public.order_items.label is
'The name in the language that suits the reader best, by Accept-Language: that of the product now, '
'or the name when it was ordered where there is no translation.';

create view public.order_timeline
with (security_invoker = true)
as
select
    order_history.id,
    order_history.business_id,
    order_history.order_id,
    order_history.event,
    order_history.status,
    order_history.actor,
    order_history.actor_id,
    order_history.note,
    order_history.at
from commerce.order_history;
grant select on public.order_timeline to authenticated, service_role;

comment on view public.order_timeline is
'What happened to each order, by whom and when.

Append-only. Customers read that of their orders, members that of their business''s.';
comment on column public.order_timeline.id is 'Primary key; later entries have higher keys.';
comment on column public.order_timeline.business_id is 'The business.';
comment on column public.order_timeline.order_id is 'The order.';
comment on column public.order_timeline.event is
'What happened: placed, or the status that the order reached.';
comment on column public.order_timeline.status is 'The status of the order after it.';
comment on column public.order_timeline.actor is 'customer, business or system.';
comment on column public.order_timeline.actor_id is
'Who did it; null for the system, guests and deleted accounts.';
comment on column public.order_timeline.note is 'The reason; null for none.';
comment on column public.order_timeline.at is 'When.';

create view public.order_steps
with (security_invoker = true)
as
select
    order_steps.from_status,
    order_steps.to_status,
    order_steps.actors,
    order_steps.guard,
    order_steps.due
from commerce.order_steps;
grant select on public.order_steps to anon, authenticated, service_role;

comment on view public.order_steps is
'Every step that an order can take, who may take it, and which happen by themselves.';
comment on column public.order_steps.from_status is 'The status before.';
comment on column public.order_steps.to_status is 'The status after.';
comment on column public.order_steps.actors is
'Who may take the step beside the system: customer, business.';
comment on column public.order_steps.guard is
'What has to be so: paid, or null for no condition.';
comment on column public.order_steps.due is
'When it happens by itself: expires_at of the order; null for never.';

/*
 * Return an order as the caller may see it.
 */
create function commerce.visible_order(order_id uuid)
returns public.orders
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_order public.orders;
begin
    select orders.* into v_order
    from public.orders
    where orders.id = visible_order.order_id;
    return v_order;
end;
$$;

grant execute on function commerce.visible_order(uuid) to anon, authenticated, service_role;

-- sql/50_commerce/api/orders_changing.sql

-- How customers and members change what was ordered.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded
 */
create function public.order_change_quote(
    order_id public.identifier, add public.list, remove public.list default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return commerce.quote_change(
        private.to_identifier(order_id, 'order_id'),
        commerce.to_required_additions(add, 'add'),
        coalesce(commerce.to_lines(remove, 'remove'), '{}')
    );
end;
$$;
comment on function public.order_change_quote is
'What change_order would cost, with the same arguments.

Returns {order_id, version, currency, difference_minor, total_minor, open_minor, refund_minor}: how '
'much more the order costs (less than 0: less), what it costs then, what is to be paid of it then, '
'and what is given back.

- add: an array of {variant_id, quantity, unit_minor?}.
- remove: an array of {sale_line_id, quantity}.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile credit_limit_exceeded idempotency_conflict invalid_transition
 *              not_for_sale order_limit_exceeded out_of_stock price_changed quantity_exceeded
 *          PT422 pack_size terms_not_agreed
 */
create function public.change_order(
    order_id public.identifier,
    add public.list,
    remove public.list default null,
    reason text default null,
    version public.whole_number default null,
    total_minor public.whole_number default null,
    idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
begin
    perform private.token_user_id();
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'change_order', idempotency_key,
            jsonb_build_array(order_id, add, remove, reason, version, total_minor)
        );
    end if;
    if v_answer is not null then
        return v_answer;
    end if;
    v_answer = commerce.change_order(
        private.to_identifier(order_id, 'order_id'),
        commerce.to_required_additions(add, 'add'),
        coalesce(commerce.to_lines(remove, 'remove'), '{}'),
        private.to_text(reason, 'reason', 1000),
        private.to_whole_number(version, 'version', 1, 1000000, is_required => false),
        private.to_minor_units(total_minor, 'total_minor')
    );
    if idempotency_key is not null then
        perform private.remember_answer('change_order', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;
comment on function public.change_order is
'Add goods to an order, and take units that were not sent off it, such as one size for another: as '
'its customer until something was sent, as the business as long as something is open.

Stock, the sale and the order change together. What is added costs what it costs today; promotions '
'stay with what was ordered first, and shipping stays as it was. What the order costs more is paid '
'with start_payment(order_id), and nothing more is sent before that, unless it has net terms. What '
'it costs less is given back. Returns what order_change_quote returns.

- add: an array of {variant_id, quantity, unit_minor?}; unit_minor is a price that the business '
'names.
- remove: an array of {sale_line_id, quantity}; use cancel_order where nothing is added.
- reason: at most 1000 characters.
- version: the version that you read; when the order has another one, nothing is changed.
- total_minor: the total that you accepted; when it is another one, nothing is changed.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, credit_limit_exceeded 409, idempotency_conflict 409, invalid_transition 409, '
'not_for_sale 409, order_limit_exceeded 409, out_of_stock 409, price_changed 409, '
'quantity_exceeded 409, pack_size 422, terms_not_agreed 422.';

grant execute on function
public.order_change_quote(public.identifier, public.list, public.list),
public.change_order(
    public.identifier, public.list, public.list, text, public.whole_number, public.whole_number,
    text
)
to anon, authenticated, service_role;

-- sql/50_commerce/api/orders_guests.sql

-- What people without an account do with their order: look at it, and cancel or return it with a
-- mailed code, as guests do with bookings.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.lookup_order(reference text, email text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select commerce.look_up_order(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(email, 'email', 320)
    );
end;
comment on function public.lookup_order is
'Return a guest''s view of an order, by its reference and the e-mail address with which it was '
'placed: {reference, status, business_name, placed_at, delivery_kind, tracking, currency, '
'total_minor, open_minor, expires_at, returns_until, items: [{sale_line_id, name, quantity, '
'shipped_quantity, delivered_quantity, returned_quantity, cancelled_quantity}], returns: [{kind, '
'status}]}.

A wrong reference and a wrong address get the same answer.

Errors: invalid_input 400, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT429 rate_limited
 */
create function public.request_order_code(reference text, email text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select commerce.request_order_code(
        private.to_required_text(reference, 'reference', 20),
        scheduling.to_guest_email(email)
    );
end;
comment on function public.request_order_code is
'Mail a code to the address of a guest''s order, to cancel or return it.

Returns nothing, whether reference and address match or not. At most five codes an hour go to an '
'e-mail address, and thirty to a network address.

Errors: invalid_input 400, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid · PT404 not_found
 *          PT409 invalid_transition quantity_exceeded
 */
create function public.cancel_guest_order(
    reference text, code text, lines public.list default null, reason text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select commerce.cancel_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        commerce.to_lines(lines, 'lines'),
        private.to_text(reason, 'reason', 1000)
    );
end;
comment on function public.cancel_guest_order is
'Cancel a guest''s order, or some units of its lines, with a code of request_order_code, by the '
'rules of cancel_order for customers.

A code works once and allows five attempts; the same call again has the same answer. code_invalid '
'also answers an unknown reference. Returns what lookup_order returns.

- lines: an array of {sale_line_id, quantity}; by default the whole order.
- reason: at most 1000 characters.

Errors: invalid_input 400, code_invalid 403, not_found 404, invalid_transition 409, '
'quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded · PT422 return_window_over
 */
create function public.return_guest_order(
    reference text,
    code text,
    lines public.list default null,
    reason text default null,
    kind text default 'return',
    resolution text default null,
    replacements public.list default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant text = coalesce(kind, 'return');
begin
    return commerce.return_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        commerce.to_lines(lines, 'lines'),
        commerce.to_return_kind(v_kind),
        commerce.to_resolution(v_kind, resolution),
        private.to_text(reason, 'reason', 1000),
        commerce.to_replacements(replacements, v_kind)
    );
end;
$$;
comment on function public.return_guest_order is
'Ask to return units of a guest''s order that were sent, with a code of request_order_code, by the '
'rules of request_return for customers.

Returns what lookup_order returns.

- lines, reason, kind, resolution, replacements: as of request_return. What is sent for an exchange '
'costs what it costs today; whoever names a unit_minor is refused.

Errors: invalid_input 400, code_invalid 403, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, quantity_exceeded 409, return_window_over 422.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 */
create function public.order_by_link(order_id public.identifier, token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select commerce.order_by_link(
        private.to_identifier(order_id, 'order_id'), private.to_required_text(token, 'token', 200)
    );
end;
comment on function public.order_by_link is
'Return a guest''s view of an order, as lookup_order, by the link of a mail about it.

The page behind the link is /functions/v1/order; a site with a page of its own calls this function. '
'Cancelling and returning need a code of request_order_code.

- token: from the link; it works for 90 days.

Errors: invalid_input 400, code_invalid 403.';

/*
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function public.claim_guest_orders()
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select commerce.claim_guest_orders();
end;
comment on function public.claim_guest_orders is
'Take over the orders that were placed without an account with the caller''s verified e-mail '
'address.

Returns the number of orders.

Errors: not_signed_in 401, email_not_verified 403.';

grant execute on function
public.lookup_order(text, text),
public.request_order_code(text, text),
public.cancel_guest_order(text, text, public.list, text),
public.return_guest_order(text, text, public.list, text, text, text, public.list),
public.order_by_link(public.identifier, text),
public.claim_guest_orders()
to anon, authenticated, service_role;

-- sql/50_commerce/api/orders_rpcs.sql

-- What customers and members do with an order: cancel, complete, and many at once.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile invalid_transition quantity_exceeded
 */
create function public.cancel_order(
    order_id public.identifier,
    lines public.list default null,
    reason text default null,
    version public.whole_number default null
)
returns public.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(order_id, 'order_id');
begin
    perform commerce.cancel_order(
        v_id,
        commerce.to_lines(lines, 'lines'),
        private.to_text(reason, 'reason', 1000),
        private.to_whole_number(version, 'version', 1, 1000000, is_required => false)
    );
    return commerce.visible_order(v_id);
end;
$$;
comment on function public.cancel_order is
'Cancel an order, or some units of its lines, before they are sent: as its customer until '
'something was sent, as the business any time.

The pieces go back into stock, and what was paid for them is given back. Cancelling a cancelled '
'order changes nothing. Returns the order.

- lines: an array of {sale_line_id, quantity}; by default the whole order.
- reason: at most 1000 characters.
- version: the version of the order that you read; when it has another one, nothing is cancelled.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, invalid_transition 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required
 */
create function public.fulfil_order(order_id public.identifier)
returns public.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(order_id, 'order_id');
begin
    perform commerce.fulfil_order(v_id);
    return commerce.visible_order(v_id);
end;
$$;
comment on function public.fulfil_order is
'Note that the business began to pack a paid order. Owners, managers and staff.

Returns the order.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, payment_required 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.complete_order(order_id public.identifier)
returns public.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(order_id, 'order_id');
begin
    perform commerce.complete_order(v_id);
    return commerce.visible_order(v_id);
end;
$$;
comment on function public.complete_order is
'Complete an order that was sent, without waiting for the end of its returns. Owners, managers and '
'staff.

Delivered orders are completed by themselves when their returns_until is over. Returns the order.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.bulk_update_orders(
    order_ids public.list, action text, reason text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    if action is null or action not in ('fulfil', 'ship', 'deliver', 'complete', 'cancel') then
        perform private.invalid('action', 'must be fulfil, ship, deliver, complete or cancel');
    end if;
    return commerce.update_orders(
        private.to_identifiers(order_ids, 'order_ids'), action,
        private.to_text(reason, 'reason', 1000)
    );
end;
$$;
comment on function public.bulk_update_orders is
'Do the same with up to 50 orders. Owners, managers and staff.

Each order is changed or left as it is, whatever happens to the others. Returns [{order_id, '
'is_changed, status, error, message}] in the order of the ids; error is a token such as '
'invalid_transition, and null where the order was changed.

- order_ids: an array of ids.
- action: fulfil, ship (everything that is open), deliver (every shipment under way), complete or '
'cancel.
- reason: of a cancellation, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401.';

grant execute on function
public.cancel_order(public.identifier, public.list, text, public.whole_number),
public.fulfil_order(public.identifier),
public.complete_order(public.identifier),
public.bulk_update_orders(public.list, text, text)
to anon, authenticated, service_role;

-- sql/50_commerce/api/products.sql

-- What a shop sells, filtered, ordered and page by page.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.list_products(
    business_id public.identifier,
    filters public.object default null,
    sort text default null,
    after public.identifier default null,
    page_size public.whole_number default '50',
    locale text default null
)
returns setof public.products
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id constant uuid = private.to_identifier(business_id, 'business_id');
    v_criteria constant commerce.product_criteria = commerce.paged(
        commerce.to_product_criteria(
            v_business_id,
            private.to_object(
                filters, 'filters',
                '{category_id,brand_ids,currency,min_price_minor,max_price_minor,in_stock,store_id,'
                'attributes}'
            )
        ),
        sort,
        private.to_identifier(after, 'after', false),
        private.to_whole_number(page_size, 'page_size', 1, 200, if_null => 50)
    );
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
begin
    if not exists (select 1 from business.businesses where businesses.id = v_business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    return query
    select translated.*
    from commerce.find_products(v_criteria) with ordinality as found (id, position)
    inner join public.products on products.id = found.id
    cross join lateral commerce.translated(products, v_wanted) as translated
    order by found.position;
end;
$$;
comment on function public.list_products is
'List the published products of a business that fit some filters, in an order, page by page.

- business_id: the business.
- filters: an object. category_id: of this category or one below it. brand_ids: an array; of one of '
'these brands. min_price_minor, max_price_minor: with a price between them, in currency (that of '
'the business if left out). in_stock: true for what can be had now, in store_id if it is sent. '
'attributes: an object with a value for each attribute, such as {"colour": "red"}; an array of '
'values of which a product has one; or {"min": 10, "max": 20} for numbers and dates.
- sort: name, price (the lowest of each product, in currency), price_descending or newest.
- after: the id of the last product of the page before; null for the first page.
- page_size: at most so many products, from 1 to 200.
- locale: as of product_page; name and description are in the language that suits best, and the '
'order by name is that of the business''s language.

Returns rows of the view products. Sorted or filtered by price, products without a price in the '
'currency are left out.

Errors: invalid_input 400, not_found 404.';

grant execute on function public.list_products(
    public.identifier, public.object, text, public.identifier, public.whole_number, text
) to anon, authenticated, service_role;

-- sql/50_commerce/api/products_changes.sql

-- Proposing and deciding changes of published products.

create view public.product_changes
with (security_invoker = true)
as
select
    product_changes.id,
    product_changes.business_id,
    product_changes.product_id,
    product_changes.changes,
    product_changes.note,
    product_changes.status,
    product_changes.proposed_by,
    product_changes.proposed_at,
    product_changes.decided_by,
    product_changes.decided_at,
    product_changes.reason
from commerce.product_changes;
grant select on public.product_changes to authenticated, service_role;

comment on view public.product_changes is
'Changes of published products that were proposed to the platform, and what became of them.

Where the flag product_approval is on for a business, its published products change only so; until '
'a change is approved, everybody sees the product as it was. Read by the members of the business '
'and by platform staff.';
comment on column public.product_changes.id is 'Primary key.';
comment on column public.product_changes.business_id is 'The business that sells it.';
comment on column public.product_changes.product_id is 'The product.';
comment on column public.product_changes.changes is
'What was proposed: an array of rows as of bulk_upsert_products, without product.';
comment on column public.product_changes.note is 'What the proposer says about it, or null.';
comment on column public.product_changes.status is
'pending, approved (and applied), rejected or withdrawn.';
comment on column public.product_changes.proposed_by is 'Who proposed it; null after erasure.';
comment on column public.product_changes.proposed_at is 'When it was proposed.';
comment on column public.product_changes.decided_by is
'Who decided or withdrew it; null while pending and after erasure.';
comment on column public.product_changes.decided_at is 'When that was; null while pending.';
comment on column public.product_changes.reason is 'Why it was rejected, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists in_use
 */
create function public.propose_product_change(
    product_id public.identifier, changes public.list, note text default null
)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes constant jsonb[] = private.to_objects(
        changes, 'changes', 200,
        '{name,description,category,brand,currency,tax_class,is_published,attributes,'
        'sku,options,price_minor,barcode,weight_grams,is_active,alert_threshold}'
    );
    v_id uuid;
    v_change public.product_changes;
begin
    if cardinality(v_changes) = 0 then
        perform private.invalid('changes', 'is required');
    end if;
    v_id = commerce.propose_product_change(
        private.to_identifier(product_id, 'product_id'), v_changes,
        private.to_text(note, 'note', 500)
    );
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = v_id;
    return v_change;
end;
$$;
comment on function public.propose_product_change is
'Propose a change of a product to the platform. For owners and managers.

The change is checked now and applied when it is approved. A change of the product that still '
'waits is withdrawn. Returns the change.

- product_id: the product.
- changes: an array of at most 200 rows as of bulk_upsert_products, without product.
- note: at most 500 characters for whoever decides.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409, '
'in_use 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition already_exists in_use
 */
create function public.approve_product_change(change_id public.identifier)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change public.product_changes;
begin
    perform commerce.decide_product_change(
        private.to_identifier(change_id, 'change_id'), true, null
    );
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = private.to_identifier(change_id, 'change_id');
    return v_change;
end;
$$;
comment on function public.approve_product_change is
'Approve a change of a product, and apply it. For platform staff.

Everything of it is applied, or nothing; what can no longer be applied stays pending.

- change_id: the change, which is pending.

Returns the change.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409, '
'in_use 409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reject_product_change(change_id public.identifier, reason text)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change public.product_changes;
begin
    perform commerce.decide_product_change(
        private.to_identifier(change_id, 'change_id'), false,
        private.to_required_text(reason, 'reason', 500)
    );
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = private.to_identifier(change_id, 'change_id');
    return v_change;
end;
$$;
comment on function public.reject_product_change is
'Reject a change of a product. For platform staff.

- change_id: the change, which is pending.
- reason: why, at most 500 characters.

Returns the change.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.withdraw_product_change(change_id public.identifier)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change public.product_changes;
begin
    perform commerce.withdraw_product_change(private.to_identifier(change_id, 'change_id'));
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = private.to_identifier(change_id, 'change_id');
    return v_change;
end;
$$;
comment on function public.withdraw_product_change is
'Withdraw a change of a product that still waits. For owners and managers.

- change_id: the change, which is pending.

Returns the change.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

grant execute on function
public.propose_product_change(public.identifier, public.list, text),
public.approve_product_change(public.identifier),
public.reject_product_change(public.identifier, text),
public.withdraw_product_change(public.identifier)
to anon, authenticated, service_role;

-- sql/50_commerce/api/products_import.sql

-- Many products in one call.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists approval_required in_use
 */
create function public.bulk_upsert_products(
    business_id public.identifier, rows public.list, mode text default 'all_or_nothing'
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_mode constant text = coalesce(mode, 'all_or_nothing');
begin
    if v_mode not in ('all_or_nothing', 'report') then
        perform private.invalid('mode', 'must be all_or_nothing or report');
    end if;
    return commerce.bulk_upsert_products(
        private.to_identifier(business_id, 'business_id'),
        private.to_objects(
            rows, 'rows', 10000,
            '{product,name,description,category,brand,currency,tax_class,is_published,attributes,'
            'sku,options,price_minor,barcode,weight_grams,is_active,alert_threshold}'
        ),
        v_mode
    );
end;
$$;
comment on function public.bulk_upsert_products is
'Add and change many products with their variants. For owners and managers.

- business_id: the business.
- rows: an array of at most 10000 objects, each a variant. product is the slug of its product, and '
'sku its own; rows of one product share name, description, category and brand (slugs), currency, '
'tax_class, is_published and attributes, and the last row that sends one of these decides. options '
'is an object such as {"Size": "M"}: options and values that the product lacks are added to it. '
'price_minor, barcode, weight_grams and is_active belong to the variant; alert_threshold is set in '
'every store. A row without sku changes only the product. What is left out stays as it is.
- mode: all_or_nothing refuses the call when a row is refused, in the words of the first such row, '
'and changes nothing; report changes what it can.

Returns {created, updated, unchanged, refused, rows}: how many rows there are of each outcome, and '
'for each row {row, product, sku, product_id, variant_id, outcome, token, message}.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409, '
'approval_required 409, in_use 409.';

grant execute on function public.bulk_upsert_products(public.identifier, public.list, text)
to anon, authenticated, service_role;

-- sql/50_commerce/api/products_sellers.sql

-- Who sells a shared product now, and for how much.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.sellers_of(
    shared_product_id public.identifier,
    currency text default null,
    page_size public.whole_number default '50'
)
returns table (
    business_id uuid,
    business_name text,
    product_id uuid,
    variant_id uuid,
    name text,
    sku text,
    price_minor bigint,
    currency_code text,
    state text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shared_product_id, 'shared_product_id');
    v_currency constant text = private.to_text(currency, 'currency', 3);
    v_page_size constant integer = private.to_whole_number(
        page_size, 'page_size', 1, 200, if_null => 50
    );
begin
    if not exists (select 1 from public.shared_products where shared_products.id = v_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.',
            'Check the id in the view shared_products.'
        );
    end if;
    return query
    select listed.*
    from commerce.sellers_of(v_id, v_currency) as listed
    limit v_page_size;
end;
$$;
comment on function public.sellers_of is
'Return the variants of open businesses that are listed as a shared product, those that can be had '
'first, then the cheapest.

Rows of business_id, business_name, product_id, variant_id, name (of the product), sku, price_minor '
'in currency_code by the catalog (quote says what a buyer pays), and state: in_stock, preorder, '
'backorder or out_of_stock, the best of its stores.

- shared_product_id: the shared product.
- currency: ISO 4217 code; only what is priced in it. By default all; prices in different '
'currencies are sorted by currency first.
- page_size: at most so many rows, from 1 to 200.

Errors: invalid_input 400, not_found 404.';

grant execute on function
commerce.sellers_of(uuid, text),
commerce.best_state(uuid),
public.sellers_of(public.identifier, text, public.whole_number)
to anon, authenticated, service_role;

-- sql/50_commerce/api/returns.sql

-- Returns, exchanges and claims, the versions of orders and the settings, as they are read.

create view public.returns
with (security_invoker = true)
as
select
    returns.id,
    returns.business_id,
    returns.order_id,
    returns.kind,
    returns.resolution,
    returns.status,
    returns.reason,
    returns.decision_note,
    returns.requested_by,
    returns.requested_at,
    returns.decided_at,
    returns.received_at,
    returns.refunded_at
from commerce.returns;
grant select on public.returns to authenticated, service_role;

comment on view public.returns is
'Returns, exchanges and claims. Customers read those of their orders, members those of their '
'business.';
comment on column public.returns.id is 'Primary key.';
comment on column public.returns.business_id is 'The business.';
comment on column public.returns.order_id is 'The order.';
comment on column public.returns.kind is
'return (pieces come back), exchange (others are sent for them) or claim (lost or broken; nothing '
'comes back).';
comment on column public.returns.resolution is 'refund or replacement.';
comment on column public.returns.status is
'requested, approved, rejected, received (back, or settled where nothing comes back) or refunded.';
comment on column public.returns.reason is 'Why, in the customer''s words; null for no reason.';
comment on column public.returns.decision_note is
'What the business wrote when it decided; null for nothing.';
comment on column public.returns.requested_by is
'Who asked; null for the operator''s software and for deleted accounts.';
comment on column public.returns.requested_at is 'When it was asked for.';
comment on column public.returns.decided_at is 'When the business decided; null until then.';
comment on column public.returns.received_at is 'When the pieces were back; null until then.';
comment on column public.returns.refunded_at is
'When everything was given back; null until then, and for a replacement.';

create view public.return_items
with (security_invoker = true)
as
select
    return_items.business_id,
    return_items.return_id,
    return_items.order_item_id,
    return_items.quantity,
    return_items.store_id,
    return_items.is_restocked
from commerce.return_items;
grant select on public.return_items to authenticated, service_role;

comment on view public.return_items is 'Which pieces a return has.';
comment on column public.return_items.business_id is 'The business.';
comment on column public.return_items.return_id is 'The return.';
comment on column public.return_items.order_item_id is 'The item of the order.';
comment on column public.return_items.quantity is 'How many pieces.';
comment on column public.return_items.store_id is
'The store that received them; null until then, and where nothing comes back.';
comment on column public.return_items.is_restocked is
'Whether they went into its stock; null until they were received.';

create view public.return_replacements
with (security_invoker = true)
as
select
    return_replacements.business_id,
    return_replacements.return_id,
    return_replacements.variant_id,
    return_replacements.unit_minor,
    return_replacements.quantity
from commerce.return_replacements;
grant select on public.return_replacements to authenticated, service_role;

comment on view public.return_replacements is
'Which variants are sent for the pieces of an exchange; without a row the same pieces are sent '
'again.';
comment on column public.return_replacements.business_id is 'The business.';
comment on column public.return_replacements.return_id is 'The return.';
comment on column public.return_replacements.variant_id is 'The variant.';
comment on column public.return_replacements.unit_minor is
'What one costs, in minor units of the currency of the sale: the price of the day on which the '
'exchange was asked for.';
comment on column public.return_replacements.quantity is 'How many.';

create view public.order_changes
with (security_invoker = true)
as
select
    order_changes.business_id,
    order_changes.order_id,
    order_changes.version,
    order_changes.kind,
    order_changes.lines,
    order_changes.reason,
    order_changes.actor_id,
    order_changes.at
from commerce.order_changes;
grant select on public.order_changes to authenticated, service_role;

comment on view public.order_changes is
'Every change of what was ordered, by its version.

Append-only. Customers read those of their orders, members those of their business.';
comment on column public.order_changes.business_id is 'The business.';
comment on column public.order_changes.order_id is 'The order.';
comment on column public.order_changes.version is 'The version of the order after it, from 2 on.';
comment on column public.order_changes.kind is
'cancelled, edited, returned, exchanged or claimed.';
comment on column public.order_changes.lines is
'[{sale_line_id, quantity}]: of which lines how many units went (less than 0) or came.';
comment on column public.order_changes.reason is 'Why; null for no reason.';
comment on column public.order_changes.actor_id is
'Who did it; null for the system and for deleted accounts.';
comment on column public.order_changes.at is 'When.';

create view public.order_settings
with (security_invoker = true)
as
select
    order_settings.business_id,
    order_settings.return_days,
    order_settings.updated_at,
    order_settings.unpaid_hours
from commerce.order_settings;
grant select, insert, update, delete on public.order_settings to authenticated, service_role;

comment on view public.order_settings is
'How a business treats orders: members read it, owners and managers write it. Without a row the '
'defaults hold.';
comment on column public.order_settings.business_id is 'The business.';
comment on column public.order_settings.return_days is
'How many days after its delivery a customer may return pieces; 14 by default.';
comment on column public.order_settings.updated_at is 'When it last changed.';
comment on column public.order_settings.unpaid_hours is
'How many hours an order waits to be paid before it expires, 1 to 8760. Null: one after a payment '
'was begun, else 24, or 168 where it is picked up.';

/*
 * Return a return as the caller may see it.
 */
create function commerce.visible_return(return_id uuid)
returns public.returns
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_return public.returns;
begin
    select returns.* into v_return
    from public.returns
    where returns.id = visible_return.return_id;
    return v_return;
end;
$$;

grant execute on function commerce.visible_return(uuid) to anon, authenticated, service_role;

-- sql/50_commerce/api/returns_rpcs.sql

-- How customers ask for a return, and what the business does with it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded · PT422 return_window_over
 */
create function public.request_return(
    order_id public.identifier,
    lines public.list default null,
    reason text default null,
    kind text default 'return',
    resolution text default null,
    replacements public.list default null
)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kind constant text = coalesce(kind, 'return');
    v_id uuid;
begin
    v_id = commerce.request_return(
        private.to_identifier(order_id, 'order_id'),
        commerce.to_lines(lines, 'lines'),
        commerce.to_return_kind(v_kind),
        commerce.to_resolution(v_kind, resolution),
        private.to_text(reason, 'reason', 1000),
        commerce.to_replacements(replacements, v_kind)
    );
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.request_return is
'Ask to return units of an order that were sent: as its customer until returns_until of the order, '
'as the business any time.

Returns the return. The business approves or rejects it.

- lines: an array of {sale_line_id, quantity}; by default everything that was sent and not returned.
- reason: at most 1000 characters.
- kind: return (pieces come back, their price is given back), exchange (pieces come back, others '
'are sent) or claim (lost or broken; nothing comes back).
- resolution: of a claim: refund (the default) or replacement.
- replacements: what is sent for the pieces of an exchange, an array of {variant_id, quantity, '
'unit_minor?}; by default the same again. They cost what they cost today, or unit_minor where the '
'business names a price.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, quantity_exceeded 409, return_window_over 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition out_of_stock
 */
create function public.approve_return(
    return_id public.identifier, note text default null
)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(return_id, 'return_id');
begin
    perform commerce.approve_return(v_id, private.to_text(note, 'note', 1000));
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.approve_return is
'Approve a return. Owners, managers and staff.

A claim is settled at once: its pieces can be sent again, or their price is given back. Returns the '
'return.

- note: for the customer, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reject_return(return_id public.identifier, note text)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(return_id, 'return_id');
begin
    perform commerce.reject_return(v_id, private.to_required_text(note, 'note', 1000));
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.reject_return is
'Reject a return: its pieces stay with the customer. Owners, managers and staff.

Returns the return.

- note: why, for the customer, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale out_of_stock
 */
create function public.receive_return(
    return_id public.identifier,
    store_id public.identifier default null,
    restock public.yes_no default 'true',
    items public.list default null
)
returns public.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(return_id, 'return_id');
begin
    perform commerce.receive_return(
        v_id,
        private.to_identifier(store_id, 'store_id', is_required => false),
        private.to_yes_no(coalesce(restock, 'true'), 'restock'),
        commerce.to_decisions(coalesce(items, '[]'), 'items')
    );
    return commerce.visible_return(v_id);
end;
$$;
comment on function public.receive_return is
'Receive the pieces of an approved return. Owners, managers and staff.

What they cost is given back, by line, with its tax; for an exchange, the pieces that replace them '
'are taken out of stock and can be sent. Returns the return.

- store_id: the store that received them; by default those that they came from.
- restock: whether they can be sold again; otherwise they go into no stock.
- items: where single items differ, an array of {order_item_id, store_id?, restock?}.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, out_of_stock 409.';

grant execute on function
public.request_return(public.identifier, public.list, text, text, text, public.list),
public.approve_return(public.identifier, text),
public.reject_return(public.identifier, text),
public.receive_return(public.identifier, public.identifier, public.yes_no, public.list)
to anon, authenticated, service_role;

-- sql/50_commerce/api/shipments.sql

-- Shipments as customers and members read them.

create view public.shipments
with (security_invoker = true)
as
select
    shipments.id,
    shipments.business_id,
    shipments.order_id,
    shipments.status,
    shipments.carrier,
    shipments.tracking_number,
    shipments.tracking_url,
    shipments.packed_by,
    shipments.created_at,
    shipments.shipped_at,
    shipments.delivered_at,
    shipments.lost_at
from commerce.shipments;
grant select on public.shipments to authenticated, service_role;

comment on view public.shipments is
'Pieces of an order that are sent together, or handed over in a store. Customers read those of '
'their orders, members those of their business.';
comment on column public.shipments.id is 'Primary key.';
comment on column public.shipments.business_id is 'The business.';
comment on column public.shipments.order_id is 'The order.';
comment on column public.shipments.status is
'pending (packed), shipped, delivered or lost.';
comment on column public.shipments.carrier is 'Who carries it; null where nobody said.';
comment on column public.shipments.tracking_number is 'The carrier''s number; null for none.';
comment on column public.shipments.tracking_url is 'Where it can be followed; null for nowhere.';
comment on column public.shipments.packed_by is
'Who packed it; null for the operator''s software and for deleted accounts.';
comment on column public.shipments.created_at is 'When it was packed.';
comment on column public.shipments.shipped_at is 'When it was sent; null until then.';
comment on column public.shipments.delivered_at is 'When it arrived; null until then.';
comment on column public.shipments.lost_at is 'When it was reported lost; null if it was not.';

create view public.shipment_items
with (security_invoker = true)
as
select
    shipment_items.business_id,
    shipment_items.shipment_id,
    shipment_items.order_item_id,
    shipment_items.quantity
from commerce.shipment_items;
grant select on public.shipment_items to authenticated, service_role;

comment on view public.shipment_items is 'Which pieces a shipment has.';
comment on column public.shipment_items.business_id is 'The business.';
comment on column public.shipment_items.shipment_id is 'The shipment.';
comment on column public.shipment_items.order_item_id is 'The item of the order.';
comment on column public.shipment_items.quantity is 'How many pieces.';

/*
 * Return a shipment as the caller may see it.
 */
create function commerce.visible_shipment(shipment_id uuid)
returns public.shipments
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_shipment public.shipments;
begin
    select shipments.* into v_shipment
    from public.shipments
    where shipments.id = visible_shipment.shipment_id;
    return v_shipment;
end;
$$;

grant execute on function commerce.visible_shipment(uuid) to anon, authenticated, service_role;

-- sql/50_commerce/api/shipments_rpcs.sql

-- What members do to send an order: pack, send, hand over, and note how a shipment ended.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict invalid_transition payment_required quantity_exceeded
 */
create function public.ship_order(
    order_id public.identifier,
    items public.list default null,
    carrier text default null,
    tracking_number text default null,
    tracking_url text default null,
    only_packs public.yes_no default 'false',
    idempotency_key text default null
)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_answer jsonb;
begin
    perform private.token_user_id();
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'ship_order', idempotency_key,
            jsonb_build_array(order_id, items, carrier, tracking_number, tracking_url, only_packs)
        );
    end if;
    if v_answer is not null then
        return commerce.visible_shipment((v_answer #>> '{}')::uuid);
    end if;
    v_id = commerce.pack_shipment(
        private.to_identifier(order_id, 'order_id'), commerce.to_pieces(items, 'items')
    );
    if not private.to_yes_no(only_packs, 'only_packs') then
        perform commerce.send_shipment(
            v_id,
            private.to_text(carrier, 'carrier', 100),
            private.to_text(tracking_number, 'tracking_number', 100),
            commerce.to_tracking_url(tracking_url)
        );
    end if;
    if idempotency_key is not null then
        perform private.remember_answer('ship_order', idempotency_key, to_jsonb(v_id));
    end if;
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.ship_order is
'Send an order, or a part of it. Owners, managers and staff.

Nothing is sent of an order that is not paid, unless it has net terms, and never more than was '
'ordered. Returns the shipment.

- items: an array of {order_item_id, quantity} in pieces; by default everything that is open.
- carrier: at most 100 characters, such as DHL.
- tracking_number: at most 100 characters.
- tracking_url: where the customer can follow it, at most 2000 characters.
- only_packs: pack it now and send it later with send_shipment.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, invalid_transition 409, payment_required 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function public.send_shipment(
    shipment_id public.identifier,
    carrier text default null,
    tracking_number text default null,
    tracking_url text default null
)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shipment_id, 'shipment_id');
begin
    perform commerce.send_shipment(
        v_id,
        private.to_text(carrier, 'carrier', 100),
        private.to_text(tracking_number, 'tracking_number', 100),
        commerce.to_tracking_url(tracking_url)
    );
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.send_shipment is
'Send a packed shipment, or note the tracking of one that is on its way. Owners, managers and '
'staff.

Returns the shipment.

- carrier, tracking_number, tracking_url: as ship_order takes them; what is left out stays.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, payment_required 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition payment_required quantity_exceeded
 */
create function public.hand_over_order(
    order_id public.identifier, items public.list default null
)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = commerce.pack_shipment(
        private.to_identifier(order_id, 'order_id'), commerce.to_pieces(items, 'items')
    );
begin
    perform commerce.send_shipment(v_id, null, null, null);
    perform commerce.deliver_shipment(v_id);
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.hand_over_order is
'Hand over an order, or a part of it, in the store: it is sent and delivered at once. Owners, '
'managers and staff.

Returns the shipment.

- items: an array of {order_item_id, quantity} in pieces; by default everything that is open.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, payment_required 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.deliver_shipment(shipment_id public.identifier)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shipment_id, 'shipment_id');
begin
    perform commerce.deliver_shipment(v_id);
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.deliver_shipment is
'Note that a shipment arrived. Owners, managers and staff.

Lines of which every piece arrived are delivered; with the last of them, the order is. Repeating '
'the call changes nothing. Returns the shipment.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.lose_shipment(shipment_id public.identifier)
returns public.shipments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shipment_id, 'shipment_id');
begin
    perform commerce.lose_shipment(v_id);
    return commerce.visible_shipment(v_id);
end;
$$;
comment on function public.lose_shipment is
'Note that a shipment was lost on its way. Owners, managers and staff.

A claim (request_return) replaces its pieces or gives their price back. Repeating the call changes '
'nothing. Returns the shipment.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

grant execute on function
public.ship_order(
    public.identifier, public.list, text, text, text, public.yes_no, text
),
public.send_shipment(public.identifier, text, text, text),
public.hand_over_order(public.identifier, public.list),
public.deliver_shipment(public.identifier),
public.lose_shipment(public.identifier)
to anon, authenticated, service_role;

/*
 * Read where a shipment can be followed: an address of the web.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_tracking_url(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_url constant text = private.to_text(value, 'tracking_url', 2000);
begin
    if v_url !~ '^https?://[^\s]+$' then
        perform private.invalid('tracking_url', 'must begin with https:// or http://');
    end if;
    return v_url;
end;
$$;

grant execute on function commerce.to_tracking_url(text) to anon, authenticated, service_role;

-- sql/50_commerce/api/stock.sql

-- Stock as members read it.

create view public.inventory_levels
with (security_invoker = true)
as
select
    stock_levels.business_id,
    stock_levels.store_id,
    stock_levels.variant_id,
    stock_levels.on_hand,
    commerce.reserved_quantity(stock_levels.*) as reserved,
    greatest(commerce.free_quantity(stock_levels.*, true), 0) as available,
    stock_levels.backorder_limit,
    stock_levels.alert_threshold,
    stock_levels.is_low,
    stock_levels.counted_at,
    stock_levels.preorder_limit,
    stock_levels.preorder_until,
    stock_levels.expected_on
from commerce.stock_levels;
grant select on public.inventory_levels to authenticated, service_role;

comment on view public.inventory_levels is
'How many pieces of a variant each store has. Members of the business read it; adjust_stock, '
'count_stock and transfer_stock change it.';
comment on column public.inventory_levels.business_id is 'The business.';
comment on column public.inventory_levels.store_id is 'The store.';
comment on column public.inventory_levels.variant_id is 'The variant.';
comment on column public.inventory_levels.on_hand is
'How many there are: the sum of stock_movements. Below zero only within backorder_limit.';
comment on column public.inventory_levels.reserved is
'How many are reserved now; expired reservations do not count.';
comment on column public.inventory_levels.available is
'How many can be ordered now: on_hand, and what may be ordered before it comes, less reserved and '
'less expired and recalled lots.';
comment on column public.inventory_levels.backorder_limit is
'How many more than there are may be sold.';
comment on column public.inventory_levels.alert_threshold is
'When no more than these are left, one alert is sent; null for never.';
comment on column public.inventory_levels.is_low is 'Whether the threshold is reached.';
comment on column public.inventory_levels.counted_at is 'When it was last counted; null for never.';
comment on column public.inventory_levels.preorder_limit is
'How many more may be ordered until preorder_until, before they come for the first time.';
comment on column public.inventory_levels.preorder_until is
'Until when pre-orders are taken; null for none.';
comment on column public.inventory_levels.expected_on is
'When missing pieces are expected, as customers see it; null where nobody said.';

create view public.stock_movements
with (security_invoker = true)
as
select
    stock_movements.id,
    stock_movements.business_id,
    stock_movements.store_id,
    stock_movements.variant_id,
    stock_movements.quantity,
    stock_movements.reason,
    stock_movements.transfer_id,
    stock_movements.note,
    stock_movements.actor_id,
    stock_movements.at,
    stock_movements.unit_cost_minor,
    stock_movements.lot_code,
    stock_movements.expires_on
from commerce.stock_movements;
grant select on public.stock_movements to authenticated, service_role;

comment on view public.stock_movements is
'Every change of stock, with its reason. Members of the business read it; movements never change.';
comment on column public.stock_movements.id is 'Primary key.';
comment on column public.stock_movements.business_id is 'The business.';
comment on column public.stock_movements.store_id is 'The store.';
comment on column public.stock_movements.variant_id is 'The variant.';
comment on column public.stock_movements.quantity is 'Pieces that came in; negative for out.';
comment on column public.stock_movements.reason is
'received, returned, found, damaged, lost, corrected, counted, transferred, sold (an order took '
'them) or cancelled (an order gave them back).';
comment on column public.stock_movements.transfer_id is
'The transfer that it is part of; null for another reason.';
comment on column public.stock_movements.note is 'What the member wrote, at most 500 characters.';
comment on column public.stock_movements.actor_id is
'Who did it; null for the operator''s software and for deleted accounts.';
comment on column public.stock_movements.at is 'When.';
comment on column public.stock_movements.unit_cost_minor is
'What one received piece cost, in minor units of the product''s currency; null where nobody said.';
comment on column public.stock_movements.lot_code is 'The lot that was named; null for none.';
comment on column public.stock_movements.expires_on is 'The last day of that lot; null for none.';

create view public.stock_transfers
with (security_invoker = true)
as
select
    stock_transfers.id,
    stock_transfers.business_id,
    stock_transfers.from_store_id,
    stock_transfers.to_store_id,
    stock_transfers.note,
    stock_transfers.actor_id,
    stock_transfers.at
from commerce.stock_transfers;
grant select on public.stock_transfers to authenticated, service_role;

comment on view public.stock_transfers is
'Pieces that went from one store to another. Members of the business read it; what moved is in '
'stock_movements.';
comment on column public.stock_transfers.id is 'Primary key.';
comment on column public.stock_transfers.business_id is 'The business.';
comment on column public.stock_transfers.from_store_id is 'The store that has fewer now.';
comment on column public.stock_transfers.to_store_id is 'The store that has more now.';
comment on column public.stock_transfers.note is 'What the member wrote, at most 500 characters.';
comment on column public.stock_transfers.actor_id is
'Who did it; null for the operator''s software and for deleted accounts.';
comment on column public.stock_transfers.at is 'When.';

create view public.stock_reservations
with (security_invoker = true)
as
select
    stock_reservations.business_id,
    stock_reservations.reservation_id,
    stock_reservations.store_id,
    stock_reservations.variant_id,
    stock_reservations.quantity,
    stock_reservations.expires_at
from commerce.stock_reservations
where stock_reservations.expires_at > private.now();
grant select on public.stock_reservations to authenticated, service_role;

comment on view public.stock_reservations is
'Pieces that are kept for somebody now. Members of the business read it; reserve_stock and '
'release_stock write it.';
comment on column public.stock_reservations.business_id is 'The business.';
comment on column public.stock_reservations.reservation_id is
'The reservation; it has a row for each variant.';
comment on column public.stock_reservations.store_id is 'The store.';
comment on column public.stock_reservations.variant_id is 'The variant.';
comment on column public.stock_reservations.quantity is 'How many pieces.';
comment on column public.stock_reservations.expires_at is 'The pieces are free from then on.';

create view public.stock_costs
with (security_invoker = true)
as
select
    stock_levels.business_id,
    stock_levels.variant_id,
    sum(stock_levels.on_hand) as on_hand,
    moved.received_quantity,
    moved.average_cost_minor,
    moved.sold_quantity,
    moved.average_cost_minor * moved.sold_quantity as sold_cost_minor,
    (moved.average_cost_minor * greatest(sum(stock_levels.on_hand), 0))::bigint as value_minor
from commerce.stock_levels
cross join
    lateral (
        select
            coalesce(
                sum(stock_movements.quantity) filter (where stock_movements.reason = 'received'), 0
            ) as received_quantity,
            round(
                sum(stock_movements.quantity * stock_movements.unit_cost_minor)
                / nullif(
                    sum(stock_movements.quantity)
                    filter (where stock_movements.unit_cost_minor is not null),
                    0
                )
            )::bigint as average_cost_minor,
            coalesce(
                -sum(stock_movements.quantity)
                filter (where stock_movements.reason in ('sold', 'cancelled')),
                0
            ) as sold_quantity
        from commerce.stock_movements
        where
            stock_movements.business_id = stock_levels.business_id
            and stock_movements.variant_id = stock_levels.variant_id
    ) as moved
group by
    stock_levels.business_id, stock_levels.variant_id, moved.received_quantity,
    moved.average_cost_minor, moved.sold_quantity;
grant select on public.stock_costs to authenticated, service_role;

comment on view public.stock_costs is
'What the pieces of each variant cost on average, and what is there and was sold of them at that '
'cost. Members of the business read it.';
comment on column public.stock_costs.business_id is 'The business.';
comment on column public.stock_costs.variant_id is 'The variant.';
comment on column public.stock_costs.on_hand is 'How many there are in all stores.';
comment on column public.stock_costs.received_quantity is 'How many were received.';
comment on column public.stock_costs.average_cost_minor is
'What one of those cost on average whose cost is known, in minor units of the product''s currency; '
'null where none is.';
comment on column public.stock_costs.sold_quantity is
'How many were sold, less those of cancelled orders.';
comment on column public.stock_costs.sold_cost_minor is 'What the sold ones cost.';
comment on column public.stock_costs.value_minor is 'What those cost that are there.';

-- sql/50_commerce/api/stock_availability.sql

-- Whether and where a variant can be bought, and the nearest stores.

/*
 * Errors:  PT400 invalid_input
 */
create function public.variant_availability(variant_id public.identifier)
returns table (
    store_id uuid, state text, available integer, expected_on date, preorder_until timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select sold.*
    from commerce.variant_availability(private.to_identifier(variant_id, 'variant_id')) as sold
    limit 200;
end;
$$;
comment on function public.variant_availability is
'Return in which stores a variant can be bought now, in the order of the stores.

One row for each of at most 200 stores: store_id; state, which is in_stock, preorder, backorder or '
'out_of_stock; available, how many pieces can be ordered, shown up to 100; expected_on, when '
'missing pieces are expected; preorder_until, until when it can be ordered before it comes. No '
'rows for a variant that is not sold.

- variant_id: the variant.

Errors: invalid_input 400.';

/*
 * Errors:  PT400 invalid_input
 */
create function public.nearest_stores(
    near public.place,
    business_id public.identifier default null,
    variant_id public.identifier default null,
    has_pickup public.yes_no default null,
    page_size public.whole_number default '20'
)
returns table (
    store_id uuid,
    name text,
    line1 text,
    postal_code text,
    city text,
    latitude double precision,
    longitude double precision,
    is_pickup boolean,
    is_open boolean,
    kilometres double precision
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_near constant double precision[] = private.to_place(near, 'near');
begin
    if v_near is null then
        perform private.invalid('near', 'is required');
    end if;
    return query
    select
        stores.id,
        stores.name,
        stores.line1,
        stores.postal_code,
        stores.city,
        stores.latitude,
        stores.longitude,
        stores.is_pickup,
        commerce.is_store_open(stores, private.now()),
        found.kilometres
    from commerce.nearest_stores(
        v_near[1],
        v_near[2],
        private.to_identifier(nearest_stores.business_id, 'business_id', false),
        private.to_identifier(nearest_stores.variant_id, 'variant_id', false),
        private.to_yes_no(nearest_stores.has_pickup, 'has_pickup'),
        private.to_whole_number(
            nearest_stores.page_size, 'page_size', 1, 100, if_null => 20
        )
    ) as found
    inner join business.stores on stores.id = found.store_id
    order by found.kilometres, stores.id;
end;
$$;
comment on function public.nearest_stores is
'Return the stores around a place, the nearest first.

Rows with the address of the store, is_pickup, is_open (by its hours, now) and kilometres over '
'ground.

- near: a place.
- business_id: only stores of this business.
- variant_id: only stores that can sell this variant now.
- has_pickup: true for stores from which orders can be picked up only.
- page_size: at most so many stores, from 1 to 100.

Errors: invalid_input 400.';

grant execute on function
public.variant_availability(public.identifier),
public.nearest_stores(
    public.place, public.identifier, public.identifier, public.yes_no, public.whole_number
)
to anon, authenticated, service_role;

-- sql/50_commerce/api/stock_limits.sql

-- How far stock may be sold beyond what is there.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_stock_limits(
    store_id public.identifier,
    variant_id public.identifier,
    backorder_limit public.whole_number default '0',
    alert_threshold public.whole_number default null,
    preorder_limit public.whole_number default '0',
    preorder_until public.instant default null,
    expected_on text default null
)
returns public.inventory_levels
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store_id constant uuid = private.to_identifier(store_id, 'store_id');
    v_variant_id constant uuid = private.to_identifier(variant_id, 'variant_id');
    v_level public.inventory_levels;
begin
    perform commerce.set_stock_limits(
        v_store_id,
        v_variant_id,
        private.to_whole_number(backorder_limit, 'backorder_limit', 0, 1000000, if_null => 0),
        private.to_whole_number(alert_threshold, 'alert_threshold', 0, 1000000, false),
        private.to_whole_number(preorder_limit, 'preorder_limit', 0, 1000000, if_null => 0),
        private.to_instant(preorder_until, 'preorder_until', false),
        private.to_date(expected_on, 'expected_on')
    );
    select inventory_levels.* into v_level
    from public.inventory_levels
    where inventory_levels.store_id = v_store_id and inventory_levels.variant_id = v_variant_id;
    return v_level;
end;
$$;
comment on function public.set_stock_limits is
'Set how many more pieces than there are may be sold, until when, and when a level alerts. Owners '
'and managers.

Returns the level.

- backorder_limit: pieces; 0 for no back-orders.
- alert_threshold: pieces; when no more are left, one alert is sent until the level recovers. Null '
'for never.
- preorder_limit: pieces that may be ordered until preorder_until, before they come for the first '
'time; together with it.
- preorder_until: an instant.
- expected_on: the date on which missing pieces are expected, for customers to see.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.set_stock_limits(
    public.identifier, public.identifier, public.whole_number, public.whole_number,
    public.whole_number, public.instant, text
)
to anon, authenticated, service_role;

-- sql/50_commerce/api/stock_lots.sql

-- Lots, and who bought of them.

create view public.stock_lots
with (security_invoker = true)
as
select
    stock_lots.id,
    stock_lots.business_id,
    stock_lots.store_id,
    stock_lots.variant_id,
    stock_lots.code,
    stock_lots.expires_on,
    stock_lots.on_hand,
    stock_lots.recalled_at,
    stock_lots.created_at
from commerce.stock_lots;
grant select on public.stock_lots to authenticated, service_role;

comment on view public.stock_lots is
'Pieces of a variant in a store that were received together and expire together. Members of the '
'business read it; adjust_stock with a lot_code writes it.';
comment on column public.stock_lots.id is 'Key.';
comment on column public.stock_lots.business_id is 'The business.';
comment on column public.stock_lots.store_id is 'The store.';
comment on column public.stock_lots.variant_id is 'The variant.';
comment on column public.stock_lots.code is 'What is printed on the pieces.';
comment on column public.stock_lots.expires_on is
'The last day on which it is sold, in the business''s zone; null for never.';
comment on column public.stock_lots.on_hand is 'How many pieces are left of it.';
comment on column public.stock_lots.recalled_at is
'Since when it is not sold any more; null unless it was recalled.';
comment on column public.stock_lots.created_at is 'When it first came into the store.';

create view public.lot_sales
with (security_invoker = true)
as
select
    stock_lots.business_id,
    stock_lots.id as lot_id,
    stock_lots.variant_id,
    stock_lots.code,
    orders.id as order_id,
    orders.reference,
    orders.customer_id,
    stock_movements.at,
    -stock_lot_movements.quantity as quantity
from commerce.stock_lot_movements
inner join commerce.stock_lots
    on
        stock_lot_movements.business_id = stock_lots.business_id
        and stock_lot_movements.stock_lot_id = stock_lots.id
inner join commerce.stock_movements
    on
        stock_lot_movements.business_id = stock_movements.business_id
        and stock_lot_movements.stock_movement_id = stock_movements.id
inner join commerce.orders
    on
        stock_lot_movements.business_id = orders.business_id
        and stock_lot_movements.order_id = orders.id;
grant select on public.lot_sales to authenticated, service_role;

comment on view public.lot_sales is
'Who bought pieces of a lot. Members of the business read it, for example to recall the lot.';
comment on column public.lot_sales.business_id is 'The business.';
comment on column public.lot_sales.lot_id is 'The lot in the store from which the pieces went.';
comment on column public.lot_sales.variant_id is 'The variant.';
comment on column public.lot_sales.code is 'The code of the lot, the same in every store.';
comment on column public.lot_sales.order_id is 'The order.';
comment on column public.lot_sales.reference is 'The reference of the order.';
comment on column public.lot_sales.customer_id is
'Who ordered; null for a guest, and once the account is gone.';
comment on column public.lot_sales.at is 'When the pieces were taken for the order.';
comment on column public.lot_sales.quantity is 'How many pieces.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.recall_lot(lot_id public.identifier)
returns public.stock_lots
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(lot_id, 'lot_id');
    v_lot public.stock_lots;
begin
    perform commerce.recall_lot(v_id);
    select stock_lots.* into v_lot from public.stock_lots where stock_lots.id = v_id;
    return v_lot;
end;
$$;
comment on function public.recall_lot is
'Recall a lot: its pieces are not sold any more, in no store of the business. Owners and managers.

Returns the lot. lot_sales lists who bought of it.

- lot_id: the lot, in any of its stores.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function public.recall_lot(public.identifier)
to anon, authenticated, service_role;

-- sql/50_commerce/api/stock_rpcs.sql

-- What members do with stock: adjust, count, transfer, reserve.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.adjust_stock(
    store_id public.identifier,
    variant_id public.identifier,
    quantity public.whole_number,
    reason text,
    note text default null,
    idempotency_key text default null,
    unit_cost_minor public.whole_number default null,
    lot_code text default null,
    expires_on text default null
)
returns public.inventory_levels
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store_id constant uuid = private.to_identifier(store_id, 'store_id');
    v_variant_id constant uuid = private.to_identifier(variant_id, 'variant_id');
    v_quantity constant integer = private.to_whole_number(quantity, 'quantity', -1000000, 1000000);
    v_origin commerce.stock_origin;
    v_answer jsonb;
    v_level public.inventory_levels;
begin
    if reason is null
        or reason not in ('received', 'returned', 'found', 'damaged', 'lost', 'corrected') then
        perform private.invalid(
            'reason', 'must be received, returned, found, damaged, lost or corrected'
        );
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'adjust_stock', idempotency_key,
            jsonb_build_array(
                store_id, variant_id, quantity, reason, note, unit_cost_minor, lot_code, expires_on
            )
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.inventory_levels, v_answer);
        end if;
    end if;
    v_origin.unit_cost_minor = private.to_minor_units(unit_cost_minor, 'unit_cost_minor');
    v_origin.lot_code = private.to_text(lot_code, 'lot_code', 64);
    v_origin.expires_on = private.to_date(expires_on, 'expires_on');
    perform commerce.adjust_stock(
        v_store_id, (v_variant_id, v_quantity)::commerce.stock_item,
        reason::commerce.movement_reason, private.to_text(note, 'note', 500), v_origin
    );
    select inventory_levels.* into v_level
    from public.inventory_levels
    where inventory_levels.store_id = v_store_id and inventory_levels.variant_id = v_variant_id;
    if idempotency_key is not null then
        perform private.remember_answer('adjust_stock', idempotency_key, to_jsonb(v_level));
    end if;
    return v_level;
end;
$$;
comment on function public.adjust_stock is
'Add pieces of a variant to a store, or take them away, for a reason. Owners, managers and staff.

Returns the level.

- quantity: pieces; positive for received, returned and found, negative for damaged and lost, either '
'for corrected.
- reason: received, returned, found, damaged, lost or corrected.
- note: at most 500 characters.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.
- unit_cost_minor: what one received piece cost, in minor units of the product''s currency.
- lot_code: the lot into which the pieces come or from which they are taken, at most 64 characters. '
'Without it they are taken from the lot that expires first.
- expires_on: the last day on which the lot is sold, a date.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.count_stock(
    store_id public.identifier, items public.list, note text default null
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return commerce.count_stock(
        private.to_identifier(store_id, 'store_id'),
        commerce.to_items(items, 'items', 0),
        private.to_text(note, 'note', 500)
    );
end;
$$;
comment on function public.count_stock is
'Set the levels of a store to what was counted. Owners, managers and staff.

Returns how many levels differed; each difference is a movement with the reason counted.

- items: an array of {variant_id, quantity} with at most 500 elements; several counts of a variant '
'are added up. Other variants keep their level.
- note: at most 500 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.transfer_stock(
    from_store_id public.identifier,
    to_store_id public.identifier,
    items public.list,
    note text default null,
    idempotency_key text default null
)
returns public.stock_transfers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_transfer public.stock_transfers;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'transfer_stock', idempotency_key, jsonb_build_array(from_store_id, to_store_id, items, note)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.stock_transfers, v_answer);
        end if;
    end if;
    v_id = commerce.transfer_stock(
        private.to_identifier(from_store_id, 'from_store_id'),
        private.to_identifier(to_store_id, 'to_store_id'),
        commerce.to_items(items, 'items', 1),
        private.to_text(note, 'note', 500)
    );
    select stock_transfers.* into v_transfer
    from public.stock_transfers
    where stock_transfers.id = v_id;
    if idempotency_key is not null then
        perform private.remember_answer('transfer_stock', idempotency_key, to_jsonb(v_transfer));
    end if;
    return v_transfer;
end;
$$;
comment on function public.transfer_stock is
'Move free pieces from one store of a business to another: all of the items, or none. Owners, '
'managers and staff.

Returns the transfer. Reserved pieces stay.

- items: an array of {variant_id, quantity} with at most 500 elements.
- note: at most 500 characters.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.reserve_stock(
    store_id public.identifier,
    items public.list,
    minutes public.whole_number default '30',
    idempotency_key text default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'reserve_stock', idempotency_key, jsonb_build_array(store_id, items, minutes)
        );
        if v_answer is not null then
            return (v_answer #>> '{}')::uuid;
        end if;
    end if;
    v_id = commerce.reserve_stock(
        private.to_identifier(store_id, 'store_id'),
        commerce.to_items(items, 'items', 1),
        private.to_whole_number(minutes, 'minutes', 1, 43200, if_null => 30)
    );
    if idempotency_key is not null then
        perform private.remember_answer('reserve_stock', idempotency_key, to_jsonb(v_id));
    end if;
    return v_id;
end;
$$;
comment on function public.reserve_stock is
'Keep pieces in a store for somebody: all of the items, or none. Owners, managers and staff.

Returns the id of the reservation. It ends by itself.

- items: an array of {variant_id, quantity} with at most 500 elements.
- minutes: how long, 1 to 43200.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.release_stock(reservation_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.release_stock(private.to_identifier(reservation_id, 'reservation_id'));
end;
$$;
comment on function public.release_stock is
'Free the pieces of a reservation before it ends. Owners, managers and staff.

Errors: invalid_input 400, not_found 404.';

grant execute on function
public.adjust_stock(
    public.identifier, public.identifier, public.whole_number, text, text, text,
    public.whole_number, text, text
),
public.count_stock(public.identifier, public.list, text),
public.transfer_stock(public.identifier, public.identifier, public.list, text, text),
public.reserve_stock(public.identifier, public.list, public.whole_number, text),
public.release_stock(public.identifier)
to anon, authenticated, service_role;

-- sql/50_commerce/api/wholesale.sql

-- Wholesale accounts as companies and businesses read them.

create view public.wholesale_accounts
with (security_invoker = true)
as
select
    wholesale_accounts.id,
    wholesale_accounts.business_id,
    wholesale_accounts.requested_by,
    wholesale_accounts.company_name,
    wholesale_accounts.country,
    wholesale_accounts.tax_number,
    wholesale_accounts.message,
    wholesale_accounts.status,
    wholesale_accounts.reason,
    wholesale_accounts.customer_group_id,
    wholesale_accounts.currency,
    wholesale_accounts.net_days,
    wholesale_accounts.credit_limit_minor,
    wholesale_accounts.minimum_minor,
    wholesale_accounts.minimum_quantity,
    wholesale_accounts.requested_at,
    wholesale_accounts.decided_at
from commerce.wholesale_accounts;
grant select on public.wholesale_accounts to authenticated, service_role;

comment on view public.wholesale_accounts is
'Companies that buy wholesale from a business, and those that ask to.

The company''s buyers and the members of the business read it. request_wholesale, decide_wholesale '
'and set_wholesale_terms write it.';
comment on column public.wholesale_accounts.id is 'Key.';
comment on column public.wholesale_accounts.business_id is 'The business that sells.';
comment on column public.wholesale_accounts.requested_by is
'The user who requested it; null once the account is gone.';
comment on column public.wholesale_accounts.company_name is 'At most 200 characters.';
comment on column public.wholesale_accounts.country is
'ISO 3166 code of the country of the tax number.';
comment on column public.wholesale_accounts.tax_number is
'The tax number, without spaces and punctuation. tax_numbers says whether its check digits hold.';
comment on column public.wholesale_accounts.message is 'What the requester wrote.';
comment on column public.wholesale_accounts.status is 'requested, approved, rejected or suspended.';
comment on column public.wholesale_accounts.reason is
'Why it was rejected or suspended; null otherwise.';
comment on column public.wholesale_accounts.customer_group_id is
'The group whose prices the buyers get while the account is approved; null for none.';
comment on column public.wholesale_accounts.currency is 'ISO 4217 code of the amounts.';
comment on column public.wholesale_accounts.net_days is
'Days after an order within which it is paid; null where orders are paid at once.';
comment on column public.wholesale_accounts.credit_limit_minor is
'How much may be unpaid, in minor units; null without net_days.';
comment on column public.wholesale_accounts.minimum_minor is
'What an order costs at least, in minor units; null for no minimum.';
comment on column public.wholesale_accounts.minimum_quantity is
'How many pieces an order has at least; null for no minimum.';
comment on column public.wholesale_accounts.requested_at is 'When it was requested.';
comment on column public.wholesale_accounts.decided_at is
'When the business decided; null while it has not.';

create view public.wholesale_history
with (security_invoker = true)
as
select
    wholesale_history.id,
    wholesale_history.business_id,
    wholesale_history.wholesale_account_id,
    wholesale_history.status,
    wholesale_history.reason,
    wholesale_history.actor_id,
    wholesale_history.at
from commerce.wholesale_history;
grant select on public.wholesale_history to authenticated, service_role;

comment on view public.wholesale_history is
'Every status that a wholesale account had. It is read like the account.';
comment on column public.wholesale_history.id is 'Key; it grows.';
comment on column public.wholesale_history.business_id is 'The business.';
comment on column public.wholesale_history.wholesale_account_id is 'The account.';
comment on column public.wholesale_history.status is 'requested, approved, rejected or suspended.';
comment on column public.wholesale_history.reason is 'Why; null where none was needed.';
comment on column public.wholesale_history.actor_id is
'Who did it; null for the operator''s software and for deleted accounts.';
comment on column public.wholesale_history.at is 'When.';

create view public.wholesale_documents
with (security_invoker = true)
as
select
    wholesale_documents.media_id,
    wholesale_documents.wholesale_account_id,
    wholesale_documents.kind,
    wholesale_documents.created_at
from commerce.wholesale_documents;
grant select on public.wholesale_documents to authenticated, service_role;

comment on view public.wholesale_documents is
'Papers that a company hands in with its request, by create_upload and complete_upload.

The requester, the owners and managers of the business and the platform''s staff read them.';
comment on column public.wholesale_documents.media_id is
'The file. Its bucket and object_name in the view media are for a signed link to it.';
comment on column public.wholesale_documents.wholesale_account_id is 'The account.';
comment on column public.wholesale_documents.kind is 'registration, tax or other.';
comment on column public.wholesale_documents.created_at is 'When it was handed in.';

create view public.wholesale_packs
with (security_invoker = true)
as
select
    wholesale_packs.business_id,
    wholesale_packs.variant_id,
    wholesale_packs.pack_size
from commerce.wholesale_packs;
grant select, insert, update, delete on public.wholesale_packs to authenticated, service_role;

comment on view public.wholesale_packs is
'How many pieces of a variant are in a pack: wholesale buyers order whole packs.

Members of the business and buyers of approved accounts read it; owners and managers write it.';
comment on column public.wholesale_packs.business_id is 'The business.';
comment on column public.wholesale_packs.variant_id is 'The variant.';
comment on column public.wholesale_packs.pack_size is 'Pieces, from 2 on.';

-- sql/50_commerce/api/wholesale_companies.sql

-- The buyers of a company and its places.

create view public.wholesale_buyers
with (security_invoker = true)
as
select
    wholesale_buyers.id,
    wholesale_buyers.business_id,
    wholesale_buyers.wholesale_account_id,
    wholesale_buyers.email,
    wholesale_buyers.user_id,
    wholesale_buyers.role,
    wholesale_buyers.order_limit_minor,
    wholesale_buyers.invited_at,
    wholesale_buyers.joined_at
from commerce.wholesale_buyers;
grant select on public.wholesale_buyers to authenticated, service_role;

comment on view public.wholesale_buyers is
'Who orders for a company, and who is invited to.

The company''s buyers and the members of the business who serve customers read it, and everybody '
'the invitations to their confirmed address.';
comment on column public.wholesale_buyers.id is 'Key; accept_buyer_invitation takes it.';
comment on column public.wholesale_buyers.business_id is 'The business that sells.';
comment on column public.wholesale_buyers.wholesale_account_id is 'The account of the company.';
comment on column public.wholesale_buyers.email is 'The address that was invited.';
comment on column public.wholesale_buyers.user_id is
'The user; null until the invitation is accepted.';
comment on column public.wholesale_buyers.role is
'buyer; or approver, who also keeps the company''s buyers and places.';
comment on column public.wholesale_buyers.order_limit_minor is
'What an order on net terms may cost at most, in minor units; null for no limit.';
comment on column public.wholesale_buyers.invited_at is 'When they were invited.';
comment on column public.wholesale_buyers.joined_at is 'When they accepted; null until then.';

create view public.wholesale_locations
with (security_invoker = true)
as
select
    wholesale_locations.id,
    wholesale_locations.business_id,
    wholesale_locations.wholesale_account_id,
    wholesale_locations.name,
    wholesale_locations.line1,
    wholesale_locations.line2,
    wholesale_locations.postal_code,
    wholesale_locations.city,
    wholesale_locations.region,
    wholesale_locations.country,
    wholesale_locations.created_at
from commerce.wholesale_locations;
grant select, insert, update, delete
on public.wholesale_locations to authenticated, service_role;

comment on view public.wholesale_locations is
'Where a company has its orders sent.

The company''s buyers and the members of the business who serve customers read it; its approvers '
'and the business''s owners and managers write it.';
comment on column public.wholesale_locations.id is 'Key.';
comment on column public.wholesale_locations.business_id is
'The business that sells. Cannot be changed.';
comment on column public.wholesale_locations.wholesale_account_id is 'The account of the company.';
comment on column public.wholesale_locations.name is 'Unique in the company, such as Warehouse.';
comment on column public.wholesale_locations.line1 is 'Street and number.';
comment on column public.wholesale_locations.line2 is 'Further line of the address, or null.';
comment on column public.wholesale_locations.postal_code is 'Postal code, or null.';
comment on column public.wholesale_locations.city is 'City.';
comment on column public.wholesale_locations.region is 'State or region, or null.';
comment on column public.wholesale_locations.country is 'ISO 3166 code.';
comment on column public.wholesale_locations.created_at is 'When it was added.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_approver
 */
create function public.invite_buyer(
    wholesale_account_id public.identifier,
    email text,
    role text default 'buyer',
    order_limit_minor public.whole_number default null
)
returns public.wholesale_buyers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_role constant text = coalesce(role, 'buyer');
    v_id uuid;
    v_buyer public.wholesale_buyers;
begin
    if v_role not in ('buyer', 'approver') then
        perform private.invalid('role', 'must be buyer or approver');
    end if;
    if v_role = 'approver' and order_limit_minor is not null then
        perform private.invalid('order_limit_minor', 'is for buyers only');
    end if;
    v_id = commerce.invite_buyer(
        private.to_identifier(wholesale_account_id, 'wholesale_account_id'),
        private.to_email(email, 'email'),
        v_role::commerce.wholesale_role,
        private.to_minor_units(order_limit_minor, 'order_limit_minor')
    );
    select wholesale_buyers.* into v_buyer
    from public.wholesale_buyers
    where wholesale_buyers.id = v_id;
    return v_buyer;
end;
$$;
comment on function public.invite_buyer is
'Invite somebody to buy for a company, or change what one of its buyers may.

For approvers of the company, and for owners and managers of the business. Returns the buyer. '
'Whoever has the address, confirmed, accepts with accept_buyer_invitation.

- email: the invited address; a buyer with this address gets the role and the limit.
- role: buyer or approver.
- order_limit_minor: what an order of this buyer on net terms may cost, in minor units; null for '
'no limit.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_approver 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function public.accept_buyer_invitation(wholesale_buyer_id public.identifier)
returns public.wholesale_buyers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(wholesale_buyer_id, 'wholesale_buyer_id');
    v_buyer public.wholesale_buyers;
begin
    perform commerce.accept_buyer_invitation(v_id);
    select wholesale_buyers.* into v_buyer
    from public.wholesale_buyers
    where wholesale_buyers.id = v_id;
    return v_buyer;
end;
$$;
comment on function public.accept_buyer_invitation is
'Accept an invitation to buy for a company.

For the user who has the invited address, confirmed. Returns the buyer. Repeating the call changes '
'nothing. A user buys for one company from a business: another one is answered with already_exists.

- wholesale_buyer_id: the invitation, as wholesale_buyers shows it.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_approver
 */
create function public.remove_buyer(wholesale_buyer_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.remove_buyer(private.to_identifier(wholesale_buyer_id, 'wholesale_buyer_id'));
end;
$$;
comment on function public.remove_buyer is
'Take a buyer off a company, or an invitation back.

For approvers of the company, for owners and managers of the business, and for buyers who leave. '
'The company''s prices end at once.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_approver 409.';

grant execute on function
public.invite_buyer(public.identifier, text, text, public.whole_number),
public.accept_buyer_invitation(public.identifier),
public.remove_buyer(public.identifier)
to anon, authenticated, service_role;

-- sql/50_commerce/api/wholesale_orders.sql

-- The orders of a company, as its buyers and the business read them.

create view public.wholesale_orders
with (security_invoker = true)
as
select
    orders.id as order_id,
    orders.business_id,
    orders.wholesale_account_id,
    orders.customer_id,
    orders.reference,
    orders.status,
    orders.placed_at,
    orders.pays_later,
    orders.due_at,
    wholesale_accounts.currency,
    commerce.unpaid_of(orders) as unpaid_minor,
    coalesce(
        orders.due_at < private.now() and commerce.unpaid_of(orders) > 0, false
    ) as is_overdue
from commerce.orders
inner join commerce.wholesale_accounts
    on
        orders.business_id = wholesale_accounts.business_id
        and orders.wholesale_account_id = wholesale_accounts.id;
grant select on public.wholesale_orders to authenticated, service_role;

comment on view public.wholesale_orders is
'The orders of companies that buy wholesale, with what is unpaid and since when it is due.

All buyers of a company and the members of the business read it. Page by (placed_at, order_id).';
comment on column public.wholesale_orders.order_id is 'The order.';
comment on column public.wholesale_orders.business_id is 'The business that sells.';
comment on column public.wholesale_orders.wholesale_account_id is 'The account of the company.';
comment on column public.wholesale_orders.customer_id is 'The buyer; null once they are gone.';
comment on column public.wholesale_orders.reference is 'The reference of the order.';
comment on column public.wholesale_orders.status is 'The status of the order.';
comment on column public.wholesale_orders.placed_at is 'When it was placed.';
comment on column public.wholesale_orders.pays_later is 'Whether it is on net terms.';
comment on column public.wholesale_orders.due_at is
'When it must be paid; null where it was paid when it was placed.';
comment on column public.wholesale_orders.currency is 'ISO 4217 code of the account.';
comment on column public.wholesale_orders.unpaid_minor is
'What is left to pay, in minor units of the sale''s currency.';
comment on column public.wholesale_orders.is_overdue is
'Whether something is left to pay and the day has passed.';

-- sql/50_commerce/api/wholesale_requests.sql

-- What buyers ask the approvers of their company to order, as the company reads it.

create view public.wholesale_order_requests
with (security_invoker = true)
as
select
    wholesale_order_requests.id,
    wholesale_order_requests.business_id,
    wholesale_order_requests.wholesale_account_id,
    wholesale_order_requests.requested_by,
    wholesale_order_requests.status,
    wholesale_order_requests.items,
    wholesale_order_requests.currency,
    wholesale_order_requests.total_minor,
    wholesale_order_requests.delivery_option_id,
    wholesale_order_requests.store_id,
    wholesale_order_requests.address,
    wholesale_order_requests.note,
    wholesale_order_requests.decided_by,
    wholesale_order_requests.reason,
    wholesale_order_requests.order_id,
    wholesale_order_requests.requested_at,
    wholesale_order_requests.decided_at
from commerce.wholesale_order_requests;
grant select on public.wholesale_order_requests to authenticated, service_role;

comment on view public.wholesale_order_requests is
'What buyers of a company ask its approvers to order: request_wholesale_order asks, and '
'decide_wholesale_order answers. The buyers of the company read it, and nobody else.';
comment on column public.wholesale_order_requests.id is 'Key; decide_wholesale_order takes it.';
comment on column public.wholesale_order_requests.business_id is 'The business that sells.';
comment on column public.wholesale_order_requests.wholesale_account_id is
'The account of the company.';
comment on column public.wholesale_order_requests.requested_by is 'The buyer who asks.';
comment on column public.wholesale_order_requests.status is
'requested, approved, rejected or withdrawn.';
comment on column public.wholesale_order_requests.items is '[{variant_id, quantity}].';
comment on column public.wholesale_order_requests.currency is 'ISO 4217 code of the order.';
comment on column public.wholesale_order_requests.total_minor is
'What the order cost when it was asked for, in minor units.';
comment on column public.wholesale_order_requests.delivery_option_id is
'How the goods are delivered; null: at a store.';
comment on column public.wholesale_order_requests.store_id is
'The store where they are picked up; null: they are delivered.';
comment on column public.wholesale_order_requests.address is
'Where they go, as checkout takes it; null without delivery.';
comment on column public.wholesale_order_requests.note is 'What the buyer says to it, or null.';
comment on column public.wholesale_order_requests.decided_by is 'Who decided; null until then.';
comment on column public.wholesale_order_requests.reason is
'Why it was rejected, or what else was said; null without a word.';
comment on column public.wholesale_order_requests.order_id is
'The order that was placed; null unless it is approved.';
comment on column public.wholesale_order_requests.requested_at is 'When it was asked for.';
comment on column public.wholesale_order_requests.decided_at is
'When it was decided or withdrawn; null until then.';

-- sql/50_commerce/api/wholesale_rpcs.sql

-- Requesting wholesale, deciding about it, and its terms.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function public.request_wholesale(
    business_id public.identifier,
    company_name text,
    country text,
    tax_number text,
    message text default null
)
returns public.wholesale_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_account public.wholesale_accounts;
begin
    v_id = commerce.request_wholesale(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(company_name, 'company_name', 200),
        private.to_required_text(country, 'country', 2),
        private.to_required_text(tax_number, 'tax_number', 40),
        private.to_text(message, 'message', 2000)
    );
    select wholesale_accounts.* into v_account
    from public.wholesale_accounts
    where wholesale_accounts.id = v_id;
    return v_account;
end;
$$;
comment on function public.request_wholesale is
'Ask a business for a wholesale account.

Returns the account, which is requested. The caller becomes its first approver, and may hand in '
'papers for wholesale:ID with create_upload until the business has decided. A rejected request is '
'made again by calling this again.

- company_name: at most 200 characters.
- country: two-letter ISO 3166 code.
- tax_number: a tax number of the country; spaces and punctuation are taken out.
- message: at most 2000 characters.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.decide_wholesale(
    wholesale_account_id public.identifier, decision text, reason text default null
)
returns public.wholesale_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(wholesale_account_id, 'wholesale_account_id');
    v_account public.wholesale_accounts;
begin
    if decision is null or decision not in ('approved', 'rejected', 'suspended') then
        perform private.invalid('decision', 'must be approved, rejected or suspended');
    end if;
    perform commerce.decide_wholesale(
        v_id, decision::commerce.wholesale_status, private.to_text(reason, 'reason', 1000)
    );
    select wholesale_accounts.* into v_account
    from public.wholesale_accounts
    where wholesale_accounts.id = v_id;
    return v_account;
end;
$$;
comment on function public.decide_wholesale is
'Approve, reject or suspend a wholesale account.

For owners and managers. Returns the account. Approval gives its buyers the prices of the '
'account''s customer group and of lists for the entitlement wholesale; suspension takes them away. '
'The requester and the owners and managers are told.

- decision: approved, rejected or suspended.
- reason: at most 1000 characters; required unless it is approved.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_wholesale_terms(
    wholesale_account_id public.identifier,
    customer_group_id public.identifier default null,
    net_days public.whole_number default null,
    credit_limit_minor public.whole_number default null,
    minimum_minor public.whole_number default null,
    minimum_quantity public.whole_number default null
)
returns public.wholesale_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(wholesale_account_id, 'wholesale_account_id');
    v_account public.wholesale_accounts;
begin
    perform commerce.set_wholesale_terms(
        v_id,
        private.to_identifier(customer_group_id, 'customer_group_id', false),
        private.to_whole_number(net_days, 'net_days', 1, 365, false),
        private.to_minor_units(credit_limit_minor, 'credit_limit_minor'),
        private.to_minor_units(minimum_minor, 'minimum_minor'),
        private.to_whole_number(minimum_quantity, 'minimum_quantity', 1, 1000000, false)
    );
    select wholesale_accounts.* into v_account
    from public.wholesale_accounts
    where wholesale_accounts.id = v_id;
    return v_account;
end;
$$;
comment on function public.set_wholesale_terms is
'Set all terms of a wholesale account; they hold from the next order on.

For owners and managers. Returns the account. What is left out is not agreed.

- customer_group_id: the group whose prices the buyers get.
- net_days: days within which an order is paid, 1 to 365; together with credit_limit_minor.
- credit_limit_minor: how much may be unpaid, in minor units of the account''s currency.
- minimum_minor: what an order costs at least, in minor units.
- minimum_quantity: how many pieces an order has at least.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.request_wholesale(public.identifier, text, text, text, text),
public.decide_wholesale(public.identifier, text, text),
public.set_wholesale_terms(
    public.identifier, public.identifier, public.whole_number, public.whole_number,
    public.whole_number, public.whole_number
)
to anon, authenticated, service_role;

-- sql/50_commerce/api/wishlists.sql

-- Wishlists, and products side by side.

create view public.wishlist_items
with (security_invoker = true)
as
select
    wishlist_items.id,
    wishlist_items.user_id,
    wishlist_items.business_id,
    wishlist_items.variant_id,
    wishlist_items.wants_notice,
    wishlist_items.created_at
from commerce.wishlist_items;
grant select, insert, update, delete on public.wishlist_items to authenticated, service_role;

comment on view public.wishlist_items is
'The caller''s wishlist: variants to remember. Nobody else reads it.';
comment on column public.wishlist_items.id is 'Key.';
comment on column public.wishlist_items.user_id is 'The user; the caller unless said otherwise.';
comment on column public.wishlist_items.business_id is 'The business of the variant.';
comment on column public.wishlist_items.variant_id is 'The variant, once on a wishlist.';
comment on column public.wishlist_items.wants_notice is
'Whether the user is told when a store has the variant again. It is false once they were told.';
comment on column public.wishlist_items.created_at is 'When it was added.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.compare_products(ids public.list)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids constant uuid[] = array(
        select private.to_identifier(sent.id, 'ids')
        from jsonb_array_elements_text(private.to_list(ids, 'ids', 8))
            with ordinality as sent (id, place)
        order by sent.place
    );
begin
    if cardinality(v_ids) = 0 then
        perform private.invalid('ids', 'is required');
    end if;
    if exists (
        select 1
        from unnest(v_ids) as wanted (id)
        where not exists (select 1 from public.products where products.id = wanted.id)
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.', 'Check the ids in the view products.'
        );
    end if;
    return jsonb_build_object(
        'products', v_ids,
        'attributes', commerce.compare_products(v_ids)
    );
end;
$$;
comment on function public.compare_products is
'Put products side by side.

Returns {products, attributes}: the ids as they were sent, and the attributes in which they can '
'differ, each {key, label, values} with a value for each product in the same order; null where a '
'product has none.

- ids: the ids of 1 to 8 products.

Errors: invalid_input 400, not_found 404.';

grant execute on function public.compare_products(public.list)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
