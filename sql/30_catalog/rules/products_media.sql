-- A deleted link, product or variant lets go of its pictures.

create trigger _500_release_medium
after delete on catalog.product_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete on catalog.product_variant_media
for each row execute function files.any__release_medium();
