-- A shop sells a gift set: one product that takes pieces of others.
begin;
select plan(13);

-- Given a shop with oil, a brush, wax and a gift set
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,manager,ann,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('manager', 'Shop', 'manager');
select tests.member('ann', 'Shop', 'staff');
select tests.business('Other', 'stranger');
select tests.named(called) from unnest('{Goods,Oil,Brush,Wax,Set,Box,Foreign}'::text[]) as called;
insert into catalog.products (id, business_id, name, slug, currency, is_published) values
(tests.id('Goods'), tests.id('Shop'), 'Goods', 'goods', 'EUR', true),
(tests.id('Foreign'), tests.id('Other'), 'Goods', 'goods', 'EUR', true);
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Goods'), 'What', '{Oil,Brush,Wax,Set,Box}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor)
select
    tests.id(called), tests.id('Shop'), tests.id('Goods'), called,
    jsonb_build_object('What', called), 500
from unnest('{Oil,Brush,Wax,Set,Box}'::text[]) as called;
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Foreign'), tests.id('Other'), tests.id('Foreign'), 'X', 100);

select tests.act_as('manager');
select lives_ok(
    $$ insert into public.bundle_items (business_id, bundle_variant_id, variant_id, quantity) values
       (tests.id('Shop'), tests.id('Set'), tests.id('Oil'), 2),
       (tests.id('Shop'), tests.id('Set'), tests.id('Brush'), 1) $$,
    'a manager makes a bundle'
);
select throws_ok(
    $$ insert into public.bundle_items (business_id, bundle_variant_id, variant_id)
       values (tests.id('Shop'), tests.id('Box'), tests.id('Set')) $$,
    'PT400', 'variant_id must not be a bundle.', 'a bundle contains no bundle'
);
select throws_ok(
    $$ insert into public.bundle_items (business_id, bundle_variant_id, variant_id)
       values (tests.id('Shop'), tests.id('Oil'), tests.id('Wax')) $$,
    'PT400', 'bundle_variant_id must not be part of another bundle.',
    'what a bundle contains does not become a bundle'
);
select throws_ok(
    $$ insert into public.bundle_items (business_id, bundle_variant_id, variant_id)
       values (tests.id('Shop'), tests.id('Box'), tests.id('Box')) $$,
    'PT400', 'variant_id must be another variant than the bundle.',
    'a bundle does not contain itself'
);
select throws_ok(
    $$ insert into public.bundle_items (business_id, bundle_variant_id, variant_id)
       values (tests.id('Shop'), tests.id('Set'), tests.id('Foreign')) $$,
    'PT404', null, 'a bundle contains only what its business sells'
);
select throws_ok(
    $$ update public.bundle_items set quantity = 0 where variant_id = tests.id('Oil') $$,
    'PT400', 'quantity must be from 1 to 1000.', 'a bundle contains at least one piece'
);
select throws_ok(
    $$ delete from public.product_variants where sku = 'Brush' $$,
    'PT409', 'A bundle contains this variant.', 'what a bundle contains stays'
);
select tests.act_as('ann');
select throws_ok(
    $$ insert into public.bundle_items (business_id, bundle_variant_id, variant_id)
       values (tests.id('Shop'), tests.id('Box'), tests.id('Wax')) $$,
    'PT403', null, 'staff make no bundles'
);

-- What is taken out of stock
select results_eq(
    $$ select variant_id, quantity from catalog.components(tests.id('Set'), 3) order by quantity $$,
    $$ values (tests.id('Brush'), 3), (tests.id('Oil'), 6) $$,
    'three bundles take three times what one contains'
);
select results_eq(
    $$ select variant_id, quantity from catalog.components(tests.id('Wax'), 3) $$,
    $$ values (tests.id('Wax'), 3) $$, 'another variant takes its own pieces'
);

-- Who sees it
select tests.act_as_anon();
select is((select count(*)::integer from public.bundle_items), 2, 'everyone sees what a bundle contains');
select tests.act_as_owner();
update catalog.product_variants set is_active = false where sku = 'Set';
select tests.act_as_anon();
select is(
    (select count(*)::integer from public.bundle_items), 0,
    'only members see what a bundle contains that is not sold'
);
select tests.act_as('manager');
delete from public.product_variants where sku = 'Set';
select lives_ok(
    $$ delete from public.product_variants where sku = 'Brush' $$,
    'after the bundle is deleted, its parts can be deleted'
);
select * from finish();
rollback;
