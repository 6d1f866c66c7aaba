-- A customer and the salon write to each other about a booking; nobody else reads it, and each hears
-- of what the other wrote.
begin;
select plan(31);

select tests.at('2031-05-05 08:00Z');
select tests.person('owner');
select tests.person('stan');
select tests.person('accountant');
select tests.person('cleo');
select tests.person('dora');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.member('stan', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.business('Other', 'rival');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
create function tests.booking() returns text
language sql stable security definer set search_path = ''
as $$ select id::text from scheduling.bookings where customer_id = tests.id('cleo') $$;
create function tests.talk() returns text
language sql stable security definer set search_path = ''
as $$ select id::text from crm.conversations where booking_id is not null $$;
create function tests.customer(called text) returns text
language sql stable security definer set search_path = ''
as $$ select id::text from customers.customers where user_id = tests.id(called) $$;
create function tests.readers(audience text) returns text
language sql stable security definer set search_path = ''
as $$
    select string_agg(split_part(readers.email, '@', 1), ', ' order by readers.email)
    from crm.message_readers(
        array(
            select (1, messages.id, '{}')::private.subject_message
            from crm.messages order by messages.sent_at desc limit 1
        ),
        readers.audience
    ) as readers
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- The customer begins.
select tests.act_as('cleo');
select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z');
select is(
    (
        public.start_conversation(
            tests.id('Salon')::text, 'May I come later?', booking_id => tests.booking()
        )
    ).unread_count,
    0::bigint,
    'a customer writes about a booking'
);
select is(tests.readers('business'), 'owner', 'the business hears of it');
select is(tests.readers('customer'), null, 'and the customer does not');
select throws_ok(
    $$ select public.start_conversation(tests.id('Salon')::text, ' ') $$, 'PT400', null,
    'a message says something'
);
select throws_ok(
    $$ select public.start_conversation(
           tests.id('Salon')::text, 'Hm', booking_id => tests.id('Salon')::text
       ) $$,
    'PT404', null, 'about a booking that exists'
);
select throws_ok(
    $$ select public.start_conversation(
           tests.id('Salon')::text, 'Hm', booking_id => tests.booking(),
           order_id => tests.booking()
       ) $$,
    'PT400', null, 'and about one matter'
);

-- Who else reads it?
select tests.act_as('dora');
select is_empty($$ select * from public.conversations $$, 'another customer sees no conversation');
select is_empty($$ select * from public.messages $$, 'nor a message');
select is_empty($$ select * from public.message_reads $$, 'nor a mark');
select throws_ok(
    $$ select public.send_message(tests.talk(), 'Me too.') $$, 'PT404', null, 'and answers none'
);
select throws_ok(
    $$ select public.start_conversation(
           tests.id('Salon')::text, 'Hm', booking_id => tests.booking()
       ) $$,
    'PT404', null, 'nor writes about the booking of somebody else'
);
select tests.act_as('rival');
select is_empty($$ select * from public.messages $$, 'another business reads no message');
select throws_ok(
    $$ select public.read_conversation(tests.talk()) $$, 'PT404', null, 'and marks none as read'
);
select throws_ok(
    $$ select public.start_conversation(tests.id('Other')::text, 'Hi', tests.customer('cleo')) $$,
    'PT404', null, 'and writes to no customer of the salon'
);
select tests.act_as('accountant');
select is_empty($$ select * from public.messages $$, 'accountants read no message');
select throws_ok(
    $$ select public.send_message(tests.talk(), 'Pay.') $$, 'PT404', null, 'and write none'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.send_message(tests.talk(), 'Hi.') $$, 'PT401', null,
    'nobody writes without an account'
);

-- The salon answers.
select tests.at('2031-05-05 08:05Z');
select tests.act_as('stan');
select is(
    (select unread_count from public.conversations), 1::bigint, 'staff see that it is not read'
);
select public.read_conversation(tests.talk());
select is((select unread_count from public.conversations), 0::bigint, 'until they read it');
select is(
    (public.send_message(tests.talk(), 'Sure.')).sender::text, 'business',
    'and answer for the business'
);
select is(tests.readers('customer'), 'cleo', 'the customer hears of it');
select is(tests.readers('business'), null, 'and the business does not');
select is(
    (
        public.start_conversation(
            tests.id('Salon')::text, 'At ten?', tests.customer('cleo'), tests.booking()
        )
    ).id::text,
    tests.talk(),
    'there is one conversation about a booking'
);
select public.start_conversation(tests.id('Salon')::text, 'News!', tests.customer('cleo'));
select is(
    (select count(*) from public.conversations), 2::bigint, 'and one about nothing in particular'
);
select is(
    (
        select count(*)
        from public.customer_timeline(tests.customer('cleo'), '["message"]')
    ),
    4::bigint,
    'messages stand in the timeline'
);

-- The customer reads and answers.
select tests.at('2031-05-05 08:10Z');
select tests.act_as('cleo');
select is(
    (select sum(unread_count)::bigint from public.conversations), 3::bigint,
    'the customer sees what is new'
);
select public.send_message(tests.talk(), 'Thanks.');
select is(
    tests.readers('business'), 'owner, stan', 'whoever wrote for the business hears of the answer'
);
select is(
    (select count(*) from public.message_reads), 3::bigint, 'both sides see what is read'
);
select throws_ok(
    $$ update public.messages set body = 'No.' $$, '42501', null, 'nobody changes a message'
);
select tests.act_as_owner();
select throws_ok(
    $$ update crm.messages set body = 'No.' $$, 'PT409', null, 'not even the owner of the table'
);
select is(
    (
        select count(*) from pgmq.q_notifications
        where message -> 'kwargs' ->> 'topic' = 'message.sent'
    ),
    5::bigint,
    'each message is announced'
);

select * from finish();
rollback;
