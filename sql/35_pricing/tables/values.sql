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
