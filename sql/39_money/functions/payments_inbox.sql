-- The inbox of providers' events. The edge stores, a worker applies.

/*
 * Store events whose origin was verified, each once, and send them to the workers. `raws` has the
 * bytes of each. Returns how many are new. An event of which nothing follows is stored as ignored,
 * without its bytes: they may name people, and nobody needs them. Events are stored in the order of
 * their ids, so that two calls with the same events never wait for each other in a circle.
 * Definer: called by the edge and the workers, who have no access to the table.
 */
create function money.receive_events(events jsonb, raws bytea[])
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_new_ids uuid[];
    v_count integer;
begin
    with stored as (
        insert into money.provider_events (
            provider, event_id, raw, kind, object_reference, payment_reference, key, amount_minor,
            currency, occurred_at, data, state
        )
        select
            event ->> 'provider', event ->> 'event_id',
            case when event ->> 'object_reference' is null then '' else raws[place] end,
            event ->> 'kind',
            event ->> 'object_reference', event ->> 'payment_reference', event ->> 'key',
            (event ->> 'amount_minor')::bigint, event ->> 'currency',
            coalesce((event ->> 'occurred_at')::timestamptz, clock_timestamp()),
            coalesce(event -> 'data', '{}'),
            case when event ->> 'object_reference' is null then 'ignored' else 'received' end
            ::money.event_state
        from jsonb_array_elements(events) with ordinality as arrived (event, place)
        order by event ->> 'provider', event ->> 'event_id'
        on conflict on constraint provider_events_event_unique do nothing
        returning provider_events.id, provider_events.state
    )

    select count(*), array_agg(stored.id) filter (where stored.state = 'received')
    into v_count, v_new_ids
    from stored;
    perform private.send_messages(
        'payments', 'apply_event',
        array_agg(jsonb_build_object('event_id', new.id)),
        array_agg(null::timestamptz),
        array_agg(null::uuid)
    )
    from unnest(v_new_ids) as new (id)
    having count(*) > 0;
    return v_count;
end;
$$;

/*
 * Store one event, as money.receive_events. Returns whether it is new.
 */
create function money.receive_event(event jsonb, raw bytea)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.receive_events(jsonb_build_array(event), array[raw]) = 1;
end;
$$;

/*
 * Apply a stored event. Returns its outcome; null when it was applied before.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.apply_event(event_id uuid)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_event money.provider_events;
    v_outcome money.event_outcome;
begin
    select provider_events.* into v_event
    from money.provider_events
    where
        provider_events.id = apply_event.event_id
        and provider_events.state in ('received', 'parked')
    for update;
    if not found then
        return null;
    end if;
    v_outcome = money.apply_payment_event(v_event);
    update money.provider_events
    set
        state = case v_outcome when 'parked' then 'parked' else 'applied' end::money.event_state,
        attempts = provider_events.attempts + 1,
        applied_at = case when v_outcome <> 'parked' then private.now() end,
        subject_id = case
            when v_event.kind = 'method.saved' then money.customer_of_event(v_event)
            else money.payment_of_event(v_event)
        end
    where provider_events.id = v_event.id;
    return v_outcome;
end;
$$;

/*
 * Apply the events again that were parked because a payment was unknown, which is known now.
 */
create function money.retry_parked(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        'payments', 'apply_event', jsonb_build_object('event_id', provider_events.id)
    )
    from money.provider_events
    inner join money.payments on payments.provider = provider_events.provider
    where
        provider_events.state = 'parked'
        and payments.id = retry_parked.payment_id
        and payments.provider_reference in (
            provider_events.object_reference, provider_events.payment_reference
        );
end;
$$;

/*
 * Send the events again that still wait: those whose message was lost after a minute, parked ones
 * after 1, 2, 4 … minutes, at most a day. What nobody knows after three days becomes a finding; it
 * stays parked, and is applied if its payment turns up before retention empties it. Returns how
 * many were sent.
 * Definer: called by the workers, who have no access to the table.
 */
create function money.retry_events()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_event money.provider_events;
    v_count integer = 0;
begin
    for v_event in
        select provider_events.*
        from money.provider_events
        where provider_events.state in ('received', 'parked')
            and provider_events.received_at + least(
                interval '1 minute' * power(2, least(provider_events.attempts, 11)),
                interval '1 day'
            ) <= private.now()
        order by provider_events.received_at
        limit 500
        for update skip locked
    loop
        perform private.send_message(
            'payments', 'apply_event', jsonb_build_object('event_id', v_event.id)
        );
        if v_event.received_at < private.now() - interval '3 days' then
            perform money.note_finding('unknown_object', null, v_event);
        end if;
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;
