-- What clients ask about prices.

/*
 * Price some services as they would be booked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points not_bookable · PT422 coupon_invalid
 */
create function public.quote(
    items public.list,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    delivery_option_id public.identifier default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if delivery_option_id is not null then
        perform private.invalid('delivery_option_id', 'must be empty: services are not delivered');
    end if;
    return scheduling.price_legs(
        scheduling.legs(scheduling.to_selections(items)),
        pricing.to_terms(coupon_code, redeem_points, currency, store_id, region, null),
        auth.uid(),
        null
    );
end;
$$;

comment on function public.quote is
'Return the price of services, as it would be stored with the booking.

items is [{service_id, starts_at?, resource_id?, addon_ids?, party_size?}] of one business and one '
'currency; the other keys of book_many are read and do not change the price, any further key is '
'refused. Prices that depend on the time or on the person need starts_at or resource_id. Returns '
'{currency, lines: [{kind, service_id, name, addons, quantity, unit_minor, amount_minor, '
'discount_minor, tax_minor, tax_is_included, discounts: [{source, name, bearer, amount_minor}], '
'rules: [{source, id, name, unit_minor}]}], taxes, promotions, subtotal_minor, discount_minor, '
'tax_minor, total_minor}, with amounts in whole minor units. rules has the price of one after '
'each price list and rule, in the order in which they applied.

- coupon_code: a coupon of the business, in any case of letters.
- redeem_points: how many points to pay with.
- currency: ISO 4217 code; by default that of the services. Price lists have the prices in others.
- store_id: the store where it is bought.
- region: ISO 3166 code of the buyer''s country or its part, such as DE or DE-BY; by default that '
'of the store or the business.
- delivery_option_id: for goods; services take none.

Errors: invalid_input 400, not_found 404, coupon_exhausted 409, insufficient_points 409, '
'not_bookable 409, coupon_invalid 422.';
grant execute on function public.quote(
    public.list, text, public.whole_number, text, public.identifier, text, public.identifier
)
to anon, authenticated, service_role;
