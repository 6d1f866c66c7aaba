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
