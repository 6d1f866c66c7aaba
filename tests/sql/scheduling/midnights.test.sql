-- Dates whose midnight comes twice. In the Azores clocks go back from one to midnight in October, in
-- Havana in November. The date begins with its first midnight, for everything that counts dates.
begin;
select plan(20);

select tests.at('2031-10-01 00:00Z');
select tests.person('owner');
select tests.person('customer');
/* A studio in a zone that is always open, with Ann, who gives a talk of an hour. */
create function tests.studio(called text, zone text)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    select tests.business(called, 'owner', zone);
    select tests.resource(called || ' Ann', called);
    select tests.hours(called, '00:00', '24:00');
    select tests.service(called || ' Talk', called, 60, 5000);
    update catalog.services set slot_interval_minutes = 60 where services.id = tests.id(called || ' Talk');
    select tests.takes(called || ' Talk', called || ' Ann');
end;
/* The instants in UTC at which starts are missing, of those that step by the hour. */
create function tests.missing(called text, from_at timestamptz, to_at timestamptz)
returns text
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select concat(
        to_char(min(hours.at) at time zone 'UTC', 'DD HH24'), ' to ',
        to_char(max(hours.at) at time zone 'UTC', 'DD HH24'), ', ', count(*)
    )
    from generate_series(from_at, to_at - interval '1 hour', interval '1 hour') as hours (at)
    where
        hours.at not in (
            select slots.starts_at
            from public.available_slots(
                tests.id(called || ' Talk')::text, to_json(from_at) #>> '{}', to_json(to_at) #>> '{}'
            ) as slots
        );
end;
grant execute on all functions in schema tests to authenticated, anon;
select tests.studio('Azores', 'Atlantic/Azores');
select tests.studio('Havana', 'America/Havana');

-- The 26th of October in the Azores is from 00:00 to 01:00 a day later, in UTC; the 2nd of November
-- in Havana from 04:00 to 05:00
select is(scheduling.start_of_date('2031-10-26', 'Atlantic/Azores'), '2031-10-26 00:00Z', 'the first of two midnights');
select is(scheduling.start_of_date('2031-10-27', 'Atlantic/Azores'), '2031-10-27 01:00Z', 'the only one');
select is(scheduling.start_of_date('2031-11-02', 'America/Havana'), '2031-11-02 04:00Z', 'the first in Havana');
select is(scheduling.start_of_date('2031-11-03', 'America/Havana'), '2031-11-03 05:00Z', 'the only one there');
select is(
    scheduling.start_of_date('2018-02-18', 'America/Sao_Paulo'), '2018-02-18 03:00Z',
    'where clocks go back to eleven, midnight comes once'
);
select is(
    scheduling.start_of_date('2018-11-04', 'America/Sao_Paulo'), '2018-11-04 03:00Z',
    'where clocks skip midnight, the date begins at one'
);

-- Open around the clock, without a gap
select tests.act_as('customer');
select is(tests.missing('Azores', '2031-10-25 00:00Z', '2031-10-28 00:00Z'), ' to , 0', 'every hour in the Azores');
select is(tests.missing('Havana', '2031-11-01 00:00Z', '2031-11-04 00:00Z'), ' to , 0', 'and in Havana');

-- A closure
select tests.act_as_owner();
insert into business.closures (business_id, starts_on, ends_on)
values (tests.id('Azores'), '2031-10-26', '2031-10-26'), (tests.id('Havana'), '2031-11-02', '2031-11-02');
select tests.act_as('customer');
select is(
    tests.missing('Azores', '2031-10-25 00:00Z', '2031-10-28 00:00Z'), '26 00 to 27 00, 25',
    'the business is closed for all 25 hours of the date'
);
select is(
    tests.missing('Havana', '2031-11-01 00:00Z', '2031-11-04 00:00Z'), '02 04 to 03 04, 25', 'and in Havana'
);
select tests.act_as_owner();
delete from business.closures;

-- A day off
insert into catalog.schedule_exceptions (business_id, resource_id, starts_on, ends_on)
values
(tests.id('Azores'), tests.id('Azores Ann'), '2031-10-26', '2031-10-26'),
(tests.id('Havana'), null, '2031-11-02', '2031-11-02');
select tests.act_as('customer');
select is(
    tests.missing('Azores', '2031-10-25 00:00Z', '2031-10-28 00:00Z'), '26 00 to 27 00, 25',
    'Ann is off from the first midnight'
);
select is(
    tests.missing('Havana', '2031-11-01 00:00Z', '2031-11-04 00:00Z'), '02 04 to 03 04, 25', 'and in Havana'
);
select tests.act_as_owner();
delete from catalog.schedule_exceptions;

-- The first and the last date of a service
update catalog.services set bookable_from = '2031-10-26', bookable_until = '2031-10-26'
where services.id = tests.id('Azores Talk');
update catalog.services set bookable_from = '2031-11-02', bookable_until = '2031-11-02'
where services.id = tests.id('Havana Talk');
select tests.act_as('customer');
select is(
    tests.missing('Azores', '2031-10-26 00:00Z', '2031-10-27 02:00Z'), '27 01 to 27 01, 1',
    'the service can be booked from the first midnight on'
);
select is(
    tests.missing('Havana', '2031-11-02 03:00Z', '2031-11-03 05:00Z'), '02 03 to 02 03, 1', 'and in Havana'
);
select throws_ok(
    $$ select public.book(tests.id('Havana Talk')::text, '2031-11-02T03:00:00Z') $$,
    'PT422', 'That time is too soon to book.', 'the hour before is too soon'
);
select tests.act_as_owner();
update catalog.services set bookable_from = null, bookable_until = null;

-- A limit of one a day
insert into catalog.booking_limits (business_id, period, max_bookings)
values (tests.id('Azores'), 'day', 1), (tests.id('Havana'), 'day', 1);
select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Azores Talk')::text, '2031-10-26T00:00:00Z') $$, 'the first hour of the date'
);
select is(
    tests.missing('Azores', '2031-10-25 00:00Z', '2031-10-28 00:00Z'), '26 00 to 27 00, 25',
    'uses up the limit of that date, and of no other'
);
select lives_ok(
    $$ select public.book(tests.id('Havana Talk')::text, '2031-11-03T04:00:00Z') $$, 'the last hour in Havana'
);
select is(
    tests.missing('Havana', '2031-11-01 00:00Z', '2031-11-04 00:00Z'), '02 04 to 03 04, 25', 'and there'
);
select throws_ok(
    $$ select public.book(tests.id('Havana Talk')::text, '2031-11-02T04:00:00Z') $$,
    'PT422', 'This business has reached its booking limit for that period.', 'the first hour is of that date'
);

select * from finish();
rollback;
