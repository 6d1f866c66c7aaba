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
