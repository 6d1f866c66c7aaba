-- What a constraint on customers cannot say.

create trigger _010_refuse_bad_input
before insert or update on customers.customer_groups
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on customers.customer_group_members
for each row
execute function business.any__refuse_bad_input('manage');
