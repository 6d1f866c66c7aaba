-- Who gives a booking that names nobody: priority, then the least busy for their weight, newcomers not
-- flooded; whom the customer knows first where the service says so; and why, written down. Each is
-- the one whom available_slots named first for that start.
begin;
select plan(33);

-- Given a studio that never closes, where Cleo is to get twice as many bookings as Ann or Ben
select tests.at('2031-05-01 00:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Studio', 'owner');
select tests.resource(called, 'Studio') from unnest(array['Ann', 'Ben', 'Cleo', 'Dan']) as called;
select tests.hours('Studio', '00:00', '24:00');
select tests.service('Talk', 'Studio', 30, 5000);
select tests.takes('Talk', called) from unnest(array['Ann', 'Ben', 'Cleo']) as called;
update catalog.service_resources set weight = 200 where resource_id = tests.id('Cleo');

create function tests.talk(nth integer, service text default 'Talk')
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_at timestamptz = timestamptz '2031-06-01Z' + make_interval(mins => 30 * talk.nth);
    v_promised uuid = (
        select slots.resource_ids[1]
        from public.available_slots(
            tests.id(talk.service)::text,
            to_json(v_at - interval '3 hours') #>> '{}',
            to_json(v_at + interval '9 hours') #>> '{}'
        ) as slots
        where slots.starts_at = v_at
    );
    v_booking_id uuid = (
        public.book(tests.id(talk.service)::text, to_json(v_at) #>> '{}')
    ).id;
begin
    if v_promised is distinct from (
        select booking_items.resource_id
        from public.booking_items
        where booking_items.booking_id = v_booking_id
    ) then
        raise exception 'available_slots named somebody else first for %', v_at;
    end if;
    return v_booking_id::text;
end;
$$;
-- Volatile: it sees what its own argument has just booked.
create function tests.given_by(booking_id text)
returns text
language sql
volatile
security definer
set search_path = ''
begin atomic
    select resources.name || ', ' || booking_items.assigned_by
    from scheduling.booking_items
    inner join catalog.resources on resources.id = booking_items.resource_id
    where booking_items.booking_id = given_by.booking_id::uuid;
end;
create function tests.shares(service text, first_at timestamptz, last_at timestamptz)
returns table (name text, count bigint)
language sql
stable
security definer
set search_path = ''
begin atomic
    select resources.name, count(*)
    from scheduling.booking_items
    inner join catalog.resources on resources.id = booking_items.resource_id
    where
        booking_items.service_id = tests.id(shares.service)
        and booking_items.starts_at >= shares.first_at
        and booking_items.starts_at < shares.last_at
    group by resources.name;
end;
grant execute on all functions in schema tests to authenticated;

-- Fairness
select tests.act_as('customer');
select count(tests.talk(nth)) as booked from generate_series(0, 199) as nth;
select is_empty(
    $$ select shares.name, shares.count, expected.count
       from tests.shares('Talk', '2031-06-01', '2031-07-01') as shares
       full join (values ('Ann', 50), ('Ben', 50), ('Cleo', 100)) as expected (name, count) using (name)
       where coalesce(abs(shares.count - expected.count) > 1, true) $$,
    'two hundred bookings are shared out by weight'
);
select tests.act_as_owner();
select tests.at('2031-05-10 00:00Z');
select tests.takes('Talk', 'Dan');
select tests.act_as('customer');
select count(tests.talk(nth)) as booked from generate_series(200, 249) as nth;
select is_empty(
    $$ select shares.name, shares.count, expected.count
       from tests.shares('Talk', '2031-06-05 04:00Z', '2031-07-01') as shares
       full join (values ('Ann', 10), ('Ben', 10), ('Cleo', 20), ('Dan', 10)) as expected (name, count)
           using (name)
       where coalesce(abs(shares.count - expected.count) > 1, true) $$,
    'somebody new gets their share of the next fifty, not all of them'
);

-- What counts is what is booked, and where there is none the order of the people
select tests.act_as_owner();
select tests.business('Twin', 'owner');
select tests.resource(called, 'Twin') from unnest(array['Eve', 'Flo', 'Gus']) as called;
select tests.hours('Twin', '00:00', '24:00');
select tests.service('Chat', 'Twin', 30, 5000);
select tests.takes('Chat', called) from unnest(array['Eve', 'Flo', 'Gus']) as called;
select tests.act_as('customer');
select is(tests.given_by(tests.talk(0, 'Chat')), 'Eve, load', 'of equals the first by name');
select is(tests.given_by(tests.talk(1, 'Chat')), 'Flo, load', 'then who has less to do');
select is(tests.given_by(tests.talk(2, 'Chat')), 'Gus, load', 'then the third');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings
       where starts_at = '2031-06-01 00:30Z' and business_id = tests.id('Twin') $$,
    'Flo''s is called off'
);
select is(tests.given_by(tests.talk(3, 'Chat')), 'Flo, load', 'and counts no more');
select is(
    tests.given_by((public.book(
        tests.id('Chat')::text, '2031-06-20T00:00:00Z', tests.id('Eve')::text
    )).id::text),
    'Eve, customer', 'who is named gives it, and it counts'
);
select is(tests.given_by(tests.talk(960, 'Chat')), 'Flo, load', 'for a start nearly three weeks later');
select tests.act_as_owner();
update catalog.resources set position = 1 where id <> tests.id('Gus');
select tests.act_as('customer');
select is(tests.given_by(tests.talk(4000, 'Chat')), 'Gus, load', 'by position before the name');

-- Priority
select tests.act_as_owner();
update catalog.service_resources set priority = 5 where resource_id = tests.id('Flo');
select tests.act_as('customer');
select is(tests.given_by(tests.talk(4001, 'Chat')), 'Flo, priority', 'who has priority goes first');
select is(tests.given_by(tests.talk(4002, 'Chat')), 'Flo, priority', 'however busy');
select is(tests.given_by(tests.talk(4002, 'Chat')), 'Eve, load', 'if free, else the others by load');
select is(tests.given_by(tests.talk(4002, 'Chat')), 'Gus, only', 'until one is left');
select throws_ok(
    $$ select tests.talk(4002, 'Chat') $$, 'PT409', 'That time was just taken.', 'and then nobody'
);

-- Whom the customer knows
select lives_ok(
    $$ select public.set_preferred_resource(tests.id('Twin')::text, tests.id('Gus')::text) $$,
    'a customer prefers Gus'
);
select is(
    tests.given_by(tests.talk(4003, 'Chat')), 'Flo, priority', 'which means nothing to a service that does not ask'
);
select tests.act_as_owner();
update catalog.services set prefers_known_staff = true where id = tests.id('Chat');
select tests.act_as('customer');
select is(tests.given_by(tests.talk(4004, 'Chat')), 'Gus, preferred', 'and all to one that does');
select is(tests.given_by(tests.talk(4004, 'Chat')), 'Flo, priority', 'while Gus is free');
select tests.act_as('rival');
select is_empty($$ select * from public.preferred_resources $$, 'nobody else sees it');
select throws_ok(
    $$ insert into public.preferred_resources (customer_id, business_id, resource_id)
       values (tests.id('customer'), tests.id('Twin'), tests.id('Eve')) $$,
    '42501', null, 'or writes it'
);
select is(tests.given_by(tests.talk(4005, 'Chat')), 'Flo, priority', 'a stranger gets whoever it is');
select throws_ok(
    $$ select public.set_preferred_resource(tests.id('Twin')::text, tests.id('Ann')::text) $$,
    'PT404', 'There is no such resource.', 'and prefers nobody of another business'
);
select tests.act_as_owner();
select tests.at('2032-05-01 00:00Z');
update scheduling.bookings set status = 'checked_in'
where id in (select booking_id from scheduling.booking_items where resource_id = tests.id('Eve'))
and status = 'confirmed';
update scheduling.bookings set status = 'completed' where status = 'checked_in';
select tests.at('2031-05-01 00:00Z');
select tests.act_as('customer');
select is(tests.given_by(tests.talk(4006, 'Chat')), 'Gus, preferred', 'Eve was here, Gus is preferred');
select is(tests.given_by(tests.talk(4006, 'Chat')), 'Eve, past', 'who was here is next');
select lives_ok(
    $$ select public.set_preferred_resource(tests.id('Twin')::text) $$, 'nobody is preferred any more'
);
select is(tests.given_by(tests.talk(4007, 'Chat')), 'Eve, past', 'so that the last one goes first');
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.service_resources (business_id, service_id, resource_id, weight)
       values (tests.id('Twin'), tests.id('Chat'), tests.id('Eve'), 0) $$,
    'PT400', 'weight must be from 1 to 10000.', 'a weight is a share'
);

-- Requests that take no time from others are shared out all the same
select tests.act_as_owner();
select tests.service('Plan', 'Twin', 30, 5000);
select tests.takes('Plan', called) from unnest(array['Eve', 'Flo']) as called;
update catalog.services set requires_confirmation = true, is_blocked_by_pending = false
where id = tests.id('Plan');
delete from scheduling.bookings where business_id = tests.id('Twin');
select tests.act_as('customer');
select is(tests.given_by(tests.talk(0, 'Plan')), 'Eve, load', 'a request goes to Eve');
select is(tests.given_by(tests.talk(1, 'Plan')), 'Flo, load', 'the next to Flo');
select is(tests.given_by(tests.talk(2, 'Plan')), 'Eve, load', 'and so on');

-- The business decides otherwise
select tests.act_as('owner');
select is(
    tests.given_by((public.reassign_booking(id::text, tests.id('Flo')::text, 'Eve is away')).id::text),
    'Flo, business', 'the business gives Eve''s first to Flo'
) from public.bookings where business_id = tests.id('Twin') and starts_at = '2031-06-01 00:00Z';
select results_eq(
    $$ select from_resource_id, to_resource_id, from_status::text, to_status::text, actor::text, reason
       from public.booking_history where to_resource_id is not null $$,
    $$ values (
        tests.id('Eve'), tests.id('Flo'), 'pending', 'pending', 'business', 'Eve is away'
    ) $$,
    'and it is written down from whom to whom, and why'
);

select * from finish();
rollback;
