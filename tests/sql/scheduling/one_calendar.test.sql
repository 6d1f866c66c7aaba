-- A person who works in two businesses and wants one calendar: no booking of one runs into a
-- booking of the other, and neither learns of the other.
begin;
select plan(50);

-- Given Ann, who cuts in a salon and massages in a clinic, and customers of both
select tests.at('2031-05-01 08:00Z');
select tests.person('salon owner');
select tests.person('clinic owner');
select tests.person('ann');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'salon owner');
select tests.business('Clinic', 'clinic owner');
select tests.member('ann', 'Salon', 'staff');
select tests.member('ann', 'Clinic', 'staff');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.resource('Dr Ann', 'Clinic');
select tests.hours('Salon');
select tests.hours('Clinic');
select tests.service('Cut', 'Salon');
select tests.takes('Cut', 'Ann');
select tests.service('Wash', 'Salon');
select tests.takes('Wash', 'Ann');
select tests.takes('Wash', 'Ben');
select tests.service('Massage', 'Clinic');
select tests.takes('Massage', 'Dr Ann');
select tests.service('Yoga', 'Clinic');
select tests.takes('Yoga', 'Dr Ann');
update catalog.services set is_class = true, max_party_size = 3 where id = tests.id('Yoga');
update catalog.services set buffer_after_minutes = 15 where id = tests.id('Massage');
update catalog.services set requires_confirmation = true, is_blocked_by_pending = false
where id = tests.id('Wash');
update catalog.resources
set member_id = (
    select id from business.business_members
    where user_id = tests.id('ann') and business_id = resources.business_id
)
where name in ('Ann', 'Dr Ann');

-- Not switched on, she can be booked twice, and sees that
select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z') $$, 'a cut at nine'
);
select lives_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T09:30:00Z') $$,
    'a massage at half past nine: nobody asked for one calendar'
);
select is_empty(
    $$ select * from public.my_double_bookings() $$, 'a customer is no double booking'
);
select tests.act_as('ann');
select results_eq(
    $$ select business_id, starts_at, ends_at from public.my_double_bookings() $$,
    $$ values
       (tests.id('Salon'), timestamptz '2031-05-05 09:00Z', timestamptz '2031-05-05 10:00Z'),
       (tests.id('Clinic'), '2031-05-05 09:30Z', '2031-05-05 10:45Z') $$,
    'Ann sees which bookings of hers clash, with their buffers'
);
select throws_ok(
    $$ update public.profiles set has_one_calendar = true $$,
    'PT409', 'Two businesses have booked you at the same time.',
    'and cannot have one calendar as long as they do'
);
select tests.act_as('customer');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings
       where starts_at = '2031-05-05 09:30Z' $$, 'the massage is cancelled'
);

-- Only she switches it on
select tests.act_as('salon owner');
select lives_ok(
    $$ update public.profiles set has_one_calendar = true where id = tests.id('ann') $$,
    'her employer changes no row'
);
select tests.act_as('ann');
select is((select has_one_calendar from public.profiles), false, 'which is still off');
select lives_ok(
    $$ update public.profiles set has_one_calendar = true $$, 'she switches it on herself'
);
select is_empty($$ select * from public.my_double_bookings() $$, 'and nothing clashes');

-- The salon's cut is busy time in the clinic
select tests.act_as('customer');
select is_empty(
    $$ select starts_at from public.available_slots(
       tests.id('Massage')::text, '2031-05-05T07:00:00Z', '2031-05-05T10:00:00Z')
       where starts_at > '2031-05-05 08:00Z' $$,
    'no massage begins within, nor so late before that it would last into the cut'
);
select ok(
    exists (
        select from public.available_slots(
            tests.id('Massage')::text, '2031-05-05T10:00:00Z', '2031-05-05T10:00:01Z')
    ), 'one begins when the cut ends'
);
select throws_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T09:30:00Z') $$,
    'PT409', 'That time was just taken.', 'a massage at half past nine is refused like any taken time'
);
select lives_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T11:00:00Z') $$, 'a massage at eleven'
);
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T12:00:00Z') $$,
    'PT409', 'That time was just taken.', 'the salon meets the buffer after it'
);
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T12:15:00Z') $$, 'and not a minute more'
);

-- Nobody learns whose time it is
select tests.act_as('salon owner');
select is(
    (select count(*) from public.allocations where business_id <> tests.id('Salon')), 0::bigint,
    'the salon sees no allocation of the clinic'
);
select throws_ok(
    $$ select * from scheduling.busy_times $$, '42501', null, 'nor busy times'
);
select tests.act_as_role('service_role');
select throws_ok(
    $$ select * from scheduling.busy_times $$, '42501', null, 'which are for no client at all'
);

-- Moves
select tests.act_as('customer');
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-05T14:00:00Z') from public.bookings
       where starts_at = '2031-05-05 12:15Z' $$, 'the cut moves to two'
);
select throws_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-05T13:00:00Z') from public.bookings
       where starts_at = '2031-05-05 11:00Z' $$,
    'PT409', null, 'the massage cannot move to where its buffer would meet it'
);
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-05T12:15:00Z') from public.bookings
       where starts_at = '2031-05-05 11:00Z' $$, 'but to where the cut was'
);
select ok(
    exists (
        select from public.available_slots(
            tests.id('Cut')::text, '2031-05-05T11:00:00Z', '2031-05-05T11:00:01Z')
    ), 'and eleven is free again in the salon'
);

-- A named resource is refused; without a name somebody free is chosen
select throws_ok(
    $$ select public.book(tests.id('Wash')::text, '2031-05-05T12:15:00Z', tests.id('Ann')::text) $$,
    'PT409', 'That time was just taken.', 'Ann cannot wash during her massage'
);
select lives_ok(
    $$ select public.book(tests.id('Wash')::text, '2031-05-05T12:15:00Z') $$,
    'somebody can wash then'
);
select results_eq(
    $$ select resources.name
       from public.bookings
       inner join public.booking_items on booking_items.booking_id = bookings.id
       inner join public.resources on resources.id = booking_items.resource_id
       where bookings.starts_at = '2031-05-05 12:15Z' and bookings.business_id = tests.id('Salon') $$,
    array['Ben'], 'it is Ben'
);

-- A request that does not block takes the time when it is confirmed, if it is free then
select lives_ok(
    $$ select public.book(tests.id('Wash')::text, '2031-05-05T16:00:00Z', tests.id('Ann')::text) $$,
    'a request for Ann at four'
);
select lives_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T15:30:00Z') $$,
    'the clinic books her over it'
);
select tests.act_as('salon owner');
select throws_ok(
    $$ select public.confirm_booking(id::text) from public.bookings
       where starts_at = '2031-05-05 16:00Z' $$,
    'PT409', 'That time was just taken.', 'then the request cannot be confirmed'
);

-- Holds are free when they run out, before anything has run
select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z', hold => 'true') $$,
    'a hold in the salon'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-06T09:00:00Z') $$,
    'PT409', null, 'keeps her from the clinic'
);
select tests.at('2031-05-01 09:00Z');
select ok(
    exists (
        select from public.available_slots(
            tests.id('Massage')::text, '2031-05-06T09:00:00Z', '2031-05-06T09:00:01Z')
    ), 'until it has run out'
);
select lives_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-06T09:00:00Z') $$,
    'and the clinic books her then'
);
select tests.act_as('customer');
select results_eq(
    $$ select status::text from public.bookings where starts_at = '2031-05-06 09:00Z' $$,
    array['expired'], 'the hold has expired'
);

-- Sessions of a class that she gives
select tests.act_as('clinic owner');
select throws_ok(
    $$ select public.create_slots(tests.id('Yoga')::text, '2031-05-05', '14:00', '15:00', '3') $$,
    'PT409', 'A resource that this class needs is taken at 2031-05-05T14:00Z.',
    'no class during her cut at two'
);
select is(
    (select count(*) from public.create_slots(tests.id('Yoga')::text, '2031-05-07', '09:00', '10:00', '3')),
    1::bigint, 'a class on another day'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-07T09:30:00Z') $$,
    'PT409', null, 'is busy time in the salon'
);

-- Series
select lives_ok(
    $$ select public.book_series(
       tests.id('Cut')::text, '2031-05-06T09:00:00Z', 'FREQ=DAILY;COUNT=3', on_conflict => 'skip') $$,
    'a series of three cuts'
);
select is(
    (select jsonb_array_length(conflicts) from public.booking_series), 2,
    'misses the days of the massage and the class'
);

-- Time that becomes free in one business is offered to those who wait in the other
select tests.act_as('rival');
select lives_ok(
    $$ select public.join_waitlist(
       tests.id('Cut')::text, '2031-05-05T12:00:00Z', '2031-05-05T12:30:00Z') $$,
    'somebody waits for Ann in the salon'
);
select tests.act_as('customer');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings
       where starts_at = '2031-05-05 12:15Z' and business_id = tests.id('Clinic') $$,
    'her massage is cancelled'
);
select tests.act_as('rival');
select results_eq(
    $$ select status from public.waitlist_entries $$, array['offered'], 'they have the offer'
);
select throws_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T12:15:00Z') $$,
    'PT409', null, 'which keeps her time in the clinic too'
);

-- A person who becomes a resource later brings the calendar along
select tests.act_as_owner();
select tests.business('Spa', 'clinic owner');
select tests.member('ann', 'Spa', 'staff');
select tests.resource('Annie', 'Spa');
select tests.hours('Spa');
select tests.service('Bath', 'Spa');
select tests.takes('Bath', 'Annie');
select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Bath')::text, '2031-05-05T09:00:00Z') $$, 'a bath with Annie'
);
select tests.act_as('clinic owner');
select throws_ok(
    $$ update public.resources set member_id = (
           select id from public.business_members
           where user_id = tests.id('ann') and business_id = tests.id('Spa')
       ) where id = tests.id('Annie') $$,
    'PT409', 'This person cannot take all bookings that this resource has.',
    'Annie cannot be Ann, because Ann cuts then'
);
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where business_id = tests.id('Spa') $$,
    'without the bath'
);
select lives_ok(
    $$ update public.resources set member_id = (
           select id from public.business_members
           where user_id = tests.id('ann') and business_id = tests.id('Spa')
       ) where id = tests.id('Annie') $$,
    'she can'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.book(tests.id('Bath')::text, '2031-05-05T09:00:00Z') $$,
    'PT409', null, 'and is busy at nine'
);

-- A member who leaves a business is free of it
select tests.act_as('ann');
select lives_ok(
    $$ select public.remove_member(id::text) from public.business_members
       where user_id = tests.id('ann') and business_id = tests.id('Salon') $$, 'she leaves the salon'
);
select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Massage')::text, '2031-05-05T09:00:00Z') $$,
    'its bookings no longer keep her from the clinic'
);
select * from finish();
rollback;
