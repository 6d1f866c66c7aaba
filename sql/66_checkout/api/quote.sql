-- What clients ask about prices.

/*
 * Price services as they would be booked, and goods, gift cards and plans as they would be sold.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points link_expired not_bookable
 *          PT422 coupon_invalid delivery_unavailable
 */
create function public.quote(
    items public.list,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    delivery_option_id public.identifier default null,
    address public.object default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items jsonb[] = private.to_objects(items, 'items', 100, null);
    v_terms pricing.context = pricing.to_terms(
        coupon_code, redeem_points, currency, store_id, region, null
    );
    v_option_id uuid = private.to_identifier(
        delivery_option_id, 'delivery_option_id', is_required => false
    );
    v_address jsonb = private.to_address_of_order(address);
begin
    if not exists (
        select 1
        from unnest(v_items) as item
        where item ?| '{variant_id,gift_card_minor,plan_id}'
    ) then
        if v_option_id is not null then
            perform private.invalid(
                'delivery_option_id', 'must be empty: services are not delivered'
            );
        end if;
        return scheduling.price_legs(
            scheduling.legs(scheduling.to_selections(items)), v_terms, auth.uid(), null
        );
    end if;
    return private.quote_items(v_items, v_terms, v_option_id, v_address);
end;
$$;

comment on function public.quote is
'Return the price of services, goods, gift cards and plans of one business, as it would be '
'stored.

items has one object each: {service_id, starts_at?, resource_id?, addon_ids?, party_size?}, '
'{variant_id, quantity?}, {gift_card_minor, currency, business_id?, quantity?} or {plan_id}, in '
'one currency. A plan costs its first period, which a trial makes free, and the fee for joining. '
'The other keys of book_many are read and do not change the price of a service, any further key '
'is refused. Prices that depend on the time or on the person need starts_at or resource_id. '
'Returns {currency, lines: [{kind, service_id, variant_id or plan_id, name, addons, quantity, '
'unit_minor, amount_minor, discount_minor, tax_minor, tax_is_included, discounts: [{source, name, '
'bearer, amount_minor}], rules: [{source, id, name, unit_minor}]}], taxes, promotions, '
'subtotal_minor, discount_minor, tax_minor, total_minor}, with amounts in whole minor units. '
'rules has the price of one after each price list and rule, in the order in which they applied. '
'Services alone are priced as one booking; beside goods each is a booking of its own, as in a '
'cart.

- coupon_code: a coupon of the business, in any case of letters.
- redeem_points: how many points to pay with.
- currency: ISO 4217 code; by default, for goods, that of the market where they go (market_of), '
'else that of the first item. Price lists have the prices in others.
- store_id: the store where it is bought, or picked up.
- region: ISO 3166 code of the buyer''s country or its part, such as DE or DE-BY; by default '
'that of the store or the business.
- delivery_option_id: how goods are delivered, which adds a line of the kind shipping; services '
'take none.
- address: where goods go, as checkout takes it; its postal code and region say what can be '
'delivered.

Errors: invalid_input 400, not_found 404, coupon_exhausted 409, insufficient_points 409, '
'link_expired 409, not_bookable 409, coupon_invalid 422, delivery_unavailable 422.';
grant execute on function public.quote(
    public.list, text, public.whole_number, text, public.identifier, text, public.identifier,
    public.object
)
to anon, authenticated, service_role;
