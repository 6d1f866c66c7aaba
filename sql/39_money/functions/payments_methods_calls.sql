-- Calls of providers about saved cards: to save one, to keep it once its customer did their part,
-- and to forget one. They are effects like those
-- about payments (payments_calls.sql), with subjects of their own.

/*
 * Start a call about a saved method, as money.start_call.
 */
create function money.start_method_call(call money.provider_call, subject_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_job jsonb = case call
        when 'save' then money.job_to_save(start_method_call.subject_id)
        when 'keep' then money.job_to_keep(start_method_call.subject_id)
        else money.job_to_forget(start_method_call.subject_id)
    end;
    v_effect private.effects;
begin
    if v_job is null or v_job ? 'wait' then
        return v_job;
    end if;
    v_effect = private.start_effects(array[start_method_call.subject_id], call::text);
    if v_effect.status = 'done' then
        return null;
    end if;
    perform money.lease(call, start_method_call.subject_id, clock_timestamp() + interval '1 minute');
    return v_job || jsonb_build_object(
        'call', call, 'key', v_effect.idempotency_key, 'began_at', v_effect.started_at
    );
end;
$$;

/*
 * Return what a provider must know to save a card, or null when it was asked.
 */
create function money.job_to_save(setup_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup money.method_setups;
begin
    select method_setups.* into v_setup
    from money.method_setups
    where method_setups.id = job_to_save.setup_id
    for no key update;
    if v_setup.id is null
        or v_setup.provider_reference is not null
        or v_setup.failure is not null then
        return null;
    elsif v_setup.asked_until > clock_timestamp() then
        return '{"wait": true}';
    end if;
    return jsonb_build_object(
        'provider', v_setup.provider,
        'return_url', v_setup.return_url,
        'method', v_setup.method_token,
        'email', (select users.email from auth.users where users.id = v_setup.user_id),
        'customer', (
            select provider_customers.provider_reference
            from money.provider_customers
            where
                provider_customers.user_id = v_setup.user_id
                and provider_customers.provider = v_setup.provider
        )
    );
end;
$$;

/*
 * Return what a provider must know to say whether it has a card now, or null when that is known.
 */
create function money.job_to_keep(setup_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup money.method_setups;
begin
    select method_setups.* into v_setup
    from money.method_setups
    where method_setups.id = job_to_keep.setup_id
    for no key update;
    if v_setup.provider_reference is null
        or v_setup.saved_at is not null
        or v_setup.failure is not null then
        return null;
    elsif v_setup.asked_until > clock_timestamp() then
        return '{"wait": true}';
    end if;
    update money.method_setups
    set checked_at = private.now()
    where method_setups.id = v_setup.id;
    return jsonb_build_object('provider', v_setup.provider, 'saving', v_setup.provider_reference);
end;
$$;

/*
 * Return what a provider must know to forget a card, or null when it has.
 */
create function money.job_to_forget(method_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_method money.methods_to_forget;
begin
    select methods_to_forget.* into v_method
    from money.methods_to_forget
    where methods_to_forget.id = job_to_forget.method_id
    for no key update;
    if not found then
        return null;
    elsif v_method.asked_until > clock_timestamp() then
        return '{"wait": true}';
    end if;
    return jsonb_build_object(
        'provider', v_method.provider, 'method', v_method.provider_reference
    );
end;
$$;

/*
 * Record a provider's answer to a call about a saved method, as money.finish_call.
 */
create function money.finish_method_call(
    call money.provider_call, subject_id uuid, answer jsonb
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if call = 'forget' then
        delete from money.methods_to_forget
        where methods_to_forget.id = finish_method_call.subject_id;
    elsif call = 'save' then
        perform money.note_setup(finish_method_call.subject_id, answer);
    else
        perform money.note_kept(finish_method_call.subject_id, answer);
    end if;
    -- A card that its customer has still to enter is asked for again.
    if call <> 'keep' or answer -> 'method' is distinct from 'null' then
        perform private.finish_effects(
            array[finish_method_call.subject_id], call::text, array[answer - 'client']
        );
    end if;
    perform money.lease(call, finish_method_call.subject_id, null);
    return money.shown_setup(finish_method_call.subject_id);
end;
$$;

/*
 * Note how a provider answered who was asked to save a card.
 */
create function money.note_setup(setup_id uuid, answer jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_setup money.method_setups;
begin
    update money.method_setups
    set
        provider_reference = answer ->> 'reference',
        client = nullif(answer -> 'client', 'null'),
        failure = answer -> 'data' ->> 'failure',
        method_token = null,
        saved_at = case answer -> 'client' ->> 'kind' when 'none' then private.now() end
    where method_setups.id = note_setup.setup_id
    returning method_setups.* into strict v_setup;
    perform money.note_customer(v_setup.user_id, v_setup.provider, answer ->> 'customer');
end;
$$;

/*
 * Note whether a provider has a card now. `answer` has the method, null while its customer has not
 * done their part, or why it failed.
 */
create function money.note_kept(setup_id uuid, answer jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_method constant jsonb = nullif(answer -> 'method', 'null');
    v_setup money.method_setups;
    v_event money.provider_events;
begin
    update money.method_setups
    set
        failure = answer -> 'data' ->> 'failure',
        saved_at = case when v_method is not null then private.now() end
    where method_setups.id = note_kept.setup_id
    returning method_setups.* into strict v_setup;
    if v_method is not null then
        perform money.note_customer(v_setup.user_id, v_setup.provider, v_method ->> 'customer');
        v_event = money.make_event(
            v_method || jsonb_build_object('kind', 'method.saved', 'data', v_method - 'reference')
        );
        v_event.provider = v_setup.provider;
        perform money.keep_method(v_event);
    end if;
end;
$$;
