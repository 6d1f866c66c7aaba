-- A shop's goods: a tree of categories, brands, products, and the variants that are sold.
begin;
select plan(30);

-- Given a shop with a manager and staff, a shop of a stranger
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,manager,ann,customer,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('manager', 'Shop', 'manager');
select tests.member('ann', 'Shop', 'staff');
select tests.business('Other', 'stranger');
select tests.named(called)
from unnest('{Hair,Care,Oils,Acme,Oil,Brush,Gift}'::text[]) as called;

-- Categories
select tests.act_as('manager');
select lives_ok(
    $$ insert into public.product_categories (id, business_id, parent_id, name, slug) values
       (tests.id('Hair'), tests.id('Shop'), null, 'Hair', 'hair'),
       (tests.id('Care'), tests.id('Shop'), tests.id('Hair'), 'Care', 'care'),
       (tests.id('Oils'), tests.id('Shop'), tests.id('Care'), 'Oils', 'oils') $$,
    'a manager makes a tree of categories'
);
select throws_ok(
    $$ update public.product_categories set parent_id = tests.id('Oils') where slug = 'hair' $$,
    'PT400', 'parent_id must not be the category itself or one below it.',
    'a category cannot move below its grandchild'
);
select throws_ok(
    $$ update public.product_categories set parent_id = id where slug = 'hair' $$,
    'PT400', 'parent_id must not be the category itself or one below it.',
    'a category is not its own parent'
);
select throws_ok(
    $$ insert into public.product_categories (business_id, name, slug)
       values (tests.id('Shop'), 'Hair', 'hair') $$,
    'PT409', null, 'two categories of a business have different slugs'
);
select throws_ok(
    $$ insert into public.product_categories (business_id, name, slug)
       values (tests.id('Shop'), 'Hair', 'Hair & more') $$,
    'PT400', 'slug must be lower-case words joined by hyphens.', 'a slug fits into an address'
);

-- Brands and products
select lives_ok(
    $$ insert into public.brands (id, business_id, name, slug)
       values (tests.id('Acme'), tests.id('Shop'), 'Acme', 'acme') $$,
    'a manager adds a brand'
);
select lives_ok(
    $$ insert into public.products (id, business_id, category_id, brand_id, name, slug, currency)
       values
       (tests.id('Oil'), tests.id('Shop'), tests.id('Oils'), tests.id('Acme'), 'Oil', 'oil', 'EUR'),
       (tests.id('Brush'), tests.id('Shop'), tests.id('Hair'), null, 'Brush', 'brush', 'EUR'),
       (tests.id('Gift'), tests.id('Shop'), null, null, 'Gift', 'gift', 'EUR') $$,
    'a manager adds products'
);
select throws_ok(
    $$ insert into public.products (business_id, name, slug, currency)
       values (tests.id('Shop'), 'Oil', 'oil', 'EUR') $$,
    'PT409', 'A row with this business_id, slug already exists.',
    'two products of a business have different slugs'
);
select tests.act_as('stranger');
select lives_ok(
    $$ insert into public.products (business_id, name, slug, currency)
       values (tests.id('Other'), 'Oil', 'oil', 'EUR') $$,
    'another business may use the same slug'
);
select throws_ok(
    $$ insert into public.products (business_id, category_id, name, slug, currency)
       values (tests.id('Other'), tests.id('Oils'), 'Wax', 'wax', 'EUR') $$,
    'PT404', null, 'a product is not in a category of another business'
);
select throws_ok(
    $$ insert into public.products (business_id, name, slug, currency)
       values (tests.id('Shop'), 'Wax', 'wax', 'EUR') $$,
    'PT403', null, 'a stranger adds no products'
);
select tests.act_as('ann');
select throws_ok(
    $$ insert into public.products (business_id, name, slug, currency)
       values (tests.id('Shop'), 'Wax', 'wax', 'EUR') $$,
    'PT403', null, 'staff add no products'
);

-- Options and variants
select tests.act_as('manager');
select lives_ok(
    $$ insert into public.product_options (business_id, product_id, name, allowed_values) values
       (tests.id('Shop'), tests.id('Oil'), 'Size', '{50 ml,100 ml}'),
       (tests.id('Shop'), tests.id('Oil'), 'Scent', '{Rose,None}') $$,
    'a product has options'
);
select throws_ok(
    $$ insert into public.product_options (business_id, product_id, name, allowed_values)
       values (tests.id('Shop'), tests.id('Brush'), 'Size', '{S,S}') $$,
    'PT400', null, 'the values of an option differ'
);
select lives_ok(
    $$ insert into public.product_variants (business_id, product_id, sku, options, price_minor) values
       (tests.id('Shop'), tests.id('Oil'), 'OIL-50-R', '{"Size": "50 ml", "Scent": "Rose"}', 900),
       (tests.id('Shop'), tests.id('Oil'), 'OIL-100-R', '{"Size": "100 ml", "Scent": "Rose"}', 1500),
       (tests.id('Shop'), tests.id('Brush'), 'BRUSH', '{}', 700) $$,
    'a variant has a value of each option'
);
select throws_ok(
    $$ insert into public.product_variants (business_id, product_id, sku, options, price_minor)
       values (tests.id('Shop'), tests.id('Oil'), 'X', '{"Scent": "Rose", "Size": "50 ml"}', 900) $$,
    'PT409', 'A row with this business_id, product_id, options already exists.',
    'no two variants of a product have the same options'
);
select throws_ok(
    $$ insert into public.product_variants (business_id, product_id, sku, options, price_minor)
       values (tests.id('Shop'), tests.id('Gift'), 'BRUSH', '{}', 900) $$,
    'PT409', 'A row with this business_id, sku already exists.',
    'no two variants of a business have the same SKU'
);
select throws_ok(
    $$ insert into public.product_variants (business_id, product_id, sku, options, price_minor)
       values (tests.id('Shop'), tests.id('Oil'), 'X', '{"Size": "50 ml"}', 900) $$,
    'PT400', 'options must have one of the allowed values for each option of the product.',
    'no option is left out'
);
select throws_ok(
    $$ insert into public.product_variants (business_id, product_id, sku, options, price_minor)
       values (tests.id('Shop'), tests.id('Oil'), 'X', '{"Size": "1 l", "Scent": "Rose"}', 900) $$,
    'PT400', 'options must have one of the allowed values for each option of the product.',
    'no option has another value'
);
select throws_ok(
    $$ insert into public.product_variants (business_id, product_id, sku, options, price_minor)
       values (tests.id('Shop'), tests.id('Brush'), 'X', '{"Size": "50 ml"}', 900) $$,
    'PT400', 'options must have one of the allowed values for each option of the product.',
    'no variant has an option that its product lacks'
);
select throws_ok(
    $$ update public.product_options set allowed_values = '{50 ml}' where name = 'Size' $$,
    'PT409', 'A variant of the product has this option or value.',
    'a value that a variant has stays'
);
select throws_ok(
    $$ delete from public.product_options where name = 'Scent' $$,
    'PT409', 'A variant of the product has this option or value.',
    'an option that a variant has stays'
);
select lives_ok(
    $$ update public.product_options set allowed_values = '{Rose}' where name = 'Scent' $$,
    'a value that no variant has can go'
);

-- Who sees what
select tests.act_as('customer');
select is((select count(*) from public.products), 0::bigint, 'customers see no drafts');
select is((select count(*) from public.product_variants), 0::bigint, 'nor the variants of drafts');
select tests.act_as('manager');
update public.products set is_published = true where business_id = tests.id('Shop');
update public.products set archived_at = private.now() where slug = 'gift';
update public.product_variants set is_active = false where sku = 'OIL-100-R';
select tests.act_as_anon();
select results_eq(
    $$ select name from public.products order by name $$, $$ values ('Brush'), ('Oil') $$,
    'everyone sees what is published and not archived'
);
select results_eq(
    $$ select sku from public.product_variants order by sku $$,
    $$ values ('BRUSH'), ('OIL-50-R') $$, 'and its active variants'
);
select results_eq(
    $$ select name from public.products_in_category(tests.id('Hair')::text) $$,
    $$ values ('Brush'), ('Oil') $$,
    'a category lists the products of the categories below it'
);
select results_eq(
    $$ select name from public.products_in_category(
       tests.id('Hair')::text, after => tests.id('Brush')::text, page_size => '1') $$,
    $$ values ('Oil') $$, 'page by page'
);
select tests.act_as_owner();
update business.businesses set status = 'suspended' where id = tests.id('Shop');
select tests.act_as('customer');
select is(
    (select count(*) from public.products), 0::bigint,
    'customers see no products of a suspended business'
);

select * from finish();
rollback;
