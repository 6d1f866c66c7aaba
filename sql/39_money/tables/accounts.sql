-- Money: what was paid, what is owed to whom, and every movement between the two as a balanced
-- double entry that is never rewritten.

create schema money;
comment on schema money is
'Payments, refunds, the ledger, commissions and payouts. Exposed through views alone.';

create type money.account_kind as enum (
    -- Debit balances: what others hold for us, or owe us.
    'provider',
    'cash',
    'provider_fees',
    'disputes',
    'credit_granted',
    -- What the platform pays businesses for discounts that it bears.
    'discounts_granted',
    -- Credit balances: what we owe, or earned.
    'business_pending',
    'business_payable',
    'business_in_transit',
    'business_reserve',
    'commission',
    'partner_payable',
    'tax_withheld',
    'customer_credit',
    'gift_cards',
    -- What was left on gift cards that expired.
    'breakage',
    'rounding'
);

-- An account has one currency: currencies never net.
create table money.accounts (
    id uuid primary key default gen_random_uuid(),
    kind money.account_kind not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    -- The business that it belongs to; null for the platform's own.
    business_id uuid references business.businesses (id) on delete restrict,
    -- The payment provider, such as stripe.
    provider text,
    -- Whom else it belongs to: a gift card, a customer of the business, a partner.
    owner_id uuid,
    created_at timestamptz not null default now(),

    constraint accounts_business_id_id_unique unique (business_id, id),
    constraint accounts_once unique nulls not distinct (
        business_id, kind, currency, provider, owner_id
    ),
    constraint accounts_of_businesses_name_one check (
        business_id is not null
        or kind not in (
            'cash', 'business_pending', 'business_payable', 'business_in_transit',
            'business_reserve', 'credit_granted', 'breakage'
        )
    ),
    constraint accounts_of_providers_name_one check (provider is not null or kind <> 'provider'),
    constraint accounts_of_owners_name_one check (
        owner_id is not null
        or kind not in ('customer_credit', 'gift_cards', 'credit_granted')
    )
);
comment on table money.accounts is
'Where money is, or to whom it is owed: an account for each kind, currency and owner.';
create index accounts_currency_idx on money.accounts (currency);
create index accounts_owner_id_idx on money.accounts (owner_id) where owner_id is not null;

-- What can be spent from the accounts that may not go negative: customer credit and gift cards.
-- These rows are locked by the transactions that change them; other accounts have no such row.
create table money.spendable_balances (
    account_id uuid primary key references money.accounts (id) on delete restrict,
    -- Positive is money that can be spent, so it is the negated sum of the entries.
    balance_minor bigint not null default 0,

    constraint spendable_balances_not_negative check (balance_minor >= 0)
);
comment on table money.spendable_balances is
'What is left on customers'' credit and on gift cards. Only entries change it.';
