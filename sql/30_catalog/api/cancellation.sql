-- What clients read about what cancelling costs and, as owners and managers, write.

create view public.cancellation_policies
with (security_invoker = true)
as
select
    cancellation_policies.id,
    cancellation_policies.business_id,
    cancellation_policies.name,
    cancellation_policies.is_default,
    cancellation_policies.no_show_fee_bps,
    cancellation_policies.reschedule_until_hours,
    cancellation_policies.reschedule_limit,
    cancellation_policies.created_at,
    cancellation_policies.no_show_fee_minor,
    cancellation_policies.late_reschedule_hours,
    cancellation_policies.late_reschedule_fee_bps,
    cancellation_policies.late_reschedule_fee_minor,
    cancellation_policies.reschedule_pricing
from catalog.cancellation_policies;
grant select on public.cancellation_policies to anon;
grant select, insert, update, delete on public.cancellation_policies to authenticated, service_role;

comment on view public.cancellation_policies is
'The fees and deadlines for no-shows and moves.

cancellation_tiers holds the fees for cancelling. Without a fee it is free of charge. A booking '
'keeps a copy of the policy under which it was made. Readable by everyone who can see the '
'business; written by owners and managers.';
comment on column public.cancellation_policies.id is 'Primary key.';
comment on column public.cancellation_policies.business_id is 'The business that owns it.';
comment on column public.cancellation_policies.name is 'At most 200 characters.';
comment on column public.cancellation_policies.is_default is
'Whether it applies to services without a policy. Each business has at most one default; setting '
'another one unsets this one.';
comment on column public.cancellation_policies.no_show_fee_bps is
'Fee for a no-show as a share of the total, in basis points; 0 if no_show_fee_minor is set.';
comment on column public.cancellation_policies.reschedule_until_hours is
'Elapsed hours before the start until which a customer may move the booking.';
comment on column public.cancellation_policies.reschedule_limit is
'How often a customer may move the booking; null for no limit.';
comment on column public.cancellation_policies.created_at is 'When it was created.';
comment on column public.cancellation_policies.no_show_fee_minor is
'Fee for a no-show in minor units of the booking''s currency, at most the total.';
comment on column public.cancellation_policies.late_reschedule_hours is
'A customer''s move costs the fee if fewer than this many elapsed hours remain; 0 for never.';
comment on column public.cancellation_policies.late_reschedule_fee_bps is
'Fee for a late move as a share of the total, in basis points.';
comment on column public.cancellation_policies.late_reschedule_fee_minor is
'Fee for a late move in minor units of the booking''s currency, at most the total.';
comment on column public.cancellation_policies.reschedule_pricing is
'What a customer''s move to another price means: difference (they pay or get the difference, the '
'default), surcharge (they pay it, and get nothing back), keep (the price stays as agreed).';

create view public.cancellation_tiers
with (security_invoker = true)
as
select
    cancellation_tiers.id,
    cancellation_tiers.business_id,
    cancellation_tiers.cancellation_policy_id,
    cancellation_tiers.hours_before,
    cancellation_tiers.fee_bps,
    cancellation_tiers.fee_minor,
    cancellation_tiers.created_at
from catalog.cancellation_tiers;
grant select on public.cancellation_tiers to anon;
grant select, insert, update, delete on public.cancellation_tiers to authenticated, service_role;

comment on view public.cancellation_tiers is
'The fees for cancelling.

If several tiers apply, the one with the fewest hours counts. Before the first tier cancelling is '
'free. Readable by everyone who can see the business; written by owners and managers.';
comment on column public.cancellation_tiers.id is 'Primary key.';
comment on column public.cancellation_tiers.business_id is 'The business that owns it.';
comment on column public.cancellation_tiers.cancellation_policy_id is 'The policy.';
comment on column public.cancellation_tiers.hours_before is
'The tier applies while fewer than this many elapsed hours remain before the start, 1 to 8760; at '
'exactly this many it does not apply yet. Unique in the policy.';
comment on column public.cancellation_tiers.fee_bps is
'Fee as a share of the total, in basis points. Set either this or fee_minor.';
comment on column public.cancellation_tiers.fee_minor is
'Fee in minor units of the booking''s currency, at most the total. Set either this or fee_bps.';
comment on column public.cancellation_tiers.created_at is 'When it was created.';
