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
