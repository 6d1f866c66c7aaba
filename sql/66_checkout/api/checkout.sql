-- How clients buy what is in a cart.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 already_member coupon_exhausted credit_limit_exceeded hold_expired
 *              idempotency_conflict insufficient_credit insufficient_points invalid_transition
 *              link_expired not_bookable not_for_sale order_limit_exceeded out_of_stock
 *              price_changed slot_taken terms_not_accepted version_not_in_force
 *          PT422 blocked_out coupon_invalid delivery_unavailable limit_reached method_expired
 *              minimum_not_reached not_eligible outside_hours pack_size provider_not_offered
 *              terms_not_agreed too_far too_soon
 *          PT429 rate_limited
 */
create function public.checkout(
    idempotency_key text,
    cart_id public.identifier default null,
    cart_token text default null,
    items public.list default null,
    currency text default null,
    contact public.object default null,
    address public.object default null,
    delivery_option_id public.identifier default null,
    store_id public.identifier default null,
    deliveries public.list default null,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    gift_card_codes public.list default null,
    use_credit_minor public.whole_number default null,
    total_minor public.whole_number default null,
    accepted_terms public.list default null,
    provider text default null,
    payment_method_id public.identifier default null,
    method_token text default null,
    save_method public.yes_no default 'false',
    return_url text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_form private.order_form = private.to_form(
        contact, address, delivery_option_id, store_id, deliveries, coupon_code, redeem_points
    );
begin
    v_form.is_preview = false;
    v_form.gift_card_codes = private.to_texts(gift_card_codes, 'gift_card_codes', 10, 40);
    v_form.use_credit_minor = private.to_minor_units(use_credit_minor, 'use_credit_minor');
    v_form.total_minor = private.to_minor_units(total_minor, 'total_minor');
    v_form.terms = private.to_objects(
        accepted_terms, 'accepted_terms', 20, '{slug,version,locale}'
    );
    v_form.payment = private.to_payment_wish(
        provider, payment_method_id, method_token, save_method, return_url
    );
    return private.checkout(
        private.to_wanted_cart(
            private.to_identifier(cart_id, 'cart_id', is_required => false),
            idempotency_key,
            private.to_text(currency, 'currency', 3),
            jsonb_build_array(cart_id, cart_token, items, currency, to_jsonb(v_form))
        ),
        private.to_text(cart_token, 'cart_token', 100),
        items,
        v_form
    );
end;
$$;

comment on function public.checkout is
'Buy what is in a cart, or the items that are sent with the call, from one business or several: '
'all of it or nothing.

Stock, coupons, times, sales, orders, gift cards and the payment are written in one transaction. '
'The goods and gift cards of a business are one sale, and the goods an order; each appointment is '
'a booking with its own sale, and each plan a membership with its own. Returns {basket, sales, '
'orders, bookings, memberships, gift_cards, payment}: what start_payment returns, or null where '
'no provider was named or nothing is left to pay. A membership begins when its sale is paid, and '
'a trial at once. gift_cards have their codes, which nothing shows again. An order that is not '
'paid in time expires: within an hour after a payment was begun, else within a day, or a week '
'where it is picked up, unless order_settings of the business say otherwise. A buyer of a '
'company with net terms who names no provider pays later, within the days of the terms.

- idempotency_key: repeating the call with the same key returns the first answer again, with the '
'payment as it is now, for a day.
- cart_id: the cart; by default the open one of the caller.
- cart_token: for somebody without a user; with a user, that cart becomes theirs first.
- items: as quote takes them, instead of a cart. Without a user the key must then have 32 random '
'characters.
- currency: of items; by default, for goods, that of the market of the address (market_of), else '
'that of the first.
- contact: {name, email, phone}; by default those of the profile. Without a user email is '
'required.
- address: {name, line1, line2, postal_code, city, region, country, phone}, kept with the order.
- delivery_option_id: how goods are delivered; see eligible_delivery_options.
- store_id: the store where goods are picked up.
- deliveries: [{delivery_option_id, store_id}] for a cart with goods of several businesses.
- coupon_code: a coupon of one of the businesses.
- redeem_points: how many points to pay with.
- gift_card_codes: gift cards to pay with, at most ten, before anything else.
- use_credit_minor: how much to pay with the caller''s credit at the businesses.
- total_minor: the total that the buyer accepted, as read_cart or quote returns it; at another '
'total nothing is sold.
- accepted_terms: [{slug, version, locale}] that the buyer accepts with the call.
- provider: with whom the rest is paid, such as stripe or sandbox; one of payment_providers of '
'the cart.
- payment_method_id, method_token, save_method, return_url: as start_payment takes them. A saved '
'card pays the renewals of a plan too.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_member 409, '
'coupon_exhausted 409, credit_limit_exceeded 409, hold_expired 409, idempotency_conflict 409, '
'insufficient_credit 409, insufficient_points 409, invalid_transition 409, link_expired 409, '
'not_bookable 409, not_for_sale 409, order_limit_exceeded 409, out_of_stock 409, price_changed '
'409, slot_taken 409, terms_not_accepted 409, version_not_in_force 409, blocked_out 422, '
'coupon_invalid 422, delivery_unavailable 422, limit_reached 422, method_expired 422, '
'minimum_not_reached 422, not_eligible 422, outside_hours 422, pack_size 422, '
'provider_not_offered 422, terms_not_agreed 422, too_far 422, too_soon 422, rate_limited 429.';
grant execute on function public.checkout(
    text, public.identifier, text, public.list, text, public.object, public.object,
    public.identifier, public.identifier, public.list, text, public.whole_number, public.list,
    public.whole_number, public.whole_number, public.list, text, public.identifier, text,
    public.yes_no, text
)
to anon, authenticated, service_role;
