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
