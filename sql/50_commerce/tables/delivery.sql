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
