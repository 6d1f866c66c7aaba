-- How a cart changes. Whoever changes it locks it first, so that a checkout at the same moment sees
-- all of the change or nothing.

/*
 * Add something to the caller's cart, and begin one where they have none. Returns the cart as
 * private.shown_cart shows it; a guest's new one with its token.
 * Definer: nobody has a write grant on carts; a cart is found by its owner alone.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 not_for_sale
 *          PT422 limit_reached · those of scheduling.place_booking
 */
create function private.add_to_cart(item jsonb, store_id uuid, token text, region text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_new_token text;
    v_cart commerce.carts = private.lock_cart(token);
    v_row commerce.cart_items = private.to_cart_item(item, store_id, v_cart);
begin
    if v_cart.id is null then
        if auth.uid() is null then
            v_new_token = encode(extensions.gen_random_bytes(32), 'hex');
        end if;
        v_cart = private.begin_cart(private.currency_of(v_row, item, region), v_new_token);
    end if;
    v_row.cart_id = v_cart.id;
    perform private.put_into_cart(v_row);
    perform private.touch_cart(v_cart.id);
    return private.shown_cart(v_cart, private.empty_form())
    || case
        when v_new_token is not null then jsonb_build_object('cart_token', v_new_token)
        else '{}'
    end;
end;
$$;

/*
 * Write an item into its cart, which is locked. The same goods again are added up; a plan is in a
 * cart once.
 *
 * Errors:  PT409 not_for_sale · PT422 limit_reached
 */
create function private.put_into_cart(item commerce.cart_items)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lines private.cart_line[];
begin
    insert into commerce.cart_items (
        cart_id, business_id, variant_id, booking_id, gift_card_minor, plan_id, quantity, store_id
    )
    values (
        item.cart_id, item.business_id, item.variant_id, item.booking_id, item.gift_card_minor,
        item.plan_id, item.quantity, item.store_id
    )
    on conflict on constraint cart_items_once_each do update
    set
        quantity = case
            when excluded.plan_id is not null then 1
            else least(cart_items.quantity + excluded.quantity, 100000)
        end,
        store_id = coalesce(excluded.store_id, cart_items.store_id);
    v_lines = private.cart_lines(item.cart_id);
    if cardinality(v_lines) > 100 then
        perform private.refuse(
            'PT422', 'limit_reached', 'A cart has at most 100 items.', 'Check out first.'
        );
    end if;
    perform private.require_for_sale(
        array(
            select line
            from unnest(v_lines) as line
            where
                line.business_id = item.business_id
                and line.variant_id is not distinct from item.variant_id
                and line.booking_id is not distinct from item.booking_id
                and line.plan_id is not distinct from item.plan_id
        )
    );
end;
$$;

/*
 * Refuse lines that cannot be bought any more.
 *
 * Errors:  PT409 hold_expired not_for_sale
 */
create function private.require_for_sale(lines private.cart_line[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_gone private.cart_line;
begin
    foreach v_gone in array lines loop
        continue when v_gone.is_available;
        if v_gone.booking_id is not null then
            perform private.refuse(
                'PT409', 'hold_expired',
                format('%s: the hold has expired.', (v_gone.to_price).name),
                'Take it out of the cart, ask for slots and add another time.'
            );
        end if;
        perform private.refuse(
            'PT409', 'not_for_sale', format('%s is not for sale any more.', (v_gone.to_price).name),
            'Take it out of the cart.'
        );
    end loop;
end;
$$;

/*
 * Set how many of an item are in the caller's cart; 0 takes it out, and frees a time that is held.
 * Definer: as private.add_to_cart.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.update_cart_item(item_id uuid, quantity integer, token text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_cart commerce.carts = private.lock_cart(token);
    v_item commerce.cart_items;
begin
    select cart_items.* into v_item
    from commerce.cart_items
    where cart_items.id = update_cart_item.item_id and cart_items.cart_id = v_cart.id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'This is not in your cart.', 'Read the cart again.'
        );
    elsif num_nonnulls(v_item.booking_id, v_item.plan_id) = 1
        and update_cart_item.quantity > 1 then
        perform private.invalid('quantity', 'must be 0 or 1 for an appointment or a plan');
    elsif update_cart_item.quantity > 0 then
        update commerce.cart_items
        set quantity = update_cart_item.quantity
        where cart_items.id = v_item.id;
    else
        delete from commerce.cart_items where cart_items.id = v_item.id;
        perform private.free_time_of(v_item.booking_id);
    end if;
    perform private.touch_cart(v_cart.id);
    return private.shown_cart(v_cart, private.empty_form());
end;
$$;

/*
 * Free the time of a booking that is still a hold.
 */
create function private.free_time_of(booking_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = free_time_of.booking_id
            and bookings.status = 'held'
            and bookings.hold_expires_at > private.now()
    ) then
        perform scheduling.change_status(booking_id, 'cancelled', '{customer}', null);
    end if;
end;
$$;
