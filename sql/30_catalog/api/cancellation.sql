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
    cancellation_policies.late_reschedule_fee_minor
from catalog.cancellation_policies;
grant select on public.cancellation_policies to anon;
grant select, insert, update, delete on public.cancellation_policies to authenticated, service_role;

comment on view public.cancellation_policies is
'What cancelling, moving and not coming cost: free of charge where it says nothing. What cancelling
costs is in cancellation_tiers. A booking keeps a copy of the policy that it was made under. Readable
where the business is; written by owners and managers.';
comment on column public.cancellation_policies.id is 'Key.';
comment on column public.cancellation_policies.business_id is 'The business that it belongs to.';
comment on column public.cancellation_policies.name is 'At most 200 characters.';
comment on column public.cancellation_policies.is_default is
'Holds for services that name no policy. One a business: marking another moves the mark.';
comment on column public.cancellation_policies.no_show_fee_bps is
'Share of the total that not coming costs, in basis points; 0 where no_show_fee_minor says it.';
comment on column public.cancellation_policies.reschedule_until_hours is
'Elapsed hours before the start until which a customer may move the booking.';
comment on column public.cancellation_policies.reschedule_limit is
'How often a customer may move it; null is as often as one likes.';
comment on column public.cancellation_policies.created_at is 'When it was made.';
comment on column public.cancellation_policies.no_show_fee_minor is
'What not coming costs, in minor units of the booking''s currency; at most the total.';
comment on column public.cancellation_policies.late_reschedule_hours is
'A customer''s move costs the fee when fewer than so many elapsed hours remain; 0 is never.';
comment on column public.cancellation_policies.late_reschedule_fee_bps is
'Share of the total that a late move costs, in basis points.';
comment on column public.cancellation_policies.late_reschedule_fee_minor is
'What a late move costs, in minor units of the booking''s currency; at most the total.';

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
'What cancelling costs, the nearer the start the more: of the tiers whose hours have begun, the one
with the fewest hours holds; before the first, cancelling is free. Readable where the business is;
written by owners and managers.';
comment on column public.cancellation_tiers.id is 'Key.';
comment on column public.cancellation_tiers.business_id is 'The business that it belongs to.';
comment on column public.cancellation_tiers.cancellation_policy_id is 'The policy.';
comment on column public.cancellation_tiers.hours_before is
'Holds when fewer than so many elapsed hours remain before the start, 1 to 8760; unique in the
policy. With exactly so many left it does not hold yet.';
comment on column public.cancellation_tiers.fee_bps is
'Share of the total, in basis points: this or fee_minor.';
comment on column public.cancellation_tiers.fee_minor is
'Amount in minor units of the booking''s currency, at most the total: this or fee_bps.';
comment on column public.cancellation_tiers.created_at is 'When it was made.';
