-- A booking at another time or with somebody else: one booking, one reference, and a policy that binds
-- the customer but not the business.
begin;
select plan(14);

-- Given a salon where a booking may be moved once, until four hours before it
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.resource('Cleo', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Ben');
insert into catalog.cancellation_policies (
    business_id, name, reschedule_until_hours, reschedule_limit
)
values (tests.id('Salon'), 'Once', 4, 1);
create function tests.cut() returns text
language sql
stable
security definer
set search_path = ''
begin atomic
    select bookings.id::text from scheduling.bookings where bookings.customer_id = tests.id('customer');
end;
grant execute on function tests.cut() to authenticated;

select tests.act_as('customer');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', tests.id('Ann')::text) $$,
    'a customer books Ann'
);
select tests.act_as('rival');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T10:00:00Z', tests.id('Ann')::text) $$,
    'a rival has the hour after'
);
select throws_ok(
    $$ select public.reschedule_booking(tests.cut(), '2031-05-05T15:00:00Z') $$,
    'PT404', null, 'and cannot move what is not theirs'
);

select tests.act_as('customer');
select throws_ok(
    $$ select public.reschedule_booking(tests.cut(), '2031-05-05T09:30:00Z') $$,
    'PT409', 'That time was just taken.', 'the customer cannot move into the rival''s hour'
);
select throws_ok(
    $$ select public.reschedule_booking(tests.cut(), '2031-05-05T11:00:00Z', tests.id('Cleo')::text) $$,
    'PT422', null, 'nor to somebody who does not cut'
);
select throws_ok(
    $$ select public.reschedule_booking(tests.cut(), '2031-05-05T08:00:00Z') $$,
    'PT422', 'This service cannot start at that time.', 'nor to before the salon opens'
);
select results_eq(
    $$ select starts_at, reschedule_count, total_minor
       from public.reschedule_booking(tests.cut(), '2031-05-05T12:00:00Z') $$,
    $$ values (timestamptz '2031-05-05 12:00Z', 1, 5000::bigint) $$,
    'an hour that is free is theirs, at the old price'
);
select tests.act_as('rival');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', tests.id('Ann')::text) $$,
    'and the old hour is free for others'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.reschedule_booking(tests.cut(), '2031-05-05T14:00:00Z') $$,
    'PT422', 'This booking has already been moved as often as its policy allows.', 'the policy allows one move'
);

select tests.act_as('owner');
select lives_ok(
    $$ select public.reschedule_booking(tests.cut(), '2031-05-05T14:00:00Z') $$,
    'the business is not bound by it'
);
select results_eq(
    $$ select resources.name
       from public.reassign_booking(tests.cut(), tests.id('Ben')::text, 'Ann is ill') as booking
       cross join public.resources
       where resources.id = tests.id('Ben') and booking.starts_at = '2031-05-05 14:00Z' $$,
    array['Ben'], 'and gives the booking to Ben, at the same time'
);
select results_eq(
    $$ select distinct resource_id from public.allocations where booking_id::text = tests.cut() $$,
    array[tests.id('Ben')], 'whose time it takes now'
);
select throws_ok(
    $$ select public.reassign_booking(tests.cut(), tests.id('Cleo')::text) $$,
    'PT422', null, 'not to Cleo, who does not cut'
);
select tests.act_as_owner();
update scheduling.bookings set policy = policy || '{"reschedule_limit": null}';
select tests.at('2031-05-05 10:01Z');
select tests.act_as('customer');
select throws_ok(
    $$ select public.reschedule_booking(tests.cut(), '2031-05-06T09:00:00Z') $$,
    'PT422', 'It is too late to move this booking.', 'less than four hours before it is too late'
);

select * from finish();
rollback;
