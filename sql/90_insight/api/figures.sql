-- What people who read numbers read. Analysts come in with a role of their own: each view is a
-- security_invoker view, so their column grants hold and personal data is out of reach of a free
-- query too.

create view analytics.daily_bookings
with (security_invoker = true)
as
select
    bookings.business_id,
    (bookings.starts_at at time zone bookings.time_zone)::date as day,
    bookings.currency,
    bookings.status,
    count(*) as bookings,
    sum(bookings.total_minor)::bigint as total_minor
from scheduling.bookings
group by 1, 2, 3, 4;
grant select on analytics.daily_bookings to analyst, service_role;

comment on view analytics.daily_bookings is
'Bookings by day (in the business''s zone), business, currency and status.

Never sum across currencies.';
comment on column analytics.daily_bookings.business_id is 'The business.';
comment on column analytics.daily_bookings.day is 'The local date on which they start.';
comment on column analytics.daily_bookings.currency is 'ISO 4217 code.';
comment on column analytics.daily_bookings.status is 'Status of the bookings.';
comment on column analytics.daily_bookings.bookings is 'Number of bookings.';
comment on column analytics.daily_bookings.total_minor is 'Total price, in minor units.';

create view analytics.notification_stats
with (security_invoker = true)
as
select
    notification_deliveries.business_id,
    (notification_deliveries.created_at at time zone 'UTC')::date as day,
    notification_deliveries.event,
    notification_deliveries.channel,
    notification_deliveries.status,
    count(*) as deliveries,
    sum(notification_deliveries.attempts)::bigint as attempts,
    avg(extract(epoch from notification_deliveries.sent_at - notification_deliveries.created_at))
        as seconds_to_send
from engagement.notification_deliveries
group by 1, 2, 3, 4, 5;
grant select on analytics.notification_stats to analyst, service_role;

comment on view analytics.notification_stats is
'Deliveries by day, business, event, channel and status.';
comment on column analytics.notification_stats.business_id is 'The business.';
comment on column analytics.notification_stats.day is 'The date in UTC on which they were queued.';
comment on column analytics.notification_stats.event is 'The event, a name of notification_events.';
comment on column analytics.notification_stats.channel is 'mail, sms, push or in_app.';
comment on column analytics.notification_stats.status is
'queued, sent, delivered, failed, bounced or skipped.';
comment on column analytics.notification_stats.deliveries is 'Number of deliveries.';
comment on column analytics.notification_stats.attempts is 'Number of attempts to send them.';
comment on column analytics.notification_stats.seconds_to_send is
'Mean seconds from queued to accepted by the provider, or null.';

create view analytics.user_activity
with (security_invoker = true)
as
select
    (activity_events.at at time zone 'UTC')::date as day,
    activity_events.kind,
    count(*) as events
from identity.activity_events
group by 1, 2;
grant select on analytics.user_activity to analyst, service_role;

comment on view analytics.user_activity is
'What users do with their accounts, by day and kind, without persons and places.';
comment on column analytics.user_activity.day is 'The date in UTC.';
comment on column analytics.user_activity.kind is 'As in activity, such as signed_in.';
comment on column analytics.user_activity.events is 'Number of events.';

create view analytics.commission_report
with (security_invoker = true)
as
select
    transactions.booked_on as day,
    transactions.business_id,
    accounts.business_id as party_id,
    accounts.currency,
    (-coalesce(sum(entries.amount_minor) filter (where transactions.cause_kind = 'delivery'), 0))
    ::bigint as earned_minor,
    coalesce(sum(entries.amount_minor) filter (where transactions.cause_kind = 'reversal'), 0)
    ::bigint as reversed_minor
from money.transactions
inner join money.entries on transactions.number = entries.number
inner join money.accounts on entries.account_id = accounts.id
where
    transactions.cause_kind in ('delivery', 'reversal')
    and (
        accounts.kind = 'commission'
        or accounts.kind = 'business_payable' and accounts.business_id <> transactions.business_id
    )
group by 1, 2, 3, 4;
grant select on analytics.commission_report to analyst, service_role;

comment on view analytics.commission_report is
'Commissions by day (of the ledger, UTC), business, party and currency, added up from the ledger.

Never sum across currencies.';
comment on column analytics.commission_report.day is 'The day under which they are booked.';
comment on column analytics.commission_report.business_id is 'The business that is charged.';
comment on column analytics.commission_report.party_id is
'The business that has the share; null for the platform.';
comment on column analytics.commission_report.currency is 'ISO 4217 code.';
comment on column analytics.commission_report.earned_minor is
'Commissions of lines delivered on that day, in minor units.';
comment on column analytics.commission_report.reversed_minor is
'What was taken back on that day, in minor units.';

create view analytics.payout_report
with (security_invoker = true)
as
select
    (payouts.created_at at time zone 'UTC')::date as day,
    payouts.business_id,
    payouts.currency,
    payouts.status,
    count(*) as payouts,
    sum(payouts.amount_minor)::bigint as amount_minor
from money.payouts
group by 1, 2, 3, 4;
grant select on analytics.payout_report to analyst, service_role;

comment on view analytics.payout_report is
'Payouts by day, business, currency and status.

Never sum across currencies.';
comment on column analytics.payout_report.day is 'The date in UTC on which they were made.';
comment on column analytics.payout_report.business_id is 'The business.';
comment on column analytics.payout_report.currency is 'ISO 4217 code.';
comment on column analytics.payout_report.status is 'As in payouts.';
comment on column analytics.payout_report.payouts is 'Number of payouts.';
comment on column analytics.payout_report.amount_minor is 'Their amounts in minor units.';
