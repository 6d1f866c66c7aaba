-- What clients read about payouts. All of it is read-only.

create view public.payout_accounts
with (security_invoker = true)
as
select
    payout_accounts.business_id,
    payout_accounts.currency,
    payout_accounts.provider,
    payout_accounts.status,
    payout_accounts.missing,
    payout_accounts.schedule,
    payout_accounts.minimum_minor,
    payout_accounts.hold_days,
    payout_accounts.reserve_bps,
    payout_accounts.reserve_days,
    payout_runs.next_run_at,
    payout_accounts.created_at
from money.payout_accounts
inner join money.payout_runs
    on
        payout_accounts.business_id = payout_runs.business_id
        and payout_accounts.currency = payout_runs.currency;
grant select on public.payout_accounts to authenticated, service_role;

comment on view public.payout_accounts is
'Where a business is paid in a currency, and when. Owners and accountants read theirs.';
comment on column public.payout_accounts.business_id is 'The business.';
comment on column public.payout_accounts.currency is 'ISO 4217 code.';
comment on column public.payout_accounts.provider is 'Who pays, such as stripe.';
comment on column public.payout_accounts.status is
'pending (being opened), active, restricted (the provider asks for more) or rejected.';
comment on column public.payout_accounts.missing is 'What the provider still asks for.';
comment on column public.payout_accounts.schedule is
'each (as soon as earnings are available), daily, weekly, monthly or on_demand.';
comment on column public.payout_accounts.minimum_minor is
'The least amount of a payout, in minor units.';
comment on column public.payout_accounts.hold_days is
'How many days earnings wait before they can be paid out.';
comment on column public.payout_accounts.reserve_bps is
'The share of each line that is kept against refunds, in basis points.';
comment on column public.payout_accounts.reserve_days is
'For how many days after the hold it is kept.';
comment on column public.payout_accounts.next_run_at is
'When payouts are made next; infinity on demand.';
comment on column public.payout_accounts.created_at is 'When it was made.';

create view public.payouts
with (security_invoker = true)
as
select
    payouts.id,
    payouts.business_id,
    payouts.currency,
    payouts.amount_minor,
    payouts.status,
    payouts.requested_by,
    payouts.provider,
    payouts.failure,
    payout_decisions.decided_by,
    payout_decisions.reason as decision_reason,
    payouts.created_at,
    payouts.finished_at
from money.payouts
left join money.payout_decisions
    on
        payouts.business_id = payout_decisions.business_id
        and payouts.id = payout_decisions.payout_id;
grant select on public.payouts to authenticated, service_role;

comment on view public.payouts is
'What a business is paid. Owners and accountants read theirs, the platform''s finance staff all. '
'Page by (created_at, id).';
comment on column public.payouts.id is 'Key.';
comment on column public.payouts.business_id is 'The business.';
comment on column public.payouts.currency is 'ISO 4217 code.';
comment on column public.payouts.amount_minor is 'The amount in minor units.';
comment on column public.payouts.status is
'pending (waits for approval), approved, rejected, in_transit, paid, failed, or reversed (its '
'earnings are open again).';
comment on column public.payouts.requested_by is
'The member who asked for it; null when the schedule did.';
comment on column public.payouts.provider is 'Who pays, such as stripe.';
comment on column public.payouts.failure is 'Why it failed; null for most.';
comment on column public.payouts.decided_by is
'Who approved or rejected it; null where nobody had to.';
comment on column public.payouts.decision_reason is 'Why it was rejected, or approved.';
comment on column public.payouts.created_at is 'When it was made.';
comment on column public.payouts.finished_at is
'When it was paid, failed or rejected; null before.';

create view public.payout_items
with (security_invoker = true)
as
select
    payouts.business_id,
    payouts.id as payout_id,
    earnings.id as earning_id,
    earnings.kind,
    earnings.sale_id,
    earnings.sale_line_id,
    earnings.amount_minor,
    payouts.status not in ('rejected', 'reversed') as is_live,
    earnings.earned_at
from money.payouts
cross join unnest(payouts.earning_ids) as items (earning_id)
inner join money.earnings
    on
        payouts.business_id = earnings.business_id
        and items.earning_id = earnings.id;
grant select on public.payout_items to authenticated, service_role;

comment on view public.payout_items is
'What a payout consists of: an earning is in at most one live payout.';
comment on column public.payout_items.business_id is 'The business.';
comment on column public.payout_items.payout_id is 'The payout.';
comment on column public.payout_items.earning_id is 'The earning.';
comment on column public.payout_items.kind is
'line, reversal (of a line), commission (of another business), cash (that the business took '
'itself), dispute, reserve (kept for a while), release (of what was kept), credit (that the '
'business gave, once it is spent), gift_card_tax (of cards that are taxed when they are sold) or '
'breakage (what was left on gift cards that expired).';
comment on column public.payout_items.sale_id is 'The sale; null where it is of none.';
comment on column public.payout_items.sale_line_id is 'The line; null where it is of none.';
comment on column public.payout_items.amount_minor is
'The amount in minor units; negative where it is taken from the business.';
comment on column public.payout_items.is_live is
'False once the payout is rejected or reversed.';
comment on column public.payout_items.earned_at is 'When it was earned, or taken.';
