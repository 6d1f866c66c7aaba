-- Managers write how long variants take to come; a bad row is answered in the API's words.

create trigger _010_refuse_bad_input
before insert or update on insight.supply_terms
for each row execute function business.any__refuse_bad_input('manage');
