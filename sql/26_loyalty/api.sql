-- Programs as clients read and write them, and points as they read them.

create view public.loyalty_programs
with (security_invoker = true)
as
select
    programs.id,
    programs.business_id,
    programs.name,
    programs.is_active,
    programs.currency,
    programs.earn_points,
    programs.earn_minor,
    programs.rounding,
    programs.minimum_spend_minor,
    programs.redeem_points,
    programs.redeem_minor,
    programs.minimum_redeem_points,
    programs.expires_after_days,
    programs.notice_days,
    programs.bearer,
    programs.referrer_points,
    programs.referred_points,
    programs.created_at,
    programs.updated_at
from loyalty.programs;
grant select on public.loyalty_programs to anon;
grant select, insert, update, delete on public.loyalty_programs to authenticated, service_role;

comment on view public.loyalty_programs is
'How a business gives points to whoever buys there, and what they are worth: one for each '
'business. Everybody reads those of open businesses; owners and managers write theirs. A change '
'applies to what is earned and redeemed later. A program is switched off, not deleted, once a '
'customer has an account of it. Page by (created_at, id).';
comment on column public.loyalty_programs.id is 'Key.';
comment on column public.loyalty_programs.business_id is
'The business. The program of the platform is that of its own business.';
comment on column public.loyalty_programs.name is
'1 to 200 characters; how points are called on the lines that they pay.';
comment on column public.loyalty_programs.is_active is
'Whether sales earn points. Points that were earned can be redeemed meanwhile.';
comment on column public.loyalty_programs.currency is
'ISO 4217 code. Sales in other currencies neither earn nor redeem. Cannot be changed.';
comment on column public.loyalty_programs.earn_points is
'How many points each earn_minor earns: 1 to 1000000.';
comment on column public.loyalty_programs.earn_minor is
'For which amount, in minor units: 1 to 1000000000.';
comment on column public.loyalty_programs.rounding is
'How the points of a sale are rounded, once: down, nearest or up.';
comment on column public.loyalty_programs.minimum_spend_minor is
'A sale that earns on less than this, in minor units, earns nothing.';
comment on column public.loyalty_programs.redeem_points is
'How many points take redeem_minor off: 1 to 1000000.';
comment on column public.loyalty_programs.redeem_minor is
'What redeem_points are worth, in minor units: 1 to 1000000000.';
comment on column public.loyalty_programs.minimum_redeem_points is
'How many points must be redeemed at once, at least.';
comment on column public.loyalty_programs.expires_after_days is
'How many days after they were earned points expire: 1 to 3650. Null: never.';
comment on column public.loyalty_programs.notice_days is
'How many days before points expire their customer is told: 0 to 365; 0: never.';
comment on column public.loyalty_programs.bearer is
'Who bears what points take off: business or platform. The operator says so.';
comment on column public.loyalty_programs.referrer_points is
'What a referral earns whoever referred somebody, once.';
comment on column public.loyalty_programs.referred_points is
'What a referral earns whoever was referred, once.';
comment on column public.loyalty_programs.created_at is 'When it was written.';
comment on column public.loyalty_programs.updated_at is 'When it changed last.';

create view public.loyalty_multipliers
with (security_invoker = true)
as
select
    multipliers.id,
    multipliers.business_id,
    multipliers.name,
    multipliers.percent,
    multipliers.access,
    multipliers.starts_at,
    multipliers.ends_at,
    multipliers.created_at
from loyalty.multipliers;
grant select on public.loyalty_multipliers to anon;
grant select, insert, update, delete on public.loyalty_multipliers to authenticated, service_role;

comment on view public.loyalty_multipliers is
'When sales earn more points: for the members of a level, in a window, or both. Of those that '
'apply when a sale is placed the highest counts. Everybody reads those of open businesses; owners '
'and managers write theirs. Page by (created_at, id).';
comment on column public.loyalty_multipliers.id is 'Key.';
comment on column public.loyalty_multipliers.business_id is 'The business.';
comment on column public.loyalty_multipliers.name is '1 to 200 characters, unique in its business.';
comment on column public.loyalty_multipliers.percent is
'101 to 1000; 200: twice as many points.';
comment on column public.loyalty_multipliers.access is
'Only for those who have access to this, such as the members of a plan. Null: everybody.';
comment on column public.loyalty_multipliers.starts_at is
'For sales placed from then on. Null: without a beginning.';
comment on column public.loyalty_multipliers.ends_at is
'For sales placed before then. Null: without an end.';
comment on column public.loyalty_multipliers.created_at is 'When it was written.';

create view public.loyalty_entries
with (security_invoker = true)
as
select
    entries.id,
    entries.business_id,
    entries.customer_id,
    entries.lot_id,
    entries.kind,
    entries.points,
    lots.expires_at,
    entries.sale_id,
    entries.reason,
    entries.created_at
from loyalty.entries
left join loyalty.lots on entries.business_id = lots.business_id and entries.lot_id = lots.id;
grant select on public.loyalty_entries to authenticated, service_role;

comment on view public.loyalty_entries is
'Every change of points. The sum of a customer''s entries is what they have, less what they owe. '
'Customers read theirs, members who serve those of their business. Page by (created_at, id).';
comment on column public.loyalty_entries.id is 'Key.';
comment on column public.loyalty_entries.business_id is 'The business.';
comment on column public.loyalty_entries.customer_id is 'Whose points, a row of customers.';
comment on column public.loyalty_entries.lot_id is
'What was earned at once and expires at once. Null: points that are owed.';
comment on column public.loyalty_entries.kind is
'earned: by a sale. clawed_back: the sale was refunded, in whole or in part; positive: that was '
'undone. redeemed: they paid a sale. returned: that sale was taken back, in whole or in part; '
'negative: that was undone. adjusted: by a member. referral: a reward. expired. repaid: new points '
'paid what was owed.';
comment on column public.loyalty_entries.points is 'Negative: fewer.';
comment on column public.loyalty_entries.expires_at is 'When the lot expires. Null: never.';
comment on column public.loyalty_entries.sale_id is
'The sale that earned or redeemed them. Null: none.';
comment on column public.loyalty_entries.reason is 'Why a member changed them; null otherwise.';
comment on column public.loyalty_entries.created_at is 'When they changed.';

create view public.loyalty_balances
with (security_invoker = true)
as
select
    accounts.business_id,
    accounts.customer_id,
    coalesce(spendable.points, 0)::bigint as points,
    accounts.debt_points,
    spendable.expires_at,
    coalesce(expiring.points, 0)::bigint as expiring_points
from loyalty.accounts
left join lateral (
    select
        sum(lots.points) as points,
        min(lots.expires_at) as expires_at
    from loyalty.lots
    where
        lots.business_id = accounts.business_id
        and lots.customer_id = accounts.customer_id
        and lots.points > 0
        and coalesce(lots.expires_at > (select private.now()), true)
) as spendable on true
left join lateral (
    select sum(lots.points) as points
    from loyalty.lots
    where
        lots.business_id = accounts.business_id
        and lots.customer_id = accounts.customer_id
        and lots.points > 0
        and lots.expires_at = spendable.expires_at
) as expiring on true;
grant select on public.loyalty_balances to authenticated, service_role;

comment on view public.loyalty_balances is
'How many points customers can redeem now. Customers read theirs, members who serve those of '
'their business. Page by (customer_id).';
comment on column public.loyalty_balances.business_id is 'The business.';
comment on column public.loyalty_balances.customer_id is 'Whose points, a row of customers.';
comment on column public.loyalty_balances.points is 'What can be redeemed now.';
comment on column public.loyalty_balances.debt_points is
'What refunds took back beyond what was left. Later points repay it first.';
comment on column public.loyalty_balances.expires_at is
'When the first of the points expire. Null: none do.';
comment on column public.loyalty_balances.expiring_points is 'How many of them expire then.';
