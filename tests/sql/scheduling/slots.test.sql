-- What a page shows of a service: one row a start with everybody who may be booked for it, and one
-- row a date for the calendar above it. Both count the time that is held for the caller.
begin;
select plan(28);

-- Given a studio in Auckland where three give talks in a hall, from nine to twelve
select tests.at('2031-05-01 00:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('waiting');
select tests.business('Studio', 'owner', 'Pacific/Auckland');
select tests.resource(called, 'Studio') from unnest(array['Ann', 'Ben', 'Cleo', 'Dan']) as called;
select tests.resource('Hall', 'Studio', 'room', 10);
select tests.hours('Studio', '09:00', '12:00');
select tests.service('Talk', 'Studio', 60, 5000);
select tests.takes('Talk', called) from unnest(array['Ann', 'Ben', 'Cleo']) as called;
select tests.takes('Talk', 'Hall', 'all');
select tests.service('Cut', 'Studio', 60, 5000);
select tests.takes('Cut', 'Dan');
update catalog.services set slot_interval_minutes = 60 where business_id = tests.id('Studio');
update catalog.service_resources set priority = 5 where resource_id = tests.id('Cleo');
insert into business.closures (business_id, starts_on, ends_on)
values (tests.id('Studio'), '2031-05-06', '2031-05-06');

create function tests.offered(service text, from_at text, to_at text, resource_id text default null)
returns table (starts_at timestamptz, names text, remaining integer)
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select
        slots.starts_at,
        (
            select string_agg(resources.name, ' ' order by listed.ordinality)
            from unnest(slots.resource_ids) with ordinality as listed (id, ordinality)
            inner join public.resources on resources.id = listed.id
        ),
        slots.remaining
    from public.available_slots(
        tests.id(offered.service)::text, offered.from_at, offered.to_at, offered.resource_id
    ) as slots;
end;
grant execute on all functions in schema tests to authenticated;

-- One row a start
select tests.act_as('customer');
select results_eq(
    $$ select * from tests.offered('Talk', '2031-05-04T12:00:00Z', '2031-05-05T12:00:00Z') $$,
    $$ values
        (timestamptz '2031-05-04 21:00Z', 'Cleo Ann Ben', 3),
        (timestamptz '2031-05-04 22:00Z', 'Cleo Ann Ben', 3),
        (timestamptz '2031-05-04 23:00Z', 'Cleo Ann Ben', 3) $$,
    'each start once: priority first, then by name; the hall is not listed'
);
select is(
    (public.book(tests.id('Talk')::text, '2031-05-04T21:00:00Z')).status, 'confirmed',
    'a customer who names nobody books nine o''clock'
);
select is(
    (public.book(tests.id('Talk')::text, '2031-05-04T22:00:00Z', tests.id('Ann')::text)).status,
    'confirmed', 'and Ann at ten'
);
select results_eq(
    $$ select * from tests.offered('Talk', '2031-05-04T12:00:00Z', '2031-05-05T12:00:00Z') $$,
    $$ values
        (timestamptz '2031-05-04 21:00Z', 'Ben Ann', 2),
        (timestamptz '2031-05-04 22:00Z', 'Cleo Ben', 2),
        (timestamptz '2031-05-04 23:00Z', 'Cleo Ben Ann', 3) $$,
    'who is taken is not listed, and Ann comes after Ben, who has less to do'
);
select results_eq(
    $$ select * from tests.offered('Talk', '2031-05-24T12:00:00Z', '2031-05-25T12:00:00Z') $$,
    $$ values
        (timestamptz '2031-05-24 21:00Z', 'Cleo Ann Ben', 3),
        (timestamptz '2031-05-24 22:00Z', 'Cleo Ann Ben', 3),
        (timestamptz '2031-05-24 23:00Z', 'Cleo Ann Ben', 3) $$,
    'three weeks later that counts no more'
);
select results_eq(
    $$ select names, remaining from tests.offered(
       'Talk', '2031-05-04T21:00:00Z', '2031-05-04T21:01:00Z', tests.id('Ben')::text) $$,
    $$ values ('Ben', 1) $$, 'only Ben, for those who ask for Ben'
);
select is_empty(
    $$ select * from tests.offered(
       'Talk', '2031-05-04T21:00:00Z', '2031-05-04T21:01:00Z', tests.id('Dan')::text) $$,
    'nobody, for those who ask for somebody who gives no talks'
);

-- One row a date
select results_eq(
    $$ select * from public.date_availability(tests.id('Talk')::text, '2031-05-05', '2031-05-07') $$,
    $$ values
        (date '2031-05-05', true, timestamptz '2031-05-04 21:00Z', timestamptz '2031-05-04 23:00Z',
         3, null::integer, null::integer, null::integer),
        (date '2031-05-06', false, null, null, 0, null, null, null),
        (date '2031-05-07', true, timestamptz '2031-05-06 21:00Z', timestamptz '2031-05-06 23:00Z',
         3, null, null, null) $$,
    'a row for each date of the studio: starts and not people, none on the day that it is closed'
);
select is(
    (
        select start_count
        from public.date_availability(
            tests.id('Talk')::text, '2031-05-05', '2031-05-05', tests.id('Ann')::text
        )
    ),
    2, 'of Ann, the two that she has left'
);
select is(
    (
        select sum(start_count)
        from public.date_availability(tests.id('Talk')::text, '2031-05-01', '2031-06-30')
    ),
    (
        select count(*)
        from tests.offered('Talk', '2031-04-30T12:00:00Z', '2031-06-30T12:00:00Z')
    ),
    'the dates of two months count the same starts'
);
select is(
    (
        select count(*)
        from public.date_availability(tests.id('Talk')::text, '2031-05-01', '2032-04-30')
    ),
    366::bigint, 'a leap year at once'
);
select throws_ok(
    $$ select * from public.date_availability(tests.id('Talk')::text, '2031-05-01', '2032-05-01') $$,
    'PT400', 'to_on must not be before from_on, and at most 365 days later.', 'not a date more'
);
select throws_ok(
    $$ select * from public.date_availability(tests.id('Talk')::text, '2031-05-01', '2031-04-30') $$,
    'PT400', 'to_on must not be before from_on, and at most 365 days later.', 'not backwards'
);
select throws_ok(
    $$ select * from public.date_availability(tests.id('Talk')::text, '2031-05-01', null) $$,
    'PT400', 'to_on is required.', 'not without an end'
);
select throws_ok(
    $$ select * from public.available_slots(
       tests.id('Talk')::text, '2031-05-01T00:00:00Z', '2031-07-02T00:00:01Z') $$,
    'PT400', 'to_at must be after from_at and at most 62 days later.', 'slots are for 62 days'
);

-- What is held for the caller
select is(
    (public.book(tests.id('Cut')::text, '2031-05-06T21:00:00Z')).status, 'confirmed',
    'Dan''s nine o''clock is taken'
);
select tests.act_as('waiting');
select is(
    (
        public.join_waitlist(
            tests.id('Cut')::text, '2031-05-06T21:00:00Z', '2031-05-06T22:00:00Z'
        )
    ).status,
    'waiting', 'somebody waits for it'
);
select tests.act_as('customer');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings
       where starts_at = '2031-05-06 21:00Z' $$,
    'it becomes free'
);
select is(
    (
        select start_count
        from public.date_availability(tests.id('Cut')::text, '2031-05-07', '2031-05-07')
    ),
    2, 'for others, the date has two starts'
);
select is(
    (
        select count(*)
        from tests.offered('Cut', '2031-05-06T12:00:00Z', '2031-05-07T12:00:00Z')
    ),
    2::bigint, 'and two rows'
);
select tests.act_as('waiting');
select results_eq(
    $$ select first_start_at, start_count
       from public.date_availability(tests.id('Cut')::text, '2031-05-07', '2031-05-07') $$,
    $$ values (timestamptz '2031-05-06 21:00Z', 3) $$,
    'in one''s turn the date has three, the first one included'
);
select results_eq(
    $$ select * from tests.offered('Cut', '2031-05-06T21:00:00Z', '2031-05-06T22:00:00Z') $$,
    $$ values (timestamptz '2031-05-06 21:00Z', 'Dan', 1) $$, 'and the row with Dan'
);

-- Sessions: who leads the one with the most free seats comes first
select tests.act_as_owner();
select tests.service('Yoga', 'Studio', 60, 1500);
update catalog.services set is_class = true, max_party_size = 4 where id = tests.id('Yoga');
insert into scheduling.sessions (business_id, service_id, resource_id, starts_at, ends_at, capacity)
select
    tests.id('Studio'), tests.id('Yoga'), given.resource_id, '2031-05-08 21:00Z',
    '2031-05-08 22:00Z', given.capacity
from (values (tests.id('Ann'), 5), (tests.id('Ben'), 6), (null, 4)) as given (resource_id, capacity);
select tests.act_as('customer');
select results_eq(
    $$ select * from tests.offered('Yoga', '2031-05-08T12:00:00Z', '2031-05-09T12:00:00Z') $$,
    $$ values (timestamptz '2031-05-08 21:00Z', 'Ben Ann', 15) $$,
    'three sessions at once are one start, and who leads nobody is no name'
);
select is(
    (public.book(tests.id('Yoga')::text, '2031-05-08T21:00:00Z', party_size => '2')).status,
    'confirmed', 'two seats'
);
select results_eq(
    $$ select * from tests.offered('Yoga', '2031-05-08T12:00:00Z', '2031-05-09T12:00:00Z') $$,
    $$ values (timestamptz '2031-05-08 21:00Z', 'Ann Ben', 13) $$, 'are taken with Ben'
);
select results_eq(
    $$ select is_free, start_count, session_count, seat_count, free_seat_count
       from public.date_availability(tests.id('Yoga')::text, '2031-05-09', '2031-05-09') $$,
    $$ values (true, 1, 3, 15, 13) $$, 'a date of a class also counts sessions and seats'
);

-- Never cut
select set_config('app.settings.max_rows', '2', true) as page;
select throws_ok(
    $$ select * from tests.offered('Talk', '2031-05-04T12:00:00Z', '2031-05-05T12:00:00Z') $$,
    'PT422', 'The answer would have 3 rows, and at most 2 fit.', 'three starts do not fit two rows'
);
select throws_ok(
    $$ select * from public.date_availability(tests.id('Talk')::text, '2031-05-05', '2031-05-07') $$,
    'PT422', 'The answer would have 3 rows, and at most 2 fit.', 'nor do three dates'
);

select * from finish();
rollback;
