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

create view public.booking_history
with (security_invoker = true)
as
select
    booking_history.id,
    booking_history.business_id,
    booking_history.booking_id,
    booking_history.from_status,
    booking_history.to_status,
    booking_history.from_starts_at,
    booking_history.to_starts_at,
    booking_history.actor,
    booking_history.actor_id,
    booking_history.reason,
    booking_history.at,
    booking_history.fee_minor,
    booking_history.booking_item_id,
    booking_history.from_resource_id,
    booking_history.to_resource_id
from scheduling.booking_history;
grant select on public.booking_history to authenticated, service_role;

comment on view public.booking_history is 'Every step of every booking. Only ever added to.';
comment on column public.booking_history.id is 'Key, ascending in time.';
comment on column public.booking_history.business_id is 'The business.';
comment on column public.booking_history.booking_id is 'The booking.';
comment on column public.booking_history.from_status is 'Null for the first step.';
comment on column public.booking_history.to_status is 'What it became.';
comment on column public.booking_history.from_starts_at is
'The start before, null for the first step.';
comment on column public.booking_history.to_starts_at is
'The start after; differs when it was moved.';
comment on column public.booking_history.actor is 'customer, business or system.';
comment on column public.booking_history.actor_id is 'The user, if it was one.';
comment on column public.booking_history.reason is 'Why, if said.';
comment on column public.booking_history.at is 'When.';
comment on column public.booking_history.fee_minor is
'What the step cost the customer, in minor units; less than 0 takes back what an earlier one cost.';
comment on column public.booking_history.booking_item_id is
'The one service that was cancelled; null where it is about the whole booking.';
comment on column public.booking_history.from_resource_id is
'Where an item was given to somebody else: who gave it before.';
comment on column public.booking_history.to_resource_id is
'Who gives it since. Both are null in every other step.';

create view public.booking_notes
with (security_invoker = true)
as
select
    booking_notes.id,
    booking_notes.business_id,
    booking_notes.booking_id,
    booking_notes.body,
    booking_notes.author_id,
    booking_notes.created_at
from scheduling.booking_notes;
grant select, insert, delete on public.booking_notes to authenticated, service_role;

comment on view public.booking_notes is
'The business''s private notes on its bookings. Members who serve read and write them; customers
never see them.';
comment on column public.booking_notes.id is 'Key.';
comment on column public.booking_notes.business_id is 'The business.';
comment on column public.booking_notes.booking_id is 'The booking.';
comment on column public.booking_notes.body is 'At most 5000 characters.';
comment on column public.booking_notes.author_id is 'Who wrote it.';
comment on column public.booking_notes.created_at is 'When.';

create view public.booking_transitions
with (security_invoker = true)
as
select
    booking_transitions.from_status,
    booking_transitions.to_status,
    booking_transitions.actors,
    booking_transitions.guard,
    booking_transitions.due
from scheduling.booking_transitions;
grant select on public.booking_transitions to anon, authenticated, service_role;

comment on view public.booking_transitions is
'Every step that a booking can take, who may take it, and what it does by itself.';
comment on column public.booking_transitions.from_status is 'From.';
comment on column public.booking_transitions.to_status is 'To.';
comment on column public.booking_transitions.actors is 'customer, business, system.';
comment on column public.booking_transitions.guard is
'What has to be so: after_start; null is nothing.';
comment on column public.booking_transitions.due is
'When it happens by itself: hold_expires_at or starts_at of the booking; null is never.';

-- How reliable each customer has been with each business, counted from the bookings themselves.
create view public.customer_stats
with (security_invoker = true)
as
select
    bookings.business_id,
    bookings.customer_id,
    count(*) as booking_count,
    count(*) filter (where bookings.status = 'completed') as completed_count,
    count(*) filter (where bookings.status = 'cancelled') as cancelled_count,
    count(*) filter (where bookings.status = 'no_show') as no_show_count
from scheduling.bookings
where bookings.customer_id is not null
group by bookings.business_id, bookings.customer_id;
grant select on public.customer_stats to authenticated, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on public.customer_stats
for each row execute function private.any__refuse_writing();

comment on view public.customer_stats is
'Counts of a customer''s bookings with a business, always equal to the bookings. Filter by
business_id.';
comment on column public.customer_stats.business_id is 'The business.';
comment on column public.customer_stats.customer_id is 'The customer.';
comment on column public.customer_stats.booking_count is 'All bookings.';
comment on column public.customer_stats.completed_count is 'Completed ones.';
comment on column public.customer_stats.cancelled_count is 'Cancelled ones.';
comment on column public.customer_stats.no_show_count is 'Those that the customer did not come to.';
