-- Services and resources may have pictures.
insert into files.kinds (
    subject, name, bucket, is_public, content_types, max_bytes, max_number, widths,
    place_function, attach_function, relation, links, gallery_key
)
values
(
    'service', 'gallery', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 20971520, 20, '{320,640,1280,2048}',
    'catalog.place_of_service', 'files.add_to_gallery', 'catalog.services',
    'catalog.service_media', 'service_id'
),
(
    'resource', 'gallery', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 20971520, 20, '{160,320,640,1280}',
    'catalog.place_of_resource', 'files.add_to_gallery', 'catalog.resources',
    'catalog.resource_media', 'resource_id'
)
on conflict do nothing;
