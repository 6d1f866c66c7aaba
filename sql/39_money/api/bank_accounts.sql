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
