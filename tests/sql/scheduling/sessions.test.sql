-- Classes: sessions made in bulk, seats numbered, nobody on a seat that is not there.
begin;
select plan(37);

-- Given a studio in Berlin with a class of three seats that Ann teaches in the hall
select tests.at('2031-03-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Studio', 'owner', 'Europe/Berlin');
select tests.resource('Ann', 'Studio');
select tests.resource('Ben', 'Studio');
select tests.resource('Hall', 'Studio', 'room');
select tests.hours('Studio');
select tests.service('Yoga', 'Studio', 60, 1500);
select tests.takes('Yoga', 'Ann');
select tests.takes('Yoga', 'Ben');
select tests.takes('Yoga', 'Hall', 'all');
select tests.service('Talk', 'Studio', 60, 2000);
select tests.takes('Talk', 'Ann');
update catalog.services set max_party_size = 3, is_class = true where id = tests.id('Yoga');

-- Making sessions
select tests.act_as('owner');
select is(
    (select count(*) from public.create_slots(
        tests.id('Yoga')::text, '2031-03-29', '09:00', '17:00', '3', resource_id => tests.id('Ann')::text
    )), 8::bigint, 'nine to five in hours makes eight'
);
select is(
    (select count(*) from public.create_slots(
        tests.id('Yoga')::text, '2031-03-29', '09:00', '17:00', '3', resource_id => tests.id('Ann')::text
    )), 0::bigint, 'once more makes none'
);
select is(
    (select count(*) from public.create_slots(
        tests.id('Yoga')::text, '2031-03-29', '09:00', '17:00', '3'
    )), 0::bigint, 'nor with anybody'
);
select is(
    (select count(*) from public.create_slots(
        tests.id('Yoga')::text, '2031-03-30', '09:00', '10:00', '2', to_date => '2031-04-12',
        weekdays => '[1,3]'
    )), 4::bigint, 'Mondays and Wednesdays of two weeks'
);
select results_eq(
    $$ select starts_at from public.sessions where starts_at > '2031-03-30' order by starts_at limit 1 $$,
    array[timestamptz '2031-03-31 07:00Z'], 'nine o''clock is summer time after the clocks changed'
);
select is(
    (select array_agg(count order by count desc) from (
        select count(*) from public.allocations
        where resource_id in (tests.id('Ann'), tests.id('Ben')) group by resource_id
    ) as taken),
    array[8, 4]::bigint[], 'Ann is taken by each of hers, the less busy Ben by those with anybody'
);
select throws_ok(
    $$ select public.create_slots(
       tests.id('Yoga')::text, '2031-03-29', '09:30', '10:30', '3', resource_id => tests.id('Ben')::text) $$,
    'PT409', 'A resource that this class needs is taken at 2031-03-29T08:30Z.', 'the hall is taken'
);
select throws_ok(
    $$ select public.create_slots(tests.id('Talk')::text, '2031-03-29', '09:00', '10:00', '3') $$,
    'PT400', 'service_id must be a class: set is_class of the service first.', 'a talk is no class'
);
select throws_ok(
    $$ select public.create_slots(
       tests.id('Yoga')::text, '2031-03-29', '09:00', '10:00', '3', resource_id => tests.id('Hall')::text) $$,
    'PT409', null, 'the hall cannot be had twice'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.create_slots(tests.id('Yoga')::text, '2031-05-05', '09:00', '10:00', '3') $$,
    'PT403', null, 'customers make none'
);

-- What is offered
select results_eq(
    $$ select starts_at, resource_ids, remaining from public.available_slots(
       tests.id('Yoga')::text, '2031-03-29T00:00:00Z', '2031-03-29T10:00:00Z') $$,
    $$ values
       (timestamptz '2031-03-29 08:00Z', array[tests.id('Ann')], 3),
       (timestamptz '2031-03-29 09:00Z', array[tests.id('Ann')], 3) $$,
    'sessions, and nothing between them'
);
select results_eq(
    $$ select * from public.date_availability(tests.id('Yoga')::text, '2031-03-28', '2031-03-29') $$,
    $$ values 
       (
           date '2031-03-28', false, null::timestamptz, null::timestamptz,
           0, 0, 0, 0
       ),
       (
           date '2031-03-29', true, timestamptz '2031-03-29 08:00Z', timestamptz '2031-03-29 15:00Z',
           8, 8, 24, 24
       ) $$,
    'day by day'
);
select throws_ok(
    $$ select public.book(tests.id('Yoga')::text, '2031-03-29T08:30:00Z') $$,
    'PT422', 'This service cannot start at that time.', 'half past is no session'
);
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-03-29T08:00:00Z') $$,
    'PT409', null, 'Ann gives no talk while she teaches'
);
select is_empty(
    $$ select * from public.available_slots(
       tests.id('Talk')::text, '2031-03-29T08:00:00Z', '2031-03-29T09:00:00Z') $$,
    'nor is she offered for one'
);

-- Seats
select is(
    (public.book(tests.id('Yoga')::text, '2031-03-29T08:00:00Z', party_size => '2')).status,
    'confirmed', 'two of three seats'
);
select results_eq(
    $$ select number from public.seats order by number $$, array[1, 2], 'they are numbered'
);
select results_eq(
    $$ select resource_id from public.booking_items $$, array[tests.id('Ann')], 'with Ann'
);
select tests.act_as('rival');
select is((select count(*) from public.seats), 0::bigint, 'nobody sees who else comes');
select is(
    (select free_seats from public.sessions where starts_at = '2031-03-29 08:00Z'), 1,
    'but how many seats are free'
);
select throws_ok(
    $$ select public.book(tests.id('Yoga')::text, '2031-03-29T08:00:00Z', party_size => '2') $$,
    'PT409', 'That time was just taken.', 'two more do not fit'
);
select is(
    (public.book(tests.id('Yoga')::text, '2031-03-29T08:00:00Z', hold => 'true')).status,
    'held', 'one does, as a hold'
);
select is(
    (select count(*) from public.available_slots(
        tests.id('Yoga')::text, '2031-03-29T08:00:00Z', '2031-03-29T08:30:00Z')),
    0::bigint, 'now it is full'
);
select tests.at('2031-03-01 08:15Z');
select is(
    (select remaining from public.available_slots(
        tests.id('Yoga')::text, '2031-03-29T08:00:00Z', '2031-03-29T08:30:00Z')),
    1, 'a hold that ran out is free again, though nothing released it'
);
select tests.act_as('customer');
select is(
    (public.book(tests.id('Yoga')::text, '2031-03-29T08:00:00Z')).status, 'confirmed',
    'and its seat can be had'
);
select tests.act_as_owner();
select is(
    (select status::text from scheduling.bookings where hold_expires_at is not null), 'expired',
    'which released the hold'
);
select throws_ok(
    $$ update scheduling.seats set number = 1 where number = 3 and is_blocking $$,
    '23P01', null, 'two on one seat: not even by the owner of the table'
);
select throws_ok(
    $$ update scheduling.seats set number = 4 where number = 3 and is_blocking $$,
    '23514', null, 'nor on a seat that is not there'
);

-- Moving, cancelling, and changing the session
select tests.act_as('customer');
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-03-29T09:00:00Z') from public.bookings
       where party_size = 2 $$,
    'two move an hour'
);
select is(
    (select free_seats from public.sessions where starts_at = '2031-03-29 08:00Z'), 2,
    'their seats are free'
);
select tests.act_as('owner');
select throws_ok(
    $$ update public.sessions set capacity = 1 where starts_at = '2031-03-29 09:00Z' $$,
    'PT409', 'More seats than that are already booked.', 'a session does not shrink below its guests'
);
select lives_ok(
    $$ update public.sessions set capacity = 2 where starts_at = '2031-03-29 09:00Z' $$,
    'to their number it does'
);
select throws_ok(
    $$ delete from public.sessions where starts_at = '2031-03-29 09:00Z' $$,
    'PT409', 'It still has bookings.', 'nor does it go while somebody comes'
);
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where party_size = 2 $$,
    'they cancel'
);
select lives_ok(
    $$ delete from public.sessions where starts_at = '2031-03-29 09:00Z' $$, 'then it does'
);
select throws_ok(
    $$ update public.services set duration_minutes = 90 where id = tests.id('Yoga') $$,
    'PT409', 'This class has upcoming sessions.', 'its length stays while sessions lie ahead'
);
insert into public.closures (business_id, starts_on, ends_on)
values (tests.id('Studio'), '2031-03-29', '2031-03-29');
select results_eq(
    $$ select start_count from public.date_availability(
       tests.id('Yoga')::text, '2031-03-29', '2031-03-29') $$,
    array[0], 'a holiday has no class'
);

select * from finish();
rollback;
