-- Loyalty: the shops give points, twice as many in the month of the demo, and the visits that were
-- paid have earned theirs.
insert into loyalty.programs (
    id, business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor,
    minimum_redeem_points, expires_after_days, referrer_points, referred_points
)
select
    pg_temp.key('loyalty program ' || demo_shops.n),
    demo_shops.id,
    'Regulars'' points',
    demo_shops.currency,
    1,
    demo_shops.unit,
    20,
    demo_shops.unit,
    20,
    365,
    50,
    50
from demo_shops;

insert into loyalty.multipliers (id, business_id, name, percent, starts_at, ends_at)
select
    pg_temp.key('loyalty multiplier ' || demo_shops.n),
    demo_shops.id,
    'Month of double points',
    200,
    demo_size.monday,
    demo_size.monday + interval '30 days'
from demo_shops
cross join demo_size;

select loyalty.settle_sale(demo_payments.business_id, demo_payments.sale_id)
from demo_payments
inner join demo_shops on demo_payments.business_id = demo_shops.id;
