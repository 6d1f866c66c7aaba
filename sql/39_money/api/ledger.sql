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
