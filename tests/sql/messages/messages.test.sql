-- What changes announce, what happens again and again, and what is done outside exactly once.
begin;
select plan(32);

-- A topic goes to whom its routes name
insert into private.queues (name, purpose) values ('parcels', 'Tests');
insert into private.routes (topic, queue, actor)
values ('parcel.%', 'parcels', 'carry'), ('parcel.lost', 'parcels', 'search');
select has_table('pgmq', 'q_parcels', 'a row of queues makes the queue');
select has_table('pgmq', 'q_parcels_dead', 'and its dead letters');
select lives_ok(
    $$ select private.emit('letter.sent', '{}') $$, 'a topic that nobody listens to is no error'
);
select private.emit('parcel.sent', '{"to": "Ann"}');
select is(
    (select array_agg(q_parcels.message ->> 'actor_name') from pgmq.q_parcels), '{carry}',
    'a pattern stands for every topic under it'
);
select is(
    (select q_parcels.message -> 'kwargs' from pgmq.q_parcels),
    '{"topic": "parcel.sent", "payload": {"to": "Ann"}}', 'the actor gets topic and payload'
);
select bag_eq(
    $$ select jsonb_object_keys(q_parcels.message) from pgmq.q_parcels $$,
    array['queue_name', 'actor_name', 'args', 'kwargs', 'options', 'message_id', 'message_timestamp'],
    'in Dramatiq''s own format'
);
delete from pgmq.q_parcels;
select private.emit('parcel.lost', '{}');
select set_eq(
    $$ select q_parcels.message ->> 'actor_name' from pgmq.q_parcels $$, array['carry', 'search'],
    'two routes are two messages'
);
delete from pgmq.q_parcels;

-- What rolls back was never sent
savepoint before;
select private.emit('parcel.sent', '{}');
rollback to before;
select is_empty('select 1 from pgmq.q_parcels', 'what rolls back was never sent');

-- Later is by the database's clock
select private.emit('parcel.sent', '{}', '2031-05-01 08:00Z');
select is(
    (select q_parcels.vt from pgmq.q_parcels), '2031-05-01 08:00Z'::timestamptz,
    'what is due later is read later'
);
select is_empty(
    $$ select * from pgmq.read('parcels', 30, 10) $$, 'and not before'
);
delete from pgmq.q_parcels;

-- Ticks
delete from private.schedules;
insert into private.schedules (name, topic, every, next_at)
values ('parcels', 'parcel.sent', '1 hour', now() - interval '5 hours 30 minutes');
select is(private.send_due_ticks(), 1, 'a tick that is due is sent');
select is(private.send_due_ticks(), 0, 'once');
select is((select count(*) from pgmq.q_parcels), 1::bigint, 'those that nobody sent are not made up for');
select ok(
    (
        select schedules.next_at > now() and schedules.next_at <= now() + interval '1 hour'
        from private.schedules
    ),
    'and the next one keeps its step'
);

-- Effects
create temporary table begun as
select * from private.start_effect('00000000-0000-4000-8000-000000000001', 'send');
select is((select begun.is_done from begun), false, 'an effect that begins is not done');
select is(
    (select again.idempotency_key from private.start_effect('00000000-0000-4000-8000-000000000001', 'send') as again),
    (select begun.idempotency_key from begun),
    'whoever begins it again gets the same key'
);
select isnt(
    (select other.idempotency_key from private.start_effect('00000000-0000-4000-8000-000000000001', 'bill') as other),
    (select begun.idempotency_key from begun),
    'another effect has another'
);
select is(
    private.finish_effect('00000000-0000-4000-8000-000000000001', 'send', '{"id": 1}'), true, 'it is done'
);
select is(
    private.finish_effect('00000000-0000-4000-8000-000000000001', 'send', '{"id": 2}'), false, 'only once'
);
select is(
    (select again.result from private.start_effect('00000000-0000-4000-8000-000000000001', 'send') as again),
    '{"id": 1}', 'and the first answer stays'
);

-- Dead letters
delete from pgmq.q_parcels;
select pgmq.send(
    'parcels_dead',
    '{"actor_name": "carry", "message_id": "m", "options": {"retries": 3, "traceback": "x", "keep": 1}}'::jsonb
);
select pgmq.send('parcels_dead', '"no message"'::jsonb);
select is((select count(*) from private.dead_letters('parcels', 10)), 2::bigint, 'dead letters can be read');
select is(private.replay_dead_letters('parcels'), 1, 'what is a message gets another try');
select is(
    (select q_parcels.message from pgmq.q_parcels),
    '{"actor_name": "carry", "message_id": "m", "options": {"keep": 1}}',
    'as the same message, its retries forgotten'
);
select is(private.purge_queue('parcels', true), 1::bigint, 'the rest can be thrown away');
select throws_ok(
    $$ select private.purge_queue('nowhere', true) $$, 'PT404', 'The queue nowhere does not exist.',
    'only of queues that there are'
);

-- What opens an account
select pgmq.send('parcels', v.message), pgmq.send('parcels_dead', v.message)
from (values (
    '{"actor_name": "carry", "options": {}, "kwargs": {"topic": "auth.mail", "payload": {
        "to": "ada@example.com", "code": "493817", "link": "https://x", "token_hash": "abc"
    }}}'::jsonb
)) as v (message);
select is(
    (select q_parcels.message #>> '{kwargs,payload,code}' from pgmq.q_parcels where q_parcels.message ? 'kwargs'),
    '493817', 'a code is in the message that waits to be sent'
);
select is(
    (select shown.message #> '{kwargs,payload}' from private.queue_messages('parcels', 10) as shown
        where shown.message ? 'kwargs'),
    '{"to": "ada@example.com"}', 'and is not shown to whoever looks into the queue'
);
select results_eq(
    $$ select message #> '{kwargs,payload}', headers from pgmq.q_parcels_dead $$,
    $$ values ('{"to": "ada@example.com"}'::jsonb, '{"withheld": true}'::jsonb) $$,
    'a dead letter has it no more'
);
select is(private.replay_dead_letters('parcels'), 0, 'so there is nothing to try again');
select pgmq.archive('parcels', q_parcels.msg_id) from pgmq.q_parcels where q_parcels.message ? 'kwargs';
select is(
    (select a_parcels.message #> '{kwargs,payload}' from pgmq.a_parcels where a_parcels.message ? 'kwargs'),
    '{"to": "ada@example.com"}', 'nor has the archive'
);

-- Who may
select tests.act_as_role('worker');
select throws_ok(
    $$ select private.emit('parcel.sent', '{}') $$, '42501', null, 'a worker does not announce things'
);
select tests.act_as_role('authenticated');
select throws_ok(
    $$ select private.queue_states() $$, '42501', null, 'and a client does not look into queues'
);

select * from finish();
rollback;
