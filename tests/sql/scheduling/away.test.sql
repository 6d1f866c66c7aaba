-- Who is away: for whole dates of their own zone or of the business's, whatever zone who books is in;
-- and to whom one may go instead, without being told why.
begin;
select plan(33);

-- Given a clinic in Tokyo, where Ann works, and Ben from New York; who books lives in Honolulu
select tests.at('2031-04-20 00:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('customer');
select tests.business('Clinic', 'owner', 'Asia/Tokyo');
select tests.member('ann', 'Clinic', 'staff');
select tests.resource('Ann', 'Clinic');
select tests.resource('Ben', 'Clinic');
select tests.resource('Cleo', 'Clinic');
update catalog.resources set time_zone = 'America/New_York' where id = tests.id('Ben');
select tests.hours('Clinic', '00:00', '24:00');
select tests.hours('Ben', '00:00', '24:00');
select tests.service('Talk', 'Clinic', 60, 5000);
update catalog.services set slot_interval_minutes = 60 where id = tests.id('Talk');
select tests.takes('Talk', 'Ann');
select tests.takes('Talk', 'Ben');
select tests.takes('Talk', 'Cleo');
update catalog.resources set is_active = false where id = tests.id('Cleo');
update identity.profiles set time_zone = 'Pacific/Honolulu' where id = tests.id('customer');
select tests.business('Other', 'customer');
select tests.resource('Zoe', 'Other');

/* The hours from one instant to another at which a talk with somebody cannot be had. */
create function tests.gaps(whom text, from_at timestamptz, to_at timestamptz)
returns tstzmultirange
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select tstzmultirange(tstzrange(from_at, to_at))
        - coalesce(range_agg(tstzrange(slots.starts_at, slots.ends_at)), '{}')
    from public.available_slots(
        tests.id('Talk')::text,
        to_char(from_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        to_char(to_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        tests.id(whom)::text
    ) as slots;
end;
grant execute on all functions in schema tests to authenticated, anon;

-- The complaint: dates off that begin and end in the zone of who looks. Here they never do
select tests.act_as('owner');
insert into public.closures (business_id, starts_on, ends_on, title)
values (tests.id('Clinic'), '2031-05-05', '2031-05-05', 'Children''s Day');
select tests.act_as('customer');
select is(
    tests.gaps('Ann', '2031-05-03 00:00Z', '2031-05-08 00:00Z'),
    '{[2031-05-04 15:00Z, 2031-05-05 15:00Z)}',
    'a closure is one date in Tokyo, no more and no less'
);
select is(
    tests.gaps('Ben', '2031-05-03 00:00Z', '2031-05-08 00:00Z'),
    '{[2031-05-04 15:00Z, 2031-05-05 15:00Z)}',
    'for Ben in New York as well: it is the clinic that is shut'
);
set local time zone 'Pacific/Honolulu';
select is(
    tests.gaps('Ann', '2031-05-03 00:00Z', '2031-05-08 00:00Z'),
    '{[2031-05-04 15:00Z, 2031-05-05 15:00Z)}',
    'whatever the zone of who asks'
);
set local time zone 'UTC';
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-05T04:00:00-10:00', tests.id('Ann')::text) $$,
    'PT422', 'The business takes no bookings at that time.', 'its last hour cannot be booked'
);
select lives_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-05-05T05:00:00-10:00', tests.id('Ann')::text) $$,
    'the one after it can, on what is still the same date in Honolulu'
);

select tests.act_as('owner');
insert into public.schedule_exceptions (business_id, resource_id, starts_on, ends_on)
values
(tests.id('Clinic'), tests.id('Ben'), '2031-06-10', '2031-06-12'),
(tests.id('Clinic'), null, '2031-06-20', '2031-06-21');
insert into public.schedule_exceptions (business_id, starts_on, ends_on, opens_at, closes_at)
values (tests.id('Clinic'), '2031-07-01', '2031-07-02', '10:00', '12:00');
select tests.act_as('customer');
select is(
    tests.gaps('Ben', '2031-06-09 00:00Z', '2031-06-15 00:00Z'),
    '{[2031-06-10 04:00Z, 2031-06-13 04:00Z)}',
    'three days off are Ben''s three dates in New York'
);
select is(
    tests.gaps('Ann', '2031-06-09 00:00Z', '2031-06-15 00:00Z'), '{}', 'nobody else''s'
);
select is(
    tests.gaps('Ann', '2031-06-18 00:00Z', '2031-06-23 00:00Z'),
    '{[2031-06-19 15:00Z, 2031-06-21 15:00Z)}',
    'two days off of the clinic are two dates in Tokyo for who follows its hours'
);
select is(
    tests.gaps('Ben', '2031-06-18 00:00Z', '2031-06-23 00:00Z'), '{}', 'not for Ben, who has his own'
);
select is(
    tests.gaps('Ann', '2031-06-30 15:00Z', '2031-07-02 15:00Z'),
    '{[2031-06-30 15:00Z, 2031-07-01 01:00Z), [2031-07-01 03:00Z, 2031-07-02 01:00Z),
    [2031-07-02 03:00Z, 2031-07-02 15:00Z)}',
    'other hours on two days hold on each of them'
);

-- Everybody, from one instant to another
select tests.act_as('owner');
select lives_ok(
    $$ select public.block_time(tests.id('Clinic')::text, '2031-07-10T22:00:00Z', '2031-07-11T02:00:00Z',
       reason => 'A party') $$,
    'the clinic blocks four hours around a midnight in UTC'
);
select tests.act_as('customer');
select is(
    tests.gaps('Ann', '2031-07-10 00:00Z', '2031-07-12 00:00Z'),
    '{[2031-07-10 22:00Z, 2031-07-11 02:00Z)}', 'Ann cannot be had then'
);
select is(
    tests.gaps('Ben', '2031-07-10 00:00Z', '2031-07-12 00:00Z'),
    '{[2031-07-10 22:00Z, 2031-07-11 02:00Z)}', 'nor can Ben'
);

-- Somebody, with a colleague to go to
select tests.act_as('ann');
select results_eq(
    $$ select stand_in_id, reason from public.block_time(
       tests.id('Clinic')::text, '2031-08-01T00:00:00+09:00', '2031-08-15T00:00:00+09:00',
       tests.id('Ann')::text, 'In hospital', tests.id('Ben')::text) $$,
    $$ values (tests.id('Ben'), 'In hospital') $$, 'Ann is away for two weeks, and says to go to Ben'
);
select throws_ok(
    $$ select public.block_time(tests.id('Clinic')::text, '2031-08-01T00:00:00Z', '2031-08-02T00:00:00Z',
       tests.id('Ann')::text, stand_in_id => tests.id('Ann')::text) $$,
    'PT400', 'stand_in_id must be a different resource from the absent one.', 'not to herself'
);
select throws_ok(
    $$ select public.block_time(tests.id('Clinic')::text, '2031-08-01T00:00:00Z', '2031-08-02T00:00:00Z',
       stand_in_id => tests.id('Ann')::text) $$,
    'PT400', 'stand_in_id must be a different resource from the absent one.', 'nobody stands in for everyone'
);
select throws_ok(
    $$ select public.block_time(tests.id('Clinic')::text, '2031-08-01T00:00:00Z', '2031-08-02T00:00:00Z',
       tests.id('Ann')::text, stand_in_id => tests.id('Zoe')::text) $$,
    'PT404', 'There is no such resource.', 'nor does somebody of another business'
);
select tests.act_as_owner();
select throws_ok(
    $$ insert into catalog.blocked_periods (business_id, resource_id, during, stand_in_id)
       values (tests.id('Clinic'), tests.id('Ann'), '[2031-08-01 00:00Z, 2031-08-02 00:00Z)', tests.id('Zoe')) $$,
    '23503', null, 'not even the table''s owner could write it'
);
select tests.act_as('customer');
select is(
    tests.gaps('Ann', '2031-07-30 00:00Z', '2031-08-20 00:00Z'),
    '{[2031-07-31 15:00Z, 2031-08-14 15:00Z)}', 'Ann cannot be had in these two weeks of Tokyo'
);
select is(tests.gaps('Ben', '2031-07-30 00:00Z', '2031-08-20 00:00Z'), '{}', 'Ben can');
create temporary table answers (message text, hint text);
grant insert, select on answers to authenticated;
do $$
declare
    v_message text;
    v_hint text;
begin
    perform public.book(tests.id('Talk')::text, '2031-08-05T05:00:00Z', tests.id('Ann')::text);
exception
    when sqlstate 'PT422' then
        get stacked diagnostics v_message = message_text, v_hint = pg_exception_hint;
        insert into answers values (v_message, v_hint);
end
$$;
select results_eq(
    $$ select message, hint from answers $$,
    $$ values (
        'Ann is away at that time.',
        format('Ask for Ben instead (resource_id %s), or choose another time.', tests.id('Ben'))
    ) $$,
    'who wants Ann is told of Ben'
);
select lives_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-08-05T05:00:00Z', tests.id('Ben')::text) $$,
    'and can have him'
);

-- Who sees what
select results_eq(
    $$ select starts_at, ends_at, stand_in_id from public.absences where resource_id = tests.id('Ann') $$,
    $$ values (timestamptz '2031-07-31 15:00Z', timestamptz '2031-08-14 15:00Z', tests.id('Ben')) $$,
    'a customer sees when Ann is away and whom to go to'
);
select is((select count(*) from public.absences), 1::bigint, 'what is shut for all is nobody''s absence');
select is_empty($$ select * from public.blocked_periods $$, 'the book of the business is not theirs to read');
select throws_ok(
    $$ select reason from catalog.blocked_periods $$, '42501', null, 'and why she is away nobody outside learns'
);
select throws_ok(
    $$ update public.absences set stand_in_id = null $$, '42501', null, 'nobody writes there'
);
select tests.act_as_anon();
select is((select count(*) from public.absences), 1::bigint, 'who has no account sees it too');
select throws_ok($$ select * from public.blocked_periods $$, '42501', null, 'not the book');
select tests.act_as('ann');
select is(
    (select reason from public.blocked_periods where stand_in_id is not null), 'In hospital', 'members do'
);
select tests.act_as_owner();
update business.businesses set is_active = false where id = tests.id('Clinic');
select tests.act_as_anon();
select is_empty($$ select * from public.absences $$, 'a business that is not public shows nothing');
select tests.act_as_owner();
update business.businesses set is_active = true where id = tests.id('Clinic');
update catalog.blocked_periods set stand_in_id = tests.id('Cleo') where stand_in_id is not null;
select tests.act_as('customer');
select throws_ok(
    $$ select public.book(tests.id('Talk')::text, '2031-08-05T07:00:00Z', tests.id('Ann')::text) $$,
    'PT422', 'The business takes no bookings at that time.', 'nobody is sent to who takes no bookings'
);
select tests.act_as('owner');
select lives_ok(
    $$ delete from public.blocked_periods where resource_id = tests.id('Ann') $$, 'when she is back, it goes'
);

select * from finish();
rollback;
