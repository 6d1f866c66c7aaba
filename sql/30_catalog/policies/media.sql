-- Galleries of services and resources are read like their media. Owners and managers take pictures
-- out; complete_upload, reorder_media and feature_media write the rest.

alter table catalog.service_media enable row level security;
alter table catalog.resource_media enable row level security;
grant select on table catalog.service_media, catalog.resource_media to anon;
grant select, delete on table catalog.service_media, catalog.resource_media to authenticated;
grant select, insert, update, delete on table catalog.service_media, catalog.resource_media
to service_role;

create policy service_media_select
on catalog.service_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = service_media.media_id
    )
);

create policy service_media_delete
on catalog.service_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy resource_media_select
on catalog.resource_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = resource_media.media_id
    )
);

create policy resource_media_delete
on catalog.resource_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
