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
 * Read what a buyer says about a price.
 *
 * Errors:  PT400 invalid_input
 */
create function pricing.to_terms(
    coupon_code text,
    redeem_points text,
    currency text,
    store_id text,
    region text,
    total_minor text
)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not business.is_region(region) then
        perform private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY');
    end if;
    return pricing.make_terms(
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_whole_number(redeem_points, 'redeem_points', 0, 1000000, if_null => 0),
        private.to_text(currency, 'currency', 3),
        private.to_identifier(store_id, 'store_id', is_required => false),
        region,
        private.to_minor_units(total_minor, 'total_minor')
    );
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

/*
 * Return a context with everything that rules may ask for: the moment (now, unless the seller says
 * another), the region, the zone, and the groups and entitlements of the buyer. A store of another
 * business is refused.
 *
 * Errors:  PT404 not_found
 */
create function pricing.complete_context(context pricing.context)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_context pricing.context = context;
    v_customer_id uuid = customers.customer_of(
        context.business_id, context.buyer_id, context.buyer_email
    );
begin
    if context.store_id is not null and not exists (
        select 1
        from business.stores
        where
            stores.business_id = context.business_id
            and stores.id = context.store_id
            and stores.is_active
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no such store.',
            'Check the id in the view stores.'
        );
    end if;
    v_context.at = coalesce(context.at, private.now());
    select
        coalesce(context.region, stores.region, businesses.country),
        businesses.time_zone
    into v_context.region, v_context.time_zone
    from business.businesses
    left join business.stores
        on stores.business_id = businesses.id and stores.id = context.store_id
    where businesses.id = context.business_id;
    if v_customer_id is not null then
        v_context.customer_id = v_customer_id;
        v_context.group_ids = customers.groups_of(
            context.business_id, v_customer_id, v_context.at
        );
        v_context.accesses = customers.accesses_of(
            context.business_id, v_customer_id, v_context.at
        );
    end if;
    return v_context;
end;
$$;

/*
 * Is a region the same as an area or a part of it? DE-BY is in DE. Everything is in a null area.
 */
create function pricing.is_within(region text, area text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return area is null or region = area or starts_with(region, area || '-');
end;
$$;
