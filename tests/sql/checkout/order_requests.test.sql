-- A buyer may not order for so much, asks the approver of the company, and the approver decides.
begin;
select plan(22);

-- Given a shop with 20 bottles of oil for 100.00, and a company with 30 days to pay: Rita approves,
-- Carl orders for at most 200.00, and Otto buys for nobody
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,rita,carl,otto}'::text[]) as called;
update auth.users set email = 'carl@example.com', email_confirmed_at = now()
where id = tests.id('carl');
select tests.business('Shop', 'owner');
select tests.named(called) from unnest('{Mitte,Oil,account,first,second}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 10000);
create function tests.goods(pieces integer) returns text
language sql volatile security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'variant_id', tests.id('Oil'), 'quantity', pieces))::text $$;
create function tests.ask(called text, pieces integer) returns bigint
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_request public.wholesale_order_requests = public.request_wholesale_order(
        tests.goods(pieces), store_id => tests.id('Mitte')::text, note => 'For the fair'
    );
begin
    perform tests.note_name(called, v_request.id);
    return v_request.total_minor;
end;
$$;
create function tests.note_name(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ update tests.names set id = note_name.id where name = called $$;
create function tests.decide(called text, decision text, reason text default null) returns text
language sql volatile security invoker set search_path = ''
as $$
    select status::text from public.decide_wholesale_order(tests.id(called)::text, decision, reason)
$$;
create function tests.on_hand() returns integer
language sql volatile security definer set search_path = ''
as $$ select on_hand from commerce.stock_levels $$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('owner');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '20', 'received');
select tests.act_as('rita');
select public.request_wholesale(tests.id('Shop')::text, 'Rita GmbH', 'DE', 'DE136695976');
select tests.act_as_owner();
update tests.names set id = (select id from commerce.wholesale_accounts) where name = 'account';
select tests.act_as('owner');
select public.set_wholesale_terms(tests.id('account')::text, null, '30', '100000');
select public.decide_wholesale(tests.id('account')::text, 'approved');
select tests.act_as('rita');
select public.invite_buyer(tests.id('account')::text, 'carl@example.com', 'buyer', '20000');
select tests.act_as('carl');
select public.accept_buyer_invitation(
    (select id::text from public.wholesale_buyers where email = 'carl@example.com')
);

-- Asking
select throws_ok(
    $$ select public.checkout('key', items => tests.goods(3), store_id => tests.id('Mitte')::text) $$,
    'PT409', 'The order costs more than you may order for your company.', 'Carl may not order for 300.00'
);
select is(tests.ask('first', 3), 30000::bigint, 'he asks for it, and sees what it costs');
select is(tests.on_hand(), 20, 'nothing is taken for a request');
select throws_ok(
    $$ select tests.decide('first', 'approved') $$, 'PT403', null, 'he does not approve it himself'
);
select throws_ok(
    $$ select public.request_wholesale_order('[]') $$, 'PT400', null, 'somebody who asks asks for something'
);
select throws_ok(
    $$ select public.request_wholesale_order('[{"gift_card_minor": 1, "currency": "EUR"}]') $$,
    'PT400', null, 'and for goods alone'
);
select tests.act_as('otto');
select throws_ok(
    $$ select tests.ask('second', 1) $$, 'PT404', 'You buy for no company from this business.',
    'somebody who buys for nobody asks nobody'
);
select is_empty('select 1 from public.wholesale_order_requests', 'nor reads what others ask');
select throws_ok($$ select tests.decide('first', 'rejected', 'No') $$, 'PT404', null, 'nor decides');
select tests.act_as('owner');
select is_empty(
    'select 1 from public.wholesale_order_requests', 'what is asked in a company is not the shop''s to read'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.request_wholesale_order(tests.goods(1)) $$, 'PT401', null, 'nobody asks without signing in'
);

-- Deciding
select tests.act_as('rita');
select results_eq(
    'select status::text, total_minor, note, items from public.wholesale_order_requests',
    $$ values ('requested', 30000::bigint, 'For the fair', tests.goods(3)::jsonb) $$,
    'the approver reads it'
);
select throws_ok(
    $$ select tests.decide('first', 'rejected') $$, 'PT400', 'reason is required.', 'a rejection has a reason'
);
select throws_ok(
    $$ select tests.decide('first', 'withdrawn') $$, 'PT403', null, 'the buyer alone withdraws'
);
select is(tests.decide('first', 'approved'), 'approved', 'she approves');
select is(tests.on_hand(), 17, 'then the pieces are taken');
select results_eq(
    $$ select orders.status::text, orders.pays_later, orders.customer_id
       from public.wholesale_order_requests
       inner join public.orders on orders.id = wholesale_order_requests.order_id $$,
    $$ values ('fulfilling', true, tests.id('rita')) $$, 'and the order is placed, to be paid later'
);
select is(tests.decide('first', 'approved'), 'approved', 'approving again');
select is(tests.on_hand(), 17, 'orders nothing more');
select throws_ok(
    $$ select tests.decide('first', 'rejected', 'Too much') $$, 'PT409', 'This request is approved already.',
    'and what is ordered is not rejected'
);
select tests.act_as('carl');
select tests.ask('second', 9);
select tests.act_as('rita');
select throws_ok(
    $$ select tests.decide('second', 'approved') $$, 'PT409',
    'Your company can owe another 70000 minor units of EUR.', 'credit binds the approver too'
);
select tests.act_as('carl');
select is(tests.decide('second', 'withdrawn'), 'withdrawn', 'he takes the other request back');
select * from finish();
rollback;
