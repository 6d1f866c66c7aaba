-- What came of attempts: many are recorded together. A delivery ends, or is due again; an endpoint
-- rests after failures in a row, and is disabled when it says that it is gone or when nothing has
-- arrived for three days.

create type integrations.attempt as (
    id uuid,
    duration_ms integer,
    status integer,
    body text,
    error text,
    is_refused boolean,
    retry_after integer
);

/*
 * Return when a delivery is due again after a failed attempt; null when it is given up. What a
 * receiver asks for counts when it is longer, up to a day. A tenth at random keeps deliveries that
 * failed together from coming back together.
 */
create function integrations.next_attempt(attempts integer, retry_after integer)
returns timestamptz
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return private.now() + greatest(
        integrations.retry_delay(attempts) * (1 + random() / 10),
        make_interval(secs => case
            when integrations.retry_delay(attempts) is not null
                then least(greatest(retry_after, 0), 86400)
        end)
    );
end;
$$;

/*
 * Return what attempts say about their endpoints: how many failed, whether one arrived, and whether
 * one was answered by 410.
 */
create function integrations.judged_endpoints(attempts integrations.attempt[])
returns table (id uuid, failed bigint, has_delivered boolean, is_gone boolean)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        webhook_deliveries.webhook_endpoint_id,
        count(*) filter (where made.outcome <> 'delivered'),
        bool_or(made.outcome = 'delivered'),
        bool_or(made.outcome = 'gone')
    from (
        select
            tried.id,
            integrations.outcome_of(tried.status, tried.is_refused) as outcome
        from unnest(attempts) as tried
    ) as made
    inner join integrations.webhook_deliveries on webhook_deliveries.id = made.id
    group by webhook_deliveries.webhook_endpoint_id;
end;
$$;

/*
 * Return until when an endpoint rests after so many failures in a row: from the fifth on, half a
 * minute, and twice as long after each more, up to half an hour.
 */
create function integrations.rest_until(failures bigint)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if failures < 5 then
        return null;
    end if;
    return private.now() + least(
        interval '30 seconds' * 2 ^ least(failures - 5, 10), interval '30 minutes'
    );
end;
$$;

/*
 * Count what attempts say about their endpoints. One that a delivery reached begins anew. One that
 * is gone, or that nothing reached for three days, is disabled.
 */
create function integrations.count_failures(attempts integrations.attempt[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now constant timestamptz = private.now();
begin
    update integrations.webhook_endpoints
    set
        failures = case
            when judged.has_delivered then 0
            else webhook_endpoints.failures + judged.failed
        end,
        failing_since = case
            when not judged.has_delivered then coalesce(webhook_endpoints.failing_since, v_now)
        end,
        resting_until = case
            when not judged.has_delivered
                then integrations.rest_until(webhook_endpoints.failures + judged.failed)
        end
    from integrations.judged_endpoints(attempts) as judged
    where
        webhook_endpoints.id = judged.id
        and (not judged.has_delivered or webhook_endpoints.failures > 0);

    update integrations.webhook_endpoints
    set
        is_enabled = false,
        disabled_reason = case when judged.is_gone then 'gone' else 'failing' end
    from integrations.judged_endpoints(attempts) as judged
    where
        webhook_endpoints.id = judged.id
        and webhook_endpoints.is_enabled
        and (judged.is_gone or webhook_endpoints.failing_since < v_now - interval '3 days');
end;
$$;

/*
 * Record the attempts of a worker: keep each, and end its delivery or say when it is due again. A
 * delivery that another worker has by now keeps that lease, unless it has arrived.
 * Definer: called by the workers, who have no access to the tables.
 */
create function integrations.record_attempts(worker_id uuid, attempts jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_attempts constant integrations.attempt[] = array(
        select made
        from jsonb_populate_recordset(null::integrations.attempt, attempts) as made
        order by made.id
    );
begin
    insert into integrations.webhook_attempts (
        business_id, webhook_delivery_id, attempted_at, duration_ms, response_status,
        response_body, error
    )
    select
        webhook_deliveries.business_id, made.id, private.now(), made.duration_ms, made.status,
        made.body, made.error
    from unnest(v_attempts) as made
    inner join integrations.webhook_deliveries on webhook_deliveries.id = made.id;
    perform integrations.end_attempts(worker_id, v_attempts);
    perform integrations.count_failures(v_attempts);
end;
$$;

/*
 * End the deliveries of attempts, or say when they are due again.
 */
create function integrations.end_attempts(worker_id uuid, attempts integrations.attempt[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update integrations.webhook_deliveries
    set
        attempts = webhook_deliveries.attempts + 1,
        status = case
            when made.outcome = 'delivered' then 'delivered'
            when made.outcome = 'gone' or made.outcome = 'retry' and made.due_at is not null
                then 'pending'
            else 'failed'
        end::integrations.delivery_status,
        delivered_at = case when made.outcome = 'delivered' then private.now() end,
        next_attempt_at = coalesce(made.due_at, private.now()),
        leased_by = null,
        last_error = case
            when made.outcome <> 'delivered' then coalesce(made.error, 'It answered ' || made.status)
        end
    from (
        select
            tried.*,
            integrations.outcome_of(tried.status, tried.is_refused) as outcome,
            integrations.next_attempt(delivery.attempts + 1, tried.retry_after) as due_at
        from unnest(end_attempts.attempts) as tried
        inner join integrations.webhook_deliveries as delivery on delivery.id = tried.id
    ) as made
    where
        webhook_deliveries.id = made.id
        and webhook_deliveries.status = 'pending'
        and (webhook_deliveries.leased_by = worker_id or made.outcome = 'delivered');
end;
$$;
