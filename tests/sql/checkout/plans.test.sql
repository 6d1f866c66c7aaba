-- Somebody joins a studio in the same cart in which they buy oil and an hour with a trainer, and
-- pays once; the membership begins when that payment arrives.
begin;
select plan(33);

-- Given a studio with a store, a trainer, and plans: paid with a fee, after a trial, and a pass
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,ada,bob}'::text[]) as called;
select tests.business('Studio', 'owner', 'UTC');
select tests.resource('Ann', 'Studio');
select tests.hours('Studio', '08:00', '20:00');
select tests.service('Hour', 'Studio', 60, 5000);
select tests.takes('Hour', 'Ann');
select tests.named(called) from unnest('{Mitte,Oil,gold,trial,pass,old}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Studio'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Studio'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Oil'), tests.id('Studio'), tests.id('Oil'), 'OIL', 900);
insert into commerce.delivery_options (business_id, name, kind, currency, price_minor)
values (tests.id('Studio'), 'Counter', 'pickup', 'EUR', 0);
insert into memberships.membership_plans (id, business_id, name, access, trial_days, renews, credits, is_active)
values
(tests.id('gold'), tests.id('Studio'), 'Gold', 'gold', 0, true, null, true),
(tests.id('trial'), tests.id('Studio'), 'Silver', 'silver', 7, true, null, true),
(tests.id('pass'), tests.id('Studio'), 'Three visits', 'pass', 0, false, 3, true),
(tests.id('old'), tests.id('Studio'), 'Old', 'old', 0, true, null, false);
insert into memberships.plan_prices (business_id, plan_id, currency, price_minor, signup_fee_minor)
values
(tests.id('Studio'), tests.id('gold'), 'EUR', 3000, 1000),
(tests.id('Studio'), tests.id('trial'), 'EUR', 2000, 0),
(tests.id('Studio'), tests.id('pass'), 'EUR', 4000, 0),
(tests.id('Studio'), tests.id('old'), 'EUR', 1, 0);
insert into memberships.plan_services (business_id, plan_id, service_id)
values (tests.id('Studio'), tests.id('pass'), tests.id('Hour'));
insert into money.providers (name, is_online, is_enabled) values ('sandbox', true, true)
on conflict (name) do update set is_enabled = true;
select tests.act_as('owner');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
select tests.act_as_owner();

create table tests.answers (called text primary key, answer jsonb);
grant all on tests.answers to anon, authenticated;
create function tests.keep(called text, answer jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    insert into tests.answers values (keep.called, keep.answer)
    on conflict (called) do update set answer = excluded.answer
    returning answers.answer
$$;
create function tests.kept(called text, path text) returns text
language sql volatile security definer set search_path = ''
as $$ select answer #>> path::text[] from tests.answers where answers.called = kept.called $$;
create function tests.plan_item(called text) returns text
language sql volatile security definer set search_path = ''
as $$ select jsonb_build_object('plan_id', tests.id(called))::text $$;
create function tests.pay(payment_id uuid, kind text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform money.start_call('create', payment_id);
    perform money.finish_call('create', payment_id, jsonb_build_object(
        'kind', kind, 'reference', 'ref ' || payment_id,
        'amount_minor', payments.amount_minor, 'currency', payments.currency
    ))
    from money.payments where payments.id = pay.payment_id;
end;
$$;
create function tests.status_of(membership_id text) returns text
language sql volatile security definer set search_path = ''
as $$
    select memberships.status_at(memberships, private.now())::text
    from memberships.memberships where id = membership_id::uuid
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Who may have a plan in a cart
select tests.act_as_anon();
select throws_ok(
    $$ select public.add_to_cart(tests.plan_item('gold')) $$, 'PT401', null, 'a guest joins nothing'
);
select throws_ok(
    $$ select public.checkout(repeat('k', 32), items => '[' || tests.plan_item('gold') || ']',
       contact => '{"email": "guest@example.com"}') $$,
    'PT401', null, 'nor with one call'
);
select is(
    public.quote('[' || tests.plan_item('gold') || ']') ->> 'total_minor', '4000',
    'but everybody sees what joining costs: the period and the fee'
);
select is(
    public.quote('[' || tests.plan_item('trial') || ']') #>> '{lines,0,unit_minor}', '0',
    'a trial is free'
);
select is(
    (select count(*) from jsonb_array_elements(public.quote(jsonb_build_array(
        jsonb_build_object('service_id', tests.id('Hour')), tests.plan_item('gold')::jsonb
    )::text) -> 'lines')),
    3::bigint, 'an appointment, the period and the fee are a line each'
);
select throws_ok(
    $$ select public.quote(jsonb_build_array(tests.plan_item('gold')::jsonb || '{"quantity": 2}')::text) $$,
    'PT400', null, 'nobody joins twice at once'
);
select tests.act_as('ada');
select throws_ok(
    $$ select public.add_to_cart(tests.plan_item('old')) $$, 'PT404', null,
    'a plan that nobody may join any more is not for sale'
);
select is(
    tests.keep('cart', public.add_to_cart(tests.plan_item('gold'))) ->> 'total_minor', '4000',
    'a plan begins a cart'
);
select results_eq(
    $$ select kind, name, plan_id, quantity, unit_minor, total_minor from public.cart_items $$,
    $$ values ('membership', 'Gold', tests.id('gold'), 1, 4000::bigint, 4000::bigint) $$,
    'with its fee it is one item'
);
select is(
    public.add_to_cart(tests.plan_item('gold')) ->> 'total_minor', '4000', 'it is in the cart once'
);
select throws_ok(
    $$ select public.update_cart_item(tests.kept('cart', '{items,0,id}'), '2') $$, 'PT400',
    'quantity must be 0 or 1 for an appointment or a plan.', 'and no more often'
);
select is(
    public.add_to_cart(tests.plan_item('pass')) ->> 'total_minor', '8000', 'a pass goes beside it'
);
select is(
    public.add_to_cart(jsonb_build_object('variant_id', tests.id('Oil'), 'quantity', 2)::text)
    ->> 'total_minor',
    '9800', 'goods too'
);
select is(
    public.add_to_cart(jsonb_build_object('service_id', tests.id('Hour'), 'starts_at', '2031-05-06T10:00Z')::text)
    ->> 'total_minor',
    '14800', 'and an appointment'
);
select is(
    (select sum(total_minor)::bigint from public.cart_items), 14800::bigint,
    'the items add up to the total'
);

-- One payment
select lives_ok(
    $$ select tests.keep('bought', public.checkout(
        'one', store_id => tests.id('Mitte')::text, total_minor => '14800', provider => 'sandbox')) $$,
    'everything is bought with one call'
);
select is(tests.kept('bought', '{payment,amount_minor}'), '14800', 'and one payment');
select is(
    jsonb_array_length(tests.kept('bought', '{sales}')::jsonb), 4,
    'goods, appointment and plans are a sale each'
);
select is(jsonb_array_length(tests.kept('bought', '{memberships}')::jsonb), 2, 'two memberships wait');
select results_eq(
    $$ select kind::text, name, amount_minor from public.sale_lines where plan_id = tests.id('gold')
       or kind = 'fee' order by position $$,
    $$ values ('membership', 'Gold', 3000::bigint), ('fee', 'Sign-up fee', 1000::bigint) $$,
    'the sale of the plan has the period and the fee'
);
select ok(not public.is_member(tests.id('gold')::text), 'nothing is granted before it is paid');
select tests.at('2031-05-05 08:30Z');
select tests.pay(tests.kept('bought', '{payment,id}')::uuid, 'payment.captured');
select ok(public.is_member(tests.id('gold')::text), 'the payment makes her a member');
select is((select remaining from public.allowances), 3, 'and grants the visits of the pass');
select is(
    (select ends_at from public.membership_periods where plan_id = tests.id('gold')),
    '2031-06-05 08:30Z'::timestamptz, 'her month begins with the payment'
);
select throws_ok(
    $$ select public.checkout('two', items => '[' || tests.plan_item('trial') || ']') $$,
    'PT409', 'This customer has a membership of the business already.', 'she has one that renews'
);
select is_empty(
    $$ select 1 from public.sales where basket_id is not null and basket_id <>
       tests.kept('bought', '{basket,id}')::uuid $$,
    'and the refusal leaves nothing'
);

-- A trial, and a payment that fails
select tests.act_as('bob');
select is(
    tests.keep('tried', public.checkout('try', items => jsonb_build_array(
        tests.plan_item('trial')::jsonb, tests.plan_item('trial')::jsonb)::text, provider => 'sandbox'
    )) #>> '{memberships,0,status}',
    'trialing', 'a trial begins at checkout'
);
select is(tests.kept('tried', '{payment}'), null, 'and nothing is paid for it');
select is(tests.kept('tried', '{memberships,1}'), null, 'a plan that is named twice is one');
select public.cancel_membership(tests.kept('tried', '{memberships,0,id}'), at_period_end => 'false');
select is(
    tests.keep('again', public.checkout('again', items => '[' || tests.plan_item('trial') || ']',
        provider => 'sandbox')) #>> '{payment,amount_minor}',
    '2000', 'a second time there is no trial'
);
select tests.pay(tests.kept('again', '{payment,id}')::uuid, 'payment.failed');
select is(
    tests.status_of(tests.kept('again', '{memberships,0,id}')), 'past_due',
    'a payment that fails begins nothing'
);
select tests.at('2031-05-06 08:31Z');
select is(
    tests.status_of(tests.kept('again', '{memberships,0,id}')), 'expired',
    'and a day later the membership is over'
);
select lives_ok(
    $$ select public.add_to_cart(tests.plan_item('gold')) $$, 'whoever did not pay may join again'
);
select * from finish();
rollback;
