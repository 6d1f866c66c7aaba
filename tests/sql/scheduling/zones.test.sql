-- Clocks: hours are read where who works is, date by date, on days when clocks change too; the
-- business, its people and its customers may all be in different zones.
begin;
select plan(37);

select tests.at('2031-01-01 00:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('customer');
update identity.profiles set time_zone = 'America/New_York' where id = tests.id('customer');

/* A business in a zone with one person who works from nine to five, and a talk of an hour. */
create function tests.studio(called text, zone text)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    select tests.business(called, 'owner', zone);
    select tests.resource(called || ' Ann', called);
    select tests.hours(called);
    select tests.service(called || ' Talk', called, 60, 5000);
    update catalog.services set slot_interval_minutes = 60 where services.id = tests.id(called || ' Talk');
    select tests.takes(called || ' Talk', called || ' Ann');
end;
/* The first and the last start and their number, between two instants. */
create function tests.starts(called text, from_at text, to_at text)
returns text
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select format(
        '%s %s %s',
        to_char(min(slots.starts_at) at time zone 'UTC', 'DD HH24:MI'),
        to_char(max(slots.starts_at) at time zone 'UTC', 'DD HH24:MI'),
        count(*)
    )
    from public.available_slots(tests.id(called || ' Talk')::text, from_at, to_at) as slots;
end;
grant execute on all functions in schema tests to authenticated, anon;

-- Lord Howe changes its clocks by half an hour: 2031-04-06 and 2031-10-05, at two in the morning
select tests.studio('Howe', 'Australia/Lord_Howe');
select is(
    tests.starts('Howe', '2031-04-04T13:00:00Z', '2031-04-05T13:00:00Z'), '04 22:00 05 05:00 8',
    'nine to five on Lord Howe, eleven hours ahead in summer'
);
select is(
    tests.starts('Howe', '2031-04-05T13:00:00Z', '2031-04-06T13:30:00Z'), '05 22:30 06 05:30 8',
    'ten and a half from the day on which the clocks go back'
);
select is(
    tests.starts('Howe', '2031-10-03T13:30:00Z', '2031-10-04T13:30:00Z'), '03 22:30 04 05:30 8',
    'still so in winter'
);
select is(
    tests.starts('Howe', '2031-10-04T13:30:00Z', '2031-10-05T13:00:00Z'), '04 22:00 05 05:00 8',
    'and eleven again from the day on which they go forward'
);
select tests.act_as_owner();
select tests.hours('Howe Ann', '00:00', '06:00');
select tests.act_as('customer');
select is(
    tests.starts('Howe', '2031-04-05T13:00:00Z', '2031-04-06T00:00:00Z'), '05 13:00 05 18:00 6',
    'midnight to six has half an hour more that night: still six hours begin in it'
);
select is(
    tests.starts('Howe', '2031-10-04T13:30:00Z', '2031-10-05T00:00:00Z'), '04 13:30 04 17:30 5',
    'and half an hour less in spring: five do'
);
select throws_ok(
    $$ select public.book(tests.id('Howe Talk')::text, '2031-10-04T18:30:00Z') $$,
    'PT422', 'This service cannot start at that time.', 'a sixth would end after six'
);
select lives_ok(
    $$ select public.book(tests.id('Howe Talk')::text, '2031-10-04T17:30:00Z') $$, 'the fifth ends at six'
);

-- Kathmandu, at a quarter to
select tests.act_as_owner();
select tests.studio('Nepal', 'Asia/Kathmandu');
select tests.act_as('customer');
select is(
    tests.starts('Nepal', '2031-06-14T18:15:00Z', '2031-06-15T18:15:00Z'), '15 03:15 15 10:15 8',
    'nine to five in Kathmandu begins at a quarter past three'
);
select tests.act_as_owner();
insert into catalog.booking_limits (business_id, period, max_bookings)
values (tests.id('Nepal'), 'day', 1);
update catalog.working_hours set opens_at = '00:00', closes_at = '24:00' where business_id = tests.id('Nepal');
select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Nepal Talk')::text, '2031-06-15T17:15:00Z') $$,
    'the last hour of the 15th there'
);
select throws_ok(
    $$ select public.book(tests.id('Nepal Talk')::text, '2031-06-14T18:15:00Z') $$,
    'PT422', 'This business has reached its booking limit for that period.', 'is of one day with its first'
);
select lives_ok(
    $$ select public.book(tests.id('Nepal Talk')::text, '2031-06-15T18:15:00Z') $$, 'not with the next'
);

-- Apia had no 30th of December 2011: it went from the 29th to the 31st, past the date line
select tests.act_as_owner();
select tests.at('2011-12-01 00:00Z');
select tests.studio('Apia', 'Pacific/Apia');
select tests.act_as('customer');
select is(
    tests.starts('Apia', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'), '29 19:00 30 02:00 8',
    'nine to five on Thursday the 29th'
);
select is(
    tests.starts('Apia', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'), '30 19:00 31 02:00 8',
    'and a day later it is Saturday the 31st'
);
select tests.act_as_owner();
delete from catalog.working_hours where business_id = tests.id('Apia') and weekday = 6;
select tests.act_as('customer');
select is(
    tests.starts('Apia', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'), '  0',
    'Friday''s hours do not become Saturday''s: that Friday never was'
);
select throws_ok(
    $$ select public.book(tests.id('Apia Talk')::text, '2011-12-30T19:00:00Z') $$,
    'PT422', 'This service cannot start at that time.', 'nor can they be booked'
);
select tests.act_as_owner();
insert into business.closures (business_id, starts_on, ends_on)
values (tests.id('Apia'), '2011-12-30', '2011-12-30');
update catalog.working_hours set opens_at = '00:00', closes_at = '24:00'
where business_id = tests.id('Apia');
insert into catalog.working_hours (business_id, weekday, opens_at, closes_at)
values (tests.id('Apia'), 6, '00:00', '24:00');
select tests.act_as('customer');
select is(
    tests.starts('Apia', '2011-12-29T10:00:00Z', '2011-12-31T10:00:00Z'), '29 10:00 31 09:00 48',
    'closing on a date that never was closes nothing'
);
select lives_ok(
    $$ select public.book(tests.id('Apia Talk')::text, '2011-12-30T09:00:00Z') $$,
    'the last hour of Thursday runs to the first of Saturday'
);

-- Both clock changes of Berlin, for a customer in New York and Ann in London
select tests.act_as_owner();
select tests.at('2031-01-01 00:00Z');
select tests.studio('Berlin', 'Europe/Berlin');
update catalog.resources set time_zone = 'Europe/London' where id = tests.id('Berlin Ann');
select tests.act_as('customer');
select is(
    tests.starts('Berlin', '2031-03-29T00:00:00Z', '2031-03-30T00:00:00Z'), '29 09:00 29 16:00 8',
    'nine to five is London''s: nine UTC in winter'
);
select is(
    tests.starts('Berlin', '2031-03-30T00:00:00Z', '2031-03-31T00:00:00Z'), '30 08:00 30 15:00 8',
    'eight on the day on which the clocks go forward'
);
select is(
    tests.starts('Berlin', '2031-10-25T00:00:00Z', '2031-10-26T00:00:00Z'), '25 08:00 25 15:00 8', 'and in summer'
);
select is(
    tests.starts('Berlin', '2031-10-26T00:00:00Z', '2031-10-27T00:00:00Z'), '26 09:00 26 16:00 8',
    'nine from the day on which they go back'
);
select is(
    (select time_zone from public.book(tests.id('Berlin Talk')::text, '2031-03-30T04:00:00-04:00')),
    'Europe/Berlin', 'what is booked says where the business is'
);
select is(
    (select starts_at from public.bookings where business_id = tests.id('Berlin')),
    timestamptz '2031-03-30 08:00Z', 'and is one instant for the three of them'
);

-- Ann travels: her hours go with her, date by date
select tests.act_as('owner');
select lives_ok(
    $$ insert into public.travel_zones (business_id, resource_id, starts_on, ends_on, time_zone)
       values (tests.id('Berlin'), tests.id('Berlin Ann'), '2031-06-10', '2031-06-12', 'Asia/Tokyo') $$,
    'three dates in Tokyo'
);
select tests.act_as('customer');
select is(
    tests.starts('Berlin', '2031-06-09T00:00:00Z', '2031-06-09T23:00:00Z'), '09 08:00 09 15:00 8',
    'the day before she is in London'
);
select is(
    tests.starts('Berlin', '2031-06-09T23:00:00Z', '2031-06-10T23:00:00Z'), '10 00:00 10 07:00 8',
    'then nine to five is Tokyo''s'
);
select is(
    tests.starts('Berlin', '2031-06-12T00:00:00Z', '2031-06-13T00:00:00Z'), '12 00:00 12 07:00 8', 'to the last date'
);
select is(
    tests.starts('Berlin', '2031-06-13T00:00:00Z', '2031-06-14T00:00:00Z'), '13 08:00 13 15:00 8', 'and London''s again'
);
select lives_ok(
    $$ select public.book(tests.id('Berlin Talk')::text, '2031-06-10T00:00:00Z') $$, 'she can be booked there'
);
select throws_ok(
    $$ select public.book(tests.id('Berlin Talk')::text, '2031-06-10T14:00:00Z') $$,
    'PT422', 'This service cannot start at that time.', 'not by London''s clock'
);
select tests.act_as('owner');
insert into public.schedule_exceptions (business_id, resource_id, starts_on, ends_on)
values (tests.id('Berlin'), tests.id('Berlin Ann'), '2031-06-11', '2031-06-11');
select tests.act_as('customer');
select is(
    tests.starts('Berlin', '2031-06-10T15:00:00Z', '2031-06-11T15:00:00Z'), '  0', 'a day off there is a date there'
);
select is_empty($$ select * from public.travel_zones $$, 'where she is, customers are not told');
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.travel_zones (business_id, resource_id, starts_on, ends_on, time_zone)
       values (tests.id('Berlin'), tests.id('Berlin Ann'), '2031-06-12', '2031-06-20', 'Europe/Rome') $$,
    'PT409', 'This resource is already travelling on some of these dates.', 'nobody is in two places'
);
select throws_ok(
    $$ insert into public.travel_zones (business_id, resource_id, starts_on, ends_on, time_zone)
       values (tests.id('Berlin'), tests.id('Berlin Ann'), '2031-07-01', '2031-07-02', '+09:00') $$,
    'PT400', 'time_zone must be an IANA time zone, such as Europe/Berlin.', 'an offset is no place'
);
select tests.act_as_owner();
select tests.member('ann', 'Berlin', 'staff');
select tests.act_as('ann');
select is((select count(*) from public.travel_zones), 1::bigint, 'who works there sees it');
select throws_ok(
    $$ insert into public.travel_zones (business_id, resource_id, starts_on, ends_on, time_zone)
       values (tests.id('Berlin'), tests.id('Berlin Ann'), '2031-07-01', '2031-07-02', 'Europe/Rome') $$,
    'PT403', null, 'and asks a manager to write it'
);

select * from finish();
rollback;
