-- Everybody reads the program of a business that is open; owners and managers write it. Customers
-- read their own points, and a business those of its customers, as they read the customers. Nobody
-- writes points: sales, refunds and adjust_points do, so that nobody makes them.

grant usage on schema loyalty to anon, authenticated, service_role;

alter table loyalty.programs enable row level security;
alter table loyalty.multipliers enable row level security;
alter table loyalty.accounts enable row level security;
alter table loyalty.lots enable row level security;
alter table loyalty.entries enable row level security;

grant select on loyalty.programs, loyalty.multipliers to anon, authenticated;
grant insert (
    id, business_id, name, is_active, currency, earn_points, earn_minor, rounding,
    minimum_spend_minor, redeem_points, redeem_minor, minimum_redeem_points, expires_after_days,
    notice_days, referrer_points, referred_points
) on loyalty.programs to authenticated;
-- The currency stays: points were earned in it. The operator says who bears what points take off.
grant update (
    id, business_id, name, is_active, earn_points, earn_minor, rounding, minimum_spend_minor,
    redeem_points, redeem_minor, minimum_redeem_points, expires_after_days, notice_days,
    referrer_points, referred_points
) on loyalty.programs to authenticated;
grant insert (id, business_id, name, percent, access, starts_at, ends_at)
on loyalty.multipliers to authenticated;
grant update (id, business_id, name, percent, access, starts_at, ends_at)
on loyalty.multipliers to authenticated;
grant delete on loyalty.programs, loyalty.multipliers to authenticated;
grant select on loyalty.accounts, loyalty.lots, loyalty.entries to authenticated;
grant select, insert, update, delete
on loyalty.programs, loyalty.multipliers, loyalty.accounts, loyalty.lots, loyalty.entries
to service_role;

create policy programs_select_public
on loyalty.programs
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = programs.business_id
    )
);

create policy programs_select
on loyalty.programs
for select
to authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = programs.business_id
    )
);

create policy programs_insert
on loyalty.programs
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy programs_update
on loyalty.programs
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy programs_delete
on loyalty.programs
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy multipliers_select
on loyalty.multipliers
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = multipliers.business_id
    )
);

create policy multipliers_insert
on loyalty.multipliers
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy multipliers_update
on loyalty.multipliers
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy multipliers_delete
on loyalty.multipliers
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy accounts_select
on loyalty.accounts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);

create policy lots_select
on loyalty.lots
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);

create policy entries_select
on loyalty.entries
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);
