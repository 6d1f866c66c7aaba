-- What a constraint on markets cannot say.

create trigger _010_refuse_bad_input
before insert or update on commerce.markets
for each row execute function business.any__refuse_bad_input('manage');
