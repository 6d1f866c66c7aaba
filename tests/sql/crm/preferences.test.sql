-- Who is written down as somebody who wants Ben gets Ben, also without an account; and slots begin
-- with what somebody usually books.
begin;
select plan(26);

select tests.at('2031-05-05 08:00Z');
select tests.person('owner'), tests.person('stan'), tests.person('accountant'),
    tests.person('cleo'), tests.person('rival');
select tests.business('Salon', 'owner'), tests.business('Other', 'rival');
select tests.member('stan', 'Salon', 'staff'), tests.member('accountant', 'Salon', 'accountant');
select tests.hours('Salon');
select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon'), tests.resource('Cem', 'Salon');
select tests.resource('Foreign', 'Other');
select tests.service('Cut', 'Salon', 60, 5000), tests.service('Colour', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann'), tests.takes('Cut', 'Ben'), tests.takes('Colour', 'Cem');
update catalog.service_resources set priority = 5 where resource_id = tests.id('Ann');
update catalog.services set prefers_known_staff = true where id = tests.id('Cut');
create function tests.customer(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select id::text from customers.customers
    where name = called or user_id = (select id from tests.names where name = called)
$$;
create function tests.given(booking text) returns text
language sql volatile security definer set search_path = ''
as $$
    select resources.name || ', ' || booking_items.assigned_by
    from scheduling.booking_items
    inner join catalog.resources on resources.id = booking_items.resource_id
    where booking_items.booking_id = booking::uuid
$$;
create function tests.slots_of(customer text) returns text
language sql stable security invoker set search_path = ''
as $$
    select string_agg(distinct names.name || ': ' || staff.name, ', ')
    from public.preferred_slots(
        tests.id('Salon')::text, '2031-05-06T09:00:00Z', '2031-05-06T10:00:00Z', customer
    ) as slots
    cross join unnest(slots.resource_ids) as resource (id)
    inner join tests.names on names.id = slots.service_id
    inner join tests.names as staff on staff.id = resource.id
$$;
grant execute on all functions in schema tests to anon, authenticated;
grant select on tests.names to anon, authenticated;

-- A walk-in
select tests.act_as('stan');
select lives_ok(
    $$ select public.add_customer(tests.id('Salon')::text, 'Wally', phone => '+4930123456') $$,
    'a walk-in is written down'
);
select is(
    tests.given((public.book_for(
        tests.id('Cut')::text, '2031-05-06T16:00:00Z', 'Wally', customer_phone => '+4930123456'
    )).id::text),
    'Ann, priority', 'who wants nobody in particular'
);
select is(tests.slots_of(tests.customer('Wally')), null, 'and nothing that is known');
select is(
    (public.set_customer_preferences(
        tests.customer('Wally'), tests.id('Ben')::text, tests.id('Cut')::text
    )).name,
    'Wally', 'until a member writes it down'
);
select is(
    tests.given((public.book_for(
        tests.id('Cut')::text, '2031-05-06T10:00:00Z', 'W.', customer_phone => '+4930123456'
    )).id::text),
    'Ben, preferred', 'a booking under the phone number gets Ben'
);
select is(
    tests.given((public.book_for(
        tests.id('Cut')::text, '2031-05-06T11:00:00Z', 'W.', customer_phone => '+4930999999'
    )).id::text),
    'Ann, priority', 'one under another number does not'
);
select is(
    tests.slots_of(tests.customer('Wally')), 'Cut: Ben', 'slots begin with what a walk-in usually books'
);
select throws_ok(
    $$ select public.set_customer_preferences(tests.customer('Wally'), tests.id('Foreign')::text) $$,
    'PT400', 'resource_id must be a resource of the business.', 'nobody wants staff of others'
);
select throws_ok(
    $$ select public.set_customer_preferences(
        tests.customer('Wally'), service_id => tests.id('Ann')::text
    ) $$,
    'PT400', 'service_id must be a service of the business.', 'or what does not exist'
);

-- Who reads and writes it
select tests.act_as('accountant');
select is_empty('select * from public.customer_preferences', 'an accountant does not read it');
select tests.act_as('rival');
select is_empty('select * from public.customer_preferences', 'nor does another business');
select throws_ok(
    $$ select public.set_customer_preferences(tests.customer('Wally')) $$, 'PT404', null,
    'which writes nothing either'
);
select throws_ok(
    $$ select tests.slots_of(tests.customer('Wally')) $$, 'PT404', null, 'and asks for no slots'
);
select tests.act_as_anon();
select throws_ok(
    $$ select tests.slots_of(null) $$, 'PT401', null, 'a stranger has no preferences'
);

-- An account
select tests.act_as('cleo');
select is(tests.slots_of(null), null, 'an account that booked nothing begins with nothing');
select is(
    tests.given((public.book(tests.id('Cut')::text, '2031-05-06T12:00:00Z')).id::text),
    'Ann, priority', 'and gets whoever it is'
);
select tests.act_as('stan');
select public.set_customer_preferences(tests.customer('cleo'), tests.id('Ben')::text);
select tests.act_as('cleo');
select is(
    tests.given((public.book(tests.id('Cut')::text, '2031-05-06T13:00:00Z')).id::text),
    'Ben, preferred', 'what a member wrote down counts for it as well'
);
select is(
    (select count(*) from public.customer_preferences), 1::bigint, 'and the customer reads it'
);
select public.set_preferred_resource(tests.id('Salon')::text, tests.id('Ann')::text);
select is(
    tests.given((public.book(tests.id('Cut')::text, '2031-05-06T14:00:00Z')).id::text),
    'Ann, preferred', 'but its own word goes first'
);
select public.set_preferred_service(tests.id('Salon')::text, tests.id('Colour')::text);
select is(tests.slots_of(null), 'Colour: Cem', 'whom it prefers does not give that service');
select throws_ok(
    $$ select public.set_preferred_service(tests.id('Other')::text, tests.id('Cut')::text) $$,
    'PT404', 'There is no such service.', 'nothing of another business is preferred'
);
select tests.act_as('stan');
select is_empty('select * from public.preferred_services', 'its own word is not for members');
select is(
    tests.slots_of(tests.customer('cleo')), null, 'who see no slots of it'
);
select tests.act_as('cleo');
select public.set_preferred_service(tests.id('Salon')::text);
select tests.act_as_owner();
select tests.at('2031-05-06 14:00Z');
update scheduling.bookings set status = 'checked_in' where customer_id = tests.id('cleo');
update scheduling.bookings set status = 'completed' where customer_id = tests.id('cleo');
select tests.at('2031-05-05 08:00Z');
select tests.act_as('cleo');
select is(tests.slots_of(null), 'Cut: Ann', 'without a word it begins with what was booked last');

-- One person twice
select tests.act_as('owner');
select public.merge_customers(tests.customer('cleo'), tests.customer('Wally'));
select is(
    (select count(*) from public.customer_preferences where customer_id::text = tests.customer('cleo')),
    1::bigint, 'a merger keeps one preference'
);
select is(
    tests.given((public.book_for(
        tests.id('Cut')::text, '2031-05-06T15:00:00Z', 'W.', customer_phone => '+4930123456'
    )).id::text),
    'Ben, preferred', 'that counts for who was merged'
);

select * from finish();
rollback;
