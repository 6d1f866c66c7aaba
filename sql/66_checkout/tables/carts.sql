-- What a cart is while it is priced and checked out. Its items come from several domains, so these
-- types stand above all of them.

-- One item of a cart with what the catalog says about it now. A plan with a sign-up fee is two
-- lines of one item: its first period, and the fee after it.
create type private.cart_line as (
    item_id uuid,
    business_id uuid,
    variant_id uuid,
    booking_id uuid,
    gift_card_minor bigint,
    plan_id uuid,
    weight_grams bigint,
    store_id uuid,
    hold_expires_at timestamptz,
    -- Whether it can still be bought: it is for sale, or its time is still held.
    is_available boolean,
    to_price pricing.line
);

-- How the goods of one business are to reach the buyer, as they say it.
create type private.delivery_wish as (option_id uuid, store_id uuid);

-- What a buyer says beside what is in the cart.
create type private.order_form as (
    contact_name text,
    contact_email text,
    contact_phone text,
    address jsonb,
    wishes private.delivery_wish array,
    -- Whether goods without a wish are still priced, as in a cart that is only looked at.
    is_preview boolean,
    coupon_code text,
    redeem_points integer,
    gift_card_codes text array,
    use_credit_minor bigint,
    payment money.payment_wish,
    terms jsonb array,
    total_minor bigint,
    notes text
);

-- What one business sells of a cart: the quotes of its documents, the first of which has the goods
-- and the gift cards, and each other one a booking or a plan.
create type private.seller_quote as (
    business_id uuid,
    lines private.cart_line array,
    documents integer array,
    quotes jsonb array,
    choice commerce.delivery_choice,
    -- From which stores its goods come, once they are taken.
    parts commerce.stock_part array,
    -- Whether a wholesale buyer pays within the days that were agreed.
    pays_later boolean,
    -- The sale of its goods and gift cards, once it is written.
    sale_id uuid
);
