-- When saved cards expire, and how their owners hear of it. A card that has expired is refused.

/*
 * Has the last day of a card passed? A method without a last day never expires.
 */
create function money.is_expired(method money.payment_methods)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(method.expires_on < (private.now() at time zone 'UTC')::date, false);
end;
$$;

/*
 * Tell the owners of cards that expire within a month, once for each last day. Returns how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.tell_of_expiring_methods()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_today constant date = (private.now() at time zone 'UTC')::date;
    v_method money.payment_methods;
    v_count integer = 0;
begin
    for v_method in
        select payment_methods.*
        from money.payment_methods
        where
            payment_methods.removed_at is null
            and payment_methods.expires_on between v_today and v_today + 30
            and payment_methods.expiry_told_on is distinct from payment_methods.expires_on
        limit 500
        for no key update skip locked
    loop
        perform money.tell_of_expiry(v_method);
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Tell the owner of a card that it expires, if they have an address.
 */
create function money.tell_of_expiry(method money.payment_methods)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.payment_methods
    set expiry_told_on = payment_methods.expires_on
    where payment_methods.id = method.id;
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'card_expiring',
            'user_id', users.id,
            'to', users.email,
            'card', concat_ws(' ', method.brand, method.last4),
            'month', to_char(method.expires_on, 'MM/YYYY')
        )
    )
    from auth.users
    where users.id = method.user_id and users.email is not null;
end;
$$;
