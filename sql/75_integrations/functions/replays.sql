-- Sending on request: an event that tests an endpoint, and events once more.

/*
 * Send an endpoint an event that tests it, whatever its patterns. Returns the id of the delivery.
 * Definer: nobody writes events and deliveries.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.test_webhook(endpoint_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
    v_event integrations.events;
    v_id uuid;
begin
    insert into integrations.events (id, business_id, type, subject_id, body)
    values (
        gen_random_uuid(),
        v_endpoint.business_id,
        'webhook.test',
        v_endpoint.id,
        integrations.event_body(
            'webhook.test',
            v_endpoint.business_id,
            jsonb_build_object('webhook_endpoint_id', v_endpoint.id)
        )
    )
    returning events.* into v_event;
    insert into integrations.webhook_deliveries (
        business_id, webhook_endpoint_id, event_id, position, subject_id, next_attempt_at
    )
    values (
        v_event.business_id, v_endpoint.id, v_event.id, v_event.position, v_event.subject_id,
        private.now()
    )
    returning webhook_deliveries.id into v_id;
    notify webhook_due;
    update integrations.webhook_endpoints
    set last_request_at = private.now()
    where webhook_endpoints.id = v_endpoint.id;
    return v_id;
end;
$$;

/*
 * Send events to an endpoint again: one event, or those of a period that fit its patterns, also
 * those of before it existed. Each keeps its id. Returns how many.
 * Definer: nobody writes deliveries.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.replay_webhook(
    endpoint_id uuid, event_id uuid, from_at timestamptz, to_at timestamptz
)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
    v_count integer;
begin
    insert into integrations.webhook_deliveries as deliveries (
        business_id, webhook_endpoint_id, event_id, position, subject_id, next_attempt_at
    )
    select
        events.business_id, v_endpoint.id, events.id, events.position, events.subject_id,
        private.now()
    from integrations.events
    where
        events.business_id = v_endpoint.business_id
        and (
            events.id = replay_webhook.event_id
            or events.occurred_at >= from_at
            and events.occurred_at < to_at
            and integrations.fits(events.type, v_endpoint.events)
        )
    order by events.position
    on conflict on constraint webhook_deliveries_one_for_each_event do update
    set status = 'pending', attempts = 0, next_attempt_at = private.now(), delivered_at = null
    where deliveries.leased_by is null or deliveries.next_attempt_at <= private.now();
    get diagnostics v_count = row_count;
    if v_count = 0 and replay_webhook.event_id is not null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such event, or it is being sent right now.',
            'Check the id in the view webhook_deliveries.'
        );
    end if;
    notify webhook_due;
    update integrations.webhook_endpoints
    set last_request_at = private.now()
    where webhook_endpoints.id = v_endpoint.id;
    return v_count;
end;
$$;
