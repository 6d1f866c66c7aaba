-- Freed time goes to those whose wish it can serve, every freed place is offered, and a turn that
-- ends passes on to whoever fits next.
begin;
select plan(34);

-- Given two stylists: Ann cuts, Ben dyes, and both wash
select tests.at('2031-05-01 08:00Z');
select tests.person(called)
from unnest('{owner,lucky,una,dos,tre,qua,stranger}'::text[]) as called;
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.resource('Room', 'Salon', 'room');
update catalog.resources set capacity = 3 where id = tests.id('Room');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 1500);
select tests.service('Dye', 'Salon', 60, 1500);
select tests.service('Wash', 'Salon', 60, 1500);
select tests.service('Spa', 'Salon', 60, 1500);
select tests.service('Yoga', 'Salon', 60, 1500);
select tests.takes('Cut', 'Ann');
select tests.takes('Dye', 'Ben');
select tests.takes('Wash', 'Ann');
select tests.takes('Wash', 'Ben');
select tests.takes('Spa', 'Room');
update catalog.services set offer_minutes = 30, max_party_size = 4;
update catalog.services set is_class = true where id = tests.id('Yoga');

create function tests.wait(
    who text, service text, day text, resource text default null, party integer default 1
)
returns text
language sql
as $$
    select tests.act_as(who);
    select (public.join_waitlist(
        tests.id(service)::text, day || 'T09:00:00Z', day || 'T10:00:00Z',
        (select tests.id(resource)::text where resource is not null), party::text
    )).status
$$;
create function tests.take(
    who text, service text, day text, resource text default null, party integer default 1
)
returns text
language sql
as $$
    select tests.act_as(who);
    select (public.book(
        tests.id(service)::text, day || 'T09:00:00Z', (select tests.id(resource)::text where resource is not null), party::text
    )).status
$$;
create function tests.call_off(who text, day text, service text)
returns void
language sql
as $$
    select tests.act_as(who);
    select public.cancel_booking(bookings.id::text)
    from public.bookings
    inner join public.booking_items on booking_items.booking_id = bookings.id
    where
        bookings.starts_at = (day || ' 09:00Z')::timestamptz
        and bookings.status = 'confirmed'
        and booking_items.service_id = tests.id(service)
$$;
-- Who has an offer on a day, in the order of their turns.
create function tests.offered(day text)
returns text
language sql
security definer
as $$
    select coalesce(string_agg(names.name, ',' order by waitlist_entries.turn), '')
    from public.waitlist_entries as seen
    inner join scheduling.waitlist_entries using (id)
    inner join tests.names on names.id = seen.customer_id
    where seen.status = 'offered' and (seen.from_at at time zone 'UTC')::date = day::date
$$;
create function tests.leave(who text)
returns text
language sql
as $$
    select tests.act_as(who);
    select (public.leave_waitlist(id::text)).status from public.waitlist_entries
    where status in ('waiting', 'offered') order by from_at desc limit 1
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Ann's time is not Ben's
select is(tests.take('lucky', 'Cut', '2031-05-05'), 'confirmed', 'Ann is taken at nine');
select is(tests.wait('una', 'Cut', '2031-05-05'), 'waiting', 'una waits for a cut');
select is(tests.take('lucky', 'Dye', '2031-05-05'), 'confirmed', 'Ben is taken at nine');
select is(tests.wait('dos', 'Dye', '2031-05-05'), 'waiting', 'dos waits for a dye');
select tests.call_off('lucky', '2031-05-05', 'Dye');
select tests.call_off('lucky', '2031-05-05', 'Cut');
select is(tests.offered('2031-05-05'), 'una,dos', 'each is offered what they wait for');
select tests.act_as('una');
select throws_ok(
    $$ select tests.wait('una', 'Dye', '2031-05-06') $$,
    'PT409', 'There is a free time in that window: 2031-05-06T09:00Z.', 'nobody waits for what is free'
);

-- Two places freed, two offers
select is(tests.take('lucky', 'Spa', '2031-05-06', null, 3), 'confirmed', 'the room is full');
select is(tests.wait('una', 'Spa', '2031-05-06'), 'waiting', 'una waits for one place');
select is(tests.wait('dos', 'Spa', '2031-05-06', null, 2), 'waiting', 'dos for two');
select is(tests.wait('tre', 'Spa', '2031-05-06'), 'waiting', 'tre for one');
select tests.call_off('lucky', '2031-05-06', 'Spa');
select is(tests.offered('2031-05-06'), 'una,dos', 'three places are offered to those who come first');
select is(tests.leave('dos'), 'left', 'dos leaves');
select is(tests.offered('2031-05-06'), 'una,tre', 'tre is next, for one of the two places');
select throws_ok(
    $$ select tests.wait('qua', 'Spa', '2031-05-06', null, 4) $$,
    'PT422', 'This service does not have enough places for your party.', 'four never fit in'
);
select throws_ok(
    $$ select public.join_waitlist(tests.id('Cut')::text, '2031-05-06T02:00:00Z', '2031-05-06T03:00:00Z') $$,
    'PT422', 'This service never starts in that window for your party.', 'nobody waits for the night'
);

-- Seats of a class: a party of two frees both
select tests.act_as('owner');
select public.create_slots(tests.id('Yoga')::text, '2031-05-07', '09:00', '10:00', '2');
select is(tests.take('lucky', 'Yoga', '2031-05-07', null, 2), 'confirmed', 'the class is full');
select is(tests.wait('una', 'Yoga', '2031-05-07'), 'waiting', 'una waits for a seat');
select is(tests.wait('dos', 'Yoga', '2031-05-07'), 'waiting', 'dos too');
select tests.call_off('lucky', '2031-05-07', 'Yoga');
select is(tests.offered('2031-05-07'), 'una,dos', 'both seats are offered');

-- A turn passes on to another wish: una waits for anybody, dos for Ann, tre for a cut
select is(tests.take('lucky', 'Wash', '2031-05-08', 'Ann'), 'confirmed', 'Ann is taken');
select is(tests.take('qua', 'Wash', '2031-05-08', 'Ben'), 'confirmed', 'Ben is taken');
select is(tests.wait('una', 'Wash', '2031-05-08'), 'waiting', 'una waits for anybody');
select is(tests.wait('dos', 'Wash', '2031-05-08', 'Ann'), 'waiting', 'dos for Ann');
select is(tests.wait('tre', 'Cut', '2031-05-08'), 'waiting', 'tre for a cut');
select tests.call_off('lucky', '2031-05-08', 'Wash');
select is(tests.offered('2031-05-08'), 'una', 'una is asked first');
select is(tests.leave('una'), 'left', 'una leaves');
select is(tests.offered('2031-05-08'), 'dos', 'dos is asked at once');

-- The turn lapses, and nothing has run: a stranger does not come first
select tests.at('2031-05-01 08:30Z');
select throws_ok(
    $$ select tests.take('stranger', 'Cut', '2031-05-08') $$, 'PT409', 'That time was just taken.',
    'who passes by does not get it'
);
select tests.act_as_owner();
select scheduling.apply_due_transitions(100);
select is(tests.offered('2031-05-08'), 'tre', 'the worker passes it on to tre');

-- In one's own turn, and in nobody else's, the time can be seen and booked
select tests.act_as('stranger');
select is(
    (select count(*) from public.available_slots(
        tests.id('Cut')::text, '2031-05-08T09:00:00Z', '2031-05-08T10:00:00Z')),
    0::bigint, 'a stranger does not see it'
);
select tests.act_as('tre');
select is(
    (select count(*) from public.available_slots(
        tests.id('Cut')::text, '2031-05-08T09:00:00Z', '2031-05-08T10:00:00Z')),
    1::bigint, 'tre does'
);
select is(tests.take('tre', 'Cut', '2031-05-08'), 'confirmed', 'and books it');
select results_eq(
    $$ select waitlist_entries.status, bookings.starts_at from public.waitlist_entries
       inner join public.bookings on bookings.id = booking_id
       where from_at = '2031-05-08 09:00Z' $$,
    $$ values ('accepted', timestamptz '2031-05-08 09:00Z') $$, 'as if by accepting'
);
select is(
    (select count(*) from public.bookings where status <> 'confirmed'), 0::bigint,
    'and has nothing but this booking'
);

select * from finish();
rollback;
