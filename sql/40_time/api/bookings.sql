-- What clients read about bookings. Nothing here can be written but a note.

create view public.bookings
with (security_invoker = true)
as
select
    bookings.id,
    bookings.business_id,
    bookings.customer_id,
    bookings.series_id,
    bookings.reference,
    bookings.status,
    bookings.starts_at,
    bookings.ends_at,
    bookings.time_zone,
    bookings.party_size,
    bookings.currency,
    bookings.total_minor,
    bookings.quote,
    bookings.policy,
    bookings.customer_name,
    bookings.customer_email,
    bookings.customer_phone,
    bookings.notes,
    bookings.status_reason,
    bookings.hold_expires_at,
    bookings.reschedule_count,
    bookings.created_at,
    bookings.updated_at,
    bookings.cancellation_fee_minor,
    bookings.no_show_fee_minor,
    bookings.reschedule_fee_minor,
    bookings.contact_verified_at
from scheduling.bookings;
grant select on public.bookings to authenticated, service_role;

comment on view public.bookings is
'Bookings: customers see theirs, members those of their business. Page by (starts_at, id). Written
by
book, confirm_booking, cancel_booking and their siblings only.';
comment on column public.bookings.id is 'Key.';
comment on column public.bookings.business_id is 'The business that was booked.';
comment on column public.bookings.customer_id is
'The user who booked; null for a guest, and once their account is gone.';
comment on column public.bookings.contact_verified_at is
'When a guest proved that customer_email is theirs; null for users.';
comment on column public.bookings.series_id is
'The series that it is an occurrence of; null for most.';
comment on column public.bookings.reference is
'8 characters without look-alikes, unique: what a customer reads out.';
comment on column public.bookings.status is
'held, pending_payment, pending, confirmed, checked_in, completed, cancelled, rejected, no_show or
expired.';
comment on column public.bookings.starts_at is 'Start of the first item.';
comment on column public.bookings.ends_at is 'End of the last item.';
comment on column public.bookings.time_zone is 'IANA zone of the business when it was booked.';
comment on column public.bookings.party_size is 'How many guests.';
comment on column public.bookings.currency is 'ISO 4217 code of every amount.';
comment on column public.bookings.total_minor is 'What it costs, in minor units.';
comment on column public.bookings.quote is 'The accepted quote, line by line, as quote gives it.';
comment on column public.bookings.policy is 'The cancellation policy that was accepted.';
comment on column public.bookings.customer_name is
'The customer''s name when it was booked, if known.';
comment on column public.bookings.customer_email is
'The customer''s e-mail address when it was booked.';
comment on column public.bookings.customer_phone is
'The customer''s phone number when it was booked.';
comment on column public.bookings.notes is 'The customer''s special requests.';
comment on column public.bookings.status_reason is
'Why it was rejected, cancelled or moved, if said.';
comment on column public.bookings.hold_expires_at is
'Until when a hold keeps its time; null otherwise.';
comment on column public.bookings.reschedule_count is 'How often the customer moved it.';
comment on column public.bookings.created_at is 'When it was made.';
comment on column public.bookings.updated_at is 'When it was last changed.';
comment on column public.bookings.cancellation_fee_minor is
'What cancelling it, or services of it, cost the customer, by the policy; minor units.';
comment on column public.bookings.no_show_fee_minor is
'What not coming cost the customer, by the policy; minor units.';
comment on column public.bookings.reschedule_fee_minor is
'What moving it late cost the customer, all moves together, beside the total; minor units.';

create view public.booking_items
with (security_invoker = true)
as
select
    booking_items.id,
    booking_items.business_id,
    booking_items.booking_id,
    booking_items.position,
    booking_items.service_id,
    booking_items.resource_id,
    booking_items.starts_at,
    booking_items.ends_at,
    booking_items.duration_minutes,
    booking_items.price_minor,
    booking_items.service_name,
    booking_items.addons,
    booking_items.cancelled_at,
    booking_items.cancellation_fee_minor,
    booking_items.assigned_by,
    booking_items.answers,
    booking_items.private_link_id
from scheduling.booking_items;
grant select on public.booking_items to authenticated, service_role;

comment on view public.booking_items is 'The services of a booking, one after another.';
comment on column public.booking_items.id is 'Key.';
comment on column public.booking_items.business_id is 'The business that was booked.';
comment on column public.booking_items.booking_id is 'The booking.';
comment on column public.booking_items.position is '1 is the first.';
comment on column public.booking_items.service_id is 'The service.';
comment on column public.booking_items.resource_id is
'Who or what gives it: the chosen or assigned resource of the leading pool.';
comment on column public.booking_items.starts_at is 'Start, without buffers.';
comment on column public.booking_items.ends_at is 'End, without buffers.';
comment on column public.booking_items.duration_minutes is 'Length with add-ons, as agreed.';
comment on column public.booking_items.price_minor is
'Price for all guests, with add-ons, in minor units of the booking''s currency, as agreed.';
comment on column public.booking_items.service_name is 'The service''s name when it was booked.';
comment on column public.booking_items.addons is
'The chosen add-ons as they were: [{id, name, price_minor, duration_minutes}].';
comment on column public.booking_items.assigned_by is
'Why it is this resource: customer or business (named it), preferred, past, priority, load, only.';

comment on column public.booking_items.cancelled_at is
'When it was cancelled by itself; it stays as it was agreed, and takes no time.';
comment on column public.booking_items.cancellation_fee_minor is
'What cancelling it cost, by itself or with the booking; null while it is not cancelled, or
where the business cancelled.';
comment on column public.booking_items.private_link_id is
'By which private link it was booked, if by one.';
comment on column public.booking_items.answers is
'What the service asked and what was answered, as it was asked then: [{key, label, kind, value}].';
grant select on public.allocations to authenticated, service_role;
