-- People look for products, services and businesses: however they spell, and only what they may see.
begin;
select plan(68);

-- Given a shop with furniture, a closed shop, and a salon whose texts are German
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,stranger,member}'::text[]) as called;
select tests.business('Möbelhaus', 'owner');
select tests.business('Closed', 'stranger');
select tests.business('Salon Élan', 'stranger');
update business.businesses
set latitude = 52.52, longitude = 13.405, is_verified = true, description = 'Chairs since 1900'
where id = tests.id('Möbelhaus');
update business.businesses
set latitude = 48.8566, longitude = 2.3522, locale = 'de' where id = tests.id('Salon Élan');
update business.businesses set status = 'suspended' where id = tests.id('Closed');
select tests.service('Haarschnitte', 'Salon Élan', 60, 5000);
select tests.service('Assembly', 'Möbelhaus', 60, 9000);
select tests.named(called)
from unnest(
    '{Furniture,Seats,Acme,Oak chair,Red sofa,Garden table,Café lamp,Members only,Draft chair,Closed chair}'::text[]
) as called;
insert into catalog.product_categories (id, business_id, parent_id, name, slug) values
(tests.id('Furniture'), tests.id('Möbelhaus'), null, 'Furniture', 'furniture'),
(tests.id('Seats'), tests.id('Möbelhaus'), tests.id('Furniture'), 'Seats', 'seats');
insert into catalog.brands (id, business_id, name, slug)
values (tests.id('Acme'), tests.id('Möbelhaus'), 'Acme', 'acme');
insert into catalog.product_attributes (business_id, key, name, kind, choices) values
(tests.id('Möbelhaus'), 'colour', 'Colour', 'choice', '{red,blue}'),
(tests.id('Möbelhaus'), 'width', 'Width', 'number', '{}');
insert into catalog.products (
    id, business_id, category_id, brand_id, name, slug, description, currency, is_published,
    attributes, access
)
select
    tests.id(goods.name), tests.id(goods.shop),
    case when goods.category is not null then tests.id(goods.category) end,
    case when goods.brand is not null then tests.id(goods.brand) end,
    goods.name, replace(lower(extensions.unaccent(goods.name)), ' ', '-'), goods.description, 'EUR',
    goods.name <> 'Draft chair', goods.attributes, goods.access
from (
    values
    ('Oak chair', 'Möbelhaus', 'Seats', 'Acme', 'Solid wood', '{"colour": "red", "width": 40}'::jsonb, null),
    ('Red sofa', 'Möbelhaus', 'Seats', null, 'Three people fit', '{"colour": "red", "width": 200}', null),
    ('Garden table', 'Möbelhaus', 'Furniture', 'Acme', 'Goes with every chair', '{"colour": "blue"}', null),
    ('Café lamp', 'Möbelhaus', null, null, null, '{}', null),
    ('Members only', 'Möbelhaus', 'Seats', null, 'A secret throne', '{"colour": "blue"}', 'gold'),
    ('Draft chair', 'Möbelhaus', 'Seats', null, null, '{"colour": "red"}', null),
    ('Closed chair', 'Closed', null, null, null, '{}', null)
) as goods (name, shop, category, brand, description, attributes, access);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
select products.id, products.business_id, products.id, 'SKU-' || upper(products.slug), prices.price
from (
    values ('Oak chair', 4000), ('Red sofa', 90000), ('Garden table', 20000), ('Members only', 500)
) as prices (name, price)
inner join catalog.products on products.name = prices.name;
insert into catalog.product_translations (business_id, locale, product_id, name)
values (tests.id('Möbelhaus'), 'fr', tests.id('Oak chair'), 'Chaises en chêne');

create function tests.found(
    q text default null, filters text default null, kinds text default null, sort text default null
)
returns text
language sql
as $$
    select coalesce(string_agg(result ->> 'name', ', ' order by position), '')
    from jsonb_array_elements(public.search(q, kinds, filters, sort) -> 'results')
        with ordinality as results (result, position)
$$;
create function tests.counted(facet text, q text, filters text default null)
returns jsonb
language sql
as $$
    select coalesce(jsonb_object_agg(counted ->> 'value', counted -> 'count'), '{}')
    from jsonb_array_elements(
        public.search(q, null, filters, facets => 'true') -> 'facets' #> string_to_array(facet, '.')
    ) as counted
$$;

select tests.act_as_anon();

-- Words
select is(tests.found('oak'), 'Oak chair', 'A word of the name is found');
select is(tests.found('OAK Chair'), 'Oak chair', 'Case does not matter, and all words must occur');
select is(tests.found('chair oak'), 'Oak chair', 'The order of words does not matter');
select is(tests.found('cafe'), 'Café lamp', 'Accents do not matter in the query');
select is(tests.found('moebel'), '', 'Another spelling is another word');
select is(tests.found('mobelhaus', null, '["business"]'), 'Möbelhaus', 'A business is found by its name');
select is(tests.found('gar'), 'Garden table', 'The last word may be unfinished');
select is(tests.found('gar table'), '', 'The first word may not');
select is(
    tests.found('chairs', null, '["product"]'), 'Oak chair, Garden table',
    'The plural finds the singular, and a name counts more than a description'
);
select is(tests.found('haarschnitt'), 'Haarschnitte', 'German words have German stems');
select is(tests.found('chaise chene'), 'Oak chair', 'A translation is found');
select is(tests.found('haarschnitte elan'), 'Haarschnitte', 'A service is found with its business');
select is(tests.found('acme oak'), 'Oak chair', 'A brand is found');
select is(tests.found('sku-oak-chair'), 'Oak chair', 'The number of a variant is found');
select is(tests.found('the oak'), 'Oak chair', 'Common words are left out');
select is(tests.found('the'), '', 'A common word alone is looked for');
select is(tests.found('seats blue'), '', 'What only customers with an entitlement see is not found');

-- Typing errors
select is(tests.found('lmap'), 'Café lamp', 'Two swapped letters are corrected');
select is(tests.found('gadren table'), 'Garden table', 'So are they in one of two words');
select is(tests.found('sopfa'), 'Red sofa', 'A letter too many is corrected');
select is(tests.found('tble'), 'Garden table', 'A missing letter is corrected');
select is(tests.found('lomp'), 'Café lamp', 'A wrong letter is corrected');
select is(tests.found('throme'), '', 'A correction finds nothing that nobody may see');

-- Bad queries
select throws_like($$select public.search(repeat('a', 10000))$$, 'q %', 'A text of 10,000 characters is refused');
select throws_like($$select public.search('🛋')$$, 'q %', 'An emoji alone is refused');
select throws_like($$select public.search('&|!''')$$, 'q %', 'Operators alone are refused');
select is(tests.found('oak & | ! '' chair'), 'Oak chair', 'Operators are no operators');
select is(tests.found('🛋 sofa'), 'Red sofa', 'An emoji beside a word is left out');
select is(tests.found('שולחן'), '', 'A text from right to left finds nothing here');
select throws_like(
    $$select public.search(kinds => '["shop"]')$$, 'kinds %', 'An unknown kind is refused'
);
select throws_like(
    $$select public.search(sort => 'price')$$, 'filters.currency %', 'The order by price asks for a currency'
);
select throws_like(
    $$select public.search(cursor => '1,2')$$, 'cursor %', 'A bad cursor is refused'
);

-- Filters
select is(
    tests.found('oak', '{"attributes": {"colour": "red"}}'), 'Oak chair', 'An attribute is filtered by'
);
select is(
    tests.found('sofa', '{"attributes": {"width": {"max": 100}}}'), '', 'A range of numbers is filtered by'
);
select throws_like(
    $$select public.search(filters => '{"attributes": {"smell": 1}}')$$,
    'filters.attributes.smell %', 'An unknown attribute is refused by name'
);
select throws_like(
    $$select public.search(filters => '{"attributes": {"width": "wide"}}')$$,
    'filters.attributes.width %', 'A value of another type is refused by name'
);
select throws_like(
    $$select public.search(filters => '{"attributes": {"colour": {"min": "a"}}}')$$,
    'filters.attributes.colour %', 'Only numbers and dates have a range'
);
select throws_like(
    $$select public.search(filters => '{"colour": "red"}')$$, 'filters.colour %', 'An unknown filter is refused'
);
select is(
    tests.found(null, '{"categories": ["furniture"], "currency": "EUR"}', null, 'price'),
    'Oak chair, Garden table, Red sofa', 'A category contains those below it; the cheapest comes first'
);
select is(
    tests.found(null, '{"brands": ["acme"], "max_price_minor": 10000}'), 'Oak chair',
    'Filters hold together'
);
select is(
    tests.found(null, '{"near": {"latitude": 48.85, "longitude": 2.35}}', '["service"]'),
    'Haarschnitte', 'What is near is found'
);
select is(
    tests.found(
        null, '{"near": {"latitude": 52.5, "longitude": 13.4}, "radius_km": 200}', '["business"]',
        'distance'
    ),
    'Möbelhaus', 'The order by distance'
);

select is(
    tests.found(null, '{"in_stock": true}'), '', 'What nobody has in stock is left out'
);

-- Facets
select is(
    tests.counted('attributes.colour', 'chair', '{"attributes": {"colour": "red"}}'),
    '{"red": 1, "blue": 1}', 'A facet ignores its own filter'
);
select is(
    tests.counted('brands', 'chair', '{"attributes": {"colour": "red"}}'), '{"acme": 1}',
    'A facet obeys the filters of others'
);
select is(
    tests.counted('categories', 'acme'), '{"furniture": 2, "seats": 1}',
    'A category counts what is below it'
);
select is(
    tests.counted('kinds', 'chair'), '{"product": 2, "business": 1}', 'Kinds are counted'
);
select is(
    public.search('acme', facets => 'true') -> 'facets' -> 'prices',
    '[{"currency": "EUR", "lowest_price_minor": 4000, "highest_price_minor": 20000, "count": 2}]',
    'Prices have a range'
);
select is(
    public.search('throne', facets => 'true') -> 'facets' ->> 'count', '0',
    'Nothing hidden is counted'
);
select throws_like(
    $$select public.search(facets => 'true')$$, 'facets %', 'Facets of everything are refused'
);

-- Highlights and explanations
select is(
    public.search('oak') #> '{results,0,highlights,name}',
    '[{"text": "Oak", "is_match": true}, {"text": " chair", "is_match": false}]',
    'The words that fit are marked'
);
select is(
    public.search('cafe') #>> '{results,0,highlights,name,0,text}', 'Café',
    'A mark keeps the accents'
);
select ok(
    abs(
        (result ->> 'score')::numeric - (
            select sum(part.value::text::numeric)
            from jsonb_each(result -> 'explanation') as part (key, value)
            where part.key <> 'query'
        )
    ) < 0.0001,
    'The parts of an explanation add up to the score'
)
from (select public.search('oak', explain => 'true') #> '{results,0}' as result) as found;

-- Pages
select is(
    (
        with recursive pages (page, number) as (
            select public.search(null, '["product"]', "limit" => '1'), 1
            union all
            select public.search(null, '["product"]', "limit" => '1', cursor => page ->> 'next_cursor'), number + 1
            from pages
            where page ->> 'next_cursor' is not null
        )
        select array[count(distinct page #>> '{results,0,id}'), count(*)] from pages
    ),
    '{4,4}'::bigint[], 'Pages have each result once'
);

-- The transaction of the change
select tests.act_as_owner();
select is(tests.found('chair', null, '["product"]'), 'Oak chair, Garden table', 'Before anything changes');
update catalog.products set is_published = true where id = tests.id('Draft chair');
select is(
    tests.found('draft chair'), 'Draft chair', 'What is published is found at once'
);
update catalog.products set archived_at = private.now() where id = tests.id('Draft chair');
select is(tests.found('draft chair'), '', 'What is archived is not');
update catalog.product_categories set name = 'Thrones' where id = tests.id('Seats');
select is(tests.found('thrones oak'), 'Oak chair', 'A category has a new name');
insert into search.synonyms (business_id, terms) values (tests.id('Möbelhaus'), '{sofa,couch,settee}');
select is(tests.found('couch'), 'Red sofa', 'A synonym is found');
delete from search.synonyms;
select is(tests.found('couch'), '', 'Without synonyms it is not');
update business.businesses set is_active = false where id = tests.id('Möbelhaus');
select is(tests.found('oak'), '', 'Nothing of a business that is not active is found');
update business.businesses set is_active = true where id = tests.id('Möbelhaus');
select is(tests.found('oak'), 'Oak chair', 'What it sells is found again');
update business.businesses set status = 'approved' where id = tests.id('Closed');
select is(tests.found('closed chair'), 'Closed chair', 'So is what a suspended business sells');
insert into reviews.rating_totals
values (tests.id('Möbelhaus'), 'product', tests.id('Garden table'), '', 0, 0, 0, 0, 100);
select is(
    tests.found(null, null, '["product"]', 'rating') like 'Garden table,%', true,
    'The best rated product comes first'
);
select is(
    tests.found('acme'), 'Garden table, Oak chair', 'A good rating counts in the order of relevance'
);

-- Who may see more
select tests.act_as('owner');
select is(tests.found('secret throne'), 'Members only', 'A member of the business finds what asks for an entitlement');
select tests.act_as('member');
select is(tests.found('secret throne'), '', 'A user without the entitlement does not');
select tests.act_as_owner();
insert into customers.customers (id, business_id, user_id)
values (tests.named('customer'), tests.id('Möbelhaus'), tests.id('member'));
select customers.grant_access(
    tests.id('Möbelhaus'), tests.id('customer'), gen_random_uuid(), 'gold', 0,
    tstzrange('2031-04-01', '2031-06-01')
);
select tests.act_as('member');
select is(tests.found('secret throne'), 'Members only', 'A user with the entitlement does');

select * from finish();
rollback;
