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
'The time that bookings, and sessions of classes, take from resources, buffers included.';
comment on column public.allocations.business_id is 'The business.';
comment on column public.allocations.booking_id is 'The booking.';
comment on column public.allocations.booking_item_id is 'The item of the booking.';
comment on column public.allocations.session_id is
'The session of a class whose time it is; then there is no booking.';
comment on column public.allocations.resource_id is 'The resource.';
comment on column public.allocations.unit is 'Which of its places, 1 to its capacity.';
comment on column public.allocations.starts_at is 'First moment that is taken.';
comment on column public.allocations.ends_at is 'First moment that is free again.';
comment on column public.allocations.is_blocking is 'Whether it keeps others out.';
comment on column public.allocations.expires_at is
'Until when, for holds; null is until it is over.';
