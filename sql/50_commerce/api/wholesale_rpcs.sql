-- Requesting wholesale, deciding about it, and its terms.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function public.request_wholesale(
    business_id public.identifier,
    company_name text,
    country text,
    tax_number text,
    message text default null
)
returns public.wholesale_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_account public.wholesale_accounts;
begin
    v_id = commerce.request_wholesale(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(company_name, 'company_name', 200),
        private.to_required_text(country, 'country', 2),
        private.to_required_text(tax_number, 'tax_number', 40),
        private.to_text(message, 'message', 2000)
    );
    select wholesale_accounts.* into v_account
    from public.wholesale_accounts
    where wholesale_accounts.id = v_id;
    return v_account;
end;
$$;
comment on function public.request_wholesale is
'Ask a business for a wholesale account.

Returns the account, which is requested. The caller becomes its first approver, and may hand in '
'papers for wholesale:ID with create_upload until the business has decided. A rejected request is '
'made again by calling this again.

- company_name: at most 200 characters.
- country: two-letter ISO 3166 code.
- tax_number: a tax number of the country; spaces and punctuation are taken out.
- message: at most 2000 characters.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.decide_wholesale(
    wholesale_account_id public.identifier, decision text, reason text default null
)
returns public.wholesale_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(wholesale_account_id, 'wholesale_account_id');
    v_account public.wholesale_accounts;
begin
    if decision is null or decision not in ('approved', 'rejected', 'suspended') then
        perform private.invalid('decision', 'must be approved, rejected or suspended');
    end if;
    perform commerce.decide_wholesale(
        v_id, decision::commerce.wholesale_status, private.to_text(reason, 'reason', 1000)
    );
    select wholesale_accounts.* into v_account
    from public.wholesale_accounts
    where wholesale_accounts.id = v_id;
    return v_account;
end;
$$;
comment on function public.decide_wholesale is
'Approve, reject or suspend a wholesale account.

For owners and managers. Returns the account. Approval gives its buyers the prices of the '
'account''s customer group and of lists for the entitlement wholesale; suspension takes them away. '
'The requester and the owners and managers are told.

- decision: approved, rejected or suspended.
- reason: at most 1000 characters; required unless it is approved.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_wholesale_terms(
    wholesale_account_id public.identifier,
    customer_group_id public.identifier default null,
    net_days public.whole_number default null,
    credit_limit_minor public.whole_number default null,
    minimum_minor public.whole_number default null,
    minimum_quantity public.whole_number default null
)
returns public.wholesale_accounts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(wholesale_account_id, 'wholesale_account_id');
    v_account public.wholesale_accounts;
begin
    perform commerce.set_wholesale_terms(
        v_id,
        private.to_identifier(customer_group_id, 'customer_group_id', false),
        private.to_whole_number(net_days, 'net_days', 1, 365, false),
        private.to_minor_units(credit_limit_minor, 'credit_limit_minor'),
        private.to_minor_units(minimum_minor, 'minimum_minor'),
        private.to_whole_number(minimum_quantity, 'minimum_quantity', 1, 1000000, false)
    );
    select wholesale_accounts.* into v_account
    from public.wholesale_accounts
    where wholesale_accounts.id = v_id;
    return v_account;
end;
$$;
comment on function public.set_wholesale_terms is
'Set all terms of a wholesale account; they hold from the next order on.

For owners and managers. Returns the account. What is left out is not agreed.

- customer_group_id: the group whose prices the buyers get.
- net_days: days within which an order is paid, 1 to 365; together with credit_limit_minor.
- credit_limit_minor: how much may be unpaid, in minor units of the account''s currency.
- minimum_minor: what an order costs at least, in minor units.
- minimum_quantity: how many pieces an order has at least.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.request_wholesale(public.identifier, text, text, text, text),
public.decide_wholesale(public.identifier, text, text),
public.set_wholesale_terms(
    public.identifier, public.identifier, public.whole_number, public.whole_number,
    public.whole_number, public.whole_number
)
to anon, authenticated, service_role;
