-- What holds for plans, whoever writes them.

create trigger _010_refuse_bad_input
before insert or update on memberships.membership_plans
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on memberships.plan_prices
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on memberships.plan_services
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on memberships.membership_plans
for each row execute function private.any__touch();

create trigger _900_touch
before update on memberships.memberships
for each row execute function private.any__touch();
