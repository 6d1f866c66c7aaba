-- The life of an order. The system may take every step.
insert into commerce.order_steps (from_status, to_status, actors, guard, due)
values
('pending', 'paid', '{}', 'paid', null),
('pending', 'cancelled', '{customer,business}', null, null),
('pending', 'expired', '{}', null, 'expires_at'),
-- A payment may come after the time has run out.
('expired', 'paid', '{}', 'paid', null),
('paid', 'fulfilling', '{business}', null, null),
('paid', 'shipped', '{business}', null, null),
('paid', 'delivered', '{business}', null, null),
('paid', 'cancelled', '{customer,business}', null, null),
('fulfilling', 'shipped', '{business}', null, null),
('fulfilling', 'delivered', '{business}', null, null),
('fulfilling', 'cancelled', '{customer,business}', null, null),
('fulfilling', 'returned', '{business}', null, null),
('shipped', 'fulfilling', '{business}', null, null),
('shipped', 'delivered', '{business}', null, null),
('shipped', 'completed', '{business}', null, null),
('shipped', 'returned', '{business}', null, null),
('delivered', 'fulfilling', '{business}', null, null),
('delivered', 'completed', '{business}', null, null),
('delivered', 'returned', '{business}', null, null),
('completed', 'fulfilling', '{business}', null, null),
('completed', 'returned', '{business}', null, null)
on conflict (from_status, to_status) do update
    set actors = excluded.actors, guard = excluded.guard, due = excluded.due;
