-- Services, resources, products and variants may have pictures.
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
),
(
    'product', 'gallery', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 20971520, 20, '{160,320,640,1280}',
    'catalog.place_of_product', 'files.add_to_gallery', 'catalog.products',
    'catalog.product_media', 'product_id'
),
(
    'product_variant', 'gallery', 'originals', true,
    '{image/jpeg,image/png,image/webp,image/avif,image/gif}', 20971520, 10, '{160,320,640,1280}',
    'catalog.place_of_product_variant', 'files.add_to_gallery', 'catalog.product_variants',
    'catalog.product_variant_media', 'variant_id'
)
on conflict do nothing;
