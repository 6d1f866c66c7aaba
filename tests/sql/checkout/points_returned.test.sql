-- Goods that were paid with points come back in parts: the points that paid them return, and those
-- that they earned are taken back, in proportion, and nothing is lost by rounding.
begin;
select plan(20);

-- Given a shop that sells oil for 9.00, where a point is worth a cent and 1.00 earns one, and Ada
-- who has 500
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,ada}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.named(called) from unnest('{Mitte,Oil}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 900);
insert into commerce.delivery_options (business_id, name, kind, currency, price_minor)
values (tests.id('Shop'), 'Counter', 'pickup', 'EUR', 0);
update money.providers set is_enabled = name in ('sandbox', 'cash');
insert into loyalty.programs (
    business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
)
values (tests.id('Shop'), 'Points', 'EUR', 1, 100, 1, 1);
insert into customers.customers (business_id, user_id)
values (tests.id('Shop'), tests.id('ada'));
select loyalty.adjust(business_id, id, 500, 'A present') from customers.customers;
select tests.act_as('owner');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '50', 'received');
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
create function tests.points() returns bigint
language sql volatile security definer set search_path = ''
as $$
    select points - debt_points from loyalty.accounts where business_id = tests.id('Shop')
$$;
-- Ada pays what points do not, and has the order in hand.
create function tests.receive(called text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.act_as('owner');
    perform public.record_cash_payment(tests.sale_of(called));
    perform public.hand_over_order(tests.order_of(called));
    perform tests.act_as('ada');
end;
$$;
-- Ada brings some bottles back, and the shop takes them.
create function tests.bring_back(called text, pieces integer) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_return text;
begin
    v_return = (public.request_return(tests.order_of(called), tests.oil(called, pieces))).id;
    perform tests.act_as('owner');
    perform public.approve_return(v_return);
    perform public.receive_return(v_return);
    perform tests.act_as('ada');
end;
$$;
create function tests.oil(called text, pieces integer) returns text
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_array(jsonb_build_object('sale_line_id', id, 'quantity', pieces))::text
    from sales.sale_lines
    where sale_id::text = tests.sale_of(called) and kind = 'product' and revision = 0
$$;
create function tests.points_of(called text, of_kind text) returns bigint
language sql volatile security definer set search_path = ''
as $$
    select coalesce(sum(points), 0)::bigint
    from loyalty.entries
    where sale_id::text = tests.sale_of(called) and kind::text = of_kind
$$;
grant all on tests.answers to anon, authenticated;
grant execute on all functions in schema tests to anon, authenticated;

-- Three bottles, brought back one after the other
select tests.act_as('ada');
select tests.buy('first', 300, 3);
select is(tests.points(), 200::bigint, 'Ada pays 300 of her 500 points');
select tests.receive('first');
select is(tests.points(), 224::bigint, 'and earns 24 with the 24.00 that she paid in money');
select tests.bring_back('first', 1);
select is(
    tests.points(), 316::bigint,
    'a bottle that comes back brings 100 points with it, and takes 8 of the earned ones'
);
select is(tests.points_of('first', 'returned'), 100::bigint, 'a third of the points is returned');
select is(tests.points_of('first', 'clawed_back'), -8::bigint, 'and a third is clawed back');
select tests.bring_back('first', 2);
select is(tests.points(), 500::bigint, 'when all is back, she has what she had before');
select is(
    tests.points_of('first', 'redeemed') + tests.points_of('first', 'returned'), 0::bigint,
    'nothing is left of what the points paid'
);
select is(
    tests.points_of('first', 'earned') + tests.points_of('first', 'clawed_back'), 0::bigint,
    'nor of what the order earned'
);

-- Amounts that do not divide: 100 points on three bottles
select tests.buy('second', 100, 3);
select tests.receive('second');
select is(tests.points(), 426::bigint, '26.00 earn 26 points');
select tests.bring_back('second', 1);
select is(tests.points_of('second', 'returned'), 33::bigint, 'a bottle brings 33 points back');
select is(tests.points_of('second', 'clawed_back'), -9::bigint, '17.33 have earned 17');
select tests.bring_back('second', 1);
select is(tests.points_of('second', 'returned'), 67::bigint, 'two bring 67');
select tests.bring_back('second', 1);
select is(tests.points_of('second', 'returned'), 100::bigint, 'and three bring all of them');
select is(tests.points(), 500::bigint, 'again nothing is lost and nothing is won');

-- Earned points that were spent before the bottles come back
select tests.buy('third', 0, 2);
select tests.receive('third');
select is(tests.points(), 518::bigint, '18.00 earn 18 points');
select tests.buy('fourth', 510, 1);
select tests.bring_back('third', 2);
select is(tests.points(), -10::bigint, 'of which she spent 10, so she owes them');
select is(
    (select points from loyalty.accounts), 0::bigint,
    'the balance itself is never negative'
);
select public.cancel_order(tests.order_of('fourth'));
select is(tests.points(), 500::bigint, 'what comes back pays the debt first');

-- Every sum is the sum of its entries
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
select is(
    (select sum(points) from loyalty.lots), 500::numeric, 'and hold what Ada has'
);

select * from finish();
rollback;
