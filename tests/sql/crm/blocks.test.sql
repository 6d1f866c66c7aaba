-- A manager blocks a customer, who then books nothing: with the account, under the address, or as
-- somebody who was merged.
begin;
select plan(20);

select tests.at('2031-05-05 08:00Z');
select tests.person('owner');
select tests.person('stan');
select tests.person('cleo');
select tests.person('dora');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.member('stan', 'Salon', 'staff');
select tests.business('Other', 'rival');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
create function tests.customer(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select id from customers.customers where user_id = tests.id(called) $$;
grant execute on all functions in schema tests to anon, authenticated;
select tests.act_as('cleo');
select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z');
select tests.act_as('dora');
select public.book(tests.id('Cut')::text, '2031-05-06T10:00:00Z');

select tests.act_as_owner();
insert into scheduling.waitlist_entries (business_id, service_id, customer_id, during, party_size)
select tests.id('Salon'), tests.id('Cut'), tests.id(called),
    '[2031-05-06 09:00Z, 2031-05-06 09:01Z)', 1
from unnest('{cleo,dora}'::text[]) as called;

select tests.act_as('stan');
select throws_ok(
    $$ select public.block_customer(tests.customer('cleo')::text) $$, 'PT403', null,
    'staff block nobody'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.block_customer(tests.customer('cleo')::text) $$, 'PT404', null,
    'another business blocks nobody of the salon'
);
select tests.act_as('owner');
select is(
    (public.block_customer(tests.customer('cleo')::text, 'Never came.')).id,
    tests.customer('cleo'),
    'the owner blocks a customer'
);
select is(
    (public.block_customer(tests.customer('cleo')::text, 'Rude.')).id, tests.customer('cleo'),
    'and again, with another reason'
);
select results_eq(
    $$ select reason, blocked_by from public.customer_blocks $$,
    $$ values ('Rude.', tests.id('owner')) $$,
    'which the business reads'
);
select tests.act_as('cleo');
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-06T11:00:00Z') $$,
    'PT403', 'This business takes no bookings from you online.', 'a blocked customer cannot book'
);
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-06T11:00:00Z', hold => 'true') $$,
    'PT403', null, 'nor hold a time'
);
select throws_ok(
    $$ select public.start_conversation(tests.id('Salon')::text, 'Why?') $$,
    'PT403', null, 'nor write'
);
select is_empty($$ select * from public.customer_blocks $$, 'and does not read why');
select is(
    (select status::text from public.waitlist_entries), 'left',
    'a blocked customer waits for nothing any more'
);
select throws_ok(
    $$ select public.join_waitlist(
        tests.id('Cut')::text, '2031-05-06T09:00:00Z', '2031-05-06T09:01:00Z'
    ) $$,
    'PT403', 'This business takes no bookings from you online.', 'and does not wait again'
);
select tests.act_as('dora');
select is(
    (select status::text from public.waitlist_entries), 'waiting', 'others wait on'
);
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-06T11:00:00Z') $$,
    'others book as before'
);
select tests.act_as_owner();
select throws_ok(
    $$ select crm.refuse_blocked(tests.id('Salon'), null, 'CLEO@example.com', null) $$,
    'PT403', null, 'the address alone is blocked as well'
);
select tests.act_as('stan');
select lives_ok(
    $$ select public.book_for(
           tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Cleo', 'cleo@example.com'
       ) $$,
    'members still book for them'
);
select tests.act_as('owner');
select public.merge_customers(tests.customer('dora')::text, tests.customer('cleo')::text);
select is(
    (select customer_id from public.customer_blocks), tests.customer('dora'),
    'a block goes over to who the customer is'
);
select tests.act_as('cleo');
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-06T12:00:00Z') $$,
    'PT403', null, 'and still holds'
);
select tests.act_as('stan');
select throws_ok(
    $$ select public.unblock_customer(tests.customer('dora')::text) $$, 'PT403', null,
    'staff end no block'
);
select tests.act_as('owner');
select is(
    (public.unblock_customer(tests.customer('cleo')::text)).id, tests.customer('cleo'),
    'the owner ends it'
);
select tests.act_as('cleo');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-06T12:00:00Z') $$,
    'and they book again'
);

select * from finish();
rollback;
