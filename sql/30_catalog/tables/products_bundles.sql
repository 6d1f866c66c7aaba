-- Bundles: a variant that is sold as some pieces of other variants, such as a gift set. A bundle
-- has a price of its own and no stock: whoever sells it takes the pieces of its components. It does
-- not contain another bundle, so its components are found in one step.

-- Some pieces of a variant that are sold.
create type catalog.component as (variant_id uuid, quantity integer);

create table catalog.bundle_items (
    business_id uuid not null,
    bundle_variant_id uuid not null,
    -- What it contains.
    variant_id uuid not null,
    quantity integer not null default 1,

    primary key (business_id, bundle_variant_id, variant_id),
    constraint bundle_items_bundle_variant_fkey foreign key (business_id, bundle_variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint bundle_items_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete restrict,
    constraint bundle_items_do_not_contain_themselves check (
        variant_id <> bundle_variant_id
        or private.invalid('variant_id', 'must be another variant than the bundle')
    ),
    constraint bundle_items_quantity_is_sane check (
        quantity between 1 and 1000 or private.invalid('quantity', 'must be from 1 to 1000')
    )
);
comment on table catalog.bundle_items is
'Which variants a bundle contains, and how many pieces of each.';
-- Which bundles contain a variant.
create index bundle_items_variant_idx on catalog.bundle_items (business_id, variant_id);
-- What a variant is made of, when its business is not named.
create index bundle_items_bundle_variant_idx on catalog.bundle_items (bundle_variant_id);
