-- Carts, for clients. Somebody with an account reads theirs as views; somebody without one by their
-- token.

create view public.carts
with (security_invoker = true)
as
select
    carts.id,
    carts.currency,
    carts.created_at,
    carts.updated_at,
    carts.checked_out_at,
    carts.basket_id,
    totals.item_count,
    totals.subtotal_minor,
    totals.discount_minor,
    totals.tax_minor,
    totals.total_minor
from commerce.carts
cross join lateral (
    select
        count(*) as item_count,
        coalesce(sum(items.amount_minor), 0)::bigint as subtotal_minor,
        coalesce(sum(items.discount_minor), 0)::bigint as discount_minor,
        coalesce(sum(items.tax_minor), 0)::bigint as tax_minor,
        coalesce(sum(items.total_minor), 0)::bigint as total_minor
    from private.priced_items(carts.id) as items
) as totals;
grant select on public.carts to authenticated, service_role;

comment on view public.carts is
'What the caller is about to buy: one open cart, and for a day those that were checked out. Prices '
'are computed when it is read; delivery and coupons come with checkout (read_cart shows them '
'before).';
comment on column public.carts.id is 'Primary key.';
comment on column public.carts.currency is 'ISO 4217 code of everything in it.';
comment on column public.carts.created_at is 'When it was begun.';
comment on column public.carts.updated_at is
'When something in it last changed. Carts that nobody touches for thirty days are deleted.';
comment on column public.carts.checked_out_at is 'When it was bought; null while it is open.';
comment on column public.carts.basket_id is 'The basket of its sales; null while it is open.';
comment on column public.carts.item_count is 'How many items it has; 0 once it was bought.';
comment on column public.carts.subtotal_minor is
'What its items cost before discounts, in minor units.';
comment on column public.carts.discount_minor is 'What discounts take off.';
comment on column public.carts.tax_minor is 'The tax of its items.';
comment on column public.carts.total_minor is 'What its items cost: the sum of their totals.';

create view public.cart_items
with (security_invoker = true)
as
select
    items.id,
    carts.id as cart_id,
    items.business_id,
    items.kind,
    items.variant_id,
    items.booking_id,
    items.gift_card_minor,
    items.plan_id,
    items.store_id,
    items.name,
    items.label,
    items.quantity,
    items.is_available,
    items.hold_expires_at,
    items.unit_minor,
    items.amount_minor,
    items.discount_minor,
    items.tax_minor,
    items.total_minor
from commerce.carts
cross join lateral private.priced_items(carts.id) as items;
grant select on public.cart_items to authenticated, service_role;

comment on view public.cart_items is
'What is in the open cart of the caller, with what it costs now. add_to_cart and update_cart_item '
'change it.';
comment on column public.cart_items.id is 'Primary key.';
comment on column public.cart_items.cart_id is 'The cart.';
comment on column public.cart_items.business_id is 'Who sells it.';
comment on column public.cart_items.kind is 'product, service, gift_card or membership.';
comment on column public.cart_items.variant_id is 'The variant; null for something else.';
comment on column public.cart_items.booking_id is
'The booking that holds the time of a service; null for something else.';
comment on column public.cart_items.gift_card_minor is
'The amount of a gift card; null for something else.';
comment on column public.cart_items.plan_id is 'The plan to join; null for something else.';
comment on column public.cart_items.store_id is
'The store where it is to be picked up; null: decided at checkout.';
comment on column public.cart_items.name is 'What it is called, in the language of the business.';
comment on column public.cart_items.label is
'What it is called in the language that suits the reader best, by Accept-Language.';
comment on column public.cart_items.quantity is 'How many; of a service, the size of the party.';
comment on column public.cart_items.is_available is
'Whether it can still be bought. What cannot has no price, and must be taken out before checkout.';
comment on column public.cart_items.hold_expires_at is
'Until when the time of a service is held; null for goods.';
comment on column public.cart_items.unit_minor is
'The price of one now, in minor units; of a plan, with the fee for joining.';
comment on column public.cart_items.amount_minor is 'quantity × unit_minor.';
comment on column public.cart_items.discount_minor is 'What discounts take off.';
comment on column public.cart_items.tax_minor is 'The tax of this item.';
comment on column public.cart_items.total_minor is
'What it costs: the amount less the discount, and the tax where it comes on top.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points link_expired not_bookable not_for_sale
 *              slot_taken
 *          PT422 blocked_out coupon_invalid delivery_unavailable limit_reached not_eligible
 *              outside_hours too_far too_soon
 */
create function public.add_to_cart(
    item public.object,
    store_id public.identifier default null,
    cart_token text default null,
    region text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if item is null then
        perform private.invalid('item', 'is required');
    elsif not business.is_region(region) then
        perform private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY');
    end if;
    return private.add_to_cart(
        private.to_object(item, 'item'),
        private.to_identifier(store_id, 'store_id', is_required => false),
        private.to_text(cart_token, 'cart_token', 100),
        region
    );
end;
$$;
comment on function public.add_to_cart is
'Add goods, an appointment, a gift card or a plan to the cart of the caller, which begins with '
'the first item.

item is one of {variant_id, quantity?}, {service_id, starts_at, resource_id?, party_size?, '
'addon_ids?, answers?, link_token?, notes?}, {gift_card_minor, currency, business_id?, quantity?} '
'and {plan_id}. The same goods again are added up. A service is held for its hold_minutes. A '
'service and a plan need a user, whom an anonymous sign-in makes. Returns the cart: {id, '
'currency, items, deliveries, subtotal_minor, discount_minor, tax_minor, total_minor, '
'payment_providers}, with items as in the view cart_items, the providers with which its total may '
'be paid, and cart_token when it began without a user. Prices are computed here; none is taken '
'from the caller.

- store_id: the store where goods are to be picked up; by default that is said at checkout.
- cart_token: the secret that this function returned to somebody without a user. With a user and '
'a token, both carts become one.
- region: ISO 3166 code of the buyer''s country or its part, such as CH; a cart that begins with '
'goods takes the currency of the market there (market_of), else that of its first item.

Errors: invalid_input 400, not_signed_in 401, not_found 404, coupon_exhausted 409, '
'insufficient_points 409, link_expired 409, not_bookable 409, not_for_sale 409, slot_taken 409, '
'blocked_out 422, coupon_invalid 422, delivery_unavailable 422, limit_reached 422, not_eligible '
'422, outside_hours 422, too_far 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.update_cart_item(
    cart_item_id public.identifier, quantity public.whole_number, cart_token text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return private.update_cart_item(
        private.to_identifier(cart_item_id, 'cart_item_id'),
        private.to_whole_number(quantity, 'quantity', 0, 100000),
        private.to_text(cart_token, 'cart_token', 100)
    );
end;
$$;
comment on function public.update_cart_item is
'Set how many of an item are in the cart of the caller. Returns the cart, as add_to_cart does.

- quantity: 0 takes the item out, and frees the time of a service.
- cart_token: for somebody without a user.

Errors: invalid_input 400, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points · PT422 coupon_invalid delivery_unavailable
 */
create function public.read_cart(
    cart_token text default null,
    address public.object default null,
    delivery_option_id public.identifier default null,
    store_id public.identifier default null,
    deliveries public.list default null,
    coupon_code text default null,
    redeem_points public.whole_number default '0'
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.read_cart(
        private.to_text(cart_token, 'cart_token', 100),
        private.to_form(
            null, address, delivery_option_id, store_id, deliveries, coupon_code, redeem_points
        )
    );
end;
$$;
comment on function public.read_cart is
'Return the open cart of the caller, as add_to_cart does, with what it costs by these arguments: '
'the total is the one that checkout takes as total_minor.

- cart_token: for somebody without a user.
- address, delivery_option_id, store_id, deliveries, coupon_code, redeem_points: as checkout takes '
'them. Without an option or a store, deliveries are left out.

Errors: invalid_input 400, not_found 404, coupon_exhausted 409, insufficient_points 409, '
'coupon_invalid 422, delivery_unavailable 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.merge_cart(cart_token text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    return private.merge_cart(private.to_required_text(cart_token, 'cart_token', 100));
end;
$$;
comment on function public.merge_cart is
'Give the caller what they put into a cart before they signed in: it becomes their cart, or is '
'added to the one that they have. Returns the cart, as add_to_cart does. The token is of no use '
'afterwards; add_to_cart, update_cart_item and checkout do the same when a user sends a token.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.eligible_delivery_options(
    cart_token text default null, address public.object default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.eligible_options(
        private.to_text(cart_token, 'cart_token', 100), private.to_address_of_order(address)
    );
end;
$$;
comment on function public.eligible_delivery_options is
'Return the delivery options that the open cart of the caller can take: [{business_id, id, name, '
'kind, store_id, price_minor, currency, can_split}], with what each costs for this cart.

- cart_token: for somebody without a user.
- address: where the goods go, as checkout takes it; without one, those for every place.

Errors: invalid_input 400, not_found 404.';

grant execute on function
public.add_to_cart(public.object, public.identifier, text, text),
public.update_cart_item(public.identifier, public.whole_number, text),
public.read_cart(
    text, public.object, public.identifier, public.identifier, public.list, text,
    public.whole_number
),
public.merge_cart(text),
public.eligible_delivery_options(text, public.object)
to anon, authenticated, service_role;
