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
