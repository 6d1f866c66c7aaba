-- Consents: purpose by purpose, each answer with its source, its time and its words.
begin;
select plan(28);

select tests.at('2031-05-05 08:00Z');
select tests.person('owner'), tests.person('stan'), tests.person('accountant'),
    tests.person('cleo'), tests.person('rival');
select tests.business('Salon', 'owner'), tests.business('Other', 'rival');
select tests.member('stan', 'Salon', 'staff'), tests.member('accountant', 'Salon', 'accountant');
create function tests.customer(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select id::text from customers.customers
    where name = called or user_id = (select id from tests.names where name = called)
$$;
create function tests.offers() returns bigint
language sql stable security definer set search_path = ''
as $$ select count(*) from engagement.marketing_consents where withdrawn_at is null $$;
grant execute on all functions in schema tests to anon, authenticated;

-- For what a business asks
select tests.act_as('stan');
select throws_ok(
    $$ insert into public.consent_purposes (business_id, key, wording)
       values (tests.id('Salon'), 'photos', 'Photos.') $$,
    'PT403', null, 'staff do not decide for what their business asks'
);
select tests.act_as('owner');
select lives_ok(
    $$ insert into public.consent_purposes (business_id, key, wording)
       values (tests.id('Salon'), 'photos', 'You may show photos of my hair.') $$,
    'an owner does'
);
select throws_ok(
    $$ insert into public.consent_purposes (business_id, key, wording)
       values (tests.id('Salon'), 'No word', 'Photos.') $$,
    'PT400', null, 'by a word'
);
select tests.act_as_anon();
select is((select count(*) from public.consent_purposes), 1::bigint, 'everybody reads it');

-- An account answers
select throws_ok(
    $$ select public.set_consent(tests.id('Salon')::text, 'photos', 'true') $$, 'PT401', null,
    'a stranger answers nothing'
);
select tests.act_as('cleo');
select throws_ok(
    $$ select public.set_consent(tests.id('Salon')::text, 'health', 'true') $$, 'PT404', null,
    'for nothing that is not asked'
);
select lives_ok(
    $$ select public.set_consent(tests.id('Salon')::text, 'photos', 'true') $$, 'an account agrees'
);
select lives_ok(
    $$ select public.set_consent(tests.id('Salon')::text, 'photos', 'true') $$, 'and again'
);
select lives_ok(
    $$ select public.set_consent(tests.id('Salon')::text, 'marketing', 'true') $$, 'and wants offers'
);
select results_eq(
    $$
    select purpose, is_given, source::text, wording, at, is_latest
    from public.consents order by purpose
    $$,
    $$
    values
    ('marketing', true, 'app', null, '2031-05-05 08:00Z'::timestamptz, true),
    ('photos', true, 'app', 'You may show photos of my hair.', '2031-05-05 08:00Z', true)
    $$,
    'each answer is kept once, with its source, its time and its words'
);
select is(tests.offers(), 1::bigint, 'offers follow');
select tests.act_as('owner');
select is_empty(
    'select * from public.consents', 'a business does not learn which strangers want offers'
);
update public.consent_purposes set wording = 'You may print photos of my hair.';
select tests.at('2031-05-05 20:00Z');
select tests.act_as('cleo');
select public.set_consent(tests.id('Salon')::text, 'photos', 'true');
select results_eq(
    $$ select wording, is_latest from public.consents where purpose = 'photos' order by at $$,
    $$ values
    ('You may show photos of my hair.', false), ('You may print photos of my hair.', true) $$,
    'other words are another answer'
);

-- A member writes down what a walk-in answered
select tests.at('2031-05-06 08:00Z');
select tests.act_as('stan');
select public.add_customer(tests.id('Salon')::text, 'Wally', phone => '+4930123456');
select is(
    (public.record_consent(tests.customer('Wally'), 'photos', 'true', 'paper')).name, 'Wally',
    'a member writes down what a walk-in signed'
);
select results_eq(
    $$ select source::text, noted_by, user_id, customer_id::text from public.consents $$,
    $$ values ('paper', tests.id('stan'), null::uuid, tests.customer('Wally')) $$,
    'with its source and who wrote it'
);
select throws_ok(
    $$ select public.record_consent(tests.customer('Wally'), 'photos', 'true', 'app') $$,
    'PT400', 'source must be paper, in_person, phone or mail.', 'nobody answers in the name of another'
);
select throws_ok(
    $$ insert into crm.consents (business_id, customer_id, purpose, is_given, source, at)
       values (tests.id('Salon'), tests.id('Salon'), 'photos', true, 'app', now()) $$,
    '42501', null, 'or past the functions'
);
select tests.act_as('accountant');
select is_empty('select * from public.consents', 'an accountant reads no answers');
select tests.act_as('rival');
select is_empty('select * from public.consents', 'nor does another business');
select throws_ok(
    $$ select public.record_consent(tests.customer('Wally'), 'photos', 'false', 'phone') $$,
    'PT404', null, 'which writes none either'
);

-- Offers end by a member's word, and never begin by it
select tests.act_as_owner();
insert into customers.customers (business_id, user_id, name)
values (tests.id('Salon'), tests.id('cleo'), 'Cleo');
select tests.act_as('stan');
select is((select count(*) from public.consents), 4::bigint, 'a customer''s answers are readable');
select tests.at('2031-05-07 08:00Z');
select public.record_consent(tests.customer('cleo'), 'marketing', 'false', 'phone');
select is(tests.offers(), 0::bigint, 'a customer who called gets no more offers');
select tests.at('2031-05-08 08:00Z');
select public.record_consent(tests.customer('cleo'), 'marketing', 'true', 'phone');
select is(tests.offers(), 0::bigint, 'a member cannot make them begin');
select tests.at('2031-05-09 08:00Z');
select tests.act_as('cleo');
select public.set_consent(tests.id('Salon')::text, 'marketing', 'false');
select public.set_consent(tests.id('Salon')::text, 'marketing', 'true');
select is(tests.offers(), 1::bigint, 'the customer can');

-- Nobody rewrites an answer; a merger moves it
select tests.act_as_owner();
select throws_ok(
    $$ update crm.consents set is_given = true $$, 'PT409', null, 'an answer is never rewritten'
);
select throws_ok($$ delete from crm.consents $$, 'PT409', null, 'or deleted');
select tests.act_as('owner');
select public.merge_customers(tests.customer('Cleo'), tests.customer('Wally'));
select is(
    (select count(*) from public.consents where customer_id::text = tests.customer('Cleo')),
    8::bigint, 'a merger takes the answers along'
);
select is(
    (select source::text from public.consents where purpose = 'photos' and is_latest), 'paper',
    'and one of them is the latest'
);

select * from finish();
rollback;
