-- The buyers of a company: approvers of the company invite them by e-mail address, and whoever has
-- the address accepts. A company always keeps an approver.

/*
 * Return the accounts for which the signed-in user buys, in a role or in any.
 * Definer: policies ask it once a statement, instead of the policy of buyers.
 */
create function private.my_wholesale_accounts(role text default null)
returns setof uuid
language plpgsql
stable
security definer
rows 2
set search_path = ''
as $$
begin
    return query
    select wholesale_buyers.wholesale_account_id
    from commerce.wholesale_buyers
    where
        wholesale_buyers.user_id = auth.uid()
        and (
            my_wholesale_accounts.role is null
            or wholesale_buyers.role::text = my_wholesale_accounts.role
        );
end;
$$;

/*
 * Return the invitations to the signed-in user's confirmed address.
 * Definer: clients cannot read auth.users.
 */
create function private.my_buyer_invitations()
returns setof uuid
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
    return query
    select wholesale_buyers.id
    from auth.users
    inner join commerce.wholesale_buyers on wholesale_buyers.email = lower(users.email)
    where
        users.id = auth.uid()
        and users.email_confirmed_at is not null
        and wholesale_buyers.user_id is null;
end;
$$;

/*
 * Return an account, locked, that the caller may keep the buyers of: as its approver, as a manager
 * of the business, or as the operator.
 * Definer: it must tell an account that does not exist from one that the caller may not change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_company(wholesale_account_id uuid)
returns commerce.wholesale_accounts
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account commerce.wholesale_accounts;
begin
    if not exists (
        select 1
        from private.my_wholesale_accounts('approver') as mine (id)
        where mine.id = lock_company.wholesale_account_id
    ) then
        return commerce.lock_wholesale_account(lock_company.wholesale_account_id, 'manage');
    end if;
    select wholesale_accounts.* into v_account
    from commerce.wholesale_accounts
    where wholesale_accounts.id = lock_company.wholesale_account_id
    for update;
    return v_account;
end;
$$;

/*
 * Invite somebody to buy for a company, or change what a buyer may. Returns the id of the buyer.
 * Definer: nobody has a write grant on buyers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_approver
 */
create function commerce.invite_buyer(
    wholesale_account_id uuid, email text, role commerce.wholesale_role, order_limit_minor bigint
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_account constant commerce.wholesale_accounts = commerce.lock_company(
        invite_buyer.wholesale_account_id
    );
    v_id uuid;
begin
    insert into commerce.wholesale_buyers (
        business_id, wholesale_account_id, email, role, order_limit_minor, invited_at
    )
    values (
        v_account.business_id, v_account.id, lower(invite_buyer.email), invite_buyer.role,
        invite_buyer.order_limit_minor, private.now()
    )
    on conflict on constraint wholesale_buyers_email_unique do update set
        role = excluded.role,
        order_limit_minor = excluded.order_limit_minor
    returning wholesale_buyers.id into v_id;
    perform commerce.require_approver(v_account.id);
    return v_id;
end;
$$;

/*
 * Refuse to leave a company without anybody who keeps its buyers.
 *
 * Errors:  PT409 last_approver
 */
create function commerce.require_approver(wholesale_account_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from commerce.wholesale_buyers
        where
            wholesale_buyers.wholesale_account_id = require_approver.wholesale_account_id
            and wholesale_buyers.user_id is not null
            and wholesale_buyers.role = 'approver'
    ) then
        perform private.refuse(
            'PT409', 'last_approver', 'The company would have no approver left.',
            'Make another buyer an approver first.'
        );
    end if;
end;
$$;

/*
 * Accept an invitation to buy for a company, as the user who has the invited, confirmed address.
 * Accepting again changes nothing.
 * Definer: nobody has a write grant on buyers.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 already_exists
 */
create function commerce.accept_buyer_invitation(wholesale_buyer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_account_id uuid;
begin
    -- The account first, as whoever decides about it does.
    select wholesale_accounts.id into v_account_id
    from commerce.wholesale_buyers
    inner join commerce.wholesale_accounts
        on wholesale_accounts.id = wholesale_buyers.wholesale_account_id
    where wholesale_buyers.id = accept_buyer_invitation.wholesale_buyer_id
    for update of wholesale_accounts;
    if exists (
        select 1
        from commerce.wholesale_buyers
        where
            wholesale_buyers.id = accept_buyer_invitation.wholesale_buyer_id
            and wholesale_buyers.user_id = v_user_id
    ) then
        return;
    end if;
    update commerce.wholesale_buyers
    set user_id = v_user_id, joined_at = private.now()
    where
        wholesale_buyers.id = accept_buyer_invitation.wholesale_buyer_id
        and wholesale_buyers.id in (select private.my_buyer_invitations());
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such invitation.',
            'Confirm the address that was invited, and read wholesale_buyers.'
        );
    end if;
    perform commerce.renew_entitlements(v_account_id);
exception
    when unique_violation then
        perform private.refuse(
            'PT409', 'already_exists', 'You buy for another company from this business already.',
            'Leave that company first.'
        );
end;
$$;

/*
 * Take a buyer off a company, or an invitation back. Approvers of the company and managers of the
 * business may, and buyers leave.
 * Definer: nobody has a write grant on buyers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_approver
 */
create function commerce.remove_buyer(wholesale_buyer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_buyer commerce.wholesale_buyers;
begin
    select wholesale_buyers.* into v_buyer
    from commerce.wholesale_buyers
    where wholesale_buyers.id = remove_buyer.wholesale_buyer_id;
    if v_buyer.user_id is null or v_buyer.user_id is distinct from auth.uid() then
        perform commerce.lock_company(v_buyer.wholesale_account_id);
    else
        perform 1
        from commerce.wholesale_accounts
        where wholesale_accounts.id = v_buyer.wholesale_account_id
        for update;
    end if;
    delete from commerce.wholesale_buyers where wholesale_buyers.id = v_buyer.id;
    perform commerce.require_approver(v_buyer.wholesale_account_id);
end;
$$;
