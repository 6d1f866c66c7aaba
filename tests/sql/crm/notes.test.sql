-- What a salon writes down about its customers: each role reads and writes the kinds of notes that
-- the owner lets it, and neither the customer nor another business reads any.
begin;
select plan(38);

select tests.person('owner');
select tests.person('manager');
select tests.person('stan');
select tests.person('accountant');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.member('manager', 'Salon', 'manager');
select tests.member('stan', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.business('Other', 'rival');
select tests.named('cust');
select tests.named('stranger');
insert into customers.customers (id, business_id, user_id, name, email)
values (tests.id('cust'), tests.id('Salon'), tests.id('customer'), 'Cleo', 'cleo@example.com');
insert into customers.customers (id, business_id, name)
values (tests.id('stranger'), tests.id('Other'), 'Someone');

-- Staff write an allergy down.
select tests.act_as('stan');
select lives_ok(
    $$ insert into public.customer_notes (id, business_id, customer_id, kind, body)
       values (tests.named('nuts'), tests.id('Salon'), tests.id('cust'), 'allergy', 'Nuts.') $$,
    'staff write an allergy down'
);
select results_eq(
    $$ select kind::text, body, author_id from public.customer_notes $$,
    $$ values ('allergy', 'Nuts.', tests.id('stan')) $$,
    'and read it, with who wrote it'
);
select throws_ok(
    $$ insert into public.customer_notes (business_id, customer_id, body)
       values (tests.id('Salon'), tests.id('cust'), ' ') $$,
    'PT400', null, 'a note says something'
);
select throws_ok(
    $$ insert into public.customer_notes (business_id, customer_id, body)
       values (tests.id('Salon'), tests.id('stranger'), 'Hm.') $$,
    'PT404', null, 'a note is about a customer of the business'
);
select throws_ok(
    $$ insert into public.customer_notes (business_id, customer_id, body)
       values (tests.id('Other'), tests.id('stranger'), 'Hm.') $$,
    'PT403', null, 'nobody writes for another business'
);
select throws_ok(
    $$ insert into public.customer_notes (business_id, customer_id, body, author_id)
       values (tests.id('Salon'), tests.id('cust'), 'Hm.', tests.id('owner')) $$,
    '42501', null, 'nobody writes in another name'
);
select lives_ok(
    $$ update public.customer_notes set body = 'Nuts and milk.' where id = tests.id('nuts') $$,
    'staff correct what they wrote'
);

-- Others who may not.
select tests.act_as('accountant');
select is_empty($$ select * from public.customer_notes $$, 'accountants read no notes');
select throws_ok(
    $$ insert into public.customer_notes (business_id, customer_id, body)
       values (tests.id('Salon'), tests.id('cust'), 'Hm.') $$,
    'PT403', null, 'accountants write no notes'
);
select is_empty($$ select * from public.customer_tags $$, 'accountants read no tags');
select throws_ok(
    $$ select * from public.customer_timeline(tests.id('cust')::text) $$,
    'PT404', null, 'accountants read no timeline'
);
select tests.act_as('customer');
select is_empty($$ select * from public.customer_notes $$, 'the customer reads no notes');
select throws_ok(
    $$ insert into public.customer_notes (business_id, customer_id, body)
       values (tests.id('Salon'), tests.id('cust'), 'I am nice.') $$,
    'PT403', null, 'the customer writes none either'
);
select throws_ok(
    $$ select * from public.customer_timeline(tests.id('cust')::text) $$,
    'PT404', null, 'and reads no timeline of the business'
);
select tests.act_as('rival');
select is_empty($$ select * from public.customer_notes $$, 'another business reads no notes');
select is_empty(
    $$ update public.customer_notes set body = 'x' where id = tests.id('nuts') returning id $$,
    'another business changes none'
);
select throws_ok(
    $$ select * from public.customer_timeline(tests.id('cust')::text) $$,
    'PT404', null, 'another business reads no timeline'
);
select tests.act_as_anon();
select throws_ok(
    $$ select * from public.customer_notes $$, '42501', null, 'nobody reads notes without an account'
);
select throws_ok(
    $$ select * from public.customer_timeline(tests.id('cust')::text) $$,
    'PT401', null, 'nor a timeline'
);

-- The owner lets only managers read restrictions, and only owners write general notes.
select tests.act_as('manager');
select throws_ok(
    $$ insert into public.customer_note_permissions (business_id, kind, read_permission)
       values (tests.id('Salon'), 'restriction', 'manage') $$,
    'PT403', null, 'managers do not decide who reads notes'
);
select lives_ok(
    $$ insert into public.customer_notes (id, business_id, customer_id, kind, body)
       values
       (tests.named('late'), tests.id('Salon'), tests.id('cust'), 'restriction', 'No evenings.') $$,
    'a manager writes a restriction'
);
select tests.act_as('stan');
select is((select count(*) from public.customer_notes), 2::bigint, 'staff read it at first');
select is_empty(
    $$ update public.customer_notes set body = 'x' where id = tests.id('late') returning id $$,
    'staff do not change what a manager wrote'
);
select is_empty(
    $$ delete from public.customer_notes where id = tests.id('late') returning id $$,
    'nor delete it'
);
select tests.act_as('owner');
select lives_ok(
    $$ insert into public.customer_note_permissions
       (business_id, kind, read_permission, write_permission)
       values
       (tests.id('Salon'), 'restriction', 'manage', 'manage'),
       (tests.id('Salon'), 'general', 'serve', 'own') $$,
    'the owner decides who reads and writes which kind'
);
select throws_ok(
    $$ update public.customer_note_permissions set read_permission = 'account'
       where business_id = tests.id('Salon') and kind = 'general' $$,
    'PT400', null, 'by a permission that serves customers'
);
select tests.act_as('stan');
select results_eq(
    $$ select kind::text from public.customer_notes $$, array['allergy'],
    'staff read restrictions no more'
);
select is(
    (select count(*) from public.customer_timeline(tests.id('cust')::text)), 1::bigint,
    'not in the timeline either'
);
select throws_ok(
    $$ insert into public.customer_notes (business_id, customer_id, body)
       values (tests.id('Salon'), tests.id('cust'), 'Hm.') $$,
    'PT403', null, 'and write no general note'
);
select throws_ok(
    $$ update public.customer_notes set kind = 'general' where id = tests.id('nuts') $$,
    'PT403', null, 'nor make one of another kind'
);
select tests.act_as('manager');
select is((select count(*) from public.customer_notes), 2::bigint, 'a manager reads both');
select isnt_empty(
    $$ delete from public.customer_notes where id = tests.id('nuts') returning id $$,
    'and deletes what staff wrote'
);

-- Tags.
select tests.act_as('stan');
select lives_ok(
    $$ insert into public.customer_tags (business_id, customer_id, tag)
       values (tests.id('Salon'), tests.id('cust'), 'VIP') $$,
    'staff tag a customer'
);
select throws_ok(
    $$ insert into public.customer_tags (business_id, customer_id, tag)
       values (tests.id('Salon'), tests.id('cust'), 'VIP') $$,
    '23505', null, 'with each word once'
);
select tests.act_as('customer');
select is_empty($$ select * from public.customer_tags $$, 'the customer reads no tags');
select tests.act_as('rival');
select is_empty($$ select * from public.customer_tags $$, 'another business reads no tags');
select throws_ok(
    $$ insert into public.customer_tags (business_id, customer_id, tag)
       values (tests.id('Other'), tests.id('cust'), 'Mine') $$,
    'PT404', null, 'and tags only its own customers'
);
select tests.act_as('stan');
select isnt_empty(
    $$ delete from public.customer_tags where tag = 'VIP' returning tag $$,
    'staff take a tag away'
);

select * from finish();
rollback;
