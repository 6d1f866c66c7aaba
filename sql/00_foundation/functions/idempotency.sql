/*
 * Claim an idempotency key for this call. Returns null when the key is new or none was sent: go on,
 * then call private.remember_answer. Returns the first answer when the key was used before.
 * Of two calls with one key at the same time, the second waits for the first to commit.
 * Definer: clients cannot read the table. Only the caller's own keys are touched.
 *
 * Errors:  PT400 invalid_input · PT409 idempotency_conflict
 */
create function private.first_answer(function_name text, key text, arguments jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_hash bytea = sha256(convert_to(arguments::text, 'UTF8'));
    v_first private.idempotency_keys;
begin
    if length(first_answer.key) not between 1 and 255
        or private.has_control_characters(first_answer.key) then
        perform private.invalid('idempotency_key', 'must have 1 to 255 printable characters');
    end if;

    insert into private.idempotency_keys (user_id, function_name, key, arguments_hash, created_at)
    values (v_user_id, first_answer.function_name, first_answer.key, v_hash, private.now())
    on conflict do nothing;
    if found then
        return null;
    end if;

    select idempotency_keys.* into v_first
    from private.idempotency_keys
    where
        idempotency_keys.user_id = v_user_id
        and idempotency_keys.function_name = first_answer.function_name
        and idempotency_keys.key = first_answer.key;

    perform private.require_same_arguments(v_first.arguments_hash, v_hash);
    return v_first.answer;
end;
$$;

/*
 * Refuse a call that uses the key of an earlier call with other arguments.
 *
 * Errors:  PT409 idempotency_conflict
 */
create function private.require_same_arguments(first_hash bytea, hash bytea)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if first_hash is distinct from hash then
        perform private.refuse(
            'PT409', 'idempotency_conflict',
            'This idempotency key was used with other arguments.',
            'Use a new key for a new request.'
        );
    end if;
end;
$$;

/*
 * Keep the answer that belongs to a claimed key.
 * Definer: as private.first_answer.
 */
create function private.remember_answer(function_name text, key text, answer jsonb)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    update private.idempotency_keys
    set answer = remember_answer.answer
    where
        idempotency_keys.user_id = (select auth.uid())
        and idempotency_keys.function_name = remember_answer.function_name
        and idempotency_keys.key = remember_answer.key;
end;

/*
 * Delete idempotency keys that are older than a day. Returns how many.
 * Definer: called by the worker, which cannot read the table.
 */
create function private.forget_old_keys()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from private.idempotency_keys
    where idempotency_keys.created_at < private.now() - interval '1 day';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
