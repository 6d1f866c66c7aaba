-- The salon keeps its customers: people who walk in, one by one or from a list. Somebody who has
-- proven the same address is the same customer once they book with an account.
begin;
select plan(30);

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
create function tests.customer(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select id from customers.customers where name = called $$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('stan');
select is(
    (public.add_customer(tests.id('Salon')::text, 'Walk-in')).name, 'Walk-in',
    'staff write down somebody who walks in'
);
select throws_ok(
    $$ select public.add_customer(tests.id('Salon')::text) $$, 'PT400', null,
    'by a name or a contact'
);
select throws_ok(
    $$ select public.add_customer(tests.id('Salon')::text, e'two\nlines') $$, 'PT400', null,
    'in one line'
);
select throws_ok(
    $$ select public.add_customer(tests.id('Other')::text, 'Hm') $$, 'PT403', null,
    'only for their business'
);
select is(
    (
        public.update_customer(
            tests.customer('Walk-in')::text, 'Cleo', 'Cleo@example.com', '+4930123456'
        )
    ).email,
    'Cleo@example.com',
    'and add what they learn later'
);
select is(
    (public.update_customer(tests.customer('Cleo')::text, phone => '+4930123457')).email,
    'Cleo@example.com',
    'what is not sent stays'
);
select throws_ok(
    $$ select public.delete_customer(tests.customer('Cleo')::text) $$, 'PT403', null,
    'staff delete nobody'
);
select tests.act_as('accountant');
select throws_ok(
    $$ select public.add_customer(tests.id('Salon')::text, 'Hm') $$, 'PT403', null,
    'accountants write nobody down'
);
select throws_ok(
    $$ select public.update_customer(tests.customer('Cleo')::text, 'Hm') $$, 'PT404', null,
    'and change nobody'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.update_customer(tests.customer('Cleo')::text, 'Hm') $$, 'PT404', null,
    'neither does another business'
);
select throws_ok(
    $$ select public.delete_customer(tests.customer('Cleo')::text) $$, 'PT404', null,
    'which deletes nobody either'
);

-- The account.
select tests.act_as('dora');
select public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z');
select tests.act_as_owner();
select is(
    (select user_id from customers.customers where name = 'Cleo'), null,
    'an account with another address is somebody else'
);
select tests.act_as('cleo');
select public.book(tests.id('Cut')::text, '2031-05-06T10:00:00Z');
select tests.act_as_owner();
select is(
    (select user_id from customers.customers where name = 'Cleo'), tests.id('cleo'),
    'who books with an account that has proven the address is the customer who was written down'
);
select is(
    (select count(*) from customers.customers where user_id = tests.id('cleo')), 1::bigint,
    'and there is no second row'
);
select tests.person('phony');
update auth.users set phone = '4930777', phone_confirmed_at = null
where id = tests.id('phony');
insert into customers.customers (business_id, name, phone)
values (tests.id('Salon'), 'Caller', '+4930777');
select is(customers.link_account(tests.id('phony')), 0, 'a phone number that nobody proved links nothing');
update auth.users set phone_confirmed_at = now() where id = tests.id('phony');
select tests.act_as('phony');
select is(public.claim_guest_bookings(), 0, 'somebody who signs in takes over what is theirs');
select is(
    (select name from public.customers), 'Caller', 'such as what is known under their phone number'
);

-- Deleting.
select tests.act_as('owner');
select throws_ok(
    $$ select public.delete_customer(tests.customer('Cleo')::text) $$, 'PT409', null,
    'a customer with an account stays'
);
select public.book_for(tests.id('Cut')::text, '2031-05-07T09:00:00Z', 'Emil', 'emil@example.com');
select throws_ok(
    $$ select public.delete_customer(tests.customer('Emil')::text) $$, 'PT409', null,
    'and so does one with a booking'
);
select public.add_customer(tests.id('Salon')::text, 'Mistake');
insert into public.customer_tags (business_id, customer_id, tag)
values (tests.id('Salon'), tests.customer('Mistake'), 'New');
select lives_ok(
    $$ select public.delete_customer(tests.customer('Mistake')::text) $$,
    'a mistake is deleted with its tags'
);
select is(tests.customer('Mistake'), null, 'and is gone');

-- A list.
select is(
    public.import_customers(
        tests.id('Salon')::text,
        '[{"name": "Finn", "email": "finn@example.com", "tags": "VIP; Regular",
           "note": "Nuts.", "kind": "allergy"},
          {"name": "Emil K.", "email": "EMIL@example.com", "phone": "+4930999"},
          {"name": "Bad", "email": "nonsense"}]'
    ) #- '{0,customer_id}' #- '{1,customer_id}',
    '[{"row": 1, "outcome": "created"},
      {"row": 2, "outcome": "updated"},
      {"row": 3, "outcome": "refused", "token": "invalid_input",
       "message": "email must be an e-mail address."}]'::jsonb,
    'a list is written down row by row, with a report'
);
select results_eq(
    $$ select tag from public.customer_tags where customer_id = tests.customer('Finn')
       order by tag $$,
    array['Regular', 'VIP'],
    'with tags'
);
select results_eq(
    $$ select kind::text, body from public.customer_notes
       where customer_id = tests.customer('Finn') $$,
    $$ values ('allergy', 'Nuts.') $$,
    'and a note'
);
select is(
    (select phone from public.customers where name = 'Emil K.'), '+4930999',
    'whoever is known is completed'
);
select is(tests.customer('Bad'), null, 'a refused row changes nothing');
select throws_ok(
    $$ select public.import_customers(tests.id('Salon')::text, '[{"colour": "red"}]') $$,
    'PT400', null, 'a list has known columns'
);
select tests.act_as('stan');
select throws_ok(
    $$ select public.import_customers(tests.id('Salon')::text, '[]') $$, 'PT403', null,
    'staff import nobody'
);
select tests.act_as('rival');
select throws_ok(
    $$ select public.import_customers(tests.id('Salon')::text, '[]') $$, 'PT403', null,
    'another business imports nobody'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.add_customer(tests.id('Salon')::text, 'Hm') $$, 'PT401', null,
    'nobody writes customers down without an account'
);

select * from finish();
rollback;
