-- The initial schema of 90_insight: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/90_insight/api/figures.sql

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

-- sql/90_insight/api/memberships.sql

-- Members as figures: how many there are now, and what joined, left and was worth in each month.
-- Every figure follows from the rows of memberships and their periods as they are, so a payment
-- that comes late and restores a membership also changes the months between. Rows of the two views
-- add up: no member is in two rows of active_members, nor twice in a row of membership_months.

create view analytics.active_members
with (security_invoker = true)
as
with members as (
    select
        memberships.business_id,
        memberships.id,
        memberships.granted_plan_id,
        memberships.currency,
        memberships.renews,
        memberships.number,
        memberships.status_of(
            memberships.granted_plan_id, memberships.trial_ends_at, memberships.paid_until,
            memberships.due_until, memberships.ends_at, memberships.cancelled_at,
            memberships.paused_at, memberships.resumes_at, (select private.now())
        ) as status
    from memberships.memberships
    where memberships.granted_plan_id is not null
)

select
    members.business_id,
    members.granted_plan_id as plan_id,
    members.currency,
    members.renews,
    members.status,
    count(*) as members,
    coalesce(
        sum(
            memberships.monthly_minor(
                periods.price_minor, periods.period_unit, periods.period_count
            )
        ) filter (where members.renews and members.status in ('active', 'past_due')),
        0
    )::bigint as mrr_minor
from members
inner join memberships.membership_periods as periods
    on
        members.business_id = periods.business_id
        and members.id = periods.membership_id
        and members.number = periods.number
where members.status not in ('cancelled', 'expired')
group by
    members.business_id, members.granted_plan_id, members.currency, members.renews,
    members.status;
grant select on analytics.active_members to analyst, service_role;

comment on view analytics.active_members is
'Who is a member at this instant, by business, plan, currency, renewal and status. Somebody whose '
'first period is not paid is no member yet.

Never sum across currencies.';
comment on column analytics.active_members.business_id is 'The business.';
comment on column analytics.active_members.plan_id is
'The plan whose benefits they have, a row of membership_plans.';
comment on column analytics.active_members.currency is 'ISO 4217 code.';
comment on column analytics.active_members.renews is
'Whether a period follows the one before. Passes and gifts do not renew.';
comment on column analytics.active_members.status is 'trialing, active, past_due or paused.';
comment on column analytics.active_members.members is 'Number of memberships.';
comment on column analytics.active_members.mrr_minor is
'Monthly recurring revenue in minor units: what their latest periods cost, without tax on top, '
'each converted to a month and rounded. Trials, pauses and what does not renew count 0; an unpaid '
'period counts during its grace.';

create view analytics.membership_months
with (security_invoker = true)
as
with states as not materialized (
    select
        memberships.business_id,
        memberships.id,
        memberships.currency,
        memberships.time_zone,
        memberships.trial_ends_at,
        memberships.paused_at,
        memberships.resumes_at,
        least(memberships.ends_at, memberships.due_until) as ends_at,
        memberships.status_of(
            memberships.granted_plan_id, memberships.trial_ends_at, memberships.paid_until,
            memberships.due_until, memberships.ends_at, memberships.cancelled_at,
            memberships.paused_at, memberships.resumes_at, (select private.now())
        ) as status
    from memberships.memberships
    where memberships.renews and memberships.granted_plan_id is not null
),

members as not materialized (
    select
        states.business_id,
        states.id,
        states.currency,
        states.time_zone,
        states.paused_at,
        states.resumes_at,
        periods.starts_at at time zone states.time_zone as began_at,
        case
            when states.status in ('cancelled', 'expired')
                then states.ends_at at time zone states.time_zone
        end as ended_at
    from states
    inner join memberships.membership_periods as periods
        on
            states.business_id = periods.business_id
            and states.id = periods.membership_id
    where periods.number = case when states.trial_ends_at is null then 1 else 0 end
),

months as (
    select
        spans.business_id,
        spans.currency,
        begins.at as starts_at,
        begins.at + interval '1 month' as ends_at
    from (
        select
            members.business_id,
            members.currency,
            date_trunc('month', min(members.began_at)) as from_at,
            max((select private.now()) at time zone members.time_zone) as until_at
        from members
        group by members.business_id, members.currency
    ) as spans
    cross join lateral generate_series(
        spans.from_at, spans.until_at, interval '1 month'
    ) as begins (at)
),

-- A member in a month, with what is true of them in it.
counted as (
    select
        months.business_id,
        months.currency,
        months.starts_at,
        members.id,
        members.began_at < months.starts_at as is_from_before,
        members.ended_at < months.ends_at as has_left,
        members.paused_at,
        members.resumes_at,
        -- The last instant of the month, or this one.
        least(
            months.ends_at at time zone members.time_zone - interval '1 microsecond',
            (select private.now())
        ) as at
    from months
    inner join members
        on
            months.business_id = members.business_id
            and months.currency = members.currency
            and months.ends_at > members.began_at
            and coalesce(months.starts_at <= members.ended_at, true)
)

select
    counted.business_id,
    counted.starts_at::date as month,
    counted.currency,
    count(*) filter (where counted.is_from_before) as members_at_start,
    count(*) filter (where not counted.is_from_before) as joined,
    count(*) filter (where counted.has_left) as "left",
    count(*) filter (where counted.has_left is not true) as members_at_end,
    round(
        10000.0 * count(*) filter (where counted.is_from_before and counted.has_left)
        / nullif(count(*) filter (where counted.is_from_before), 0)
    )::integer as churn_bps,
    coalesce(sum(worth.monthly_minor), 0)::bigint as mrr_minor
from counted
left join lateral (
    select
        memberships.monthly_minor(
            periods.price_minor, periods.period_unit, periods.period_count
        ) as monthly_minor
    from memberships.membership_periods as periods
    where
        counted.has_left is not true
        and not memberships.is_within_pause(counted.paused_at, counted.resumes_at, counted.at)
        and periods.business_id = counted.business_id
        and periods.membership_id = counted.id
        and periods.starts_at <= counted.at
    order by periods.number desc
    limit 1
) as worth on true
group by counted.business_id, counted.starts_at, counted.currency;
grant select on analytics.membership_months to analyst, service_role;

comment on view analytics.membership_months is
'Memberships that renew, by business, month and currency, from the first member to this month. '
'members_at_start + joined - left = members_at_end, which is members_at_start of the next month.

Never sum across currencies.';
comment on column analytics.membership_months.business_id is 'The business.';
comment on column analytics.membership_months.month is
'The first day of the month, in the zone of the business.';
comment on column analytics.membership_months.currency is 'ISO 4217 code.';
comment on column analytics.membership_months.members_at_start is
'Who was a member when the month began.';
comment on column analytics.membership_months.joined is
'Who became a member in it: with the trial, or with the first payment.';
comment on column analytics.membership_months.left is
'Who ceased to be a member in it: cancelled, or unpaid until the grace was over.';
comment on column analytics.membership_months.members_at_end is
'Who was a member when it ended; in this month, who is one now.';
comment on column analytics.membership_months.churn_bps is
'Of those who were members when it began, the share that left in it, in basis points; null when '
'there were none.';
comment on column analytics.membership_months.mrr_minor is
'Monthly recurring revenue when it ended, or now, in minor units, as in active_members. Of past '
'pauses only the latest of a membership is known.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
