-- Pictures of products and variants are read like their media. Owners and managers take pictures
-- out; complete_upload, reorder_media and feature_media write the rest.

alter table catalog.product_media enable row level security;
alter table catalog.product_variant_media enable row level security;
grant select on table catalog.product_media, catalog.product_variant_media to anon;
grant select, delete on table catalog.product_media, catalog.product_variant_media to authenticated;
grant select, insert, update, delete on table catalog.product_media, catalog.product_variant_media
to service_role;

create policy product_media_select
on catalog.product_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = product_media.media_id
    )
);

create policy product_media_delete
on catalog.product_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy product_variant_media_select
on catalog.product_variant_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = product_variant_media.media_id
    )
);

create policy product_variant_media_delete
on catalog.product_variant_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
