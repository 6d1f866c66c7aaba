-- A shop says what its products are made of: attributes with types, inherited down the categories.
begin;
select plan(27);

-- Given a shop with a tree of categories: clothes, and shirts below them
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,manager,ann,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('manager', 'Shop', 'manager');
select tests.member('ann', 'Shop', 'staff');
select tests.business('Other', 'stranger');
select tests.named(called) from unnest('{Clothes,Shirts,Tools,Polo,Cap}'::text[]) as called;
insert into catalog.product_categories (id, business_id, parent_id, name, slug) values
(tests.id('Clothes'), tests.id('Shop'), null, 'Clothes', 'clothes'),
(tests.id('Shirts'), tests.id('Shop'), tests.id('Clothes'), 'Shirts', 'shirts'),
(tests.id('Tools'), tests.id('Shop'), null, 'Tools', 'tools');

select tests.act_as('manager');
select lives_ok(
    $$ insert into public.product_attributes
       (business_id, category_id, key, name, kind, unit, choices, is_required) values
       (tests.id('Shop'), null, 'origin', 'Origin', 'text', null, '{}', false),
       (tests.id('Shop'), tests.id('Clothes'), 'colour', 'Colour', 'choice', null, '{red,blue}', true),
       (tests.id('Shop'), tests.id('Clothes'), 'length', 'Length', 'number', 'cm', '{}', false),
       (tests.id('Shop'), tests.id('Clothes'), 'organic', 'Organic', 'yes_no', null, '{}', false),
       (tests.id('Shop'), tests.id('Shirts'), 'since', 'Since', 'date', null, '{}', false) $$,
    'a manager says what products have'
);
select throws_ok(
    $$ insert into public.product_attributes (business_id, key, name, kind, unit)
       values (tests.id('Shop'), 'note', 'Note', 'text', 'cm') $$,
    'PT400', 'unit must have 1 to 20 printable characters, and only a number has one.',
    'only a number has a unit'
);
select throws_ok(
    $$ insert into public.product_attributes (business_id, key, name, kind)
       values (tests.id('Shop'), 'size', 'Size', 'choice') $$,
    'PT400', 'choices must be 1 to 100 different texts if kind is choice, and empty otherwise.',
    'a choice has choices'
);
select throws_ok(
    $$ insert into public.product_attributes (business_id, key, name, kind)
       values (tests.id('Shop'), 'origin', 'Origin', 'text') $$,
    'PT409', null, 'a category has one attribute of a key'
);
select tests.act_as('ann');
select throws_ok(
    $$ insert into public.product_attributes (business_id, key, name, kind)
       values (tests.id('Shop'), 'note', 'Note', 'text') $$,
    'PT403', null, 'staff add no attributes'
);
select tests.act_as_anon();
select is(
    (
        select string_agg(held.key, ' ' order by held.key)
        from public.category_attributes(tests.id('Shop')::text, tests.id('Shirts')::text) as held
    ),
    'colour length organic origin since', 'everyone reads what holds in a category'
);

-- Values
select tests.act_as('manager');
select lives_ok(
    $$ insert into public.products
       (id, business_id, category_id, name, slug, currency, is_published, attributes) values
       (tests.id('Polo'), tests.id('Shop'), tests.id('Shirts'), 'Polo', 'polo', 'EUR', true,
       '{"colour": "red", "length": 71.5, "organic": true, "since": "2030-02-28", "origin": "PT"}') $$,
    'a product has values of the attributes of its category and of those above'
);
select throws_ok(
    $$ update public.products set attributes = '{"colour": "red", "sleeve": "long"}' where slug = 'polo' $$,
    'PT400', 'attributes.sleeve is not an attribute of the category.',
    'an unknown attribute is refused by its name'
);
select throws_ok(
    $$ update public.products set attributes = '{"colour": "green"}' where slug = 'polo' $$,
    'PT400', 'attributes.colour must be one of red, blue.', 'a choice is one of the choices'
);
select throws_ok(
    $$ update public.products set attributes = '{"colour": "red", "length": "71"}' where slug = 'polo' $$,
    'PT400', 'attributes.length must be a number.', 'a number is no text'
);
select throws_ok(
    $$ update public.products set attributes = '{"colour": "red", "organic": "yes"}' where slug = 'polo' $$,
    'PT400', 'attributes.organic must be true or false.', 'yes or no is true or false'
);
select throws_ok(
    $$ update public.products set attributes = '{"colour": "red", "since": "2030-02-30"}' where slug = 'polo' $$,
    'PT400', 'attributes.since must be a date, such as 2031-03-30.', 'a date exists'
);
select throws_ok(
    $$ update public.products set attributes = '{"colour": "red", "origin": " "}' where slug = 'polo' $$,
    'PT400', 'attributes.origin must be a text of 1 to 500 printable characters.',
    'a text says something'
);
select throws_ok(
    $$ update public.products set attributes = '{}' where slug = 'polo' $$,
    'PT400', 'attributes.colour is required of a published product.',
    'a published product has each required attribute'
);
select throws_ok(
    $$ update public.products set attributes = '[]' where slug = 'polo' $$,
    'PT400', 'attributes must be a JSON object.', 'attributes are an object'
);
select lives_ok(
    $$ insert into public.products (id, business_id, category_id, name, slug, currency)
       values (tests.id('Cap'), tests.id('Shop'), tests.id('Clothes'), 'Cap', 'cap', 'EUR') $$,
    'a draft may lack what is required'
);
select throws_ok(
    $$ update public.products set is_published = true where slug = 'cap' $$,
    'PT400', 'attributes.colour is required of a published product.',
    'a draft is published when nothing is missing'
);
select throws_ok(
    $$ update public.products set category_id = tests.id('Tools') where slug = 'polo' $$,
    'PT400', 'attributes.colour is not an attribute of the category.',
    'a product does not move to where its attributes do not hold'
);

-- What products have stays
select throws_ok(
    $$ update public.product_attributes set choices = '{blue}' where key = 'colour' $$,
    'PT409', 'A product has a value of this attribute.', 'a choice that a product has stays'
);
select lives_ok(
    $$ update public.product_attributes set choices = '{red,green}' where key = 'colour' $$,
    'a choice that no product has can go'
);
select throws_ok(
    $$ delete from public.product_attributes where key = 'length' $$,
    'PT409', 'A product has a value of this attribute.', 'an attribute that a product has stays'
);
select throws_ok(
    $$ insert into public.product_attributes (business_id, category_id, key, name, kind)
       values (tests.id('Shop'), tests.id('Shirts'), 'length', 'Length', 'text') $$,
    'PT409', 'A product has another value under this key.',
    'a nearer attribute does not contradict what products have'
);
select throws_ok(
    $$ update public.product_categories set parent_id = tests.id('Tools') where slug = 'shirts' $$,
    'PT409', 'A product has a value of an attribute of this category.',
    'a category does not move away from what its products have'
);
select throws_ok(
    $$ delete from public.product_categories where slug = 'shirts' $$,
    'PT409', 'A product has a value of an attribute of this category.',
    'a category whose products have its attributes stays'
);
select tests.act_as_anon();
select is(
    (select name from public.products where attributes ->> 'colour' = 'red'), 'Polo',
    'everyone filters products by an attribute'
);

-- From which price
select tests.act_as('manager');
insert into public.product_variants (business_id, product_id, sku, price_minor)
values (tests.id('Shop'), tests.id('Polo'), 'POLO', 2500);
select results_eq(
    $$ select lowest_price_minor, highest_price_minor from public.products where slug = 'polo' $$,
    $$ values (2500::bigint, 2500::bigint) $$, 'a product says from which price it can be had'
);
update public.product_variants set is_active = false where sku = 'POLO';
select is(
    (select lowest_price_minor from public.products where slug = 'polo'), null,
    'a variant that is not sold has no price'
);
select * from finish();
rollback;
