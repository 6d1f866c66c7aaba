-- The initial schema of 66_checkout: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/66_checkout/tables/carts.sql

-- What a cart is while it is priced and checked out. Its items come from several domains, so these
-- types stand above all of them.

-- One item of a cart with what the catalog says about it now. A plan with a sign-up fee is two
-- lines of one item: its first period, and the fee after it.
create type private.cart_line as (
    item_id uuid,
    business_id uuid,
    variant_id uuid,
    booking_id uuid,
    gift_card_minor bigint,
    plan_id uuid,
    weight_grams bigint,
    store_id uuid,
    hold_expires_at timestamptz,
    -- Whether it can still be bought: it is for sale, or its time is still held.
    is_available boolean,
    to_price pricing.line
);

-- How the goods of one business are to reach the buyer, as they say it.
create type private.delivery_wish as (option_id uuid, store_id uuid);

-- What a buyer says beside what is in the cart.
create type private.order_form as (
    contact_name text,
    contact_email text,
    contact_phone text,
    address jsonb,
    wishes private.delivery_wish array,
    -- Whether goods without a wish are still priced, as in a cart that is only looked at.
    is_preview boolean,
    coupon_code text,
    redeem_points integer,
    gift_card_codes text array,
    use_credit_minor bigint,
    payment money.payment_wish,
    terms jsonb array,
    total_minor bigint,
    notes text
);

-- What one business sells of a cart: the quotes of its documents, the first of which has the goods
-- and the gift cards, and each other one a booking or a plan.
create type private.seller_quote as (
    business_id uuid,
    lines private.cart_line array,
    documents integer array,
    quotes jsonb array,
    choice commerce.delivery_choice,
    -- From which stores its goods come, once they are taken.
    parts commerce.stock_part array,
    -- Whether a wholesale buyer pays within the days that were agreed.
    pays_later boolean,
    -- The sale of its goods and gift cards, once it is written.
    sale_id uuid
);

-- sql/66_checkout/tables/payments.sql

-- What is paid with one payment.

-- What may be paid together, and what of each sale must be paid before anything happens.
create type private.payable as (
    business_ids uuid array,
    sale_ids uuid array,
    due_minor bigint array,
    -- What is due now: a prepayment that is missing. 0: nothing is due yet.
    due_now_minor bigint array,
    basket_id uuid,
    payer_id uuid
);

-- sql/66_checkout/functions/cart_changes.sql

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

-- sql/66_checkout/functions/cart_items.sql

-- What clients put into a cart, and how it is read.

/*
 * Refuse the keys that an item of its kind does not have.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_unknown_item_keys(item jsonb, argument text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse_unknown_keys(
        item,
        argument,
        case
            when item ? 'variant_id' then array['variant_id', 'quantity']
            when item ? 'plan_id' then array['plan_id']
            when item ? 'service_id'
                then array[
                    'service_id', 'starts_at', 'resource_id', 'party_size', 'addon_ids', 'answers',
                    'link_token', 'notes'
                ]
            else array['gift_card_minor', 'currency', 'business_id', 'quantity']
        end
    );
end;
$$;

/*
 * Read an item for a cart. A service is held at once, and the item is its booking.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          those of scheduling.place_booking
 */
create function private.to_cart_item(item jsonb, store_id uuid, cart commerce.carts)
returns commerce.cart_items
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_item commerce.cart_items;
begin
    perform private.refuse_unknown_item_keys(item, 'item');
    v_item.quantity = private.to_whole_number(
        item ->> 'quantity', 'item.quantity', 1, 100000, if_null => 1
    );
    if item ? 'variant_id' then
        v_item.variant_id = private.to_identifier(item ->> 'variant_id', 'item.variant_id');
        v_item.business_id = private.seller_of_variant(v_item.variant_id);
        v_item.store_id = private.store_of_seller(to_cart_item.store_id, v_item.business_id);
    elsif item ? 'service_id' then
        v_item.booking_id = private.hold_for_cart(item, cart.currency);
        v_item.business_id = (
            select bookings.business_id
            from scheduling.bookings
            where bookings.id = v_item.booking_id
        );
    elsif item ? 'plan_id' then
        v_item.plan_id = private.to_identifier(item ->> 'plan_id', 'item.plan_id');
        v_item.business_id = private.seller_of_plan(v_item.plan_id, cart.currency);
    else
        v_item.gift_card_minor = private.to_required_amount(
            item ->> 'gift_card_minor', 'item.gift_card_minor'
        );
        if item ->> 'currency' <> cart.currency then
            perform private.invalid('item.currency', format('must be %s', cart.currency));
        end if;
        v_item.business_id = coalesce(
            private.to_identifier(item ->> 'business_id', 'item.business_id', false),
            private.only_seller(cart.id)
        );
    end if;
    return v_item;
end;
$$;

/*
 * Return the currency of a cart that begins with an item: of goods, that of the market in which the
 * buyer is.
 *
 * Errors:  PT400 invalid_input
 */
create function private.currency_of(row_item commerce.cart_items, item jsonb, region text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_currency text = private.to_required_text(
        coalesce(
            case
                when row_item.variant_id is not null
                    then (commerce.market_of(row_item.business_id, region)).currency
            end,
            (
                select products.currency
                from catalog.product_variants
                inner join catalog.products
                    on
                        products.business_id = product_variants.business_id
                        and products.id = product_variants.product_id
                where product_variants.id = row_item.variant_id
            ),
            (
                select bookings.currency
                from scheduling.bookings
                where bookings.id = row_item.booking_id
            ),
            memberships.currency_of(row_item.plan_id),
            item ->> 'currency'
        ),
        'item.currency', 3
    );
begin
    if not exists (select 1 from pricing.currencies where currencies.code = v_currency) then
        perform private.invalid('item.currency', 'must be an ISO 4217 code, such as EUR');
    end if;
    return v_currency;
end;
$$;

/*
 * Return the business that sells a variant to the public.
 *
 * Errors:  PT404 not_found
 */
create function private.seller_of_variant(variant_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_business_id uuid = (
        select products.business_id
        from catalog.product_variants
        inner join catalog.products
            on
                products.business_id = product_variants.business_id
                and products.id = product_variants.product_id
        where
            product_variants.id = seller_of_variant.variant_id
            and product_variants.is_active
            and products.is_published
            and products.archived_at is null
            and business.is_open(products.business_id)
    );
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such variant for sale.',
            'Check the id in the view product_variants.'
        );
    end if;
    return v_business_id;
end;
$$;

/*
 * Return a store if it belongs to a business.
 *
 * Errors:  PT404 not_found
 */
create function private.store_of_seller(store_id uuid, business_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if store_id is not null then
        return commerce.pickup_store(store_of_seller.business_id, store_of_seller.store_id);
    end if;
    return null;
end;
$$;

/*
 * Hold the time of a service for the caller's cart. Returns the booking.
 *
 * Errors:  those of scheduling.place_booking
 */
create function private.hold_for_cart(item jsonb, currency text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return scheduling.place_booking(
        array[
            scheduling.to_selection(
                item ->> 'service_id', item ->> 'starts_at', item ->> 'resource_id',
                item ->> 'party_size', item ->> 'addon_ids', item ->> 'answers',
                item ->> 'link_token'
            )
        ],
        pricing.make_terms(currency => hold_for_cart.currency),
        private.to_text(item ->> 'notes', 'item.notes', 2000),
        true
    );
end;
$$;

/*
 * Return the one business from which something is in a cart.
 *
 * Errors:  PT400 invalid_input
 */
create function private.only_seller(cart_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_business_ids uuid[] = array(
        select distinct cart_items.business_id
        from commerce.cart_items
        where cart_items.cart_id = only_seller.cart_id
    );
begin
    if cardinality(v_business_ids) <> 1 then
        perform private.invalid('item.business_id', 'is required');
    end if;
    return v_business_ids[1];
end;
$$;

-- sql/66_checkout/functions/cart_lines.sql

-- What is in a cart, as the catalog has it now.

/*
 * Return the items of a cart in the order in which they were added, whether they can still be
 * bought or not.
 */
create function private.cart_lines(cart_id uuid)
returns private.cart_line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return private.lines_of(
        array(
            select cart_items
            from commerce.cart_items
            where cart_items.cart_id = cart_lines.cart_id
            order by cart_items.position
        )
    );
end;
$$;

/*
 * Return some items with what the catalog says about them now.
 */
create function private.lines_of(items commerce.cart_items[])
returns private.cart_line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select
            private.make_cart_line(
                each.item,
                coalesce(goods.line, times.line, cards.line, plans.line),
                coalesce(
                    goods.is_available, times.is_available, cards.is_available, plans.is_available
                ),
                goods.weight_grams,
                times.hold_expires_at
            )
        from unnest(items) with ordinality as sent
        cross join lateral (select items[sent.ordinality]) as each (item)
        left join lateral commerce.variant_line(
            (each.item).business_id, (each.item).variant_id, (each.item).quantity
        ) as goods on true
        left join lateral private.booking_line(each.item) as times on true
        left join lateral private.gift_card_line(each.item) as cards on true
        left join lateral private.plan_lines(each.item) as plans on true
        order by sent.ordinality, plans.place
    );
end;
$$;

/*
 * Make a line of a cart.
 */
create function private.make_cart_line(
    item commerce.cart_items,
    line pricing.line,
    is_available boolean,
    weight_grams bigint,
    hold_expires_at timestamptz
)
returns private.cart_line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line private.cart_line;
begin
    v_line.item_id = item.id;
    v_line.business_id = item.business_id;
    v_line.variant_id = item.variant_id;
    v_line.booking_id = item.booking_id;
    v_line.gift_card_minor = item.gift_card_minor;
    v_line.plan_id = item.plan_id;
    v_line.weight_grams = make_cart_line.weight_grams;
    v_line.store_id = item.store_id;
    v_line.hold_expires_at = make_cart_line.hold_expires_at;
    v_line.is_available = make_cart_line.is_available;
    v_line.to_price = make_cart_line.line;
    return v_line;
end;
$$;

/*
 * Return the line of an item that is a booking. It costs what its service costs now, and its
 * add-ons what they cost when the time was held; it can be bought while its hold lasts.
 */
create function private.booking_line(
    item commerce.cart_items,
    out line pricing.line,
    out is_available boolean,
    out hold_expires_at timestamptz
)
returns setof record
language plpgsql
stable
security invoker
rows 1
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pricing.make_line(
            kind => 'service',
            name => booking_items.service_name,
            quantity => booking_items.party_size,
            unit_minor => services.price_minor + addons.total_minor,
            currency => services.currency,
            reference => jsonb_build_object(
                'service_id', booking_items.service_id, 'addons', booking_items.addons
            ),
            item_id => booking_items.service_id,
            addon_ids => addons.ids,
            addon_minors => addons.minors,
            starts_at => booking_items.starts_at,
            resource_id => case
                when booking_items.assigned_by = 'customer' then booking_items.resource_id
            end
        ),
        bookings.status = 'held' and bookings.hold_expires_at > private.now(),
        bookings.hold_expires_at
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    inner join catalog.services on services.id = booking_items.service_id
    cross join lateral private.addons_of(booking_items.addons) as addons
    where bookings.business_id = item.business_id and bookings.id = item.booking_id;
end;
$$;

/*
 * Return the ids and prices of add-ons as a booking keeps them.
 */
create function private.addons_of(
    addons jsonb, out ids uuid[], out minors bigint[], out total_minor bigint
)
returns record
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    select
        coalesce(array_agg((addon.value ->> 'id')::uuid order by addon.place), '{}'),
        coalesce(array_agg((addon.value ->> 'price_minor')::bigint order by addon.place), '{}'),
        coalesce(sum((addon.value ->> 'price_minor')::bigint), 0)::bigint
    into ids, minors, total_minor
    from jsonb_array_elements(addons) with ordinality as addon (value, place);
end;
$$;

/*
 * Return the line of an item that is a gift card of an amount in the cart's currency.
 */
create function private.gift_card_line(
    item commerce.cart_items, out line pricing.line, out is_available boolean
)
returns setof record
language plpgsql
stable
security invoker
rows 1
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pricing.make_line(
            'gift_card', 'Gift card', item.quantity, item.gift_card_minor, carts.currency, '{}'
        ),
        business.is_open(item.business_id)
    from commerce.carts
    where carts.id = item.cart_id and item.gift_card_minor is not null;
end;
$$;

-- sql/66_checkout/functions/cart_quotes.sql

-- What a cart costs. Each business in it is asked once; the goods and gift cards of a business
-- become one sale, and each booking and each plan a sale of its own, so each has a document in the
-- quote.

/*
 * Return what each business in a cart sells of it, in the order of their ids. Only what can still
 * be bought is priced.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points · PT422 coupon_invalid delivery_unavailable
 */
create function private.quote_cart(
    lines private.cart_line[], form private.order_form, currency text, buyer_id uuid
)
returns private.seller_quote[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_business_ids uuid[] = array(
        select distinct line.business_id
        from unnest(lines) as line
        where line.is_available
        order by line.business_id
    );
    v_coupon_of uuid = private.seller_of_coupon(form.coupon_code, v_business_ids);
    v_points_of uuid = private.seller_of_points(form.redeem_points, v_business_ids, buyer_id);
    v_quotes private.seller_quote[] = '{}';
begin
    perform private.require_wishes(form.wishes, v_business_ids);
    for v_index in 1 .. cardinality(v_business_ids) loop
        v_quotes = v_quotes || private.quote_seller(
            array(
                select line
                from unnest(lines) as line
                where line.is_available and line.business_id = v_business_ids[v_index]
            ),
            form,
            pricing.make_terms(
                coupon_code => case
                    when v_business_ids[v_index] = v_coupon_of then form.coupon_code
                end,
                redeem_points => case
                    when v_business_ids[v_index] = v_points_of then form.redeem_points
                    else 0
                end,
                currency => quote_cart.currency
            ),
            buyer_id
        );
    end loop;
    return v_quotes;
end;
$$;

/*
 * Return which of some businesses a coupon belongs to: the first that has its code, or the first of
 * all, which then refuses it.
 */
create function private.seller_of_coupon(code text, business_ids uuid[])
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if code is null or cardinality(business_ids) = 1 then
        return business_ids[1];
    end if;
    return coalesce(
        (
            select coupons.business_id
            from pricing.coupons
            where
                coupons.business_id = any(business_ids)
                and coupons.code = upper(btrim(seller_of_coupon.code))
            order by coupons.business_id
            limit 1
        ),
        business_ids[1]
    );
end;
$$;

/*
 * Return at which of some businesses a buyer redeems points: the one where they have most, or the
 * first of all, which then refuses them.
 */
create function private.seller_of_points(points integer, business_ids uuid[], buyer_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if points = 0 or cardinality(business_ids) = 1 then
        return business_ids[1];
    end if;
    return (
        select sold.business_id
        from unnest(business_ids) as sold (business_id)
        order by
            loyalty.spendable(
                sold.business_id,
                customers.customer_of(sold.business_id, buyer_id, null),
                private.now()
            ) desc,
            sold.business_id
        limit 1
    );
end;
$$;

/*
 * Return what one business sells of a cart.
 *
 * Errors:  those of private.quote_cart
 */
create function private.quote_seller(
    lines private.cart_line[], form private.order_form, terms pricing.context, buyer_id uuid
)
returns private.seller_quote
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_seller private.seller_quote;
    v_wish private.delivery_wish = private.wish_for(lines, form.wishes);
    v_tools pricing.tools = pricing.tools_of(lines[1].business_id);
    v_context pricing.context = pricing.for_buyer(terms, lines[1].business_id, buyer_id);
    v_priced pricing.line[];
begin
    v_context.store_id = v_wish.store_id;
    if v_wish.store_id is null then
        v_context.region = commerce.region_of(form.address);
    end if;
    v_context = pricing.context_for(v_context, v_tools);
    v_priced = pricing.listed_lines(
        array(select line.to_price from unnest(lines) as line), v_context, v_tools
    );
    v_seller.business_id = lines[1].business_id;
    v_seller.lines = lines;
    v_seller.documents = private.documents_of(lines);
    if private.needs_delivery(lines, v_wish, form) then
        v_seller.choice = commerce.choose_delivery(
            private.parcel_of(lines, v_priced, form.address, terms.currency),
            v_wish.option_id, v_wish.store_id
        );
        if (v_seller.choice).option_id is not null then
            v_priced = v_priced || private.shipping_line(v_seller.choice, terms.currency);
            v_seller.documents = v_seller.documents || 1;
        end if;
    end if;
    v_seller.quotes = pricing.document_quotes(
        pricing.untaxed_quote(v_priced, v_context, v_tools), v_seller.documents, v_context
    );
    return v_seller;
end;
$$;

/*
 * Return for each line of a business to which document it belongs: the goods and gift cards to the
 * first, each booking and each plan to one of its own.
 */
create function private.documents_of(lines private.cart_line[])
returns integer[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_goods integer = (
        exists (
            select 1 from unnest(lines) as line where num_nonnulls(line.booking_id, line.plan_id) = 0
        )
    )::integer;
begin
    return array(
        select
            case
                when sold.is_of_goods then 1
                else v_goods + count(*) filter (where sold.begins) over (order by sold.ordinality)
            end
        from (
            select
                line.ordinality,
                num_nonnulls(line.booking_id, line.plan_id) = 0 as is_of_goods,
                line.booking_id is not null
                or line.plan_id is not null
                and line.plan_id is distinct from lag(line.plan_id)
                    over (order by line.ordinality) as begins
            from unnest(lines) with ordinality as line
        ) as sold
        order by sold.ordinality
    );
end;
$$;

/*
 * Return the lines of the quote of each item that is sold.
 */
create function private.lines_sold(sellers private.seller_quote[])
returns table (item_id uuid, line jsonb)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        seller_line.item_id,
        seller.quotes[seller.documents[seller_line.ordinality]] -> 'lines' -> (
            row_number() over (
                partition by seller.business_id, seller.documents[seller_line.ordinality]
                order by seller_line.ordinality
            ) - 1
        )::integer
    from unnest(sellers) as seller
    cross join unnest(seller.lines) with ordinality as seller_line;
end;
$$;

/*
 * Return what each item that is sold costs, with all of its lines.
 */
create function private.items_sold(sellers private.seller_quote[])
returns table (
    item_id uuid,
    unit_minor bigint,
    amount_minor bigint,
    discount_minor bigint,
    tax_minor bigint,
    total_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        priced.item_id,
        sum((priced.line ->> 'unit_minor')::bigint)::bigint,
        sum((priced.line ->> 'amount_minor')::bigint)::bigint,
        sum((priced.line ->> 'discount_minor')::bigint)::bigint,
        sum((priced.line ->> 'tax_minor')::bigint)::bigint,
        sum(scheduling.price_of_line(priced.line))::bigint
    from private.lines_sold(sellers) as priced
    group by priced.item_id;
end;
$$;

-- sql/66_checkout/functions/carts.sql

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

-- sql/66_checkout/functions/checkout.sql

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

-- sql/66_checkout/functions/checkout_answer.sql

-- What a checkout answers.

/*
 * Return what a checkout sold: {basket, sales, orders, bookings, memberships, gift_cards, payment}.
 * Volatile, so that it sees what the same call wrote.
 */
create function private.sold_in(basket_id uuid, gift_cards jsonb, payment_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_sales jsonb;
    v_total bigint;
    v_due bigint;
begin
    select
        jsonb_agg(
            jsonb_build_object(
                'id', sales.id, 'business_id', sales.business_id, 'currency', sales.currency,
                'total_minor', balance.owed_minor, 'balance_minor', balance.balance_minor
            )
            order by sales.business_id, sales.id
        ),
        sum(balance.owed_minor),
        sum(balance.balance_minor)
    into v_sales, v_total, v_due
    from sales.sales
    cross join lateral money.sale_balance(sales.business_id, sales.id) as balance
    where sales.basket_id = sold_in.basket_id;
    return jsonb_build_object(
        'basket', (
            select jsonb_build_object(
                'id', baskets.id, 'currency', baskets.currency, 'total_minor', v_total,
                'balance_minor', v_due, 'created_at', baskets.created_at
            )
            from sales.baskets
            where baskets.id = sold_in.basket_id
        ),
        'sales', v_sales,
        'orders', private.orders_in(sold_in.basket_id),
        'bookings', private.bookings_in(sold_in.basket_id),
        'memberships', private.memberships_in(sold_in.basket_id),
        'gift_cards', sold_in.gift_cards,
        'payment', money.shown_payment(sold_in.payment_id)
    );
end;
$$;

/*
 * Return the orders of a basket.
 */
create function private.orders_in(basket_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', orders.id, 'business_id', orders.business_id,
                        'sale_id', orders.sale_id, 'reference', orders.reference,
                        'status', orders.status, 'delivery_kind', orders.delivery_kind,
                        'store_id', orders.store_id, 'expires_at', orders.expires_at
                    )
                    order by orders.business_id, orders.id
                ),
                '[]'
            )
        from sales.sales
        inner join commerce.orders
            on orders.business_id = sales.business_id and orders.sale_id = sales.id
        where sales.basket_id = orders_in.basket_id
    );
end;
$$;

/*
 * Return the bookings of a basket.
 */
create function private.bookings_in(basket_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', bookings.id, 'business_id', bookings.business_id,
                        'sale_id', bookings.sale_id, 'reference', bookings.reference,
                        'status', bookings.status, 'starts_at', bookings.starts_at,
                        'ends_at', bookings.ends_at, 'hold_expires_at', bookings.hold_expires_at
                    )
                    order by bookings.starts_at, bookings.id
                ),
                '[]'
            )
        from sales.sales
        inner join scheduling.bookings
            on bookings.business_id = sales.business_id and bookings.sale_id = sales.id
        where sales.basket_id = bookings_in.basket_id
    );
end;
$$;

-- sql/66_checkout/functions/checkout_carts.sql

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

-- sql/66_checkout/functions/checkout_paying.sql

-- How what was just sold is paid: gift cards first, then credit, and the rest with a provider.

/*
 * Return the refusal of the first code that is no usable gift card; null if all are. The wrong code
 * is counted.
 *
 * Errors:  PT429 rate_limited
 */
create function private.wrong_gift_card(codes text[])
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_code text;
begin
    if codes = '{}' then
        return null;
    end if;
    perform money.refuse_guesses(money.guess_origin());
    foreach v_code in array codes loop
        if (money.usable_gift_card(v_code)).id is null then
            return money.note_guess();
        end if;
    end loop;
    return null;
end;
$$;

/*
 * Pay the sales of a basket with gift cards and credit, as far as they go. Accounts are drawn on in
 * the order of their ids.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT409 insufficient_credit
 */
create function private.pay_with_credit(basket_id uuid, form private.order_form)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_card money.gift_cards;
begin
    for v_card in
        select distinct on (card.account_id) card.*
        from unnest(form.gift_card_codes) as sent (code)
        cross join lateral money.usable_gift_card(sent.code) as card
        order by card.account_id
    loop
        perform private.spend_card(pay_with_credit.basket_id, v_card);
    end loop;
    if form.use_credit_minor > 0 then
        perform private.spend_credit(pay_with_credit.basket_id, form.use_credit_minor);
    end if;
end;
$$;

/*
 * Pay the sales of a basket with a gift card: those of businesses that take it, as far as it goes.
 * A card that pays nothing is refused.
 *
 * Errors:  PT400 invalid_input
 */
create function private.spend_card(basket_id uuid, card money.gift_cards)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_has_paid boolean = false;
begin
    for v_sale in
        select sales.*
        from sales.sales
        where
            sales.basket_id = spend_card.basket_id
            and sales.currency = card.currency
            and money.takes_card(card, sales.business_id)
        order by sales.business_id, sales.id
        for no key update
    loop
        continue when (money.sale_balance(v_sale.business_id, v_sale.id)).balance_minor <= 0
        or money.lock_spendable(card.account_id) = 0;
        perform money.spend_on_sale(v_sale, 'gift_card', card.account_id, null);
        v_has_paid = true;
    end loop;
    if not v_has_paid then
        perform private.invalid('gift_card_codes', 'must be of cards that can pay this cart');
    end if;
end;
$$;

/*
 * Pay the sales of a basket with the credit that the caller has at their businesses, in all as much
 * as they say.
 *
 * Errors:  PT401 not_signed_in · PT409 insufficient_credit
 */
create function private.spend_credit(basket_id uuid, amount_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_sale sales.sales;
    v_account_id uuid;
    v_part bigint;
    v_left bigint = amount_minor;
begin
    for v_sale in
        select sales.*
        from sales.sales
        where sales.basket_id = spend_credit.basket_id
        order by sales.business_id, sales.id
        for no key update
    loop
        v_account_id = private.credit_account(v_sale, v_user_id);
        continue when v_account_id is null;
        v_part = least(
            v_left, money.lock_spendable(v_account_id),
            (money.sale_balance(v_sale.business_id, v_sale.id)).balance_minor
        );
        continue when v_part <= 0;
        perform money.spend_on_sale(v_sale, 'credit', v_account_id, v_part);
        v_left = v_left - v_part;
    end loop;
    if v_left > 0 then
        perform private.refuse(
            'PT409', 'insufficient_credit',
            'There is not enough left on the gift card or the credit.',
            'Pay a smaller part with it.'
        );
    end if;
end;
$$;

/*
 * Return the account of the credit that a user has at the business of a sale, if they have any.
 */
create function private.credit_account(sale sales.sales, user_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select accounts.id
        from customers.customers
        inner join money.accounts
            on
                accounts.business_id = customers.business_id
                and accounts.owner_id = coalesce(customers.merged_into_id, customers.id)
                and accounts.kind = 'customer_credit'
                and accounts.currency = sale.currency
        where
            customers.business_id = sale.business_id
            and customers.user_id = credit_account.user_id
    );
end;
$$;

/*
 * Begin the payment of what a basket still owes, if the buyer named a provider. Returns its id.
 *
 * Errors:  PT404 not_found · PT422 method_expired provider_not_offered
 */
create function private.pay_basket(basket_id uuid, wish money.payment_wish)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_payable private.payable;
    v_due bigint;
begin
    if wish.provider is null then
        return null;
    end if;
    v_payable = private.payable_of(
        array(
            select sales
            from sales.sales
            where sales.basket_id = pay_basket.basket_id
            order by sales.business_id, sales.id
        ),
        'basket_id'
    );
    v_due = (select sum(due) from unnest(v_payable.due_minor) as due);
    if v_due = 0 then
        return null;
    end if;
    return private.pay(v_payable, v_due, wish);
end;
$$;

-- sql/66_checkout/functions/delivery.sql

-- How the goods of a cart reach their buyer, as somebody says it at checkout.

/*
 * Must somebody say how these lines reach the buyer? Goods must, unless a cart is only looked at.
 */
create function private.needs_delivery(
    lines private.cart_line[], wish private.delivery_wish, form private.order_form
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (select 1 from unnest(lines) as line where line.variant_id is not null)
    and not (form.is_preview and wish.option_id is null and wish.store_id is null);
end;
$$;

/*
 * Return what is to be delivered of some lines with their prices.
 */
create function private.parcel_of(
    lines private.cart_line[], priced pricing.line[], address jsonb, currency text
)
returns commerce.parcel
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_parcel commerce.parcel;
begin
    v_parcel.business_id = lines[1].business_id;
    v_parcel.region = commerce.region_of(address);
    v_parcel.postal_code = coalesce(address ->> 'postal_code', '');
    v_parcel.currency = parcel_of.currency;
    select
        coalesce(sum(line.weight_grams), 0),
        coalesce(sum(prices.unit_minor * prices.quantity), 0)
    into v_parcel.weight_grams, v_parcel.amount_minor
    from unnest(lines) with ordinality as line
    inner join unnest(priced) with ordinality as prices using (ordinality)
    where line.variant_id is not null;
    return v_parcel;
end;
$$;

/*
 * Return the line of what a delivery costs.
 */
create function private.shipping_line(choice commerce.delivery_choice, currency text)
returns pricing.line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return pricing.make_line(
        'shipping', choice.name, 1, choice.price_minor, shipping_line.currency,
        jsonb_build_object('delivery_option_id', choice.option_id, 'tax_class', choice.tax_class)
    );
end;
$$;

/*
 * Return how the goods of one business are to reach the buyer: as they say or, where they say
 * nothing, at the store that they chose for its items.
 *
 * Errors:  PT400 invalid_input
 */
create function private.wish_for(lines private.cart_line[], wishes private.delivery_wish[])
returns private.delivery_wish
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_wish private.delivery_wish;
    v_store_ids uuid[];
begin
    select wish.option_id, wish.store_id into v_wish
    from unnest(wishes) as wish
    where private.seller_of_wish(wish) = lines[1].business_id
    limit 1;
    if num_nonnulls(v_wish.option_id, v_wish.store_id) = 0 then
        v_store_ids = array(
            select distinct line.store_id from unnest(lines) as line where line.store_id is not null
        );
        if cardinality(v_store_ids) > 1 then
            perform private.invalid(
                'store_id', 'must be sent: the goods of the cart are for different stores'
            );
        end if;
        v_wish.store_id = v_store_ids[1];
    end if;
    return v_wish;
end;
$$;

/*
 * Return whose delivery option or store somebody named.
 */
create function private.seller_of_wish(wish private.delivery_wish)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select delivery_options.business_id
            from commerce.delivery_options
            where delivery_options.id = wish.option_id
        ),
        (
            select stores.business_id
            from business.stores
            where wish.option_id is null and stores.id = wish.store_id
        )
    );
end;
$$;

/*
 * Refuse a delivery option or a store of a business from which nothing is in the cart.
 *
 * Errors:  PT404 not_found
 */
create function private.require_wishes(wishes private.delivery_wish[], business_ids uuid[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if exists (
        select 1
        from unnest(wishes) as wish
        where private.seller_of_wish(wish) = any(business_ids) is not true
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'No business in the cart has this delivery option or store.',
            'Check the ids in the views delivery_options and stores.'
        );
    end if;
end;
$$;

-- sql/66_checkout/functions/eligible.sql

-- How the goods of a cart can be delivered.

/*
 * Return the delivery options that the caller's open cart can take to an address, those of one
 * business after another: [{business_id, id, name, kind, store_id, price_minor, currency,
 * can_split}].
 * Definer: a cart is found by its owner alone.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.eligible_options(token text, address jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_cart commerce.carts = private.find_cart(token);
    v_form private.order_form = private.empty_form();
begin
    v_form.address = eligible_options.address;
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'business_id', possible.business_id,
                        'id', possible.id,
                        'name', possible.name,
                        'kind', possible.kind,
                        'store_id', possible.store_id,
                        'price_minor', commerce.delivery_price(possible, parcel.amount_minor),
                        'currency', possible.currency,
                        'can_split', possible.can_split
                    )
                    order by possible.business_id, possible.position, possible.id
                ),
                '[]'
            )
        from unnest(
            private.quote_cart(
                private.cart_lines(v_cart.id), v_form, v_cart.currency, auth.uid()
            )
        ) as seller
        cross join lateral private.parcel_of_seller(seller, v_form.address) as parcel
        cross join lateral commerce.options_for(parcel) as possible
    );
end;
$$;

/*
 * Return what is to be delivered of what one business sells; no row where it sells no goods.
 */
create function private.parcel_of_seller(seller private.seller_quote, address jsonb)
returns setof commerce.parcel
language plpgsql
stable
security invoker
rows 1
set search_path = ''
as $$
declare
    v_parcel commerce.parcel;
begin
    v_parcel.business_id = seller.business_id;
    v_parcel.region = commerce.region_of(address);
    v_parcel.postal_code = coalesce(address ->> 'postal_code', '');
    v_parcel.currency = seller.quotes[1] ->> 'currency';
    v_parcel.weight_grams = (
        select sum(line.weight_grams)
        from unnest(seller.lines) as line
        where line.variant_id is not null
    );
    v_parcel.amount_minor = (
        select sum((line ->> 'amount_minor')::bigint)
        from jsonb_array_elements(seller.quotes[1] -> 'lines') as line
        where line ->> 'kind' = 'product'
    );
    if v_parcel.weight_grams is not null then
        return next v_parcel;
    end if;
end;
$$;

-- sql/66_checkout/functions/forms.sql

-- What a buyer says at checkout, and how it is read.

/*
 * Read who buys, where their goods go, and by which coupon.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_form(
    contact text,
    address text,
    delivery_option_id text,
    store_id text,
    deliveries text,
    coupon_code text,
    redeem_points text
)
returns private.order_form
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_form private.order_form = private.empty_form();
    v_contact jsonb = private.to_object(contact, 'contact', '{name,email,phone}');
begin
    v_form.contact_name = private.to_text(v_contact ->> 'name', 'contact.name', 200);
    v_form.contact_email = private.to_email(v_contact ->> 'email', 'contact.email');
    v_form.contact_phone = private.to_phone(v_contact ->> 'phone', 'contact.phone');
    v_form.address = private.to_address_of_order(address);
    v_form.wishes = private.to_wishes(delivery_option_id, store_id, deliveries);
    v_form.coupon_code = private.to_text(coupon_code, 'coupon_code', 100);
    v_form.redeem_points = private.to_whole_number(
        redeem_points, 'redeem_points', 0, 1000000, if_null => 0
    );
    return v_form;
end;
$$;

/*
 * Read an address as an order keeps it. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_address_of_order(value text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_address jsonb;
    v_name text;
begin
    if value is null then
        return null;
    end if;
    v_address = jsonb_strip_nulls(
        private.to_object(
            value, 'address', '{name,line1,line2,postal_code,city,region,country,phone}'
        )
    );
    foreach v_name in array '{name,line1,line2,postal_code,city,region,phone}'::text[] loop
        perform private.to_text(v_address ->> v_name, 'address.' || v_name, 200);
        if not private.is_one_line(coalesce(v_address ->> v_name, '')) then
            perform private.invalid('address.' || v_name, 'must be one line');
        end if;
    end loop;
    if coalesce(v_address ->> 'country', '') !~ '^[A-Z]{2}$' then
        perform private.invalid(
            'address.country', 'must be a two-letter ISO 3166 code, such as DE'
        );
    end if;
    return v_address;
end;
$$;

/*
 * Read by which delivery options, or from which stores, goods are to reach the buyer: for one
 * business alone or, as a list, for several.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_wishes(delivery_option_id text, store_id text, deliveries text)
returns private.delivery_wish[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wishes private.delivery_wish[] = array(
        select
            (
                private.to_identifier(
                    wish ->> 'delivery_option_id', 'deliveries.delivery_option_id', false
                ),
                private.to_identifier(wish ->> 'store_id', 'deliveries.store_id', false)
            )::private.delivery_wish
        from unnest(
            private.to_objects(deliveries, 'deliveries', 50, '{delivery_option_id,store_id}')
        ) as wish
    );
begin
    if num_nonnulls(delivery_option_id, store_id) > 0 then
        v_wishes = v_wishes || (
            private.to_identifier(delivery_option_id, 'delivery_option_id', false),
            private.to_identifier(store_id, 'store_id', false)
        )::private.delivery_wish;
    end if;
    return v_wishes;
end;
$$;

/*
 * Refuse a form that lacks what a checkout needs: somebody without a user says who they are, and
 * goods that are sent have an address.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function private.require_form(form private.order_form, sellers private.seller_quote[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if auth.uid() is null and form.contact_email is null then
        perform private.invalid('contact.email', 'is required without a user');
    end if;
    if exists (
        select 1
        from unnest(sellers) as seller
        where (seller.choice).kind = 'delivery'
    ) and num_nonnulls(
        form.address ->> 'name', form.address ->> 'line1', form.address ->> 'city'
    ) < 3 then
        perform private.invalid('address', 'must have a name, line1, city and country');
    end if;
end;
$$;

/*
 * Read a list of texts.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_texts(value text, argument text, maximum integer, length integer)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list constant jsonb = private.to_list(to_texts.value, argument, maximum);
begin
    if exists (
        select 1 from jsonb_array_elements(v_list) as sent where jsonb_typeof(sent.value) <> 'string'
    ) then
        perform private.invalid(argument, 'must be a list of texts');
    end if;
    return array(
        select private.to_required_text(sent.value, argument, to_texts.length)
        from jsonb_array_elements_text(v_list) as sent
    );
end;
$$;

/*
 * Read how the buyer wants to pay.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_payment_wish(
    provider text,
    payment_method_id text,
    method_token text,
    save_method text,
    return_url text
)
returns money.payment_wish
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wish money.payment_wish;
begin
    v_wish.provider = private.to_text(provider, 'provider', 40);
    v_wish.method_id = private.to_identifier(
        payment_method_id, 'payment_method_id', is_required => false
    );
    v_wish.method_token = private.to_text(method_token, 'method_token', 255);
    v_wish.saves_method = private.to_yes_no(save_method, 'save_method');
    v_wish.return_url = private.to_text(return_url, 'return_url', 2000);
    return v_wish;
end;
$$;

/*
 * Read which cart a checkout wants, and by which call: the key, and the hash of its arguments.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_wanted_cart(id uuid, key text, currency text, arguments jsonb)
returns commerce.carts
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_cart commerce.carts;
begin
    v_cart.id = to_wanted_cart.id;
    v_cart.currency = to_wanted_cart.currency;
    v_cart.checkout_key = private.to_required_text(key, 'idempotency_key', 255);
    v_cart.checkout_hash = sha256(convert_to(arguments::text, 'UTF8'));
    return v_cart;
end;
$$;

-- sql/66_checkout/functions/gift_cards.sql

-- Gift cards that are bought in a cart.

/*
 * Make the gift cards of a sale. They can be spent once it is paid. Returns [{id, code, …}];
 * nothing else keeps the codes.
 */
create function private.make_gift_cards(
    seller private.seller_quote, sale_id uuid, buyer_id uuid
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if not exists (
        select 1 from unnest(seller.lines) as line where line.gift_card_minor is not null
    ) then
        return '[]';
    end if;
    return (
        select
            jsonb_agg(
                jsonb_build_object(
                    'id', made.gift_card_id,
                    'business_id', sale_lines.business_id,
                    'sale_id', sale_lines.sale_id,
                    'code', made.code,
                    'amount_minor', sale_lines.unit_minor,
                    'currency', seller.quotes[1] ->> 'currency'
                )
            )
        from sales.sale_lines
        cross join generate_series(1, sale_lines.quantity)
        cross join lateral money.make_gift_card(
            sale_lines.business_id, sale_lines.id, seller.quotes[1] ->> 'currency',
            sale_lines.unit_minor, make_gift_cards.buyer_id, null
        ) as made
        where
            sale_lines.business_id = seller.business_id
            and sale_lines.sale_id = make_gift_cards.sale_id
            and sale_lines.kind = 'gift_card'
    );
end;
$$;

-- sql/66_checkout/functions/markets.sql

-- What a market says to a buyer: the business's own currency and language where no market does.

/*
 * Return what a business offers in a place: {market_id, name, region, currency, locale,
 * payment_providers, delivery_options}.
 *
 * Definer: providers are not everybody's to read.
 *
 * Errors:  PT404 not_found
 */
create function private.shown_market(business_id uuid, region text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_market constant commerce.markets = commerce.market_of(business_id, region);
    v_business business.businesses;
    v_currency text;
begin
    select businesses.* into v_business
    from business.businesses
    where
        businesses.id = shown_market.business_id and business.is_open(shown_market.business_id);
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    v_currency = coalesce(v_market.currency, v_business.currency);
    return jsonb_build_object(
        'market_id', v_market.id,
        'name', v_market.name,
        'region', region,
        'currency', v_currency,
        'locale', coalesce(v_market.locale, v_business.locale),
        'payment_providers', array(
            select money.offered_providers(array[v_business.id], v_currency, null)
        ),
        'delivery_options', private.options_in(v_business.id, region, v_currency)
    );
end;
$$;

/*
 * Return the delivery options of a business for a place and a currency, whatever is delivered.
 */
create function private.options_in(business_id uuid, region text, currency text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_parcel commerce.parcel;
begin
    v_parcel.business_id = options_in.business_id;
    v_parcel.region = options_in.region;
    v_parcel.currency = options_in.currency;
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', possible.id,
                        'name', possible.name,
                        'kind', possible.kind,
                        'store_id', possible.store_id,
                        'price_minor', possible.price_minor,
                        'free_from_minor', possible.free_from_minor
                    )
                    order by possible.position, possible.price_minor, possible.id
                ),
                '[]'
            )
        from commerce.options_for(v_parcel) as possible
    );
end;
$$;

-- sql/66_checkout/functions/order_lists.sql

-- Orders by list: lines of SKU and quantity, as CSV or JSON, with a report for each line. A list
-- without a problem goes into the cart of the caller as a whole; with one, nothing does.

-- A line of a list, as it was sent and as the catalog has it.
create type private.listed_line as (
    line integer,
    sku text,
    quantity integer,
    variant_id uuid,
    is_sold boolean,
    -- Pieces of the variant in the whole list.
    total integer
);

/*
 * Read a list: a JSON array of {sku, quantity}, or lines of CSV with both, separated by a comma, a
 * semicolon or a tab, and with or without a heading. A quantity that is none is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.read_order_list(list text)
returns table (line integer, sku text, quantity integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines jsonb[] = private.lines_of_list(list);
begin
    if cardinality(v_lines) = 0 then
        perform private.invalid('list', 'is required');
    elsif cardinality(v_lines) > 500 then
        perform private.invalid('list', 'must have at most 500 lines');
    end if;
    return query
    select
        sent.number::integer,
        coalesce(btrim(sent.fields ->> 'sku'), ''),
        case
            when sent.fields ->> 'quantity' ~ '^0*[1-9][0-9]{0,4}$'
                then (sent.fields ->> 'quantity')::integer
        end
    from unnest(v_lines) with ordinality as sent (fields, number);
end;
$$;

/*
 * Return the lines of a list as objects with sku and quantity.
 *
 * Errors:  PT400 invalid_input
 */
create function private.lines_of_list(list text)
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if list ~ '^\s*\[' then
        return private.to_objects(list, 'list', 500, '{sku,quantity}');
    end if;
    return array(
        select
            jsonb_build_object(
                'sku', coalesce(replace(cells.found[1], '""', '"'), cells.found[2], row_text),
                'quantity', btrim(cells.found[3])
            )
        from regexp_split_to_table(left(list, 100000), '\r?\n')
            with ordinality as lines (row_text, number)
        left join lateral regexp_match(
            lines.row_text,
            '^\s*(?:"((?:[^"]|"")*)"|([^",;\t]*))\s*[,;\t]\s*"?([^",;\t]*)"?\s*$'
        ) as cells (found) on true
        where
            btrim(lines.row_text) <> ''
            and not (lines.number = 1 and lines.row_text ~* '^\W*sku\W+(quantity|qty)\W*$')
        order by lines.number
    );
end;
$$;

/*
 * Return the lines of a list with the variants that they mean. SKUs are compared as they are.
 *
 * Errors:  PT400 invalid_input
 */
create function private.find_listed(business_id uuid, list text)
returns setof private.listed_line
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        sent.line,
        sent.sku,
        sent.quantity,
        product_variants.id,
        product_variants.is_active and products.is_published and products.archived_at is null,
        coalesce(
            sum(sent.quantity) over (partition by product_variants.id), sent.quantity
        )::integer
    from private.read_order_list(find_listed.list) as sent
    left join catalog.product_variants
        on
            product_variants.business_id = find_listed.business_id
            and product_variants.sku = sent.sku
    left join catalog.products
        on
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    order by sent.line;
end;
$$;

/*
 * Return how many pieces of a variant, or of the bundle that it is, the active stores of its
 * business, or one of them, can sell now.
 */
create function private.sellable_pieces(business_id uuid, variant_id uuid, store_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select min(pieces.free / taken.quantity)
        from catalog.components(sellable_pieces.variant_id, 1) as taken
        cross join lateral (
            select
                coalesce(
                    sum(greatest(commerce.free_quantity(stock_levels, true), 0)), 0
                )::integer as free
            from commerce.stock_levels
            inner join business.stores
                on
                    stores.business_id = stock_levels.business_id
                    and stores.id = stock_levels.store_id
                    and stores.is_active
            where
                stock_levels.business_id = sellable_pieces.business_id
                and stock_levels.variant_id = taken.variant_id
                and coalesce(stock_levels.store_id = sellable_pieces.store_id, true)
        ) as pieces
    );
end;
$$;

/*
 * Return what is wrong with a line, as a token and a sentence; null where nothing is. Packs hold
 * for the buyers of companies.
 */
create function private.problem_of(
    listed private.listed_line,
    business_id uuid,
    store_id uuid,
    is_wholesale boolean,
    out problem text,
    out message text
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pack integer = (
        select wholesale_packs.pack_size
        from commerce.wholesale_packs
        where
            is_wholesale
            and wholesale_packs.business_id = problem_of.business_id
            and wholesale_packs.variant_id = listed.variant_id
    );
    v_free integer;
begin
    if listed.variant_id is null or not listed.is_sold then
        problem = 'not_found';
        message = format('Nothing with the SKU %s is for sale.', listed.sku);
    elsif listed.quantity is null then
        problem = 'invalid_input';
        message = 'The quantity must be a whole number from 1 to 99999.';
    elsif listed.total % v_pack <> 0 then
        problem = 'pack_size';
        message = format('%s is sold in packs of %s.', listed.sku, v_pack);
    else
        v_free = private.sellable_pieces(business_id, listed.variant_id, store_id);
        if v_free < listed.total then
            problem = 'out_of_stock';
            message = format('%s: only %s left.', listed.sku, v_free);
        end if;
    end if;
end;
$$;

/*
 * Check a list and, unless it is only tried, put it into the cart of the caller. Returns {lines,
 * problem_count, cart}.
 * Definer: customers read no levels.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 not_for_sale
 *          PT422 limit_reached
 */
create function private.order_by_list(
    business_id uuid, list text, is_tried boolean, store_id uuid
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_is_wholesale constant boolean = (
        commerce.wholesale_terms(order_by_list.business_id, v_user_id)
    ).wholesale_account_id is not null;
    v_lines jsonb;
    v_problem_count bigint;
    v_item jsonb;
    v_cart jsonb;
begin
    perform commerce.require_seller(order_by_list.business_id);
    select
        jsonb_agg(
            jsonb_build_object(
                'line', listed.line, 'sku', listed.sku, 'quantity', listed.quantity,
                'variant_id', case when listed.is_sold then listed.variant_id end,
                'problem', found.problem, 'message', found.message
            )
            order by listed.line
        ),
        count(found.problem)
    into v_lines, v_problem_count
    from private.find_listed(order_by_list.business_id, list) as listed
    cross join lateral private.problem_of(
        listed, order_by_list.business_id, order_by_list.store_id, v_is_wholesale
    ) as found;
    if v_problem_count = 0 and not is_tried then
        for v_item in select lines.value from jsonb_array_elements(v_lines) as lines (value) loop
            v_cart = private.add_to_cart(
                jsonb_build_object(
                    'variant_id', v_item ->> 'variant_id', 'quantity', v_item ->> 'quantity'
                ),
                order_by_list.store_id, null, null
            );
        end loop;
    end if;
    return jsonb_build_object(
        'lines', v_lines, 'problem_count', v_problem_count, 'cart', v_cart
    );
end;
$$;

-- sql/66_checkout/functions/order_requests.sql

-- A buyer asks the approvers of a company to order, and one of them does: then the order is placed
-- as if the approver had checked out, at the prices and terms of that moment.

/*
 * Ask the approvers of the caller's company to order some goods. Returns the id of the request.
 * Definer: nobody has a write grant on requests.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT422 delivery_unavailable
 */
create function private.request_wholesale_order(
    items jsonb[], form private.order_form, note text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_lines private.cart_line[] = private.goods_to_request(items);
    v_account_id uuid = private.company_of(v_lines[1].business_id, v_user_id);
    v_currency text = (v_lines[1].to_price).currency;
    v_id uuid;
begin
    form.is_preview = false;
    insert into commerce.wholesale_order_requests (
        business_id, wholesale_account_id, requested_by, items, currency, total_minor,
        delivery_option_id, store_id, address, note, requested_at
    )
    values (
        v_lines[1].business_id, v_account_id, v_user_id,
        (
            select
                jsonb_agg(
                    jsonb_build_object(
                        'variant_id', line.variant_id, 'quantity', (line.to_price).quantity
                    )
                    order by line.ordinality
                )
            from unnest(v_lines) with ordinality as line
        ),
        v_currency,
        pricing.sum_of(
            private.all_quotes(private.quote_cart(v_lines, form, v_currency, v_user_id)),
            'total_minor'
        ),
        form.wishes[1].option_id, form.wishes[1].store_id, form.address,
        request_wholesale_order.note, private.now()
    )
    returning wholesale_order_requests.id into v_id;
    return v_id;
end;
$$;

/*
 * Return goods of one business as lines of a cart.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.goods_to_request(items jsonb[])
returns private.cart_line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines private.cart_line[];
begin
    if items = '{}' or exists (
        select 1 from unnest(items) as item where not item ? 'variant_id'
    ) then
        perform private.invalid('items', 'must each have a variant_id and a quantity');
    end if;
    v_lines = private.lines_of_items(items, null);
    if exists (
        select 1 from unnest(v_lines) as line where line.business_id <> v_lines[1].business_id
    ) then
        perform private.invalid('items', 'must belong to one business');
    end if;
    return v_lines;
end;
$$;

/*
 * Return the account of the company for which a user buys from a business now.
 *
 * Errors:  PT404 not_found
 */
create function private.company_of(business_id uuid, user_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_account_id uuid = (
        commerce.wholesale_terms(company_of.business_id, company_of.user_id)
    ).wholesale_account_id;
begin
    if v_account_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You buy for no company from this business.',
            'Accept an invitation of a company first; checkout needs none.'
        );
    end if;
    return v_account_id;
end;
$$;

/*
 * Decide about a request: an approver of the company approves or rejects it, and its buyer
 * withdraws it. Approval places the order for the approver. A decision that was made already
 * changes nothing. Returns the id of the request.
 * Definer: nobody has a write grant on requests and sales; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition · those of private.checkout
 */
create function private.decide_wholesale_order(
    request_id uuid, decision commerce.order_request_status, reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request commerce.wholesale_order_requests = private.lock_order_request(request_id, decision);
begin
    if v_request.status = decision then
        return v_request.id;
    elsif v_request.status <> 'requested' then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('This request is %s already.', v_request.status),
            'Read wholesale_order_requests again.'
        );
    elsif decision = 'rejected' and decide_wholesale_order.reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    update commerce.wholesale_order_requests
    set
        status = decision,
        decided_by = auth.uid(),
        decided_at = private.now(),
        reason = decide_wholesale_order.reason,
        order_id = case when decision = 'approved' then private.place_requested(v_request) end
    where wholesale_order_requests.id = v_request.id;
    return v_request.id;
end;
$$;

/*
 * Return a request, locked, about which the caller may decide so.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function private.lock_order_request(
    request_id uuid, decision commerce.order_request_status
)
returns commerce.wholesale_order_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_request commerce.wholesale_order_requests;
begin
    select wholesale_order_requests.* into v_request
    from commerce.wholesale_order_requests
    where
        wholesale_order_requests.id = lock_order_request.request_id
        and wholesale_order_requests.wholesale_account_id in (
            select private.my_wholesale_accounts()
        )
    for update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such request.',
            'Check the id in the view wholesale_order_requests.'
        );
    elsif decision = 'withdrawn' and v_request.requested_by <> v_user_id
        or decision <> 'withdrawn' and v_request.wholesale_account_id not in (
            select private.my_wholesale_accounts('approver')
        ) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to decide about this request.',
            'Approvers of the company approve and reject; whoever asked withdraws.'
        );
    end if;
    return v_request;
end;
$$;

/*
 * Place the order of a request for the caller. Returns its id.
 *
 * Errors:  those of private.checkout
 */
create function private.place_requested(request commerce.wholesale_order_requests)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_form private.order_form = private.empty_form();
begin
    v_form.is_preview = false;
    v_form.address = request.address;
    v_form.wishes = array[(request.delivery_option_id, request.store_id)::private.delivery_wish];
    return private.checkout(
        private.to_wanted_cart(
            null, 'order request ' || request.id, request.currency, to_jsonb(request)
        ),
        null, request.items::text, v_form
    ) #>> '{orders,0,id}';
end;
$$;

-- sql/66_checkout/functions/payments.sql

-- How a payment of what sellers sold begins. Money knows sales alone; here somebody names a
-- booking, a membership, a series, a basket or a link, and it becomes sales, with what each must
-- get at least.

/*
 * Return the sales that somebody wants to pay, if they may: as their customer, as a member who
 * serves customers, or with a link.
 *
 * Errors:  PT404 not_found · PT409 link_expired
 */
create function private.sales_to_pay(target text, id uuid, link_token text)
returns sales.sales[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sales sales.sales[];
begin
    if target = 'link_token' then
        id = (money.usable_link(sales_to_pay.link_token)).sale_id;
    end if;
    v_sales = array(
        select sales
        from sales.sales
        left join scheduling.bookings
            on bookings.business_id = sales.business_id and bookings.sale_id = sales.id
        where
            case target
                when 'booking_id' then bookings.id = sales_to_pay.id
                when 'series_id' then bookings.series_id = sales_to_pay.id
                when 'basket_id' then sales.basket_id = sales_to_pay.id
                when 'order_id' then sales.id = (
                    select orders.sale_id
                    from commerce.orders
                    where orders.id = sales_to_pay.id
                )
                when 'membership_id' then sales.id = memberships.unpaid_sale(sales_to_pay.id)
                else sales.id = sales_to_pay.id
            end
            and (
                target = 'link_token'
                or private.is_operator()
                or sales.customer_id = auth.uid()
                or scheduling.actors(bookings) <> '{}'
                or sales.business_id in (select private.my_businesses('serve'))
            )
        order by sales.business_id, sales.id
    );
    if v_sales = '{}' then
        perform private.refuse(
            'PT404', 'not_found', 'There is nothing of that kind to pay.',
            'Check the id in the view bookings, orders, memberships, sales or baskets.'
        );
    end if;
    return v_sales;
end;
$$;

/*
 * Lock some sales, and return what can be paid of them.
 */
create function private.payable_of(sold sales.sales[], target text)
returns private.payable
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_payable private.payable;
begin
    v_payable.business_ids = array(
        select sales.business_id from unnest(sold) as sales order by sales.business_id, sales.id
    );
    v_payable.sale_ids = array(
        select sales.id from unnest(sold) as sales order by sales.business_id, sales.id
    );
    perform money.lock_sales(v_payable.sale_ids);
    v_payable.due_minor = money.dues(v_payable.business_ids, v_payable.sale_ids);
    v_payable.due_now_minor = array(
        select
            least(
                dues.minor,
                coalesce(
                    (
                        select greatest(
                            bookings.prepayment_minor
                            - (balance.secured_minor - balance.returned_minor),
                            0
                        )
                        from scheduling.bookings
                        cross join lateral money.sale_balance(dues.business_id, dues.sale_id)
                            as balance
                        where
                            bookings.business_id = dues.business_id
                            and bookings.sale_id = dues.sale_id
                            and bookings.status = 'pending_payment'
                    ),
                    0
                )
            )
        from unnest(v_payable.business_ids, v_payable.sale_ids, v_payable.due_minor)
            with ordinality as dues (business_id, sale_id, minor, place)
        order by dues.place
    );
    v_payable.basket_id = case when target = 'basket_id' then sold[1].basket_id end;
    v_payable.payer_id = case
        when target = 'link_token' then auth.uid()
        else coalesce(sold[1].customer_id, auth.uid())
    end;
    return v_payable;
end;
$$;

/*
 * Split what somebody pays over the sales: what is due now first, the rest in proportion to what is
 * owed. Without an amount they pay what is due now or, where nothing is, all that is owed.
 *
 * Errors:  PT400 invalid_input
 */
create function private.amounts_to_pay(payable private.payable, amount_minor bigint)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_due bigint = (select sum(due) from unnest(payable.due_minor) as due);
    v_now bigint = (select sum(due) from unnest(payable.due_now_minor) as due);
    v_amount bigint = coalesce(amount_minor, nullif(v_now, 0), v_due);
    v_rest bigint[];
begin
    if v_due > 0 and v_amount not between greatest(v_now, 1) and v_due then
        perform private.invalid(
            'amount_minor', format('must be from %s to %s', greatest(v_now, 1), v_due)
        );
    elsif v_amount in (v_now, v_due) then
        return case v_amount when v_due then payable.due_minor else payable.due_now_minor end;
    end if;
    v_rest = array(
        select dues.due - dues.now
        from unnest(payable.due_minor, payable.due_now_minor) with ordinality
            as dues (due, now, place)
        order by dues.place
    );
    return array(
        select parts.now + parts.more
        from unnest(payable.due_now_minor, pricing.split(v_amount - v_now, v_rest))
            with ordinality as parts (now, more, place)
        order by parts.place
    );
end;
$$;

/*
 * Begin a payment of what somebody names. Returns the payment's id.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired nothing_to_pay
 *          PT422 method_expired provider_not_offered
 */
create function private.start_payment(
    target text, id uuid, link_token text, amount_minor bigint, wish money.payment_wish
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payable private.payable;
    v_link money.payment_links;
begin
    v_payable = private.payable_of(
        private.sales_to_pay(target, start_payment.id, start_payment.link_token), target
    );
    if target = 'link_token' then
        v_link = money.usable_link(start_payment.link_token);
        amount_minor = coalesce(v_link.amount_minor, start_payment.amount_minor);
    end if;
    return private.pay(v_payable, amount_minor, wish);
end;
$$;

/*
 * Begin a payment of sales that are locked. The edge asks the provider at once; if it does not, a
 * worker does two seconds later. Returns the payment's id.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 nothing_to_pay
 *          PT422 method_expired provider_not_offered
 */
create function private.pay(
    payable private.payable, amount_minor bigint, wish money.payment_wish
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment_id uuid;
begin
    if wish.method_id is not null and payable.payer_id is distinct from auth.uid() then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such payment method.',
            'Check the id in the view payment_methods.'
        );
    end if;
    wish.business_ids = payable.business_ids;
    wish.sale_ids = payable.sale_ids;
    wish.amounts = private.amounts_to_pay(payable, amount_minor);
    wish.basket_id = payable.basket_id;
    wish.payer_id = payable.payer_id;
    v_payment_id = money.begin_payment(wish);
    perform money.ask_provider(
        'create', v_payment_id, clock_timestamp() + interval '2 seconds'
    );
    return v_payment_id;
end;
$$;

-- sql/66_checkout/functions/plans.sql

-- Plans in a cart. Only somebody with an account can join, so a guest's cart has none. A plan is
-- priced as its first period, which a trial makes free, and as the fee for joining; both are one
-- item, and have a sale of their own. The membership begins when that sale is paid, or at once
-- where nothing of it is owed.

/*
 * Return the business whose plan the caller may join, if the plan has a price in a currency: by
 * default that of the business.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function private.seller_of_plan(plan_id uuid, currency text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
begin
    perform private.current_user_id();
    v_plan = memberships.open_plan(seller_of_plan.plan_id);
    perform memberships.price_of(v_plan, seller_of_plan.currency);
    return v_plan.business_id;
end;
$$;

/*
 * Return the lines of an item that is a plan. It can be bought while somebody may join it, and it
 * has a price in the cart's currency.
 */
create function private.plan_lines(
    item commerce.cart_items, out line pricing.line, out is_available boolean, out place integer
)
returns setof record
language plpgsql
stable
security invoker
rows 1
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        offered.lines[part.place],
        membership_plans.is_active
        and plan_prices.plan_id is not null
        and business.is_open(membership_plans.business_id),
        part.place
    from memberships.membership_plans
    inner join commerce.carts on carts.id = item.cart_id
    left join memberships.plan_prices
        on
            plan_prices.business_id = membership_plans.business_id
            and plan_prices.plan_id = membership_plans.id
            and plan_prices.currency = carts.currency
    cross join lateral (
        select
            memberships.first_lines(
                membership_plans, plan_prices,
                memberships.has_trial(membership_plans, carts.user_id)
            )
    ) as offered (lines)
    cross join lateral generate_subscripts(offered.lines, 1) as part (place)
    where
        membership_plans.business_id = item.business_id
        and membership_plans.id = item.plan_id;
end;
$$;

/*
 * Return a plan that is asked about as lines of a cart, for the caller.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.plan_to_price(item jsonb, currency text)
returns private.cart_line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
    v_item commerce.cart_items;
begin
    perform private.refuse_unknown_keys(item, 'items', '{plan_id}');
    v_plan = memberships.open_plan(private.to_identifier(item ->> 'plan_id', 'items.plan_id'));
    v_item.business_id = v_plan.business_id;
    v_item.plan_id = v_plan.id;
    return array(
        select private.make_cart_line(v_item, offered.lines[part.place], true, null, null)
        from (
            select
                memberships.first_lines(
                    v_plan,
                    memberships.price_of(v_plan, plan_to_price.currency),
                    memberships.has_trial(v_plan, auth.uid())
                )
        ) as offered (lines)
        cross join lateral generate_subscripts(offered.lines, 1) as part (place)
        order by part.place
    );
end;
$$;

/*
 * Sell the plans among what one business has in a cart. The saved card that pays the basket pays
 * their renewals too.
 *
 * Errors:  PT404 not_found · PT409 already_member coupon_exhausted price_changed
 *          PT422 coupon_invalid method_expired
 */
create function private.sell_plans(
    seller private.seller_quote, buyer identity.profiles, method_id uuid, basket_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform memberships.sell_quoted(
        line.plan_id, buyer, seller.quotes[seller.documents[line.ordinality]],
        sell_plans.basket_id, sell_plans.method_id
    )
    from unnest(seller.lines) with ordinality as line
    where line.plan_id is not null and (line.to_price).kind = 'membership'
    order by line.ordinality;
end;
$$;

/*
 * Return the memberships of a basket.
 */
create function private.memberships_in(basket_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', memberships.id, 'business_id', memberships.business_id,
                        'sale_id', sales.id, 'plan_id', memberships.plan_id,
                        'status', memberships.status_at(memberships, private.now()),
                        'trial_ends_at', memberships.trial_ends_at
                    )
                    order by memberships.business_id, memberships.id
                ),
                '[]'
            )
        from sales.sales
        inner join memberships.membership_periods as periods
            on periods.business_id = sales.business_id and periods.sale_id = sales.id
        inner join memberships.memberships
            on
                memberships.business_id = periods.business_id
                and memberships.id = periods.membership_id
        where sales.basket_id = memberships_in.basket_id
    );
end;
$$;

-- sql/66_checkout/functions/quoting.sql

-- What `quote` prices: services as they would be booked, goods, gift cards and plans as they would
-- be sold.

/*
 * Price what somebody asks about, without a cart. Services alone are priced as one booking; beside
 * goods each is a booking of its own, as in a cart.
 * Definer: prices come from lists that the caller may not read.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points link_expired not_bookable
 *          PT422 coupon_invalid delivery_unavailable
 */
create function private.quote_items(
    items jsonb[], terms pricing.context, delivery_option_id uuid, address jsonb
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_lines private.cart_line[] = private.lines_of_items(items, terms.currency);
    v_form private.order_form = private.empty_form();
    v_context pricing.context = terms;
    v_seller private.seller_quote;
begin
    if exists (
        select 1
        from unnest(v_lines) as line
        where line.business_id <> v_lines[1].business_id
    ) then
        perform private.invalid('items', 'must belong to one business');
    end if;
    v_context.currency = coalesce(
        terms.currency,
        case
            when v_lines[1].variant_id is not null then (
                commerce.market_of(
                    v_lines[1].business_id, coalesce(terms.region, commerce.region_of(address))
                )
            ).currency
        end,
        (v_lines[1].to_price).currency
    );
    v_form.address = coalesce(
        address, jsonb_strip_nulls(jsonb_build_object('region', terms.region, 'country', terms.region))
    );
    if num_nonnulls(delivery_option_id, terms.store_id) > 0 then
        v_form.wishes = array[(delivery_option_id, terms.store_id)::private.delivery_wish];
        perform private.require_wishes(v_form.wishes, array[v_lines[1].business_id]);
    end if;
    v_seller = private.quote_seller(v_lines, v_form, v_context, auth.uid());
    return pricing.merge_quotes(v_seller.quotes, v_seller.documents);
end;
$$;

/*
 * Return what is asked about as the lines of a cart.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 */
create function private.lines_of_items(items jsonb[], currency text)
returns private.cart_line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_item jsonb;
    v_lines private.cart_line[] = '{}';
begin
    foreach v_item in array items loop
        v_lines = v_lines || case
            when v_item ? 'service_id' then array[private.service_to_price(v_item)]
            when v_item ? 'plan_id'
                then private.plan_to_price(
                    v_item,
                    coalesce(lines_of_items.currency, (v_lines[1].to_price).currency)
                )
            else array[private.goods_to_price(v_item, v_lines[1].business_id)]
        end;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return a service that is asked about as a line of a cart.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired not_bookable
 */
create function private.service_to_price(item jsonb)
returns private.cart_line
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[] = scheduling.legs(
        scheduling.to_selections(jsonb_build_array(item)::text)
    );
    v_line private.cart_line;
begin
    v_line.business_id = v_legs[1].business_id;
    -- It has no booking yet, and gets a document of its own like one.
    v_line.booking_id = gen_random_uuid();
    v_line.is_available = true;
    v_line.to_price = (scheduling.lines_of(v_legs))[1];
    return v_line;
end;
$$;

/*
 * Return goods or a gift card that are asked about as a line of a cart. A gift card is of the
 * business of what stands before it, unless it names one.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.goods_to_price(item jsonb, business_id uuid)
returns private.cart_line
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_item commerce.cart_items;
    v_line private.cart_line;
begin
    v_item.quantity = private.to_whole_number(
        item ->> 'quantity', 'items.quantity', 1, 100000, if_null => 1
    );
    if item ? 'variant_id' then
        perform private.refuse_unknown_keys(item, 'items', '{variant_id,quantity}');
        v_item.variant_id = private.to_identifier(item ->> 'variant_id', 'items.variant_id');
        v_item.business_id = private.seller_of_variant(v_item.variant_id);
        select made.line, made.weight_grams into v_line.to_price, v_line.weight_grams
        from commerce.variant_line(
            v_item.business_id, v_item.variant_id, v_item.quantity
        ) as made;
    else
        perform private.refuse_unknown_keys(
            item, 'items', '{gift_card_minor,currency,business_id,quantity}'
        );
        v_item.gift_card_minor = private.to_required_amount(
            item ->> 'gift_card_minor', 'items.gift_card_minor'
        );
        v_item.business_id = coalesce(
            private.to_identifier(item ->> 'business_id', 'items.business_id', false),
            goods_to_price.business_id
        );
        v_line.to_price = pricing.make_line(
            'gift_card', 'Gift card', v_item.quantity, v_item.gift_card_minor,
            private.to_required_text(item ->> 'currency', 'items.currency', 3), '{}'
        );
    end if;
    if v_item.business_id is null then
        perform private.invalid('items.business_id', 'is required');
    end if;
    v_line.business_id = v_item.business_id;
    v_line.variant_id = v_item.variant_id;
    v_line.gift_card_minor = v_item.gift_card_minor;
    v_line.is_available = true;
    return v_line;
end;
$$;

-- sql/66_checkout/functions/selling.sql

-- How what is in a cart is sold: one business after another, in the order of their ids. The goods
-- and gift cards of a business become one sale, with an order of the goods; each booking stops
-- being a hold and has its own sale, and so has each plan. All of them are in one basket.

/*
 * Write the sales of the goods and gift cards in a cart. This locks nothing for which others wait,
 * so it comes before goods are taken out of stock. Returns what is sold, with the ids of the sales.
 */
create function private.write_sales(
    sellers private.seller_quote[], buyer identity.profiles, basket_id uuid
)
returns private.seller_quote[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_seller private.seller_quote;
    v_sellers private.seller_quote[] = '{}';
begin
    foreach v_seller in array sellers loop
        if exists (
            select 1
            from unnest(v_seller.lines) as line
            where num_nonnulls(line.booking_id, line.plan_id) = 0
        ) then
            v_seller.sale_id = sales.write_sale(
                v_seller.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone,
                v_seller.quotes[1], write_sales.basket_id
            );
        end if;
        v_sellers = v_sellers || v_seller;
    end loop;
    return v_sellers;
end;
$$;

/*
 * Sell what one business has in a cart; the sale of its goods is written, and they were taken out
 * of stock. Returns the gift cards that were made, with their codes.
 *
 * Errors:  PT404 not_found
 *          PT409 already_member coupon_exhausted hold_expired price_changed slot_taken
 *              terms_not_accepted
 *          PT422 coupon_invalid method_expired
 */
create function private.sell(
    seller private.seller_quote, buyer identity.profiles, form private.order_form, basket_id uuid
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_cards jsonb = '[]';
begin
    -- Joining locks the customer before it claims promotions, here as everywhere.
    perform private.sell_plans(seller, buyer, (form.payment).method_id, sell.basket_id);
    if seller.sale_id is not null then
        perform sales.claim_discounts(
            seller.business_id, seller.sale_id, seller.quotes[1], buyer.id, buyer.email
        );
        perform customers.note_customer(
            seller.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone, null
        );
        v_cards = private.make_gift_cards(seller, seller.sale_id, buyer.id);
        if (seller.choice).kind is not null then
            perform private.place_order(seller, seller.sale_id, buyer.id, form);
        end if;
    end if;
    perform private.sell_booking(
        line.booking_id, seller.quotes[seller.documents[line.ordinality]], sell.basket_id
    )
    from unnest(seller.lines) with ordinality as line
    where line.booking_id is not null;
    return v_cards;
end;
$$;

/*
 * Place the order of the goods of a sale, which were taken out of stock.
 */
create function private.place_order(
    seller private.seller_quote, sale_id uuid, customer_id uuid, form private.order_form
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_line_ids uuid[] = array(
        select sale_lines.id
        from sales.sale_lines
        where
            sale_lines.business_id = seller.business_id
            and sale_lines.sale_id = place_order.sale_id
            and sale_lines.kind = 'product'
        order by sale_lines.position
    );
    v_kind commerce.delivery_kind = (seller.choice).kind;
begin
    return commerce.place_order(
        seller.business_id, place_order.sale_id, place_order.customer_id,
        jsonb_build_object(
            'kind', v_kind,
            'store_id', coalesce((seller.choice).store_id, private.only_store(seller.parts)),
            'delivery_option_id', (seller.choice).option_id,
            'address', case v_kind when 'delivery' then form.address end
        ),
        commerce.order_lines(seller.business_id, v_line_ids, seller.parts),
        private.unpaid_until(
            seller.business_id, v_kind, (form.payment).provider is not null
        ),
        seller.pays_later
    );
end;
$$;

/*
 * Return the store from which all parts come, if it is one.
 */
create function private.only_store(parts commerce.stock_part[])
returns uuid
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select min(part.store_id::text)::uuid
        from unnest(parts) as part
        having count(distinct part.store_id) = 1
    );
end;
$$;

/*
 * Return until when an order waits to be paid: as its business says or, where it says nothing, an
 * hour for somebody who pays at once, a week where it is picked up, else a day.
 */
create function private.unpaid_until(
    business_id uuid, kind commerce.delivery_kind, is_being_paid boolean
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.now() + coalesce(
        (
            select make_interval(hours => order_settings.unpaid_hours)
            from commerce.order_settings
            where order_settings.business_id = unpaid_until.business_id
        ),
        case
            when is_being_paid then interval '1 hour'
            when kind = 'pickup' then interval '7 days'
            else interval '1 day'
        end
    );
end;
$$;

/*
 * Sell a booking that is held, at the price of a quote. It waits for its payment, for the business
 * or for nothing, as confirm_booking would leave it.
 *
 * Errors:  PT409 coupon_exhausted hold_expired price_changed slot_taken terms_not_accepted
 *          PT422 coupon_invalid
 */
create function private.sell_booking(booking_id uuid, quote jsonb, basket_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    update scheduling.bookings
    set
        quote = sell_booking.quote,
        currency = sell_booking.quote ->> 'currency',
        total_minor = (sell_booking.quote ->> 'total_minor')::bigint,
        prepayment_minor = scheduling.prepayment_of(
            private.legs_of(sell_booking.booking_id), sell_booking.quote
        )
    where bookings.id = sell_booking.booking_id;
    update scheduling.booking_items
    set price_minor = scheduling.price_of_line(
        sell_booking.quote -> 'lines' -> (booking_items.position - 1)
    )
    where booking_items.booking_id = sell_booking.booking_id;
    perform scheduling.change_status(sell_booking.booking_id, 'confirmed', '{customer}', null);
    update sales.sales
    set basket_id = sell_booking.basket_id
    from scheduling.bookings
    where
        bookings.id = sell_booking.booking_id
        and sales.business_id = bookings.business_id
        and sales.id = bookings.sale_id;
end;
$$;

/*
 * Return what the prepayment of a booking depends on, for each of its services.
 */
create function private.legs_of(booking_id uuid)
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_leg scheduling.leg;
    v_legs scheduling.leg[] = '{}';
begin
    for v_leg.business_id, v_leg.service_id, v_leg.prepayment_bps in
        select services.business_id, services.id, services.prepayment_bps
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where booking_items.booking_id = legs_of.booking_id
        order by booking_items.position
    loop
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

-- sql/66_checkout/functions/shown_cart.sql

-- How a cart is shown: its items with their prices, and the totals, which are the sums of the
-- items.

/*
 * Return a form in which nothing is said.
 */
create function private.empty_form()
returns private.order_form
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_form private.order_form;
begin
    v_form.wishes = '{}';
    v_form.is_preview = true;
    v_form.redeem_points = 0;
    v_form.gift_card_codes = '{}';
    v_form.terms = '{}';
    return v_form;
end;
$$;

/*
 * Return a cart with what it costs: {id, currency, updated_at, items, deliveries, subtotal_minor,
 * discount_minor, tax_minor, total_minor}. Volatile, so that it sees what the same call changed.
 *
 * Errors:  those of private.quote_cart
 */
create function private.shown_cart(cart commerce.carts, form private.order_form)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lines private.cart_line[] = private.cart_lines(cart.id);
    v_sellers private.seller_quote[] = private.quote_cart(
        v_lines, form, cart.currency, auth.uid()
    );
    v_quotes jsonb[] = private.all_quotes(v_sellers);
begin
    return jsonb_build_object(
        'id', cart.id,
        'currency', cart.currency,
        'items', (
            select
                coalesce(
                    jsonb_agg(
                        to_jsonb(items)
                        order by array_position(
                            array(select line.item_id from unnest(v_lines) as line), items.id
                        )
                    ),
                    '[]'
                )
            from private.cart_item_rows(v_lines, v_sellers) as items
        ),
        'deliveries', private.shown_deliveries(v_sellers),
        'subtotal_minor', pricing.sum_of(v_quotes, 'subtotal_minor'),
        'discount_minor', pricing.sum_of(v_quotes, 'discount_minor'),
        'tax_minor', pricing.sum_of(v_quotes, 'tax_minor'),
        'total_minor', pricing.sum_of(v_quotes, 'total_minor'),
        'payment_providers', array(
            select
                money.offered_providers(
                    array(select seller.business_id from unnest(v_sellers) as seller),
                    cart.currency,
                    pricing.sum_of(v_quotes, 'total_minor')
                )
        )
    );
end;
$$;

/*
 * Return the quotes of all documents of some sellers.
 */
create function private.all_quotes(sellers private.seller_quote[])
returns jsonb[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select quote
        from unnest(sellers) as seller
        cross join unnest(seller.quotes) as quote
    );
end;
$$;

/*
 * Return how the goods of each business reach the buyer, and what that costs.
 */
create function private.shown_deliveries(sellers private.seller_quote[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'business_id', seller.business_id,
                        'kind', (seller.choice).kind,
                        'delivery_option_id', (seller.choice).option_id,
                        'store_id', (seller.choice).store_id,
                        'name', (seller.choice).name,
                        'price_minor', coalesce((seller.choice).price_minor, 0)
                    )
                    order by seller.business_id
                ),
                '[]'
            )
        from unnest(sellers) as seller
        where (seller.choice).kind is not null
    );
end;
$$;

/*
 * Return the items of a cart as the view cart_items has them.
 */
create function private.cart_item_rows(
    lines private.cart_line[], sellers private.seller_quote[]
)
returns table (
    id uuid,
    business_id uuid,
    kind text,
    variant_id uuid,
    booking_id uuid,
    gift_card_minor bigint,
    plan_id uuid,
    store_id uuid,
    name text,
    label text,
    quantity integer,
    is_available boolean,
    hold_expires_at timestamptz,
    unit_minor bigint,
    amount_minor bigint,
    discount_minor bigint,
    tax_minor bigint,
    total_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wanted constant text[] = private.wanted_locales(null);
begin
    return query
    select
        line.item_id,
        line.business_id,
        (line.to_price).kind,
        line.variant_id,
        line.booking_id,
        line.gift_card_minor,
        line.plan_id,
        line.store_id,
        (line.to_price).name,
        catalog.variant_label(
            line.business_id, line.variant_id, (line.to_price).name, v_wanted
        ),
        (line.to_price).quantity,
        line.is_available,
        line.hold_expires_at,
        priced.unit_minor,
        priced.amount_minor,
        priced.discount_minor,
        priced.tax_minor,
        priced.total_minor
    from unnest(lines) as line
    left join private.items_sold(sellers) as priced on priced.item_id = line.item_id
    -- The fee of a plan is in the item of its first period.
    where (line.to_price).kind <> 'fee';
end;
$$;

/*
 * Return the items of a cart of the caller with what they cost now, and without prices where they
 * cannot be priced in the currency of the cart. One call prices the whole cart.
 * Definer: prices come from lists that the caller may not read; the caller owns the cart, or is the
 * operator.
 */
create function private.priced_items(cart_id uuid)
returns table (
    id uuid,
    business_id uuid,
    kind text,
    variant_id uuid,
    booking_id uuid,
    gift_card_minor bigint,
    plan_id uuid,
    store_id uuid,
    name text,
    label text,
    quantity integer,
    is_available boolean,
    hold_expires_at timestamptz,
    unit_minor bigint,
    amount_minor bigint,
    discount_minor bigint,
    tax_minor bigint,
    total_minor bigint
)
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
declare
    v_cart commerce.carts;
    v_lines private.cart_line[];
    v_sellers private.seller_quote[];
begin
    select carts.* into v_cart
    from commerce.carts
    where
        carts.id = priced_items.cart_id
        and (carts.user_id = auth.uid() or private.is_operator());
    if v_cart.checked_out_at is not null then
        return;
    end if;
    v_lines = private.cart_lines(v_cart.id);
    begin
        v_sellers = private.quote_cart(
            v_lines, private.empty_form(), v_cart.currency, v_cart.user_id
        );
    exception
        when sqlstate 'PT400' then
            v_sellers = '{}';
    end;
    return query
    select items.* from private.cart_item_rows(v_lines, v_sellers) as items;
end;
$$;

-- sql/66_checkout/functions/starting.sql

-- How clients start a payment: the arguments are read, and a repeated call finds the first payment.

/*
 * Return which one of the things that can be paid is named: the name of its argument.
 *
 * Errors:  PT400 invalid_input
 */
create function private.payment_target(targets jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_names text[] = array(select key from jsonb_each(jsonb_strip_nulls(targets)));
begin
    if cardinality(v_names) <> 1 then
        perform private.invalid(
            'sale_id, booking_id, order_id, membership_id, series_id, basket_id or link_token',
            'must be sent, and only one of them'
        );
    end if;
    return v_names[1];
end;
$$;

/*
 * Start a payment once for an idempotency key. Returns the payment with what the payer's browser
 * needs next; a repetition shows the first payment as it is now.
 * Definer: nobody has a write grant on payments; private.start_payment checks the caller.
 *
 * Errors:  PT409 idempotency_conflict · those of private.start_payment
 */
create function private.start_payment_once(
    targets jsonb, amount_minor bigint, wish money.payment_wish, idempotency_key text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_target text = private.payment_target(targets);
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null and auth.uid() is not null then
        v_answer = private.first_answer(
            'start_payment', idempotency_key,
            jsonb_build_array(
                jsonb_strip_nulls(targets), start_payment_once.amount_minor, to_jsonb(wish)
            )
        );
        if v_answer is not null then
            return money.shown_payment((v_answer ->> 'id')::uuid);
        end if;
    end if;
    v_id = private.start_payment(
        v_target,
        case
            when v_target <> 'link_token'
                then private.to_identifier(targets ->> v_target, v_target)
        end,
        targets ->> 'link_token', start_payment_once.amount_minor, wish
    );
    if idempotency_key is not null and auth.uid() is not null then
        perform private.remember_answer(
            'start_payment', idempotency_key, jsonb_build_object('id', v_id)
        );
    end if;
    return money.shown_payment(v_id);
end;
$$;

-- sql/66_checkout/functions/taking.sql

-- What is settled with each business before anything is sold: the terms of a wholesale buyer, and
-- the pieces that its goods take out of stock.

/*
 * Return what some businesses sell, with whether their buyer pays later: a wholesale buyer with net
 * terms, who names no provider. An order that does not keep to the terms is refused.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded
 *          PT422 minimum_not_reached pack_size terms_not_agreed
 */
create function private.agree_terms(
    sellers private.seller_quote[], buyer_id uuid, form private.order_form
)
returns private.seller_quote[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_seller private.seller_quote;
    v_sellers private.seller_quote[] = '{}';
begin
    foreach v_seller in array sellers loop
        v_seller.pays_later = false;
        if buyer_id is not null and (v_seller.choice).kind is not null then
            v_seller.pays_later = (form.payment).provider is null
            and (commerce.wholesale_terms(v_seller.business_id, buyer_id)).pays_later;
            perform commerce.require_wholesale_terms(
                v_seller.business_id,
                buyer_id,
                array(
                    select (line.variant_id, (line.to_price).quantity)::commerce.stock_item
                    from unnest(v_seller.lines) as line
                    where line.variant_id is not null
                ),
                (v_seller.quotes[1] ->> 'total_minor')::bigint,
                v_seller.quotes[1] ->> 'currency',
                v_seller.pays_later
            );
        end if;
        v_sellers = v_sellers || v_seller;
    end loop;
    return v_sellers;
end;
$$;

/*
 * Take the goods of some businesses out of stock. Returns what they sell, with the stores from
 * which its goods come.
 *
 * Errors:  PT409 out_of_stock
 */
create function private.take_goods(sellers private.seller_quote[])
returns private.seller_quote[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_seller private.seller_quote;
    v_sellers private.seller_quote[] = '{}';
begin
    foreach v_seller in array sellers loop
        if (v_seller.choice).kind is not null then
            v_seller.parts = commerce.take_goods(
                v_seller.choice,
                array(
                    select line.variant_id
                    from unnest(v_seller.lines) with ordinality as line
                    where line.variant_id is not null
                    order by line.ordinality
                ),
                array(
                    select (line.to_price).quantity
                    from unnest(v_seller.lines) with ordinality as line
                    where line.variant_id is not null
                    order by line.ordinality
                )
            );
        end if;
        v_sellers = v_sellers || v_seller;
    end loop;
    return v_sellers;
end;
$$;

-- sql/66_checkout/policies.sql

-- What clients call through the functions and views of public.
grant execute on function private.start_payment_once(jsonb, bigint, money.payment_wish, text)
to anon, authenticated, service_role;

-- Each of these finds the cart by its owner alone.
grant execute on function
private.add_to_cart(jsonb, uuid, text, text),
private.update_cart_item(uuid, integer, text),
private.read_cart(text, private.order_form),
private.merge_cart(text),
private.eligible_options(text, jsonb),
private.checkout(commerce.carts, text, text, private.order_form),
private.order_by_list(uuid, text, boolean, uuid),
private.request_wholesale_order(jsonb[], private.order_form, text),
private.decide_wholesale_order(uuid, commerce.order_request_status, text),
private.quote_items(jsonb[], pricing.context, uuid, jsonb)
to anon, authenticated, service_role;
grant execute on function private.priced_items(uuid) to authenticated, service_role;

-- They only read arguments.
grant execute on function
private.to_form(text, text, text, text, text, text, text),
private.to_address_of_order(text),
private.to_wishes(text, text, text),
private.to_texts(text, text, integer, integer),
private.to_payment_wish(text, text, text, text, text),
private.to_wanted_cart(uuid, text, text, jsonb),
private.empty_form()
to anon, authenticated, service_role;

-- sql/66_checkout/api/carts.sql

-- Carts, for clients. Somebody with an account reads theirs as views; somebody without one by their
-- token.

create view public.carts
with (security_invoker = true)
as
select
    carts.id,
    carts.currency,
    carts.created_at,
    carts.updated_at,
    carts.checked_out_at,
    carts.basket_id,
    totals.item_count,
    totals.subtotal_minor,
    totals.discount_minor,
    totals.tax_minor,
    totals.total_minor
from commerce.carts
cross join lateral (
    select
        count(*) as item_count,
        coalesce(sum(items.amount_minor), 0)::bigint as subtotal_minor,
        coalesce(sum(items.discount_minor), 0)::bigint as discount_minor,
        coalesce(sum(items.tax_minor), 0)::bigint as tax_minor,
        coalesce(sum(items.total_minor), 0)::bigint as total_minor
    from private.priced_items(carts.id) as items
) as totals;
grant select on public.carts to authenticated, service_role;

comment on view public.carts is
'What the caller is about to buy: one open cart, and for a day those that were checked out. Prices '
'are computed when it is read; delivery and coupons come with checkout (read_cart shows them '
'before).';
comment on column public.carts.id is 'Primary key.';
comment on column public.carts.currency is 'ISO 4217 code of everything in it.';
comment on column public.carts.created_at is 'When it was begun.';
comment on column public.carts.updated_at is
'When something in it last changed. Carts that nobody touches for thirty days are deleted.';
comment on column public.carts.checked_out_at is 'When it was bought; null while it is open.';
comment on column public.carts.basket_id is 'The basket of its sales; null while it is open.';
comment on column public.carts.item_count is 'How many items it has; 0 once it was bought.';
comment on column public.carts.subtotal_minor is
'What its items cost before discounts, in minor units.';
comment on column public.carts.discount_minor is 'What discounts take off.';
comment on column public.carts.tax_minor is 'The tax of its items.';
comment on column public.carts.total_minor is 'What its items cost: the sum of their totals.';

create view public.cart_items
with (security_invoker = true)
as
select
    items.id,
    carts.id as cart_id,
    items.business_id,
    items.kind,
    items.variant_id,
    items.booking_id,
    items.gift_card_minor,
    items.plan_id,
    items.store_id,
    items.name,
    items.label,
    items.quantity,
    items.is_available,
    items.hold_expires_at,
    items.unit_minor,
    items.amount_minor,
    items.discount_minor,
    items.tax_minor,
    items.total_minor
from commerce.carts
cross join lateral private.priced_items(carts.id) as items;
grant select on public.cart_items to authenticated, service_role;

comment on view public.cart_items is
'What is in the open cart of the caller, with what it costs now. add_to_cart and update_cart_item '
'change it.';
comment on column public.cart_items.id is 'Primary key.';
comment on column public.cart_items.cart_id is 'The cart.';
comment on column public.cart_items.business_id is 'Who sells it.';
comment on column public.cart_items.kind is 'product, service, gift_card or membership.';
comment on column public.cart_items.variant_id is 'The variant; null for something else.';
comment on column public.cart_items.booking_id is
'The booking that holds the time of a service; null for something else.';
comment on column public.cart_items.gift_card_minor is
'The amount of a gift card; null for something else.';
comment on column public.cart_items.plan_id is 'The plan to join; null for something else.';
comment on column public.cart_items.store_id is
'The store where it is to be picked up; null: decided at checkout.';
comment on column public.cart_items.name is 'What it is called, in the language of the business.';
comment on column public.cart_items.label is
'What it is called in the language that suits the reader best, by Accept-Language.';
comment on column public.cart_items.quantity is 'How many; of a service, the size of the party.';
comment on column public.cart_items.is_available is
'Whether it can still be bought. What cannot has no price, and must be taken out before checkout.';
comment on column public.cart_items.hold_expires_at is
'Until when the time of a service is held; null for goods.';
comment on column public.cart_items.unit_minor is
'The price of one now, in minor units; of a plan, with the fee for joining.';
comment on column public.cart_items.amount_minor is 'quantity × unit_minor.';
comment on column public.cart_items.discount_minor is 'What discounts take off.';
comment on column public.cart_items.tax_minor is 'The tax of this item.';
comment on column public.cart_items.total_minor is
'What it costs: the amount less the discount, and the tax where it comes on top.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points link_expired not_bookable not_for_sale
 *              slot_taken
 *          PT422 blocked_out coupon_invalid delivery_unavailable limit_reached not_eligible
 *              outside_hours too_far too_soon
 */
create function public.add_to_cart(
    item public.object,
    store_id public.identifier default null,
    cart_token text default null,
    region text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if item is null then
        perform private.invalid('item', 'is required');
    elsif not business.is_region(region) then
        perform private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY');
    end if;
    return private.add_to_cart(
        private.to_object(item, 'item'),
        private.to_identifier(store_id, 'store_id', is_required => false),
        private.to_text(cart_token, 'cart_token', 100),
        region
    );
end;
$$;
comment on function public.add_to_cart is
'Add goods, an appointment, a gift card or a plan to the cart of the caller, which begins with '
'the first item.

item is one of {variant_id, quantity?}, {service_id, starts_at, resource_id?, party_size?, '
'addon_ids?, answers?, link_token?, notes?}, {gift_card_minor, currency, business_id?, quantity?} '
'and {plan_id}. The same goods again are added up. A service is held for its hold_minutes. A '
'service and a plan need a user, whom an anonymous sign-in makes. Returns the cart: {id, '
'currency, items, deliveries, subtotal_minor, discount_minor, tax_minor, total_minor, '
'payment_providers}, with items as in the view cart_items, the providers with which its total may '
'be paid, and cart_token when it began without a user. Prices are computed here; none is taken '
'from the caller.

- store_id: the store where goods are to be picked up; by default that is said at checkout.
- cart_token: the secret that this function returned to somebody without a user. With a user and '
'a token, both carts become one.
- region: ISO 3166 code of the buyer''s country or its part, such as CH; a cart that begins with '
'goods takes the currency of the market there (market_of), else that of its first item.

Errors: invalid_input 400, not_signed_in 401, not_found 404, coupon_exhausted 409, '
'insufficient_points 409, link_expired 409, not_bookable 409, not_for_sale 409, slot_taken 409, '
'blocked_out 422, coupon_invalid 422, delivery_unavailable 422, limit_reached 422, not_eligible '
'422, outside_hours 422, too_far 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.update_cart_item(
    cart_item_id public.identifier, quantity public.whole_number, cart_token text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return private.update_cart_item(
        private.to_identifier(cart_item_id, 'cart_item_id'),
        private.to_whole_number(quantity, 'quantity', 0, 100000),
        private.to_text(cart_token, 'cart_token', 100)
    );
end;
$$;
comment on function public.update_cart_item is
'Set how many of an item are in the cart of the caller. Returns the cart, as add_to_cart does.

- quantity: 0 takes the item out, and frees the time of a service.
- cart_token: for somebody without a user.

Errors: invalid_input 400, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points · PT422 coupon_invalid delivery_unavailable
 */
create function public.read_cart(
    cart_token text default null,
    address public.object default null,
    delivery_option_id public.identifier default null,
    store_id public.identifier default null,
    deliveries public.list default null,
    coupon_code text default null,
    redeem_points public.whole_number default '0'
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.read_cart(
        private.to_text(cart_token, 'cart_token', 100),
        private.to_form(
            null, address, delivery_option_id, store_id, deliveries, coupon_code, redeem_points
        )
    );
end;
$$;
comment on function public.read_cart is
'Return the open cart of the caller, as add_to_cart does, with what it costs by these arguments: '
'the total is the one that checkout takes as total_minor.

- cart_token: for somebody without a user.
- address, delivery_option_id, store_id, deliveries, coupon_code, redeem_points: as checkout takes '
'them. Without an option or a store, deliveries are left out.

Errors: invalid_input 400, not_found 404, coupon_exhausted 409, insufficient_points 409, '
'coupon_invalid 422, delivery_unavailable 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.merge_cart(cart_token text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    return private.merge_cart(private.to_required_text(cart_token, 'cart_token', 100));
end;
$$;
comment on function public.merge_cart is
'Give the caller what they put into a cart before they signed in: it becomes their cart, or is '
'added to the one that they have. Returns the cart, as add_to_cart does. The token is of no use '
'afterwards; add_to_cart, update_cart_item and checkout do the same when a user sends a token.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.eligible_delivery_options(
    cart_token text default null, address public.object default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.eligible_options(
        private.to_text(cart_token, 'cart_token', 100), private.to_address_of_order(address)
    );
end;
$$;
comment on function public.eligible_delivery_options is
'Return the delivery options that the open cart of the caller can take: [{business_id, id, name, '
'kind, store_id, price_minor, currency, can_split}], with what each costs for this cart.

- cart_token: for somebody without a user.
- address: where the goods go, as checkout takes it; without one, those for every place.

Errors: invalid_input 400, not_found 404.';

grant execute on function
public.add_to_cart(public.object, public.identifier, text, text),
public.update_cart_item(public.identifier, public.whole_number, text),
public.read_cart(
    text, public.object, public.identifier, public.identifier, public.list, text,
    public.whole_number
),
public.merge_cart(text),
public.eligible_delivery_options(text, public.object)
to anon, authenticated, service_role;

-- sql/66_checkout/api/checkout.sql

-- How clients buy what is in a cart.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 already_member coupon_exhausted credit_limit_exceeded hold_expired
 *              idempotency_conflict insufficient_credit insufficient_points invalid_transition
 *              link_expired not_bookable not_for_sale order_limit_exceeded out_of_stock
 *              price_changed slot_taken terms_not_accepted version_not_in_force
 *          PT422 blocked_out coupon_invalid delivery_unavailable limit_reached method_expired
 *              minimum_not_reached not_eligible outside_hours pack_size provider_not_offered
 *              terms_not_agreed too_far too_soon
 *          PT429 rate_limited
 */
create function public.checkout(
    idempotency_key text,
    cart_id public.identifier default null,
    cart_token text default null,
    items public.list default null,
    currency text default null,
    contact public.object default null,
    address public.object default null,
    delivery_option_id public.identifier default null,
    store_id public.identifier default null,
    deliveries public.list default null,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    gift_card_codes public.list default null,
    use_credit_minor public.whole_number default null,
    total_minor public.whole_number default null,
    accepted_terms public.list default null,
    provider text default null,
    payment_method_id public.identifier default null,
    method_token text default null,
    save_method public.yes_no default 'false',
    return_url text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_form private.order_form = private.to_form(
        contact, address, delivery_option_id, store_id, deliveries, coupon_code, redeem_points
    );
begin
    v_form.is_preview = false;
    v_form.gift_card_codes = private.to_texts(gift_card_codes, 'gift_card_codes', 10, 40);
    v_form.use_credit_minor = private.to_minor_units(use_credit_minor, 'use_credit_minor');
    v_form.total_minor = private.to_minor_units(total_minor, 'total_minor');
    v_form.terms = private.to_objects(
        accepted_terms, 'accepted_terms', 20, '{slug,version,locale}'
    );
    v_form.payment = private.to_payment_wish(
        provider, payment_method_id, method_token, save_method, return_url
    );
    return private.checkout(
        private.to_wanted_cart(
            private.to_identifier(cart_id, 'cart_id', is_required => false),
            idempotency_key,
            private.to_text(currency, 'currency', 3),
            jsonb_build_array(cart_id, cart_token, items, currency, to_jsonb(v_form))
        ),
        private.to_text(cart_token, 'cart_token', 100),
        items,
        v_form
    );
end;
$$;

comment on function public.checkout is
'Buy what is in a cart, or the items that are sent with the call, from one business or several: '
'all of it or nothing.

Stock, coupons, times, sales, orders, gift cards and the payment are written in one transaction. '
'The goods and gift cards of a business are one sale, and the goods an order; each appointment is '
'a booking with its own sale, and each plan a membership with its own. Returns {basket, sales, '
'orders, bookings, memberships, gift_cards, payment}: what start_payment returns, or null where '
'no provider was named or nothing is left to pay. A membership begins when its sale is paid, and '
'a trial at once. gift_cards have their codes, which nothing shows again. An order that is not '
'paid in time expires: within an hour after a payment was begun, else within a day, or a week '
'where it is picked up, unless order_settings of the business say otherwise. A buyer of a '
'company with net terms who names no provider pays later, within the days of the terms.

- idempotency_key: repeating the call with the same key returns the first answer again, with the '
'payment as it is now, for a day.
- cart_id: the cart; by default the open one of the caller.
- cart_token: for somebody without a user; with a user, that cart becomes theirs first.
- items: as quote takes them, instead of a cart. Without a user the key must then have 32 random '
'characters.
- currency: of items; by default, for goods, that of the market of the address (market_of), else '
'that of the first.
- contact: {name, email, phone}; by default those of the profile. Without a user email is '
'required.
- address: {name, line1, line2, postal_code, city, region, country, phone}, kept with the order.
- delivery_option_id: how goods are delivered; see eligible_delivery_options.
- store_id: the store where goods are picked up.
- deliveries: [{delivery_option_id, store_id}] for a cart with goods of several businesses.
- coupon_code: a coupon of one of the businesses.
- redeem_points: how many points to pay with.
- gift_card_codes: gift cards to pay with, at most ten, before anything else.
- use_credit_minor: how much to pay with the caller''s credit at the businesses.
- total_minor: the total that the buyer accepted, as read_cart or quote returns it; at another '
'total nothing is sold.
- accepted_terms: [{slug, version, locale}] that the buyer accepts with the call.
- provider: with whom the rest is paid, such as stripe or sandbox; one of payment_providers of '
'the cart.
- payment_method_id, method_token, save_method, return_url: as start_payment takes them. A saved '
'card pays the renewals of a plan too.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_member 409, '
'coupon_exhausted 409, credit_limit_exceeded 409, hold_expired 409, idempotency_conflict 409, '
'insufficient_credit 409, insufficient_points 409, invalid_transition 409, link_expired 409, '
'not_bookable 409, not_for_sale 409, order_limit_exceeded 409, out_of_stock 409, price_changed '
'409, slot_taken 409, terms_not_accepted 409, version_not_in_force 409, blocked_out 422, '
'coupon_invalid 422, delivery_unavailable 422, limit_reached 422, method_expired 422, '
'minimum_not_reached 422, not_eligible 422, outside_hours 422, pack_size 422, '
'provider_not_offered 422, terms_not_agreed 422, too_far 422, too_soon 422, rate_limited 429.';
grant execute on function public.checkout(
    text, public.identifier, text, public.list, text, public.object, public.object,
    public.identifier, public.identifier, public.list, text, public.whole_number, public.list,
    public.whole_number, public.whole_number, public.list, text, public.identifier, text,
    public.yes_no, text
)
to anon, authenticated, service_role;

-- sql/66_checkout/api/markets.sql

-- What a buyer's country says, before anything is in a cart.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.market_of(business_id public.identifier, region text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_region constant text = private.to_required_text(region, 'region', 6);
begin
    if not business.is_region(v_region) then
        perform private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY');
    end if;
    return private.shown_market(
        private.to_identifier(business_id, 'business_id'), v_region
    );
end;
$$;
comment on function public.market_of is
'Return what a business offers to buyers in a place: {market_id, name, region, currency, locale, '
'payment_providers, delivery_options: [{id, name, kind, store_id, price_minor, '
'free_from_minor}]}.

The market is the one that names the place most precisely, or else the one for all other places. '
'Where the business has none, market_id and name are null, and currency and language are those of '
'the business. quote, add_to_cart and checkout take the currency of the market by default.

- business_id: the business.
- region: ISO 3166 code of the buyer''s country or its part, such as CH or DE-BY.

Errors: invalid_input 400, not_found 404.';

grant execute on function
private.shown_market(uuid, text),
public.market_of(public.identifier, text)
to anon, authenticated, service_role;

-- sql/66_checkout/api/order_lists.sql

-- Orders by list.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 not_for_sale
 *          PT422 limit_reached
 */
create function public.order_by_list(
    business_id public.identifier,
    list text,
    dry_run public.yes_no default null,
    store_id public.identifier default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if list is null then
        perform private.invalid('list', 'is required');
    end if;
    return private.order_by_list(
        private.to_identifier(business_id, 'business_id'),
        list,
        private.to_yes_no(dry_run, 'dry_run'),
        private.to_identifier(store_id, 'store_id', false)
    );
end;
$$;
comment on function public.order_by_list is
'Put a list of goods into the cart of the caller, if no line has a problem.

Returns {lines, problem_count, cart}. Each line has line, sku, quantity, variant_id, problem and '
'message: problem is null, not_found (unknown, or not for sale), invalid_input (the quantity), '
'pack_size or out_of_stock. Several lines of a SKU are added up. cart is what add_to_cart returns; '
'null where nothing was put into it.

- business_id: the business that sells.
- list: at most 500 lines: CSV with SKU and quantity, with or without a heading, or a JSON array of '
'{sku, quantity}.
- dry_run: true to check the list only.
- store_id: the store where it is picked up; by default the pieces of all stores count.

Errors: invalid_input 400, not_signed_in 401, not_found 404, not_for_sale 409, limit_reached 422.';

grant execute on function
public.order_by_list(public.identifier, text, public.yes_no, public.identifier)
to anon, authenticated, service_role;

-- sql/66_checkout/api/order_requests.sql

-- How a buyer asks the approvers of a company to order, and how they decide.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT422 delivery_unavailable
 */
create function public.request_wholesale_order(
    items public.list,
    delivery_option_id public.identifier default null,
    store_id public.identifier default null,
    address public.object default null,
    note text default null
)
returns public.wholesale_order_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.request_wholesale_order(
        private.to_objects(items, 'items', 100, '{variant_id,quantity}'),
        private.to_form(null, address, delivery_option_id, store_id, null, null, null),
        private.to_text(note, 'note', 2000)
    );
    v_request public.wholesale_order_requests;
begin
    select wholesale_order_requests.* into v_request
    from public.wholesale_order_requests
    where wholesale_order_requests.id = v_id;
    return v_request;
end;
$$;
comment on function public.request_wholesale_order is
'Ask the approvers of the caller''s company to order some goods, such as those that cost more than '
'the caller may order on net terms.

For buyers of a company with an approved wholesale account. Nothing is taken out of stock until an '
'approver approves. Returns the request, with what it costs now.

- items: [{variant_id, quantity?}] of one business, at most 100.
- delivery_option_id, store_id, address: as checkout takes them.
- note: what to say to the approvers, at most 2000 characters.

Errors: invalid_input 400, not_signed_in 401, not_found 404, delivery_unavailable 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 credit_limit_exceeded invalid_transition not_for_sale order_limit_exceeded
 *              out_of_stock
 *          PT422 blocked_out delivery_unavailable minimum_not_reached pack_size terms_not_agreed
 */
create function public.decide_wholesale_order(
    wholesale_order_request_id public.identifier, decision text, reason text default null
)
returns public.wholesale_order_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(wholesale_order_request_id, 'wholesale_order_request_id');
    v_request public.wholesale_order_requests;
begin
    if decision is null or decision not in ('approved', 'rejected', 'withdrawn') then
        perform private.invalid('decision', 'must be approved, rejected or withdrawn');
    end if;
    perform private.decide_wholesale_order(
        v_id, decision::commerce.order_request_status, private.to_text(reason, 'reason', 1000)
    );
    select wholesale_order_requests.* into v_request
    from public.wholesale_order_requests
    where wholesale_order_requests.id = v_id;
    return v_request;
end;
$$;
comment on function public.decide_wholesale_order is
'Approve, reject or withdraw what a buyer of the caller''s company asked to order.

Approvers of the company approve and reject; whoever asked withdraws. Approval places the order '
'for the approver at the prices of now, to be paid later where the company has net terms, else '
'with start_payment. What cannot be ordered is refused, and the request stays. The same decision '
'again changes nothing. Returns the request, with the order.

- decision: approved, rejected or withdrawn.
- reason: at most 1000 characters; required to reject.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, credit_limit_exceeded '
'409, invalid_transition 409, not_for_sale 409, order_limit_exceeded 409, out_of_stock 409, '
'blocked_out 422, delivery_unavailable 422, minimum_not_reached 422, pack_size 422, '
'terms_not_agreed 422.';

grant execute on function
public.request_wholesale_order(
    public.list, public.identifier, public.identifier, public.object, text
),
public.decide_wholesale_order(public.identifier, text, text)
to anon, authenticated, service_role;

-- sql/66_checkout/api/payments.sql

-- How clients pay what was sold.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 idempotency_conflict link_expired nothing_to_pay
 *          PT422 method_expired provider_not_offered
 */
create function public.start_payment(
    provider text,
    sale_id public.identifier default null,
    booking_id public.identifier default null,
    order_id public.identifier default null,
    membership_id public.identifier default null,
    basket_id public.identifier default null,
    series_id public.identifier default null,
    link_token text default null,
    amount_minor public.whole_number default null,
    payment_method_id public.identifier default null,
    method_token text default null,
    save_method public.yes_no default 'false',
    return_url text default null,
    idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if link_token is null then
        perform private.token_user_id();
    end if;
    return private.start_payment_once(
        jsonb_build_object(
            'sale_id', sale_id, 'booking_id', booking_id, 'order_id', order_id,
            'membership_id', membership_id, 'basket_id', basket_id, 'series_id', series_id,
            'link_token', link_token
        ),
        private.to_minor_units(amount_minor, 'amount_minor'),
        private.to_payment_wish(
            private.to_required_text(provider, 'provider', 40),
            payment_method_id, method_token, save_method, return_url
        ),
        idempotency_key
    );
end;
$$;

comment on function public.start_payment is
'Start a payment of a sale, a booking, an order, a membership, a series, a basket, or with a link.

Name one of them; what is owed is computed here. '
'/functions/v1/payments takes the same arguments, asks the provider at once and answers with what '
'the browser needs; after this call alone a worker asks within seconds. Starting again replaces '
'what the same payer began and did not finish. Returns {id, status, provider, currency, '
'amount_minor, captured_minor, refunded_minor, failure, basket_id, created_at, client}; client is '
'{kind, url?, client_secret?, order?, public_key?}, or null while there is nothing to do.

- provider: such as stripe, razorpay, payjp, paypal or sandbox.
- link_token: the token of a payment link; no sign-in is needed with it.
- amount_minor: a part of what is owed, in minor units, at least what is due now; by default '
'what is due now or, where nothing is, all that is owed.
- payment_method_id: a saved method of the caller.
- method_token: the one-time token of the provider''s script in the browser.
- save_method: keep the method for later.
- return_url: where the browser comes back to after a page of the provider''s.
- idempotency_key: repeating the call with the same key returns the same payment, for a day.

Errors: invalid_input 400, not_signed_in 401, not_found 404, idempotency_conflict 409, '
'link_expired 409, nothing_to_pay 409, method_expired 422, provider_not_offered 422.';
grant execute on function public.start_payment(
    text, public.identifier, public.identifier, public.identifier, public.identifier,
    public.identifier, public.identifier, text, public.whole_number, public.identifier, text,
    public.yes_no, text, text
)
to anon, authenticated, service_role;

-- sql/66_checkout/api/quote.sql

-- What clients ask about prices.

/*
 * Price services as they would be booked, and goods, gift cards and plans as they would be sold.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points link_expired not_bookable
 *          PT422 coupon_invalid delivery_unavailable
 */
create function public.quote(
    items public.list,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    delivery_option_id public.identifier default null,
    address public.object default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items jsonb[] = private.to_objects(items, 'items', 100, null);
    v_terms pricing.context = pricing.to_terms(
        coupon_code, redeem_points, currency, store_id, region, null
    );
    v_option_id uuid = private.to_identifier(
        delivery_option_id, 'delivery_option_id', is_required => false
    );
    v_address jsonb = private.to_address_of_order(address);
begin
    if not exists (
        select 1
        from unnest(v_items) as item
        where item ?| '{variant_id,gift_card_minor,plan_id}'
    ) then
        if v_option_id is not null then
            perform private.invalid(
                'delivery_option_id', 'must be empty: services are not delivered'
            );
        end if;
        return scheduling.price_legs(
            scheduling.legs(scheduling.to_selections(items)), v_terms, auth.uid(), null
        );
    end if;
    return private.quote_items(v_items, v_terms, v_option_id, v_address);
end;
$$;

comment on function public.quote is
'Return the price of services, goods, gift cards and plans of one business, as it would be '
'stored.

items has one object each: {service_id, starts_at?, resource_id?, addon_ids?, party_size?}, '
'{variant_id, quantity?}, {gift_card_minor, currency, business_id?, quantity?} or {plan_id}, in '
'one currency. A plan costs its first period, which a trial makes free, and the fee for joining. '
'The other keys of book_many are read and do not change the price of a service, any further key '
'is refused. Prices that depend on the time or on the person need starts_at or resource_id. '
'Returns {currency, lines: [{kind, service_id, variant_id or plan_id, name, addons, quantity, '
'unit_minor, amount_minor, discount_minor, tax_minor, tax_is_included, discounts: [{source, name, '
'bearer, amount_minor}], rules: [{source, id, name, unit_minor}]}], taxes, promotions, '
'subtotal_minor, discount_minor, tax_minor, total_minor}, with amounts in whole minor units. '
'rules has the price of one after each price list and rule, in the order in which they applied. '
'Services alone are priced as one booking; beside goods each is a booking of its own, as in a '
'cart.

- coupon_code: a coupon of the business, in any case of letters.
- redeem_points: how many points to pay with.
- currency: ISO 4217 code; by default, for goods, that of the market where they go (market_of), '
'else that of the first item. Price lists have the prices in others.
- store_id: the store where it is bought, or picked up.
- region: ISO 3166 code of the buyer''s country or its part, such as DE or DE-BY; by default '
'that of the store or the business.
- delivery_option_id: how goods are delivered, which adds a line of the kind shipping; services '
'take none.
- address: where goods go, as checkout takes it; its postal code and region say what can be '
'delivered.

Errors: invalid_input 400, not_found 404, coupon_exhausted 409, insufficient_points 409, '
'link_expired 409, not_bookable 409, coupon_invalid 422, delivery_unavailable 422.';
grant execute on function public.quote(
    public.list, text, public.whole_number, text, public.identifier, text, public.identifier,
    public.object
)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
