-- The pictures of products and variants.

create view public.product_media
with (security_invoker = true)
as
select
    product_media.media_id,
    product_media.business_id,
    product_media.product_id,
    product_media.position,
    product_media.is_featured
from catalog.product_media;
grant select on public.product_media to anon;
grant select, delete on public.product_media to authenticated, service_role;

comment on view public.product_media is
'The galleries of products. Owners and managers take a picture out by deleting its row.';
comment on column public.product_media.media_id is 'The picture.';
comment on column public.product_media.business_id is 'The business.';
comment on column public.product_media.product_id is 'The product.';
comment on column public.product_media.position is 'Order by it; see reorder_media.';
comment on column public.product_media.is_featured is
'Whether it stands for the whole gallery; at most one does. See feature_media.';

create view public.product_variant_media
with (security_invoker = true)
as
select
    product_variant_media.media_id,
    product_variant_media.business_id,
    product_variant_media.variant_id,
    product_variant_media.position,
    product_variant_media.is_featured
from catalog.product_variant_media;
grant select on public.product_variant_media to anon;
grant select, delete on public.product_variant_media to authenticated, service_role;

comment on view public.product_variant_media is
'The pictures of variants. Owners and managers take one out by deleting its row.';
comment on column public.product_variant_media.media_id is 'The picture.';
comment on column public.product_variant_media.business_id is 'The business.';
comment on column public.product_variant_media.variant_id is 'The variant.';
comment on column public.product_variant_media.position is 'Order by it; see reorder_media.';
comment on column public.product_variant_media.is_featured is
'Whether it stands for all pictures of the variant; at most one does. See feature_media.';
