-- Businesses of eight kinds, each kind with a zone, a currency, a level of prices, a week and a menu
-- of its own. What is on the menu is, in this order: two to book at once, a short one, one that takes
-- a room as well, and one that the business has to confirm.
create temporary table demo_kinds on commit drop as
select *
from (
    values
    (
        0, 'Salon Mitte', 'salon', 'DE', 'Berlin', 52.52, 13.405,
        'Europe/Berlin', 'EUR', 1.0,
        array[1, 2, 3, 4, 5, 6, 7],
        array['Haircut', 'Colour', 'Brows', 'Scalp treatment', 'Bridal styling']
    ),
    (
        1, 'Hudson Barbers', 'barber', 'US', 'New York', 40.7128, -74.006,
        'America/New_York', 'USD', 1.1,
        array[1, 2, 3, 4, 5, 6],
        array['Haircut', 'Cut and colour', 'Beard trim', 'Hot towel shave', 'Wedding party']
    ),
    (
        2, 'Sakura Nails', 'nails', 'JP', 'Tokyo', 35.6762, 139.6503,
        'Asia/Tokyo', 'JPY', 150,
        array[1, 2, 4, 5, 6, 7],
        array['Manicure', 'Gel set', 'Polish change', 'Spa pedicure', 'Bridal nail art']
    ),
    (
        3, 'Patan Physio', 'physiotherapy', 'NP', 'Lalitpur', 27.6644, 85.3188,
        'Asia/Kathmandu', 'NPR', 40,
        array[7, 1, 2, 3, 4, 5],
        array['First visit', 'Rehabilitation', 'Follow-up', 'Manual therapy', 'Sports assessment']
    ),
    (
        4, 'Lagoon Massage', 'spa', 'AU', 'Lord Howe Island', -31.5553, 159.0821,
        'Australia/Lord_Howe', 'AUD', 1.7,
        array[1, 2, 3, 4, 5],
        array['Back massage', 'Deep tissue', 'Foot massage', 'Hot stones', 'Day at the lagoon']
    ),
    (
        5, 'Pearl Dental', 'dental', 'KW', 'Kuwait City', 29.3759, 47.9774,
        'Asia/Kuwait', 'KWD', 0.3,
        array[7, 1, 2, 3, 4],
        array['First visit', 'Filling', 'Check-up', 'Whitening', 'Implant consultation']
    ),
    (
        6, 'Thames Yoga', 'fitness', 'GB', 'London', 51.5072, -0.1276,
        'Europe/London', 'GBP', 0.4,
        array[1, 2, 3, 4, 5, 6, 7],
        array['Morning flow', 'Slow flow', 'Breathing', 'Hot yoga', 'Teacher training talk']
    ),
    (
        7, 'Atelier du Marais', 'salon', 'FR', 'Paris', 48.8566, 2.3522,
        'Europe/Paris', 'EUR', 1.2,
        array[2, 3, 4, 5, 6],
        array['Coupe', 'Couleur', 'Brushing', 'Soin', 'Coiffure de mariée']
    )
) as kinds (
    kind, name, vertical_id, country, city, latitude, longitude, time_zone, currency, price_level,
    weekdays, menu
);

create temporary table demo_businesses on commit drop as
select
    pg_temp.key('business ' || numbers.n) as id,
    numbers.n,
    demo_kinds.kind,
    demo_kinds.name || case when numbers.n >= 8 then ' ' || (numbers.n / 8 + 1) else '' end as name,
    demo_kinds.vertical_id,
    demo_kinds.country,
    demo_kinds.city,
    -- Within five kilometres of the middle of its town, the first ones right there.
    round(demo_kinds.latitude::numeric + mod(numbers.n / 8 * 7, 19) * 0.002, 6) as latitude,
    round(demo_kinds.longitude::numeric + mod(numbers.n / 8 * 5, 17) * 0.002, 6) as longitude,
    demo_kinds.time_zone,
    demo_kinds.currency,
    demo_kinds.weekdays,
    demo_kinds.menu,
    demo_kinds.price_level * power(10, currencies.minor_digits) as unit,
    -- Whoever teaches yoga gives classes; everybody else is there for one at a time.
    demo_kinds.kind = 6 as gives_classes
from generate_series(0, (select demo_size.businesses - 1 from demo_size)) as numbers (n)
inner join demo_kinds on demo_kinds.kind = numbers.n % 8
inner join pricing.currencies on demo_kinds.currency = currencies.code;

insert into business.businesses (
    id, slug, name, description, vertical_id, email, city, country, latitude, longitude, time_zone,
    currency, status, is_verified, created_at, updated_at
)
select
    demo_businesses.id,
    'demo-'
    || trim(both '-' from regexp_replace(lower(demo_businesses.name), '[^a-z0-9]+', '-', 'g')),
    demo_businesses.name,
    'One of the businesses that `frontdesk demo` made up.',
    demo_businesses.vertical_id,
    'hello@example.com',
    demo_businesses.city,
    demo_businesses.country,
    demo_businesses.latitude,
    demo_businesses.longitude,
    demo_businesses.time_zone,
    demo_businesses.currency,
    'approved',
    true,
    demo_size.founded_at,
    demo_size.founded_at
from demo_businesses
cross join demo_size;

insert into business.business_members (id, business_id, user_id, role, display_name)
select
    pg_temp.key('member ' || demo_people.email || demo_businesses.n),
    demo_businesses.id,
    demo_people.id,
    case demo_people.email
        when 'owner@example.com' then 'owner' else 'staff'
    end::business.member_role,
    demo_people.full_name
from demo_businesses
inner join demo_people
    on
        demo_people.email = 'owner@example.com'
        or demo_people.email = 'staff@example.com' and demo_businesses.n = 0;

insert into catalog.cancellation_policies (
    id, business_id, name, is_default, no_show_fee_bps, reschedule_until_hours, reschedule_limit
)
select
    pg_temp.key('policy ' || demo_businesses.n),
    demo_businesses.id,
    'Standard',
    true,
    10000,
    4,
    3
from demo_businesses;

insert into catalog.cancellation_tiers (
    id, business_id, cancellation_policy_id, hours_before, fee_bps
)
select
    pg_temp.key('tier ' || tiers.hours_before || ' ' || demo_businesses.n),
    demo_businesses.id,
    pg_temp.key('policy ' || demo_businesses.n),
    tiers.hours_before,
    tiers.fee_bps
from demo_businesses
cross join (values (24, 5000), (2, 10000)) as tiers (hours_before, fee_bps);

-- They are registered for tax where there are rates for their country. Hudson Barbers, too, shows
-- prices with tax.
insert into pricing.tax_settings (business_id, region, prices_include_tax)
select demo_businesses.id, case demo_businesses.country when 'US' then 'US-NY' end, true
from demo_businesses
where demo_businesses.country in (select tax_rules.country from pricing.tax_rules);

create temporary table demo_taxes on commit drop as
select
    demo_businesses.id as business_id,
    rates.component,
    rates.rate_bps,
    rates.jurisdiction,
    bases.rounding_unit,
    bases.rounding_mode
from demo_businesses
cross join demo_size
cross join lateral pricing.tax_basis(demo_businesses.id) as bases
cross join lateral unnest(
    pricing.tax_rates(bases, 'standard', demo_size.monday::date, 'within_region')
) as rates;
