-- Prices: weekends cost more and early birds pay less everywhere, regulars have a list of their
-- own, and newcomers a coupon. The services have cost what they cost since the demo began.
insert into pricing.price_history (business_id, service_id, currency, unit_minor, from_at)
select
    demo_services.business_id,
    demo_services.id,
    demo_services.currency,
    demo_services.price_minor,
    demo_size.monday - make_interval(days => 90)
from demo_services
cross join demo_size;

insert into pricing.price_rules (
    id, business_id, name, priority, change_bps, weekdays, min_lead_minutes
)
select
    pg_temp.key('price rule ' || rules.name || demo_businesses.n),
    demo_businesses.id,
    rules.name,
    rules.priority,
    rules.change_bps,
    rules.weekdays::smallint[],
    rules.min_lead_minutes
from demo_businesses
cross join (
    values
    ('Weekend', 10, 1000, '{6,7}', null),
    ('Early bird', 0, -500, null, 30 * 24 * 60)
) as rules (name, priority, change_bps, weekdays, min_lead_minutes);

insert into customers.customer_groups (id, business_id, name)
select
    pg_temp.key('regulars ' || demo_businesses.n),
    demo_businesses.id,
    'Regulars'
from demo_businesses;

insert into pricing.price_lists (id, business_id, name, currency, customer_group_id)
select
    pg_temp.key('price list ' || demo_businesses.n),
    demo_businesses.id,
    'For regulars',
    demo_businesses.currency,
    pg_temp.key('regulars ' || demo_businesses.n)
from demo_businesses;

insert into pricing.price_list_items (id, business_id, price_list_id, service_id, unit_minor)
select
    pg_temp.key('price ' || demo_services.id),
    demo_services.business_id,
    pg_temp.key('price list ' || demo_services.business_n),
    demo_services.id,
    demo_services.price_minor * 9 / 10
from demo_services
where demo_services.n <= 2;

insert into pricing.promotions (
    id, business_id, name, kind, percent_bps, max_uses, max_uses_per_customer, ends_at
)
select
    pg_temp.key('promotion ' || demo_businesses.n),
    demo_businesses.id,
    'Welcome',
    'percent',
    1500,
    500,
    1,
    demo_size.monday + make_interval(days => 365)
from demo_businesses
cross join demo_size;

insert into pricing.coupons (id, business_id, promotion_id, code)
select
    pg_temp.key('coupon ' || demo_businesses.n),
    demo_businesses.id,
    pg_temp.key('promotion ' || demo_businesses.n),
    'WELCOME'
from demo_businesses;
