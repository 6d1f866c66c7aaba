-- The receptionist books for people who call or walk in: without an account, at short notice, and
-- what was set aside for them stays in the history.
begin;
select plan(64);

-- Given a salon in Berlin that wants a day's notice and opens from nine to five, at ten past ten
select tests.at('2031-05-05 08:10Z');
select tests.person('owner');
select tests.person('manager');
select tests.person('receptionist');
select tests.person('accountant');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner', 'Europe/Berlin');
select tests.member('manager', 'Salon', 'manager');
select tests.member('receptionist', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.business('Other', 'rival', 'Europe/Berlin');
select tests.business('Draft', 'rival', 'Europe/Berlin');
update business.businesses set is_active = false where id = tests.id('Draft');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.hours('Salon');
select tests.hours('Ben', '12:00', '17:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Ben');
update catalog.services
set min_notice_minutes = 1440, max_advance_days = 30, requires_confirmation = true
where id = tests.id('Cut');
select tests.service('Wash', 'Salon', 30, 1500);
select tests.takes('Wash', 'Ann');
select tests.service('Shave', 'Other');
select tests.service('Plan', 'Draft');
insert into catalog.service_questions (business_id, service_id, key, label, kind, is_required)
values (tests.id('Salon'), tests.id('Wash'), 'hair', 'Your hair', 'text', true);

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.history(called text) returns scheduling.booking_history
language sql stable security definer set search_path = ''
as $$
    select booking_history
    from scheduling.booking_history
    where booking_history.booking_id = tests.id(called)
    order by booking_history.id limit 1
$$;
create function tests.resource_of(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select resources.name
    from scheduling.booking_items
    inner join catalog.resources on resources.id = booking_items.resource_id
    where booking_items.booking_id = tests.id(called)
$$;
create function tests.known(contact text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select count(*)
    from customers.customers
    where customers.business_id = tests.id('Salon') and contact in (customers.email, customers.phone)
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Who may
select tests.act_as_anon();
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl') $$,
    'PT401', 'Sign in first.', 'a stranger must sign in'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl') $$,
    'PT403', 'You are not allowed to do this for this business.', 'a customer books for nobody else'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl') $$,
    'PT403', 'You are not allowed to do this for this business.',
    'nor does a member of another business'
);
select tests.act_as('accountant');
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl') $$,
    'PT403', 'You are not allowed to do this for this business.', 'nor does an accountant'
);
select tests.act_as('receptionist');
select throws_ok(
    $$ select public.book_for(tests.id('Plan')::text, '2031-05-07T09:00:00Z', 'Carl') $$,
    'PT404', 'There is no such service.', 'a service of a business that nobody sees does not exist'
);
select throws_ok(
    $$ select public.book_for(gen_random_uuid()::text, '2031-05-07T09:00:00Z', 'Carl') $$,
    'PT404', 'There is no such service.', 'like one that is absent'
);

-- What is asked for
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-07T09:00:00Z', ' ') $$,
    'PT400', 'customer_name is required.', 'a customer has a name'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl', customer_email => 'carl'
    ) $$,
    'PT400', 'customer_email must be an e-mail address.', 'an address is one'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl', customer_phone => '0170 1'
    ) $$,
    'PT400', 'customer_phone must be in international form, such as +491701234567.',
    'a phone number is international'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl', override => '["taken"]'
    ) $$,
    'PT400', 'override must be a list of these: notice, advance, hours, closures, limits.',
    'an unknown rule is refused'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Carl', override => '"notice"'
    ) $$,
    'PT400', 'override must be a JSON array.', 'and so is what is no list'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Wash')::text, '2031-05-07T09:00:00Z', 'Carl'
    ) $$,
    'PT400', 'answers.hair is required.', 'the questions of the service are asked'
);

-- A caller, by the rules of the public
select lives_ok(
    $$ select tests.note('call', (public.book_for(
        tests.id('Cut')::text, '2031-05-07T09:00:00+02:00', 'Carl Caller',
        customer_email => 'carl@example.com', notes => 'Short', idempotency_key => 'k'
    )).id) $$,
    'staff book for a caller'
);
select results_eq(
    $$ select status::text, customer_name, customer_email, notes, customer_id, contact_verified_at,
        overridden::text
       from public.bookings where id = tests.id('call') $$,
    $$ values (
        'confirmed', 'Carl Caller', 'carl@example.com', 'Short', null::uuid, null::timestamptz, '{}'
    ) $$,
    'it is confirmed at once, and nobody has proven the address'
);
select is((tests.history('call')).actor::text, 'business', 'the business made it');
select is((tests.history('call')).actor_id, tests.id('receptionist'), 'the history says who');
select is((tests.history('call')).overridden::text, '{}', 'and that no rule was set aside');
select is(
    (select sales.customer_name || ' ' || sales.customer_email from public.sales
     inner join public.bookings on bookings.sale_id = sales.id where bookings.id = tests.id('call')),
    'Carl Caller carl@example.com', 'the caller is the buyer'
);
select is(
    (public.book_for(
        tests.id('Cut')::text, '2031-05-07T09:00:00+02:00', 'Carl Caller',
        customer_email => 'carl@example.com', notes => 'Short', idempotency_key => 'k'
    )).id,
    tests.id('call'), 'the same key gets the first answer again'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-07T09:00:00+02:00', 'Carla', idempotency_key => 'k'
    ) $$,
    'PT409', 'This idempotency key was used with other arguments.', 'with a new name it is another call'
);
select is(tests.known('carl@example.com'), 1::bigint, 'the business knows the caller now');

-- A walk-in: too soon for the public
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-05T10:15:00+02:00', 'Wilma') $$,
    'PT422', 'That time is too soon to book.', 'the notice binds the one who sets nothing aside'
);
select lives_ok(
    $$ select tests.note('walk-in', (public.book_for(
        tests.id('Cut')::text, '2031-05-05T10:15:00+02:00', 'Wilma', override => '["notice", "advance"]'
    )).id) $$,
    'staff set the notice aside'
);
select is((tests.history('walk-in')).overridden::text, '{notice}', 'which the history says, and only that');
select is(tests.resource_of('walk-in'), 'Ann', 'it goes to the one who works then');
select is(tests.known('Wilma'), 0::bigint, 'somebody without a contact is not noted');
select lives_ok(
    $$ select public.check_in_booking(tests.id('walk-in')::text) $$, 'the walk-in is here'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-05T10:15:00+02:00', 'Walt',
        override => '["notice"]', resource_id => tests.id('Ann')::text
    ) $$,
    'PT409', 'That time was just taken.', 'Ann is taken'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-04T10:00:00+02:00', 'Walt', override => '["notice"]'
    ) $$,
    'PT422', 'That time is too soon to book.', 'a day back is the end'
);
select lives_ok(
    $$ select tests.note('earlier', (public.book_for(
        tests.id('Cut')::text, '2031-05-04T11:00:00+02:00', 'Walt', override => '["notice"]'
    )).id) $$,
    'what was yesterday is still written down'
);
select lives_ok(
    $$ select public.complete_booking(tests.id('earlier')::text) $$, 'and completed'
);
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-07-07T09:00:00+02:00', 'Walt') $$,
    'PT422', 'That time is too far ahead to book.', 'the advance binds, too'
);
select lives_ok(
    $$ select tests.note('ahead', (public.book_for(
        tests.id('Cut')::text, '2031-07-07T09:00:00+02:00', 'Walt', override => '["advance"]'
    )).id) $$,
    'unless it is set aside'
);
select is((tests.history('ahead')).overridden::text, '{advance}', 'which the history says');

-- Hours, closures and limits are a manager's
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-08T07:07:00+02:00', 'Eve', override => '["hours"]'
    ) $$,
    'PT403', 'You are not allowed to do this for this business.', 'staff do not set hours aside'
);
select tests.act_as('manager');
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-08T07:07:00+02:00', 'Eve') $$,
    'PT422', 'This service cannot start at that time.', 'the salon is closed at seven past seven'
);
select lives_ok(
    $$ select tests.note('early', (public.book_for(
        tests.id('Cut')::text, '2031-05-08T07:07:00+02:00', 'Eve',
        override => '["hours"]', resource_id => tests.id('Ben')::text
    )).id) $$,
    'a manager opens for her'
);
select is((tests.history('early')).overridden::text, '{hours}', 'which the history says');
select is(tests.resource_of('early'), 'Ben', 'and Ben comes early');
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-08T07:30:00+02:00', 'Eric',
        override => '["hours"]', resource_id => tests.id('Ben')::text
    ) $$,
    'PT409', 'That time was just taken.', 'nobody is booked twice'
);
select lives_ok(
    $$ select tests.note('morning', (public.book_for(
        tests.id('Cut')::text, '2031-05-08T09:00:00+02:00', 'Max', override => '["hours"]'
    )).id) $$,
    'inside the hours'
);
select is((tests.history('morning')).overridden::text, '{}', 'nothing is set aside');
select is(tests.resource_of('morning'), 'Ann', 'and who is off stays off');

insert into business.closures (business_id, starts_on, ends_on)
values (tests.id('Salon'), '2031-05-12', '2031-05-12');
select throws_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-12T12:00:00+02:00', 'Holly', override => '["hours"]'
    ) $$,
    'PT422', 'The business takes no bookings at that time.', 'a closure is another rule'
);
select lives_ok(
    $$ select tests.note('holiday', (public.book_for(
        tests.id('Cut')::text, '2031-05-12T07:07:00+02:00', 'Holly', override => '["hours", "closures"]'
    )).id) $$,
    'that a manager may set aside as well'
);
select is((tests.history('holiday')).overridden::text, '{hours,closures}', 'which the history says');

select tests.act_as_owner();
insert into catalog.booking_limits (business_id, period, max_bookings)
values (tests.id('Salon'), 'day', 2);
insert into catalog.booking_limits (business_id, period, max_bookings, is_per_customer)
values (tests.id('Salon'), 'year', 1, true);
select tests.act_as('manager');
select throws_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-08T14:00:00+02:00', 'Lou') $$,
    'PT422', 'This business has reached its booking limit for that period.', 'two a day are enough'
);
select lives_ok(
    $$ select tests.note('third', (public.book_for(
        tests.id('Cut')::text, '2031-05-08T14:00:00+02:00', 'Lou', override => '["limits"]'
    )).id) $$,
    'but not for a regular'
);
select is((tests.history('third')).overridden::text, '{limits}', 'which the history says');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-14T14:00:00+02:00') $$,
    'a manager books for herself'
);
select lives_ok(
    $$ select public.book_for(tests.id('Cut')::text, '2031-05-15T14:00:00+02:00', 'Lou') $$,
    'her own limit does not bind those for whom she books'
);
select tests.act_as_owner();
delete from catalog.booking_limits;

-- A class has sessions and no hours
select tests.service('Yoga', 'Salon', 60, 1000);
update catalog.services set is_class = true, min_notice_minutes = 1440, max_party_size = 2
where id = tests.id('Yoga');
insert into scheduling.sessions (business_id, service_id, starts_at, ends_at, capacity)
values (
    tests.id('Salon'), tests.id('Yoga'), '2031-05-05 09:00Z', '2031-05-05 10:00Z', 2
);
select tests.act_as('manager');
select throws_ok(
    $$ select public.book_for(
        tests.id('Yoga')::text, '2031-05-05T13:00:00Z', 'Yvonne', override => '["notice", "hours"]'
    ) $$,
    'PT422', 'This service cannot start at that time.', 'without a session there is no class'
);
select lives_ok(
    $$ select tests.note('seat', (public.book_for(
        tests.id('Yoga')::text, '2031-05-05T09:00:00Z', 'Yvonne', override => '["notice"]', party_size => '2'
    )).id) $$,
    'a walk-in sits down'
);
select throws_ok(
    $$ select public.book_for(
        tests.id('Yoga')::text, '2031-05-05T09:00:00Z', 'Yves',
        override => '["notice", "hours", "closures", "limits"]'
    ) $$,
    'PT409', 'That time was just taken.', 'until the seats are taken'
);

-- The business knows its customers once
select tests.act_as('receptionist');
select lives_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-16T09:00:00+02:00', 'Carl',
        customer_email => 'CARL@example.com', customer_phone => '+491701234567'
    ) $$,
    'the caller calls again, with a phone number'
);
select results_eq(
    $$ select name, email, phone, contact_verified_at from public.customers where phone = '+491701234567' $$,
    $$ values ('Carl Caller', 'carl@example.com', '+491701234567', null::timestamptz) $$,
    'and is the same customer, whose number is known now'
);
select lives_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-16T10:00:00+02:00', 'Carl', customer_phone => '+491701234567'
    ) $$,
    'also by the number alone'
);
select is(tests.known('+491701234567'), 1::bigint, 'it is still one');
select lives_ok(
    $$ select public.book_for(
        tests.id('Cut')::text, '2031-05-16T11:00:00+02:00', 'Cora',
        customer_email => 'cora@example.com', customer_phone => '+491701234567'
    ) $$,
    'somebody with another address and the same number'
);
select is(tests.known('+491701234567'), 2::bigint, 'is another customer');

-- Who proves the address later is that customer
select tests.act_as_owner();
select customers.note_customer(
    tests.id('Salon'), null, 'Carl', 'carl@example.com', null, '2031-05-05 08:10Z'
);
select results_eq(
    $$ select name, contact_verified_at from customers.customers where lower(email) = 'carl@example.com' $$,
    $$ values ('Carl Caller', timestamptz '2031-05-05 08:10Z') $$, 'a proven address merges'
);

-- Notifications go to the contact, and to nobody without one
select results_eq(
    $$ select user_id, email, phone from scheduling.booking_readers(
        array[row(1, tests.id('call'), '{}')::private.subject_message], 'customer'
    ) $$,
    $$ values (null::uuid, 'carl@example.com', null::text) $$, 'the caller is told by mail'
);
select results_eq(
    $$ select user_id, email, phone from scheduling.booking_readers(
        array[row(1, tests.id('walk-in'), '{}')::private.subject_message], 'customer'
    ) $$,
    $$ values (null::uuid, null::text, null::text) $$, 'the walk-in cannot be told'
);
select tests.act_as('customer');
select is(
    (select count(*) from public.bookings), 0::bigint, 'no account sees what members booked for others'
);

select * from finish();
rollback;
