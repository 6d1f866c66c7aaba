-- The initial schema of 05_messages: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/05_messages/tables.sql

-- Messages carry work from a transaction to the workers. A change calls private.emit(topic,
-- payload) in its own transaction; routes say which queue and which actor of the workers get the
-- message. What rolls back was never sent; what commits is never lost. Queues are pgmq's, and
-- messages have Dramatiq's format. What people are told of is registered here as well, as a
-- subject, so that whoever tells them depends on no domain.

-- Queues are enabled here where the platform has the extension, and asked for where it has not.
do $$
begin
    if to_regclass('pgmq.meta') is not null then
        return;
    end if;
    if exists (select 1 from pg_available_extensions where name = 'pgmq') then
        create extension pgmq;
        return;
    end if;
    raise exception using
        errcode = 'feature_not_supported',
        message = 'Queues are not enabled: this database has no pgmq.',
        hint = 'Enable Queues in the project''s integrations, or install pgmq, then push again.';
end;
$$;

create table private.queues (
    name text primary key,
    -- What is in it, for its operators.
    purpose text not null,
    -- The workers do not read a paused queue; its messages wait.
    is_paused boolean not null default false,

    constraint queues_name_is_plain check (name ~ '^[a-z][a-z_]{0,39}$' and name !~ '_dead$')
);
comment on table private.queues is
'The queues. A row makes the queue of that name and its dead letters in pgmq (name, name_dead).';

create table private.routes (
    -- A pattern of LIKE: booking.% stands for everything that happens to bookings.
    topic text not null,
    queue text not null references private.queues (name) on delete cascade,
    -- The actor that gets the message.
    actor text not null,

    primary key (topic, queue, actor),
    constraint routes_actor_is_a_name check (actor ~ '^[a-z][a-z_]*$')
);
comment on table private.routes is 'Which queue and which actor get the messages of a topic.';
create index routes_queue_idx on private.routes (queue);

create table private.broadcasts (
    -- A pattern of LIKE, as in routes.
    topic text not null,
    -- Who hears of it at once: the first word of a Realtime topic, such as booking in booking:{id}.
    audience text not null,
    -- The key in the payload of the event that holds the id in the Realtime topic.
    id_key text not null,
    -- The keys of the payload that are sent. Everybody who may hear of the event may read these.
    keys text[] not null,

    primary key (topic, audience),
    constraint broadcasts_audience_is_a_word check (audience ~ '^[a-z]+$')
);
comment on table private.broadcasts is
'Which events clients hear of at once by Realtime, on which topics, and with what of the payload.';

create table private.schedules (
    name text primary key,
    topic text not null,
    every interval not null,
    -- The next tick. It moves on by whole steps of `every`, so ticks never drift.
    next_at timestamptz not null default '2000-01-01Z',

    constraint schedules_are_not_frantic check (every >= interval '1 second')
);
comment on table private.schedules is
'Topics that are emitted again and again. Any number of schedulers may run; each tick is sent '
'once.';
create index schedules_next_at_idx on private.schedules (next_at);

create type private.effect_status as enum ('started', 'done');

create table private.effects (
    message_id uuid not null,
    -- What is done outside the database, such as send or charge.
    effect text not null,
    -- The key with which the provider does a repeated call once. Stored before the call.
    idempotency_key text not null default gen_random_uuid()::text,
    status private.effect_status not null default 'started',
    attempts integer not null default 1,
    -- The provider's answer.
    result jsonb,
    started_at timestamptz not null default now(),
    done_at timestamptz,

    primary key (message_id, effect),
    constraint effects_key_unique unique (idempotency_key),
    constraint effects_are_done_at_some_time check ((status = 'done') = (done_at is not null))
);
comment on table private.effects is
'Effects of messages outside the database. Each starts before the call and is done after it, so a '
'worker that died in between calls the provider again with the same key.';
comment on column private.effects.message_id is '[person]';
comment on column private.effects.result is '[personal]';
create index effects_done_at_idx on private.effects (done_at) where status = 'done';

-- Messages that are planned together are numbered. The functions of a subject, which get many at
-- once, answer by that number.
create type private.subject_message as (ordinal integer, subject_id uuid, payload jsonb);

-- A row, and the condition in which it must be.
create type private.subject_state as (
    ordinal integer,
    subject_id uuid,
    condition text,
    starts_at timestamptz
);

-- What a message may say.
create type private.subject_facts as (ordinal integer, data jsonb);

-- Must people be told of a message?
create type private.subject_claim as (ordinal integer, is_told boolean);

-- Somebody who hears of something, and how they are reached.
create type private.reader as (
    ordinal integer,
    user_id uuid,
    email text,
    phone text,
    locale text,
    -- Variables of the message that differ from reader to reader, such as a name; null: none.
    variables jsonb
);

create table private.subjects (
    name text primary key,
    description text not null,
    -- The key in the payload of a message that holds the id of the row.
    id_key text not null,
    -- The names of four functions, whose arguments and results are a rule of this table.
    --
    -- (messages) → what each may say: the values of the variables; business_id, whose templates
    -- and deliveries these are; starts_at, if people are reminded of the row. A message about a
    -- row that does not exist has no answer.
    data_function text not null,
    -- (messages, audience) → the readers. Without a function each message names its reader.
    readers_function text,
    -- (states) → the numbers of those rows that are still in their condition and still start at
    -- that instant. Without a function: all.
    holds_function text,
    -- (messages) → must people be told of it? It may note that they are. A message about a row
    -- that somebody is changing right now has no answer, and is planned a little later. Without
    -- a function: always.
    claim_function text
);
comment on table private.subjects is
'What people are told of, such as a booking, and the functions of its domain that know what a '
'message says and who reads it. The seed of the domain registers it.';

create table private.deleted_subjects (
    subject text not null,
    subject_id uuid not null,

    primary key (subject, subject_id)
);
comment on table private.deleted_subjects is
'Announcements that a row of a subject is deleted. Triggers of later domains react; no row is '
'stored.';

-- sql/05_messages/functions/broadcasts.sql

-- What clients hear of at once. private.emit calls this beside its routes: what is
-- broadcast is data, and no domain knows who listens.

/*
 * Broadcast an event on the Realtime topics that private.broadcasts names, to whoever listens when
 * this transaction commits. A broadcast that fails is a warning.
 * Definer: callers have no rights on the list.
 */
create function private.broadcast(topic text, payload jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform realtime.send(
        (
            select jsonb_object_agg(sent.key, broadcast.payload -> sent.key)
            from unnest(broadcasts.keys) as sent (key)
            where broadcast.payload ? sent.key
        ),
        broadcast.topic,
        broadcasts.audience || ':' || (broadcast.payload ->> broadcasts.id_key)
    )
    from private.broadcasts
    where
        broadcast.topic like broadcasts.topic
        and broadcast.payload ->> broadcasts.id_key is not null;
end;
$$;

-- sql/05_messages/functions/broker.sql

-- What the broker needs of a database with pgmq: how a queue is made, and how workers are told of a
-- message. Whoever sends or makes queues calls these functions: the broker, and SQL.

create schema if not exists dramatiq;

/*
 * Make a queue and its dead letters in pgmq, unless they exist.
 * Rows of a queue are rewritten with every read and deleted soon after, so vacuum runs often and
 * pages keep room for the next version.
 */
create or replace function dramatiq.make_queue(queue_name text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_name text;
begin
    foreach v_name in array array[queue_name, queue_name || '_dead'] loop
        if to_regclass(format('pgmq.%I', 'q_' || v_name)) is null then
            perform pgmq.create(v_name);
            execute format(
                'alter table pgmq.%I set (
                    fillfactor = 70,
                    autovacuum_vacuum_scale_factor = 0.02,
                    autovacuum_vacuum_threshold = 500,
                    autovacuum_vacuum_cost_delay = 0
                )',
                'q_' || v_name
            );
        end if;
    end loop;
end;
$$;

/*
 * Wake the workers of a queue when this transaction commits, on the channel of pgmq's own trigger.
 * A notification makes commits wait for each other, so of several transactions that are about to
 * commit only one sends it. One is enough: the worker then reads until the queue is empty, and its
 * next poll finds what was committed later.
 */
create or replace function dramatiq.notify_workers(queue_name text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_channel constant text = 'pgmq.q_' || queue_name || '.INSERT';
begin
    if pg_try_advisory_xact_lock(hashtextextended(v_channel, 0)) then
        perform pg_notify(v_channel, '');
    end if;
end;
$$;

-- sql/05_messages/functions/messages.sql

-- A change emits a message in its own transaction; schedules emit messages again and again. What an
-- actor does outside the database, such as sending a mail, is an effect: it starts before the call
-- and finishes after it, with a key that makes the provider do it once.

/*
 * Return a message to an actor in Dramatiq's format, with a new id unless one is given.
 */
create function private.actor_message(queue text, actor text, kwargs jsonb, message_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'queue_name', queue,
        'actor_name', actor,
        'args', '[]'::jsonb,
        'kwargs', kwargs,
        'options', '{}'::jsonb,
        'message_id', coalesce(message_id, gen_random_uuid()),
        'message_timestamp', floor(extract(epoch from clock_timestamp()) * 1000)::bigint
    );
end;
$$;

/*
 * Send a message to an actor through a queue. Without `due_at` it can be read as soon as the
 * transaction commits, and the workers are notified.
 * Definer: senders need no rights on queues.
 */
create function private.send_message(
    queue text,
    actor text,
    kwargs jsonb,
    due_at timestamptz default null,
    message_id uuid default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform pgmq.send(
        queue,
        private.actor_message(queue, actor, kwargs, message_id),
        null::jsonb,
        coalesce(due_at, clock_timestamp())
    );
    if due_at is null then
        perform dramatiq.notify_workers(queue);
    end if;
end;
$$;

/*
 * Send many messages, as private.send_message does: one for each of `kwargs`, due at the instant
 * and with the id at the same place of the other arrays.
 * Definer: senders need no rights on queues.
 */
create function private.send_messages(
    queue text, actor text, kwargs jsonb[], due_ats timestamptz[], message_ids uuid[]
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    execute format(
        'insert into pgmq.%I (vt, message)
        select
            coalesce(sent.due_at, clock_timestamp()),
            private.actor_message($1, $2, sent.kwargs, sent.message_id)
        from unnest($3, $4, $5) as sent (kwargs, due_at, message_id)',
        'q_' || queue
    ) using queue, actor, kwargs, due_ats, message_ids;
    if array_position(due_ats, null) is not null then
        perform dramatiq.notify_workers(queue);
    end if;
end;
$$;

/*
 * Announce that something has happened: send `topic` and `payload` to every actor that a route
 * names for the topic. Without a route nothing is sent. What happens now is broadcast as well.
 * Definer: callers have no rights on routes and queues.
 */
create function private.emit(topic text, payload jsonb, due_at timestamptz default null)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_route private.routes;
begin
    for v_route in
        select routes.*
        from private.routes
        where emit.topic like routes.topic
        order by routes.queue, routes.actor
    loop
        perform private.send_message(
            v_route.queue,
            v_route.actor,
            jsonb_build_object('topic', emit.topic, 'payload', emit.payload),
            due_at
        );
    end loop;
    if due_at is null then
        perform private.broadcast(topic, payload);
    end if;
end;
$$;

/*
 * Announce that several things have happened, as private.emit does: each topic with the payload and
 * the instant at the same place of the other arrays.
 * Definer: callers have no rights on routes and queues.
 */
create function private.emit_all(topics text[], payloads jsonb[], due_ats timestamptz[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.send_messages(
        routes.queue,
        routes.actor,
        array_agg(jsonb_build_object('topic', emitted.topic, 'payload', emitted.payload)),
        array_agg(emitted.due_at),
        array_agg(null::uuid)
    )
    from unnest(topics, payloads, due_ats) as emitted (topic, payload, due_at)
    inner join private.routes on emitted.topic like routes.topic
    group by routes.queue, routes.actor
    order by routes.queue, routes.actor;

    perform private.broadcast(emitted.topic, emitted.payload)
    from unnest(topics, payloads, due_ats) as emitted (topic, payload, due_at)
    where emitted.due_at is null;
end;
$$;

/*
 * Send the ticks that are due, each once, however many schedulers ask. Ticks that were missed while
 * all schedulers were down are skipped. Returns how many were sent.
 * Definer: called by the workers, who have no access to the tables.
 */
create function private.send_due_ticks()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = clock_timestamp();
    v_schedule private.schedules;
    v_count integer = 0;
begin
    for v_schedule in
        select schedules.*
        from private.schedules
        where schedules.next_at <= v_now
        order by schedules.name
        for update skip locked
    loop
        perform private.emit(v_schedule.topic, jsonb_build_object('tick', v_schedule.next_at));
        update private.schedules
        set next_at = date_bin(v_schedule.every, v_now, v_schedule.next_at) + v_schedule.every
        where schedules.name = v_schedule.name;
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Start an effect of each message outside the database. Returns the idempotency key for the
 * provider, which is the same each time, and whether the effect is done already, with its result.
 * Commit before calling the provider.
 */
create function private.start_effects(message_ids uuid[], effect text)
returns setof private.effects
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    insert into private.effects as effects (message_id, effect)
    select started.message_id, start_effects.effect
    from unnest(message_ids) as started (message_id)
    order by started.message_id
    on conflict on constraint effects_pkey do update
    set attempts = effects.attempts + case effects.status when 'started' then 1 else 0 end
    returning effects.*;
end;
$$;

/*
 * Start an effect of one message, as private.start_effects does.
 * Definer: called by the workers, who have no access to the tables.
 */
create function private.start_effect(
    message_id uuid,
    effect text,
    out idempotency_key text,
    out is_done boolean,
    out result jsonb
)
returns record
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    select effects.idempotency_key, effects.status = 'done', effects.result
    into start_effect.idempotency_key, start_effect.is_done, start_effect.result
    from private.start_effects(array[start_effect.message_id], start_effect.effect) as effects;
end;
$$;

/*
 * Record that an effect of each message is done, and the provider's answer at the same place. The
 * first answer stays. Returns the messages of which this call was the first.
 */
create function private.finish_effects(message_ids uuid[], effect text, results jsonb[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    update private.effects
    set
        status = 'done',
        result = finished.result,
        done_at = clock_timestamp()
    from unnest(message_ids, results) as finished (message_id, result)
    where
        effects.message_id = finished.message_id
        and effects.effect = finish_effects.effect
        and effects.status = 'started'
    returning effects.message_id;
end;
$$;

/*
 * Record that an effect of one message is done, as private.finish_effects does. Returns whether
 * this call was the first.
 * Definer: called by the workers, who have no access to the tables.
 */
create function private.finish_effect(message_id uuid, effect text, result jsonb)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.finish_effects(array[message_id], effect, array[result]);
    return found;
end;
$$;

/*
 * Delete effects that were done more than 90 days ago: no provider keeps a key that long.
 * Returns how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function private.forget_old_effects()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from private.effects
    where effects.status = 'done' and effects.done_at < now() - interval '90 days';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/05_messages/functions/queues.sql

-- Operating the queues: what is in them, which messages died and why, and how to retry them. The
-- command line and the metrics call these functions; all are for the operator's own logins.

/*
 * Return the state of every queue: how many messages are ready, delayed and with a worker; the age
 * in seconds of the oldest ready one; how many are dead; how many were ever sent.
 * Definer: callers may count messages without being able to read them.
 */
create function private.queue_states()
returns table (
    name text,
    purpose text,
    is_paused boolean,
    ready bigint,
    delayed bigint,
    running bigint,
    oldest_seconds double precision,
    dead bigint,
    total bigint
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    for name, purpose, is_paused in
        select queues.name, queues.purpose, queues.is_paused from private.queues order by queues.name
    loop
        execute format(
            'select
                count(*) filter (where vt <= clock_timestamp()),
                count(*) filter (where vt > clock_timestamp() and read_ct = 0),
                count(*) filter (where vt > clock_timestamp() and read_ct > 0),
                coalesce(extract(
                    epoch from clock_timestamp() - min(vt) filter (where vt <= clock_timestamp())
                ), 0),
                (select count(*) from pgmq.%I),
                coalesce(pg_sequence_last_value(pg_get_serial_sequence(%L, ''msg_id'')), 0)
            from pgmq.%I',
            'q_' || name || '_dead', 'pgmq.q_' || name, 'q_' || name
        ) into ready, delayed, running, oldest_seconds, dead, total;
        return next;
    end loop;
end;
$$;

/*
 * Return a message without the codes and links of sign-in. They open an account, so operators of
 * queues must not see them.
 */
create function private.without_secrets(message jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when message #>> '{kwargs,topic}' like 'auth.%'
            then
                message
                #- '{kwargs,payload,code}'
                #- '{kwargs,payload,link}'
                #- '{kwargs,payload,token_hash}'
        else message
    end;
end;

/*
 * Return the messages of a queue, the next due first.
 *
 * Errors:  PT404 not_found
 */
create function private.queue_messages(queue text, max_count integer)
returns table (
    msg_id bigint, actor text, enqueued_at timestamptz, due_at timestamptz, read_count integer,
    message jsonb
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    return query execute format(
        'select msg_id, message ->> ''actor_name'', enqueued_at, vt, read_ct,
            private.without_secrets(message)
        from pgmq.%I order by vt limit $1',
        'q_' || queue
    ) using max_count;
end;
$$;

/*
 * Return the dead letters of a queue, the newest first: the message, and in `headers` why it died.
 *
 * Errors:  PT404 not_found
 */
create function private.dead_letters(queue text, max_count integer)
returns table (msg_id bigint, dead_at timestamptz, headers jsonb, message jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    return query execute format(
        'select msg_id, enqueued_at, headers, message from pgmq.%I order by msg_id desc limit $1',
        'q_' || queue || '_dead'
    ) using max_count;
end;
$$;

/*
 * Retry dead letters: all of a queue, or the named ones. Each goes back with the same message_id,
 * so that its effects are not repeated, and with a new count of retries. A letter that is not a
 * message of an actor stays, and so does one whose code was withheld: the user asks for a new code.
 * Returns how many went back.
 *
 * Errors:  PT404 not_found
 */
create function private.replay_dead_letters(queue text, msg_ids bigint[] default null)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    perform private.require_queue(queue);
    execute format(
        'with replayed as (
            delete from pgmq.%1$I
            where
                ($1 is null or msg_id = any($1))
                and message ? ''actor_name''
                and not coalesce(headers, ''{}'') ? ''withheld''
            returning message
        )
        insert into pgmq.%2$I (vt, message)
        select clock_timestamp(), jsonb_set(
            message, ''{options}'',
            (message -> ''options'') - array[''retries'', ''traceback'', ''requeue_timestamp'']
        )
        from replayed',
        'q_' || queue || '_dead', 'q_' || queue
    ) using msg_ids;
    get diagnostics v_count = row_count;
    perform dramatiq.notify_workers(queue);
    return v_count;
end;
$$;

/*
 * Delete the messages of a queue, or its dead letters only. Returns how many.
 *
 * Errors:  PT404 not_found
 */
create function private.purge_queue(queue text, dead_only boolean)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    return pgmq.purge_queue(queue || case when dead_only then '_dead' else '' end);
end;
$$;

/*
 * Stop the workers from reading a queue, or let them go on.
 *
 * Errors:  PT404 not_found
 */
create function private.pause_queue(queue text, is_paused boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    update private.queues
    set is_paused = pause_queue.is_paused
    where queues.name = pause_queue.queue;
end;
$$;

/*
 * Return the queues that the workers do not read at present.
 * Definer: called by the workers, who have no access to the table.
 */
create function private.paused_queues()
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return array(select queues.name from private.queues where queues.is_paused);
end;
$$;

/*
 * Refuse a queue that does not exist.
 *
 * Errors:  PT404 not_found
 */
create function private.require_queue(queue text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (select 1 from private.queues where queues.name = require_queue.queue) then
        perform private.refuse(
            'PT404', 'not_found', format('The queue %s does not exist.', queue),
            'Run frontdesk queues list to see the queues.'
        );
    end if;
end;
$$;

-- sql/05_messages/functions/subjects.sql

-- What people are told of. The domain of a subject knows what to say of one of its rows and who
-- reads it; it registers the functions that do in private.subjects. Whoever tells people asks here
-- and depends on no domain. This is the only place that calls those functions.

/*
 * Return the payload of a message about a row, with its id under the key of its subject.
 */
create function private.subject_payload(subject text, subject_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(subjects.id_key, subject_id)
        from private.subjects
        where subjects.name = subject
    );
end;
$$;

/*
 * Return what messages may say about their rows. A message about a row that does not exist is left
 * out.
 */
create function private.subject_data(subject text, messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.data_function from private.subjects where subjects.name = subject
    );
begin
    if v_function is not null then
        return query execute format('select * from %s($1)', v_function) using messages;
    end if;
end;
$$;

/*
 * Return the people of an audience who read messages, and how they are reached.
 */
create function private.subject_readers(
    subject text, messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.readers_function from private.subjects where subjects.name = subject
    );
begin
    if v_function is not null then
        return query execute format('select * from %s($1, $2)', v_function)
        using messages, audience;
    end if;
end;
$$;

/*
 * Return the numbers of the rows that are still in the condition that a message requires and still
 * start at that instant. A row without a required condition is always one of them.
 */
create function private.subjects_that_hold(subject text, states private.subject_state[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.holds_function from private.subjects where subjects.name = subject
    );
    v_required constant private.subject_state array = array(
        select required
        from unnest(states) as required
        where required.condition is not null and v_function is not null
    );
begin
    return query
    select every.ordinal
    from unnest(states) as every
    where every.condition is null or v_function is null;
    if v_required <> '{}' then
        return query execute format('select * from %s($1)', v_function) using v_required;
    end if;
end;
$$;

/*
 * Must people be told of these messages? The domain notes that they are, in this transaction. A
 * message about a row that somebody is changing right now is left out.
 */
create function private.claim_subjects(subject text, messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.claim_function from private.subjects where subjects.name = subject
    );
begin
    if v_function is null then
        return query
        select every.ordinal, true
        from unnest(messages) as every;
    else
        return query execute format('select * from %s($1)', v_function) using messages;
    end if;
end;
$$;

-- sql/05_messages/rules/queues.sql

-- A row of private.queues makes its queue, and the queue stays when the row is deleted: messages
-- are never lost in passing. Secrets are not kept: a code or a link of sign-in is in its message
-- while it waits to be sent, and neither in a dead letter nor in the archive.

/*
 * Remove the secrets of a message that becomes a dead letter or goes to the archive, and note
 * `withheld` in its headers.
 * Definer: the workers, who write these tables, may not call the function that knows the secrets.
 */
create function private.any__withhold_secrets()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_message jsonb = private.without_secrets(new.message);
begin
    if v_message <> new.message then
        new.message = v_message;
        new.headers = coalesce(new.headers, '{}') || '{"withheld": true}';
    end if;
    return new;
end;
$$;

/*
 * Make the queue and the queue of its dead letters, and let the workers read and write both.
 * Definer: whoever registers a queue need not own pgmq.
 */
create function private.queues__make()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_name text;
begin
    grant usage on schema pgmq to worker;
    grant execute on all functions in schema pgmq to worker;
    grant select on table pgmq.meta to worker;
    perform dramatiq.make_queue(new.name);
    foreach v_name in array array[new.name, new.name || '_dead'] loop
        execute format(
            'grant select, insert, update, delete on pgmq.%I, pgmq.%I to worker',
            'q_' || v_name, 'a_' || v_name
        );
    end loop;
    foreach v_name in array array['q_' || new.name || '_dead', 'a_' || new.name] loop
        execute format(
            'create or replace trigger _100_withhold_secrets before insert on pgmq.%I
            for each row execute function private.any__withhold_secrets()',
            v_name
        );
    end loop;
    return null;
end;
$$;

create trigger _500_make
after insert on private.queues
for each row execute function private.queues__make();

-- sql/05_messages/rules/subjects.sql

-- A subject is registered by the names of functions. They are checked when the row is written, so
-- that a message never fails because a function is missing. When a row that people were told of is
-- deleted, whoever keeps something about it hears of it in the same transaction.

/*
 * Refuse a name that is not a function of these arguments and this result, or that clients
 * could call themselves.
 *
 * Errors:  PT400 invalid_input
 */
create function private.require_subject_function(
    field text, name text, arguments text, result text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_plain constant boolean = name ~ '^[a-z_]+[.][a-z_]+$';
    v_function regprocedure;
begin
    if v_is_plain and split_part(name, '.', 1) not in ('public', 'analytics') then
        v_function = to_regprocedure(format('%s(%s)', name, arguments));
    end if;
    if name is not null and pg_get_function_result(v_function) is distinct from result then
        perform private.invalid(
            field,
            format(
                'must be a function (%s) → %s in a schema that is not exposed', arguments, result
            )
        );
    end if;
end;
$$;

/*
 * The functions of a subject exist.
 *
 * Errors:  PT400 invalid_input
 */
create function private.subjects__require_functions()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.require_subject_function(
        'data_function',
        new.data_function,
        'private.subject_message[]',
        'SETOF private.subject_facts'
    );
    perform private.require_subject_function(
        'readers_function',
        new.readers_function,
        'private.subject_message[],text',
        'SETOF private.reader'
    );
    perform private.require_subject_function(
        'holds_function',
        new.holds_function,
        'private.subject_state[]',
        'SETOF integer'
    );
    perform private.require_subject_function(
        'claim_function',
        new.claim_function,
        'private.subject_message[]',
        'SETOF private.subject_claim'
    );
    return new;
end;
$$;

create trigger _100_require_functions
before insert or update on private.subjects
for each row execute function private.subjects__require_functions();

/*
 * Announce that a row of a subject is deleted. The trigger's argument is the name of the subject.
 * Definer: whoever deletes the row has no rights on announcements.
 */
create function private.any__announce_deletion()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into private.deleted_subjects (subject, subject_id)
    values (tg_argv[0], old.id);
    return null;
end;
$$;

/*
 * An announcement is answered by the triggers before this one, and not stored.
 */
create function private.deleted_subjects__discard()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return null;
end;
$$;

create trigger _900_discard
before insert on private.deleted_subjects
for each row execute function private.deleted_subjects__discard();

-- sql/05_messages/policies.sql

-- Only the operator reads queues: a message may hold personal data. The workers' login reads
-- and writes the queues that a row of private.queues made, and calls functions. No table here
-- has a policy.

alter table private.queues enable row level security;
alter table private.routes enable row level security;
alter table private.broadcasts enable row level security;
alter table private.schedules enable row level security;
alter table private.effects enable row level security;
alter table private.subjects enable row level security;
alter table private.deleted_subjects enable row level security;

grant usage on schema private to worker, edge;
grant usage on schema dramatiq to worker;

grant execute on function
private.send_due_ticks(),
private.start_effect(uuid, text),
private.finish_effect(uuid, text, jsonb),
private.forget_old_effects(),
private.paused_queues()
to worker;
grant execute on function dramatiq.notify_workers(text) to worker;
grant execute on function private.queue_states() to worker, edge;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
