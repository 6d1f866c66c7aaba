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
