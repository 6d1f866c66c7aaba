-- How time is taken: holds, buffers, places, pools, limits, sequences, moves.
begin;
select plan(37);

-- Given a studio with two people, one room and a class of three places
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Studio', 'owner');
select tests.resource('Ann', 'Studio');
select tests.resource('Ben', 'Studio');
select tests.resource('Room', 'Studio', 'room');
select tests.resource('Hall', 'Studio', 'room', 3);
select tests.hours('Studio');
select tests.service('Massage', 'Studio', 60, 5000);
select tests.takes('Massage', 'Ann');
select tests.takes('Massage', 'Ben');
select tests.takes('Massage', 'Room', 'all');
select tests.service('Talk', 'Studio', 30, 2000);
select tests.takes('Talk', 'Ann');
select tests.takes('Talk', 'Ben');
select tests.service('Class', 'Studio', 60, 1500);
select tests.takes('Class', 'Hall', 'all');
update catalog.services set buffer_after_minutes = 15 where id = tests.id('Talk');
update catalog.services set max_party_size = 3 where id = tests.id('Class');
insert into catalog.service_addons (business_id, service_id, name, price_minor, duration_minutes)
values (tests.id('Studio'), tests.id('Massage'), 'Hot stones', 1000, 30);

-- Resources: all of these, any of those
select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T09:00:00Z') $$,
    'a customer books a massage with anybody'
);
select results_eq(
    $$ select resources.name from public.booking_items
       inner join public.resources on resources.id = booking_items.resource_id $$,
    array['Ann'], 'whoever comes first in order is assigned'
);
select is(
    (select count(*) from public.allocations), 2::bigint, 'a massage takes a person and the room'
);
select throws_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T09:30:00Z', tests.id('Ben')::text) $$,
    'PT409', null, 'the room is taken, though Ben is free'
);
select lives_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-05T09:00:00Z') $$,
    'a talk needs no room, and goes to Ben, who is free'
);
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-05T09:00:00Z', tests.id('Room')::text) $$,
    'PT422', 'That resource does not provide this service.', 'a room does not talk'
);

-- Buffers add up, and are invisible to the customer
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-05T09:30:00Z', tests.id('Ben')::text) $$,
    'PT409', null, 'a quarter of an hour after the talk is not free'
);
select lives_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-05T09:45:00Z', tests.id('Ben')::text) $$,
    'then it is'
);
select results_eq(
    $$ select ends_at - starts_at from public.bookings where total_minor = 2000 limit 1 $$,
    $$ values (interval '30 minutes') $$, 'the customer''s talk lasts half an hour'
);
select lives_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-05T16:30:00Z', tests.id('Ben')::text) $$,
    'buffers may reach past closing time'
);

-- Places
select lives_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-05T09:00:00Z', party_size => '2') $$,
    'two of three places'
);
select results_eq(
    $$ select remaining from public.available_slots(
       tests.id('Class')::text, '2031-05-05T09:00:00Z', '2031-05-05T09:01:00Z') $$,
    array[1], 'one is left'
);
select throws_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-05T09:00:00Z', party_size => '2') $$,
    'PT409', null, 'a second pair does not fit'
);
select throws_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-05T11:00:00Z', party_size => '4') $$,
    'PT400', 'party_size must be at most 3.', 'four are more than the class takes'
);

-- Add-ons make it longer and dearer, and both are written down
select results_eq(
    $$ select total_minor, ends_at - starts_at from public.book(
       tests.id('Massage')::text, '2031-05-05T11:00:00Z',
       addon_ids => (select json_build_array(id)::text from public.service_addons)) $$,
    $$ values (6000::bigint, interval '90 minutes') $$, 'hot stones cost 10.00 and half an hour'
);
select tests.act_as_owner();
update catalog.services set price_minor = 1, duration_minutes = 5 where id = tests.id('Massage');
select tests.act_as('customer');
select results_eq(
    $$ select price_minor, duration_minutes from public.booking_items where price_minor > 5000 $$,
    $$ values (6000::bigint, 90) $$, 'a later price changes nothing'
);

-- Several services in sequence, all or nothing
select results_eq(
    $$ select ends_at, total_minor from public.book_many(tests.id('Studio')::text,
       json_build_array(json_build_object('service_id', tests.id('Talk')),
       json_build_object('service_id', tests.id('Class'), 'gap_minutes', 15))::text,
       '2031-05-06T09:00:00Z') $$,
    $$ values (timestamptz '2031-05-06 10:45Z', 3500::bigint) $$, 'a talk, a pause and a class'
);
select throws_ok(
    $$ select public.book_many(tests.id('Studio')::text,
       json_build_array(json_build_object('service_id', tests.id('Talk')),
       json_build_object('service_id', tests.id('Class')))::text, '2031-05-06T16:30:00Z') $$,
    'PT422', null, 'the class would end after closing'
);
select is_empty(
    $$ select * from public.bookings where starts_at = '2031-05-06 16:30Z' $$, 'so there is no talk either'
);

-- Each item has a party of its own
select results_eq(
    $$ select party_size, total_minor from public.book_many(tests.id('Studio')::text,
       json_build_array(json_build_object('service_id', tests.id('Talk'), 'party_size', 1),
       json_build_object('service_id', tests.id('Class'), 'party_size', 2))::text,
       '2031-05-09T09:00:00Z', party_size => null) $$,
    $$ values (2, 5000::bigint) $$, 'one hears the talk, two join the class, and both are paid for'
);
select results_eq(
    $$ select booking_items.position::integer, booking_items.party_size, count(allocations.*)
       from public.booking_items
       inner join public.allocations on allocations.booking_item_id = booking_items.id
       where booking_items.starts_at >= '2031-05-09' group by 1, 2 order by 1 $$,
    $$ values (1, 1, 1::bigint), (2, 2, 2::bigint) $$, 'each takes places for its own party'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-09T12:00:00Z')
       from public.bookings where starts_at = '2031-05-09 09:00Z' $$, 'it moves'
);
select results_eq(
    $$ select count(*) from public.allocations where starts_at >= '2031-05-09 12:00Z' $$,
    array[3::bigint], 'and still takes one place and two'
);
select throws_ok(
    $$ select public.book_many(tests.id('Studio')::text,
       json_build_array(json_build_object('service_id', tests.id('Talk'), 'persons', 4))::text,
       '2031-05-09T15:00:00Z') $$,
    'PT400', 'items.persons is not known; the keys are service_id, starts_at, gap_minutes, '
    'resource_id, addon_ids, party_size, answers, link_token.', 'a key that nobody knows is refused'
);

-- A hold keeps its time for a quarter of an hour
select is(
    (public.book(tests.id('Class')::text, '2031-05-07T09:00:00Z', party_size => '3', hold => 'true')).status::text,
    'held', 'a customer holds all places'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-07T09:00:00Z') $$,
    'PT409', null, 'nobody else gets one'
);
select tests.at('2031-05-01 08:15Z');
select lives_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-07T09:00:00Z', idempotency_key => 'k') $$,
    'until it has run out, with no worker anywhere'
);
select is(
    (public.book(tests.id('Class')::text, '2031-05-07T09:00:00Z', idempotency_key => 'k')).id,
    (select bookings.id from public.bookings), 'the same key gets the first answer again'
);
select throws_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-08T09:00:00Z', idempotency_key => 'k') $$,
    'PT409', null, 'not with other arguments'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.confirm_booking(id::text) from public.bookings where hold_expires_at is not null $$,
    'PT409', 'The hold has expired.', 'the hold is gone'
);

-- Limits, notice and moving
select tests.act_as_owner();
insert into catalog.booking_limits (business_id, service_id, period, max_bookings)
values (tests.id('Studio'), tests.id('Talk'), 'day', 1);
update catalog.services set min_notice_minutes = 60, max_advance_days = 30
where id = tests.id('Talk');
select tests.act_as('customer');
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-06T12:00:00Z') $$,
    'PT422', 'This service has reached its booking limit for that period.', 'one talk a day'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T12:00:00Z') from public.bookings
       where starts_at = '2031-05-06 09:00Z' $$,
    'moving it within the day counts it once'
);
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-01T09:00:00Z') $$,
    'PT422', 'That time is too soon to book.', 'an hour''s notice'
);
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-06-02T09:00:00Z') $$,
    'PT422', 'That time is too far ahead to book.', 'thirty days ahead'
);

-- Closures and blocks
select tests.act_as('owner');
insert into public.closures (business_id, starts_on, ends_on)
values (tests.id('Studio'), '2031-05-09', '2031-05-09');
select lives_ok(
    $$ select public.block_time(
       tests.id('Studio')::text, '2031-05-10T10:00:00Z', '2031-05-10T11:00:00Z') $$,
    'the owner blocks an hour'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-09T10:00:00Z') $$,
    'PT422', 'The business takes no bookings at that time.', 'a holiday'
);
select throws_ok(
    $$ select public.book(tests.id('Class')::text, '2031-05-10T09:30:00Z') $$,
    'PT422', 'The business takes no bookings at that time.', 'and a blocked hour'
);

select * from finish();
rollback;
