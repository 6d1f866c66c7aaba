-- Everybody reads the plans that can be joined at a business that is open; members read those of
-- their business in any state, and customers the plan that they are on. Owners and managers write
-- plans, prices and what credits pay for.

grant usage on schema memberships to anon, authenticated, service_role;

alter table memberships.membership_plans enable row level security;
alter table memberships.plan_prices enable row level security;
alter table memberships.plan_services enable row level security;
alter table memberships.price_changes enable row level security;

grant select on memberships.membership_plans to anon;
grant select, delete on memberships.membership_plans to authenticated;
grant insert (
    id, business_id, name, description, rank, renews, period_unit, period_count, trial_days,
    grace_days, retry_days, reminder_days, access, advance_days, credits, is_active, position
) on memberships.membership_plans to authenticated;
-- A plan keeps whether it renews: its members joined with it.
grant update (
    id, business_id, name, description, rank, period_unit, period_count, trial_days, grace_days,
    retry_days, reminder_days, access, advance_days, credits, is_active, position
) on memberships.membership_plans to authenticated;
grant select, insert, update, delete on memberships.membership_plans to service_role;

create policy membership_plans_select_public
on memberships.membership_plans
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = membership_plans.business_id
    )
);

create policy membership_plans_select
on memberships.membership_plans
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = membership_plans.business_id
    )
    or business_id = any(array(select private.my_businesses('view')))
    or id = any(array(select private.my_plans()))
);

create policy membership_plans_insert
on memberships.membership_plans
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy membership_plans_update
on memberships.membership_plans
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy membership_plans_delete
on memberships.membership_plans
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on memberships.plan_prices, memberships.plan_services to anon;
grant select, delete on memberships.plan_prices, memberships.plan_services to authenticated;
grant insert (business_id, plan_id, currency, price_minor, signup_fee_minor)
on memberships.plan_prices to authenticated;
grant update (business_id, plan_id, currency, price_minor, signup_fee_minor)
on memberships.plan_prices to authenticated;
grant insert (business_id, plan_id, service_id, credits)
on memberships.plan_services to authenticated;
grant update (business_id, plan_id, service_id, credits)
on memberships.plan_services to authenticated;
grant select, insert, update, delete
on memberships.plan_prices, memberships.plan_services
to service_role;

-- What belongs to a plan is read like the plan.
create policy plan_prices_select
on memberships.plan_prices
for select
to anon, authenticated
using (
    exists (
        select 1
        from memberships.membership_plans
        where
            membership_plans.business_id = plan_prices.business_id
            and membership_plans.id = plan_prices.plan_id
    )
);

create policy plan_prices_insert
on memberships.plan_prices
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy plan_prices_update
on memberships.plan_prices
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy plan_prices_delete
on memberships.plan_prices
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy plan_services_select
on memberships.plan_services
for select
to anon, authenticated
using (
    exists (
        select 1
        from memberships.membership_plans
        where
            membership_plans.business_id = plan_services.business_id
            and membership_plans.id = plan_services.plan_id
    )
);

create policy plan_services_insert
on memberships.plan_services
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy plan_services_update
on memberships.plan_services
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy plan_services_delete
on memberships.plan_services
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Nobody writes announcements: announce_membership_price does, which keeps the notice.
grant select on memberships.price_changes to authenticated, service_role;

create policy price_changes_select
on memberships.price_changes
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or plan_id = any(array(select private.my_plans()))
);
