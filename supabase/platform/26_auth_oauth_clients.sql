-- Programs of others that ask users to sign in here (OAuth 2.1 clients): who they are and where they may lead
-- users back to. Only a hash of a client's secret is kept, and the secret is shown once.

/* A client as operators see it. */
create or replace function auth.oauth_client_json(client auth.oauth_clients)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'client_id', client.id,
        'client_name', client.client_name,
        'client_type', client.client_type,
        'token_endpoint_auth_method', client.token_endpoint_auth_method,
        'registration_type', client.registration_type,
        'client_uri', client.client_uri,
        'logo_uri', client.logo_uri,
        'redirect_uris', string_to_array(client.redirect_uris, ' '),
        'grant_types', string_to_array(client.grant_types, ' '),
        'response_types', '["code"]'::jsonb,
        'created_at', auth.iso(client.created_at),
        'updated_at', auth.iso(client.updated_at)
    ))
$$;

/* A client that is not deleted. Errors:  PT404 oauth_client_not_found */
create or replace function auth.known_client(client_id uuid)
returns auth.oauth_clients
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_client auth.oauth_clients;
begin
    select oauth_clients.* into v_client
    from auth.oauth_clients
    where oauth_clients.id = known_client.client_id and oauth_clients.deleted_at is null;
    if v_client.id is null then
        perform auth.refuse(404, 'oauth_client_not_found', 'OAuth client not found');
    end if;
    return v_client;
end;
$$;

/*
 * Register a client. The edge has checked what it says of itself; `secret` is null for one that
 * cannot keep a secret.
 * Definer: the edge may call functions only.
 */
create or replace function auth.register_client(
    registration_type text, details jsonb, secret text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients;
begin
    insert into auth.oauth_clients (
        id, client_secret_hash, registration_type, redirect_uris, grant_types, client_name,
        client_uri, logo_uri, client_type, token_endpoint_auth_method
    )
    values (
        gen_random_uuid(),
        auth.token_hash(secret),
        register_client.registration_type::auth.oauth_registration_type,
        details ->> 'redirect_uris',
        details ->> 'grant_types',
        details ->> 'client_name',
        details ->> 'client_uri',
        details ->> 'logo_uri',
        (details ->> 'client_type')::auth.oauth_client_type,
        details ->> 'token_endpoint_auth_method'
    )
    returning * into v_client;
    return auth.oauth_client_json(v_client);
end;
$$;

/* The clients, the latest first. Definer: the edge may call functions only. */
create or replace function auth.list_clients(page integer, per_page integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'clients', coalesce(
            (
                select
                    jsonb_agg(auth.oauth_client_json(listed) order by listed.created_at desc, listed.id)
                from (
                    select oauth_clients.*
                    from auth.oauth_clients
                    where oauth_clients.deleted_at is null
                    order by oauth_clients.created_at desc, oauth_clients.id
                    limit per_page
                    offset (page - 1) * per_page::bigint
                ) as listed
            ),
            '[]'
        ),
        'total', (select count(*) from auth.oauth_clients where oauth_clients.deleted_at is null)
    )
$$;

/* One client. Definer: the edge may call functions only. Errors:  PT404 oauth_client_not_found */
create or replace function auth.get_client(client_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$ select auth.oauth_client_json(auth.known_client(client_id)) $$;

/*
 * Change what `details` names of a client. A kind of authentication must fit the kind of client.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 validation_failed · PT404 oauth_client_not_found
 */
create or replace function auth.update_client(client_id uuid, details jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients = auth.known_client(client_id);
begin
    if ((details ->> 'token_endpoint_auth_method') = 'none') <> (v_client.client_type = 'public') then
        perform auth.refuse(
            400, 'validation_failed',
            'token_endpoint_auth_method does not fit the type of this client'
        );
    end if;
    update auth.oauth_clients
    set
        redirect_uris = coalesce(details ->> 'redirect_uris', oauth_clients.redirect_uris),
        grant_types = coalesce(details ->> 'grant_types', oauth_clients.grant_types),
        client_name = coalesce(details ->> 'client_name', oauth_clients.client_name),
        client_uri = coalesce(details ->> 'client_uri', oauth_clients.client_uri),
        logo_uri = coalesce(details ->> 'logo_uri', oauth_clients.logo_uri),
        token_endpoint_auth_method = coalesce(
            details ->> 'token_endpoint_auth_method', oauth_clients.token_endpoint_auth_method
        ),
        updated_at = now()
    where oauth_clients.id = v_client.id
    returning * into v_client;
    return auth.oauth_client_json(v_client);
end;
$$;

/*
 * Delete a client. Its sessions end, and what it was allowed is forgotten.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT404 oauth_client_not_found
 */
create or replace function auth.delete_client(client_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients = auth.known_client(client_id);
begin
    update auth.oauth_clients
    set deleted_at = now()
    where oauth_clients.id = v_client.id;
    delete from auth.sessions where sessions.oauth_client_id = v_client.id;
    delete from auth.oauth_authorizations where oauth_authorizations.client_id = v_client.id;
    delete from auth.oauth_consents where oauth_consents.client_id = v_client.id;
    return '{}';
end;
$$;

/*
 * Replace the secret of a client. The old one is no good from now on.
 * Definer: the edge may call functions only.
 *
 * Errors:  PT400 validation_failed for one without a secret · PT404 oauth_client_not_found
 */
create or replace function auth.replace_client_secret(client_id uuid, secret text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_client auth.oauth_clients = auth.known_client(client_id);
begin
    if v_client.client_type = 'public' then
        perform auth.refuse(
            400, 'validation_failed', 'Cannot regenerate secret for public client'
        );
    end if;
    update auth.oauth_clients
    set client_secret_hash = auth.token_hash(secret), updated_at = now()
    where oauth_clients.id = v_client.id
    returning * into v_client;
    return auth.oauth_client_json(v_client);
end;
$$;
