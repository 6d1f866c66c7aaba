-- Payments by gift card or credit: no provider is asked, the ledger has the money already.

create table money.credit_payments (
    payment_id uuid primary key references money.payments (id) on delete restrict,
    -- What it draws on: a gift card's account, or a customer's credit.
    account_id uuid not null references money.accounts (id) on delete restrict
);
comment on table money.credit_payments is
'From which account of the ledger a payment by gift card or credit comes. A refund returns there.';
create index credit_payments_account_id_idx on money.credit_payments (account_id);
