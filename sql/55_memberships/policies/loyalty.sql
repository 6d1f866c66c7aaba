-- Whoever reads the points of a customer reads what earned them. A customer reads their own
-- referrals on either side. Nobody writes any of it: sales and the functions of referrals do.

alter table loyalty.earnings enable row level security;
alter table loyalty.referral_codes enable row level security;
alter table loyalty.referrals enable row level security;

-- Codes are read by referral_code, each by its owner.
grant select on loyalty.earnings, loyalty.referrals to authenticated;
grant select, insert, update, delete
on loyalty.earnings, loyalty.referral_codes, loyalty.referrals
to service_role;

create policy earnings_select
on loyalty.earnings
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);

create policy referrals_select
on loyalty.referrals
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or referrer_id = any(array(select customers.mine()))
    or referred_id = any(array(select customers.mine()))
);

grant execute on function
loyalty.adjust(uuid, uuid, integer, text),
loyalty.referral_code(uuid),
loyalty.accept_referral(uuid, text)
to anon, authenticated, service_role;

grant usage on schema loyalty to worker;
grant execute on function loyalty.tell_of_expiring(integer) to worker;
