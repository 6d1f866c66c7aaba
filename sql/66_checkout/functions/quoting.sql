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
