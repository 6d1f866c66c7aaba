-- Which cart is checked out: one that exists, or one that is made of the items in the call.

/*
 * Return the cart that a call checks out, locked, with the key and the hash of the call. One that
 * was checked out already by the same key is returned as it is. `wanted` has what the caller says:
 * id, key, hash and, for items, the currency.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 invalid_transition
 */
create function private.cart_to_check_out(
    wanted commerce.carts, token text, items text, region text
)
returns commerce.carts
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_cart commerce.carts;
begin
    if items is not null then
        return private.cart_of_items(wanted, items, region);
    end if;
    select carts.* into v_cart
    from commerce.carts
    where carts.user_id = auth.uid() and carts.checkout_key = wanted.checkout_key;
    if found then
        return v_cart;
    end if;
    if token is not null and auth.uid() is not null then
        v_cart = private.lock_cart(token);
    else
        select carts.* into v_cart
        from commerce.carts
        where
            coalesce(carts.id = wanted.id, carts.checked_out_at is null)
            and case
                when token is null then carts.user_id = auth.uid()
                else carts.token_hash = business.token_hash(token)
            end
        for update;
    end if;
    if v_cart.id is null then
        perform private.refuse_cart();
    elsif v_cart.checked_out_at is null then
        v_cart.checkout_key = wanted.checkout_key;
        v_cart.checkout_hash = wanted.checkout_hash;
    elsif v_cart.checkout_key <> wanted.checkout_key then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This cart is checked out already.',
            'Read its basket_id in the view carts.'
        );
    end if;
    return v_cart;
end;
$$;

/*
 * Make a cart of the items in a call, or return the one that the same key made. Without a user the
 * key is all that says who asks again, so it must be one that nobody guesses.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · those of scheduling.place_booking
 */
create function private.cart_of_items(wanted commerce.carts, items text, region text)
returns commerce.carts
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_items jsonb[] = private.to_objects(items, 'items', 100, null);
    v_cart commerce.carts = wanted;
begin
    if v_items = '{}' then
        perform private.invalid('items', 'must not be empty');
    elsif auth.uid() is null and length(wanted.checkout_key) < 32 then
        perform private.invalid(
            'idempotency_key', 'must have at least 32 random characters without a user'
        );
    end if;
    v_cart.id = gen_random_uuid();
    v_cart.user_id = auth.uid();
    v_cart.token_hash = case
        when v_cart.user_id is null then business.token_hash('checkout ' || wanted.checkout_key)
    end;
    v_cart.currency = coalesce(wanted.currency, private.currency_of_item(v_items[1], region));
    insert into commerce.carts (
        id, user_id, token_hash, currency, created_at, updated_at, checkout_key, checkout_hash
    )
    values (
        v_cart.id, v_cart.user_id, v_cart.token_hash, v_cart.currency, private.now(),
        private.now(), v_cart.checkout_key, v_cart.checkout_hash
    )
    on conflict do nothing;
    if found then
        return v_cart;
    end if;
    select carts.* into strict v_cart
    from commerce.carts
    where
        carts.token_hash = v_cart.token_hash
        or carts.user_id = v_cart.user_id and carts.checkout_key = wanted.checkout_key;
    return v_cart;
end;
$$;

/*
 * Return the lines of items that are bought at once, without a cart that keeps them. The same goods
 * are added up, a plan counts once, and services are held until they are sold.
 *
 * Errors:  those of private.to_cart_item
 */
create function private.lines_to_buy(cart commerce.carts, items jsonb[])
returns private.cart_line[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_item jsonb;
    v_row commerce.cart_items;
    v_rows commerce.cart_items[] = '{}';
    v_place integer;
begin
    foreach v_item in array items loop
        perform private.refuse_unknown_item_keys(v_item, 'items');
    end loop;
    perform private.lock_times(items);
    foreach v_item in array items loop
        v_row = private.to_cart_item(v_item, null, cart);
        v_place = (
            select known.ordinality
            from unnest(v_rows) with ordinality as known
            where
                known.business_id = v_row.business_id
                and known.variant_id is not distinct from v_row.variant_id
                and known.gift_card_minor is not distinct from v_row.gift_card_minor
                and known.plan_id is not distinct from v_row.plan_id
                and num_nonnulls(known.booking_id, v_row.booking_id) = 0
        );
        if v_place is null then
            v_row.cart_id = cart.id;
            v_rows = v_rows || v_row;
        elsif v_row.plan_id is null then
            v_rows[v_place].quantity = v_rows[v_place].quantity + v_row.quantity;
        end if;
    end loop;
    return private.lines_of(v_rows);
end;
$$;

/*
 * Return the currency in which an item is sold: goods in that of the market to which they go.
 *
 * Errors:  PT400 invalid_input
 */
create function private.currency_of_item(item jsonb, region text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select
                coalesce(
                    (commerce.market_of(products.business_id, region)).currency,
                    products.currency
                )
            from catalog.product_variants
            inner join catalog.products
                on
                    products.business_id = product_variants.business_id
                    and products.id = product_variants.product_id
            where
                product_variants.id
                = private.to_identifier(item ->> 'variant_id', 'items.variant_id', false)
        ),
        (
            select services.currency
            from catalog.services
            where
                services.id
                = private.to_identifier(item ->> 'service_id', 'items.service_id', false)
        ),
        memberships.currency_of(private.to_identifier(item ->> 'plan_id', 'items.plan_id', false)),
        (
            select currencies.code
            from pricing.currencies
            where currencies.code = item ->> 'currency'
        ),
        'EUR'
    );
end;
$$;

/*
 * Lock what the services among some items may take, if there are several: each is held alone, and
 * two buyers must not wait for each other.
 *
 * Errors:  those of scheduling.place_booking
 */
create function private.lock_times(items jsonb[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[];
    v_vacancies scheduling.vacancy[] = '{}';
    v_leg scheduling.leg;
begin
    v_legs = array(
        select leg
        from unnest(items) as item
        cross join unnest(
            scheduling.legs(
                array[
                    scheduling.to_selection(
                        item ->> 'service_id', item ->> 'starts_at', item ->> 'resource_id',
                        item ->> 'party_size', item ->> 'addon_ids', item ->> 'answers',
                        item ->> 'link_token'
                    )
                ]
            )
        ) as leg
        where item ? 'service_id'
    );
    if cardinality(v_legs) < 2 then
        return;
    end if;
    perform scheduling.refuse_more_holds(
        sold.business_id, private.current_user_id()::text, private.caller_address()
    )
    from (
        select distinct leg.business_id from unnest(v_legs) as leg order by leg.business_id
    ) as sold;
    foreach v_leg in array v_legs loop
        v_vacancies = v_vacancies || scheduling.require_vacancies(v_leg);
    end loop;
    perform private.lock(scheduling.locks_of_vacancies(v_vacancies));
end;
$$;
