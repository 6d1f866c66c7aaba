-- Money: what was paid, what is owed to whom, and every movement between the two as a balanced
-- double entry that is never rewritten.

create schema money;
comment on schema money is
'Payments, refunds, the ledger, commissions and payouts. Exposed through views alone.';
