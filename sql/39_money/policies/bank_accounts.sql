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
