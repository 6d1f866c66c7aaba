-- 10,000 businesses with an active account, which a run of payouts finds again and again.
insert into business.verticals (id, name) values ('salon', 'Salon') on conflict do nothing;
insert into business.businesses (
    id, slug, name, vertical_id, country, time_zone, currency, status
)
select md5('payout ' || n)::uuid, 'payout-' || n, 'Payout ' || n, 'salon', 'DE', 'UTC', 'EUR', 'approved'
from generate_series(1, 10000) as n
on conflict do nothing;
insert into money.accounts (id, kind, currency, business_id)
select money.account_id('business_payable', 'EUR', businesses.id, null, null), 'business_payable', 'EUR', businesses.id
from business.businesses where businesses.slug like 'payout-%'
on conflict do nothing;
insert into money.payout_accounts (business_id, currency, provider, provider_reference, status)
select businesses.id, 'EUR', 'sandbox', 'acc_' || businesses.slug, 'active'
from business.businesses where businesses.slug like 'payout-%'
on conflict do nothing;
update money.payout_runs set next_run_at = '2020-01-01Z';
with earned as (
    insert into money.earnings (business_id, currency, kind, amount_minor, earned_at)
    select accounts.business_id, 'EUR', 'cash', 1000 + line, '2020-01-01Z'
    from money.payout_accounts as accounts cross join generate_series(1, 10) as line
    where accounts.provider_reference like 'acc_payout-%'
    returning earnings.*
)
insert into money.open_earnings (business_id, earning_id, currency, amount_minor, available_at)
select earned.business_id, earned.id, earned.currency, earned.amount_minor, earned.earned_at
from earned;
