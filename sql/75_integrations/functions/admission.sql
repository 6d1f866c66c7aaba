-- How a request with an API key is let in. Our gateway passes the key on in the header X-Api-Key
-- beside a token of the role api_key that means nothing alone; the edge exchanges the key for a
-- short token that names it. Either way the key is looked up for every request, so that a revoked
-- one is refused at once. What is admitted is written down for the transaction
-- (private.admitted_key); a caller of this role without it sees nothing.

/*
 * Return the API key that is accepted now: by its secret, or by its id from a token that we signed.
 */
create function identity.live_key(secret text, key_id uuid)
returns identity.api_keys
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now constant timestamptz = private.now();
    v_id uuid = key_id;
    v_key identity.api_keys;
begin
    if secret is not null then
        select api_key_secrets.api_key_id into v_id
        from identity.api_key_secrets
        where
            api_key_secrets.secret_hash = identity.key_hash(secret)
            and (api_key_secrets.expires_at is null or api_key_secrets.expires_at > v_now);
    end if;
    select api_keys.* into v_key
    from identity.api_keys
    where
        api_keys.id = v_id
        and api_keys.revoked_at is null
        and (api_keys.expires_at is null or api_keys.expires_at > v_now);
    return v_key;
end;
$$;

/*
 * Refuse a key that is not accepted, or not from this address. A key that never was, one that
 * expired and one that was revoked get the same answer.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed
 */
create function identity.require_live(key identity.api_keys, address inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if key.id is null then
        perform private.refuse(
            'PT401', 'invalid_api_key', 'This API key is not valid.',
            'Ask an owner of the business for a key: it may have expired or been revoked.'
        );
    end if;
    if key.allowed_addresses is not null and not coalesce(
        address <<= any(key.allowed_addresses), false
    ) then
        perform private.refuse(
            'PT403', 'address_not_allowed', 'This API key is not accepted from your address.',
            'Ask an owner of the business to create a key that allows this address.'
        );
    end if;
end;
$$;

/*
 * Refuse a request for a view or a function for which a key has no scope.
 *
 * Errors:  PT403 missing_scope
 */
create function identity.require_scope(method text, path text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from integrations.scope_objects
        where
            scope_objects.object = ltrim(path, '/')
            and private.key_may(
                scope_objects.subject,
                coalesce(
                    scope_objects.access,
                    case when method in ('GET', 'HEAD', 'OPTIONS') then 'read' else 'write' end
                )
            )
    ) then
        return;
    end if;
    perform private.refuse(
        'PT403', 'missing_scope', 'This API key has no scope for this.',
        'Create a key with the scope; the view api_key_scopes lists what each opens.'
    );
end;
$$;

/*
 * Admit the API key of a request for this transaction. The claims are those of the request's token.
 * The workers note that the key was used, at most once a minute: a read cannot write that itself.
 * Definer: clients cannot read keys.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed
 */
create function identity.admit_key(claims jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_headers constant jsonb = nullif(current_setting('request.headers', true), '');
    v_key constant identity.api_keys = identity.live_key(
        v_headers ->> 'x-api-key', (claims ->> 'key_id')::uuid
    );
begin
    perform identity.require_live(
        v_key,
        case when v_key.allowed_addresses is not null then private.request_address() end
    );
    perform set_config(
        'auth.admitted_key',
        jsonb_build_object(
            'id', v_key.id, 'business_id', v_key.business_id, 'scopes', to_jsonb(v_key.scopes)
        )::text,
        true
    );
    if v_key.last_used_at is null or v_key.last_used_at < now() - interval '1 minute' then
        perform pg_notify('api_key_used', v_key.id::text);
    end if;
end;
$$;

/*
 * Admit the API key of a request of the REST API, for the view or the function that it asks for.
 * Definer: as identity.admit_key.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed missing_scope
 */
create function identity.admit_request(claims jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform identity.admit_key(claims);
    perform identity.require_scope(
        current_setting('request.method', true), current_setting('request.path', true)
    );
end;
$$;

/*
 * Check a request before its statement, as PostgREST's db-pre-request.
 *
 * Errors:  PT400 invalid_input · PT401 invalid_api_key · PT403 address_not_allowed missing_scope
 */
create function private.check_request()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if current_setting('role') = 'api_key' then
        perform identity.admit_request(
            nullif(current_setting('request.jwt.claims', true), '')::jsonb
        );
    end if;
    perform private.check_headers(nullif(current_setting('request.headers', true), '')::jsonb);
end;
$$;

/*
 * Exchange an API key for the claims of a short token, which names the key and its business.
 * Definer: called by the edge, which reads no keys.
 *
 * Errors:  PT401 invalid_api_key · PT403 address_not_allowed
 */
create function identity.exchange_key(secret text, address text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key constant identity.api_keys = identity.live_key(coalesce(secret, ''), null);
begin
    perform identity.require_live(v_key, private.to_address(address));
    return jsonb_build_object(
        'role', 'api_key', 'key_id', v_key.id, 'business_id', v_key.business_id
    );
end;
$$;

/*
 * Is the key that a token names still accepted? For connections that live longer than a request:
 * ask again before each answer.
 * Definer: called by the edge, which reads no keys.
 */
create function identity.is_key_live(key_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (identity.live_key(null, key_id)).id is not null;
end;
$$;

/*
 * Note that API keys were used just now.
 * Definer: called by the workers, who have no access to the table.
 */
create function identity.note_key_uses(key_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update identity.api_keys
    set last_used_at = now()
    where
        api_keys.id = any(key_ids)
        and (
            api_keys.last_used_at is null
            or api_keys.last_used_at < now() - interval '30 seconds'
        );
end;
$$;
