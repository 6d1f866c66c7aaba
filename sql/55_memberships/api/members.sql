-- Memberships as clients read them. The status is computed from the row and the clock.

create view public.memberships
with (security_invoker = true)
as
select
    memberships.id,
    memberships.business_id,
    memberships.customer_id,
    memberships.user_id,
    memberships.plan_id,
    memberships.next_plan_id,
    memberships.status_at(memberships, private.now()) as status,
    memberships.currency,
    memberships.price_minor,
    memberships.renews,
    memberships.period_unit,
    memberships.period_count,
    memberships.time_zone,
    memberships.joined_at,
    memberships.trial_ends_at,
    memberships.paid_until,
    memberships.due_until,
    memberships.renews_at,
    memberships.ends_at,
    memberships.cancelled_at,
    memberships.cancel_reason,
    memberships.paused_at,
    memberships.resumes_at,
    memberships.method_id,
    memberships.updated_at
from memberships.memberships;
grant select on public.memberships to authenticated, service_role;

comment on view public.memberships is
'Who is a member of what, until when. Members read theirs, businesses those of their members. '
'Written by join_membership and the other functions of memberships. Page by (joined_at, id).';
comment on column public.memberships.id is 'Key.';
comment on column public.memberships.business_id is 'The business.';
comment on column public.memberships.customer_id is 'The member, a row of customers.';
comment on column public.memberships.user_id is 'The account; null once it is gone.';
comment on column public.memberships.plan_id is 'The plan.';
comment on column public.memberships.next_plan_id is
'The plan to which it changes at the next renewal; null: none.';
comment on column public.memberships.status is
'trialing, active, past_due (a period is not paid yet), paused, cancelled or expired, at this '
'instant.';
comment on column public.memberships.currency is 'ISO 4217 code.';
comment on column public.memberships.price_minor is
'What a period costs, as it was agreed, in minor units.';
comment on column public.memberships.renews is 'Whether a period follows the one before.';
comment on column public.memberships.period_unit is 'day, week, month or year.';
comment on column public.memberships.period_count is 'How many units a period has.';
comment on column public.memberships.time_zone is
'The zone of the business, on whose wall clock periods are counted.';
comment on column public.memberships.joined_at is 'When somebody joined.';
comment on column public.memberships.trial_ends_at is 'When the trial ends; null: there was none.';
comment on column public.memberships.paid_until is 'Until when it is paid, or free.';
comment on column public.memberships.due_until is
'Until when an unpaid period can keep it alive. Later it is expired.';
comment on column public.memberships.renews_at is
'When the next period begins and is charged; null: none follows, or the latest is unpaid.';
comment on column public.memberships.ends_at is
'When it ends, or ended; null: it goes on.';
comment on column public.memberships.cancelled_at is
'When it was cancelled; it may last until ends_at.';
comment on column public.memberships.cancel_reason is 'Why it was cancelled.';
comment on column public.memberships.paused_at is 'When its latest pause begins, or began.';
comment on column public.memberships.resumes_at is
'When that pause ends; null while nobody said.';
comment on column public.memberships.method_id is
'The saved card that pays renewals, a row of payment_methods; null: none.';
comment on column public.memberships.updated_at is 'When it was last changed.';

create view public.membership_periods
with (security_invoker = true)
as
select
    membership_periods.id,
    membership_periods.business_id,
    membership_periods.membership_id,
    membership_periods.number,
    membership_periods.plan_id,
    membership_periods.starts_at,
    membership_periods.ends_at,
    membership_periods.price_minor,
    membership_periods.sale_id,
    membership_periods.paid_at,
    membership_periods.next_charge_at,
    membership_periods.voided_at,
    membership_periods.period_unit,
    membership_periods.period_count
from memberships.membership_periods;
grant select on public.membership_periods to authenticated, service_role;

comment on view public.membership_periods is
'The periods of memberships, each with its invoice. Read like their membership. Page by '
'(membership_id, number).';
comment on column public.membership_periods.id is 'Key.';
comment on column public.membership_periods.business_id is 'The business.';
comment on column public.membership_periods.membership_id is 'The membership.';
comment on column public.membership_periods.number is '0 for the trial, then 1, 2, …';
comment on column public.membership_periods.plan_id is 'The plan in that period.';
comment on column public.membership_periods.starts_at is 'When it begins.';
comment on column public.membership_periods.ends_at is 'When the next one may begin.';
comment on column public.membership_periods.price_minor is
'What the whole period costs on its plan, after discount, in minor units.';
comment on column public.membership_periods.sale_id is
'The invoice, a row of sales; null for a free trial.';
comment on column public.membership_periods.paid_at is
'When it was paid or began free of charge; null: it is owed.';
comment on column public.membership_periods.next_charge_at is
'When the saved card is charged again; null: not, or a charge is on its way.';
comment on column public.membership_periods.voided_at is
'When its invoice was taken back because nobody paid it.';
comment on column public.membership_periods.period_unit is
'day, week, month or year: for how long price_minor pays by the plan.';
comment on column public.membership_periods.period_count is 'How many of these units.';

create view public.membership_charges
with (security_invoker = true)
as
select
    charge_attempts.business_id,
    charge_attempts.period_id,
    charge_attempts.number,
    charge_attempts.payment_id,
    charge_attempts.at,
    charge_attempts.failed_at,
    charge_attempts.failure
from memberships.charge_attempts;
grant select on public.membership_charges to authenticated, service_role;

comment on view public.membership_charges is
'Each charge of a saved card for a period. Read like the period. Page by (period_id, number).';
comment on column public.membership_charges.business_id is 'The business.';
comment on column public.membership_charges.period_id is 'The period, a row of membership_periods.';
comment on column public.membership_charges.number is '1 for the first attempt, then 2, …';
comment on column public.membership_charges.payment_id is 'The payment.';
comment on column public.membership_charges.at is 'When it was queued.';
comment on column public.membership_charges.failed_at is
'When it failed; null: it did not, or is on its way.';
comment on column public.membership_charges.failure is 'Why it failed.';

create view public.membership_gifts
with (security_invoker = true)
as
select
    gifts.id,
    gifts.business_id,
    gifts.plan_id,
    gifts.sale_id,
    gifts.buyer_id,
    gifts.email,
    gifts.message,
    gifts.paid_at,
    gifts.expires_at,
    gifts.redeemed_at,
    gifts.membership_id,
    gifts.created_at
from memberships.gifts;
grant select on public.membership_gifts to authenticated, service_role;

comment on view public.membership_gifts is
'Plans that somebody bought for somebody else. Buyers read theirs, members who serve those of '
'their business. Page by (created_at, id).';
comment on column public.membership_gifts.id is 'Key.';
comment on column public.membership_gifts.business_id is 'The business of the plan.';
comment on column public.membership_gifts.plan_id is 'The plan.';
comment on column public.membership_gifts.sale_id is 'What the buyer pays, a row of sales.';
comment on column public.membership_gifts.buyer_id is 'Who bought it.';
comment on column public.membership_gifts.email is 'For whom it is; null: whoever has the code.';
comment on column public.membership_gifts.message is 'What the buyer wrote.';
comment on column public.membership_gifts.paid_at is
'When it was paid; null: it cannot be redeemed yet.';
comment on column public.membership_gifts.expires_at is 'Until when it can be redeemed.';
comment on column public.membership_gifts.redeemed_at is 'When it was redeemed.';
comment on column public.membership_gifts.membership_id is 'What it became.';
comment on column public.membership_gifts.created_at is 'When it was bought.';

/*
 * Return a membership in the form of the API. Volatile, because it reads what the same statement
 * wrote.
 */
create function memberships.shown(membership_id uuid)
returns public.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership public.memberships;
begin
    select memberships.* into v_membership
    from public.memberships
    where memberships.id = shown.membership_id;
    return v_membership;
end;
$$;
