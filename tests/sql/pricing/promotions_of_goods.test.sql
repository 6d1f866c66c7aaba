-- A shop takes something off a product, one variant of it, or a category with all that is below it,
-- and a customer sees it in the quote and pays it.
begin;
select plan(14);

-- Given oil in two sizes below Care, a comb below Tools, and a cut
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,rival,ada}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Spa', 'rival');
select tests.resource('Ann', 'Shop');
select tests.service('Cut', 'Shop', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.named(called)
from unnest('{Care,Hair,Tools,Oil,Comb,50,100,Cell,Alien}'::text[]) as called;
insert into catalog.product_categories (id, business_id, parent_id, name, slug) values
(tests.id('Care'), tests.id('Shop'), null, 'Care', 'care'),
(tests.id('Hair'), tests.id('Shop'), tests.id('Care'), 'Hair', 'hair'),
(tests.id('Tools'), tests.id('Shop'), null, 'Tools', 'tools');
insert into catalog.products (id, business_id, category_id, name, slug, currency, is_published) values
(tests.id('Oil'), tests.id('Shop'), tests.id('Hair'), 'Oil', 'oil', 'EUR', true),
(tests.id('Comb'), tests.id('Shop'), tests.id('Tools'), 'Comb', 'comb', 'EUR', true),
(tests.id('Alien'), tests.id('Spa'), null, 'Alien', 'alien', 'EUR', true);
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Oil'), 'Size', '{50,100}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor) values
(tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', '{"Size": "50"}', 1000),
(tests.id('100'), tests.id('Shop'), tests.id('Oil'), 'OIL-100', '{"Size": "100"}', 2000),
(tests.id('Cell'), tests.id('Shop'), tests.id('Comb'), 'COMB', '{}', 700);

-- What is taken off the small oil, the large oil, the comb and the cut
create function tests.parts(small integer default 1) returns text
language sql volatile security definer set search_path = ''
as $$
    select string_agg(line.value ->> 'discount_minor', ' ' order by line.place)
    from jsonb_array_elements(
        public.quote(jsonb_build_array(
            jsonb_build_object('variant_id', tests.id('50'), 'quantity', small),
            jsonb_build_object('variant_id', tests.id('100')),
            jsonb_build_object('variant_id', tests.id('Cell')),
            jsonb_build_object('service_id', tests.id('Cut'))
        )::text) -> 'lines'
    ) with ordinality as line (value, place)
$$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('owner');
insert into public.promotions (business_id, name, kind, percent_bps, is_automatic, product_id)
values (tests.id('Shop'), 'Oil week', 'percent', 1000, true, tests.id('Oil'));
select is(tests.parts(), '100 200 0 0', 'a product: all its variants');
update public.promotions set product_id = null, variant_id = tests.id('100');
select is(tests.parts(), '0 200 0 0', 'a variant: only that one');
update public.promotions set variant_id = null, product_category_id = tests.id('Care');
select is(tests.parts(), '100 200 0 0', 'a category: what is below it, too');
update public.promotions set product_category_id = tests.id('Tools');
select is(tests.parts(), '0 0 70 0', 'another category: only its own');
update public.promotions set product_category_id = null;
select is(tests.parts(), '100 200 70 500', 'naming nothing: everything');
update public.promotions
set kind = 'buy_x_get_y', percent_bps = null, buy_quantity = 2, get_quantity = 1, product_id = tests.id('Oil');
select is(tests.parts(2), '1000 0 0 0', 'two and one free: the cheapest of the product');
update public.promotions
set kind = 'free_item', buy_quantity = null, product_id = null, variant_id = tests.id('Cell');
select is(tests.parts(), '0 0 700 0', 'a free comb');

-- What is refused
select throws_ok(
    $$ update public.promotions set product_id = tests.id('Oil') $$, 'PT400', null,
    'a promotion names one thing'
);
select throws_ok(
    $$ update public.promotions set variant_id = null $$, 'PT400', null, 'what is free has a name'
);
select throws_ok(
    $$ update public.promotions set product_id = tests.id('Alien'), variant_id = null $$,
    'PT404', null, 'and is of the same business'
);

-- A product that moves to another category takes its discount along
update public.promotions
set kind = 'percent', get_quantity = null, percent_bps = 1000, variant_id = null, product_category_id = tests.id('Care');
update public.products set category_id = tests.id('Tools') where id = tests.id('Oil');
select is(tests.parts(), '0 0 0 0', 'what left a category is not reduced any more');
update public.products set category_id = tests.id('Care') where id = tests.id('Comb');
select is(tests.parts(), '0 0 70 0', 'what came is');
delete from public.product_categories where id = tests.id('Care');
select is((select count(*) from public.promotions), 0::bigint, 'a category takes its promotions along');
select tests.act_as('ada');
select is_empty('select 1 from public.promotions', 'customers read no promotions');
select * from finish();
rollback;
