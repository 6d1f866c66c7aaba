-- Secrets are sealed here and opened by workers (workers/sealing).

/*
 * Keep a secret, sealed with the newest key. Returns the id by which a worker reads it. The caller
 * keeps the id, and perhaps the last digits, and nothing else of the value.
 *
 * Errors:  PT503 unavailable
 */
create function private.keep_secret(business_id uuid, value text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    insert into private.secrets (id, business_id, secret_key_id, sealed, created_at)
    select
        v_id,
        keep_secret.business_id,
        secret_keys.id,
        extensions.pgp_pub_encrypt(
            keep_secret.value, secret_keys.public_key, 'cipher-algo=aes256, compress-algo=0'
        ),
        private.now()
    from private.secret_keys
    where secret_keys.id = private.current_secret_key();
    if not found then
        perform private.refuse(
            'PT503', 'unavailable', 'This installation has no key for secrets yet.',
            'Ask the operator to run frontdesk secrets rotate.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return a sealed secret, which only the private key opens; null when there is none.
 * Definer: called by workers, which cannot read the table.
 */
create function private.sealed_secret(secret_id uuid)
returns bytea
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select secrets.sealed
        from private.secrets
        where secrets.id = sealed_secret.secret_id
    );
end;
$$;

/*
 * Return the id of the key that seals, which is the newest; null before the first.
 * Definer: called by workers, which cannot read the table.
 */
create function private.current_secret_key()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select secret_keys.id
        from private.secret_keys
        order by secret_keys.created_at desc, secret_keys.id
        limit 1
    );
end;
$$;

/*
 * Seal with another key from now on. A key that is known already stays as it is.
 * Definer: called by workers, which make the keys and cannot write the table.
 */
create function private.add_secret_key(id text, public_key bytea)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into private.secret_keys (id, public_key, created_at)
    values (add_secret_key.id, add_secret_key.public_key, clock_timestamp())
    on conflict do nothing;
end;
$$;

/*
 * Return at most so many secrets that are not sealed with the current key.
 * Definer: called by workers, which cannot read the table.
 */
create function private.outdated_secrets(maximum integer)
returns table (id uuid, sealed bytea)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select secrets.id, secrets.sealed
    from private.secrets
    where secrets.secret_key_id <> private.current_secret_key()
    limit maximum;
end;
$$;

/*
 * Replace the seal of a secret by one of another key. The value stays the same. Nothing happens
 * when the secret changed or went meanwhile.
 * Definer: called by workers, which cannot write the table.
 */
create function private.rewrap_secret(
    secret_id uuid, old_sealed bytea, new_sealed bytea, secret_key_id text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update private.secrets
    set sealed = rewrap_secret.new_sealed, secret_key_id = rewrap_secret.secret_key_id
    where
        secrets.id = rewrap_secret.secret_id
        and secrets.sealed = rewrap_secret.old_sealed;
end;
$$;

/*
 * Ask the workers to make another key and to seal every secret with it.
 */
create function private.request_secret_rotation()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit('secrets.rotation_requested', '{}');
end;
$$;

/*
 * Return the keys, the newest first, with how many secrets each seals.
 */
create function private.secret_key_states()
returns table (id text, created_at timestamptz, secrets bigint, is_current boolean)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        secret_keys.id,
        secret_keys.created_at,
        (select count(*) from private.secrets where secrets.secret_key_id = secret_keys.id),
        secret_keys.id = private.current_secret_key()
    from private.secret_keys
    order by secret_keys.created_at desc, secret_keys.id;
end;
$$;
