-- What Supabase's Realtime adds to a database: the table of messages that SQL broadcasts, the functions that
-- write it, and the publication that their server listens to. A message is a row; who may read a topic is a policy
-- on this table. The table is partitioned by day; 51_realtime_messages.sql keeps
-- the partitions for our own server.

do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'supabase_realtime_admin') then
        create role supabase_realtime_admin nologin noinherit;
    end if;
    -- Empty: a table is added by whoever wants its changes followed by Supabase's server. Ours has its own.
    if not exists (select 1 from pg_publication where pubname = 'supabase_realtime') then
        create publication supabase_realtime;
    end if;
end;
$$;

create schema if not exists realtime;
grant usage on schema realtime to anon, authenticated, service_role;

create sequence if not exists realtime.messages_position;

create table if not exists realtime.messages (
    topic text not null,
    -- broadcast or presence: what a policy is asked about.
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false,
    updated_at timestamp not null default timezone('UTC', now()),
    inserted_at timestamp not null default timezone('UTC', now()),
    id uuid not null default gen_random_uuid(),
    binary_payload bytea,
    broadcasted_at timestamp,
    -- Not Supabase's: how our server finds what was committed since it looked, and in which order.
    written_in xid8 not null default pg_current_xact_id(),
    position bigint not null default nextval('realtime.messages_position'),

    primary key (id, inserted_at)
) partition by range (inserted_at);
comment on table realtime.messages is
'Messages that SQL broadcast in the last 72 hours, and the rows by which Realtime asks who may do what.';

-- Which messages of a topic are replayed to somebody who joins?
create index if not exists messages_inserted_at_topic_index
on realtime.messages (inserted_at desc, topic)
where extension = 'broadcast' and private is true;
-- What was committed since the server looked last?
create index if not exists messages_written_in_idx on realtime.messages (written_in);

alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
grant usage on sequence realtime.messages_position to anon, authenticated, service_role;

create table if not exists realtime.messages_default partition of realtime.messages default;
alter table realtime.messages_default enable row level security;

/*
 * Return the topic that is being joined or written to. Policies ask it.
 */
create or replace function realtime.topic()
returns text
language sql
stable
security invoker
as $$
    select nullif(current_setting('realtime.topic', true), '')::text;
$$;

/*
 * Store a broadcast, for which no failure is an error of the transaction: it becomes a warning.
 */
create or replace function realtime.store_broadcast(
    payload jsonb, binary_payload bytea, event text, topic text, private boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = gen_random_uuid();
begin
    perform set_config('realtime.topic', store_broadcast.topic, true);
    insert into realtime.messages (id, payload, binary_payload, event, topic, private, extension)
    values (
        v_id,
        case
            when store_broadcast.payload ? 'id' then store_broadcast.payload
            else jsonb_set(store_broadcast.payload, '{id}', to_jsonb(v_id))
        end,
        store_broadcast.binary_payload, store_broadcast.event, store_broadcast.topic,
        store_broadcast.private, 'broadcast'
    );
exception
    when others then
        raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end;
$$;

/*
 * Broadcast a payload to a topic when this transaction commits. The message's id is put into the payload, unless
 * it has one.
 */
create or replace function realtime.send(
    payload jsonb, event text, topic text, private boolean default true
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform realtime.store_broadcast(payload, null, event, topic, private);
end;
$$;

/*
 * Broadcast bytes to a topic when this transaction commits.
 */
create or replace function realtime.send_binary(
    payload bytea, event text, topic text, private boolean default true
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform realtime.store_broadcast(null, payload, event, topic, private);
end;
$$;

/*
 * Broadcast a change of a row to a private topic. Called by triggers for each row.
 */
create or replace function realtime.broadcast_changes(
    topic_name text,
    event_name text,
    operation text,
    table_name text,
    table_schema text,
    new record,
    old record,
    level text default 'ROW'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if level = 'STATEMENT' then
        raise exception 'function can only be triggered for each row, not for each statement';
    end if;
    if operation not in ('INSERT', 'UPDATE', 'DELETE') then
        raise exception 'Unexpected operation type: %', operation;
    end if;
    perform realtime.send(
        jsonb_build_object(
            'old_record', old,
            'record', new,
            'operation', operation,
            'table', table_name,
            'schema', table_schema
        ),
        event_name,
        topic_name
    );
exception
    when others then
        raise exception 'Failed to process the row: %', sqlerrm;
end;
$$;

grant execute on function realtime.topic() to public;
grant execute on function
realtime.store_broadcast(jsonb, bytea, text, text, boolean),
realtime.send(jsonb, text, text, boolean),
realtime.send_binary(bytea, text, text, boolean),
realtime.broadcast_changes(text, text, text, text, text, record, record, text)
to public;
