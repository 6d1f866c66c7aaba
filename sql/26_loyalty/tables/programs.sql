-- What a business promises: how many points an amount earns, when it earns more, what points are
-- worth, and how long they last.

create table loyalty.programs (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- Whether sales earn points. Points that were earned can be redeemed meanwhile.
    is_active boolean not null default true,
    -- Sales in other currencies neither earn nor redeem.
    currency text not null references pricing.currencies (code) on delete restrict,
    -- Each earn_minor that somebody pays earn earn_points. Of what is paid all counts, and the
    -- points of a sale are rounded once.
    earn_points integer not null,
    earn_minor bigint not null,
    rounding loyalty.rounding not null default 'down',
    -- A sale of less earns nothing.
    minimum_spend_minor bigint not null default 0,
    -- What points are worth: redeem_points take redeem_minor off.
    redeem_points integer not null,
    redeem_minor bigint not null,
    minimum_redeem_points integer not null default 1,
    -- How many days after they were earned points expire; null: never.
    expires_after_days integer,
    -- How many days before they expire customers are told; 0: they are not told.
    notice_days integer not null default 14,
    -- Who bears what points take off: business or platform.
    bearer text not null default 'business',
    -- What a referral earns each side, once.
    referrer_points integer not null default 0,
    referred_points integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint programs_business_id_id_unique unique (business_id, id),
    -- A customer has one balance at a business.
    constraint programs_one_for_each_business unique (business_id),
    constraint programs_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint programs_earning_is_sane check (
        earn_points between 1 and 1000000 and earn_minor between 1 and 1000000000
        or private.invalid(
            'earn_points and earn_minor', 'must be from 1 to 1000000 and from 1 to 1000000000'
        )
    ),
    constraint programs_minimum_spend_is_sane check (
        minimum_spend_minor between 0 and 1000000000000
        or private.invalid('minimum_spend_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint programs_value_is_sane check (
        redeem_points between 1 and 1000000 and redeem_minor between 1 and 1000000000
        or private.invalid(
            'redeem_points and redeem_minor', 'must be from 1 to 1000000 and from 1 to 1000000000'
        )
    ),
    constraint programs_minimum_redemption_is_worth_something check (
        minimum_redeem_points between 1 and 1000000
        and minimum_redeem_points * redeem_minor >= redeem_points
        or private.invalid(
            'minimum_redeem_points', 'must be from 1 to 1000000 and worth one minor unit or more'
        )
    ),
    constraint programs_expiry_is_sane check (
        coalesce(expires_after_days between 1 and 3650, true)
        or private.invalid('expires_after_days', 'must be from 1 to 3650')
    ),
    constraint programs_notice_is_sane check (
        notice_days between 0 and 365
        or private.invalid('notice_days', 'must be from 0 to 365')
    ),
    constraint programs_rewards_are_sane check (
        referrer_points between 0 and 1000000 and referred_points between 0 and 1000000
        or private.invalid('referrer_points and referred_points', 'must be from 0 to 1000000')
    ),
    constraint programs_bearer_is_known check (bearer in ('business', 'platform'))
);
comment on table loyalty.programs is
'How a business gives points to whoever buys there, and what they are worth. A business has one.';
create index programs_currency_idx on loyalty.programs (currency);

-- When sales earn more: for members of a level, in a campaign, or both.
create table loyalty.multipliers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- 200: twice as many points.
    percent integer not null,
    -- Only for those who have access to something, such as the members of a plan; null: everybody.
    access text,
    -- Only for sales placed in the window; null: without a beginning, or an end.
    starts_at timestamptz,
    ends_at timestamptz,
    created_at timestamptz not null default now(),

    constraint multipliers_business_id_id_unique unique (business_id, id),
    constraint multipliers_name_unique unique (business_id, name),
    constraint multipliers_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint multipliers_percent_is_sane check (
        percent between 101 and 1000 or private.invalid('percent', 'must be from 101 to 1000')
    ),
    constraint multipliers_access_is_a_word check (
        access is null
        or access ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('access', 'must be a lower-case word of at most 40 characters')
    ),
    constraint multipliers_end_after_they_start check (
        coalesce(ends_at > starts_at, true)
        or private.invalid('ends_at', 'must be after starts_at')
    )
);
comment on table loyalty.multipliers is
'When sales earn more points: for the members of a level, in a window, or both.';
