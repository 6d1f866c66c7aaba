-- Deliveries: written with their event, leased by workers in sets, attempted, and recorded. The
-- database decides what the answer of a receiver means and when to try again; a worker only sends.

/*
 * Does a type of event fit one of these patterns? A pattern is a type, or ends in *.
 */
create function integrations.fits(type text, patterns text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(patterns) as pattern
        where
            pattern = fits.type
            or right(pattern, 1) = '*' and starts_with(fits.type, left(pattern, -1))
    );
end;
$$;

/*
 * Write the deliveries of events to the enabled endpoints whose patterns fit: one for each event
 * and endpoint. Wakes the workers.
 */
create function integrations.write_deliveries(events integrations.events[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    insert into integrations.webhook_deliveries (
        business_id, webhook_endpoint_id, event_id, position, subject_id, next_attempt_at
    )
    select
        webhook_endpoints.business_id,
        webhook_endpoints.id,
        written.id,
        written.position,
        written.subject_id,
        private.now()
    from unnest(events) as written
    inner join integrations.webhook_endpoints
        on
            webhook_endpoints.business_id = written.business_id
            and webhook_endpoints.is_enabled
            and integrations.fits(written.type, webhook_endpoints.events)
    on conflict on constraint webhook_deliveries_one_for_each_event do nothing;
    get diagnostics v_count = row_count;
    if v_count > 0 then
        notify webhook_due;
    end if;
    return v_count;
end;
$$;

/*
 * Return how long to wait after an attempt; null after the last. Together it is three days.
 * Source: Standard Webhooks 1.0.0, retries
 */
create function integrations.retry_delay(attempts integer)
returns interval
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select (
        '{5 s,5 min,30 min,2 h,5 h,10 h,14 h,20 h,24 h}'::interval[]
    )[attempts];
end;

/*
 * Return what an attempt means: delivered, gone, retry or failed. `status` is that of the answer,
 * null when there was none; an address that we refused to connect to has no second try.
 * Source: Standard Webhooks 1.0.0, and complaints about retried refusals (saleor#14557)
 */
create function integrations.outcome_of(status integer, is_refused boolean)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when is_refused then 'failed'
        when status is null then 'retry'
        when status between 200 and 299 then 'delivered'
        when status = 410 then 'gone'
        when status >= 500 or status in (408, 425, 429) then 'retry'
        else 'failed'
    end;
end;

/*
 * Return the endpoints that have something due, and how many deliveries each may get now. Nothing
 * is sent to one that rests; one that keeps failing gets one at a time.
 */
create function integrations.endpoints_with_room(at timestamptz, per_endpoint integer)
returns table (id uuid, is_ordered boolean, room bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    -- One probe of the index for each endpoint, however many deliveries wait there.
    with recursive waiting (endpoint_id) as (
        (
            select webhook_deliveries.webhook_endpoint_id
            from integrations.webhook_deliveries
            where webhook_deliveries.status = 'pending'
            order by webhook_deliveries.webhook_endpoint_id
            limit 1
        )
        union all
        select (
            select webhook_deliveries.webhook_endpoint_id
            from integrations.webhook_deliveries
            where
                webhook_deliveries.status = 'pending'
                and webhook_deliveries.webhook_endpoint_id > waiting.endpoint_id
            order by webhook_deliveries.webhook_endpoint_id
            limit 1
        )
        from waiting
        where waiting.endpoint_id is not null
    )

    select
        webhook_endpoints.id,
        webhook_endpoints.is_ordered,
        case when webhook_endpoints.failures >= 5 then 1 else per_endpoint end - (
            select count(*)
            from integrations.webhook_deliveries
            where
                webhook_deliveries.webhook_endpoint_id = webhook_endpoints.id
                and webhook_deliveries.status = 'pending'
                and webhook_deliveries.leased_by is not null
                and webhook_deliveries.next_attempt_at > endpoints_with_room.at
        )
    from waiting
    inner join integrations.webhook_endpoints on webhook_endpoints.id = waiting.endpoint_id
    where
        webhook_endpoints.is_enabled
        and (
            webhook_endpoints.resting_until is null
            or webhook_endpoints.resting_until <= endpoints_with_room.at
        );
end;
$$;

/*
 * Lease due deliveries to a worker: the oldest of each endpoint that has room. Of a row whose
 * events an endpoint wants in order, only the first that is still under way. Workers lease one
 * after another, so that none sees the same room.
 */
create function integrations.take_due(
    worker_id uuid, maximum integer, per_endpoint integer, lease interval
)
returns setof integrations.webhook_deliveries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now constant timestamptz = private.now();
begin
    perform pg_advisory_xact_lock(hashtextextended('integrations.take_due', 0));
    return query
    update integrations.webhook_deliveries as taken
    set leased_by = worker_id, next_attempt_at = v_now + lease
    from (
        select due.id
        from integrations.endpoints_with_room(v_now, per_endpoint) as endpoints
        cross join lateral (
            select webhook_deliveries.id
            from integrations.webhook_deliveries
            where
                webhook_deliveries.webhook_endpoint_id = endpoints.id
                and webhook_deliveries.status = 'pending'
                and webhook_deliveries.next_attempt_at <= v_now
                and not (
                    endpoints.is_ordered
                    and exists (
                        select 1
                        from integrations.webhook_deliveries as earlier
                        where
                            earlier.webhook_endpoint_id = endpoints.id
                            and earlier.subject_id = webhook_deliveries.subject_id
                            and earlier.status = 'pending'
                            and earlier.position < webhook_deliveries.position
                    )
                )
            order by webhook_deliveries.next_attempt_at
            limit greatest(endpoints.room, 0)
        ) as due
        limit maximum
    ) as chosen
    where taken.id = chosen.id
    returning taken.*;
end;
$$;

/*
 * Lease due deliveries to a worker, and return what it needs to send each: {id, event_id, url,
 * type, body, secret_ids}. If the worker dies, others get them when the lease ends.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.lease_deliveries(
    worker_id uuid, maximum integer, per_endpoint integer, lease_seconds double precision
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', taken.id,
                    'event_id', events.id,
                    'endpoint_id', webhook_endpoints.id,
                    'url', webhook_endpoints.url,
                    'body', events.body::text,
                    'secret_ids', array(
                        select webhook_secrets.secret_id
                        from integrations.webhook_secrets
                        where
                            webhook_secrets.webhook_endpoint_id = webhook_endpoints.id
                            and webhook_secrets.business_id = webhook_endpoints.business_id
                            and (
                                webhook_secrets.expires_at is null
                                or webhook_secrets.expires_at > private.now()
                            )
                        order by webhook_secrets.expires_at desc nulls first
                    )
                )
                order by taken.position
            ),
            '[]'
        )
        from integrations.take_due(
            worker_id, maximum, per_endpoint, make_interval(secs => lease_seconds)
        ) as taken
        inner join integrations.webhook_endpoints
            on
                webhook_endpoints.business_id = taken.business_id
                and webhook_endpoints.id = taken.webhook_endpoint_id
        inner join integrations.events
            on events.business_id = taken.business_id and events.id = taken.event_id
    );
end;
$$;
