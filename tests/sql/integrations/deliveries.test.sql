-- Deliveries: when an endpoint rests, when it is disabled, what waits for an earlier event, and who may
-- have events sent again.
select plan(34);

begin;
select tests.person('owner');
select tests.person('mia');
select tests.business('Salon', 'owner');
delete from integrations.events;
select tests.at('2031-05-05 08:00+00');

/* Create an endpoint of the salon under this name. */
create function pg_temp.endpoint(called text, is_ordered boolean)
returns void
language sql
as $$
insert into integrations.webhook_endpoints (id, business_id, url, events, is_ordered)
values (
    tests.named(called), tests.id('Salon'), 'https://example.com/' || called, '{booking.*}',
    endpoint.is_ordered
);
$$;

/* Write events about a row, and their deliveries. */
create function pg_temp.happen(subject uuid, count integer)
returns void
language sql
as $$
insert into integrations.events (id, business_id, type, subject_id, body)
select gen_random_uuid(), tests.id('Salon'), 'booking.confirmed', subject, '{}'
from generate_series(1, count);
select integrations.write_deliveries(array(
    select events from integrations.events where events.subject_id = subject
));
$$;

/* Lease what is due, as a worker does. Returns how many deliveries. */
create function pg_temp.lease()
returns bigint
language sql
as $$
select count(*) from integrations.take_due(tests.id('worker'), 100, 10, '1 minute');
$$;

/* Record that every leased delivery was answered so. */
create function pg_temp.answer(status integer)
returns void
language sql
as $$
select integrations.record_attempts(tests.id('worker'), (
    select jsonb_agg(jsonb_build_object(
        'id', id, 'duration_ms', 5, 'status', answer.status, 'is_refused', false
    ))
    from integrations.webhook_deliveries
    where leased_by = tests.id('worker')
));
$$;

/* Return how long the endpoint rests from now on. */
create function pg_temp.rests()
returns interval
language sql
as $$
select resting_until - private.now() from integrations.webhook_endpoints;
$$;

/* Make every delivery due now. */
create function pg_temp.hurry()
returns void
language sql
as $$
update integrations.webhook_deliveries set next_attempt_at = private.now() where status = 'pending';
$$;

select tests.named('worker');

-- The circuit breaker.
select pg_temp.endpoint('Till', false);
select pg_temp.happen(gen_random_uuid(), 4);
select is(pg_temp.lease(), 4::bigint, 'a worker leases what is due');
select is(pg_temp.lease(), 0::bigint, 'what is leased is not leased again');
select pg_temp.answer(503);
select is(failures, 4, 'failures are counted') from integrations.webhook_endpoints;
select is(pg_temp.rests(), null, 'four failures in a row let no endpoint rest');
select is(
    failing_since, private.now(), 'since when it fails is known'
) from integrations.webhook_endpoints;
select pg_temp.happen(gen_random_uuid(), 1);
select pg_temp.lease();
select pg_temp.answer(503);
select is(pg_temp.rests(), '30 seconds', 'from the fifth failure on it rests for half a minute');
select pg_temp.hurry();
select is(pg_temp.lease(), 0::bigint, 'nothing is sent to an endpoint that rests');
select tests.at('2031-05-05 08:01+00');
select pg_temp.hurry();
select is(pg_temp.lease(), 1::bigint, 'after the rest one delivery tries it');
select pg_temp.hurry();
update integrations.webhook_deliveries
set next_attempt_at = private.now() + interval '1 minute'
where leased_by is not null;
select is(pg_temp.lease(), 0::bigint, 'and while that is under way no other');
select pg_temp.answer(503);
select is(pg_temp.rests(), '1 minute', 'each further failure doubles the rest');
select is(
    integrations.rest_until(1000) - private.now(), '30 minutes', 'which is half an hour at most'
);
select tests.at('2031-05-05 08:10+00');
select pg_temp.hurry();
select pg_temp.lease();
select pg_temp.answer(200);
select results_eq(
    'select failures, failing_since, resting_until from integrations.webhook_endpoints',
    'values (0, null::timestamptz, null::timestamptz)',
    'one delivery that arrives closes the circuit'
);
select pg_temp.hurry();
select is(pg_temp.lease(), 4::bigint, 'and the others follow together');

-- Three days.
select pg_temp.answer(503);
select tests.at('2031-05-08 08:10+00');
select pg_temp.hurry();
select pg_temp.lease();
select pg_temp.answer(503);
select ok(is_enabled, 'three days of failures do not disable it yet') from integrations.webhook_endpoints;
select tests.at('2031-05-08 08:30+00');
select pg_temp.hurry();
select pg_temp.lease();
select pg_temp.answer(503);
select is(
    disabled_reason, 'failing', 'more than three days do'
) from integrations.webhook_endpoints where not is_enabled;
select tests.at('2031-05-09 08:00+00');
select pg_temp.hurry();
select is(pg_temp.lease(), 0::bigint, 'nothing is sent to a disabled endpoint');
select is(
    count(*), 4::bigint, 'what waits for it is kept'
) from integrations.webhook_deliveries where status = 'pending';
select tests.act_as('owner');
select ok(
    (public.update_webhook_endpoint(tests.id('Till')::text, is_enabled => 'true')).is_enabled,
    'its owner enables it'
);
select tests.act_as_owner();
select is(failures, 0, 'and it begins anew') from integrations.webhook_endpoints;
select is(pg_temp.lease(), 4::bigint, 'so that what waited is sent');
select pg_temp.answer(410);
select results_eq(
    'select is_enabled, disabled_reason from integrations.webhook_endpoints',
    $$ values (false, 'gone') $$,
    'one that is gone is disabled at once'
);

-- What an answer means.
select is(integrations.outcome_of(204, false), 'delivered', 'every 2xx has arrived');
select is(integrations.outcome_of(302, false), 'failed', 'a redirect is not followed');
select is(integrations.outcome_of(429, false), 'retry', 'a busy receiver is asked again');
select is(integrations.outcome_of(null, true), 'failed', 'a refused address is not asked again');
select ok(
    integrations.next_attempt(1, 3600) >= private.now() + interval '1 hour',
    'a receiver may ask for a longer wait'
);
select ok(
    integrations.next_attempt(1, 999999) <= private.now() + interval '1 day', 'of a day at most'
);
select is(integrations.next_attempt(10, 3600), null, 'after the ninth wait a delivery is given up');

-- The order of a row's events, in the queue already.
create temporary table told (number bigint, id uuid);
insert into told
select pgmq.send('webhooks', jsonb_build_object(
    'message_id', message_id,
    'kwargs', jsonb_build_object('payload', jsonb_build_object('booking_id', tests.id('Salon')))
)), message_id
from (select gen_random_uuid() as message_id from generate_series(1, 2)) as messages;

/* Return how many of these messages about the same booking must wait. */
create function pg_temp.waiting(numbers bigint[])
returns bigint
language sql
as $$
select count(*) from integrations.too_early((
    select jsonb_agg(jsonb_build_object(
        'message_id', id, 'number', number, 'topic', 'booking.confirmed',
        'payload', jsonb_build_object('booking_id', tests.id('Salon'))
    ))
    from told
    where number = any(numbers)
));
$$;

select is(
    pg_temp.waiting(array[max(number)]), 0::bigint, 'without an ordered endpoint nothing waits'
) from told;
select pg_temp.endpoint('Row', true);
select is(
    pg_temp.waiting(array[max(number)]), 1::bigint, 'a later message waits for one in the queue'
) from told;
select is(pg_temp.waiting(array[min(number)]), 0::bigint, 'the earlier one does not') from told;
select is(pg_temp.waiting(array_agg(number)), 0::bigint, 'nor do both together') from told;
insert into integrations.events (id, business_id, type, subject_id, body)
select id, tests.id('Salon'), 'booking.confirmed', tests.id('Salon'), '{}'
from told
order by number
limit 1;
select is(
    pg_temp.waiting(array[max(number)]), 0::bigint, 'nor one whose predecessor is an event already'
) from told;

select tests.act_as('mia');
select throws_ok(
    $$ select public.replay_webhook(tests.id('Till')::text, from_at => '2031-05-01T00:00:00Z') $$,
    'PT404', null, 'a customer has no events sent again'
);
select tests.act_as_owner();

select * from finish();
rollback;
