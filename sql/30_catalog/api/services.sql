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
'A business''s groups of services.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.service_categories.id is 'Primary key.';
comment on column public.service_categories.business_id is 'The business that owns it.';
comment on column public.service_categories.name is
'Unique in the business, at most 200 characters.';
comment on column public.service_categories.position is 'Order of display, ascending.';
comment on column public.service_categories.created_at is 'When it was created.';

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
    services.visibility,
    services.check_in_minutes,
    services.anonymous_hold_minutes,
    services.tax_class,
    services.prepayment_bps,
    services.access
from catalog.services;
grant select on public.services to anon;
grant select, insert, update, delete on public.services to authenticated, service_role;

comment on view public.services is
'Services that can be booked.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.services.id is 'Primary key.';
comment on column public.services.business_id is 'The business that offers it.';
comment on column public.services.category_id is 'Its category, or null.';
comment on column public.services.cancellation_policy_id is
'Its cancellation policy; null for the business''s default.';
comment on column public.services.name is 'At most 200 characters.';
comment on column public.services.description is 'At most 5000 characters.';
comment on column public.services.duration_minutes is
'How long the service lasts for the customer, 1 to 1440 minutes.';
comment on column public.services.price_minor is
'Price for one guest, in minor units of `currency`.';
comment on column public.services.currency is
'ISO 4217 code. Cannot change after the service was booked.';
comment on column public.services.buffer_before_minutes is
'Minutes that its resources need before it. Customers do not see them, and they may reach outside '
'the hours.';
comment on column public.services.buffer_after_minutes is
'Minutes that its resources need after it. Buffers of neighbours add up.';
comment on column public.services.slot_interval_minutes is 'Minutes from one start to the next.';
comment on column public.services.slot_offset_minutes is
'Minutes from the opening to the first start.';
comment on column public.services.min_notice_minutes is
'Bookings must be made at least this many minutes before the start.';
comment on column public.services.max_advance_days is
'How many days ahead the service can be booked, in the business''s zone; null for no limit.';
comment on column public.services.bookable_from is
'First bookable date in the business''s zone; null for no limit.';
comment on column public.services.bookable_until is
'Last bookable date in the business''s zone; null for no limit.';
comment on column public.services.max_party_size is 'The largest party of one booking.';
comment on column public.services.is_class is
'Whether it is a class, given only at its sessions (create_slots).';
comment on column public.services.requires_confirmation is
'Whether a booking waits until the business confirms it.';
comment on column public.services.is_blocked_by_pending is
'Whether a pending booking already blocks its time.';
comment on column public.services.check_in_minutes is
'How long before the start a customer can be checked in, in minutes.';
comment on column public.services.anonymous_hold_minutes is
'How long a hold of a user lasts at most who signed in without an address, in minutes.';
comment on column public.services.access is
'What a customer needs to see and book it, such as gold_member, which a membership plan grants; '
'null: nothing. It disappears at the instant at which the membership ends.';
comment on column public.services.tax_class is
'How it is taxed, a name of the view tax_classes. Matters once the business has tax_settings.';
comment on column public.services.prepayment_bps is
'The share of the price, in basis points, that a customer pays before a booking is confirmed: 0 '
'nothing, 10000 all of it; null: as payment_settings say.';
comment on column public.services.hold_minutes is 'How long a hold lasts, in minutes.';
comment on column public.services.offer_minutes is
'How long each waitlist entry has to accept an offer, 1 to 1440 minutes.';
comment on column public.services.position is 'Order of display, ascending.';
comment on column public.services.is_active is 'Whether it takes new bookings.';
comment on column public.services.archived_at is
'When it was archived, or null. An archived service keeps its history and takes no new bookings.';
comment on column public.services.created_at is 'When it was created.';
comment on column public.services.updated_at is 'When it last changed.';
comment on column public.services.visibility is
'public or hidden. A hidden service is not in the catalog; only members and private links can book '
'it.';
comment on column public.services.prefers_known_staff is
'Whether a booking without a named resource goes to the one that the customer prefers, or had '
'last, if it is free.';

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
'Add-ons of a service.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.service_addons.id is 'Primary key.';
comment on column public.service_addons.business_id is 'The business that offers it.';
comment on column public.service_addons.service_id is 'The service to which it belongs.';
comment on column public.service_addons.name is 'At most 200 characters.';
comment on column public.service_addons.price_minor is
'Price for one guest, in minor units of the service''s currency.';
comment on column public.service_addons.duration_minutes is 'Minutes that it adds to the service.';
comment on column public.service_addons.position is 'Order of display, ascending.';
comment on column public.service_addons.is_active is 'Whether it can be chosen.';
comment on column public.service_addons.created_at is 'When it was created.';

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
'Limits of bookings in a period of the business''s zone, for a service, for a resource, or for the '
'whole business if neither is set.

Read like what it limits; written by owners and managers.';
comment on column public.booking_limits.id is 'Primary key.';
comment on column public.booking_limits.business_id is 'The business that owns it.';
comment on column public.booking_limits.service_id is
'The limited service; each item of it counts.';
comment on column public.booking_limits.period is
'day, week (from Monday), month or year; or upcoming, for bookings that have not started yet.';
comment on column public.booking_limits.max_bookings is
'The most bookings that start in the period; null for no limit.';
comment on column public.booking_limits.max_minutes is
'The most booked minutes that start in the period; null for no limit.';
comment on column public.booking_limits.resource_id is
'The limited resource; each item that takes its time counts.';
comment on column public.booking_limits.is_per_customer is
'Whether each customer''s bookings are counted separately.';
