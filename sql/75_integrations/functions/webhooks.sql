-- Endpoints of webhooks: created, changed and deleted by owners and managers, and by keys with the
-- scope. Their secrets are sealed (private.secrets); only workers open them.

/*
 * Return a new secret of an endpoint in the form of Standard Webhooks: 244 random bits in base64,
 * from two UUIDs of PostgreSQL's strong random source.
 */
create function integrations.make_secret()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return 'whsec_' || encode(
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'
    );
end;
$$;

/*
 * Read the patterns of an endpoint: types of events, or the beginnings of some with * behind.
 *
 * Errors:  PT400 invalid_input
 */
create function integrations.to_patterns(value text)
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_patterns constant text[] = array(
        select distinct jsonb_array_elements_text(private.to_list(value, 'events', 100)) as pattern
        order by pattern
    );
begin
    if exists (
        select 1
        from unnest(v_patterns) as pattern
        where not exists (
            select 1
            from integrations.event_types
            where integrations.fits(event_types.name, array[pattern])
        )
    ) then
        perform private.invalid(
            'events', 'must be types of events, such as booking.confirmed or booking.*'
        );
    end if;
    return v_patterns;
end;
$$;

/*
 * Create an endpoint with this secret.
 * Definer: nobody writes endpoints and secrets.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT503 unavailable
 */
create function integrations.create_webhook_endpoint(
    business_id uuid, url text, events text[], is_ordered boolean, secret text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'manage');
    insert into integrations.webhook_endpoints (business_id, url, events, is_ordered, created_by)
    values (business_id, url, events, is_ordered, auth.uid())
    returning webhook_endpoints.id into v_id;
    insert into integrations.webhook_secrets (secret_id, business_id, webhook_endpoint_id)
    values (private.keep_secret(business_id, secret), business_id, v_id);
    return v_id;
end;
$$;

/*
 * Return an endpoint that the caller may change, locked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.lock_webhook_endpoint(endpoint_id uuid)
returns integrations.webhook_endpoints
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_endpoint integrations.webhook_endpoints;
begin
    select webhook_endpoints.* into v_endpoint
    from integrations.webhook_endpoints
    where
        webhook_endpoints.id = endpoint_id
        and (
            private.is_operator()
            or webhook_endpoints.business_id in (select private.my_businesses('view'))
        )
    for update;
    if v_endpoint.id is null then
        if not private.is_operator() and private.admitted_key() is null then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such webhook endpoint.',
            'Check the id in the view webhook_endpoints.'
        );
    end if;
    perform private.require_member(v_endpoint.business_id, 'manage');
    return v_endpoint;
end;
$$;

/*
 * Change an endpoint; null leaves a value as it is. Enabling it ends its rest.
 * Definer: nobody writes endpoints.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.update_webhook_endpoint(
    endpoint_id uuid, url text, events text[], is_ordered boolean, is_enabled boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
    v_begins_anew constant boolean = coalesce(update_webhook_endpoint.is_enabled, false);
begin
    update integrations.webhook_endpoints
    set
        url = coalesce(update_webhook_endpoint.url, webhook_endpoints.url),
        events = coalesce(update_webhook_endpoint.events, webhook_endpoints.events),
        is_ordered = coalesce(update_webhook_endpoint.is_ordered, webhook_endpoints.is_ordered),
        is_enabled = coalesce(update_webhook_endpoint.is_enabled, webhook_endpoints.is_enabled),
        disabled_reason = case when not v_begins_anew then webhook_endpoints.disabled_reason end,
        failures = case when v_begins_anew then 0 else webhook_endpoints.failures end,
        failing_since = case when not v_begins_anew then webhook_endpoints.failing_since end,
        resting_until = case when not v_begins_anew then webhook_endpoints.resting_until end
    where webhook_endpoints.id = v_endpoint.id;
end;
$$;

/*
 * Delete an endpoint, its secrets and its deliveries.
 * Definer: nobody writes endpoints.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function integrations.delete_webhook_endpoint(endpoint_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
begin
    delete from private.secrets
    using integrations.webhook_secrets
    where
        webhook_secrets.business_id = v_endpoint.business_id
        and webhook_secrets.webhook_endpoint_id = v_endpoint.id
        and secrets.id = webhook_secrets.secret_id;
    delete from integrations.webhook_endpoints where webhook_endpoints.id = v_endpoint.id;
end;
$$;

/*
 * Give an endpoint another secret. Until the overlap ends, the older ones sign beside it.
 * Definer: nobody writes secrets.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT503 unavailable
 */
create function integrations.rotate_webhook_secret(
    endpoint_id uuid, overlap interval, secret text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_endpoint constant integrations.webhook_endpoints
        = integrations.lock_webhook_endpoint(endpoint_id);
begin
    delete from private.secrets
    using integrations.webhook_secrets
    where
        webhook_secrets.business_id = v_endpoint.business_id
        and webhook_secrets.webhook_endpoint_id = v_endpoint.id
        and webhook_secrets.expires_at <= private.now()
        and secrets.id = webhook_secrets.secret_id;
    update integrations.webhook_secrets
    set expires_at = least(webhook_secrets.expires_at, private.now() + overlap)
    where
        webhook_secrets.business_id = v_endpoint.business_id
        and webhook_secrets.webhook_endpoint_id = v_endpoint.id;
    insert into integrations.webhook_secrets (secret_id, business_id, webhook_endpoint_id)
    values (
        private.keep_secret(v_endpoint.business_id, secret), v_endpoint.business_id, v_endpoint.id
    );
end;
$$;
