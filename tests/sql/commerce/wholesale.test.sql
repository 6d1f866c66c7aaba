-- A company asks a shop for wholesale: who decides, who reads what, and what the prices follow.
begin;
select plan(61);

-- Given a shop with a member of each role, two companies and a retail customer
select tests.at('2031-05-01 08:00Z');
select tests.person(called)
from unnest('{owner,mia,ann,rita,bob,carl,retail,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Other', 'stranger');
select tests.member('mia', 'Shop', 'manager');
select tests.member('ann', 'Shop', 'staff');
select tests.named(called) from unnest('{Trade,Foreign,Oil,50,account,bobs}'::text[]) as called;
insert into customers.customer_groups (id, business_id, name) values
(tests.id('Trade'), tests.id('Shop'), 'Trade'),
(tests.id('Foreign'), tests.id('Other'), 'Trade');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', 900);
insert into private.queues (name, purpose) values ('decisions', 'What this test reads');
insert into private.routes (topic, queue, actor) values ('wholesale.%', 'decisions', 'read');

create function pg_temp.told()
returns setof text
language sql
security definer
as $$ select message -> 'kwargs' ->> 'topic' from pgmq.q_decisions order by msg_id $$;

-- Requesting
select tests.act_as('rita');
select throws_ok(
    $$ select public.request_wholesale(tests.id('Shop')::text, 'Rita GmbH', 'DE', 'DE12') $$,
    'PT400', 'tax_number must be a tax number of its country, such as DE136695976.',
    'a tax number looks like one of its country'
);
select throws_ok(
    $$ select public.request_wholesale(tests.id('Shop')::text, null, 'DE', 'DE136695976') $$,
    'PT400', 'company_name is required.', 'a company has a name'
);
select throws_ok(
    $$ select public.request_wholesale(gen_random_uuid()::text, 'Rita', 'DE', 'DE136695976') $$,
    'PT404', null, 'a request is for a business that is open'
);
select results_eq(
    $$ select status, tax_number, currency, net_days
       from public.request_wholesale(
           tests.id('Shop')::text, 'Rita GmbH', 'DE', 'de 136-695-976', 'We sell oil.') $$,
    $$ values ('requested'::commerce.wholesale_status, 'DE136695976', 'EUR', null::integer) $$,
    'a request waits, and has no terms'
);
select throws_ok(
    $$ select public.request_wholesale(tests.id('Shop')::text, 'Rita GmbH', 'DE', 'DE136695976') $$,
    'PT409', null, 'nobody asks twice'
);
select is(
    (select array_agg(role::text) from public.wholesale_buyers), '{approver}',
    'the requester is the first approver'
);
select is(
    (select status::text from public.tax_numbers), 'pending', 'the tax number waits for its check'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.request_wholesale(tests.id('Shop')::text, 'Anon', 'DE', 'DE136695976') $$,
    'PT401', null, 'a request needs an account'
);
select tests.act_as_owner();
update tests.names
set id = (select wholesale_accounts.id from commerce.wholesale_accounts)
where name = 'account';

-- Papers
select tests.act_as('rita');
create temporary table paper as
select * from public.create_upload(
    'wholesale:' || tests.id('account'), 'tax', 'tax.pdf', '100', 'application/pdf') as place;
grant all on paper to authenticated;
select tests.act_as('stranger');
select throws_ok(
    $$ select public.create_upload('wholesale:' || tests.id('account'), 'tax', 'tax.pdf', '100',
       'application/pdf') $$,
    'PT404', null, 'nobody hands in papers for somebody else'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.create_upload('wholesale:' || tests.id('account'), 'tax', 'tax.pdf', '100',
       'application/pdf') $$,
    'PT404', null, 'not even the owner of the business does'
);
select tests.act_as_owner();
insert into files.media (
    id, owner_id, uploaded_by, subject, subject_id, kind, is_public, bucket, object_name,
    file_name, content_type, bytes
)
select
    uploads.id, uploads.owner_id, uploads.uploaded_by, uploads.subject, uploads.subject_id,
    uploads.kind, false, uploads.bucket, uploads.object_name, uploads.file_name,
    uploads.content_type, uploads.bytes
from files.uploads;
select commerce.hand_in_paper(media.*) from files.media;
select tests.act_as('rita');
select is((select count(*) from public.media), 1::bigint, 'the requester reads the paper');
select tests.act_as('mia');
select is((select count(*) from public.media), 1::bigint, 'a manager reads the paper');
select is(
    (select count(*) from public.wholesale_documents), 1::bigint,
    'and finds it among the papers of the request'
);
select tests.act_as('ann');
select is((select count(*) from public.media), 0::bigint, 'staff do not read the paper');
select is(
    (select count(*) from public.wholesale_accounts), 1::bigint, 'though they read the request'
);
select tests.act_as('stranger');
select is((select count(*) from public.media), 0::bigint, 'strangers do not read the paper');
select is(
    (select count(*) from public.wholesale_accounts), 0::bigint, 'nor the request'
);

-- Deciding
select tests.act_as('ann');
select throws_ok(
    $$ select public.decide_wholesale(tests.id('account')::text, 'approved') $$, 'PT403', null,
    'staff decide nothing'
);
select tests.act_as('rita');
select throws_ok(
    $$ select public.decide_wholesale(tests.id('account')::text, 'approved') $$, 'PT403', null,
    'nobody approves themselves'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select public.decide_wholesale(tests.id('account')::text, 'approved') $$, 'PT404', null,
    'for strangers there is no request'
);
select tests.act_as('mia');
select throws_ok(
    $$ select public.decide_wholesale(tests.id('account')::text, 'rejected') $$, 'PT400',
    'reason is required.', 'a rejection has a reason'
);
select throws_ok(
    $$ select public.decide_wholesale(tests.id('account')::text, 'suspended', 'Late.') $$, 'PT409',
    'A wholesale account that is requested cannot become suspended.',
    'what was not approved is not suspended'
);
select is(
    (select status::text
    from public.decide_wholesale(tests.id('account')::text, 'rejected', 'No papers.')),
    'rejected', 'a manager rejects'
);
select tests.act_as('rita');
select is(
    (select reason from public.wholesale_accounts), 'No papers.', 'the requester reads why'
);
select is(
    (select status::text from public.request_wholesale(
        tests.id('Shop')::text, 'Rita GmbH', 'DE', 'DE136695976')),
    'requested', 'and asks again'
);

-- Terms and prices
select tests.act_as('mia');
select throws_ok(
    $$ select public.set_wholesale_terms(tests.id('account')::text, null, '30') $$, 'PT400',
    'net_days and credit_limit_minor must be set together.', 'nothing is lent without a limit'
);
select throws_ok(
    $$ select public.set_wholesale_terms(tests.id('account')::text, tests.id('Foreign')::text) $$,
    'PT404', null, 'the group is one of the business'
);
select results_eq(
    $$ select net_days, credit_limit_minor, minimum_minor, minimum_quantity
       from public.set_wholesale_terms(
           tests.id('account')::text, tests.id('Trade')::text, '30', '10000', '2000', '6') $$,
    $$ values (30, 10000::bigint, 2000::bigint, 6) $$, 'a manager sets the terms'
);
select tests.act_as_owner();
select is(
    (select count(*) from customers.entitlements), 0::bigint, 'a request grants no prices'
);
select tests.act_as('owner');
select public.decide_wholesale(tests.id('account')::text, 'approved');
select tests.act_as_owner();
select results_eq(
    $$ select access, customer_group_id from customers.entitlements $$,
    $$ values ('wholesale', tests.id('Trade')) $$, 'approval grants them with the group'
);
select is(
    customers.groups_of(tests.id('Shop'), customers.id, private.now()), array[tests.id('Trade')],
    'so the buyer belongs to it'
)
from customers.customers
where customers.user_id = tests.id('rita');

-- Buyers
select tests.act_as('rita');
select lives_ok(
    $$ select public.invite_buyer(
       tests.id('account')::text, 'Bob@Example.com', 'buyer', '5000') $$,
    'an approver invites a buyer'
);
select lives_ok(
    $$ select public.invite_buyer(tests.id('account')::text, 'carl@example.com') $$,
    'and another one'
);
select throws_ok(
    $$ select public.invite_buyer(tests.id('account')::text, 'rita@example.com', 'buyer') $$,
    'PT409', 'The company would have no approver left.', 'a company keeps an approver'
);
select tests.act_as('bob');
select results_eq(
    $$ select email, order_limit_minor from public.wholesale_buyers $$,
    $$ values ('bob@example.com', 5000::bigint) $$,
    'the invited reads the own invitation only'
);
select is(
    (select count(*) from public.wholesale_accounts), 0::bigint, 'and not the account yet'
);
select tests.act_as('carl');
select throws_ok(
    $$ select public.accept_buyer_invitation(tests.buyer) from (
       select wholesale_buyers.id::text as buyer from commerce.wholesale_buyers
       where wholesale_buyers.email = 'nobody@example.com'
       union all select gen_random_uuid()::text) as tests $$,
    'PT404', null, 'nobody accepts what is not for them'
);
select tests.act_as('bob');
select is(
    (select role::text from public.accept_buyer_invitation(
        (select wholesale_buyers.id::text from public.wholesale_buyers))),
    'buyer', 'the invited accepts'
);
select is(
    (select count(*) from public.wholesale_accounts), 1::bigint, 'and reads the account'
);
select throws_ok(
    $$ select public.invite_buyer(tests.id('account')::text, 'retail@example.com') $$, 'PT403',
    null, 'a buyer invites nobody'
);
select tests.act_as_owner();
select is(
    (select count(*) from customers.entitlements), 2::bigint, 'whoever joins gets the prices'
);
update tests.names
set id = (select id from commerce.wholesale_buyers where email = 'bob@example.com')
where name = 'bobs';

-- Places and packs
select tests.act_as('rita');
select lives_ok(
    $$ insert into public.wholesale_locations
       (business_id, wholesale_account_id, name, line1, city, country)
       values (tests.id('Shop'), tests.id('account'), 'Depot', 'Way 1', 'Bonn', 'DE') $$,
    'an approver adds a place'
);
select tests.act_as('bob');
select is(
    (select name from public.wholesale_locations), 'Depot', 'buyers read the places'
);
select throws_ok(
    $$ insert into public.wholesale_locations
       (business_id, wholesale_account_id, name, line1, city, country)
       values (tests.id('Shop'), tests.id('account'), 'Home', 'Way 2', 'Bonn', 'DE') $$,
    '42501', null, 'and add none'
);
select tests.act_as('mia');
select lives_ok(
    $$ insert into public.wholesale_packs (business_id, variant_id, pack_size)
       values (tests.id('Shop'), tests.id('50'), 6) $$,
    'a manager says how large a pack is'
);
select tests.act_as('bob');
select is((select pack_size from public.wholesale_packs), 6, 'buyers read it');
select tests.act_as('retail');
select is((select count(*) from public.wholesale_packs), 0::bigint, 'retail customers do not');

-- What orders keep to
select tests.act_as_owner();
select results_eq(
    $$ select pays_later, net_days, minimum_quantity, order_limit_minor
       from commerce.wholesale_terms(tests.id('Shop'), tests.id('bob')) $$,
    $$ values (true, 30, 6, 5000::bigint) $$, 'a buyer has the terms of the company'
);
select results_eq(
    $$ select pays_later, wholesale_account_id
       from commerce.wholesale_terms(tests.id('Shop'), tests.id('retail')) $$,
    $$ values (false, null::uuid) $$, 'a retail customer has none'
);

create function pg_temp.order_for(called text, pieces integer, total_minor bigint)
returns void
language sql
as $$ select commerce.require_wholesale_terms(
    tests.id('Shop'), tests.id(called),
    array[(tests.id('50'), pieces)::commerce.stock_item], total_minor, 'EUR') $$;

select throws_ok(
    $$ select pg_temp.order_for('rita', 7, 6300) $$, 'PT422', 'OIL-50 is sold in packs of 6.',
    'an order has whole packs'
);
select throws_ok(
    $$ select pg_temp.order_for('rita', 0, 6300) $$, 'PT422',
    'An order has at least 6 pieces; this one has 0.', 'an order has enough pieces'
);
select throws_ok(
    $$ select pg_temp.order_for('rita', 6, 1999) $$, 'PT422',
    'An order costs at least 2000 minor units of EUR; this one costs 1999.',
    'an order costs enough'
);
select throws_ok(
    $$ select pg_temp.order_for('rita', 12, 10001) $$, 'PT409',
    'Your company can owe another 10000 minor units of EUR.', 'credit has a limit'
);
select lives_ok($$ select pg_temp.order_for('rita', 12, 10000) $$, 'that may be used up');
select throws_ok(
    $$ select pg_temp.order_for('bob', 12, 5001) $$, 'PT409',
    'The order costs more than you may order for your company.', 'a buyer has a limit beside'
);
select lives_ok($$ select pg_temp.order_for('retail', 1, 900) $$, 'retail orders keep to nothing');

-- Suspension and leaving
select tests.act_as('rita');
select public.remove_buyer(tests.id('bobs')::text);
select tests.act_as_owner();
select is(
    (select count(*) from customers.entitlements), 1::bigint, 'whoever leaves has no prices'
);
select tests.act_as('mia');
select public.decide_wholesale(tests.id('account')::text, 'suspended', 'Unpaid.');
select tests.act_as_owner();
select is((select count(*) from customers.entitlements), 0::bigint, 'suspension ends the prices');
select is(
    (commerce.wholesale_terms(tests.id('Shop'), tests.id('rita'))).pays_later, false,
    'and the credit'
);

-- History and notices
select results_eq(
    $$ select pg_temp.told() $$,
    $$ values ('wholesale.requested'), ('wholesale.rejected'), ('wholesale.requested'),
       ('wholesale.approved'), ('wholesale.suspended') $$,
    'each change of status is told of once'
);
select tests.act_as('rita');
select results_eq(
    $$ select status::text, actor_id from public.wholesale_history order by id $$,
    $$ values ('requested', tests.id('rita')), ('rejected', tests.id('mia')),
       ('requested', tests.id('rita')), ('approved', tests.id('owner')),
       ('suspended', tests.id('mia')) $$,
    'the history has who decided what'
);

select * from finish();
rollback;
