-- Who pays out, the life of a payout, and from which amount somebody looks at it.
update money.providers
set pays_out = true
where providers.name in ('sandbox', 'stripe') and not providers.pays_out;

-- Transfers to bank accounts, which the operator makes.
insert into money.providers (name, is_online, pays_out, is_by_hand)
values ('bank', false, true, true)
on conflict (name) do nothing;

insert into money.payout_transitions (from_status, to_status)
values
('pending', 'approved'),
('pending', 'rejected'),
('approved', 'in_transit'),
('in_transit', 'paid'),
('in_transit', 'failed'),
-- A bank may return money days after it was paid.
('paid', 'failed'),
('failed', 'reversed')
on conflict do nothing;

-- About 1000 dollars. The operator's own rows stay.
insert into money.payout_thresholds (currency, approval_from_minor)
values
('USD', 100000),
('EUR', 100000),
('GBP', 100000),
('JPY', 150000),
('INR', 10000000),
('KWD', 300000)
on conflict do nothing;

insert into private.queues (name, purpose)
values ('payouts', 'Payouts to make, to hand to providers, and to bring back')
on conflict (name) do update set purpose = excluded.purpose;

insert into private.routes (topic, queue, actor)
values ('tick.payouts', 'payouts', 'run_payouts')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values ('payouts', 'tick.payouts', '5 minutes')
on conflict (name) do update set topic = excluded.topic;
