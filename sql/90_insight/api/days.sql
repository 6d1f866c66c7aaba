-- Figures of days (insight.all_days) as analysts read them, and what follows from them.

create view analytics.daily_business_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
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
    all_days.lead_minutes,
    all_days.booked_minutes,
    all_days.open_minutes,
    all_days.new_customers,
    all_days.returning_customers,
    all_days.sold_minor,
    all_days.tax_minor,
    all_days.captured_minor,
    all_days.refunded_minor,
    all_days.disputed_minor,
    all_days.gift_cards_minor,
    all_days.captured_minor - all_days.refunded_minor - all_days.disputed_minor
    - all_days.gift_cards_minor as revenue_minor
from insight.all_days
where all_days.subject = 'business';
grant select on analytics.daily_business_stats to analyst, service_role;

comment on view analytics.daily_business_stats is
'Businesses by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_business_stats.business_id is
'The business.';
comment on column analytics.daily_business_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_business_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_business_stats.held is
'Number of bookings that are held.';
comment on column analytics.daily_business_stats.pending_payment is
'Number of bookings that are pending payment.';
comment on column analytics.daily_business_stats.pending is
'Number of bookings that are pending.';
comment on column analytics.daily_business_stats.confirmed is
'Number of bookings that are confirmed.';
comment on column analytics.daily_business_stats.checked_in is
'Number of bookings that are checked in.';
comment on column analytics.daily_business_stats.completed is
'Number of bookings that are completed.';
comment on column analytics.daily_business_stats.cancelled is
'Number of bookings that are cancelled.';
comment on column analytics.daily_business_stats.rejected is
'Number of bookings that are rejected.';
comment on column analytics.daily_business_stats.no_show is
'Number of bookings that are no show.';
comment on column analytics.daily_business_stats.expired is
'Number of bookings that are expired.';
comment on column analytics.daily_business_stats.lead_minutes is
'Minutes from the making of the bookings to their starts, added up: divide by the bookings that '
'are neither held nor expired.';
comment on column analytics.daily_business_stats.booked_minutes is
'Minutes of resources that are booked: the length of each item that is confirmed, checked in, '
'completed or missed, times its party where the resource has places. Without a currency (XXX).';
comment on column analytics.daily_business_stats.open_minutes is
'Minutes in which the resources that customers are booked with are open, times their places: '
'hours and exceptions less closures and blocked time, as they stand now. Utilisation = '
'booked_minutes / open_minutes. Without a currency (XXX).';
comment on column analytics.daily_business_stats.new_customers is
'Customers who bought on the day for the first time. Without a currency (XXX).';
comment on column analytics.daily_business_stats.returning_customers is
'Customers who bought on the day and on an earlier one. Without a currency (XXX).';
comment on column analytics.daily_business_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_business_stats.tax_minor is
'The tax in it, in minor units.';
comment on column analytics.daily_business_stats.captured_minor is
'What payments brought, in minor units, by the ledger.';
comment on column analytics.daily_business_stats.refunded_minor is
'What refunds gave back, in minor units.';
comment on column analytics.daily_business_stats.disputed_minor is
'What lost disputes took, in minor units.';
comment on column analytics.daily_business_stats.gift_cards_minor is
'What is owed to holders of gift cards sold that day, less cancelled ones, in minor units.';
comment on column analytics.daily_business_stats.revenue_minor is
'captured_minor - refunded_minor - disputed_minor - gift_cards_minor.';

create view analytics.daily_channel_stats
with (security_invoker = true)
as
select
    all_days.business_id,
    all_days.day,
    all_days.subject_id as channel,
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
    all_days.lead_minutes,
    all_days.sold_minor,
    all_days.tax_minor
from insight.all_days
where all_days.subject = 'channel';
grant select on analytics.daily_channel_stats to analyst, service_role;

comment on view analytics.daily_channel_stats is
'Channels by day (in the business''s zone), business and currency. Exact at the moment of the '
'query; sums over days are those of their period.

Never sum money across currencies.';
comment on column analytics.daily_channel_stats.business_id is
'The business.';
comment on column analytics.daily_channel_stats.day is
'A date in the zone of the business. Bookings count on the day on which they start.';
comment on column analytics.daily_channel_stats.channel is
'online, business, system or other: who took the first step of the booking or order.';
comment on column analytics.daily_channel_stats.currency is
'ISO 4217 code; XXX for figures without a currency.';
comment on column analytics.daily_channel_stats.held is
'Number of bookings that are held.';
comment on column analytics.daily_channel_stats.pending_payment is
'Number of bookings that are pending payment.';
comment on column analytics.daily_channel_stats.pending is
'Number of bookings that are pending.';
comment on column analytics.daily_channel_stats.confirmed is
'Number of bookings that are confirmed.';
comment on column analytics.daily_channel_stats.checked_in is
'Number of bookings that are checked in.';
comment on column analytics.daily_channel_stats.completed is
'Number of bookings that are completed.';
comment on column analytics.daily_channel_stats.cancelled is
'Number of bookings that are cancelled.';
comment on column analytics.daily_channel_stats.rejected is
'Number of bookings that are rejected.';
comment on column analytics.daily_channel_stats.no_show is
'Number of bookings that are no show.';
comment on column analytics.daily_channel_stats.expired is
'Number of bookings that are expired.';
comment on column analytics.daily_channel_stats.lead_minutes is
'Minutes from the making of the bookings to their starts, added up: divide by the bookings that '
'are neither held nor expired.';
comment on column analytics.daily_channel_stats.sold_minor is
'What lines of sales say, in minor units: amount - discount + tax that is not included, '
'corrections on the day on which they were written, gift cards left out.';
comment on column analytics.daily_channel_stats.tax_minor is
'The tax in it, in minor units.';
