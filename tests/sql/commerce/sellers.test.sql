-- Two shops sell the same bottle: the platform describes it once, and buyers see who has it and for
-- how much.
begin;
select plan(17);

-- Given two shops with the bottle, at 10.00 and at 9.00, and one that is not open
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{ada,bob,cleo,admin,ann}'::text[]) as called;
insert into identity.platform_staff (user_id, role) values (tests.id('admin'), 'admin');
select tests.business('Ada', 'ada'), tests.business('Bob', 'bob'), tests.business('Cleo', 'cleo');
select tests.member('ann', 'Ada', 'staff');
create function tests.bottle(shop text, price_minor bigint) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform tests.named(shop || suffix) from unnest(array[' product', ' bottle', ' store']) as suffix;
    insert into business.stores (id, business_id, name)
    values (tests.id(shop || ' store'), tests.id(shop), 'Mitte');
    insert into catalog.products (id, business_id, name, slug, currency, is_published)
    values (tests.id(shop || ' product'), tests.id(shop), 'Oil of ' || shop, 'oil', 'EUR', true);
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    values (
        tests.id(shop || ' bottle'), tests.id(shop), tests.id(shop || ' product'), 'OIL',
        bottle.price_minor
    );
end;
$$;
select tests.bottle('Ada', 1000), tests.bottle('Bob', 900), tests.bottle('Cleo', 100);
update business.businesses set is_active = false where id = tests.id('Cleo');
create function tests.list(shop text, bottle text default null) returns void
language sql volatile security invoker set search_path = ''
as $$
    insert into public.product_listings (business_id, variant_id, shared_product_id)
    select tests.id(shop), tests.id(coalesce(bottle, shop || ' bottle')), shared_products.id
    from public.shared_products
$$;
create function tests.sellers() returns text
language sql volatile security invoker set search_path = ''
as $$
    select string_agg(concat_ws(' ', business_name, price_minor, state), ', ')
    from public.sellers_of((select id::text from public.shared_products))
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- The platform describes it
select tests.act_as('ada');
select throws_ok(
    $$ insert into public.shared_products (name) values ('Oil') $$, '42501', null,
    'a business shares no product'
);
select tests.act_as('admin');
select lives_ok(
    $$ insert into public.shared_products (name, brand, barcode)
       values ('Oil', 'Olea', '4006381333931') $$, 'an administrator does'
);
select throws_ok(
    $$ insert into public.shared_products (name, barcode) values ('Oil again', '4006381333931') $$,
    'PT409', null, 'once for each barcode'
);

-- Its sellers list theirs
select tests.act_as('ann');
select throws_ok(
    $$ select tests.list('Ada') $$, 'PT403', null, 'staff list nothing'
);
select tests.act_as('ada');
select lives_ok($$ select tests.list('Ada') $$, 'Ada lists her bottle');
select throws_ok($$ select tests.list('Ada') $$, 'PT409', null, 'once');
select throws_ok(
    $$ select tests.list('Bob') $$, 'PT403', null, 'not that of Bob'
);
select throws_ok(
    $$ select tests.list('Ada', 'Bob bottle') $$, 'PT404', null, 'nor his as hers'
);
select tests.act_as('bob');
select lives_ok($$ select tests.list('Bob') $$, 'Bob lists his');
select tests.act_as('cleo');
select lives_ok($$ select tests.list('Cleo') $$, 'so does Cleo, who is not open');

-- Who has it
select tests.act_as_anon();
select is(
    tests.sellers(), 'Bob 900 out_of_stock, Ada 1000 out_of_stock',
    'buyers see open shops, the cheapest first'
);
select tests.act_as('ada');
select public.adjust_stock(tests.id('Ada store')::text, tests.id('Ada bottle')::text, '5', 'received');
select tests.act_as_anon();
select is(
    tests.sellers(), 'Ada 1000 in_stock, Bob 900 out_of_stock', 'and first who has it'
);
select is_empty(
    $$ select * from public.sellers_of((select id::text from public.shared_products), 'CHF') $$,
    'in a currency'
);
select is(
    (select count(*) from public.product_listings), 2::bigint, 'listings are read like the variants'
);
select tests.act_as('bob');
update public.products set is_published = false where slug = 'oil' and business_id = tests.id('Bob');
select tests.act_as_anon();
select is(tests.sellers(), 'Ada 1000 in_stock', 'who takes it off sale is no seller');
select tests.act_as('admin');
update public.shared_products set is_active = false;
select tests.act_as_anon();
select is_empty($$ select * from public.shared_products $$, 'one that is off is shown to nobody');
select throws_ok(
    $$ select * from public.sellers_of(gen_random_uuid()::text) $$, 'PT404',
    'There is no such product.', 'and what is not shown has no sellers'
);

select * from finish();
rollback;
