-- What is recommended: how much was sold of each thing lately, and what is bought together. A job
-- counts both anew; whether something may be shown is asked when it is shown.

create table search.settings (
    is_only_row boolean primary key default true,
    -- Sales of so many days are counted as popular, and as bought together.
    popular_days integer not null default 90,
    -- Sales of so many days are counted as trending.
    trending_days integer not null default 14,
    -- How similar to a query something must be, as a cosine, to be found by its meaning.
    least_similarity real not null default 0.3,

    constraint settings_have_one_row check (is_only_row),
    constraint settings_days_are_sane check (
        popular_days between 1 and 730 and trending_days between 1 and popular_days
        or private.invalid('trending_days and popular_days', 'must rise from 1 to 730')
    ),
    constraint settings_similarity_is_a_cosine check (
        least_similarity between -1 and 1
        or private.invalid('least_similarity', 'must be between -1 and 1')
    )
);
comment on table search.settings is
'The windows of popular and trending, and how similar what is found by its meaning must be.';

create table search.popular (
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind search.kind not null,
    subject_id uuid not null,
    -- Pieces or bookings in the days of the settings, without what was cancelled or returned.
    unit_count bigint not null,
    trending_count bigint not null,

    primary key (business_id, kind, subject_id)
);
comment on table search.popular is
'How much was sold of each product, service and business. search.count_sales counts it anew.';
-- The best of all businesses.
create index popular_unit_count_idx on search.popular (kind, unit_count desc, subject_id);
create index popular_trending_count_idx on search.popular (kind, trending_count desc, subject_id);

create table search.pairs (
    business_id uuid not null references business.businesses (id) on delete cascade,
    product_id uuid not null,
    other_id uuid not null,
    -- How many orders had both.
    order_count bigint not null,
    -- From 0 to 1: the share of them among the orders of either, lowered where they are few.
    strength real not null,

    primary key (business_id, product_id, other_id)
);
comment on table search.pairs is
'Products that are bought together. search.count_sales counts it anew.';

-- Something that may be recommended, before it is asked whether it may be shown.
create type search.proposal as (
    business_id uuid,
    kind search.kind,
    subject_id uuid,
    strength double precision,
    reason text
);

-- A recommendation of public.recommend.
create type public.recommendation as (
    kind search.kind,
    id uuid,
    business_id uuid,
    name text,
    currency text,
    lowest_price_minor bigint,
    reason text,
    strength double precision
);
comment on type public.recommendation is
'Something that is recommended: reason is bought_together, similar, again, personal, popular or '
'trending, and strength orders within a reason. May be null: currency and lowest_price_minor.';
