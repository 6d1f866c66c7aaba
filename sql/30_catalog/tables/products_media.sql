-- The pictures of products and of their variants: how it looks, and how each colour looks.

create table catalog.product_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    product_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint product_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint product_media_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_media_position_unique
    unique (business_id, product_id, position) deferrable initially immediate
);
comment on table catalog.product_media is 'The gallery of a product.';
create unique index product_media_one_featured_idx
on catalog.product_media (business_id, product_id)
where is_featured;

create table catalog.product_variant_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    variant_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint product_variant_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint product_variant_media_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint product_variant_media_position_unique
    unique (business_id, variant_id, position) deferrable initially immediate
);
comment on table catalog.product_variant_media is 'The gallery of a variant.';
create unique index product_variant_media_one_featured_idx
on catalog.product_variant_media (business_id, variant_id)
where is_featured;
