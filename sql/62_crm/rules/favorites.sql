-- What holds for favorites, whoever writes them.

create trigger _010_refuse_bad_input
before insert on crm.favorites
for each row execute function private.any__refuse_bad_input();
