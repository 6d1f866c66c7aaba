-- What a business offers: who writes it, who sees it, and what its constraints say.
begin;
select plan(22);

-- Given a salon with an owner, a manager and somebody who works there, and a stranger
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('manager');
select tests.person('ann');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.member('manager', 'Salon', 'manager');
select tests.member('ann', 'Salon', 'staff');
select tests.resource('Ann', 'Salon');
select tests.resource('Hall', 'Salon', 'room', 3);
select tests.service('Class', 'Salon', 60, 1500);
select tests.takes('Class', 'Hall', 'all');
select tests.hours('Salon', '09:00', '12:00');

select tests.act_as('manager');
select lives_ok(
    $$ insert into public.services (business_id, name, duration_minutes, price_minor, currency)
       values (tests.id('Salon'), 'Cut', 30, 3000, 'EUR') $$,
    'a manager offers a service'
);
select throws_ok(
    $$ insert into public.services (business_id, name, duration_minutes, price_minor, currency)
       values (tests.id('Salon'), 'Cut', 0, 3000, 'EUR') $$,
    'PT400', 'duration_minutes must be from 1 to 1440.', 'of some length'
);
select throws_ok(
    $$ insert into public.services (business_id, name, duration_minutes, price_minor, currency)
       values (tests.id('Salon'), 'Cut', 30, -1, 'EUR') $$,
    'PT400', null, 'that does not pay the customer'
);
select throws_ok(
    $$ update public.services set business_id = gen_random_uuid() where name = 'Cut' $$,
    'PT400', 'business_id cannot be changed.', 'and stays where it is'
);

select tests.act_as('ann');
select is((select count(*) from public.services), 2::bigint, 'who works there sees the services');
select throws_ok(
    $$ insert into public.services (business_id, name, duration_minutes, price_minor, currency)
       values (tests.id('Salon'), 'Mine', 30, 3000, 'EUR') $$,
    'PT403', 'You are not allowed to change this business.', 'but does not offer any'
);
select lives_ok(
    $$ select public.block_time(tests.id('Salon')::text, '2031-05-05T09:00:00Z',
       '2031-05-05T10:00:00Z', tests.id('Ann')::text, 'Dentist') $$,
    'and blocks time of their own'
);

select tests.act_as_anon();
select is((select count(*) from public.services), 2::bigint, 'everyone sees what is offered');
select throws_ok(
    $$ select * from public.blocked_periods $$, '42501', null, 'nobody outside sees why somebody is away'
);
select tests.act_as('manager');
update public.services set archived_at = private.now() where services.name = 'Cut';
select tests.act_as_anon();
select is((select count(*) from public.services), 1::bigint, 'what was retired is gone');

-- Hours
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.working_hours (business_id, weekday, opens_at, closes_at)
       values (tests.id('Salon'), 1, '11:00', '13:00') $$,
    'PT409', 'These hours overlap with others of the same day.', 'hours are written once'
);
select lives_ok(
    $$ insert into public.working_hours (business_id, weekday, opens_at, closes_at)
       values (tests.id('Salon'), 1, '13:00', '24:00') $$,
    'a break is the gap between two rows'
);
select tests.act_as_owner();
select throws_ok(
    $$ alter table catalog.working_hours disable trigger user;
       insert into catalog.working_hours (business_id, weekday, opens_at, closes_at)
       values (tests.id('Salon'), 1, '11:00', '13:00') $$,
    '23P01', null, 'without the trigger the constraint says so'
);
alter table catalog.working_hours enable trigger user;

-- Exceptions replace the week, and end
select tests.act_as('owner');
insert into public.schedule_exceptions (business_id, starts_on, ends_on, opens_at, closes_at)
values (tests.id('Salon'), '2031-05-06', '2031-05-06', '10:00', '11:00');
select results_eq(
    $$ select starts_at from public.available_slots(
       tests.id('Class')::text, '2031-05-06T00:00:00Z', '2031-05-07T00:00:00Z') $$,
    array[timestamptz '2031-05-06 10:00Z'], 'an exception replaces the hours of its date'
);
select is(
    (
        select min(slot.starts_at)
        from public.available_slots(
            tests.id('Class')::text, '2031-05-07T00:00:00Z', '2031-05-08T00:00:00Z'
        ) as slot
    ),
    timestamptz '2031-05-07 09:00Z', 'the next day is as every week'
);

-- Policies: one default
select lives_ok(
    $$ insert into public.cancellation_policies (business_id, name)
       values (tests.id('Salon'), 'Mild'), (tests.id('Salon'), 'Strict') $$,
    'two policies'
);
select results_eq(
    $$ select name from public.cancellation_policies where is_default $$, array['Mild'],
    'the first is the default'
);
update public.cancellation_policies set is_default = true where cancellation_policies.name = 'Strict';
select results_eq(
    $$ select name from public.cancellation_policies where is_default $$, array['Strict'],
    'marking another moves the mark'
);
select tests.act_as('stranger');
select is(
    (public.book(tests.id('Class')::text, '2031-05-08T09:00:00Z')).policy ->> 'name', 'Strict',
    'a booking keeps the default that it was made under'
);

-- What is booked stays whole
select tests.act_as('owner');
select lives_ok(
    $$ update public.resources set capacity = 1 where name = 'Hall' $$, 'a hall may shrink to what is booked'
);
select tests.act_as_owner();
insert into pricing.currencies (code, name, minor_digits) values ('USD', 'US dollar', 2)
on conflict do nothing;
select tests.act_as('owner');
select throws_ok(
    $$ update public.services set currency = 'USD' where name = 'Class' $$,
    'PT409', 'The currency of a service with bookings cannot change.', 'a booked service keeps its currency'
);
select throws_ok(
    $$ delete from public.services where name = 'Class' $$,
    'PT409', 'It still has bookings.',
    'and cannot be deleted, only archived'
);

select * from finish();
rollback;
