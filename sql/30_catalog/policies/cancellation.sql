-- Cancellation policies are read and written like services.

alter table catalog.cancellation_policies enable row level security;
alter table catalog.cancellation_tiers enable row level security;

grant select on table catalog.cancellation_policies to anon;
grant select, delete on table catalog.cancellation_policies to authenticated;
grant insert (
    id, business_id, name, is_default, no_show_fee_bps, no_show_fee_minor, reschedule_until_hours,
    reschedule_limit, late_reschedule_hours, late_reschedule_fee_bps, late_reschedule_fee_minor,
    reschedule_pricing
) on table catalog.cancellation_policies to authenticated;
grant update (
    id, business_id, name, is_default, no_show_fee_bps, no_show_fee_minor, reschedule_until_hours,
    reschedule_limit, late_reschedule_hours, late_reschedule_fee_bps, late_reschedule_fee_minor,
    reschedule_pricing
) on table catalog.cancellation_policies to authenticated;
grant select, insert, update, delete on table catalog.cancellation_policies to service_role;

create policy cancellation_policies_select
on catalog.cancellation_policies
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = cancellation_policies.business_id
    )
);

create policy cancellation_policies_insert
on catalog.cancellation_policies
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_policies_update
on catalog.cancellation_policies
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_policies_delete
on catalog.cancellation_policies
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.cancellation_tiers to anon;
grant select, delete on table catalog.cancellation_tiers to authenticated;
grant insert (id, business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor)
on table catalog.cancellation_tiers to authenticated;
grant update (id, business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor)
on table catalog.cancellation_tiers to authenticated;
grant select, insert, update, delete on table catalog.cancellation_tiers to service_role;

create policy cancellation_tiers_select
on catalog.cancellation_tiers
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = cancellation_tiers.business_id
    )
);

create policy cancellation_tiers_insert
on catalog.cancellation_tiers
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_tiers_update
on catalog.cancellation_tiers
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_tiers_delete
on catalog.cancellation_tiers
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
