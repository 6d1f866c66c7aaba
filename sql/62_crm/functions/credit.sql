-- The credit of two customers who become one, and how it is shared out again. The ledger moves it
-- from account to account, so sums stay the same.

/*
 * Return the accounts of a customer's credit: what they can spend, and what the business will bear
 * for it.
 */
create function crm.credit_accounts(business_id uuid, customer_id uuid)
returns setof money.accounts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select accounts.*
    from money.accounts
    where
        accounts.business_id = credit_accounts.business_id
        and accounts.owner_id = credit_accounts.customer_id
        and accounts.kind in ('customer_credit', 'credit_granted')
    order by accounts.id;
end;
$$;

/*
 * Return the account of another customer that is like a given one. It is made when there is none.
 */
create function crm.account_like(account money.accounts, customer_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.account(
        account.kind, account.currency, account.business_id, owner_id => customer_id
    );
end;
$$;

/*
 * Move the duplicate's credit to the customer who stays. Later refunds of what was paid with it
 * return there as well.
 */
create function crm.move_credit(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_account money.accounts;
    v_payment money.credit_payments;
    v_entries money.entry[] = '{}';
    v_balance bigint;
    v_to uuid;
begin
    for v_account in
        select accounts.* from crm.credit_accounts(merge.business_id, merge.duplicate_id) as accounts
    loop
        v_to = crm.account_like(v_account, merge.customer_id);
        perform money.lock_spendable(v_account.id);
        v_balance = money.balance(v_account.id);
        v_entries = v_entries
        || money.make_entry(v_account.id, - v_balance)
        || money.make_entry(v_to, v_balance);
        for v_payment in
            select credit_payments.*
            from money.credit_payments
            where credit_payments.account_id = v_account.id
            for update
        loop
            perform crm.change_for_merge(
                merge, 'money.credit_payments', to_jsonb(v_payment),
                jsonb_build_object('account_id', v_to)
            );
        end loop;
    end loop;
    perform money.post(merge.business_id, 'credit.merged', merge.id, v_entries);
end;
$$;

/*
 * Give the duplicate of a merger back the credit that it moved, as far as it was not spent since.
 */
create function crm.return_credit(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_moved record;
    v_entries money.entry[] = '{}';
    v_left bigint;
    v_amount bigint;
begin
    for v_moved in
        select
            entries.account_id,
            - entries.amount_minor as amount_minor,
            crm.account_like(accounts, merge.customer_id) as from_id
        from money.transactions
        inner join money.entries on entries.number = transactions.number
        inner join money.accounts on accounts.id = entries.account_id
        where
            transactions.cause_kind = 'credit.merged'
            and transactions.cause_id = merge.id
            and accounts.owner_id = merge.duplicate_id
        order by entries.position
    loop
        perform money.lock_spendable(v_moved.from_id);
        v_left = money.balance(v_moved.from_id);
        v_amount = sign(v_moved.amount_minor) * least(abs(v_moved.amount_minor), abs(v_left));
        v_entries = v_entries
        || money.make_entry(v_moved.from_id, - v_amount)
        || money.make_entry(v_moved.account_id, v_amount);
    end loop;
    perform money.post(merge.business_id, 'credit.parted', merge.id, v_entries);
end;
$$;
