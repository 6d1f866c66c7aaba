-- People press a button twice, and clients send a call again. The same call again has the same answer
-- and no further effect. A move to where a booking already is costs nothing.
begin;
select plan(33);

-- Given a salon where a booking may be moved once, at a price when it is late
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Ben');
select tests.service('Colour', 'Salon', 60, 9000);
select tests.takes('Colour', 'Ann');
update catalog.services set requires_confirmation = true where id = tests.id('Colour');
insert into catalog.cancellation_policies (
    business_id, name, is_default, reschedule_until_hours, reschedule_limit, late_reschedule_hours,
    late_reschedule_fee_minor
)
values (tests.id('Salon'), 'Once', true, 4, 1, 8760, 700);
create function tests.booking(called text) returns text
language sql
stable
security definer
set search_path = ''
begin atomic
    select bookings.id::text from scheduling.bookings where bookings.notes = called;
end;
create function tests.steps(called text) returns bigint
language sql
stable
security definer
set search_path = ''
begin atomic
    select count(*) from scheduling.booking_history
    where booking_history.booking_id = tests.booking(called)::uuid;
end;
grant execute on all functions in schema tests to authenticated;

-- A hold is confirmed twice
select tests.act_as('customer');
select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', notes => 'cut', hold => 'true');
select is((public.confirm_booking(tests.booking('cut'))).status::text, 'confirmed', 'a hold is confirmed');
select is((public.confirm_booking(tests.booking('cut'))).status::text, 'confirmed', 'and once more');
select is(tests.steps('cut'), 2::bigint, 'which is one step');
select public.book(tests.id('Colour')::text, '2031-05-06T09:00:00Z', notes => 'colour', hold => 'true');
select is((public.confirm_booking(tests.booking('colour'))).status::text, 'pending', 'a request is made');
select is((public.confirm_booking(tests.booking('colour'))).status::text, 'pending', 'and once more');
select is(tests.steps('colour'), 2::bigint, 'which is one request');
select public.book(tests.id('Colour')::text, '2031-05-07T09:00:00Z', notes => 'asked');
select throws_ok(
    $$ select public.confirm_booking(tests.booking('asked')) $$,
    'PT403', null, 'what was requested without a hold is the business''s to confirm'
);

-- A move is made twice, and once to where it is
select results_eq(
    $$ select starts_at, reschedule_count, reschedule_fee_minor
       from public.reschedule_booking(tests.booking('cut'), '2031-05-05T09:00:00Z') $$,
    $$ values (timestamptz '2031-05-05 09:00Z', 0, 0::bigint) $$, 'a move to where it is costs nothing'
);
select is(tests.steps('cut'), 2::bigint, 'and is no step');
select lives_ok(
    $$ select public.reschedule_booking(tests.booking('cut'), '2031-05-05T09:00:00Z', tests.id('Ben')::text) $$,
    'the customer would rather have Ben at that time'
);
select results_eq(
    $$ select reschedule_count, reschedule_fee_minor from public.bookings where notes = 'cut' $$,
    $$ values (0, 0::bigint) $$, 'which uses up no move either'
);
select results_eq(
    $$ select starts_at, reschedule_count, reschedule_fee_minor
       from public.reschedule_booking(tests.booking('cut'), '2031-05-05T12:00:00Z') $$,
    $$ values (timestamptz '2031-05-05 12:00Z', 1, 700::bigint) $$, 'a move to another time does, and is late'
);
select results_eq(
    $$ select starts_at, reschedule_count, reschedule_fee_minor
       from public.reschedule_booking(tests.booking('cut'), '2031-05-05T12:00:00Z') $$,
    $$ values (timestamptz '2031-05-05 12:00Z', 1, 700::bigint) $$, 'the same again is the same'
);
select throws_ok(
    $$ select public.reschedule_booking(tests.booking('cut'), '2031-05-05T13:00:00Z') $$,
    'PT422', null, 'and another move is one too many'
);

-- Check-in opens a day before, completion at the start
select tests.act_as('owner');
select throws_ok(
    $$ select public.check_in_booking(tests.booking('cut')) $$,
    'PT422', 'Check-in is not open yet.', 'nobody arrives four days early'
);
select throws_ok(
    $$ select public.complete_booking(tests.booking('cut')) $$,
    'PT422', 'This is not possible before the start.', 'and nothing is over before it begins'
);
update public.services set check_in_minutes = 30 where id = tests.id('Cut');
select tests.at('2031-05-05 11:00Z');
select throws_ok(
    $$ select public.check_in_booking(tests.booking('cut')) $$,
    'PT422', 'Check-in is not open yet.', 'the service says how early'
);
update public.services set check_in_minutes = 1440 where id = tests.id('Cut');
select is((public.check_in_booking(tests.booking('cut'))).status::text, 'checked_in', 'the customer is there');
select is((public.check_in_booking(tests.booking('cut'))).status::text, 'checked_in', 'and once more');
select throws_ok(
    $$ select public.complete_booking(tests.booking('cut')) $$,
    'PT422', 'This is not possible before the start.', 'who is early waits'
);
select tests.at('2031-05-05 12:00Z');
select is((public.complete_booking(tests.booking('cut'))).status::text, 'completed', 'it is over');
select is((public.complete_booking(tests.booking('cut'))).status::text, 'completed', 'and once more');

-- Requests are answered and bookings are cancelled twice
select is((public.reject_booking(tests.booking('asked'), 'Full')).status::text, 'rejected', 'a request is rejected');
select is((public.reject_booking(tests.booking('asked'), 'Full')).status::text, 'rejected', 'and once more');
select tests.act_as('customer');
select is((public.cancel_booking(tests.booking('colour'))).status::text, 'cancelled', 'one is cancelled');
select is((public.cancel_booking(tests.booking('colour'))).status::text, 'cancelled', 'and once more');
select is(tests.steps('colour'), 3::bigint, 'which is one step');
select public.book_series(tests.id('Cut')::text, '2031-05-12T09:00:00Z', 'FREQ=WEEKLY;COUNT=3', notes => 'weekly');
select lives_ok(
    $$ select public.reschedule_series(id::text, '2031-05-12T10:00:00Z') from public.booking_series $$, 'a series moves'
);
select lives_ok(
    $$ select public.reschedule_series(id::text, '2031-05-12T10:00:00Z') from public.booking_series $$, 'and once more'
);
select results_eq(
    $$ select starts_at, reschedule_count from public.bookings where notes = 'weekly' order by 1 $$,
    $$ values (timestamptz '2031-05-12 10:00Z', 1), ('2031-05-19 10:00Z', 1), ('2031-05-26 10:00Z', 1) $$,
    'which is one move of each'
);
select lives_ok($$ select public.cancel_series(id::text) from public.booking_series $$, 'it is cancelled');
select lives_ok($$ select public.cancel_series(id::text) from public.booking_series $$, 'and once more');
select is(
    (select count(*) from public.booking_history where to_status = 'cancelled' and at > '2031-05-05'), 4::bigint,
    'each is cancelled once'
);
select * from finish();
rollback;
