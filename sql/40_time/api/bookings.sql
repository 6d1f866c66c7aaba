-- What clients read about bookings. Nothing here can be written but a note.

-- Every column of the table, in its order: PostgreSQL then passes the rows on as they are stored.
-- With one column less it builds each row anew, also those that a page sorts and leaves out.
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
    bookings.contact_verified_at,
    bookings.sale_id,
    bookings.repeated_step_count,
    bookings.overridden,
    bookings.prepayment_minor,
    bookings.price_change_minor
from scheduling.bookings;
grant select on public.bookings to authenticated, service_role;

comment on view public.bookings is
'Bookings.

Customers see their own, members those of their business. For pages, order by (starts_at, id). '
'Written only by functions such as book, confirm_booking and cancel_booking.';
comment on column public.bookings.id is 'Primary key.';
comment on column public.bookings.business_id is 'The business that was booked.';
comment on column public.bookings.customer_id is
'The user who booked; null for a guest or a deleted user.';
comment on column public.bookings.contact_verified_at is
'When a guest verified customer_email; null for users.';
comment on column public.bookings.sale_id is
'The sale; null for a hold, and for one that ended as a hold.';
comment on column public.bookings.repeated_step_count is
'How many of its steps were announced with an earlier booking of its series and not on their own.';
comment on column public.bookings.prepayment_minor is
'What must be paid before it is confirmed, in minor units.';
comment on column public.bookings.price_change_minor is
'By how much its last move changed the total, in minor units: the customer pays more than 0, and '
'gets back less than 0. balance_minor of its sale says what is left to pay.';
comment on column public.bookings.overridden is
'The rules that a member set aside with book_for: notice, advance, hours, closures, limits.';
comment on column public.bookings.series_id is 'The series of which it is an occurrence, or null.';
comment on column public.bookings.reference is
'Unique reference for customers: 8 characters without look-alikes.';
comment on column public.bookings.status is
'held, pending_payment, pending, confirmed, checked_in, completed, cancelled, rejected, no_show or '
'expired.';
comment on column public.bookings.starts_at is 'Start of the first item.';
comment on column public.bookings.ends_at is 'End of the last item.';
comment on column public.bookings.time_zone is 'IANA zone of the business at the time of booking.';
comment on column public.bookings.party_size is
'Number of guests: the largest party of its items.';
comment on column public.bookings.currency is 'ISO 4217 code of every amount.';
comment on column public.bookings.total_minor is
'Total price, in minor units. A move to another price changes it.';
comment on column public.bookings.quote is
'The accepted quote, line by line, in the form that quote returns.';
comment on column public.bookings.policy is 'The accepted cancellation policy.';
comment on column public.bookings.customer_name is
'The customer''s name at the time of booking, or null.';
comment on column public.bookings.customer_email is
'The customer''s e-mail address at the time of booking.';
comment on column public.bookings.customer_phone is
'The customer''s phone number at the time of booking.';
comment on column public.bookings.notes is 'The customer''s special requests.';
comment on column public.bookings.status_reason is
'The reason for rejecting, cancelling or moving it, or null.';
comment on column public.bookings.hold_expires_at is
'When the hold expires; null if it is not a hold.';
comment on column public.bookings.reschedule_count is 'How often the customer has moved it.';
comment on column public.bookings.created_at is 'When it was created.';
comment on column public.bookings.updated_at is 'When it last changed.';
comment on column public.bookings.cancellation_fee_minor is
'Fee that the customer owes for cancelling it or some of its services, in minor units.';
comment on column public.bookings.no_show_fee_minor is
'Fee that the customer owes for a no-show, in minor units.';
comment on column public.bookings.reschedule_fee_minor is
'Fees that the customer owes for late moves, all together and in addition to the total, in minor '
'units.';

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
    booking_items.private_link_id,
    booking_items.sale_line_id,
    booking_items.party_size,
    booking_items.amount_change_minor,
    booking_items.discount_change_minor
from scheduling.booking_items;
grant select on public.booking_items to authenticated, service_role;

comment on view public.booking_items is 'The services of a booking, in order.';
comment on column public.booking_items.id is 'Primary key.';
comment on column public.booking_items.business_id is 'The business that was booked.';
comment on column public.booking_items.booking_id is 'The booking.';
comment on column public.booking_items.position is 'Order in the booking, from 1.';
comment on column public.booking_items.service_id is 'The service.';
comment on column public.booking_items.resource_id is
'The chosen or assigned resource of the leading pool.';
comment on column public.booking_items.starts_at is 'Start, without buffers.';
comment on column public.booking_items.ends_at is 'End, without buffers.';
comment on column public.booking_items.party_size is 'Number of guests.';
comment on column public.booking_items.duration_minutes is 'Agreed length with add-ons.';
comment on column public.booking_items.price_minor is
'Agreed price for all guests with add-ons, in minor units of the booking''s currency. A move to '
'another price changes it.';
comment on column public.booking_items.service_name is
'The service''s name at the time of booking.';
comment on column public.booking_items.addons is
'The add-ons as they were booked: [{id, name, price_minor, duration_minutes}].';
comment on column public.booking_items.assigned_by is
'Why it has this resource: customer or business (they named it), preferred, past, priority, load '
'or only.';

comment on column public.booking_items.cancelled_at is
'When this item alone was cancelled, or null. A cancelled item keeps its agreed values and takes '
'no time.';
comment on column public.booking_items.cancellation_fee_minor is
'Fee for cancelling it, alone or with the booking; null if it is not cancelled, or if the business '
'cancelled it.';
comment on column public.booking_items.private_link_id is
'The private link through which it was booked, or null.';
comment on column public.booking_items.answers is
'The questions as they were asked, with their answers: [{key, label, kind, value}].';
grant select on public.allocations to authenticated, service_role;
comment on column public.booking_items.amount_change_minor is
'By how much moves changed the amount of its line, in minor units.';
comment on column public.booking_items.discount_change_minor is
'By how much moves changed the discount of its line, in minor units.';
comment on column public.booking_items.sale_line_id is
'The line of the sale that it is; null for a hold.';
