-- What a business is charged, and what it has from others.

create view public.commissions
with (security_invoker = true)
as
select
    commissions.id,
    commissions.business_id,
    commissions.sale_id,
    commissions.sale_line_id,
    commissions.level,
    commissions.party_id,
    commissions.currency,
    commissions.amount_minor,
    commissions.reversed_minor,
    states.status,
    states.payout_id,
    commissions.earned_at
from money.commissions
cross join lateral money.commission_state(commissions) as states;
grant select on public.commissions to authenticated, service_role;

comment on view public.commissions is
'The share of each level in the commission of a delivered line. Owners and accountants read what '
'their business is charged and what it has from others. Page by (earned_at, id).';
comment on column public.commissions.id is 'Key.';
comment on column public.commissions.business_id is 'The business that is charged.';
comment on column public.commissions.sale_id is 'The sale.';
comment on column public.commissions.sale_line_id is 'The line that was delivered.';
comment on column public.commissions.level is 'platform, partner, referrer or upline.';
comment on column public.commissions.party_id is
'The business that has the share; null for the platform.';
comment on column public.commissions.currency is 'ISO 4217 code of the amounts.';
comment on column public.commissions.amount_minor is
'The share when the line was delivered, in minor units. The levels of a line add up to its '
'commission.';
comment on column public.commissions.reversed_minor is
'How much of it refunds took back so far, in minor units.';
comment on column public.commissions.status is
'pending, approved (a payout has it), paid, or reversed (nothing is left).';
comment on column public.commissions.payout_id is
'The payout that pays it: of the business, or of the party; null before.';
comment on column public.commissions.earned_at is 'When the line was delivered.';
