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
