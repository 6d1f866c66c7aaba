-- Accounts are made once and stay as they are.

create trigger _100_refuse_rewriting
before update or delete on money.accounts
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.accounts
for each statement execute function private.any__refuse_rewriting();

/*
 * Give an account that may not go negative its row in spendable_balances.
 */
create function money.accounts__keep_spendable()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.spendable_balances (account_id) values (new.id);
    return null;
end;
$$;

create trigger _200_keep_spendable
after insert on money.accounts
for each row
when (money.is_spendable(new.kind))
execute function money.accounts__keep_spendable();
