-- Series: a rule becomes bookings that keep the wall clock; all or nothing, or what can be had.
begin;
select plan(35);

-- Given a teacher in Berlin, Mondays to Fridays
select tests.at('2031-03-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('School', 'owner', 'Europe/Berlin');
select tests.resource('Ann', 'School');
select tests.hours('School');
select tests.service('Lesson', 'School', 60, 1500);
select tests.takes('Lesson', 'Ann');

create function pg_temp.refused(sentence text, rrule text)
returns text
language sql
as $$
    select throws_ok(
        format(
            'select public.book_series(tests.id(''Lesson'')::text, ''2031-05-05T09:00:00+02:00'', %L)',
            rrule
        ),
        'PT400', sentence, rrule
    )
$$;
grant execute on function pg_temp.refused(text, text) to authenticated;

-- Booking
select tests.act_as('customer');
select lives_ok(
    $$ select public.book_series(
       tests.id('Lesson')::text, '2031-03-24T09:00:00+01:00', 'FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4') $$,
    'Mondays and Wednesdays'
);
select results_eq(
    $$ select starts_at from public.bookings order by starts_at $$,
    array[
        timestamptz '2031-03-24 08:00Z', timestamptz '2031-03-26 08:00Z',
        timestamptz '2031-03-31 07:00Z', timestamptz '2031-04-02 07:00Z'
    ], 'at nine, before and after the clocks change'
);
select is(
    (select count(*) from public.bookings inner join public.booking_series on series_id = booking_series.id),
    4::bigint, 'each knows its series'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.book_series(
       tests.id('Lesson')::text, '2031-03-25T09:00:00+01:00', 'FREQ=DAILY;COUNT=3') $$,
    'PT409', 'These dates are not available: 2031-03-26T08:00Z (slot_taken).', 'one date stands for all'
);
select is((select count(*) from public.bookings), 0::bigint, 'nothing was booked');
select is(
    (public.book_series(
        tests.id('Lesson')::text, '2031-03-25T09:00:00+01:00', 'FREQ=DAILY;COUNT=3',
        on_conflict => 'skip', idempotency_key => 'k'
    )).conflicts,
    '[{"starts_at": "2031-03-26T08:00:00+00:00", "reason": "slot_taken"}]', 'or it is left out'
);
select is((select count(*) from public.bookings), 2::bigint, 'and the others are had');
select is(
    (public.book_series(
        tests.id('Lesson')::text, '2031-03-25T09:00:00+01:00', 'FREQ=DAILY;COUNT=3',
        on_conflict => 'skip', idempotency_key => 'k'
    )).id,
    (select id from public.booking_series), 'the same key gets the first answer again'
);
select throws_ok(
    $$ select public.book_series(
       tests.id('Lesson')::text, '2031-03-26T09:00:00+01:00', 'FREQ=YEARLY;COUNT=1', on_conflict => 'skip') $$,
    'PT409', null, 'a series of nothing is none'
);

-- Rules that are refused, by name
select pg_temp.refused(
    'rrule must have a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY.',
    'FREQ=HOURLY;COUNT=2'
);
select pg_temp.refused(
    'rrule cannot have BYSETPOS; it may have FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL.',
    'FREQ=MONTHLY;BYSETPOS=1;COUNT=2'
);
select pg_temp.refused('rrule must end with either COUNT or UNTIL.', 'FREQ=DAILY');
select pg_temp.refused(
    'rrule must end with either COUNT or UNTIL.',
    'FREQ=DAILY;COUNT=2;UNTIL=20310601'
);
select pg_temp.refused('rrule must have an UNTIL that exists.', 'FREQ=DAILY;UNTIL=20310231');
select pg_temp.refused(
    'rrule must have an UNTIL such as 20310630 or 20310630T220000Z.',
    'FREQ=DAILY;UNTIL=tomorrow'
);
select pg_temp.refused(
    'rrule cannot have ordinals in BYDAY with FREQ=DAILY or WEEKLY.',
    'FREQ=WEEKLY;BYDAY=1MO;COUNT=2'
);
select pg_temp.refused(
    'rrule must have a BYDAY such as MO,WE or 1MO or -1FR.',
    'FREQ=WEEKLY;BYDAY=XX;COUNT=2'
);
select pg_temp.refused(
    'rrule must have a BYMONTHDAY of days from 1 to 31 or -31 to -1.',
    'FREQ=MONTHLY;BYMONTHDAY=32;COUNT=2'
);
select pg_temp.refused('rrule must have COUNT once, with a value.', 'FREQ=DAILY;COUNT=2;COUNT=3');
select throws_ok(
    $$ select public.book_series(
       tests.id('Lesson')::text, '2031-05-05T09:00:00+02:00', 'FREQ=WEEKLY;BYDAY=TU;COUNT=2') $$,
    'PT400', 'starts_at must be the first occurrence of rrule.', 'the first is an occurrence'
);

-- Moving and calling off: this, this and the following, all
select tests.act_as('customer');
select throws_ok(
    $$ select public.reschedule_series(id::text, '2031-03-25T09:00:00+01:00') from public.booking_series $$,
    'PT409', null, 'moved a day it would meet the rival'
);
select lives_ok(
    $$ select public.reschedule_series(id::text, '2031-03-26T09:00:00+01:00') from public.booking_series $$,
    'moved by two days it takes the places that it leaves'
);
select lives_ok(
    $$ select public.reschedule_series(booking_series.id::text, '2031-04-02T11:00:00+02:00', bookings.id::text)
       from public.booking_series inner join public.bookings on bookings.series_id = booking_series.id
       where bookings.starts_at = '2031-04-02 07:00Z' $$,
    'this and the following, two hours later'
);
select results_eq(
    $$ select starts_at from public.bookings order by starts_at $$,
    array[
        timestamptz '2031-03-26 08:00Z', timestamptz '2031-03-28 08:00Z',
        timestamptz '2031-04-02 09:00Z', timestamptz '2031-04-04 09:00Z'
    ], 'the wall clock is kept'
);
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where starts_at = '2031-03-28 08:00Z' $$,
    'one alone is called off'
);
select lives_ok(
    $$ select public.cancel_series(booking_series.id::text, bookings.id::text)
       from public.booking_series inner join public.bookings on bookings.series_id = booking_series.id
       where bookings.starts_at = '2031-04-02 09:00Z' $$,
    'or from one on'
);
select results_eq(
    $$ select status::text from public.bookings order by starts_at $$,
    array['confirmed', 'cancelled', 'cancelled', 'cancelled'], 'what came before stays'
);
select tests.act_as('rival');
select throws_ok(
    format(
        $$ select public.cancel_series(%L) $$,
        tests.id('Lesson')::text
    ),
    'PT404', null, 'there is no such series'
);

-- Over a date that a zone skipped: Apia went from 29 to 31 December 2011 at midnight
select tests.act_as_owner();
select tests.at('2011-12-20 08:00Z');
select tests.business('Island School', 'owner', 'Pacific/Apia');
select tests.resource('Sina', 'Island School');
select tests.hours('Island School');
select tests.service('Island Lesson', 'Island School', 60, 1500);
select tests.takes('Island Lesson', 'Sina');
select tests.act_as('customer');
select lives_ok(
    $$ select public.book_series(
       tests.id('Island Lesson')::text, '2011-12-29T09:00:00-10:00', 'FREQ=DAILY;COUNT=3') $$,
    'daily'
);
select results_eq(
    $$ select starts_at from public.bookings where starts_at < '2020-01-01' order by starts_at $$,
    array[
        timestamptz '2011-12-29 19:00Z', timestamptz '2011-12-30 19:00Z', timestamptz '2011-12-31 19:00Z'
    ], 'a day that does not exist has no occurrence and is not counted'
);

-- In the hour that there is twice when the clocks go back: 2:30 is 0:30Z, and again 1:30Z
select tests.act_as_owner();
select tests.at('2031-10-01 08:00Z');
select tests.business('Night School', 'owner', 'Europe/Berlin');
select tests.resource('Nox', 'Night School');
select tests.hours('Night School', '00:00', '24:00');
select tests.service('Night Lesson', 'Night School', 30, 1500);
select tests.takes('Night Lesson', 'Nox');
select tests.act_as('customer');
select lives_ok(
    $$ select public.book_series(
       tests.id('Night Lesson')::text, '2031-10-26T02:30:00+02:00', 'FREQ=DAILY;COUNT=2') $$,
    'from the first of the two on'
);
prepare nights as select starts_at from public.bookings where starts_at > '2031-10-20' order by starts_at;
select results_eq(
    'nights', array[timestamptz '2031-10-26 00:30Z', timestamptz '2031-10-27 01:30Z'],
    'the first is when it was asked for'
);
select lives_ok(
    $$ select public.reschedule_series(series_id::text, '2031-10-26T02:30:00+02:00')
       from public.bookings where starts_at = '2031-10-26 00:30Z' $$,
    'a move to where it is'
);
select results_eq(
    'nights', array[timestamptz '2031-10-26 00:30Z', timestamptz '2031-10-27 01:30Z'], 'leaves it there'
);
select public.reschedule_series(series_id::text, '2031-10-26T02:30:00+01:00')
from public.bookings where starts_at = '2031-10-26 00:30Z';
select results_eq(
    'nights', array[timestamptz '2031-10-26 01:30Z', timestamptz '2031-10-27 01:30Z'],
    'a move to the second of the two moves the first alone'
);
select * from finish();
rollback;
