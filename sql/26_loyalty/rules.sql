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

/*
 * Refuse to delete a program of which customers have accounts.
 * Definer: whoever deletes it may not read every account.
 *
 * Errors:  PT409 in_use
 */
create function loyalty.programs__refuse_deletion()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1 from loyalty.accounts where accounts.business_id = old.business_id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'Customers have points.', 'Set is_active to false instead.'
        );
    end if;
    return old;
end;
$$;

create trigger _100_refuse_deletion
before delete on loyalty.programs
for each row
when (pg_trigger_depth() = 0)
execute function loyalty.programs__refuse_deletion();
