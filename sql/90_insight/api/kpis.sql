-- The key figures of a business, one row a month.

create view analytics.kpis
with (security_invoker = true)
as
select
    kpis.business_id,
    kpis.month,
    kpis.currency,
    kpis.bookings,
    kpis.completed,
    kpis.cancellation_bps,
    kpis.no_show_bps,
    kpis.utilisation_bps,
    kpis.new_customers,
    kpis.returning_customers,
    kpis.returning_bps,
    kpis.sold_minor,
    kpis.revenue_minor,
    kpis.refund_bps,
    kpis.sold_per_customer_minor
from insight.all_kpis() as kpis;
grant select on analytics.kpis to analyst, service_role;

comment on view analytics.kpis is
'Key figures of each business by month: this one and the 24 before, exact at the moment of the '
'query. The same formulas as business_dashboard.

Never sum money across currencies.';
comment on column analytics.kpis.business_id is 'The business.';
comment on column analytics.kpis.month is
'The first day of the month, in the zone of the business.';
comment on column analytics.kpis.currency is
'The currency of the business, ISO 4217. Money of other currencies is left out.';
comment on column analytics.kpis.bookings is
'Bookings that start in the month, but those held or expired.';
comment on column analytics.kpis.completed is 'Of these, completed ones.';
comment on column analytics.kpis.cancellation_bps is
'cancelled / bookings, in basis points; null of nothing.';
comment on column analytics.kpis.no_show_bps is
'no_show / (completed + no_show), in basis points; null of nothing.';
comment on column analytics.kpis.utilisation_bps is
'booked_minutes / open_minutes of the resources that customers are booked with, in basis '
'points; null of nothing.';
comment on column analytics.kpis.new_customers is 'Customers who bought for the first time.';
comment on column analytics.kpis.returning_customers is
'Customers who bought and had bought on an earlier day; each counts once a day.';
comment on column analytics.kpis.returning_bps is
'returning_customers / (new_customers + returning_customers), in basis points; null of '
'nothing.';
comment on column analytics.kpis.sold_minor is
'Lines of sales after discounts, with tax and corrections, gift cards left out, in minor '
'units.';
comment on column analytics.kpis.revenue_minor is
'captured - refunded - disputed - gift cards sold, by the ledger, in minor units.';
comment on column analytics.kpis.refund_bps is
'refunded / captured, in basis points; null of nothing.';
comment on column analytics.kpis.sold_per_customer_minor is
'sold_minor / (new_customers + returning_customers), in minor units; null of nothing.';

create view public.business_kpis
with (security_invoker = true)
as
select
    kpis.business_id,
    kpis.month,
    kpis.currency,
    kpis.bookings,
    kpis.completed,
    kpis.cancellation_bps,
    kpis.no_show_bps,
    kpis.utilisation_bps,
    kpis.new_customers,
    kpis.returning_customers,
    kpis.returning_bps,
    kpis.sold_minor,
    kpis.revenue_minor,
    kpis.refund_bps,
    kpis.sold_per_customer_minor
from insight.my_kpis() as kpis;
grant select on public.business_kpis to authenticated, service_role;

comment on view public.business_kpis is
'Key figures of each business by month: this one and the 24 before, exact at the moment of the '
'query. The same formulas as business_dashboard. For owners, managers and accountants.

Never sum money across currencies.';
comment on column public.business_kpis.business_id is 'The business.';
comment on column public.business_kpis.month is
'The first day of the month, in the zone of the business.';
comment on column public.business_kpis.currency is
'The currency of the business, ISO 4217. Money of other currencies is left out.';
comment on column public.business_kpis.bookings is
'Bookings that start in the month, but those held or expired.';
comment on column public.business_kpis.completed is 'Of these, completed ones.';
comment on column public.business_kpis.cancellation_bps is
'cancelled / bookings, in basis points; null of nothing.';
comment on column public.business_kpis.no_show_bps is
'no_show / (completed + no_show), in basis points; null of nothing.';
comment on column public.business_kpis.utilisation_bps is
'booked_minutes / open_minutes of the resources that customers are booked with, in basis '
'points; null of nothing.';
comment on column public.business_kpis.new_customers is 'Customers who bought for the first time.';
comment on column public.business_kpis.returning_customers is
'Customers who bought and had bought on an earlier day; each counts once a day.';
comment on column public.business_kpis.returning_bps is
'returning_customers / (new_customers + returning_customers), in basis points; null of '
'nothing.';
comment on column public.business_kpis.sold_minor is
'Lines of sales after discounts, with tax and corrections, gift cards left out, in minor '
'units.';
comment on column public.business_kpis.revenue_minor is
'captured - refunded - disputed - gift cards sold, by the ledger, in minor units.';
comment on column public.business_kpis.refund_bps is
'refunded / captured, in basis points; null of nothing.';
comment on column public.business_kpis.sold_per_customer_minor is
'sold_minor / (new_customers + returning_customers), in minor units; null of nothing.';
