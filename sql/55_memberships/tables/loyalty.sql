-- What sales earn, and who referred whom. A sale earns once, by the terms of that moment; a
-- referral is rewarded once, after the first sale of whoever was referred.

create table loyalty.earnings (
    business_id uuid not null,
    sale_id uuid not null,
    customer_id uuid not null,
    -- The terms of the program when it earned; what a refund takes back is computed by them too.
    earn_points integer not null,
    earn_minor bigint not null,
    rounding loyalty.rounding not null,
    minimum_spend_minor bigint not null,
    percent integer not null,
    created_at timestamptz not null,

    primary key (business_id, sale_id),
    constraint earnings_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint earnings_account_fkey foreign key (business_id, customer_id)
    references loyalty.accounts (business_id, customer_id) on delete cascade
);
comment on table loyalty.earnings is
'The sales that earned points, once each, and by which terms.';
comment on column loyalty.earnings.customer_id is '[person]';
create index earnings_account_idx on loyalty.earnings (business_id, customer_id);

alter table loyalty.entries
add constraint entries_sale_fkey foreign key (business_id, sale_id)
references sales.sales (business_id, id) on delete cascade;

create table loyalty.referral_codes (
    business_id uuid not null,
    customer_id uuid not null,
    code text not null,
    created_at timestamptz not null,

    primary key (business_id, customer_id),
    constraint referral_codes_code_unique unique (business_id, code),
    constraint referral_codes_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade
);
comment on table loyalty.referral_codes is 'The code by which a customer refers others.';
comment on column loyalty.referral_codes.customer_id is '[person]';

create table loyalty.referrals (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    referrer_id uuid not null,
    referred_id uuid not null,
    -- What each side gets, as the program said when the code was used.
    referrer_points integer not null,
    referred_points integer not null,
    created_at timestamptz not null,
    -- The first sale that was completed. It is the only one that is rewarded.
    sale_id uuid,
    rewarded_at timestamptz,

    constraint referrals_business_id_id_unique unique (business_id, id),
    -- Whoever was referred once is not referred again.
    constraint referrals_once_each unique (business_id, referred_id),
    constraint referrals_referrer_fkey foreign key (business_id, referrer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint referrals_referred_fkey foreign key (business_id, referred_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint referrals_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint referrals_not_of_oneself check (referrer_id <> referred_id),
    constraint referrals_are_rewarded_for_a_sale check (
        (sale_id is null) = (rewarded_at is null)
    )
);
comment on table loyalty.referrals is 'Who referred whom, and for which sale both were rewarded.';
comment on column loyalty.referrals.referrer_id is '[person]';
comment on column loyalty.referrals.referred_id is '[person]';
create index referrals_referrer_idx on loyalty.referrals (business_id, referrer_id);
create index referrals_sale_idx on loyalty.referrals (business_id, sale_id)
where sale_id is not null;
