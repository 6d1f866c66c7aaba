-- Tax numbers of businesses and of their customers: VAT numbers, GSTINs, Japan's numbers of issuers
-- of qualified invoices. The shape is checked here, when a number is written. Check digits differ
-- from country to country, so a worker asks a library that knows them all and reports what it
-- found; only a verified number stands on documents or makes a sale subject to reverse charge.

create type pricing.tax_number_status as enum ('pending', 'verified', 'refused', 'unchecked');

/*
 * Return whether a tax number may be one of a country, by its letters and digits.
 */
create function pricing.is_like_tax_number(country text, number text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return number ~ case country
        -- The number of an issuer of qualified invoices.
        when 'JP' then '^T[0-9]{13}$'
        when 'IN' then '^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]$'
        when 'GB' then '^GB([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})$'
        when 'DE' then '^DE[0-9]{9}$'
        when 'FR' then '^FR[0-9A-Z]{2}[0-9]{9}$'
        when 'GR' then '^EL[0-9]{9}$'
        else '^[A-Z0-9]{4,20}$'
    end;
end;
$$;

create table pricing.tax_numbers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: the number of the business itself.
    customer_id uuid,
    country text not null,
    -- Capital letters and digits alone.
    number text not null,
    status pricing.tax_number_status not null default 'pending',
    checked_at timestamptz,
    created_at timestamptz not null default now(),

    constraint tax_numbers_business_id_id_unique unique (business_id, id),
    constraint tax_numbers_one_for_each_country unique nulls not distinct (
        business_id, customer_id, country
    ),
    constraint tax_numbers_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint tax_numbers_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint tax_numbers_look_like_one check (
        pricing.is_like_tax_number(country, number)
        or private.invalid('number', 'must be a tax number of its country, such as DE136695976')
    ),
    constraint tax_numbers_are_checked_once check ((status = 'pending') = (checked_at is null))
);
comment on table pricing.tax_numbers is
'Tax numbers of businesses and of their customers, and whether their check digits hold.';
comment on column pricing.tax_numbers.customer_id is '[person: delete]';
comment on column pricing.tax_numbers.number is '[personal]';
