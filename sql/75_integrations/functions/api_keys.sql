-- Making, rotating and revoking API keys. Owners do; a key cannot make keys.

/*
 * Return a new secret of an API key: 244 random bits, from two UUIDs of PostgreSQL's strong random
 * source. The beginning lets scanners of leaked secrets recognise it.
 */
create function identity.make_key()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return 'fdk_' || replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
end;
$$;

/*
 * Return the hash of an API key. Only the hash is kept.
 */
create function identity.key_hash(key text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(key, 'UTF8'));
end;

/*
 * Read the scopes of a new key, sorted and each once.
 *
 * Errors:  PT400 invalid_input
 */
create function integrations.to_scopes(value text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_scopes constant text[] = array(
        select distinct jsonb_array_elements_text(private.to_list(value, 'scopes', 100)) as scope
        order by scope
    );
begin
    if not v_scopes <@ array(select scopes.name from integrations.scopes) then
        perform private.invalid('scopes', 'must be names such as bookings:read');
    end if;
    return v_scopes;
end;
$$;

/*
 * Read the addresses and networks from which a key is accepted; null: from everywhere.
 *
 * Errors:  PT400 invalid_input
 */
create function integrations.to_addresses(value text)
returns inet[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_addresses inet[];
begin
    if value is null then
        return null;
    end if;
    v_addresses = array(
        select private.to_address(words)
        from jsonb_array_elements_text(private.to_list(value, 'allowed_addresses', 100)) as words
    );
    if array_position(v_addresses, null) is not null then
        perform private.invalid(
            'allowed_addresses', 'must be addresses or networks, such as 203.0.113.0/24'
        );
    end if;
    return v_addresses;
end;
$$;

/*
 * Create an API key of a business with this secret.
 * Definer: nobody writes keys.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function identity.create_api_key(
    business_id uuid,
    name text,
    scopes text[],
    expires_at timestamptz,
    allowed_addresses inet[],
    key text
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
    perform private.require_member(business_id, 'own');
    if expires_at <= private.now() then
        perform private.invalid('expires_at', 'must be in the future');
    end if;
    insert into identity.api_keys (
        business_id, name, prefix, scopes, expires_at, allowed_addresses, created_by
    )
    values (
        business_id, btrim(name), left(key, 12), scopes, expires_at, allowed_addresses, auth.uid()
    )
    returning api_keys.id into v_id;
    insert into identity.api_key_secrets (secret_hash, business_id, api_key_id)
    values (identity.key_hash(key), business_id, v_id);
    return v_id;
end;
$$;

/*
 * Return an API key that the caller may change, locked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function identity.lock_api_key(api_key_id uuid)
returns identity.api_keys
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key identity.api_keys;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select api_keys.* into v_key
    from identity.api_keys
    where
        api_keys.id = lock_api_key.api_key_id
        and (
            private.is_operator()
            or api_keys.business_id in (select private.my_businesses('view'))
        )
    for update;
    if v_key.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such API key.',
            'Check the id in the view api_keys.'
        );
    end if;
    perform private.require_member(v_key.business_id, 'own');
    if v_key.revoked_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This API key is revoked.', 'Create another key.'
        );
    end if;
    return v_key;
end;
$$;

/*
 * Give an API key another secret. The older ones are accepted for the overlap, and no longer than
 * they were.
 * Definer: nobody writes keys.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function identity.rotate_api_key(api_key_id uuid, overlap interval, key text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key constant identity.api_keys = identity.lock_api_key(api_key_id);
begin
    update identity.api_key_secrets
    set expires_at = least(api_key_secrets.expires_at, private.now() + overlap)
    where
        api_key_secrets.business_id = v_key.business_id
        and api_key_secrets.api_key_id = v_key.id;
    insert into identity.api_key_secrets (secret_hash, business_id, api_key_id)
    values (identity.key_hash(key), v_key.business_id, v_key.id);
    update identity.api_keys
    set prefix = left(key, 12)
    where api_keys.id = v_key.id;
end;
$$;

/*
 * Revoke an API key. It is refused from the next request on.
 * Definer: nobody writes keys.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function identity.revoke_api_key(api_key_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key constant identity.api_keys = identity.lock_api_key(api_key_id);
begin
    update identity.api_keys
    set revoked_at = private.now()
    where api_keys.id = v_key.id;
    delete from identity.api_key_secrets
    where
        api_key_secrets.business_id = v_key.business_id
        and api_key_secrets.api_key_id = v_key.id;
end;
$$;
