-- The waitlist: freed time is held for those who wait, in turn, by the clock.
begin;
select plan(36);

-- Given Ann's Monday at nine and at ten, both taken, and three who wait
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('lucky');
select tests.person('first');
select tests.person('second');
select tests.person('third');
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 1500);
select tests.takes('Cut', 'Ann');
update catalog.services set offer_minutes = 30 where id = tests.id('Cut');
select tests.act_as('lucky');
select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z') \g /dev/null
select public.book(tests.id('Cut')::text, '2031-05-05T10:00:00Z') \g /dev/null

-- Joining
select tests.act_as('first');
select is(
    (public.join_waitlist(tests.id('Cut')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:30:00Z')).status,
    'waiting', 'first waits'
);
select throws_ok(
    $$ select public.join_waitlist(tests.id('Cut')::text, '2031-05-05T08:00:00Z', '2031-05-05T09:30:00Z') $$,
    'PT409', 'You are already on this waitlist.', 'once'
);
select throws_ok(
    $$ select public.join_waitlist(tests.id('Cut')::text, '2031-05-06T08:00:00Z', '2031-05-06T09:30:00Z',
       tests.id('Ben')::text) $$,
    'PT422', 'That resource does not provide this service.', 'not with somebody who does not give it'
);
select throws_ok(
    $$ select public.join_waitlist(tests.id('Cut')::text, '2031-04-05T08:00:00Z', '2031-04-05T09:30:00Z') $$,
    'PT400', 'to_at must be in the future.', 'not for what is over'
);
select throws_ok(
    $$ select public.accept_waitlist_offer(id::text) from public.waitlist_entries $$,
    'PT409', 'You have no offer at the moment.', 'nothing is offered yet'
);
select throws_ok(
    $$ update public.waitlist_entries set status = 'accepted' $$, '42501', null, 'nobody writes entries'
);
select tests.act_as('second');
select lives_ok(
    $$ select public.join_waitlist(tests.id('Cut')::text, '2031-05-05T09:00:00Z', '2031-05-05T11:00:00Z') $$,
    'second waits'
);
select is((select count(*) from public.waitlist_entries), 1::bigint, 'and sees nobody else');
select tests.act_as('third');
select lives_ok(
    $$ select public.join_waitlist(tests.id('Cut')::text, '2031-05-05T09:00:00Z', '2031-05-05T11:00:00Z') $$,
    'third waits'
);

-- A freed slot is offered in turn, and held
select tests.act_as('lucky');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where starts_at = '2031-05-05 09:00Z' $$,
    'nine o''clock becomes free'
);
select is(
    (select count(*) from public.available_slots(
        tests.id('Cut')::text, '2031-05-05T09:00:00Z', '2031-05-05T10:00:00Z')),
    0::bigint, 'for nobody in passing'
);
select tests.act_as('first');
select results_eq(
    $$ select status, offered_starts_at, offer_expires_at from public.waitlist_entries $$,
    $$ values ('offered', timestamptz '2031-05-05 09:00Z', timestamptz '2031-05-01 08:30Z') $$,
    'it is offered to the first, for half an hour'
);
select tests.act_as('second');
select is((select status from public.waitlist_entries), 'waiting', 'the second waits');
select throws_ok(
    $$ select public.accept_waitlist_offer(id::text) from public.waitlist_entries $$,
    'PT409', 'You have no offer at the moment.', 'and cannot go first'
);
select tests.act_as('owner');
select is(
    (select count(*) from public.bookings where status = 'held'), 1::bigint,
    'the business sees that it is held'
);

-- The turn passes on by the clock; nothing has run
select tests.at('2031-05-01 08:30Z');
select tests.act_as('first');
select throws_ok(
    $$ select public.accept_waitlist_offer(id::text) from public.waitlist_entries $$,
    'PT409', 'You have no offer at the moment.', 'the first has let it pass'
);
select is((select status from public.waitlist_entries), 'waiting', 'and keeps their place');
select tests.act_as('second');
select is((select status from public.waitlist_entries), 'offered', 'it is the second''s turn');
select tests.act_as('lucky');
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z') $$,
    'PT409', null, 'nobody books it in between'
);

-- Leaving passes it on at once
select tests.act_as('second');
select is(
    (select (public.leave_waitlist(id::text)).status from public.waitlist_entries), 'left', 'second leaves'
);
select tests.act_as('third');
select results_eq(
    $$ select status, offer_expires_at from public.waitlist_entries $$,
    $$ values ('offered', timestamptz '2031-05-01 09:00Z') $$,
    'the third has it now, for half an hour'
);
select is(
    (select (public.accept_waitlist_offer(id::text)).status from public.waitlist_entries),
    'confirmed', 'and accepts'
);
select results_eq(
    $$ select starts_at, customer_id from public.bookings $$,
    $$ values (timestamptz '2031-05-05 09:00Z', tests.id('third')) $$, 'it is the third''s booking'
);
select is(
    (select (public.accept_waitlist_offer(id::text)).status from public.waitlist_entries),
    'confirmed', 'accepting again changes nothing'
);
select throws_ok(
    $$ select public.leave_waitlist(id::text) from public.waitlist_entries $$,
    'PT409', 'You have already accepted this offer.', 'nor is there anything to leave'
);
select tests.act_as_owner();
select results_eq(
    $$ select from_status::text, to_status::text, actor::text from scheduling.booking_history
       where booking_id = (select booking_id from scheduling.waitlist_entries where status = 'accepted')
       order by id $$,
    $$ values (null, 'held', 'system'), ('held', 'confirmed', 'customer') $$,
    'one booking: held, then confirmed'
);

-- When everybody lets it pass it is anybody's, workers or not
select tests.act_as('third');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings $$, 'the third cancels'
);
select tests.act_as('first');
select is((select status from public.waitlist_entries), 'offered', 'the first is asked again');
select tests.at('2031-05-01 09:00Z');
select tests.act_as('lucky');
select is(
    (public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z')).status, 'confirmed',
    'after the last turn it is anybody''s'
);

-- A request that is turned down, and a booking that moves away, free their time as well
select tests.act_as('owner');
select lives_ok(
    $$ select public.reschedule_booking(id::text, '2031-05-05T12:00:00Z') from public.bookings
       where starts_at = '2031-05-05 10:00Z' $$,
    'ten o''clock becomes free'
);
select tests.act_as('first');
select results_eq(
    $$ select status, offered_starts_at from public.waitlist_entries $$,
    $$ values ('offered', timestamptz '2031-05-05 10:00Z') $$, 'and is offered'
);
select tests.act_as('owner');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings where status = 'held' $$,
    'the business takes the offer back'
);
select tests.act_as('first');
select is((select status from public.waitlist_entries), 'waiting', 'the first waits again');
select tests.at('2031-05-05 10:30Z');
select is((select status from public.waitlist_entries), 'expired', 'until the window is over');

-- What a customer may have is not more because they waited for it
select tests.act_as_owner();
insert into catalog.booking_limits (business_id, service_id, period, max_bookings, is_per_customer)
values (tests.id('Salon'), tests.id('Cut'), 'day', 1, true);
select tests.act_as('third');
select public.book(tests.id('Cut')::text, '2031-05-06T11:00:00Z') \g /dev/null
select tests.act_as('lucky');
select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z') \g /dev/null
select tests.act_as('third');
select public.join_waitlist(
    tests.id('Cut')::text, '2031-05-06T09:00:00Z', '2031-05-06T10:00:00Z'
) \g /dev/null
select tests.act_as('lucky');
select public.cancel_booking(id::text) from public.bookings
where starts_at = '2031-05-06 09:00Z' \g /dev/null
select tests.act_as('third');
select throws_ok(
    $$ select public.accept_waitlist_offer(id::text) from public.waitlist_entries
       where from_at = '2031-05-06 09:00Z' $$,
    'PT422', null, 'one cut a day, waited for or not'
);
select is(
    (select status from public.waitlist_entries where from_at = '2031-05-06 09:00Z'), 'offered',
    'the offer stands for its time'
);

select * from finish();
rollback;
