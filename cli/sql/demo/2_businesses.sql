-- Businesses of eight kinds, each kind in a zone, a currency and a week of its own.
create temporary table demo_kinds on commit drop as
select *
from (
    values
    (0, 'Salon Mitte', 'salon', 'DE', 'Berlin', 'Europe/Berlin', 'EUR', 7),
    (1, 'Hudson Barbers', 'barber', 'US', 'New York', 'America/New_York', 'USD', 6),
    (2, 'Sakura Nails', 'salon', 'JP', 'Tokyo', 'Asia/Tokyo', 'JPY', 6),
    (3, 'Patan Physio', 'clinic', 'NP', 'Lalitpur', 'Asia/Kathmandu', 'NPR', 6),
    (4, 'Lagoon Massage', 'salon', 'AU', 'Lord Howe Island', 'Australia/Lord_Howe', 'AUD', 5),
    (5, 'Pearl Dental', 'clinic', 'KW', 'Kuwait City', 'Asia/Kuwait', 'KWD', 5),
    (6, 'Thames Yoga', 'salon', 'GB', 'London', 'Europe/London', 'GBP', 7),
    (7, 'Atelier du Marais', 'salon', 'FR', 'Paris', 'Europe/Paris', 'EUR', 5)
) as kinds (kind, name, vertical_id, country, city, time_zone, currency, days);

create temporary table demo_businesses on commit drop as
select
    pg_temp.key('business ' || numbers.n) as id,
    numbers.n,
    demo_kinds.kind,
    demo_kinds.name || case when numbers.n >= 8 then ' ' || (numbers.n / 8 + 1) else '' end as name,
    demo_kinds.vertical_id,
    demo_kinds.country,
    demo_kinds.city,
    demo_kinds.time_zone,
    demo_kinds.currency,
    demo_kinds.days,
    power(10, currencies.minor_digits)::bigint as unit
from generate_series(0, (select demo_size.businesses - 1 from demo_size)) as numbers (n)
inner join demo_kinds on demo_kinds.kind = numbers.n % 8
inner join pricing.currencies on currencies.code = demo_kinds.currency;

insert into business.businesses (
    id, slug, name, description, vertical_id, email, city, country, time_zone, currency, status,
    is_verified, created_at, updated_at
)
select
    demo_businesses.id,
    'demo-' || trim(both '-' from regexp_replace(lower(demo_businesses.name), '[^a-z0-9]+', '-', 'g')),
    demo_businesses.name,
    'One of the businesses that `frontdesk demo` made up.',
    demo_businesses.vertical_id,
    'hello@example.com',
    demo_businesses.city,
    demo_businesses.country,
    demo_businesses.time_zone,
    demo_businesses.currency,
    'approved',
    true,
    demo_size.monday,
    demo_size.monday
from demo_businesses
cross join demo_size;

insert into business.business_members (id, business_id, user_id, role, display_name)
select
    pg_temp.key('member ' || demo_people.email || demo_businesses.n),
    demo_businesses.id,
    demo_people.id,
    case demo_people.email when 'owner@example.com' then 'owner' else 'staff' end::business.member_role,
    demo_people.full_name
from demo_businesses
inner join demo_people
    on
        demo_people.email = 'owner@example.com'
        or demo_people.email = 'staff@example.com' and demo_businesses.n = 0;

insert into catalog.cancellation_policies (
    id, business_id, name, is_default, free_until_hours, late_fee_bps, no_show_fee_bps,
    reschedule_until_hours, reschedule_limit
)
select
    pg_temp.key('policy ' || demo_businesses.n), demo_businesses.id, 'Standard', true, 24, 5000, 10000,
    4, 3
from demo_businesses;
