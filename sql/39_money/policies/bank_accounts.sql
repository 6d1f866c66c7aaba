-- Owners and accountants read the bank accounts of their business, the platform's finance all.
-- Nobody writes: set_bank_account does.

alter table money.bank_accounts enable row level security;

-- secret_id is nobody's to read.
grant select (business_id, currency, holder_name, last4, updated_at)
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

grant execute on function
money.set_bank_account(uuid, text, text, text),
money.to_account_number(text, text),
money.has_iban_check(text)
to anon, authenticated, service_role;
