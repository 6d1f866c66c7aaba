-- The bench's own data in the tables of the hand-written service: sixteen people who are always
-- there, ten with ordinary hours and the same appointments, and as many of everybody else's as
-- bench.others says.
create table staff (id uuid primary key, name text not null);
create table hours (
    staff_id uuid not null references staff (id),
    weekday smallint not null,
    opens_at time not null,
    minutes integer not null,
    primary key (staff_id, weekday)
);
create table bookings (
    id uuid primary key,
    staff_id uuid not null references staff (id),
    customer_id uuid not null,
    reference text not null unique,
    starts_at timestamptz not null,
    ends_at timestamptz not null
);
insert into staff (id, name)
select
    ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid,
    case when n < 16 then 'Always ' else 'Usual ' end || n
from generate_series(0, 25) as n;
insert into hours (staff_id, weekday, opens_at, minutes)
select
    staff.id,
    weekday,
    case when staff.name like 'Always%' then time '00:00' else time '08:00' end,
    case when staff.name like 'Always%' then 1440 else 540 end
from staff
cross join generate_series(1, 7) as weekday;
insert into bookings (id, staff_id, customer_id, reference, starts_at, ends_at)
select
    gen_random_uuid(), staff.id, gen_random_uuid(), gen_random_uuid()::text,
    at, at + interval '50 minutes'
from staff
cross join generate_series(0, 6) as day
cross join lateral generate_series(
    timestamptz '2035-06-04 08:00Z' + make_interval(days => day),
    timestamptz '2035-06-04 16:00Z' + make_interval(days => day),
    interval '1 hour'
) as at
where staff.name like 'Usual%' and extract(hour from at at time zone 'UTC') <> 12;
insert into staff (id, name)
select ('00000000-0000-4000-b000-' || lpad(n::text, 12, '0'))::uuid, 'Other ' || n
from generate_series(0, current_setting('bench.others')::integer / 2000) as n;
insert into bookings (id, staff_id, customer_id, reference, starts_at, ends_at)
select
    gen_random_uuid(),
    ('00000000-0000-4000-b000-' || lpad((n / 2000)::text, 12, '0'))::uuid,
    gen_random_uuid(),
    gen_random_uuid()::text,
    timestamptz '2035-01-01Z' + make_interval(hours => n % 2000),
    timestamptz '2035-01-01Z' + make_interval(hours => n % 2000, mins => 45)
from generate_series(0, current_setting('bench.others')::integer - 1) as n;
create index bookings_staff_starts on bookings (staff_id, starts_at);
analyze;
