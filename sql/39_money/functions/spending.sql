-- Accounts that may not go negative: customer credit and gift cards.

/*
 * Apply entries to what can be spent. The caller sorts them by account, so that two that spend from
 * the same accounts wait for each other in one order.
 *
 * Errors:  PT409 insufficient_credit
 */
create function money.spend(entries money.entry[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry money.entry;
    v_balance bigint;
begin
    foreach v_entry in array spend.entries
    loop
        select spendable_balances.balance_minor - v_entry.amount_minor into v_balance
        from money.spendable_balances
        where spendable_balances.account_id = v_entry.account_id
        for update;
        if v_balance < 0 then
            perform private.refuse(
                'PT409', 'insufficient_credit',
                'There is not enough left on the gift card or the credit.',
                'Pay a smaller part with it.'
            );
        end if;
        update money.spendable_balances
        set balance_minor = v_balance
        where spendable_balances.account_id = v_entry.account_id;
    end loop;
end;
$$;
