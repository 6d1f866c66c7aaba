-- How a cart is bought, in one transaction: stock, coupons, bookings, memberships, sales, orders,
-- gift cards and the payment are all there, or nothing is. Everybody locks in one order: the cart,
-- the people and rooms of its bookings, wholesale accounts, the levels of stock, the customer who
-- joins a plan, promotions, and at last what pays; each of them business by business, in the order
-- of their ids.

/*
 * Check out a cart, or the items that are sent with the call. The same call again returns the first
 * answer, with the payment as it is now. A wrong code of a gift card is refused as the answer,
 * because it must be counted.
 * Definer: nobody has a write grant on what is sold; the cart is the caller's.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 already_member coupon_exhausted credit_limit_exceeded hold_expired
 *              idempotency_conflict insufficient_credit insufficient_points invalid_transition
 *              not_for_sale order_limit_exceeded out_of_stock price_changed slot_taken
 *              terms_not_accepted version_not_in_force
 *          PT422 blocked_out coupon_invalid delivery_unavailable method_expired
 *              minimum_not_reached pack_size provider_not_offered terms_not_agreed
 *          PT429 rate_limited · those of scheduling.place_booking
 */
create function private.checkout(
    cart commerce.carts, token text, items text, form private.order_form
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_cart commerce.carts = private.cart_to_check_out(
        cart, token, items, commerce.region_of(form.address)
    );
    v_wrong_code jsonb;
    v_buyer identity.profiles;
    v_lines private.cart_line[];
    v_sellers private.seller_quote[];
begin
    if v_cart.checked_out_at is not null then
        return private.first_checkout(v_cart, cart.checkout_hash);
    end if;
    v_wrong_code = private.wrong_gift_card(form.gift_card_codes);
    if v_wrong_code is not null then
        return v_wrong_code;
    end if;
    v_buyer = private.buyer_of(form);
    perform private.accept_terms(form.terms, v_buyer.email);
    v_lines = case
        when items is null then private.cart_lines(v_cart.id)
        else private.lines_to_buy(v_cart, private.to_objects(items, 'items', 100, null))
    end;
    if v_lines = '{}' then
        perform private.invalid('cart_id', 'must be a cart with something in it');
    end if;
    perform private.require_for_sale(v_lines);
    v_sellers = private.quote_cart(v_lines, form, v_cart.currency, auth.uid());
    perform private.require_form(form, v_sellers);
    perform private.require_accepted_total(v_sellers, form.total_minor);
    perform private.refuse_closed(v_sellers);
    return private.sell_cart(v_cart, v_sellers, v_buyer, form);
end;
$$;

/*
 * Sell a cart that is locked, and begin its payment. Returns what was sold.
 *
 * Errors:  those of private.agree_terms · those of private.take_goods · those of private.sell
 *          those of private.pay_with_credit · those of private.pay_basket
 */
create function private.sell_cart(
    cart commerce.carts,
    sellers private.seller_quote[],
    buyer identity.profiles,
    form private.order_form
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_basket_id uuid = gen_random_uuid();
    v_sellers private.seller_quote[];
    v_seller private.seller_quote;
    v_cards jsonb = '[]';
    v_payment_id uuid;
begin
    perform private.lock(array(
        select resource_id
        from unnest(sellers) as seller
        cross join unnest(seller.lines) as line
        cross join unnest(scheduling.resources_of(line.booking_id)) as resource_id
        where line.booking_id is not null
    ));
    insert into sales.baskets (id, customer_id, currency, created_at)
    values (v_basket_id, buyer.id, cart.currency, private.now());
    v_sellers = private.write_sales(
        private.agree_terms(sellers, buyer.id, form), buyer, v_basket_id
    );
    -- Others wait for these pieces until this transaction ends.
    v_sellers = private.take_goods(v_sellers);
    foreach v_seller in array v_sellers loop
        v_cards = v_cards || private.sell(v_seller, buyer, form, v_basket_id);
    end loop;
    perform private.pay_with_credit(v_basket_id, form);
    v_payment_id = private.pay_basket(v_basket_id, form.payment);
    update commerce.carts
    set
        checked_out_at = private.now(),
        updated_at = private.now(),
        basket_id = v_basket_id,
        checkout_key = cart.checkout_key,
        checkout_hash = cart.checkout_hash,
        answer = private.sold_in(v_basket_id, v_cards, v_payment_id)
    where carts.id = cart.id
    returning carts.* into cart;
    return cart.answer;
end;
$$;

/*
 * Return the answer of a checkout that is repeated, with the payment as it is now.
 *
 * Errors:  PT409 idempotency_conflict invalid_transition
 */
create function private.first_checkout(cart commerce.carts, hash bytea)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.require_same_arguments(cart.checkout_hash, first_checkout.hash);
    return cart.answer || jsonb_build_object(
        'payment', coalesce(
            money.shown_payment((cart.answer #>> '{payment,id}')::uuid), 'null'
        )
    );
end;
$$;

/*
 * Return who buys: the signed-in user by their profile, or somebody without an account, each as the
 * contact of the form has it.
 *
 * Errors:  PT401 not_signed_in
 */
create function private.buyer_of(form private.order_form)
returns identity.profiles
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_buyer identity.profiles;
begin
    if auth.uid() is not null then
        v_buyer = scheduling.caller_profile();
    end if;
    v_buyer.full_name = coalesce(form.contact_name, v_buyer.full_name, form.address ->> 'name');
    v_buyer.email = coalesce(form.contact_email, v_buyer.email);
    v_buyer.phone = coalesce(form.contact_phone, v_buyer.phone);
    return v_buyer;
end;
$$;

/*
 * Record the versions of terms that the buyer accepts.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 version_not_in_force
 */
create function private.accept_terms(terms jsonb[], email text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_term jsonb;
begin
    foreach v_term in array terms loop
        if auth.uid() is null and accept_terms.email is null then
            perform private.invalid('contact.email', 'is required without a user');
        end if;
        perform catalog.accept_terms(
            auth.uid(),
            accept_terms.email,
            private.to_required_text(v_term ->> 'slug', 'accepted_terms.slug', 80),
            private.to_whole_number(v_term ->> 'version', 'accepted_terms.version', 1, 1000000),
            private.to_required_text(
                coalesce(v_term ->> 'locale', 'en'), 'accepted_terms.locale', 35
            )
        );
    end loop;
end;
$$;

/*
 * Refuse a checkout at another total than the buyer accepted.
 *
 * Errors:  PT409 price_changed
 */
create function private.require_accepted_total(
    sellers private.seller_quote[], total_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if total_minor <> pricing.sum_of(private.all_quotes(sellers), 'total_minor') then
        perform pricing.refuse_changed_price();
    end if;
end;
$$;

/*
 * Refuse goods of a business that is closed today.
 *
 * Errors:  PT422 blocked_out
 */
create function private.refuse_closed(sellers private.seller_quote[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_closed record;
begin
    select businesses.name, max(closures.ends_on) as ends_on into v_closed
    from unnest(sellers) as seller
    inner join business.businesses on businesses.id = seller.business_id
    inner join business.closures
        on
            closures.business_id = businesses.id
            and (private.now() at time zone businesses.time_zone)::date
            between closures.starts_on and closures.ends_on
    where (seller.choice).kind is not null
    group by businesses.name
    limit 1;
    if found then
        perform private.refuse(
            'PT422', 'blocked_out',
            format('%s is closed until %s.', v_closed.name, v_closed.ends_on),
            'Check out after that day, or take its goods out of the cart.'
        );
    end if;
end;
$$;
