-- Settings, the buckets where the host has storage, and the kinds of files of businesses and users.
insert into files.settings (is_only_row)
values (true)
on conflict do nothing;

do $$
begin
    if to_regclass('storage.buckets') is not null then
        insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
        values
        (
            'originals', 'originals', false, 26214400,
            '{image/jpeg,image/png,image/webp,image/avif,image/gif}'
        ),
        (
            'documents', 'documents', false, 26214400,
            '{application/pdf,image/jpeg,image/png}'
        ),
        ('records', 'records', false, 26214400, '{application/pdf,application/xml}'),
        ('public-media', 'public-media', true, null, '{image/avif,image/webp,image/jpeg}')
        on conflict (id) do update
        set public = excluded.public
        where buckets.public is distinct from excluded.public;
    end if;
end;
$$;

insert into files.kinds (
    subject, name, bucket, is_public, content_types, max_bytes, max_number, widths,
    place_function, attach_function, relation, links, gallery_key
)
values
(
    'business', 'gallery', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 20971520, 50, '{320,640,1280,2048}',
    'business.place_of_business', 'files.add_to_gallery', 'business.businesses',
    'business.business_media', 'business_id'
),
(
    'profile', 'picture', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 10485760, 1, '{160,640}',
    'identity.place_of_profile', 'identity.set_picture', 'identity.profiles',
    'identity.profile_media', null
)
on conflict do nothing;

insert into files.kinds (
    subject, name, bucket, is_public, content_types, max_bytes, max_number,
    place_function, attach_function, relation, links
)
values
(
    'business', 'registration', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 20, 'business.place_of_business', 'business.hand_in_document',
    'business.businesses', 'business.business_documents'
),
(
    'business', 'identity', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 20, 'business.place_of_business', 'business.hand_in_document',
    'business.businesses', 'business.business_documents'
),
(
    'business', 'license', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 20, 'business.place_of_business', 'business.hand_in_document',
    'business.businesses', 'business.business_documents'
),
(
    'business', 'tax', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 20, 'business.place_of_business', 'business.hand_in_document',
    'business.businesses', 'business.business_documents'
),
(
    'business', 'other', 'documents', false, '{application/pdf,image/jpeg,image/png}',
    20971520, 20, 'business.place_of_business', 'business.hand_in_document',
    'business.businesses', 'business.business_documents'
)
on conflict do nothing;
