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
