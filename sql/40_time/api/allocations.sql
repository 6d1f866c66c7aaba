create view public.allocations
with (security_invoker = true)
as
select
    allocations.business_id,
    allocations.booking_id,
    allocations.booking_item_id,
    allocations.session_id,
    allocations.resource_id,
    allocations.unit,
    lower(allocations.during) as starts_at,
    upper(allocations.during) as ends_at,
    allocations.is_blocking,
    allocations.expires_at
from scheduling.allocations;

comment on view public.allocations is
'The time that bookings and sessions of classes take from resources, including buffers.';
comment on column public.allocations.business_id is 'The business.';
comment on column public.allocations.booking_id is 'The booking.';
comment on column public.allocations.booking_item_id is 'The item of the booking.';
comment on column public.allocations.session_id is
'The session of a class that takes the time; then booking_id is null.';
comment on column public.allocations.resource_id is 'The resource.';
comment on column public.allocations.unit is 'The taken place, 1 to the resource''s capacity.';
comment on column public.allocations.starts_at is 'Start, included.';
comment on column public.allocations.ends_at is 'End, excluded.';
comment on column public.allocations.is_blocking is
'Whether it prevents other allocations of this time.';
comment on column public.allocations.expires_at is 'When a hold expires; otherwise null.';
