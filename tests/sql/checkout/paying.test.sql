-- A shop says with which providers its customers may pay which amounts in which currency, and how
-- long their orders wait for it.
begin;
select plan(17);

-- Given a shop that sells oil for 9.00
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,staff,ada}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('staff', 'Shop', 'staff');
select tests.named(called) from unnest('{Mitte,Oil}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 900);
insert into commerce.delivery_options (business_id, name, kind, currency, price_minor)
values (tests.id('Shop'), 'Counter', 'pickup', 'EUR', 0);
update money.providers set is_enabled = name in ('sandbox', 'stripe', 'payjp', 'cash');
select tests.act_as('owner');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '50', 'received');
select tests.act_as_owner();
create function tests.buy(key text, pieces integer, provider text default null) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
    select public.checkout(
        key, store_id => tests.id('Mitte')::text, provider => buy.provider,
        items => jsonb_build_array(
            jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', pieces)
        )::text
    )
$$;
create function tests.providers() returns text
language sql volatile security invoker set search_path = ''
as $$ select public.read_cart() ->> 'payment_providers' $$;
grant execute on all functions in schema tests to anon, authenticated;

-- The currency
select tests.act_as('ada');
select is(
    public.add_to_cart(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 2)::text)
    ->> 'payment_providers',
    '["sandbox", "stripe"]', 'a cart names the providers that take its currency'
);
select throws_ok(
    $$ select tests.buy('yen', 1, 'payjp') $$, 'PT422', 'This cannot be paid with that provider.',
    'a provider that takes only yen takes no euros'
);
select throws_ok(
    $$ select tests.buy('cash', 1, 'cash') $$, 'PT422', null, 'nobody pays cash by themselves'
);

-- Who says so
select throws_ok(
    $$ insert into public.payment_ranges (business_id, provider, currency)
       values (tests.id('Shop'), 'stripe', 'EUR') $$,
    'PT403', null, 'customers do not say with what they may pay'
);
select tests.act_as('staff');
select throws_ok(
    $$ insert into public.payment_ranges (business_id, provider, currency)
       values (tests.id('Shop'), 'stripe', 'EUR') $$,
    'PT403', null, 'nor do staff'
);
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.payment_ranges (business_id, provider, currency)
       values (tests.id('Shop'), 'cash', 'EUR') $$,
    'PT400', 'provider must be a provider with which customers pay.', 'cash has no range'
);
select throws_ok(
    $$ insert into public.payment_ranges (business_id, provider, currency, min_minor, max_minor)
       values (tests.id('Shop'), 'stripe', 'EUR', 10, 9) $$,
    'PT400', null, 'a range has its lower end first'
);
select lives_ok(
    $$ insert into public.payment_ranges (business_id, provider, currency, min_minor, max_minor) values
       (tests.id('Shop'), 'stripe', 'EUR', 1000, 2000), (tests.id('Shop'), 'sandbox', 'USD', 0, null) $$,
    'the owner limits stripe to 10.00 to 20.00 euros, and the sandbox to dollars'
);

-- The amount
select tests.act_as('ada');
select is(
    (select count(*) from public.payment_ranges), 2::bigint, 'customers read it'
);
select is(tests.providers(), '["stripe"]', '18.00 may be paid with stripe alone');
select throws_ok(
    $$ select tests.buy('less', 1, 'stripe') $$, 'PT422', null, '9.00 is too little'
);
select throws_ok(
    $$ select tests.buy('more', 3, 'stripe') $$, 'PT422', null, '27.00 is too much'
);
select throws_ok(
    $$ select tests.buy('other', 2, 'sandbox') $$, 'PT422', null,
    'a provider with a range in dollars takes no euros'
);
select is(
    tests.buy('fits', 2, 'stripe') #>> '{payment,amount_minor}', '1800', '18.00 can be paid'
);

-- How long an order waits
select is(
    tests.buy('week', 1) #>> '{orders,0,expires_at}', '2031-05-12T08:00:00+00:00',
    'an order to pick up waits a week'
);
select tests.act_as('owner');
insert into public.order_settings (business_id, unpaid_hours) values (tests.id('Shop'), 48);
select tests.act_as('ada');
select is(
    tests.buy('two days', 1) #>> '{orders,0,expires_at}', '2031-05-07T08:00:00+00:00',
    'unless the shop says how long'
);
select is(
    tests.buy('being paid', 2, 'stripe') #>> '{orders,0,expires_at}', '2031-05-07T08:00:00+00:00',
    'also while it is being paid'
);
select * from finish();
rollback;
