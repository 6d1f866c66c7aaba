-- Answers are only ever added. Managers write for what their business asks.

create trigger _010_refuse_bad_input
before insert or update on crm.consent_purposes
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _100_refuse_rewriting
before update or delete on crm.consents
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on crm.consents
for each statement execute function private.any__refuse_rewriting();
