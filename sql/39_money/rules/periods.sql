-- What is closed stays closed, and checkpoints stay as they were written.

create trigger _100_refuse_rewriting
before update or delete on money.periods
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.periods
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on money.period_balances
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.period_balances
for each statement execute function private.any__refuse_rewriting();
