-- The one head of what is sold. A sale says who bought what, from which business, at which price.
-- It is written when something is sold, never before: a hold has none. A sale has no status,
-- number or total. Its lines never change: whatever changes later (a fee, a cancelled service, a
-- refund) is a further revision with lines of its own, so what is owed is the sum of the lines.

create schema sales;
comment on schema sales is 'What was sold: baskets, sales, their lines and taxes.';

create type sales.line_kind as enum (
    'service', 'product', 'membership', 'gift_card', 'shipping', 'fee', 'tip', 'rounding',
    -- What a gift card that was taxed when it was sold pays of a line: a pair that adds up to
    -- nothing, of which one takes the line's tax back.
    'voucher'
);
create type sales.revision_cause as enum (
    'agreed', 'cancelled', 'rejected', 'expired', 'no_show', 'moved', 'corrected',
    'refunded', 'tipped', 'charged', 'voucher'
);

-- Sales that are paid together, of one business or of several.
create table sales.baskets (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid references auth.users (id) on delete set null,
    -- The hash of the secret by which somebody without an account finds it again.
    token_hash bytea,
    currency text not null references pricing.currencies (code) on delete restrict,
    created_at timestamptz not null default now(),

    constraint baskets_token_hash_unique unique (token_hash)
);
comment on table sales.baskets is 'Sales that are paid together, of one business or of several.';
comment on column sales.baskets.customer_id is '[person]';
comment on column sales.baskets.token_hash is '[secret]';
create index baskets_customer_id_idx on sales.baskets (customer_id);
create index baskets_currency_idx on sales.baskets (currency);

create table sales.sales (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    basket_id uuid references sales.baskets (id) on delete restrict,
    -- Who bought, and their contact at that time. Only claiming and erasing change these.
    customer_id uuid references auth.users (id) on delete set null,
    customer_name text,
    customer_email text,
    customer_phone text,
    currency text not null references pricing.currencies (code) on delete restrict,
    placed_at timestamptz not null,

    constraint sales_business_id_id_unique unique (business_id, id)
);
comment on table sales.sales is 'What somebody bought from a business: one for each booking.';
comment on column sales.sales.customer_id is '[person]';
comment on column sales.sales.customer_name is '[personal]';
comment on column sales.sales.customer_email is '[person] [personal]';
comment on column sales.sales.customer_phone is '[person] [personal]';
-- My purchases, and those of a business, page by page.
create index sales_customer_id_idx on sales.sales (customer_id, placed_at, id);
create index sales_business_id_idx on sales.sales (business_id, placed_at, id);
-- What somebody without an account bought.
create index sales_guests_email_idx on sales.sales (lower(customer_email))
where customer_id is null;
create index sales_guests_phone_idx on sales.sales (customer_phone)
where customer_id is null and customer_phone is not null;
create index sales_basket_id_idx on sales.sales (basket_id) where basket_id is not null;
create index sales_currency_idx on sales.sales (currency);

create table sales.sale_revisions (
    business_id uuid not null,
    sale_id uuid not null,
    -- 0: as agreed.
    revision integer not null,
    cause sales.revision_cause not null,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    primary key (business_id, sale_id, revision),
    constraint sale_revisions_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_revisions_begin_as_agreed check ((revision = 0) = (cause = 'agreed')),
    constraint sale_revisions_not_negative check (revision >= 0)
);
comment on table sales.sale_revisions is
'Why the lines of a sale were written: as agreed, and each change since.';
create index sale_revisions_actor_id_idx on sales.sale_revisions (actor_id);
-- What a business sold, and took back, on a day.
create index sale_revisions_at_idx on sales.sale_revisions (business_id, at);

create table sales.sale_lines (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    sale_id uuid not null,
    position smallint not null,
    revision integer not null,
    kind sales.line_kind not null,
    -- The line that this one takes back, or charges a fee for.
    corrects_line_id uuid,
    service_id uuid,
    name text not null,
    quantity integer not null,
    unit_minor bigint not null,
    -- Before discount; negative where a line takes something back.
    amount_minor bigint not null,
    discount_minor bigint not null default 0,
    -- Its share of the tax of the revision, and whether the amount includes it.
    tax_minor bigint not null default 0,
    tax_is_included boolean not null default true,
    variant_id uuid,
    -- The membership plan that was sold. Its key is added by the domain of plans.
    plan_id uuid,

    constraint sale_lines_business_id_id_unique unique (business_id, id),
    constraint sale_lines_position_unique unique (business_id, sale_id, position),
    constraint sale_lines_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_lines_revision_fkey foreign key (business_id, sale_id, revision)
    references sales.sale_revisions (business_id, sale_id, revision) on delete cascade,
    constraint sale_lines_corrects_fkey foreign key (business_id, corrects_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint sale_lines_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete set null (service_id),
    constraint sale_lines_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete set null (variant_id),
    constraint sale_lines_quantity_is_positive check (quantity > 0),
    constraint sale_lines_amount_is_of_units check (amount_minor = quantity * unit_minor),
    constraint sale_lines_corrections_come_later check (
        corrects_line_id is null or revision > 0
    ),
    constraint sale_lines_first_are_not_negative check (
        revision > 0 or (amount_minor >= 0 and discount_minor between 0 and amount_minor)
    )
);
comment on table sales.sale_lines is
'What a sale is made of, line by line. Lines never change: corrections are further lines.';
comment on column sales.sale_lines.sale_id is '[person]';
create index sale_lines_revision_idx on sales.sale_lines (business_id, sale_id, revision);
create index sale_lines_corrects_idx on sales.sale_lines (business_id, corrects_line_id)
where corrects_line_id is not null;
create index sale_lines_service_idx on sales.sale_lines (business_id, service_id);
create index sale_lines_variant_idx on sales.sale_lines (business_id, variant_id)
where variant_id is not null;

-- A line that changes a sale, before it is written: an amount more, or less, than its lines say.
create type sales.change as (
    kind sales.line_kind,
    corrects_line_id uuid,
    service_id uuid,
    variant_id uuid,
    plan_id uuid,
    name text,
    quantity integer,
    unit_minor bigint,
    amount_minor bigint,
    discount_minor bigint,
    -- How a line that is new was quoted; null: like the line that it corrects or, where there is
    -- none, by its kind and service.
    rates pricing.tax_rate array
);

create table sales.sale_taxes (
    business_id uuid not null,
    sale_id uuid not null,
    revision integer not null,
    -- Which tax, such as vat; `none` is outside the scope of tax, `exempt` and `reverse_charge` say
    -- why nothing is due.
    component text not null,
    rate_bps numeric not null,
    -- The lines of the revision after discount and without tax, and the tax on them.
    base_minor bigint not null,
    tax_minor bigint not null,
    -- The country or region that levies it.
    jurisdiction text,
    -- How the tax was rounded; later revisions of the sale round in the same way.
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,

    primary key (business_id, sale_id, revision, component, rate_bps),
    constraint sale_taxes_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_taxes_revision_fkey foreign key (business_id, sale_id, revision)
    references sales.sale_revisions (business_id, sale_id, revision) on delete cascade,
    constraint sale_taxes_rate_is_sane check (rate_bps between 0 and 10000),
    constraint sale_taxes_nothing_is_taxed check (
        component not in ('none', 'exempt', 'reverse_charge') or (rate_bps = 0 and tax_minor = 0)
    )
);
comment on table sales.sale_taxes is
'The tax of each revision of a sale: a row for each component and rate. The lines are split '
'from it.';

create table sales.sale_line_taxes (
    business_id uuid not null,
    sale_line_id uuid not null,
    component text not null,
    rate_bps numeric not null,
    -- The order of the taxes of the line; a compound tax is levied on those before it as well.
    position smallint not null,
    is_compound boolean not null,
    jurisdiction text,
    base_minor bigint not null,
    tax_minor bigint not null,

    primary key (business_id, sale_line_id, component, rate_bps),
    constraint sale_line_taxes_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade
);
comment on table sales.sale_line_taxes is
'The taxes of each line of a sale. A line without taxes has no row.';

-- What a discount took off a line, and who bears it. A line's discount_minor is their sum.
create table sales.sale_line_discounts (
    business_id uuid not null,
    sale_line_id uuid not null,
    -- The promotion, or `points`.
    source text not null,
    -- business or platform: commissions add back what the platform bears.
    bearer text not null,
    name text not null,
    amount_minor bigint not null,

    primary key (business_id, sale_line_id, source, bearer),
    constraint sale_line_discounts_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade,
    constraint sale_line_discounts_bearer_is_known check (bearer in ('business', 'platform')),
    constraint sale_line_discounts_take_something_off check (amount_minor > 0)
);
comment on table sales.sale_line_discounts is
'What discounts took off the lines of a sale, and who bears them.';

-- Which uses of promotions a sale has.
create table sales.sale_coupons (
    business_id uuid not null,
    sale_id uuid not null,
    redemption_id uuid not null,

    primary key (business_id, sale_id, redemption_id),
    constraint sale_coupons_redemption_unique unique (business_id, redemption_id),
    constraint sale_coupons_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint sale_coupons_redemption_fkey foreign key (business_id, redemption_id)
    references pricing.coupon_redemptions (business_id, id) on delete restrict
);
comment on table sales.sale_coupons is 'The uses of promotions by a sale, with or without a code.';

-- Which visits or credits paid lines of a sale, and which were given back.
create table sales.sale_line_allowances (
    business_id uuid not null,
    sale_line_id uuid not null,
    allowance_id uuid not null,
    units integer not null,
    at timestamptz not null,
    returned_at timestamptz,

    primary key (business_id, sale_line_id, allowance_id),
    constraint sale_line_allowances_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete cascade,
    constraint sale_line_allowances_allowance_fkey foreign key (business_id, allowance_id)
    references customers.allowances (business_id, id) on delete cascade,
    constraint sale_line_allowances_use_something check (units > 0)
);
comment on table sales.sale_line_allowances is
'The visits and credits that paid lines of sales.';
-- What was used of an allowance.
create index sale_line_allowances_allowance_idx
on sales.sale_line_allowances (business_id, allowance_id);

create table sales.sale_line_deliveries (
    business_id uuid not null,
    sale_line_id uuid not null,
    sale_id uuid not null,
    at timestamptz not null,

    primary key (business_id, sale_line_id),
    constraint sale_line_deliveries_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint sale_line_deliveries_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict
);
comment on table sales.sale_line_deliveries is
'Lines that were provided, once each. From then on the business has earned them.';
create index sale_line_deliveries_sale_idx on sales.sale_line_deliveries (business_id, sale_id);
