-- Plans as clients read and write them.

create view public.membership_plans
with (security_invoker = true)
as
select
    membership_plans.id,
    membership_plans.business_id,
    membership_plans.name,
    membership_plans.description,
    membership_plans.rank,
    membership_plans.renews,
    membership_plans.period_unit,
    membership_plans.period_count,
    membership_plans.trial_days,
    membership_plans.grace_days,
    membership_plans.retry_days,
    membership_plans.reminder_days,
    membership_plans.access,
    membership_plans.advance_days,
    membership_plans.credits,
    membership_plans.is_active,
    membership_plans.position,
    membership_plans.created_at,
    membership_plans.updated_at
from memberships.membership_plans;
grant select on public.membership_plans to anon;
grant select, insert, update, delete on public.membership_plans to authenticated, service_role;

comment on view public.membership_plans is
'What businesses offer to members. A plan renews, or has one period: a class pack or a prepaid '
'credit. Everybody reads those that can be joined; owners and managers write theirs. A change '
'applies to whoever joins later; grace, retries, reminders and what is granted also to later '
'periods of those who joined. Page by (position, id).';
comment on column public.membership_plans.id is 'Key.';
comment on column public.membership_plans.business_id is
'The business that offers it. The platform''s plans are those of its own business.';
comment on column public.membership_plans.name is '1 to 200 characters, unique in its business.';
comment on column public.membership_plans.description is 'At most 5000 characters.';
comment on column public.membership_plans.rank is
'0 to 1000. A change to a lower rank waits for the end of the period.';
comment on column public.membership_plans.renews is
'Whether a period follows the one before. Cannot be changed.';
comment on column public.membership_plans.period_unit is 'day, week, month or year.';
comment on column public.membership_plans.period_count is
'How many units a period has: 1 to 366. Periods are counted from the first one, on the wall clock '
'of the business.';
comment on column public.membership_plans.trial_days is
'Free days before the first period, 0 to 366, once for each customer.';
comment on column public.membership_plans.grace_days is
'How many days members keep what the plan grants while a period is not paid: 0 to 60.';
comment on column public.membership_plans.retry_days is
'How many days after the first attempt a failed charge is tried again: at most 10 numbers.';
comment on column public.membership_plans.reminder_days is
'How many days before a renewal its members are told; 0: never.';
comment on column public.membership_plans.access is
'What members have access to, a word such as gold_member. Promotions, price lists, rules, '
'services, products and pages may ask for it.';
comment on column public.membership_plans.advance_days is
'How many days further ahead than others members may book: 0 to 3650.';
comment on column public.membership_plans.credits is
'How many visits or credits each period grants; null: none. membership_plan_services says for '
'what.';
comment on column public.membership_plans.is_active is 'Whether somebody may join.';
comment on column public.membership_plans.position is 'Where it stands in a list; lower is first.';
comment on column public.membership_plans.created_at is 'When it was created.';
comment on column public.membership_plans.updated_at is 'When it was last changed.';

create view public.membership_plan_prices
with (security_invoker = true)
as
select
    plan_prices.business_id,
    plan_prices.plan_id,
    plan_prices.currency,
    plan_prices.price_minor,
    plan_prices.signup_fee_minor
from memberships.plan_prices;
grant select on public.membership_plan_prices to anon;
grant select, insert, update, delete
on public.membership_plan_prices
to authenticated, service_role;

comment on view public.membership_plan_prices is
'What a plan costs whoever joins from now on, in each currency. Members who joined keep their '
'price until announce_membership_price changes it.';
comment on column public.membership_plan_prices.business_id is 'The business of the plan.';
comment on column public.membership_plan_prices.plan_id is 'The plan.';
comment on column public.membership_plan_prices.currency is 'ISO 4217 code.';
comment on column public.membership_plan_prices.price_minor is
'The price of a period in minor units.';
comment on column public.membership_plan_prices.signup_fee_minor is
'What joining costs once, in minor units.';

create view public.membership_plan_services
with (security_invoker = true)
as
select
    plan_services.business_id,
    plan_services.plan_id,
    plan_services.service_id,
    plan_services.credits
from memberships.plan_services;
grant select on public.membership_plan_services to anon;
grant select, insert, update, delete
on public.membership_plan_services
to authenticated, service_role;

comment on view public.membership_plan_services is
'Which services the credits of a plan pay for. What is written applies to later periods.';
comment on column public.membership_plan_services.business_id is 'The business of the plan.';
comment on column public.membership_plan_services.plan_id is 'The plan.';
comment on column public.membership_plan_services.service_id is
'A service that its credits pay for.';
comment on column public.membership_plan_services.credits is
'How many credits a visit costs each guest: 1 for a pass of visits.';

create view public.membership_price_changes
with (security_invoker = true)
as
select
    price_changes.id,
    price_changes.business_id,
    price_changes.plan_id,
    price_changes.currency,
    price_changes.price_minor,
    price_changes.effective_at,
    price_changes.needs_consent,
    price_changes.announced_at
from memberships.price_changes;
grant select on public.membership_price_changes to authenticated, service_role;

comment on view public.membership_price_changes is
'New prices that were announced to the members of a plan. Its members and those of the business '
'read them. Page by (announced_at, id).';
comment on column public.membership_price_changes.id is 'Key.';
comment on column public.membership_price_changes.business_id is 'The business of the plan.';
comment on column public.membership_price_changes.plan_id is 'The plan.';
comment on column public.membership_price_changes.currency is 'ISO 4217 code.';
comment on column public.membership_price_changes.price_minor is
'The new price of a period in minor units.';
comment on column public.membership_price_changes.effective_at is
'It applies to periods that begin from then on.';
comment on column public.membership_price_changes.needs_consent is
'Whether a higher price applies only to members who accept it.';
comment on column public.membership_price_changes.announced_at is 'When members were told.';
