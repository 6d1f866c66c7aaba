-- How our own Realtime server finds the messages that SQL broadcast. It asks for what became visible since its last
-- snapshot, so it sees each message once, after its commit, whatever `wal_level` is; nobody has to wait for it, and no
-- replication slot keeps anything on the disk. Messages are kept for 72 hours.

create schema if not exists _realtime;
revoke all on schema _realtime from public;
grant usage on schema _realtime to realtime;

/*
 * Return the Unix time of an instant in UTC, in milliseconds.
 */
create or replace function _realtime.to_ms(moment timestamp)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select (extract(epoch from moment) * 1000)::bigint;
end;

/*
 * Return the messages that were committed since a snapshot, in the order in which they were written. A message of a
 * transaction that still ran then is found by its number, which stays below the snapshot's end for as long as it ran.
 * Definer: the server reads every topic; it checks who may hear one when they join.
 */
create or replace function _realtime.messages_since(seen pg_snapshot)
returns table (
    id uuid,
    topic text,
    event text,
    private boolean,
    payload text,
    binary_payload bytea,
    sent_ms bigint
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
        messages.binary_payload,
        _realtime.to_ms(messages.inserted_at)
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
returns table (
    id uuid,
    topic text,
    event text,
    private boolean,
    payload text,
    binary_payload bytea,
    sent_ms bigint
)
language sql
stable
security definer
set search_path = ''
begin atomic
    select
        newest.id,
        newest.topic,
        newest.event,
        newest.private,
        newest.payload::text,
        newest.binary_payload,
        _realtime.to_ms(newest.inserted_at)
    from (
        select messages.*
        from realtime.messages
        where
            messages.topic = replay.topic
            and messages.private
            and messages.extension = 'broadcast'
            and messages.inserted_at >= timezone('UTC', since)
        order by messages.inserted_at desc, messages.position desc
        limit greatest(max_count, 0)
    ) as newest
    order by newest.inserted_at, newest.position;
end;

grant execute on function
_realtime.messages_since(pg_snapshot),
_realtime.replay(text, timestamptz, integer)
to realtime;

/*
 * Make the partition of a day, unless it is there. A day of which messages are in the default partition stays there:
 * attaching another would have to move them.
 */
create or replace function _realtime.make_partition(day date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_name constant text = to_char(day, '"messages_"YYYY"_"MM"_"DD');
begin
    if to_regclass('realtime.' || v_name) is not null or exists (
        select 1
        from realtime.messages_default
        where messages_default.inserted_at >= day and messages_default.inserted_at < day + 1
    ) then
        return;
    end if;
    -- Attaching a table lets others write meanwhile; creating it as a partition would not.
    execute format('create table realtime.%I (like realtime.messages including all)', v_name);
    execute format('alter table realtime.%I enable row level security', v_name);
    execute format(
        'alter table realtime.messages attach partition realtime.%I for values from (%L) to (%L)',
        v_name, day, day + 1
    );
end;
$$;

/*
 * Make the partitions of today and the next week, and delete what is older than 72 hours. Waits for nobody longer than
 * a fifth of a second: the next call comes soon.
 */
create or replace function _realtime.keep_partitions()
returns void
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '200ms'
as $$
declare
    v_now constant timestamp = timezone('UTC', now());
    v_old text;
begin
    for v_ahead in 0..7 loop
        perform _realtime.make_partition(v_now::date + v_ahead);
    end loop;
    delete from realtime.messages_default where inserted_at < v_now - interval '72 hours';
    for v_old in
        select pg_class.relname
        from pg_inherits
        inner join pg_class on pg_inherits.inhrelid = pg_class.oid
        where
            pg_inherits.inhparent = 'realtime.messages'::regclass
            and pg_class.relname ~ '^messages_\d{4}_\d\d_\d\d$'
            and to_date(pg_class.relname, '"messages_"YYYY"_"MM"_"DD') + 1
            <= v_now - interval '72 hours'
    loop
        execute format('drop table realtime.%I', v_old);
    end loop;
exception
    when lock_not_available then
        raise warning 'The partitions of realtime.messages are in use, and are kept later.';
end;
$$;
revoke execute on function _realtime.make_partition(date), _realtime.keep_partitions() from public;
select _realtime.keep_partitions();
