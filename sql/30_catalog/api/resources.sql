-- Resources, and which of them a service takes.

create view public.resources
with (security_invoker = true)
as
select
    resources.id,
    resources.business_id,
    resources.kind,
    resources.name,
    resources.description,
    resources.capacity,
    resources.member_id,
    resources.time_zone,
    resources.position,
    resources.is_active,
    resources.created_at,
    resources.updated_at,
    resources.staff_level
from catalog.resources;
grant select on public.resources to anon;
grant select, insert, update, delete on public.resources to authenticated, service_role;

comment on view public.resources is
'The staff, rooms and equipment that bookings take.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.resources.id is 'Primary key.';
comment on column public.resources.business_id is 'The business that owns it.';
comment on column public.resources.kind is 'staff, room or equipment.';
comment on column public.resources.name is 'At most 200 characters.';
comment on column public.resources.description is 'At most 5000 characters.';
comment on column public.resources.capacity is
'The number of its places, which can be booked at the same time.';
comment on column public.resources.member_id is 'The member who is this staff resource, or null.';
comment on column public.resources.time_zone is
'IANA zone of its hours; null for the business''s zone.';
comment on column public.resources.position is 'Order of display, ascending.';
comment on column public.resources.is_active is 'Whether it takes new bookings.';
comment on column public.resources.created_at is 'When it was created.';
comment on column public.resources.updated_at is 'When it last changed.';
comment on column public.resources.staff_level is
'How experienced a member of the staff is, a word such as senior, for price rules; or null.';

create view public.service_resources
with (security_invoker = true)
as
select
    service_resources.business_id,
    service_resources.service_id,
    service_resources.resource_id,
    service_resources.mode,
    service_resources.pool,
    service_resources.quantity,
    service_resources.priority,
    service_resources.weight,
    service_resources.joined_at
from catalog.service_resources;
grant select on public.service_resources to anon;
grant select, insert, update, delete on public.service_resources to authenticated, service_role;

comment on view public.service_resources is
'The resources that each service takes, and from which they are chosen.

Written by owners and managers.';
comment on column public.service_resources.business_id is 'The business that owns both.';
comment on column public.service_resources.service_id is 'The service.';
comment on column public.service_resources.resource_id is 'The resource.';
comment on column public.service_resources.mode is
'all: this resource is needed. any: one resource of its pool is needed.';
comment on column public.service_resources.pool is
'Name of the pool, for mode any. A booking takes one resource of each pool.';
comment on column public.service_resources.quantity is
'Units that a booking takes; for a resource with capacity above 1, units per guest.';
comment on column public.service_resources.priority is
'Bookings without a named resource go to the free resource with the highest priority, -1000 to '
'1000.';
comment on column public.service_resources.weight is
'Share of such bookings among resources of the same priority, 1 to 10000; 200 gets twice as many '
'as 100.';
comment on column public.service_resources.joined_at is
'When it began to provide the service. For 30 days it counts as having been as busy as the others '
'before.';
