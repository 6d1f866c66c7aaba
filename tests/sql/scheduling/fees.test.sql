-- What cancelling, moving late and not coming cost: by elapsed hours, by the policy that the booking was
-- made under, service by service, and never more than the total.
begin;
select plan(45);

-- Given a salon in Berlin with a policy of three tiers, on the Sunday on which its clocks go forward
select tests.at('2031-03-01 08:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('accountant');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner', 'Europe/Berlin');
select tests.member('ann', 'Salon', 'staff');
select tests.member('accountant', 'Salon', 'accountant');
select tests.resource('Ann', 'Salon');
select tests.resource('Ben', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Ben');
select tests.service('Wash', 'Salon', 30, 333);
select tests.takes('Wash', 'Ann');
select tests.service('Beard', 'Salon', 30, 333);
select tests.takes('Beard', 'Ann');

select tests.act_as('owner');
insert into public.cancellation_policies (
    id, business_id, name, no_show_fee_bps, late_reschedule_hours, late_reschedule_fee_minor
)
values (tests.named('policy'), tests.id('Salon'), 'Tiers', 10000, 24, 700);
insert into public.cancellation_tiers (
    business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor
)
values
(tests.id('Salon'), tests.id('policy'), 72, 1000, null),
(tests.id('Salon'), tests.id('policy'), 24, 5000, null),
(tests.id('Salon'), tests.id('policy'), 2, null, 4000);
select throws_ok(
    $$ insert into public.cancellation_tiers (business_id, cancellation_policy_id, hours_before, fee_bps)
       values (tests.id('Salon'), tests.id('policy'), 24, 1) $$,
    'PT409', null, 'two tiers of a policy are not for the same hours'
);
select throws_ok(
    $$ insert into public.cancellation_tiers (
           business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor
       )
       values (tests.id('Salon'), tests.id('policy'), 5, 1, 1) $$,
    'PT400', 'fee_bps or fee_minor is required, but not both.', 'a tier is a share or an amount'
);
select throws_ok(
    $$ update public.cancellation_policies set no_show_fee_minor = 5 $$,
    'PT400', 'no_show_fee_bps and no_show_fee_minor must not both be set.', 'and so is a no-show'
);
select tests.act_as('ann');
select throws_ok(
    $$ insert into public.cancellation_tiers (business_id, cancellation_policy_id, hours_before, fee_bps)
       values (tests.id('Salon'), tests.id('policy'), 5, 1) $$,
    'PT403', null, 'staff write no tiers'
);

create temporary table made (called text primary key, id uuid);
grant all on made to authenticated;
create function pg_temp.made(called text) returns text
language sql as $$ select made.id::text from made where made.called = $1 $$;
create function pg_temp.cut(called text, at text) returns void
language sql as $$
    insert into made
    select called, (public.book(tests.id('Cut')::text, at)).id
$$;
create function pg_temp.quoted(called text, at timestamptz) returns text
language sql as $$
    select concat_ws(
        ' ', quote ->> 'total_minor', quote ->> 'fee_minor', quote ->> 'refund_minor',
        quote ->> 'reschedule_fee_minor', quote -> 'tier' ->> 'hours_before'
    )
    from public.cancellation_quote(pg_temp.made(called), at::text || ':00') as quote
$$;
grant execute on all functions in schema pg_temp to authenticated;
set local timezone = 'UTC';

select tests.act_as('customer');
select pg_temp.cut('sunday', '2031-03-30T12:00:00+02:00');
select is(
    (select policy -> 'tiers' from public.bookings),
    '[{"hours_before": 72, "fee_bps": 1000}, {"hours_before": 24, "fee_bps": 5000},
      {"hours_before": 2, "fee_minor": 4000}]',
    'a booking keeps the tiers that it was made under'
);

-- The table: 24 hours before noon are 11 o'clock of the day before, because an hour is missing.
prepare at_hours as
select pg_temp.quoted('sunday', moments.at)
from (
    values
    (1, timestamptz '2031-03-20 00:00Z'),
    (2, '2031-03-27 11:00 Europe/Berlin'),
    (3, '2031-03-27 11:00:01 Europe/Berlin'),
    (4, '2031-03-29 11:00 Europe/Berlin'),
    (5, '2031-03-29 11:00:01 Europe/Berlin'),
    (6, '2031-03-29 12:00 Europe/Berlin'),
    (7, '2031-03-30 10:00 Europe/Berlin'),
    (8, '2031-03-30 10:00:01 Europe/Berlin'),
    (9, '2031-03-30 11:59:59 Europe/Berlin'),
    (10, '2031-03-30 12:00 Europe/Berlin'),
    (11, '2031-04-01 12:00 Europe/Berlin')
) as moments (n, at)
order by moments.n;
select results_eq(
    'at_hours',
    array[
        '5000 0 5000 0', '5000 0 5000 0', '5000 500 4500 0 72', '5000 500 4500 0 72',
        '5000 2500 2500 700 24', '5000 2500 2500 700 24', '5000 2500 2500 700 24',
        '5000 4000 1000 700 2', '5000 4000 1000 700 2', '5000 5000 0 700', '5000 5000 0 700'
    ],
    'each tier begins a moment after its hours, in elapsed time, and from the start on the no-show fee is the least'
);

-- The policy of the booking decides, whatever becomes of the policy
select tests.act_as('owner');
update public.cancellation_policies set no_show_fee_bps = 0, name = 'Other';
update public.cancellation_tiers set fee_bps = 1, fee_minor = null;
delete from public.cancellation_tiers where cancellation_tiers.hours_before = 2;
select results_eq(
    'at_hours',
    array[
        '5000 0 5000 0', '5000 0 5000 0', '5000 500 4500 0 72', '5000 500 4500 0 72',
        '5000 2500 2500 700 24', '5000 2500 2500 700 24', '5000 2500 2500 700 24',
        '5000 4000 1000 700 2', '5000 4000 1000 700 2', '5000 5000 0 700', '5000 5000 0 700'
    ],
    'edits of the policy change nothing for it; the business sees the customer''s quote'
);
select tests.act_as('accountant');
select is(
    pg_temp.quoted('sunday', '2031-03-29 12:00Z'), '5000 2500 2500 700 24', 'so does who reads bookings'
);
select tests.act_as('rival');
select throws_ok(
    $$ select pg_temp.quoted('sunday', '2031-03-20Z') $$, 'PT404', null, 'nobody else asks'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.cancellation_quote(tests.id('policy')::text) $$, 'PT401', null, 'nobody unknown'
);

-- Cancelling costs what the quote says
select tests.act_as('customer');
select tests.at('2031-03-29 10:00:01Z');
select is(
    (select (public.cancellation_quote(pg_temp.made('sunday')) ->> 'fee_minor')::bigint), 2500::bigint,
    'now is the default'
);
select is(
    (public.cancel_booking(pg_temp.made('sunday'), 'Ill')).cancellation_fee_minor, 2500::bigint,
    'who cancels owes what the quote said'
);
select results_eq(
    $$ select fee_minor, actor::text from public.booking_history
       where booking_id::text = pg_temp.made('sunday') order by id $$,
    $$ values (0::bigint, 'customer'), (2500, 'customer') $$,
    'the history says what each step cost'
);
select tests.at('2031-03-30 09:59Z');
select is(
    pg_temp.quoted('sunday', '2031-03-30 11:00Z'), '5000 2500 2500 0',
    'afterwards the quote is what it did cost'
);
select is(
    (public.cancel_booking(pg_temp.made('sunday'))).cancellation_fee_minor, 2500::bigint,
    'cancelling again costs nothing more'
);

-- Who else cancels, and when it is free
select tests.act_as_owner();
update catalog.cancellation_tiers set fee_bps = 5000;
update catalog.cancellation_policies set no_show_fee_bps = 8000;
select tests.at('2031-03-31 08:00Z');
select tests.act_as('customer');
select pg_temp.cut('by business', '2031-03-31T09:00:00Z');
select pg_temp.cut('missed', '2031-03-31T10:00:00Z');
select tests.act_as('ann');
select is(
    (public.cancel_booking(pg_temp.made('by business'))).cancellation_fee_minor, 0::bigint,
    'a business that cancels charges nothing'
);
select is(
    pg_temp.quoted('by business', '2031-03-31 08:59Z'), '5000 0 5000 0', 'and the quote says so afterwards'
);
select tests.at('2031-03-31 10:10Z');
select is(
    (public.mark_no_show(pg_temp.made('missed'))).no_show_fee_minor, 4000::bigint,
    'not coming costs the share of the booking''s policy'
);
select throws_ok(
    $$ select public.cancellation_quote(pg_temp.made('missed')) $$,
    'PT409', null, 'what is over cannot be cancelled, nor quoted'
);
select is(
    (public.complete_booking(pg_temp.made('missed'))).no_show_fee_minor, 0::bigint,
    'and nothing, once it is put right'
);
select results_eq(
    $$ select fee_minor from public.booking_history
       where booking_id::text = pg_temp.made('missed') order by id $$,
    array[0, 4000, -4000]::bigint[], 'which the history takes back'
);

-- Moving late
select tests.act_as('customer');
select pg_temp.cut('moved', '2031-04-02T12:00:00Z');
select is(
    (public.reschedule_booking(pg_temp.made('moved'), '2031-04-02T13:00:00Z')).reschedule_fee_minor,
    0::bigint, 'moving in time is free'
);
select tests.at('2031-04-01 13:00Z');
select is(
    (public.reschedule_booking(pg_temp.made('moved'), '2031-04-03T12:00:00Z')).reschedule_fee_minor,
    0::bigint, 'and so it is exactly at the hour'
);
select tests.at('2031-04-02 12:00:01Z');
select is(
    (public.reschedule_booking(pg_temp.made('moved'), '2031-04-03T14:00:00Z')).reschedule_fee_minor,
    700::bigint, 'moving late costs the fee'
);
select tests.at('2031-04-02 15:00Z');
select is(
    (public.reschedule_booking(
        pg_temp.made('moved'), '2031-04-03T14:00:00Z', tests.id('Ben')::text
    )).reschedule_fee_minor,
    700::bigint, 'somebody else at the same time does not'
);
select tests.act_as('owner');
select is(
    (public.reschedule_booking(pg_temp.made('moved'), '2031-04-04T14:00:00Z')).reschedule_fee_minor,
    700::bigint, 'nor does the business pay'
);
select tests.act_as('customer');
select results_eq(
    $$ select sum(fee_minor), max(fee_minor) from public.booking_history
       where booking_id::text = pg_temp.made('moved') $$,
    $$ values (700::numeric, 700::bigint) $$, 'the history names the move that cost it'
);

-- A request costs nothing until the business has said yes
select tests.act_as_owner();
update catalog.services set requires_confirmation = true where id = tests.id('Cut');
select tests.act_as('customer');
select pg_temp.cut('request', '2031-04-02T17:00:00Z');
select is(pg_temp.quoted('request', '2031-04-02 16:00Z'), '5000 0 5000 0', 'a request is withdrawn free');
select is(
    (public.cancel_booking(pg_temp.made('request'))).cancellation_fee_minor, 0::bigint, 'as quoted'
);

-- Several services, one after another: what is given back is known leg by leg
select tests.act_as_owner();
update catalog.cancellation_tiers set fee_bps = 3350 where hours_before = 24;
update catalog.services
set requires_confirmation = false, buffer_before_minutes = 10, buffer_after_minutes = 15;
select tests.at('2031-05-01 08:00Z');
select tests.act_as('customer');
insert into made
select 'three', (public.book_many(
    tests.id('Salon')::text,
    jsonb_build_array(
        jsonb_build_object('service_id', tests.id('Wash')),
        jsonb_build_object('service_id', tests.id('Cut'), 'resource_id', tests.id('Ann')),
        jsonb_build_object('service_id', tests.id('Beard'))
    )::text,
    '2031-05-05T09:00:00Z'
)).id;
create function pg_temp.item(called text) returns text
language sql as $$
    select booking_items.id::text from public.booking_items
    where booking_items.booking_id::text = pg_temp.made('three') and booking_items.service_name = called
$$;
create function pg_temp.taken() returns text
language sql as $$
    select string_agg(
        to_char(allocations.starts_at, 'HH24:MI') || '-' || to_char(allocations.ends_at, 'HH24:MI'), ' '
        order by allocations.starts_at
    )
    from public.allocations
    where allocations.booking_id::text = pg_temp.made('three')
$$;
grant execute on all functions in schema pg_temp to authenticated;
select is(pg_temp.taken(), '08:50-09:30 09:30-10:30 10:30-11:15', 'three services meet without buffers');
select results_eq(
    $$ select line ->> 'service_name', (line ->> 'fee_minor')::int, (line ->> 'refund_minor')::int
       from public.cancellation_quote(pg_temp.made('three'), '2031-05-05T08:00:00Z') as quote
       cross join jsonb_array_elements(quote -> 'lines') as line $$,
    $$ values ('Wash', 112, 221), ('Cut', 1675, 3325), ('Beard', 112, 221) $$,
    'a share is taken of each line, half away from zero'
);
select is(
    pg_temp.quoted('three', '2031-05-05T08:00:00Z'), '5666 1899 3767 700 24', 'and the lines add up'
);

select tests.act_as('rival');
select throws_ok(
    format(
        $$ select public.cancel_booking_item(%L, %L) $$, (select id from made where called = 'three'),
        tests.id('Cut')
    ),
    'PT404', null, 'a rival cancels nothing of it'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.cancel_booking_item(pg_temp.made('three'), tests.id('Cut')::text) $$,
    'PT404', 'This booking has no such service.', 'nor anyone what is not in it'
);
select tests.at('2031-05-05 08:00Z');
select results_eq(
    $$ select starts_at, ends_at, total_minor, cancellation_fee_minor
       from public.cancel_booking_item(pg_temp.made('three'), pg_temp.item('Cut'), 'No cut today') $$,
    $$ values (timestamptz '2031-05-05 09:00Z', timestamptz '2031-05-05 11:00Z', 5666::bigint, 1675::bigint) $$,
    'one service is cancelled, at the cost of its line'
);
select is(
    pg_temp.taken(), '08:50-09:45 10:20-11:15', 'its time is free, and the others have their buffers'
);
select tests.act_as('rival');
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', tests.id('Ben')::text) $$,
    'Ben was free all along'
);
select tests.act_as('customer');
select results_eq(
    $$ select booking_item_id::text, fee_minor, reason, from_status = to_status
       from public.booking_history where booking_id::text = pg_temp.made('three') order by id desc limit 1 $$,
    $$ values (pg_temp.item('Cut'), 1675::bigint, 'No cut today', true) $$,
    'the history names it, with its cost'
);
select is(
    (public.cancel_booking_item(pg_temp.made('three'), pg_temp.item('Cut'))).cancellation_fee_minor,
    1675::bigint, 'again changes nothing'
);
select results_eq(
    $$ select line ->> 'service_name', (line ->> 'fee_minor')::int, (line ->> 'is_cancelled')::boolean
       from public.cancellation_quote(pg_temp.made('three'), '2031-05-01T09:00:00Z') as quote
       cross join jsonb_array_elements(quote -> 'lines') as line $$,
    $$ values ('Wash', 0, false), ('Cut', 1675, true), ('Beard', 0, false) $$,
    'its fee stays whatever the hour, its line too'
);
select results_eq(
    $$ select starts_at, ends_at
       from public.cancel_booking_item(pg_temp.made('three'), pg_temp.item('Wash')) $$,
    $$ values (timestamptz '2031-05-05 10:30Z', timestamptz '2031-05-05 11:00Z') $$,
    'without its first service a booking begins later'
);
select throws_ok(
    $$ select public.cancel_booking_item(pg_temp.made('three'), pg_temp.item('Beard')) $$,
    'PT409', null, 'the last one goes with the booking'
);
select results_eq(
    $$ select starts_at from public.reschedule_booking(pg_temp.made('three'), '2031-05-06T10:00:00Z') $$,
    array[timestamptz '2031-05-06 10:00Z'], 'what is left can be moved'
);
select is(pg_temp.taken(), '09:50-10:45', 'and only that takes time');
select tests.at('2031-05-06 09:00Z');
select is(
    (public.cancel_booking(pg_temp.made('three'))).cancellation_fee_minor, (1675 + 112 + 112)::bigint,
    'in the end it cost what cancelling it at once would have'
);
select * from finish();
rollback;
