-- The markets of a business: in which currency and in which language it sells to which countries. A
-- market is what a buyer's country says, so that nobody has to choose: the currency decides which
-- price lists, which payment providers (payment_ranges) and which delivery options there are.

create table commerce.markets (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- ISO 3166 codes (DE, or DE-BY for a part). Empty: every country without a market of its own.
    regions text[] not null default '{}',
    currency text not null references pricing.currencies (code) on delete restrict,
    locale text not null,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint markets_business_id_id_unique unique (business_id, id),
    constraint markets_name_unique unique (business_id, name),
    constraint markets_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint markets_regions_are_iso_3166 check (
        cardinality(regions) <= 300
        and array_to_string(regions, ',', '') ~ '^([A-Z]{2}(-[A-Z0-9]{1,3})?(,|$))*$'
        or private.invalid('regions', 'must be ISO 3166 codes, such as DE or DE-BY')
    ),
    constraint markets_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    )
);
comment on table commerce.markets is
'In which currency and in which language a business sells to which countries.';
create index markets_currency_idx on commerce.markets (currency);
