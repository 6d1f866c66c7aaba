-- Who may read the ledger: members with the permission `account` the accounts of their business,
-- customers their own credit, the platform's finance all. Nobody writes: what moves money posts.

grant usage on schema money to anon, authenticated, service_role;

alter table money.accounts enable row level security;
alter table money.spendable_balances enable row level security;
alter table money.transactions enable row level security;
alter table money.entries enable row level security;
alter table money.checkpoints enable row level security;
alter table money.checkpoint_runs enable row level security;
alter table money.periods enable row level security;
alter table money.period_balances enable row level security;

grant select on money.accounts to authenticated;
-- Entries have no grant for clients: public.ledger_balances shows what they add up to.
grant select
on money.accounts, money.spendable_balances, money.transactions, money.entries, money.checkpoints,
money.checkpoint_runs, money.periods, money.period_balances
to service_role;

create policy accounts_select
on money.accounts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (
        kind = 'customer_credit'
        and owner_id = any(array(select customers.mine()))
    )
    or (select private.is_platform_staff('finance'))
);

grant execute on function money.balance(uuid) to authenticated, service_role;
grant usage on schema money to worker;
grant execute on function money.write_checkpoints() to worker;
