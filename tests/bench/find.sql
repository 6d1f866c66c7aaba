-- The data of the benchmark of searches for products: {count} of them in 200 shops, written into
-- the table of entries at once. Names have a colour, two made-up words and a piece of furniture.
set session_replication_role = replica;
delete from search.entries where kind = 'product';
delete from catalog.products;
truncate search.words;

create temporary table made_words as
select
    n,
    (array['ba', 'ko', 'li', 'mu', 'ne', 'sa', 'ti', 'vo', 'ra', 'de', 'fi', 'gu'])[1 + n % 12]
    || (array['lan', 'mer', 'tor', 'vis', 'bel', 'dra', 'kin', 'pol', 'sum'])[1 + n / 12 % 9]
    || (array['a', 'er', 'ix', 'on', 'et', 'um', 'al', 'is', 'ow', 'en'])[1 + n / 108 % 10]
    || (array['', 'ta', 'no', 'ri', 'ku', 'zab', 'fop'])[1 + n / 1080 % 7] as word
from generate_series(0, 7559) as n;
create unique index on made_words (n);
insert into search.words (word, shortened)
select word, search.shortened(word) from made_words;

insert into business.businesses (
    id, slug, name, vertical_id, country, time_zone, currency, status
)
select
    md5('find ' || n)::uuid, 'find-' || n, 'Shop ' || n, 'salon', 'DE', 'Europe/Berlin', 'EUR', 'approved'
from generate_series(1, 200) as n
on conflict do nothing;

create temporary table made as
select
    numbers.n,
    md5('product ' || numbers.n)::uuid as id,
    md5('find ' || (1 + numbers.n % 200))::uuid as business_id,
    (array['red', 'blue', 'green', 'black', 'white', 'grey'])[1 + numbers.n % 6] as colour,
    -- Some words are much more frequent than others.
    frequent.word || ' ' || rare.word as made_name,
    (
        array['chair', 'table', 'lamp', 'sofa', 'shelf', 'desk', 'bed', 'rug']
    )[1 + numbers.n / 6 % 8] as piece,
    'A ' || other.word || ' for the home and the garden' as description
from generate_series(1, {count}) as numbers (n)
inner join made_words as frequent
    on frequent.n = floor(7560 * power((hashint4(numbers.n)::bigint + 2147483648) / 4294967296.0, 2.5))::integer
inner join made_words as rare on rare.n = (hashint4(numbers.n + 7) & 2147483647) % 7560
inner join made_words as other on other.n = (hashint4(numbers.n + 11) & 2147483647) % 7560;

insert into catalog.products (
    id, business_id, name, slug, description, currency, is_published
)
select
    id, business_id, initcap(concat_ws(' ', colour, made_name, piece)), 'p' || n, description, 'EUR', true
from made;

insert into search.entries (
    business_id, kind, subject_id, name, folded_name, words, vertical_id, categories, brand,
    attributes, currency, lowest_price_minor, highest_price_minor, since, rating, popularity,
    is_verified
)
select
    products.business_id,
    'product',
    products.id,
    products.name,
    lower(products.name),
    setweight(to_tsvector('simple', products.name), 'A')
    || setweight(to_tsvector('english', products.name), 'A')
    || setweight(to_tsvector('simple', products.description), 'D')
    || setweight(to_tsvector('english', products.description), 'D'),
    'salon',
    array['goods', 'category-' || made.n % 60],
    'brand-' || made.n % 97,
    jsonb_build_object('colour', made.colour, 'width', 10 * (made.n % 40)),
    'EUR',
    100 + made.n % 9973 * 10,
    100 + made.n % 9973 * 10,
    timestamptz '2030-01-01Z' + make_interval(mins => made.n),
    0.5 + made.n % 7 * 0.05,
    (hashint4(made.n) & 1023) / 2048.0,
    false
from made
inner join catalog.products on products.business_id = made.business_id and products.id = made.id;

set session_replication_role = origin;
drop table made, made_words;
vacuum analyze search.entries;
analyze catalog.products, search.words;
