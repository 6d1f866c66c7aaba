-- A bad translation is answered in the API's words.

create trigger _010_refuse_bad_input
before insert or update on catalog.product_translations
for each row execute function business.any__refuse_bad_input('manage');
