-- A deleted link, service or resource lets go of its pictures.

create trigger _500_release_medium
after delete on catalog.service_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete on catalog.resource_media
for each row execute function files.any__release_medium();
