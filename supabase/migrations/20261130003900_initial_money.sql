-- The initial schema of 39_money: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/39_money/tables/accounts.sql

-- Money: what was paid, what is owed to whom, and every movement between the two as a balanced
-- double entry that is never rewritten.

create schema money;
comment on schema money is
'Payments, refunds, the ledger, commissions and payouts. Exposed through views alone.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
