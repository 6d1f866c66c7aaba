-- What several businesses sell alike. The platform describes such a product once, and each business
-- lists its own variant under it, with its own price, stock and delivery. A cart, an order and a
-- review are about the variant of a business, as always.

create table catalog.shared_products (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    brand text,
    description text,
    -- What is printed on it, such as an EAN; the same for every seller.
    barcode text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint shared_products_barcode_unique unique (barcode),
    constraint shared_products_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint shared_products_brand_is_short check (
        brand is null
        or length(btrim(brand)) between 1 and 200 and private.is_one_line(brand)
        or private.invalid('brand', 'must have 1 to 200 printable characters')
    ),
    constraint shared_products_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint shared_products_barcode_is_short check (
        barcode is null
        or barcode ~ '^[0-9A-Za-z-]{1,64}$'
        or private.invalid('barcode', 'must be 1 to 64 letters, digits and hyphens')
    )
);
comment on table catalog.shared_products is 'Products that several businesses sell alike.';

create table catalog.product_listings (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    variant_id uuid not null,
    shared_product_id uuid not null references catalog.shared_products (id) on delete cascade,
    created_at timestamptz not null default now(),

    constraint product_listings_business_id_id_unique unique (business_id, id),
    constraint product_listings_variant_unique unique (business_id, variant_id),
    constraint product_listings_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade
);
comment on table catalog.product_listings is
'Which variant of a business is which shared product.';
-- Who sells a shared product.
create index product_listings_shared_product_id_idx
on catalog.product_listings (shared_product_id);
