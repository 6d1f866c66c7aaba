-- The data of the front page's benchmark: 10,000 businesses, of which 24 are featured; 60 banners, half of them
-- live; 20 listed pages in three languages, each in three versions; 8 trending categories.
set session_replication_role = replica;

insert into business.businesses (
    id, slug, name, vertical_id, country, time_zone, currency, status
)
select
    md5('front ' || n)::uuid,
    'front-' || n,
    'Front ' || n,
    (array['salon', 'barber', 'nails', 'spa'])[1 + n % 4],
    'DE',
    'Europe/Berlin',
    'EUR',
    'approved'
from generate_series(1, 10000) as n;

insert into content.featured_businesses (business_id, position, starts_at, ends_at)
select
    md5('front ' || n)::uuid,
    n,
    now() - interval '1 day',
    now() + make_interval(days => case when n % 10 = 0 then 10 else 0 end)
from generate_series(1, 240) as n;

insert into content.banners (place, priority, title, body, starts_at, ends_at)
select
    'home',
    n,
    'Banner ' || n,
    repeat('More words. ', 20),
    now() - interval '2 days',
    now() + make_interval(days => case when n % 2 = 0 then 1 else -1 end)
from generate_series(1, 60) as n;

insert into content.pages (id, slug, is_listed)
select md5('page ' || n)::uuid, 'page-' || n, true
from generate_series(1, 20) as n;

insert into content.page_versions (page_id, version, published_at)
select md5('page ' || n)::uuid, version, now()
from generate_series(1, 20) as n
cross join generate_series(1, 3) as version;

insert into content.page_texts (page_id, version, locale, title, body)
select md5('page ' || n)::uuid, version, locale, 'Page ' || n, repeat('Many words. ', 500)
from generate_series(1, 20) as n
cross join generate_series(1, 3) as version
cross join unnest(array['en', 'de', 'fr']) as locale;

insert into content.trending_categories (
    vertical_id, name, rank, booking_count, business_count, from_at, to_at
)
select 'salon', 'Category ' || n, n, 100 - n, 10, now() - interval '14 days', now()
from generate_series(1, 8) as n;

set session_replication_role = origin;
analyze;
