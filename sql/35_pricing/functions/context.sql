-- Who buys where: what the buyer says of it, what the seller knows, and what is looked up.

/*
 * Make what a buyer says about a price.
 */
create function pricing.make_terms(
    coupon_code text default null,
    redeem_points integer default 0,
    currency text default null,
    store_id uuid default null,
    region text default null,
    accepted_total_minor bigint default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context;
begin
    v_context.coupon_code = make_terms.coupon_code;
    v_context.redeem_points = make_terms.redeem_points;
    v_context.currency = make_terms.currency;
    v_context.store_id = make_terms.store_id;
    v_context.region = make_terms.region;
    v_context.accepted_total_minor = make_terms.accepted_total_minor;
    return v_context;
end;
$$;

/*
 * Return the terms of a buyer with the business that sells and who the buyer is.
 */
create function pricing.for_buyer(
    terms pricing.context, business_id uuid, buyer_id uuid, buyer_email text default null
)
returns pricing.context
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_context pricing.context = terms;
begin
    v_context.business_id = for_buyer.business_id;
    v_context.buyer_id = for_buyer.buyer_id;
    v_context.buyer_email = for_buyer.buyer_email;
    return v_context;
end;
$$;
