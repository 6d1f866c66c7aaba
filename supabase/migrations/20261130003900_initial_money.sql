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
            'business_reserve', 'credit_granted'
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

-- sql/39_money/tables/entries.sql

-- The ledger. A transaction is one movement of money, such as a capture; its entries say which
-- accounts it debits (positive) and credits (negative), and they sum to zero in each currency.
-- Nothing here is ever changed or deleted. A mistake is corrected by another transaction.
--
-- Transactions are numbered in pages of 1024, and a transaction shares a lock of its page until it
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
    number bigint not null references money.transactions (number) on delete restrict,
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
    -- Where it can be spent; null: everywhere, and the platform owes it.
    business_id uuid references business.businesses (id) on delete restrict,
    -- The line by which it was sold; null for the platform's own.
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
create index gift_cards_sale_line_idx on money.gift_cards (business_id, sale_line_id);
create index gift_cards_account_idx on money.gift_cards (business_id, account_id);
create index gift_cards_currency_idx on money.gift_cards (currency);
create index gift_cards_buyer_id_idx on money.gift_cards (buyer_id);
create index gift_cards_cancelled_by_idx on money.gift_cards (cancelled_by);

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
    select findings.* from money.wrong_period_balances() as findings;
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
 * Return the last number of the last page that is full and that nobody writes to, of the pages
 * after a number.
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
    v_current bigint = money.current_page();
begin
    while v_page < v_current
        and pg_try_advisory_xact_lock(money.lock_class('page'), v_page::integer)
    loop
        v_page = v_page + 1;
    end loop;
    return v_page * 1024 - 1;
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
begin
    loop
        perform pg_advisory_xact_lock_shared(money.lock_class('page'), v_page::integer);
        v_number = nextval('money.transaction_numbers');
        -- A number of a later page was drawn before that page was locked: draw again.
        exit when money.page_of(v_number) = v_page;
        v_page = money.page_of(v_number);
    end loop;
    return v_number;
end;
$$;

/*
 * Return the page of a number: 1024 numbers each.
 */
create function money.page_of(number bigint)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select number / 1024;
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
    select money.page_of(transaction_numbers.last_value) from money.transaction_numbers;
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
 * Make a gift card that belongs to a line of a sale. It can be spent once it is activated. Returns
 * it with its code, which nothing keeps.
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
        buyer_id, expires_at, created_at
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
        make_gift_card.expires_at,
        private.now()
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
    end loop;
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
 * Return the balance of the gift card of a code, as {balance_minor, currency, expires_at,
 * business_id}, or the refusal that goes back as the answer, since the wrong code must be counted.
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
    v_origin_id uuid = md5('gift card ' || private.caller_address())::uuid;
    v_card money.gift_cards;
begin
    perform money.refuse_guesses(v_origin_id);
    v_card = money.usable_gift_card(gift_card_balance.code);
    if v_card.id is null then
        insert into money.gift_card_lookups (origin_id, at)
        select v_origin_id, private.now()
        where v_origin_id is not null;
        return private.refusal(
            'PT404', 'not_found', 'There is no gift card with this code that can be used.',
            'Check the code.'
        );
    end if;
    return jsonb_build_object(
        'balance_minor', - money.balance(v_card.account_id),
        'currency', v_card.currency,
        'expires_at', v_card.expires_at,
        'business_id', v_card.business_id
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
    -- The first number of a page says that the page before is full.
    if new.number % 1024 = 0 then
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
            bool_or(money.is_spendable(accounts.kind)) as has_spendable
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
before update of business_id, sale_line_id, account_id, currency, amount_minor, code_hash, last4
on money.gift_cards
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on money.gift_cards
for each row execute function private.any__refuse_rewriting();

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

-- sql/39_money/policies/gift_cards.sql

-- Members who serve read the gift cards of their business, buyers theirs, finance all. Managers
-- read credits, customers theirs. Nobody writes: selling, paying and giving do.

alter table money.gift_cards enable row level security;
alter table money.gift_card_lookups enable row level security;
alter table money.credits enable row level security;

-- code_hash is nobody's to read.
grant select (
    id, business_id, sale_line_id, account_id, currency, amount_minor, last4, buyer_id, expires_at,
    activated_at, cancelled_at, cancelled_by, cancel_reason, created_at
)
on money.gift_cards to authenticated;
grant select on money.credits to authenticated;
grant select on money.gift_cards, money.credits to service_role;

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

create policy credits_select
on money.credits
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or business_id = any(array(select private.my_businesses('account')))
    or customer_id = any(array(
        select customers.id
        from customers.customers
        where customers.user_id = (select auth.uid())
    ))
    or (select private.is_platform_staff('finance'))
);

grant execute on function
money.gift_card_balance(text)
to anon, authenticated, service_role;
grant execute on function
money.sell_gift_card(uuid, bigint, text, text, timestamptz),
money.cancel_gift_card(uuid, text),
money.issue_credit(uuid, uuid, bigint, text)
to anon, authenticated, service_role;
grant execute on function money.forget_old_lookups() to worker;

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
        and owner_id = any(array(
            select customers.id
            from customers.customers
            where customers.user_id = (select auth.uid())
        ))
    )
    or (select private.is_platform_staff('finance'))
);

grant execute on function money.balance(uuid) to authenticated, service_role;
grant usage on schema money to worker;
grant execute on function money.write_checkpoints() to worker;

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
    gift_cards.created_at
from money.gift_cards;
grant select on public.gift_cards to authenticated, service_role;

comment on view public.gift_cards is
'Gift cards. Members who serve and accountants read those of their business, buyers theirs, the '
'platform''s finance all. Page by (created_at, id).';
comment on column public.gift_cards.id is 'Key.';
comment on column public.gift_cards.business_id is
'Where it can be spent; null: at every business.';
comment on column public.gift_cards.sale_line_id is
'The line by which it was sold; null for those that the platform gave out.';
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
- expires_at: from when it cannot be spent; by default it never expires.

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
'paid yet, expired or cancelled gets the same answer as none.

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
'customer_credit, gift_cards or rounding.';
comment on column public.ledger_balances.currency is 'ISO 4217 code. Currencies never net.';
comment on column public.ledger_balances.provider is
'The payment provider that holds the money; null for most.';
comment on column public.ledger_balances.owner_id is
'The customer, gift card or partner that it belongs to; null for most.';
comment on column public.ledger_balances.balance_minor is
'The sum of its entries in minor units. Positive is a debit (held for us, or owed to us), negative '
'is a credit (owed by us, or earned).';
comment on column public.ledger_balances.created_at is 'When it was made.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
