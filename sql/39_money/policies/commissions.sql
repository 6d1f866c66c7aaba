-- Who may read plans and commissions: members who handle the money of a business read theirs, a
-- party reads the shares that it has in others, the platform's finance staff read all. Only the
-- operator writes plans: no client chooses a rate. Triggers write terms and commissions.

grant usage on schema money to anon, authenticated, service_role, analyst;

alter table money.commission_plans enable row level security;
alter table money.commission_tiers enable row level security;
alter table money.commission_shares enable row level security;
alter table money.commission_scopes enable row level security;
alter table money.commission_parties enable row level security;
alter table money.line_terms enable row level security;
alter table money.commissions enable row level security;

grant select on money.commission_plans, money.commission_tiers, money.commissions
to authenticated;
grant select, insert, update, delete on
money.commission_plans,
money.commission_tiers,
money.commission_shares,
money.commission_scopes,
money.commission_parties
to service_role;
grant select on money.line_terms, money.commissions to service_role;
-- Users do not read the other tables: scopes, shares and parties are between the platform and
-- others, and commissions show what line_terms says.

-- What a plan is and charges is known to those for whom it may hold.
create policy commission_plans_select
on money.commission_plans
for select
to authenticated
using (
    id = any(array(select money.my_plans()))
    or (select private.is_platform_staff('finance'))
);

create policy commission_tiers_select
on money.commission_tiers
for select
to authenticated
using (
    plan_id = any(array(select money.my_plans()))
    or (select private.is_platform_staff('finance'))
);

create policy commissions_select
on money.commissions
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or party_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

grant execute on function money.my_plans()
to authenticated, service_role;
