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
