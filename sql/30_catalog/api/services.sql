-- What the catalog offers to clients: views to read and, for owners and managers, to write.

create view public.service_categories
with (security_invoker = true)
as
select
    service_categories.id,
    service_categories.business_id,
    service_categories.name,
    service_categories.position,
    service_categories.created_at
from catalog.service_categories;
grant select on public.service_categories to anon;
grant select, insert, update, delete on public.service_categories to authenticated, service_role;

comment on view public.service_categories is
'How a business groups its services. Readable where the business is; written by owners and
managers.';
comment on column public.service_categories.id is 'Key.';
comment on column public.service_categories.business_id is 'The business that it belongs to.';
comment on column public.service_categories.name is
'Unique in the business, at most 200 characters.';
comment on column public.service_categories.position is 'Order of display, ascending.';
comment on column public.service_categories.created_at is 'When it was made.';

create view public.services
with (security_invoker = true)
as
select
    services.id,
    services.business_id,
    services.category_id,
    services.cancellation_policy_id,
    services.name,
    services.description,
    services.duration_minutes,
    services.price_minor,
    services.currency,
    services.buffer_before_minutes,
    services.buffer_after_minutes,
    services.slot_interval_minutes,
    services.slot_offset_minutes,
    services.min_notice_minutes,
    services.max_advance_days,
    services.bookable_from,
    services.bookable_until,
    services.max_party_size,
    services.is_class,
    services.requires_confirmation,
    services.is_blocked_by_pending,
    services.hold_minutes,
    services.offer_minutes,
    services.position,
    services.is_active,
    services.archived_at,
    services.created_at,
    services.updated_at,
    services.prefers_known_staff,
    services.visibility
from catalog.services;
grant select on public.services to anon;
grant select, insert, update, delete on public.services to authenticated, service_role;

comment on view public.services is
'What can be booked. Readable where the business is; written by owners and managers.';
comment on column public.services.id is 'Key.';
comment on column public.services.business_id is 'The business that offers it.';
comment on column public.services.category_id is 'Its category, if any.';
comment on column public.services.cancellation_policy_id is
'Its cancellation policy; null is the business''s default.';
comment on column public.services.name is 'At most 200 characters.';
comment on column public.services.description is 'At most 5000 characters.';
comment on column public.services.duration_minutes is
'How long it lasts for the customer, 1 to 1440 minutes.';
comment on column public.services.price_minor is
'Price for one guest, in minor units of `currency`.';
comment on column public.services.currency is 'ISO 4217 code. Fixed once the service was booked.';
comment on column public.services.buffer_before_minutes is
'Minutes that its resources need before it; invisible to customers, may reach outside opening
hours.';
comment on column public.services.buffer_after_minutes is
'Minutes that its resources need after it; buffers of neighbours add up.';
comment on column public.services.slot_interval_minutes is
'Starts are offered every so many minutes from each opening.';
comment on column public.services.slot_offset_minutes is
'Minutes from the opening to the first start.';
comment on column public.services.min_notice_minutes is
'The latest moment to book is so many minutes before the start.';
comment on column public.services.max_advance_days is
'How many days ahead can be booked, in the business''s zone; null is no limit.';
comment on column public.services.bookable_from is
'First business-local date that can be booked; null is no limit.';
comment on column public.services.bookable_until is
'Last business-local date that can be booked; null is no limit.';
comment on column public.services.max_party_size is 'Most guests in one booking.';
comment on column public.services.is_class is
'Whether it is given to many at once, at its sessions (create_slots), and at no other time.';
comment on column public.services.requires_confirmation is
'Whether bookings wait for the business to confirm them.';
comment on column public.services.is_blocked_by_pending is
'Whether a waiting booking already takes its time.';
comment on column public.services.hold_minutes is 'How long a hold lasts.';
comment on column public.services.offer_minutes is
'How long each who waits has to accept a time that became free, 1 to 1440.';
comment on column public.services.position is 'Order of display, ascending.';
comment on column public.services.is_active is 'Whether it takes new bookings.';
comment on column public.services.archived_at is
'When it was retired; it keeps its history and takes no new bookings.';
comment on column public.services.created_at is 'When it was made.';
comment on column public.services.updated_at is 'When it was last changed.';
comment on column public.services.visibility is
'public, or hidden: in nobody''s catalog, booked by members and through private links only.';
comment on column public.services.prefers_known_staff is
'Whether a customer who names nobody gets whom they prefer, or had last, if free.';

create view public.service_addons
with (security_invoker = true)
as
select
    service_addons.id,
    service_addons.business_id,
    service_addons.service_id,
    service_addons.name,
    service_addons.price_minor,
    service_addons.duration_minutes,
    service_addons.position,
    service_addons.is_active,
    service_addons.created_at
from catalog.service_addons;
grant select on public.service_addons to anon;
grant select, insert, update, delete on public.service_addons to authenticated, service_role;

comment on view public.service_addons is
'Extras of a service. Readable where the business is; written by owners and managers.';
comment on column public.service_addons.id is 'Key.';
comment on column public.service_addons.business_id is 'The business that offers it.';
comment on column public.service_addons.service_id is 'The service that it adds to.';
comment on column public.service_addons.name is 'At most 200 characters.';
comment on column public.service_addons.price_minor is
'What it adds for one guest, in minor units of the service''s currency.';
comment on column public.service_addons.duration_minutes is 'Minutes that it adds to the service.';
comment on column public.service_addons.position is 'Order of display, ascending.';
comment on column public.service_addons.is_active is 'Whether it can be chosen.';
comment on column public.service_addons.created_at is 'When it was made.';

create view public.booking_limits
with (security_invoker = true)
as
select
    booking_limits.id,
    booking_limits.business_id,
    booking_limits.service_id,
    booking_limits.period,
    booking_limits.max_bookings,
    booking_limits.max_minutes,
    booking_limits.resource_id,
    booking_limits.is_per_customer
from catalog.booking_limits;
grant select on public.booking_limits to anon;
grant select, insert, update, delete on public.booking_limits to authenticated, service_role;

comment on view public.booking_limits is
'How much can be booked in a period of the business''s zone: of a service, with a resource, or with
neither in the whole business. Written by owners and managers.';
comment on column public.booking_limits.id is 'Key.';
comment on column public.booking_limits.business_id is 'The business that it belongs to.';
comment on column public.booking_limits.service_id is
'The service that it limits; each item of it counts.';
comment on column public.booking_limits.period is
'day, week (from Monday), month or year; or upcoming: whatever has not begun yet.';
comment on column public.booking_limits.max_bookings is
'Most that can start in the period; null is no limit.';
comment on column public.booking_limits.max_minutes is
'Most booked minutes that start in the period; null is no limit.';
comment on column public.booking_limits.resource_id is
'The resource that it limits; each item that takes its time counts.';
comment on column public.booking_limits.is_per_customer is
'Whether it counts each customer''s bookings by themselves.';
