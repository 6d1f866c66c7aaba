-- How a wholesale account comes to be and what is decided about it. Approval grants each buyer the
-- entitlement `wholesale` with the customer group of the account; suspension takes it away.

/*
 * Ask for a wholesale account, as the signed-in user, who becomes its first approver. A rejected
 * request of theirs is made again with the new words. Returns the id of the account.
 * Definer: nobody has a write grant on accounts.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function commerce.request_wholesale(
    business_id uuid, company_name text, country text, tax_number text, message text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_account commerce.wholesale_accounts;
begin
    perform commerce.require_seller(request_wholesale.business_id);
    select wholesale_accounts.* into v_account
    from commerce.wholesale_buyers
    inner join commerce.wholesale_accounts
        on wholesale_accounts.id = wholesale_buyers.wholesale_account_id
    where
        wholesale_buyers.business_id = request_wholesale.business_id
        and wholesale_buyers.user_id = v_user_id
    for update of wholesale_accounts;
    if v_account.id is not null
        and (v_account.status <> 'rejected' or v_account.requested_by <> v_user_id) then
        perform private.refuse(
            'PT409', 'already_exists', 'You have a wholesale account with this business already.',
            'Read wholesale_accounts.'
        );
    end if;
    v_account.business_id = request_wholesale.business_id;
    v_account.requested_by = v_user_id;
    v_account.company_name = request_wholesale.company_name;
    v_account.country = request_wholesale.country;
    v_account.tax_number = upper(
        regexp_replace(request_wholesale.tax_number, '[\s./-]', '', 'g')
    );
    v_account.message = request_wholesale.message;
    return commerce.write_request(v_account);
end;
$$;

/*
 * Refuse a business that sells to nobody now.
 *
 * Errors:  PT404 not_found
 */
create function commerce.require_seller(business_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not business.is_open(business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
end;
$$;

/*
 * Write a request: a new account with its first buyer, or one that was rejected. Two requests of
 * one user at once become one.
 *
 * Errors:  PT400 invalid_input · PT409 already_exists
 */
create function commerce.write_request(account commerce.wholesale_accounts)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = coalesce(account.id, gen_random_uuid());
begin
    insert into commerce.wholesale_accounts (
        id, business_id, requested_by, company_name, country, tax_number, message, currency,
        requested_at
    )
    select
        v_id, account.business_id, account.requested_by, account.company_name, account.country,
        account.tax_number, account.message, businesses.currency, private.now()
    from business.businesses
    where businesses.id = account.business_id
    on conflict (id) do update set
        company_name = excluded.company_name,
        country = excluded.country,
        tax_number = excluded.tax_number,
        message = excluded.message,
        status = 'requested',
        reason = null,
        requested_at = excluded.requested_at,
        decided_at = null;
    if account.id is null then
        insert into commerce.wholesale_buyers (
            business_id, wholesale_account_id, email, user_id, role, invited_at, joined_at
        )
        select
            account.business_id, v_id, lower(users.email), users.id, 'approver', private.now(),
            private.now()
        from auth.users
        where users.id = account.requested_by;
    end if;
    perform commerce.renew_entitlements(v_id);
    return v_id;
exception
    when unique_violation then
        perform private.refuse(
            'PT409', 'already_exists', 'You have a wholesale account with this business already.',
            'Read wholesale_accounts.'
        );
        return null;
end;
$$;

/*
 * Return an account, locked, in whose business the caller has a permission.
 * Definer: it must tell an account that does not exist from one that the caller may not change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_wholesale_account(wholesale_account_id uuid, permission text)
returns commerce.wholesale_accounts
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account commerce.wholesale_accounts;
begin
    select wholesale_accounts.* into v_account
    from commerce.wholesale_accounts
    where wholesale_accounts.id = lock_wholesale_account.wholesale_account_id
    for update;
    if v_account.id is null
        or not private.is_operator()
        and v_account.business_id not in (select private.my_businesses('view'))
        and v_account.id not in (select private.my_wholesale_accounts()) then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such wholesale account.',
            'Check the id in the view wholesale_accounts.'
        );
    end if;
    perform private.require_member(v_account.business_id, permission);
    return v_account;
end;
$$;

/*
 * Decide about an account: approve, reject or suspend it.
 * Definer: nobody has a write grant on accounts.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function commerce.decide_wholesale(
    wholesale_account_id uuid, decision commerce.wholesale_status, reason text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account constant commerce.wholesale_accounts = commerce.lock_wholesale_account(
        decide_wholesale.wholesale_account_id, 'manage'
    );
begin
    if decision <> 'approved' and decide_wholesale.reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    if not exists (
        select 1
        from commerce.wholesale_steps
        where
            wholesale_steps.from_status = v_account.status
            and wholesale_steps.to_status = decision
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A wholesale account that is %s cannot become %s.', v_account.status, decision),
            'Read wholesale_accounts again.'
        );
    end if;
    update commerce.wholesale_accounts
    set
        status = decision,
        reason = case when decision <> 'approved' then decide_wholesale.reason end,
        decided_at = private.now()
    where wholesale_accounts.id = v_account.id;
    perform commerce.renew_entitlements(v_account.id);
end;
$$;

/*
 * Set the terms of an account. They hold from the next order on.
 * Definer: nobody has a write grant on accounts.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.set_wholesale_terms(
    wholesale_account_id uuid,
    customer_group_id uuid,
    net_days integer,
    credit_limit_minor bigint,
    minimum_minor bigint,
    minimum_quantity integer
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account constant commerce.wholesale_accounts = commerce.lock_wholesale_account(
        set_wholesale_terms.wholesale_account_id, 'manage'
    );
begin
    if set_wholesale_terms.customer_group_id is not null and not exists (
        select 1
        from customers.customer_groups
        where
            customer_groups.business_id = v_account.business_id
            and customer_groups.id = set_wholesale_terms.customer_group_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such customer group.',
            'Check the id in the view customer_groups.'
        );
    end if;
    update commerce.wholesale_accounts
    set
        customer_group_id = set_wholesale_terms.customer_group_id,
        net_days = set_wholesale_terms.net_days,
        credit_limit_minor = set_wholesale_terms.credit_limit_minor,
        minimum_minor = set_wholesale_terms.minimum_minor,
        minimum_quantity = set_wholesale_terms.minimum_quantity
    where wholesale_accounts.id = v_account.id;
    perform commerce.renew_entitlements(v_account.id);
end;
$$;
