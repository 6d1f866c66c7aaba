-- Values that the functions of memberships hand to each other. No table stores them.

-- A period that is about to begin, with the sale that will charge it.
create type memberships.renewal as (
    membership_id uuid,
    business_id uuid,
    user_id uuid,
    plan_id uuid,
    plan_name text,
    currency text,
    price_minor bigint,
    number integer,
    starts_at timestamptz,
    ends_at timestamptz,
    period_unit memberships.period_unit,
    period_count integer,
    method_id uuid,
    sale_id uuid,
    period_id uuid,
    -- Whether the buyer owes the tax: their invoices have a quote of their own.
    is_reverse_charged boolean
);

-- What is owed of a period, the card that pays it, and which attempt it is.
create type memberships.charge as (
    business_id uuid,
    membership_id uuid,
    period_id uuid,
    sale_id uuid,
    method_id uuid,
    amount_minor bigint,
    number integer
);
