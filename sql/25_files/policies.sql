-- Whoever may read a subject sees its public media once they are ready. Owners and managers see all
-- media of their business, users their own, platform staff all but what is confidential. Whoever
-- may read the row that links a private file to its subject sees the file. Clients write
-- alternative texts, delete links, and call functions for the rest.

grant usage on schema files to anon, authenticated, service_role, worker;

alter table files.settings enable row level security;
alter table files.quotas enable row level security;
alter table files.kinds enable row level security;
alter table files.uploads enable row level security;
alter table files.media enable row level security;
alter table files.renditions enable row level security;
alter table files.records enable row level security;
alter table business.business_media enable row level security;
alter table business.business_documents enable row level security;
alter table identity.profile_media enable row level security;

grant select, insert, update, delete
on table files.settings, files.quotas, files.uploads, files.media, files.renditions,
business.business_media, business.business_documents, identity.profile_media
to service_role;

grant select on files.kinds to anon, authenticated, service_role;
-- No writes: kinds come with the seed.

create policy kinds_select
on files.kinds
for select
to anon, authenticated
using (true);

-- The policies of Storage look for open uploads. Only functions write them.
grant select on files.uploads to authenticated;

create policy uploads_select
on files.uploads
for select
to authenticated
using (uploaded_by = (select auth.uid()));

-- Somebody fetches what was made for them. Only functions write downloads.
alter table files.downloads enable row level security;
grant select on files.downloads to authenticated, service_role;

create policy downloads_select
on files.downloads
for select
to authenticated
using (user_id = (select auth.uid()));

grant select on files.media to anon, authenticated;
grant update (alt) on files.media to authenticated;
-- No other writes: create_upload and complete_upload make media, workers look into them.

create policy media_select_public
on files.media
for select
to anon
using (
    is_public
    and state = 'ready'
    and released_at is null
    and (select files.is_readable(subject, kind, subject_id))
);

create policy media_select
on files.media
for select
to authenticated
using (
    owner_id = (select auth.uid())
    or business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('support'))
    and not (select files.is_confidential(subject, kind))
    or is_public
    and state = 'ready'
    and released_at is null
    and (select files.is_readable(subject, kind, subject_id))
    or not is_public
    and (select files.is_link_readable(subject, kind, id))
);

create policy media_update
on files.media
for update
to authenticated
using (
    owner_id = (select auth.uid())
    or business_id in (select private.my_businesses('manage'))
)
with check (
    owner_id = (select auth.uid())
    or business_id in (select private.my_businesses('manage'))
);

grant select on files.renditions to anon, authenticated;

create policy renditions_select
on files.renditions
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = renditions.media_id
    )
);

grant select on business.business_media to anon;
grant select, delete on business.business_media to authenticated;
-- No inserts and updates: complete_upload, reorder_media and feature_media.

create policy business_media_select
on business.business_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = business_media.media_id
    )
);

create policy business_media_delete
on business.business_media
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on identity.profile_media to anon;
grant select, delete on identity.profile_media to authenticated;

create policy profile_media_select
on identity.profile_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = profile_media.media_id
    )
);

create policy profile_media_delete
on identity.profile_media
for delete
to authenticated
using (user_id = (select auth.uid()));

grant select on business.business_documents to authenticated;
-- No writes: a submitted document stays, and the platform decides about it.

create policy business_documents_select
on business.business_documents
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('support'))
);

-- The files themselves. Originals and documents are private, and nobody overwrites or deletes one.
-- Documents and records are read by short-lived links only, and never sent to a caller directly.
-- public-media has no policy: everybody who knows a name gets it, and nobody lists names.
create policy objects_select_files
on storage.objects
for select
to authenticated
using (
    exists (
        select 1
        from files.downloads
        where
            downloads.bucket = objects.bucket_id
            and downloads.object_name = objects.name
            and downloads.user_id = (select auth.uid())
            and downloads.expires_at > (select private.now())
    )
    or (
        bucket_id = 'originals'
        or bucket_id = 'documents'
        and (select storage.operation()) in ('storage.object.sign', 'storage.object.sign_many')
    )
    and exists (
        select 1
        from files.media
        where
            media.bucket = objects.bucket_id
            and media.object_name = objects.name
            and (
                media.owner_id = (select auth.uid())
                or media.business_id in (select private.my_businesses('manage'))
                or (select private.is_platform_staff('support'))
                and not (select files.is_confidential(media.subject, media.kind))
                or not media.is_public
                and files.is_link_readable(media.subject, media.kind, media.id)
            )
    )
    or bucket_id = 'records'
    and (select storage.operation()) in ('storage.object.sign', 'storage.object.sign_many')
    and files.is_record_readable(name)
);

create policy objects_insert_files
on storage.objects
for insert
to authenticated
with check (
    bucket_id in ('originals', 'documents')
    and exists (
        select 1
        from files.uploads
        where
            uploads.bucket = objects.bucket_id
            and uploads.object_name = objects.name
            and uploads.expires_at > (select private.now())
    )
);

grant execute on function
private.to_subject_name(text),
private.to_subject_id(text),
private.to_bytes(text, text),
files.alt_is_valid(jsonb),
files.is_readable(text, text, uuid),
files.is_confidential(text, text),
files.is_link_readable(text, text, uuid),
files.is_record_readable(text),
files.row_of_record(text),
files.open_upload(text, uuid, text, text, bigint, text, text),
files.complete_upload(uuid),
files.reorder(text, uuid, text, uuid[]),
files.feature(uuid),
business.review_document(uuid, boolean, text)
to anon, authenticated, service_role;

grant execute on function
files.start_processing(uuid),
files.finish_processing(uuid, jsonb),
files.refuse_medium(uuid, files.refusal),
files.forget_what_is_let_go(),
files.garbage(integer)
to worker;
