-- What was charged for a delivered line. Its terms are frozen when it is delivered: no later change
-- of a plan reaches it. From then on everything about the line is computed from its terms and from
-- how much of it was taken back.

create type money.commission_status as enum ('pending', 'approved', 'paid', 'reversed');

-- How a line is shared, or how much of each share moved: what the customer paid, what the platform
-- added, what it keeps as commission and as tax, and what is left for the business.
create type money.share as (
    paid_minor bigint,
    subsidy_minor bigint,
    commission_minor bigint,
    withheld_minor bigint,
    net_minor bigint
);

-- How much the share of a level moved. Without a party it is the platform's.
create type money.level_change as (commission_id uuid, party_id uuid, amount_minor bigint);

create table money.line_terms (
    business_id uuid not null,
    sale_line_id uuid not null,
    sale_id uuid not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    plan_id uuid references money.commission_plans (id) on delete set null,
    rate_bps integer not null,
    fixed_minor bigint not null,
    tax_treatment money.tax_treatment not null,
    -- What the customer owes for the line, tax included.
    paid_minor bigint not null,
    -- Discounts that the platform bears: it pays them to the business.
    subsidy_minor bigint not null,
    tax_minor bigint not null,
    base_minor bigint not null,
    commission_minor bigint not null,
    commission_tax_minor bigint not null,
    delivered_at timestamptz not null,
    -- How much of paid_minor was taken back: the only column that changes.
    reversed_minor bigint not null default 0,

    primary key (business_id, sale_line_id),
    constraint line_terms_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint line_terms_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint line_terms_are_not_negative check (
        least(
            rate_bps, fixed_minor, paid_minor, subsidy_minor, tax_minor, base_minor,
            commission_minor, commission_tax_minor
        ) >= 0
    ),
    constraint line_terms_commission_is_of_the_base check (commission_minor <= base_minor),
    constraint line_terms_reversed_is_of_the_paid check (reversed_minor between 0 and paid_minor)
);
comment on table money.line_terms is 'The terms of a delivered line, frozen when it was delivered.';
create index line_terms_sale_idx on money.line_terms (business_id, sale_id);
create index line_terms_plan_id_idx on money.line_terms (plan_id);
create index line_terms_currency_idx on money.line_terms (currency);

create table money.commissions (
    id uuid primary key default gen_random_uuid(),
    -- The business that is charged.
    business_id uuid not null,
    sale_id uuid not null,
    sale_line_id uuid not null,
    level money.commission_level not null,
    -- The business that has the share; null: the platform.
    party_id uuid references business.businesses (id) on delete restrict,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    reversed_minor bigint not null default 0,
    -- Its status follows from the payout that has it (money.commission_state): none is kept here.
    earned_at timestamptz not null,

    constraint commissions_business_id_id_unique unique (business_id, id),
    constraint commissions_one_a_line_and_level unique (business_id, sale_line_id, level),
    constraint commissions_terms_fkey foreign key (business_id, sale_line_id)
    references money.line_terms (business_id, sale_line_id) on delete restrict,
    constraint commissions_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint commissions_are_not_negative check (
        amount_minor >= 0 and reversed_minor between 0 and amount_minor
    )
);
comment on table money.commissions is 'The share of each level in the commission of a line.';
create index commissions_sale_idx on money.commissions (business_id, sale_id);
-- A business's commissions, and those that it has from others, page by page.
create index commissions_earned_idx on money.commissions (business_id, earned_at, id);
create index commissions_party_id_idx on money.commissions (party_id, earned_at, id)
where party_id is not null;
create index commissions_currency_idx on money.commissions (currency);
