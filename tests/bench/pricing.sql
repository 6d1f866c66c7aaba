-- A business with 20 services and 200 rules, of which each line meets some fifteen.
insert into business.verticals (id, name) values ('salon', 'Salon') on conflict do nothing;
insert into business.businesses (
    id, slug, name, vertical_id, country, time_zone, currency, status
)
select
    md5('priced ' || n)::uuid, 'priced-' || n, 'Priced ' || n, 'salon', 'DE', 'Europe/Berlin',
    'EUR', 'approved'
from generate_series(1, 51) as n;

insert into catalog.services (
    id, business_id, name, duration_minutes, price_minor, currency, max_party_size
)
select md5('priced ' || n)::uuid, md5('priced 1')::uuid, 'Service ' || n, 30, 1000 + n, 'EUR', 10
from generate_series(1, 2000) as n;

insert into pricing.price_rules (
    business_id, name, change_bps, priority, weekdays, from_time, until_time, min_lead_minutes,
    service_id, min_quantity
)
select
    md5('priced 1')::uuid,
    'Rule ' || n,
    100 + n % 7,
    n % 10,
    case when n % 2 = 0 then array[1 + n / 2 % 7]::smallint[] end,
    case when n % 2 = 1 then make_time(8 + n / 2 % 10, 0, 0) end,
    case when n % 2 = 1 then make_time(10 + n / 2 % 10, 0, 0) end,
    case when n % 5 = 2 then n * 10 end,
    case when n % 4 < 2 then md5('priced ' || (1 + n / 4 % 20))::uuid end,
    case when n % 8 = 3 then 2 end
from generate_series(1, 200) as n;
analyze pricing.price_rules;
