-- How our own Realtime server finds the messages that SQL broadcast. It asks for what became visible since its last
-- snapshot, so it sees each message once, after its commit, whatever `wal_level` is; nobody has to wait for it, and no
-- replication slot keeps anything on the disk.

create schema if not exists _realtime;
revoke all on schema _realtime from public;
grant usage on schema _realtime to realtime;

/*
 * Return the messages that were committed since a snapshot, in the order in which they were written. A message of a
 * transaction that still ran then is found by its number, which stays below the snapshot's end for as long as it ran.
 * Definer: the server reads every topic; it checks who may hear one when they join.
 */
create or replace function _realtime.messages_since(seen pg_snapshot)
returns table (
    id uuid, topic text, event text, private boolean, payload text, binary_payload bytea
)
language sql
stable
security definer
rows 10
set search_path = ''
begin atomic
    select
        messages.id,
        messages.topic,
        messages.event,
        messages.private,
        messages.payload::text,
        messages.binary_payload
    from realtime.messages
    where
        messages.written_in >= pg_snapshot_xmin(seen)
        and not pg_visible_in_snapshot(messages.written_in, seen)
        and messages.extension = 'broadcast'
    order by messages.position;
end;

/*
 * Return the newest private messages of a topic since a moment, the oldest first.
 * Definer: as messages_since.
 */
create or replace function _realtime.replay(topic text, since timestamptz, max_count integer)
returns table (id uuid, event text, payload text, binary_payload bytea)
language sql
stable
security definer
set search_path = ''
begin atomic
    select newest.id, newest.event, newest.payload::text, newest.binary_payload
    from (
        select messages.*
        from realtime.messages
        where
            messages.topic = replay.topic
            and messages.private
            and messages.extension = 'broadcast'
            and messages.inserted_at >= timezone('UTC', since)
        order by messages.inserted_at desc, messages.position desc
        limit least(greatest(max_count, 0), 25)
    ) as newest
    order by newest.inserted_at, newest.position;
end;

grant execute on function
_realtime.messages_since(pg_snapshot),
_realtime.replay(text, timestamptz, integer)
to realtime;
