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
