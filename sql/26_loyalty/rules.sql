-- What holds for points, whoever writes them.

create trigger _010_refuse_bad_input
before insert or update on loyalty.programs
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on loyalty.multipliers
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on loyalty.programs
for each row execute function private.any__touch();

create trigger _100_refuse_rewriting
before update or delete on loyalty.entries
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on loyalty.entries
for each statement execute function private.any__refuse_rewriting();
