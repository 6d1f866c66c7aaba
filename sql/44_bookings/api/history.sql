-- What the API shows of bookings beside the bookings themselves: their history, the business's
-- notes, the transitions that exist, and how reliable each customer has been.

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
    booking_history.to_resource_id,
    booking_history.overridden
from scheduling.booking_history;
grant select on public.booking_history to authenticated, service_role;

comment on view public.booking_history is
'Every step of every booking.

Append-only.';
comment on column public.booking_history.id is 'Primary key; later entries have higher keys.';
comment on column public.booking_history.business_id is 'The business.';
comment on column public.booking_history.booking_id is 'The booking.';
comment on column public.booking_history.from_status is
'The status before; null for the first step.';
comment on column public.booking_history.to_status is 'The status after.';
comment on column public.booking_history.from_starts_at is
'The start before; null for the first step.';
comment on column public.booking_history.to_starts_at is
'The start after; it differs if the booking was moved.';
comment on column public.booking_history.actor is 'customer, business or system.';
comment on column public.booking_history.actor_id is 'The user who took the step, or null.';
comment on column public.booking_history.reason is 'The reason, or null.';
comment on column public.booking_history.at is 'When it happened.';
comment on column public.booking_history.fee_minor is
'Fee that the customer owes for the step, in minor units; negative if it takes an earlier fee '
'back.';
comment on column public.booking_history.booking_item_id is
'The item of the step; null if the step is about the whole booking.';
comment on column public.booking_history.from_resource_id is
'The resource before a reassignment, otherwise null.';
comment on column public.booking_history.to_resource_id is
'The resource after a reassignment, otherwise null.';
comment on column public.booking_history.overridden is
'The rules that a member set aside in this step: notice, advance, hours, closures, limits.';

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
'The business''s private notes on its bookings.

Members with the permission serve read and write them; customers never see them.';
comment on column public.booking_notes.id is 'Primary key.';
comment on column public.booking_notes.business_id is 'The business.';
comment on column public.booking_notes.booking_id is 'The booking.';
comment on column public.booking_notes.body is 'At most 5000 characters.';
comment on column public.booking_notes.author_id is 'The user who wrote it.';
comment on column public.booking_notes.created_at is 'When it happened.';

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
'Every step that a booking can take, who may take it, and which steps happen by themselves.';
comment on column public.booking_transitions.from_status is 'The status before.';
comment on column public.booking_transitions.to_status is 'The status after.';
comment on column public.booking_transitions.actors is
'Who may take the step: customer, business or system.';
comment on column public.booking_transitions.guard is
'Condition of the step: after_start, check_in_open (from the service''s check_in_minutes before '
'the start on), or null for none.';
comment on column public.booking_transitions.due is
'When the step happens by itself: hold_expires_at or starts_at of the booking; null for never.';

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

comment on view public.customer_stats is
'Counts of a customer''s bookings with a business, always up to date.

Filter by business_id.';
comment on column public.customer_stats.business_id is 'The business.';
comment on column public.customer_stats.customer_id is 'The customer.';
comment on column public.customer_stats.booking_count is 'All bookings.';
comment on column public.customer_stats.completed_count is 'Completed bookings.';
comment on column public.customer_stats.cancelled_count is 'Cancelled bookings.';
comment on column public.customer_stats.no_show_count is 'No-shows.';
