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
