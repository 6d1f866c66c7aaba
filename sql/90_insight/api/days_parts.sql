-- Figures of days of the parts of a business.

create view analytics.daily_service_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id::uuid as service_id,
    all_days.currency,
    all_days.held,
    all_days.pending_payment,
    all_days.pending,
    all_days.confirmed,
    all_days.checked_in,
    all_days.completed,
    all_days.cancelled,
    all_days.rejected,
    all_days.no_show,
    all_days.expired,
    all_days.booked_minutes,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'service';
grant select on analytics.daily_service_stats to analyst, service_role;

comment on view analytics.daily_service_stats is
'Services by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_service_stats.business_id is
'The business.';
comment on column analytics.daily_service_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_service_stats.service_id is
'The service.';
comment on column analytics.daily_service_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_service_stats.held is
'Number of items of bookings that are held.';
comment on column analytics.daily_service_stats.pending_payment is
'Number of items of bookings that are pending payment.';
comment on column analytics.daily_service_stats.pending is
'Number of items of bookings that are pending.';
comment on column analytics.daily_service_stats.confirmed is
'Number of items of bookings that are confirmed.';
comment on column analytics.daily_service_stats.checked_in is
'Number of items of bookings that are checked in.';
comment on column analytics.daily_service_stats.completed is
'Number of items of bookings that are completed.';
comment on column analytics.daily_service_stats.cancelled is
'Number of items of bookings that are cancelled.';
comment on column analytics.daily_service_stats.rejected is
'Number of items of bookings that are rejected.';
comment on column analytics.daily_service_stats.no_show is
'Number of items of bookings that are no show.';
comment on column analytics.daily_service_stats.expired is
'Number of items of bookings that are expired.';
comment on column analytics.daily_service_stats.booked_minutes is
'Minutes of resources that are booked: the length of each item that is confirmed, checked in, '
'completed or missed, times its party where the resource has places. Without a currency (XXX).';
comment on column analytics.daily_service_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_service_stats.tax_minor is
'The tax in it, in minor units.';

create view analytics.daily_resource_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id::uuid as resource_id,
    all_days.currency,
    all_days.held,
    all_days.pending_payment,
    all_days.pending,
    all_days.confirmed,
    all_days.checked_in,
    all_days.completed,
    all_days.cancelled,
    all_days.rejected,
    all_days.no_show,
    all_days.expired,
    all_days.booked_minutes,
    all_days.open_minutes,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'resource';
grant select on analytics.daily_resource_stats to analyst, service_role;

comment on view analytics.daily_resource_stats is
'Resources by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_resource_stats.business_id is
'The business.';
comment on column analytics.daily_resource_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_resource_stats.resource_id is
'Who or what provides it.';
comment on column analytics.daily_resource_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_resource_stats.held is
'Number of items of bookings that are held.';
comment on column analytics.daily_resource_stats.pending_payment is
'Number of items of bookings that are pending payment.';
comment on column analytics.daily_resource_stats.pending is
'Number of items of bookings that are pending.';
comment on column analytics.daily_resource_stats.confirmed is
'Number of items of bookings that are confirmed.';
comment on column analytics.daily_resource_stats.checked_in is
'Number of items of bookings that are checked in.';
comment on column analytics.daily_resource_stats.completed is
'Number of items of bookings that are completed.';
comment on column analytics.daily_resource_stats.cancelled is
'Number of items of bookings that are cancelled.';
comment on column analytics.daily_resource_stats.rejected is
'Number of items of bookings that are rejected.';
comment on column analytics.daily_resource_stats.no_show is
'Number of items of bookings that are no show.';
comment on column analytics.daily_resource_stats.expired is
'Number of items of bookings that are expired.';
comment on column analytics.daily_resource_stats.booked_minutes is
'Minutes of resources that are booked: the length of each item that is confirmed, checked in, '
'completed or missed, times its party where the resource has places. Without a currency (XXX).';
comment on column analytics.daily_resource_stats.open_minutes is
'Minutes in which the resources that customers are booked with are open, times their places: '
'hours and exceptions less closures and blocked time, as they stand now. Utilisation = '
'booked_minutes / open_minutes. Without a currency (XXX).';
comment on column analytics.daily_resource_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_resource_stats.tax_minor is
'The tax in it, in minor units.';

create view analytics.daily_product_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id::uuid as product_id,
    all_days.currency,
    all_days.units,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'product';
grant select on analytics.daily_product_stats to analyst, service_role;

comment on view analytics.daily_product_stats is
'Products by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_product_stats.business_id is
'The business.';
comment on column analytics.daily_product_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_product_stats.product_id is
'The product.';
comment on column analytics.daily_product_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_product_stats.units is
'Units that were agreed or added, before returns.';
comment on column analytics.daily_product_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_product_stats.tax_minor is
'The tax in it, in minor units.';
