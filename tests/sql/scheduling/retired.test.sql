-- What a business retires takes no new bookings, but what was booked goes on: it is seen, moved and
-- provided.
begin;
select plan(14);

-- Given a salon with two people and a booking of each, and somebody who has never been there
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Ben');
select tests.act_as('customer');
select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', tests.id('Ann')::text, notes => 'ann');
select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z', tests.id('Ben')::text, notes => 'ben');

-- Ann leaves
select tests.act_as('owner');
update public.resources set is_active = false where id = tests.id('Ann');
select tests.act_as('customer');
select throws_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-05T12:00:00Z', tests.id('Ann')::text)
       from public.bookings where notes = 'ann' $$,
    'PT422', null, 'nobody moves to somebody who has left'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-05T12:00:00Z') from public.bookings where notes = 'ann' $$,
    'but a move that names nobody finds another'
);
select results_eq(
    $$ select resource_id from public.booking_items where starts_at = '2031-05-05 12:00Z' $$,
    array[tests.id('Ben')], 'who is Ben'
);
select results_eq(
    $$ select to_resource_id from public.booking_history where to_resource_id is not null $$,
    array[tests.id('Ben')], 'and the history says so'
);

-- The service is archived
select tests.act_as('owner');
update public.services set archived_at = '2031-05-01 08:00Z', is_active = false where id = tests.id('Cut');
select tests.act_as('customer');
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-07T09:00:00Z') $$,
    'PT404', null, 'an archived service takes no bookings'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T12:00:00Z') from public.bookings where notes = 'ben' $$,
    'its customers still move theirs'
);
select throws_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T18:30:00Z') from public.bookings where notes = 'ben' $$,
    'PT422', 'This service cannot start at that time.', 'within its hours'
);
select tests.act_as('owner');
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T13:00:00Z') from public.bookings where notes = 'ben' $$,
    'and so does the business'
);

-- The business is suspended
select tests.act_as_owner();
update business.businesses set status = 'suspended' where id = tests.id('Salon');
select tests.act_as('customer');
select results_eq(
    $$ select businesses.name from public.bookings
       inner join public.businesses on businesses.id = bookings.business_id where notes = 'ben' $$,
    array['Salon'], 'a customer still sees whom they booked'
);
select throws_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T14:00:00Z') from public.bookings where notes = 'ben' $$,
    'PT409', 'This business takes no bookings at the moment.', 'but moves nothing'
);
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where notes = 'ben' $$, 'and may cancel'
);
select tests.act_as('stranger');
select is_empty($$ select * from public.businesses $$, 'others do not see it');
select tests.act_as_anon();
select is_empty($$ select * from public.businesses $$, 'nor does anybody who is not signed in');
select tests.act_as('owner');
select is((select count(*) from public.businesses), 1::bigint, 'its owner does');
select * from finish();
rollback;
