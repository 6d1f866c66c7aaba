-- The initial schema of 39_money: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/39_money/tables/accounts.sql

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

-- sql/39_money/tables/commissions.sql

-- What the platform charges for a delivered line, and who shares it. A plan has tiers (the rate),
-- levels (who shares) and scopes (what it is for). commissions_terms.sql has what was charged.

-- Rule 6: who passes the sale's tax on, and whether the commission itself is taxed.
create type money.tax_treatment as enum ('platform_remits', 'vendor_remits', 'commission_taxed');
create type money.commission_level as enum ('platform', 'partner', 'referrer', 'upline');

create table money.commission_plans (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    tax_treatment money.tax_treatment not null default 'platform_remits',
    -- The rate of the tax on the commission.
    commission_tax_bps integer not null default 0,
    created_at timestamptz not null default now(),

    constraint commission_plans_name_unique unique (name),
    constraint commission_plans_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint commission_plans_tax_is_sane check (
        commission_tax_bps between 0 and 10000
        or private.invalid('commission_tax_bps', 'must be from 0 to 10000')
    ),
    constraint commission_plans_tax_only_where_charged check (
        commission_tax_bps = 0
        or tax_treatment = 'commission_taxed'
        or private.invalid('commission_tax_bps', 'must be 0 unless the commission is taxed')
    )
);
comment on table money.commission_plans is 'What the platform charges, under a name.';

create table money.commission_tiers (
    id uuid primary key default gen_random_uuid(),
    plan_id uuid not null references money.commission_plans (id) on delete cascade,
    -- Null: every currency. Then there is one tier without thresholds and fixed part.
    currency text references pricing.currencies (code) on delete restrict,
    -- The turnover of the month for which the tier holds: the lower bound belongs to it, the upper
    -- bound to the next tier. Null: without an end.
    from_minor bigint not null default 0,
    to_minor bigint,
    rate_bps integer not null,
    -- Charged once for each line beside the rate.
    fixed_minor bigint not null default 0,

    constraint commission_tiers_do_not_overlap exclude using gist (
        plan_id with =,
        coalesce(currency, '') with =,
        int8range(from_minor, to_minor) with &&
    ),
    constraint commission_tiers_bounds_are_sane check (
        from_minor >= 0 and (to_minor is null or to_minor > from_minor)
        or private.invalid('from_minor and to_minor', 'must be a range that begins at 0 or later')
    ),
    constraint commission_tiers_rate_is_sane check (
        rate_bps between 0 and 10000 or private.invalid('rate_bps', 'must be from 0 to 10000')
    ),
    constraint commission_tiers_fixed_is_not_negative check (
        fixed_minor >= 0 or private.invalid('fixed_minor', 'must not be negative')
    ),
    constraint commission_tiers_amounts_have_a_currency check (
        currency is not null
        or from_minor = 0 and to_minor is null and fixed_minor = 0
        or private.invalid('currency', 'is required beside thresholds and a fixed part')
    )
);
comment on table money.commission_tiers is
'The rates of a plan, by the turnover of the business in the month before the sale.';
create index commission_tiers_plan_id_idx on money.commission_tiers (plan_id, currency);
create index commission_tiers_currency_idx on money.commission_tiers (currency);

create table money.commission_shares (
    plan_id uuid not null references money.commission_plans (id) on delete cascade,
    level money.commission_level not null,
    -- Shares are weights: 70 and 30 split a commission as 7 and 3 do.
    weight integer not null,

    primary key (plan_id, level),
    constraint commission_shares_weight_is_positive check (
        weight between 1 and 1000000 or private.invalid('weight', 'must be from 1 to 1000000')
    )
);
comment on table money.commission_shares is
'How the levels share the commission of a plan. Without rows the platform has all of it.';

create table money.commission_scopes (
    id uuid primary key default gen_random_uuid(),
    plan_id uuid not null references money.commission_plans (id) on delete cascade,
    -- Everything that is set must match; several scopes of a plan are alternatives.
    business_id uuid references business.businesses (id) on delete cascade,
    vertical_id text references business.verticals (id) on delete cascade,
    line_kind sales.line_kind,
    category_id uuid,
    service_id uuid,
    -- Dates in the zone of the business that sells, both included; null: without an end.
    starts_on date,
    ends_on date,

    constraint commission_scopes_business_id_id_unique unique (business_id, id),
    constraint commission_scopes_category_fkey foreign key (business_id, category_id)
    references catalog.service_categories (business_id, id) on delete cascade,
    constraint commission_scopes_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint commission_scopes_name_the_business check (
        business_id is not null
        or category_id is null and service_id is null
        or private.invalid('business_id', 'is required beside a category or a service')
    ),
    constraint commission_scopes_end_after_they_start check (
        coalesce(ends_on >= starts_on, true)
        or private.invalid('ends_on', 'must not be before starts_on')
    )
);
comment on table money.commission_scopes is 'For which sales a plan holds, and when.';
-- The scopes of a business, and those of all (null).
create index commission_scopes_business_id_idx on money.commission_scopes (business_id);
create index commission_scopes_plan_id_idx on money.commission_scopes (plan_id);
create index commission_scopes_vertical_id_idx on money.commission_scopes (vertical_id);
create index commission_scopes_category_idx
on money.commission_scopes (business_id, category_id);
create index commission_scopes_service_idx on money.commission_scopes (business_id, service_id);

create table money.commission_parties (
    business_id uuid not null references business.businesses (id) on delete cascade,
    level money.commission_level not null,
    -- The business that has this level's share of what is charged to `business_id`.
    party_id uuid not null references business.businesses (id) on delete restrict,

    primary key (business_id, level),
    constraint commission_parties_are_not_the_platform check (level <> 'platform'),
    constraint commission_parties_are_others check (party_id <> business_id)
);
comment on table money.commission_parties is
'Who brought a business to the platform. A level without a party is the platform''s.';
create index commission_parties_party_id_idx on money.commission_parties (party_id);

-- sql/39_money/tables/commissions_terms.sql

-- What was charged for a delivered line. Its terms are frozen when it is delivered: no later change
-- of a plan reaches it. From then on everything about the line is computed from its terms and from
-- how much of it was taken back.

create type money.commission_status as enum ('pending', 'approved', 'paid', 'reversed');

-- How a line is shared, or how much of each share moved: what the customer paid, what the platform
-- added, what it keeps as commission and as tax, and what is left for the business.
create type money.share as (
    paid_minor bigint,
    subsidy_minor bigint,
    commission_minor bigint,
    withheld_minor bigint,
    net_minor bigint
);

-- How much the share of a level moved. Without a party it is the platform's.
create type money.level_change as (commission_id uuid, party_id uuid, amount_minor bigint);

create table money.line_terms (
    business_id uuid not null,
    sale_line_id uuid not null,
    sale_id uuid not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    plan_id uuid references money.commission_plans (id) on delete set null,
    rate_bps integer not null,
    fixed_minor bigint not null,
    tax_treatment money.tax_treatment not null,
    -- What the customer owes for the line, tax included.
    paid_minor bigint not null,
    -- Discounts that the platform bears: it pays them to the business.
    subsidy_minor bigint not null,
    tax_minor bigint not null,
    base_minor bigint not null,
    commission_minor bigint not null,
    commission_tax_minor bigint not null,
    delivered_at timestamptz not null,
    -- How much of paid_minor was taken back: the only column that changes.
    reversed_minor bigint not null default 0,

    primary key (business_id, sale_line_id),
    constraint line_terms_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint line_terms_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint line_terms_are_not_negative check (
        least(
            rate_bps, fixed_minor, paid_minor, subsidy_minor, tax_minor, base_minor,
            commission_minor, commission_tax_minor
        ) >= 0
    ),
    constraint line_terms_commission_is_of_the_base check (commission_minor <= base_minor),
    constraint line_terms_reversed_is_of_the_paid check (reversed_minor between 0 and paid_minor)
);
comment on table money.line_terms is 'The terms of a delivered line, frozen when it was delivered.';
create index line_terms_sale_idx on money.line_terms (business_id, sale_id);
create index line_terms_plan_id_idx on money.line_terms (plan_id);
create index line_terms_currency_idx on money.line_terms (currency);

create table money.commissions (
    id uuid primary key default gen_random_uuid(),
    -- The business that is charged.
    business_id uuid not null,
    sale_id uuid not null,
    sale_line_id uuid not null,
    level money.commission_level not null,
    -- The business that has the share; null: the platform.
    party_id uuid references business.businesses (id) on delete restrict,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    reversed_minor bigint not null default 0,
    -- Its status follows from the payout that has it (money.commission_state): none is kept here.
    earned_at timestamptz not null,

    constraint commissions_business_id_id_unique unique (business_id, id),
    constraint commissions_one_a_line_and_level unique (business_id, sale_line_id, level),
    constraint commissions_terms_fkey foreign key (business_id, sale_line_id)
    references money.line_terms (business_id, sale_line_id) on delete restrict,
    constraint commissions_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint commissions_are_not_negative check (
        amount_minor >= 0 and reversed_minor between 0 and amount_minor
    )
);
comment on table money.commissions is 'The share of each level in the commission of a line.';
create index commissions_sale_idx on money.commissions (business_id, sale_id);
-- A business's commissions, and those that it has from others, page by page.
create index commissions_earned_idx on money.commissions (business_id, earned_at, id);
create index commissions_party_id_idx on money.commissions (party_id, earned_at, id)
where party_id is not null;
create index commissions_currency_idx on money.commissions (currency);

-- sql/39_money/tables/documents.sql

-- Receipts, invoices and credit notes: what a business issued about a sale, under numbers without
-- gaps. A document keeps who sold, who bought, and every figure as they were, and never changes. A
-- receipt or an invoice covers the revisions of the sale that earlier ones do not; a credit note
-- takes back one revision of a sale that has either. Its amounts are positive.

create type money.document_kind as enum ('receipt', 'invoice', 'credit_note');

-- The last number of each kind. The row is locked while a number is taken, so a number that is
-- rolled back is taken again.
create table money.document_counters (
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind money.document_kind not null,
    last_number bigint not null default 0,

    primary key (business_id, kind)
);
comment on table money.document_counters is
'The last number that a business used for each kind of document.';

create table money.documents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    kind money.document_kind not null,
    number bigint not null,
    sale_id uuid not null,
    first_revision integer not null,
    revision integer not null,
    -- The receipt or invoice that a credit note takes back from.
    corrects_document_id uuid,
    issued_at timestamptz not null,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    seller jsonb not null,
    buyer jsonb not null,
    lines jsonb not null,
    taxes jsonb not null,

    constraint documents_business_id_id_unique unique (business_id, id),
    constraint documents_number_unique unique (business_id, kind, number),
    constraint documents_once_for_each_revision unique (business_id, kind, sale_id, revision),
    constraint documents_revision_fkey foreign key (business_id, sale_id, revision)
    references sales.sale_revisions (business_id, sale_id, revision) on delete restrict,
    constraint documents_corrects_fkey foreign key (business_id, corrects_document_id)
    references money.documents (business_id, id) on delete restrict,
    constraint documents_number_is_positive check (number > 0),
    constraint documents_cover_revisions check (first_revision between 0 and revision),
    constraint documents_add_up check (total_minor = net_minor + tax_minor and total_minor >= 0),
    constraint documents_credit_notes_correct check (
        (kind = 'credit_note') = (corrects_document_id is not null)
    )
);
comment on table money.documents is
'Receipts, invoices and credit notes as they were issued; they never change.';
comment on column money.documents.sale_id is '[person]';
comment on column money.documents.buyer is
'[personal: kept 10 years: an invoice names its buyer, and books are kept so long]';
create index documents_sale_idx on money.documents (business_id, sale_id, revision);
create index documents_issued_at_idx on money.documents (business_id, issued_at, id);
create index documents_corrects_idx on money.documents (business_id, corrects_document_id)
where corrects_document_id is not null;

create table money.document_files (
    business_id uuid not null,
    document_id uuid not null,
    format text not null,
    -- In the private bucket `records`.
    object_name text not null,
    bytes bigint not null,
    sha256 text not null,
    created_at timestamptz not null,

    primary key (business_id, document_id, format),
    constraint document_files_document_fkey foreign key (business_id, document_id)
    references money.documents (business_id, id) on delete cascade,
    constraint document_files_format_is_known check (format in ('pdf', 'xml')),
    constraint document_files_have_bytes check (bytes > 0),
    constraint document_files_sha256_is_hex check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint document_files_object_name_is_one_line check (private.is_one_line(object_name))
);
comment on table money.document_files is
'The files of a document that workers drew. They go when the buyer of the document is emptied.';
comment on column money.document_files.document_id is '[person]';
comment on column money.document_files.object_name is
'[personal: kept 10 years: the file is the document as it was issued, and books are kept so long]';

-- sql/39_money/tables/entries.sql

-- The ledger. A transaction is one movement of money, such as a capture; its entries say which
-- accounts it debits (positive) and credits (negative), and they sum to zero in each currency.
-- Nothing here is ever changed or deleted. A mistake is corrected by another transaction.
--
-- Transactions are numbered in pages of 256, and a transaction shares a lock of its page until it
-- commits. Once that lock is free and the page is full, nothing can be added to the page any more,
-- so the balance through it is exact and is kept as a checkpoint. A balance is the last checkpoint
-- and the few entries after it: no row of an account is written by a movement.

create sequence money.transaction_numbers as bigint;

create table money.transactions (
    -- transactions__number assigns it, under the lock of its page.
    number bigint primary key,
    id uuid not null default gen_random_uuid(),
    -- The business of the cause. No reference: each movement would lock the row of the business.
    business_id uuid,
    -- What moved the money, such as a capture: its table row and what happened to it.
    cause_kind text not null,
    cause_id uuid not null,
    at timestamptz not null,
    -- The day under which it is booked (UTC): the day on which it happened, or the first open one.
    booked_on date not null,
    -- The database's transaction that wrote it: its entries come from the same one.
    xact xid8 not null,

    -- A cause moves money once; a repetition finds the first transaction.
    constraint transactions_once_a_cause unique (cause_kind, cause_id),
    constraint transactions_business_id_id_unique unique (business_id, id),
    constraint transactions_cause_kind_is_short check (cause_kind ~ '^[a-z][a-z_.]{0,62}$')
);
comment on table money.transactions is
'Movements of money, each with its cause. Only ever added to.';
-- Days come in order, so a summary of pages finds the transactions of a period.
create index transactions_booked_on_idx on money.transactions using brin (booked_on);

create table money.entries (
    -- No reference: entries__keep_balanced refuses entries of any transaction but those that the
    -- same database transaction wrote, once a statement, and transactions are never deleted.
    number bigint not null,
    position smallint not null,
    -- No reference: each movement would lock the row of the account, and many move money on the
    -- platform's accounts at once. Accounts are never deleted, and entries__keep_balanced looks.
    account_id uuid not null,
    -- Positive is a debit, negative is a credit.
    amount_minor bigint not null,

    primary key (number, position),
    constraint entries_move_something check (amount_minor <> 0)
);
comment on table money.entries is
'What each transaction debits and credits. They sum to zero in each currency. Only ever added to.';
-- The balance of an account since its checkpoint.
create index entries_account_id_idx on money.entries (account_id, number) include (amount_minor);

create table money.checkpoints (
    account_id uuid not null references money.accounts (id) on delete restrict,
    -- The last number that the balance includes.
    through_number bigint not null,
    balance_minor bigint not null,

    primary key (account_id, through_number)
);
comment on table money.checkpoints is
'Balances of accounts through a number, so that a balance need not add up all entries.';

create table money.checkpoint_runs (
    -- Everything through this number was looked at.
    through_number bigint primary key,
    at timestamptz not null,
    checkpoints integer not null
);
comment on table money.checkpoint_runs is 'How far checkpoints were written, and when.';

-- What a transaction is made of, as callers of money.post write it.
create type money.entry as (account_id uuid, amount_minor bigint);

-- sql/39_money/tables/gift_cards.sql

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

-- sql/39_money/tables/payments.sql

-- What somebody pays. A payment belongs to no business: its parts say how much of it pays which
-- sale, and they are all that a business sees. How much may be asked is decided here, before a
-- provider is called; what was paid is what a provider says, or a member who took cash.

-- Whether money is taken at once or only reserved, to be taken by capture_payment.
create type money.capture_mode as enum ('now', 'later');

-- In the order in which a payment moves: it never goes back, except when a dispute ends.
create type money.payment_status as enum (
    'pending', 'requires_action', 'failed', 'authorized', 'cancelled', 'expired',
    'partially_captured', 'captured', 'partially_refunded', 'refunded', 'disputed'
);

-- What a provider is asked. A person asks for `capture` and `cancel` (money.requested_calls).
-- `save`, `keep` (once the customer did their part) and `forget` are about saved cards.
create type money.provider_call as enum (
    'create', 'finish', 'capture', 'cancel', 'refund', 'save', 'forget', 'keep'
);

create table money.providers (
    name text primary key,
    -- Whether somebody pays there by themselves. Members record the others, such as cash.
    is_online boolean not null,
    is_enabled boolean not null default true,
    -- Whether it saves cards without a payment.
    saves_methods boolean not null default false,
    -- What it takes; empty: every currency.
    currencies text array not null default '{}',

    constraint providers_name_is_plain check (name ~ '^[a-z][a-z_]{0,39}$')
);
comment on table money.providers is 'With whom one can pay.';

create table money.payment_settings (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    -- The providers that customers may choose; empty: every one that is enabled.
    providers text array not null default '{}',
    capture money.capture_mode not null default 'now',
    -- The share of a booking's total that must be paid before it is confirmed. A service may say
    -- otherwise.
    prepayment_bps integer not null default 0,
    updated_at timestamptz not null default now(),
    -- Whether gift cards of the platform pay here.
    accepts_platform_gift_cards boolean not null default false,
    -- Whether the gift cards that it sells are the platform's. The operator says so.
    sells_platform_gift_cards boolean not null default false,
    -- How many months the gift cards that it sells can be spent; null: always.
    gift_card_valid_months smallint,
    -- How many days after a card expired what was left is the business's own; null: never.
    breakage_release_days integer,

    constraint payment_settings_prepayment_is_a_share check (
        prepayment_bps between 0 and 10000
        or private.invalid('prepayment_bps', 'must be from 0 to 10000')
    ),
    constraint payment_settings_gift_cards_are_valid_for_months check (
        coalesce(gift_card_valid_months between 1 and 1200, true)
        or private.invalid('gift_card_valid_months', 'must be from 1 to 1200')
    ),
    constraint payment_settings_breakage_is_released_after_days check (
        coalesce(breakage_release_days between 0 and 36500, true)
        or private.invalid('breakage_release_days', 'must be from 0 to 36500')
    )
);
comment on table money.payment_settings is
'How the customers of a business pay. Without a row: with every provider, at once, and nothing '
'before a booking is confirmed.';

create table money.payment_ranges (
    business_id uuid not null references business.businesses (id) on delete cascade,
    provider text not null references money.providers (name) on delete cascade,
    currency text not null references pricing.currencies (code) on delete restrict,
    min_minor bigint not null default 0,
    max_minor bigint,

    primary key (business_id, provider, currency),
    constraint payment_ranges_are_sane check (
        min_minor between 0 and 1000000000000
        and coalesce(max_minor between min_minor and 1000000000000, true)
        or private.invalid(
            'min_minor and max_minor', 'must be from 0 to 1000000000000, the lower one first'
        )
    )
);
comment on table money.payment_ranges is
'In which currencies, and for which amounts of one payment, the customers of a business may choose '
'a provider. A provider without a row here may be chosen for each.';
create index payment_ranges_provider_idx on money.payment_ranges (provider);
create index payment_ranges_currency_idx on money.payment_ranges (currency);

create table money.payment_methods (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    provider text not null references money.providers (name) on delete restrict,
    provider_reference text not null,
    brand text not null,
    last4 text not null,
    -- The last day of the month that is printed on the card.
    expires_on date,
    created_at timestamptz not null default now(),
    -- When somebody removed it. The row goes with its person.
    removed_at timestamptz,
    -- When the provider said what is known of it: an older event changes nothing.
    told_at timestamptz not null default now(),
    -- For which last day its owner was told that it expires.
    expiry_told_on date,

    constraint payment_methods_reference_unique unique (provider, provider_reference)
);
comment on table money.payment_methods is
'Cards and the like that customers saved at a provider. The provider keeps the number.';
comment on column money.payment_methods.user_id is '[person: delete]';
comment on column money.payment_methods.provider_reference is '[secret]';
comment on column money.payment_methods.brand is '[personal]';
comment on column money.payment_methods.last4 is '[personal]';
create index payment_methods_user_id_idx on money.payment_methods (user_id);
-- Those whose owners hear that they expire soon.
create index payment_methods_expiring_idx on money.payment_methods (expires_on)
where removed_at is null;

create table money.provider_customers (
    user_id uuid not null references auth.users (id) on delete cascade,
    provider text not null references money.providers (name) on delete restrict,
    provider_reference text not null,

    primary key (user_id, provider)
);
comment on table money.provider_customers is 'Under which name a provider knows a user.';
comment on column money.provider_customers.user_id is '[person: delete]';
comment on column money.provider_customers.provider_reference is '[secret]';
create index provider_customers_provider_idx on money.provider_customers (provider);

create table money.payments (
    id uuid primary key default gen_random_uuid(),
    basket_id uuid references sales.baskets (id) on delete restrict,
    payer_id uuid references auth.users (id) on delete set null,
    provider text not null references money.providers (name) on delete restrict,
    -- Null also where its owner was erased.
    method_id uuid references money.payment_methods (id) on delete set null,
    -- The one-time token of the provider's script in the browser, if it made one.
    method_token text,
    saves_method boolean not null default false,
    -- The customer is not there, as when a saved card pays a fee.
    is_off_session boolean not null default false,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    capture money.capture_mode not null,
    -- What is to be taken: the amount, or less of a reserved payment.
    to_capture_minor bigint not null,
    captured_minor bigint not null default 0,
    -- What refunds that succeeded gave back.
    refunded_minor bigint not null default 0,
    -- How far it came apart from money that moved.
    reached money.payment_status not null default 'pending',
    -- Follows from the columns above and from its disputes (money.payment_status_of).
    status money.payment_status not null default 'pending',
    -- The provider's id of it, and what the payer's browser needs next. Both are secret.
    provider_reference text,
    client jsonb,
    -- Why it failed: a code of the provider's or of ours.
    failure text,
    return_url text not null,
    expires_at timestamptz not null,
    -- Until when somebody is asking the provider about it, so that nobody else does.
    asked_until timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint payments_reference_unique unique (provider, provider_reference),
    constraint payments_amount_is_positive check (amount_minor > 0),
    constraint payments_are_not_captured_beyond_what_is_asked check (
        captured_minor between 0 and to_capture_minor and to_capture_minor <= amount_minor
    ),
    constraint payments_are_not_refunded_beyond_captured check (
        refunded_minor between 0 and captured_minor
    ),
    constraint payments_reached_no_money check (reached < 'partially_captured')
);
comment on table money.payments is 'What somebody pays, for one sale or several.';
comment on column money.payments.payer_id is '[person]';
comment on column money.payments.method_token is '[secret] [personal]';
comment on column money.payments.provider_reference is '[secret]';
comment on column money.payments.client is '[secret] [personal]';
create index payments_payer_id_idx on money.payments (payer_id, created_at, id);
create index payments_basket_id_idx on money.payments (basket_id) where basket_id is not null;
create index payments_method_id_idx on money.payments (method_id) where method_id is not null;
create index payments_currency_idx on money.payments (currency);
create index payments_created_at_idx on money.payments (created_at, id);
-- The payments that a sweep closes because nobody paid.
create index payments_open_idx on money.payments (expires_at)
where status in ('pending', 'requires_action', 'failed', 'authorized');

create table money.payment_transitions (
    from_status money.payment_status not null,
    to_status money.payment_status not null,

    primary key (from_status, to_status)
);
comment on table money.payment_transitions is 'The life of a payment: every step that exists.';

create table money.payment_parts (
    business_id uuid not null,
    sale_id uuid not null,
    payment_id uuid not null references money.payments (id) on delete restrict,
    -- As in its payment, for the business, which does not see the payment.
    provider text not null,
    currency text not null,
    status money.payment_status not null default 'pending',
    amount_minor bigint not null,
    authorized_minor bigint not null default 0,
    captured_minor bigint not null default 0,
    -- Asked of the provider, and not answered yet.
    refunding_minor bigint not null default 0,
    refunded_minor bigint not null default 0,
    created_at timestamptz not null default now(),

    primary key (business_id, sale_id, payment_id),
    constraint payment_parts_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint payment_parts_amount_not_negative check (amount_minor >= 0),
    constraint payment_parts_are_not_captured_beyond_the_part check (
        captured_minor between 0 and amount_minor
    ),
    constraint payment_parts_are_not_refunded_beyond_captured check (
        refunding_minor >= 0 and refunded_minor >= 0
        and refunding_minor + refunded_minor <= captured_minor
    )
);
comment on table money.payment_parts is
'How much of a payment pays which sale. A business sees its parts, never the payment''s total.';
create index payment_parts_payment_id_idx on money.payment_parts (payment_id);
create index payment_parts_created_at_idx
on money.payment_parts (business_id, created_at, payment_id);

-- sql/39_money/tables/payments_by_credit.sql

-- Payments by gift card or credit: no provider is asked, the ledger has the money already.

create table money.credit_payments (
    payment_id uuid primary key references money.payments (id) on delete restrict,
    -- What it draws on: a gift card's account, or a customer's credit.
    account_id uuid not null references money.accounts (id) on delete restrict
);
comment on table money.credit_payments is
'From which account of the ledger a payment by gift card or credit comes. A refund returns there.';
create index credit_payments_account_id_idx on money.credit_payments (account_id);

-- sql/39_money/tables/payments_inbox.sql

-- What providers told us, byte for byte, each event once. A worker applies it. An event about
-- something that is unknown yet is parked and tried again: it overtook our own commit, or it
-- belongs to nobody here. Retention empties the bytes of every event after some time; what was
-- still parked then is ignored.

create type money.event_state as enum ('received', 'parked', 'applied', 'ignored');

create table money.provider_events (
    id uuid primary key default gen_random_uuid(),
    provider text not null,
    event_id text not null,
    raw bytea not null,
    kind text not null,
    object_reference text,
    payment_reference text,
    -- The key that we gave the object (private.effects).
    key text,
    amount_minor bigint,
    currency text,
    occurred_at timestamptz not null,
    data jsonb not null default '{}',
    state money.event_state not null default 'received',
    attempts integer not null default 0,
    received_at timestamptz not null default now(),
    applied_at timestamptz,
    -- Whom it is about, once it is applied: the payment, or the user who saved a card.
    subject_id uuid,

    constraint provider_events_event_unique unique (provider, event_id)
);
comment on table money.provider_events is
'Events of payment providers: the bytes that came, and the fields of which all follows.';
comment on column money.provider_events.raw is '[secret] [personal]';
comment on column money.provider_events.data is '[secret] [personal]';
comment on column money.provider_events.subject_id is '[person]';
create index provider_events_subject_id_idx on money.provider_events (subject_id);
-- Those that wait for what they speak of, and those whose message got lost.
create index provider_events_waiting_idx on money.provider_events (received_at)
where state in ('received', 'parked');

create table money.payment_findings (
    id uuid primary key default gen_random_uuid(),
    -- What is wrong, as a token: amount_differs, currency_differs, unknown_object, …
    kind text not null,
    provider text not null,
    reference text not null,
    payment_id uuid references money.payments (id) on delete restrict,
    detail jsonb not null default '{}',
    found_at timestamptz not null default now(),
    resolved_at timestamptz,

    constraint payment_findings_unique unique (kind, provider, reference)
);
comment on table money.payment_findings is
'What providers say and we do not: for finance to look at. Each is found once.';
create index payment_findings_payment_id_idx on money.payment_findings (payment_id);
create index payment_findings_open_idx on money.payment_findings (found_at)
where resolved_at is null;

create table money.reconciliations (
    provider text primary key references money.providers (name) on delete cascade,
    -- Everything that the provider made before this moment was compared.
    compared_until timestamptz not null
);
comment on table money.reconciliations is 'How far each provider''s list was compared with ours.';

-- sql/39_money/tables/payments_links.sql

-- Links by which anybody who has one pays a sale, cards that customers leave for a booking to which
-- they might not come, and what people asked of the provider of a payment.

create table money.payment_links (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    sale_id uuid not null,
    -- The hash of the secret in the link.
    token_hash bytea not null,
    -- Null: whatever the sale still owes.
    amount_minor bigint,
    expires_at timestamptz not null,
    created_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,

    constraint payment_links_business_id_id_unique unique (business_id, id),
    constraint payment_links_token_hash_unique unique (token_hash),
    constraint payment_links_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint payment_links_amount_is_positive check (amount_minor > 0)
);
comment on table money.payment_links is 'Secret links by which anybody who has one pays a sale.';
comment on column money.payment_links.token_hash is '[secret]';
comment on column money.payment_links.created_by is '[person]';
create index payment_links_sale_idx on money.payment_links (business_id, sale_id);
create index payment_links_created_by_idx on money.payment_links (created_by);

create table money.guarantees (
    business_id uuid not null,
    sale_id uuid not null,
    method_id uuid not null references money.payment_methods (id) on delete cascade,
    created_at timestamptz not null default now(),

    primary key (business_id, sale_id),
    constraint guarantees_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade
);
comment on table money.guarantees is
'The saved card that a customer left for the fees of a sale, such as for not coming.';
create index guarantees_method_id_idx on money.guarantees (method_id);

-- A row a request of a person: the payment itself changes only when the provider answers, which is
-- nobody's act any more. So the audit trail says who asked, and when.
create table money.requested_calls (
    id bigint generated always as identity primary key,
    payment_id uuid not null references money.payments (id) on delete restrict,
    -- The business for which a member asked; null: the payer asked.
    business_id uuid references business.businesses (id) on delete restrict,
    call money.provider_call not null,
    -- How much to take.
    amount_minor bigint,
    requested_by uuid references auth.users (id) on delete set null,
    requested_at timestamptz not null default now(),

    constraint requested_calls_are_of_payments check (call in ('capture', 'cancel')),
    constraint requested_calls_take_an_amount check (
        (call = 'capture') = (amount_minor is not null)
    )
);
comment on table money.requested_calls is
'Who asked to take the money that a payment reserved, or to release it, and when.';
comment on column money.requested_calls.requested_by is '[person]';
create index requested_calls_payment_id_idx on money.requested_calls (payment_id);
create index requested_calls_business_id_idx on money.requested_calls (business_id);
create index requested_calls_requested_by_idx on money.requested_calls (requested_by);

-- sql/39_money/tables/payments_refunds.sql

-- What a business gives back of a payment, and what a payer's bank takes back.

create type money.refund_status as enum ('pending', 'failed', 'succeeded');
create type money.dispute_status as enum ('open', 'won', 'lost');

create table money.refunds (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    payment_id uuid not null references money.payments (id) on delete restrict,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    status money.refund_status not null default 'pending',
    reason text not null,
    requested_by uuid references auth.users (id) on delete set null,
    -- The provider's id of it; secret.
    provider_reference text,
    failure text,
    asked_until timestamptz,
    created_at timestamptz not null default now(),
    finished_at timestamptz,

    constraint refunds_business_id_id_unique unique (business_id, id),
    constraint refunds_amount_is_positive check (amount_minor > 0),
    constraint refunds_finish_at_some_time check ((status = 'pending') = (finished_at is null))
);
comment on table money.refunds is
'What a business gives back of a payment. Final once it succeeded.';
comment on column money.refunds.payment_id is '[person]';
comment on column money.refunds.reason is '[personal]';
comment on column money.refunds.requested_by is '[person]';
comment on column money.refunds.provider_reference is '[secret]';
create index refunds_payment_id_idx on money.refunds (payment_id);
create index refunds_business_id_idx on money.refunds (business_id, created_at, id);
create index refunds_requested_by_idx on money.refunds (requested_by);
create index refunds_currency_idx on money.refunds (currency);
-- Which refund an event is about, where the event does not name its payment.
create index refunds_reference_idx on money.refunds (provider_reference)
where provider_reference is not null;

create table money.refund_parts (
    business_id uuid not null,
    refund_id uuid not null,
    sale_id uuid not null,
    payment_id uuid not null,
    amount_minor bigint not null,

    primary key (business_id, refund_id, sale_id),
    constraint refund_parts_refund_fkey foreign key (business_id, refund_id)
    references money.refunds (business_id, id) on delete restrict,
    constraint refund_parts_part_fkey foreign key (business_id, sale_id, payment_id)
    references money.payment_parts (business_id, sale_id, payment_id) on delete restrict,
    constraint refund_parts_amount_is_positive check (amount_minor > 0)
);
comment on table money.refund_parts is
'Of which parts of the payment a refund gives back how much.';
create index refund_parts_part_idx on money.refund_parts (business_id, sale_id, payment_id);

create table money.refund_lines (
    business_id uuid not null,
    refund_id uuid not null,
    sale_line_id uuid not null,
    amount_minor bigint not null,

    primary key (business_id, refund_id, sale_line_id),
    constraint refund_lines_refund_fkey foreign key (business_id, refund_id)
    references money.refunds (business_id, id) on delete restrict,
    constraint refund_lines_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint refund_lines_amount_is_positive check (amount_minor > 0)
);
comment on table money.refund_lines is 'Of which lines of the sale a refund gives back how much.';
create index refund_lines_sale_line_idx on money.refund_lines (business_id, sale_line_id);

create table money.disputes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    sale_id uuid not null,
    payment_id uuid not null,
    -- The provider's id of it. A dispute of a payment with several parts has a row for each.
    provider_reference text not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    status money.dispute_status not null,
    opened_at timestamptz not null,
    closed_at timestamptz,

    constraint disputes_business_id_id_unique unique (business_id, id),
    constraint disputes_part_unique unique (business_id, sale_id, payment_id, provider_reference),
    constraint disputes_part_fkey foreign key (business_id, sale_id, payment_id)
    references money.payment_parts (business_id, sale_id, payment_id) on delete restrict,
    constraint disputes_amount_not_negative check (amount_minor >= 0),
    constraint disputes_close_at_some_time check ((status = 'open') = (closed_at is null))
);
comment on table money.disputes is
'The payer''s bank takes a payment back, or tries to: one row for each part of the payment.';
comment on column money.disputes.provider_reference is '[secret]';
create index disputes_payment_id_idx on money.disputes (payment_id);
create index disputes_currency_idx on money.disputes (currency);

-- sql/39_money/tables/payments_setups.sql

-- Cards that somebody saves without paying anything, such as for the guarantee of a booking: the
-- provider takes the card on its own page or form, and tells us what was saved. And cards that a
-- provider must still forget, because they were removed here.

create table money.method_setups (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    provider text not null references money.providers (name) on delete restrict,
    return_url text not null,
    -- The provider's id of it, and what the browser needs next.
    provider_reference text,
    client jsonb,
    -- Why the provider refused it.
    failure text,
    -- Until when somebody is asking the provider about it, so that nobody else does.
    asked_until timestamptz,
    created_at timestamptz not null default now(),
    -- The one-time token of the provider's script in the browser, if it made one.
    method_token text,
    -- When the provider had the card, and when it was last asked whether it has.
    saved_at timestamptz,
    checked_at timestamptz,

    constraint method_setups_reference_unique unique (provider, provider_reference)
);
comment on table money.method_setups is 'Attempts of users to save a card at a provider.';
comment on column money.method_setups.user_id is '[person: delete]';
comment on column money.method_setups.provider_reference is '[secret]';
comment on column money.method_setups.client is '[secret]';
comment on column money.method_setups.method_token is '[secret] [personal]';
create index method_setups_user_id_idx on money.method_setups (user_id);
-- Which are not finished?
create index method_setups_open_idx on money.method_setups (created_at)
where saved_at is null and failure is null;

create table money.methods_to_forget (
    -- The id that the method has, or had before its owner was erased.
    id uuid primary key,
    provider text not null references money.providers (name) on delete restrict,
    provider_reference text not null,
    asked_until timestamptz,
    created_at timestamptz not null default now(),

    constraint methods_to_forget_reference_unique unique (provider, provider_reference)
);
comment on table money.methods_to_forget is
'Saved cards that were removed here, until their provider has forgotten them too.';
comment on column money.methods_to_forget.provider_reference is '[secret]';

-- sql/39_money/tables/payments_values.sql

-- Values that the functions of payments hand to each other. No table stores them.

-- What somebody wants to pay, with whom.
create type money.payment_wish as (
    business_ids uuid array,
    sale_ids uuid array,
    -- What each sale shall get; they add up to the payment.
    amounts bigint array,
    basket_id uuid,
    payer_id uuid,
    provider text,
    method_id uuid,
    method_token text,
    saves_method boolean,
    is_off_session boolean,
    return_url text
);

-- `unchanged`: everything was known. `parked`: nobody knows the object yet. `finding`: see
-- money.payment_findings.
create type money.event_outcome as enum ('applied', 'unchanged', 'parked', 'finding');

-- sql/39_money/tables/payouts.sql

-- What a business is paid. Everything that it earned, and everything that is taken from it, is a
-- row of `earnings`; a payout is a set of them that adds up to more than nothing. So a negative
-- balance needs no rule: its rows stay until later earnings outweigh them.

create type money.earning_kind as enum (
    -- A delivered line, and what refunds took back of one.
    'line', 'reversal',
    -- A share in the commission of another business.
    'commission',
    -- Cash that the business took itself, and what a payer's bank took back for good.
    'cash', 'dispute',
    -- Kept for a while against refunds, and what becomes free of it.
    'reserve', 'release',
    -- Credit that the business gave, once it is spent.
    'credit',
    -- The tax of gift cards that are taxed when they are sold, and what returns of it.
    'gift_card_tax',
    -- What was left on expired gift cards, once it is the business's own, and what returns to them.
    'breakage'
);
create type money.payout_account_status as enum ('pending', 'active', 'restricted', 'rejected');
create type money.payout_schedule as enum ('each', 'daily', 'weekly', 'monthly', 'on_demand');
create type money.payout_status as enum (
    'pending', 'approved', 'rejected', 'in_transit', 'paid', 'failed', 'reversed'
);
create type money.payout_decision as enum ('approve', 'reject');

-- Does it pay businesses out?
alter table money.providers add column pays_out boolean not null default false;
-- Does the operator make its transfers, with a file for their bank?
alter table money.providers add column is_by_hand boolean not null default false;

create table money.payout_thresholds (
    currency text primary key references pricing.currencies (code) on delete restrict,
    -- A payout of this amount or more waits for the platform's finance staff.
    approval_from_minor bigint not null,

    constraint payout_thresholds_not_negative check (approval_from_minor >= 0)
);
comment on table money.payout_thresholds is
'From which amount a payout needs approval. Without a row every payout does.';

create table money.payout_accounts (
    business_id uuid not null references business.businesses (id) on delete restrict,
    currency text not null references pricing.currencies (code) on delete restrict,
    provider text not null references money.providers (name) on delete restrict,
    -- The provider's id of the account; null until it is opened.
    provider_reference text,
    status money.payout_account_status not null default 'pending',
    -- What the provider still asks the business for.
    missing text array not null default '{}',
    schedule money.payout_schedule not null default 'weekly',
    minimum_minor bigint not null default 1,
    -- How long earnings wait before they can be paid out, for refunds to come first.
    hold_days integer not null default 2,
    -- The share of each line that is kept, and for how long.
    reserve_bps integer not null default 0,
    reserve_days integer not null default 90,
    created_at timestamptz not null default now(),

    primary key (business_id, currency),
    constraint payout_accounts_reference_unique unique (provider, provider_reference),
    constraint payout_accounts_are_opened_before_active check (
        status = 'pending' or provider_reference is not null
    ),
    constraint payout_accounts_minimum_is_positive check (
        minimum_minor > 0 or private.invalid('minimum_minor', 'must be positive')
    ),
    constraint payout_accounts_hold_is_sane check (
        hold_days between 0 and 90 or private.invalid('hold_days', 'must be from 0 to 90')
    ),
    constraint payout_accounts_reserve_is_sane check (
        reserve_bps between 0 and 10000 and reserve_days between 1 and 365
        or private.invalid(
            'reserve_bps and reserve_days', 'must be from 0 to 10000 and from 1 to 365'
        )
    )
);
comment on table money.payout_accounts is
'Where a business is paid in a currency, when, and what is held back.';
create index payout_accounts_currency_idx on money.payout_accounts (currency);

-- A table of its own, because a run writes each row that it looks at, and the trail keeps every
-- change of an account.
create table money.payout_runs (
    business_id uuid not null,
    currency text not null,
    -- Infinity where payouts are made on demand.
    next_run_at timestamptz not null,

    primary key (business_id, currency),
    constraint payout_runs_account_fkey foreign key (business_id, currency)
    references money.payout_accounts (business_id, currency) on delete cascade
);
comment on table money.payout_runs is
'When a run looks at a payout account next. Whoever makes payouts of an account locks its row.';
-- The accounts that a run of payouts looks at.
create index payout_runs_due_idx on money.payout_runs (next_run_at);

create table money.payouts (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    currency text not null,
    amount_minor bigint not null,
    -- How much of it comes out of the reserve.
    released_minor bigint not null default 0,
    status money.payout_status not null,
    -- Null: the schedule, or the operator.
    requested_by uuid references auth.users (id) on delete set null,
    provider text not null,
    provider_reference text,
    failure text,
    created_at timestamptz not null,
    finished_at timestamptz,
    -- When a worker was sent after it again, because it had not moved for an hour.
    chased_at timestamptz,
    -- What it consists of. They come out of open_earnings, so two live payouts never have the same
    -- one. A row for each would cost a run as much as everything else that it writes.
    earning_ids uuid array not null,
    -- The file in which the operator got it, and the sealed number to which it is transferred then.
    file_id uuid,
    secret_id uuid,

    constraint payouts_business_id_id_unique unique (business_id, id),
    constraint payouts_account_fkey foreign key (business_id, currency)
    references money.payout_accounts (business_id, currency) on delete restrict,
    constraint payouts_reference_unique unique (provider, provider_reference),
    constraint payouts_amount_is_positive check (amount_minor > 0)
);
comment on table money.payouts is 'What a business is paid, and how far it came.';
create index payouts_business_id_idx on money.payouts (business_id, created_at, id);
create index payouts_account_idx on money.payouts (business_id, currency);
create index payouts_requested_by_idx on money.payouts (requested_by)
where requested_by is not null;
create index payouts_file_idx on money.payouts (file_id)
where file_id is not null;
-- Those that wait for somebody.
create index payouts_open_idx on money.payouts (created_at, id)
where status in ('pending', 'approved', 'in_transit', 'failed');

create table money.payout_transitions (
    from_status money.payout_status not null,
    to_status money.payout_status not null,

    primary key (from_status, to_status)
);
comment on table money.payout_transitions is 'The life of a payout: every step that exists.';

create table money.payout_decisions (
    business_id uuid not null,
    payout_id uuid not null,
    decision money.payout_decision not null,
    reason text,
    -- Null: the operator. No reference: the record outlives the user.
    decided_by uuid default auth.uid(),
    decided_at timestamptz not null default private.now(),

    primary key (business_id, payout_id),
    constraint payout_decisions_payout_fkey foreign key (business_id, payout_id)
    references money.payouts (business_id, id) on delete restrict,
    constraint payout_decisions_rejections_have_a_reason check (
        decision = 'approve' or reason is not null
    )
);
comment on table money.payout_decisions is
'Who approved or rejected a payout, and why. Writing a row takes the step.';

create table money.earnings (
    id uuid not null default gen_random_uuid(),
    -- The business that is paid, or pays.
    business_id uuid not null references business.businesses (id) on delete restrict,
    currency text not null,
    kind money.earning_kind not null,
    sale_id uuid,
    sale_line_id uuid,
    -- The commission of which this is the share. No reference: it is another business's.
    commission_id uuid,
    amount_minor bigint not null,
    earned_at timestamptz not null,

    primary key (business_id, id),
    constraint earnings_line_fkey foreign key (business_id, sale_line_id)
    references money.line_terms (business_id, sale_line_id) on delete restrict,
    constraint earnings_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint earnings_move_something check (amount_minor <> 0)
);
comment on table money.earnings is
'What a business earned, and what is taken from it. Only ever added to.';
create index earnings_line_idx on money.earnings (business_id, sale_line_id)
where sale_line_id is not null;
create index earnings_sale_idx on money.earnings (business_id, sale_id)
where sale_id is not null;

create table money.open_earnings (
    business_id uuid not null,
    earning_id uuid not null,
    currency text not null,
    sale_id uuid,
    amount_minor bigint not null,
    -- From when it can be paid out; null until the customer has paid the sale.
    available_at timestamptz,
    -- Does it come out of the reserve?
    is_release boolean not null default false,

    primary key (business_id, earning_id),
    constraint open_earnings_earning_fkey foreign key (business_id, earning_id)
    references money.earnings (business_id, id) on delete restrict
);
comment on table money.open_earnings is
'The earnings that no live payout has. A payout takes them out, so two never have the same one.';
-- What becomes available when a sale is paid.
create index open_earnings_unpaid_idx on money.open_earnings (sale_id)
where available_at is null;

-- sql/39_money/tables/periods.sql

-- Periods of the ledger, such as months. A closed period is final: what arrives late is booked on
-- the first day after it.

create table money.periods (
    -- Its last day (UTC). It begins after the period before.
    ends_on date primary key,
    closed_at timestamptz not null,
    -- Null when the operator's own software closed it. No reference: the record outlives the user.
    closed_by uuid
);
comment on table money.periods is 'Closed periods of the ledger. Only ever added to.';

create table money.period_balances (
    ends_on date not null references money.periods (ends_on) on delete restrict,
    account_id uuid not null references money.accounts (id) on delete restrict,
    balance_minor bigint not null,

    primary key (account_id, ends_on)
);
comment on table money.period_balances is
'The balance of each account at the end of each closed period, where it differs from the period '
'before. Positive is a debit.';
create index period_balances_ends_on_idx on money.period_balances (ends_on);

-- sql/39_money/tables/secrets.sql

-- Secrets that must be read again, such as account numbers. The database seals them with a public
-- key and cannot open them: the private keys lie with the workers alone, so no dump, replica or
-- query shows a plain value.

create extension if not exists pgcrypto with schema extensions;

create table private.secret_keys (
    -- The OpenPGP key id in hexadecimal digits, which each sealed value carries.
    id text primary key,
    -- An OpenPGP packet with an RSA key.
    public_key bytea not null,
    created_at timestamptz not null default now(),

    constraint secret_keys_id_is_a_key_id check (id ~ '^[0-9a-f]{16}$')
);
comment on table private.secret_keys is
'Public keys that seal secrets. The newest seals; older ones stay until nothing is sealed with '
'them.';

create table private.secrets (
    id uuid primary key default gen_random_uuid(),
    -- The business whose secret it is; null for the platform's.
    business_id uuid references business.businesses (id) on delete cascade,
    secret_key_id text not null references private.secret_keys (id) on delete restrict,
    -- An OpenPGP message.
    sealed bytea not null,
    created_at timestamptz not null default now(),

    constraint secrets_business_id_id_unique unique (business_id, id)
);
comment on table private.secrets is
'Sealed values. Whoever keeps one refers to its row; only workers can open it.';
comment on column private.secrets.sealed is '[secret]';
create index secrets_secret_key_id_idx on private.secrets (secret_key_id);

-- sql/39_money/tables/secrets_bank_accounts.sql

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

-- sql/39_money/functions/accounts.sql

-- Accounts are found by what they are, and made when they are first needed.

/*
 * Return the account of a kind, currency and owner. It is made when there is none.
 */
create function money.account(
    kind money.account_kind,
    currency text,
    business_id uuid default null,
    provider text default null,
    owner_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = money.account_id(kind, currency, business_id, provider, owner_id);
begin
    if not exists (select 1 from money.accounts where accounts.id = v_id) then
        insert into money.accounts (id, kind, currency, business_id, provider, owner_id, created_at)
        values (
            v_id, account.kind, account.currency, account.business_id, account.provider,
            account.owner_id, private.now()
        )
        on conflict do nothing;
    end if;
    return v_id;
end;
$$;

/*
 * Return the key of an account, which follows from what it is. So no index is asked for it, and two
 * that make the same account at the same time make one.
 */
create function money.account_id(
    kind money.account_kind,
    currency text,
    business_id uuid,
    provider text,
    owner_id uuid
)
returns uuid
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return md5(concat_ws(
        ' ', kind, currency, coalesce(business_id::text, '-'), coalesce(provider, '-'),
        coalesce(owner_id::text, '-')
    ))::uuid;
end;
$$;

/*
 * May the balance of such an account not go negative? Its changes wait for each other.
 */
create function money.is_spendable(kind money.account_kind)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select kind in ('customer_credit', 'gift_cards');
end;

/*
 * Return the balance of an account in minor units: positive is a debit. An account that was not
 * made yet has 0.
 * Definer: entries are nobody's to read. The views that call this show only the caller's accounts.
 */
create function money.balance(account_id uuid)
returns bigint
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_checkpoint money.checkpoints;
begin
    select checkpoints.* into v_checkpoint
    from money.checkpoints
    where checkpoints.account_id = balance.account_id
    order by checkpoints.through_number desc
    limit 1;
    return (
        select coalesce(v_checkpoint.balance_minor, 0) + coalesce(sum(entries.amount_minor), 0)
        from money.entries
        where
            entries.account_id = balance.account_id
            and entries.number > coalesce(v_checkpoint.through_number, 0)
    );
end;
$$;

-- sql/39_money/functions/bank_accounts.sql

-- Bank accounts: the number is checked and sealed as soon as it arrives.

/*
 * Return what was typed as the number of an account or of a bank, without spaces and hyphens, in
 * capitals.
 */
create function money.compact_number(value text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return nullif(upper(regexp_replace(value, '[\s-]', '', 'g')), '');
end;
$$;

/*
 * Return the country of an account: an IBAN names it, else the caller does; else it is the country
 * of the business.
 *
 * Errors:  PT400 invalid_input
 */
create function money.bank_country(business_id uuid, country text, number text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_country text = coalesce(
        upper(bank_country.country),
        (
            select bank_formats.country
            from money.bank_formats
            where
                bank_formats.country = left(bank_country.number, 2)
                and bank_formats.routing_pattern is null
        ),
        (
            select businesses.country
            from business.businesses
            where businesses.id = bank_country.business_id
        )
    );
begin
    if v_country !~ '^[A-Z]{2}$' then
        perform private.invalid('country', 'must be an ISO 3166 code of two letters');
    end if;
    return v_country;
end;
$$;

/*
 * Refuse the numbers of an account and its bank that cannot be right in a country. Where no format
 * is known, both are letters and digits.
 *
 * Errors:  PT400 invalid_input
 */
create function money.require_bank_numbers(country text, number text, routing_number text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_format money.bank_formats;
begin
    select bank_formats.* into v_format
    from money.bank_formats
    where bank_formats.country = require_bank_numbers.country;
    if v_format.country is not null and v_format.routing_pattern is null then
        perform money.require_iban(v_format, number);
        if routing_number !~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$' then
            perform private.invalid('routing_number', 'must be a BIC of 8 or 11 characters');
        end if;
        return;
    end if;
    if number is null or number !~ coalesce(v_format.number_pattern, '^[A-Z0-9]{5,34}$') then
        perform private.invalid('number', 'must be the number of a bank account in its country');
    end if;
    if
        routing_number is null
        or routing_number !~ coalesce(v_format.routing_pattern, '^[A-Z0-9]{3,15}$')
        or v_format.country = 'US' and not money.has_aba_check(routing_number)
    then
        perform private.invalid('routing_number', 'must be the number of a bank in its country');
    end if;
end;
$$;

/*
 * Refuse an IBAN that is mistyped, or has not the length and signs of its country.
 *
 * Errors:  PT400 invalid_input
 */
create function money.require_iban(format money.bank_formats, number text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if number is null or number !~ format.number_pattern then
        perform private.invalid('number', 'must be an IBAN of its country');
    elsif not money.has_iban_check(number) then
        perform private.invalid('number', 'must be an IBAN with the right check digits');
    end if;
end;
$$;

/*
 * Do the check digits of an IBAN fit? A letter counts as two digits, A as 10.
 * Source: ISO 13616, ISO 7064 (MOD 97-10)
 */
create function money.has_iban_check(iban text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select mod(
            string_agg(
                case
                    when sign.value ~ '\d' then sign.value
                    else (ascii(sign.value) - ascii('A') + 10)::text
                end,
                '' order by sign.place
            )::numeric,
            97
        ) = 1
        from regexp_split_to_table(substr(iban, 5) || left(iban, 4), '')
            with ordinality as sign (value, place)
    );
end;
$$;

/*
 * Does the last of the nine digits of an American bank fit the others?
 * Source: ABA routing numbers, weights 3, 7, 1
 */
create function money.has_aba_check(routing_number text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select sum(sign.value::integer * (array[3, 7, 1])[(sign.place - 1) % 3 + 1]) % 10 = 0
        from regexp_split_to_table(has_aba_check.routing_number, '')
            with ordinality as sign (value, place)
    );
end;
$$;

/*
 * Keep the bank account of a business for its currency, instead of the one before. A payout account
 * that waits for it becomes active.
 * Definer: nobody has a write grant on bank accounts and secrets; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden second_factor_required
 *          PT404 not_found · PT503 unavailable
 */
create function money.set_bank_account(
    business_id uuid,
    currency text,
    holder_name text,
    number text,
    routing_number text,
    country text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_number text = money.compact_number(set_bank_account.number);
    v_routing_number text = money.compact_number(set_bank_account.routing_number);
    v_country text = money.bank_country(
        set_bank_account.business_id, set_bank_account.country, v_number
    );
begin
    perform private.require_member(set_bank_account.business_id, 'own');
    perform private.require_second_factor();
    perform money.require_bank_numbers(v_country, v_number, v_routing_number);
    perform money.write_bank_account(
        set_bank_account.business_id,
        set_bank_account.currency,
        set_bank_account.holder_name,
        v_country,
        right(v_number, 4),
        private.keep_secret(
            set_bank_account.business_id,
            jsonb_build_object('number', v_number, 'routing_number', v_routing_number)::text
        )
    );
    perform money.check_bank_payouts(set_bank_account.business_id, set_bank_account.currency);
end;
$$;

/*
 * Write a bank account over the one before, and forget the number before.
 */
create function money.write_bank_account(
    business_id uuid, currency text, holder_name text, country text, last4 text, secret_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_old_secret_id uuid;
begin
    select bank_accounts.secret_id into v_old_secret_id
    from money.bank_accounts
    where
        bank_accounts.business_id = write_bank_account.business_id
        and bank_accounts.currency = write_bank_account.currency
    for update;
    insert into money.bank_accounts (
        business_id, currency, holder_name, country, last4, secret_id, updated_at
    )
    values (
        write_bank_account.business_id, write_bank_account.currency,
        write_bank_account.holder_name, write_bank_account.country, write_bank_account.last4,
        write_bank_account.secret_id, private.now()
    )
    on conflict on constraint bank_accounts_pkey do update
    set
        holder_name = excluded.holder_name,
        country = excluded.country,
        last4 = excluded.last4,
        secret_id = excluded.secret_id,
        updated_at = excluded.updated_at;
    delete from private.secrets
    where secrets.id = v_old_secret_id;
end;
$$;

-- sql/39_money/functions/checking.sql

-- What would show that the ledger is wrong. `frontdesk ledger check`, the doctor and the tests ask;
-- nothing is ever found unless somebody went around the rules.

/*
 * Return everything that does not agree: what was found, on what, and both amounts in minor units.
 */
create function money.ledger_findings()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select findings.* from money.unbalanced_transactions() as findings
    union all
    select findings.* from money.wrong_checkpoints() as findings
    union all
    select findings.* from money.wrong_spendable_balances() as findings
    union all
    select findings.* from money.wrong_period_balances() as findings
    union all
    select findings.* from money.wrong_payments() as findings
    union all
    select findings.* from money.wrong_payouts() as findings;
end;
$$;

/*
 * Return transactions whose entries do not sum to zero in a currency, or that have none.
 */
create function money.unbalanced_transactions()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        case when sums.currency is null then 'without_entries' else 'unbalanced' end,
        concat_ws(' ', transactions.cause_kind, transactions.cause_id, sums.currency),
        0::bigint,
        sums.amount_minor
    from money.transactions
    left join (
        select entries.number, accounts.currency, sum(entries.amount_minor)::bigint as amount_minor
        from money.entries
        inner join money.accounts on entries.account_id = accounts.id
        group by entries.number, accounts.currency
    ) as sums on transactions.number = sums.number
    where sums.amount_minor is distinct from 0;
end;
$$;

/*
 * Return the latest checkpoints that differ from the sum of their entries.
 */
create function money.wrong_checkpoints()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        'checkpoint',
        latest.account_id::text,
        sums.amount_minor,
        latest.balance_minor
    from (
        select distinct on (checkpoints.account_id) checkpoints.*
        from money.checkpoints
        order by checkpoints.account_id, checkpoints.through_number desc
    ) as latest
    cross join lateral (
        select coalesce(sum(entries.amount_minor), 0)::bigint as amount_minor
        from money.entries
        where
            entries.account_id = latest.account_id
            and entries.number <= latest.through_number
    ) as sums
    where latest.balance_minor <> sums.amount_minor;
end;
$$;

/*
 * Return what can be spent where it differs from what the entries say.
 */
create function money.wrong_spendable_balances()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        'spendable_balance',
        spendable_balances.account_id::text,
        -money.balance(spendable_balances.account_id),
        spendable_balances.balance_minor
    from money.spendable_balances
    where
        spendable_balances.balance_minor <> -money.balance(spendable_balances.account_id);
end;
$$;

/*
 * Return closing balances that differ from the sum of what was booked through that day.
 */
create function money.wrong_period_balances()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        'period_balance',
        concat_ws(' ', period_balances.account_id, period_balances.ends_on),
        sums.amount_minor,
        period_balances.balance_minor
    from money.period_balances
    cross join lateral (
        select coalesce(sum(entries.amount_minor), 0)::bigint as amount_minor
        from money.entries
        inner join money.transactions on entries.number = transactions.number
        where
            entries.account_id = period_balances.account_id
            and transactions.booked_on <= period_balances.ends_on
    ) as sums
    where period_balances.balance_minor <> sums.amount_minor;
end;
$$;

/*
 * Return payments and refunds of which the ledger has another amount than their tables.
 */
create function money.wrong_payments()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        moved.cause_kind,
        moved.cause_id::text,
        moved.amount_minor,
        posted.amount_minor
    from (
        select 'capture' as cause_kind, payments.id as cause_id, payments.captured_minor
        from money.payments
        where payments.captured_minor > 0
        union all
        select 'refund', refunds.id, refunds.amount_minor
        from money.refunds
        where refunds.status = 'succeeded'
    ) as moved (cause_kind, cause_id, amount_minor)
    cross join lateral (
        select coalesce(sum(entries.amount_minor), 0)::bigint as amount_minor
        from money.transactions
        inner join money.entries on transactions.number = entries.number
        where
            transactions.cause_kind = moved.cause_kind
            and transactions.cause_id = moved.cause_id
            and entries.amount_minor > 0
    ) as posted
    where moved.amount_minor <> posted.amount_minor;
end;
$$;

/*
 * Return live payouts whose earnings do not add up to their amount, counting an earning that is
 * open, or in an earlier live payout as well, as nothing.
 */
create function money.wrong_payouts()
returns table (finding text, subject text, expected_minor bigint, found_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with items as (
        select distinct on (payouts.business_id, taken.earning_id)
            payouts.business_id, payouts.id as payout_id, taken.earning_id
        from money.payouts
        cross join unnest(payouts.earning_ids) as taken (earning_id)
        where payouts.status not in ('rejected', 'reversed')
        order by payouts.business_id, taken.earning_id, payouts.created_at, payouts.id
    ),

    sums as (
        select items.payout_id, sum(earnings.amount_minor)::bigint as amount_minor
        from items
        inner join money.earnings
            on items.business_id = earnings.business_id and items.earning_id = earnings.id
        left join money.open_earnings as open
            on items.business_id = open.business_id and items.earning_id = open.earning_id
        where open.earning_id is null
        group by items.payout_id
    )

    select
        'payout',
        payouts.id::text,
        payouts.amount_minor,
        coalesce(sums.amount_minor, 0)
    from money.payouts
    left join sums on payouts.id = sums.payout_id
    where
        payouts.status not in ('rejected', 'reversed')
        and payouts.amount_minor <> coalesce(sums.amount_minor, 0);
end;
$$;

-- sql/39_money/functions/checkpoints.sql

-- Checkpoints keep a balance from adding up all entries. They never make anybody wait.

/*
 * Write checkpoints through the last full page that nobody writes to any more. An account gets one
 * when at least 100 entries follow its last one. Returns how many were written. It takes the lock
 * of each page without waiting and stops at the first that is held.
 * Definer: called by the worker, which cannot write the tables.
 */
create function money.write_checkpoints()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_after bigint;
    v_through bigint;
    v_count integer;
begin
    -- A snapshot that is older than the locks would miss what committed before they were free.
    assert current_setting('transaction_isolation') = 'read committed', 'Use read committed.';
    if not pg_try_advisory_xact_lock(money.lock_class('run'), 0) then
        return 0;
    end if;
    select coalesce(max(checkpoint_runs.through_number), 0) into v_after
    from money.checkpoint_runs;
    v_through = money.last_settled_number(v_after);
    if v_through <= v_after then
        return 0;
    end if;
    insert into money.checkpoints (account_id, through_number, balance_minor)
    select due.account_id, v_through, due.balance_minor
    from money.due_checkpoints(v_after, v_through) as due;
    get diagnostics v_count = row_count;
    insert into money.checkpoint_runs (through_number, at, checkpoints)
    values (v_through, private.now(), v_count);
    return v_count;
end;
$$;

/*
 * Return the last number of the last page that is full and that nobody writes to, of the thousand
 * pages after a number. The server has room for some thousand locks, and a run holds that of each
 * page; the next run goes on.
 */
create function money.last_settled_number(after_number bigint)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_page bigint = money.page_of(after_number + 1);
    v_end constant bigint = least(money.current_page(), v_page + 1000);
begin
    while v_page < v_end
        and pg_try_advisory_xact_lock(money.lock_class('page'), v_page::integer)
    loop
        v_page = v_page + 1;
    end loop;
    return money.first_number_of(v_page) - 1;
end;
$$;

/*
 * Return the accounts with entries between two numbers that have at least 100 entries since their
 * last checkpoint, with their balance through the second number.
 */
create function money.due_checkpoints(after_number bigint, through_number bigint)
returns table (account_id uuid, balance_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with touched as (
        select distinct entries.account_id
        from money.entries
        where
            entries.number > due_checkpoints.after_number
            and entries.number <= due_checkpoints.through_number
    )

    select
        touched.account_id,
        (coalesce(latest.balance_minor, 0) + tail.amount_minor)::bigint
    from touched
    left join lateral (
        select checkpoints.through_number, checkpoints.balance_minor
        from money.checkpoints
        where checkpoints.account_id = touched.account_id
        order by checkpoints.through_number desc
        limit 1
    ) as latest on true
    cross join lateral (
        select count(*) as entries, sum(entries.amount_minor) as amount_minor
        from money.entries
        where
            entries.account_id = touched.account_id
            and entries.number > coalesce(latest.through_number, 0)
            and entries.number <= due_checkpoints.through_number
    ) as tail
    where tail.entries >= 100;
end;
$$;

-- sql/39_money/functions/commissions_earning.sql

-- Delivered lines are earned: their terms are frozen, and their shares posted, in the transaction
-- that delivers them. What refunds and corrections take back is posted as the difference between
-- what the shares are now and what they were, so it does not matter which of the two came first,
-- and a repetition writes nothing.

/*
 * Bring what was earned by a sale up to date.
 * Definer: it runs inside triggers of whoever delivers, corrects or refunds.
 */
create function money.update_earnings(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_line record;
begin
    -- Always the last lock that a transaction takes of a sale, so the order cannot be reversed.
    perform private.lock(array[md5('earnings ' || update_earnings.sale_id)::uuid]);
    select sales.* into strict v_sale
    from sales.sales
    where sales.business_id = update_earnings.business_id and sales.id = update_earnings.sale_id;
    for v_line in
        select sale_lines.*::sales.sale_lines as line
        from sales.sale_line_deliveries as deliveries
        inner join sales.sale_lines on sale_lines.id = deliveries.sale_line_id
        left join money.line_terms
            on
                line_terms.business_id = deliveries.business_id
                and line_terms.sale_line_id = deliveries.sale_line_id
        where
            deliveries.business_id = v_sale.business_id
            and deliveries.sale_id = v_sale.id
            and line_terms.sale_line_id is null
        order by sale_lines.position
    loop
        perform money.earn_line(money.terms_of(v_sale, v_line.line));
    end loop;
    perform money.reverse_line(lines.terms, lines.reversed_minor)
    from money.reversed_lines(v_sale.business_id, v_sale.id) as lines
    where lines.reversed_minor <> (lines.terms).reversed_minor;
    perform money.release_paid_sale(v_sale.business_id, v_sale.id);
end;
$$;

/*
 * Return the terms of a line that is delivered now. The rate follows from when the sale was placed.
 */
create function money.terms_of(sale sales.sales, line sales.sale_lines)
returns money.line_terms
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan_id uuid = money.plan_at(sale, line);
begin
    return money.make_terms(
        line, v_plan_id, sale.currency, money.turnover_for(v_plan_id, sale),
        sales.line_total(line),
        (
            select coalesce(sum(discounts.amount_minor), 0)::bigint
            from sales.sale_line_discounts as discounts
            where
                discounts.business_id = line.business_id
                and discounts.sale_line_id = line.id
                and discounts.bearer = 'platform'
        )
    );
end;
$$;

/*
 * Freeze the terms of a line, write the commission of each level, and post what everybody has.
 */
create function money.earn_line(terms money.line_terms)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.line_terms select terms.*;
    perform money.post_shares(
        terms, 'line', money.shares(terms, 0),
        array(select money.write_commissions(terms))
    );
end;
$$;

/*
 * Write the commissions of a line, one for each level. Returns what each level has.
 */
create function money.write_commissions(terms money.line_terms)
returns setof money.level_change
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    insert into money.commissions (
        business_id, sale_id, sale_line_id, level, party_id, currency, amount_minor, earned_at
    )
    select
        terms.business_id, terms.sale_id, terms.sale_line_id, levels.level, parties.party_id,
        terms.currency, levels.amount_minor, terms.delivered_at
    from money.split_commission(terms.plan_id, terms.commission_minor) as levels
    left join money.commission_parties as parties
        on parties.business_id = terms.business_id and parties.level = levels.level
    returning commissions.id, commissions.party_id, commissions.amount_minor;
end;
$$;

/*
 * Return the payout that has a commission, and the status that follows: a line's payout pays the
 * platform, and a party is paid by its own.
 * Definer: who reads the commission may not read the payout of the party.
 */
create function money.commission_state(
    commission money.commissions, out payout_id uuid, out status money.commission_status
)
returns record
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts = money.payout_of(
        coalesce(commission.party_id, commission.business_id),
        case
            when commission.party_id is null then commission.sale_line_id else commission.id
        end,
        commission.earned_at
    );
begin
    commission_state.payout_id = v_payout.id;
    commission_state.status = case
        when v_payout.status = 'paid' then 'paid'
        when commission.reversed_minor = commission.amount_minor
            and commission.amount_minor > 0 then 'reversed'
        when v_payout.status in ('approved', 'in_transit') then 'approved'
        else 'pending'
    end;
end;
$$;

/*
 * Return the payout that has an earning of a business; nothing while it is open. A payout takes all
 * that it can, so it is one of the first that were made after the earning.
 */
create function money.payout_of(business_id uuid, earning_id uuid, earned_at timestamptz)
returns money.payouts
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    if not exists (
        select 1
        from money.open_earnings as open
        where open.business_id = payout_of.business_id and open.earning_id = payout_of.earning_id
    ) then
        select payouts.* into v_payout
        from money.payouts
        where
            payouts.business_id = payout_of.business_id
            and payouts.created_at >= payout_of.earned_at
            and payouts.status not in ('rejected', 'reversed')
            and payout_of.earning_id = any(payouts.earning_ids)
        order by payouts.created_at
        limit 1;
    end if;
    return v_payout;
end;
$$;

-- sql/39_money/functions/commissions_plans.sql

-- Which plan and which tier hold for a line. Everything follows from the sale and the plans, so the
-- order in which lines are delivered does not matter.

/*
 * Return the plan for a line that a business sells on a date: the most specific scope that matches,
 * which is that of the service, then of its category, the business, the kind of line, the vertical.
 * Among equals the scope that began last holds, then the one with the lowest id.
 */
create function money.find_plan(
    business_id uuid, line_kind sales.line_kind, service_id uuid, sold_on date
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select scopes.plan_id
        from money.commission_scopes as scopes
        inner join business.businesses on businesses.id = find_plan.business_id
        left join catalog.services
            on
                services.business_id = find_plan.business_id
                and services.id = find_plan.service_id
        where
            (scopes.business_id = find_plan.business_id or scopes.business_id is null)
            and (scopes.vertical_id is null or scopes.vertical_id = businesses.vertical_id)
            and (scopes.line_kind is null or scopes.line_kind = find_plan.line_kind)
            and (scopes.category_id is null or scopes.category_id = services.category_id)
            and (scopes.service_id is null or scopes.service_id = services.id)
            and (scopes.starts_on is null or scopes.starts_on <= find_plan.sold_on)
            and (scopes.ends_on is null or scopes.ends_on >= find_plan.sold_on)
        order by
            scopes.service_id is null,
            scopes.category_id is null,
            scopes.business_id is null,
            scopes.line_kind is null,
            scopes.vertical_id is null,
            scopes.starts_on desc nulls last,
            scopes.id
        limit 1
    );
end;
$$;

/*
 * Return the tier of a plan for a currency and the turnover of the month so far. A tier of the
 * currency comes before one of every currency.
 */
create function money.find_tier(plan_id uuid, currency text, turnover_minor bigint)
returns money.commission_tiers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tier money.commission_tiers;
begin
    select tiers.* into v_tier
    from money.commission_tiers as tiers
    where
        tiers.plan_id = find_tier.plan_id
        and (tiers.currency = find_tier.currency or tiers.currency is null)
        and tiers.from_minor <= greatest(find_tier.turnover_minor, 0)
        and (tiers.to_minor > greatest(find_tier.turnover_minor, 0) or tiers.to_minor is null)
    order by tiers.currency is null
    limit 1;
    return v_tier;
end;
$$;

/*
 * Does the rate of a plan depend on the turnover?
 */
create function money.has_tiers(plan_id uuid, currency text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from money.commission_tiers as tiers
        where
            tiers.plan_id = has_tiers.plan_id
            and tiers.currency = has_tiers.currency
            and (tiers.from_minor > 0 or tiers.to_minor is not null)
    );
end;
$$;

/*
 * Return what a business sold, after discounts, in the calendar month of a sale (in the zone of the
 * business) and before that sale, corrections included. Gift cards are counted when they are used.
 */
create function money.turnover_before(sale sales.sales)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_zone text = business.time_zone(sale.business_id);
    v_since timestamptz = date_trunc('month', sale.placed_at, v_zone);
begin
    return (
        select coalesce(sum(sale_lines.amount_minor - sale_lines.discount_minor), 0)
        from sales.sales as earlier
        inner join sales.sale_lines
            on
                sale_lines.business_id = earlier.business_id
                and sale_lines.sale_id = earlier.id
        where
            earlier.business_id = sale.business_id
            and earlier.currency = sale.currency
            and earlier.placed_at >= v_since
            and (earlier.placed_at, earlier.id) < (sale.placed_at, sale.id)
            and sale_lines.kind <> 'gift_card'
    );
end;
$$;

/*
 * Return the plan for a line of a sale: the one for the day on which it was placed, in the zone of
 * the business.
 */
create function money.plan_at(sale sales.sales, line sales.sale_lines)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return money.find_plan(
        line.business_id, line.kind, line.service_id,
        (sale.placed_at at time zone business.time_zone(sale.business_id))::date
    );
end;
$$;

/*
 * Return the turnover before a sale that its plan asks for: 0 where the rate does not depend on it.
 */
create function money.turnover_for(plan_id uuid, sale sales.sales)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if money.has_tiers(turnover_for.plan_id, sale.currency) then
        return money.turnover_before(sale);
    end if;
    return 0;
end;
$$;

/*
 * Return the plans that may hold for a business whose money the caller handles: its own, and those
 * of every business.
 * Definer: a policy asks, once a statement, and scopes have a policy themselves.
 */
create function money.my_plans()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_businesses uuid[] = array(select private.my_businesses('account'));
begin
    return query
    select scopes.plan_id
    from money.commission_scopes as scopes
    where
        scopes.business_id = any(v_businesses)
        or scopes.business_id is null and cardinality(v_businesses) > 0;
end;
$$;

-- sql/39_money/functions/commissions_posting.sql

-- How the shares of a line are posted, and noted as earnings of those whom they belong to.

/*
 * Post how the shares of a line moved, and note what its business and the levels earned by it.
 */
create function money.post_shares(
    terms money.line_terms,
    kind money.earning_kind,
    changes money.share,
    levels money.level_change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_earning_id uuid = case kind when 'line' then terms.sale_line_id else gen_random_uuid() end;
    v_reserve bigint = case
        when kind = 'line'
            then money.reserve_of(terms.business_id, terms.currency, changes.net_minor)
        else 0
    end;
begin
    perform money.post(
        terms.business_id,
        case kind when 'line' then 'delivery' else 'reversal' end,
        v_earning_id,
        money.share_entries(terms, changes, v_reserve)
        || money.level_entries(terms.currency, levels)
    );
    perform money.note_earning(terms, v_earning_id, post_shares.kind, changes.net_minor);
    perform money.note_earning(terms, gen_random_uuid(), 'reserve', - v_reserve);
    perform money.note_earning(terms, gen_random_uuid(), 'release', v_reserve);
    perform money.note_party_earnings(terms, post_shares.kind, levels);
end;
$$;

/*
 * Return the entries of a line, but for its commission: the pending money of the customer and the
 * discount that the platform bears become the business's and the withheld tax.
 */
create function money.share_entries(
    terms money.line_terms, changes money.share, reserve_minor bigint
)
returns money.entry[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array[
        money.make_entry(
            money.account('business_pending', terms.currency, business_id => terms.business_id),
            changes.paid_minor
        ),
        money.make_entry(
            money.account('discounts_granted', terms.currency), changes.subsidy_minor
        ),
        money.make_entry(
            money.account('tax_withheld', terms.currency), - changes.withheld_minor
        ),
        money.make_entry(
            money.account('business_payable', terms.currency, business_id => terms.business_id),
            reserve_minor - changes.net_minor
        ),
        money.make_entry(
            money.account('business_reserve', terms.currency, business_id => terms.business_id),
            - reserve_minor
        )
    ];
end;
$$;

/*
 * Return the entries of the levels of a commission: a party's share is what it can be paid out, the
 * rest is the platform's.
 */
create function money.level_entries(currency text, levels money.level_change[])
returns money.entry[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            money.make_entry(
                case
                    when level.party_id is null then money.account('commission', currency)
                    else money.account('business_payable', currency, business_id => level.party_id)
                end,
                - level.amount_minor
            )
        from unnest(levels) as level
    );
end;
$$;

/*
 * Return what is kept of the net of a line against refunds.
 */
create function money.reserve_of(business_id uuid, currency text, net_minor bigint)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select money.share_of(greatest(net_minor, 0), payout_accounts.reserve_bps)
            from money.payout_accounts
            where
                payout_accounts.business_id = reserve_of.business_id
                and payout_accounts.currency = reserve_of.currency
        ),
        0
    );
end;
$$;

/*
 * Note that a business earned by a line, or lost. It is open until a payout has it, and cannot be
 * paid out before the customer has paid the sale.
 */
create function money.note_earning(
    terms money.line_terms, earning_id uuid, kind money.earning_kind, amount_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if note_earning.amount_minor = 0 then
        return;
    end if;
    insert into money.earnings (
        business_id, id, currency, kind, sale_id, sale_line_id, amount_minor, earned_at
    )
    values (
        terms.business_id, note_earning.earning_id, terms.currency, note_earning.kind,
        terms.sale_id, terms.sale_line_id, note_earning.amount_minor, private.now()
    );
    insert into money.open_earnings (
        business_id, earning_id, currency, sale_id, amount_minor, is_release
    )
    values (
        terms.business_id, note_earning.earning_id, terms.currency, terms.sale_id,
        note_earning.amount_minor, note_earning.kind = 'release'
    );
end;
$$;

/*
 * Note what the parties of a commission earned by it, or lost.
 */
create function money.note_party_earnings(
    terms money.line_terms, kind money.earning_kind, levels money.level_change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with earned as (
        insert into money.earnings (
            business_id, id, currency, kind, commission_id, amount_minor, earned_at
        )
        select
            level.party_id,
            -- What was earned first has the id of its commission, so a payout of it is found.
            case kind when 'line' then level.commission_id else gen_random_uuid() end,
            terms.currency, 'commission', level.commission_id, level.amount_minor, private.now()
        from unnest(levels) as level
        where level.party_id is not null and level.amount_minor <> 0
        returning earnings.*
    )

    insert into money.open_earnings (business_id, earning_id, currency, sale_id, amount_minor)
    select earned.business_id, earned.id, earned.currency, terms.sale_id, earned.amount_minor
    from earned;
end;
$$;

-- sql/39_money/functions/commissions_releasing.sql

-- From when earnings can be paid out, and what is taken from them beside sales.

/*
 * Say from when the earnings of a sale can be paid out, once the customer has paid it: at once for
 * what is taken back, after the account's hold for what was earned, and after the time of the
 * reserve for what was kept.
 * Definer: it runs inside triggers of whoever captures.
 */
create function money.release_paid_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not money.is_paid(release_paid_sale.business_id, release_paid_sale.sale_id) then
        return;
    end if;
    update money.open_earnings
    set
        available_at = earnings.earned_at + make_interval(
            days => case
                when earnings.kind = 'release' then accounts.hold_days + accounts.reserve_days
                when earnings.amount_minor < 0 and earnings.kind <> 'reserve' then 0
                else coalesce(accounts.hold_days, 2)
            end
        )
    from money.earnings
    left join money.payout_accounts as accounts
        on
            accounts.business_id = earnings.business_id
            and accounts.currency = earnings.currency
    where
        open_earnings.sale_id = release_paid_sale.sale_id
        and open_earnings.available_at is null
        and earnings.business_id = open_earnings.business_id
        and earnings.id = open_earnings.earning_id;
end;
$$;

/*
 * Has the customer paid what a sale owes? What was given back later is taken from the earnings.
 */
create function money.is_paid(business_id uuid, sale_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(sales.line_total(sale_lines)), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = is_paid.business_id
            and sale_lines.sale_id = is_paid.sale_id
    ) <= (
        select coalesce(sum(payment_parts.captured_minor), 0)
        from money.payment_parts
        where
            payment_parts.business_id = is_paid.business_id
            and payment_parts.sale_id = is_paid.sale_id
    );
end;
$$;

/*
 * Take an amount from what a business can be paid out, such as cash that it has already; a negative
 * one is given to it. `account_id` is where the platform had it. Without one it is posted already.
 */
create function money.take_from_earnings(
    business_id uuid,
    currency text,
    kind money.earning_kind,
    amount_minor bigint,
    account_id uuid default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    if take_from_earnings.amount_minor = 0 then
        return;
    end if;
    insert into money.earnings (business_id, id, currency, kind, amount_minor, earned_at)
    values (
        take_from_earnings.business_id, v_id, take_from_earnings.currency, take_from_earnings.kind,
        - take_from_earnings.amount_minor, private.now()
    );
    insert into money.open_earnings (business_id, earning_id, currency, amount_minor, available_at)
    values (
        take_from_earnings.business_id, v_id, take_from_earnings.currency,
        - take_from_earnings.amount_minor, private.now()
    );
    if account_id is not null then
        perform money.post(
            take_from_earnings.business_id,
            case take_from_earnings.kind
                when 'cash' then 'earning' else take_from_earnings.kind::text
            end,
            v_id,
            array[
                money.make_entry(
                    money.account(
                        'business_payable', take_from_earnings.currency,
                        business_id => take_from_earnings.business_id
                    ),
                    take_from_earnings.amount_minor
                ),
                money.make_entry(account_id, - take_from_earnings.amount_minor)
            ]
        );
    end if;
end;
$$;

-- sql/39_money/functions/commissions_reversing.sql

-- What corrections and refunds take back of a delivered line: in proportion, at the line's own
-- rate, as a running total.

/*
 * Return how much of each share of a line moves when so much of it is taken back in all.
 */
create function money.share_changes(terms money.line_terms, reversed_minor bigint)
returns money.share
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_was money.share = money.shares(terms, terms.reversed_minor);
    v_is money.share = money.shares(terms, share_changes.reversed_minor);
begin
    v_is.paid_minor = v_is.paid_minor - v_was.paid_minor;
    v_is.subsidy_minor = v_is.subsidy_minor - v_was.subsidy_minor;
    v_is.commission_minor = v_is.commission_minor - v_was.commission_minor;
    v_is.withheld_minor = v_is.withheld_minor - v_was.withheld_minor;
    v_is.net_minor = v_is.net_minor - v_was.net_minor;
    return v_is;
end;
$$;

/*
 * Take back so much of a line in all: at its own rate, as a running total.
 */
create function money.reverse_line(terms money.line_terms, reversed_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.line_terms
    set reversed_minor = reverse_line.reversed_minor
    where
        line_terms.business_id = terms.business_id
        and line_terms.sale_line_id = terms.sale_line_id;
    perform money.post_shares(
        terms, 'reversal', money.share_changes(terms, reverse_line.reversed_minor),
        array(
            select money.reverse_commissions(
                terms, (money.shares(terms, reverse_line.reversed_minor)).commission_minor
            )
        )
    );
end;
$$;

/*
 * Split what is left of a line's commission among its levels again. Returns how much each level has
 * more, or less: a unit may move between levels, and what is left never falls below 0.
 */
create function money.reverse_commissions(terms money.line_terms, left_minor bigint)
returns setof money.level_change
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    with levels as (
        select
            array_agg(commissions.id order by commissions.level) as ids,
            array_agg(commissions.amount_minor order by commissions.level) as amounts,
            array_agg(
                commissions.amount_minor - commissions.reversed_minor order by commissions.level
            ) as lefts
        from money.commissions
        where
            commissions.business_id = terms.business_id
            and commissions.sale_line_id = terms.sale_line_id
    )

    update money.commissions
    set reversed_minor = commissions.amount_minor - parts.is_minor
    from levels
    cross join lateral unnest(
        levels.ids, levels.lefts, pricing.split(reverse_commissions.left_minor, levels.amounts)
    ) as parts (id, was_minor, is_minor)
    where commissions.id = parts.id
    returning commissions.id, commissions.party_id, parts.is_minor - parts.was_minor;
end;
$$;

/*
 * Return how much of each line of a sale that has terms is taken back by now: by corrections, and
 * by refunds that gave back more than corrections took back. Such a refund takes from what it
 * refunds first, then from the fees that belong to it.
 */
create function money.reversed_lines(business_id uuid, sale_id uuid)
returns table (terms money.line_terms, reversed_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with standing as (
        select
            lines.*,
            sum(lines.standing_minor) over (partition by lines.root_id order by lines.place)
            - lines.standing_minor as before_minor,
            sum(case when lines.is_charged_for_another then 0 else lines.total_minor end)
                over per_root as sold_minor,
            sum(lines.standing_minor) over per_root as left_minor,
            sum(money.refunded_of(reversed_lines.business_id, lines.sale_line_id))
                over per_root as refunded_minor
        from sales.standing_lines(reversed_lines.business_id, reversed_lines.sale_id) as lines
        window per_root as (partition by lines.root_id)
    )

    select
        line_terms,
        line_terms.paid_minor - greatest(
            standing.standing_minor - greatest(
                greatest(
                    standing.refunded_minor - greatest(standing.sold_minor - standing.left_minor, 0), 0
                ) - standing.before_minor,
                0
            ),
            0
        )::bigint
    from standing
    inner join money.line_terms
        on
            line_terms.business_id = reversed_lines.business_id
            and line_terms.sale_line_id = standing.sale_line_id;
end;
$$;

/*
 * Return what refunds that succeeded gave back of a line.
 */
create function money.refunded_of(business_id uuid, sale_line_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(refund_lines.amount_minor), 0)
        from money.refund_lines
        inner join money.refunds
            on
                refunds.business_id = refund_lines.business_id
                and refunds.id = refund_lines.refund_id
        where
            refund_lines.business_id = refunded_of.business_id
            and refund_lines.sale_line_id = refunded_of.sale_line_id
            and refunds.status = 'succeeded'
    );
end;
$$;

-- sql/39_money/functions/commissions_simulation.sql

-- What a sale would leave to whom, before anybody sells anything.

/*
 * Return what everybody would have of a line that a business sells now: what the customer pays,
 * what the platform adds for a discount that it bears, each level's share, the tax that is withheld
 * and what is left for the business. Amounts that leave the business are negative, so the rows but
 * the last add up to the last.
 */
create function money.simulate_line(
    line sales.sale_lines, currency text, subsidy_minor bigint, tax_is_added boolean
)
returns table (place integer, party text, reason text, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_plan_id uuid;
    v_terms money.line_terms;
    v_shares money.share;
begin
    v_sale.id = gen_random_uuid();
    v_sale.business_id = line.business_id;
    v_sale.currency = simulate_line.currency;
    v_sale.placed_at = private.now();
    v_plan_id = money.plan_at(v_sale, line);
    v_terms = money.make_terms(
        line, v_plan_id, v_sale.currency, money.turnover_for(v_plan_id, v_sale),
        line.amount_minor - line.discount_minor
        + case when tax_is_added then line.tax_minor else 0 end,
        simulate_line.subsidy_minor
    );
    v_shares = money.shares(v_terms, 0);
    return query
    select 1, 'customer', 'pays', v_shares.paid_minor
    union all
    select 2, 'platform', 'bears a discount', v_shares.subsidy_minor
    where v_shares.subsidy_minor > 0
    union all
    select
        3 + row_number() over (order by levels.level)::integer,
        coalesce(businesses.name, 'platform'),
        format('commission of the level %s', levels.level),
        - levels.amount_minor
    from money.split_commission(v_plan_id, v_terms.commission_minor) as levels
    left join money.commission_parties as parties
        on parties.business_id = line.business_id and parties.level = levels.level
    left join business.businesses on businesses.id = parties.party_id
    union all
    select
        20, 'tax',
        case v_terms.tax_treatment
            when 'commission_taxed' then 'on the commission' else 'withheld from the sale'
        end,
        - v_shares.withheld_minor
    where v_shares.withheld_minor > 0
    union all
    select 21, businesses.name, 'earns', v_shares.net_minor
    from business.businesses
    where businesses.id = line.business_id;
end;
$$;

-- sql/39_money/functions/commissions_terms.sql

-- What a plan charges for a line, and how the line is shared: pure computation, in whole minor
-- units, rounded half away from zero.

/*
 * Return a share of an amount in basis points, rounded half away from zero.
 */
create function money.share_of(amount_minor bigint, rate_bps integer)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return round(amount_minor::numeric * rate_bps / 10000);
end;
$$;

/*
 * Return the commission on a base: a rate and a fixed part, and never more than the base.
 */
create function money.commission_on(base_minor bigint, rate_bps integer, fixed_minor bigint)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return least(
        base_minor, money.share_of(base_minor, rate_bps) + coalesce(fixed_minor, 0)
    );
end;
$$;

/*
 * Return what is left of an amount when a part of what was paid is taken back. The running total is
 * rounded, so that the steps of several refunds add up and the last one leaves nothing.
 */
create function money.left_of(amount_minor bigint, reversed_minor bigint, paid_minor bigint)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if reversed_minor = 0 then
        return amount_minor;
    end if;
    return amount_minor - round(amount_minor::numeric * reversed_minor / paid_minor);
end;
$$;

/*
 * Return how a line is shared, when so much of it was taken back (rule 6): what the customer paid
 * and the platform adds, less commission and tax, is the business's.
 */
create function money.shares(terms money.line_terms, reversed_minor bigint)
returns money.share
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_share money.share;
begin
    v_share.paid_minor = terms.paid_minor - shares.reversed_minor;
    v_share.subsidy_minor = money.left_of(
        terms.subsidy_minor, shares.reversed_minor, terms.paid_minor
    );
    v_share.commission_minor = money.left_of(
        terms.commission_minor, shares.reversed_minor, terms.paid_minor
    );
    v_share.withheld_minor = money.left_of(
        case terms.tax_treatment
            when 'platform_remits' then terms.tax_minor
            when 'commission_taxed' then terms.commission_tax_minor
            else 0
        end,
        shares.reversed_minor,
        terms.paid_minor
    );
    v_share.net_minor = v_share.paid_minor + v_share.subsidy_minor
    - v_share.commission_minor - v_share.withheld_minor;
    return v_share;
end;
$$;

/*
 * Return what each level has of a commission under a plan, by largest remainder: the levels add up
 * to the commission. Without shares the platform has all of it.
 */
create function money.split_commission(plan_id uuid, commission_minor bigint)
returns table (level money.commission_level, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with shares as (
        select
            array_agg(shares.level order by shares.level) as levels,
            array_agg(shares.weight::bigint order by shares.level) as weights
        from money.commission_shares as shares
        where shares.plan_id = split_commission.plan_id
    )

    select parts.level, parts.part_minor
    from shares
    cross join lateral unnest(
        coalesce(shares.levels, array['platform']::money.commission_level[]),
        pricing.split(commission_minor, coalesce(shares.weights, array[1]::bigint[]))
    ) as parts (level, part_minor);
end;
$$;

/*
 * Make the terms of a line: what its plan charges after such a turnover. Without a plan nothing is
 * charged, and the tax is treated as by default.
 */
create function money.make_terms(
    line sales.sale_lines,
    plan_id uuid,
    currency text,
    turnover_minor bigint,
    paid_minor bigint,
    subsidy_minor bigint
)
returns money.line_terms
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms money.line_terms;
    v_plan money.commission_plans;
    v_tier money.commission_tiers;
begin
    select plans.* into v_plan
    from money.commission_plans as plans
    where plans.id = make_terms.plan_id;
    v_tier = money.find_tier(v_plan.id, make_terms.currency, turnover_minor);
    v_terms.business_id = line.business_id;
    v_terms.sale_line_id = line.id;
    v_terms.sale_id = line.sale_id;
    v_terms.currency = make_terms.currency;
    v_terms.plan_id = v_plan.id;
    v_terms.rate_bps = coalesce(v_tier.rate_bps, 0);
    v_terms.fixed_minor = coalesce(v_tier.fixed_minor, 0);
    v_terms.tax_treatment = coalesce(v_plan.tax_treatment, 'platform_remits');
    v_terms.paid_minor = make_terms.paid_minor;
    v_terms.subsidy_minor = make_terms.subsidy_minor;
    v_terms.tax_minor = line.tax_minor;
    v_terms.base_minor = line.amount_minor - line.discount_minor + make_terms.subsidy_minor;
    v_terms.commission_minor = money.commission_on(
        v_terms.base_minor, v_terms.rate_bps, v_terms.fixed_minor
    );
    v_terms.commission_tax_minor = money.share_of(
        v_terms.commission_minor, coalesce(v_plan.commission_tax_bps, 0)
    );
    v_terms.delivered_at = private.now();
    v_terms.reversed_minor = 0;
    return v_terms;
end;
$$;

-- sql/39_money/functions/credit.sql

-- Customers' credit. A business gives it and bears it: when it is spent, what the business earned
-- becomes less by as much.

/*
 * Give a customer credit, with a reason. Returns the id of the record. The ledger notes what the
 * business will bear once the credit is spent.
 * Definer: nobody has a write grant on credits; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.issue_credit(
    business_id uuid, customer_id uuid, amount_minor bigint, reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_credit money.credits;
begin
    perform private.require_member(issue_credit.business_id, 'manage');
    insert into money.credits (
        business_id, customer_id, currency, amount_minor, reason, given_by, created_at
    )
    select
        customers.business_id, customers.id, businesses.currency, issue_credit.amount_minor,
        issue_credit.reason, auth.uid(), private.now()
    from customers.customers
    inner join business.businesses on customers.business_id = businesses.id
    where
        customers.business_id = issue_credit.business_id
        and customers.id = issue_credit.customer_id
    returning credits.* into v_credit;
    if v_credit.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'The business has no such customer.',
            'Choose one of the view customers.'
        );
    end if;
    perform money.post(
        v_credit.business_id, 'credit.issued', v_credit.id,
        array[
            money.make_entry(
                money.account(
                    'credit_granted', v_credit.currency, v_credit.business_id,
                    owner_id => v_credit.customer_id
                ),
                v_credit.amount_minor
            ),
            money.make_entry(
                money.account(
                    'customer_credit', v_credit.currency, v_credit.business_id,
                    owner_id => v_credit.customer_id
                ),
                - v_credit.amount_minor
            )
        ]
    );
    return v_credit.id;
end;
$$;

/*
 * Lock what can be spent from an account, and return it.
 */
create function money.lock_spendable(account_id uuid)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_balance bigint;
begin
    select spendable_balances.balance_minor into v_balance
    from money.spendable_balances
    where spendable_balances.account_id = lock_spendable.account_id
    for update;
    return coalesce(v_balance, 0);
end;
$$;

-- sql/39_money/functions/document_contents.sql

-- What stands on a document.

/*
 * Return who sells, as documents show it.
 */
create function money.seller_of(business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'name', businesses.name,
            'address_line1', businesses.address_line1,
            'address_line2', businesses.address_line2,
            'postal_code', businesses.postal_code,
            'city', businesses.city,
            'region', businesses.region,
            'country', businesses.country,
            'email', businesses.email,
            'locale', businesses.locale,
            'time_zone', businesses.time_zone,
            'tax_number', pricing.tax_number_of(businesses.id, businesses.country)
        )
        from business.businesses
        where businesses.id = seller_of.business_id
    );
end;
$$;

/*
 * Return who bought, as documents show it, with their verified tax number.
 */
create function money.buyer_of(business_id uuid, sale_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'name', sales.customer_name,
            'email', sales.customer_email,
            'country', numbers.country,
            'tax_number', numbers.number
        )
        from sales.sales
        left join lateral (
            select tax_numbers.country, tax_numbers.number
            from customers.customers
            inner join pricing.tax_numbers
                on
                    tax_numbers.business_id = customers.business_id
                    and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
            where
                customers.business_id = sales.business_id
                and customers.user_id = sales.customer_id
                and tax_numbers.status = 'verified'
            order by tax_numbers.created_at
            limit 1
        ) as numbers on true
        where sales.business_id = buyer_of.business_id and sales.id = buyer_of.sale_id
    );
end;
$$;

/*
 * Return the lines that a document covers, in their order. A credit note shows what is taken back
 * as positive amounts.
 */
create function money.lines_of_document(document money.documents)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sign constant integer = case document.kind when 'credit_note' then -1 else 1 end;
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'kind', sale_lines.kind,
                    'name', sale_lines.name,
                    'quantity', sale_lines.quantity,
                    'unit_minor', v_sign * sale_lines.unit_minor,
                    'amount_minor', v_sign * sale_lines.amount_minor,
                    'discount_minor', v_sign * sale_lines.discount_minor,
                    'tax_minor', v_sign * sale_lines.tax_minor,
                    'tax_is_included', sale_lines.tax_is_included,
                    'total_minor', v_sign * sales.line_total(sale_lines),
                    'taxes', money.taxes_of_line(sale_lines, v_sign)
                )
                order by sale_lines.position
            ),
            '[]'
        )
        from sales.sale_lines
        where
            sale_lines.business_id = document.business_id
            and sale_lines.sale_id = document.sale_id
            and sale_lines.revision between document.first_revision and document.revision
    );
end;
$$;

/*
 * Return the taxes of a line: [{component, rate_bps, base_minor, tax_minor}].
 */
create function money.taxes_of_line(line sales.sale_lines, sign integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'component', sale_line_taxes.component,
                    'rate_bps', sale_line_taxes.rate_bps,
                    'base_minor', sign * sale_line_taxes.base_minor,
                    'tax_minor', sign * sale_line_taxes.tax_minor
                )
                order by sale_line_taxes.position
            ),
            '[]'
        )
        from sales.sale_line_taxes
        where
            sale_line_taxes.business_id = line.business_id
            and sale_line_taxes.sale_line_id = line.id
    );
end;
$$;

/*
 * Return the taxes of a document: a row for each component and rate.
 */
create function money.taxes_of_document(document money.documents)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sign constant integer = case document.kind when 'credit_note' then -1 else 1 end;
begin
    return (
        select coalesce(
            jsonb_agg(to_jsonb(rows) order by rows.rate_bps desc, rows.component), '[]'
        )
        from (
            select
                sale_taxes.component,
                sale_taxes.rate_bps,
                max(sale_taxes.jurisdiction) as jurisdiction,
                v_sign * sum(sale_taxes.base_minor)::bigint as base_minor,
                v_sign * sum(sale_taxes.tax_minor)::bigint as tax_minor
            from sales.sale_taxes
            where
                sale_taxes.business_id = document.business_id
                and sale_taxes.sale_id = document.sale_id
                and sale_taxes.revision between document.first_revision and document.revision
            group by sale_taxes.component, sale_taxes.rate_bps
        ) as rows
    );
end;
$$;

-- sql/39_money/functions/document_requests.sql

-- Documents that people ask for, and the files that workers draw of them.

/*
 * Issue a document about a sale as it is now. Members with the permission `serve` or `account`
 * issue every kind; customers ask for invoices of what they bought.
 * Definer: nobody has a grant to write documents.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 nothing_to_document
 */
create function money.request_document(sale_id uuid, kind money.document_kind)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales;
begin
    select sales.* into v_sale from sales.sales where sales.id = request_document.sale_id;
    perform money.refuse_requester(v_sale, request_document.kind);
    return money.issue_document(
        request_document.kind,
        v_sale.business_id,
        v_sale.id,
        (
            select max(sale_revisions.revision)
            from sales.sale_revisions
            where
                sale_revisions.business_id = v_sale.business_id
                and sale_revisions.sale_id = v_sale.id
        )
    );
end;
$$;

/*
 * Refuse a caller who may not ask for a document. Callers who cannot see the sale get not_found.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.refuse_requester(sale sales.sales, kind money.document_kind)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_buyer boolean;
begin
    if private.is_operator()
        and sale.id is not null
        or sale.business_id in (select private.my_businesses('serve'))
        or sale.business_id in (select private.my_businesses('account')) then
        return;
    end if;
    perform private.token_user_id();
    v_is_buyer = coalesce(sale.customer_id = auth.uid(), false);
    if v_is_buyer and kind = 'invoice' then
        return;
    end if;
    if v_is_buyer then
        perform private.refuse(
            'PT403', 'forbidden', 'Customers can ask for invoices alone.', 'Ask for an invoice.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such sale.', 'Check the id in the view sales.'
    );
end;
$$;

/*
 * Return what a worker draws: the document and the formats that it still lacks; null when there is
 * nothing to draw, as of a document whose buyer was emptied. Invoices and credit notes of sellers
 * in the European Union with a verified tax number are written in EN 16931 as well.
 * Definer: workers have no access to the tables.
 */
create function money.document_to_draw(document_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_document money.documents;
    v_is_european boolean;
    v_formats text[];
begin
    select documents.* into v_document
    from money.documents
    where documents.id = document_to_draw.document_id;
    v_is_european = v_document.kind <> 'receipt'
        and v_document.seller ->> 'tax_number' is not null
        and exists (
            select 1
            from pricing.tax_places
            where
                tax_places.country = v_document.seller ->> 'country' and tax_places.is_in_eu
        );
    v_formats = array(
        select wanted.format
        from unnest(
            case when v_is_european then '{pdf,xml}' else '{pdf}' end::text[]
        ) as wanted (format)
        where not exists (
            select 1
            from money.document_files
            where
                document_files.business_id = v_document.business_id
                and document_files.document_id = v_document.id
                and document_files.format = wanted.format
        )
    );
    if v_document.id is null or v_document.buyer = '{}' or v_formats = '{}' then
        return null;
    end if;
    return money.facts_of_document(v_document) || jsonb_build_object('formats', v_formats);
end;
$$;

/*
 * Return a document with what a drawing of it says: its reference, what it corrects, and the digits
 * of the currency.
 */
create function money.facts_of_document(document money.documents)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return to_jsonb(document) || jsonb_build_object(
        'reference', money.document_reference(document.kind, document.number),
        'issued_on', (document.issued_at at time zone (document.seller ->> 'time_zone'))::date,
        'minor_digits', (
            select currencies.minor_digits
            from pricing.currencies
            where currencies.code = document.currency
        ),
        'corrects', (
            select money.document_reference(corrected.kind, corrected.number)
            from money.documents as corrected
            where corrected.id = document.corrects_document_id
        )
    );
end;
$$;

/*
 * Name a document: its kind and its number.
 */
create function money.document_reference(kind money.document_kind, number bigint)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case kind when 'receipt' then 'R-' when 'invoice' then 'I-' else 'C-' end || number;
end;
$$;

/*
 * Record a file that a worker drew of a document. The first one stays.
 * Definer: workers have no access to the tables.
 */
create function money.record_document_file(
    document_id uuid, format text, object_name text, bytes bigint, sha256 text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.document_files (
        business_id, document_id, format, object_name, bytes, sha256, created_at
    )
    select
        documents.business_id, documents.id, record_document_file.format,
        record_document_file.object_name, record_document_file.bytes,
        record_document_file.sha256, private.now()
    from money.documents
    where documents.id = record_document_file.document_id
    on conflict do nothing;
    perform files.keep_record(
        record_document_file.object_name, 'money.documents', record_document_file.document_id
    );
end;
$$;

-- sql/39_money/functions/documents.sql

-- How documents are issued.

/*
 * Issue a document about a sale up to a revision, and return its id. The same document again
 * returns the first one. A credit note covers this revision, and those of vouchers that lead to it;
 * a receipt or an invoice covers the revisions that earlier ones do not. Whoever issues several in
 * one transaction does so in the order of business_id.
 *
 * Errors:  PT409 nothing_to_document
 */
create function money.issue_document(
    kind money.document_kind, business_id uuid, sale_id uuid, revision integer
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_document money.documents;
begin
    v_document.kind = issue_document.kind;
    v_document.business_id = issue_document.business_id;
    v_document.sale_id = issue_document.sale_id;
    v_document.revision = issue_document.revision;
    -- From here on nobody else takes a number of this kind: what the row says stays true.
    perform money.lock_document_counter(issue_document.business_id, issue_document.kind);
    v_document.id = money.document_of(v_document);
    if v_document.id is not null then
        return v_document.id;
    end if;

    v_document = money.fill_document(money.place_document(v_document));
    if jsonb_array_length(v_document.lines) = 0 or v_document.total_minor < 0 then
        perform private.refuse(
            'PT409', 'nothing_to_document',
            'There is nothing that this document would show.',
            'Read the view documents: an earlier one may show it already.'
        );
    end if;
    update money.document_counters
    set last_number = document_counters.last_number + 1
    where
        document_counters.business_id = issue_document.business_id
        and document_counters.kind = issue_document.kind
    returning document_counters.last_number into v_document.number;
    v_document.id = gen_random_uuid();
    insert into money.documents select v_document.*;
    return v_document.id;
end;
$$;

/*
 * Lock the numbers of a business for a kind of document until the transaction ends.
 */
create function money.lock_document_counter(business_id uuid, kind money.document_kind)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.document_counters (business_id, kind)
    values (lock_document_counter.business_id, lock_document_counter.kind)
    on conflict do nothing;
    perform
    from money.document_counters
    where
        document_counters.business_id = lock_document_counter.business_id
        and document_counters.kind = lock_document_counter.kind
    for update;
end;
$$;

/*
 * Return the id of a document that was issued already: the same kind up to the same revision.
 */
create function money.document_of(document money.documents)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return (
        select documents.id
        from money.documents
        where
            documents.business_id = document.business_id
            and documents.kind = document.kind
            and documents.sale_id = document.sale_id
            and documents.revision = document.revision
    );
end;
$$;

/*
 * Return the receipt or invoice that shows a sale before a revision, an invoice first; null if
 * nothing was issued yet.
 */
create function money.document_before(business_id uuid, sale_id uuid, revision integer)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return (
        select documents.id
        from money.documents
        where
            documents.business_id = document_before.business_id
            and documents.sale_id = document_before.sale_id
            and documents.kind <> 'credit_note'
            and documents.revision < document_before.revision
        order by documents.kind desc, documents.revision desc
        limit 1
    );
end;
$$;

/*
 * Return the last revision that belongs to a given one: what vouchers pay less, because of it, is
 * written by further revisions.
 */
create function money.with_vouchers(business_id uuid, sale_id uuid, revision integer)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                min(sale_revisions.revision) filter (where sale_revisions.cause <> 'voucher') - 1,
                max(sale_revisions.revision),
                with_vouchers.revision
            )
        from sales.sale_revisions
        where
            sale_revisions.business_id = with_vouchers.business_id
            and sale_revisions.sale_id = with_vouchers.sale_id
            and sale_revisions.revision > with_vouchers.revision
    );
end;
$$;

/*
 * Return a document with the revisions that it covers, and what it corrects.
 *
 * Errors:  PT409 nothing_to_document
 */
create function money.place_document(document money.documents)
returns money.documents
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_document money.documents = document;
begin
    v_document.issued_at = private.now();
    if document.kind = 'credit_note' then
        v_document.first_revision = (
            select max(sale_revisions.revision)
            from sales.sale_revisions
            where
                sale_revisions.business_id = document.business_id
                and sale_revisions.sale_id = document.sale_id
                and sale_revisions.revision <= document.revision
                and sale_revisions.cause <> 'voucher'
        );
        v_document.corrects_document_id = money.document_before(
            document.business_id, document.sale_id, v_document.first_revision
        );
        if v_document.corrects_document_id is null then
            perform private.refuse(
                'PT409', 'nothing_to_document', 'There is no document to take back from.',
                'Issue a receipt or an invoice first.'
            );
        end if;
        return v_document;
    end if;
    select coalesce(max(issued.revision) + 1, 0) into v_document.first_revision
    from money.documents as issued
    left join money.documents as corrected
        on
            corrected.business_id = issued.business_id
            and corrected.id = issued.corrects_document_id
    where
        issued.business_id = document.business_id
        and issued.sale_id = document.sale_id
        and document.kind in (issued.kind, corrected.kind);
    return v_document;
end;
$$;

/*
 * Return a document with everything that it shows: who sold, who bought, lines, taxes and totals.
 */
create function money.fill_document(document money.documents)
returns money.documents
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_document money.documents = document;
begin
    select sales.currency into v_document.currency
    from sales.sales
    where sales.business_id = document.business_id and sales.id = document.sale_id;
    v_document.seller = money.seller_of(document.business_id);
    v_document.buyer = money.buyer_of(document.business_id, document.sale_id);
    v_document.lines = money.lines_of_document(document);
    v_document.taxes = money.taxes_of_document(document);
    select
        coalesce(sum((line.value ->> 'total_minor')::bigint), 0),
        coalesce(sum((line.value ->> 'tax_minor')::bigint), 0)
    into v_document.total_minor, v_document.tax_minor
    from jsonb_array_elements(v_document.lines) as line;
    v_document.net_minor = v_document.total_minor - v_document.tax_minor;
    return v_document;
end;
$$;

-- sql/39_money/functions/entries.sql

-- Posting. Whoever moves money calls money.post in the transaction that moves it.

/*
 * Make an entry. Positive is a debit, negative is a credit.
 */
create function money.make_entry(account_id uuid, amount_minor bigint)
returns money.entry
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_entry money.entry;
begin
    v_entry.account_id = make_entry.account_id;
    v_entry.amount_minor = make_entry.amount_minor;
    return v_entry;
end;
$$;

/*
 * Write a transaction with its entries, which must sum to zero in each currency. Returns its id.
 * Entries of 0 are left out; without any other entry nothing is written, and the answer is null.
 * A cause that was posted before is not posted again: its first id is returned. `at` is when the
 * money moved; what falls into a closed period is booked on the first day after it.
 *
 * Errors:  PT409 ledger_unbalanced insufficient_credit
 */
create function money.post(
    business_id uuid,
    cause_kind text,
    cause_id uuid,
    entries money.entry[],
    at timestamptz default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_number bigint;
    v_id uuid;
begin
    if not exists (select 1 from unnest(post.entries) as entry where entry.amount_minor <> 0) then
        return null;
    end if;
    insert into money.transactions (business_id, cause_kind, cause_id, at)
    values (
        post.business_id, post.cause_kind, post.cause_id, coalesce(post.at, private.now())
    )
    on conflict on constraint transactions_once_a_cause do nothing
    returning transactions.number, transactions.id into v_number, v_id;
    if not found then
        select transactions.id into v_id
        from money.transactions
        where transactions.cause_kind = post.cause_kind and transactions.cause_id = post.cause_id;
        return v_id;
    end if;
    insert into money.entries (number, position, account_id, amount_minor)
    select v_number, entry.position, entry.account_id, entry.amount_minor
    from unnest(post.entries) with ordinality as entry (account_id, amount_minor, position)
    where entry.amount_minor <> 0;
    return v_id;
end;
$$;

/*
 * Lock the page that the next number belongs to, and return that number. The lock is shared: pages
 * are filled by many at once, and only checkpoints wait until all of them have committed.
 * Each movement comes here: money.page_of is written out, as a call takes longer than the rest.
 */
create function money.next_number()
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- Sequences are read outside of snapshots, so this holds at every isolation level.
    v_page bigint = money.current_page();
    v_number bigint;
    v_class integer = money.lock_class('page');
begin
    loop
        perform pg_advisory_xact_lock_shared(v_class, v_page::integer);
        v_number = nextval('money.transaction_numbers');
        -- A number of a later page was drawn before that page was locked: draw again.
        exit when v_number / 256 = v_page;
        v_page = v_number / 256;
    end loop;
    return v_number;
end;
$$;

/*
 * Return the page of a number. A page has 256: few enough to add up for a balance, and enough for a
 * transaction that moves money a million times to hold the locks of all its pages.
 */
create function money.page_of(number bigint)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select number / 256;
end;

/*
 * Return the first number of a page.
 */
create function money.first_number_of(page bigint)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select page * 256;
end;

/*
 * Return the page that is being filled.
 */
create function money.current_page()
returns bigint
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.page_of(
        coalesce(pg_catalog.pg_sequence_last_value('money.transaction_numbers'::regclass), 1)
    );
end;

/*
 * Return the first key of the ledger's advisory locks. The second is the page or the month. Locks
 * with two keys never meet those of private.lock.
 */
create function money.lock_class(of text)
returns integer
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case of when 'page' then 3901 when 'month' then 3902 when 'run' then 3903 end;
end;

-- sql/39_money/functions/gift_cards.sql

-- Gift cards: sold as a line of a sale, usable once that is paid, found by their code alone.

/*
 * Make a gift card that belongs to a line of a sale. It can be spent once it is activated, and
 * without an end as long as its business says. Returns it with its code, which nothing keeps.
 */
create function money.make_gift_card(
    business_id uuid,
    sale_line_id uuid,
    currency text,
    amount_minor bigint,
    buyer_id uuid,
    expires_at timestamptz,
    out gift_card_id uuid,
    out code text
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    gift_card_id = gen_random_uuid();
    code = money.make_gift_card_code();
    insert into money.gift_cards (
        id, business_id, sale_line_id, account_id, currency, amount_minor, code_hash, last4,
        buyer_id, expires_at, created_at, is_taxed, is_platform
    )
    values (
        gift_card_id,
        make_gift_card.business_id,
        make_gift_card.sale_line_id,
        money.account(
            'gift_cards', make_gift_card.currency, make_gift_card.business_id,
            owner_id => gift_card_id
        ),
        make_gift_card.currency,
        make_gift_card.amount_minor,
        money.gift_card_hash(code),
        right(code, 4),
        make_gift_card.buyer_id,
        coalesce(
            make_gift_card.expires_at, money.gift_card_expiry(make_gift_card.business_id)
        ),
        private.now(),
        exists (
            select 1
            from sales.sale_line_taxes
            where
                sale_line_taxes.business_id = make_gift_card.business_id
                and sale_line_taxes.sale_line_id = make_gift_card.sale_line_id
                and sale_line_taxes.rate_bps > 0
        ),
        exists (
            select 1
            from money.payment_settings
            where
                payment_settings.business_id = make_gift_card.business_id
                and payment_settings.sells_platform_gift_cards
        )
    );
end;
$$;

/*
 * Return when a gift card expires that a business sells now; null: never.
 */
create function money.gift_card_expiry(business_id uuid)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            (
                private.now() at time zone businesses.time_zone
                + make_interval(months => payment_settings.gift_card_valid_months)
            ) at time zone businesses.time_zone
        from money.payment_settings
        inner join business.businesses on businesses.id = payment_settings.business_id
        where payment_settings.business_id = gift_card_expiry.business_id
    );
end;
$$;

/*
 * Sell a gift card at the counter: a sale with one line, which is paid like any other. Returns
 * {gift_card_id, sale_id, code}.
 * Definer: nobody has a write grant on sales and gift cards; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.sell_gift_card(
    business_id uuid,
    amount_minor bigint,
    customer_name text,
    customer_email text,
    expires_at timestamptz
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_currency text;
    v_sale_id uuid;
    v_card record;
begin
    perform private.require_member(sell_gift_card.business_id, 'serve');
    if sell_gift_card.expires_at <= private.now() then
        perform private.invalid('expires_at', 'must be in the future');
    end if;
    select businesses.currency into strict v_currency
    from business.businesses
    where businesses.id = sell_gift_card.business_id;
    v_sale_id = sales.place_sale(
        sell_gift_card.business_id, null, sell_gift_card.customer_name,
        sell_gift_card.customer_email, null,
        pricing.quote(
            array[pricing.make_line(
                'gift_card', 'Gift card', 1, sell_gift_card.amount_minor, v_currency, '{}'
            )],
            pricing.for_buyer(pricing.make_terms(), sell_gift_card.business_id, null)
        )
    );
    select made.* into v_card
    from sales.sale_lines
    cross join lateral money.make_gift_card(
        sale_lines.business_id, sale_lines.id, v_currency, sell_gift_card.amount_minor, null,
        sell_gift_card.expires_at
    ) as made
    where
        sale_lines.business_id = sell_gift_card.business_id
        and sale_lines.sale_id = v_sale_id;
    return jsonb_build_object(
        'gift_card_id', v_card.gift_card_id, 'sale_id', v_sale_id, 'code', v_card.code
    );
end;
$$;

/*
 * Activate the gift cards of a sale, because it is paid: what was paid for them is owed to whoever
 * has their code.
 */
create function money.activate_gift_cards(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_line_ids uuid[] = '{}';
begin
    for v_card in
        update money.gift_cards
        set activated_at = private.now()
        from sales.sale_lines
        where
            sale_lines.business_id = activate_gift_cards.business_id
            and sale_lines.sale_id = activate_gift_cards.sale_id
            and gift_cards.business_id = sale_lines.business_id
            and gift_cards.sale_line_id = sale_lines.id
            and gift_cards.activated_at is null
            and gift_cards.cancelled_at is null
        returning gift_cards.*
    loop
        perform money.post(
            v_card.business_id, 'gift_card.sold', v_card.id,
            array[
                money.make_entry(
                    money.account('business_pending', v_card.currency, v_card.business_id),
                    v_card.amount_minor
                ),
                money.make_entry(v_card.account_id, - v_card.amount_minor)
            ]
        );
        v_line_ids = v_line_ids || v_card.sale_line_id;
    end loop;
    perform money.take_voucher_tax(sale_lines)
    from sales.sale_lines
    where
        sale_lines.business_id = activate_gift_cards.business_id
        and sale_lines.id = any(v_line_ids)
        and sale_lines.tax_minor <> 0;
end;
$$;

/*
 * Cancel a gift card: what is left goes back to its sale, from which it can be refunded.
 * Definer: nobody has a write grant on gift cards; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function money.cancel_gift_card(gift_card_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_left bigint;
begin
    select gift_cards.* into v_card
    from money.gift_cards
    where gift_cards.id = cancel_gift_card.gift_card_id
    for no key update;
    perform private.require_member(v_card.business_id, 'manage');
    if v_card.cancelled_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The gift card is cancelled already.',
            'Sell another one.'
        );
    end if;
    v_left = money.lock_spendable(v_card.account_id);
    update money.gift_cards
    set
        cancelled_at = private.now(),
        cancelled_by = auth.uid(),
        cancel_reason = cancel_gift_card.reason
    where gift_cards.id = v_card.id;
    perform money.post(
        v_card.business_id, 'gift_card.cancelled', v_card.id,
        array[
            money.make_entry(v_card.account_id, v_left),
            money.make_entry(
                money.account('business_pending', v_card.currency, v_card.business_id), - v_left
            )
        ]
    );
end;
$$;

/*
 * Void the gift cards of a sale that nobody paid for. Returns the lines that take them back.
 */
create function money.void_gift_cards(business_id uuid, sale_id uuid)
returns sales.change[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lines constant sales.sale_lines[] = array(
        select sold
        from sales.sale_lines as sold
        where
            sold.business_id = void_gift_cards.business_id
            and sold.sale_id = void_gift_cards.sale_id
            and sold.kind = 'gift_card'
            and sold.corrects_line_id is null
            and not exists (
                select 1
                from money.gift_cards
                where
                    gift_cards.business_id = sold.business_id
                    and gift_cards.sale_line_id = sold.id
                    and (gift_cards.activated_at is not null or gift_cards.cancelled_at is not null)
            )
    );
begin
    update money.gift_cards
    set cancelled_at = private.now(), cancel_reason = 'The sale was not paid.'
    where
        gift_cards.business_id = void_gift_cards.business_id
        and gift_cards.sale_line_id = any(
            array(select line.id from unnest(v_lines) as line)
        );
    return array(
        select sales.make_change(
            line.kind, line.id, null, line.name, - line.amount_minor, - line.discount_minor
        )
        from unnest(v_lines) as line
        order by line.position
    );
end;
$$;

-- sql/39_money/functions/gift_cards_codes.sql

-- Codes of gift cards. Whoever has the code may spend the card, so only its hash is kept, and
-- nobody tries many.

/*
 * Make a code: 16 characters without look-alikes, of which each carries five random bits.
 */
create function money.make_gift_card_code()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_alphabet constant text = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    v_random bytea = extensions.gen_random_bytes(16);
begin
    return (
        select string_agg(
            substr(v_alphabet, get_byte(v_random, place) % 32 + 1, 1)
            || case when place in (3, 7, 11) then '-' else '' end,
            '' order by place
        )
        from generate_series(0, 15) as place
    );
end;
$$;

/*
 * Return the hash of a code as somebody typed it: hyphens, spaces and case do not matter, O is 0,
 * I and L are 1.
 */
create function money.gift_card_hash(code text)
returns bytea
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return sha256(convert_to(
        translate(upper(regexp_replace(code, '[\s-]', '', 'g')), 'OIL', '011'), 'UTF8'
    ));
end;
$$;

/*
 * Find the gift card of a code that can be spent now; null when there is none.
 */
create function money.usable_gift_card(code text)
returns money.gift_cards
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_card money.gift_cards;
begin
    select gift_cards.* into v_card
    from money.gift_cards
    where
        gift_cards.code_hash = money.gift_card_hash(usable_gift_card.code)
        and gift_cards.activated_at is not null
        and gift_cards.cancelled_at is null
        and (gift_cards.expires_at is null or gift_cards.expires_at > private.now());
    return v_card;
end;
$$;

/*
 * Does a business take a gift card? It takes its own, and those of the platform if it accepts them.
 */
create function money.takes_card(card money.gift_cards, business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return card.business_id = takes_card.business_id
    or card.is_platform and exists (
        select 1
        from money.payment_settings
        where
            payment_settings.business_id = takes_card.business_id
            and payment_settings.accepts_platform_gift_cards
    );
end;
$$;

/*
 * Return what stands for the caller's network address; null for the operator's servers.
 */
create function money.guess_origin()
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return md5('gift card ' || private.caller_address())::uuid;
end;
$$;

/*
 * Note a wrong code. Returns the refusal, which goes back as the answer: raising it would undo the
 * note.
 *
 * Errors:  PT404 not_found
 */
create function money.note_guess()
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.gift_card_lookups (origin_id, at)
    select origin.id, private.now()
    from money.guess_origin() as origin (id)
    where origin.id is not null;
    return private.refusal(
        'PT404', 'not_found', 'There is no gift card with this code that can be used.',
        'Check the code.'
    );
end;
$$;

/*
 * Return the balance of the gift card of a code, as {balance_minor, currency, expires_at,
 * business_id}, or the refusal of a wrong code.
 * Definer: a code is looked up before anything about its card may be read.
 *
 * Errors:  PT404 not_found · PT429 rate_limited
 */
create function money.gift_card_balance(code text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
begin
    perform money.refuse_guesses(money.guess_origin());
    v_card = money.usable_gift_card(gift_card_balance.code);
    if v_card.id is null then
        return money.note_guess();
    end if;
    return jsonb_build_object(
        'balance_minor', - money.balance(v_card.account_id),
        'currency', v_card.currency,
        'expires_at', v_card.expires_at,
        'business_id', case when not v_card.is_platform then v_card.business_id end
    );
end;
$$;

/*
 * Refuse a network address that named ten wrong codes within an hour.
 *
 * Errors:  PT429 rate_limited
 */
create function money.refuse_guesses(origin_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hour_ago timestamptz = private.now() - interval '1 hour';
    v_tenth_at timestamptz;
begin
    if refuse_guesses.origin_id is null then
        return;
    end if;
    perform private.lock(array[refuse_guesses.origin_id]);
    select gift_card_lookups.at into v_tenth_at
    from money.gift_card_lookups
    where
        gift_card_lookups.origin_id = refuse_guesses.origin_id
        and gift_card_lookups.at > v_hour_ago
    order by gift_card_lookups.at desc
    offset 9
    limit 1;
    if v_tenth_at is not null then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_tenth_at - v_hour_ago))::integer
        );
    end if;
end;
$$;

/*
 * Forget wrong codes that are older than a day. Returns how many.
 * Definer: called by the worker, which cannot read the table.
 */
create function money.forget_old_lookups()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from money.gift_card_lookups
    where gift_card_lookups.at < private.now() - interval '1 day';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/39_money/functions/gift_cards_expiring.sql

-- Gift cards that expire. Time decides whether a card can be spent. A sweep moves what was left on
-- it to the breakage account of its business, and its buyer is told beforehand. Where the business
-- says so, what was left becomes its own after some days, and part of its payouts.

/*
 * Move what is left on expired gift cards to the breakage accounts of their businesses. Returns how
 * many were moved. A repetition finds nothing left; what is refunded to such a card later is moved
 * by the next one.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.sweep_gift_cards()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_count integer = 0;
begin
    for v_card in
        select gift_cards.*
        from money.gift_cards
        inner join money.spendable_balances
            on spendable_balances.account_id = gift_cards.account_id
        where
            gift_cards.expires_at <= private.now()
            and gift_cards.activated_at is not null
            and gift_cards.cancelled_at is null
            and spendable_balances.balance_minor > 0
        order by gift_cards.account_id
        limit 500
        for no key update of gift_cards skip locked
    loop
        v_count = v_count + money.break_gift_card(v_card);
    end loop;
    return v_count;
end;
$$;

/*
 * Move what is left on an expired gift card, which the caller has locked. Returns 1 if there was
 * something, or 0.
 */
create function money.break_gift_card(card money.gift_cards)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left constant bigint = money.lock_spendable(card.account_id);
    v_id constant uuid = gen_random_uuid();
begin
    if v_left = 0 then
        return 0;
    end if;
    insert into money.gift_card_breakages (id, business_id, gift_card_id, amount_minor, at)
    values (v_id, card.business_id, card.id, v_left, private.now());
    perform money.post(
        card.business_id, 'gift_card.expired', v_id,
        array[
            money.make_entry(card.account_id, v_left),
            money.make_entry(
                money.account('breakage', card.currency, card.business_id), - v_left
            )
        ]
    );
    return 1;
end;
$$;

/*
 * Give businesses what was left on gift cards, as many days after they expired as each of them says
 * (breakage_release_days). Returns how many breakages they got.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.release_breakages()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_breakage record;
    v_count integer = 0;
begin
    for v_breakage in
        update money.gift_card_breakages
        set released_at = private.now()
        from money.gift_cards
        where
            gift_cards.business_id = gift_card_breakages.business_id
            and gift_cards.id = gift_card_breakages.gift_card_id
            and (gift_card_breakages.business_id, gift_card_breakages.id) in (
                select due.business_id, due.id
                from money.payment_settings
                inner join money.gift_card_breakages as due using (business_id)
                where
                    due.restored_at is null
                    and due.released_at is null
                    and due.at <= private.now()
                    - make_interval(days => payment_settings.breakage_release_days)
                limit 500
                for no key update of due skip locked
            )
        returning gift_card_breakages.*, gift_cards.currency
    loop
        perform money.take_from_earnings(
            v_breakage.business_id, v_breakage.currency, 'breakage', - v_breakage.amount_minor,
            money.account('breakage', v_breakage.currency, v_breakage.business_id)
        );
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Let a gift card expire later, or never. What was left when it expired is on it again.
 * Definer: nobody has a write grant on gift cards; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function money.extend_gift_card(gift_card_id uuid, expires_at timestamptz)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
begin
    select gift_cards.* into v_card
    from money.gift_cards
    where gift_cards.id = extend_gift_card.gift_card_id
    for no key update;
    perform private.require_member(v_card.business_id, 'manage');
    if v_card.cancelled_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The gift card is cancelled.', 'Sell another one.'
        );
    elsif extend_gift_card.expires_at <= greatest(private.now(), v_card.expires_at)
        or v_card.expires_at is null and extend_gift_card.expires_at is not null then
        perform private.invalid('expires_at', 'must be in the future, and later than it was');
    end if;
    update money.gift_cards
    set expires_at = extend_gift_card.expires_at
    where gift_cards.id = v_card.id;
    perform money.restore_breakages(v_card);
end;
$$;

/*
 * Give a gift card back what was left on it whenever it expired: from the breakage account, or from
 * the earnings of the business if it got it.
 */
create function money.restore_breakages(card money.gift_cards)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_breakage money.gift_card_breakages;
begin
    for v_breakage in
        update money.gift_card_breakages
        set restored_at = private.now()
        where
            gift_card_breakages.business_id = card.business_id
            and gift_card_breakages.gift_card_id = card.id
            and gift_card_breakages.restored_at is null
        returning gift_card_breakages.*
    loop
        if v_breakage.released_at is not null then
            perform money.take_from_earnings(
                card.business_id, card.currency, 'breakage', v_breakage.amount_minor,
                card.account_id
            );
            continue;
        end if;
        perform money.post(
            card.business_id, 'gift_card.extended', v_breakage.id,
            array[
                money.make_entry(
                    money.account('breakage', card.currency, card.business_id),
                    v_breakage.amount_minor
                ),
                money.make_entry(card.account_id, - v_breakage.amount_minor)
            ]
        );
    end loop;
end;
$$;

/*
 * Announce gift cards that expire within 30 days with something left on them, once for each end.
 * Returns how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.announce_expiring_gift_cards()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_count integer = 0;
begin
    for v_card in
        update money.gift_cards
        set expiry_told_for = gift_cards.expires_at
        where gift_cards.id in (
            select due.id
            from money.gift_cards as due
            inner join money.spendable_balances
                on spendable_balances.account_id = due.account_id
            where
                due.expires_at > private.now()
                and due.expires_at <= private.now() + interval '30 days'
                and due.activated_at is not null
                and due.cancelled_at is null
                and due.expiry_told_for is distinct from due.expires_at
                and spendable_balances.balance_minor > 0
            limit 500
            for no key update of due skip locked
        )
        returning gift_cards.*
    loop
        perform private.emit(
            'gift_card.expiring',
            jsonb_build_object('gift_card_id', v_card.id, 'business_id', v_card.business_id)
        );
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

-- sql/39_money/functions/gift_cards_messages.sql

-- What people are told of gift cards, and who hears of it. Both are registered as a subject in the
-- seed; the texts are those of 70_notifications.

/*
 * Return what templates may say about gift cards. The code is not in it: nothing keeps it.
 */
create function money.gift_card_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'gift_card_id', gift_cards.id,
            'business_id', gift_cards.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'code_end', gift_cards.last4,
            'balance', jsonb_build_object(
                'minor', - money.balance(gift_cards.account_id),
                'currency', currencies.code,
                'digits', currencies.minor_digits
            ),
            'expires_at', gift_cards.expires_at,
            'time_zone', businesses.time_zone
        )
    from unnest(gift_card_data.messages) as messages
    inner join money.gift_cards on gift_cards.id = messages.subject_id
    inner join business.businesses on businesses.id = gift_cards.business_id
    inner join pricing.currencies on currencies.code = gift_cards.currency;
end;
$$;

/*
 * Return who hears of a gift card: the account that bought it, or the address of its sale.
 */
create function money.gift_card_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        coalesce(profiles.email, sales.customer_email),
        profiles.phone,
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from unnest(gift_card_readers.messages) as messages
    inner join money.gift_cards on gift_cards.id = messages.subject_id
    inner join business.businesses on businesses.id = gift_cards.business_id
    left join sales.sale_lines
        on
            sale_lines.business_id = gift_cards.business_id
            and sale_lines.id = gift_cards.sale_line_id
    left join sales.sales
        on sales.business_id = sale_lines.business_id and sales.id = sale_lines.sale_id
    left join identity.profiles on profiles.id = gift_cards.buyer_id
    where
        audience = 'customer'
        and coalesce(profiles.email, sales.customer_email) is not null;
end;
$$;

-- sql/39_money/functions/gift_cards_taxed.sql

-- Gift cards that are taxed when they are sold (vouchers). Their tax falls due then, before their
-- business has earned anything of it: where the platform passes tax on, it takes the tax from what
-- the business can be paid out, and gives it back as cards pay for what is taxed itself.

/*
 * Write what vouchers pay of a sale now. A sale that no voucher paid is left alone.
 */
create function money.update_vouchers(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_paid bigint = (
        select
            sum(
                payment_parts.captured_minor - payment_parts.refunding_minor
                - payment_parts.refunded_minor
            )
        from money.payment_parts
        inner join money.credit_payments
            on credit_payments.payment_id = payment_parts.payment_id
        inner join money.gift_cards
            on gift_cards.account_id = credit_payments.account_id
        where
            payment_parts.business_id = update_vouchers.business_id
            and payment_parts.sale_id = update_vouchers.sale_id
            and payment_parts.provider = 'gift_card'
            and gift_cards.is_taxed
    );
begin
    if v_paid is not null then
        perform sales.apply_vouchers(update_vouchers.business_id, update_vouchers.sale_id, v_paid);
    end if;
end;
$$;

/*
 * Take the tax of a line of a voucher from what its business can be paid out, where the platform
 * passes tax on; a negative tax is given back. What a voucher pays is treated like the line that it
 * pays.
 */
create function money.take_voucher_tax(line sales.sale_lines)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_like sales.sale_lines;
begin
    select sales.* into strict v_sale
    from sales.sales
    where sales.business_id = line.business_id and sales.id = line.sale_id;
    select sale_lines.* into strict v_like
    from sales.sale_lines
    where
        sale_lines.business_id = line.business_id
        and sale_lines.id = coalesce(line.corrects_line_id, line.id);
    if money.tax_treatment_of(v_sale, v_like) = 'platform_remits' then
        perform money.take_from_earnings(
            line.business_id, v_sale.currency, 'gift_card_tax', line.tax_minor,
            money.account('tax_withheld', v_sale.currency)
        );
    end if;
end;
$$;

/*
 * Return who passes the tax of a line on: as its plan says, or as by default.
 */
create function money.tax_treatment_of(sale sales.sales, line sales.sale_lines)
returns money.tax_treatment
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select plans.tax_treatment
            from money.commission_plans as plans
            where plans.id = money.plan_at(sale, line)
        ),
        'platform_remits'
    );
end;
$$;

-- sql/39_money/functions/payments_answers.sql

-- Answers of providers to our calls. They are treated like events, which may come first.

/*
 * Record a provider's answer to a call: an event in all but its signature. `answer` has kind,
 * reference, amount_minor, currency and, where the payer must do something, client. Returns the
 * payment as its payer may see it, with what comes next; of a saved card, what its owner may see.
 * Definer: as money.start_call.
 */
create function money.finish_call(call money.provider_call, subject_id uuid, answer jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment_id uuid = case
        when call = 'refund' then (
            select refunds.payment_id from money.refunds
            where refunds.id = finish_call.subject_id
        )
        else finish_call.subject_id
    end;
begin
    if call in ('save', 'keep', 'forget') then
        return money.finish_method_call(call, finish_call.subject_id, answer);
    end if;
    perform 1 from money.payments where payments.id = v_payment_id for no key update;
    perform money.note_answer(call, finish_call.subject_id, answer);
    if answer ->> 'kind' is not null then
        perform money.apply_answer(call, finish_call.subject_id, v_payment_id, answer);
    end if;
    perform private.finish_effects(
        array[finish_call.subject_id], call::text, array[answer - 'client']
    );
    perform money.lease(call, finish_call.subject_id, null);
    perform money.retry_parked(v_payment_id);
    return money.shown_payment(v_payment_id);
end;
$$;

/*
 * Note what an answer says beside its kind: the provider's ids, and what the payer's browser needs.
 */
create function money.note_answer(call money.provider_call, subject_id uuid, answer jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if call = 'refund' then
        update money.refunds
        set provider_reference = coalesce(refunds.provider_reference, answer ->> 'reference')
        where refunds.id = note_answer.subject_id;
        return;
    end if;
    update money.payments
    set
        provider_reference = coalesce(payments.provider_reference, answer ->> 'reference'),
        client = case
            when call = 'create' then nullif(answer -> 'client', 'null')
            else payments.client
        end,
        method_token = null
    where payments.id = note_answer.subject_id;
    perform money.note_customer(payments.payer_id, payments.provider, answer ->> 'customer')
    from money.payments
    where payments.id = note_answer.subject_id;
end;
$$;

/*
 * Apply what an answer says of a payment or a refund that was just noted.
 */
create function money.apply_answer(
    call money.provider_call, subject_id uuid, payment_id uuid, answer jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if call = 'refund' then
        perform money.apply_refund_event(apply_answer.subject_id, money.make_event(answer));
        return;
    end if;
    perform money.apply_state_event(apply_answer.payment_id, money.make_event(answer));
    if call = 'cancel' then
        perform money.move_payment(payments, money.closed_status(payments), null)
        from money.payments
        where payments.id = apply_answer.payment_id and payments.reached = 'cancelled';
    end if;
end;
$$;

/*
 * A provider's answer in the form of an event that is not stored.
 */
create function money.make_event(answer jsonb)
returns money.provider_events
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_event money.provider_events;
begin
    v_event.kind = answer ->> 'kind';
    v_event.object_reference = answer ->> 'reference';
    v_event.amount_minor = (answer ->> 'amount_minor')::bigint;
    v_event.currency = answer ->> 'currency';
    v_event.occurred_at = clock_timestamp();
    v_event.data = coalesce(answer -> 'data', '{}');
    return v_event;
end;
$$;

/*
 * Give back a call that got no answer, so that it can be repeated at once with the same key.
 * Definer: as money.start_call.
 */
create function money.release_call(call money.provider_call, subject_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform money.lease(call, release_call.subject_id, null);
end;
$$;

/*
 * Return a payment or a setup that somebody else asked for meanwhile, as its payer or user may see
 * it.
 * Definer: as money.start_call. The edge calls it for the caller who started it.
 */
create function money.started_call(call money.provider_call, subject_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return case
        when call in ('save', 'keep') then money.shown_setup(started_call.subject_id)
        else money.shown_payment(started_call.subject_id)
    end;
end;
$$;

/*
 * Return a payment as its payer may see it, with what their browser needs next.
 */
create function money.shown_payment(payment_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_build_object(
                'id', payments.id,
                'status', payments.status,
                'provider', payments.provider,
                'currency', payments.currency,
                'amount_minor', payments.amount_minor,
                'captured_minor', payments.captured_minor,
                'refunded_minor', payments.refunded_minor,
                'failure', payments.failure,
                'basket_id', payments.basket_id,
                'created_at', payments.created_at,
                'client', case
                    when payments.status in ('pending', 'requires_action', 'failed')
                        then payments.client
                end
            )
        from money.payments
        where payments.id = shown_payment.payment_id
    );
end;
$$;

-- sql/39_money/functions/payments_apply.sql

-- What follows from what a provider says. Each function may run any number of times, in any order:
-- a state only moves up, a captured amount is what was captured in all, refunds and disputes are
-- found by their own ids. What contradicts us becomes a finding and changes nothing.

/*
 * Apply an event of a provider. It is the only way in which money is known to have moved.
 */
create function money.apply_payment_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment_id uuid = money.payment_of_event(event);
    v_refund_id uuid;
begin
    if event.kind like 'method.%' then
        return money.apply_method_event(event);
    elsif event.kind like 'payout.%' then
        return money.apply_payout_event(event);
    elsif event.kind = 'account.updated' then
        return money.apply_account_event(event);
    end if;
    if v_payment_id is null then
        return money.apply_setup_event(event);
    end if;
    perform 1 from money.payments where payments.id = v_payment_id for no key update;
    if event.kind like 'payment.%' then
        return money.apply_state_event(v_payment_id, event);
    elsif event.kind like 'dispute.%' then
        return money.apply_dispute_event(v_payment_id, event);
    end if;
    v_refund_id = money.refund_of_event(v_payment_id, event);
    if v_refund_id is null then
        return 'parked';
    end if;
    return money.apply_refund_event(v_refund_id, event);
end;
$$;

/*
 * Apply an event of which no payment is known: one by which a card is saved asks the provider for
 * the card. Any other waits for its payment.
 */
create function money.apply_setup_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup_id uuid = money.setup_of_event(event);
begin
    if v_setup_id is null then
        return 'parked';
    elsif event.kind <> 'payment.captured' then
        return 'unchanged';
    end if;
    perform money.ask_provider('keep', v_setup_id);
    return 'applied';
end;
$$;

/*
 * Return the payment that an event is about: by the provider's id of it, or by the key that we gave
 * when we asked for it, since an event may overtake the answer.
 */
create function money.payment_of_event(event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select payments.id
            from money.payments
            where
                payments.provider = event.provider
                and payments.provider_reference = coalesce(
                    event.payment_reference, event.object_reference
                )
        ),
        (
            select coalesce(refunds.payment_id, payments.id)
            from private.effects
            left join money.refunds on refunds.id = effects.message_id
            left join money.payments on payments.id = effects.message_id
            where
                effects.idempotency_key = event.key
                and effects.effect in ('create', 'refund')
        ),
        (
            select refunds.payment_id
            from money.refunds
            inner join money.payments on payments.id = refunds.payment_id
            where
                event.kind like 'refund.%'
                and refunds.provider_reference = event.object_reference
                and payments.provider = event.provider
        )
    );
end;
$$;

/*
 * Return the refund of a payment that an event is about, by the provider's id or by our key.
 */
create function money.refund_of_event(payment_id uuid, event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select refunds.id
        from money.refunds
        left join private.effects
            on effects.message_id = refunds.id and effects.effect = 'refund'
        where
            refunds.payment_id = refund_of_event.payment_id
            and (
                refunds.provider_reference = event.object_reference
                or effects.idempotency_key = event.key
            )
        limit 1
    );
end;
$$;

/*
 * Apply to a payment, which the caller has locked, what an event says of its state.
 */
create function money.apply_state_event(payment_id uuid, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_state text = split_part(event.kind, '.', 2);
begin
    update money.payments
    set provider_reference = coalesce(payments.provider_reference, event.object_reference)
    where payments.id = apply_state_event.payment_id
    returning payments.* into strict v_payment;
    if v_state = 'captured' then
        return money.apply_capture(v_payment, event);
    elsif v_state = 'approved' then
        perform money.ask_provider('finish', v_payment.id);
        return 'applied';
    elsif v_state = 'authorized' and not money.is_as_asked(
        v_payment, event, v_payment.amount_minor
    ) then
        return 'finding';
    elsif v_state not in ('requires_action', 'authorized', 'failed', 'cancelled', 'expired') then
        return 'unchanged';
    end if;
    return money.move_payment(
        v_payment, v_state::money.payment_status,
        coalesce(event.data ->> 'failure', event.data ->> 'reason')
    );
end;
$$;

/*
 * Move a payment up to a state in which no money has moved. It never moves down.
 */
create function money.move_payment(
    payment money.payments, to_status money.payment_status, failure text
)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if payment.reached >= to_status then
        return 'unchanged';
    end if;
    payment.reached = to_status;
    update money.payments
    set
        reached = to_status,
        status = money.payment_status_of(payment),
        failure = case to_status when 'failed' then move_payment.failure else payments.failure end
    where payments.id = payment.id;
    update money.payment_parts
    set authorized_minor = case to_status
        when 'authorized' then payment_parts.amount_minor
        else 0
    end
    where payment_parts.payment_id = payment.id;
    if to_status = 'authorized' then
        perform money.settle_later(payment.id);
    end if;
    return 'applied';
end;
$$;

/*
 * Is the money of an event what was asked for? If not, it is noted as a finding.
 */
create function money.is_as_asked(
    payment money.payments, event money.provider_events, asked_minor bigint
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if event.currency is distinct from payment.currency then
        perform money.note_finding('currency_differs', payment, event);
        return false;
    elsif event.amount_minor is distinct from asked_minor then
        perform money.note_finding('amount_differs', payment, event);
        return false;
    end if;
    return true;
end;
$$;

/*
 * Note that a provider says something of a payment that we do not.
 */
create function money.note_finding(
    kind text, payment money.payments, event money.provider_events
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.payment_findings (kind, provider, reference, payment_id, detail)
    values (
        note_finding.kind,
        coalesce(payment.provider, event.provider),
        event.object_reference,
        payment.id,
        jsonb_strip_nulls(jsonb_build_object(
            'event', event.kind,
            'event_id', event.event_id,
            'currency', event.currency,
            'amount_minor', event.amount_minor,
            'asked_currency', payment.currency,
            'asked_minor', payment.to_capture_minor
        ))
    )
    on conflict on constraint payment_findings_unique do nothing;
end;
$$;

-- sql/39_money/functions/payments_balances.sql

-- What a sale owes and what was paid of it. Nothing of it is stored: it is the sum of lines, parts
-- and refunds.

/*
 * Return what a sale owes, less what is paid or reserved: positive is the customer's to pay,
 * negative the business's to give back.
 * `secured`: captured or reserved. `returned`: given back, or about to be.
 */
create function money.sale_balance(
    business_id uuid,
    sale_id uuid,
    out owed_minor bigint,
    out secured_minor bigint,
    out captured_minor bigint,
    out returned_minor bigint,
    out balance_minor bigint
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    select coalesce(sum(sales.line_total(sale_lines)), 0)::bigint into owed_minor
    from sales.sale_lines
    where
        sale_lines.business_id = sale_balance.business_id
        and sale_lines.sale_id = sale_balance.sale_id;
    select
        coalesce(sum(greatest(parts.captured_minor, parts.authorized_minor)), 0),
        coalesce(sum(parts.captured_minor), 0),
        coalesce(sum(parts.refunding_minor + parts.refunded_minor), 0)
    into secured_minor, captured_minor, returned_minor
    from money.payment_parts as parts
    where
        parts.business_id = sale_balance.business_id
        and parts.sale_id = sale_balance.sale_id;
    balance_minor = owed_minor - secured_minor + returned_minor;
end;
$$;

/*
 * Return how much of what was paid or reserved for a sale can return to where it came from: cash is
 * for a member to hand back, and disputed payments are left alone.
 */
create function money.refundable(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                sum(
                    greatest(parts.captured_minor, parts.authorized_minor)
                    - parts.refunding_minor - parts.refunded_minor
                ),
                0
            )::bigint
        from money.payment_parts as parts
        where
            parts.business_id = refundable.business_id
            and parts.sale_id = refundable.sale_id
            and parts.provider <> 'cash'
            and parts.status <> 'disputed'
    );
end;
$$;

/*
 * Return the lines of a sale as they were sold, each with what it costs now (corrections and fees
 * that belong to it included), what was taken back of it, and what refunds gave back of it.
 */
create function money.line_balances(business_id uuid, sale_id uuid)
returns table (
    sale_line_id uuid, place smallint, remaining_minor bigint, taken_back_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        sold.id,
        sold.position,
        greatest(sums.total_minor, 0)::bigint,
        greatest(sales.line_total(sold) - sums.total_minor - refunded.amount_minor, 0)::bigint
    from sales.sale_lines as sold
    cross join lateral (
        select sum(sales.line_total(lines)) as total_minor
        from sales.sale_lines as lines
        where
            lines.business_id = sold.business_id
            and lines.sale_id = sold.sale_id
            and (lines.id = sold.id or lines.corrects_line_id = sold.id)
    ) as sums
    cross join lateral (
        select coalesce(sum(refund_lines.amount_minor), 0) as amount_minor
        from money.refund_lines
        inner join money.refunds
            on
                refunds.business_id = refund_lines.business_id
                and refunds.id = refund_lines.refund_id
                and refunds.status <> 'failed'
        where
            refund_lines.business_id = sold.business_id
            and refund_lines.sale_line_id = sold.id
    ) as refunded
    where
        sold.business_id = line_balances.business_id
        and sold.sale_id = line_balances.sale_id
        and sold.corrects_line_id is null
        and sales.line_total(sold) > 0;
end;
$$;

/*
 * Return the status that follows from what happened to a payment.
 */
create function money.payment_status_of(payment money.payments)
returns money.payment_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when exists (
            select 1
            from money.disputes
            where disputes.payment_id = payment.id and disputes.status <> 'won'
        ) then 'disputed'
        when payment.captured_minor = 0 then payment.reached
        when payment.refunded_minor = payment.captured_minor then 'refunded'
        when payment.refunded_minor > 0 then 'partially_refunded'
        when payment.captured_minor < payment.amount_minor then 'partially_captured'
        else 'captured'
    end;
end;
$$;

/*
 * The payments of the signed-in payer.
 * Definer: parts and refunds ask this instead of the policy of payments, once a statement.
 */
create function private.my_payments()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select payments.id
    from money.payments
    where payments.payer_id = auth.uid();
end;
$$;

-- sql/39_money/functions/payments_calls.sql

-- Calls of providers. Each is an effect: its key is stored before the call, and a lease keeps
-- others from making the same call meanwhile. Whoever calls (the edge, so that the payer need not
-- wait, or a worker) reports the answer to money.finish_call, which treats it like an event.

/*
 * Send a call of a provider to the workers. `subject_id` is the payment or, for refund, the refund;
 * for save and keep the setup, and for forget the method.
 */
create function money.ask_provider(
    call money.provider_call, subject_id uuid, due_at timestamptz default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        'payments', 'ask_provider',
        jsonb_build_object('call', ask_provider.call, 'subject_id', ask_provider.subject_id),
        due_at
    );
end;
$$;

/*
 * Start a call of a provider. Returns all that the caller needs; null when there is nothing to ask
 * (any more), {"wait": true} while somebody else is asking. Commit before calling.
 * Definer: called by the edge and the workers, who have no access to the tables.
 */
create function money.start_call(call money.provider_call, subject_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_refund money.refunds;
    v_effect private.effects;
begin
    if call in ('save', 'keep', 'forget') then
        return money.start_method_call(call, start_call.subject_id);
    end if;
    if call = 'refund' then
        select refunds.* into v_refund from money.refunds
        where refunds.id = start_call.subject_id for no key update;
    end if;
    select payments.* into v_payment from money.payments
    where payments.id = coalesce(v_refund.payment_id, start_call.subject_id) for no key update;
    if not money.is_to_ask(call, v_payment, v_refund) then
        return null;
    end if;
    if call = 'cancel' and money.was_never_asked(v_payment) then
        perform money.move_payment(v_payment, money.closed_status(v_payment), null);
        return null;
    end if;
    if v_payment.provider_reference is null and call <> 'create'
        or coalesce(v_refund.asked_until, v_payment.asked_until) > clock_timestamp() then
        return '{"wait": true}';
    end if;
    v_effect = private.start_effects(array[start_call.subject_id], call::text);
    if v_effect.status = 'done' then
        return null;
    end if;
    perform money.lease(call, start_call.subject_id, clock_timestamp() + interval '1 minute');
    return money.call_arguments(call, v_payment, v_refund)
        || jsonb_build_object('key', v_effect.idempotency_key, 'began_at', v_effect.started_at);
end;
$$;

/*
 * Lease the subject of a call to whoever asks its provider, or end the lease.
 */
create function money.lease(call money.provider_call, subject_id uuid, until timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    case call
        when 'refund' then
            update money.refunds
            set asked_until = lease.until
            where refunds.id = lease.subject_id;
        when 'save', 'keep' then
            update money.method_setups
            set asked_until = lease.until
            where method_setups.id = lease.subject_id;
        when 'forget' then
            update money.methods_to_forget
            set asked_until = lease.until
            where methods_to_forget.id = lease.subject_id;
        else
            update money.payments
            set asked_until = lease.until
            where payments.id = lease.subject_id;
    end case;
end;
$$;

/*
 * Is there anything to ask a provider? A call is not repeated once its outcome is known.
 */
create function money.is_to_ask(
    call money.provider_call, payment money.payments, refund money.refunds
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case call
        when 'create' then
            payment.provider_reference is null and payment.status = 'pending'
        when 'finish' then payment.captured_minor = 0 and payment.reached < 'authorized'
        when 'capture' then payment.status = 'authorized'
        when 'cancel' then payment.captured_minor = 0 and payment.reached < 'cancelled'
        when 'refund' then refund.status = 'pending'
    end;
end;
$$;

/*
 * Does the provider know nothing of a payment, because nobody has asked it yet?
 */
create function money.was_never_asked(payment money.payments)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return payment.provider_reference is null and not exists (
        select 1
        from private.effects
        where effects.message_id = payment.id and effects.effect = 'create'
    );
end;
$$;

/*
 * Return how a payment that is closed without money ends: it ran out, or somebody cancelled it.
 */
create function money.closed_status(payment money.payments)
returns money.payment_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case when payment.expires_at <= private.now() then 'expired' else 'cancelled' end;
end;
$$;

/*
 * Return the arguments of a call of a provider.
 */
create function money.call_arguments(
    call money.provider_call, payment money.payments, refund money.refunds
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'call', call,
        'provider', payment.provider,
        'payment_id', payment.id,
        'payment', payment.provider_reference,
        'currency', payment.currency,
        'amount_minor', case call
            when 'refund' then refund.amount_minor
            when 'capture' then payment.to_capture_minor
            else payment.amount_minor
        end,
        'capture_now', payment.capture = 'now',
        'save_method', payment.saves_method,
        'off_session', payment.is_off_session,
        'return_url', payment.return_url,
        'description', money.payment_description(payment.id),
        'email', (select users.email from auth.users where users.id = payment.payer_id),
        'customer', (
            select provider_customers.provider_reference
            from money.provider_customers
            where
                provider_customers.user_id = payment.payer_id
                and provider_customers.provider = payment.provider
        ),
        'method', coalesce(payment.method_token, (
            select payment_methods.provider_reference
            from money.payment_methods
            where payment_methods.id = payment.method_id
        ))
    );
end;
$$;

/*
 * Return what a payer reads on the statement of their card: whom they pay.
 */
create function money.payment_description(payment_id uuid)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select left(string_agg(distinct businesses.name, ', '), 120)
        from money.payment_parts
        inner join business.businesses on businesses.id = payment_parts.business_id
        where payment_parts.payment_id = payment_description.payment_id
    );
end;
$$;

-- sql/39_money/functions/payments_capturing.sql

-- How money that a provider took is recorded.

/*
 * Record that the money of a payment was taken: on the payment, on its parts and in the ledger, all
 * once. Sellers react to their parts by triggers, in this transaction.
 */
create function money.apply_capture(payment money.payments, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_shares bigint[];
begin
    if not money.is_as_asked(payment, event, payment.to_capture_minor) then
        return 'finding';
    end if;
    perform money.post_provider_fee(payment, event.data);
    if payment.captured_minor > 0 then
        return 'unchanged';
    end if;
    payment.captured_minor = payment.to_capture_minor;
    update money.payments
    set
        captured_minor = payment.captured_minor,
        status = money.payment_status_of(payment),
        failure = null,
        client = null
    where payments.id = payment.id;
    perform money.capture_parts(payment);
    perform money.post_capture(payment.id);
    perform money.settle_later(payment.id);
    return 'applied';
end;
$$;

/*
 * Split what was taken over the parts of a payment.
 */
create function money.capture_parts(payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with parts as (
        select array_agg(payment_parts order by payment_parts.business_id, payment_parts.sale_id) as a
        from money.payment_parts
        where payment_parts.payment_id = payment.id
    )

    update money.payment_parts
    set captured_minor = shares.amount, authorized_minor = 0
    from parts
    cross join lateral unnest(
        parts.a,
        pricing.split(
            payment.captured_minor,
            array(
                select part.amount_minor
                from unnest(parts.a) with ordinality as part
                order by part.ordinality
            )
        )
    ) as shares (
        business_id, sale_id, payment_id, provider, currency, status, amount_minor,
        authorized_minor, captured_minor, refunding_minor, refunded_minor, created_at, amount
    )
    where
        payment_parts.business_id = shares.business_id
        and payment_parts.sale_id = shares.sale_id
        and payment_parts.payment_id = payment.id;
end;
$$;

-- sql/39_money/functions/payments_charging.sql

-- How saved cards are charged when their owner is not there: many at once, in a few statements. The
-- caller decides what is owed, holds the locks of what it charges for, and charges each once.

/*
 * Return which of some sales can be charged to the saved card at the same place: one that was not
 * forgotten and has not expired, and whose provider the business offers for the amount. Each gets
 * the id that its payment will have.
 */
create function money.chargeable_sales(
    business_ids uuid[], sale_ids uuid[], method_ids uuid[], amounts bigint[]
)
returns table (
    payment_id uuid,
    business_id uuid,
    sale_id uuid,
    currency text,
    user_id uuid,
    provider text,
    method_id uuid,
    amount_minor bigint
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    select
        gen_random_uuid(), sales.business_id, sales.id, sales.currency, methods.user_id,
        methods.provider, methods.id, charges.amount_minor
    from unnest(business_ids, sale_ids, method_ids, amounts)
        as charges (business_id, sale_id, method_id, amount_minor)
    inner join sales.sales
        on sales.business_id = charges.business_id and sales.id = charges.sale_id
    inner join money.payment_methods as methods on methods.id = charges.method_id
    inner join lateral money.offered_providers(
        array[charges.business_id], sales.currency, charges.amount_minor
    ) as offered (provider) on methods.provider = offered.provider
    where
        charges.amount_minor > 0
        and methods.removed_at is null
        and not money.is_expired(methods);
end;
$$;

/*
 * Begin a payment of each of some sales with a saved card. A card that cannot be charged
 * (money.chargeable_sales) is left out. Returns which sale got which payment; the workers ask the
 * providers.
 */
create function money.charge_saved_methods(
    business_ids uuid[], sale_ids uuid[], method_ids uuid[], amounts bigint[]
)
returns table (sale_id uuid, payment_id uuid)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    with wanted as materialized (
        select wanted.*
        from money.chargeable_sales(business_ids, sale_ids, method_ids, amounts) as wanted
    ),

    begun as (
        insert into money.payments (
            id, payer_id, provider, method_id, is_off_session, currency, amount_minor,
            to_capture_minor, capture, return_url, expires_at, created_at
        )
        select
            wanted.payment_id, wanted.user_id, wanted.provider, wanted.method_id, true,
            wanted.currency, wanted.amount_minor, wanted.amount_minor, 'now', '',
            private.now() + interval '24 hours', private.now()
        from wanted
    ),

    parts as (
        insert into money.payment_parts (
            business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
        )
        select
            wanted.business_id, wanted.sale_id, wanted.payment_id, wanted.provider,
            wanted.currency, wanted.amount_minor, private.now()
        from wanted
    ),

    asked as (
        select private.send_messages(
            'payments', 'ask_provider',
            array_agg(jsonb_build_object('call', 'create', 'subject_id', wanted.payment_id)),
            array_agg(null::timestamptz), array_agg(null::uuid)
        )
        from wanted
        having count(*) > 0
    )

    select wanted.sale_id, wanted.payment_id
    from wanted
    left join asked on true;
end;
$$;

-- sql/39_money/functions/payments_counter.sql

-- What members do at the counter: take cash, and add tips and fees to a sale that exists.

/*
 * Read an amount that must be sent and be at least 1.
 *
 * Errors:  PT400 invalid_input
 */
create function money.to_amount(value text, argument text)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_amount bigint = private.to_minor_units(value, argument);
begin
    if coalesce(v_amount, 0) < 1 then
        perform private.invalid(argument, 'must be a whole number of minor units, from 1');
    end if;
    return v_amount;
end;
$$;

/*
 * Lock a sale of the caller's business. Returns it.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.lock_own_sale(sale_id uuid, permission text)
returns sales.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
begin
    select sales.* into v_sale
    from sales.sales
    where sales.id = lock_own_sale.sale_id
    for no key update;
    perform private.require_member(v_sale.business_id, lock_own_sale.permission);
    return v_sale;
end;
$$;

/*
 * Record that a member took cash for a sale. Returns the payment's id.
 * Definer: nobody has a write grant on payments; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_pay
 */
create function money.record_cash(sale_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(record_cash.sale_id, 'serve');
    v_due bigint = greatest((money.sale_balance(v_sale.business_id, v_sale.id)).balance_minor, 0);
    v_amount bigint = coalesce(record_cash.amount_minor, v_due);
    v_payment money.payments;
    v_event money.provider_events;
begin
    if v_due = 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    elsif v_amount not between 1 and v_due then
        perform private.invalid('amount_minor', format('must be from 1 to %s', v_due));
    end if;
    insert into money.payments (
        payer_id, provider, currency, amount_minor, to_capture_minor, capture, return_url,
        expires_at, created_at
    )
    values (
        v_sale.customer_id, 'cash', v_sale.currency, v_amount, v_amount, 'now', '', private.now(),
        private.now()
    )
    returning payments.* into v_payment;
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
    )
    values (
        v_sale.business_id, v_sale.id, v_payment.id, 'cash', v_sale.currency, v_amount,
        private.now()
    );
    v_event.kind = 'payment.captured';
    v_event.amount_minor = v_amount;
    v_event.currency = v_sale.currency;
    v_event.data = '{}';
    perform money.apply_capture(v_payment, v_event);
    return v_payment.id;
end;
$$;

/*
 * Add a tip to a sale, as its customer or for them. Returns the sale's id.
 * Definer: nobody has a write grant on sales; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.add_tip(sale_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select sales.* into v_sale
    from sales.sales
    where sales.id = add_tip.sale_id
    for no key update;
    if v_sale.customer_id is distinct from auth.uid() then
        perform private.require_member(v_sale.business_id, 'serve');
    end if;
    perform sales.revise_sale(
        v_sale.business_id, v_sale.id, 'tipped',
        array[sales.make_change('tip', null, null, 'Tip', add_tip.amount_minor)]
    );
    return v_sale.id;
end;
$$;

/*
 * Charge a fee after the fact, as a line of the sale. Returns the sale's id.
 * Definer: as money.add_tip.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.charge_fee(sale_id uuid, name text, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(charge_fee.sale_id, 'manage');
begin
    perform sales.revise_sale(
        v_sale.business_id, v_sale.id, 'charged',
        array[sales.make_change('fee', null, null, charge_fee.name, charge_fee.amount_minor)]
    );
    return v_sale.id;
end;
$$;

-- sql/39_money/functions/payments_disputes.sql

-- Disputes, as providers tell of them.

/*
 * Apply what a provider says of a dispute of a payment, which the caller has locked. Each part of
 * the payment bears its share. A dispute that ended stays ended.
 */
create function money.apply_dispute_event(payment_id uuid, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_dispute money.disputes;
    v_to money.dispute_status = case split_part(event.kind, '.', 2)
        when 'opened' then 'open' else split_part(event.kind, '.', 2)
    end;
    v_count integer = 0;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = apply_dispute_event.payment_id;
    if v_payment.captured_minor = 0 then
        return 'parked';
    end if;
    if event.currency is distinct from v_payment.currency
        or coalesce(event.amount_minor, 0) not between 1 and v_payment.captured_minor then
        perform money.note_finding('dispute_differs', v_payment, event);
        return 'finding';
    end if;
    perform money.write_disputes(v_payment, event);
    for v_dispute in
        update money.disputes
        set
            status = v_to,
            closed_at = case when v_to <> 'open' then event.occurred_at end
        where
            disputes.payment_id = v_payment.id
            and disputes.provider_reference = event.object_reference
            and disputes.status = 'open'
        returning disputes.*
    loop
        perform money.post_dispute(v_dispute, v_payment.provider);
        v_count = v_count + 1;
    end loop;
    perform money.post_dispute_fee(v_payment, event);
    update money.payments
    set status = money.payment_status_of(payments)
    where payments.id = v_payment.id;
    return case when v_count > 0 then 'applied' else 'unchanged' end;
end;
$$;

/*
 * Write the rows of a dispute, one for each part of its payment, if they are not there yet.
 */
create function money.write_disputes(payment money.payments, event money.provider_events)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.disputes (
        business_id, sale_id, payment_id, provider_reference, currency, amount_minor, status,
        opened_at
    )
    select
        shares.business_id, shares.sale_id, payment.id, event.object_reference, payment.currency,
        shares.amount_minor, 'open', event.occurred_at
    from (
        select
            unnest(array_agg(parts.business_id order by parts.business_id, parts.sale_id)),
            unnest(array_agg(parts.sale_id order by parts.business_id, parts.sale_id)),
            unnest(
                pricing.split(
                    event.amount_minor,
                    array_agg(parts.captured_minor order by parts.business_id, parts.sale_id)
                )
            )
        from money.payment_parts as parts
        where parts.payment_id = payment.id
    ) as shares (business_id, sale_id, amount_minor)
    where shares.amount_minor > 0
    on conflict on constraint disputes_part_unique do nothing;
end;
$$;

/*
 * Post the fee that a provider charges for a dispute. It is the platform's, also when the dispute
 * is won.
 */
create function money.post_dispute_fee(payment money.payments, event money.provider_events)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint = (event.data ->> 'fee_minor')::bigint;
    v_currency text = coalesce(event.data ->> 'fee_currency', payment.currency);
begin
    if v_fee is null or v_fee <= 0 then
        return;
    end if;
    perform money.post(
        null, 'dispute_fee', md5(payment.provider || event.object_reference)::uuid,
        array[
            money.make_entry(
                money.account('provider_fees', v_currency, provider => payment.provider), v_fee
            ),
            money.make_entry(
                money.account('provider', v_currency, provider => payment.provider), - v_fee
            )
        ]
    );
end;
$$;

-- sql/39_money/functions/payments_guarantees.sql

-- Cards that customers leave for the fees of a sale, such as for not coming. A worker asks the card
-- once after each fee. A declined card is asked again only by a member, a few times, or when the
-- customer leaves another one; meanwhile the sale owes the fee, and the customer may pay it.

/*
 * Keep a saved method as the guarantee for the fees of the caller's own sale. Fees that an earlier
 * card did not pay are charged to it.
 * Definer: nobody has a write grant on guarantees; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT422 method_expired
 */
create function money.guarantee_sale(sale_id uuid, method_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_sale sales.sales;
    v_method money.payment_methods;
begin
    select sales.* into v_sale
    from sales.sales
    where sales.id = guarantee_sale.sale_id and sales.customer_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such sale.', 'Check the id in the view sales.'
        );
    end if;
    select payment_methods.* into v_method
    from money.payment_methods
    where payment_methods.id = guarantee_sale.method_id;
    v_method = money.require_method(guarantee_sale.method_id, v_user_id, v_method.provider);
    insert into money.guarantees (business_id, sale_id, method_id, created_at)
    values (v_sale.business_id, v_sale.id, v_method.id, private.now())
    on conflict on constraint guarantees_pkey do update
    set method_id = excluded.method_id;
    perform private.send_message(
        'payments', 'settle_sale',
        jsonb_build_object('business_id', v_sale.business_id, 'sale_id', v_sale.id)
    );
    return v_sale.id;
end;
$$;

/*
 * Return the card that guarantees a sale; null where there is none, or where it was removed or has
 * expired.
 */
create function money.guaranteeing_method(business_id uuid, sale_id uuid)
returns money.payment_methods
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_method money.payment_methods;
begin
    select payment_methods.* into v_method
    from money.guarantees
    inner join money.payment_methods on payment_methods.id = guarantees.method_id
    where
        guarantees.business_id = guaranteeing_method.business_id
        and guarantees.sale_id = guaranteeing_method.sale_id
        and payment_methods.removed_at is null
        and not money.is_expired(payment_methods);
    return v_method;
end;
$$;

/*
 * Return the fees of a sale that nobody has paid and no card is being asked for.
 */
create function money.open_fees(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_fees bigint = (
        select coalesce(sum(sales.line_total(sale_lines)), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = open_fees.business_id
            and sale_lines.sale_id = open_fees.sale_id
            and sale_lines.kind = 'fee'
    );
    v_charged bigint = (
        select coalesce(sum(charges.amount_minor), 0)
        from money.guarantee_charges(open_fees.business_id, open_fees.sale_id) as charges
        where charges.status not in ('failed', 'cancelled', 'expired')
    );
begin
    return greatest(
        least(
            v_fees - v_charged,
            (money.sale_balance(open_fees.business_id, open_fees.sale_id)).balance_minor
        ),
        0
    );
end;
$$;

/*
 * Return the charges of guarantees for a sale, whatever became of them.
 */
create function money.guarantee_charges(business_id uuid, sale_id uuid)
returns setof money.payments
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select payments.*
    from money.payment_parts as parts
    inner join money.payments on payments.id = parts.payment_id
    where
        parts.business_id = guarantee_charges.business_id
        and parts.sale_id = guarantee_charges.sale_id
        and payments.is_off_session;
end;
$$;

/*
 * Was a card declined for a sale since it has the latest of its fees?
 */
create function money.was_declined(business_id uuid, sale_id uuid, method_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from money.guarantee_charges(was_declined.business_id, was_declined.sale_id) as charges
        where
            charges.method_id = was_declined.method_id
            and charges.failure is not null
            and charges.created_at >= (
                select max(sale_revisions.at)
                from sales.sale_lines
                inner join sales.sale_revisions using (business_id, sale_id, revision)
                where
                    sale_lines.business_id = was_declined.business_id
                    and sale_lines.sale_id = was_declined.sale_id
                    and sale_lines.kind = 'fee'
            )
    );
end;
$$;

/*
 * Charge the card that a customer left for a sale, which the caller has locked, with the fees that
 * are open, unless it was declined for them.
 */
create function money.charge_guarantee(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_method money.payment_methods = money.guaranteeing_method(
        charge_guarantee.business_id, charge_guarantee.sale_id
    );
    v_fees bigint = money.open_fees(charge_guarantee.business_id, charge_guarantee.sale_id);
begin
    if v_method.id is null
        or v_fees = 0
        or money.was_declined(
            charge_guarantee.business_id, charge_guarantee.sale_id, v_method.id
        ) then
        return;
    end if;
    perform money.charge_method(
        charge_guarantee.business_id, charge_guarantee.sale_id, v_method, v_fees
    );
end;
$$;

/*
 * Begin a payment of a sale by a saved card whose owner is not there.
 */
create function money.charge_method(
    business_id uuid, sale_id uuid, method money.payment_methods, amount_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wish money.payment_wish;
begin
    v_wish.business_ids = array[charge_method.business_id];
    v_wish.sale_ids = array[charge_method.sale_id];
    v_wish.amounts = array[charge_method.amount_minor];
    v_wish.payer_id = method.user_id;
    v_wish.provider = method.provider;
    v_wish.method_id = method.id;
    v_wish.is_off_session = true;
    perform money.ask_provider('create', money.begin_payment(v_wish));
end;
$$;

/*
 * Charge the card that was left for a sale again, for the caller's business. Banks count attempts
 * against whoever makes them, so a card is declined three times at most. While it is being asked,
 * nothing happens. Returns the sale's id.
 * Definer: as money.guarantee_sale.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 nothing_to_pay
 *          PT422 limit_reached
 */
create function money.charge_guarantee_again(sale_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(charge_guarantee_again.sale_id, 'manage');
    v_method money.payment_methods = money.guaranteeing_method(v_sale.business_id, v_sale.id);
    v_fees bigint = money.open_fees(v_sale.business_id, v_sale.id);
begin
    if v_method.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'No card that can be charged guarantees this sale.',
            'Ask the customer for another card, or send them a payment link.'
        );
    elsif exists (
        select 1
        from money.guarantee_charges(v_sale.business_id, v_sale.id) as charges
        where charges.status in ('pending', 'requires_action')
    ) then
        return v_sale.id;
    elsif v_fees = 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    elsif (
        select count(*) >= 3
        from money.guarantee_charges(v_sale.business_id, v_sale.id) as charges
        where charges.method_id = v_method.id and charges.failure is not null
    ) then
        perform private.refuse(
            'PT422', 'limit_reached', 'This card was declined three times.',
            'Ask the customer for another card, or send them a payment link.'
        );
    end if;
    perform money.charge_method(v_sale.business_id, v_sale.id, v_method, v_fees);
    return v_sale.id;
end;
$$;

-- sql/39_money/functions/payments_inbox.sql

-- The inbox of providers' events. The edge stores, a worker applies.

/*
 * Store events whose origin was verified, each once, and send them to the workers. `raws` has the
 * bytes of each. Returns how many are new. An event of which nothing follows is stored as ignored,
 * without its bytes: they may name people, and nobody needs them. Events are stored in the order of
 * their ids, so that two calls with the same events never wait for each other in a circle.
 * Definer: called by the edge and the workers, who have no access to the table.
 */
create function money.receive_events(events jsonb, raws bytea[])
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_new_ids uuid[];
    v_count integer;
begin
    with stored as (
        insert into money.provider_events (
            provider, event_id, raw, kind, object_reference, payment_reference, key, amount_minor,
            currency, occurred_at, data, state
        )
        select
            event ->> 'provider', event ->> 'event_id',
            case when event ->> 'object_reference' is null then '' else raws[place] end,
            event ->> 'kind',
            event ->> 'object_reference', event ->> 'payment_reference', event ->> 'key',
            (event ->> 'amount_minor')::bigint, event ->> 'currency',
            coalesce((event ->> 'occurred_at')::timestamptz, clock_timestamp()),
            coalesce(event -> 'data', '{}'),
            case when event ->> 'object_reference' is null then 'ignored' else 'received' end
            ::money.event_state
        from jsonb_array_elements(events) with ordinality as arrived (event, place)
        order by event ->> 'provider', event ->> 'event_id'
        on conflict on constraint provider_events_event_unique do nothing
        returning provider_events.id, provider_events.state
    )

    select count(*), array_agg(stored.id) filter (where stored.state = 'received')
    into v_count, v_new_ids
    from stored;
    perform private.send_messages(
        'payments', 'apply_event',
        array_agg(jsonb_build_object('event_id', new.id)),
        array_agg(null::timestamptz),
        array_agg(null::uuid)
    )
    from unnest(v_new_ids) as new (id)
    having count(*) > 0;
    return v_count;
end;
$$;

/*
 * Store one event, as money.receive_events. Returns whether it is new.
 */
create function money.receive_event(event jsonb, raw bytea)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.receive_events(jsonb_build_array(event), array[raw]) = 1;
end;
$$;

/*
 * Apply a stored event. Returns its outcome; null when it was applied before.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.apply_event(event_id uuid)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_event money.provider_events;
    v_outcome money.event_outcome;
begin
    select provider_events.* into v_event
    from money.provider_events
    where
        provider_events.id = apply_event.event_id
        and provider_events.state in ('received', 'parked')
    for update;
    if not found then
        return null;
    end if;
    v_outcome = money.apply_payment_event(v_event);
    update money.provider_events
    set
        state = case v_outcome when 'parked' then 'parked' else 'applied' end::money.event_state,
        attempts = provider_events.attempts + 1,
        applied_at = case when v_outcome <> 'parked' then private.now() end,
        subject_id = case
            when v_event.kind = 'method.saved' then money.customer_of_event(v_event)
            else money.payment_of_event(v_event)
        end
    where provider_events.id = v_event.id;
    return v_outcome;
end;
$$;

/*
 * Apply the events again that were parked because a payment was unknown, which is known now.
 */
create function money.retry_parked(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        'payments', 'apply_event', jsonb_build_object('event_id', provider_events.id)
    )
    from money.provider_events
    inner join money.payments on payments.provider = provider_events.provider
    where
        provider_events.state = 'parked'
        and payments.id = retry_parked.payment_id
        and payments.provider_reference in (
            provider_events.object_reference, provider_events.payment_reference
        );
end;
$$;

/*
 * Send the events again that still wait: those whose message was lost after a minute, parked ones
 * after 1, 2, 4 … minutes, at most a day. What nobody knows after three days becomes a finding; it
 * stays parked, and is applied if its payment turns up before retention empties it. Returns how
 * many were sent.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.retry_events()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_event money.provider_events;
    v_count integer = 0;
begin
    for v_event in
        select provider_events.*
        from money.provider_events
        where provider_events.state in ('received', 'parked')
            and provider_events.received_at + least(
                interval '1 minute' * power(2, least(provider_events.attempts, 11)),
                interval '1 day'
            ) <= private.now()
        order by provider_events.received_at
        limit 500
        for update skip locked
    loop
        perform private.send_message(
            'payments', 'apply_event', jsonb_build_object('event_id', v_event.id)
        );
        if v_event.received_at < private.now() - interval '3 days' then
            perform money.note_finding('unknown_object', null, v_event);
        end if;
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

-- sql/39_money/functions/payments_links.sql

-- Links by which anybody pays a sale.

/*
 * Make a link by which anybody who has it pays a sale. Returns it with its token, which is shown
 * once.
 * Definer: nobody has a write grant on payment_links; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.create_link(sale_id uuid, amount_minor bigint, expires_at timestamptz)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(create_link.sale_id, 'serve');
    v_token text = encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
    v_link money.payment_links;
begin
    insert into money.payment_links (
        business_id, sale_id, token_hash, amount_minor, expires_at, created_by, created_at
    )
    values (
        v_sale.business_id, v_sale.id, sha256(convert_to(v_token, 'UTF8')),
        create_link.amount_minor,
        coalesce(create_link.expires_at, private.now() + interval '14 days'),
        auth.uid(), private.now()
    )
    returning payment_links.* into v_link;
    return jsonb_build_object(
        'id', v_link.id, 'token', v_token, 'expires_at', v_link.expires_at
    );
end;
$$;

/*
 * Return the link of a token that can be used.
 *
 * Errors:  PT409 link_expired
 */
create function money.usable_link(token text)
returns money.payment_links
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_link money.payment_links;
begin
    select payment_links.* into v_link
    from money.payment_links
    where
        payment_links.token_hash = sha256(convert_to(usable_link.token, 'UTF8'))
        and payment_links.revoked_at is null
        and payment_links.expires_at > private.now();
    if not found then
        perform private.refuse(
            'PT409', 'link_expired', 'This link is not valid any more.',
            'Ask the business for another link.'
        );
    end if;
    return v_link;
end;
$$;

-- sql/39_money/functions/payments_members.sql

-- What payers and members of a business do with payments that exist: cancel them, or take the money
-- that they reserved.

/*
 * May the caller know of a payment: as its payer, a member of a business that it pays, the
 * platform's finance, or the operator?
 */
create function money.sees_payment(payment money.payments)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.is_operator()
        or payment.payer_id = auth.uid()
        or private.is_platform_staff('finance')
        or exists (
            select 1
            from money.payment_parts
            where
                payment_parts.payment_id = payment.id
                and payment_parts.business_id in (select private.my_businesses('view'))
        );
end;
$$;

/*
 * Lock a payment that the caller may see: as its payer, or as a member of a business that it pays.
 * Returns it.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function money.lock_payment(payment_id uuid)
returns money.payments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select payments.* into v_payment
    from money.payments
    where
        payments.id = lock_payment.payment_id
        and money.sees_payment(payments)
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such payment.',
            'Check the id in the view payments or payment_parts.'
        );
    end if;
    return v_payment;
end;
$$;

/*
 * Return the one business that a payment pays, if the caller may act for it.
 *
 * Errors:  PT403 forbidden
 */
create function money.acting_business(payment_id uuid, permission text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_ids uuid[] = array(
        select distinct payment_parts.business_id
        from money.payment_parts
        where payment_parts.payment_id = acting_business.payment_id
    );
begin
    if cardinality(v_business_ids) = 1 and (
        private.is_operator()
        or private.is_platform_staff('finance')
        or v_business_ids[1] in (select private.my_businesses(acting_business.permission))
    ) then
        return v_business_ids[1];
    end if;
    perform private.refuse(
        'PT403', 'forbidden', 'You are not allowed to do this with the payment.',
        'Ask a manager of the business, or the platform''s finance.'
    );
end;
$$;

/*
 * Record that the caller asks for a call of a payment's provider.
 */
create function money.record_request(
    call money.provider_call, payment_id uuid, business_id uuid, amount_minor bigint
)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    insert into money.requested_calls (
        call, payment_id, business_id, amount_minor, requested_by, requested_at
    )
    values (
        record_request.call, record_request.payment_id, record_request.business_id,
        record_request.amount_minor, auth.uid(), private.now()
    );
end;

/*
 * Cancel a payment of which nothing was taken: as its payer or as a member who serves customers.
 * The provider is asked to release what it reserved.
 * Definer: nobody has a write grant on payments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function money.cancel_payment(payment_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments = money.lock_payment(cancel_payment.payment_id);
    v_business_id uuid;
begin
    if v_payment.payer_id is distinct from auth.uid() then
        v_business_id = money.acting_business(v_payment.id, 'serve');
    end if;
    if v_payment.status in ('cancelled', 'expired') then
        return v_payment.id;
    elsif v_payment.captured_minor > 0 then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This payment was taken already.',
            'Refund it with refund_payment.'
        );
    end if;
    perform money.record_request('cancel', v_payment.id, v_business_id, null);
    if money.was_never_asked(v_payment) then
        perform money.move_payment(v_payment, 'cancelled', null);
    else
        perform money.ask_provider('cancel', v_payment.id);
    end if;
    return v_payment.id;
end;
$$;

/*
 * Take the money of a reserved payment, or less of it; the rest is released.
 * Definer: as money.cancel_payment.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function money.capture_payment(payment_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments = money.lock_payment(capture_payment.payment_id);
    v_amount bigint = coalesce(capture_payment.amount_minor, v_payment.amount_minor);
    v_business_id uuid = money.acting_business(v_payment.id, 'manage');
begin
    if v_payment.captured_minor = v_amount then
        return v_payment.id;
    elsif v_payment.status <> 'authorized' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'Nothing is reserved by this payment.',
            'Read the payment again and check its status.'
        );
    elsif v_amount not between 1 and v_payment.amount_minor then
        perform private.invalid(
            'amount_minor', format('must be from 1 to %s', v_payment.amount_minor)
        );
    elsif v_payment.to_capture_minor <> v_amount and exists (
        select 1
        from private.effects
        where effects.message_id = v_payment.id and effects.effect = 'capture'
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition', 'Another amount of this payment is being taken.',
            'Wait until the payment is captured.'
        );
    end if;
    perform money.record_request('capture', v_payment.id, v_business_id, v_amount);
    update money.payments
    set to_capture_minor = v_amount
    where payments.id = v_payment.id;
    perform money.ask_provider('capture', v_payment.id);
    return v_payment.id;
end;
$$;

-- sql/39_money/functions/payments_methods.sql

-- Saved cards: what their provider says of them later (a new last day, that they are gone), and how
-- they are removed.

/*
 * Remove a saved method of the caller. It pays and guarantees nothing any more.
 * Definer: nobody has a write grant on payment_methods; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function money.remove_method(method_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    update money.payment_methods
    set removed_at = coalesce(payment_methods.removed_at, private.now())
    where
        payment_methods.id = remove_method.method_id
        and payment_methods.user_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such payment method.',
            'Check the id in the view payment_methods.'
        );
    end if;
end;
$$;

/*
 * Note under which name a provider knows a user, and apply the events again that spoke of it
 * before.
 */
create function money.note_customer(user_id uuid, provider text, reference text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if reference is null or note_customer.user_id is null then
        return;
    end if;
    insert into money.provider_customers (user_id, provider, provider_reference)
    values (note_customer.user_id, note_customer.provider, note_customer.reference)
    on conflict do nothing;
    perform private.send_message(
        'payments', 'apply_event', jsonb_build_object('event_id', provider_events.id)
    )
    from money.provider_events
    where
        provider_events.state = 'parked'
        and provider_events.provider = note_customer.provider
        and provider_events.kind = 'method.saved'
        and provider_events.data ->> 'customer' = note_customer.reference;
end;
$$;

/*
 * Apply what a provider says of a card: it was saved, has another last day, or is gone. An older
 * event changes nothing, and a card that was removed here stays so.
 */
create function money.apply_method_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if event.kind = 'method.saved' then
        return money.keep_method(event);
    elsif event.kind = 'method.updated' then
        update money.payment_methods
        set
            brand = coalesce(event.data ->> 'brand', payment_methods.brand),
            last4 = coalesce(event.data ->> 'last4', payment_methods.last4),
            expires_on = coalesce(
                money.last_day(event.data ->> 'expires_on'), payment_methods.expires_on
            ),
            told_at = event.occurred_at
        where
            payment_methods.provider = event.provider
            and payment_methods.provider_reference = event.object_reference
            and payment_methods.told_at <= event.occurred_at;
    else
        update money.payment_methods
        set removed_at = private.now()
        where
            payment_methods.removed_at is null
            and payment_methods.provider = event.provider
            and payment_methods.provider_reference = event.object_reference;
    end if;
    return case when found then 'applied' else 'unchanged' end;
end;
$$;

/*
 * Return the user whom a provider knows as the customer of an event.
 */
create function money.customer_of_event(event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select provider_customers.user_id
        from money.provider_customers
        where
            provider_customers.provider = event.provider
            and provider_customers.provider_reference = event.data ->> 'customer'
    );
end;
$$;

/*
 * Keep a card that somebody saved at a provider. `data` names the provider's customer, and what may
 * be shown of the card. Two events may tell of it, of which one knows more.
 */
create function money.keep_method(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = money.customer_of_event(event);
begin
    if v_user_id is null then
        return 'parked';
    end if;
    insert into money.payment_methods (
        user_id, provider, provider_reference, brand, last4, expires_on, created_at, told_at
    )
    values (
        v_user_id, event.provider, event.object_reference,
        coalesce(event.data ->> 'brand', 'card'), coalesce(event.data ->> 'last4', '····'),
        money.last_day(event.data ->> 'expires_on'), private.now(), event.occurred_at
    )
    on conflict on constraint payment_methods_reference_unique do update
        set
            brand = excluded.brand,
            last4 = excluded.last4,
            expires_on = excluded.expires_on,
            told_at = excluded.told_at
        where
            event.data ->> 'last4' is not null
            and payment_methods.told_at <= excluded.told_at
            and (payment_methods.brand, payment_methods.last4, payment_methods.expires_on)
            is distinct from (excluded.brand, excluded.last4, excluded.expires_on);
    return case when found then 'applied' else 'unchanged' end;
end;
$$;

/*
 * Return the last day of a month that is printed on a card, such as 2034-08.
 */
create function money.last_day(month text)
returns date
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (to_date(month, 'YYYY-MM') + interval '1 month - 1 day')::date;
end;
$$;

-- sql/39_money/functions/payments_methods_calls.sql

-- Calls of providers about saved cards: to save one, to keep it once its customer did their part,
-- and to forget one. They are effects like those
-- about payments (payments_calls.sql), with subjects of their own.

/*
 * Start a call about a saved method, as money.start_call.
 */
create function money.start_method_call(call money.provider_call, subject_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_job jsonb = case call
        when 'save' then money.job_to_save(start_method_call.subject_id)
        when 'keep' then money.job_to_keep(start_method_call.subject_id)
        else money.job_to_forget(start_method_call.subject_id)
    end;
    v_effect private.effects;
begin
    if v_job is null or v_job ? 'wait' then
        return v_job;
    end if;
    v_effect = private.start_effects(array[start_method_call.subject_id], call::text);
    if v_effect.status = 'done' then
        return null;
    end if;
    perform money.lease(call, start_method_call.subject_id, clock_timestamp() + interval '1 minute');
    return v_job || jsonb_build_object(
        'call', call, 'key', v_effect.idempotency_key, 'began_at', v_effect.started_at
    );
end;
$$;

/*
 * Return what a provider must know to save a card, or null when it was asked.
 */
create function money.job_to_save(setup_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup money.method_setups;
begin
    select method_setups.* into v_setup
    from money.method_setups
    where method_setups.id = job_to_save.setup_id
    for no key update;
    if v_setup.id is null
        or v_setup.provider_reference is not null
        or v_setup.failure is not null then
        return null;
    elsif v_setup.asked_until > clock_timestamp() then
        return '{"wait": true}';
    end if;
    return jsonb_build_object(
        'provider', v_setup.provider,
        'return_url', v_setup.return_url,
        'method', v_setup.method_token,
        'email', (select users.email from auth.users where users.id = v_setup.user_id),
        'customer', (
            select provider_customers.provider_reference
            from money.provider_customers
            where
                provider_customers.user_id = v_setup.user_id
                and provider_customers.provider = v_setup.provider
        )
    );
end;
$$;

/*
 * Return what a provider must know to say whether it has a card now, or null when that is known.
 */
create function money.job_to_keep(setup_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup money.method_setups;
begin
    select method_setups.* into v_setup
    from money.method_setups
    where method_setups.id = job_to_keep.setup_id
    for no key update;
    if v_setup.provider_reference is null
        or v_setup.saved_at is not null
        or v_setup.failure is not null then
        return null;
    elsif v_setup.asked_until > clock_timestamp() then
        return '{"wait": true}';
    end if;
    update money.method_setups
    set checked_at = private.now()
    where method_setups.id = v_setup.id;
    return jsonb_build_object('provider', v_setup.provider, 'saving', v_setup.provider_reference);
end;
$$;

/*
 * Return what a provider must know to forget a card, or null when it has.
 */
create function money.job_to_forget(method_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_method money.methods_to_forget;
begin
    select methods_to_forget.* into v_method
    from money.methods_to_forget
    where methods_to_forget.id = job_to_forget.method_id
    for no key update;
    if not found then
        return null;
    elsif v_method.asked_until > clock_timestamp() then
        return '{"wait": true}';
    end if;
    return jsonb_build_object(
        'provider', v_method.provider, 'method', v_method.provider_reference
    );
end;
$$;

/*
 * Record a provider's answer to a call about a saved method, as money.finish_call.
 */
create function money.finish_method_call(
    call money.provider_call, subject_id uuid, answer jsonb
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if call = 'forget' then
        delete from money.methods_to_forget
        where methods_to_forget.id = finish_method_call.subject_id;
    elsif call = 'save' then
        perform money.note_setup(finish_method_call.subject_id, answer);
    else
        perform money.note_kept(finish_method_call.subject_id, answer);
    end if;
    -- A card that its customer has still to enter is asked for again.
    if call <> 'keep' or answer -> 'method' is distinct from 'null' then
        perform private.finish_effects(
            array[finish_method_call.subject_id], call::text, array[answer - 'client']
        );
    end if;
    perform money.lease(call, finish_method_call.subject_id, null);
    return money.shown_setup(finish_method_call.subject_id);
end;
$$;

/*
 * Note how a provider answered who was asked to save a card.
 */
create function money.note_setup(setup_id uuid, answer jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup money.method_setups;
begin
    update money.method_setups
    set
        provider_reference = answer ->> 'reference',
        client = nullif(answer -> 'client', 'null'),
        failure = answer -> 'data' ->> 'failure',
        method_token = null,
        saved_at = case answer -> 'client' ->> 'kind' when 'none' then private.now() end
    where method_setups.id = note_setup.setup_id
    returning method_setups.* into strict v_setup;
    perform money.note_customer(v_setup.user_id, v_setup.provider, answer ->> 'customer');
end;
$$;

/*
 * Note whether a provider has a card now. `answer` has the method, null while its customer has not
 * done their part, or why it failed.
 */
create function money.note_kept(setup_id uuid, answer jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_method constant jsonb = nullif(answer -> 'method', 'null');
    v_setup money.method_setups;
    v_event money.provider_events;
begin
    update money.method_setups
    set
        failure = answer -> 'data' ->> 'failure',
        saved_at = case when v_method is not null then private.now() end
    where method_setups.id = note_kept.setup_id
    returning method_setups.* into strict v_setup;
    if v_method is not null then
        perform money.note_customer(v_setup.user_id, v_setup.provider, v_method ->> 'customer');
        v_event = money.make_event(
            v_method || jsonb_build_object('kind', 'method.saved', 'data', v_method - 'reference')
        );
        v_event.provider = v_setup.provider;
        perform money.keep_method(v_event);
    end if;
end;
$$;

-- sql/39_money/functions/payments_methods_expiring.sql

-- When saved cards expire, and how their owners hear of it. A card that has expired is refused.

/*
 * Has the last day of a card passed? A method without a last day never expires.
 */
create function money.is_expired(method money.payment_methods)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(method.expires_on < (private.now() at time zone 'UTC')::date, false);
end;
$$;

/*
 * Tell the owners of cards that expire within a month, once for each last day. Returns how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.tell_of_expiring_methods()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_today constant date = (private.now() at time zone 'UTC')::date;
    v_method money.payment_methods;
    v_count integer = 0;
begin
    for v_method in
        select payment_methods.*
        from money.payment_methods
        where
            payment_methods.removed_at is null
            and payment_methods.expires_on between v_today and v_today + 30
            and payment_methods.expiry_told_on is distinct from payment_methods.expires_on
        limit 500
        for no key update skip locked
    loop
        perform money.tell_of_expiry(v_method);
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Tell the owner of a card that it expires, if they have an address.
 */
create function money.tell_of_expiry(method money.payment_methods)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.payment_methods
    set expiry_told_on = payment_methods.expires_on
    where payment_methods.id = method.id;
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'card_expiring',
            'user_id', users.id,
            'to', users.email,
            'card', concat_ws(' ', method.brand, method.last4),
            'month', to_char(method.expires_on, 'MM/YYYY')
        )
    )
    from auth.users
    where users.id = method.user_id and users.email is not null;
end;
$$;

-- sql/39_money/functions/payments_posting.sql

-- How money that moved is posted to the ledger: once for each cause.

/*
 * Return the account that holds the money of a payment: the provider's; for cash, the business's
 * own; for a gift card or credit, the account that the payment draws on.
 */
create function money.holder_account(payment money.payments, business_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if payment.provider = 'cash' then
        return money.account('cash', payment.currency, business_id => holder_account.business_id);
    end if;
    return coalesce(
        (
            select credit_payments.account_id
            from money.credit_payments
            where credit_payments.payment_id = payment.id
        ),
        money.account('provider', payment.currency, provider => payment.provider)
    );
end;
$$;

/*
 * Post that a payment was captured: the provider holds it for the businesses, who have not
 * delivered yet.
 */
create function money.post_capture(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_entries money.entry[] = '{}';
    v_part record;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = post_capture.payment_id;
    for v_part in
        select payment_parts.business_id, sum(payment_parts.captured_minor)::bigint as amount
        from money.payment_parts
        where payment_parts.payment_id = v_payment.id and payment_parts.captured_minor > 0
        group by payment_parts.business_id
        order by payment_parts.business_id
    loop
        v_entries = v_entries || array[
            money.make_entry(money.holder_account(v_payment, v_part.business_id), v_part.amount),
            money.make_entry(
                money.account(
                    'business_pending', v_payment.currency, business_id => v_part.business_id
                ),
                - v_part.amount
            )
        ];
    end loop;
    perform money.post(null, 'capture', v_payment.id, v_entries);
end;
$$;

/*
 * Post the fee that a provider keeps of a payment, once it is known. It is the platform's.
 */
create function money.post_provider_fee(payment money.payments, data jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint = (data ->> 'fee_minor')::bigint;
    v_currency text = coalesce(data ->> 'fee_currency', payment.currency);
begin
    if v_fee is null or v_fee <= 0 then
        return;
    end if;
    perform money.post(
        null, 'provider_fee', payment.id,
        array[
            money.make_entry(
                money.account('provider_fees', v_currency, provider => payment.provider), v_fee
            ),
            money.make_entry(
                money.account('provider', v_currency, provider => payment.provider), - v_fee
            )
        ]
    );
end;
$$;

/*
 * Post that a refund succeeded: the provider holds less for the business.
 */
create function money.post_refund(refund money.refunds, payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.post(
        refund.business_id, 'refund', refund.id,
        array[
            money.make_entry(
                money.account(
                    'business_pending', refund.currency, business_id => refund.business_id
                ),
                refund.amount_minor
            ),
            money.make_entry(
                money.holder_account(payment, refund.business_id), - refund.amount_minor
            )
        ]
    );
end;
$$;

/*
 * Post a step of a dispute. Opened: the provider took the money back. Won: it returns. Lost: it was
 * the business's, even if it was paid out already; the business then owes it.
 */
create function money.post_dispute(dispute money.disputes, provider text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_disputes uuid = money.account('disputes', dispute.currency);
    v_provider uuid = money.account('provider', dispute.currency, provider => post_dispute.provider);
begin
    perform money.post(
        dispute.business_id, 'dispute_opened', dispute.id,
        array[
            money.make_entry(v_disputes, dispute.amount_minor),
            money.make_entry(v_provider, - dispute.amount_minor)
        ]
    );
    if dispute.status = 'won' then
        perform money.post(
            dispute.business_id, 'dispute_won', dispute.id,
            array[
                money.make_entry(v_provider, dispute.amount_minor),
                money.make_entry(v_disputes, - dispute.amount_minor)
            ]
        );
    elsif dispute.status = 'lost' then
        perform money.post(
            dispute.business_id, 'dispute_lost', dispute.id,
            array[
                money.make_entry(
                    money.account(
                        'business_payable', dispute.currency, business_id => dispute.business_id
                    ),
                    dispute.amount_minor
                ),
                money.make_entry(v_disputes, - dispute.amount_minor)
            ]
        );
    end if;
end;
$$;

-- sql/39_money/functions/payments_reconciliation.sql

-- The sweep: what a webhook missed is found in the provider's own list, repaired like an event, and
-- shown. Payments that nobody finished are closed.

/*
 * Return from which moment on the payments of a provider must be compared. An hour overlaps,
 * because lists come late.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.reconcile_from(provider text)
returns timestamptz
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return coalesce(
        (
            select reconciliations.compared_until - interval '1 hour'
            from money.reconciliations
            where reconciliations.provider = reconcile_from.provider
        ),
        private.now() - interval '7 days'
    );
end;
$$;

/*
 * Compare a payment of a provider's list with ours. `listed` has reference, key, status,
 * amount_minor, captured_minor, refunded_minor, currency. What we missed is applied, and noted as a
 * finding that is resolved; what contradicts us stays open. Returns whether they agreed.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.reconcile_payment(provider text, listed jsonb)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_event money.provider_events = money.make_event(listed);
    v_payment money.payments;
    v_outcome money.event_outcome;
begin
    v_event.provider = reconcile_payment.provider;
    v_event.key = listed ->> 'key';
    select payments.* into v_payment
    from money.payments
    where payments.id = money.payment_of_event(v_event)
    for no key update;
    if not found then
        perform money.note_finding('unknown_payment', null, v_event);
        return false;
    end if;
    v_event.kind = 'payment.' || (listed ->> 'status');
    v_event.amount_minor = case
        when listed ->> 'status' = 'captured' then (listed ->> 'captured_minor')::bigint
        else (listed ->> 'amount_minor')::bigint
    end;
    v_outcome = money.apply_state_event(v_payment.id, v_event);
    if v_outcome = 'applied' then
        perform money.note_finding('missed_event', v_payment, v_event);
        update money.payment_findings
        set resolved_at = private.now()
        where
            payment_findings.kind = 'missed_event'
            and payment_findings.payment_id = v_payment.id
            and payment_findings.resolved_at is null;
    end if;
    return v_outcome = 'unchanged' and money.agrees_on_refunds(v_payment, v_event, listed);
end;
$$;

/*
 * Does a provider's list have the refunds of a payment that we have? More is a finding: somebody
 * refunded at the provider, behind our back.
 */
create function money.agrees_on_refunds(
    payment money.payments, event money.provider_events, listed jsonb
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_asked bigint = (
        select coalesce(sum(refunds.amount_minor), 0)
        from money.refunds
        where refunds.payment_id = payment.id and refunds.status <> 'failed'
    );
begin
    if coalesce((listed ->> 'refunded_minor')::bigint, 0) <= v_asked then
        return true;
    end if;
    perform money.note_finding('refunded_elsewhere', payment, event);
    return false;
end;
$$;

/*
 * Note until when a provider's list was compared.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.finish_reconciliation(provider text, until timestamptz)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.reconciliations (provider, compared_until)
    values (finish_reconciliation.provider, finish_reconciliation.until)
    on conflict on constraint reconciliations_pkey do update
    set compared_until = greatest(reconciliations.compared_until, excluded.compared_until);
end;
$$;

/*
 * Close the payments that nobody finished in their time, and ask again for refunds and new payments
 * whose message was lost. Returns how many calls were sent.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.sweep_payments()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    with due as (
        select
            case
                -- Nobody knows whether the provider made it: ask, then cancel it.
                when payments.provider_reference is null and not money.was_never_asked(payments)
                    then 'create'
                else 'cancel'
            end::money.provider_call as call,
            payments.id
        from money.payments
        where
            payments.status in ('pending', 'requires_action', 'failed', 'authorized')
            and payments.expires_at <= private.now()
            -- Reserved money is kept for a week, for the business to take it.
            and (
                payments.status <> 'authorized'
                or payments.expires_at <= private.now() - interval '6 days'
            )
        union all
        select 'refund', refunds.id
        from money.refunds
        where
            refunds.status = 'pending'
            and refunds.provider_reference is null
            and refunds.created_at <= private.now() - interval '1 hour'
        union all
        select 'keep', method_setups.id
        from money.method_setups
        where
            method_setups.saved_at is null
            and method_setups.failure is null
            and method_setups.created_at >= private.now() - interval '3 days'
            and money.is_to_check(method_setups)
    )

    select count(money.ask_provider(due.call, due.id)::text)
    into v_count
    from due;
    return v_count;
end;
$$;

-- sql/39_money/functions/payments_refunding.sql

-- How members refund: all that is left, an amount, or some lines. What a refund gives back beyond
-- what is overpaid makes the sale cheaper, by a revision.

/*
 * Refund a payment for the caller's business: the lines that are named, or an amount, or all that
 * is left. What is given back beyond what is owed too much reduces what the sale costs.
 * Definer: as money.cancel_payment.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 refund_exceeds_payment
 */
create function money.refund_payment(
    payment_id uuid, business_id uuid, amount_minor bigint, lines jsonb, reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments = money.lock_payment(refund_payment.payment_id);
    v_business_id uuid = money.refunding_business(v_payment.id, refund_payment.business_id);
    v_sale_ids uuid[];
    v_left bigint[];
    v_refund_id uuid;
begin
    select
        array_agg(parts.sale_id order by parts.sale_id),
        array_agg(
            parts.captured_minor - parts.refunding_minor - parts.refunded_minor
            order by parts.sale_id
        )
    into v_sale_ids, v_left
    from money.payment_parts as parts
    where parts.payment_id = v_payment.id and parts.business_id = v_business_id;
    if lines is not null then
        return money.refund_named_lines(v_payment, v_business_id, lines, amount_minor, reason);
    end if;
    amount_minor = coalesce(amount_minor, (select sum(amount) from unnest(v_left) as amount));
    if amount_minor <= 0 or amount_minor > (select sum(amount) from unnest(v_left) as amount) then
        perform money.refuse_excess();
    end if;
    v_left = pricing.split(amount_minor, v_left);
    v_refund_id = money.begin_refund(v_payment, v_business_id, v_sale_ids, v_left, reason);
    for v_index in 1 .. cardinality(v_sale_ids) loop
        continue when v_left[v_index] = 0;
        perform money.write_refund_lines(
            v_refund_id, v_business_id, v_sale_ids[v_index], v_left[v_index]
        );
        perform money.correct_refunded(v_refund_id, v_business_id, v_sale_ids[v_index]);
    end loop;
    perform money.send_refund(v_refund_id);
    return v_refund_id;
end;
$$;

/*
 * Refuse a refund of more than is left.
 *
 * Errors:  PT409 refund_exceeds_payment
 */
create function money.refuse_excess()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'refund_exceeds_payment', 'Less than that is left of the payment.',
        'Read the view payment_parts: captured_minor less what was refunded is left.'
    );
end;
$$;

/*
 * Return the business for which the caller refunds a payment: the one that it pays, or one of
 * several, if the caller manages it.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden
 */
create function money.refunding_business(payment_id uuid, business_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[] = array(
        select distinct parts.business_id
        from money.payment_parts as parts
        where
            parts.payment_id = refunding_business.payment_id
            and parts.business_id = coalesce(refunding_business.business_id, parts.business_id)
            and (
                private.is_operator()
                or private.is_platform_staff('finance')
                or parts.business_id in (select private.my_businesses('manage'))
            )
    );
begin
    if v_ids = '{}' then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to refund this payment.',
            'Ask a manager of the business.'
        );
    elsif cardinality(v_ids) > 1 then
        perform private.invalid('business_id', 'must name one of the businesses that were paid');
    end if;
    return v_ids[1];
end;
$$;

/*
 * Refund some lines of a sale, each in whole or in part.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 refund_exceeds_payment
 */
create function money.refund_named_lines(
    payment money.payments, business_id uuid, lines jsonb, amount_minor bigint, reason text
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_ids uuid[];
    v_amounts bigint[];
    v_refund_id uuid;
    v_sale_id uuid;
begin
    select array_agg(sums.sale_id order by sums.sale_id), array_agg(sums.amount order by sums.sale_id)
    into v_sale_ids, v_amounts
    from (
        select named.sale_id, sum(named.amount_minor)::bigint as amount
        from money.named_lines(payment, refund_named_lines.business_id, lines) as named
        group by named.sale_id
    ) as sums;
    if amount_minor <> (select sum(amount) from unnest(v_amounts) as amount) then
        perform private.invalid('amount_minor', 'must be the sum of the lines, or be left out');
    end if;
    v_refund_id = money.begin_refund(
        payment, refund_named_lines.business_id, v_sale_ids, v_amounts, reason
    );
    insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
    select refund_named_lines.business_id, v_refund_id, named.sale_line_id, named.amount_minor
    from money.named_lines(payment, refund_named_lines.business_id, lines) as named;
    foreach v_sale_id in array v_sale_ids loop
        perform money.correct_refunded(v_refund_id, refund_named_lines.business_id, v_sale_id);
    end loop;
    perform money.send_refund(v_refund_id);
    return v_refund_id;
end;
$$;

/*
 * Read the lines of a refund: [{sale_line_id, amount_minor?}], of sales that the payment paid.
 * Without an amount: what the line still costs.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 refund_exceeds_payment
 */
create function money.named_lines(payment money.payments, business_id uuid, lines jsonb)
returns table (sale_id uuid, sale_line_id uuid, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line jsonb;
    v_amount bigint;
begin
    for v_line in select value from jsonb_array_elements(lines) loop
        v_amount = private.to_minor_units(v_line ->> 'amount_minor', 'amount_minor');
        select parts.sale_id, balances.sale_line_id, coalesce(v_amount, balances.remaining_minor)
        into named_lines.sale_id, named_lines.sale_line_id, named_lines.amount_minor
        from money.payment_parts as parts
        cross join lateral money.line_balances(parts.business_id, parts.sale_id) as balances
        where
            parts.payment_id = payment.id
            and parts.business_id = named_lines.business_id
            and balances.sale_line_id = private.to_identifier(
                v_line ->> 'sale_line_id', 'sale_line_id'
            );
        if not found then
            perform private.refuse(
                'PT404', 'not_found', 'The payment paid no such line.',
                'Check the id in the view sale_lines.'
            );
        elsif named_lines.amount_minor <= 0 then
            perform money.refuse_excess();
        end if;
        return next;
    end loop;
end;
$$;

/*
 * Reduce what a sale costs by what a refund gives back beyond what was owed too much, line by line:
 * a revision, as for every change.
 */
create function money.correct_refunded(refund_id uuid, business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_excess bigint = (
        money.sale_balance(correct_refunded.business_id, correct_refunded.sale_id)
    ).balance_minor;
    v_changes sales.change[];
begin
    if v_excess <= 0 then
        return;
    end if;
    v_changes = array(
        select sales.make_change(
            sale_lines.kind, sale_lines.id, sale_lines.service_id, sale_lines.name,
            - round(
                shares.amount * (sale_lines.amount_minor - sale_lines.discount_minor)::numeric
                / sales.line_total(sale_lines)
            )::bigint
        )
        from money.shares_of_refund(
            correct_refunded.refund_id, correct_refunded.business_id, correct_refunded.sale_id,
            v_excess
        ) as shares
        inner join sales.sale_lines
            on
                sale_lines.business_id = correct_refunded.business_id
                and sale_lines.id = shares.sale_line_id
        where shares.amount > 0
        order by sale_lines.position
    );
    perform sales.revise_sale(
        correct_refunded.business_id, correct_refunded.sale_id, 'refunded', v_changes
    );
end;
$$;

/*
 * Split an excess over the lines of a refund, in proportion to what it gives back of each.
 */
create function money.shares_of_refund(
    refund_id uuid, business_id uuid, sale_id uuid, excess_minor bigint
)
returns table (sale_line_id uuid, amount bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[];
    v_amounts bigint[];
begin
    select
        array_agg(sale_lines.id order by sale_lines.position),
        array_agg(refund_lines.amount_minor order by sale_lines.position)
    into v_ids, v_amounts
    from money.refund_lines
    inner join sales.sale_lines
        on
            sale_lines.business_id = refund_lines.business_id
            and sale_lines.id = refund_lines.sale_line_id
    where
        refund_lines.business_id = shares_of_refund.business_id
        and refund_lines.refund_id = shares_of_refund.refund_id
        and sale_lines.sale_id = shares_of_refund.sale_id;
    return query
    select shares.id, shares.part
    from unnest(v_ids, pricing.split(excess_minor, v_amounts)) as shares (id, part);
end;
$$;

-- sql/39_money/functions/payments_refunds.sql

-- Refunds: of parts of one payment, by one business, line by line. Two refunds at once cannot give
-- back more than was captured: each reserves its amount on the part under the payment's lock, and a
-- constraint holds the sum.

/*
 * Reserve a refund of a payment, which the caller has locked, and ask the provider for it. The
 * arrays say how much of which sale. Cash is handed back at once. Returns the refund's id.
 *
 * Errors:  PT409 refund_exceeds_payment
 */
create function money.begin_refund(
    payment money.payments, business_id uuid, sale_ids uuid[], amounts bigint[], reason text
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refund_id uuid;
begin
    if exists (
        select 1
        from unnest(sale_ids, amounts) as wanted (sale_id, amount_minor)
        left join money.payment_parts as parts
            on
                parts.business_id = begin_refund.business_id
                and parts.sale_id = wanted.sale_id
                and parts.payment_id = payment.id
        where
            wanted.amount_minor > coalesce(
                parts.captured_minor - parts.refunding_minor - parts.refunded_minor, 0
            )
    ) then
        perform money.refuse_excess();
    end if;
    insert into money.refunds (
        business_id, payment_id, currency, amount_minor, reason, requested_by, created_at
    )
    values (
        begin_refund.business_id, payment.id, payment.currency,
        (select sum(amount) from unnest(amounts) as amount), begin_refund.reason, auth.uid(),
        private.now()
    )
    returning refunds.id into v_refund_id;
    perform money.reserve_refund(v_refund_id, begin_refund.business_id, payment.id, sale_ids, amounts);
    return v_refund_id;
end;
$$;

/*
 * Write the parts and the lines of a new refund, and reserve its amount on the payment's parts.
 */
create function money.reserve_refund(
    refund_id uuid, business_id uuid, payment_id uuid, sale_ids uuid[], amounts bigint[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.payment_parts
    set refunding_minor = payment_parts.refunding_minor + wanted.amount_minor
    from unnest(sale_ids, amounts) as wanted (sale_id, amount_minor)
    where
        payment_parts.business_id = reserve_refund.business_id
        and payment_parts.sale_id = wanted.sale_id
        and payment_parts.payment_id = reserve_refund.payment_id;
    insert into money.refund_parts (business_id, refund_id, sale_id, payment_id, amount_minor)
    select
        reserve_refund.business_id, reserve_refund.refund_id, wanted.sale_id,
        reserve_refund.payment_id, wanted.amount_minor
    from unnest(sale_ids, amounts) as wanted (sale_id, amount_minor)
    where wanted.amount_minor > 0;
end;
$$;

/*
 * Write of which lines a refund gives back: what was taken back of each and not refunded yet, or,
 * where nothing was, in proportion to what the lines cost.
 */
create function money.write_refund_lines(
    refund_id uuid, business_id uuid, sale_id uuid, amount_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_line_ids uuid[];
    v_taken_back bigint[];
    v_sold bigint[];
begin
    select
        array_agg(lines.sale_line_id order by lines.place),
        array_agg(lines.taken_back_minor order by lines.place),
        array_agg(lines.remaining_minor order by lines.place)
    into v_line_ids, v_taken_back, v_sold
    from money.line_balances(write_refund_lines.business_id, write_refund_lines.sale_id) as lines;
    if v_line_ids is null then
        return;
    end if;
    if (select sum(taken) from unnest(v_taken_back) as taken) = 0 then
        v_taken_back = v_sold;
    end if;
    insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
    select write_refund_lines.business_id, write_refund_lines.refund_id, lines.id, lines.amount
    from unnest(v_line_ids, pricing.split(write_refund_lines.amount_minor, v_taken_back))
        as lines (id, amount)
    where lines.amount > 0;
end;
$$;

/*
 * Apply to a refund what its provider says of it. A refund that succeeded is final; one that failed
 * frees its amount, and may still succeed if its provider says so later.
 */
create function money.apply_refund_event(refund_id uuid, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refund money.refunds;
    v_to money.refund_status = split_part(event.kind, '.', 2);
begin
    select refunds.* into strict v_refund
    from money.refunds
    where refunds.id = apply_refund_event.refund_id
    for no key update;
    if v_refund.status >= v_to or v_refund.status = 'succeeded' then
        return 'unchanged';
    end if;
    if v_to = 'succeeded' and not money.is_as_refunded(v_refund, event) then
        return 'finding';
    end if;
    update money.refunds
    set
        status = v_to,
        finished_at = coalesce(refunds.finished_at, private.now()),
        failure = coalesce(event.data ->> 'failure', event.data ->> 'reason'),
        provider_reference = coalesce(refunds.provider_reference, event.object_reference)
    where refunds.id = v_refund.id;
    perform money.move_refunded_parts(v_refund, v_to);
    if v_to = 'succeeded' then
        perform money.count_refund(v_refund);
    end if;
    return 'applied';
end;
$$;

/*
 * Is the money of an event what a refund asked for, and is so much left? If not, it is a finding.
 */
create function money.is_as_refunded(refund money.refunds, event money.provider_events)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_is_left boolean = refund.status = 'pending' or not exists (
        select 1
        from money.refund_parts
        inner join money.payment_parts using (business_id, sale_id, payment_id)
        where
            refund_parts.business_id = refund.business_id
            and refund_parts.refund_id = refund.id
            and refund_parts.amount_minor > payment_parts.captured_minor
            - payment_parts.refunding_minor - payment_parts.refunded_minor
    );
begin
    if v_is_left
        and event.amount_minor is not distinct from refund.amount_minor
        and event.currency is not distinct from refund.currency then
        return true;
    end if;
    select payments.* into strict v_payment
    from money.payments
    where payments.id = refund.payment_id;
    perform money.note_finding(
        case when v_is_left then 'refund_differs' else 'refund_exceeds_payment' end, v_payment, event
    );
    return false;
end;
$$;

/*
 * Move the amount of a refund on the parts of its payment: from asked to given back, or to nothing.
 */
create function money.move_refunded_parts(refund money.refunds, to_status money.refund_status)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.payment_parts
    set
        refunding_minor = payment_parts.refunding_minor - case refund.status
            when 'pending' then refund_parts.amount_minor
            else 0
        end,
        refunded_minor = payment_parts.refunded_minor + case to_status
            when 'succeeded' then refund_parts.amount_minor
            else 0
        end
    from money.refund_parts
    where
        refund_parts.business_id = refund.business_id
        and refund_parts.refund_id = refund.id
        and payment_parts.business_id = refund_parts.business_id
        and payment_parts.sale_id = refund_parts.sale_id
        and payment_parts.payment_id = refund_parts.payment_id;
end;
$$;

/*
 * Count a refund that succeeded to its payment, and post it.
 */
create function money.count_refund(refund money.refunds)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = refund.payment_id;
    v_payment.refunded_minor = v_payment.refunded_minor + refund.amount_minor;
    update money.payments
    set
        refunded_minor = v_payment.refunded_minor,
        status = money.payment_status_of(v_payment)
    where payments.id = v_payment.id;
    perform money.post_refund(refund, v_payment);
end;
$$;

-- sql/39_money/functions/payments_settle.sql

-- What a sale is owed changes after it was paid: it is cancelled, loses a service, costs a fee, or
-- is paid twice. Settling gives back what is too much, closes what nobody has to pay any more,
-- charges the guarantee of a fee, and issues the receipt of what is paid. It runs in a worker,
-- under the locks of the sale and its payments, and any number of times.

/*
 * Ask for the sale of each part of a payment to be settled.
 */
create function money.settle_later(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        'payments', 'settle_sale',
        jsonb_build_object('business_id', parts.business_id, 'sale_id', parts.sale_id)
    )
    from money.payment_parts as parts
    where parts.payment_id = settle_later.payment_id;
end;
$$;

/*
 * Settle a sale. Returns how much it began to give back, in minor units.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.settle_sale(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_balance record;
    v_surplus bigint;
begin
    perform money.lock_sales(array[settle_sale.sale_id]);
    perform money.lock_payments_of(settle_sale.business_id, settle_sale.sale_id);
    v_balance = money.sale_balance(settle_sale.business_id, settle_sale.sale_id);
    v_surplus = v_balance.captured_minor - v_balance.returned_minor
        - greatest(v_balance.owed_minor, 0);
    if v_surplus > 0 then
        v_surplus = money.give_back(settle_sale.business_id, settle_sale.sale_id, v_surplus);
    end if;
    if v_balance.owed_minor <= v_balance.captured_minor - v_balance.returned_minor then
        perform money.close_open_payments(settle_sale.business_id, settle_sale.sale_id);
        if v_balance.captured_minor > v_balance.returned_minor then
            perform money.issue_receipt(settle_sale.business_id, settle_sale.sale_id);
        end if;
    elsif v_balance.balance_minor > 0 then
        perform money.charge_guarantee(settle_sale.business_id, settle_sale.sale_id);
    end if;
    return greatest(v_surplus, 0);
end;
$$;

/*
 * Issue the receipt of a sale that is paid, unless an earlier document shows all of it.
 */
create function money.issue_receipt(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.issue_document(
        'receipt', issue_receipt.business_id, issue_receipt.sale_id,
        (
            select max(sale_revisions.revision)
            from sales.sale_revisions
            where
                sale_revisions.business_id = issue_receipt.business_id
                and sale_revisions.sale_id = issue_receipt.sale_id
        )
    );
exception
    when sqlstate 'PT409' then
        return;
end;
$$;

/*
 * Lock the payments of a sale in the order of their ids.
 */
create function money.lock_payments_of(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from money.payments
    where payments.id in (
        select parts.payment_id
        from money.payment_parts as parts
        where
            parts.business_id = lock_payments_of.business_id
            and parts.sale_id = lock_payments_of.sale_id
    )
    order by payments.id
    for no key update;
end;
$$;

/*
 * Refund so much of a sale from its captured payments, the latest first. Cash is for a member to
 * hand back: the view sales shows what the business owes. Disputed payments are left alone. Returns
 * how much was begun.
 */
create function money.give_back(business_id uuid, sale_id uuid, surplus_minor bigint)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left bigint = surplus_minor;
    v_part money.payment_parts;
    v_payment money.payments;
    v_amount bigint;
    v_refund_id uuid;
begin
    for v_part in
        select parts.*
        from money.payment_parts as parts
        where
            parts.business_id = give_back.business_id
            and parts.sale_id = give_back.sale_id
            and parts.provider <> 'cash'
            and parts.status <> 'disputed'
            and parts.captured_minor > parts.refunding_minor + parts.refunded_minor
        order by parts.created_at desc, parts.payment_id
    loop
        v_amount = least(
            v_left, v_part.captured_minor - v_part.refunding_minor - v_part.refunded_minor
        );
        exit when v_amount <= 0;
        select payments.* into strict v_payment
        from money.payments
        where payments.id = v_part.payment_id;
        v_refund_id = money.begin_refund(
            v_payment, v_part.business_id, array[v_part.sale_id], array[v_amount],
            'More was paid than is owed.'
        );
        perform money.write_refund_lines(
            v_refund_id, v_part.business_id, v_part.sale_id, v_amount
        );
        perform money.send_refund(v_refund_id);
        v_left = v_left - v_amount;
    end loop;
    return surplus_minor - v_left;
end;
$$;

/*
 * Hand a refund that is written to its provider. One without a provider succeeds at once.
 */
create function money.send_refund(refund_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refund money.refunds;
    v_is_online boolean;
    v_event money.provider_events;
begin
    select refunds.* into strict v_refund
    from money.refunds
    where refunds.id = send_refund.refund_id;
    select providers.is_online into strict v_is_online
    from money.payments
    inner join money.providers on providers.name = payments.provider
    where payments.id = v_refund.payment_id;
    if v_is_online then
        perform money.ask_provider('refund', v_refund.id);
        return;
    end if;
    v_event.kind = 'refund.succeeded';
    v_event.amount_minor = v_refund.amount_minor;
    v_event.currency = v_refund.currency;
    v_event.data = '{}';
    perform money.apply_refund_event(v_refund.id, v_event);
end;
$$;

/*
 * Close the payments of a sale that are not captured, because nothing is left to pay.
 */
create function money.close_open_payments(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.ask_provider('cancel', payments.id)
    from money.payment_parts as parts
    inner join money.payments on payments.id = parts.payment_id
    where
        parts.business_id = close_open_payments.business_id
        and parts.sale_id = close_open_payments.sale_id
        and payments.status in ('pending', 'requires_action', 'failed', 'authorized');
end;
$$;

-- sql/39_money/functions/payments_setups.sql

-- How a user saves a card or a wallet without a payment: they begin, do their part at the provider,
-- and the provider is asked for what they allowed.

/*
 * Begin to save a card of the caller at a provider, whom the edge or a worker asks next. Returns
 * the setup's id.
 * Definer: nobody has a write grant on setups; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT422 provider_not_offered
 */
create function money.begin_setup(provider text, return_url text, method_token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_id uuid;
begin
    if not exists (
        select 1
        from money.providers
        where
            providers.name = begin_setup.provider
            and providers.is_enabled
            and providers.saves_methods
    ) then
        perform private.refuse(
            'PT422', 'provider_not_offered', 'No card can be saved with that provider.',
            'Choose another provider, or save the card with a payment.'
        );
    end if;
    insert into money.method_setups (user_id, provider, return_url, method_token, created_at)
    values (
        v_user_id, begin_setup.provider, coalesce(begin_setup.return_url, ''),
        begin_setup.method_token, private.now()
    )
    returning method_setups.id into v_id;
    perform money.ask_provider('save', v_id);
    return v_id;
end;
$$;

/*
 * Return a setup as its user may see it, with what their browser needs next.
 */
create function money.shown_setup(setup_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_build_object(
                'id', method_setups.id,
                'provider', method_setups.provider,
                'status', case
                    when method_setups.failure is not null then 'failed'
                    when method_setups.saved_at is not null then 'saved'
                    when method_setups.provider_reference is null then 'pending'
                    else 'requires_action'
                end,
                'failure', method_setups.failure,
                'client', method_setups.client,
                'created_at', method_setups.created_at
            )
        from money.method_setups
        where method_setups.id = shown_setup.setup_id
    );
end;
$$;

/*
 * Return a setup of the caller, for the answer to whoever began it in the same statement.
 * Definer: nobody reads setups; the caller is checked.
 */
create function money.own_setup(setup_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return (
        select money.shown_setup(method_setups.id)
        from money.method_setups
        where method_setups.id = own_setup.setup_id and method_setups.user_id = auth.uid()
    );
end;
$$;

/*
 * Ask the provider of a setup of the caller whether it has the card now. Returns the setup's id.
 * Definer: nobody reads setups; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function money.check_setup(setup_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    if not exists (
        select 1
        from money.method_setups
        where method_setups.id = check_setup.setup_id and method_setups.user_id = v_user_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'You save no payment method with that id.',
            'Use the id that save_payment_method returned.'
        );
    end if;
    perform money.ask_provider('keep', setup_id);
    return setup_id;
end;
$$;

/*
 * Return the setup that an event is about, if it is about the payment by which a card is saved.
 */
create function money.setup_of_event(event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select method_setups.id
        from money.method_setups
        where
            method_setups.provider = event.provider
            and method_setups.provider_reference = coalesce(
                event.payment_reference, event.object_reference
            )
    );
end;
$$;

/*
 * Should the provider of a setup be asked whether its customer did their part? It is asked for
 * three days, less and less often.
 */
create function money.is_to_check(setup money.method_setups)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return setup.provider_reference is not null
        and private.now() <= setup.created_at + interval '3 days'
        and private.now() - coalesce(setup.checked_at, setup.created_at)
        >= (coalesce(setup.checked_at, setup.created_at) - setup.created_at) / 2 + interval '1 minute';
end;
$$;

-- sql/39_money/functions/payments_start.sql

-- How a payment begins: under a lock of its sales, for what they still owe and not more. Nothing
-- here calls a provider; the edge or a worker does so next (payments_calls.sql).

/*
 * Return the share of a price, in basis points, that customers of a business pay before a booking
 * is confirmed.
 */
create function money.prepayment_bps(business_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select payment_settings.prepayment_bps
            from money.payment_settings
            where payment_settings.business_id = prepayment_bps.business_id
        ),
        0
    );
end;
$$;

/*
 * Lock sales against other payments of them, in the order of their ids.
 */
create function money.lock_sales(sale_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform 1
    from sales.sales
    where sales.id = any(lock_sales.sale_ids)
    order by sales.id
    for no key update;
end;
$$;

/*
 * Return what each of some sales still owes, at the same place. Overpaid sales owe 0. A payment
 * that the same payer began and did not finish does not count: the new one replaces it.
 */
create function money.dues(business_ids uuid[], sale_ids uuid[])
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select greatest((money.sale_balance(wanted.business_id, wanted.sale_id)).balance_minor, 0)
        from unnest(business_ids, sale_ids) with ordinality
            as wanted (business_id, sale_id, position)
        order by wanted.position
    );
end;
$$;

/*
 * Return the providers with which customers may pay an amount to some businesses: those that take
 * the currency, and that each business offers for it and for this amount; null: for any amount.
 */
create function money.offered_providers(business_ids uuid[], currency text, amount_minor bigint)
returns setof text
language plpgsql
stable
security invoker
rows 5
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select providers.name
    from money.providers
    where
        providers.is_online
        and providers.is_enabled
        and (
            providers.currencies = '{}'
            or offered_providers.currency = any(providers.currencies)
        )
        and not exists (
            select 1
            from money.payment_settings
            where
                payment_settings.business_id = any(offered_providers.business_ids)
                and payment_settings.providers <> '{}'
                and providers.name <> all(payment_settings.providers)
        )
        and not exists (
            select 1
            from money.payment_ranges as ranges
            where
                ranges.business_id = any(offered_providers.business_ids)
                and ranges.provider = providers.name
            group by ranges.business_id
            having
                not bool_or(
                    ranges.currency = offered_providers.currency
                    and coalesce(offered_providers.amount_minor >= ranges.min_minor, true)
                    and coalesce(offered_providers.amount_minor <= ranges.max_minor, true)
                )
        )
    order by providers.name;
end;
$$;

/*
 * Refuse a provider that the businesses of a payment do not offer for its amount, or that members
 * record.
 *
 * Errors:  PT422 provider_not_offered
 */
create function money.require_provider(
    provider text, business_ids uuid[], currency text, amount_minor bigint
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_provider.provider not in (
        select
            money.offered_providers(
                require_provider.business_ids, require_provider.currency,
                require_provider.amount_minor
            )
    ) then
        perform private.refuse(
            'PT422', 'provider_not_offered', 'This cannot be paid with that provider.',
            'Choose another provider of the business; payment_providers of a cart names them.'
        );
    end if;
end;
$$;

/*
 * Return the saved method with which somebody pays. It must be theirs, at this provider, and not
 * expired.
 *
 * Errors:  PT404 not_found · PT422 method_expired
 */
create function money.require_method(method_id uuid, user_id uuid, provider text)
returns money.payment_methods
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_method money.payment_methods;
begin
    select payment_methods.* into v_method
    from money.payment_methods
    where
        payment_methods.id = require_method.method_id
        and payment_methods.user_id = require_method.user_id
        and payment_methods.provider = require_method.provider
        and payment_methods.removed_at is null;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such payment method.',
            'Check the id in the view payment_methods.'
        );
    end if;
    if money.is_expired(v_method) then
        perform private.refuse(
            'PT422', 'method_expired', 'This card has expired.',
            'Pay with another method, and save it.'
        );
    end if;
    return v_method;
end;
$$;

/*
 * Begin a payment of some sales, whose locks the caller holds. What the same payer began for one of
 * them and did not finish is closed. Returns the payment's id.
 *
 * Errors:  PT404 not_found · PT409 nothing_to_pay · PT422 provider_not_offered method_expired
 */
create function money.begin_payment(wish money.payment_wish)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_payment money.payments;
    v_is_shared boolean = (select count(distinct id) > 1 from unnest(wish.business_ids) as id);
begin
    v_payment.amount_minor = (select sum(amount) from unnest(wish.amounts) as amount);
    v_payment.currency = (select sales.currency from sales.sales where sales.id = wish.sale_ids[1]);
    perform money.require_provider(
        wish.provider, wish.business_ids, v_payment.currency, v_payment.amount_minor
    );
    if wish.method_id is not null then
        perform money.require_method(wish.method_id, wish.payer_id, wish.provider);
    end if;
    if coalesce(v_payment.amount_minor, 0) <= 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    end if;
    perform money.close_unfinished(wish.sale_ids, wish.payer_id);
    insert into money.payments (
        basket_id, payer_id, provider, method_id, method_token, saves_method, is_off_session,
        currency, amount_minor, to_capture_minor, capture, return_url, expires_at, created_at
    )
    select
        wish.basket_id, wish.payer_id, wish.provider, wish.method_id, wish.method_token,
        coalesce(wish.saves_method, false), coalesce(wish.is_off_session, false), sales.currency,
        v_payment.amount_minor, v_payment.amount_minor,
        -- Several businesses cannot agree on when to take one payment.
        case
            when v_is_shared then 'now'
            else coalesce(payment_settings.capture, 'now')
        end::money.capture_mode,
        coalesce(wish.return_url, ''), private.now() + interval '24 hours', private.now()
    from sales.sales
    left join money.payment_settings on payment_settings.business_id = sales.business_id
    where sales.id = wish.sale_ids[1]
    returning payments.* into v_payment;
    perform money.write_parts(v_payment, wish);
    return v_payment.id;
end;
$$;

/*
 * Write the parts of a new payment.
 */
create function money.write_parts(payment money.payments, wish money.payment_wish)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
    )
    select
        wanted.business_id, wanted.sale_id, payment.id, payment.provider, payment.currency,
        wanted.amount_minor, payment.created_at
    from unnest(wish.business_ids, wish.sale_ids, wish.amounts)
        as wanted (business_id, sale_id, amount_minor)
    where wanted.amount_minor > 0;
end;
$$;

/*
 * Close what a payer began for some sales and did not pay, because they begin anew. If the money
 * comes all the same, money.settle_sale gives it back.
 */
create function money.close_unfinished(sale_ids uuid[], payer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform money.ask_provider('cancel', payments.id)
    from money.payments
    where
        payments.status in ('pending', 'requires_action', 'failed')
        and payments.payer_id is not distinct from close_unfinished.payer_id
        and payments.id in (
            select payment_parts.payment_id
            from sales.sales
            inner join money.payment_parts
                on
                    payment_parts.business_id = sales.business_id
                    and payment_parts.sale_id = sales.id
            where sales.id = any(close_unfinished.sale_ids)
        );
end;
$$;

-- sql/39_money/functions/payouts_accounts.sql

-- Where a business is paid. It opens an account at a provider and hands in there what the provider
-- asks for; what the account may do is the provider's to say.

/*
 * Refuse a currency that is unknown, and a provider that does not pay out.
 *
 * Errors:  PT400 invalid_input
 */
create function money.require_payout_provider(currency text, provider text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from pricing.currencies
        where currencies.code = require_payout_provider.currency
    ) then
        perform private.invalid('currency', 'must be an ISO 4217 code of the view currencies');
    end if;
    if not exists (
        select 1
        from money.providers
        where
            providers.name = require_payout_provider.provider
            and providers.is_enabled
            and providers.pays_out
    ) then
        perform private.invalid('provider', 'must be a provider that pays out');
    end if;
end;
$$;

/*
 * Does the operator make the transfers of a provider?
 */
create function money.is_by_hand(provider text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from money.providers
        where providers.name = is_by_hand.provider and providers.is_by_hand
    );
end;
$$;

/*
 * Open a payout account of a business in a currency at a provider, or change when it pays out.
 * Definer: nobody has write privileges on payout accounts; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.set_payout_account(
    business_id uuid,
    currency text,
    provider text,
    schedule money.payout_schedule,
    minimum_minor bigint
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_is_new boolean;
begin
    perform private.require_member(set_payout_account.business_id, 'account');
    perform money.require_payout_provider(
        set_payout_account.currency, set_payout_account.provider
    );
    insert into money.payout_accounts as accounts (
        business_id, currency, provider, schedule, minimum_minor
    )
    values (
        set_payout_account.business_id, set_payout_account.currency, set_payout_account.provider,
        coalesce(set_payout_account.schedule, 'weekly'),
        coalesce(set_payout_account.minimum_minor, 1)
    )
    on conflict on constraint payout_accounts_pkey do update
    set
        schedule = coalesce(set_payout_account.schedule, accounts.schedule),
        minimum_minor = coalesce(set_payout_account.minimum_minor, accounts.minimum_minor)
    returning accounts.provider_reference is null into v_is_new;
    if money.is_by_hand(set_payout_account.provider) then
        perform money.check_bank_payouts(
            set_payout_account.business_id, set_payout_account.currency
        );
    elsif v_is_new then
        perform private.send_message(
            'payouts', 'open_payout_account',
            jsonb_build_object(
                'business_id', set_payout_account.business_id,
                'currency', set_payout_account.currency
            )
        );
    end if;
end;
$$;

/*
 * Begin to open an account at its provider, or begin again after a crash. Returns what to ask for,
 * with the idempotency key and the reference that is known already; null where the operator makes
 * the transfers.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.start_payout_account(business_id uuid, currency text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_effect private.effects;
begin
    select effects.* into strict v_effect
    from private.start_effects(
        array[md5(start_payout_account.business_id || start_payout_account.currency)::uuid],
        'account'
    ) as effects;
    return (
        select jsonb_build_object(
            'provider', accounts.provider,
            'reference', accounts.provider_reference,
            'key', v_effect.idempotency_key,
            'began_at', v_effect.started_at,
            'name', businesses.name,
            'email', coalesce(businesses.email, owners.email),
            'country', businesses.country
        )
        from money.payout_accounts as accounts
        inner join business.businesses on businesses.id = accounts.business_id
        cross join lateral (
            select users.email::text as email
            from business.business_members
            inner join auth.users on users.id = business_members.user_id
            where
                business_members.business_id = accounts.business_id
                and business_members.role = 'owner'
            order by business_members.created_at, users.id
            limit 1
        ) as owners
        where
            accounts.business_id = start_payout_account.business_id
            and accounts.currency = start_payout_account.currency
            and not money.is_by_hand(accounts.provider)
    );
end;
$$;

/*
 * Write down what a provider says of an account: whether it can be paid out, and what is missing.
 * An account that the platform rejected stays rejected.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.record_payout_account(
    provider text, reference text, can_be_paid_out boolean, missing text[]
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update money.payout_accounts
    set
        status = case
            when record_payout_account.can_be_paid_out then 'active'
            when payout_accounts.status in ('active', 'restricted') then 'restricted'
            else 'pending'
        end::money.payout_account_status,
        missing = record_payout_account.missing
    where
        payout_accounts.provider = record_payout_account.provider
        and payout_accounts.provider_reference = record_payout_account.reference
        and payout_accounts.status <> 'rejected';
    return found;
end;
$$;

/*
 * Note the account that a provider opened.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.note_payout_account(business_id uuid, currency text, reference text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update money.payout_accounts
    set provider_reference = note_payout_account.reference
    where
        payout_accounts.business_id = note_payout_account.business_id
        and payout_accounts.currency = note_payout_account.currency
        and payout_accounts.provider_reference is null;
end;
$$;

-- sql/39_money/functions/payouts_executing.sql

-- How payouts and their accounts reach a provider. A worker asks, with the same key each time, and
-- writes down what the provider says; a webhook may say it first.

/*
 * Begin to hand a payout to its provider, or begin again after a crash. Returns what to ask for,
 * with the idempotency key; null when nothing is to be asked any more. Commit before asking.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.start_payout(payout_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
    v_effect private.effects;
begin
    select payouts.* into v_payout
    from money.payouts
    where payouts.id = start_payout.payout_id
    for no key update;
    if v_payout.status = 'approved' then
        update money.payouts
        set status = 'in_transit'
        where payouts.id = v_payout.id;
    elsif v_payout.status <> 'in_transit' then
        return null;
    end if;
    select effects.* into strict v_effect
    from private.start_effects(array[v_payout.id], 'payout') as effects;
    return (
        select jsonb_build_object(
            'provider', v_payout.provider,
            'key', v_effect.idempotency_key,
            'began_at', v_effect.started_at,
            'account', accounts.provider_reference,
            'reference', v_payout.provider_reference,
            'amount_minor', v_payout.amount_minor,
            'currency', v_payout.currency,
            'description', 'Payout ' || v_payout.id
        )
        from money.payout_accounts as accounts
        where
            accounts.business_id = v_payout.business_id
            and accounts.currency = v_payout.currency
    );
end;
$$;

/*
 * Send workers again after payouts that have not moved for an hour: a message was lost, or a
 * webhook. Those that the operator transfers only wait for them. Returns how many.
 * Definer: called by the worker, which has no access to the tables.
 */
create function money.chase_payouts()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    with chased as (
        update money.payouts
        set chased_at = private.now()
        from money.providers
        where
            providers.name = payouts.provider
            and (not providers.is_by_hand or payouts.status = 'failed')
            and payouts.status in ('approved', 'in_transit', 'failed')
            and coalesce(payouts.chased_at, payouts.created_at)
            <= private.now() - interval '1 hour'
        returning payouts.id, payouts.status
    )

    select
        count(
            private.send_message(
                'payouts',
                case chased.status when 'failed' then 'recall_payout' else 'execute_payout' end,
                jsonb_build_object('payout_id', chased.id)
            )::text
        )
    into v_count
    from chased;
    return v_count;
end;
$$;

/*
 * Write down what a provider says of a payout: `pending`, `succeeded` or `failed`. Returns its
 * status. A final answer that came before stays, but a provider may take back what it paid.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.record_payout(
    payout_id uuid, outcome text, reference text, failure text default null
)
returns money.payout_status
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    select payouts.* into strict v_payout
    from money.payouts
    where payouts.id = record_payout.payout_id
    for no key update;
    v_payout.status = case
        when outcome = 'succeeded' and v_payout.status = 'in_transit' then 'paid'
        when outcome = 'failed' and v_payout.status in ('in_transit', 'paid') then 'failed'
        else v_payout.status
    end;
    update money.payouts
    set
        status = v_payout.status,
        provider_reference = coalesce(payouts.provider_reference, record_payout.reference),
        failure = coalesce(record_payout.failure, payouts.failure),
        finished_at = case
            when v_payout.status in ('paid', 'failed')
                then coalesce(payouts.finished_at, private.now())
        end
    where payouts.id = v_payout.id;
    return v_payout.status;
end;
$$;

/*
 * Return what a worker needs to bring the money of a failed payout back, with the idempotency key;
 * null when nothing is to be brought back any more.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.start_recall(payout_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
    v_effect private.effects;
begin
    select payouts.* into v_payout
    from money.payouts
    where payouts.id = start_recall.payout_id;
    if v_payout.status is distinct from 'failed' then
        return null;
    end if;
    select effects.* into strict v_effect
    from private.start_effects(array[v_payout.id], 'recall') as effects;
    return (
        select jsonb_build_object(
            'provider', v_payout.provider,
            'key', v_effect.idempotency_key,
            'began_at', v_effect.started_at,
            'payout', v_payout.provider_reference,
            'account', accounts.provider_reference
        )
        from money.payout_accounts as accounts
        where
            accounts.business_id = v_payout.business_id
            and accounts.currency = v_payout.currency
    );
end;
$$;

/*
 * Book a failed payout back, once its money is with us again. Its account pays nothing until the
 * provider says that it can.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.reverse_payout(payout_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update money.payouts
    set status = 'reversed'
    where payouts.id = reverse_payout.payout_id and payouts.status = 'failed';
    update money.payout_accounts
    set status = 'restricted'
    from money.payouts
    where
        payouts.id = reverse_payout.payout_id
        and payout_accounts.business_id = payouts.business_id
        and payout_accounts.currency = payouts.currency
        and payout_accounts.status = 'active';
end;
$$;

/*
 * Apply what a provider says of a payout. One that nobody knows yet is parked.
 */
create function money.apply_payout_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    select payouts.* into v_payout
    from money.payouts
    where
        payouts.provider = event.provider
        and (
            payouts.provider_reference = event.object_reference
            or payouts.id = (
                select effects.message_id
                from private.effects
                where effects.idempotency_key = event.key and effects.effect = 'payout'
            )
        );
    if not found then
        return 'parked';
    end if;
    return case
        when v_payout.status = money.record_payout(
            v_payout.id,
            case event.kind when 'payout.paid' then 'succeeded' else 'failed' end,
            event.object_reference,
            event.data ->> 'reason'
        ) then 'unchanged'
        else 'applied'
    end;
end;
$$;

/*
 * Ask a provider what an account may do, of which it says that it changed.
 */
create function money.apply_account_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from money.payout_accounts
        where
            payout_accounts.provider = event.provider
            and payout_accounts.provider_reference = event.object_reference
    ) then
        return 'parked';
    end if;
    perform private.send_message(
        'payouts', 'refresh_payout_account',
        jsonb_build_object('provider', event.provider, 'reference', event.object_reference)
    );
    return 'applied';
end;
$$;

-- sql/39_money/functions/payouts_making.sql

-- How payouts are made: of everything that a business can be paid in a currency now. A run makes
-- those of many accounts with a few statements.

/*
 * Return when a run looks at an account again: at the next local midnight, Monday or first of a
 * month, never on demand. A schedule for each booking is looked at with every run.
 */
create function money.next_run(schedule money.payout_schedule, time_zone text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unit text = case next_run.schedule
        when 'daily' then 'day' when 'weekly' then 'week' when 'monthly' then 'month'
    end;
begin
    return case next_run.schedule
        when 'on_demand' then 'infinity'
        when 'each' then private.now() + interval '1 minute'
        else (
            date_trunc(v_unit, private.now() at time zone next_run.time_zone)
            + ('1 ' || v_unit)::interval
        ) at time zone next_run.time_zone
    end;
end;
$$;

/*
 * Make the payouts that are due by their accounts' schedules, of at most so many accounts. Runs may
 * work at the same time: each takes accounts that no other has. Returns how many it looked at.
 * Definer: called by the worker, which has no access to the tables.
 */
create function money.run_payouts(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_businesses uuid[];
    v_currencies text[];
    v_count integer;
begin
    with due as (
        select runs.business_id, runs.currency
        from money.payout_runs as runs
        where runs.next_run_at <= private.now()
        order by runs.next_run_at
        limit run_payouts.batch_size
        for no key update skip locked
    ),

    noted as (
        update money.payout_runs as runs
        set next_run_at = money.next_run(accounts.schedule, businesses.time_zone)
        from due
        inner join business.businesses on businesses.id = due.business_id
        inner join money.payout_accounts as accounts
            on accounts.business_id = due.business_id and accounts.currency = due.currency
        where runs.business_id = due.business_id and runs.currency = due.currency
        returning runs.business_id, runs.currency, accounts.status
    )

    select
        array_agg(noted.business_id) filter (where noted.status = 'active'),
        array_agg(noted.currency) filter (where noted.status = 'active'),
        count(*)
    into v_businesses, v_currencies, v_count
    from noted;
    if v_businesses is not null then
        perform money.make_payouts(v_businesses, v_currencies, null);
    end if;
    return v_count;
end;
$$;

/*
 * Make the payouts of accounts whose runs the caller has locked, post them and hand them on. An
 * account whose open earnings do not add up to its minimum gets none; they wait. Returns the
 * payouts.
 */
create function money.make_payouts(
    business_ids uuid[], currencies text[], requested_by uuid
)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_ids uuid[] = money.write_payouts(business_ids, currencies, requested_by);
begin
    perform money.post_payouts(v_payout_ids, 'payout_created');
    perform money.send_payouts(v_payout_ids);
    return v_payout_ids;
end;
$$;

/*
 * Take the open earnings of accounts out, and write a payout of those of each: approved at once
 * below the threshold of its currency. Returns the payouts.
 * By nested loops: other joins would read the earnings of all accounts for those of a thousand.
 */
create function money.write_payouts(
    business_ids uuid[], currencies text[], requested_by uuid
)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_payout_ids uuid[];
begin
    with payable as materialized (
        select payable.*
        from money.payable_accounts(write_payouts.business_ids, currencies) as payable
    ),

    taken as (
        delete from money.open_earnings
        using payable
        where
            open_earnings.business_id = payable.business_id
            and open_earnings.earning_id = any(payable.earning_ids)
    ),

    made as (
        insert into money.payouts (
            business_id, currency, amount_minor, released_minor, status, requested_by, provider,
            created_at, earning_ids
        )
        select
            payable.business_id, payable.currency, payable.amount_minor, payable.released_minor,
            payable.status, write_payouts.requested_by, payable.provider, private.now(),
            payable.earning_ids
        from payable
        returning payouts.id
    )

    select coalesce(array_agg(made.id), '{}') into v_payout_ids
    from made;
    return v_payout_ids;
end;
$$;

/*
 * Return the payouts that can be made of accounts: of those whose open earnings add up to their
 * minimum by now. The caller has locked the runs of the accounts, so nobody else takes the same.
 */
create function money.payable_accounts(business_ids uuid[], currencies text[])
returns table (
    business_id uuid,
    currency text,
    provider text,
    status money.payout_status,
    amount_minor bigint,
    released_minor bigint,
    earning_ids uuid[]
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        accounts.business_id, accounts.currency, accounts.provider,
        case
            when available.amount_minor < thresholds.approval_from_minor then 'approved'
            else 'pending'
        end::money.payout_status,
        available.amount_minor::bigint, available.released_minor::bigint, available.earning_ids
    from unnest(payable_accounts.business_ids, currencies) as wanted (business_id, currency)
    inner join money.payout_accounts as accounts using (business_id, currency)
    left join money.payout_thresholds as thresholds using (currency)
    cross join lateral (
        select
            sum(open.amount_minor) as amount_minor,
            coalesce(sum(open.amount_minor) filter (where open.is_release), 0) as released_minor,
            array_agg(open.earning_id) as earning_ids
        from money.open_earnings as open
        where
            open.business_id = accounts.business_id
            and open.currency = accounts.currency
            and open.available_at <= v_now
    ) as available
    where available.amount_minor >= accounts.minimum_minor;
end;
$$;

/*
 * Hand approved payouts to the workers. Those that the operator transfers wait for a file.
 */
create function money.send_payouts(payout_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_messages(
        'payouts', 'execute_payout',
        array_agg(jsonb_build_object('payout_id', payouts.id)),
        array_agg(null::timestamptz),
        array_agg(null::uuid)
    )
    from money.payouts
    inner join money.providers on providers.name = payouts.provider
    where
        payouts.id = any(payout_ids)
        and payouts.status = 'approved'
        and not providers.is_by_hand
    having count(*) > 0;
end;
$$;

/*
 * Make the payout of a business in a currency now, whatever its schedule. Returns its id.
 * Definer: nobody has write privileges on payouts; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 payout_account_inactive nothing_to_pay_out
 */
create function money.request_payout(business_id uuid, currency text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_status money.payout_account_status;
    v_payout_id uuid;
begin
    perform private.require_member(request_payout.business_id, 'account');
    select accounts.status into v_status
    from money.payout_accounts as accounts
    inner join money.payout_runs as runs using (business_id, currency)
    where
        accounts.business_id = request_payout.business_id
        and accounts.currency = request_payout.currency
    for no key update of runs;
    if v_status is distinct from 'active' then
        perform private.refuse(
            'PT409', 'payout_account_inactive',
            'The business has no active payout account in this currency.',
            'Open one, and hand in what the view payout_accounts says is missing.'
        );
    end if;
    v_payout_id = (
        money.make_payouts(
            array[request_payout.business_id], array[request_payout.currency], auth.uid()
        )
    )[1];
    if v_payout_id is null then
        perform private.refuse(
            'PT409', 'nothing_to_pay_out',
            'What can be paid out now is less than the minimum of the account.',
            'Wait until more earnings are available, or lower the minimum.'
        );
    end if;
    return v_payout_id;
end;
$$;

-- sql/39_money/functions/payouts_steps.sql

-- The steps of a payout, and how each is posted. The money of a payout is under way from when it is
-- made until it is paid or given back to the business's open earnings.

/*
 * Post a step of payouts: each once for each payout and attempt. A payout takes what it pays from
 * the business's account, and from its reserve what became free of it.
 */
create function money.post_payouts(payout_ids uuid[], step text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with moved as (
        select entries.*
        from money.payout_entries(payout_ids, post_payouts.step) as entries
    ),

    accounts as (
        insert into money.accounts (id, kind, currency, business_id, provider, created_at)
        select distinct
            moved.account_id, moved.kind, moved.currency, moved.account_business_id,
            moved.provider, private.now()
        from moved
        where not exists (select 1 from money.accounts where accounts.id = moved.account_id)
        on conflict do nothing
    ),

    posted as (
        insert into money.transactions (business_id, cause_kind, cause_id, at)
        select payouts.business_id, post_payouts.step, payouts.id, private.now()
        from money.payouts
        where payouts.id = any(payout_ids)
        order by payouts.id
        on conflict on constraint transactions_once_a_cause do nothing
        returning transactions.number, transactions.cause_id
    )

    insert into money.entries (number, position, account_id, amount_minor)
    select posted.number, moved.place, moved.account_id, moved.amount_minor
    from posted
    inner join moved on moved.payout_id = posted.cause_id
    where moved.amount_minor <> 0;
end;
$$;

/*
 * Return the entries of a step of payouts. Made: from the business's account and its reserve into
 * transit. Paid: out of the provider. Failed, of one that was paid: back to the provider. Reversed,
 * and rejected: back to the business.
 */
create function money.payout_entries(payout_ids uuid[], step text)
returns table (
    payout_id uuid,
    place integer,
    kind money.account_kind,
    currency text,
    account_business_id uuid,
    provider text,
    account_id uuid,
    amount_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_out integer = case step when 'payout_created' then 1 when 'payout_reversed' then -1 else 0 end;
    v_paid integer = case step when 'payout_paid' then 1 when 'payout_failed' then -1 else 0 end;
begin
    return query
    select
        payouts.id, lines.place, lines.kind, payouts.currency, lines.business_id, lines.provider,
        money.account_id(lines.kind, payouts.currency, lines.business_id, lines.provider, null),
        lines.amount_minor
    from money.payouts
    cross join lateral (
        values
        (
            1, 'business_payable'::money.account_kind, payouts.business_id, null,
            v_out * (payouts.amount_minor - payouts.released_minor)
        ),
        (2, 'business_reserve', payouts.business_id, null, v_out * payouts.released_minor),
        (
            3, 'business_in_transit', payouts.business_id, null,
            (v_paid - v_out) * payouts.amount_minor
        ),
        (4, 'provider', null, payouts.provider, - v_paid * payouts.amount_minor)
    ) as lines (place, kind, business_id, provider, amount_minor)
    where payouts.id = any(payout_ids) and lines.amount_minor <> 0;
end;
$$;

/*
 * Give the earnings of a payout back: another payout takes them.
 */
create function money.reopen_earnings(payout money.payouts)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.open_earnings (
        business_id, earning_id, currency, sale_id, amount_minor, available_at, is_release
    )
    select
        earnings.business_id, earnings.id, earnings.currency, earnings.sale_id,
        earnings.amount_minor, private.now(), earnings.kind = 'release'
    from money.earnings
    where
        earnings.business_id = payout.business_id
        and earnings.id = any(payout.earning_ids);
end;
$$;

/*
 * Approve or reject a payout that waits for it. The policies of the table and its trigger refuse
 * whoever may not; this says so in the API's words.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden second_factor_required · PT404 not_found
 *          PT409 invalid_transition
 */
create function money.decide_payout(
    payout_id uuid, decision money.payout_decision, reason text
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid;
    v_requested_by uuid;
begin
    if not private.is_operator() then
        perform private.require_platform_staff('finance');
        perform private.require_second_factor();
    end if;
    select payouts.business_id, payouts.requested_by into v_business_id, v_requested_by
    from money.payouts
    where payouts.id = decide_payout.payout_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such payout.', 'Read the view payouts.'
        );
    end if;
    perform money.refuse_own_payout(v_requested_by, auth.uid());
    insert into money.payout_decisions (business_id, payout_id, decision, reason)
    values (v_business_id, decide_payout.payout_id, decide_payout.decision, decide_payout.reason)
    on conflict do nothing;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The payout was decided already.', 'Read it again.'
        );
    end if;
    return decide_payout.payout_id;
end;
$$;

/*
 * Refuse a decision about a payout that one requested.
 *
 * Errors:  PT403 forbidden
 */
create function money.refuse_own_payout(requested_by uuid, decided_by uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if requested_by = decided_by then
        perform private.refuse(
            'PT403', 'forbidden', 'Nobody decides about a payout that they requested.',
            'Ask somebody else of the platform''s finance staff.'
        );
    end if;
end;
$$;

-- sql/39_money/functions/payouts_transfers.sql

-- Payouts to bank accounts. The operator takes the approved ones in a file, transfers them at their
-- bank, and says what became of each. Only the workers' program that writes the file opens the
-- numbers.

/*
 * Let a payout account of the provider bank be paid out once there is a bank account; until then
 * say that it is missing. A new bank account ends the restriction after a failed transfer.
 */
create function money.check_bank_payouts(business_id uuid, currency text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_known boolean = exists (
        select 1
        from money.bank_accounts
        where
            bank_accounts.business_id = check_bank_payouts.business_id
            and bank_accounts.currency = check_bank_payouts.currency
    );
begin
    update money.payout_accounts
    set
        provider_reference
        = check_bank_payouts.business_id || ':' || check_bank_payouts.currency,
        status = case when v_is_known then 'active' else 'pending' end
        ::money.payout_account_status,
        missing = case when v_is_known then '{}' else '{bank_account}' end::text[]
    where
        payout_accounts.business_id = check_bank_payouts.business_id
        and payout_accounts.currency = check_bank_payouts.currency
        and payout_accounts.status <> 'rejected'
        and money.is_by_hand(payout_accounts.provider);
end;
$$;

/*
 * Put the approved payouts of a currency into a file: from now on their transfers are under way.
 * Returns the file; null when none waits. Each payout is in one file, also when two are made at the
 * same time.
 */
create function money.start_transfers(currency text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_file_id uuid = gen_random_uuid();
begin
    update money.payouts
    set status = 'in_transit', file_id = v_file_id, secret_id = bank_accounts.secret_id
    from money.payout_accounts as accounts
    inner join money.bank_accounts
        on
            bank_accounts.business_id = accounts.business_id
            and bank_accounts.currency = accounts.currency
    where
        payouts.status = 'approved'
        and payouts.currency = start_transfers.currency
        and accounts.business_id = payouts.business_id
        and accounts.currency = payouts.currency
        and accounts.status = 'active'
        and money.is_by_hand(payouts.provider);
    return case when found then v_file_id end;
end;
$$;

/*
 * Return the transfers of a file. The sealed numbers are null where the bank account was changed
 * since the file was made: the transfer may have gone to the one before.
 * Definer: called by the program that writes the file, which has no access to the tables.
 */
create function money.transfers_of_file(file_id uuid)
returns table (
    payout_id uuid,
    business text,
    holder_name text,
    country text,
    sealed bytea,
    amount_minor bigint,
    minor_digits smallint,
    currency text
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        payouts.id, businesses.name, bank_accounts.holder_name, bank_accounts.country,
        private.sealed_secret(payouts.secret_id), payouts.amount_minor,
        currencies.minor_digits, payouts.currency
    from money.payouts
    inner join business.businesses on businesses.id = payouts.business_id
    inner join pricing.currencies on currencies.code = payouts.currency
    inner join money.bank_accounts
        on
            bank_accounts.business_id = payouts.business_id
            and bank_accounts.currency = payouts.currency
    where payouts.file_id = transfers_of_file.file_id
    order by payouts.created_at, payouts.id;
end;
$$;

/*
 * Note for the operator what became of transfers: `succeeded` or `failed`. A bank may return one
 * days after it succeeded. Returns how many payouts took the step; what was noted before counts as
 * none.
 *
 * Errors:  PT404 not_found · PT409 invalid_transition
 */
create function money.settle_transfers(
    payout_or_file_id uuid, outcome text, failure text default null
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout money.payouts;
    v_status money.payout_status;
    v_is_known boolean = false;
    v_count integer = 0;
begin
    for v_payout in
        select payouts.*
        from money.payouts
        where
            payout_or_file_id in (payouts.id, payouts.file_id)
            and money.is_by_hand(payouts.provider)
        order by payouts.id
        for no key update
    loop
        v_is_known = true;
        perform money.require_transfer(v_payout);
        v_status = money.record_payout(v_payout.id, outcome, null, failure);
        v_count = v_count + (v_status <> v_payout.status)::integer;
    end loop;
    if not v_is_known then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such transfer.',
            'List them: ./frontdesk payouts list.'
        );
    end if;
    return v_count;
end;
$$;

/*
 * Refuse to note the end of a transfer that is in no file yet.
 *
 * Errors:  PT409 invalid_transition
 */
create function money.require_transfer(payout money.payouts)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if payout.file_id is null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The payout is in no file yet.',
            'Make one with ./frontdesk payouts export.'
        );
    end if;
end;
$$;

-- sql/39_money/functions/periods.sql

-- Periods of the ledger, which an accountant of the platform closes.

/*
 * Return the first day that is not in a closed period.
 */
create function money.first_open_day()
returns date
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return (select max(periods.ends_on) + 1 from money.periods);
end;
$$;

/*
 * Number the month of a day, for its lock.
 */
create function money.month_of(day date)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return extract(year from day) * 12 + extract(month from day);
end;
$$;

/*
 * Close the period that ends on the last day of a past month, and keep the balance of each account
 * at its end. It waits for those who are booking under its days. Returns how many balances it kept.
 *
 * Errors:  PT409 period_closed · PT422 period_not_over
 */
create function money.close_period(ends_on date)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_after date = money.first_open_day() - 1;
    v_count integer;
begin
    assert current_setting('transaction_isolation') = 'read committed', 'Use read committed.';
    perform money.require_closable(close_period.ends_on, v_after);
    perform money.lock_months(v_after, close_period.ends_on);
    insert into money.periods (ends_on, closed_at, closed_by)
    values (close_period.ends_on, private.now(), auth.uid());
    insert into money.period_balances (ends_on, account_id, balance_minor)
    select
        close_period.ends_on,
        entries.account_id,
        (
            sum(entries.amount_minor)
            + coalesce(money.closing_balance(entries.account_id, v_after), 0)
        )::bigint
    from money.transactions
    inner join money.entries on transactions.number = entries.number
    where
        transactions.booked_on <= close_period.ends_on
        and (v_after is null or transactions.booked_on > v_after)
    group by entries.account_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Refuse to close what is not the end of a past month, or what is closed already.
 *
 * Errors:  PT409 period_closed · PT422 period_not_over
 */
create function money.require_closable(ends_on date, closed_through date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if ends_on <= closed_through then
        perform private.refuse(
            'PT409', 'period_closed', 'That period is closed.', 'Close a later one.'
        );
    end if;
    if ends_on >= (private.now() at time zone 'UTC')::date
        or extract(day from ends_on + 1) <> 1 then
        perform private.refuse(
            'PT422', 'period_not_over', 'A period ends with the last day of a past month (UTC).',
            'Choose the last day of a month that is over.'
        );
    end if;
end;
$$;

/*
 * Lock the months of a period. Movements that are booked under an earlier day share these locks.
 * Before the first closing only the last year is locked: nothing is booked under an earlier day.
 */
create function money.lock_months(after_day date, through_day date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    for v_month in
        coalesce(money.month_of(after_day) + 1, money.month_of(through_day) - 12)
        .. money.month_of(through_day)
    loop
        perform pg_advisory_xact_lock(money.lock_class('month'), v_month);
    end loop;
end;
$$;

/*
 * Return the balance of an account at the end of a closed period: positive is a debit.
 */
create function money.closing_balance(account_id uuid, ends_on date)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select period_balances.balance_minor
            from money.period_balances
            where
                period_balances.account_id = closing_balance.account_id
                and period_balances.ends_on <= closing_balance.ends_on
            order by period_balances.ends_on desc
            limit 1
        ),
        0
    );
end;
$$;

-- sql/39_money/functions/secrets.sql

-- Secrets are sealed here and opened by workers (workers/sealing).

/*
 * Keep a secret, sealed with the newest key. Returns the id by which a worker reads it. The caller
 * keeps the id, and perhaps the last digits, and nothing else of the value.
 *
 * Errors:  PT503 unavailable
 */
create function private.keep_secret(business_id uuid, value text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    insert into private.secrets (id, business_id, secret_key_id, sealed, created_at)
    select
        v_id,
        keep_secret.business_id,
        secret_keys.id,
        extensions.pgp_pub_encrypt(
            keep_secret.value, secret_keys.public_key, 'cipher-algo=aes256, compress-algo=0'
        ),
        private.now()
    from private.secret_keys
    where secret_keys.id = private.current_secret_key();
    if not found then
        perform private.refuse(
            'PT503', 'unavailable', 'This installation has no key for secrets yet.',
            'Ask the operator to run frontdesk secrets rotate.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return a sealed secret, which only the private key opens; null when there is none.
 * Definer: called by workers, which cannot read the table.
 */
create function private.sealed_secret(secret_id uuid)
returns bytea
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select secrets.sealed
        from private.secrets
        where secrets.id = sealed_secret.secret_id
    );
end;
$$;

/*
 * Return the id of the key that seals, which is the newest; null before the first.
 * Definer: called by workers, which cannot read the table.
 */
create function private.current_secret_key()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select secret_keys.id
        from private.secret_keys
        order by secret_keys.created_at desc, secret_keys.id
        limit 1
    );
end;
$$;

/*
 * Seal with another key from now on. A key that is known already stays as it is.
 * Definer: called by workers, which make the keys and cannot write the table.
 */
create function private.add_secret_key(id text, public_key bytea)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into private.secret_keys (id, public_key, created_at)
    values (add_secret_key.id, add_secret_key.public_key, clock_timestamp())
    on conflict do nothing;
end;
$$;

/*
 * Return at most so many secrets that are not sealed with the current key.
 * Definer: called by workers, which cannot read the table.
 */
create function private.outdated_secrets(maximum integer)
returns table (id uuid, sealed bytea)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select secrets.id, secrets.sealed
    from private.secrets
    where secrets.secret_key_id <> private.current_secret_key()
    limit maximum;
end;
$$;

/*
 * Replace the seal of a secret by one of another key. The value stays the same. Nothing happens
 * when the secret changed or went meanwhile.
 * Definer: called by workers, which cannot write the table.
 */
create function private.rewrap_secret(
    secret_id uuid, old_sealed bytea, new_sealed bytea, secret_key_id text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update private.secrets
    set sealed = rewrap_secret.new_sealed, secret_key_id = rewrap_secret.secret_key_id
    where
        secrets.id = rewrap_secret.secret_id
        and secrets.sealed = rewrap_secret.old_sealed;
end;
$$;

/*
 * Ask the workers to make another key and to seal every secret with it.
 */
create function private.request_secret_rotation()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit('secrets.rotation_requested', '{}');
end;
$$;

/*
 * Return the keys, the newest first, with how many secrets each seals.
 */
create function private.secret_key_states()
returns table (id text, created_at timestamptz, secrets bigint, is_current boolean)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        secret_keys.id,
        secret_keys.created_at,
        (select count(*) from private.secrets where secrets.secret_key_id = secret_keys.id),
        secret_keys.id = private.current_secret_key()
    from private.secret_keys
    order by secret_keys.created_at desc, secret_keys.id;
end;
$$;

-- sql/39_money/functions/spending.sql

-- Accounts that may not go negative: customer credit and gift cards.

/*
 * Apply entries to what can be spent. The caller sorts them by account, so that two that spend from
 * the same accounts wait for each other in one order.
 *
 * Errors:  PT409 insufficient_credit
 */
create function money.spend(entries money.entry[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry money.entry;
    v_balance bigint;
begin
    foreach v_entry in array spend.entries
    loop
        select spendable_balances.balance_minor - v_entry.amount_minor into v_balance
        from money.spendable_balances
        where spendable_balances.account_id = v_entry.account_id
        for update;
        if v_balance < 0 then
            perform private.refuse(
                'PT409', 'insufficient_credit',
                'There is not enough left on the gift card or the credit.',
                'Pay a smaller part with it.'
            );
        end if;
        update money.spendable_balances
        set balance_minor = v_balance
        where spendable_balances.account_id = v_entry.account_id;
    end loop;
end;
$$;

-- sql/39_money/functions/spending_on_sales.sql

-- Paying sales with gift cards and credit. Such a payment is captured at once.

/*
 * Capture a payment by gift card or credit, which draws on the account in credit_payments. The
 * ledger refuses what is not there. A business bears the credit that it gave: what it earned
 * becomes less by as much.
 *
 * Errors:  PT409 insufficient_credit
 */
create function money.capture_from_credit(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_event money.provider_events;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = capture_from_credit.payment_id
    for no key update;
    v_event.kind = 'payment.captured';
    v_event.amount_minor = v_payment.to_capture_minor;
    v_event.currency = v_payment.currency;
    v_event.data = '{}';
    perform money.apply_capture(v_payment, v_event);
    perform money.bear_credit(v_payment);
end;
$$;

/*
 * Post what a business bears of a payment, when it was paid with credit that the business gave.
 */
create function money.bear_credit(payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_account money.accounts;
    v_granted uuid;
    v_borne bigint;
begin
    select accounts.* into v_account
    from money.credit_payments
    inner join money.accounts on credit_payments.account_id = accounts.id
    where
        credit_payments.payment_id = bear_credit.payment.id
        and accounts.kind = 'customer_credit';
    if not found then
        return;
    end if;
    v_granted = money.account(
        'credit_granted', v_account.currency, v_account.business_id,
        owner_id => v_account.owner_id
    );
    v_borne = least(bear_credit.payment.to_capture_minor, money.balance(v_granted));
    perform money.post(
        v_account.business_id, 'credit.borne', bear_credit.payment.id,
        array[
            money.make_entry(
                money.account('business_payable', v_account.currency, v_account.business_id),
                v_borne
            ),
            money.make_entry(v_granted, - v_borne)
        ]
    );
    perform money.take_from_earnings(
        v_account.business_id, v_account.currency, 'credit', v_borne
    );
end;
$$;

/*
 * Pay a sale, whose lock the caller holds, from an account that may not go negative. Without an
 * amount it pays what is owed, or as much of it as is left. Returns the payment's id.
 *
 * Errors:  PT400 invalid_input · PT409 insufficient_credit nothing_to_pay
 */
create function money.spend_on_sale(
    sale sales.sales, provider text, account_id uuid, amount_minor bigint
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_due bigint = greatest((money.sale_balance(sale.business_id, sale.id)).balance_minor, 0);
    v_left bigint = money.lock_spendable(account_id);
    v_amount bigint = coalesce(amount_minor, least(v_due, v_left));
    v_payment_id uuid;
begin
    if v_due = 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    elsif v_left = 0 or v_amount > v_left then
        perform private.refuse(
            'PT409', 'insufficient_credit',
            'There is not enough left on the gift card or the credit.',
            'Pay a smaller part with it.'
        );
    elsif v_amount not between 1 and v_due then
        perform private.invalid('amount_minor', format('must be from 1 to %s', v_due));
    end if;
    v_payment_id = money.write_credit_payment(sale, provider, account_id, v_amount);
    perform money.capture_from_credit(v_payment_id);
    return v_payment_id;
end;
$$;

/*
 * Write a payment of one sale that draws on an account of the ledger. Returns its id.
 */
create function money.write_credit_payment(
    sale sales.sales, provider text, account_id uuid, amount_minor bigint
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    insert into money.payments (
        id, payer_id, provider, currency, amount_minor, to_capture_minor, capture, return_url,
        expires_at, created_at
    )
    values (
        v_id, sale.customer_id, write_credit_payment.provider, sale.currency,
        write_credit_payment.amount_minor, write_credit_payment.amount_minor, 'now', '',
        private.now(), private.now()
    );
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
    )
    values (
        sale.business_id, sale.id, v_id, write_credit_payment.provider, sale.currency,
        write_credit_payment.amount_minor, private.now()
    );
    insert into money.credit_payments (payment_id, account_id)
    values (v_id, write_credit_payment.account_id);
    return v_id;
end;
$$;

/*
 * Lock a sale that the caller pays: their own, or as a member who serves.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.lock_sale_to_pay(sale_id uuid)
returns sales.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select sales.* into v_sale
    from sales.sales
    where sales.id = lock_sale_to_pay.sale_id
    for no key update;
    if v_sale.customer_id is distinct from auth.uid() or v_sale.customer_id is null then
        perform private.require_member(v_sale.business_id, 'serve');
    end if;
    return v_sale;
end;
$$;

/*
 * Pay a sale with a gift card. Returns the payment, or the refusal that goes back as the answer,
 * since the wrong code must be counted.
 * Definer: nobody has a write grant on payments; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 insufficient_credit nothing_to_pay · PT422 provider_not_offered
 *          PT429 rate_limited
 */
create function money.redeem_gift_card(sale_id uuid, code text, amount_minor bigint)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_sale_to_pay(redeem_gift_card.sale_id);
    v_card money.gift_cards;
begin
    perform money.refuse_guesses(money.guess_origin());
    v_card = money.usable_gift_card(redeem_gift_card.code);
    if v_card.id is null or not v_card.is_platform and v_card.business_id <> v_sale.business_id then
        return money.note_guess();
    elsif not money.takes_card(v_card, v_sale.business_id) then
        perform private.refuse(
            'PT422', 'provider_not_offered',
            'The business does not accept gift cards of the platform.', 'Pay in another way.'
        );
    end if;
    if v_card.currency <> v_sale.currency then
        perform private.invalid('code', format('must be a gift card in %s', v_sale.currency));
    end if;
    return money.payment_for_caller(
        money.spend_on_sale(
            v_sale, 'gift_card', v_card.account_id, redeem_gift_card.amount_minor
        )
    );
end;
$$;

/*
 * Pay a sale with the credit that its customer has at the business. Returns the payment's id.
 * Definer: as money.redeem_gift_card.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 insufficient_credit nothing_to_pay
 */
create function money.use_credit(sale_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_sale_to_pay(use_credit.sale_id);
    v_customer_id uuid;
begin
    select coalesce(customers.merged_into_id, customers.id) into v_customer_id
    from customers.customers
    where
        customers.business_id = v_sale.business_id
        and customers.user_id = v_sale.customer_id;
    return money.spend_on_sale(
        v_sale, 'credit',
        money.account_id(
            'customer_credit', v_sale.currency, v_sale.business_id, null, v_customer_id
        ),
        use_credit.amount_minor
    );
end;
$$;

-- sql/39_money/functions/statements.sql

-- What a business's account did in a month, read from the ledger: opening, movements, closing. Days
-- are those of the ledger (UTC), whose closed periods never change, so the opening of a month is
-- the closing of the one before.

/*
 * Return the statement of a business in a currency: its account and its reserve together. Positive
 * is owed to the business.
 * Definer: entries are nobody's to read; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.statement(business_id uuid, currency text, month_on date)
returns table (kind text, movements bigint, amount_minor bigint)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_from date = date_trunc('month', statement.month_on)::date;
begin
    if not private.is_platform_staff('finance') then
        perform private.require_member(statement.business_id, 'account');
    end if;
    return query
    with moved as (
        select
            case
                when changes.booked_on < v_from then 'opening'
                else changes.kind
            end as kind,
            count(*) as movements,
            sum(changes.amount_minor)::bigint as amount_minor
        from money.account_changes(statement.business_id, statement.currency) as changes
        where changes.booked_on < v_from + interval '1 month'
        group by 1
    )

    select parts.kind, coalesce(moved.movements, 0), coalesce(moved.amount_minor, 0)
    from unnest(array[
        'opening', 'sales', 'refunds', 'commissions', 'cash', 'disputes', 'payouts',
        'payouts_returned', 'other'
    ]) with ordinality as parts (kind, place)
    left join moved on moved.kind = parts.kind
    union all
    select 'closing', coalesce(sum(moved.movements), 0)::bigint, coalesce(sum(moved.amount_minor), 0)::bigint
    from moved;
end;
$$;

/*
 * Return what moved the account and the reserve of a business in a currency, and why.
 */
create function money.account_changes(business_id uuid, currency text)
returns table (booked_on date, kind text, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        transactions.booked_on,
        case
            when transactions.business_id <> account_changes.business_id then 'commissions'
            when transactions.cause_kind = 'delivery' then 'sales'
            when transactions.cause_kind = 'reversal' then 'refunds'
            when transactions.cause_kind = 'earning' then 'cash'
            when transactions.cause_kind like 'dispute%' then 'disputes'
            when transactions.cause_kind = 'payout_created' then 'payouts'
            when transactions.cause_kind = 'payout_reversed' then 'payouts_returned'
            else 'other'
        end,
        - sum(entries.amount_minor)::bigint
    from money.entries
    inner join money.transactions on transactions.number = entries.number
    where
        entries.account_id in (
            money.account_id(
                'business_payable', account_changes.currency, account_changes.business_id, null, null
            ),
            money.account_id(
                'business_reserve', account_changes.currency, account_changes.business_id, null, null
            )
        )
    group by transactions.number;
end;
$$;

-- sql/39_money/rules/accounts.sql

-- Accounts are made once and stay as they are.

create trigger _100_refuse_rewriting
before update or delete on money.accounts
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.accounts
for each statement execute function private.any__refuse_rewriting();

/*
 * Give an account that may not go negative its row in spendable_balances.
 */
create function money.accounts__keep_spendable()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.spendable_balances (account_id) values (new.id);
    return null;
end;
$$;

create trigger _200_keep_spendable
after insert on money.accounts
for each row
when (money.is_spendable(new.kind))
execute function money.accounts__keep_spendable();

-- sql/39_money/rules/bank_accounts.sql

-- Every owner hears when somebody sets the bank account of their business.

/*
 * Tell the owners of a business where it is paid now.
 */
create function money.bank_accounts__tell_owners()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'bank_account_changed',
            'user_id', users.id,
            'to', users.email,
            'business_name', businesses.name,
            'bank_account', '····' || new.last4
        )
    )
    from business.business_members
    inner join business.businesses on businesses.id = business_members.business_id
    inner join auth.users on users.id = business_members.user_id
    where
        business_members.business_id = new.business_id
        and business_members.role = 'owner'
        and users.email is not null;
    return null;
end;
$$;

create trigger _500_tell_owners
after insert or update on money.bank_accounts
for each row execute function money.bank_accounts__tell_owners();

-- sql/39_money/rules/commissions.sql

-- When earnings are brought up to date: in the transaction that delivers a line, takes one back,
-- gives money back, or takes money. These triggers fire last, so that the locks of a sale's
-- earnings are the last that a transaction takes.

/*
 * Earn the lines that were delivered.
 */
create function money.sale_line_deliveries__earn()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.update_earnings(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _900_earn
after insert on sales.sale_line_deliveries
for each row execute function money.sale_line_deliveries__earn();

/*
 * Take back what was earned by a line that is taken back after it was delivered.
 * Definer: it runs as whoever corrects the sale, who cannot read the terms.
 */
create function money.sale_lines__reverse()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from money.line_terms
        where
            line_terms.business_id = new.business_id
            and line_terms.sale_id = new.sale_id
    ) then
        perform money.update_earnings(new.business_id, new.sale_id);
    end if;
    return null;
end;
$$;

create trigger _900_reverse
after insert on sales.sale_lines
for each row
when (new.revision > 0 and new.amount_minor < 0)
execute function money.sale_lines__reverse();

/*
 * Take back what was earned by the lines of which a refund gave money back.
 */
create function money.refunds__reverse()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.update_earnings(refund_parts.business_id, refund_parts.sale_id)
    from money.refund_parts
    where refund_parts.business_id = new.business_id and refund_parts.refund_id = new.id
    order by refund_parts.sale_id;
    return null;
end;
$$;

create trigger _900_reverse
after update of status on money.refunds
for each row
when (old.status <> 'succeeded' and new.status = 'succeeded')
execute function money.refunds__reverse();

/*
 * Let a sale be paid out once the customer has paid it. Cash that the business took itself is taken
 * from what it can be paid out, and given back to it with a refund in cash.
 */
create function money.payment_parts__release()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kept bigint = (new.captured_minor - new.refunded_minor)
    - (old.captured_minor - old.refunded_minor);
begin
    if new.provider = 'cash' then
        perform money.take_from_earnings(
            new.business_id, new.currency, 'cash', v_kept,
            money.account('cash', new.currency, business_id => new.business_id)
        );
    end if;
    perform money.release_paid_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _900_release
after update of captured_minor, refunded_minor on money.payment_parts
for each row
when (
    old.captured_minor <> new.captured_minor
    or new.provider = 'cash' and old.refunded_minor <> new.refunded_minor
)
execute function money.payment_parts__release();

-- sql/39_money/rules/coupons.sql

-- Money that arrives keeps what was used for the price.

/*
 * Keep the promotions of a sale for good once any of it is paid: cancelling it later gives no use
 * back.
 */
create function money.payment_parts__keep_coupons()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform sales.keep_coupons(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _210_keep_coupons
after insert or update of captured_minor on money.payment_parts
for each row
when (new.captured_minor > 0)
execute function money.payment_parts__keep_coupons();

-- sql/39_money/rules/documents.sql

-- Documents are issued and never changed; what a sale takes back is credited by itself.

create trigger _100_refuse_rewriting
before update or delete on money.documents
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.documents
for each statement execute function private.any__refuse_rewriting();

/*
 * Announce a document, so that a worker draws it.
 * Definer: whoever issues may not write to the queues.
 */
create function money.documents__announce()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit(
        'document.issued',
        jsonb_build_object('document_id', new.id, 'business_id', new.business_id)
    );
    return null;
end;
$$;

create trigger _200_announce
after insert on money.documents
for each row execute function money.documents__announce();

/*
 * Release the files of a document whose buyer was emptied, because they still name the buyer.
 * Definer: retention is applied by the workers, who have no access to the tables.
 */
create function money.documents__release_files()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform files.release_records('money.documents', new.id);
    delete from money.document_files
    where
        document_files.business_id = new.business_id
        and document_files.document_id = new.id;
    return null;
end;
$$;

create trigger _300_release_files
after update of buyer on money.documents
for each row
when (new.buyer = '{}' and old.buyer <> '{}')
execute function money.documents__release_files();

/*
 * Issue a credit note for a revision that takes something back from a sale with a document. Japan
 * needs none below 10,000 yen. It looks when the transaction ends, because a revision is written
 * before its lines.
 * Definer: by then the caller is somebody who may not write documents.
 */
create function money.sale_revisions__credit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_total bigint;
begin
    if money.document_before(new.business_id, new.sale_id, new.revision) is null then
        return null;
    end if;
    select sum(sales.line_total(sale_lines)) into v_total
    from sales.sale_lines
    where
        sale_lines.business_id = new.business_id
        and sale_lines.sale_id = new.sale_id
        and sale_lines.revision = new.revision;
    if v_total < 0 and (
        v_total <= -10000
        or not exists (
            select 1
            from business.businesses
            where businesses.id = new.business_id and businesses.country = 'JP'
        )
    ) then
        perform money.issue_document(
            'credit_note', new.business_id, new.sale_id,
            money.with_vouchers(new.business_id, new.sale_id, new.revision)
        );
    end if;
    return null;
end;
$$;

create constraint trigger _920_credit
after insert on sales.sale_revisions
deferrable initially deferred
for each row
when (new.revision > 0)
execute function money.sale_revisions__credit();

-- sql/39_money/rules/entries.sql

-- The ledger is only added to, by the owner of the database as by anybody else, and only in
-- balance.

/*
 * Number a transaction, and book it under the day on which the money moved, or under the first open
 * day. Whoever books under a day of an earlier month shares the lock of that month, so that closing
 * it waits for them.
 */
create function money.transactions__number()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_today date = (private.now() at time zone 'UTC')::date;
begin
    new.number = money.next_number();
    new.xact = pg_current_xact_id();
    new.booked_on = (new.at at time zone 'UTC')::date;
    if new.booked_on < v_today then
        perform pg_advisory_xact_lock_shared(
            money.lock_class('month'), money.month_of(new.booked_on)
        );
        new.booked_on = greatest(new.booked_on, money.first_open_day());
    end if;
    -- The first number of a page (money.page_of) says that the page before is full.
    if new.number % 256 = 0 then
        perform private.emit('ledger.page_filled', '{}');
    end if;
    return new;
end;
$$;

create trigger _010_number
before insert on money.transactions
for each row execute function money.transactions__number();

/*
 * Refuse entries that do not sum to zero in each currency of each transaction, entries of unknown
 * accounts, and entries that are added to an earlier transaction. Keep what can be spent.
 * It looks once at all entries of a statement, so nothing is ever out of balance, not even until
 * the commit.
 *
 * Errors:  PT409 ledger_unbalanced
 */
create function money.entries__keep_balanced()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_unbalanced text;
    v_has_spendable boolean;
begin
    select
        string_agg(
            format('%s %s', sums.amount_minor, coalesce(sums.currency, 'out of place')), ', '
        ) filter (where sums.amount_minor <> 0 or sums.currency is null),
        bool_or(sums.has_spendable)
    into v_unbalanced, v_has_spendable
    from (
        select
            accounts.currency,
            sum(written.amount_minor) as amount_minor,
            -- money.is_spendable, written out: each movement comes here.
            bool_or(accounts.kind in ('customer_credit', 'gift_cards')) as has_spendable
        from written
        left join money.transactions
            on written.number = transactions.number and transactions.xact = pg_current_xact_id()
        left join money.accounts
            on written.account_id = accounts.id and transactions.number is not null
        group by written.number, accounts.currency
    ) as sums;
    if v_unbalanced is not null then
        perform private.refuse(
            'PT409', 'ledger_unbalanced',
            format('The entries of a transaction do not sum to zero: %s.', v_unbalanced),
            'Debit and credit the same amount in each currency.'
        );
    end if;
    if v_has_spendable then
        perform money.spend(array(
            select money.make_entry(written.account_id, sum(written.amount_minor)::bigint)
            from written
            inner join money.accounts on written.account_id = accounts.id
            where money.is_spendable(accounts.kind)
            group by written.account_id
            order by written.account_id
        ));
    end if;
    return null;
end;
$$;

create trigger _010_keep_balanced
after insert on money.entries
referencing new table as written
for each statement execute function money.entries__keep_balanced();

create trigger _100_refuse_rewriting
before update or delete on money.transactions
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.transactions
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on money.entries
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.entries
for each statement execute function private.any__refuse_rewriting();

-- sql/39_money/rules/gift_cards.sql

-- Credit is given once and never rewritten; what a gift card was sold for stays.

create trigger _100_refuse_rewriting
before update or delete on money.credits
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.credits
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update of
business_id, sale_line_id, account_id, currency, amount_minor, code_hash, last4, is_taxed,
is_platform
on money.gift_cards
for each row execute function private.any__refuse_rewriting();

-- A breakage is written once; giving it back is all that happens to it.
create trigger _100_refuse_rewriting
before update of id, business_id, gift_card_id, amount_minor, at or delete
on money.gift_card_breakages
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on money.gift_cards
for each row execute function private.any__refuse_rewriting();

-- sql/39_money/rules/gift_cards_paid.sql

-- A gift card can be spent once its sale is paid.

/*
 * Activate the gift cards of a sale of which everything is paid now.
 */
create function money.payment_parts__activate_gift_cards()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_balance record;
begin
    -- Most businesses have none that waits: one look into an index.
    if exists (
        select 1
        from money.gift_cards
        where
            gift_cards.business_id = new.business_id
            and gift_cards.activated_at is null
            and gift_cards.cancelled_at is null
    ) then
        v_balance = money.sale_balance(new.business_id, new.sale_id);
        if v_balance.captured_minor - v_balance.returned_minor >= v_balance.owed_minor then
            perform money.activate_gift_cards(new.business_id, new.sale_id);
        end if;
    end if;
    return null;
end;
$$;

create trigger _410_activate_gift_cards
after update of captured_minor on money.payment_parts
for each row
when (new.captured_minor > old.captured_minor)
execute function money.payment_parts__activate_gift_cards();

-- sql/39_money/rules/gift_cards_taxed.sql

-- What follows when a voucher pays, when its money returns to it, and when a sale that it paid
-- changes. It happens when the transaction ends, so that a refund and the lines that it takes back
-- are seen together.

/*
 * Write what vouchers pay of a sale of which a gift card pays more, or less, than before.
 * Definer: by then the caller is somebody who may not write sales.
 */
create function money.payment_parts__update_vouchers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform money.update_vouchers(new.business_id, new.sale_id);
    return null;
end;
$$;

create constraint trigger _910_update_vouchers
after update of captured_minor, refunding_minor, refunded_minor on money.payment_parts
deferrable initially deferred
for each row
when (
    new.provider = 'gift_card'
    and (
        old.captured_minor <> new.captured_minor
        or old.refunding_minor <> new.refunding_minor
        or old.refunded_minor <> new.refunded_minor
    )
)
execute function money.payment_parts__update_vouchers();

/*
 * Write what vouchers pay of a sale that a revision changed. It fires before the trigger that
 * issues a credit note, which shows both revisions.
 * Definer: as above.
 */
create function money.sale_revisions__update_vouchers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform money.update_vouchers(new.business_id, new.sale_id);
    return null;
end;
$$;

create constraint trigger _915_update_vouchers
after insert on sales.sale_revisions
deferrable initially deferred
for each row
when (new.revision > 0 and new.cause <> 'voucher')
execute function money.sale_revisions__update_vouchers();

/*
 * Take or give back the tax of a revision of a voucher: of the price of a card that could be spent,
 * and of what a card pays.
 * Definer: it runs as whoever corrects the sale, who cannot write earnings.
 */
create function money.sale_lines__take_voucher_tax()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if new.kind = 'voucher' or exists (
        select 1
        from money.gift_cards
        where
            gift_cards.business_id = new.business_id
            and gift_cards.sale_line_id = new.corrects_line_id
            and gift_cards.activated_at is not null
    ) then
        perform money.take_voucher_tax(new);
    end if;
    return null;
end;
$$;

create trigger _800_take_voucher_tax
after insert on sales.sale_lines
for each row
when (new.revision > 0 and new.kind in ('gift_card', 'voucher') and new.tax_minor <> 0)
execute function money.sale_lines__take_voucher_tax();

-- sql/39_money/rules/payments.sql

-- What holds for payments on every path.

/*
 * Refuse a step that the life of a payment does not have, and let the parts follow.
 *
 * Errors:  PT409 invalid_transition
 */
create function money.payments__follow_with_parts()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from money.payment_transitions
        where
            payment_transitions.from_status = old.status
            and payment_transitions.to_status = new.status
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A payment that is %s cannot become %s.', old.status, new.status),
            'Read the payment again and check its status.'
        );
    end if;
    update money.payment_parts
    set status = new.status
    where payment_parts.payment_id = new.id;
    perform private.emit(
        'payment.' || new.status::text,
        jsonb_build_object('payment_id', new.id, 'status', new.status)
    );
    return null;
end;
$$;

create trigger _200_follow_with_parts
after update of status on money.payments
for each row
when (old.status is distinct from new.status)
execute function money.payments__follow_with_parts();

create trigger _900_touch
before update on money.payments
for each row execute function private.any__touch();

-- A payment keeps who asked for how much of what.
create trigger _100_refuse_rewriting
before update on money.payments
for each row
when (
    old.id <> new.id
    or old.provider <> new.provider
    or old.currency <> new.currency
    or old.amount_minor <> new.amount_minor
    or old.captured_minor > new.captured_minor
    or old.provider_reference <> new.provider_reference
)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on money.payments
for each row execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update of raw, provider, event_id, kind on money.provider_events
for each row execute function private.any__refuse_rewriting();

/*
 * Ignore an event from now on that nobody knew until its bytes were emptied: what it said of fees
 * is gone, so it can no longer be applied as a whole.
 */
create function money.provider_events__ignore_emptied()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.state = 'ignored';
    return new;
end;
$$;

create trigger _200_ignore_emptied
before update of raw on money.provider_events
for each row
when (
    old.state in ('received', 'parked')
    and old.raw <> ''
    and new.raw = ''
    and new.subject_id is null
)
execute function money.provider_events__ignore_emptied();

/*
 * Settle a sale that was changed after somebody paid for it or left a card.
 */
create function money.sale_revisions__settle()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from money.payment_parts
        where
            payment_parts.business_id = new.business_id
            and payment_parts.sale_id = new.sale_id
    ) or exists (
        select 1
        from money.guarantees
        where
            guarantees.business_id = new.business_id
            and guarantees.sale_id = new.sale_id
    ) then
        perform private.send_message(
            'payments', 'settle_sale',
            jsonb_build_object('business_id', new.business_id, 'sale_id', new.sale_id)
        );
    end if;
    return null;
end;
$$;

-- What a refund corrected is given back by that refund.
create trigger _400_settle
after insert on sales.sale_revisions
for each row
when (new.revision > 0 and new.cause <> 'refunded')
execute function money.sale_revisions__settle();

/*
 * Refuse providers that do not exist in the settings of a business.
 *
 * Errors:  PT400 invalid_input
 */
create function money.payment_settings__refuse_unknown_providers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from unnest(new.providers) as wanted (name)
        left join money.providers on providers.name = wanted.name and providers.is_online
        where providers.name is null
    ) then
        perform private.invalid('providers', 'must each be a provider with which customers pay');
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on money.payment_settings
for each row execute function business.any__refuse_bad_input('manage');

create trigger _100_refuse_unknown_providers
before insert or update of providers on money.payment_settings
for each row execute function money.payment_settings__refuse_unknown_providers();

create trigger _900_touch
before update on money.payment_settings
for each row execute function private.any__touch();

/*
 * Refuse a range of a provider with which nobody pays by themselves.
 *
 * Errors:  PT400 invalid_input
 */
create function money.payment_ranges__refuse_offline_provider()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1 from money.providers where providers.name = new.provider and not providers.is_online
    ) then
        perform private.invalid('provider', 'must be a provider with which customers pay');
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on money.payment_ranges
for each row execute function business.any__refuse_bad_input('manage');

create trigger _100_refuse_offline_provider
before insert or update of provider on money.payment_ranges
for each row execute function money.payment_ranges__refuse_offline_provider();

-- sql/39_money/rules/payments_methods.sql

-- A card that is removed, or whose owner is erased, is removed at its provider too.

/*
 * Ask the provider of a card that is gone here to forget it.
 */
create function money.payment_methods__forget()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.methods_to_forget (id, provider, provider_reference, created_at)
    values (old.id, old.provider, old.provider_reference, private.now())
    on conflict do nothing;
    perform money.ask_provider('forget', old.id);
    return null;
end;
$$;

create trigger _400_forget
after update of removed_at on money.payment_methods
for each row
when (old.removed_at is null and new.removed_at is not null)
execute function money.payment_methods__forget();

create trigger _410_forget
after delete on money.payment_methods
for each row
when (old.removed_at is null)
execute function money.payment_methods__forget();

-- sql/39_money/rules/payouts.sql

-- What holds for payouts on every path: only steps of the table, each posted as it is taken, and
-- nobody decides about what they asked for.

/*
 * Plan the next run of an account that is new or whose schedule was set. One that the provider lets
 * be paid out again is looked at by the next run.
 * Definer: nobody has write privileges on runs.
 */
create function money.payout_accounts__plan_run()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.payout_runs (business_id, currency, next_run_at)
    values (
        new.business_id, new.currency,
        case
            when tg_argv[0] = 'now' and new.schedule <> 'on_demand' then private.now()
            else money.next_run(new.schedule, business.time_zone(new.business_id))
        end
    )
    on conflict on constraint payout_runs_pkey do update
    set next_run_at = excluded.next_run_at;
    return null;
end;
$$;

create trigger _500_plan_run
after insert or update of schedule on money.payout_accounts
for each row execute function money.payout_accounts__plan_run();

create trigger _510_plan_run_now
after update of status on money.payout_accounts
for each row
when (old.status = 'restricted' and new.status = 'active')
execute function money.payout_accounts__plan_run('now');

/*
 * Refuse a step that does not exist.
 *
 * Errors:  PT409 invalid_transition
 */
create function money.payouts__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from money.payout_transitions
        where
            payout_transitions.from_status = old.status
            and payout_transitions.to_status = new.status
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A payout that is %s cannot become %s.', old.status, new.status),
            'Read the payout again and check its status.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on money.payouts
for each row
when (old.status is distinct from new.status)
execute function money.payouts__refuse_illegal_steps();

create trigger _110_refuse_rewriting
before update of
id, business_id, currency, amount_minor, released_minor, created_at, earning_ids
on money.payouts
for each row execute function private.any__refuse_rewriting();

/*
 * Do what follows from a step: post it, hand the payout on, or give its earnings back.
 */
create function money.payouts__follow_step()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    case new.status
        when 'approved' then
            perform money.send_payouts(array[new.id]);
        when 'paid' then
            perform money.post_payouts(array[new.id], 'payout_paid');
        when 'failed' then
            if old.status = 'paid' then
                perform money.post_payouts(array[new.id], 'payout_failed');
            end if;
            perform private.send_message(
                'payouts', 'recall_payout', jsonb_build_object('payout_id', new.id)
            );
        when 'rejected', 'reversed' then
            perform money.post_payouts(array[new.id], 'payout_reversed');
            perform money.reopen_earnings(new);
        else
            null;
    end case;
    return null;
end;
$$;

create trigger _500_follow_step
after update of status on money.payouts
for each row
when (old.status is distinct from new.status)
execute function money.payouts__follow_step();

/*
 * Refuse a decision about one's own request, and about what does not wait for one; take the step.
 * Definer: nobody has write privileges on payouts; the policies of decisions checked the caller.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition
 */
create function money.payout_decisions__take_step()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    select payouts.* into strict v_payout
    from money.payouts
    where payouts.business_id = new.business_id and payouts.id = new.payout_id
    for no key update;
    perform money.refuse_own_payout(v_payout.requested_by, new.decided_by);
    if v_payout.status <> 'pending' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The payout does not wait for a decision.',
            'Read the payout again and check its status.'
        );
    end if;
    update money.payouts
    set
        status = case new.decision when 'approve' then 'approved' else 'rejected' end
        ::money.payout_status,
        finished_at = case new.decision when 'reject' then new.decided_at end
    where payouts.id = v_payout.id;
    return null;
end;
$$;

create trigger _100_take_step
after insert on money.payout_decisions
for each row execute function money.payout_decisions__take_step();

create trigger _100_refuse_rewriting
before update or delete on money.payout_decisions
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on money.earnings
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.earnings
for each statement execute function private.any__refuse_rewriting();

/*
 * Take from a business's earnings what a payer's bank took back for good. The dispute is posted
 * with its payment, also after the money was paid out: then the balance is negative, and later
 * earnings carry it.
 */
create function money.disputes__take_back()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.take_from_earnings(new.business_id, new.currency, 'dispute', new.amount_minor);
    return null;
end;
$$;

create trigger _900_take_back
after update of status on money.disputes
for each row
when (old.status <> 'lost' and new.status = 'lost')
execute function money.disputes__take_back();

-- sql/39_money/rules/periods.sql

-- What is closed stays closed, and checkpoints stay as they were written.

create trigger _100_refuse_rewriting
before update or delete on money.periods
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.periods
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on money.period_balances
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.period_balances
for each statement execute function private.any__refuse_rewriting();

-- sql/39_money/policies/bank_accounts.sql

-- Owners and accountants read the bank accounts of their business, the platform's finance all.
-- Nobody writes: set_bank_account does.

alter table money.bank_accounts enable row level security;
-- Without a policy: only functions read how numbers look.
alter table money.bank_formats enable row level security;

-- secret_id is nobody's to read.
grant select (business_id, currency, holder_name, last4, updated_at, country)
on money.bank_accounts to authenticated;
grant select on money.bank_accounts to service_role;

create policy bank_accounts_select
on money.bank_accounts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

grant execute on function money.set_bank_account(uuid, text, text, text, text, text)
to anon, authenticated, service_role;

-- sql/39_money/policies/commissions.sql

-- Who may read plans and commissions: members who handle the money of a business read theirs, a
-- party reads the shares that it has in others, the platform's finance staff read all. Only the
-- operator writes plans: no client chooses a rate. Triggers write terms and commissions.

grant usage on schema money to anon, authenticated, service_role, analyst;

alter table money.commission_plans enable row level security;
alter table money.commission_tiers enable row level security;
alter table money.commission_shares enable row level security;
alter table money.commission_scopes enable row level security;
alter table money.commission_parties enable row level security;
alter table money.line_terms enable row level security;
alter table money.commissions enable row level security;

grant select on money.commission_plans, money.commission_tiers, money.commissions
to authenticated;
grant select, insert, update, delete on
money.commission_plans,
money.commission_tiers,
money.commission_shares,
money.commission_scopes,
money.commission_parties
to service_role;
grant select on money.line_terms, money.commissions to service_role;
-- Users do not read the other tables: scopes, shares and parties are between the platform and
-- others, and commissions show what line_terms says.

-- What a plan is and charges is known to those for whom it may hold.
create policy commission_plans_select
on money.commission_plans
for select
to authenticated
using (
    id = any(array(select money.my_plans()))
    or (select private.is_platform_staff('finance'))
);

create policy commission_tiers_select
on money.commission_tiers
for select
to authenticated
using (
    plan_id = any(array(select money.my_plans()))
    or (select private.is_platform_staff('finance'))
);

create policy commissions_select
on money.commissions
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or party_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

grant execute on function money.my_plans()
to authenticated, service_role;

-- sql/39_money/policies/documents.sql

-- Who may read documents: customers those of what they bought, members those of their business.
-- Nobody writes: documents are issued.

alter table money.document_counters enable row level security;
alter table money.documents enable row level security;
alter table money.document_files enable row level security;

-- No grant on counters: only money.issue_document takes a number.
grant select on money.documents, money.document_files to authenticated;
grant select on money.document_counters, money.documents, money.document_files to service_role;

create policy documents_select
on money.documents
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_id = any(array(select private.my_sales()))
);

create policy document_files_select
on money.document_files
for select
to authenticated
using (
    exists (
        select 1
        from money.documents
        where documents.id = document_files.document_id
    )
);

grant execute on function
money.request_document(uuid, money.document_kind),
money.document_reference(money.document_kind, bigint)
to anon, authenticated, service_role;
grant usage on schema money to anon;

grant execute on function
money.document_to_draw(uuid),
money.record_document_file(uuid, text, text, bigint, text)
to worker;

-- sql/39_money/policies/gift_cards.sql

-- Members who serve read the gift cards of their business, buyers theirs, finance all. Managers
-- read credits, customers theirs. Nobody writes: selling, paying and giving do.

alter table money.gift_cards enable row level security;
alter table money.gift_card_breakages enable row level security;
alter table money.gift_card_lookups enable row level security;
alter table money.credits enable row level security;
-- credit_payments has no policy: payments show who paid what.
alter table money.credit_payments enable row level security;

-- code_hash is nobody's to read.
grant select (
    id, business_id, sale_line_id, account_id, currency, amount_minor, last4, buyer_id, expires_at,
    activated_at, cancelled_at, cancelled_by, cancel_reason, created_at, is_taxed,
    is_platform
)
on money.gift_cards to authenticated;
grant select on money.credits to authenticated;
grant select on money.gift_card_breakages to authenticated;
grant select on money.gift_cards, money.gift_card_breakages, money.credits to service_role;

create policy gift_cards_select
on money.gift_cards
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or business_id = any(array(select private.my_businesses('account')))
    or buyer_id = (select auth.uid())
    or (select private.is_platform_staff('finance'))
);

-- Whoever reads a card reads what became of it.
create policy gift_card_breakages_select
on money.gift_card_breakages
for select
to authenticated
using (
    exists (
        select 1
        from money.gift_cards
        where
            gift_cards.business_id = gift_card_breakages.business_id
            and gift_cards.id = gift_card_breakages.gift_card_id
    )
);

create policy credits_select
on money.credits
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or business_id = any(array(select private.my_businesses('account')))
    or customer_id = any(array(select customers.mine()))
    or (select private.is_platform_staff('finance'))
);

grant execute on function
money.gift_card_balance(text)
to anon, authenticated, service_role;
grant execute on function
money.sell_gift_card(uuid, bigint, text, text, timestamptz),
money.redeem_gift_card(uuid, text, bigint),
money.use_credit(uuid, bigint),
money.cancel_gift_card(uuid, text),
money.extend_gift_card(uuid, timestamptz),
money.issue_credit(uuid, uuid, bigint, text)
to anon, authenticated, service_role;
grant execute on function
money.forget_old_lookups(),
money.sweep_gift_cards(),
money.release_breakages(),
money.announce_expiring_gift_cards()
to worker;

-- sql/39_money/policies/ledger.sql

-- Who may read the ledger: members with the permission `account` the accounts of their business,
-- customers their own credit, the platform's finance all. Nobody writes: what moves money posts.

grant usage on schema money to anon, authenticated, service_role;

alter table money.accounts enable row level security;
alter table money.spendable_balances enable row level security;
alter table money.transactions enable row level security;
alter table money.entries enable row level security;
alter table money.checkpoints enable row level security;
alter table money.checkpoint_runs enable row level security;
alter table money.periods enable row level security;
alter table money.period_balances enable row level security;

grant select on money.accounts to authenticated;
-- Entries have no grant for clients: public.ledger_balances shows what they add up to.
grant select
on money.accounts, money.spendable_balances, money.transactions, money.entries, money.checkpoints,
money.checkpoint_runs, money.periods, money.period_balances
to service_role;

create policy accounts_select
on money.accounts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (
        kind = 'customer_credit'
        and owner_id = any(array(select customers.mine()))
    )
    or (select private.is_platform_staff('finance'))
);

grant execute on function money.balance(uuid) to authenticated, service_role;
grant usage on schema money to worker;
grant execute on function money.write_checkpoints() to worker;

-- sql/39_money/policies/payments.sql

-- Who may read payments. The payer and the platform's finance see a payment; a business sees the
-- parts that pay its sales, and its own refunds and disputes. Nobody writes: functions do. What
-- identifies a payment at its provider, and what its payer's browser got, is nobody's to read.

grant usage on schema money to anon, authenticated, service_role, edge, worker;

alter table money.providers enable row level security;
alter table money.payment_settings enable row level security;
alter table money.payment_ranges enable row level security;
alter table money.payment_methods enable row level security;
alter table money.provider_customers enable row level security;
alter table money.payments enable row level security;
alter table money.payment_transitions enable row level security;
alter table money.payment_parts enable row level security;
alter table money.refunds enable row level security;
alter table money.refund_parts enable row level security;
alter table money.refund_lines enable row level security;
alter table money.disputes enable row level security;
alter table money.payment_links enable row level security;
alter table money.guarantees enable row level security;
-- Without a policy: functions alone read the inbox, who is known to a provider, who is saving a
-- card, how far a provider's list was compared, and who asked for a call, which the audit trail
-- shows.
alter table money.method_setups enable row level security;
alter table money.methods_to_forget enable row level security;
alter table money.provider_events enable row level security;
alter table money.payment_findings enable row level security;
alter table money.reconciliations enable row level security;
alter table money.requested_calls enable row level security;

grant select on money.providers to anon, authenticated;
-- sells_platform_gift_cards is the operator's to write.
grant
select,
insert (
    business_id, providers, capture, prepayment_bps, accepts_platform_gift_cards,
    gift_card_valid_months, breakage_release_days
),
update (
    providers, capture, prepayment_bps, accepts_platform_gift_cards, gift_card_valid_months,
    breakage_release_days
),
delete
on money.payment_settings
to authenticated;
grant select on money.payment_settings, money.payment_ranges to anon;
grant select, insert (business_id, provider, currency, min_minor, max_minor), delete
on money.payment_ranges
to authenticated;
grant update (min_minor, max_minor) on money.payment_ranges to authenticated;
grant select (id, user_id, provider, brand, last4, expires_on, created_at, removed_at)
on money.payment_methods to authenticated;
grant select (
    id, basket_id, payer_id, provider, method_id, currency, amount_minor, capture,
    to_capture_minor, captured_minor, refunded_minor, status, failure, expires_at, created_at,
    updated_at
) on money.payments to authenticated;
grant select on money.payment_parts, money.refund_parts, money.refund_lines to authenticated;
grant select (
    id, business_id, payment_id, currency, amount_minor, status, reason, requested_by, failure,
    created_at, finished_at
) on money.refunds to authenticated;
grant select (
    id, business_id, sale_id, payment_id, currency, amount_minor, status, opened_at, closed_at
) on money.disputes to authenticated;
grant select (
    id, business_id, sale_id, amount_minor, expires_at, created_by, created_at, revoked_at
) on money.payment_links to authenticated;
grant select on money.guarantees to authenticated;
grant select on money.payment_findings to authenticated;

grant select, insert, update, delete on
money.providers, money.payment_settings, money.payment_ranges, money.payment_methods,
money.provider_customers, money.method_setups, money.methods_to_forget, money.payments,
money.payment_transitions, money.payment_parts, money.refunds, money.refund_parts,
money.refund_lines, money.disputes, money.payment_links, money.guarantees,
money.provider_events, money.payment_findings, money.reconciliations,
money.requested_calls
to service_role;

grant execute on function private.my_payments() to authenticated, service_role;
grant execute on function
money.start_call(money.provider_call, uuid),
money.finish_call(money.provider_call, uuid, jsonb),
money.release_call(money.provider_call, uuid),
money.receive_events(jsonb, bytea[])
to edge, worker;
grant execute on function money.started_call(money.provider_call, uuid) to edge;
grant execute on function
money.apply_event(uuid),
money.settle_sale(uuid, uuid),
money.retry_events(),
money.sweep_payments(),
money.tell_of_expiring_methods(),
money.reconcile_from(text),
money.reconcile_payment(text, jsonb),
money.finish_reconciliation(text, timestamptz)
to worker;
grant execute on function
money.cancel_payment(uuid),
money.capture_payment(uuid, bigint),
money.refund_payment(uuid, uuid, bigint, jsonb, text),
money.record_cash(uuid, bigint),
money.add_tip(uuid, bigint),
money.charge_fee(uuid, text, bigint),
money.guarantee_sale(uuid, uuid),
money.charge_guarantee_again(uuid),
money.begin_setup(text, text, text),
money.own_setup(uuid),
money.check_setup(uuid),
money.remove_method(uuid),
money.create_link(uuid, bigint, timestamptz),
money.to_amount(text, text)
to anon, authenticated, service_role;

create policy providers_select
on money.providers
for select
to anon, authenticated
using (is_enabled);

create policy payment_settings_select
on money.payment_settings
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = payment_settings.business_id
    )
);

create policy payment_settings_insert
on money.payment_settings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy payment_settings_update
on money.payment_settings
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy payment_settings_delete
on money.payment_settings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy payment_ranges_select
on money.payment_ranges
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = payment_ranges.business_id
    )
);

create policy payment_ranges_insert
on money.payment_ranges
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy payment_ranges_update
on money.payment_ranges
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy payment_ranges_delete
on money.payment_ranges
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy payment_methods_select
on money.payment_methods
for select
to authenticated
using (user_id = (select auth.uid()));

create policy payments_select
on money.payments
for select
to authenticated
using (
    payer_id = (select auth.uid())
    or (select private.is_platform_staff('finance'))
);

create policy payment_parts_select
on money.payment_parts
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or payment_id = any(array(select private.my_payments()))
    or sale_id = any(array(select private.my_sales()))
);

create policy refunds_select
on money.refunds
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or payment_id = any(array(select private.my_payments()))
);

create policy refund_parts_select
on money.refund_parts
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or payment_id = any(array(select private.my_payments()))
    or sale_id = any(array(select private.my_sales()))
);

create policy refund_lines_select
on money.refund_lines
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or exists (
        select 1
        from money.refunds
        where
            refunds.business_id = refund_lines.business_id
            and refunds.id = refund_lines.refund_id
    )
);

-- Not the payer: their bank tells them.
create policy disputes_select
on money.disputes
for select
to authenticated
using (business_id = any(array(select private.seen_businesses())));

create policy payment_links_select
on money.payment_links
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy guarantees_select
on money.guarantees
for select
to authenticated
using (
    business_id in (select private.my_businesses('serve'))
    or sale_id = any(array(select private.my_sales()))
);

create policy payment_findings_select
on money.payment_findings
for select
to authenticated
using ((select private.is_platform_staff('finance')));

-- sql/39_money/policies/payouts.sql

-- Who may read payouts: members who handle the money of a business theirs, the platform's finance
-- staff all. Nobody writes: functions request and execute. Only a decision is a row that finance
-- staff insert themselves, so that these policies judge it.

alter table money.payout_thresholds enable row level security;
alter table money.payout_accounts enable row level security;
alter table money.payout_runs enable row level security;
alter table money.payouts enable row level security;
alter table money.payout_transitions enable row level security;
alter table money.payout_decisions enable row level security;
alter table money.earnings enable row level security;
alter table money.open_earnings enable row level security;

-- provider_reference is nobody's to read.
grant select (
    business_id, currency, provider, status, missing, schedule, minimum_minor, hold_days,
    reserve_bps, reserve_days, created_at
) on money.payout_accounts to authenticated;
grant select (
    id, business_id, currency, amount_minor, status, requested_by, provider, failure, created_at,
    finished_at, earning_ids
) on money.payouts to authenticated;
grant select on money.payout_runs, money.earnings, money.open_earnings to authenticated;
grant select, insert (business_id, payout_id, decision, reason)
on money.payout_decisions to authenticated;
grant select on
money.payout_runs, money.payouts, money.payout_transitions, money.earnings, money.open_earnings
to service_role;
grant select, insert on money.payout_decisions to service_role;
-- The operator decides from which amount payouts need approval, and what is held back.
grant select, insert, update, delete on money.payout_thresholds to service_role;
grant select, update (status, hold_days, reserve_bps, reserve_days, minimum_minor)
on money.payout_accounts to service_role;

create policy payout_accounts_select
on money.payout_accounts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy payout_runs_select
on money.payout_runs
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy payouts_select
on money.payouts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy earnings_select
on money.earnings
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy open_earnings_select
on money.open_earnings
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy payout_decisions_select
on money.payout_decisions
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

-- Finance staff decide in their own name, and never about what they requested.
create policy payout_decisions_insert
on money.payout_decisions
for insert
to authenticated
with check (
    decided_by = (select auth.uid())
    and (select private.is_platform_staff('finance'))
    and not exists (
        select 1
        from money.payouts
        where
            payouts.business_id = payout_decisions.business_id
            and payouts.id = payout_decisions.payout_id
            and payouts.requested_by = (select auth.uid())
    )
);

-- Whatever else allows it: not without a second factor.
create policy payout_decisions_insert_second_factor
on money.payout_decisions
as restrictive
for insert
to authenticated
with check (((select auth.jwt()) ->> 'aal') = 'aal2');

grant execute on function
money.commission_state(money.commissions),
money.request_payout(uuid, text),
money.refuse_own_payout(uuid, uuid),
money.decide_payout(uuid, money.payout_decision, text),
money.set_payout_account(uuid, text, text, money.payout_schedule, bigint)
to anon, authenticated, service_role;
grant execute on function
money.run_payouts(integer),
money.chase_payouts(),
money.start_payout(uuid),
money.record_payout(uuid, text, text, text),
money.start_recall(uuid),
money.reverse_payout(uuid),
money.start_payout_account(uuid, text),
money.note_payout_account(uuid, text, text),
money.record_payout_account(text, text, boolean, text[]),
money.transfers_of_file(uuid)
to worker;
-- The edge opens an account in the call of a business.
grant execute on function
money.start_payout_account(uuid, text),
money.note_payout_account(uuid, text, text),
money.record_payout_account(text, text, boolean, text[])
to edge;
grant execute on function money.statement(uuid, text, date) to anon, authenticated, service_role;

-- Analysts add up the ledger and the payouts, and see nobody's name.
grant select (id, kind, currency, business_id) on money.accounts to analyst;
grant select (number, business_id, cause_kind, booked_on) on money.transactions to analyst;
grant select (number, account_id, amount_minor) on money.entries to analyst;
grant select (business_id, currency, status, amount_minor, created_at) on money.payouts to analyst;

create policy accounts_select_analyst
on money.accounts
for select
to analyst
using (true);

create policy transactions_select_analyst
on money.transactions
for select
to analyst
using (true);

create policy entries_select_analyst
on money.entries
for select
to analyst
using (true);

create policy payouts_select_analyst
on money.payouts
for select
to analyst
using (true);

-- sql/39_money/policies/secrets.sql

-- Nobody reads keys or secrets, because there are no grants on them. Workers get sealed values by
-- functions; clients get none.

alter table private.secret_keys enable row level security;
alter table private.secrets enable row level security;

grant execute on function
private.sealed_secret(uuid),
private.current_secret_key(),
private.add_secret_key(text, bytea),
private.outdated_secrets(integer),
private.rewrap_secret(uuid, bytea, bytea, text)
to worker;

-- sql/39_money/api/bank_accounts.sql

-- Bank accounts of businesses, as clients see them.

create view public.bank_accounts
with (security_invoker = true)
as
select
    bank_accounts.business_id,
    bank_accounts.currency,
    bank_accounts.holder_name,
    bank_accounts.last4,
    bank_accounts.updated_at,
    bank_accounts.country
from money.bank_accounts;
grant select on public.bank_accounts to authenticated, service_role;

comment on view public.bank_accounts is
'The bank account of a business for each currency. Owners and accountants read those of their '
'business, the platform''s finance all. Nobody reads the number.';
comment on column public.bank_accounts.business_id is 'The business.';
comment on column public.bank_accounts.currency is 'ISO 4217 code of what is transferred there.';
comment on column public.bank_accounts.holder_name is 'In whose name it is.';
comment on column public.bank_accounts.last4 is 'The last four characters of its number.';
comment on column public.bank_accounts.updated_at is 'When it was set.';
comment on column public.bank_accounts.country is 'ISO 3166 code of the country of the bank.';

/*
 * Set the bank account of a business.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden second_factor_required
 *          PT404 not_found · PT503 unavailable
 */
create function public.set_bank_account(
    business_id public.identifier,
    holder_name text,
    number text,
    currency text,
    routing_number text default null,
    country text default null
)
returns public.bank_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_account public.bank_accounts;
begin
    if not exists (
        select 1
        from public.currencies
        where currencies.code = set_bank_account.currency
    ) then
        perform private.invalid('currency', 'must be the code of a row of currencies');
    end if;
    perform money.set_bank_account(
        v_business_id,
        set_bank_account.currency,
        private.to_required_text(holder_name, 'holder_name', 200),
        private.to_required_text(number, 'number', 60),
        private.to_text(routing_number, 'routing_number', 30),
        private.to_text(set_bank_account.country, 'country', 2)
    );
    select bank_accounts.* into v_account
    from public.bank_accounts
    where
        bank_accounts.business_id = v_business_id
        and bank_accounts.currency = set_bank_account.currency;
    return v_account;
end;
$$;
comment on function public.set_bank_account is
'Set the bank account to which the platform transfers what a business earned in a currency.

For owners, signed in with a second factor. Returns the bank account. Its numbers are sealed at once; nobody reads them by this API. Every owner of the business gets a mail. A payout account of the provider bank becomes active.

- holder_name: 1 to 200 characters.
- number: the IBAN, or the number of the account where the country of the bank has none. Spaces and hyphens do not matter.
- currency: the ISO 4217 code of what is transferred there.
- routing_number: the number of the bank, where there is no IBAN: nine digits in the US, the IFSC in India, bank and branch (7 digits) in Japan. Beside an IBAN, the BIC or nothing.
- country: the ISO 3166 code of the country of the bank. By default the one of the IBAN, else the country of the business.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, second_factor_required 403, '
'not_found 404, unavailable 503.';
grant execute on function
public.set_bank_account(public.identifier, text, text, text, text, text)
to anon, authenticated, service_role;

-- sql/39_money/api/commissions.sql

-- What clients read about plans. All of it is read-only.

create view public.commission_plans
with (security_invoker = true)
as
select
    commission_plans.id,
    commission_plans.name,
    commission_plans.tax_treatment,
    commission_plans.commission_tax_bps,
    commission_plans.created_at
from money.commission_plans;
grant select on public.commission_plans to authenticated, service_role;

comment on view public.commission_plans is
'What the platform charges. Owners and accountants read the plans that may hold for their '
'business, the platform''s finance staff all.';
comment on column public.commission_plans.id is 'Key.';
comment on column public.commission_plans.name is 'Its name.';
comment on column public.commission_plans.tax_treatment is
'platform_remits: the platform withholds the sale''s tax. vendor_remits: the tax stays with the '
'business. commission_taxed: it stays, and tax on the commission is charged.';
comment on column public.commission_plans.commission_tax_bps is
'The rate of the tax on the commission in basis points; 0 unless it is taxed.';
comment on column public.commission_plans.created_at is 'When it was made.';

create view public.commission_tiers
with (security_invoker = true)
as
select
    commission_tiers.id,
    commission_tiers.plan_id,
    commission_tiers.currency,
    commission_tiers.from_minor,
    commission_tiers.to_minor,
    commission_tiers.rate_bps,
    commission_tiers.fixed_minor
from money.commission_tiers;
grant select on public.commission_tiers to authenticated, service_role;

comment on view public.commission_tiers is
'The rates of a plan, by what the business sold in the calendar month (its zone) before the sale. '
'The whole sale has one rate.';
comment on column public.commission_tiers.id is 'Key.';
comment on column public.commission_tiers.plan_id is 'The plan.';
comment on column public.commission_tiers.currency is
'ISO 4217 code; null for a rate of every currency.';
comment on column public.commission_tiers.from_minor is
'The turnover from which the tier holds, included, in minor units.';
comment on column public.commission_tiers.to_minor is
'The turnover up to which it holds, excluded; null without an end.';
comment on column public.commission_tiers.rate_bps is 'The rate in basis points: 1500 is 15 %.';
comment on column public.commission_tiers.fixed_minor is
'Charged once for each line beside the rate, in minor units.';

-- sql/39_money/api/commissions_earned.sql

-- What a business is charged, and what it has from others.

create view public.commissions
with (security_invoker = true)
as
select
    commissions.id,
    commissions.business_id,
    commissions.sale_id,
    commissions.sale_line_id,
    commissions.level,
    commissions.party_id,
    commissions.currency,
    commissions.amount_minor,
    commissions.reversed_minor,
    states.status,
    states.payout_id,
    commissions.earned_at
from money.commissions
cross join lateral money.commission_state(commissions) as states;
grant select on public.commissions to authenticated, service_role;

comment on view public.commissions is
'The share of each level in the commission of a delivered line. Owners and accountants read what '
'their business is charged and what it has from others. Page by (earned_at, id).';
comment on column public.commissions.id is 'Key.';
comment on column public.commissions.business_id is 'The business that is charged.';
comment on column public.commissions.sale_id is 'The sale.';
comment on column public.commissions.sale_line_id is 'The line that was delivered.';
comment on column public.commissions.level is 'platform, partner, referrer or upline.';
comment on column public.commissions.party_id is
'The business that has the share; null for the platform.';
comment on column public.commissions.currency is 'ISO 4217 code of the amounts.';
comment on column public.commissions.amount_minor is
'The share when the line was delivered, in minor units. The levels of a line add up to its '
'commission.';
comment on column public.commissions.reversed_minor is
'How much of it refunds took back so far, in minor units.';
comment on column public.commissions.status is
'pending, approved (a payout has it), paid, or reversed (nothing is left).';
comment on column public.commissions.payout_id is
'The payout that pays it: of the business, or of the party; null before.';
comment on column public.commissions.earned_at is 'When the line was delivered.';

-- sql/39_money/api/documents.sql

-- What clients read about documents, and how they ask for one.

create view public.documents
with (security_invoker = true)
as
select
    documents.id,
    documents.business_id,
    documents.kind,
    documents.number,
    money.document_reference(documents.kind, documents.number) as reference,
    documents.sale_id,
    documents.first_revision,
    documents.revision,
    documents.corrects_document_id,
    documents.issued_at,
    documents.currency,
    documents.net_minor,
    documents.tax_minor,
    documents.total_minor,
    documents.seller,
    documents.buyer,
    documents.lines,
    documents.taxes
from money.documents;
grant select on public.documents to authenticated, service_role;

comment on view public.documents is
'Receipts, invoices and credit notes. They never change. Customers read those of what they bought, '
'members those of their business. Page by (issued_at, id).';
comment on column public.documents.id is 'Key.';
comment on column public.documents.business_id is 'The business that issued it.';
comment on column public.documents.kind is 'receipt, invoice or credit_note.';
comment on column public.documents.number is
'1, 2, … without gaps, for each business and kind.';
comment on column public.documents.reference is
'How it is named: R-, I- or C- with the number.';
comment on column public.documents.sale_id is 'The sale that it is about.';
comment on column public.documents.first_revision is 'The first revision that it shows.';
comment on column public.documents.revision is 'The last revision that it shows.';
comment on column public.documents.corrects_document_id is
'The receipt or invoice from which a credit note takes back; null for others.';
comment on column public.documents.issued_at is 'When it was issued.';
comment on column public.documents.currency is 'ISO 4217 code of every amount.';
comment on column public.documents.net_minor is 'The total without tax, in minor units.';
comment on column public.documents.tax_minor is 'The tax in minor units.';
comment on column public.documents.total_minor is
'The total in minor units. It is positive on a credit note as well.';
comment on column public.documents.seller is
'The business as it was: name, address, verified tax number, locale.';
comment on column public.documents.buyer is
'Who bought, as it was: name, e-mail address, verified tax number.';
comment on column public.documents.lines is
'[{kind, name, quantity, unit_minor, amount_minor, discount_minor, tax_minor, tax_is_included, '
'total_minor, taxes}].';
comment on column public.documents.taxes is
'[{component, rate_bps, jurisdiction, base_minor, tax_minor}].';

create view public.document_files
with (security_invoker = true)
as
select
    document_files.business_id,
    document_files.document_id,
    document_files.format,
    'records' as bucket,
    document_files.object_name,
    document_files.bytes,
    document_files.sha256,
    document_files.created_at
from money.document_files;
grant select on public.document_files to authenticated, service_role;

comment on view public.document_files is
'The files of documents. Whoever reads a document makes a link to its file: '
'storage.from(bucket).createSignedUrl(object_name). After ten years a document loses its buyer, '
'and its files are deleted.';
comment on column public.document_files.business_id is 'The business that issued the document.';
comment on column public.document_files.document_id is 'The document.';
comment on column public.document_files.format is
'pdf, or xml for an invoice in the form of EN 16931.';
comment on column public.document_files.bucket is 'The private bucket in which the file lies.';
comment on column public.document_files.object_name is 'The name of the file there.';
comment on column public.document_files.bytes is 'The size of the file.';
comment on column public.document_files.sha256 is 'The SHA-256 of the file, in hexadecimal digits.';
comment on column public.document_files.created_at is 'When it was drawn.';

/*
 * Issue a document about a sale as it is now.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_document
 */
create function public.issue_document(sale_id public.identifier, kind text default 'invoice')
returns public.documents
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_document public.documents;
begin
    kind = coalesce(kind, 'invoice');
    if kind not in ('receipt', 'invoice') then
        perform private.invalid('kind', 'must be receipt or invoice');
    end if;
    v_id = money.request_document(
        private.to_identifier(sale_id, 'sale_id'), kind::money.document_kind
    );
    select documents.* into v_document from public.documents where documents.id = v_id;
    return v_document;
end;
$$;

comment on function public.issue_document is
'Issue a receipt or an invoice for a sale as it is now. It shows what earlier ones of its kind do '
'not; the same call again returns the same document. Credit notes are issued by themselves.

Members issue both, customers ask for invoices of what they bought. kind is receipt or invoice, '
'invoice by default. Returns a row of documents; document_files has its files a moment later.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'nothing_to_document 409.';
grant execute on function public.issue_document(public.identifier, text)
to anon, authenticated, service_role;

-- sql/39_money/api/gift_cards.sql

-- Gift cards and customers' credit: what clients read and call.

create view public.gift_cards
with (security_invoker = true)
as
select
    gift_cards.id,
    gift_cards.business_id,
    gift_cards.sale_line_id,
    gift_cards.currency,
    gift_cards.amount_minor,
    -money.balance(gift_cards.account_id) as balance_minor,
    gift_cards.last4,
    gift_cards.expires_at,
    gift_cards.activated_at,
    gift_cards.cancelled_at,
    gift_cards.cancel_reason,
    gift_cards.created_at,
    gift_cards.is_taxed,
    gift_cards.is_platform,
    (
        select coalesce(sum(gift_card_breakages.amount_minor), 0)::bigint
        from money.gift_card_breakages
        where
            gift_card_breakages.business_id = gift_cards.business_id
            and gift_card_breakages.gift_card_id = gift_cards.id
            and gift_card_breakages.restored_at is null
    ) as breakage_minor
from money.gift_cards;
grant select on public.gift_cards to authenticated, service_role;

comment on view public.gift_cards is
'Gift cards. Members who serve and accountants read those of their business, buyers theirs, the '
'platform''s finance all. Page by (created_at, id).';
comment on column public.gift_cards.id is 'Key.';
comment on column public.gift_cards.business_id is
'The business that sold it. It can be spent there; see is_platform.';
comment on column public.gift_cards.sale_line_id is
'The line by which it was sold; null where it was given out.';
comment on column public.gift_cards.currency is 'ISO 4217 code. It pays sales in this currency.';
comment on column public.gift_cards.amount_minor is 'What it was sold for, in minor units.';
comment on column public.gift_cards.balance_minor is
'What is left, in minor units; 0 before it is paid.';
comment on column public.gift_cards.last4 is 'The last four characters of its code.';
comment on column public.gift_cards.expires_at is
'From when it cannot be spent; null: it never expires.';
comment on column public.gift_cards.activated_at is
'When its sale was paid; null: it cannot be spent yet.';
comment on column public.gift_cards.cancelled_at is
'When a member cancelled it; null: nobody did.';
comment on column public.gift_cards.cancel_reason is 'Why it was cancelled.';
comment on column public.gift_cards.created_at is 'When it was sold.';
comment on column public.gift_cards.is_taxed is
'Whether it was taxed when it was sold (gift_card_tax_class of tax_settings). What it pays is then '
'not taxed again.';
comment on column public.gift_cards.is_platform is
'Whether it can also be spent at every business that accepts cards of the platform '
'(accepts_platform_gift_cards of payment_settings).';
comment on column public.gift_cards.breakage_minor is
'What was left on it when it had expired, in minor units; 0 before, and once it is extended. Where '
'breakage_release_days of payment_settings says so, the business is paid it.';

create view public.credits
with (security_invoker = true)
as
select
    credits.id,
    credits.business_id,
    credits.customer_id,
    credits.currency,
    credits.amount_minor,
    credits.reason,
    credits.given_by,
    credits.created_at
from money.credits;
grant select on public.credits to authenticated, service_role;

comment on view public.credits is
'Credit that members gave to customers. Owners, managers and accountants read those of their '
'business, customers theirs. What is left is in ledger_balances (customer_credit). Page by '
'(created_at, id).';
comment on column public.credits.id is 'Key.';
comment on column public.credits.business_id is 'The business at which it can be spent.';
comment on column public.credits.customer_id is 'The customer, a row of customers.';
comment on column public.credits.currency is 'ISO 4217 code.';
comment on column public.credits.amount_minor is 'How much was given, in minor units.';
comment on column public.credits.reason is 'Why it was given.';
comment on column public.credits.given_by is
'Who gave it; null for the operator''s own software, and once the account is gone.';
comment on column public.credits.created_at is 'When it was given.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.sell_gift_card(
    business_id public.identifier,
    amount_minor public.whole_number,
    customer_name text default null,
    customer_email text default null,
    expires_at public.instant default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.sell_gift_card(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_amount(amount_minor, 'amount_minor'),
        private.to_text(customer_name, 'customer_name', 200),
        private.to_email(customer_email, 'customer_email'),
        private.to_instant(expires_at, 'expires_at', is_required => false)
    );
end;
comment on function public.sell_gift_card is
'Sell a gift card at the counter.

For members who serve. It makes a sale with one line, which is paid like any other; the card can be '
'spent once the sale is paid. Returns {gift_card_id, sale_id, code}. The code is shown this once.

- amount_minor: at least 1, in the currency of the business.
- customer_name, customer_email: who buys it.
- expires_at: from when it cannot be spent; by default as gift_card_valid_months of '
'payment_settings says, and never without it.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.cancel_gift_card(gift_card_id public.identifier, reason text)
returns public.gift_cards
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(gift_card_id, 'gift_card_id');
    v_card public.gift_cards;
begin
    perform money.cancel_gift_card(v_id, private.to_required_text(reason, 'reason', 500));
    select gift_cards.* into v_card
    from public.gift_cards
    where gift_cards.id = v_id;
    return v_card;
end;
$$;
comment on function public.cancel_gift_card is
'Cancel a gift card, such as before its price is refunded.

For owners and managers. What is left on it goes back to its sale. Returns the gift card.

- reason: 1 to 500 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.extend_gift_card(
    gift_card_id public.identifier, expires_at public.instant default null
)
returns public.gift_cards
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(gift_card_id, 'gift_card_id');
    v_card public.gift_cards;
begin
    perform money.extend_gift_card(
        v_id, private.to_instant(expires_at, 'expires_at', is_required => false)
    );
    select gift_cards.* into v_card
    from public.gift_cards
    where gift_cards.id = v_id;
    return v_card;
end;
$$;
comment on function public.extend_gift_card is
'Let a gift card expire later, also after it has expired.

For owners and managers. What was left on it when it expired is on it again. Returns the gift card.

- expires_at: from when it cannot be spent, later than before; by default it never expires.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT429 rate_limited
 */
create function public.gift_card_balance(code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.gift_card_balance(private.to_required_text(code, 'code', 40));
end;
comment on function public.gift_card_balance is
'Return what is left on a gift card: {balance_minor, currency, expires_at, business_id}.

For anybody who has the code. A network address may name ten wrong codes an hour. A card that is not '
'paid yet, expired or cancelled gets the same answer as none. business_id is null where every '
'business that accepts cards of the platform takes it.

- code: as it is printed; case, hyphens and spaces do not matter.

Errors: invalid_input 400, not_found 404, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict
 */
create function public.issue_credit(
    business_id public.identifier,
    customer_id public.identifier,
    amount_minor public.whole_number,
    reason text,
    idempotency_key text default null
)
returns public.credits
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_credit public.credits;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'issue_credit', idempotency_key,
            jsonb_build_array(business_id, customer_id, amount_minor, reason)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.credits, v_answer);
        end if;
    end if;
    v_id = money.issue_credit(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(customer_id, 'customer_id'),
        private.to_required_amount(amount_minor, 'amount_minor'),
        private.to_required_text(reason, 'reason', 500)
    );
    select credits.* into strict v_credit
    from public.credits
    where credits.id = v_id;
    if idempotency_key is not null then
        perform private.remember_answer('issue_credit', idempotency_key, to_jsonb(v_credit));
    end if;
    return v_credit;
end;
$$;
comment on function public.issue_credit is
'Give a customer credit that pays later sales of the business.

For owners and managers. The business bears it: when it is spent, what it earned becomes less by as '
'much. Returns the credit.

- amount_minor: at least 1, in the currency of the business.
- reason: 1 to 500 characters; the customer reads it.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409.';

grant execute on function
public.gift_card_balance(text),
public.sell_gift_card(
    public.identifier, public.whole_number, text, text, public.instant
),
public.cancel_gift_card(public.identifier, text),
public.extend_gift_card(public.identifier, public.instant),
public.issue_credit(
    public.identifier, public.identifier, public.whole_number, text, text
)
to anon, authenticated, service_role;

-- sql/39_money/api/ledger.sql

-- What clients read about the ledger.

create view public.ledger_balances
with (security_invoker = true)
as
select
    accounts.id,
    accounts.business_id,
    accounts.kind,
    accounts.currency,
    accounts.provider,
    accounts.owner_id,
    money.balance(accounts.id) as balance_minor,
    accounts.created_at
from money.accounts;
grant select on public.ledger_balances to authenticated, service_role;

comment on view public.ledger_balances is
'Accounts of the ledger with their balance. Members with the permission `account` read those of '
'their business, customers their own credit, the platform''s finance all. Page by (created_at, '
'id).';
comment on column public.ledger_balances.id is 'Key of the account.';
comment on column public.ledger_balances.business_id is
'The business that it belongs to; null for the platform''s own.';
comment on column public.ledger_balances.kind is
'provider, cash, provider_fees, disputes, credit_granted, business_pending, business_payable, '
'business_in_transit, business_reserve, commission, partner_payable, tax_withheld, '
'customer_credit, gift_cards, breakage or rounding.';
comment on column public.ledger_balances.currency is 'ISO 4217 code. Currencies never net.';
comment on column public.ledger_balances.provider is
'The payment provider that holds the money; null for most.';
comment on column public.ledger_balances.owner_id is
'The customer, gift card or partner that it belongs to; null for most.';
comment on column public.ledger_balances.balance_minor is
'The sum of its entries in minor units. Positive is a debit (held for us, or owed to us), negative '
'is a credit (owed by us, or earned).';
comment on column public.ledger_balances.created_at is 'When it was made.';

-- sql/39_money/api/payments.sql

-- What clients read about payments. All but a business's settings is read-only.

create view public.payment_settings
with (security_invoker = true)
as
select
    payment_settings.business_id,
    payment_settings.providers,
    payment_settings.capture,
    payment_settings.prepayment_bps,
    payment_settings.updated_at,
    payment_settings.accepts_platform_gift_cards,
    payment_settings.sells_platform_gift_cards,
    payment_settings.gift_card_valid_months,
    payment_settings.breakage_release_days
from money.payment_settings;
grant select on public.payment_settings to anon, authenticated, service_role;
grant
insert (
    business_id, providers, capture, prepayment_bps, accepts_platform_gift_cards,
    gift_card_valid_months, breakage_release_days
),
update (
    providers, capture, prepayment_bps, accepts_platform_gift_cards, gift_card_valid_months,
    breakage_release_days
),
delete
on public.payment_settings to authenticated, service_role;
grant
insert (sells_platform_gift_cards), update (sells_platform_gift_cards)
on public.payment_settings to service_role;

comment on view public.payment_settings is
'How customers of a business pay. Without a row: with every provider, at once, and nothing '
'before a booking is confirmed. Owners and managers write it.';
comment on column public.payment_settings.business_id is 'The business.';
comment on column public.payment_settings.providers is
'The providers that customers may choose; empty: every one.';
comment on column public.payment_settings.capture is
'now: money is taken at once. later: it is reserved until capture_payment.';
comment on column public.payment_settings.prepayment_bps is
'The share of a booking''s total, in basis points, that must be paid before it is confirmed: 0 '
'nothing, 10000 all. A service may say otherwise.';
comment on column public.payment_settings.updated_at is 'When it was last changed.';
comment on column public.payment_settings.accepts_platform_gift_cards is
'Whether gift cards of the platform pay here; it is owed what they pay like any other payment.';
comment on column public.payment_settings.sells_platform_gift_cards is
'Whether the gift cards that it sells are the platform''s. Only the operator writes it.';
comment on column public.payment_settings.gift_card_valid_months is
'How many months the gift cards that it sells can be spent, 1 to 1200, counted from their sale; '
'null: always. A card that is sold with an end of its own keeps that one.';
comment on column public.payment_settings.breakage_release_days is
'How many days after a gift card expired what was left on it belongs to the business and is paid '
'out, 0 to 36500; null: never. Ask what the law of the place allows.';

create view public.payment_ranges
with (security_invoker = true)
as
select
    payment_ranges.business_id,
    payment_ranges.provider,
    payment_ranges.currency,
    payment_ranges.min_minor,
    payment_ranges.max_minor
from money.payment_ranges;
grant select on public.payment_ranges to anon, authenticated, service_role;
grant insert (business_id, provider, currency, min_minor, max_minor)
on public.payment_ranges to authenticated, service_role;
grant update (min_minor, max_minor) on public.payment_ranges to authenticated, service_role;
grant delete on public.payment_ranges to authenticated, service_role;

comment on view public.payment_ranges is
'In which currencies, and for which amounts of one payment, customers of a business may choose a '
'provider. A provider without a row here may be chosen for each. Owners and managers write it.';
comment on column public.payment_ranges.business_id is 'The business.';
comment on column public.payment_ranges.provider is 'The provider, such as stripe.';
comment on column public.payment_ranges.currency is 'ISO 4217 code of the payment.';
comment on column public.payment_ranges.min_minor is
'The least amount of a payment, in minor units; 0 by default.';
comment on column public.payment_ranges.max_minor is
'The greatest amount of a payment, in minor units; null: none.';

create view public.payment_methods
with (security_invoker = true)
as
select
    payment_methods.id,
    payment_methods.user_id,
    payment_methods.provider,
    payment_methods.brand,
    payment_methods.last4,
    payment_methods.expires_on,
    payment_methods.created_at,
    payment_methods.removed_at
from money.payment_methods;
grant select on public.payment_methods to authenticated, service_role;

comment on view public.payment_methods is 'Saved cards and the like: each user reads their own.';
comment on column public.payment_methods.id is 'Key.';
comment on column public.payment_methods.user_id is 'Whose it is.';
comment on column public.payment_methods.provider is 'The provider that keeps it.';
comment on column public.payment_methods.brand is 'What it is, such as visa.';
comment on column public.payment_methods.last4 is 'The last four digits.';
comment on column public.payment_methods.expires_on is
'The last day on which it can pay; null where it does not expire.';
comment on column public.payment_methods.created_at is 'When it was saved.';
comment on column public.payment_methods.removed_at is 'When it was removed; null: it can be used.';

create view public.payments
with (security_invoker = true)
as
select
    payments.id,
    payments.basket_id,
    payments.payer_id,
    payments.provider,
    payments.method_id,
    payments.currency,
    payments.amount_minor,
    payments.capture,
    payments.to_capture_minor,
    payments.captured_minor,
    payments.refunded_minor,
    payments.status,
    payments.failure,
    payments.expires_at,
    payments.created_at,
    payments.updated_at
from money.payments;
grant select on public.payments to authenticated, service_role;

comment on view public.payments is
'Payments: the payer reads theirs, the platform''s finance all. A business reads '
'payment_parts. Page by (created_at, id).';
comment on column public.payments.id is 'Key.';
comment on column public.payments.basket_id is 'The basket that it pays; null where it pays sales.';
comment on column public.payments.payer_id is 'The user who pays; null for a guest.';
comment on column public.payments.provider is 'With whom it is paid, such as stripe or cash.';
comment on column public.payments.method_id is 'The saved method that pays; null for another.';
comment on column public.payments.currency is 'ISO 4217 code of every amount.';
comment on column public.payments.amount_minor is 'What is to be paid, in minor units.';
comment on column public.payments.capture is 'now or later.';
comment on column public.payments.to_capture_minor is 'What is taken or to be taken of it.';
comment on column public.payments.captured_minor is 'What was taken in all.';
comment on column public.payments.refunded_minor is 'What was given back.';
comment on column public.payments.status is
'pending, requires_action, failed, authorized, cancelled, expired, partially_captured, '
'captured, partially_refunded, refunded or disputed.';
comment on column public.payments.failure is 'Why it failed, as a token; null where it did not.';
comment on column public.payments.expires_at is 'Until when it can be paid.';
comment on column public.payments.created_at is 'When it began.';
comment on column public.payments.updated_at is 'When it last changed.';

create view public.payment_parts
with (security_invoker = true)
as
select
    payment_parts.business_id,
    payment_parts.sale_id,
    payment_parts.payment_id,
    payment_parts.provider,
    payment_parts.currency,
    payment_parts.status,
    payment_parts.amount_minor,
    payment_parts.authorized_minor,
    payment_parts.captured_minor,
    payment_parts.refunding_minor,
    payment_parts.refunded_minor,
    payment_parts.created_at
from money.payment_parts;
grant select on public.payment_parts to authenticated, service_role;

comment on view public.payment_parts is
'How much of each payment pays which sale: members read those of their business, payers '
'theirs. Page by (created_at, payment_id).';
comment on column public.payment_parts.business_id is 'The business that is paid.';
comment on column public.payment_parts.sale_id is 'The sale that is paid.';
comment on column public.payment_parts.payment_id is 'The payment.';
comment on column public.payment_parts.provider is 'With whom it is paid.';
comment on column public.payment_parts.currency is 'ISO 4217 code of every amount.';
comment on column public.payment_parts.status is 'The payment''s status.';
comment on column public.payment_parts.amount_minor is
'What is to be paid for the sale, in minor units.';
comment on column public.payment_parts.authorized_minor is 'What is reserved.';
comment on column public.payment_parts.captured_minor is 'What was taken.';
comment on column public.payment_parts.refunding_minor is 'What is about to be given back.';
comment on column public.payment_parts.refunded_minor is 'What was given back.';
comment on column public.payment_parts.created_at is 'When the payment began.';

-- sql/39_money/api/payments_of_sales.sql

-- The head of what was sold, with what was paid of it.

create view public.sales
with (security_invoker = true)
as
select
    sales.id,
    sales.business_id,
    sales.basket_id,
    sales.customer_id,
    sales.customer_name,
    sales.customer_email,
    sales.customer_phone,
    sales.currency,
    sales.placed_at,
    (
        select coalesce(sum(sales.line_total(sale_lines)), 0)::bigint
        from sales.sale_lines
        where sale_lines.business_id = sales.business_id and sale_lines.sale_id = sales.id
    ) as owed_minor,
    (
        select coalesce(sum(payment_parts.captured_minor), 0)::bigint
        from money.payment_parts
        where
            payment_parts.business_id = sales.business_id and payment_parts.sale_id = sales.id
    ) as paid_minor,
    (
        select coalesce(sum(payment_parts.refunded_minor), 0)::bigint
        from money.payment_parts
        where
            payment_parts.business_id = sales.business_id and payment_parts.sale_id = sales.id
    ) as refunded_minor,
    (
        select coalesce(sum(sales.line_total(sale_lines)), 0)::bigint
        from sales.sale_lines
        where sale_lines.business_id = sales.business_id and sale_lines.sale_id = sales.id
    ) - (
        select coalesce(sum(payment_parts.captured_minor - payment_parts.refunded_minor), 0)::bigint
        from money.payment_parts
        where
            payment_parts.business_id = sales.business_id and payment_parts.sale_id = sales.id
    ) as balance_minor
from sales.sales;
grant select on public.sales to authenticated, service_role;

comment on view public.sales is
'What was sold: customers read theirs, members those of their business. Page by (placed_at, '
'id).';
comment on column public.sales.id is 'Key.';
comment on column public.sales.business_id is 'The business that sold.';
comment on column public.sales.basket_id is
'The basket in which it is paid; null where it is paid alone.';
comment on column public.sales.customer_id is
'The user who bought; null for a guest, and once the account is gone.';
comment on column public.sales.customer_name is 'The customer''s name when they bought.';
comment on column public.sales.customer_email is 'The customer''s e-mail address when they bought.';
comment on column public.sales.customer_phone is 'The customer''s phone number when they bought.';
comment on column public.sales.currency is 'ISO 4217 code of every amount.';
comment on column public.sales.placed_at is 'When it was sold.';
comment on column public.sales.owed_minor is
'The sum of its lines in minor units, with tax, corrections and fees.';
comment on column public.sales.paid_minor is 'What was taken for it, in minor units.';
comment on column public.sales.refunded_minor is 'What was given back of that.';
comment on column public.sales.balance_minor is
'owed_minor - paid_minor + refunded_minor: positive is the customer''s to pay, negative the '
'business''s to give back.';

-- sql/39_money/api/payments_refunds.sql

-- What clients read about refunds, disputes, links and findings. All of it is read-only.

create view public.refunds
with (security_invoker = true)
as
select
    refunds.id,
    refunds.business_id,
    refunds.payment_id,
    refunds.currency,
    refunds.amount_minor,
    refunds.status,
    refunds.reason,
    refunds.requested_by,
    refunds.failure,
    refunds.created_at,
    refunds.finished_at
from money.refunds;
grant select on public.refunds to authenticated, service_role;

comment on view public.refunds is
'What businesses give back: members read those of their business, payers theirs. Page by '
'(created_at, id).';
comment on column public.refunds.id is 'Key.';
comment on column public.refunds.business_id is 'The business that gives back.';
comment on column public.refunds.payment_id is 'The payment.';
comment on column public.refunds.currency is 'ISO 4217 code of the amount.';
comment on column public.refunds.amount_minor is 'In minor units.';
comment on column public.refunds.status is 'pending, succeeded or failed.';
comment on column public.refunds.reason is 'Why, in the words of whoever asked for it.';
comment on column public.refunds.requested_by is
'The user who asked for it; null where nobody had to.';
comment on column public.refunds.failure is 'Why it failed, as a token; null where it did not.';
comment on column public.refunds.created_at is 'When it was asked for.';
comment on column public.refunds.finished_at is 'When it succeeded or failed; null until then.';

create view public.refund_lines
with (security_invoker = true)
as
select
    refund_lines.business_id,
    refund_lines.refund_id,
    refund_lines.sale_line_id,
    refund_lines.amount_minor
from money.refund_lines;
grant select on public.refund_lines to authenticated, service_role;

comment on view public.refund_lines is 'Of which lines of a sale a refund gives back how much.';
comment on column public.refund_lines.business_id is 'The business.';
comment on column public.refund_lines.refund_id is 'The refund.';
comment on column public.refund_lines.sale_line_id is 'The line as it was sold.';
comment on column public.refund_lines.amount_minor is 'In minor units.';

create view public.disputes
with (security_invoker = true)
as
select
    disputes.id,
    disputes.business_id,
    disputes.sale_id,
    disputes.payment_id,
    disputes.currency,
    disputes.amount_minor,
    disputes.status,
    disputes.opened_at,
    disputes.closed_at
from money.disputes;
grant select on public.disputes to authenticated, service_role;

comment on view public.disputes is
'What payers'' banks take back: members read those of their business.';
comment on column public.disputes.id is 'Key.';
comment on column public.disputes.business_id is 'The business.';
comment on column public.disputes.sale_id is 'The sale that was paid.';
comment on column public.disputes.payment_id is 'The payment.';
comment on column public.disputes.currency is 'ISO 4217 code of the amount.';
comment on column public.disputes.amount_minor is 'The business''s share, in minor units.';
comment on column public.disputes.status is 'open, won or lost.';
comment on column public.disputes.opened_at is 'When the bank opened it.';
comment on column public.disputes.closed_at is 'When it ended; null until then.';

create view public.payment_links
with (security_invoker = true)
as
select
    payment_links.id,
    payment_links.business_id,
    payment_links.sale_id,
    payment_links.amount_minor,
    payment_links.expires_at,
    payment_links.created_by,
    payment_links.created_at,
    payment_links.revoked_at
from money.payment_links;
grant select on public.payment_links to authenticated, service_role;

comment on view public.payment_links is
'Links by which anybody who has one pays a sale: members read those of their business. The '
'secret is shown once.';
comment on column public.payment_links.id is 'Key.';
comment on column public.payment_links.business_id is 'The business.';
comment on column public.payment_links.sale_id is 'The sale that is paid.';
comment on column public.payment_links.amount_minor is
'What is paid with it; null: whatever is owed.';
comment on column public.payment_links.expires_at is 'Until when it works.';
comment on column public.payment_links.created_by is 'The member who made it.';
comment on column public.payment_links.created_at is 'When it was made.';
comment on column public.payment_links.revoked_at is 'When it was revoked; null where it was not.';

create view public.payment_findings
with (security_invoker = true)
as
select
    payment_findings.id,
    payment_findings.kind,
    payment_findings.provider,
    payment_findings.reference,
    payment_findings.payment_id,
    payment_findings.detail,
    payment_findings.found_at,
    payment_findings.resolved_at
from money.payment_findings;
grant select on public.payment_findings to authenticated, service_role;

comment on view public.payment_findings is
'What providers say and we do not: for the platform''s finance.';
comment on column public.payment_findings.id is 'Key.';
comment on column public.payment_findings.kind is
'amount_differs, currency_differs, dispute_differs, missed_event, refund_differs, '
'refund_exceeds_payment, refunded_elsewhere, unknown_object or unknown_payment.';
comment on column public.payment_findings.provider is 'The provider.';
comment on column public.payment_findings.reference is 'The provider''s id of the object.';
comment on column public.payment_findings.payment_id is 'Our payment; null where none is known.';
comment on column public.payment_findings.detail is 'What it said and what we asked for.';
comment on column public.payment_findings.found_at is 'When it was found.';
comment on column public.payment_findings.resolved_at is
'When it was repaired or looked into; null until then.';

-- sql/39_money/api/payments_repeating.sql

-- Answers of the API about payments, and calls that are answered once for an idempotency key.

/*
 * Return a payment to a caller who just changed or began it. Only its payer gets what their browser
 * needs. Volatile, so that it sees the change.
 * Definer: members do not read payments; the caller is checked.
 */
create function money.payment_for_caller(payment_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return (
        select
            money.shown_payment(payments.id) || case
                when payments.payer_id = auth.uid() then '{}'::jsonb
                else '{"client": null}'
            end
        from money.payments
        where payments.id = payment_for_caller.payment_id and money.sees_payment(payments)
    );
end;
$$;

/*
 * Refund a payment once for an idempotency key.
 *
 * Errors:  PT409 idempotency_conflict · those of money.refund_payment
 */
create function money.refund_once(
    payment_id uuid,
    business_id uuid,
    amount_minor bigint,
    lines jsonb,
    reason text,
    idempotency_key text
)
returns public.refunds
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_refund public.refunds;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'refund_payment', idempotency_key,
            jsonb_build_array(
                refund_once.payment_id, refund_once.business_id, refund_once.amount_minor,
                refund_once.lines, refund_once.reason
            )
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.refunds, v_answer);
        end if;
    end if;
    v_id = money.refund_payment(
        refund_once.payment_id, refund_once.business_id, refund_once.amount_minor,
        refund_once.lines, refund_once.reason
    );
    select refunds.* into strict v_refund
    from public.refunds
    where refunds.id = v_id;
    if idempotency_key is not null then
        perform private.remember_answer('refund_payment', idempotency_key, to_jsonb(v_refund));
    end if;
    return v_refund;
end;
$$;

/*
 * Record cash once for an idempotency key.
 *
 * Errors:  PT409 idempotency_conflict · those of money.record_cash
 */
create function money.record_cash_once(sale_id uuid, amount_minor bigint, idempotency_key text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'record_cash_payment', idempotency_key,
            jsonb_build_array(record_cash_once.sale_id, record_cash_once.amount_minor)
        );
        if v_answer is not null then
            return v_answer;
        end if;
    end if;
    v_answer = money.payment_for_caller(
        money.record_cash(record_cash_once.sale_id, record_cash_once.amount_minor)
    );
    if idempotency_key is not null then
        perform private.remember_answer('record_cash_payment', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;

/*
 * Return a sale that was just changed, as its caller may see it.
 */
create function money.visible_sale(sale_id uuid)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale public.sales;
begin
    select sales.* into v_sale
    from public.sales
    where sales.id = visible_sale.sale_id;
    return v_sale;
end;
$$;

grant execute on function
money.payment_for_caller(uuid),
money.refund_once(uuid, uuid, bigint, jsonb, text, text),
money.record_cash_once(uuid, bigint, text),
money.visible_sale(uuid)
to anon, authenticated, service_role;

-- sql/39_money/api/payments_rpcs.sql

-- What payers and members do with payments. Each function reads its arguments and calls one
-- function of the domain. What a provider must do is done after the transaction: read the view
-- again, or listen.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.cancel_payment(payment_id public.identifier)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.payment_for_caller(
        money.cancel_payment(private.to_identifier(payment_id, 'payment_id'))
    );
end;
comment on function public.cancel_payment is
'Cancel a payment of which nothing was taken.

For its payer, and for members of the one business that it pays. Its provider is asked to release '
'what it reserved. Returns what start_payment returns.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.capture_payment(
    payment_id public.identifier, amount_minor public.whole_number default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.payment_for_caller(
        money.capture_payment(
            private.to_identifier(payment_id, 'payment_id'),
            private.to_minor_units(amount_minor, 'amount_minor')
        )
    );
end;
comment on function public.capture_payment is
'Take the money of an authorized payment.

For owners and managers of the business. Returns what start_payment returns.

- amount_minor: less than the payment, in minor units; the rest is released. By default all of it.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict refund_exceeds_payment
 */
create function public.refund_payment(
    payment_id public.identifier,
    reason text,
    amount_minor public.whole_number default null,
    lines public.list default null,
    idempotency_key text default null,
    business_id public.identifier default null
)
returns public.refunds
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.refund_once(
        private.to_identifier(payment_id, 'payment_id'),
        private.to_identifier(business_id, 'business_id', is_required => false),
        private.to_minor_units(amount_minor, 'amount_minor'),
        case
            when lines is not null
                then to_jsonb(
                    private.to_objects(lines, 'lines', 200, '{sale_line_id,amount_minor}')
                )
        end,
        private.to_required_text(reason, 'reason', 500),
        idempotency_key
    );
end;
$$;
comment on function public.refund_payment is
'Give back a payment, in whole or in part.

For owners and managers of the business, and the platform''s finance. What is given back beyond what '
'the sale is overpaid also reduces what the sale costs. Its provider is asked after this call; '
'status says how it ended. Returns the refund.

- reason: 1 to 500 characters; the payer reads it.
- amount_minor: in minor units; by default all that is left.
- lines: [{sale_line_id, amount_minor?}], lines as they were sold; by default what each still costs.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.
- business_id: whose part of a payment of several businesses.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, refund_exceeds_payment 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict nothing_to_pay
 */
create function public.record_cash_payment(
    sale_id public.identifier,
    amount_minor public.whole_number default null,
    idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.record_cash_once(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_minor_units(amount_minor, 'amount_minor'),
        idempotency_key
    );
end;
$$;
comment on function public.record_cash_payment is
'Record that the business took cash for a sale.

For members who serve customers. Returns what start_payment returns.

- amount_minor: in minor units; by default what is owed.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, nothing_to_pay 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.add_tip(sale_id public.identifier, amount_minor public.whole_number)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.add_tip(
            private.to_identifier(sale_id, 'sale_id'),
            money.to_amount(amount_minor, 'amount_minor')
        )
    );
end;
$$;
comment on function public.add_tip is
'Add a tip to a sale; start_payment pays it.

For the customer, and for members who serve customers. Returns the sale.

- amount_minor: in minor units, from 1.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.charge_fee(
    sale_id public.identifier, name text, amount_minor public.whole_number
)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.charge_fee(
            private.to_identifier(sale_id, 'sale_id'),
            private.to_required_text(name, 'name', 200),
            money.to_amount(amount_minor, 'amount_minor')
        )
    );
end;
$$;
comment on function public.charge_fee is
'Charge a fee after the fact, as a line of the sale.

For owners and managers. A card that guarantees the sale pays it; otherwise the customer does, with '
'start_payment. Returns the sale.

- name: what the customer reads, 1 to 200 characters.
- amount_minor: in minor units, from 1.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_payment_link(
    sale_id public.identifier,
    amount_minor public.whole_number default null,
    expires_at public.instant default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.create_link(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_minor_units(amount_minor, 'amount_minor'),
        private.to_instant(expires_at, 'expires_at', is_required => false)
    );
end;
comment on function public.create_payment_link is
'Make a link by which anybody who has it pays a sale.

For members who serve customers. Returns {id, token, expires_at}; the token is shown once, and '
'start_payment takes it as link_token.

- amount_minor: in minor units; by default what is owed when somebody pays.
- expires_at: two weeks from now by default.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.cancel_payment(public.identifier),
public.capture_payment(public.identifier, public.whole_number),
public.refund_payment(
    public.identifier, text, public.whole_number, public.list, text, public.identifier
),
public.record_cash_payment(public.identifier, public.whole_number, text),
public.add_tip(public.identifier, public.whole_number),
public.charge_fee(public.identifier, text, public.whole_number),
public.create_payment_link(public.identifier, public.whole_number, public.instant)
to anon, authenticated, service_role;

-- sql/39_money/api/payments_saved.sql

-- What customers do with saved cards, and members with the cards that guarantee a sale.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT422 provider_not_offered
 */
create function public.save_payment_method(
    provider text, return_url text default null, method_token text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.own_setup(
        money.begin_setup(
            private.to_required_text(provider, 'provider', 40),
            private.to_text(return_url, 'return_url', 2000),
            private.to_text(method_token, 'method_token', 200)
        )
    );
end;
comment on function public.save_payment_method is
'Save a card or a wallet without a payment, such as for guarantee_sale.

/functions/v1/payment-methods takes the same arguments, asks the provider at once and answers with '
'what the browser needs; after this call alone a worker asks within seconds. The card stands in '
'payment_methods once the provider has it; finish_payment_method asks for that when the browser is '
'back. Returns {id, provider, status, failure, client, created_at}; status is pending, '
'requires_action, saved or failed, and client as start_payment returns it.

- provider: one at which customers pay by themselves.
- return_url: where the browser comes back to after a page of the provider''s.
- method_token: the one-time token of the provider''s script in the browser; payjp needs one, made '
'with 3-D Secure.

Errors: invalid_input 400, not_signed_in 401, provider_not_offered 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.finish_payment_method(setup_id public.identifier)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.own_setup(money.check_setup(private.to_identifier(setup_id, 'setup_id')));
end;
comment on function public.finish_payment_method is
'Ask the provider whether it has the card or the wallet that the caller saves.

Call it when the browser is back from the provider''s page or form. '
'/functions/v1/payment-methods/finish takes the same argument and asks at once; after this call '
'alone, and without any, a worker asks. Returns what save_payment_method returns: status is saved '
'once the provider has it, and requires_action until the customer has done their part.

- setup_id: the id that save_payment_method returned.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT422 method_expired
 */
create function public.guarantee_sale(
    sale_id public.identifier, payment_method_id public.identifier
)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.guarantee_sale(
            private.to_identifier(sale_id, 'sale_id'),
            private.to_identifier(payment_method_id, 'payment_method_id')
        )
    );
end;
$$;
comment on function public.guarantee_sale is
'Leave a saved card for the fees of a sale.

Fees for not coming, for a late cancellation, and those that the business charges are taken from '
'it, also those that an earlier card did not pay. For the customer; another call replaces the '
'card. Returns the sale.

Errors: invalid_input 400, not_signed_in 401, not_found 404, method_expired 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_pay · PT422 limit_reached
 */
create function public.charge_guarantee(sale_id public.identifier)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.charge_guarantee_again(private.to_identifier(sale_id, 'sale_id'))
    );
end;
$$;
comment on function public.charge_guarantee is
'Charge the card that guarantees a sale once more, after it was declined.

A worker asks the card by itself once after each fee, and when the customer leaves another card. '
'For owners and managers; a card that was declined three times for the sale is not asked again. '
'Repeating the call while the card is asked changes nothing. Returns the sale; payment_parts has '
'the charge.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, nothing_to_pay 409, '
'limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.remove_payment_method(payment_method_id public.identifier)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.remove_method(private.to_identifier(payment_method_id, 'payment_method_id'));
end;
comment on function public.remove_payment_method is
'Remove a saved payment method of the caller.

It pays and guarantees nothing any more, and its provider forgets it. Returns nothing.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

grant execute on function
public.save_payment_method(text, text, text),
public.finish_payment_method(public.identifier),
public.guarantee_sale(public.identifier, public.identifier),
public.charge_guarantee(public.identifier),
public.remove_payment_method(public.identifier)
to anon, authenticated, service_role;

-- sql/39_money/api/payouts.sql

-- What clients read about payouts. All of it is read-only.

create view public.payout_accounts
with (security_invoker = true)
as
select
    payout_accounts.business_id,
    payout_accounts.currency,
    payout_accounts.provider,
    payout_accounts.status,
    payout_accounts.missing,
    payout_accounts.schedule,
    payout_accounts.minimum_minor,
    payout_accounts.hold_days,
    payout_accounts.reserve_bps,
    payout_accounts.reserve_days,
    payout_runs.next_run_at,
    payout_accounts.created_at
from money.payout_accounts
inner join money.payout_runs
    on
        payout_accounts.business_id = payout_runs.business_id
        and payout_accounts.currency = payout_runs.currency;
grant select on public.payout_accounts to authenticated, service_role;

comment on view public.payout_accounts is
'Where a business is paid in a currency, and when. Owners and accountants read theirs.';
comment on column public.payout_accounts.business_id is 'The business.';
comment on column public.payout_accounts.currency is 'ISO 4217 code.';
comment on column public.payout_accounts.provider is 'Who pays, such as stripe.';
comment on column public.payout_accounts.status is
'pending (being opened), active, restricted (the provider asks for more) or rejected.';
comment on column public.payout_accounts.missing is 'What the provider still asks for.';
comment on column public.payout_accounts.schedule is
'each (as soon as earnings are available), daily, weekly, monthly or on_demand.';
comment on column public.payout_accounts.minimum_minor is
'The least amount of a payout, in minor units.';
comment on column public.payout_accounts.hold_days is
'How many days earnings wait before they can be paid out.';
comment on column public.payout_accounts.reserve_bps is
'The share of each line that is kept against refunds, in basis points.';
comment on column public.payout_accounts.reserve_days is
'For how many days after the hold it is kept.';
comment on column public.payout_accounts.next_run_at is
'When payouts are made next; infinity on demand.';
comment on column public.payout_accounts.created_at is 'When it was made.';

create view public.payouts
with (security_invoker = true)
as
select
    payouts.id,
    payouts.business_id,
    payouts.currency,
    payouts.amount_minor,
    payouts.status,
    payouts.requested_by,
    payouts.provider,
    payouts.failure,
    payout_decisions.decided_by,
    payout_decisions.reason as decision_reason,
    payouts.created_at,
    payouts.finished_at
from money.payouts
left join money.payout_decisions
    on
        payouts.business_id = payout_decisions.business_id
        and payouts.id = payout_decisions.payout_id;
grant select on public.payouts to authenticated, service_role;

comment on view public.payouts is
'What a business is paid. Owners and accountants read theirs, the platform''s finance staff all. '
'Page by (created_at, id).';
comment on column public.payouts.id is 'Key.';
comment on column public.payouts.business_id is 'The business.';
comment on column public.payouts.currency is 'ISO 4217 code.';
comment on column public.payouts.amount_minor is 'The amount in minor units.';
comment on column public.payouts.status is
'pending (waits for approval), approved, rejected, in_transit, paid, failed, or reversed (its '
'earnings are open again).';
comment on column public.payouts.requested_by is
'The member who asked for it; null when the schedule did.';
comment on column public.payouts.provider is 'Who pays, such as stripe.';
comment on column public.payouts.failure is 'Why it failed; null for most.';
comment on column public.payouts.decided_by is
'Who approved or rejected it; null where nobody had to.';
comment on column public.payouts.decision_reason is 'Why it was rejected, or approved.';
comment on column public.payouts.created_at is 'When it was made.';
comment on column public.payouts.finished_at is
'When it was paid, failed or rejected; null before.';

create view public.payout_items
with (security_invoker = true)
as
select
    payouts.business_id,
    payouts.id as payout_id,
    earnings.id as earning_id,
    earnings.kind,
    earnings.sale_id,
    earnings.sale_line_id,
    earnings.amount_minor,
    payouts.status not in ('rejected', 'reversed') as is_live,
    earnings.earned_at
from money.payouts
cross join unnest(payouts.earning_ids) as items (earning_id)
inner join money.earnings
    on
        payouts.business_id = earnings.business_id
        and items.earning_id = earnings.id;
grant select on public.payout_items to authenticated, service_role;

comment on view public.payout_items is
'What a payout consists of: an earning is in at most one live payout.';
comment on column public.payout_items.business_id is 'The business.';
comment on column public.payout_items.payout_id is 'The payout.';
comment on column public.payout_items.earning_id is 'The earning.';
comment on column public.payout_items.kind is
'line, reversal (of a line), commission (of another business), cash (that the business took '
'itself), dispute, reserve (kept for a while), release (of what was kept), credit (that the '
'business gave, once it is spent), gift_card_tax (of cards that are taxed when they are sold) or '
'breakage (what was left on gift cards that expired).';
comment on column public.payout_items.sale_id is 'The sale; null where it is of none.';
comment on column public.payout_items.sale_line_id is 'The line; null where it is of none.';
comment on column public.payout_items.amount_minor is
'The amount in minor units; negative where it is taken from the business.';
comment on column public.payout_items.is_live is
'False once the payout is rejected or reversed.';
comment on column public.payout_items.earned_at is 'When it was earned, or taken.';

-- sql/39_money/api/payouts_rpcs.sql

-- What clients do about payouts: ask for one, and decide about one.

/*
 * Set how a business is paid in a currency.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_payout_account(
    business_id public.identifier,
    currency text,
    provider text,
    schedule text default null,
    minimum_minor public.whole_number default null
)
returns public.payout_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(set_payout_account.business_id, 'business_id');
    v_account public.payout_accounts;
begin
    if schedule not in ('each', 'daily', 'weekly', 'monthly', 'on_demand') then
        perform private.invalid(
            'schedule', 'must be each, daily, weekly, monthly or on_demand'
        );
    end if;
    perform money.set_payout_account(
        v_business_id,
        private.to_required_text(set_payout_account.currency, 'currency', 3),
        private.to_required_text(set_payout_account.provider, 'provider', 40),
        schedule::money.payout_schedule,
        private.to_minor_units(set_payout_account.minimum_minor, 'minimum_minor')
    );
    select payout_accounts.* into v_account
    from public.payout_accounts
    where
        payout_accounts.business_id = v_business_id
        and payout_accounts.currency = set_payout_account.currency;
    return v_account;
end;
$$;

comment on function public.set_payout_account is
'Set how a business is paid in a currency. The first call opens an account at the provider; a '
'later one changes the schedule and the minimum.

business_id: an owner or accountant calls. currency: ISO 4217 code. provider: one that pays out, '
'such as stripe; it stays as it was first. schedule: each, daily, weekly (the default), monthly '
'or on_demand. minimum_minor: the least amount of a payout, in minor units. Returns the row of '
'payout_accounts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Make a payout of what can be paid out now.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 payout_account_inactive nothing_to_pay_out
 */
create function public.request_payout(business_id public.identifier, currency text)
returns public.payouts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_id uuid = money.request_payout(
        private.to_identifier(request_payout.business_id, 'business_id'),
        private.to_required_text(request_payout.currency, 'currency', 3)
    );
    v_payout public.payouts;
begin
    select payouts.* into v_payout
    from public.payouts
    where payouts.id = v_payout_id;
    return v_payout;
end;
$$;

comment on function public.request_payout is
'Make a payout of everything that can be paid out now, whatever the schedule. It is approved at '
'once below the threshold of its currency, and waits for the platform''s finance staff above it.

business_id: an owner or accountant calls. currency: ISO 4217 code. Returns the row of payouts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, nothing_to_pay_out '
'409, payout_account_inactive 409.';

/*
 * Approve a payout that waits for it.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden second_factor_required
 *          PT404 not_found · PT409 invalid_transition
 */
create function public.approve_payout(payout_id public.identifier, reason text default null)
returns public.payouts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_id uuid = money.decide_payout(
        private.to_identifier(approve_payout.payout_id, 'payout_id'), 'approve',
        private.to_text(approve_payout.reason, 'reason', 1000)
    );
    v_payout public.payouts;
begin
    select payouts.* into v_payout
    from public.payouts
    where payouts.id = v_payout_id;
    return v_payout;
end;
$$;

comment on function public.approve_payout is
'Approve a payout that waits for it. The platform''s finance staff call, signed in with a second '
'factor, and nobody for a payout that they requested.

payout_id: the payout. reason: kept with the decision. Returns the row of payouts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, second_factor_required 403, '
'not_found 404, invalid_transition 409.';

/*
 * Reject a payout that waits for approval.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden second_factor_required
 *          PT404 not_found · PT409 invalid_transition
 */
create function public.reject_payout(payout_id public.identifier, reason text)
returns public.payouts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout_id uuid = money.decide_payout(
        private.to_identifier(reject_payout.payout_id, 'payout_id'), 'reject',
        private.to_required_text(reject_payout.reason, 'reason', 1000)
    );
    v_payout public.payouts;
begin
    select payouts.* into v_payout
    from public.payouts
    where payouts.id = v_payout_id;
    return v_payout;
end;
$$;

comment on function public.reject_payout is
'Reject a payout that waits for approval: its earnings are open again. Callers as for '
'approve_payout.

payout_id: the payout. reason: why, for the business. Returns the row of payouts.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, second_factor_required 403, '
'not_found 404, invalid_transition 409.';

grant execute on function
public.set_payout_account(public.identifier, text, text, text, public.whole_number),
public.request_payout(public.identifier, text),
public.approve_payout(public.identifier, text),
public.reject_payout(public.identifier, text)
to anon, authenticated, service_role;

-- sql/39_money/api/spending.sql

-- Paying sales with gift cards and credit.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict insufficient_credit nothing_to_pay
 *          PT422 provider_not_offered · PT429 rate_limited
 */
create function public.redeem_gift_card(
    sale_id public.identifier,
    code text,
    amount_minor public.whole_number default null,
    idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'redeem_gift_card', idempotency_key, jsonb_build_array(sale_id, code, amount_minor)
        );
        if v_answer is not null then
            return v_answer;
        end if;
    end if;
    v_answer = money.redeem_gift_card(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_required_text(code, 'code', 40),
        private.to_minor_units(amount_minor, 'amount_minor')
    );
    if idempotency_key is not null then
        perform private.remember_answer('redeem_gift_card', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;
comment on function public.redeem_gift_card is
'Pay a sale, or a part of it, with a gift card.

For the customer of the sale, and for members who serve. The payment is captured at once; a refund '
'returns to the card. Returns what start_payment returns.

- code: as it is printed; case, hyphens and spaces do not matter. A network address may name ten '
'wrong codes an hour.
- amount_minor: in minor units; by default what is owed, or as much of it as is left on the card.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, insufficient_credit 409, nothing_to_pay 409, provider_not_offered 422, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict insufficient_credit nothing_to_pay
 */
create function public.use_credit(
    sale_id public.identifier,
    amount_minor public.whole_number default null,
    idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'use_credit', idempotency_key, jsonb_build_array(sale_id, amount_minor)
        );
        if v_answer is not null then
            return v_answer;
        end if;
    end if;
    v_answer = money.payment_for_caller(money.use_credit(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_minor_units(amount_minor, 'amount_minor')
    ));
    if idempotency_key is not null then
        perform private.remember_answer('use_credit', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;
comment on function public.use_credit is
'Pay a sale, or a part of it, with the credit that its customer has at the business.

For the customer of the sale, and for members who serve. The payment is captured at once; a refund '
'returns to the credit. Returns what start_payment returns.

- amount_minor: in minor units; by default what is owed, or as much of it as there is credit.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, insufficient_credit 409, nothing_to_pay 409.';

grant execute on function
public.redeem_gift_card(public.identifier, text, public.whole_number, text),
public.use_credit(public.identifier, public.whole_number, text)
to anon, authenticated, service_role;

-- sql/39_money/api/statements.sql

-- The monthly statement of a business.

/*
 * Return what a business's account did in a month.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.payout_statement(
    business_id public.identifier, currency text, month text
)
returns table (kind text, movements bigint, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if payout_statement.month is null then
        perform private.invalid('month', 'is required');
    end if;
    return query
    select lines.kind, lines.movements, lines.amount_minor
    from money.statement(
        private.to_identifier(payout_statement.business_id, 'business_id'),
        private.to_required_text(payout_statement.currency, 'currency', 3),
        private.to_date(payout_statement.month, 'month')
    ) as lines;
end;
$$;

comment on function public.payout_statement is
'Return what a business''s account, its reserve included, did in a month: a row opening, a row for '
'each kind of movement, and a row closing, which is their sum. The opening of a month is the '
'closing of the month before. Days are those of the ledger (UTC).

business_id: an owner, an accountant or the platform''s finance staff calls. currency: ISO 4217 '
'code. month: any date of it. Returns kind (opening, sales, refunds, commissions of other '
'businesses, cash, disputes, payouts, payouts_returned, other, closing), movements (how many) and '
'amount_minor, in minor units: positive is owed to the business.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function public.payout_statement(public.identifier, text, text)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
