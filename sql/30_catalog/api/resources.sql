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
    resources.updated_at
from catalog.resources;
grant select on public.resources to anon;
grant select, insert, update, delete on public.resources to authenticated, service_role;

comment on view public.resources is
'What a booking takes: staff, rooms, equipment. Readable where the business is; written by owners
and managers.';
comment on column public.resources.id is 'Key.';
comment on column public.resources.business_id is 'The business that it belongs to.';
comment on column public.resources.kind is 'staff, room or equipment.';
comment on column public.resources.name is 'At most 200 characters.';
comment on column public.resources.description is 'At most 5000 characters.';
comment on column public.resources.capacity is 'How many can use it at once.';
comment on column public.resources.member_id is
'The business member who is this staff resource, if any.';
comment on column public.resources.time_zone is 'IANA zone of its hours; null is the business''s.';
comment on column public.resources.position is 'Order of display, ascending.';
comment on column public.resources.is_active is 'Whether it takes new bookings.';
comment on column public.resources.created_at is 'When it was made.';
comment on column public.resources.updated_at is 'When it was last changed.';

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
'Which resources a service takes, and who is eligible for it. Written by owners and managers.';
comment on column public.service_resources.business_id is 'The business that both belong to.';
comment on column public.service_resources.service_id is 'The service.';
comment on column public.service_resources.resource_id is 'The resource.';
comment on column public.service_resources.mode is
'all: this resource is needed. any: one of its pool is.';
comment on column public.service_resources.pool is
'Name of the pool, for mode any; one resource of each pool is taken.';
comment on column public.service_resources.quantity is
'Units that a booking takes; of a resource with capacity above 1, so many for each guest.';
comment on column public.service_resources.priority is
'Who is free and has the highest, -1000 to 1000, gets bookings that name nobody.';
comment on column public.service_resources.weight is
'Share of such bookings among those of one priority, 1 to 10000: 200 gets twice as many as 100.';
comment on column public.service_resources.joined_at is
'Since when it gives the service. For 30 days it counts as having been as busy as the others till
then.';
