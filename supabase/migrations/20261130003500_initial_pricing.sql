-- The initial schema of 35_pricing: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/35_pricing/tables/lists.sql

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

-- sql/35_pricing/tables/price_history.sql

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

-- sql/35_pricing/tables/promotions.sql

-- Discounts. A promotion says what is taken off, for whom and when; it applies by itself or by one
-- of its coupons, which are codes. A redemption is a use of a promotion by a sale: it is claimed
-- when the sale is placed, and released when the sale ends before it is paid. What is used never
-- exceeds what may be used, whoever asks at the same moment: the counters stand in rows with a
-- CHECK, and a claim is one conditional update.

create type pricing.promotion_kind as enum ('percent', 'fixed', 'buy_x_get_y', 'free_item');

create table pricing.promotions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    kind pricing.promotion_kind not null,
    is_active boolean not null default true,
    -- Applies without a code.
    is_automatic boolean not null default false,
    -- The higher priority comes first.
    priority integer not null default 0,
    -- Whether other promotions may apply to the same sale.
    is_combinable boolean not null default true,

    -- What is taken off. percent: a share. fixed: an amount. buy_x_get_y: of every buy_quantity +
    -- get_quantity, the cheapest get_quantity. free_item: get_quantity of what it names.
    percent_bps integer,
    amount_minor bigint,
    buy_quantity integer,
    get_quantity integer,
    -- The currency of every amount here.
    currency text references pricing.currencies (code) on delete restrict,
    -- What it is taken off; null, as product_id, variant_id and product_category_id: everything.
    service_id uuid,

    -- When, for whom and where.
    starts_at timestamptz,
    ends_at timestamptz,
    min_spend_minor bigint,
    customer_group_id uuid,
    access text,
    store_id uuid,
    region text,

    -- Budgets: how often it may be used, how much it may take off, how often a customer may use it.
    max_uses integer,
    used_count integer not null default 0,
    max_spend_minor bigint,
    spent_minor bigint not null default 0,
    max_uses_per_customer integer,

    -- The share that the platform bears; the business bears the rest.
    platform_bps integer not null default 0,
    created_at timestamptz not null default now(),
    -- Goods that it is taken off: of a product, of one variant, or of a category with all below it.
    product_id uuid,
    variant_id uuid,
    product_category_id uuid,

    constraint promotions_business_id_id_unique unique (business_id, id),
    constraint promotions_name_unique unique (business_id, name),
    constraint promotions_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint promotions_product_fkey foreign key (business_id, product_id)
    references catalog.products (business_id, id) on delete cascade,
    constraint promotions_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint promotions_product_category_fkey foreign key (business_id, product_category_id)
    references catalog.product_categories (business_id, id) on delete cascade,
    constraint promotions_name_one_thing check (
        num_nonnulls(service_id, product_id, variant_id, product_category_id) <= 1
        or private.invalid(
            'service_id, product_id, variant_id and product_category_id',
            'must be empty, or only one of them is sent'
        )
    ),
    constraint promotions_customer_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete cascade,
    constraint promotions_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint promotions_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint promotions_priority_is_sane check (
        priority between -1000 and 1000
        or private.invalid('priority', 'must be from -1000 to 1000')
    ),
    constraint promotions_take_off_one_thing check (
        (percent_bps is not null) = (kind = 'percent')
        and (amount_minor is not null) = (kind = 'fixed')
        and (buy_quantity is not null) = (kind = 'buy_x_get_y')
        and (get_quantity is not null) = (kind in ('buy_x_get_y', 'free_item'))
        and (
            kind <> 'free_item'
            or num_nonnulls(service_id, product_id, variant_id, product_category_id) > 0
        )
        or private.invalid(
            'kind',
            'needs percent_bps for percent, amount_minor for fixed, buy_quantity and get_quantity '
            'for buy_x_get_y, get_quantity and what is free for free_item, and none of the others'
        )
    ),
    constraint promotions_percent_is_sane check (
        coalesce(percent_bps between 1 and 10000, true)
        or private.invalid('percent_bps', 'must be from 1 to 10000')
    ),
    constraint promotions_amount_is_sane check (
        coalesce(amount_minor between 1 and 1000000000000, true)
        or private.invalid('amount_minor', 'must be from 1 to 1000000000000 minor units')
    ),
    constraint promotions_quantities_are_sane check (
        coalesce(buy_quantity between 1 and 1000, true)
        and coalesce(get_quantity between 1 and 1000, true)
        or private.invalid('buy_quantity and get_quantity', 'must be from 1 to 1000')
    ),
    constraint promotions_amounts_have_a_currency check (
        num_nonnulls(amount_minor, min_spend_minor, max_spend_minor) = 0
        or currency is not null
        or private.invalid('currency', 'is required for amounts')
    ),
    constraint promotions_end_after_they_start check (
        coalesce(ends_at > starts_at, true)
        or private.invalid('ends_at', 'must be after starts_at')
    ),
    constraint promotions_min_spend_is_sane check (
        coalesce(min_spend_minor between 0 and 1000000000000, true)
        or private.invalid('min_spend_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint promotions_access_is_a_word check (
        access is null
        or access ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('access', 'must be a lower-case word of at most 40 characters')
    ),
    constraint promotions_region_is_iso_3166 check (
        region is null
        or business.is_region(region)
        or private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY')
    ),
    constraint promotions_limits_are_sane check (
        coalesce(max_uses >= 0, true)
        and coalesce(max_spend_minor >= 0, true)
        and coalesce(max_uses_per_customer >= 1, true)
        or private.invalid(
            'max_uses, max_spend_minor and max_uses_per_customer', 'must not be negative'
        )
    ),
    constraint promotions_uses_within_limit check (
        used_count >= 0
        and coalesce(used_count <= max_uses, true)
        or private.invalid('max_uses', 'must not be less than the uses so far')
    ),
    constraint promotions_spend_within_budget check (
        spent_minor >= 0
        and coalesce(spent_minor <= max_spend_minor, true)
        or private.invalid('max_spend_minor', 'must not be less than what was spent so far')
    ),
    constraint promotions_platform_bears_a_share check (platform_bps between 0 and 10000)
);
comment on table pricing.promotions is
'What is taken off prices, for whom, when, and how often.';
create index promotions_service_idx on pricing.promotions (business_id, service_id);
create index promotions_product_idx on pricing.promotions (business_id, product_id)
where product_id is not null;
create index promotions_variant_idx on pricing.promotions (business_id, variant_id)
where variant_id is not null;
create index promotions_product_category_idx
on pricing.promotions (business_id, product_category_id)
where product_category_id is not null;
create index promotions_customer_group_idx
on pricing.promotions (business_id, customer_group_id);
create index promotions_store_idx on pricing.promotions (business_id, store_id);
create index promotions_currency_idx on pricing.promotions (currency);
-- The promotions that apply by themselves.
create index promotions_automatic_idx on pricing.promotions (business_id)
where is_active and is_automatic;

create table pricing.coupons (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    promotion_id uuid not null,
    -- In capitals: buyers may write it in any case.
    code text not null,
    max_uses integer,
    used_count integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint coupons_business_id_id_unique unique (business_id, id),
    constraint coupons_code_unique unique (business_id, code),
    constraint coupons_promotion_fkey foreign key (business_id, promotion_id)
    references pricing.promotions (business_id, id) on delete cascade,
    constraint coupons_code_is_a_code check (
        code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'
        or private.invalid(
            'code', 'must have 3 to 40 capital letters, digits, hyphens or underscores'
        )
    ),
    constraint coupons_uses_within_limit check (
        used_count >= 0
        and coalesce(used_count <= max_uses, true)
        or private.invalid('max_uses', 'must not be less than the uses so far')
    )
);
comment on table pricing.coupons is
'Codes by which a promotion applies: one for many buyers, or one for each.';
create index coupons_promotion_idx on pricing.coupons (business_id, promotion_id);

create table pricing.coupon_redemptions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    promotion_id uuid not null,
    -- Null: the promotion applied by itself.
    coupon_id uuid,
    -- Who used it: an account, or an address.
    buyer_id uuid references auth.users (id) on delete set null,
    buyer_email text,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    redeemed_at timestamptz not null,
    -- When the sale ended before it was paid: the use does not count any more.
    released_at timestamptz,
    -- When the sale was paid: from then on the use stays.
    kept_at timestamptz,

    constraint coupon_redemptions_business_id_id_unique unique (business_id, id),
    constraint coupon_redemptions_promotion_fkey foreign key (business_id, promotion_id)
    references pricing.promotions (business_id, id) on delete restrict,
    constraint coupon_redemptions_coupon_fkey foreign key (business_id, coupon_id)
    references pricing.coupons (business_id, id) on delete restrict,
    constraint coupon_redemptions_take_something_off check (amount_minor > 0),
    constraint coupon_redemptions_end_once check (released_at is null or kept_at is null)
);
comment on table pricing.coupon_redemptions is
'Each use of a promotion by a sale, with or without a coupon.';
comment on column pricing.coupon_redemptions.buyer_id is '[person]';
comment on column pricing.coupon_redemptions.buyer_email is '[person] [personal]';
-- How often somebody used a promotion.
create index coupon_redemptions_buyer_idx
on pricing.coupon_redemptions (business_id, promotion_id, buyer_id);
create index coupon_redemptions_buyer_id_idx on pricing.coupon_redemptions (buyer_id);
create index coupon_redemptions_coupon_idx
on pricing.coupon_redemptions (business_id, coupon_id);
create index coupon_redemptions_currency_idx on pricing.coupon_redemptions (currency);

-- sql/35_pricing/tables/rules.sql

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

-- sql/35_pricing/tables/tax.sql

-- What is taxed, where, at which rate, and how the tax is rounded. Rates are rows with a validity:
-- those without a business are the reference rates of a country, which come with the seed, and a
-- business may have rows of its own, which stand in their place. A business without a row of
-- tax_settings is not registered for tax, so nothing that it sells is taxed.

-- What the tax is rounded on: each line, or everything at the same rate once a document.
create type pricing.rounding_unit as enum ('line', 'rate');
-- half_up rounds half away from zero, down towards zero, up away from it.
create type pricing.rounding_mode as enum ('half_up', 'down', 'up');
-- Where both places of a sale must be: India splits GST only within one state.
create type pricing.tax_reach as enum ('always', 'within_region', 'between_regions');

-- One tax on a line. A compound tax is levied on the taxes before it as well.
create type pricing.tax_rate as (
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text
);

-- A line to tax. `unit` names what is rounded together where tax is rounded by line: the line, with
-- what was taken back of it. The taxes of a line that a revision wrote earlier are in
-- `taxes_minor`, beside its rates; null: to be computed.
create type pricing.taxable as (
    place integer,
    unit text,
    -- After discount.
    amount_minor bigint,
    is_included boolean,
    rates pricing.tax_rate array,
    taxes_minor bigint array,
    -- What the amount is divided by to be without tax; null: as its rates say.
    divisor numeric
);

-- What a tax is on one line.
create type pricing.tax_part as (
    place integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    base_minor bigint,
    tax_minor bigint
);

-- How a business taxes what it sells, its choices and the habits of its country put together.
create type pricing.tax_basis as (
    business_id uuid,
    country text,
    region text,
    time_zone text,
    is_included boolean,
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,
    fees_are_taxed boolean,
    is_in_eu boolean,
    gift_card_tax_class text
);

create table pricing.tax_places (
    country text primary key,
    is_in_eu boolean not null default false,
    prices_include_tax boolean not null default true,
    rounding_unit pricing.rounding_unit not null,
    rounding_mode pricing.rounding_mode not null,
    -- What the law leaves to the seller.
    rounding_units pricing.rounding_unit array not null,
    rounding_modes pricing.rounding_mode array not null,

    constraint tax_places_country_is_iso_3166 check (country ~ '^[A-Z]{2}$'),
    constraint tax_places_defaults_are_allowed check (
        rounding_unit = any(rounding_units) and rounding_mode = any(rounding_modes)
    )
);
comment on table pricing.tax_places is
'How each country rounds tax and shows prices, and what it leaves to the seller.';

create table pricing.tax_rules (
    id uuid primary key default gen_random_uuid(),
    -- Null: a reference rate, which holds for every business without rows of its own.
    business_id uuid references business.businesses (id) on delete cascade,
    country text not null,
    -- An ISO 3166-2 code, such as US-CA; null: the whole country. Both add up.
    region text,
    tax_class text not null references pricing.tax_classes (name) on delete restrict,
    -- Which tax: vat, gst, cgst, sales_tax, …
    component text not null,
    rate_bps numeric not null,
    is_compound boolean not null default false,
    -- The order of the taxes of a line; a compound tax comes after those that it includes.
    position smallint not null default 1,
    reach pricing.tax_reach not null default 'always',
    during daterange not null,

    constraint tax_rules_business_id_id_unique unique (business_id, id),
    constraint tax_rules_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint tax_rules_region_is_iso_3166 check (
        region is null or region ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$' and left(region, 2) = country
        or private.invalid('region', 'must be an ISO 3166-2 code of the country, such as US-CA')
    ),
    constraint tax_rules_component_is_a_word check (
        component ~ '^[a-z_]{1,40}$' and component not in ('none', 'reverse_charge')
        or private.invalid('component', 'must be the name of a tax, such as vat')
    ),
    constraint tax_rules_rate_is_sane check (
        rate_bps between 0 and 10000 and rate_bps = trunc(rate_bps, 3)
        or private.invalid(
            'rate_bps', 'must be from 0 to 10000 basis points, with at most three decimals'
        )
    ),
    constraint tax_rules_exemptions_have_no_rate check (
        component <> 'exempt' or rate_bps = 0
        or private.invalid('rate_bps', 'must be 0 for what is exempt')
    ),
    constraint tax_rules_during_begins check (
        not isempty(during) and not lower_inf(during)
        or private.invalid('during', 'must have a first day')
    ),
    -- One rate at a time.
    constraint tax_rules_do_not_overlap exclude using gist (
        coalesce(business_id, '00000000-0000-0000-0000-000000000000') with =,
        country with =,
        coalesce(region, '') with =,
        tax_class with =,
        component with =,
        reach with =,
        during with &&
    )
);
comment on table pricing.tax_rules is
'The taxes of each class of what is sold: by country or region, with the days on which they hold.';
create index tax_rules_country_idx on pricing.tax_rules (country, tax_class);
create index tax_rules_tax_class_idx on pricing.tax_rules (tax_class);

create table pricing.tax_settings (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    -- Where it is registered, as an ISO 3166-2 code; null: the country is enough.
    region text,
    -- Null: as the country has it.
    prices_include_tax boolean,
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,
    -- Whether fees for cancelling, moving and not coming are taxed as what was booked.
    fees_are_taxed boolean not null default true,
    -- The class by which gift cards are taxed when they are sold, as the law asks where the rate of
    -- everything that they can buy is known then. Null: what they buy is taxed.
    gift_card_tax_class text references pricing.tax_classes (name) on delete restrict,

    constraint tax_settings_gift_cards_are_taxed_at_sale check (
        gift_card_tax_class is distinct from 'outside'
        or private.invalid(
            'gift_card_tax_class', 'must be a class that is taxed, or be left out'
        )
    ),
    constraint tax_settings_region_is_iso_3166 check (
        region is null or region ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$'
        or private.invalid('region', 'must be an ISO 3166-2 code, such as US-CA')
    )
);
comment on table pricing.tax_settings is
'The businesses that are registered for tax, and what they chose where the law leaves a choice.';
create index tax_settings_gift_card_tax_class_idx on pricing.tax_settings (gift_card_tax_class)
where gift_card_tax_class is not null;

-- sql/35_pricing/tables/tax_numbers.sql

-- Tax numbers of businesses and of their customers: VAT numbers, GSTINs, Japan's numbers of issuers
-- of qualified invoices. The shape is checked here, when a number is written. Check digits differ
-- from country to country, so a worker asks a library that knows them all and reports what it
-- found; only a verified number stands on documents or makes a sale subject to reverse charge.

create type pricing.tax_number_status as enum ('pending', 'verified', 'refused', 'unchecked');

/*
 * Return whether a tax number may be one of a country, by its letters and digits.
 */
create function pricing.is_like_tax_number(country text, number text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return number ~ case country
        -- The number of an issuer of qualified invoices.
        when 'JP' then '^T[0-9]{13}$'
        when 'IN' then '^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]$'
        when 'GB' then '^GB([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})$'
        when 'DE' then '^DE[0-9]{9}$'
        when 'FR' then '^FR[0-9A-Z]{2}[0-9]{9}$'
        when 'GR' then '^EL[0-9]{9}$'
        else '^[A-Z0-9]{4,20}$'
    end;
end;
$$;

create table pricing.tax_numbers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: the number of the business itself.
    customer_id uuid,
    country text not null,
    -- Capital letters and digits alone.
    number text not null,
    status pricing.tax_number_status not null default 'pending',
    checked_at timestamptz,
    created_at timestamptz not null default now(),

    constraint tax_numbers_business_id_id_unique unique (business_id, id),
    constraint tax_numbers_one_for_each_country unique nulls not distinct (
        business_id, customer_id, country
    ),
    constraint tax_numbers_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint tax_numbers_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint tax_numbers_look_like_one check (
        pricing.is_like_tax_number(country, number)
        or private.invalid('number', 'must be a tax number of its country, such as DE136695976')
    ),
    constraint tax_numbers_are_checked_once check ((status = 'pending') = (checked_at is null))
);
comment on table pricing.tax_numbers is
'Tax numbers of businesses and of their customers, and whether their check digits hold.';
comment on column pricing.tax_numbers.customer_id is '[person: delete]';
comment on column pricing.tax_numbers.number is '[personal]';

-- sql/35_pricing/tables/values.sql

-- What is priced, and for whom. A seller (bookings, orders, memberships) makes lines and a context;
-- pricing knows nothing else about what is sold.

-- One thing that somebody wants to buy. `reference` holds what the seller wants to find again on
-- the line of the quote, such as {"service_id": …, "addons": […]}.
create type pricing.line as (
    kind text,
    name text,
    quantity integer,
    -- The price of one, its extras included.
    unit_minor bigint,
    currency text,
    reference jsonb,
    -- What is sold, such as the service, and its extras: what price lists have prices for.
    item_id uuid,
    addon_ids uuid [],
    addon_minors bigint [],
    -- When it begins, and with whom or where; null where the buyer left it open.
    starts_at timestamptz,
    resource_id uuid,
    -- What pricing changed, in order: [{source, name, unit_minor}].
    rules jsonb
);

-- Who buys where. The buyer says the coupon, the points, the currency, the store, the region and
-- the total that they accepted (pricing.make_terms); the seller adds the business and the buyer
-- (pricing.for_buyer); pricing looks up the rest where a rule may ask for it.
create type pricing.context as (
    coupon_code text,
    redeem_points integer,
    -- Null: the currency of the lines.
    currency text,
    store_id uuid,
    -- ISO 3166: a country (DE) or a part of it (DE-BY). Null: that of the store or the business.
    region text,
    -- The total of the quote that the buyer accepted; null: whatever it costs.
    accepted_total_minor bigint,
    business_id uuid,
    -- The account that buys, or the proven address of a guest.
    buyer_id uuid,
    buyer_email text,
    -- Looked up by pricing.complete_context.
    at timestamptz,
    time_zone text,
    group_ids uuid [],
    accesses text [],
    customer_id uuid
);

-- What a promotion, an allowance or points take off a line, and who bears it.
create type pricing.discount as (
    place bigint,
    promotion_id uuid,
    coupon_id uuid,
    name text,
    -- business or platform
    bearer text,
    amount_minor bigint,
    -- The allowance that pays instead of money, and how many of its units. Points have no
    -- promotion and no allowance; their units are points.
    allowance_id uuid,
    units integer
);

-- Which tools of pricing a business uses.
create type pricing.tools as (
    has_lists boolean,
    has_rules boolean,
    has_promotions boolean,
    is_in_use boolean,
    has_allowances boolean
);

-- sql/35_pricing/functions/allowances.sql

-- What customers paid for before. An allowance has units that pay for things, such as the visits
-- of a pass or of a period of a membership. It pays before any promotion, and pays the thing
-- itself, not its extras. Here nothing is used: a sale uses what its quote lists.

/*
 * Return what allowances pay of some lines: the allowance that ends first pays first, as many of a
 * line as its units suffice for.
 */
create function pricing.allowance_discounts(lines pricing.line[], context pricing.context)
returns pricing.discount[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_allowances customers.allowances[] = array(
        select allowances
        from customers.allowances
        where
            allowances.business_id = context.business_id
            and allowances.customer_id = context.customer_id
            and allowances.used < allowances.granted
        order by upper(allowances.during), allowances.created_at, allowances.id
    );
    v_discounts pricing.discount[] = '{}';
    v_unpaid integer;
    v_units integer;
    v_count integer;
begin
    for v_place in 1 .. cardinality(lines) loop
        v_unpaid = lines[v_place].quantity;
        for v_index in 1 .. cardinality(v_allowances) loop
            v_units = pricing.units_of(v_allowances[v_index], lines[v_place], context.at);
            v_count = least(
                v_unpaid,
                (v_allowances[v_index].granted - v_allowances[v_index].used) / v_units
            );
            if v_units > 0 and v_count > 0 then
                v_discounts = v_discounts || pricing.paid_by_allowance(
                    v_allowances[v_index], lines[v_place], v_place, v_count, v_units
                );
                v_allowances[v_index].used = v_allowances[v_index].used + v_count * v_units;
                v_unpaid = v_unpaid - v_count;
            end if;
        end loop;
    end loop;
    return v_discounts;
end;
$$;

/*
 * Return how many units of an allowance one of a line costs; null if the allowance does not pay it
 * then, or it costs nothing.
 */
create function pricing.units_of(
    allowance customers.allowances, line pricing.line, at timestamptz
)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when line.unit_minor > coalesce((select sum(minor) from unnest(line.addon_minors) as minor), 0)
            and allowance.during @> coalesce(line.starts_at, units_of.at)
            then allowance.item_units[array_position(allowance.item_ids, line.item_id)]
    end;
end;
$$;

/*
 * Make what an allowance pays of a line: so many of it, without their extras.
 */
create function pricing.paid_by_allowance(
    allowance customers.allowances,
    line pricing.line,
    place integer,
    count integer,
    units integer
)
returns pricing.discount
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_discount pricing.discount;
begin
    v_discount.place = paid_by_allowance.place;
    v_discount.name = allowance.name;
    v_discount.bearer = 'business';
    v_discount.amount_minor = paid_by_allowance.count * (
        line.unit_minor - coalesce((select sum(minor) from unnest(line.addon_minors) as minor), 0)
    );
    v_discount.allowance_id = allowance.id;
    v_discount.units = paid_by_allowance.count * paid_by_allowance.units;
    return v_discount;
end;
$$;

-- sql/35_pricing/functions/claims.sql

-- How a sale uses promotions, and gives the uses back.

/*
 * Claim the promotions of a quote for a buyer, in the order of their ids. Returns the redemptions.
 * Whoever comes after the last use is refused: with a coupon because of it, without one because the
 * price is another now. The rows of the promotions stay locked until the transaction ends.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function pricing.claim_promotions(
    business_id uuid, quote jsonb, buyer_id uuid, buyer_email text
)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_claim pricing.coupon_redemptions;
    v_claims uuid[] = '{}';
begin
    for v_claim.promotion_id, v_claim.coupon_id, v_claim.amount_minor in
        select claims.promotion_id, claims.coupon_id, claims.amount_minor
        from jsonb_to_recordset(quote -> 'promotions')
            as claims (promotion_id uuid, coupon_id uuid, amount_minor bigint)
        order by claims.promotion_id
    loop
        v_claim.id = gen_random_uuid();
        v_claim.business_id = claim_promotions.business_id;
        v_claim.buyer_id = claim_promotions.buyer_id;
        v_claim.buyer_email = claim_promotions.buyer_email;
        v_claim.currency = quote ->> 'currency';
        v_claim.redeemed_at = private.now();
        perform pricing.claim_promotion(v_claim);
        v_claims = v_claims || v_claim.id;
    end loop;
    return v_claims;
end;
$$;

/*
 * Claim one use of a promotion and of its coupon, and write the redemption.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function pricing.claim_promotion(claim pricing.coupon_redemptions)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_promotion pricing.promotions;
begin
    update pricing.promotions
    set
        used_count = promotions.used_count + 1,
        spent_minor = promotions.spent_minor + claim.amount_minor
    where
        promotions.business_id = claim.business_id
        and promotions.id = claim.promotion_id
        and promotions.is_active
        and coalesce(promotions.used_count < promotions.max_uses, true)
        and coalesce(
            promotions.spent_minor + claim.amount_minor <= promotions.max_spend_minor, true
        )
    returning promotions.* into v_promotion;
    if not found then
        perform pricing.refuse_claim(claim.coupon_id, 'exhausted');
    end if;
    if v_promotion.max_uses_per_customer is not null then
        if num_nonnulls(claim.buyer_id, claim.buyer_email) = 0 then
            perform pricing.refuse_claim(claim.coupon_id, 'unknown_buyer');
        end if;
        if pricing.uses_by(v_promotion, claim.buyer_id, claim.buyer_email)
            >= v_promotion.max_uses_per_customer then
            perform pricing.refuse_claim(claim.coupon_id, 'used_by_buyer');
        end if;
    end if;
    if claim.coupon_id is not null then
        perform pricing.claim_coupon(claim.business_id, claim.coupon_id);
    end if;
    insert into pricing.coupon_redemptions
    values (claim.*);
end;
$$;

/*
 * Claim one use of a coupon.
 *
 * Errors:  PT409 coupon_exhausted
 */
create function pricing.claim_coupon(business_id uuid, coupon_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update pricing.coupons
    set used_count = coupons.used_count + 1
    where
        coupons.business_id = claim_coupon.business_id
        and coupons.id = claim_coupon.coupon_id
        and coupons.is_active
        and coalesce(coupons.used_count < coupons.max_uses, true);
    if not found then
        perform pricing.refuse_coupon('exhausted');
    end if;
end;
$$;

/*
 * Refuse a sale whose promotion cannot be claimed: because of the coupon or, when it applied by
 * itself, because the price is another without it.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function pricing.refuse_claim(coupon_id uuid, obstacle text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if coupon_id is null then
        perform pricing.refuse_changed_price();
    end if;
    perform pricing.refuse_coupon(obstacle);
end;
$$;

/*
 * Release some redemptions, so that others may use what they used. Those that are kept or released
 * already stay as they are.
 */
create function pricing.release_redemptions(business_id uuid, redemption_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_released pricing.coupon_redemptions;
begin
    for v_released in
        select coupon_redemptions.*
        from pricing.coupon_redemptions
        where
            coupon_redemptions.business_id = release_redemptions.business_id
            and coupon_redemptions.id = any(redemption_ids)
            and coupon_redemptions.released_at is null
            and coupon_redemptions.kept_at is null
        order by coupon_redemptions.promotion_id
        for update
    loop
        update pricing.coupon_redemptions
        set released_at = private.now()
        where
            coupon_redemptions.business_id = v_released.business_id
            and coupon_redemptions.id = v_released.id;
        update pricing.promotions
        set
            used_count = promotions.used_count - 1,
            spent_minor = promotions.spent_minor - v_released.amount_minor
        where
            promotions.business_id = v_released.business_id
            and promotions.id = v_released.promotion_id;
        update pricing.coupons
        set used_count = coupons.used_count - 1
        where
            coupons.business_id = v_released.business_id
            and coupons.id = v_released.coupon_id;
    end loop;
end;
$$;

/*
 * Keep some redemptions for good: what they were used for is paid.
 */
create function pricing.keep_redemptions(business_id uuid, redemption_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update pricing.coupon_redemptions
    set kept_at = private.now()
    where
        coupon_redemptions.business_id = keep_redemptions.business_id
        and coupon_redemptions.id = any(redemption_ids)
        and coupon_redemptions.released_at is null
        and coupon_redemptions.kept_at is null;
end;
$$;

-- sql/35_pricing/functions/context.sql

-- Who buys where: what the buyer says of it, what the seller knows, and what is looked up.

/*
 * Make what a buyer says about a price.
 */
create function pricing.make_terms(
    coupon_code text default null,
    redeem_points integer default 0,
    currency text default null,
    store_id uuid default null,
    region text default null,
    accepted_total_minor bigint default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context;
begin
    v_context.coupon_code = make_terms.coupon_code;
    v_context.redeem_points = make_terms.redeem_points;
    v_context.currency = make_terms.currency;
    v_context.store_id = make_terms.store_id;
    v_context.region = make_terms.region;
    v_context.accepted_total_minor = make_terms.accepted_total_minor;
    return v_context;
end;
$$;

/*
 * Read what a buyer says about a price.
 *
 * Errors:  PT400 invalid_input
 */
create function pricing.to_terms(
    coupon_code text,
    redeem_points text,
    currency text,
    store_id text,
    region text,
    total_minor text
)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not business.is_region(region) then
        perform private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY');
    end if;
    return pricing.make_terms(
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_whole_number(redeem_points, 'redeem_points', 0, 1000000, if_null => 0),
        private.to_text(currency, 'currency', 3),
        private.to_identifier(store_id, 'store_id', is_required => false),
        region,
        private.to_minor_units(total_minor, 'total_minor')
    );
end;
$$;

/*
 * Return the terms of a buyer with the business that sells and who the buyer is.
 */
create function pricing.for_buyer(
    terms pricing.context, business_id uuid, buyer_id uuid, buyer_email text default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context = terms;
begin
    v_context.business_id = for_buyer.business_id;
    v_context.buyer_id = for_buyer.buyer_id;
    v_context.buyer_email = for_buyer.buyer_email;
    return v_context;
end;
$$;

/*
 * Return a context with everything that rules may ask for: the moment (now, unless the seller says
 * another), the region, the zone, and the groups and entitlements of the buyer. A store of another
 * business is refused.
 *
 * Errors:  PT404 not_found
 */
create function pricing.complete_context(context pricing.context)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_context pricing.context = context;
    v_customer_id uuid = customers.customer_of(
        context.business_id, context.buyer_id, context.buyer_email
    );
begin
    if context.store_id is not null and not exists (
        select 1
        from business.stores
        where
            stores.business_id = context.business_id
            and stores.id = context.store_id
            and stores.is_active
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such store.',
            'Check the id in the view stores.'
        );
    end if;
    v_context.at = coalesce(context.at, private.now());
    select
        coalesce(context.region, stores.region, businesses.country),
        businesses.time_zone
    into v_context.region, v_context.time_zone
    from business.businesses
    left join business.stores
        on stores.business_id = businesses.id and stores.id = context.store_id
    where businesses.id = context.business_id;
    if v_customer_id is not null then
        v_context.customer_id = v_customer_id;
        v_context.group_ids = customers.groups_of(
            context.business_id, v_customer_id, v_context.at
        );
        v_context.accesses = customers.accesses_of(
            context.business_id, v_customer_id, v_context.at
        );
    end if;
    return v_context;
end;
$$;

/*
 * Is a region the same as an area or a part of it? DE-BY is in DE. Everything is in a null area.
 */
create function pricing.is_within(region text, area text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return area is null or region = area or starts_with(region, area || '-');
end;
$$;

-- sql/35_pricing/functions/coupons.sql

-- Which promotions apply to a quote: those without a code that the buyer meets, and the one of the
-- buyer's coupon. Here nothing is claimed: a sale claims (claims.sql).

/*
 * Return the coupon of a business by its code, in any case of letters.
 *
 * Errors:  PT422 coupon_invalid
 */
create function pricing.coupon_by_code(business_id uuid, code text)
returns pricing.coupons
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_coupon pricing.coupons;
begin
    select coupons.* into v_coupon
    from pricing.coupons
    where
        coupons.business_id = coupon_by_code.business_id
        and coupons.code = upper(btrim(coupon_by_code.code))
        and coupons.is_active;
    if v_coupon.id is null then
        perform private.refuse(
            'PT422', 'coupon_invalid', 'There is no such coupon.',
            'Check the code, or leave it out.'
        );
    end if;
    return v_coupon;
end;
$$;

/*
 * Return why a promotion does not apply to a buyer who spends an amount, or null if it does.
 */
create function pricing.promotion_obstacle(
    promotion pricing.promotions, context pricing.context, currency text, spend_minor bigint
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when not promotion.is_active or promotion.starts_at > context.at then 'not_started'
        when promotion.ends_at <= context.at then 'ended'
        when promotion.currency <> promotion_obstacle.currency then 'other_currency'
        when spend_minor < promotion.min_spend_minor then 'too_little'
        when not coalesce(
            promotion.customer_group_id is null
            or promotion.customer_group_id = any(context.group_ids),
            false
        )
        or not coalesce(
            promotion.access is null or promotion.access = any(context.accesses), false
        )
        or not coalesce(promotion.store_id = context.store_id, promotion.store_id is null)
        or not pricing.is_within(context.region, promotion.region) then 'other_buyers'
        when promotion.used_count >= promotion.max_uses
            or promotion.spent_minor >= promotion.max_spend_minor then 'exhausted'
        when promotion.max_uses_per_customer is not null
            and num_nonnulls(context.buyer_id, context.buyer_email) = 0 then 'unknown_buyer'
        when promotion.max_uses_per_customer <= pricing.uses_by(
            promotion, context.buyer_id, context.buyer_email
        ) then 'used_by_buyer'
    end;
end;
$$;

/*
 * Return how often somebody used a promotion: an account, or else a proven address.
 */
create function pricing.uses_by(
    promotion pricing.promotions, buyer_id uuid, buyer_email text
)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select count(*)
        from pricing.coupon_redemptions
        where
            coupon_redemptions.business_id = promotion.business_id
            and coupon_redemptions.promotion_id = promotion.id
            and coupon_redemptions.released_at is null
            and (
                coupon_redemptions.buyer_id = uses_by.buyer_id
                or uses_by.buyer_id is null
                and coupon_redemptions.buyer_id is null
                and lower(coupon_redemptions.buyer_email) = lower(uses_by.buyer_email)
            )
    );
end;
$$;

/*
 * Refuse the buyer's coupon for a reason of pricing.promotion_obstacle, or because it takes nothing
 * off here.
 *
 * Errors:  PT409 coupon_exhausted · PT422 coupon_invalid
 */
create function pricing.refuse_coupon(obstacle text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if obstacle in ('exhausted', 'used_by_buyer') then
        perform private.refuse(
            'PT409', 'coupon_exhausted',
            case obstacle
                when 'exhausted' then 'This coupon is used up.'
                else 'You used this coupon as often as you may.'
            end,
            'Leave the coupon out.'
        );
    end if;
    perform private.refuse(
        'PT422', 'coupon_invalid',
        case obstacle
            when 'not_started' then 'This coupon cannot be used yet.'
            when 'ended' then 'This coupon has ended.'
            when 'other_currency' then 'This coupon is for another currency.'
            when 'too_little' then 'This coupon needs a higher total.'
            when 'other_buyers' then 'This coupon is not for you or not for this place.'
            when 'unknown_buyer' then 'Sign in to use this coupon.'
            when 'not_combinable' then 'This coupon cannot be combined with another discount.'
            else 'This coupon takes nothing off these items.'
        end,
        'Leave the coupon out, or quote something else.'
    );
end;
$$;

/*
 * Return the promotions that may apply to a buyer, the first to apply first: by priority, then the
 * one of the coupon, then the older. `coupon_id` says which one the coupon is of.
 *
 * Errors:  PT409 coupon_exhausted · PT422 coupon_invalid
 */
create function pricing.promotions_for(context pricing.context)
returns table (promotion pricing.promotions, coupon_id uuid)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_coupon pricing.coupons;
begin
    if context.coupon_code is not null then
        v_coupon = pricing.coupon_by_code(context.business_id, context.coupon_code);
        if v_coupon.used_count >= v_coupon.max_uses then
            perform pricing.refuse_coupon('exhausted');
        end if;
    end if;
    return query
    select
        promotions::pricing.promotions,
        case when promotions.id = v_coupon.promotion_id then v_coupon.id end
    from pricing.promotions
    where
        promotions.business_id = context.business_id
        and (
            promotions.id = v_coupon.promotion_id
            or promotions.is_automatic and promotions.is_active
        )
    order by
        promotions.priority desc,
        (promotions.id = v_coupon.promotion_id) is true desc,
        promotions.created_at,
        promotions.id;
end;
$$;

-- sql/35_pricing/functions/discounts.sql

-- What promotions take off. They apply in the order of pricing.promotions_for, each to what the one
-- before it left. A share or an amount is taken off all the lines that it concerns and allocated to
-- them by largest remainder, so that the parts add up and no line falls below zero. A promotion
-- that cannot be combined applies alone: it is left out if another applied, and nothing follows it.
-- Gift cards and shipping are never discounted.

/*
 * Return what a promotion takes off each line, of what remains of it.
 */
create function pricing.discount_parts(
    promotion pricing.promotions, lines pricing.line[], remaining bigint[]
)
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_item_ids uuid[] = pricing.named_items(promotion, lines);
    v_weights bigint[] = array(
        select
            case
                when v_item_ids is null or line.item_id = any(v_item_ids)
                    then remaining[line.ordinality]
                else 0
            end
        from unnest(lines) with ordinality as line
        order by line.ordinality
    );
    v_base numeric = (select sum(weight) from unnest(v_weights) as weight);
begin
    if v_base = 0 then
        return v_weights;
    end if;
    case promotion.kind
        when 'percent' then
            return pricing.split(round(v_base * promotion.percent_bps / 10000)::bigint, v_weights);
        when 'fixed' then
            return pricing.split(least(promotion.amount_minor, v_base)::bigint, v_weights);
        else
            return pricing.free_parts(promotion, lines, v_weights);
    end case;
end;
$$;

/*
 * Return the worth of the units that are free, line by line: the cheapest of those that a promotion
 * concerns. Of every buy_quantity + get_quantity, get_quantity are free, and of what is left over
 * those beyond buy_quantity; a free item is free get_quantity times.
 */
create function pricing.free_parts(
    promotion pricing.promotions, lines pricing.line[], weights bigint[]
)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_count bigint;
    v_set integer = promotion.buy_quantity + promotion.get_quantity;
begin
    v_count = (
        select sum(line.quantity)
        from unnest(lines) with ordinality as line
        where weights[line.ordinality] > 0
    );
    v_count = case
        when promotion.kind = 'free_item' then least(v_count, promotion.get_quantity)
        else v_count / v_set * promotion.get_quantity
            + greatest(0, v_count % v_set - promotion.buy_quantity)
    end;
    return array(
        select least(weights[units.place], units.free * units.unit_minor)
        from (
            select
                line.ordinality as place,
                line.unit_minor,
                case
                    when weights[line.ordinality] = 0 then 0
                    else greatest(0, least(
                        line.quantity,
                        v_count - sum(line.quantity) filter (where weights[line.ordinality] > 0)
                            over (order by line.unit_minor, line.ordinality) + line.quantity
                    ))
                end as free
            from unnest(lines) with ordinality as line
        ) as units
        order by units.place
    );
end;
$$;

/*
 * Return the entries of a promotion that takes some parts off the lines: a share of each that the
 * platform bears, and the rest that the business bears.
 */
create function pricing.shared_discounts(
    promotion pricing.promotions, coupon_id uuid, parts bigint[]
)
returns pricing.discount[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_total numeric = (select sum(part) from unnest(parts) as part);
    v_platform bigint[] = case
        when promotion.platform_bps = 0 then array_fill(0::bigint, array[cardinality(parts)])
        else pricing.split(round(v_total * promotion.platform_bps / 10000)::bigint, parts)
    end;
begin
    return array(
        select pricing.make_discount(
            taken.place, promotion, shared_discounts.coupon_id, borne.bearer, borne.amount_minor
        )
        from unnest(parts, v_platform) with ordinality as taken (part, platform_part, place)
        cross join lateral (
            values
            ('business', taken.part - taken.platform_part),
            ('platform', taken.platform_part)
        ) as borne (bearer, amount_minor)
        where borne.amount_minor > 0
        order by taken.place, borne.bearer
    );
end;
$$;

/*
 * Make what a promotion takes off a line.
 */
create function pricing.make_discount(
    place bigint, promotion pricing.promotions, coupon_id uuid, bearer text, amount_minor bigint
)
returns pricing.discount
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_discount pricing.discount;
begin
    v_discount.place = make_discount.place;
    v_discount.promotion_id = promotion.id;
    v_discount.coupon_id = make_discount.coupon_id;
    v_discount.name = promotion.name;
    v_discount.bearer = make_discount.bearer;
    v_discount.amount_minor = make_discount.amount_minor;
    return v_discount;
end;
$$;

/*
 * Return what promotions may reduce of each line: what allowances left of it. Gift cards and
 * shipping are never reduced.
 */
create function pricing.unpaid_parts(lines pricing.line[], allowances pricing.discount[])
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select
            case
                when line.kind in ('gift_card', 'shipping') then 0
                else line.unit_minor * line.quantity
            end - coalesce(
                (
                    select sum(allowance.amount_minor)
                    from unnest(allowances) as allowance
                    where allowance.place = line.ordinality
                ),
                0
            )
        from unnest(lines) with ordinality as line
        order by line.ordinality
    );
end;
$$;

/*
 * Return what promotions take off some lines, of what allowances left of them.
 *
 * Errors:  PT409 coupon_exhausted · PT422 coupon_invalid
 */
create function pricing.discounts_of(
    lines pricing.line[], context pricing.context, allowances pricing.discount[]
)
returns pricing.discount[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_remaining bigint[] = pricing.unpaid_parts(lines, allowances);
    v_spend bigint = (select sum(amount) from unnest(v_remaining) as amount);
    v_found record;
    v_obstacle text;
    v_parts bigint[];
    v_discounts pricing.discount[] = '{}';
    v_is_alone boolean = false;
begin
    for v_found in
        select found.promotion, found.coupon_id
        from pricing.promotions_for(context) as found
    loop
        v_parts = pricing.discount_parts(v_found.promotion, lines, v_remaining);
        v_obstacle = case
            when v_is_alone or v_discounts <> '{}' and not (v_found.promotion).is_combinable
                then 'not_combinable'
            else pricing.spending_obstacle(
                v_found.promotion, context, lines[1].currency, v_spend, v_parts
            )
        end;
        if v_obstacle is null then
            v_discounts = v_discounts
            || pricing.shared_discounts(v_found.promotion, v_found.coupon_id, v_parts);
            v_remaining = array(
                select remaining.minor - remaining.part
                from unnest(v_remaining, v_parts) with ordinality as remaining (minor, part, place)
                order by remaining.place
            );
            v_is_alone = not (v_found.promotion).is_combinable;
        elsif v_found.coupon_id is not null then
            perform pricing.refuse_coupon(v_obstacle);
        end if;
    end loop;
    return v_discounts;
end;
$$;

/*
 * Return why a promotion does not apply, as pricing.promotion_obstacle does, or because of what it
 * would take off: nothing, or more than is left of its budget.
 */
create function pricing.spending_obstacle(
    promotion pricing.promotions,
    context pricing.context,
    currency text,
    spend_minor bigint,
    parts bigint[]
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_total numeric = (select sum(part) from unnest(parts) as part);
begin
    return coalesce(
        pricing.promotion_obstacle(
            promotion, context, spending_obstacle.currency, spending_obstacle.spend_minor
        ),
        case
            when v_total = 0 then 'nothing'
            when promotion.spent_minor + v_total > promotion.max_spend_minor then 'exhausted'
        end
    );
end;
$$;

-- sql/35_pricing/functions/documents.sql

-- Quotes of several documents: what somebody buys from one business at once, but gets in several
-- sales, such as goods and an appointment. Prices and discounts are those of all lines together;
-- tax is computed for each document, because each has its own.

/*
 * Return the quote of each document of a quote without tax, in order. `documents` says for each
 * line to which it belongs: 1, 2, …. The first one claims the promotions.
 */
create function pricing.document_quotes(
    untaxed jsonb, documents integer[], context pricing.context
)
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_last integer = (select max(document) from unnest(documents) as document);
begin
    if v_last = 1 then
        return array[pricing.add_taxes(untaxed, context)];
    end if;
    return array(
        select
            pricing.add_taxes(
                jsonb_build_object(
                    'currency', untaxed -> 'currency',
                    'lines', jsonb_agg(line.value order by line.place),
                    'promotions', case document when 1 then untaxed -> 'promotions' else '[]' end,
                    'subtotal_minor', sum((line.value ->> 'amount_minor')::bigint),
                    'discount_minor', sum((line.value ->> 'discount_minor')::bigint)
                ),
                context
            )
        from jsonb_array_elements(untaxed -> 'lines') with ordinality as line (value, place)
        inner join unnest(documents) with ordinality as belonging (document, place) using (place)
        group by document
        order by document
    );
end;
$$;

/*
 * Return several quotes as one: their lines in the order in which they were asked for, their taxes
 * by component and rate, and the totals.
 */
create function pricing.merge_quotes(quotes jsonb[], documents integer[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if cardinality(quotes) = 1 then
        return quotes[1];
    end if;
    return jsonb_build_object(
        'currency', quotes[1] -> 'currency',
        'lines', (
            select
                jsonb_agg(
                    quotes[asked.document] -> 'lines' -> (asked.place_in_document - 1)::integer
                    order by asked.place
                )
            from (
                select
                    belonging.document,
                    belonging.place,
                    row_number() over (partition by belonging.document order by belonging.place)
                        as place_in_document
                from unnest(documents) with ordinality as belonging (document, place)
            ) as asked
        ),
        'taxes', pricing.merge_taxes(quotes),
        'promotions', quotes[1] -> 'promotions',
        'subtotal_minor', pricing.sum_of(quotes, 'subtotal_minor'),
        'discount_minor', pricing.sum_of(quotes, 'discount_minor'),
        'tax_minor', pricing.sum_of(quotes, 'tax_minor'),
        'total_minor', pricing.sum_of(quotes, 'total_minor')
    );
end;
$$;

/*
 * Return the taxes of several quotes, added up for each component and rate.
 */
create function pricing.merge_taxes(quotes jsonb[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_agg(
                merged.tax || jsonb_build_object(
                    'base_minor', merged.base_minor, 'tax_minor', merged.tax_minor
                )
                order by merged.place
            )
        from (
            select
                tax.value - '{base_minor,tax_minor}'::text[] as tax,
                min(quote.place * 1000 + tax.place) as place,
                sum((tax.value ->> 'base_minor')::bigint) as base_minor,
                sum((tax.value ->> 'tax_minor')::bigint) as tax_minor
            from unnest(quotes) with ordinality as quote (value, place)
            cross join jsonb_array_elements(quote.value -> 'taxes')
                with ordinality as tax (value, place)
            group by 1
        ) as merged
    );
end;
$$;

/*
 * Return the sum of an amount over some quotes.
 */
create function pricing.sum_of(quotes jsonb[], name text)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum((quote.value ->> sum_of.name)::bigint), 0)
        from unnest(quotes) as quote (value)
    );
end;
$$;

-- sql/35_pricing/functions/lists.sql

-- What an item costs by the price lists of its business. The order is the same for everybody:
--
-- 1. the higher priority of the list
-- 2. a list for a customer group or an entitlement, before one for a store, before one for a region
--    (a part of a country before the country), before one for everybody
-- 3. the older list
--
-- In a list, the price with the greatest least quantity wins. An item that no list has costs what
-- the catalog says, in the currency of the catalog.

/*
 * Return the price lists of a business that apply to a buyer, in a currency, the first to ask
 * first.
 */
create function pricing.lists_for(context pricing.context, currency text)
returns pricing.price_lists[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select price_lists
        from pricing.price_lists
        where
            price_lists.business_id = context.business_id
            and price_lists.is_active
            and price_lists.currency = lists_for.currency
            and (
                price_lists.customer_group_id is null
                or price_lists.customer_group_id = any(context.group_ids)
            )
            and (price_lists.access is null or price_lists.access = any(context.accesses))
            and coalesce(price_lists.store_id = context.store_id, price_lists.store_id is null)
            and pricing.is_within(context.region, price_lists.region)
            and coalesce(price_lists.starts_at <= context.at, true)
            and coalesce(price_lists.ends_at > context.at, true)
        order by
            price_lists.priority desc,
            num_nonnulls(price_lists.customer_group_id, price_lists.access) desc,
            num_nonnulls(price_lists.store_id) desc,
            length(price_lists.region) desc nulls last,
            price_lists.created_at,
            price_lists.id
    );
end;
$$;

/*
 * Return the parts of some lines that have a price of their own: the item (part 0) and its add-ons,
 * each with the price by the catalog.
 */
create function pricing.parts_of(lines pricing.line[])
returns table (place bigint, part bigint, item_id uuid, addon_id uuid, catalog_minor bigint)
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        line.ordinality,
        0::bigint,
        line.item_id,
        null::uuid,
        line.unit_minor - (
            select coalesce(sum(minor), 0)::bigint from unnest(line.addon_minors) as minor
        )
    from unnest(lines) with ordinality as line
    union all
    select
        line.ordinality,
        addon.place,
        null,
        addon.id,
        addon.minor
    from unnest(lines) with ordinality as line
    cross join unnest(line.addon_ids, line.addon_minors) with ordinality
        as addon (id, minor, place);
end;
$$;

/*
 * Return the first price that some lists have for each part of some lines.
 */
create function pricing.listed_parts(
    lines pricing.line[], lists pricing.price_lists[], business_id uuid
)
returns table (place bigint, part bigint, price_list_id uuid, name text, unit_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select distinct on (parts.place, parts.part)
        parts.place,
        parts.part,
        list.id,
        list.name,
        price_list_items.unit_minor
    from pricing.parts_of(lines) as parts
    inner join pricing.price_list_items
        on
            price_list_items.business_id = listed_parts.business_id
            and (
                price_list_items.service_id = parts.item_id
                or price_list_items.variant_id = parts.item_id
                or price_list_items.addon_id = parts.addon_id
            )
            and price_list_items.min_quantity <= lines[parts.place].quantity
    inner join unnest(lists) with ordinality as list
        on price_list_items.price_list_id = list.id
    order by
        parts.place, parts.part, list.ordinality, price_list_items.min_quantity desc;
end;
$$;

/*
 * Return some lines with the prices of the lists that apply to the buyer. What has no price in the
 * currency that the buyer wants is refused.
 *
 * Errors:  PT400 invalid_input
 */
create function pricing.apply_lists(lines pricing.line[], context pricing.context)
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_lines pricing.line[] = lines;
    v_line pricing.line;
    v_currency text = coalesce(context.currency, lines[1].currency);
    v_found record;
begin
    for v_found in
        select
            parts.place,
            sum(
                coalesce(
                    listed.unit_minor,
                    case when lines[parts.place].currency = v_currency then parts.catalog_minor end
                )
            )::bigint as unit_minor,
            bool_or(listed.place is null)
            and lines[parts.place].currency <> v_currency as is_missing,
            max(listed.price_list_id::text) filter (where parts.part = 0) as list_id,
            max(listed.name) filter (where parts.part = 0) as name
        from pricing.parts_of(lines) as parts
        left join pricing.listed_parts(
            lines, pricing.lists_for(context, v_currency), context.business_id
        ) as listed
            on parts.place = listed.place and parts.part = listed.part
        group by parts.place
        order by parts.place
    loop
        v_line = lines[v_found.place];
        if v_found.is_missing then
            perform private.invalid(
                'currency', format('must be one in which %s has a price', v_line.name)
            );
        end if;
        v_line.rules = pricing.trail('catalog', null, 'Catalog', v_line.unit_minor)
        || case
            when v_found.list_id is not null
                then
                    pricing.trail(
                        'price_list', v_found.list_id, v_found.name, v_found.unit_minor
                    )
            else '[]'
        end;
        v_line.unit_minor = v_found.unit_minor;
        v_line.currency = v_currency;
        v_lines[v_found.place] = v_line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return one entry of what changed a price: the source, and the price of one after it.
 */
create function pricing.trail(source text, id text, name text, unit_minor bigint)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_array(
        jsonb_build_object('source', source, 'id', id, 'name', name, 'unit_minor', unit_minor)
    );
end;
$$;

/*
 * Note the price of a price list's item in the history; null when it has none any more. A list that
 * is gone has no history.
 */
create function pricing.note_item_price(item pricing.price_list_items, unit_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, service_id, addon_id, variant_id, price_list_id, min_quantity, currency,
        unit_minor, from_at
    )
    select
        item.business_id, item.service_id, item.addon_id, item.variant_id, price_lists.id,
        item.min_quantity, price_lists.currency, note_item_price.unit_minor, private.now()
    from pricing.price_lists
    where
        price_lists.business_id = item.business_id and price_lists.id = item.price_list_id;
end;
$$;

-- sql/35_pricing/functions/points.sql

-- What points take off. They come after promotions and before tax, take off what is left of all
-- lines but gift cards and shipping, and are allocated to the lines by largest remainder. Here
-- nothing is redeemed: a sale redeems what its quote lists.

/*
 * Return what the points that a buyer redeems take off some lines, of what other discounts left.
 * Of more points than the lines cost, only as many as are needed are used.
 *
 * Errors:  PT400 invalid_input · PT409 insufficient_points
 */
create function pricing.points_discounts(
    lines pricing.line[], context pricing.context, discounts pricing.discount[]
)
returns pricing.discount[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_program loyalty.programs = pricing.program_to_redeem(context, lines[1].currency);
    v_unpaid bigint[] = pricing.unpaid_parts(lines, discounts);
    v_amount bigint = least(
        div(context.redeem_points::numeric * v_program.redeem_minor, v_program.redeem_points),
        (select sum(part) from unnest(v_unpaid) as part)
    );
    v_parts bigint[] = pricing.split(v_amount, v_unpaid);
    v_points bigint[] = pricing.split(
        ceil(v_amount::numeric * v_program.redeem_points / v_program.redeem_minor)::bigint, v_parts
    );
begin
    return array(
        select
            pricing.make_points_discount(
                taken.place, v_program, taken.amount_minor, taken.points
            )
        from unnest(v_parts, v_points) with ordinality as taken (amount_minor, points, place)
        where taken.amount_minor > 0
        order by taken.place
    );
end;
$$;

/*
 * Return the program of which a buyer redeems points. They must have them, in the currency of the
 * lines, and redeem as many as the program asks for.
 *
 * Errors:  PT400 invalid_input · PT409 insufficient_points
 */
create function pricing.program_to_redeem(context pricing.context, currency text)
returns loyalty.programs
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs = loyalty.program_of(context.business_id);
    v_points bigint = 0;
begin
    if v_program.currency = program_to_redeem.currency then
        v_points = loyalty.spendable(
            context.business_id,
            coalesce(
                context.customer_id,
                customers.customer_of(context.business_id, context.buyer_id, context.buyer_email)
            ),
            private.now()
        );
    end if;
    if v_points < context.redeem_points then
        perform loyalty.refuse_excess(v_points);
    end if;
    if context.redeem_points < v_program.minimum_redeem_points then
        perform private.invalid(
            'redeem_points', format('must be %s or more here', v_program.minimum_redeem_points)
        );
    end if;
    return v_program;
end;
$$;

/*
 * Make what points take off a line.
 */
create function pricing.make_points_discount(
    place bigint, program loyalty.programs, amount_minor bigint, points bigint
)
returns pricing.discount
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_discount pricing.discount;
begin
    v_discount.place = make_points_discount.place;
    v_discount.name = program.name;
    v_discount.bearer = program.bearer;
    v_discount.amount_minor = make_points_discount.amount_minor;
    v_discount.units = make_points_discount.points;
    return v_discount;
end;
$$;

-- sql/35_pricing/functions/promotions.sql

-- What promotions name, and what managers and the platform do with them.

/*
 * Return the items among some lines that a promotion names; null for one that names nothing and
 * concerns everything.
 */
create function pricing.named_items(promotion pricing.promotions, lines pricing.line[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if num_nonnulls(promotion.product_id, promotion.product_category_id) = 0 then
        return nullif(
            array[coalesce(promotion.service_id, promotion.variant_id)], array[null::uuid]
        );
    end if;
    return array(
        select product_variants.id
        from unnest(lines) as line
        inner join catalog.product_variants
            on
                product_variants.business_id = promotion.business_id
                and product_variants.id = line.item_id
        inner join catalog.products
            on
                products.business_id = product_variants.business_id
                and products.id = product_variants.product_id
        where
            products.id = promotion.product_id
            or products.category_id in (
                select tree.id from catalog.category_tree(promotion.product_category_id) as tree
            )
    );
end;
$$;

/*
 * Return the business of a promotion. One that does not exist is refused.
 * Definer: it must tell a promotion that the caller may not see from none; the callers check them.
 *
 * Errors:  PT404 not_found
 */
create function pricing.business_of_promotion(promotion_id uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select promotions.business_id
        from pricing.promotions
        where promotions.id = business_of_promotion.promotion_id
    );
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such promotion.',
            'Check the id in the view promotions.'
        );
    end if;
    return v_business_id;
end;
$$;

/*
 * Create coupons for a promotion, each of which one sale may use. Returns their ids.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function pricing.create_coupons(promotion_id uuid, count integer, prefix text)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = pricing.business_of_promotion(promotion_id);
    v_ids uuid[] = array(select gen_random_uuid() from generate_series(1, count));
begin
    perform private.require_member(v_business_id, 'manage');
    insert into pricing.coupons (id, business_id, promotion_id, code, max_uses)
    select
        new_ids.id,
        v_business_id,
        create_coupons.promotion_id,
        coalesce(upper(create_coupons.prefix), '') || pricing.new_code(),
        1
    from unnest(v_ids) as new_ids (id);
    return v_ids;
end;
$$;

/*
 * Return a new code that nobody guesses and that people can type: 12 characters without
 * look-alikes.
 */
create function pricing.new_code()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_letters constant text = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
    v_bytes constant bytea = sha256(uuid_send(gen_random_uuid()));
begin
    return (
        select string_agg(substr(v_letters, 1 + get_byte(v_bytes, place) % 31, 1), '')
        from generate_series(0, 11) as place
    );
end;
$$;

/*
 * Let the platform bear a share of a promotion.
 * Definer: no member of the business may write the share; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function pricing.share_promotion(promotion_id uuid, platform_bps integer)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.require_platform_staff(
        pricing.business_of_promotion(promotion_id), 'finance'
    );
    update pricing.promotions
    set platform_bps = share_promotion.platform_bps
    where promotions.id = share_promotion.promotion_id;
end;
$$;

-- sql/35_pricing/functions/quote.sql

-- What things cost. Everything that is sold is priced here, by one function, line by line. The
-- result is stored with the sale and nothing computes a price again.

/*
 * Make a line to price.
 */
create function pricing.make_line(
    kind text,
    name text,
    quantity integer,
    unit_minor bigint,
    currency text,
    reference jsonb,
    item_id uuid default null,
    addon_ids uuid[] default '{}',
    addon_minors bigint[] default '{}',
    starts_at timestamptz default null,
    resource_id uuid default null
)
returns pricing.line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line pricing.line;
begin
    v_line.kind = make_line.kind;
    v_line.name = make_line.name;
    v_line.quantity = make_line.quantity;
    v_line.unit_minor = make_line.unit_minor;
    v_line.currency = make_line.currency;
    v_line.reference = make_line.reference;
    v_line.item_id = make_line.item_id;
    v_line.addon_ids = make_line.addon_ids;
    v_line.addon_minors = make_line.addon_minors;
    v_line.starts_at = make_line.starts_at;
    v_line.resource_id = make_line.resource_id;
    v_line.rules = '[]';
    return v_line;
end;
$$;

/*
 * Price lines of one currency, in this order: price lists, rules, allowances, promotions, points,
 * tax. Returns {currency, lines: [{kind, name, quantity, unit_minor, amount_minor, discount_minor,
 * tax_minor, tax_is_included, discounts, rules, …reference}], taxes, promotions, subtotal_minor,
 * discount_minor, tax_minor, total_minor}, and `allowances` where some are used. Amounts are whole
 * minor units. A business without lists, rules, allowances and promotions costs one look.
 * Definer: everybody is priced by the same rules, which only members of the business may read.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points price_changed · PT422 coupon_invalid
 */
create function pricing.quote(lines pricing.line[], context pricing.context)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_tools pricing.tools = pricing.tools_of(context.business_id);
    v_context pricing.context = pricing.context_for(context, v_tools);
    v_quote jsonb = pricing.add_taxes(
        pricing.untaxed_quote(
            pricing.listed_lines(lines, v_context, v_tools), v_context, v_tools
        ),
        v_context
    );
begin
    if v_context.accepted_total_minor <> (v_quote ->> 'total_minor')::bigint then
        perform pricing.refuse_changed_price();
    end if;
    return v_quote;
end;
$$;

/*
 * Return a context with what the tools of its business ask for.
 *
 * Errors:  PT404 not_found
 */
create function pricing.context_for(context pricing.context, tools pricing.tools)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if tools.is_in_use or context.store_id is not null then
        return pricing.complete_context(context);
    end if;
    return context;
end;
$$;

/*
 * Return some lines with the prices of the lists and the rules of a business.
 *
 * Errors:  PT400 invalid_input
 */
create function pricing.listed_lines(
    lines pricing.line[], context pricing.context, tools pricing.tools
)
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = lines;
begin
    if tools.has_lists or context.currency <> lines[1].currency or cardinality(lines) > 1 and exists (
        select 1
        from unnest(lines) as line
        where line.currency <> coalesce(context.currency, lines[1].currency)
    ) then
        v_lines = pricing.apply_lists(v_lines, context);
    end if;
    if tools.has_rules then
        v_lines = pricing.apply_rules(v_lines, context);
    end if;
    return v_lines;
end;
$$;

/*
 * Return what one of each of some lines costs by the lists and rules of the business, before any
 * discount.
 * Definer: as pricing.quote.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function pricing.unit_prices(lines pricing.line[], context pricing.context)
returns bigint[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return array(
        select line.unit_minor
        from unnest(
            pricing.listed_lines(
                lines,
                pricing.complete_context(context),
                pricing.tools_of(context.business_id)
            )
        ) with ordinality as line
        order by line.ordinality
    );
end;
$$;

/*
 * Return the quote of lines that have their prices: with discounts and points, before tax.
 *
 * Errors:  PT409 coupon_exhausted insufficient_points · PT422 coupon_invalid
 */
create function pricing.untaxed_quote(
    lines pricing.line[], context pricing.context, tools pricing.tools
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_discounts pricing.discount[] = '{}';
begin
    if tools.has_allowances then
        v_discounts = pricing.allowance_discounts(lines, context);
    end if;
    if tools.has_promotions or context.coupon_code is not null then
        v_discounts = v_discounts || pricing.discounts_of(lines, context, v_discounts);
    end if;
    if context.redeem_points > 0 then
        v_discounts = v_discounts || pricing.points_discounts(lines, context, v_discounts);
    end if;
    return pricing.list_lines(lines, v_discounts);
end;
$$;

/*
 * Return which tools of pricing a business uses.
 */
create function pricing.tools_of(business_id uuid)
returns pricing.tools
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_tools pricing.tools;
begin
    v_tools.has_lists = exists (
        select 1 from pricing.price_lists where price_lists.business_id = tools_of.business_id
    );
    v_tools.has_rules = exists (
        select 1
        from pricing.price_rules
        where price_rules.business_id = tools_of.business_id and price_rules.is_active
    );
    v_tools.has_promotions = exists (
        select 1 from pricing.promotions where promotions.business_id = tools_of.business_id
    );
    v_tools.has_allowances = exists (
        select 1 from customers.allowances where allowances.business_id = tools_of.business_id
    );
    v_tools.is_in_use = v_tools.has_lists or v_tools.has_rules or v_tools.has_promotions
    or v_tools.has_allowances;
    return v_tools;
end;
$$;

/*
 * Refuse a sale at another price than the buyer accepted.
 *
 * Errors:  PT409 price_changed
 */
create function pricing.refuse_changed_price()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'price_changed', 'The price has changed since you saw it.',
        'Quote again and accept the new total; nothing was booked or charged.'
    );
end;
$$;

-- sql/35_pricing/functions/rules.sql

-- Which rules change a price, and in which order:
--
-- 1. the higher priority
-- 2. the rule with more conditions
-- 3. the older rule
--
-- Each rule changes the price that the one before it left, rounded half away from zero to a whole
-- minor unit and never below zero. After a final rule no other changes the price. No rule changes
-- the price of a gift card or of shipping.

/*
 * Return the active rules of a business that may hold for some lines: those that the buyer, the
 * moment, the store and the region meet.
 */
create function pricing.rules_for(lines pricing.line[], context pricing.context)
returns setof pricing.price_rules
language plpgsql
stable
security invoker
rows 200
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select price_rules.*
    from pricing.price_rules
    where
        price_rules.business_id = context.business_id
        and price_rules.is_active
        and (
            price_rules.service_id is null
            or price_rules.service_id = any(array(select line.item_id from unnest(lines) as line))
        )
        and coalesce(price_rules.starts_at <= context.at, true)
        and coalesce(price_rules.ends_at > context.at, true)
        and coalesce(price_rules.currency = lines[1].currency, true)
        and (
            price_rules.customer_group_id is null
            or price_rules.customer_group_id = any(context.group_ids)
        )
        and (price_rules.access is null or price_rules.access = any(context.accesses))
        and coalesce(price_rules.store_id = context.store_id, price_rules.store_id is null)
        and (
            price_rules.region is null
            or pricing.is_within(context.region, price_rules.region)
        );
end;
$$;

/*
 * Return what rules may ask about each line: when it begins by the clock of the business, how far
 * ahead it is bought, how much of that day is taken, and who provides it.
 */
create function pricing.facts_of(lines pricing.line[], context pricing.context)
returns table (
    place bigint,
    item_id uuid,
    quantity integer,
    begins_on date,
    begins_at time,
    weekday smallint,
    lead_minutes integer,
    demand_bps integer,
    staff_level text
)
language plpgsql
stable
security invoker
rows 5
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        line.ordinality,
        line.item_id,
        line.quantity,
        (line.starts_at at time zone context.time_zone)::date,
        (line.starts_at at time zone context.time_zone)::time,
        extract(isodow from line.starts_at at time zone context.time_zone)::smallint,
        floor(extract(epoch from line.starts_at - context.at) / 60)::integer,
        (
            select day_demands.demand_bps
            from pricing.day_demands
            where
                day_demands.business_id = context.business_id
                and day_demands.day = (line.starts_at at time zone context.time_zone)::date
                and coalesce(day_demands.service_id = line.item_id, day_demands.service_id is null)
            order by day_demands.service_id nulls last
            limit 1
        ),
        (
            select resources.staff_level
            from catalog.resources
            where
                resources.business_id = context.business_id
                and resources.id = line.resource_id
        )
    from unnest(lines) with ordinality as line
    where line.kind not in ('gift_card', 'shipping');
end;
$$;

/*
 * Return each rule that may hold, for each line that it concerns, in the order above, with the
 * first condition that the line does not meet: null where it holds. `is_brief`: only those that
 * hold.
 */
create function pricing.judged_rules(
    lines pricing.line[], context pricing.context, is_brief boolean
)
returns table (
    place bigint, rule_id uuid, name text, change_bps integer, change_minor bigint,
    unit_minor bigint, is_final boolean, unmet text
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        facts.place, rules.id, rules.name, rules.change_bps, rules.change_minor, rules.unit_minor,
        rules.is_final, judged.unmet
    from pricing.facts_of(lines, context) as facts
    inner join pricing.rules_for(lines, context) as rules
        on coalesce(rules.service_id = facts.item_id, rules.service_id is null)
    cross join lateral (
        select case
            when facts.quantity < rules.min_quantity or facts.quantity > rules.max_quantity
                then 'quantity'
            when (rules.weekdays is null or facts.weekday = any(rules.weekdays)) is not true
                then 'weekday'
            -- By day it begins after the one and before the other; by night one of the two is enough.
            when (
                rules.from_time is null
                or (facts.begins_at >= rules.from_time and facts.begins_at < rules.until_time)
                or rules.from_time > rules.until_time
                and (facts.begins_at >= rules.from_time or facts.begins_at < rules.until_time)
            ) is not true then 'time'
            when (rules.from_on is null or facts.begins_on >= rules.from_on) is not true
                or (rules.until_on is null or facts.begins_on <= rules.until_on) is not true
                then 'season'
            when (
                (rules.min_lead_minutes is null or facts.lead_minutes >= rules.min_lead_minutes)
                and (rules.max_lead_minutes is null or facts.lead_minutes < rules.max_lead_minutes)
            ) is not true then 'lead time'
            when (
                (rules.min_demand_bps is null or facts.demand_bps >= rules.min_demand_bps)
                and (rules.max_demand_bps is null or facts.demand_bps <= rules.max_demand_bps)
            ) is not true then 'demand'
            when (rules.staff_level is null or facts.staff_level = rules.staff_level) is not true
                then 'staff level'
        end as unmet
    ) as judged
    where judged.unmet is null or not is_brief
    order by
        facts.place, rules.priority desc, rules.condition_count desc, rules.created_at, rules.id;
end;
$$;

/*
 * Return the price of one after each rule that holds, line by line and rule by rule.
 */
create function pricing.rule_steps(lines pricing.line[], context pricing.context)
returns table (place bigint, rule_id uuid, name text, unit_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_rule record;
    v_final_place bigint = 0;
begin
    place = 0;
    for v_rule in
        select judged.* from pricing.judged_rules(lines, context, is_brief => true) as judged
    loop
        continue when v_rule.place = v_final_place;
        if v_rule.place <> place then
            place = v_rule.place;
            unit_minor = lines[place].unit_minor;
        end if;
        rule_id = v_rule.rule_id;
        name = v_rule.name;
        unit_minor = least(
            greatest(
                coalesce(
                    v_rule.unit_minor,
                    unit_minor + v_rule.change_minor,
                    round(unit_minor::numeric * (10000 + v_rule.change_bps) / 10000)::bigint
                ),
                0
            ),
            1000000000000
        );
        return next;
        if v_rule.is_final then
            v_final_place = place;
        end if;
    end loop;
end;
$$;

/*
 * Return some lines with the prices that the rules of the business make of them, and with the price
 * after each rule.
 */
create function pricing.apply_rules(lines pricing.line[], context pricing.context)
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_lines pricing.line[] = lines;
    v_line pricing.line;
    v_found record;
begin
    for v_found in
        select
            steps.place,
            jsonb_agg(
                jsonb_build_object(
                    'source', 'rule',
                    'id', steps.rule_id,
                    'name', steps.name,
                    'unit_minor', steps.unit_minor
                )
                order by steps.step
            ) as trail
        from pricing.rule_steps(lines, context)
            with ordinality as steps (place, rule_id, name, unit_minor, step)
        group by steps.place
    loop
        v_line = lines[v_found.place];
        if v_line.rules = '[]' then
            v_line.rules = pricing.trail('catalog', null, 'Catalog', v_line.unit_minor);
        end if;
        v_line.rules = v_line.rules || v_found.trail;
        v_line.unit_minor = (v_found.trail -> -1 ->> 'unit_minor')::bigint;
        v_lines[v_found.place] = v_line;
    end loop;
    return v_lines;
end;
$$;

-- sql/35_pricing/functions/split.sql

-- How an amount is divided so that nothing is lost.

/*
 * Split an amount in proportion to weights, by largest remainder; ties go to the first. The parts
 * add up to the amount. Without any weight the parts are equal.
 */
create function pricing.split(amount_minor bigint, weights bigint[])
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_total numeric = (select sum(weight) from unnest(weights) as weight);
begin
    if v_total = 0 then
        return pricing.split(amount_minor, array_fill(1::bigint, array[cardinality(weights)]));
    end if;
    return array(
        with shares as (
            select
                parts.place,
                div(amount_minor * parts.weight::numeric, v_total) as whole,
                mod(amount_minor * parts.weight::numeric, v_total) as remainder
            from unnest(weights) with ordinality as parts (weight, place)
        ),

        ranked as (
            select
                shares.*,
                row_number() over (order by shares.remainder desc, shares.place) as rank,
                amount_minor - sum(shares.whole) over () as rest
            from shares
        )

        select (ranked.whole + (ranked.rank <= ranked.rest)::integer)::bigint
        from ranked
        order by ranked.place
    );
end;
$$;

-- sql/35_pricing/functions/tax_documents.sql

-- The tax of a document, computed. These functions read no table: rates and amounts are arguments.
-- A tax is rounded once for each rate of the document or once for each line, as the place has it;
-- that figure is the truth, and the lines get shares of it by largest remainder.

/*
 * Return each tax of some rates as a fraction of the amount before tax. A compound tax is levied
 * on the taxes before it as well.
 */
create function pricing.tax_fractions(rates pricing.tax_rate[])
returns numeric[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_rate pricing.tax_rate;
    v_fractions numeric[] = '{}';
    v_sum numeric = 0;
    v_fraction numeric;
begin
    foreach v_rate in array coalesce(rates, '{}') loop
        v_fraction = v_rate.rate_bps * 0.0001;
        if v_rate.is_compound then
            v_fraction = v_fraction * (1 + v_sum);
        end if;
        v_fractions = v_fractions || v_fraction;
        v_sum = v_sum + v_fraction;
    end loop;
    return v_fractions;
end;
$$;

/*
 * Round a tax to whole minor units. What is negative is rounded as its opposite.
 */
create function pricing.round_tax(exact numeric, mode pricing.rounding_mode)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    -- Quotients are not exact: nine decimals are far finer than any two taxes differ.
    select (
        sign(exact) * case mode
            when 'down' then floor(round(abs(exact), 9))
            when 'up' then ceil(round(abs(exact), 9))
            else round(round(abs(exact), 9))
        end
    )::bigint;
end;

/*
 * Return the taxes of lines, exact: a row for each line and tax, and one with the component `none`
 * for a line without taxes. `part` names what is rounded together.
 */
create function pricing.exact_taxes(
    lines pricing.taxable[], rounding_unit pricing.rounding_unit
)
returns table (
    place integer,
    ordinal integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    part text,
    amount_minor bigint,
    is_included boolean,
    fraction numeric,
    divisor numeric,
    written_minor bigint
)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        line.place,
        coalesce(rates.ordinality, 1)::integer,
        coalesce(rates.component, 'none'),
        coalesce(rates.rate_bps, 0),
        coalesce(rates.is_compound, false),
        rates.jurisdiction,
        case exact_taxes.rounding_unit when 'line' then line.unit else '' end,
        line.amount_minor,
        line.is_included,
        coalesce(fractions.each[rates.ordinality], 0),
        coalesce(
            line.divisor,
            case when line.is_included then 1 + coalesce(fractions.total, 0) else 1 end
        ),
        case when rates.ordinality is null and line.taxes_minor is not null then 0
            else line.taxes_minor[rates.ordinality] end
    from unnest(lines) as line
    cross join lateral (
        select computed.each, (select sum(each_one) from unnest(computed.each) as each_one) as total
        from (select pricing.tax_fractions(line.rates) as each) as computed
    ) as fractions
    left join lateral unnest(line.rates) with ordinality as rates on true;
end;
$$;

/*
 * Return what is due for each tax of a document: the rounded tax of all its lines, less what was
 * written of it before.
 */
create function pricing.taxes_due(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns table (part text, component text, rate_bps numeric, due_minor bigint)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        amounts.part,
        amounts.component,
        amounts.rate_bps,
        pricing.round_tax(
            sum(amounts.amount * amounts.fraction / amounts.divisor), taxes_due.rounding_mode
        ) - coalesce(sum(amounts.written), 0)::bigint
    from (
        -- Amounts at the same rates are added up first, so that one quotient is rounded.
        select
            exact.part,
            exact.component,
            exact.rate_bps,
            exact.fraction,
            exact.divisor,
            sum(exact.amount_minor) as amount,
            sum(exact.written_minor) as written
        from pricing.exact_taxes(lines, taxes_due.rounding_unit) as exact
        group by exact.part, exact.component, exact.rate_bps, exact.fraction, exact.divisor
    ) as amounts
    group by amounts.part, amounts.component, amounts.rate_bps;
end;
$$;

/*
 * Return the taxes of the lines that are not written yet: each share in whole minor units towards
 * zero, and what the shares of the same tax lack (`rest`) for what is due.
 */
create function pricing.tax_shares(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns table (
    place integer,
    ordinal integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    part text,
    net_minor bigint,
    is_included boolean,
    share numeric,
    number bigint,
    rest numeric
)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        cells.place, cells.ordinal, cells.component, cells.rate_bps, cells.is_compound,
        cells.jurisdiction, cells.part, cells.amount_minor, cells.is_included, cells.exact,
        count(*) over same,
        due.due_minor - sum(trunc(cells.exact)) over same
    from (
        select
            exact.*,
            round(exact.amount_minor * exact.fraction / exact.divisor, 12) as exact
        from pricing.exact_taxes(lines, tax_shares.rounding_unit) as exact
        where exact.written_minor is null
    ) as cells
    inner join pricing.taxes_due(
        lines, tax_shares.rounding_unit, tax_shares.rounding_mode
    ) as due
        on
            due.part = cells.part
            and due.component = cells.component
            and due.rate_bps = cells.rate_bps
    window same as (partition by cells.part, cells.component, cells.rate_bps);
end;
$$;

/*
 * Return the taxes of the lines of a document that are not written yet: what is due, shared among
 * them by largest remainder; ties go to the first line. The base is the amount without any tax.
 */
create function pricing.document_taxes(
    lines pricing.taxable[],
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode
)
returns setof pricing.tax_part
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    with ranked as (
        select
            shares.*,
            row_number() over (
                partition by shares.part, shares.component, shares.rate_bps
                order by
                    (shares.share - trunc(shares.share)) * sign(shares.rest) desc, shares.place
            ) as rank
        from pricing.tax_shares(
            lines, document_taxes.rounding_unit, document_taxes.rounding_mode
        ) as shares
    ),

    taxed as (
        select
            ranked.*,
            trunc(ranked.share) + trunc(ranked.rest / ranked.number)
            + case when ranked.rank <= mod(abs(ranked.rest), ranked.number)
                then sign(ranked.rest) else 0 end as tax
        from ranked
    )

    select
        taxed.place, taxed.component, taxed.rate_bps, taxed.is_compound, taxed.jurisdiction,
        (
            taxed.net_minor
            - case when taxed.is_included then sum(taxed.tax) over line else 0 end
            + case when taxed.is_compound then sum(taxed.tax) over earlier - taxed.tax else 0 end
        )::bigint,
        taxed.tax::bigint
    from taxed
    window
        line as (partition by taxed.place),
        earlier as (partition by taxed.place order by taxed.ordinal)
    order by taxed.place, taxed.ordinal;
end;
$$;

-- sql/35_pricing/functions/tax_numbers.sql

-- What a worker asks and says about tax numbers. It knows the check digits of each country; what
-- follows from a verified number is decided here.

/*
 * Return a number whose check digits nobody has looked at yet: {country, number}; null otherwise.
 * Definer: workers have no access to the tables.
 */
create function pricing.tax_number_to_check(tax_number_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object('country', tax_numbers.country, 'number', tax_numbers.number)
        from pricing.tax_numbers
        where
            tax_numbers.id = tax_number_to_check.tax_number_id
            and tax_numbers.status = 'pending'
    );
end;
$$;

/*
 * Record what the check digits of a number say: whether they hold, or null where nobody knows them
 * for the country. A number that was changed meanwhile waits for its own check.
 * Definer: workers have no access to the tables.
 */
create function pricing.record_tax_number_check(
    tax_number_id uuid, number text, is_valid boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update pricing.tax_numbers
    set
        status = case record_tax_number_check.is_valid
            when true then 'verified'
            when false then 'refused'
            else 'unchecked'
        end::pricing.tax_number_status,
        checked_at = private.now()
    where
        tax_numbers.id = record_tax_number_check.tax_number_id
        and tax_numbers.number = record_tax_number_check.number
        and tax_numbers.status = 'pending';
end;
$$;

/*
 * Return the verified tax number of a business in its country, or null.
 * Definer: it stands on documents, which customers read.
 */
create function pricing.tax_number_of(business_id uuid, country text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select tax_numbers.number
        from pricing.tax_numbers
        where
            tax_numbers.business_id = tax_number_of.business_id
            and tax_numbers.customer_id is null
            and tax_numbers.country = tax_number_of.country
            and tax_numbers.status = 'verified'
    );
end;
$$;

-- sql/35_pricing/functions/tax_rates.sql

-- Which taxes a business levies on what it sells.

/*
 * Return how a business taxes what it sells, or null when it is not registered for tax. A choice
 * that its country does not leave to the seller has no effect.
 * Definer: the answer is the same for every caller.
 */
create function pricing.tax_basis(business_id uuid)
returns pricing.tax_basis
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_settings pricing.tax_settings;
    v_place pricing.tax_places;
    v_basis pricing.tax_basis;
begin
    select tax_settings.* into v_settings
    from pricing.tax_settings
    where tax_settings.business_id = tax_basis.business_id;
    if not found then
        return null;
    end if;
    select businesses.country, businesses.time_zone into v_basis.country, v_basis.time_zone
    from business.businesses
    where businesses.id = tax_basis.business_id;
    select tax_places.* into v_place
    from pricing.tax_places
    where tax_places.country = v_basis.country;

    v_basis.business_id = v_settings.business_id;
    v_basis.region = v_settings.region;
    v_basis.is_included = coalesce(v_settings.prices_include_tax, v_place.prices_include_tax, true);
    v_basis.rounding_unit = case
        when v_settings.rounding_unit = any(v_place.rounding_units) then v_settings.rounding_unit
        else coalesce(v_place.rounding_unit, 'rate')
    end;
    v_basis.rounding_mode = case
        when v_settings.rounding_mode = any(v_place.rounding_modes) then v_settings.rounding_mode
        else coalesce(v_place.rounding_mode, 'half_up')
    end;
    v_basis.fees_are_taxed = v_settings.fees_are_taxed;
    v_basis.is_in_eu = coalesce(v_place.is_in_eu, false);
    v_basis.gift_card_tax_class = v_settings.gift_card_tax_class;
    return v_basis;
end;
$$;

/*
 * Return the taxes of a class of what a business sells on a day, in their order. Rows of the
 * business stand in the place of the reference rates. A class without a rate there is taxed like
 * the standard class, so that nothing is left untaxed by mistake.
 * Definer: the answer is the same for every caller.
 */
create function pricing.tax_rates(
    basis pricing.tax_basis, tax_class text, on_day date, reach pricing.tax_reach
)
returns pricing.tax_rate[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_rates pricing.tax_rate[];
begin
    if tax_class = 'outside' then
        return '{}';
    end if;
    select
        array_agg(
            pricing.make_rate(
                found.component, found.rate_bps, found.is_compound,
                coalesce(found.region, found.country)
            )
            order by found.position, found.component
        )
    into v_rates
    from (
        select
            tax_rules.*,
            bool_or(tax_rules.business_id is not null) over () as has_own
        from pricing.tax_rules
        where
            tax_rules.country = basis.country
            and tax_rules.tax_class = tax_rates.tax_class
            and (tax_rules.region is null or tax_rules.region = basis.region)
            and (tax_rules.business_id is null or tax_rules.business_id = basis.business_id)
            and tax_rules.reach in ('always', tax_rates.reach)
            and tax_rules.during @> on_day
    ) as found
    where (found.business_id is not null) = found.has_own;
    if v_rates is not null then
        return v_rates;
    end if;
    return case tax_class
        when 'standard' then '{}'
        when 'exempt' then array[pricing.make_rate('exempt', 0, false, basis.country)]
        else pricing.tax_rates(basis, 'standard', on_day, reach)
    end;
end;
$$;

/*
 * Return whether the buyer owes the tax instead of the seller: both are in the European Union, in
 * different countries, and the buyer's tax number is verified.
 * Definer: buyers and workers cannot read the numbers.
 */
create function pricing.is_reverse_charged(
    basis pricing.tax_basis, buyer_id uuid, buyer_email text
)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return basis.is_in_eu and exists (
        select 1
        from customers.customers
        inner join pricing.tax_numbers
            on
                tax_numbers.business_id = customers.business_id
                and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
        inner join pricing.tax_places on tax_places.country = tax_numbers.country
        where
            customers.business_id = basis.business_id
            and (
                customers.user_id = buyer_id
                or buyer_id is null
                and customers.user_id is null
                and customers.contact_verified_at is not null
                and lower(customers.email) = lower(buyer_email)
            )
            and tax_numbers.status = 'verified'
            and tax_places.is_in_eu
            and tax_places.country <> basis.country
    );
end;
$$;

/*
 * Return the tax class of a line: that of its kind, its own, or that of its service. Gift cards
 * have the class that their seller chose, if any.
 */
create function pricing.tax_class_of(
    kind text, own_class text, service_class text, gift_card_class text
)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when kind = 'gift_card' then coalesce(gift_card_class, 'outside')
        when kind in ('tip', 'rounding') then 'outside'
        else coalesce(own_class, service_class, 'standard')
    end;
end;

-- sql/35_pricing/functions/tax_values.sql

-- How the values are made of which taxes are computed: a line to tax, and a tax on it.

/*
 * Make a line to tax that is not written yet and is rounded alone.
 */
create function pricing.make_taxable(
    place integer, amount_minor bigint, is_included boolean, rates pricing.tax_rate[]
)
returns pricing.taxable
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line pricing.taxable;
begin
    v_line.place = make_taxable.place;
    v_line.unit = make_taxable.place::text;
    v_line.amount_minor = make_taxable.amount_minor;
    v_line.is_included = make_taxable.is_included;
    v_line.rates = make_taxable.rates;
    return v_line;
end;
$$;

/*
 * Make a tax of a line.
 */
create function pricing.make_rate(
    component text,
    rate_bps numeric,
    is_compound boolean default false,
    jurisdiction text default null
)
returns pricing.tax_rate
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_rate pricing.tax_rate;
begin
    v_rate.component = make_rate.component;
    v_rate.rate_bps = make_rate.rate_bps;
    v_rate.is_compound = make_rate.is_compound;
    v_rate.jurisdiction = make_rate.jurisdiction;
    return v_rate;
end;
$$;

-- sql/35_pricing/functions/taxes.sql

-- The last step of a quote: tax.

/*
 * Add the taxes of a quote: its rows, the share of each line, and the totals. Prices either include
 * tax, and then the total stays what it was, or tax comes on top.
 */
create function pricing.add_taxes(quote jsonb, context pricing.context)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_basis pricing.tax_basis = pricing.tax_basis(context.business_id);
    v_lines pricing.taxable[];
    v_base bigint;
begin
    if v_basis.business_id is not null then
        v_lines = pricing.taxable_lines(quote, v_basis, context);
        return pricing.put_taxes(
            quote,
            v_basis,
            array(
                select parts
                from pricing.document_taxes(
                    v_lines, v_basis.rounding_unit, v_basis.rounding_mode
                ) as parts
            )
        );
    end if;
    v_base = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
    return quote || jsonb_build_object(
        'taxes', jsonb_build_array(jsonb_build_object(
            'component', 'none',
            'rate_bps', 0,
            'jurisdiction', null,
            'base_minor', v_base,
            'tax_minor', 0,
            'is_included', true
        )),
        'tax_minor', 0,
        'total_minor', v_base
    );
end;
$$;

/*
 * Return the lines of a quote with their taxes, still without figures. Services are taxed where the
 * business is; goods that go to another region may be taxed differently. Rates are looked up once
 * for each class.
 * Definer: the answer is the same for every caller.
 */
create function pricing.taxable_lines(
    quote jsonb, basis pricing.tax_basis, context pricing.context
)
returns pricing.taxable[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_on_day constant date
        = (coalesce(context.at, private.now()) at time zone basis.time_zone)::date;
    v_is_reversed constant boolean = pricing.is_reverse_charged(
        basis, context.buyer_id, context.buyer_email
    );
begin
    return array(
        with lines as (
            select
                line.ordinality::integer as place,
                (line.value ->> 'amount_minor')::bigint
                - (line.value ->> 'discount_minor')::bigint as net_minor,
                pricing.tax_class_of(
                    line.value ->> 'kind', line.value ->> 'tax_class', services.tax_class,
                    basis.gift_card_tax_class
                ) as tax_class,
                pricing.includes_tax(line.value ->> 'kind', basis.is_included) as is_included,
                pricing.reach_of(line.value ->> 'kind', basis.region, context.region) as reach
            from jsonb_array_elements(quote -> 'lines') with ordinality as line
            left join catalog.services on services.id = (line.value ->> 'service_id')::uuid
        ),

        rates as materialized (
            select
                classes.tax_class,
                classes.reach,
                pricing.tax_rates(basis, classes.tax_class, v_on_day, classes.reach) as of_class
            from (select distinct lines.tax_class, lines.reach from lines) as classes
        )

        select pricing.make_taxable(
            lines.place,
            lines.net_minor,
            lines.is_included,
            case
                when v_is_reversed and rates.of_class <> '{}'
                    then array[pricing.make_rate('reverse_charge', 0, false, basis.country)]
                else rates.of_class
            end
        )
        from lines
        inner join rates using (tax_class, reach)
        order by lines.place
    );
end;
$$;

/*
 * Return whether tax is in the amount of a line. What a gift card costs is what it pays later, so
 * tax never comes on top of it.
 */
create function pricing.includes_tax(kind text, prices_include_tax boolean)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select prices_include_tax or kind = 'gift_card';
end;

/*
 * Return whether what is sold stays in the region of the seller.
 */
create function pricing.reach_of(kind text, seller_region text, buyer_region text)
returns pricing.tax_reach
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when kind in ('product', 'shipping')
            and buyer_region like '__-%'
            and seller_region is distinct from buyer_region
            then 'between_regions'
        else 'within_region'
    end;
end;
$$;

/*
 * Return a quote with its taxes: rows, lines and totals.
 */
create function pricing.put_taxes(
    quote jsonb, basis pricing.tax_basis, parts pricing.tax_part[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines constant jsonb = pricing.put_line_taxes(quote -> 'lines', basis.is_included, parts);
    v_tax constant bigint = (select sum(part.tax_minor) from unnest(parts) as part);
    -- The lines on which tax comes on top.
    v_places constant integer[] = array(
        select line.ordinality
        from jsonb_array_elements(v_lines) with ordinality as line
        where line.value -> 'tax_is_included' = 'false'
    );
    v_net constant bigint
        = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
begin
    return quote || jsonb_build_object(
        'lines', v_lines,
        'taxes', (
            select jsonb_agg(
                jsonb_build_object(
                    'component', rows.component,
                    'rate_bps', rows.rate_bps,
                    'jurisdiction', rows.jurisdiction,
                    'base_minor', rows.base_minor,
                    'tax_minor', rows.tax_minor,
                    'is_included', not exists (
                        select 1
                        from unnest(parts) as part
                        where
                            part.component = rows.component
                            and part.rate_bps = rows.rate_bps
                            and part.place = any(v_places)
                    ),
                    'rounding_unit', case when rows.component <> 'none' then basis.rounding_unit end,
                    'rounding_mode', case when rows.component <> 'none' then basis.rounding_mode end
                )
                order by rows.place, rows.component
            )
            from pricing.tax_rows(parts) as rows
        ),
        'tax_minor', v_tax,
        'total_minor', v_net + coalesce(
            (
                select sum(part.tax_minor)
                from unnest(parts) as part
                where part.place = any(v_places)
            ),
            0
        )::bigint
    );
end;
$$;

/*
 * Return the taxes of a document: the sum of its lines for each component and rate, at the place
 * of the first line that has it.
 */
create function pricing.tax_rows(parts pricing.tax_part[])
returns setof pricing.tax_part
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        min(part.place),
        part.component,
        part.rate_bps,
        bool_or(part.is_compound),
        min(part.jurisdiction),
        sum(part.base_minor)::bigint,
        sum(part.tax_minor)::bigint
    from unnest(parts) as part
    group by part.component, part.rate_bps;
end;
$$;

/*
 * Return the lines of a quote with their share of the tax and its parts.
 */
create function pricing.put_line_taxes(
    lines jsonb, is_included boolean, parts pricing.tax_part[]
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(
            line.value || jsonb_build_object(
                'tax_minor', taxes.tax_minor,
                'tax_is_included', pricing.includes_tax(
                    line.value ->> 'kind', put_line_taxes.is_included
                ),
                'taxes', taxes.each
            )
            order by line.ordinality
        )
        from jsonb_array_elements(lines) with ordinality as line
        cross join lateral (
            select
                sum(part.tax_minor) as tax_minor,
                coalesce(
                    jsonb_agg(to_jsonb(part) - 'place' order by part.ordinality)
                    filter (where part.component <> 'none'),
                    '[]'
                ) as each
            from unnest(parts) with ordinality as part
            where part.place = line.ordinality
        ) as taxes
    );
end;
$$;

-- sql/35_pricing/functions/writing.sql

-- How a quote is written down.

/*
 * Return the quote of some lines less what discounts take off, before tax.
 */
create function pricing.list_lines(lines pricing.line[], discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_lines jsonb;
    v_subtotal bigint;
begin
    select
        jsonb_agg(
            jsonb_build_object(
                'kind', line.kind,
                'name', line.name,
                'quantity', line.quantity,
                'unit_minor', line.unit_minor,
                'amount_minor', line.unit_minor * line.quantity,
                'discount_minor', 0,
                'tax_minor', 0,
                'tax_is_included', true,
                'discounts', '[]'::jsonb,
                'rules', line.rules
            ) || line.reference
            order by line.ordinality
        ),
        sum(line.unit_minor * line.quantity)
    into v_lines, v_subtotal
    from unnest(lines) with ordinality as line;
    return jsonb_build_object(
        'currency', lines[1].currency,
        'lines', v_lines,
        'promotions', '[]'::jsonb,
        'subtotal_minor', v_subtotal,
        'discount_minor', 0
    ) || case when discounts <> '{}' then pricing.list_discounts(v_lines, discounts) else '{}' end;
end;
$$;

/*
 * Return what discounts change in a quote: its lines, the promotions that a sale will claim, and
 * the sum.
 */
create function pricing.list_discounts(lines jsonb, discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return jsonb_build_object(
        'lines', (
            select jsonb_agg(
                line.value || coalesce(
                    (
                        select jsonb_build_object(
                            'discount_minor', sum(discount.amount_minor),
                            'discounts', jsonb_agg(
                                pricing.list_discount(
                                    discount.promotion_id, discount.allowance_id, discount.name,
                                    discount.bearer, discount.amount_minor, discount.units
                                )
                                order by discount.ordinality
                            )
                        )
                        from unnest(discounts) with ordinality as discount
                        where discount.place = line.place
                        having count(*) > 0
                    ),
                    '{}'
                )
                order by line.place
            )
            from jsonb_array_elements(lines) with ordinality as line (value, place)
        ),
        'promotions', pricing.list_promotions(discounts),
        'discount_minor', (
            select sum(discount.amount_minor)
            from unnest(discounts) as discount
        )
    ) || pricing.list_allowances(discounts);
end;
$$;

/*
 * Return a discount as a line of a quote lists it: {source, name, bearer, amount_minor}, and
 * `points` where points take something off.
 */
create function pricing.list_discount(
    promotion_id uuid,
    allowance_id uuid,
    name text,
    bearer text,
    amount_minor bigint,
    units integer
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'source', coalesce(promotion_id::text, allowance_id::text, 'points'),
        'name', list_discount.name,
        'bearer', list_discount.bearer,
        'amount_minor', list_discount.amount_minor
    ) || case
        when num_nonnulls(promotion_id, allowance_id) = 0
            then jsonb_build_object('points', list_discount.units)
        else '{}'
    end;
end;
$$;

/*
 * Return the allowances that a sale will use, and how many units of each on which line.
 */
create function pricing.list_allowances(discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object(
                'allowances',
                jsonb_agg(
                    jsonb_build_object(
                        'allowance_id', discount.allowance_id,
                        'place', discount.place,
                        'units', discount.units
                    )
                    order by discount.allowance_id, discount.place
                )
            )
            from unnest(discounts) as discount
            where discount.allowance_id is not null
            having count(*) > 0
        ),
        '{}'
    );
end;
$$;

/*
 * Return the promotions that a sale will claim, and what each takes off.
 */
create function pricing.list_promotions(discounts pricing.discount[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'promotion_id', used.promotion_id,
                    'coupon_id', used.coupon_id,
                    'amount_minor', used.amount_minor
                )
                order by used.promotion_id
            ),
            '[]'
        )
        from (
            select
                discount.promotion_id,
                discount.coupon_id,
                sum(discount.amount_minor) as amount_minor
            from unnest(discounts) as discount
            where discount.promotion_id is not null
            group by discount.promotion_id, discount.coupon_id
        ) as used
    );
end;
$$;

-- sql/35_pricing/rules/history.sql

-- Each price is noted when it is written.

/*
 * Note the price of a service in the history.
 * Definer: nobody writes the history but this.
 */
create function pricing.services__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, service_id, currency, unit_minor, from_at
    )
    values (new.business_id, new.id, new.currency, new.price_minor, private.now());
    return null;
end;
$$;

create trigger _500_note_price
after insert on catalog.services
for each row
execute function pricing.services__note_price();

create trigger _510_note_price
after update on catalog.services
for each row
when (old.price_minor <> new.price_minor or old.currency <> new.currency)
execute function pricing.services__note_price();

/*
 * Note the price of an add-on in the history.
 * Definer: nobody writes the history but this.
 */
create function pricing.service_addons__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, addon_id, currency, unit_minor, from_at
    )
    select new.business_id, new.id, services.currency, new.price_minor, private.now()
    from catalog.services
    where services.business_id = new.business_id and services.id = new.service_id;
    return null;
end;
$$;

create trigger _500_note_price
after insert on catalog.service_addons
for each row
execute function pricing.service_addons__note_price();

create trigger _510_note_price
after update on catalog.service_addons
for each row
when (old.price_minor <> new.price_minor)
execute function pricing.service_addons__note_price();

/*
 * Note the price of a variant in the history.
 * Definer: nobody writes the history but this.
 */
create function pricing.product_variants__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, variant_id, currency, unit_minor, from_at
    )
    select new.business_id, new.id, products.currency, new.price_minor, private.now()
    from catalog.products
    where products.business_id = new.business_id and products.id = new.product_id;
    return null;
end;
$$;

create trigger _500_note_price
after insert on catalog.product_variants
for each row
execute function pricing.product_variants__note_price();

create trigger _510_note_price
after update on catalog.product_variants
for each row
when (old.price_minor <> new.price_minor)
execute function pricing.product_variants__note_price();

/*
 * Note the price of a price list's item in the history, and that it has none any more when the item
 * is deleted or moved.
 * Definer: nobody writes the history but this.
 */
create function pricing.price_list_items__note_price()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' and (
        tg_op = 'DELETE'
        or (old.service_id, old.addon_id, old.variant_id, old.min_quantity)
        is distinct from (new.service_id, new.addon_id, new.variant_id, new.min_quantity)
    ) then
        perform pricing.note_item_price(old, null);
    end if;
    if tg_op <> 'DELETE' then
        perform pricing.note_item_price(new, new.unit_minor);
    end if;
    return null;
end;
$$;

create trigger _500_note_price
after insert or update or delete on pricing.price_list_items
for each row
execute function pricing.price_list_items__note_price();

-- sql/35_pricing/rules/pricing.sql

-- What a constraint on prices cannot say.

create trigger _010_refuse_bad_input
before insert or update on pricing.price_lists
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.price_list_items
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.price_rules
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.promotions
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.coupons
for each row
execute function business.any__refuse_bad_input('manage');

/*
 * Refuse to delete what sales used: their redemptions stay.
 * Definer: whoever may delete a promotion need not see its redemptions.
 *
 * Errors:  PT409 in_use
 */
create function pricing.promotions__keep_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from pricing.coupon_redemptions
        where
            coupon_redemptions.business_id = old.business_id
            and case tg_table_name
                when 'promotions' then coupon_redemptions.promotion_id
                else coupon_redemptions.coupon_id
            end = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'Sales have used it.', 'Set is_active to false instead.'
        );
    end if;
    return old;
end;
$$;

create trigger _100_keep_used
before delete on pricing.promotions
for each row
execute function pricing.promotions__keep_used();

create trigger _100_keep_used
before delete on pricing.coupons
for each row
execute function pricing.promotions__keep_used();

/*
 * Refuse a change of a promotion of which the platform bears a share: the platform agreed to it as
 * it is. The business may switch it off.
 *
 * Errors:  PT403 forbidden
 */
create function pricing.promotions__keep_agreed()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() then
        perform private.refuse(
            'PT403', 'forbidden',
            'The platform bears a part of this promotion, so only is_active can change.',
            'Make another promotion, or ask the platform.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_agreed
before update on pricing.promotions
for each row
when (
    old.platform_bps > 0
    and to_jsonb(old) - 'is_active' <> to_jsonb(new) - 'is_active'
)
execute function pricing.promotions__keep_agreed();

-- sql/35_pricing/rules/tax.sql

-- What a constraint on tax cannot say.

create trigger _010_refuse_bad_input
before insert or update on pricing.tax_rules
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.tax_settings
for each row execute function business.any__refuse_bad_input('manage');

-- Customers write their own number, which is for the policy to allow.
create trigger _010_refuse_bad_input
before insert or update on pricing.tax_numbers
for each row execute function private.any__refuse_bad_input();

/*
 * Refuse to round tax in a way that the law of the country does not leave to the seller.
 *
 * Errors:  PT422 rounding_not_allowed
 */
create function pricing.tax_settings__refuse_unlawful()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_place pricing.tax_places;
begin
    select tax_places.* into v_place
    from business.businesses
    inner join pricing.tax_places on tax_places.country = businesses.country
    where businesses.id = new.business_id;
    if new.rounding_unit <> all(v_place.rounding_units)
        or new.rounding_mode <> all(v_place.rounding_modes) then
        perform private.refuse(
            'PT422', 'rounding_not_allowed',
            format(
                'In %s tax is rounded by %s, and %s.', v_place.country,
                array_to_string(v_place.rounding_units, ' or '),
                array_to_string(v_place.rounding_modes, ' or ')
            ),
            'Leave rounding_unit and rounding_mode empty to round as the country has it.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_unlawful
before insert or update on pricing.tax_settings
for each row
when (num_nonnulls(new.rounding_unit, new.rounding_mode) > 0)
execute function pricing.tax_settings__refuse_unlawful();

/*
 * Write a tax number without spaces and punctuation, to be checked again.
 */
create function pricing.tax_numbers__normalize()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.number = upper(regexp_replace(new.number, '[\s./-]', '', 'g'));
    new.status = 'pending';
    new.checked_at = null;
    return new;
end;
$$;

create trigger _005_normalize
before insert or update of number, country on pricing.tax_numbers
for each row execute function pricing.tax_numbers__normalize();

/*
 * Ask a worker for the check digits of a number.
 * Definer: clients may not write to the queues.
 */
create function pricing.tax_numbers__ask()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit('tax_number.written', jsonb_build_object('tax_number_id', new.id));
    return null;
end;
$$;

create trigger _200_ask
after insert or update of number, country on pricing.tax_numbers
for each row execute function pricing.tax_numbers__ask();

-- sql/35_pricing/policies/functions.sql

-- Everyone may ask for a price; the lines come from functions that read the catalog.

grant execute on function
pricing.make_line(
    text, text, integer, bigint, text, jsonb, uuid, uuid[], bigint[], timestamptz, uuid
),
pricing.make_terms(text, integer, text, uuid, text, bigint),
pricing.to_terms(text, text, text, text, text, text),
pricing.for_buyer(pricing.context, uuid, uuid, text),
pricing.quote(pricing.line[], pricing.context),
pricing.business_of_promotion(uuid),
pricing.create_coupons(uuid, integer, text),
pricing.new_code(),
pricing.share_promotion(uuid, integer)
to anon, authenticated, service_role;

-- sql/35_pricing/policies/prices.sql

-- Who may read and write prices. Members of a business read what makes its prices; owners and
-- managers write it. Buyers read none of it: a quote says what they pay. Counters, shares of the
-- platform and uses are nobody's to write: functions do.

alter table pricing.price_lists enable row level security;
grant select, delete on pricing.price_lists to authenticated;
grant insert (
    id, business_id, name, currency, priority, customer_group_id, access, store_id, region,
    starts_at, ends_at, is_active
) on pricing.price_lists to authenticated;
grant update (
    id, business_id, name, currency, priority, customer_group_id, access, store_id, region,
    starts_at, ends_at, is_active
) on pricing.price_lists to authenticated;
grant select, insert, update, delete on pricing.price_lists to service_role;

create policy price_lists_select
on pricing.price_lists
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy price_lists_insert
on pricing.price_lists
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy price_lists_update
on pricing.price_lists
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy price_lists_delete
on pricing.price_lists
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.price_list_items enable row level security;
grant select, delete on pricing.price_list_items to authenticated;
grant insert (
    id, business_id, price_list_id, service_id, addon_id, variant_id, min_quantity, unit_minor
) on pricing.price_list_items to authenticated;
grant update (
    id, business_id, service_id, addon_id, variant_id, min_quantity, unit_minor
) on pricing.price_list_items to authenticated;
grant select, insert, update, delete on pricing.price_list_items to service_role;

create policy price_list_items_select
on pricing.price_list_items
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy price_list_items_insert
on pricing.price_list_items
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy price_list_items_update
on pricing.price_list_items
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy price_list_items_delete
on pricing.price_list_items
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.price_rules enable row level security;
grant select, delete on pricing.price_rules to authenticated;
grant insert (
    id, business_id, name, is_active, priority, is_final, change_bps, change_minor,
    unit_minor, currency, service_id, min_quantity, max_quantity, starts_at, ends_at,
    weekdays, from_time, until_time, from_on, until_on, min_lead_minutes, max_lead_minutes,
    min_demand_bps, max_demand_bps, staff_level, customer_group_id, access, store_id, region
) on pricing.price_rules to authenticated;
grant update (
    id, business_id, name, is_active, priority, is_final, change_bps, change_minor,
    unit_minor, currency, service_id, min_quantity, max_quantity, starts_at, ends_at,
    weekdays, from_time, until_time, from_on, until_on, min_lead_minutes, max_lead_minutes,
    min_demand_bps, max_demand_bps, staff_level, customer_group_id, access, store_id, region
) on pricing.price_rules to authenticated;
grant select, insert, update, delete on pricing.price_rules to service_role;

create policy price_rules_select
on pricing.price_rules
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy price_rules_insert
on pricing.price_rules
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy price_rules_update
on pricing.price_rules
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy price_rules_delete
on pricing.price_rules
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.price_history enable row level security;
grant select on pricing.price_history to anon, authenticated;
grant select, insert, update, delete on pricing.price_history to service_role;

-- The prices of the catalog are as public as the service; those of lists are not.
create policy price_history_select_public
on pricing.price_history
for select
to anon
using (
    price_list_id is null
    and (
        exists (
            select 1
            from catalog.services
            where
                services.business_id = price_history.business_id
                and services.id = price_history.service_id
        )
        or exists (
            select 1
            from catalog.product_variants
            where
                product_variants.business_id = price_history.business_id
                and product_variants.id = price_history.variant_id
        )
    )
);

create policy price_history_select
on pricing.price_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or price_list_id is null
    and (
        exists (
            select 1
            from catalog.services
            where
                services.business_id = price_history.business_id
                and services.id = price_history.service_id
        )
        or exists (
            select 1
            from catalog.product_variants
            where
                product_variants.business_id = price_history.business_id
                and product_variants.id = price_history.variant_id
        )
    )
);

-- Upper domains write how much of a day is taken; clients neither read nor write it.
alter table pricing.day_demands enable row level security;
grant select, insert, update, delete on pricing.day_demands to service_role;

-- sql/35_pricing/policies/promotions.sql

-- Who may read and write promotions and coupons: as prices. Buyers read their own uses.

alter table pricing.promotions enable row level security;
grant select, delete on pricing.promotions to authenticated;
grant insert (
    id, business_id, name, kind, is_active, is_automatic, priority, is_combinable,
    percent_bps, amount_minor, buy_quantity, get_quantity, currency, service_id, starts_at,
    ends_at, min_spend_minor, customer_group_id, access, store_id, region, max_uses,
    max_spend_minor, max_uses_per_customer, product_id, variant_id, product_category_id
) on pricing.promotions to authenticated;
grant update (
    id, business_id, name, kind, is_active, is_automatic, priority, is_combinable,
    percent_bps, amount_minor, buy_quantity, get_quantity, currency, service_id, starts_at,
    ends_at, min_spend_minor, customer_group_id, access, store_id, region, max_uses,
    max_spend_minor, max_uses_per_customer, product_id, variant_id, product_category_id
) on pricing.promotions to authenticated;
grant select, insert, update, delete on pricing.promotions to service_role;

create policy promotions_select
on pricing.promotions
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy promotions_insert
on pricing.promotions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy promotions_update
on pricing.promotions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy promotions_delete
on pricing.promotions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.coupons enable row level security;
grant select, delete on pricing.coupons to authenticated;
grant insert (
    id, business_id, promotion_id, code, max_uses, is_active
) on pricing.coupons to authenticated;
grant update (
    id, business_id, max_uses, is_active
) on pricing.coupons to authenticated;
grant select, insert, update, delete on pricing.coupons to service_role;

create policy coupons_select
on pricing.coupons
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy coupons_insert
on pricing.coupons
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy coupons_update
on pricing.coupons
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy coupons_delete
on pricing.coupons
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.coupon_redemptions enable row level security;
grant select on pricing.coupon_redemptions to authenticated;
grant select, insert, update, delete on pricing.coupon_redemptions to service_role;

create policy coupon_redemptions_select
on pricing.coupon_redemptions
for select
to authenticated
using (
    buyer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

-- sql/35_pricing/policies/tax.sql

-- Who may read and write tax. Everybody reads rates and how a business taxes: both stand on every
-- receipt. Owners and managers write those of their business, and the tax numbers of it and of its
-- customers; a customer reads and writes their own number.

alter table pricing.tax_places enable row level security;
alter table pricing.tax_rules enable row level security;
alter table pricing.tax_settings enable row level security;
alter table pricing.tax_numbers enable row level security;

grant select on pricing.tax_places to anon, authenticated, service_role;
-- No writes: places come with the seed.

create policy tax_places_select
on pricing.tax_places
for select
to anon, authenticated
using (true);

grant select on pricing.tax_rules to anon;
grant select, delete on pricing.tax_rules to authenticated;
grant insert (
    id, business_id, country, region, tax_class, component, rate_bps, is_compound, position, reach,
    during
) on pricing.tax_rules to authenticated;
grant update (
    id, business_id, country, region, tax_class, component, rate_bps, is_compound, position, reach,
    during
) on pricing.tax_rules to authenticated;
grant select, insert, update, delete on pricing.tax_rules to service_role;

create policy tax_rules_select
on pricing.tax_rules
for select
to anon, authenticated
using (
    business_id is null
    or exists (
        select 1
        from business.businesses
        where businesses.id = tax_rules.business_id
    )
);

create policy tax_rules_insert
on pricing.tax_rules
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy tax_rules_update
on pricing.tax_rules
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy tax_rules_delete
on pricing.tax_rules
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on pricing.tax_settings to anon;
grant select, delete on pricing.tax_settings to authenticated;
grant insert (
    business_id, region, prices_include_tax, rounding_unit, rounding_mode, fees_are_taxed,
    gift_card_tax_class
) on pricing.tax_settings to authenticated;
grant update (
    business_id, region, prices_include_tax, rounding_unit, rounding_mode, fees_are_taxed,
    gift_card_tax_class
) on pricing.tax_settings to authenticated;
grant select, insert, update, delete on pricing.tax_settings to service_role;

create policy tax_settings_select
on pricing.tax_settings
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = tax_settings.business_id
    )
);

create policy tax_settings_insert
on pricing.tax_settings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy tax_settings_update
on pricing.tax_settings
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy tax_settings_delete
on pricing.tax_settings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select, delete on pricing.tax_numbers to authenticated;
-- status and checked_at are not granted: a worker verifies numbers.
grant insert (id, business_id, customer_id, country, number)
on pricing.tax_numbers to authenticated;
grant update (id, business_id, customer_id, country, number)
on pricing.tax_numbers to authenticated;
grant select, insert, update, delete on pricing.tax_numbers to service_role;

create policy tax_numbers_select
on pricing.tax_numbers
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or customer_id = any(array(select customers.mine()))
);

create policy tax_numbers_insert
on pricing.tax_numbers
for insert
to authenticated
with check (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
);

create policy tax_numbers_update
on pricing.tax_numbers
for update
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
)
with check (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
);

create policy tax_numbers_delete
on pricing.tax_numbers
for delete
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
);

grant execute on function
pricing.tax_basis(uuid),
pricing.tax_rates(pricing.tax_basis, text, date, pricing.tax_reach),
pricing.is_reverse_charged(pricing.tax_basis, uuid, text),
pricing.includes_tax(text, boolean),
pricing.tax_class_of(text, text, text, text),
pricing.reach_of(text, text, text),
pricing.taxable_lines(jsonb, pricing.tax_basis, pricing.context),
pricing.make_taxable(integer, bigint, boolean, pricing.tax_rate[]),
pricing.make_rate(text, numeric, boolean, text),
pricing.tax_fractions(pricing.tax_rate[]),
pricing.round_tax(numeric, pricing.rounding_mode),
pricing.exact_taxes(pricing.taxable[], pricing.rounding_unit),
pricing.taxes_due(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.tax_shares(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.document_taxes(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.tax_rows(pricing.tax_part[]),
pricing.put_taxes(jsonb, pricing.tax_basis, pricing.tax_part[]),
pricing.put_line_taxes(jsonb, boolean, pricing.tax_part[]),
pricing.is_like_tax_number(text, text)
to anon, authenticated, service_role;

grant usage on schema pricing to worker;
grant execute on function
pricing.tax_number_to_check(uuid),
pricing.record_tax_number_check(uuid, text, boolean)
to worker;

-- sql/35_pricing/api/lists.sql

-- Price lists as members read them and managers write them, and what things cost before.

create view public.price_lists
with (security_invoker = true)
as
select
    price_lists.id,
    price_lists.business_id,
    price_lists.name,
    price_lists.currency,
    price_lists.priority,
    price_lists.customer_group_id,
    price_lists.access,
    price_lists.store_id,
    price_lists.region,
    price_lists.starts_at,
    price_lists.ends_at,
    price_lists.is_active,
    price_lists.created_at
from pricing.price_lists;
grant select, insert, update, delete on public.price_lists to authenticated, service_role;

comment on view public.price_lists is
'Prices for some buyers, places or quantities.

Members of the business read them; owners and managers write them. See '
'docs/money/pricing.md.';
comment on column public.price_lists.id is 'Primary key.';
comment on column public.price_lists.business_id is 'The business that owns it.';
comment on column public.price_lists.name is 'Unique in the business, at most 200 characters.';
comment on column public.price_lists.currency is 'ISO 4217 code of its prices.';
comment on column public.price_lists.priority is
'-1000 to 1000. The list with the higher priority wins.';
comment on column public.price_lists.customer_group_id is
'Only for the customers of this group; null for all.';
comment on column public.price_lists.access is
'Only for customers with this entitlement; null for all.';
comment on column public.price_lists.store_id is 'Only in this store; null for all.';
comment on column public.price_lists.region is
'Only in this country or part of it, ISO 3166 such as DE or DE-BY; null for all.';
comment on column public.price_lists.starts_at is 'From then on; null for always.';
comment on column public.price_lists.ends_at is 'Until then; null for good.';
comment on column public.price_lists.is_active is 'Whether it applies.';
comment on column public.price_lists.created_at is 'When it was made.';

create view public.price_list_items
with (security_invoker = true)
as
select
    price_list_items.id,
    price_list_items.business_id,
    price_list_items.price_list_id,
    price_list_items.service_id,
    price_list_items.addon_id,
    price_list_items.min_quantity,
    price_list_items.unit_minor,
    price_list_items.created_at,
    price_list_items.variant_id
from pricing.price_list_items;
grant select, insert, update, delete on public.price_list_items to authenticated, service_role;

comment on view public.price_list_items is
'What a service, an add-on or a variant costs by a price list.

Members of the business read them; owners and managers write them.';
comment on column public.price_list_items.id is 'Primary key.';
comment on column public.price_list_items.business_id is 'The business that owns it.';
comment on column public.price_list_items.price_list_id is 'The price list.';
comment on column public.price_list_items.service_id is
'The service; null for the price of something else.';
comment on column public.price_list_items.addon_id is
'The add-on; null for the price of something else.';
comment on column public.price_list_items.min_quantity is
'The least quantity of a line for this price.';
comment on column public.price_list_items.unit_minor is
'The price of one, in minor units of the list''s currency.';
comment on column public.price_list_items.created_at is 'When it was made.';
comment on column public.price_list_items.variant_id is
'The variant; null for the price of something else.';

create view public.price_history
with (security_invoker = true)
as
select
    price_history.id,
    price_history.business_id,
    price_history.service_id,
    price_history.addon_id,
    price_history.price_list_id,
    price_history.min_quantity,
    price_history.currency,
    price_history.unit_minor,
    price_history.from_at,
    price_history.variant_id
from pricing.price_history;
grant select on public.price_history to anon, authenticated, service_role;

comment on view public.price_history is
'What services, add-ons and variants cost, since when.

The prices of the catalog are readable by everyone who can see the service or the variant, those '
'of price lists by members of the business.';
comment on column public.price_history.id is 'Primary key.';
comment on column public.price_history.business_id is 'The business.';
comment on column public.price_history.service_id is 'The service; null for something else.';
comment on column public.price_history.addon_id is 'The add-on; null for something else.';
comment on column public.price_history.price_list_id is 'The price list; null for the catalog.';
comment on column public.price_history.min_quantity is
'The least quantity of a line for this price.';
comment on column public.price_history.currency is 'ISO 4217 code.';
comment on column public.price_history.unit_minor is
'The price of one, in minor units; null when it had none any more.';
comment on column public.price_history.from_at is 'Since when.';
comment on column public.price_history.variant_id is 'The variant; null for something else.';

create view public.lowest_prices
with (security_invoker = true)
as
with periods as not materialized (
    select
        price_history.*,
        lead(price_history.from_at) over (
            partition by
                price_history.business_id, price_history.service_id, price_history.addon_id,
                price_history.variant_id, price_history.price_list_id,
                price_history.min_quantity, price_history.currency
            order by price_history.from_at, price_history.id
        ) as until_at
    from pricing.price_history
)

select
    periods.business_id,
    periods.service_id,
    periods.addon_id,
    periods.price_list_id,
    periods.min_quantity,
    periods.currency,
    periods.unit_minor,
    periods.from_at,
    (
        select min(earlier.unit_minor)
        from periods as earlier
        where
            earlier.business_id = periods.business_id
            and earlier.service_id is not distinct from periods.service_id
            and earlier.addon_id is not distinct from periods.addon_id
            and earlier.variant_id is not distinct from periods.variant_id
            and earlier.price_list_id is not distinct from periods.price_list_id
            and earlier.min_quantity = periods.min_quantity
            and earlier.currency = periods.currency
            and earlier.from_at < periods.from_at
            and earlier.until_at > earlier.from_at
            and earlier.until_at > periods.from_at - interval '30 days'
    ) as lowest_minor,
    periods.variant_id
from periods
where periods.until_at is null and periods.unit_minor is not null;
grant select on public.lowest_prices to anon, authenticated, service_role;

comment on view public.lowest_prices is
'The price of each service, add-on and variant now, and the lowest one of the 30 days before it, '
'which a business must show beside a reduced price in the European Union.

Readable like price_history.';
comment on column public.lowest_prices.business_id is 'The business.';
comment on column public.lowest_prices.service_id is 'The service; null for something else.';
comment on column public.lowest_prices.addon_id is 'The add-on; null for something else.';
comment on column public.lowest_prices.price_list_id is 'The price list; null for the catalog.';
comment on column public.lowest_prices.min_quantity is
'The least quantity of a line for this price.';
comment on column public.lowest_prices.currency is 'ISO 4217 code.';
comment on column public.lowest_prices.unit_minor is 'The price of one now, in minor units.';
comment on column public.lowest_prices.from_at is 'Since when it costs that.';
comment on column public.lowest_prices.lowest_minor is
'The lowest price of the 30 days before from_at, in minor units; null for the first price.';
comment on column public.lowest_prices.variant_id is 'The variant; null for something else.';

-- sql/35_pricing/api/promotions.sql

-- Promotions and coupons as members read them and managers write them, and their uses.

create view public.promotions
with (security_invoker = true)
as
select
    promotions.id,
    promotions.business_id,
    promotions.name,
    promotions.kind,
    promotions.is_active,
    promotions.is_automatic,
    promotions.priority,
    promotions.is_combinable,
    promotions.percent_bps,
    promotions.amount_minor,
    promotions.buy_quantity,
    promotions.get_quantity,
    promotions.currency,
    promotions.service_id,
    promotions.starts_at,
    promotions.ends_at,
    promotions.min_spend_minor,
    promotions.customer_group_id,
    promotions.access,
    promotions.store_id,
    promotions.region,
    promotions.max_uses,
    promotions.used_count,
    promotions.max_spend_minor,
    promotions.spent_minor,
    promotions.max_uses_per_customer,
    promotions.platform_bps,
    promotions.created_at,
    promotions.product_id,
    promotions.variant_id,
    promotions.product_category_id
from pricing.promotions;
grant select, insert, update, delete on public.promotions to authenticated, service_role;

comment on view public.promotions is
'Discounts: what is taken off, for whom, when and how often. An automatic promotion applies '
'by itself, any promotion by its coupons.

Members of the business read them; owners and managers write them. See docs/money/pricing.md '
'for the order in which they apply.';
comment on column public.promotions.id is 'Primary key.';
comment on column public.promotions.business_id is 'The business that owns it.';
comment on column public.promotions.name is
'Unique in the business, at most 200 characters. Buyers see it.';
comment on column public.promotions.kind is 'percent, fixed, buy_x_get_y or free_item.';
comment on column public.promotions.is_active is 'Whether it applies.';
comment on column public.promotions.is_automatic is 'Whether it applies without a coupon.';
comment on column public.promotions.priority is
'-1000 to 1000. The promotion with the higher priority applies first.';
comment on column public.promotions.is_combinable is
'Whether other promotions may apply to the same sale.';
comment on column public.promotions.percent_bps is
'percent: the share that is taken off, 1 to 10000 basis points.';
comment on column public.promotions.amount_minor is
'fixed: the amount that is taken off, in minor units.';
comment on column public.promotions.buy_quantity is 'buy_x_get_y: how many are paid for …';
comment on column public.promotions.get_quantity is
'… and how many of the cheapest are free then; free_item: how many are free.';
comment on column public.promotions.currency is
'ISO 4217 code of the amounts; the promotion applies only in it. Null for every currency.';
comment on column public.promotions.service_id is
'The service that it is taken off. Without it, product_id, variant_id and product_category_id it '
'is taken off everything but gift cards and shipping.';
comment on column public.promotions.starts_at is 'From then on; null for always.';
comment on column public.promotions.ends_at is 'Until then; null for good.';
comment on column public.promotions.min_spend_minor is 'The least subtotal, in minor units.';
comment on column public.promotions.customer_group_id is 'Only for the customers of this group.';
comment on column public.promotions.access is 'Only for customers with this entitlement.';
comment on column public.promotions.store_id is 'Only in this store.';
comment on column public.promotions.region is
'Only in this country or part of it, ISO 3166 such as DE or DE-BY.';
comment on column public.promotions.max_uses is 'How many sales may use it; null for no limit.';
comment on column public.promotions.used_count is 'How many sales use it.';
comment on column public.promotions.max_spend_minor is
'How much it may take off in all, in minor units; null for no limit.';
comment on column public.promotions.spent_minor is 'How much it took off so far, in minor units.';
comment on column public.promotions.max_uses_per_customer is
'How many sales of one customer may use it; null for no limit.';
comment on column public.promotions.platform_bps is
'The share of the discount that the platform bears, in basis points; see share_promotion.';
comment on column public.promotions.created_at is 'When it was made.';
comment on column public.promotions.product_id is
'The product whose variants it is taken off, instead of a service.';
comment on column public.promotions.variant_id is
'The variant that it is taken off, instead of a service.';
comment on column public.promotions.product_category_id is
'The category whose products, with those of the categories below it, it is taken off, instead of '
'a service.';

create view public.coupons
with (security_invoker = true)
as
select
    coupons.id,
    coupons.business_id,
    coupons.promotion_id,
    coupons.code,
    coupons.max_uses,
    coupons.used_count,
    coupons.is_active,
    coupons.created_at
from pricing.coupons;
grant select, insert, update, delete on public.coupons to authenticated, service_role;

comment on view public.coupons is
'Codes by which a promotion applies: one for many buyers, or one for each (create_coupons).

Members of the business read them; owners and managers write them.';
comment on column public.coupons.id is 'Primary key.';
comment on column public.coupons.business_id is 'The business that owns it.';
comment on column public.coupons.promotion_id is 'The promotion.';
comment on column public.coupons.code is
'3 to 40 capital letters, digits, hyphens or underscores, unique in the business. Buyers may '
'write it in any case.';
comment on column public.coupons.max_uses is
'How many sales may use it; null for no limit of its own.';
comment on column public.coupons.used_count is 'How many sales use it.';
comment on column public.coupons.is_active is 'Whether it can be used.';
comment on column public.coupons.created_at is 'When it was made.';

create view public.coupon_redemptions
with (security_invoker = true)
as
select
    coupon_redemptions.id,
    coupon_redemptions.business_id,
    coupon_redemptions.promotion_id,
    coupon_redemptions.coupon_id,
    coupon_redemptions.buyer_id,
    coupon_redemptions.buyer_email,
    coupon_redemptions.currency,
    coupon_redemptions.amount_minor,
    coupon_redemptions.redeemed_at,
    coupon_redemptions.released_at,
    coupon_redemptions.kept_at
from pricing.coupon_redemptions;
grant select on public.coupon_redemptions to authenticated, service_role;

comment on view public.coupon_redemptions is
'Each use of a promotion by a sale, with or without a coupon; embed sale_coupons for the '
'sale.

Members of the business read them; everybody reads their own.';
comment on column public.coupon_redemptions.id is 'Primary key.';
comment on column public.coupon_redemptions.business_id is 'The business.';
comment on column public.coupon_redemptions.promotion_id is 'The promotion.';
comment on column public.coupon_redemptions.coupon_id is
'The coupon; null for a promotion that applied by itself.';
comment on column public.coupon_redemptions.buyer_id is
'The account that used it; null for a guest, and once the account is gone.';
comment on column public.coupon_redemptions.buyer_email is 'The buyer''s e-mail address.';
comment on column public.coupon_redemptions.currency is 'ISO 4217 code of the amount.';
comment on column public.coupon_redemptions.amount_minor is 'What it took off, in minor units.';
comment on column public.coupon_redemptions.redeemed_at is 'When the sale was placed.';
comment on column public.coupon_redemptions.released_at is
'When the sale ended before it was paid: the use does not count any more.';
comment on column public.coupon_redemptions.kept_at is
'When the sale was paid: the use stays for good.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_coupons(
    promotion_id public.identifier,
    count public.whole_number,
    prefix text default null
)
returns setof public.coupons
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[] = pricing.create_coupons(
        private.to_identifier(promotion_id, 'promotion_id'),
        private.to_whole_number(count, 'count', 1, 1000),
        private.to_text(prefix, 'prefix', 20)
    );
begin
    return query
    select coupons.*
    from public.coupons
    where coupons.id = any(v_ids)
    order by coupons.code;
end;
$$;
comment on function public.create_coupons is
'Create coupons for a promotion, each of which one sale may use. Owners and managers.

Returns the coupons.

- count: how many, 1 to 1000.
- prefix: what each code begins with, at most 20 capital letters, digits, hyphens or underscores.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.share_promotion(
    promotion_id public.identifier, platform_bps public.whole_number
)
returns public.promotions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(promotion_id, 'promotion_id');
    v_promotion public.promotions;
begin
    perform pricing.share_promotion(
        v_id, private.to_whole_number(platform_bps, 'platform_bps', 0, 10000)
    );
    select promotions.* into v_promotion
    from public.promotions
    where promotions.id = v_id;
    return v_promotion;
end;
$$;
comment on function public.share_promotion is
'Let the platform bear a share of a promotion. Platform staff of finance only.

From then on the business can only switch the promotion on and off. Returns the promotion.

- platform_bps: the share of each discount that the platform bears, 0 to 10000 basis points.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function
public.create_coupons(public.identifier, public.whole_number, text),
public.share_promotion(public.identifier, public.whole_number)
to anon, authenticated, service_role;

-- sql/35_pricing/api/rules.sql

-- Price rules as members read them and managers write them.

create view public.price_rules
with (security_invoker = true)
as
select
    price_rules.id,
    price_rules.business_id,
    price_rules.name,
    price_rules.is_active,
    price_rules.priority,
    price_rules.is_final,
    price_rules.change_bps,
    price_rules.change_minor,
    price_rules.unit_minor,
    price_rules.currency,
    price_rules.service_id,
    price_rules.min_quantity,
    price_rules.max_quantity,
    price_rules.starts_at,
    price_rules.ends_at,
    price_rules.weekdays,
    price_rules.from_time,
    price_rules.until_time,
    price_rules.from_on,
    price_rules.until_on,
    price_rules.min_lead_minutes,
    price_rules.max_lead_minutes,
    price_rules.min_demand_bps,
    price_rules.max_demand_bps,
    price_rules.staff_level,
    price_rules.customer_group_id,
    price_rules.access,
    price_rules.store_id,
    price_rules.region,
    price_rules.created_at
from pricing.price_rules;
grant select, insert, update, delete on public.price_rules to authenticated, service_role;

comment on view public.price_rules is
'What makes a price higher or lower, and when. A condition that is null always holds.

Members of the business read them; owners and managers write them. See docs/money/pricing.md '
'for the order in which they apply.';
comment on column public.price_rules.id is 'Primary key.';
comment on column public.price_rules.business_id is 'The business that owns it.';
comment on column public.price_rules.name is 'Unique in the business, at most 200 characters.';
comment on column public.price_rules.is_active is 'Whether it applies.';
comment on column public.price_rules.priority is
'-1000 to 1000. The rule with the higher priority changes the price first.';
comment on column public.price_rules.is_final is
'Whether no other rule changes the price after it.';
comment on column public.price_rules.change_bps is
'Share of the price that is added, in basis points: -1000 is 10 % less.';
comment on column public.price_rules.change_minor is
'What is added to the price of one, in minor units; negative for less.';
comment on column public.price_rules.unit_minor is 'The price of one, in minor units.';
comment on column public.price_rules.currency is 'ISO 4217 code of the amount; null for a share.';
comment on column public.price_rules.service_id is 'Only for this service.';
comment on column public.price_rules.min_quantity is 'Only for lines of at least so many.';
comment on column public.price_rules.max_quantity is 'Only for lines of at most so many.';
comment on column public.price_rules.starts_at is 'Only for what is bought from then on.';
comment on column public.price_rules.ends_at is 'Only for what is bought before.';
comment on column public.price_rules.weekdays is
'Only on these days, 1 (Monday) to 7, on which it begins.';
comment on column public.price_rules.from_time is
'Only from this time of day on, in the business''s zone.';
comment on column public.price_rules.until_time is
'Only before this time of day; earlier than from_time for a night.';
comment on column public.price_rules.from_on is 'Only from this date on.';
comment on column public.price_rules.until_on is 'Only until this date.';
comment on column public.price_rules.min_lead_minutes is
'Only if it begins at least so many minutes later.';
comment on column public.price_rules.max_lead_minutes is
'Only if it begins less than so many minutes later.';
comment on column public.price_rules.min_demand_bps is
'Only if at least this share of the day is taken, in basis points.';
comment on column public.price_rules.max_demand_bps is
'Only if at most this share of the day is taken, in basis points.';
comment on column public.price_rules.staff_level is
'Only with somebody of this level, if the buyer names them.';
comment on column public.price_rules.customer_group_id is 'Only for the customers of this group.';
comment on column public.price_rules.access is 'Only for customers with this entitlement.';
comment on column public.price_rules.store_id is 'Only in this store.';
comment on column public.price_rules.region is
'Only in this country or part of it, ISO 3166 such as DE or DE-BY.';
comment on column public.price_rules.created_at is 'When it was made.';

-- sql/35_pricing/api/tax.sql

-- What clients read and write about tax.

create view public.tax_rules
with (security_invoker = true)
as
select
    tax_rules.id,
    tax_rules.business_id,
    tax_rules.country,
    tax_rules.region,
    tax_rules.tax_class,
    tax_rules.component,
    tax_rules.rate_bps,
    tax_rules.is_compound,
    tax_rules.position,
    tax_rules.reach,
    tax_rules.during
from pricing.tax_rules;
grant select on public.tax_rules to anon;
grant select, insert, update, delete on public.tax_rules to authenticated, service_role;

comment on view public.tax_rules is
'The taxes of each class of what is sold. Rows without a business are the reference rates of a '
'country; a business that has rows for a class uses those instead.

Readable by everyone; owners and managers write those of their business.';
comment on column public.tax_rules.id is 'Key.';
comment on column public.tax_rules.business_id is
'The business whose rate it is; null for a reference rate.';
comment on column public.tax_rules.country is 'ISO 3166 code.';
comment on column public.tax_rules.region is
'ISO 3166-2 code, such as US-CA; null for the whole country. Both are added.';
comment on column public.tax_rules.tax_class is 'What it taxes, a name of the view tax_classes.';
comment on column public.tax_rules.component is
'The tax, such as vat, gst or sales_tax; exempt where nothing is due.';
comment on column public.tax_rules.rate_bps is
'The rate in basis points, with up to three decimals: 1900 is 19 %.';
comment on column public.tax_rules.is_compound is
'Whether it is levied on the taxes before it as well.';
comment on column public.tax_rules.position is 'The order of the taxes of a line, ascending.';
comment on column public.tax_rules.reach is
'always, within_region or between_regions: India splits GST only within one state.';
comment on column public.tax_rules.during is
'The days on which it holds, in the zone of the business.';

create view public.tax_settings
with (security_invoker = true)
as
select
    tax_settings.business_id,
    tax_settings.region,
    tax_settings.prices_include_tax,
    tax_settings.rounding_unit,
    tax_settings.rounding_mode,
    tax_settings.fees_are_taxed,
    tax_settings.gift_card_tax_class
from pricing.tax_settings;
grant select on public.tax_settings to anon;
grant select, insert, update, delete on public.tax_settings to authenticated, service_role;

comment on view public.tax_settings is
'The businesses that are registered for tax. Nothing that a business without a row sells is '
'taxed. What is empty is as the country has it.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.tax_settings.business_id is 'The business.';
comment on column public.tax_settings.region is
'Where it is registered, an ISO 3166-2 code such as US-CA; null where the country is enough.';
comment on column public.tax_settings.prices_include_tax is
'Whether its prices include tax; null: as is usual in its country.';
comment on column public.tax_settings.rounding_unit is
'line rounds the tax of each line, rate that of all lines at a rate; null: as the country has it.';
comment on column public.tax_settings.rounding_mode is
'half_up, down or up; null: as the country has it.';
comment on column public.tax_settings.fees_are_taxed is
'Whether fees for cancelling, moving and not coming are taxed as what was booked.';
comment on column public.tax_settings.gift_card_tax_class is
'The class, a row of tax_classes, by which gift cards are taxed when they are sold; what they pay '
'is then not taxed again. Null: gift cards are not taxed, and what they buy is.';

create view public.tax_numbers
with (security_invoker = true)
as
select
    tax_numbers.id,
    tax_numbers.business_id,
    tax_numbers.customer_id,
    tax_numbers.country,
    tax_numbers.number,
    tax_numbers.status,
    tax_numbers.checked_at,
    tax_numbers.created_at
from pricing.tax_numbers;
grant select, insert, update, delete on public.tax_numbers to authenticated, service_role;

comment on view public.tax_numbers is
'Tax numbers of a business and of its customers: VAT numbers, GSTINs, Japan''s T numbers of '
'issuers of qualified invoices.

Members read those of their business, owners and managers write them; customers read and write '
'their own.';
comment on column public.tax_numbers.id is 'Key.';
comment on column public.tax_numbers.business_id is 'The business that knows the number.';
comment on column public.tax_numbers.customer_id is
'The customer whose number it is; null for the business itself.';
comment on column public.tax_numbers.country is 'ISO 3166 code of the country that issued it.';
comment on column public.tax_numbers.number is
'Capital letters and digits; spaces and punctuation are removed.';
comment on column public.tax_numbers.status is
'pending until its check digits were looked at, then verified or refused; unchecked where nobody '
'knows the check digits of the country. Only a verified number counts.';
comment on column public.tax_numbers.checked_at is 'When it was checked; null while pending.';
comment on column public.tax_numbers.created_at is 'When it was written.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
