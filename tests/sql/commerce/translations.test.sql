-- A shop sells in more than one language: the reader gets the text that suits best.
begin;
select plan(19);

-- Given a German shop with a shirt in English and French
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,manager,ann}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('manager', 'Shop', 'manager');
select tests.member('ann', 'Shop', 'staff');
update business.businesses set locale = 'de' where id = tests.id('Shop');
select tests.named(called) from unnest('{Shirts,Shirt,Draft,Colour,Size,Red}'::text[]) as called;
insert into catalog.product_categories (id, business_id, name, slug)
values (tests.id('Shirts'), tests.id('Shop'), 'Hemden', 'shirts');
insert into catalog.product_attributes (id, business_id, key, name, kind, choices)
values (tests.id('Colour'), tests.id('Shop'), 'colour', 'Farbe', 'choice', '{rot,blau}');
insert into catalog.products
(id, business_id, category_id, name, slug, description, currency, is_published, attributes) values
(tests.id('Shirt'), tests.id('Shop'), tests.id('Shirts'), 'Hemd', 'shirt', 'Weich.', 'EUR', true,
'{"colour": "rot"}'),
(tests.id('Draft'), tests.id('Shop'), null, 'Entwurf', 'draft', null, 'EUR', false, '{}');
insert into catalog.product_options (id, business_id, product_id, name, allowed_values)
values (tests.id('Size'), tests.id('Shop'), tests.id('Shirt'), 'Größe', '{klein,groß}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor)
values (tests.id('Red'), tests.id('Shop'), tests.id('Shirt'), 'S', '{"Größe": "klein"}', 2000);

select tests.act_as('manager');
select lives_ok(
    $$ insert into public.product_translations
       (business_id, locale, product_id, category_id, attribute_id, option_id, name, description, value_names)
       values
       (tests.id('Shop'), 'en', tests.id('Shirt'), null, null, null, 'Shirt', 'Soft.', '{}'),
       (tests.id('Shop'), 'fr', tests.id('Shirt'), null, null, null, 'Chemise', null, '{}'),
       (tests.id('Shop'), 'en', tests.id('Draft'), null, null, null, 'Draft', null, '{}'),
       (tests.id('Shop'), 'en', null, tests.id('Shirts'), null, null, 'Shirts', null, '{}'),
       (tests.id('Shop'), 'en', null, null, tests.id('Colour'), null, 'Colour', null, '{"rot": "red"}'),
       (tests.id('Shop'), 'en', null, null, null, tests.id('Size'), 'Size', null, '{"klein": "small"}') $$,
    'a manager translates'
);
select throws_ok(
    $$ insert into public.product_translations (business_id, locale, product_id, name)
       values (tests.id('Shop'), 'fr', tests.id('Shirt'), 'Encore') $$,
    'PT409', null, 'a product has one text in a language'
);
select throws_ok(
    $$ insert into public.product_translations (business_id, locale, product_id, category_id, name)
       values (tests.id('Shop'), 'it', tests.id('Shirt'), tests.id('Shirts'), 'Camicia') $$,
    'PT400', 'product_id, category_id, attribute_id and option_id must have one value in all.',
    'a translation is of one thing'
);
select throws_ok(
    $$ insert into public.product_translations (business_id, locale, option_id, name, value_names)
       values (tests.id('Shop'), 'it', tests.id('Size'), 'Taglia', '{"klein": 1}') $$,
    'PT400', 'value_names must be a JSON object of at most 10000 bytes with texts.',
    'the names of values are texts'
);
select throws_ok(
    $$ insert into public.product_translations (business_id, locale, category_id, name, description)
       values (tests.id('Shop'), 'it', tests.id('Shirts'), 'Camicie', 'Belle.') $$,
    'PT400', 'description must have at most 5000 printable characters, and only a product has one.',
    'only a product is described'
);
select tests.act_as('ann');
select throws_ok(
    $$ insert into public.product_translations (business_id, locale, product_id, name)
       values (tests.id('Shop'), 'it', tests.id('Shirt'), 'Camicia') $$,
    'PT403', null, 'staff do not translate'
);

select tests.act_as_anon();
select is(
    (select count(*)::integer from public.product_translations), 5,
    'what translates a draft is not read'
);
select is(
    public.product_page(tests.id('Shirt')::text, 'fr-CA') ->> 'name', 'Chemise',
    'the reader''s language without its region'
);
select is(
    public.product_page(tests.id('Shirt')::text, 'fr-CA') ->> 'description', 'Weich.',
    'what is not translated is as the business wrote it'
);
select is(
    public.product_page(tests.id('Shirt')::text, 'de-AT') ->> 'name', 'Hemd',
    'the language of the business suits its readers'
);
select is(
    public.product_page(tests.id('Shirt')::text, 'it') ->> 'name', 'Shirt',
    'English when nothing suits'
);
select is(
    public.product_page(tests.id('Shirt')::text, 'en') #- '{category,id}' -> 'category',
    '{"slug": "shirts", "name": "Shirts"}'::jsonb, 'so is the category'
);
select is(
    jsonb_build_array(
        public.product_page(tests.id('Shirt')::text, 'en') #> '{options,0,values,0}',
        public.product_page(tests.id('Shirt')::text, 'en') #> '{attributes,0,value_label}',
        public.product_page(tests.id('Shirt')::text, 'en') #> '{variants,0,price_minor}'
    ),
    '[{"value": "klein", "label": "small"}, "red", 2000]'::jsonb,
    'so are options and attributes, beside the variants'
);
select is(
    (select name from public.list_products(tests.id('Shop')::text, locale => 'fr')), 'Chemise',
    'so is a list'
);
select throws_ok(
    $$ select public.product_page(tests.id('Draft')::text) $$, 'PT404', 'There is no such product.',
    'a draft has no page'
);

-- What is in a cart, and what was ordered
select tests.act_as_owner();
insert into business.stores (business_id, name) values (tests.id('Shop'), 'Laden');
insert into commerce.delivery_options (business_id, name, kind, currency, price_minor)
values (tests.id('Shop'), 'Theke', 'pickup', 'EUR', 0);
select tests.act_as('manager');
select public.adjust_stock(stores.id::text, tests.id('Red')::text, '5', 'received')
from public.stores where stores.business_id = tests.id('Shop');
select tests.act_as('ann');
select set_config('request.headers', '{"accept-language": "fr, en;q=0.5"}', true);
select is(
    public.add_to_cart(jsonb_build_object('variant_id', tests.id('Red'))::text) #>> '{items,0,label}',
    'Chemise (small)', 'a cart says it in the reader''s language, each word as well as it can'
);
select results_eq(
    'select name, label from public.cart_items', $$ values ('Hemd (klein)', 'Chemise (small)') $$,
    'beside the name that the business uses'
);
select public.checkout('key', store_id => (select id from public.stores)::text);
select results_eq(
    'select name, label from public.order_items', $$ values ('Hemd (klein)', 'Chemise (small)') $$,
    'and so does an order'
);
select set_config('request.headers', '{"accept-language": "de"}', true);
select is(
    (select label from public.order_items), 'Hemd (klein)', 'whoever reads German gets the name itself'
);
select * from finish();
rollback;
