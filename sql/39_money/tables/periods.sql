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
