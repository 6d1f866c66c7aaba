-- What a selection costs: the lines that scheduling asks pricing about.

/*
 * Return the lines of a quote for some legs: the price of the service with its add-ons, for each
 * guest.
 */
create function scheduling.lines_of(legs scheduling.leg[])
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select pricing.make_line(
            kind => 'service',
            name => leg.service_name,
            quantity => leg.party_size,
            unit_minor => leg.price_minor + addons.total_minor,
            currency => leg.currency,
            reference => jsonb_build_object('service_id', leg.service_id, 'addons', leg.addons),
            item_id => leg.service_id,
            addon_ids => addons.ids,
            addon_minors => addons.minors,
            starts_at => leg.starts_at,
            resource_id => leg.resource_id
        )
        from unnest(legs) with ordinality as leg
        cross join lateral (
            select
                coalesce(array_agg((addon.value ->> 'id')::uuid order by addon.place), '{}') as ids,
                coalesce(
                    array_agg((addon.value ->> 'price_minor')::bigint order by addon.place), '{}'
                ) as minors,
                coalesce(sum((addon.value ->> 'price_minor')::bigint), 0)::bigint as total_minor
            from jsonb_array_elements(leg.addons) with ordinality as addon (value, place)
        ) as addons
        order by leg.ordinality
    );
end;
$$;

/*
 * Price some legs of one business for a buyer: an account, a guest with a proven address, or nobody
 * who is known.
 *
 * Errors:  PT409 insufficient_points · PT422 coupon_invalid
 */
create function scheduling.price_legs(
    legs scheduling.leg[], terms pricing.context, buyer_id uuid, buyer_email text
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return pricing.quote(
        scheduling.lines_of(legs),
        pricing.for_buyer(terms, legs[1].business_id, buyer_id, buyer_email)
    );
end;
$$;

/*
 * Return what a line of a quote costs after its discounts, with the tax that comes on top.
 */
create function scheduling.price_of_line(line jsonb)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (line ->> 'amount_minor')::bigint - (line ->> 'discount_minor')::bigint
        + case when (line ->> 'tax_is_included')::boolean then 0
            else (line ->> 'tax_minor')::bigint end;
end;
$$;
