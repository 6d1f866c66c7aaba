-- With whom one can pay, and the life of a payment.
insert into money.providers (name, is_online, saves_methods, currencies)
values
('sandbox', true, true, '{}'),
('stripe', true, true, '{}'),
('razorpay', true, true, '{INR}'),
('payjp', true, true, '{JPY}'),
(
    'paypal', true, true,
    '{AUD,BRL,CAD,CHF,CNY,CZK,DKK,EUR,GBP,HKD,HUF,ILS,'
    'JPY,MXN,MYR,NOK,NZD,PHP,PLN,SEK,SGD,THB,TWD,USD}'
),
('cash', false, false, '{}'),
('gift_card', false, false, '{}'),
('credit', false, false, '{}')
on conflict (name) do update
    set
        is_online = excluded.is_online,
        saves_methods = excluded.saves_methods,
        currencies = excluded.currencies;

-- A payment moves on in the order of its statuses. A refund follows captured money, and a dispute
-- that ends leads back to what the payment was.
insert into money.payment_transitions (from_status, to_status)
select
    earlier.step,
    later.goal
from unnest(enum_range(null::money.payment_status)) as earlier (step)
inner join unnest(enum_range(null::money.payment_status)) as later (goal)
    on earlier.step < later.goal
where later.goal <= 'captured' or earlier.step >= 'partially_captured'
union all
select
    'disputed' as from_status,
    ended.goal as to_status
from unnest(enum_range('partially_captured', 'refunded'::money.payment_status)) as ended (goal)
on conflict do nothing;
