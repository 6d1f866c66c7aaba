-- From the messages of the domains to events: many are published together by the workers, in one
-- transaction that may run any number of times. The domain of a subject says whose event it is.

/*
 * Return what may be said of a row to a program: of the facts that messages may say, those that
 * are ids, states, times and amounts, and nothing about people.
 */
create function integrations.harmless_facts(facts jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_object_agg(said.key, said.value)
            from jsonb_each(facts) as said
            where
                said.key in (
                    'status', 'reference', 'starts_at', 'ends_at', 'time_zone', 'party_size', 'total'
                )
        ),
        '{}'
    );
end;
$$;

/*
 * Return the body of an event: its type, the version of its form, when it happened, and what it is
 * about. Source: Standard Webhooks 1.0.0, payload structure
 */
create function integrations.event_body(type text, business_id uuid, data jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'type', type,
        'version', 1,
        'timestamp', to_char(private.now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'business_id', business_id,
        'data', data
    );
end;
$$;

/*
 * Read messages `[{message_id, topic, payload}]`. One whose topic is no type of event is left out.
 */
create function integrations.read_messages(messages jsonb)
returns table (
    ordinal integer, id uuid, type text, subject text, id_key text, subject_id uuid, payload jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        entries.ordinal::integer,
        (entries.value ->> 'message_id')::uuid,
        event_types.name,
        event_types.subject,
        subjects.id_key,
        (entries.value -> 'payload' ->> subjects.id_key)::uuid,
        entries.value -> 'payload'
    from jsonb_array_elements(messages) with ordinality as entries (value, ordinal)
    inner join integrations.event_types on event_types.name = entries.value ->> 'topic'
    inner join private.subjects on subjects.name = event_types.subject;
end;
$$;

/*
 * Write the events of messages, and return those that were not there yet. A message about a row
 * that does not exist any more makes none.
 */
create function integrations.write_events(messages jsonb)
returns setof integrations.events
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    with
    announced as materialized (
        select read_messages.* from integrations.read_messages(messages) as read_messages
    ),

    about as (
        select
            announced.subject,
            array_agg(
                row(announced.ordinal, announced.subject_id, announced.payload)
                ::private.subject_message
            ) as messages
        from announced
        group by announced.subject
    ),

    -- Materialized: the domain's function runs once, whatever the join.
    facts as materialized (
        select said.ordinal, said.data, (said.data ->> 'business_id')::uuid as business_id
        from about
        cross join lateral private.subject_data(about.subject, about.messages) as said
    )

    insert into integrations.events (id, business_id, type, subject_id, body)
    select
        announced.id,
        facts.business_id,
        announced.type,
        announced.subject_id,
        integrations.event_body(
            announced.type,
            facts.business_id,
            jsonb_build_object(announced.id_key, announced.subject_id)
            || integrations.harmless_facts(facts.data)
        )
    from announced
    inner join facts on facts.ordinal = announced.ordinal and facts.business_id is not null
    order by announced.ordinal
    on conflict on constraint events_pkey do nothing
    returning events.*;
end;
$$;

/*
 * Return the ids of messages that must wait: an endpoint wants the events of a row in order, and an
 * earlier message about that row is still in the queue. Messages about one row are numbered in the
 * order in which their transactions committed, because each held the row.
 */
create function integrations.too_early(messages jsonb)
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (select 1 from integrations.webhook_endpoints where webhook_endpoints.is_ordered) then
        return;
    end if;
    return query
    with given as materialized (
        select
            read_messages.*,
            (messages -> (read_messages.ordinal - 1) ->> 'number')::bigint as number
        from integrations.read_messages(messages) as read_messages
    )

    select distinct given.id
    from given
    inner join pgmq.q_webhooks as queued
        on
            queued.msg_id < given.number
            and queued.message -> 'kwargs' -> 'payload' ->> given.id_key = given.subject_id::text
    where
        (queued.message ->> 'message_id')::uuid not in (select every.id from given as every)
        and not exists (
            select 1 from integrations.events
            where events.id = (queued.message ->> 'message_id')::uuid
        );
end;
$$;

/*
 * Publish messages `[{message_id, number, topic, payload}]` as events in the order of their
 * numbers, and write a delivery for each endpoint whose patterns fit. A repeated call changes
 * nothing. Returns the ids of those that must wait for an earlier one.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.publish(messages jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_early uuid[];
begin
    -- One after another, so that what is earlier is either published or still in the queue.
    perform pg_advisory_xact_lock(hashtextextended('integrations.publish', 0));
    v_early = array(select integrations.too_early(messages));
    perform integrations.write_deliveries(array(
        select written
        from integrations.write_events((
            select jsonb_agg(entries.value order by (entries.value ->> 'number')::bigint)
            from jsonb_array_elements(messages) as entries
            where (entries.value ->> 'message_id')::uuid <> all(v_early)
        )) as written
    ));
    return to_jsonb(v_early);
end;
$$;
