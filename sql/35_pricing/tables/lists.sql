-- Prices for some buyers, places or quantities, in any currency. A price list says to whom and
-- where it applies; its items say what things cost. What no list has costs what the catalog says.

create table pricing.price_lists (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    -- The list with the higher priority wins.
    priority integer not null default 0,
    -- For whom and where; null: for all, everywhere.
    customer_group_id uuid,
    access text,
    store_id uuid,
    region text,
    starts_at timestamptz,
    ends_at timestamptz,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint price_lists_business_id_id_unique unique (business_id, id),
    constraint price_lists_name_unique unique (business_id, name),
    constraint price_lists_customer_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete cascade,
    constraint price_lists_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint price_lists_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint price_lists_priority_is_sane check (
        priority between -1000 and 1000
        or private.invalid('priority', 'must be from -1000 to 1000')
    ),
    constraint price_lists_access_is_a_word check (
        access is null
        or access ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('access', 'must be a lower-case word of at most 40 characters')
    ),
    constraint price_lists_region_is_iso_3166 check (
        region is null
        or business.is_region(region)
        or private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY')
    ),
    constraint price_lists_end_after_they_start check (
        coalesce(ends_at > starts_at, true)
        or private.invalid('ends_at', 'must be after starts_at')
    )
);
comment on table pricing.price_lists is 'Prices for some buyers, places or quantities.';
create index price_lists_customer_group_idx
on pricing.price_lists (business_id, customer_group_id);
create index price_lists_store_idx on pricing.price_lists (business_id, store_id);
create index price_lists_currency_idx on pricing.price_lists (currency);

create table pricing.price_list_items (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    price_list_id uuid not null,
    -- What it is the price of: a service, an add-on, or a variant of a product.
    service_id uuid,
    addon_id uuid,
    -- The least quantity of a line for this price.
    min_quantity integer not null default 1,
    unit_minor bigint not null,
    created_at timestamptz not null default now(),
    variant_id uuid,

    constraint price_list_items_business_id_id_unique unique (business_id, id),
    constraint price_list_items_one_price_each
    unique nulls not distinct (
        business_id, price_list_id, service_id, addon_id, variant_id, min_quantity
    ),
    constraint price_list_items_list_fkey foreign key (business_id, price_list_id)
    references pricing.price_lists (business_id, id) on delete cascade,
    constraint price_list_items_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint price_list_items_addon_fkey foreign key (business_id, addon_id)
    references catalog.service_addons (business_id, id) on delete cascade,
    constraint price_list_items_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint price_list_items_price_one_thing check (
        num_nonnulls(service_id, addon_id, variant_id) = 1
        or private.invalid(
            'service_id, addon_id and variant_id', 'must have exactly one value among them'
        )
    ),
    constraint price_list_items_quantity_is_sane check (
        min_quantity between 1 and 1000000
        or private.invalid('min_quantity', 'must be from 1 to 1000000')
    ),
    constraint price_list_items_price_not_negative check (
        unit_minor between 0 and 1000000000000
        or private.invalid('unit_minor', 'must be from 0 to 1000000000000 minor units')
    )
);
comment on table pricing.price_list_items is
'What a service, an add-on or a variant costs by a price list, from a quantity on.';
-- The prices of what is quoted.
create index price_list_items_service_idx
on pricing.price_list_items (business_id, service_id);
create index price_list_items_addon_idx
on pricing.price_list_items (business_id, addon_id) where addon_id is not null;
create index price_list_items_variant_idx
on pricing.price_list_items (business_id, variant_id) where variant_id is not null;
