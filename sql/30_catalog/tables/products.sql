-- The goods of a business: products in a tree of categories, of a brand, in one or more variants.
-- A variant is what is priced, stocked and sold; a product without options has one variant. A
-- product says which options it has and which values each allows; a variant has one value of each.

create table catalog.product_categories (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    parent_id uuid,
    name text not null,
    slug text not null,
    position integer not null default 0,
    created_at timestamptz not null default now(),

    constraint product_categories_business_id_id_unique unique (business_id, id),
    constraint product_categories_slug_unique unique (business_id, slug),
    constraint product_categories_parent_fkey foreign key (business_id, parent_id)
    references catalog.product_categories (business_id, id) on delete set null (parent_id),
    constraint product_categories_are_not_their_own_parent check (
        parent_id is distinct from id
        or private.invalid('parent_id', 'must not be the category itself or one below it')
    ),
    constraint product_categories_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint product_categories_slug_is_a_slug check (
        slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100
        or private.invalid('slug', 'must be lower-case words joined by hyphens')
    )
);
comment on table catalog.product_categories is 'How a business groups its products: a tree.';
create index product_categories_parent_idx on catalog.product_categories (business_id, parent_id);

create table catalog.brands (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    slug text not null,
    description text,
    created_at timestamptz not null default now(),

    constraint brands_business_id_id_unique unique (business_id, id),
    constraint brands_slug_unique unique (business_id, slug),
    constraint brands_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint brands_slug_is_a_slug check (
        slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100
        or private.invalid('slug', 'must be lower-case words joined by hyphens')
    ),
    constraint brands_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    )
);
comment on table catalog.brands is 'Whose goods a business sells.';

create table catalog.products (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    category_id uuid,
    brand_id uuid,
    name text not null,
    slug text not null,
    description text,
    -- Of the prices of its variants.
    currency text not null references pricing.currencies (code) on delete restrict,
    tax_class text not null default 'standard'
    references pricing.tax_classes (name) on delete restrict,
    position integer not null default 0,
    -- Only members see a product that is not published, or that is archived.
    is_published boolean not null default false,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- A value for each attribute that it has, such as {"colour": "red"}.
    attributes jsonb not null default '{}',
    -- Of its active variants; a trigger on them keeps these two.
    lowest_price_minor bigint,
    highest_price_minor bigint,

    constraint products_business_id_id_unique unique (business_id, id),
    constraint products_slug_unique unique (business_id, slug),
    constraint products_category_fkey foreign key (business_id, category_id)
    references catalog.product_categories (business_id, id) on delete set null (category_id),
    constraint products_brand_fkey foreign key (business_id, brand_id)
    references catalog.brands (business_id, id) on delete set null (brand_id),
    constraint products_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint products_slug_is_a_slug check (
        slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100
        or private.invalid('slug', 'must be lower-case words joined by hyphens')
    ),
    constraint products_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint products_attributes_are_an_object check (
        jsonb_typeof(attributes) = 'object'
        or private.invalid('attributes', 'must be a JSON object')
    )
);
comment on table catalog.products is 'Goods that can be sold, in one or more variants.';
-- The products of a category, page by page.
create index products_category_idx on catalog.products (business_id, category_id, name, id);
create index products_brand_idx on catalog.products (business_id, brand_id);
-- A shop's list by name, by price or from the newest, page by page.
create index products_listed_by_name_idx on catalog.products (business_id, name, id)
where is_published and archived_at is null;
create index products_listed_by_price_idx
on catalog.products (business_id, currency, lowest_price_minor, id)
where is_published and archived_at is null;
create index products_listed_by_age_idx on catalog.products (business_id, created_at, id)
where is_published and archived_at is null;
-- Which products have a value of an attribute.
create index products_attributes_idx on catalog.products using gin (attributes jsonb_path_ops);
create index products_currency_idx on catalog.products (currency);
create index products_tax_class_idx on catalog.products (tax_class);

/*
 * Are these the values of an option: 1 to 100 different texts of one line?
 */
create function catalog.are_option_values(allowed_values text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return cardinality(allowed_values) between 1 and 100
    and not exists (
        select 1
        from unnest(allowed_values) as allowed (value)
        group by allowed.value
        having
            count(*) > 1
            or allowed.value is null
            or length(btrim(allowed.value)) not between 1 and 40
            or not private.is_one_line(allowed.value)
    );
end;
$$;

create table catalog.product_options (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    product_id uuid not null,
    name text not null,
    allowed_values text[] not null,
    position integer not null default 0,

    constraint product_options_business_id_id_unique unique (business_id, id),
    constraint product_options_name_unique unique (business_id, product_id, name),
    constraint product_options_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_options_name_is_short check (
        length(btrim(name)) between 1 and 40 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 40 printable characters')
    ),
    constraint product_options_have_values check (
        catalog.are_option_values(allowed_values)
        or private.invalid(
            'allowed_values', 'must be 1 to 100 different texts of 1 to 40 printable characters'
        )
    )
);
comment on table catalog.product_options is
'By what the variants of a product differ, such as the size, and which values each has.';

create table catalog.product_variants (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    product_id uuid not null,
    sku text not null,
    -- A value for each option of the product, such as {"Size": "M"}.
    options jsonb not null default '{}',
    price_minor bigint not null,
    barcode text,
    weight_grams integer,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint product_variants_business_id_id_unique unique (business_id, id),
    constraint product_variants_sku_unique unique (business_id, sku),
    constraint product_variants_combination_unique unique (business_id, product_id, options),
    constraint product_variants_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint product_variants_sku_is_short check (
        length(btrim(sku)) between 1 and 64 and private.is_one_line(sku)
        or private.invalid('sku', 'must have 1 to 64 printable characters')
    ),
    constraint product_variants_options_are_an_object check (
        jsonb_typeof(options) = 'object' or private.invalid('options', 'must be a JSON object')
    ),
    constraint product_variants_price_not_negative check (
        price_minor between 0 and 1000000000000
        or private.invalid('price_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint product_variants_barcode_is_short check (
        barcode is null
        or barcode ~ '^[0-9A-Za-z-]{1,64}$'
        or private.invalid('barcode', 'must be 1 to 64 letters, digits and hyphens')
    ),
    constraint product_variants_weight_is_sane check (
        weight_grams is null
        or weight_grams between 0 and 10000000
        or private.invalid('weight_grams', 'must be from 0 to 10000000')
    )
);
comment on table catalog.product_variants is
'What is priced, stocked and sold of a product: one value of each of its options.';
