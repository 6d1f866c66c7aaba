-- How a user saves a card or a wallet without a payment: they begin, do their part at the provider,
-- and the provider is asked for what they allowed.

/*
 * Begin to save a card of the caller at a provider, whom the edge or a worker asks next. Returns
 * the setup's id.
 * Definer: nobody has a write grant on setups; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT422 provider_not_offered
 */
create function money.begin_setup(provider text, return_url text, method_token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_id uuid;
begin
    if not exists (
        select 1
        from money.providers
        where
            providers.name = begin_setup.provider
            and providers.is_enabled
            and providers.saves_methods
    ) then
        perform private.refuse(
            'PT422', 'provider_not_offered', 'No card can be saved with that provider.',
            'Choose another provider, or save the card with a payment.'
        );
    end if;
    insert into money.method_setups (user_id, provider, return_url, method_token, created_at)
    values (
        v_user_id, begin_setup.provider, coalesce(begin_setup.return_url, ''),
        begin_setup.method_token, private.now()
    )
    returning method_setups.id into v_id;
    perform money.ask_provider('save', v_id);
    return v_id;
end;
$$;

/*
 * Return a setup as its user may see it, with what their browser needs next.
 */
create function money.shown_setup(setup_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_build_object(
                'id', method_setups.id,
                'provider', method_setups.provider,
                'status', case
                    when method_setups.failure is not null then 'failed'
                    when method_setups.saved_at is not null then 'saved'
                    when method_setups.provider_reference is null then 'pending'
                    else 'requires_action'
                end,
                'failure', method_setups.failure,
                'client', method_setups.client,
                'created_at', method_setups.created_at
            )
        from money.method_setups
        where method_setups.id = shown_setup.setup_id
    );
end;
$$;

/*
 * Return a setup of the caller, for the answer to whoever began it in the same statement.
 * Definer: nobody reads setups; the caller is checked.
 */
create function money.own_setup(setup_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return (
        select money.shown_setup(method_setups.id)
        from money.method_setups
        where method_setups.id = own_setup.setup_id and method_setups.user_id = auth.uid()
    );
end;
$$;

/*
 * Ask the provider of a setup of the caller whether it has the card now. Returns the setup's id.
 * Definer: nobody reads setups; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function money.check_setup(setup_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    if not exists (
        select 1
        from money.method_setups
        where method_setups.id = check_setup.setup_id and method_setups.user_id = v_user_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'You save no payment method with that id.',
            'Use the id that save_payment_method returned.'
        );
    end if;
    perform money.ask_provider('keep', setup_id);
    return setup_id;
end;
$$;

/*
 * Return the setup that an event is about, if it is about the payment by which a card is saved.
 */
create function money.setup_of_event(event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select method_setups.id
        from money.method_setups
        where
            method_setups.provider = event.provider
            and method_setups.provider_reference = coalesce(
                event.payment_reference, event.object_reference
            )
    );
end;
$$;

/*
 * Should the provider of a setup be asked whether its customer did their part? It is asked for
 * three days, less and less often.
 */
create function money.is_to_check(setup money.method_setups)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return setup.provider_reference is not null
        and private.now() <= setup.created_at + interval '3 days'
        and private.now() - coalesce(setup.checked_at, setup.created_at)
        >= (coalesce(setup.checked_at, setup.created_at) - setup.created_at) / 2 + interval '1 minute';
end;
$$;
