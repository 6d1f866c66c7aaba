-- Customers' credit. A business gives it and bears it: when it is spent, what the business earned
-- becomes less by as much.

/*
 * Give a customer credit, with a reason. Returns the id of the record. The ledger notes what the
 * business will bear once the credit is spent.
 * Definer: nobody has a write grant on credits; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.issue_credit(
    business_id uuid, customer_id uuid, amount_minor bigint, reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_credit money.credits;
begin
    perform private.require_member(issue_credit.business_id, 'manage');
    insert into money.credits (
        business_id, customer_id, currency, amount_minor, reason, given_by, created_at
    )
    select
        customers.business_id, customers.id, businesses.currency, issue_credit.amount_minor,
        issue_credit.reason, auth.uid(), private.now()
    from customers.customers
    inner join business.businesses on customers.business_id = businesses.id
    where
        customers.business_id = issue_credit.business_id
        and customers.id = issue_credit.customer_id
    returning credits.* into v_credit;
    if v_credit.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'The business has no such customer.',
            'Choose one of the view customers.'
        );
    end if;
    perform money.post(
        v_credit.business_id, 'credit.issued', v_credit.id,
        array[
            money.make_entry(
                money.account(
                    'credit_granted', v_credit.currency, v_credit.business_id,
                    owner_id => v_credit.customer_id
                ),
                v_credit.amount_minor
            ),
            money.make_entry(
                money.account(
                    'customer_credit', v_credit.currency, v_credit.business_id,
                    owner_id => v_credit.customer_id
                ),
                - v_credit.amount_minor
            )
        ]
    );
    return v_credit.id;
end;
$$;

/*
 * Lock what can be spent from an account, and return it.
 */
create function money.lock_spendable(account_id uuid)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_balance bigint;
begin
    select spendable_balances.balance_minor into v_balance
    from money.spendable_balances
    where spendable_balances.account_id = lock_spendable.account_id
    for update;
    return coalesce(v_balance, 0);
end;
$$;
