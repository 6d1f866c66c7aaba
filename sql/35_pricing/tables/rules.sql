-- Price rules: what makes the price of one higher or lower. A rule has conditions, of which those
-- that are null always hold, and one change: a share, an amount, or a price of its own. The rules
-- that hold change the price one after another, in the order of pricing.rule_order.

create table pricing.price_rules (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    is_active boolean not null default true,
    -- The higher priority changes the price first; after a final rule no other does.
    priority integer not null default 0,
    is_final boolean not null default false,

    -- The change: one of these three. Amounts are of one, in the currency.
    change_bps integer,
    change_minor bigint,
    unit_minor bigint,
    currency text references pricing.currencies (code) on delete restrict,

    -- What is bought, and how many.
    service_id uuid,
    min_quantity integer,
    max_quantity integer,
    -- When it is bought.
    starts_at timestamptz,
    ends_at timestamptz,
    -- When it begins, by the clock of the business. A time that ends before it starts is at night.
    weekdays smallint[],
    from_time time,
    until_time time,
    from_on date,
    until_on date,
    min_lead_minutes integer,
    max_lead_minutes integer,
    -- How much of that day is taken, in basis points.
    min_demand_bps integer,
    max_demand_bps integer,
    -- With whom, for whom and where.
    staff_level text,
    customer_group_id uuid,
    access text,
    store_id uuid,
    region text,
    created_at timestamptz not null default now(),
    -- How many conditions it has: of two rules with one priority, the one with more comes first.
    condition_count smallint not null generated always as (
        num_nonnulls(
            service_id, min_quantity, max_quantity, weekdays, from_time, from_on, until_on,
            min_lead_minutes, max_lead_minutes, min_demand_bps, max_demand_bps, staff_level,
            customer_group_id, access, store_id, region
        )
    ) stored,

    constraint price_rules_business_id_id_unique unique (business_id, id),
    constraint price_rules_name_unique unique (business_id, name),
    constraint price_rules_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint price_rules_customer_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete cascade,
    constraint price_rules_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint price_rules_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint price_rules_priority_is_sane check (
        priority between -1000 and 1000
        or private.invalid('priority', 'must be from -1000 to 1000')
    ),
    constraint price_rules_change_one_thing check (
        num_nonnulls(change_bps, change_minor, unit_minor) = 1
        or private.invalid(
            'change_bps, change_minor and unit_minor', 'must have exactly one value among them'
        )
    ),
    constraint price_rules_share_is_sane check (
        coalesce(change_bps between -10000 and 100000, true)
        or private.invalid('change_bps', 'must be from -10000 to 100000')
    ),
    constraint price_rules_amount_is_sane check (
        coalesce(change_minor between -1000000000000 and 1000000000000, true)
        or private.invalid('change_minor', 'must be from -1000000000000 to 1000000000000')
    ),
    constraint price_rules_price_not_negative check (
        coalesce(unit_minor between 0 and 1000000000000, true)
        or private.invalid('unit_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint price_rules_amounts_have_a_currency check (
        (currency is null) = (change_bps is not null)
        or private.invalid('currency', 'must be set for amounts, and only for amounts')
    ),
    constraint price_rules_quantities_are_sane check (
        coalesce(min_quantity >= 1, true)
        and coalesce(max_quantity >= coalesce(min_quantity, 1), true)
        or private.invalid('min_quantity and max_quantity', 'must be 1 or more, in this order')
    ),
    constraint price_rules_end_after_they_start check (
        coalesce(ends_at > starts_at, true)
        or private.invalid('ends_at', 'must be after starts_at')
    ),
    constraint price_rules_weekdays_are_days check (
        coalesce(weekdays <@ '{1,2,3,4,5,6,7}' and weekdays <> '{}', true)
        or private.invalid('weekdays', 'must be days from 1 (Monday) to 7 (Sunday)')
    ),
    constraint price_rules_times_are_a_pair check (
        (from_time is null) = (until_time is null)
        and coalesce(from_time <> until_time, true)
        or private.invalid('from_time and until_time', 'must both be set and differ')
    ),
    constraint price_rules_have_usual_dates check (
        private.is_usual_date(from_on)
        and private.is_usual_date(until_on)
        and coalesce(until_on >= from_on, true)
        or private.invalid('from_on and until_on', 'must be usual dates, in this order')
    ),
    constraint price_rules_leads_are_sane check (
        coalesce(min_lead_minutes >= 0, true)
        and coalesce(max_lead_minutes > coalesce(min_lead_minutes, 0), true)
        or private.invalid(
            'min_lead_minutes and max_lead_minutes', 'must be 0 or more, in this order'
        )
    ),
    constraint price_rules_demands_are_shares check (
        coalesce(min_demand_bps between 0 and 10000, true)
        and coalesce(max_demand_bps between coalesce(min_demand_bps, 0) and 10000, true)
        or private.invalid(
            'min_demand_bps and max_demand_bps', 'must be from 0 to 10000, in this order'
        )
    ),
    constraint price_rules_words_are_words check (
        coalesce(staff_level ~ '^[a-z][a-z0-9_]{0,39}$', true)
        and coalesce(access ~ '^[a-z][a-z0-9_]{0,39}$', true)
        or private.invalid(
            'staff_level and access', 'must be lower-case words of at most 40 characters'
        )
    ),
    constraint price_rules_region_is_iso_3166 check (
        region is null
        or business.is_region(region)
        or private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY')
    )
);
comment on table pricing.price_rules is 'What makes a price higher or lower, and when.';
-- The rules that may hold for what is quoted: those of a service, and those of everything.
create index price_rules_active_idx on pricing.price_rules (business_id, service_id)
where is_active;
create index price_rules_service_idx on pricing.price_rules (business_id, service_id);
create index price_rules_customer_group_idx
on pricing.price_rules (business_id, customer_group_id);
create index price_rules_store_idx on pricing.price_rules (business_id, store_id);
create index price_rules_currency_idx on pricing.price_rules (currency);

-- How much of a day is taken. Upper domains write it; price rules read it.
create table pricing.day_demands (
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: of the whole business.
    service_id uuid,
    day date not null,
    demand_bps integer not null,

    constraint day_demands_one_a_day unique nulls not distinct (business_id, day, service_id),
    constraint day_demands_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint day_demands_are_shares check (demand_bps between 0 and 10000)
);
comment on table pricing.day_demands is
'How much of a day is taken, of a service or of a business, in basis points.';
create index day_demands_service_idx on pricing.day_demands (business_id, service_id);
