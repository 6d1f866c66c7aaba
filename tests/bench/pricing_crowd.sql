-- 100,000 rules of 50 other businesses, and 1,800 more of the business: for other services, or off.
set session_replication_role = replica;
insert into pricing.price_rules (business_id, name, change_bps, priority)
select md5('priced ' || (2 + n % 50))::uuid, 'Rule ' || n, 100, n % 10
from generate_series(1, 100000) as n;

insert into pricing.price_rules (
    business_id, name, change_bps, priority, service_id, is_active
)
select
    md5('priced 1')::uuid,
    'Other rule ' || n,
    100,
    n % 10,
    case when n % 2 = 0 then md5('priced ' || (20 + n))::uuid end,
    n % 2 = 0
from generate_series(1, 1800) as n;
set session_replication_role = origin;
analyze pricing.price_rules;
