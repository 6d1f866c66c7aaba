-- What a cart costs. Each business in it is asked once; the goods and gift cards of a business
-- become one sale, and each booking a sale of its own, so each has a document in the quote.

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
as $$
declare
    v_business_ids uuid[] = array(
        select distinct line.business_id
        from unnest(lines) as line
        where line.is_available
        order by line.business_id
    );
    v_coupon_of uuid = private.seller_of_coupon(form.coupon_code, v_business_ids);
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
                redeem_points => case v_index when 1 then form.redeem_points else 0 end,
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
        v_context.region = private.region_of(form.address);
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
 * Return for each line of a business to which document it belongs: the goods and gift cards to the
 * first, each booking to one of its own.
 */
create function private.documents_of(lines private.cart_line[])
returns integer[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_goods integer = (
        exists (select 1 from unnest(lines) as line where line.booking_id is null)
    )::integer;
begin
    return array(
        select
            case
                when line.booking_id is null then 1
                else v_goods + count(line.booking_id) over (order by line.ordinality)
            end
        from unnest(lines) with ordinality as line
        order by line.ordinality
    );
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
as $$
declare
    v_parcel commerce.parcel;
begin
    v_parcel.business_id = lines[1].business_id;
    v_parcel.region = private.region_of(address);
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

/*
 * Return the region of an address: the part of the country where it names one as ISO 3166 does, or
 * the country.
 */
create function private.region_of(address jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when business.is_region(address ->> 'region') then address ->> 'region'
        else address ->> 'country'
    end;
end;
$$;
