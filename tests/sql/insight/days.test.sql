-- A salon in Berlin looks at its day: what is kept, what is not, and who may look.
begin;
select plan(21);

-- Given a salon in Berlin on the night on which the clocks go back, and people around it
select tests.at('2031-10-25 21:00:00Z');
select tests.person('owner');
select tests.person('mara');
select tests.person('stan');
select tests.person('carl');
select tests.person('rival');
select tests.person('boss');
select tests.person('mia');
select tests.business('Salon', 'owner', 'Europe/Berlin');
select tests.business('Rival', 'rival', 'Europe/Berlin');
select tests.member('mara', 'Salon', 'manager');
select tests.member('stan', 'Salon', 'staff');
select tests.member('carl', 'Salon', 'accountant');
insert into identity.platform_staff (user_id, role) values (tests.id('boss'), 'support');
select tests.resource('Ann', 'Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.hours('Salon', '09:00', '17:00');
-- On Sunday, which has 25 hours, Ann works the whole day.
insert into catalog.schedule_exceptions (
    business_id, resource_id, starts_on, ends_on, opens_at, closes_at
)
values (tests.id('Salon'), tests.id('Ann'), '2031-10-26', '2031-10-26', '00:00', '24:00');

create function tests.book_at(moment timestamptz) returns uuid
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform tests.act_as('mia');
    v_id = (public.book(tests.id('Cut')::text, moment::text)).id;
    perform tests.act_as_owner();
    return v_id;
end;
$$;
create function tests.page(from_on text, to_on text) returns jsonb
language sql volatile security invoker set search_path = ''
as $$ select public.business_dashboard(tests.id('Salon')::text, from_on, to_on) $$;

-- Mia books half an hour before midnight of Berlin ends Sunday, and one on Monday
select tests.book_at('2031-10-26 22:00:00Z');
select tests.book_at('2031-10-27 09:00:00Z');
select tests.act_as('owner');
select is(
    tests.page('2031-10-26', '2031-10-26') ->> 'bookings', '1',
    'a booking late on Sunday in Berlin counts on Sunday'
);
select is(
    tests.page('2031-10-26', '2031-10-26') ->> 'open_minutes', '1500',
    'the Sunday on which the clocks go back has 25 hours'
);
select is(
    tests.page('2031-10-26', '2031-10-26') ->> 'utilisation_bps', '400',
    'an hour of 25 is four percent'
);
select is(
    tests.page('2031-10-25', '2031-10-25') #> '{money,0}',
    '{"currency": "EUR", "sold_minor": 10000, "tax_minor": 0, "captured_minor": 0,
      "refunded_minor": 0, "disputed_minor": 0, "gift_cards_minor": 0, "revenue_minor": 0}'::jsonb,
    'a sale counts on the day on which it was made, and is no revenue until it is paid'
);
select is(
    tests.page('2031-10-25', '2031-10-25') #>> '{today,day}', '2031-10-25',
    'an hour before midnight it is still Saturday'
);
select is(
    tests.page('2031-10-25', '2031-10-25') #>> '{week,bookings}', '1',
    'the week ends with Sunday'
);

-- Midnight
select tests.act_as_owner();
select tests.at('2031-10-26 23:00:00Z');
select tests.act_as('owner');
select is(
    tests.page('2031-10-25', '2031-10-25') #>> '{today,day}', '2031-10-27',
    'at midnight of the business it is Monday'
);
select is(
    tests.page('2031-10-25', '2031-10-25') #>> '{week,from_on}', '2031-10-27',
    'and another week begins'
);

-- The worker keeps days, and late events correct them
select tests.act_as_owner();
select cmp_ok(insight.note_past_days(), '>', 0, 'days that are over are asked for once a round');
select cmp_ok(insight.refresh_days(100000), '>', 0, 'the worker counts what changed');
select is(insight.refresh_days(100000), 0, 'then there is nothing to count');
update scheduling.bookings
set status = 'cancelled', status_reason = 'late'
where starts_at = '2031-10-26 22:00:00Z';
select is(
    (
        select sum(cancelled)::integer from insight.days
        where day = '2031-10-26' and subject = 'business' and business_id = tests.id('Salon')
    ), 0, 'what is kept does not know of a late cancellation yet'
);
select tests.act_as('owner');
select is(
    tests.page('2031-10-26', '2031-10-26') ->> 'cancellation_bps', '10000',
    'the owner sees it at once'
);
select tests.act_as_role('analyst');
select is(
    (
        select sum(cancelled)::integer from analytics.daily_business_stats
        where day = '2031-10-26'
    ), 1, 'an analyst sees it at once'
);
select tests.act_as_owner();
select cmp_ok(insight.refresh_days(100000), '>', 0, 'the worker corrects the day');
select is(
    (
        select sum(cancelled)::integer from insight.days
        where day = '2031-10-26' and subject = 'business' and business_id = tests.id('Salon')
    ), 1, 'and keeps it'
);

-- Who may look
select tests.act_as('carl');
select is(
    tests.page('2031-10-25', '2031-10-25') ->> 'name', 'Salon', 'the accountant sees the page'
);
select tests.act_as('stan');
select throws_ok(
    $$ select tests.page('2031-10-25', '2031-10-25') $$,
    'PT403', null, 'staff see no figures of the business'
);
select tests.act_as('boss');
select is(
    (
        select (money #>> '{0,sold_minor}')::integer from public.admin_businesses
        where name = 'Salon'
    ), 5000, 'the platform''s staff see what each business sold'
);
select tests.act_as('owner');
select is_empty(
    $$ select * from public.admin_businesses $$, 'an owner sees no list of businesses'
);
select throws_ok(
    $$ select public.platform_dashboard('2031-10-25', '2031-10-25') $$,
    'PT403', null, 'nor the page of the platform'
);

select * from finish();
rollback;
