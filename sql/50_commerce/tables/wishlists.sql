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
