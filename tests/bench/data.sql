-- The data of the benchmarks: a business that is always open, with sixteen people who give one
-- service of 15 minutes, ten others with ordinary hours for the slots, and as many allocations of
-- others beside them as frontdesk.bench_from and frontdesk.bench_to say.
set session_replication_role = replica;

insert into auth.users (id, email, email_confirmed_at)
values ('00000000-0000-4000-8000-000000000001', 'bench@example.com', now())
on conflict do nothing;
insert into identity.profiles (id, email, full_name)
values ('00000000-0000-4000-8000-000000000001', 'bench@example.com', 'Bench')
on conflict do nothing;
insert into business.businesses (
    id, slug, name, vertical_id, country, time_zone, currency, status
)
values (
    '00000000-0000-4000-8000-00000000000b', 'bench', 'Bench', 'salon', 'DE', 'UTC', 'EUR', 'approved'
)
on conflict do nothing;
insert into business.business_members (business_id, user_id, role, display_name)
values (
    '00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-000000000001', 'owner', 'Bench'
)
on conflict do nothing;
insert into catalog.services (
    id, business_id, name, duration_minutes, price_minor, currency, slot_interval_minutes
)
values (
    '00000000-0000-4000-8000-00000000000c', '00000000-0000-4000-8000-00000000000b', 'Fast', 15, 100,
    'EUR', 15
)
on conflict do nothing;
insert into catalog.resources (id, business_id, kind, name, position)
select
    ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid,
    '00000000-0000-4000-8000-00000000000b', 'staff', 'Person ' || n, n
from generate_series(0, 25) as n
on conflict do nothing;
insert into catalog.service_resources (business_id, service_id, resource_id)
select resources.business_id, '00000000-0000-4000-8000-00000000000c', resources.id
from catalog.resources
where resources.business_id = '00000000-0000-4000-8000-00000000000b' and resources.position < 16
on conflict do nothing;
-- The other ten give the service that slots are asked for.
insert into catalog.services (
    id, business_id, name, duration_minutes, price_minor, currency, slot_interval_minutes
)
values (
    '00000000-0000-4000-8000-00000000000d', '00000000-0000-4000-8000-00000000000b', 'Usual', 45, 100,
    'EUR', 15
)
on conflict do nothing;
insert into catalog.service_resources (business_id, service_id, resource_id)
select resources.business_id, '00000000-0000-4000-8000-00000000000d', resources.id
from catalog.resources
where resources.business_id = '00000000-0000-4000-8000-00000000000b' and resources.position >= 16
on conflict do nothing;
insert into catalog.working_hours (id, business_id, weekday, opens_at, closes_at)
select
    ('00000000-0000-4000-a000-' || lpad(n::text, 12, '0'))::uuid,
    '00000000-0000-4000-8000-00000000000b', n, '00:00', '24:00'
from generate_series(1, 7) as n
on conflict do nothing;
insert into catalog.working_hours (id, business_id, resource_id, weekday, opens_at, closes_at)
select
    ('00000000-0000-4000-b000-' || lpad((resources.position * 10 + n)::text, 12, '0'))::uuid,
    resources.business_id, resources.id, n, '08:00', '17:00'
from catalog.resources
cross join generate_series(1, 7) as n
where resources.business_id = '00000000-0000-4000-8000-00000000000b' and resources.position >= 16
on conflict do nothing;

-- Eight appointments a working day of each of the ten, in one week of 2035, and an hour off at noon.
insert into scheduling.allocations (
    business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking
)
select
    resources.business_id, gen_random_uuid(), gen_random_uuid(), resources.id, 1,
    tstzrange(starts.at, starts.at + interval '50 minutes'), true
from catalog.resources
cross join generate_series(0, 6) as day
cross join lateral generate_series(
    timestamptz '2035-06-04 08:00Z' + make_interval(days => day),
    timestamptz '2035-06-04 16:00Z' + make_interval(days => day),
    interval '1 hour'
) as starts (at)
where
    resources.business_id = '00000000-0000-4000-8000-00000000000b'
    and resources.position >= 16
    and extract(hour from starts.at at time zone 'UTC') <> 12
    and not exists (
        select 1 from scheduling.allocations where allocations.during && '[2035-06-04, 2035-06-05)'
    );

-- Everybody else's: businesses of ten people each.
insert into scheduling.allocations (
    business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking
)
select
    ('00000000-0000-4000-c000-' || lpad((n / 20000)::text, 12, '0'))::uuid,
    gen_random_uuid(),
    gen_random_uuid(),
    ('00000000-0000-4000-b000-' || lpad((n / 2000)::text, 12, '0'))::uuid,
    1,
    tstzrange(
        timestamptz '2035-01-01Z' + make_interval(hours => n % 2000),
        timestamptz '2035-01-01Z' + make_interval(hours => n % 2000, mins => 45)
    ),
    true
from generate_series(
    current_setting('frontdesk.bench_from')::integer, current_setting('frontdesk.bench_to')::integer - 1
) as n
on conflict do nothing;
set session_replication_role = origin;
analyze scheduling.allocations, catalog.resources, catalog.service_resources, catalog.working_hours;
