-- What must never happen to stores.

create trigger _010_refuse_bad_input
before insert or update on business.stores
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on business.store_hours
for each row
execute function business.any__refuse_bad_input('manage');
