-- Visitors are counted, and followed only with their consent.
begin;
select plan(19);

-- Given an open shop with soap, and one that is closed
select tests.at('2031-05-01 12:00:00Z');
select tests.person('owner');
select tests.business('Shop', 'owner', 'Europe/Berlin');
select tests.business('Draft', 'owner');
update business.businesses set is_active = false where id = tests.id('Draft');
insert into catalog.products (id, business_id, name, slug, currency)
values (tests.named('Soap'), tests.id('Shop'), 'Soap', 'soap', 'EUR');

create function tests.event(
    name text, session uuid default null, minutes integer default 0, more jsonb default '{}'
) returns jsonb
language sql stable security invoker set search_path = ''
as $$
    select jsonb_build_object(
        'name', name, 'business_id', tests.id('Shop'), 'session_id', session, 'consent', true,
        'at', private.now() + make_interval(mins => minutes)
    ) || more
$$;
create function tests.track(variadic sent jsonb[]) returns integer
language sql volatile security invoker set search_path = ''
as $$ select public.track(to_jsonb(sent)::text) $$;

-- Somebody without an account visits the shop
select tests.act_as_anon();
select is(
    tests.track(
        tests.event('visited', '00000000-0000-4000-8000-000000000001', -30),
        tests.event('added_to_cart', '00000000-0000-4000-8000-000000000001', -20),
        tests.event('checkout_started', '00000000-0000-4000-8000-000000000001', -10),
        tests.event('paid', '00000000-0000-4000-8000-000000000001', -5)
    ), 4, 'events of a visit are taken in one call'
);
select is(
    tests.track(
        tests.event('visited', '00000000-0000-4000-8000-000000000002'),
        tests.event('checkout_started', '00000000-0000-4000-8000-000000000002')
    ), 2, 'a checkout may come without a cart'
);
select is(
    tests.track(
        tests.event('visited', '00000000-0000-4000-8000-000000000003', 0, '{"consent": false}')
    ), 1, 'an event without consent is taken'
);
select is(
    tests.track(
        tests.event('product_viewed', null, 0, jsonb_build_object('product_id', tests.id('Soap')))
    ), 1, 'so is one without a session'
);
select is(
    tests.track(tests.event('visited', null, -1500), tests.event('visited', null, 10)), 0,
    'events of the day before yesterday and of the future are not taken'
);
select is(
    tests.track(tests.event('visited', null, 0, jsonb_build_object(
        'business_id', tests.id('Draft')
    ))), 0, 'nor are those of a business that is not open'
);
select set_config('request.headers', '{"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}', true);
select is(tests.track(tests.event('visited')), 0, 'nor are those of bots');
select set_config('request.headers', '{"sec-gpc": "1", "user-agent": "Mozilla/5.0"}', true);
select is(
    tests.track(tests.event('visited', '00000000-0000-4000-8000-000000000004')), 1,
    'a browser with Global Privacy Control is counted'
);
select set_config('request.headers', '', true);
select throws_ok(
    $$ select public.track('[{"name": "hacked"}]') $$, 'PT400', null, 'unknown events are refused'
);
select throws_ok(
    $$ select public.track('[{"name": "visited", "email": "a@b.example"}]') $$, 'PT400', null,
    'so are keys that are not known, such as an address'
);
select throws_ok(
    $$ select public.track('[{}]') $$, 'PT400', null, 'an event needs a name'
);
select throws_ok(
    $$ select public.track('[1]') $$, 'PT400', null, 'and must be an object'
);
select throws_ok(
    $$ select * from insight.events $$, '42501', null, 'visitors read no events'
);

-- What analysts see of it
select tests.act_as_role('analyst');
select is(
    (select count(distinct session_id) from insight.events)::integer, 2,
    'sessions are kept with consent alone'
);
select results_eq(
    $$ select visits, carts, checkouts, paid, conversion_bps from analytics.funnels $$,
    $$ values (2::bigint, 1::bigint, 1::bigint, 1::bigint, 5000) $$,
    'the funnel counts each step after the one before'
);
select is(
    (select sum(views)::integer from analytics.popular_products), 1,
    'a product that was looked at has a view'
);
select is(
    (select sum(events)::integer from analytics.event_days where name = 'visited'), 4,
    'visits are counted with or without a session'
);

-- Months
select tests.act_as_owner();
select lives_ok($$ select insight.keep_event_months() $$, 'months are prepared');
insert into insight.events (at, name) values (now(), 'visited');
select is(
    (select tableoid::regclass::text from insight.events where at = now()),
    to_char(now() at time zone 'UTC', '"insight.events_"YYYY"_"MM'),
    'an event goes into the table of its month'
);

select * from finish();
rollback;
