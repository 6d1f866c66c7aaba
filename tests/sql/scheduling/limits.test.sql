-- Limits: so many bookings, or so many minutes, of a service in a day, week, month or year of the
-- business's own calendar.
begin;
select plan(25);

-- Given a studio in Auckland, twelve hours ahead of UTC, that is open all day
select tests.at('2031-05-01 00:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.business('Studio', 'owner', 'Pacific/Auckland');
select tests.resource('Ann', 'Studio');
select tests.hours('Studio', '00:00', '24:00');
select tests.service('Talk', 'Studio', 60, 5000);
select tests.takes('Talk', 'Ann');

create function pg_temp.book(at text)
returns text
language sql
as $$ select (public.book(tests.id('Talk')::text, at)).id::text $$;
create function pg_temp.limited(wanted catalog.limit_period, bookings integer, minutes integer)
returns void
language sql
security definer
as $$
    delete from catalog.booking_limits;
    insert into catalog.booking_limits (business_id, service_id, period, max_bookings, max_minutes)
    values (tests.id('Studio'), tests.id('Talk'), wanted, bookings, minutes)
$$;
create function pg_temp.slots(from_at text, to_at text)
returns bigint
language sql
as $$ select count(*) from public.available_slots(tests.id('Talk')::text, from_at, to_at) $$;
create function pg_temp.refused(at text, description text)
returns text
language sql
as $$
    select throws_ok(
        format($q$ select pg_temp.book('%s') $q$, at),
        'PT422', 'This service has reached its booking limit for that period.', description
    )
$$;
grant execute on all functions in schema pg_temp to authenticated;

-- A day is the business's
select pg_temp.limited('day', 1, null);
select tests.act_as('customer');
select lives_ok($$ select pg_temp.book('2031-05-06T11:00:00Z') $$, 'one talk late on the 6th in Auckland');
select pg_temp.refused('2031-05-05T12:00:00Z', 'no other that day, though it is the 5th in UTC');
select lives_ok(
    $$ select pg_temp.book('2031-05-06T12:00:00Z') $$, 'an hour later it is the 7th in Auckland'
);
select pg_temp.refused('2031-05-07T11:00:00Z', 'which is full now as well');
select is(
    pg_temp.slots('2031-05-05T12:00:00Z', '2031-05-07T12:00:00Z'), 0::bigint,
    'and no slot is offered on either'
);
select isnt(
    pg_temp.slots('2031-05-07T12:00:00Z', '2031-05-08T12:00:00Z'), 0::bigint, 'but on the next'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-06T09:00:00Z') from public.bookings
       where starts_at = '2031-05-06 11:00Z' $$,
    'a booking may move within its full day'
);
select throws_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-07T09:00:00Z') from public.bookings
       where starts_at = '2031-05-06 09:00Z' $$,
    'PT422', 'This service has reached its booking limit for that period.', 'not into another full one'
);
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings
       where starts_at = '2031-05-06 09:00Z' $$,
    'what is cancelled'
);
select lives_ok($$ select pg_temp.book('2031-05-06T10:00:00Z') $$, 'counts no more');

-- A week begins on Monday, there
select tests.act_as_owner();
select pg_temp.limited('week', 1, null);
select tests.act_as('customer');
select lives_ok($$ select pg_temp.book('2031-05-18T11:00:00Z') $$, 'a talk late on a Sunday in Auckland');
select pg_temp.refused('2031-05-12T00:00:00Z', 'no other in that week');
select lives_ok($$ select pg_temp.book('2031-05-18T12:00:00Z') $$, 'Monday begins another');

-- Months and years
select tests.act_as_owner();
select pg_temp.limited('month', 1, null);
select tests.act_as('customer');
select lives_ok($$ select pg_temp.book('2031-06-30T11:00:00Z') $$, 'a talk on the last of June there');
select pg_temp.refused('2031-06-01T12:00:00Z', 'no other in June');
select lives_ok($$ select pg_temp.book('2031-06-30T12:00:00Z') $$, 'July has begun');
select tests.act_as_owner();
update catalog.services set max_advance_days = 400 where id = tests.id('Talk');
select pg_temp.limited('year', 6, null);
select tests.act_as('customer');
select pg_temp.refused('2031-12-31T10:00:00Z', 'no more this year, to its last hour');
select lives_ok($$ select pg_temp.book('2031-12-31T11:00:00Z') $$, 'the next one begins at eleven UTC');

-- Minutes
select tests.act_as_owner();
select pg_temp.limited('day', null, 119);
select tests.act_as('customer');
select lives_ok($$ select pg_temp.book('2031-08-05T00:00:00Z') $$, 'an hour of two hours but a minute');
select pg_temp.refused('2031-08-05T02:00:00Z', 'leaves no room for another hour');
select tests.act_as_owner();
select pg_temp.limited('day', null, 120);
select tests.act_as('customer');
select lives_ok($$ select pg_temp.book('2031-08-05T02:00:00Z') $$, 'of two hours there is');
select pg_temp.refused('2031-08-05T04:00:00Z', 'and then none');
select lives_ok(
    $$ select public.book(
        tests.id('Talk')::text, '2031-08-06T00:00:00Z', hold => 'true'
    ) $$,
    'a hold counts'
);
select lives_ok($$ select pg_temp.book('2031-08-06T02:00:00Z') $$, 'beside another');
select tests.at('2031-05-01 01:00Z');
select lives_ok(
    $$ select pg_temp.book('2031-08-06T04:00:00Z') $$, 'until it runs out, whether or not anybody noticed'
);

select * from finish();
rollback;
