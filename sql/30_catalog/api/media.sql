-- The galleries of services and resources.

create view public.service_media
with (security_invoker = true)
as
select
    service_media.media_id,
    service_media.business_id,
    service_media.service_id,
    service_media.position,
    service_media.is_featured
from catalog.service_media;
grant select on public.service_media to anon;
grant select, delete on public.service_media to authenticated, service_role;

comment on view public.service_media is
'The galleries of services. Owners and managers take a picture out by deleting its row.';
comment on column public.service_media.media_id is 'The picture.';
comment on column public.service_media.business_id is 'The business.';
comment on column public.service_media.service_id is 'The service.';
comment on column public.service_media.position is 'Order by it; see reorder_media.';
comment on column public.service_media.is_featured is
'Whether it stands for the whole gallery; at most one does. See feature_media.';

create view public.resource_media
with (security_invoker = true)
as
select
    resource_media.media_id,
    resource_media.business_id,
    resource_media.resource_id,
    resource_media.position,
    resource_media.is_featured
from catalog.resource_media;
grant select on public.resource_media to anon;
grant select, delete on public.resource_media to authenticated, service_role;

comment on view public.resource_media is
'The pictures of resources. Owners and managers take one out by deleting its row.';
comment on column public.resource_media.media_id is 'The picture.';
comment on column public.resource_media.business_id is 'The business.';
comment on column public.resource_media.resource_id is 'The resource.';
comment on column public.resource_media.position is 'Order by it; see reorder_media.';
comment on column public.resource_media.is_featured is
'Whether it stands for all pictures of the resource; at most one does. See feature_media.';
