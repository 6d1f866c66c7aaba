-- Gift cards and customers' credit: money that a business, or the platform, owes somebody and that
-- pays sales. What is left is a balance of the ledger; these rows say where it came from.

create table money.gift_cards (
    id uuid primary key default gen_random_uuid(),
    -- Who sold it, owes it, and takes it.
    business_id uuid not null references business.businesses (id) on delete restrict,
    -- The line by which it was sold; null: it was given out.
    sale_line_id uuid,
    account_id uuid not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    -- The code is shown once, to whoever buys the card.
    code_hash bytea not null,
    last4 text not null,
    buyer_id uuid references auth.users (id) on delete set null,
    -- Null: it never expires.
    expires_at timestamptz,
    -- When it was paid; before that nobody can spend it.
    activated_at timestamptz,
    cancelled_at timestamptz,
    cancelled_by uuid references auth.users (id) on delete set null,
    cancel_reason text,
    created_at timestamptz not null default now(),
    -- Whether it was taxed when it was sold; what it pays is then not taxed again.
    is_taxed boolean not null default false,
    -- Whether every business that accepts cards of the platform takes it.
    is_platform boolean not null default false,
    -- For which end somebody was told that it expires.
    expiry_told_for timestamptz,

    constraint gift_cards_business_id_id_unique unique (business_id, id),
    constraint gift_cards_code_hash_unique unique (code_hash),
    constraint gift_cards_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint gift_cards_account_fkey foreign key (business_id, account_id)
    references money.accounts (business_id, id) on delete restrict,
    constraint gift_cards_amount_is_positive check (
        amount_minor > 0
        or private.invalid('amount_minor', 'must be at least 1')
    ),
    constraint gift_cards_reason_is_short check (
        cancel_reason is null
        or length(cancel_reason) between 1 and 500
        or private.invalid('reason', 'must have 1 to 500 characters')
    ),
    constraint gift_cards_cancelled_with_a_reason check (
        (cancelled_at is null) = (cancel_reason is null)
    )
);
comment on table money.gift_cards is
'Gift cards. Their balance is that of their account in the ledger.';
comment on column money.gift_cards.code_hash is '[secret]';
comment on column money.gift_cards.buyer_id is '[person]';
comment on column money.gift_cards.cancel_reason is '[personal: replaced]';
create index gift_cards_sale_line_idx on money.gift_cards (business_id, sale_line_id);
create index gift_cards_account_idx on money.gift_cards (business_id, account_id);
create index gift_cards_currency_idx on money.gift_cards (currency);
-- Those that wait for their sale to be paid.
create index gift_cards_unpaid_idx on money.gift_cards (business_id)
where activated_at is null and cancelled_at is null;
-- Those that expire: the sweep looks for what is left on them.
create index gift_cards_expires_at_idx on money.gift_cards (expires_at)
where expires_at is not null and activated_at is not null and cancelled_at is null;
create index gift_cards_buyer_id_idx on money.gift_cards (buyer_id);
create index gift_cards_cancelled_by_idx on money.gift_cards (cancelled_by);

-- What was left on cards when they had expired. It lies on an account of the business until the
-- card is extended, or until it is the business's own (docs/adr/0034-breakage.md).
create table money.gift_card_breakages (
    id uuid not null,
    business_id uuid not null references business.businesses (id) on delete restrict,
    gift_card_id uuid not null,
    amount_minor bigint not null,
    at timestamptz not null,
    -- When the card was extended, and got it back.
    restored_at timestamptz,
    -- When it became the business's own, and part of its payouts.
    released_at timestamptz,

    primary key (business_id, id),
    constraint gift_card_breakages_gift_card_fkey foreign key (business_id, gift_card_id)
    references money.gift_cards (business_id, id) on delete restrict,
    constraint gift_card_breakages_amount_is_positive check (amount_minor > 0)
);
comment on table money.gift_card_breakages is
'What was left on gift cards when they had expired, and whether it was given back to them.';
-- Which are not the business's own yet?
create index gift_card_breakages_open_idx on money.gift_card_breakages (business_id, at)
where restored_at is null and released_at is null;
create index gift_card_breakages_gift_card_idx
on money.gift_card_breakages (business_id, gift_card_id);

create table money.gift_card_lookups (
    id bigint generated always as identity primary key,
    -- Stands for the network address of a request that named an unknown code.
    origin_id uuid not null,
    at timestamptz not null
);
comment on table money.gift_card_lookups is
'Wrong codes of gift cards in the last hours, so that nobody tries many.';
create index gift_card_lookups_origin_id_idx on money.gift_card_lookups (origin_id, at);
create index gift_card_lookups_at_idx on money.gift_card_lookups (at);

create table money.credits (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    customer_id uuid not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    reason text not null,
    -- Null when the operator's own software gave it.
    given_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint credits_business_id_id_unique unique (business_id, id),
    constraint credits_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete restrict,
    constraint credits_amount_is_positive check (
        amount_minor > 0
        or private.invalid('amount_minor', 'must be at least 1')
    ),
    constraint credits_reason_is_short check (
        length(btrim(reason)) between 1 and 500
        or private.invalid('reason', 'must have 1 to 500 characters')
    )
);
comment on table money.credits is
'Credit that members gave to customers, with the reason. Only ever added to.';
comment on column money.credits.customer_id is '[person]';
comment on column money.credits.reason is '[personal]';
create index credits_customer_idx on money.credits (business_id, customer_id);
create index credits_currency_idx on money.credits (currency);
create index credits_given_by_idx on money.credits (given_by);
