-- The data of the search benchmark: 10,000 businesses in and around five towns, each with five
-- services and four people, and a week of June 2035 in which each person is taken for a good half
-- of the day: a million allocations.
set session_replication_role = replica;

create temporary table made as
select
    n,
    md5('business ' || n)::uuid as id,
    (array['salon', 'barber', 'nails', 'physiotherapy', 'spa', 'dental', 'fitness'])[1 + n % 7]
        as vertical_id,
    towns.time_zone,
    towns.latitude + (hashint4(n) & 1023) / 4096.0 - 0.125 as latitude,
    towns.longitude + (hashint4(-n) & 1023) / 2560.0 - 0.2 as longitude
from generate_series(1, 10000) as n
inner join (
    values
    (0, 'Europe/Berlin', 52.52, 13.405),
    (1, 'Europe/Paris', 48.8566, 2.3522),
    (2, 'Europe/London', 51.5072, -0.1276),
    (3, 'America/New_York', 40.7128, -74.006),
    (4, 'Asia/Tokyo', 35.6762, 139.6503)
) as towns (town, time_zone, latitude, longitude) on towns.town = n % 5;

insert into business.businesses (
    id, slug, name, description, vertical_id, country, latitude, longitude, time_zone, currency,
    status, is_verified, created_at
)
select
    id,
    'search-' || n,
    initcap(vertical_id) || ' '
    || (
        array[
            'Mitte', 'Élan', 'Nordstern', 'Café', 'Sakura', 'Linden', 'Marais', 'Hudson'
        ]
    )[1 + n % 8]
    || ' ' || n,
    'A place for ' || (array['hair', 'beards', 'calm', 'health', 'strength'])[1 + n % 5],
    vertical_id,
    'DE',
    latitude,
    longitude,
    time_zone,
    'EUR',
    'approved',
    n % 3 = 0,
    timestamptz '2030-01-01Z' + make_interval(mins => n)
from made;

insert into catalog.services (
    id, business_id, name, duration_minutes, price_minor, currency, position
)
select
    md5('service ' || n || ' ' || number)::uuid,
    id,
    (array['Haircut', 'Colour', 'Beard trim', 'Massage', 'Consultation'])[number],
    30 + 15 * (number % 3),
    2000 + number * 1000 + n % 17 * 100,
    'EUR',
    number
from made
cross join generate_series(1, 5) as number;

insert into catalog.resources (id, business_id, kind, name, position)
select
    md5('person ' || n || ' ' || number)::uuid,
    id,
    'staff',
    'Person ' || number,
    number
from made
cross join generate_series(1, 4) as number;

insert into catalog.service_resources (business_id, service_id, resource_id)
select
    id,
    md5('service ' || n || ' ' || service)::uuid,
    md5('person ' || n || ' ' || person)::uuid
from made
cross join generate_series(1, 5) as service
cross join generate_series(1, 4) as person;

insert into catalog.working_hours (business_id, weekday, opens_at, closes_at)
select
    id,
    weekday,
    halves.opens_at::time,
    halves.closes_at::time
from made
cross join generate_series(1, 6) as weekday
cross join (values ('09:00', '12:30'), ('13:30', '18:30')) as halves (opens_at, closes_at);

insert into scheduling.allocations (
    business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking
)
select
    id,
    gen_random_uuid(),
    gen_random_uuid(),
    md5('person ' || n || ' ' || person)::uuid,
    1,
    tstzrange(starts.at, starts.at + interval '50 minutes'),
    true
from made
cross join generate_series(1, 4) as person
cross join generate_series(0, 4) as day
cross join generate_series(0, 8) as hour
cross join lateral (
    select (date '2035-06-04' + day + make_interval(hours => 9 + hour)) at time zone time_zone as at
) as starts
where hashint4(n * 1000 + person * 100 + day * 10 + hour) & 1023 < 569;

set session_replication_role = origin;
drop table made;
select search.refresh_all();
analyze;
