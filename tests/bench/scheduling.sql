-- For tests/bench/scheduling.py: the usual service again with everything on, and a class with a
-- month of sessions whose seats are half taken.
set session_replication_role = replica;
insert into catalog.resources (id, business_id, kind, name, position, capacity)
values (
    '00000000-0000-4000-9000-0000000000aa', '00000000-0000-4000-8000-00000000000b', 'room', 'Hall', 99, 50
)
on conflict do nothing;
insert into catalog.services (
    id, business_id, name, duration_minutes, price_minor, currency, slot_interval_minutes,
    buffer_before_minutes, buffer_after_minutes, min_notice_minutes, max_advance_days, is_class,
    max_party_size
)
values
(
    '00000000-0000-4000-8000-00000000000e', '00000000-0000-4000-8000-00000000000b', 'Full', 45, 100,
    'EUR', 15, 5, 10, 60, 3650, false, 1
),
(
    '00000000-0000-4000-8000-00000000000f', '00000000-0000-4000-8000-00000000000b', 'Class', 45, 100,
    'EUR', 15, 0, 0, 0, null, true, 12
)
on conflict do nothing;
insert into catalog.service_resources (business_id, service_id, resource_id, mode)
select
    service_resources.business_id, '00000000-0000-4000-8000-00000000000e'::uuid,
    service_resources.resource_id, 'any'::catalog.requirement_mode
from catalog.service_resources
where service_resources.service_id = '00000000-0000-4000-8000-00000000000d'
union all
select
    '00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-00000000000e',
    '00000000-0000-4000-9000-0000000000aa', 'all'
on conflict do nothing;
insert into catalog.booking_limits (business_id, service_id, period, max_bookings)
values
('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-00000000000e', 'day', 1000),
('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-00000000000e', 'week', 5000)
on conflict do nothing;
insert into business.closures (business_id, starts_on, ends_on)
values ('00000000-0000-4000-8000-00000000000b', '2035-06-10', '2035-06-10');
insert into catalog.blocked_periods (business_id, resource_id, during)
select
    resources.business_id, resources.id, '[2035-06-05 08:00Z, 2035-06-05 10:00Z)'
from catalog.resources
where resources.business_id = '00000000-0000-4000-8000-00000000000b' and resources.position >= 16;
insert into catalog.schedule_exceptions (business_id, resource_id, starts_on, ends_on, opens_at, closes_at)
select resources.business_id, resources.id, '2035-06-06', '2035-06-06', '10:00', '14:00'
from catalog.resources
where
    resources.business_id = '00000000-0000-4000-8000-00000000000b'
    and resources.position between 16 and 20;
insert into scheduling.sessions (business_id, service_id, starts_at, ends_at, capacity)
select
    '00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-00000000000f', at,
    at + interval '45 minutes', 12
from generate_series(timestamptz '2035-06-01 08:00Z', '2035-07-01 17:00Z', '1 hour') as at
where extract(hour from at at time zone 'UTC') between 8 and 17
on conflict do nothing;
insert into scheduling.seats (
    business_id, booking_id, booking_item_id, session_id, number, capacity, is_blocking
)
select sessions.business_id, gen_random_uuid(), gen_random_uuid(), sessions.id, number, 12, true
from scheduling.sessions
cross join generate_series(1, 6) as number
where sessions.service_id = '00000000-0000-4000-8000-00000000000f'
on conflict do nothing;
set session_replication_role = origin;
analyze scheduling.sessions, scheduling.seats, catalog.service_resources, catalog.booking_limits;
