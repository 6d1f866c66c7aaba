-- The salon sees what happened with a customer in one list: bookings with an account and as a
-- caller, credit and notes, page by page.
begin;
select plan(9);

select tests.at('2031-05-05 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('other');
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');

select tests.act_as('customer');
select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z');
select tests.act_as('other');
select public.book(tests.id('Cut')::text, '2031-05-06T11:00:00Z');
select tests.act_as('owner');
select public.book_for(
    tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Cleo', customer_phone => '+4930123456'
);
select public.book_for(
    tests.id('Cut')::text, '2031-05-08T09:00:00Z', 'Cleo', 'customer@example.com'
);
select tests.act_as_owner();
select tests.named('cust');
insert into tests.names (name, id)
select 'Cleo', customers.id from customers.customers where customers.user_id = tests.id('customer');
insert into tests.names (name, id)
select 'Caller', customers.id from customers.customers where customers.phone = '+4930123456';

select tests.act_as('owner');
select public.issue_credit(tests.id('Salon')::text, tests.id('Cleo')::text, '500', 'Sorry.');
insert into public.customer_notes (business_id, customer_id, kind, body)
values (tests.id('Salon'), tests.id('Cleo'), 'preference', 'Window seat.');

select results_eq(
    $$ select kind, status, amount_minor, currency
       from public.customer_timeline(tests.id('Cleo')::text) $$,
    $$ values
       ('booking', 'confirmed', 5000::bigint, 'EUR'),
       ('booking', 'confirmed', 5000, 'EUR'),
       ('credit', null, 500, 'EUR'),
       ('note', 'preference', null, null) $$,
    'bookings of the account and of its address stand in one list, the latest first'
);
select is(
    (select count(*) from public.customer_timeline(tests.id('Caller')::text)), 1::bigint,
    'a caller is found by phone'
);
select results_eq(
    $$ select kind from public.customer_timeline(tests.id('Cleo')::text, '["note"]') $$,
    array['note'],
    'a list of kinds leaves the others out'
);
select throws_ok(
    $$ select * from public.customer_timeline(tests.id('Cleo')::text, '["secret"]') $$,
    'PT400', null, 'a kind that does not exist is refused'
);
select is(
    (
        select array_agg(page.id)
        from public.customer_timeline(tests.id('Cleo')::text, max_rows => '2') as page
    ),
    (
        select (array_agg(events.id))[1:2]
        from public.customer_timeline(tests.id('Cleo')::text) as events
    ),
    'the first page has the latest'
);
select is(
    (
        select array_agg(page.id)
        from (
            select at, id
            from public.customer_timeline(tests.id('Cleo')::text, max_rows => '2')
            order by at, id limit 1
        ) as mark
        cross join lateral public.customer_timeline(
            tests.id('Cleo')::text, before_at => mark.at::text, before_id => mark.id::text
        ) as page
    ),
    (
        select (array_agg(events.id))[3:]
        from public.customer_timeline(tests.id('Cleo')::text) as events
    ),
    'the next page begins where it ended'
);
select throws_ok(
    $$ select * from public.customer_timeline(tests.id('Cleo')::text, max_rows => '201') $$,
    'PT400', null, 'a page has at most 200 rows'
);
select tests.act_as_owner();
update customers.customers
set merged_into_id = tests.id('Cleo')
where customers.id = tests.id('Caller');
select tests.act_as('owner');
select is(
    (
        select count(*)
        from public.customer_timeline(tests.id('Cleo')::text, '["booking"]')
    ),
    3::bigint,
    'the bookings of a merged customer stand there as well'
);
select tests.act_as('other');
select throws_ok(
    $$ select * from public.customer_timeline(tests.id('Cleo')::text) $$,
    'PT404', null, 'another customer reads none of it'
);

select * from finish();
rollback;
