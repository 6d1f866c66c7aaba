-- Points pay a part of an order, come back with what is cancelled, and are earned with what is handed
-- over. Each ends where the sale does.
begin;
select plan(22);

-- Given a shop that sells oil for 9.00, whose points are a cent each, and Ada who has 500
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,rival,ada,bob}'::text[]) as called;
select tests.business('Shop', 'owner'), tests.business('Other', 'rival');
select tests.named(called) from unnest('{Mitte,Oil,Nord,Comb}'::text[]) as called;
insert into business.stores (id, business_id, name)
values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte'), (tests.id('Nord'), tests.id('Other'), 'Nord');
insert into catalog.products (id, business_id, name, slug, currency, is_published) values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true),
(tests.id('Comb'), tests.id('Other'), 'Comb', 'comb', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor) values
(tests.id('Oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 900),
(tests.id('Comb'), tests.id('Other'), tests.id('Comb'), 'COMB', 700);
insert into commerce.delivery_options (business_id, name, kind, currency, price_minor) values
(tests.id('Shop'), 'Counter', 'pickup', 'EUR', 0), (tests.id('Other'), 'Counter', 'pickup', 'EUR', 0);
update money.providers set is_enabled = name in ('sandbox', 'cash');
insert into loyalty.programs (
    business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
)
select tests.id(shop), 'Points', 'EUR', 1, 100, 1, 1 from unnest('{Shop,Other}'::text[]) as shop;
insert into customers.customers (business_id, user_id)
select tests.id(shop), tests.id('ada') from unnest('{Shop,Other}'::text[]) as shop;
select loyalty.adjust(
    business_id, id, case business_id when tests.id('Shop') then 500 else 50 end, 'A present'
) from customers.customers;
select tests.act_as('owner');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '50', 'received');
select tests.act_as('rival');
select public.adjust_stock(tests.id('Nord')::text, tests.id('Comb')::text, '50', 'received');
select tests.act_as_owner();

create table tests.answers (called text primary key, answer jsonb);
create function tests.buy(called text, points integer, pieces integer default 2) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
    with bought as (
        select public.checkout(
            called, store_id => tests.id('Mitte')::text, redeem_points => points::text,
            items => jsonb_build_array(
                jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', pieces)
            )::text
        ) as answer
    )

    insert into tests.answers select buy.called, bought.answer from bought
    returning answer
$$;
create function tests.order_of(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select orders.id::text
    from commerce.orders
    inner join tests.answers on answers.answer::text ~ orders.id::text
    where answers.called = order_of.called
$$;
create function tests.sale_of(called text) returns text
language sql stable security definer set search_path = ''
as $$ select sale_id::text from commerce.orders where id::text = tests.order_of(called) $$;
create function tests.total(called text) returns bigint
language sql volatile security definer set search_path = ''
as $$
    select sum(sales.line_total(sale_lines))::bigint
    from sales.sale_lines
    where sale_id::text = tests.sale_of(called) and revision = 0
$$;
create function tests.points(shop text default 'Shop') returns bigint
language sql volatile security definer set search_path = ''
as $$
    select points - debt_points from loyalty.accounts where business_id = tests.id(shop)
$$;
create function tests.first_oil(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_array(jsonb_build_object('sale_line_id', id, 'quantity', 1))::text
    from sales.sale_lines
    where sale_id::text = tests.sale_of(called) and kind = 'product' and revision = 0
$$;
grant all on tests.answers to anon, authenticated;
grant execute on all functions in schema tests to anon, authenticated;

-- What a cart would cost
select tests.act_as('ada');
select is(
    (public.add_to_cart(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 2)::text)
    ->> 'total_minor')::bigint,
    1800::bigint, 'two bottles cost 18.00'
);
select is(
    (public.read_cart(redeem_points => '300') ->> 'total_minor')::bigint, 1500::bigint,
    'with 300 points 15.00'
);
select is(tests.points(), 500::bigint, 'a cart takes no points');

-- Who has not enough buys nothing
select throws_ok(
    $$ select tests.buy('too many', 501) $$, 'PT409', 'Only 500 points are left.',
    'more points than there are pay nothing'
);
select tests.act_as('bob');
select throws_ok(
    $$ select tests.buy('nobody', 1) $$, 'PT409', null, 'who has none pays with none'
);
select tests.act_as_owner();
select is_empty('select 1 from commerce.orders', 'and nothing is ordered');

-- Bought, cancelled in part, handed over
select tests.act_as('ada');
select tests.buy('first', 300);
select is(tests.total('first'), 1500::bigint, 'Ada pays 15.00 and 300 points');
select is(tests.points(), 200::bigint, 'which are hers no more');
select tests.act_as('owner');
select lives_ok(
    $$ select public.record_cash_payment(tests.sale_of('first')) $$, 'the rest is paid in cash'
);
select is(tests.points(), 200::bigint, 'an order that nobody has earns nothing');
select tests.act_as('ada');
select lives_ok(
    $$ select public.cancel_order(tests.order_of('first'), tests.first_oil('first')) $$,
    'one bottle is cancelled'
);
select is(tests.points(), 350::bigint, 'half of the points come back');
select tests.act_as('owner');
select lives_ok(
    $$ select public.hand_over_order(tests.order_of('first')) $$, 'the other one is handed over'
);
select is(tests.points(), 357::bigint, 'it was paid with 7.50, and earns 7 points');

-- A whole order is cancelled
select tests.act_as('ada');
select tests.buy('second', 100, 1);
select is(tests.total('second'), 800::bigint, 'another one costs 8.00 and 100 points');
select is(tests.points(), 257::bigint, 'which are gone');
select public.cancel_order(tests.order_of('second'));
select is(tests.points(), 357::bigint, 'and come back when it is cancelled');

-- Nobody pays
select tests.buy('third', 57, 1);
select is(tests.total('third'), 843::bigint, 'a third order waits for its payment');
select tests.act_as_owner();
select tests.at('2031-06-05 08:00Z');
select commerce.apply_due_steps(100);
select is(tests.points(), 357::bigint, 'an order that expires gives its points back');

-- Points that pay everything
select tests.act_as('ada');
select tests.at('2031-06-06 08:00Z');
select tests.buy('fourth', 357, 1);
select is(tests.total('fourth'), 543::bigint, 'all that is left');
select is(tests.points(), 0::bigint, 'is used');
select tests.act_as_owner();
select is_empty(
    $$
    select 1 from loyalty.lots
    where points <> (
        select coalesce(sum(entries.points), 0) from loyalty.entries where lot_id = lots.id
    )
    $$,
    'the lots are the sum of their entries'
);

select * from finish();
rollback;
