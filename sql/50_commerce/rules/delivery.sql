-- What a constraint on delivery options cannot say.

create trigger _010_refuse_bad_input
before insert or update on commerce.delivery_options
for each row execute function business.any__refuse_bad_input('manage');
