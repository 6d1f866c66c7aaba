-- Classes: their sessions, their seats, and the days on which there are some.

create view public.sessions
with (security_invoker = true)
as
select
    sessions.id,
    sessions.business_id,
    sessions.service_id,
    sessions.resource_id,
    sessions.starts_at,
    sessions.ends_at,
    sessions.capacity,
    scheduling.free_seats(sessions.business_id, sessions.id, sessions.capacity) as free_seats,
    sessions.created_at
from scheduling.sessions;
grant select on public.sessions to anon;
grant select, update, delete on public.sessions to authenticated, service_role;

comment on view public.sessions is
'The dates of classes.

Readable by everyone who can see the business. create_slots creates them; owners and managers '
'change the capacity and delete sessions that nobody booked (capacity_in_use 409, in_use 409).';
comment on column public.sessions.id is 'Primary key.';
comment on column public.sessions.business_id is 'The business that owns it.';
comment on column public.sessions.service_id is 'The class.';
comment on column public.sessions.resource_id is
'The resource that leads it; null if the class needs none.';
comment on column public.sessions.starts_at is 'When it starts.';
comment on column public.sessions.ends_at is 'When it ends.';
comment on column public.sessions.capacity is 'Number of seats, 1 to 1000.';
comment on column public.sessions.free_seats is
'Number of free seats now, neither booked nor held.';
comment on column public.sessions.created_at is 'When it was created.';

create view public.seats
with (security_invoker = true)
as
select
    seats.business_id,
    seats.booking_id,
    seats.booking_item_id,
    seats.session_id,
    seats.number,
    seats.is_blocking,
    seats.expires_at
from scheduling.seats;
grant select on public.seats to authenticated, service_role;

comment on view public.seats is
'The seats that bookings take in sessions of classes.

Customers see their own, members those of their business.';
comment on column public.seats.business_id is 'The business.';
comment on column public.seats.booking_id is 'The booking.';
comment on column public.seats.booking_item_id is 'The item of the booking.';
comment on column public.seats.session_id is 'The session.';
comment on column public.seats.number is 'The seat, 1 to the capacity of the session.';
comment on column public.seats.is_blocking is
'Whether nobody else can take it; false after the booking was cancelled.';
comment on column public.seats.expires_at is 'When a hold expires; otherwise null.';
