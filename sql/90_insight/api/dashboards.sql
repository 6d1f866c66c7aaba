-- What owners and the platform ask for in one call.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.business_dashboard(business_id public.identifier, from_on text, to_on text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select insight.business_dashboard(
        private.to_identifier(business_id, 'business_id'),
        private.to_date(from_on, 'from_on'),
        private.to_date(to_on, 'to_on')
    );
end;
comment on function public.business_dashboard is
'Return the figures of a business in a period, each beside the period before, which is as long and '
'ends the day before from_on. For owners, managers and accountants, and for the platform''s staff.

Days are of the business''s zone. A booking counts on the day on which it starts, a sale and each '
'correction on the day on which it was written, money on the day on which it moved. Figures are '
'exact at the moment of the call.

{business_id, name, time_zone, currency, from_on, to_on, bookings, by_status, cancellation_bps, '
'no_show_bps, lead_minutes, booked_minutes, open_minutes, utilisation_bps, new_customers, '
'returning_customers, money, before, top_services, top_products, top_staff, channels, series, '
'today, week}. today, week (from Monday) and before have the same figures of their days; series '
'has a row for each day.

bookings are all but those held or expired. cancellation_bps = cancelled / bookings. no_show_bps = '
'no_show / (completed + no_show). lead_minutes is the mean time from making to start. '
'utilisation_bps = booked_minutes / open_minutes of the resources that customers are booked with. '
'A new customer bought for the first time, a returning one had bought on an earlier day; each '
'counts once a day. Shares are basis points, null of nothing.

money has a row for each currency, in minor units: sold_minor is what sales say, after discounts '
'and corrections, gift cards left out; revenue_minor = captured_minor - refunded_minor - '
'disputed_minor - gift_cards_minor, what came in less what went back and what is owed to holders '
'of gift cards.

- from_on, to_on: local dates, both included; at most 1097 days.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden
 */
create function public.platform_dashboard(from_on text, to_on text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select insight.platform_dashboard(
        private.to_date(from_on, 'from_on'), private.to_date(to_on, 'to_on')
    );
end;
comment on function public.platform_dashboard is
'Return the figures of all businesses in a period, each beside the period before, which is as long '
'and ends the day before from_on. For the platform''s staff.

The sums of what business_dashboard returns: {from_on, to_on, bookings, by_status, …, money, '
'commissions, before, top_businesses, businesses}. Each business counts in days of its own zone. '
'commissions are those of the platform by currency, by the day of the ledger (UTC). top_businesses '
'are ten in each currency by revenue, then bookings, then id. businesses counts them by status.

- from_on, to_on: dates, both included; at most 1097 days.

Errors: invalid_input 400, not_signed_in 401, forbidden 403.';

grant execute on function
public.business_dashboard(public.identifier, text, text), public.platform_dashboard(text, text)
to anon, authenticated, service_role;

create view public.admin_businesses
with (security_invoker = true)
as
select
    totals.id,
    totals.name,
    totals.slug,
    totals.status,
    totals.created_at,
    totals.members,
    totals.customers,
    totals.bookings,
    totals.completed,
    totals.money
from insight.business_totals() as totals;
grant select on public.admin_businesses to authenticated, service_role;

comment on view public.admin_businesses is
'Every business with its figures since it began, for the platform''s staff; empty for everybody '
'else.';
comment on column public.admin_businesses.id is 'The business.';
comment on column public.admin_businesses.name is 'Its name.';
comment on column public.admin_businesses.slug is 'Its name in addresses.';
comment on column public.admin_businesses.status is 'As in businesses.';
comment on column public.admin_businesses.created_at is 'When it was created.';
comment on column public.admin_businesses.members is 'Number of its members.';
comment on column public.admin_businesses.customers is
'Number of its customers, without those merged into another.';
comment on column public.admin_businesses.bookings is
'Number of its bookings that are neither held nor expired.';
comment on column public.admin_businesses.completed is 'Number of its completed bookings.';
comment on column public.admin_businesses.money is
'What it sold, took and gave back by currency, as money of business_dashboard.';
