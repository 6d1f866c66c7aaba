-- Members read their own memberships, and a business those of its members. Nobody writes them: the
-- functions do, so that nobody chooses their price, their status or the end of a period.

alter table memberships.memberships enable row level security;
alter table memberships.membership_periods enable row level security;
alter table memberships.charge_attempts enable row level security;
alter table memberships.price_consents enable row level security;
alter table memberships.gifts enable row level security;

grant select
on memberships.memberships, memberships.membership_periods, memberships.charge_attempts,
memberships.price_consents
to authenticated;
-- code_hash is nobody's to read.
grant select (
    id, business_id, plan_id, sale_id, buyer_id, email, message, paid_at, expires_at, redeemed_at,
    membership_id, created_at
) on memberships.gifts to authenticated;
grant select, insert, update, delete
on memberships.memberships, memberships.membership_periods, memberships.charge_attempts,
memberships.price_consents, memberships.gifts
to service_role;

create policy memberships_select
on memberships.memberships
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy membership_periods_select
on memberships.membership_periods
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or membership_id = any(array(select private.my_memberships()))
);

create policy charge_attempts_select
on memberships.charge_attempts
for select
to authenticated
using (
    exists (
        select 1
        from memberships.membership_periods
        where
            membership_periods.business_id = charge_attempts.business_id
            and membership_periods.id = charge_attempts.period_id
    )
);

create policy price_consents_select
on memberships.price_consents
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or membership_id = any(array(select private.my_memberships()))
);

-- The buyer, and those who serve customers at the business. Whoever it is for learns of it by mail.
create policy gifts_select
on memberships.gifts
for select
to authenticated
using (
    buyer_id = (select auth.uid())
    or business_id = any(array(select private.my_businesses('serve')))
);

grant execute on function
private.my_memberships(),
private.my_plans(),
memberships.status_at(memberships.memberships, timestamptz),
memberships.is_paused(memberships.memberships, timestamptz),
memberships.is_within_pause(timestamptz, timestamptz, timestamptz)
to authenticated, service_role;
grant execute on function private.my_plans() to anon;

grant execute on function
memberships.is_member(uuid, uuid, timestamptz),
memberships.join_plan(uuid, pricing.context, uuid, text),
memberships.change_quote(uuid, uuid),
memberships.change(uuid, uuid, boolean),
memberships.pause(uuid, timestamptz),
memberships.resume(uuid),
memberships.skip(uuid),
memberships.cancel(uuid, boolean, text),
memberships.keep(uuid),
memberships.set_method(uuid, uuid),
memberships.buy_gift(uuid, text, text, text),
memberships.redeem_gift(uuid, text),
memberships.announce_price(uuid, text, bigint, timestamptz, boolean),
memberships.accept_price(uuid)
to anon, authenticated, service_role;

grant usage on schema memberships to worker;
grant execute on function memberships.run_due(integer) to worker;

-- Analysts count members and add up prices. The grant leaves out who the members are.
grant usage on schema memberships to analyst;
grant select (
    id, business_id, currency, renews, time_zone, number, trial_ends_at, paid_until, due_until,
    ends_at, cancelled_at, paused_at, resumes_at, granted_plan_id
) on memberships.memberships to analyst;
grant select (
    business_id, membership_id, number, starts_at, price_minor, period_unit, period_count
) on memberships.membership_periods to analyst;
grant execute on function
private.now(),
memberships.is_within_pause(timestamptz, timestamptz, timestamptz),
memberships.status_of(
    uuid, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz,
    timestamptz, timestamptz
),
memberships.monthly_minor(bigint, memberships.period_unit, integer)
to analyst, service_role;
grant execute on function
memberships.status_of(
    uuid, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz,
    timestamptz, timestamptz
)
to authenticated;

create policy memberships_select_analyst
on memberships.memberships
for select
to analyst
using (true);

create policy membership_periods_select_analyst
on memberships.membership_periods
for select
to analyst
using (true);
