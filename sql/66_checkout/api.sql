-- What clients ask about prices.

/*
 * Price some services as they would be booked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 insufficient_points not_bookable
 *          PT422 coupon_invalid
 */
create function public.quote(
    items public.list,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    currency text default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[] = scheduling.legs(scheduling.to_selections(items));
begin
    if v_legs[1].currency <> quote.currency then
        perform private.invalid(
            'currency', format('must be %s, the currency of the services', v_legs[1].currency)
        );
    end if;
    return scheduling.price_legs(
        v_legs,
        pricing.make_terms(
            private.to_text(coupon_code, 'coupon_code', 100),
            private.to_whole_number(redeem_points, 'redeem_points', 0, 1000000, if_null => 0)
        ),
        auth.uid(),
        null
    );
end;
$$;

comment on function public.quote is
'Return the price of services, as it would be stored with the booking.

items is [{service_id, addon_ids?, party_size?}] of one business and one currency; the other keys '
'of book_many are read and do not change the price, any further key is refused. Returns '
'{currency, lines: [{kind, service_id, name, addons, quantity, unit_minor, amount_minor}], '
'subtotal_minor, discount_minor, tax_minor, total_minor}, with amounts in whole minor units.

Errors: invalid_input 400, not_found 404, insufficient_points 409, not_bookable 409, '
'coupon_invalid 422.';
grant execute on function public.quote(public.list, text, public.whole_number, text)
to anon, authenticated, service_role;
