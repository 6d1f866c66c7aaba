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
