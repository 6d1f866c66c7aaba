-- A series and the limits: each occurrence finds the room that the ones before it left, and a move is
-- judged by where all of them arrive.
begin;
select plan(17);

-- Given a studio with two teachers, open every day
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Studio', 'owner');
select tests.resource('Ann', 'Studio');
select tests.resource('Ben', 'Studio');
select tests.hours('Studio');
select tests.service('Lesson', 'Studio', 60, 1500);
select tests.takes('Lesson', 'Ann');
select tests.takes('Lesson', 'Ben');

create function pg_temp.limited(
    wanted catalog.limit_period, bookings integer, minutes integer default null,
    resource text default null, is_per_customer boolean default false
)
returns void
language sql
security definer
as $$
    delete from catalog.booking_limits where booking_limits.resource_id is null or limited.resource is null;
    insert into catalog.booking_limits (
        business_id, resource_id, period, max_bookings, max_minutes, is_per_customer
    )
    values (
        tests.id('Studio'), (select id from tests.names where name = limited.resource), wanted,
        bookings, minutes, limited.is_per_customer
    )
$$;
create function pg_temp.conflicts(at text, count integer)
returns text
language sql
as $$
    select coalesce(string_agg(
        right(left(conflict ->> 'starts_at', 10), 5) || ' ' || (conflict ->> 'reason'), ', '
        order by conflict ->> 'starts_at'
    ), '')
    from jsonb_array_elements((
        public.book_series(
            tests.id('Lesson')::text, at, 'FREQ=DAILY;COUNT=' || count, on_conflict => 'skip'
        )
    ).conflicts) as conflict
$$;
create function pg_temp.taught()
returns text
language sql
security definer
as $$
    select string_agg(resources.name, ' ' order by booking_items.starts_at)
    from scheduling.bookings
    inner join scheduling.booking_items on booking_items.booking_id = bookings.id
    inner join catalog.resources on resources.id = booking_items.resource_id
    where bookings.status = 'confirmed'
$$;
create function pg_temp.forget()
returns void
language sql
security definer
as $$ delete from scheduling.bookings where status = 'confirmed' $$;
grant execute on all functions in schema pg_temp to authenticated;

-- Two a week: Monday the 5th to Sunday the 11th is a week
select pg_temp.limited('week', 2);
select tests.act_as('customer');
select is(
    pg_temp.conflicts('2031-05-08T09:00:00Z', 7),
    '05-10 limit_reached, 05-11 limit_reached, 05-14 limit_reached',
    'the first two of each week are booked'
);
select is(
    pg_temp.conflicts('2031-05-13T11:00:00Z', 7),
    '05-13 limit_reached, 05-14 limit_reached, 05-15 limit_reached, 05-16 limit_reached, '
    '05-17 limit_reached, 05-18 limit_reached',
    'a week that is full takes none, and the next begins'
);
select throws_ok(
    $$ select public.book_series(tests.id('Lesson')::text, '2031-06-02T09:00:00Z', 'FREQ=DAILY;COUNT=3') $$,
    'PT409', 'These dates are not available: 2031-06-04T09:00Z (limit_reached).',
    'the third stands for all, unless it is skipped'
);
select throws_ok(
    $$ select public.book_series(
        tests.id('Lesson')::text, '2031-05-14T09:00:00Z', 'FREQ=DAILY;COUNT=2', on_conflict => 'skip') $$,
    'PT409', null, 'a series of nothing is none'
);
select pg_temp.forget();

-- Minutes: two hours and a half a week
select pg_temp.limited('week', null, 150);
select is(
    pg_temp.conflicts('2031-05-05T09:00:00Z', 4), '05-07 limit_reached, 05-08 limit_reached',
    'two lessons fit into 150 minutes'
);
select pg_temp.forget();

-- A limit for each customer counts the customer's alone
select pg_temp.limited('month', 3, is_per_customer => true);
select is(
    pg_temp.conflicts('2031-05-28T09:00:00Z', 6), '05-31 limit_reached', 'three in May, and June begins'
);
select tests.act_as('rival');
select is(pg_temp.conflicts('2031-05-28T09:00:00Z', 3), '', 'somebody else has three of their own');
select pg_temp.forget();

-- What lies ahead is one period
select pg_temp.limited('upcoming', 2, is_per_customer => true);
select is(
    pg_temp.conflicts('2031-05-05T09:00:00Z', 4), '05-07 limit_reached, 05-08 limit_reached',
    'no more than two lie ahead'
);
select pg_temp.forget();

-- A teacher who has enough makes way for the other
select pg_temp.limited('week', 2, resource => 'Ann');
select is(
    pg_temp.conflicts('2031-05-05T09:00:00Z', 6), '', 'six days find a teacher'
);
select is(pg_temp.taught(), 'Ann Ben Ann Ben Ben Ben', 'Ann teaches two, Ben the rest');
select pg_temp.forget();
select pg_temp.limited('week', 1, resource => 'Ben');
select is(
    pg_temp.conflicts('2031-05-05T09:00:00Z', 5),
    '05-08 limit_reached, 05-09 limit_reached', 'until both have enough'
);

-- A move is judged by where all of them arrive
select pg_temp.limited('week', 2);
select pg_temp.forget();
select is(pg_temp.conflicts('2031-05-10T09:00:00Z', 3), '', 'Saturday, Sunday and Monday');
select throws_ok(
    $$ select public.reschedule_series(series_id::text, '2031-05-12T09:00:00Z')
       from public.bookings where starts_at = '2031-05-10 09:00Z' and status = 'confirmed' $$,
    'PT422', 'This business has reached its booking limit for that period.',
    'two days later they would be three in one week'
);
select lives_ok(
    $$ select public.reschedule_series(series_id::text, '2031-05-11T09:00:00Z')
       from public.bookings where starts_at = '2031-05-10 09:00Z' and status = 'confirmed' $$,
    'a day later one and two'
);
select lives_ok(
    $$ select public.reschedule_series(series_id::text, '2031-05-11T11:00:00Z')
       from public.bookings where starts_at = '2031-05-11 09:00Z' and status = 'confirmed' $$,
    'within full weeks they move'
);
select pg_temp.limited('week', 1);
select lives_ok(
    $$ select public.reschedule_series(series_id::text, '2031-05-11T12:00:00Z')
       from public.bookings where starts_at = '2031-05-11 11:00Z' and status = 'confirmed' $$,
    'also in a week that is over its limit since'
);
select results_eq(
    $$ select starts_at from public.bookings where status = 'confirmed' order by starts_at $$,
    array[
        timestamptz '2031-05-11 12:00Z', timestamptz '2031-05-12 12:00Z', timestamptz '2031-05-13 12:00Z'
    ], 'all of them'
);

select * from finish();
rollback;
