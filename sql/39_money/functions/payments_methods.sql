-- Saved cards: what their provider says of them later (a new last day, that they are gone), and how
-- they are removed.

/*
 * Remove a saved method of the caller. It pays and guarantees nothing any more.
 * Definer: nobody has a write grant on payment_methods; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function money.remove_method(method_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    update money.payment_methods
    set removed_at = coalesce(payment_methods.removed_at, private.now())
    where
        payment_methods.id = remove_method.method_id
        and payment_methods.user_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such payment method.',
            'Check the id in the view payment_methods.'
        );
    end if;
end;
$$;

/*
 * Note under which name a provider knows a user, and apply the events again that spoke of it
 * before.
 */
create function money.note_customer(user_id uuid, provider text, reference text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if reference is null or note_customer.user_id is null then
        return;
    end if;
    insert into money.provider_customers (user_id, provider, provider_reference)
    values (note_customer.user_id, note_customer.provider, note_customer.reference)
    on conflict do nothing;
    perform private.send_message(
        'payments', 'apply_event', jsonb_build_object('event_id', provider_events.id)
    )
    from money.provider_events
    where
        provider_events.state = 'parked'
        and provider_events.provider = note_customer.provider
        and provider_events.kind = 'method.saved'
        and provider_events.data ->> 'customer' = note_customer.reference;
end;
$$;

/*
 * Apply what a provider says of a card: it was saved, has another last day, or is gone. An older
 * event changes nothing, and a card that was removed here stays so.
 */
create function money.apply_method_event(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if event.kind = 'method.saved' then
        return money.keep_method(event);
    elsif event.kind = 'method.updated' then
        update money.payment_methods
        set
            brand = coalesce(event.data ->> 'brand', payment_methods.brand),
            last4 = coalesce(event.data ->> 'last4', payment_methods.last4),
            expires_on = coalesce(
                money.last_day(event.data ->> 'expires_on'), payment_methods.expires_on
            ),
            told_at = event.occurred_at
        where
            payment_methods.provider = event.provider
            and payment_methods.provider_reference = event.object_reference
            and payment_methods.told_at <= event.occurred_at;
    else
        update money.payment_methods
        set removed_at = private.now()
        where
            payment_methods.removed_at is null
            and payment_methods.provider = event.provider
            and payment_methods.provider_reference = event.object_reference;
    end if;
    return case when found then 'applied' else 'unchanged' end;
end;
$$;

/*
 * Return the user whom a provider knows as the customer of an event.
 */
create function money.customer_of_event(event money.provider_events)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select provider_customers.user_id
        from money.provider_customers
        where
            provider_customers.provider = event.provider
            and provider_customers.provider_reference = event.data ->> 'customer'
    );
end;
$$;

/*
 * Keep a card that somebody saved at a provider. `data` names the provider's customer, and what may
 * be shown of the card. Two events may tell of it, of which one knows more.
 */
create function money.keep_method(event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = money.customer_of_event(event);
begin
    if v_user_id is null then
        return 'parked';
    end if;
    insert into money.payment_methods (
        user_id, provider, provider_reference, brand, last4, expires_on, created_at, told_at
    )
    values (
        v_user_id, event.provider, event.object_reference,
        coalesce(event.data ->> 'brand', 'card'), coalesce(event.data ->> 'last4', '····'),
        money.last_day(event.data ->> 'expires_on'), private.now(), event.occurred_at
    )
    on conflict on constraint payment_methods_reference_unique do update
        set
            brand = excluded.brand,
            last4 = excluded.last4,
            expires_on = excluded.expires_on,
            told_at = excluded.told_at
        where
            event.data ->> 'last4' is not null
            and payment_methods.told_at <= excluded.told_at
            and (payment_methods.brand, payment_methods.last4, payment_methods.expires_on)
            is distinct from (excluded.brand, excluded.last4, excluded.expires_on);
    return case when found then 'applied' else 'unchanged' end;
end;
$$;

/*
 * Return the last day of a month that is printed on a card, such as 2034-08.
 */
create function money.last_day(month text)
returns date
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (to_date(month, 'YYYY-MM') + interval '1 month - 1 day')::date;
end;
$$;
