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
