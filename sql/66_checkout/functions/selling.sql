-- How what is in a cart is sold: one business after another, in the order of their ids. The goods
-- and gift cards of a business become one sale, with an order of the goods; each booking stops
-- being a hold and has its own sale. All of them are in one basket.

/*
 * Sell what one business has in a cart, and take its goods out of stock. Returns the gift cards
 * that were made, with their codes.
 *
 * Errors:  PT409 coupon_exhausted credit_limit_exceeded hold_expired order_limit_exceeded
 *              out_of_stock price_changed slot_taken terms_not_accepted
 *          PT422 coupon_invalid minimum_not_reached pack_size terms_not_agreed
 */
create function private.sell(
    seller private.seller_quote, buyer identity.profiles, form private.order_form, basket_id uuid
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_id uuid;
    v_cards jsonb = '[]';
begin
    if exists (select 1 from unnest(seller.lines) as line where line.booking_id is null) then
        v_sale_id = sales.place_sale(
            seller.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone,
            seller.quotes[1], sell.basket_id
        );
        perform customers.note_customer(
            seller.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone, null
        );
        v_cards = private.make_gift_cards(seller, v_sale_id, buyer.id);
        if (seller.choice).kind is not null then
            perform private.place_order(seller, v_sale_id, buyer.id, form);
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
 * Take the goods of a sale out of stock, and place their order. A company with net terms pays it
 * later, unless it pays at once.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded out_of_stock
 *          PT422 minimum_not_reached pack_size terms_not_agreed
 */
create function private.place_order(
    seller private.seller_quote, sale_id uuid, customer_id uuid, form private.order_form
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_variant_ids uuid[];
    v_quantities integer[];
    v_line_ids uuid[];
    v_parts commerce.stock_part[];
    v_kind commerce.delivery_kind = (seller.choice).kind;
    v_pays_later boolean = (form.payment).provider is null
    and (commerce.wholesale_terms(seller.business_id, place_order.customer_id)).pays_later;
begin
    select
        array_agg(sale_lines.variant_id order by sale_lines.position),
        array_agg(sale_lines.quantity order by sale_lines.position),
        array_agg(sale_lines.id order by sale_lines.position)
    into v_variant_ids, v_quantities, v_line_ids
    from sales.sale_lines
    where
        sale_lines.business_id = seller.business_id
        and sale_lines.sale_id = place_order.sale_id
        and sale_lines.kind = 'product';
    perform commerce.require_wholesale_terms(
        seller.business_id,
        place_order.customer_id,
        array(
            select (line.variant_id, line.quantity)::commerce.stock_item
            from unnest(v_variant_ids, v_quantities) as line (variant_id, quantity)
        ),
        (seller.quotes[1] ->> 'total_minor')::bigint,
        seller.quotes[1] ->> 'currency',
        v_pays_later
    );
    v_parts = commerce.take_goods(seller.choice, v_variant_ids, v_quantities);
    return commerce.place_order(
        seller.business_id, place_order.sale_id, place_order.customer_id,
        jsonb_build_object(
            'kind', v_kind,
            'store_id', coalesce((seller.choice).store_id, private.only_store(v_parts)),
            'delivery_option_id', (seller.choice).option_id,
            'address', case v_kind when 'delivery' then form.address end
        ),
        private.order_lines(seller.business_id, v_line_ids, v_parts),
        private.unpaid_until(v_kind, (form.payment).provider is not null),
        v_pays_later
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
 * Return the items of an order: the pieces that each line takes from a store, a bundle as its
 * components.
 */
create function private.order_lines(
    business_id uuid, line_ids uuid[], parts commerce.stock_part[]
)
returns commerce.order_line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            private.make_order_line(
                sale_lines, product_variants, products.name, part.store_id,
                part.quantity * taken.quantity, taken.quantity
            )
        from unnest(parts) as part
        inner join sales.sale_lines on sale_lines.id = line_ids[part.place]
        cross join lateral catalog.components(sale_lines.variant_id, 1) as taken
        inner join catalog.product_variants
            on
                product_variants.business_id = order_lines.business_id
                and product_variants.id = taken.variant_id
        inner join catalog.products
            on
                products.business_id = product_variants.business_id
                and products.id = product_variants.product_id
        order by part.place, part.store_id, product_variants.sku
    );
end;
$$;

/*
 * Make an item of an order. It is called as its line; a part of a bundle as its own product.
 */
create function private.make_order_line(
    line sales.sale_lines,
    variant catalog.product_variants,
    product_name text,
    store_id uuid,
    quantity integer,
    pieces_per_unit integer
)
returns commerce.order_line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_item commerce.order_line;
begin
    v_item.sale_line_id = line.id;
    v_item.variant_id = variant.id;
    v_item.store_id = make_order_line.store_id;
    v_item.sku = variant.sku;
    v_item.name = case
        when variant.id = line.variant_id then line.name
        else product_name || private.option_suffix(variant.options)
    end;
    v_item.quantity = make_order_line.quantity;
    v_item.pieces_per_unit = make_order_line.pieces_per_unit;
    return v_item;
end;
$$;

/*
 * Return until when an order waits to be paid: an hour for somebody who pays at once, a week where
 * it is picked up, else a day.
 */
create function private.unpaid_until(kind commerce.delivery_kind, is_being_paid boolean)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.now() + case
        when is_being_paid then interval '1 hour'
        when kind = 'pickup' then interval '7 days'
        else interval '1 day'
    end;
end;
$$;

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
