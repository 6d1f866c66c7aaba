-- What the platform charges for a delivered line, and who shares it. A plan has tiers (the rate),
-- levels (who shares) and scopes (what it is for). commissions_terms.sql has what was charged.

-- Rule 6: who passes the sale's tax on, and whether the commission itself is taxed.
create type money.tax_treatment as enum ('platform_remits', 'vendor_remits', 'commission_taxed');
create type money.commission_level as enum ('platform', 'partner', 'referrer', 'upline');

create table money.commission_plans (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    tax_treatment money.tax_treatment not null default 'platform_remits',
    -- The rate of the tax on the commission.
    commission_tax_bps integer not null default 0,
    created_at timestamptz not null default now(),

    constraint commission_plans_name_unique unique (name),
    constraint commission_plans_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint commission_plans_tax_is_sane check (
        commission_tax_bps between 0 and 10000
        or private.invalid('commission_tax_bps', 'must be from 0 to 10000')
    ),
    constraint commission_plans_tax_only_where_charged check (
        commission_tax_bps = 0
        or tax_treatment = 'commission_taxed'
        or private.invalid('commission_tax_bps', 'must be 0 unless the commission is taxed')
    )
);
comment on table money.commission_plans is 'What the platform charges, under a name.';

create table money.commission_tiers (
    id uuid primary key default gen_random_uuid(),
    plan_id uuid not null references money.commission_plans (id) on delete cascade,
    -- Null: every currency. Then there is one tier without thresholds and fixed part.
    currency text references pricing.currencies (code) on delete restrict,
    -- The turnover of the month for which the tier holds: the lower bound belongs to it, the upper
    -- bound to the next tier. Null: without an end.
    from_minor bigint not null default 0,
    to_minor bigint,
    rate_bps integer not null,
    -- Charged once for each line beside the rate.
    fixed_minor bigint not null default 0,

    constraint commission_tiers_do_not_overlap exclude using gist (
        plan_id with =,
        coalesce(currency, '') with =,
        int8range(from_minor, to_minor) with &&
    ),
    constraint commission_tiers_bounds_are_sane check (
        from_minor >= 0 and (to_minor is null or to_minor > from_minor)
        or private.invalid('from_minor and to_minor', 'must be a range that begins at 0 or later')
    ),
    constraint commission_tiers_rate_is_sane check (
        rate_bps between 0 and 10000 or private.invalid('rate_bps', 'must be from 0 to 10000')
    ),
    constraint commission_tiers_fixed_is_not_negative check (
        fixed_minor >= 0 or private.invalid('fixed_minor', 'must not be negative')
    ),
    constraint commission_tiers_amounts_have_a_currency check (
        currency is not null
        or from_minor = 0 and to_minor is null and fixed_minor = 0
        or private.invalid('currency', 'is required beside thresholds and a fixed part')
    )
);
comment on table money.commission_tiers is
'The rates of a plan, by the turnover of the business in the month before the sale.';
create index commission_tiers_plan_id_idx on money.commission_tiers (plan_id, currency);
create index commission_tiers_currency_idx on money.commission_tiers (currency);

create table money.commission_shares (
    plan_id uuid not null references money.commission_plans (id) on delete cascade,
    level money.commission_level not null,
    -- Shares are weights: 70 and 30 split a commission as 7 and 3 do.
    weight integer not null,

    primary key (plan_id, level),
    constraint commission_shares_weight_is_positive check (
        weight between 1 and 1000000 or private.invalid('weight', 'must be from 1 to 1000000')
    )
);
comment on table money.commission_shares is
'How the levels share the commission of a plan. Without rows the platform has all of it.';

create table money.commission_scopes (
    id uuid primary key default gen_random_uuid(),
    plan_id uuid not null references money.commission_plans (id) on delete cascade,
    -- Everything that is set must match; several scopes of a plan are alternatives.
    business_id uuid references business.businesses (id) on delete cascade,
    vertical_id text references business.verticals (id) on delete cascade,
    line_kind sales.line_kind,
    category_id uuid,
    service_id uuid,
    -- Dates in the zone of the business that sells, both included; null: without an end.
    starts_on date,
    ends_on date,

    constraint commission_scopes_business_id_id_unique unique (business_id, id),
    constraint commission_scopes_category_fkey foreign key (business_id, category_id)
    references catalog.service_categories (business_id, id) on delete cascade,
    constraint commission_scopes_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint commission_scopes_name_the_business check (
        business_id is not null
        or category_id is null and service_id is null
        or private.invalid('business_id', 'is required beside a category or a service')
    ),
    constraint commission_scopes_end_after_they_start check (
        coalesce(ends_on >= starts_on, true)
        or private.invalid('ends_on', 'must not be before starts_on')
    )
);
comment on table money.commission_scopes is 'For which sales a plan holds, and when.';
-- The scopes of a business, and those of all (null).
create index commission_scopes_business_id_idx on money.commission_scopes (business_id);
create index commission_scopes_plan_id_idx on money.commission_scopes (plan_id);
create index commission_scopes_vertical_id_idx on money.commission_scopes (vertical_id);
create index commission_scopes_category_idx
on money.commission_scopes (business_id, category_id);
create index commission_scopes_service_idx on money.commission_scopes (business_id, service_id);

create table money.commission_parties (
    business_id uuid not null references business.businesses (id) on delete cascade,
    level money.commission_level not null,
    -- The business that has this level's share of what is charged to `business_id`.
    party_id uuid not null references business.businesses (id) on delete restrict,

    primary key (business_id, level),
    constraint commission_parties_are_not_the_platform check (level <> 'platform'),
    constraint commission_parties_are_others check (party_id <> business_id)
);
comment on table money.commission_parties is
'Who brought a business to the platform. A level without a party is the platform''s.';
create index commission_parties_party_id_idx on money.commission_parties (party_id);
