-- Which market a buyer is in, and what follows from it.

/*
 * Return the market of a business for a place: the active one that names it most precisely (a part
 * of a country before the country, before one for every country), then the first by position. All
 * columns null if there is none, or no place is named.
 */
create function commerce.market_of(business_id uuid, region text)
returns commerce.markets
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_market commerce.markets;
begin
    select markets.* into v_market
    from commerce.markets
    left join lateral (
        select max(length(area)) as precision
        from unnest(markets.regions) as area
        where pricing.is_within(market_of.region, area)
    ) as named on true
    where
        markets.business_id = market_of.business_id
        and markets.is_active
        and market_of.region is not null
        and (markets.regions = '{}' or named.precision is not null)
    order by named.precision desc nulls last, markets.position, markets.id
    limit 1;
    return v_market;
end;
$$;
