-- What will be wanted of each service and variant, and days that are unlike others.

create table insight.forecasts (
    business_id uuid not null,
    -- One of the two.
    service_id uuid,
    variant_id uuid,
    made_at timestamptz not null,
    -- The first day, and what is expected of it and of each day after it.
    starts_on date not null,
    expected double precision array not null,
    -- smoothing, or seasonal_naive: as on the same weekday a week before.
    method text not null,
    -- Mean absolute error of a day in a back-test, of smoothing and of seasonal_naive.
    smoothing_error double precision not null,
    naive_error double precision not null,

    constraint forecasts_subject_unique
    unique nulls not distinct (business_id, service_id, variant_id),
    constraint forecasts_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint forecasts_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint forecasts_are_of_one_thing check (num_nonnulls(service_id, variant_id) = 1),
    -- What does not win is not used.
    constraint forecasts_use_what_wins check (
        method = case when smoothing_error < naive_error then 'smoothing' else 'seasonal_naive' end
    )
);
comment on table insight.forecasts is
'The expected demand of services and variants, with the error of a back-test.';
create index forecasts_service_idx on insight.forecasts (business_id, service_id);
create index forecasts_variant_idx on insight.forecasts (business_id, variant_id);

create table insight.unusual_days (
    business_id uuid not null references business.businesses (id) on delete cascade,
    day date not null,
    measure text not null,
    currency text not null,
    amount bigint not null,
    -- The median of the same weekday in the twelve weeks before.
    usual double precision not null,
    score double precision not null,
    announced_at timestamptz not null,

    primary key (business_id, day, measure, currency)
);
comment on table insight.unusual_days is
'Days that are unlike the same weekday before, each announced once.';

-- How long a variant takes to come, and how careful its business is.
create table insight.supply_terms (
    business_id uuid not null,
    variant_id uuid not null,
    lead_days integer not null default 14,
    safety_factor numeric not null default 1.65,

    primary key (business_id, variant_id),
    constraint supply_terms_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint supply_terms_lead_days_are_sane check (
        lead_days between 1 and 365
        or private.invalid('lead_days', 'must be from 1 to 365')
    ),
    constraint supply_terms_safety_factor_is_sane check (
        safety_factor between 0 and 5
        or private.invalid('safety_factor', 'must be from 0 to 5')
    )
);
comment on table insight.supply_terms is
'How long variants take to come; without a row 14 days, and a safety factor of 1.65.';
