-- What owners, managers and keys do with webhooks and the feed of events.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT503 unavailable
 */
create function public.create_webhook_endpoint(
    business_id public.identifier,
    url text,
    events public.list,
    is_ordered public.yes_no default null,
    out id uuid,
    out secret text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    secret = integrations.make_secret();
    id = integrations.create_webhook_endpoint(
        private.to_identifier(create_webhook_endpoint.business_id, 'business_id'),
        private.to_required_text(create_webhook_endpoint.url, 'url', 2000),
        integrations.to_patterns(create_webhook_endpoint.events),
        coalesce(private.to_yes_no(create_webhook_endpoint.is_ordered, 'is_ordered'), false),
        secret
    );
end;
$$;
comment on function public.create_webhook_endpoint is
'Create an endpoint, to which the events of a business are sent.

For owners and managers. Returns {id, secret}. The secret is returned only once; the receiver '
'verifies signatures with it, as Standard Webhooks says.

- url: an https address on the public internet.
- events: types of events as in webhook_events, or the beginning of some with * behind.
- is_ordered: whether the events of one row are sent one after another; false if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, unavailable 503.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.update_webhook_endpoint(
    webhook_endpoint_id public.identifier,
    url text default null,
    events public.list default null,
    is_ordered public.yes_no default null,
    is_enabled public.yes_no default null
)
returns public.webhook_endpoints
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id');
    v_endpoint public.webhook_endpoints;
begin
    perform integrations.update_webhook_endpoint(
        v_id,
        private.to_text(update_webhook_endpoint.url, 'url', 2000),
        case
            when update_webhook_endpoint.events is not null
                then integrations.to_patterns(update_webhook_endpoint.events)
        end,
        private.to_yes_no(update_webhook_endpoint.is_ordered, 'is_ordered'),
        private.to_yes_no(update_webhook_endpoint.is_enabled, 'is_enabled')
    );
    select webhook_endpoints.* into v_endpoint
    from public.webhook_endpoints
    where webhook_endpoints.id = v_id;
    return v_endpoint;
end;
$$;
comment on function public.update_webhook_endpoint is
'Change an endpoint. What is left out stays as it is.

For owners and managers. Returns the endpoint.

- url: an https address on the public internet.
- events: types of events, or the beginning of some with * behind.
- is_ordered: whether the events of one row are sent one after another.
- is_enabled: whether events are sent; true begins anew after failures.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.delete_webhook_endpoint(webhook_endpoint_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform integrations.delete_webhook_endpoint(
        private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id')
    );
end;
$$;
comment on function public.delete_webhook_endpoint is
'Delete an endpoint with its deliveries.

For owners and managers.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT503 unavailable
 */
create function public.rotate_webhook_secret(
    webhook_endpoint_id public.identifier,
    overlap_hours public.whole_number default null,
    out id uuid,
    out secret text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    secret = integrations.make_secret();
    id = private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id');
    perform integrations.rotate_webhook_secret(
        id,
        make_interval(
            hours => private.to_whole_number(overlap_hours, 'overlap_hours', 0, 168, if_null => 24)
        ),
        secret
    );
end;
$$;
comment on function public.rotate_webhook_secret is
'Replace the secret of an endpoint.

For owners and managers. Returns {id, secret}. The new secret is returned only once. Both sign until '
'the overlap ends.

- overlap_hours: how long the old secret signs as well, 0 to 168 hours; 24 if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, unavailable 503.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.test_webhook(webhook_endpoint_id public.identifier)
returns public.webhook_deliveries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = integrations.test_webhook(
        private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id')
    );
    v_delivery public.webhook_deliveries;
begin
    select webhook_deliveries.* into v_delivery
    from public.webhook_deliveries
    where webhook_deliveries.id = v_id;
    return v_delivery;
end;
$$;
comment on function public.test_webhook is
'Send an endpoint the event webhook.test, whatever events it asks for.

For owners and managers. Returns the delivery, which is sent at once.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.replay_webhook(
    webhook_endpoint_id public.identifier,
    event_id public.identifier default null,
    from_at public.instant default null,
    to_at public.instant default null
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_event_id constant uuid = private.to_identifier(event_id, 'event_id', false);
begin
    if (v_event_id is null) = (from_at is null) then
        perform private.invalid('event_id', 'or from_at must be given, and not both');
    end if;
    return integrations.replay_webhook(
        private.to_identifier(webhook_endpoint_id, 'webhook_endpoint_id'),
        v_event_id,
        private.to_instant(from_at, 'from_at', is_required => false),
        coalesce(private.to_instant(to_at, 'to_at', is_required => false), private.now())
    );
end;
$$;
comment on function public.replay_webhook is
'Send events to an endpoint again: one event, or those of a period that it asks for.

For owners and managers. Returns how many. Each keeps its id and gets a new timestamp.

- event_id: one event, as in webhook_deliveries.
- from_at: the beginning of a period, within the last 30 days.
- to_at: its end; now if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 cursor_expired
 */
create function public.read_events(
    business_id public.identifier,
    cursor text default null,
    max_events public.whole_number default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return integrations.read_events(
        private.to_identifier(business_id, 'business_id'),
        private.to_text(cursor, 'cursor', 100),
        private.to_whole_number(max_events, 'max_events', 1, 1000, if_null => 100)
    );
end;
$$;
comment on function public.read_events is
'Return the events of a business after a cursor, the oldest first: what webhooks send, for those '
'who would rather ask.

For owners and managers. Returns {events, cursor, more}. Events are kept for 30 days. Whoever goes '
'on from the returned cursor misses none.

- cursor: the one of the call before; left out, the oldest events.
- max_events: at most so many, 1 to 1000; 100 if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, cursor_expired 409.';

grant execute on function
public.create_webhook_endpoint(public.identifier, text, public.list, public.yes_no),
public.update_webhook_endpoint(
    public.identifier, text, public.list, public.yes_no, public.yes_no
),
public.delete_webhook_endpoint(public.identifier),
public.rotate_webhook_secret(public.identifier, public.whole_number),
public.test_webhook(public.identifier),
public.replay_webhook(
    public.identifier, public.identifier, public.instant, public.instant
),
public.read_events(public.identifier, text, public.whole_number)
to anon, authenticated, service_role;
