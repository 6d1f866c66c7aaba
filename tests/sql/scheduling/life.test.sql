-- The life of a booking: who may take which step, what each leaves behind, and what never happens.
begin;
select plan(29);

-- Given a salon with an owner, somebody who works there, an accountant, a customer and a rival
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('accountant');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.member('ann', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.service('Colour', 'Salon', 60, 9000);
select tests.takes('Colour', 'Ann');
update catalog.services set requires_confirmation = true where id = tests.id('Colour');

create temporary table made (called text primary key, id uuid, reference text);
grant all on made to authenticated;
create function pg_temp.made(called text)
returns text
language sql
as $$ select made.id::text from made where made.called = $1 $$;
grant execute on all functions in schema pg_temp to authenticated;

select tests.act_as('customer');
select is(
    (public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z')).status::text, 'confirmed',
    'a customer books a service'
);
insert into made
select 'cut', bookings.id, bookings.reference from public.bookings;
select matches(
    (select made.reference from made), '^[2-9A-HJKMNP-Z]{8}$', 'the reference has no look-alikes'
);
select is((select bookings.total_minor from public.bookings), 5000::bigint, 'at the service''s price');
select throws_ok(
    $$ select public.check_in_booking(pg_temp.made('cut')) $$,
    'PT403', null, 'a customer does not check in by themselves'
);
select throws_ok(
    $$ update public.bookings set total_minor = 0 $$, '42501', null, 'nor choose a price'
);
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T09:30:00Z') $$,
    'PT409', 'That time was just taken.', 'nor book over themselves'
);

select tests.act_as('rival');
select is_empty($$ select * from public.bookings $$, 'a rival sees nothing of it');
select throws_ok(
    $$ select public.cancel_booking(pg_temp.made('cut')) $$,
    'PT404', 'There is no such booking.', 'and cannot cancel what they do not see'
);

select tests.act_as('accountant');
select is(
    (select count(*) from public.bookings), 1::bigint, 'an accountant reads the business''s bookings'
);
select throws_ok(
    $$ select public.complete_booking(pg_temp.made('cut')) $$,
    'PT403', null, 'but takes no step with them'
);

select tests.act_as('ann');
select throws_ok(
    $$ select public.mark_no_show(pg_temp.made('cut')) $$,
    'PT422', 'This is not possible before the start.', 'nobody is late before the start'
);
select tests.at('2031-05-05 09:20Z');
select is(
    (public.mark_no_show(pg_temp.made('cut'))).status::text, 'no_show',
    'who works there marks a no-show once it has begun'
);
select is(
    (select customer_stats.no_show_count from public.customer_stats), 1::bigint,
    'and it is counted'
);
select is(
    (public.complete_booking(pg_temp.made('cut'))).status::text, 'completed', 'a mistake is put right'
);
select is(
    (select customer_stats.no_show_count from public.customer_stats), 0::bigint,
    'and no longer counted'
);
select throws_ok(
    $$ select public.cancel_booking(pg_temp.made('cut')) $$,
    'PT409', 'A booking that is completed cannot become cancelled.', 'what is over is over'
);
select results_eq(
    $$ select to_status::text, actor::text from public.booking_history order by id $$,
    $$ values ('confirmed', 'customer'), ('no_show', 'business'), ('completed', 'business') $$,
    'history has every step and who took it'
);

select tests.act_as_owner();
select throws_ok(
    $$ update scheduling.booking_history set reason = 'other' $$,
    'PT409', null, 'not even the tables'' owner rewrites history'
);
select throws_ok(
    $$ update scheduling.bookings set status = 'held' $$,
    'PT409', null, 'nor takes a step that does not exist'
);
select throws_ok(
    $$ insert into scheduling.allocations (
       business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking)
       select business_id, booking_id, booking_item_id, tests.id('Ben'), 1, during, true
       from scheduling.allocations $$,
    'PT422', null, 'nor gives a service to somebody who is not eligible'
);

-- A service on request
select tests.act_as('customer');
select is(
    (public.book(tests.id('Colour')::text, '2031-05-06T09:00:00Z')).status::text, 'pending',
    'a service on request is asked for'
);
insert into made
select 'colour', bookings.id, bookings.reference from public.bookings where bookings.status = 'pending';
select throws_ok(
    $$ select public.confirm_booking(pg_temp.made('colour')) $$,
    'PT403', null, 'the customer does not confirm it'
);
select tests.act_as('ann');
select throws_ok(
    $$ select public.reject_booking(pg_temp.made('colour'), ' ') $$,
    'PT400', 'reason is required.', 'turning it down takes a reason'
);
select is(
    (public.reject_booking(pg_temp.made('colour'), 'Fully booked.')).status_reason, 'Fully booked.',
    'which the customer reads'
);
select tests.act_as('customer');
select is(
    (public.book(tests.id('Cut')::text, '2031-05-06T09:00:00Z')).status::text, 'confirmed',
    'and the time is free for others'
);

-- What the business notes is the business's
select tests.act_as('ann');
select lives_ok(
    $$ insert into public.booking_notes (business_id, booking_id, body)
       values (tests.id('Salon'), pg_temp.made('cut')::uuid, 'Prefers silence.') $$,
    'who works there writes a note'
);
select tests.act_as('customer');
select is_empty($$ select * from public.booking_notes $$, 'the customer never sees it');

-- A second cancellation changes nothing
insert into made
select 'last', bookings.id, bookings.reference
from public.bookings
where bookings.starts_at = '2031-05-06 09:00Z' and bookings.status = 'confirmed';
select is((public.cancel_booking(pg_temp.made('last'), 'Ill.')).status::text, 'cancelled', 'they cancel');
select is(
    (public.cancel_booking(pg_temp.made('last'))).status_reason, 'Ill.',
    'cancelling again changes nothing'
);

select * from finish();
rollback;
