-- Limits of one resource, of the whole business, and of each customer, beside those of a service
-- (limits.test.sql): what is at its limit is not offered and cannot be had, the rest is and can.
begin;
select plan(54);

-- Given a studio in Tokyo that is open all day, and customers on the other side of the date line
select tests.at('2031-05-01 00:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('customer');
select tests.person('rival');
select tests.business('Studio', 'owner', 'Asia/Tokyo');
select tests.member('ann', 'Studio', 'staff');
select tests.resource('Ann', 'Studio');
select tests.resource('Ben', 'Studio');
select tests.resource('Room', 'Studio', 'room');
select tests.hours('Studio', '00:00', '24:00');
select tests.service('Talk', 'Studio', 60, 5000);
select tests.takes('Talk', 'Ann');
select tests.takes('Talk', 'Ben');
select tests.service('Massage', 'Studio', 60, 5000);
select tests.takes('Massage', 'Ann');
select tests.takes('Massage', 'Ben');
select tests.takes('Massage', 'Room', 'all');
update identity.profiles set time_zone = 'Pacific/Honolulu' where id = tests.id('customer');

create function tests.limited(
    wanted catalog.limit_period,
    bookings integer,
    minutes integer default null,
    service text default null,
    resource text default null,
    is_each boolean default false
)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into catalog.booking_limits (
        business_id, service_id, resource_id, is_per_customer, period, max_bookings, max_minutes
    )
    values (
        tests.id('Studio'), case when service is not null then tests.id(service) end,
        case when resource is not null then tests.id(resource) end, is_each, wanted, bookings, minutes
    );
end;
create function tests.unlimited()
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    delete from scheduling.bookings;
    delete from catalog.booking_limits;
end;
create function tests.book(at text, service text default 'Talk', whom text default null)
returns text
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select (
        public.book(
            tests.id(book.service)::text, book.at,
            case when book.whom is not null then tests.id(book.whom)::text end
        )
    ).id::text;
end;
create function tests.offered(from_at text, to_at text, service text default 'Talk')
returns text
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select coalesce(string_agg(distinct resources.name, ' ' order by resources.name), 'nobody')
    from public.available_slots(tests.id(offered.service)::text, from_at, to_at) as slots
    inner join public.resources on resources.id = any(slots.resource_ids);
end;
create function pg_temp.refused(at text, service text, whom text, sentence text, description text)
returns text
language sql
as $$
    select throws_ok(
        format('select tests.book(%L, %L, %L)', at, service, whom), 'PT422', sentence, description
    )
$$;
grant execute on all functions in schema tests, pg_temp to authenticated, anon;

-- One resource: a day is the studio's, wherever who books it lives
select tests.limited('day', 1, resource => 'Ann');
select tests.act_as('customer');
select lives_ok(
    $$ select tests.book('2031-05-06T14:00:00Z', whom => 'Ann') $$,
    'Ann has one talk late on the 6th in Tokyo, which is the 6th at dawn in Honolulu'
);
select is(
    tests.offered('2031-05-05T15:00:00Z', '2031-05-06T15:00:00Z'), 'Ben',
    'of that day in Tokyo only Ben is offered'
);
select is(
    tests.offered('2031-05-06T15:00:00Z', '2031-05-06T16:00:00Z'), 'Ann Ben',
    'an hour later it is the 7th in Tokyo, still the 6th in Honolulu, and both are'
);
select pg_temp.refused(
    '2031-05-05T15:00:00Z', 'Talk', 'Ann',
    'This resource has reached its booking limit for that period.', 'Ann cannot be had that day'
);
select lives_ok(
    $$ select tests.book('2031-05-05T15:00:00Z') $$, 'somebody can'
);
select results_eq(
    $$ select resource_id, assigned_by::text from public.booking_items
       where starts_at = '2031-05-05 15:00Z' $$,
    $$ values (tests.id('Ben'), 'only') $$, 'and it is Ben'
);
select throws_ok(
    $$ select tests.book('2031-05-06T13:00:00Z', 'Massage', 'Ann') $$,
    'PT422', 'This resource has reached its booking limit for that period.',
    'not by another service either'
);
select tests.act_as_owner();
select tests.limited('day', 1, resource => 'Ben');
select tests.act_as('customer');
select is(
    tests.offered('2031-05-05T15:00:00Z', '2031-05-06T15:00:00Z'), 'nobody',
    'when both have reached their limit nobody is offered'
);
select pg_temp.refused(
    '2031-05-06T10:00:00Z', 'Talk', null,
    'This resource has reached its booking limit for that period.', 'and why is said'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T10:00:00Z') from public.bookings
       where starts_at = '2031-05-06 14:00Z' $$,
    'a booking moves inside the limit that it fills'
);
select lives_ok($$ select tests.book('2031-05-07T10:00:00Z', whom => 'Ann') $$, 'Ann''s next day');
select throws_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-07T12:00:00Z') from public.bookings
       where starts_at = '2031-05-06 10:00Z' $$,
    'PT422', 'This resource has reached its booking limit for that period.', 'is full for that one'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.reassign_booking(id::text, tests.id('Ben')::text) from public.bookings
       where starts_at = '2031-05-06 10:00Z' $$,
    'PT422', 'This resource has reached its booking limit for that period.', 'nor is Ben''s day free'
);
select tests.act_as_owner();
update catalog.booking_limits set max_bookings = 0;
select tests.act_as('owner');
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T12:00:00Z') from public.bookings
       where starts_at = '2031-05-06 10:00Z' $$,
    'what was booked before the limit was lowered can still move in its day'
);
select tests.unlimited();

-- A resource that does not lead, by the minutes
select tests.act_as_owner();
select tests.limited('week', null, 120, resource => 'Room');
select tests.act_as('customer');
select lives_ok(
    $$ select tests.book('2031-05-11T14:00:00Z', 'Massage', 'Ann') $$,
    'the room has an hour late on a Sunday in Tokyo'
);
select lives_ok($$ select tests.book('2031-05-05T03:00:00Z', 'Massage', 'Ben') $$, 'and one of that Monday');
select is(
    tests.offered('2031-05-04T15:00:00Z', '2031-05-11T15:00:00Z', 'Massage'), 'nobody',
    'which are its two hours of the week'
);
select is(
    tests.offered('2031-05-04T15:00:00Z', '2031-05-11T15:00:00Z'), 'Ann Ben',
    'talks need no room'
);
select pg_temp.refused(
    '2031-05-07T03:00:00Z', 'Massage', 'Ann',
    'This resource has reached its booking limit for that period.', 'a massage does'
);
select lives_ok(
    $$ select tests.book('2031-05-11T15:00:00Z', 'Massage', 'Ben') $$, 'Monday begins another week'
);
select tests.unlimited();

-- The whole business counts bookings, whatever is in them
select tests.act_as_owner();
select tests.limited('month', 2);
select tests.act_as('customer');
select lives_ok(
    $$ select public.book_many(tests.id('Studio')::text, format(
           '[{"service_id": "%s", "starts_at": "2031-05-31T12:00:00Z"}, {"service_id": "%s"}]',
           tests.id('Talk'), tests.id('Massage')
       )) $$,
    'a talk and a massage on the last evening of May are one booking'
);
select tests.act_as('rival');
select lives_ok($$ select tests.book('2031-05-01T12:00:00Z') $$, 'a rival''s is the second');
select is(
    tests.offered('2031-05-02T00:00:00Z', '2031-05-31T15:00:00Z', 'Massage'), 'nobody', 'and the last of May'
);
select pg_temp.refused(
    '2031-05-20T12:00:00Z', 'Talk', 'Ann', 'This business has reached its booking limit for that period.',
    'for anybody'
);
select is(tests.offered('2031-05-31T15:00:00Z', '2031-05-31T16:00:00Z'), 'Ann Ben', 'June begins at three UTC');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings $$, 'what the rival cancels'
);
select lives_ok($$ select tests.book('2031-05-20T12:00:00Z') $$, 'counts no more');
select tests.unlimited();

-- Each customer by themselves
select tests.act_as_owner();
select tests.limited('year', 2, is_each => true);
select tests.limited('day', 1, service => 'Massage', is_each => true);
select tests.limited('week', null, 60, resource => 'Ben', is_each => true);
select tests.act_as('customer');
select lives_ok($$ select tests.book('2031-05-06T03:00:00Z', 'Massage', 'Ben') $$, 'a massage with Ben');
select is(
    tests.offered('2031-05-05T15:00:00Z', '2031-05-06T15:00:00Z', 'Massage'), 'nobody',
    'is the customer''s one of the day'
);
select is(
    tests.offered('2031-05-06T15:00:00Z', '2031-05-11T15:00:00Z', 'Massage'), 'Ann',
    'and their hour of the week with Ben'
);
select tests.act_as('rival');
select is(
    tests.offered('2031-05-05T15:00:00Z', '2031-05-06T15:00:00Z', 'Massage'), 'Ann Ben', 'a rival is free to'
);
select tests.act_as_anon();
select is(
    tests.offered('2031-05-05T15:00:00Z', '2031-05-06T15:00:00Z', 'Massage'), 'Ann Ben',
    'and so is whoever has not said who they are'
);
select tests.act_as('customer');
select pg_temp.refused(
    '2031-05-06T05:00:00Z', 'Massage', 'Ann', 'This customer has reached the booking limit for that period.',
    'the customer is told'
);
select lives_ok($$ select tests.book('2031-05-08T05:00:00Z', whom => 'Ann') $$, 'a talk with Ann is the second');
select pg_temp.refused(
    '2031-12-31T14:00:00Z', 'Talk', null, 'This customer has reached the booking limit for that period.',
    'and the last of the year, to its last hour in Tokyo'
);
select tests.act_as('owner');
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-09T05:00:00Z') from public.bookings
       where starts_at = '2031-05-08 05:00Z' $$,
    'the business moves it: it is the customer''s that counts, and it counted before'
);
select throws_ok(
    $$ select public.reassign_booking(id::text, tests.id('Ben')::text) from public.bookings
       where starts_at = '2031-05-09 05:00Z' $$,
    'PT422', 'This customer has reached the booking limit for that period.', 'not to Ben, whom the customer had this week'
);
select tests.unlimited();

-- How many may lie ahead, of each customer
select tests.act_as_owner();
select tests.limited('upcoming', 2, is_each => true);
select tests.act_as('customer');
select lives_ok($$ select tests.book('2031-05-06T03:00:00Z') $$, 'one booking ahead');
select lives_ok(
    $$ select public.book_many(tests.id('Studio')::text, format(
           '[{"service_id": "%s", "starts_at": "2031-07-01T12:00:00Z"}, {"service_id": "%s"}]',
           tests.id('Talk'), tests.id('Massage')
       )) $$,
    'and one of two services, however far'
);
select is(
    tests.offered('2031-05-10T00:00:00Z', '2031-05-11T00:00:00Z'), 'nobody', 'are the two that may be'
);
select throws_ok(
    $$ select tests.book('2031-05-20T03:00:00Z') $$,
    'PT422', 'This customer has reached the limit of upcoming bookings.', 'a third may not'
);
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-20T03:00:00Z', hold => 'true') $$,
    'PT422', 'This customer has reached the limit of upcoming bookings.', 'nor be held'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-20T05:00:00Z') from public.bookings
       where starts_at = '2031-05-06 03:00Z' $$,
    'one of the two can move'
);
select tests.act_as('rival');
select isnt(
    tests.offered('2031-05-10T00:00:00Z', '2031-05-11T00:00:00Z'), 'nobody', 'a rival has none yet'
);
select tests.at('2031-05-20 05:00Z');
select tests.act_as('customer');
select throws_ok(
    $$ select tests.book('2031-05-21T03:00:00Z') $$,
    'PT422', 'This customer has reached the limit of upcoming bookings.', 'one that begins this moment lies ahead'
);
select tests.at('2031-05-20 05:01Z');
select lives_ok($$ select tests.book('2031-05-21T03:00:00Z') $$, 'one that has begun does not');
select throws_ok(
    $$ select tests.book('2031-05-22T03:00:00Z') $$,
    'PT422', 'This customer has reached the limit of upcoming bookings.', 'and its place is taken'
);
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where starts_at = '2031-05-21 03:00Z' $$,
    'what is cancelled'
);
select lives_ok($$ select tests.book('2031-05-22T03:00:00Z') $$, 'makes room');
select tests.unlimited();
select tests.at('2031-05-01 00:00Z');
select tests.act_as_owner();
select tests.limited('upcoming', null, 60, service => 'Talk');
select tests.act_as('customer');
select tests.book('2031-05-06T03:00:00Z');
select throws_ok(
    $$ select tests.book('2031-06-06T03:00:00Z') $$,
    'PT422', 'The limit of upcoming bookings is reached.', 'of a service, for everyone together'
);
select tests.unlimited();

-- One booking cannot pass a limit by itself
select tests.act_as_owner();
select tests.limited('day', 1, service => 'Talk');
select tests.act_as('customer');
select throws_ok(
    $$ select public.book_many(tests.id('Studio')::text, format(
           '[{"service_id": "%s", "starts_at": "2031-05-20T12:00:00Z"}, {"service_id": "%s"}]',
           tests.id('Talk'), tests.id('Talk')
       )) $$,
    'PT422', 'This service has reached its booking limit for that period.', 'two talks in one booking are two'
);

-- Who writes limits
select tests.act_as('ann');
select throws_ok(
    $$ insert into public.booking_limits (business_id, period, max_bookings)
       values (tests.id('Studio'), 'day', 1) $$,
    'PT403', null, 'staff do not'
);
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.booking_limits (business_id, service_id, resource_id, period, max_bookings)
       values (tests.id('Studio'), tests.id('Talk'), tests.id('Ann'), 'day', 1) $$,
    'PT400', 'service_id and resource_id must not both be set.', 'of a service or of a resource'
);
select throws_ok(
    $$ insert into public.booking_limits (business_id, service_id, period, max_bookings)
       values (tests.id('Studio'), tests.id('Talk'), 'day', 2) $$,
    'PT409', null, 'one each'
);

select * from finish();
rollback;
