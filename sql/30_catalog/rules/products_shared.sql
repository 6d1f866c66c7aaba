-- What a constraint on shared products and their listings cannot say.

create trigger _010_refuse_bad_input
before insert or update on catalog.shared_products
for each row execute function private.any__refuse_bad_input();

create trigger _900_touch
before update on catalog.shared_products
for each row execute function private.any__touch();

create trigger _010_refuse_bad_input
before insert on catalog.product_listings
for each row execute function business.any__refuse_bad_input('manage');
