-- Bookings as calendars: whose one may have, what is in them, and when they stop.
begin;
select plan(46);

-- Given a salon with a manager and two who work there, and a customer
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('manager');
select tests.person('ann');
select tests.person('accountant');
select tests.person('customer');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.member('manager', 'Salon', 'manager');
select tests.member('ann', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.resource('Chair', 'Salon', 'room');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Ben');
select tests.takes('Cut', 'Chair', 'all');
update business.businesses set address_line1 = 'High Street 1', city = 'Town' where id = tests.id('Salon');
create temporary table feeds (name text primary key, id uuid, token text);
grant all on feeds to authenticated, edge;

/* What a feed shows, as the edge asks. */
create function pg_temp.shown(feed text)
returns jsonb
language plpgsql
as $$
declare
    v_token text = (select feeds.token from feeds where feeds.name = feed);
    v_shown jsonb;
begin
    perform tests.act_as_role('edge');
    v_shown = scheduling.calendar_feed(v_token);
    perform tests.act_as_owner();
    return v_shown;
end;
$$;
grant execute on function pg_temp.shown(text) to edge;

-- Who may have which
select tests.act_as('customer');
select lives_ok(
    $$ insert into feeds select 'customer', made.feed_id, made.token
       from public.create_calendar_feed() as made $$,
    'a customer has a calendar of what they booked'
);
select throws_ok(
    $$ select public.create_calendar_feed() $$, 'PT409', 'You already have this feed.', 'once'
);
select throws_ok(
    $$ select public.create_calendar_feed(tests.id('Salon')::text) $$, 'PT403', null,
    'not one of the business'
);
select throws_ok(
    $$ select public.create_calendar_feed(resource_id => tests.id('Ann')::text) $$, 'PT403', null,
    'nor of who works there'
);
select throws_ok(
    $$ select public.create_calendar_feed(resource_id => gen_random_uuid()::text) $$, 'PT404', null,
    'nor of nobody'
);
select throws_ok(
    $$ select public.create_calendar_feed('x') $$, 'PT400', 'business_id must be a UUID.', 'in words'
);
select tests.act_as('ann');
select lives_ok(
    $$ insert into feeds select 'ann', made.feed_id, made.token
       from public.create_calendar_feed(resource_id => tests.id('Ann')::text) as made $$,
    'who works there has one of a resource'
);
select throws_ok(
    $$ select public.create_calendar_feed(tests.id('Salon')::text) $$, 'PT403', null,
    'but not of the whole business'
);
select tests.act_as('manager');
select lives_ok(
    $$ insert into feeds select 'salon', made.feed_id, made.token
       from public.create_calendar_feed(tests.id('Salon')::text) as made $$,
    'a manager has'
);
select lives_ok(
    $$ insert into feeds select 'chair', made.feed_id, made.token
       from public.create_calendar_feed(tests.id('Salon')::text, tests.id('Chair')::text) as made $$,
    'and one of a chair'
);
select tests.act_as('accountant');
select throws_ok(
    $$ select public.create_calendar_feed(tests.id('Salon')::text, tests.id('Ann')::text) $$,
    'PT403', null, 'who only counts has none'
);
select tests.act_as_anon();
select throws_ok($$ select public.create_calendar_feed() $$, 'PT401', null, 'nobody has none');
select throws_ok($$ select * from public.calendar_feeds $$, '42501', null, 'and sees none');

-- Who sees which
select tests.act_as('customer');
select is((select count(*) from public.calendar_feeds), 1::bigint, 'a customer sees theirs');
select tests.act_as('ann');
select is((select count(*) from public.calendar_feeds), 1::bigint, 'who works there theirs');
select throws_ok(
    $$ select token_hash from scheduling.calendar_feeds $$, '42501', null, 'without the hash'
);
select tests.act_as('owner');
select is((select count(*) from public.calendar_feeds), 3::bigint, 'the owner those of the salon');

-- What is in them
select tests.act_as('customer');
select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', tests.id('Ann')::text);
create temporary table booked as select bookings.id, bookings.reference from public.bookings;
select public.book(tests.id('Cut')::text, '2031-05-05T12:00:00Z', tests.id('Ben')::text);
select public.book(tests.id('Cut')::text, '2031-05-05T15:00:00Z', tests.id('Ben')::text, hold => 'true');
select tests.act_as_owner();
select is(
    pg_temp.shown('customer') -> 'entries' -> 0,
    jsonb_build_object(
        'id', booked.id, 'sequence', 1, 'status', 'confirmed',
        'starts_at', timestamptz '2031-05-05 09:00Z', 'ends_at', timestamptz '2031-05-05 10:00Z',
        'changed_at', (select bookings.updated_at from scheduling.bookings where bookings.id = booked.id),
        'reference', booked.reference, 'service_names', 'Cut', 'staff_names', null,
        'party', 'Salon', 'address', 'High Street 1, Town'
    ),
    'a customer reads with whom, where and what'
)
from booked;
select is(
    jsonb_array_length(pg_temp.shown('customer') -> 'entries'), 2, 'a hold is no appointment yet'
);
select is(
    pg_temp.shown('ann') -> 'entries' -> 0 ->> 'party',
    (select coalesce(bookings.customer_name, bookings.reference) from scheduling.bookings
    inner join booked on booked.id = bookings.id), 'who works there reads who comes'
);
select is(
    pg_temp.shown('ann') -> 'entries' -> 0 ->> 'address', null, 'not where they work'
);
select is(jsonb_array_length(pg_temp.shown('ann') -> 'entries'), 1, 'only what is theirs');
select is(jsonb_array_length(pg_temp.shown('chair') -> 'entries'), 2, 'the chair is in both');
select is(pg_temp.shown('salon') -> 'entries' -> 1 ->> 'staff_names', 'Ben', 'the salon reads by whom');
select is(pg_temp.shown('ann') ->> 'name', 'Ann · Salon', 'each has its name');
select ok(
    pg_temp.shown('salon')::text !~ 'example\.com', 'addresses of customers are in none of them'
);

-- Moves and cancellations
select tests.act_as('customer');
select public.reschedule_booking((select booked.id::text from booked), '2031-05-05T10:00:00Z');
select tests.act_as_owner();
select is(
    (pg_temp.shown('ann') -> 'entries' -> 0) - '{changed_at,party,reference}'::text[],
    jsonb_build_object(
        'id', booked.id, 'sequence', 2, 'status', 'confirmed',
        'starts_at', timestamptz '2031-05-05 10:00Z', 'ends_at', timestamptz '2031-05-05 11:00Z',
        'service_names', 'Cut', 'staff_names', 'Ann', 'address', null
    ),
    'a move changes the time and raises the sequence'
)
from booked;
select tests.act_as('customer');
select public.cancel_booking((select booked.id::text from booked));
select tests.act_as_owner();
select is(
    (pg_temp.shown('ann') -> 'entries' -> 0) ->> 'status', 'cancelled', 'a cancellation is told'
);
select is(((pg_temp.shown('ann') -> 'entries' -> 0) ->> 'sequence')::integer, 3, 'as a further step');
select tests.at('2031-05-15 08:01Z');
select is(pg_temp.shown('ann') -> 'entries', '[]', 'for two weeks');
select tests.at('2031-06-05 09:00Z');
select is(pg_temp.shown('customer') -> 'entries', '[]', 'what was a month ago is gone');
select tests.at('2030-05-05 10:00Z');
select is(pg_temp.shown('salon') -> 'entries', '[]', 'what is a year ahead is not there yet');
select tests.at('2031-05-01 08:00Z');

-- Classes are one entry, whoever comes
select tests.service('Yoga', 'Salon', 60, 1500);
select tests.takes('Yoga', 'Ben');
select tests.takes('Yoga', 'Chair', 'all');
update catalog.services set is_class = true, max_party_size = 3 where id = tests.id('Yoga');
select tests.act_as('owner');
select public.create_slots(tests.id('Yoga')::text, '2031-05-06', '09:00', '10:00', '8');
select tests.act_as('customer');
select public.book(tests.id('Yoga')::text, '2031-05-06T09:00:00Z', party_size => '3');
select tests.act_as_owner();
select is(
    pg_temp.shown('salon') -> 'entries' -> -1,
    jsonb_build_object(
        'id', sessions.id, 'sequence', 0, 'status', 'confirmed',
        'starts_at', timestamptz '2031-05-06 09:00Z', 'ends_at', timestamptz '2031-05-06 10:00Z',
        'changed_at', sessions.created_at, 'reference', null, 'service_names', 'Yoga',
        'staff_names', 'Ben', 'party', '3/8', 'address', null
    ),
    'a class is in the calendar of the salon, with how many come'
)
from scheduling.sessions;
select is(
    (select count(*) from jsonb_array_elements(pg_temp.shown('salon') -> 'entries') as entry
    where entry ->> 'service_names' = 'Yoga'), 1::bigint, 'once'
);
select is(
    pg_temp.shown('chair') -> 'entries' -> -1 ->> 'party', '3/8', 'and of what it takes'
);
select is(
    jsonb_path_exists(pg_temp.shown('ann'), '$.entries[*] ? (@.service_names == "Yoga")'), false,
    'not of who is not in it'
);
select is(
    pg_temp.shown('customer') -> 'entries' -> -1 ->> 'party', 'Salon', 'a guest sees their booking'
);

-- New addresses, and the end
create temporary table former as select feeds.token from feeds where feeds.name = 'ann';
grant select on former to edge;
select tests.act_as('owner');
select throws_ok(
    $$ select public.rotate_calendar_feed((select feeds.id::text from feeds where feeds.name = 'ann')) $$,
    'PT404', null, 'nobody gets the address of another''s feed'
);
select tests.act_as('ann');
update feeds set token = (select made.token from public.rotate_calendar_feed(feeds.id::text) as made)
where feeds.name = 'ann';
select tests.act_as_role('edge');
select is(
    scheduling.calendar_feed((select former.token from former)), null, 'the old address is gone'
);
select tests.act_as_owner();
select isnt(pg_temp.shown('ann'), null, 'the new one works');
update business.business_members set role = 'accountant' where user_id = tests.id('ann');
select is(pg_temp.shown('ann'), null, 'whoever lost the role reads no more');
update business.business_members set role = 'staff' where user_id = tests.id('ann');
update auth.users set banned_until = '2031-06-01Z' where id = tests.id('ann');
select is(pg_temp.shown('ann'), null, 'nor whoever is banned');
update auth.users set banned_until = null where id = tests.id('ann');
delete from business.business_members where business_members.user_id = tests.id('manager');
select is(pg_temp.shown('salon'), null, 'nor whoever has left');
select tests.act_as('stranger');
select throws_ok(
    $$ select public.delete_calendar_feed((select feeds.id::text from feeds where feeds.name = 'ann')) $$,
    'PT404', null, 'a stranger ends nobody''s feed'
);
select tests.act_as('owner');
select lives_ok(
    $$ select public.delete_calendar_feed((select feeds.id::text from feeds where feeds.name = 'ann')) $$,
    'the owner ends one of the salon'
);
select tests.act_as_owner();
select is(pg_temp.shown('ann'), null, 'and it is gone');

select * from finish();
rollback;
