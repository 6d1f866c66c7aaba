-- What is taxed, where, at which rate, and how the tax is rounded. Rates are rows with a validity:
-- those without a business are the reference rates of a country, which come with the seed, and a
-- business may have rows of its own, which stand in their place. A business without a row of
-- tax_settings is not registered for tax, so nothing that it sells is taxed.

-- What the tax is rounded on: each line, or everything at the same rate once a document.
create type pricing.rounding_unit as enum ('line', 'rate');
-- half_up rounds half away from zero, down towards zero, up away from it.
create type pricing.rounding_mode as enum ('half_up', 'down', 'up');
-- Where both places of a sale must be: India splits GST only within one state.
create type pricing.tax_reach as enum ('always', 'within_region', 'between_regions');

-- One tax on a line. A compound tax is levied on the taxes before it as well.
create type pricing.tax_rate as (
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text
);

-- A line to tax. `unit` names what is rounded together where tax is rounded by line: the line, with
-- what was taken back of it. The taxes of a line that a revision wrote earlier are in
-- `taxes_minor`, beside its rates; null: to be computed.
create type pricing.taxable as (
    place integer,
    unit text,
    -- After discount.
    amount_minor bigint,
    is_included boolean,
    rates pricing.tax_rate array,
    taxes_minor bigint array,
    -- What the amount is divided by to be without tax; null: as its rates say.
    divisor numeric
);

-- What a tax is on one line.
create type pricing.tax_part as (
    place integer,
    component text,
    rate_bps numeric,
    is_compound boolean,
    jurisdiction text,
    base_minor bigint,
    tax_minor bigint
);

-- How a business taxes what it sells, its choices and the habits of its country put together.
create type pricing.tax_basis as (
    business_id uuid,
    country text,
    region text,
    time_zone text,
    is_included boolean,
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,
    fees_are_taxed boolean,
    is_in_eu boolean,
    gift_card_tax_class text
);

create table pricing.tax_places (
    country text primary key,
    is_in_eu boolean not null default false,
    prices_include_tax boolean not null default true,
    rounding_unit pricing.rounding_unit not null,
    rounding_mode pricing.rounding_mode not null,
    -- What the law leaves to the seller.
    rounding_units pricing.rounding_unit array not null,
    rounding_modes pricing.rounding_mode array not null,

    constraint tax_places_country_is_iso_3166 check (country ~ '^[A-Z]{2}$'),
    constraint tax_places_defaults_are_allowed check (
        rounding_unit = any(rounding_units) and rounding_mode = any(rounding_modes)
    )
);
comment on table pricing.tax_places is
'How each country rounds tax and shows prices, and what it leaves to the seller.';

create table pricing.tax_rules (
    id uuid primary key default gen_random_uuid(),
    -- Null: a reference rate, which holds for every business without rows of its own.
    business_id uuid references business.businesses (id) on delete cascade,
    country text not null,
    -- An ISO 3166-2 code, such as US-CA; null: the whole country. Both add up.
    region text,
    tax_class text not null references pricing.tax_classes (name) on delete restrict,
    -- Which tax: vat, gst, cgst, sales_tax, …
    component text not null,
    rate_bps numeric not null,
    is_compound boolean not null default false,
    -- The order of the taxes of a line; a compound tax comes after those that it includes.
    position smallint not null default 1,
    reach pricing.tax_reach not null default 'always',
    during daterange not null,

    constraint tax_rules_business_id_id_unique unique (business_id, id),
    constraint tax_rules_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint tax_rules_region_is_iso_3166 check (
        region is null or region ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$' and left(region, 2) = country
        or private.invalid('region', 'must be an ISO 3166-2 code of the country, such as US-CA')
    ),
    constraint tax_rules_component_is_a_word check (
        component ~ '^[a-z_]{1,40}$' and component not in ('none', 'reverse_charge')
        or private.invalid('component', 'must be the name of a tax, such as vat')
    ),
    constraint tax_rules_rate_is_sane check (
        rate_bps between 0 and 10000 and rate_bps = trunc(rate_bps, 3)
        or private.invalid(
            'rate_bps', 'must be from 0 to 10000 basis points, with at most three decimals'
        )
    ),
    constraint tax_rules_exemptions_have_no_rate check (
        component <> 'exempt' or rate_bps = 0
        or private.invalid('rate_bps', 'must be 0 for what is exempt')
    ),
    constraint tax_rules_during_begins check (
        not isempty(during) and not lower_inf(during)
        or private.invalid('during', 'must have a first day')
    ),
    -- One rate at a time.
    constraint tax_rules_do_not_overlap exclude using gist (
        coalesce(business_id, '00000000-0000-0000-0000-000000000000') with =,
        country with =,
        coalesce(region, '') with =,
        tax_class with =,
        component with =,
        reach with =,
        during with &&
    )
);
comment on table pricing.tax_rules is
'The taxes of each class of what is sold: by country or region, with the days on which they hold.';
create index tax_rules_country_idx on pricing.tax_rules (country, tax_class);
create index tax_rules_tax_class_idx on pricing.tax_rules (tax_class);

create table pricing.tax_settings (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    -- Where it is registered, as an ISO 3166-2 code; null: the country is enough.
    region text,
    -- Null: as the country has it.
    prices_include_tax boolean,
    rounding_unit pricing.rounding_unit,
    rounding_mode pricing.rounding_mode,
    -- Whether fees for cancelling, moving and not coming are taxed as what was booked.
    fees_are_taxed boolean not null default true,
    -- The class by which gift cards are taxed when they are sold, as the law asks where the rate of
    -- everything that they can buy is known then. Null: what they buy is taxed.
    gift_card_tax_class text references pricing.tax_classes (name) on delete restrict,

    constraint tax_settings_gift_cards_are_taxed_at_sale check (
        gift_card_tax_class is distinct from 'outside'
        or private.invalid(
            'gift_card_tax_class', 'must be a class that is taxed, or be left out'
        )
    ),
    constraint tax_settings_region_is_iso_3166 check (
        region is null or region ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$'
        or private.invalid('region', 'must be an ISO 3166-2 code, such as US-CA')
    )
);
comment on table pricing.tax_settings is
'The businesses that are registered for tax, and what they chose where the law leaves a choice.';
create index tax_settings_gift_card_tax_class_idx on pricing.tax_settings (gift_card_tax_class)
where gift_card_tax_class is not null;
