-- What things cost before. Triggers note each price of a service, an add-on, a variant and a
-- price list's item, so that a business can say what the lowest price of the last 30 days was.

create table pricing.price_history (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    service_id uuid,
    addon_id uuid,
    -- Null: the price of the catalog.
    price_list_id uuid,
    min_quantity integer not null default 1,
    currency text not null references pricing.currencies (code) on delete restrict,
    -- Null: from then on it has no such price.
    unit_minor bigint,
    from_at timestamptz not null,
    variant_id uuid,

    constraint price_history_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint price_history_addon_fkey foreign key (business_id, addon_id)
    references catalog.service_addons (business_id, id) on delete cascade,
    constraint price_history_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint price_history_list_fkey foreign key (business_id, price_list_id)
    references pricing.price_lists (business_id, id) on delete cascade,
    constraint price_history_of_one_thing check (
        num_nonnulls(service_id, addon_id, variant_id) = 1
    )
);
comment on table pricing.price_history is 'What services, add-ons and variants cost, since when.';
-- The prices of a service in the order of time.
create index price_history_service_idx
on pricing.price_history (business_id, service_id, from_at);
create index price_history_addon_idx on pricing.price_history (business_id, addon_id, from_at)
where addon_id is not null;
create index price_history_variant_idx
on pricing.price_history (business_id, variant_id, from_at) where variant_id is not null;
create index price_history_list_idx on pricing.price_history (business_id, price_list_id);
create index price_history_currency_idx on pricing.price_history (currency);
