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
