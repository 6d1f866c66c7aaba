-- A marketplace looks at what its shops say: published products change when staff approve it.
begin;
select plan(24);

-- Given a platform that approves the changes of one shop, and not those of another
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,manager,ann,stranger,support}'::text[]) as called;
insert into identity.platform_staff (user_id, role) values (tests.id('support'), 'support');
select tests.business('Shop', 'owner');
select tests.member('manager', 'Shop', 'manager');
select tests.member('ann', 'Shop', 'staff');
select tests.business('Other', 'stranger');
insert into flags.flags (key, is_enabled, rules)
values ('product_approval', true, '[{"percentage": 0}]');
insert into flags.targets (flag_key, subject, is_denied)
values ('product_approval', tests.id('Shop')::text, false);
select tests.named(called) from unnest('{Oil,Wax,Free,Oil50}'::text[]) as called;
insert into catalog.products (id, business_id, name, slug, currency, is_published) values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true),
(tests.id('Wax'), tests.id('Shop'), 'Wax', 'wax', 'EUR', false),
(tests.id('Free'), tests.id('Other'), 'Free', 'free', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Oil50'), tests.id('Shop'), tests.id('Oil'), 'OIL', 900);

-- What is written directly
select tests.act_as('manager');
select throws_ok(
    $$ update public.products set name = 'Snake oil' where slug = 'oil' $$,
    'PT409', 'The platform approves changes of published products.',
    'a published product is not changed directly'
);
select throws_ok(
    $$ update public.product_variants set price_minor = 9000 where sku = 'OIL' $$,
    'PT409', 'The platform approves changes of published products.', 'nor its price'
);
select throws_ok(
    $$ update public.products set is_published = true where slug = 'wax' $$,
    'PT409', 'The platform approves changes of published products.', 'nor is a draft published'
);
select throws_ok(
    $$ select public.bulk_upsert_products(
        tests.id('Shop')::text, '[{"product": "oil", "name": "Snake oil"}]'
    ) $$,
    'PT409', 'Row 1: The platform approves changes of published products.', 'nor in bulk'
);
select lives_ok(
    $$ update public.products set name = 'Soft wax' where slug = 'wax' $$, 'a draft is'
);
select lives_ok(
    $$ update public.products set position = 7 where slug = 'oil' $$, 'so is the order of display'
);
select lives_ok(
    $$ update public.product_variants set is_active = false where sku = 'OIL' $$,
    'and a variant is switched off at once'
);
select tests.act_as('stranger');
select lives_ok(
    $$ update public.products set name = 'As I like' where slug = 'free' $$,
    'a business without the flag asks nobody'
);
select tests.act_as_owner();
update catalog.product_variants set is_active = true where sku = 'OIL';

-- Proposals
select tests.act_as('manager');
select throws_ok(
    $$ select public.propose_product_change(tests.id('Oil')::text, '[{"category": "oils"}]') $$,
    'PT404', 'Row 1: There is no category oils.', 'a change that is not possible is not proposed'
);
select is(
    (
        select status::text
        from public.propose_product_change(tests.id('Oil')::text, '[{"name": "First"}]')
    ),
    'pending', 'a manager proposes a change'
);
select lives_ok(
    $$ select public.propose_product_change(
        tests.id('Oil')::text,
        '[{"name": "Fine oil", "sku": "OIL", "price_minor": 950},
          {"sku": "OIL-2", "options": {"Size": "2"}, "price_minor": 1800}]',
        'New label'
    ) $$,
    'and proposes another one'
);
select results_eq(
    $$ select status::text, note from public.product_changes order by note nulls first $$,
    $$ values ('withdrawn', null), ('pending', 'New label') $$, 'the last one waits'
);
select results_eq(
    $$ select products.name, product_variants.price_minor from public.products
       inner join public.product_variants on product_variants.product_id = products.id
       where products.slug = 'oil' $$,
    $$ values ('Oil', 900::bigint) $$, 'everybody still sees the old one'
);
select tests.act_as('ann');
select throws_ok(
    $$ select public.propose_product_change(tests.id('Oil')::text, '[{"name": "Mine"}]') $$,
    'PT403', null, 'staff propose nothing'
);
select tests.act_as('stranger');
select is((select count(*)::integer from public.product_changes), 0, 'a stranger reads nothing');
create temporary table pending as select tests.id('Oil') as id;
select tests.act_as_owner();
truncate pending;
insert into pending select id from commerce.product_changes where status = 'pending';
grant select on pending to authenticated;

-- Decisions
select tests.act_as('manager');
select throws_ok(
    $$ select public.approve_product_change((select id::text from pending)) $$,
    'PT403', null, 'nobody approves their own change'
);
select tests.act_as('support');
select throws_ok(
    $$ select public.reject_product_change((select id::text from pending), ' ') $$,
    'PT400', 'reason is required.', 'a rejection has a reason'
);
select is(
    (select status::text from public.approve_product_change((select id::text from pending))),
    'approved', 'platform staff approve it'
);
select throws_ok(
    $$ select public.reject_product_change((select id::text from pending), 'Late') $$,
    'PT409', 'The change is approved already.', 'once'
);
select tests.act_as('manager');
select results_eq(
    $$ select products.name, product_variants.sku, product_variants.price_minor from public.products
       inner join public.product_variants on product_variants.product_id = products.id
       where products.slug = 'oil' order by product_variants.sku $$,
    $$ values ('Fine oil', 'OIL', 950::bigint), ('Fine oil', 'OIL-2', 1800) $$,
    'and everything of it is applied'
);
select lives_ok(
    $$ select public.propose_product_change(tests.id('Wax')::text, '[{"is_published": true}]') $$,
    'a manager asks to publish a draft'
);
select tests.act_as('support');
select is(
    (
        select reason
        from public.reject_product_change(
            (select id::text from public.product_changes where status = 'pending'), 'No picture.'
        )
    ),
    'No picture.', 'platform staff reject it with a reason'
);
select tests.act_as('manager');
select is(
    (select is_published from public.products where slug = 'wax'), false, 'and it stays a draft'
);
select public.propose_product_change(tests.id('Wax')::text, '[{"is_published": true}]');
select is(
    (
        select status::text
        from public.withdraw_product_change(
            (select id::text from public.product_changes where status = 'pending')
        )
    ),
    'withdrawn', 'a manager withdraws a change that waits'
);
select * from finish();
rollback;
