-- The data of the benchmark of figures: 100,000 bookings of the bench business over a year, of 20
-- services and 10 people, each with its sale. They are written without triggers, so no day is kept.
set session_replication_role = replica;

create temporary table made as
select
    n,
    gen_random_uuid() as id,
    gen_random_uuid() as sale_id,
    gen_random_uuid() as line_id,
    md5('service ' || n % 20)::uuid as service_id,
    md5('person ' || n % 10)::uuid as resource_id,
    md5('customer ' || n % 20000) || '@bench.example' as email,
    timestamptz '2030-01-01 08:00Z' + make_interval(days => n % 365, mins => 15 * (n % 40)) as at,
    1000 + n % 9000 as price_minor,
    (array['completed', 'completed', 'completed', 'cancelled', 'no_show'])[1 + n % 5]
    ::scheduling.booking_status as status
from generate_series(1, 100000) as n;

insert into sales.sales (id, business_id, customer_email, currency, placed_at)
select made.sale_id, '00000000-0000-4000-8000-00000000000b', made.email, 'EUR', made.at
from made;

insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
select '00000000-0000-4000-8000-00000000000b', made.sale_id, 0, 'agreed', made.at
from made;

insert into sales.sale_lines (
    id, business_id, sale_id, position, revision, kind, service_id, name, quantity, unit_minor,
    amount_minor
)
select
    made.line_id, '00000000-0000-4000-8000-00000000000b', made.sale_id, 1, 0, 'service',
    made.service_id, 'Cut', 1, made.price_minor, made.price_minor
from made;

insert into scheduling.bookings (
    id, business_id, customer_email, reference, status, starts_at, ends_at, time_zone, currency,
    total_minor, quote, policy, sale_id, created_at
)
select
    made.id,
    '00000000-0000-4000-8000-00000000000b',
    made.email,
    (
        select string_agg(
            substr('23456789ABCDEFGHJKMNPQRSTUVWXYZ', 1 + made.n / (31 ^ place)::integer % 31, 1),
            ''
        )
        from generate_series(0, 5) as place
    ) || 'ZZ' as reference,
    made.status,
    made.at,
    made.at + interval '45 minutes',
    'UTC',
    'EUR',
    made.price_minor,
    '{}',
    '{}',
    made.sale_id,
    made.at - interval '3 days'
from made
on conflict (reference) do nothing;

insert into scheduling.booking_items (
    business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
    duration_minutes, price_minor, service_name, sale_line_id
)
select
    '00000000-0000-4000-8000-00000000000b', made.id, 1, made.service_id, made.resource_id,
    made.at, made.at + interval '45 minutes', 45, made.price_minor, 'Cut', made.line_id
from made;

insert into scheduling.booking_history (
    business_id, booking_id, to_status, to_starts_at, actor, at
)
select
    '00000000-0000-4000-8000-00000000000b', made.id, 'confirmed', made.at, 'customer',
    made.at - interval '3 days' as at
from made;

drop table made;
set session_replication_role = origin;
analyze sales.sales, sales.sale_revisions, sales.sale_lines, scheduling.bookings,
scheduling.booking_items, scheduling.booking_history;
