-- What an approved account grants its buyers: the entitlement `wholesale`, with the customer group
-- of the account. Price lists ask for both.

/*
 * Make the entitlements of an account's buyers follow from its status and its group: each buyer of
 * an approved account has one from now on, nobody else has any.
 */
create function commerce.renew_entitlements(wholesale_account_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from customers.entitlements
    using commerce.wholesale_buyers
    where
        wholesale_buyers.wholesale_account_id = renew_entitlements.wholesale_account_id
        and entitlements.business_id = wholesale_buyers.business_id
        and entitlements.id = wholesale_buyers.entitlement_id;
    perform commerce.note_company(wholesale_accounts.*, wholesale_buyers.user_id)
    from commerce.wholesale_accounts
    inner join commerce.wholesale_buyers
        on wholesale_buyers.wholesale_account_id = wholesale_accounts.id
    where
        wholesale_accounts.id = renew_entitlements.wholesale_account_id
        and wholesale_buyers.user_id is not null;
    update commerce.wholesale_buyers
    set entitlement_id = commerce.grant_wholesale(wholesale_accounts.*, wholesale_buyers.user_id)
    from commerce.wholesale_accounts
    where
        wholesale_accounts.id = renew_entitlements.wholesale_account_id
        and wholesale_accounts.status = 'approved'
        and wholesale_buyers.wholesale_account_id = wholesale_accounts.id
        and wholesale_buyers.user_id is not null;
end;
$$;

/*
 * Note a buyer as a customer of the business, with the company's tax number: a worker checks its
 * digits, and a verified one stands on documents.
 */
create function commerce.note_company(account commerce.wholesale_accounts, user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform customers.note_customer(
        account.business_id, profiles.id, profiles.full_name, profiles.email, profiles.phone, null
    )
    from identity.profiles
    where profiles.id = note_company.user_id;
    update pricing.tax_numbers
    set number = account.tax_number
    from customers.customers
    where
        customers.business_id = account.business_id
        and customers.user_id = note_company.user_id
        and tax_numbers.business_id = customers.business_id
        and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
        and tax_numbers.country = account.country
        and tax_numbers.number <> account.tax_number;
    insert into pricing.tax_numbers (business_id, customer_id, country, number)
    select
        account.business_id, coalesce(customers.merged_into_id, customers.id), account.country,
        account.tax_number
    from customers.customers
    where
        customers.business_id = account.business_id
        and customers.user_id = note_company.user_id
        and not exists (
            select 1
            from pricing.tax_numbers
            where
                tax_numbers.business_id = customers.business_id
                and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
                and tax_numbers.country = account.country
        );
end;
$$;

/*
 * Grant a buyer the prices of an account. Returns the id of the entitlement.
 */
create function commerce.grant_wholesale(account commerce.wholesale_accounts, user_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into customers.entitlements (
        business_id, customer_id, access, during, customer_group_id
    )
    select
        account.business_id, coalesce(customers.merged_into_id, customers.id), 'wholesale',
        tstzrange(private.now(), null), account.customer_group_id
    from customers.customers
    where
        customers.business_id = account.business_id
        and customers.user_id = grant_wholesale.user_id
    returning entitlements.id into v_id;
    return v_id;
end;
$$;
