-- Whose cart it is, and how it changes. A cart is found by the account of the caller, or by a token
-- that only its owner has; whoever signs in and still has a token gets both carts as one. Every
-- change locks the cart first, and so does its checkout.

/*
 * Return the open cart of the caller, locked: that of their account or, without one, of the token.
 * A cart that a token finds becomes the account's. Null when there is none.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.lock_cart(token text)
returns commerce.carts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_guest commerce.carts;
    v_cart commerce.carts;
begin
    if token is not null then
        select carts.* into v_guest
        from commerce.carts
        where
            carts.token_hash = business.token_hash(lock_cart.token)
            and carts.checked_out_at is null
        for update;
        if v_guest.id is null and auth.uid() is null then
            perform private.refuse_cart();
        end if;
    end if;
    if auth.uid() is null then
        return v_guest;
    end if;
    select carts.* into v_cart
    from commerce.carts
    where carts.user_id = auth.uid() and carts.checked_out_at is null
    for update;
    if v_guest.id is not null then
        return private.merge_carts(v_cart, v_guest);
    end if;
    return v_cart;
end;
$$;

/*
 * Refuse a cart that is not there, or not the caller's.
 *
 * Errors:  PT404 not_found
 */
create function private.refuse_cart()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such cart.',
        'Send the cart_token that add_to_cart returned, or sign in.'
    );
end;
$$;

/*
 * Let the signed-in caller have what is in a cart with a token: as their cart, or added to the one
 * that they have. Both are locked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function private.merge_carts(cart commerce.carts, guest commerce.carts)
returns commerce.carts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
begin
    if cart.id is null then
        update commerce.carts
        set user_id = v_user_id, token_hash = null, updated_at = private.now()
        where carts.id = guest.id
        returning carts.* into cart;
        return cart;
    elsif cart.currency <> guest.currency then
        perform private.invalid(
            'cart_token', format('must be that of a cart in %s, as yours is', cart.currency)
        );
    end if;
    insert into commerce.cart_items (
        cart_id, business_id, variant_id, gift_card_minor, quantity, store_id
    )
    select
        merge_carts.cart.id, cart_items.business_id, cart_items.variant_id,
        cart_items.gift_card_minor, cart_items.quantity, cart_items.store_id
    from commerce.cart_items
    where cart_items.cart_id = guest.id
    order by cart_items.position
    on conflict on constraint cart_items_once_each do update
    set quantity = least(cart_items.quantity + excluded.quantity, 100000);
    delete from commerce.carts where carts.id = guest.id;
    return private.touch_cart(cart.id);
end;
$$;

/*
 * Note that a cart has changed.
 */
create function private.touch_cart(cart_id uuid)
returns commerce.carts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_cart commerce.carts;
begin
    update commerce.carts
    set updated_at = private.now()
    where carts.id = touch_cart.cart_id
    returning carts.* into v_cart;
    return v_cart;
end;
$$;

/*
 * Begin a cart of the caller in a currency, locked: of their account, or with a token. Somebody who
 * begins two at once gets one.
 *
 * Errors:  PT401 not_signed_in
 */
create function private.begin_cart(currency text, token text)
returns commerce.carts
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_cart commerce.carts;
begin
    insert into commerce.carts (user_id, token_hash, currency, created_at, updated_at)
    values (
        case when token is null then private.current_user_id() end,
        business.token_hash(token), begin_cart.currency, private.now(), private.now()
    )
    on conflict (user_id) where checked_out_at is null and checkout_key is null do nothing
    returning carts.* into v_cart;
    if v_cart.id is null then
        v_cart = private.lock_cart(null);
    end if;
    return v_cart;
end;
$$;

/*
 * Show the caller's cart with what it costs by a form.
 * Definer: as private.add_to_cart.
 *
 * Errors:  those of private.quote_cart
 */
create function private.read_cart(token text, form private.order_form)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return private.shown_cart(private.find_cart(token), form);
end;
$$;

/*
 * Return the open cart of the caller: that of a token or, without one, of their account.
 *
 * Errors:  PT404 not_found
 */
create function private.find_cart(token text)
returns commerce.carts
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_cart commerce.carts;
begin
    select carts.* into v_cart
    from commerce.carts
    where
        case
            when token is null then carts.user_id = auth.uid()
            else carts.token_hash = business.token_hash(token)
        end
        and carts.checked_out_at is null;
    if not found then
        perform private.refuse_cart();
    end if;
    return v_cart;
end;
$$;

/*
 * Let the signed-in caller have what is in the cart of a token, and show their cart.
 * Definer: as private.add_to_cart.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function private.merge_cart(token text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_cart commerce.carts = private.lock_cart(token);
begin
    if v_cart.id is null or v_cart.user_id is distinct from v_user_id then
        perform private.refuse_cart();
    end if;
    return private.shown_cart(v_cart, private.empty_form());
end;
$$;
