-- Bank accounts of businesses, for transfers that the operator makes, where no provider pays out.
-- Only the last digits are readable; the number and that of the bank are a sealed secret.

create table money.bank_formats (
    country text primary key,
    -- A pattern that the number matches: an IBAN begins with its country.
    number_pattern text not null,
    -- A pattern that the bank's own number matches; null where the IBAN says it.
    routing_pattern text,

    constraint bank_formats_country_is_iso_3166 check (country ~ '^[A-Z]{2}$')
);
comment on table money.bank_formats is
'How the numbers of bank accounts look in a country.';

create table money.bank_accounts (
    business_id uuid not null references business.businesses (id) on delete restrict,
    currency text not null references pricing.currencies (code) on delete restrict,
    holder_name text not null,
    last4 text not null,
    secret_id uuid not null,
    updated_at timestamptz not null default now(),
    -- Where the bank is.
    country text not null,

    primary key (business_id, currency),
    constraint bank_accounts_secret_fkey foreign key (business_id, secret_id)
    references private.secrets (business_id, id) on delete restrict,
    constraint bank_accounts_holder_name_is_short check (
        length(holder_name) between 1 and 200 and private.is_one_line(holder_name)
        or private.invalid('holder_name', 'must have 1 to 200 printable characters')
    ),
    constraint bank_accounts_country_is_iso_3166 check (country ~ '^[A-Z]{2}$')
);
comment on table money.bank_accounts is
'The bank account of a business for each currency. Its number is sealed in private.secrets.';
create index bank_accounts_currency_idx on money.bank_accounts (currency);
create index bank_accounts_secret_idx on money.bank_accounts (business_id, secret_id);
